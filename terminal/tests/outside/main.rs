//! The program as whoever starts it has it: at a pseudo-terminal or in a pipe, on a real hub, without a look inside.
//!
//! | module | promise |
//! |---|---|
//! | `hostile` | what others write is shown, and never obeyed |
//! | `overwhelmed` | a hub that says more than can be worked off stops nobody |
//! | `found` | hubs are found, and what is announced is only shown |
//! | `refused` | what cannot be done is said in one sentence, and by a code |
//! | `restored` | the screen is given back as it was, however the program ends, and when it waits in the background |
//! | `hub_lost` | when the hub goes this is said, and nothing is lost by it |
//! | `pasted` | what is pasted is text |
//! | `choosing` | a line of the talk is chosen and things are done to it, without losing what was being typed |
//! | `told` | what the full screen tells stands where one looks, whole, and is so |
//!
//! What they stand on: `pty` is a program at a pseudo-terminal, [`place`] a hub and a home for the program, [`grammar`]
//! what may come out of it, [`support`] the hub, and what is not the hub it says it is.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

mod choosing;
mod found;
mod grammar;
mod hostile;
mod hub_lost;
mod overwhelmed;
mod pasted;
mod place;
mod refused;
mod restored;
#[path = "../support/mod.rs"]
mod support;
mod told;
