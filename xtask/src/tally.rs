//! Counting tests by what the test runners of `cargo test` print.

use std::ops::AddAssign;

/// How many tests passed, failed, and were ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Tally {
    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`, the line with which each test binary
    /// ends, coloured or not. `None` for any other line.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?;
        let mut tally = Self::default();
        let mut number = None;
        for word in counts.split_whitespace() {
            match (number, word.trim_end_matches(';')) {
                (Some(n), "passed") => tally.passed = n,
                (Some(n), "failed") => tally.failed = n,
                (Some(n), "ignored") => tally.ignored = n,
                _ => {}
            }
            number = word.parse().ok();
        }
        Some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, ignored: u64) -> Tally {
        Tally { passed, failed, ignored }
    }

    #[test]
    fn a_result_line_is_counted() {
        let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; \
                    finished in 0.04s";
        assert_eq!(Tally::of_line(line), Some(tally(12, 0, 1)));
        let line = "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Tally::of_line(line), Some(tally(4, 2, 0)));
    }

    #[test]
    fn colours_do_not_hide_a_result_line() {
        let line = "test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 7 passed; 1 failed; 0 ignored;";
        assert_eq!(Tally::of_line(line), Some(tally(7, 1, 0)));
    }

    #[test]
    fn other_lines_are_not_counted() {
        for line in [
            "",
            "running 3 tests",
            "test passes ... ok",
            "    test result: ok. 1 passed; 0 failed;",
            "3 passed, 0 failed",
        ] {
            assert_eq!(Tally::of_line(line), None, "{line:?}");
        }
    }

    #[test]
    fn tallies_add_up() {
        let mut sum = tally(1, 2, 3);
        sum += tally(10, 20, 30);
        assert_eq!(sum, tally(11, 22, 33));
    }
}
