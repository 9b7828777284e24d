//! Files that people send each other, over a real hub: taken in pieces, given out harmlessly, and kept as long as they
//! should be.

mod admission;
mod client;
mod giving;
mod keeping;
mod pictures;
mod taking;
