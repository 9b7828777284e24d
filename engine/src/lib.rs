//! Runs the processes that people write: programs in Rhai, one step at a time. No I/O, and nothing blocks.
//!
//! In the order in which data flows:
//!
//! | module | what it holds |
//! |---|---|
//! | [`message`] | what crosses to an engine and back |
//! | [`pool`] | engines on threads of their own, natively |
//! | [`engine`] | [`Engine`]: the processes of one thread or Worker, and their steps |
//! | `turn` | one run of one step; steps that wait are run again |
//! | `program`, `tokens` | programs, read once; where functions that are sent as text begin and end |
//! | `words` | what programs can say |
//! | `events` | news, as the messages that programs see |
//! | `prompt` | lines at a console, and what they keep |
//! | [`address`], `value` | values of programs and JSON |
//! | `wording` | what went wrong, in words that name the line |
//! | [`examples`] | the programs that everybody has |
//! | [`limits`] | every bound of a step |
//!
//! Nothing of Rhai is seen from outside: should it go, [`message`] stays.

#![forbid(unsafe_code)]

pub mod address;
pub mod engine;
mod events;
pub mod examples;
pub mod limits;
pub mod message;
#[cfg(not(target_family = "wasm"))]
pub mod pool;
mod program;
mod prompt;
mod tokens;
mod turn;
mod value;
mod wording;
mod words;

pub use engine::Engine;
pub use message::{FromEngine, ToEngine};
#[cfg(not(target_family = "wasm"))]
pub use pool::Pool;
pub use words::names as words;
