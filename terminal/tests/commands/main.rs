//! The commands for scripts: the real program against a real hub, by its output and its exit code.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]
#![cfg(unix)]

mod exit_codes;
mod generated;
mod node_layer;
mod place;
mod saying;
#[path = "../../../node/tests/support/mod.rs"]
mod script;
#[path = "../support/mod.rs"]
mod support;
mod tailing;
