//! The chat line by line, as whoever types it or scripts it sees it: real processes at a real hub.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

mod finding;
mod joining;
mod place;
mod plain;
mod remembering;
#[path = "../support/mod.rs"]
mod support;
mod typed;
mod unsaid;
