//! Files that people send each other, over a real hub: taken in pieces, given out harmlessly, and kept as long as they
//! should be.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that finds what it did not expect stops there")]

mod admission;
mod client;
mod giving;
mod keeping;
mod pictures;
mod taking;
