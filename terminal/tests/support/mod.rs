//! What the tests of the program share: a real hub that can be stopped and started, a false one that says what the test
//! wants, and a port at which there is none.

#![allow(dead_code, unused_imports, reason = "each file of tests uses its own part of this")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

mod false_hub;
mod hub;
mod nobody;

use std::time::Duration;

pub(crate) use false_hub::{FalseHub, connected, refused, welcome};
pub(crate) use hub::TestHub;
pub(crate) use nobody::Nobody;

/// How long to wait for what must come: what hangs is to be seen, and a loaded machine is slow.
pub(crate) const WITHIN: Duration = pty::DEADLINE;

/// Between two attempts to take what another may still hold.
const LOOK: Duration = Duration::from_millis(5);

/// The program that is tested.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hubbub");
