//! The Web Worker in which a tab runs programs: the engine, behind messages.
//!
//! `cargo xtask build` makes two files of it, `engine.js` and the wasm that this script fetches
//! (`xtask/src/client/engine.rs`). A message is a JSON list of [`engine::ToEngine`], and so is what comes back of
//! [`engine::FromEngine`]: what the page has ready goes in one message, and what came of a step goes back as soon as it is
//! done. Natively there is nothing to it.

#![forbid(unsafe_code)]

#[cfg(target_family = "wasm")]
mod messages;

fn main() {
    #[cfg(target_family = "wasm")]
    messages::begin();
}
