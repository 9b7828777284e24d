//! Figures and their verdicts. What becomes of them: a table for people ([`table`]), JSON for programs ([`json`]).

pub(crate) mod json;
pub(crate) mod table;

use std::fmt::{self, Display};

use serde::{Serialize, Serializer};

/// One thing that was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) measured: f64,
    pub(crate) unit: Unit,
    /// What it cannot be better than, measured beside it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) beside: Option<Beside>,
    pub(crate) wanted: Option<Bound>,
    pub(crate) verdict: Verdict,
    /// What one has to know to read it: spread, share, what it was measured on.
    pub(crate) note: String,
    /// What it is called among the figures that decide. Empty for one that only explains.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) headline: &'static str,
}

/// The physical limit of a figure, in the figure's unit, and how many times as much the figure is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Beside {
    pub(crate) limit: f64,
    pub(crate) ratio: f64,
}

impl Figure {
    /// A figure that has to keep a bound.
    pub(crate) fn bounded(name: impl Into<String>, measured: f64, unit: Unit, bound: Bound) -> Self {
        Self::plain(name, measured, unit).wanting(bound)
    }

    /// A figure for information.
    pub(crate) fn plain(name: impl Into<String>, measured: f64, unit: Unit) -> Self {
        Self {
            name: name.into(),
            measured,
            unit,
            beside: None,
            wanted: None,
            verdict: Verdict::Information,
            note: String::new(),
            headline: "",
        }
    }

    /// The same with the limit. `ratio` is told apart, as it may be that of neighbouring rounds.
    pub(crate) fn beside(mut self, limit: f64, ratio: f64) -> Self {
        self.beside = Some(Beside { limit, ratio });
        self
    }

    /// The same with a bound. One on the ratio needs the limit first.
    pub(crate) fn wanting(mut self, bound: Bound) -> Self {
        self.wanted = Some(bound);
        self.verdict = bound.judge(self.measured, self.beside.map(|beside| beside.ratio));
        self
    }

    /// The same with a bound, where there is one.
    pub(crate) fn maybe_wanting(self, bound: Option<Bound>) -> Self {
        match bound {
            Some(bound) => self.wanting(bound),
            None => self,
        }
    }

    /// The same with a note.
    pub(crate) fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// The same among the figures that decide.
    pub(crate) fn headlined(mut self, headline: &'static str) -> Self {
        self.headline = headline;
        self
    }
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Milliseconds,
    Microseconds,
    /// 1024 × 1024 bytes.
    MiB,
    /// 1024 bytes.
    KiB,
    /// 1000 × 1000 bytes.
    MB,
    /// 1000 bytes.
    KB,
    Bytes,
    LinesPerSecond,
    EntriesPerSecond,
    DeliveriesPerSecond,
    SignalsPerSecond,
    FramesPerSecond,
    Seconds,
    /// Of one core.
    PerCent,
    /// So many times as much.
    Times,
}

impl Unit {
    fn symbol(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Microseconds => "µs",
            Self::MiB => "MiB",
            Self::KiB => "KiB",
            Self::MB => "MB",
            Self::KB => "KB",
            Self::Bytes => "bytes",
            Self::LinesPerSecond => "lines/s",
            Self::EntriesPerSecond => "entries/s",
            Self::DeliveriesPerSecond => "deliveries/s",
            Self::SignalsPerSecond => "signals/s",
            Self::FramesPerSecond => "frames/s",
            Self::Seconds => "s",
            Self::PerCent => "%",
            Self::Times => "×",
        }
    }

    /// The value for people, and the unit.
    pub(crate) fn show(self, value: f64) -> String {
        format!("{} {}", short(value), self.symbol())
    }
}

/// A number with three digits that count, and a comma before each three.
pub(crate) fn short(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 || size == 0.0 => 2,
        size => (1.0 - size.log10().floor()).min(9.0) as usize,
    };
    with_commas(&format!("{value:.digits$}"))
}

/// A count, with a comma before each three digits.
pub(crate) fn count(count: usize) -> String {
    with_commas(&count.to_string())
}

