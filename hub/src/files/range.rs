//! Which part of a file is asked for (RFC 9110, section 14). Pure.

use std::ops::Range;

/// What a `Range` header comes to for a file of some size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of it: nothing else was asked for, or something that need not be understood, such as several parts.
    Whole,
    /// These bytes; never empty.
    Part(Range<u64>),
    /// Nothing that is there.
    Nowhere,
}

/// Reads the value of a `Range` header for a file of `size` bytes.
pub fn asked(range: Option<&str>, size: u64) -> Asked {
    let Some(spec) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Asked::Whole };
    let Some((first, last)) = spec.split_once('-') else { return Asked::Whole };
    let (first, last) = (first.trim(), last.trim());
    let (Some(from), Some(to)) = (number(first), number(last)) else { return Asked::Whole };
    let part = match (from, to) {
        (Some(from), Some(to)) if to < from => return Asked::Whole,
        (Some(from), to) => from..to.map_or(size, |to| to.saturating_add(1).min(size)),
        // The last so many bytes.
        (None, Some(many)) => size.saturating_sub(many)..size,
        (None, None) => return Asked::Whole,
    };
    if part.start < part.end { Asked::Part(part) } else { Asked::Nowhere }
}

/// None where it is no number; nothing at all is one that is missing.
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        Some(None)
    } else if text.bytes().all(|letter| letter.is_ascii_digit()) {
        // One too large to hold lies behind the end of every file.
        Some(Some(text.parse().unwrap_or(u64::MAX)))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_what_the_standard_says() {
        for (range, expected) in [
            ("bytes=0-0", Asked::Part(0..1)),
            ("bytes=0-499", Asked::Part(0..500)),
            ("bytes=500-", Asked::Part(500..1000)),
            ("bytes=-200", Asked::Part(800..1000)),
            ("bytes=-2000", Asked::Part(0..1000)),
            ("bytes=990-5000", Asked::Part(990..1000)),
            ("bytes=0-99999999999999999999999", Asked::Part(0..1000)),
            ("bytes=1000-", Asked::Nowhere),
            ("bytes=5000-6000", Asked::Nowhere),
            ("bytes=-0", Asked::Nowhere),
        ] {
            assert_eq!(asked(Some(range), 1000), expected, "{range}");
        }
    }

    #[test]
    fn what_is_not_understood_asks_for_the_whole() {
        assert_eq!(asked(None, 1000), Asked::Whole);
        for range in
            ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,4-5", "lines=0-1", "bytes=--5"]
        {
            assert_eq!(asked(Some(range), 1000), Asked::Whole, "{range}");
        }
    }

    #[test]
    fn an_empty_file_has_no_parts() {
        assert_eq!(asked(Some("bytes=0-"), 0), Asked::Nowhere);
    }
}
