//! Which lines are drawn as one block.

use crate::entry::Entry;
use crate::letters::fold;

/// Lines of one person within so many milliseconds are drawn as one block.
pub const BLOCK: u64 = 5 * 60 * 1000;

/// Whether `line` continues the block of `before`: both lines, the same sender, less than [`BLOCK`] later, on
/// the same local day.
pub fn continues(before: &Entry, line: &Entry, minutes_east: i32) -> bool {
    before.is_line()
        && line.is_line()
        && fold(before.from()) == fold(line.from())
        && line.at().abs_diff(before.at()) < BLOCK
        && local_day(before.at(), minutes_east) == local_day(line.at(), minutes_east)
}

/// The local day of a time (milliseconds since 1970 UTC), counted from 1970-01-01. `minutes_east`
/// of UTC: what JavaScript calls `-getTimezoneOffset()`.
pub fn local_day(at: u64, minutes_east: i32) -> i64 {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    i64::try_from(at).unwrap_or(i64::MAX).saturating_add(i64::from(minutes_east) * 60_000).div_euclid(DAY)
}