fn with_commas(number: &str) -> String {
    let whole = number.find('.').unwrap_or(number.len());
    let mut shown = String::new();
    for (index, character) in number.char_indices() {
        let before = number[..index].ends_with(|before: char| before.is_ascii_digit());
        if before && index < whole && (whole - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(character);
    }
    shown
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

/// What is wanted of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    /// In its unit.
    AtMost(f64),
    /// In its unit.
    AtLeast(f64),
    /// At most so many times the limit measured beside it.
    TimesLimit(f64),
}

impl Bound {
    fn judge(self, measured: f64, ratio: Option<f64>) -> Verdict {
        let missing = match self {
            Self::AtMost(most) => measured / most - 1.0,
            Self::AtLeast(least) => 1.0 - measured / least,
            // Without the limit nothing is known, which is not enough.
            Self::TimesLimit(most) => ratio.unwrap_or(f64::INFINITY) / most - 1.0,
        };
        if missing <= 0.0 { Verdict::Reached } else { Verdict::MissedBy { percent: missing * 100.0 } }
    }

    fn show(self, unit: Unit) -> String {
        // As it was written, but for the commas.
        let exact = |value: f64| if value.fract() == 0.0 && value >= 100.0 { short(value) } else { value.to_string() };
        match self {
            Self::AtMost(most) => format!("≤ {} {}", exact(most), unit.symbol()),
            Self::AtLeast(least) => format!("≥ {} {}", exact(least), unit.symbol()),
            Self::TimesLimit(most) => format!("≤ {} × limit", exact(most)),
        }
    }
}

/// How a figure stands to what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Reached,
    MissedBy { percent: f64 },
    Information,
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reached => f.write_str("reached"),
            Self::MissedBy { percent } if *percent < 1.0 => f.write_str("missed by less than 1 %"),
            Self::MissedBy { percent } => write!(f, "missed by {percent:.0} %"),
            Self::Information => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_reached_or_missed_by_a_share_of_it() {
        let bound = Bound::AtMost(16.0);
        assert_eq!(bound.judge(16.0, None), Verdict::Reached);
        assert_eq!(bound.judge(20.0, None), Verdict::MissedBy { percent: 25.0 });
        assert_eq!(bound.judge(20.0, None).to_string(), "missed by 25 %");
        assert_eq!(bound.judge(16.01, None).to_string(), "missed by less than 1 %");
        let bound = Bound::AtLeast(50.0);
        assert_eq!(bound.judge(51.0, None), Verdict::Reached);
        assert_eq!(bound.judge(40.0, None).to_string(), "missed by 20 %");
    }

    #[test]
    fn a_bound_on_the_ratio_does_not_ask_for_the_time() {
        let bound = Bound::TimesLimit(2.0);
        let figure = |ratio| Figure::plain("x", 9.0, Unit::Microseconds).beside(5.0, ratio).wanting(bound);
        assert_eq!(figure(1.8).verdict, Verdict::Reached);
        assert_eq!(figure(2.5).verdict, Verdict::MissedBy { percent: 25.0 });
        assert_ne!(Figure::bounded("x", 0.1, Unit::Microseconds, bound).verdict, Verdict::Reached, "no limit is known");
    }

    #[test]
    fn values_show_three_digits() {
        assert_eq!(Unit::Microseconds.show(0.204), "0.20 µs");
        assert_eq!(Unit::KiB.show(12.34), "12.3 KiB");
        assert_eq!(Unit::LinesPerSecond.show(84_321.7), "84,322 lines/s");
        assert_eq!(short(1_234_567.0), "1,234,567");
        assert_eq!(short(-123_456.0), "-123,456");
        assert_eq!(short(999.0), "999");
        assert_eq!([short(0.22), short(0.0), short(0.004_41), short(0.051)], ["0.22", "0.00", "0.0044", "0.051"]);
        assert_eq!([count(10), count(1_000), count(1_000_000)], ["10", "1,000", "1,000,000"]);
    }

    #[test]
    fn bounds_show_as_they_were_set() {
        assert_eq!(Bound::AtMost(0.22).show(Unit::Microseconds), "≤ 0.22 µs");
        assert_eq!(Bound::AtLeast(100_000.0).show(Unit::LinesPerSecond), "≥ 100,000 lines/s");
        assert_eq!(Bound::TimesLimit(1.2).show(Unit::Microseconds), "≤ 1.2 × limit");
    }
}
