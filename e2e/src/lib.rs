//! Real browsers talk over the real hub. `cargo xtask test` builds the release hub with its browser
//! client and then runs the tests of this crate; by hand, once that is built: `cargo test -p e2e`.
//!
//! Everything on a page is found by its role and accessible name, as a screen reader finds it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`programs`] | the hub, Chromium and ChromeDriver that are tested with |
//! | [`stage`] | one test's hub and browsers, started for it and gone after it |
//! | [`hub`] | a hub as a process of its own, to be stopped, killed and started again |
//! | [`driver`] | ChromeDriver, which ends its browsers with itself |
//! | [`browser`] | one browser: its page, its window, its console, its files |
//! | [`role`] | what is on a page, by role and name |
//! | [`terminal`] | someone at a terminal |
//! | [`keys`] | keys that write nothing |
//! | [`person`] | someone at a browser: what they do, what they see, and what would bar them |
//! | [`wait`] | waiting for a state, with a deadline |
//! | [`request`] | one HTTP request, to the byte |
//! | [`elsewhere`] | a web server that is not the hub |
//! | [`door`] | a door before the hub, which can be shut to sockets |
//! | [`understudy`] | something before the hub that answers for it at times |

#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "a test that finds what it did not expect stops there and then")]

pub mod browser;
pub mod door;
pub mod driver;
pub mod elsewhere;
pub mod hub;
pub mod keys;
pub mod person;
pub mod programs;
pub mod request;
pub mod role;
pub mod stage;
pub mod terminal;
mod turn;
pub mod understudy;
pub mod wait;

pub use browser::Browser;
pub use door::Door;
pub use hub::Hub;
pub use person::Person;
pub use role::Role;
pub use stage::{Stage, play, play_with};
pub use wait::eventually;
