//! Figures, verdicts, the table, JSON.

use std::fmt::{self, Display};
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::{Serialize, Serializer};

use crate::process;

/// One thing that was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) measured: f64,
    pub(crate) unit: Unit,
    pub(crate) wanted: Option<Bound>,
    pub(crate) verdict: Verdict,
    /// What one has to know to read it: spread, share, what it was measured on.
    pub(crate) note: String,
}

impl Figure {
    /// A figure that has to keep a bound.
    pub(crate) fn bounded(name: impl Into<String>, measured: f64, unit: Unit, bound: Bound) -> Self {
        let verdict = bound.judge(measured);
        Self { name: name.into(), measured, unit, wanted: Some(bound), verdict, note: String::new() }
    }

    /// A figure for information.
    pub(crate) fn plain(name: impl Into<String>, measured: f64, unit: Unit) -> Self {
        let verdict = Verdict::Information;
        Self { name: name.into(), measured, unit, wanted: None, verdict, note: String::new() }
    }

    /// The same with a note.
    pub(crate) fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn row(&self) -> [String; 5] {
        [
            self.name.clone(),
            self.unit.show(self.measured),
            self.wanted.map_or_else(String::new, |bound| bound.show(self.unit)),
            self.verdict.to_string(),
            self.note.clone(),
        ]
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
    /// 1000 bytes.
    KB,
    LinesPerSecond,
    EntriesPerSecond,
    Seconds,
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
            Self::KB => "KB",
            Self::LinesPerSecond => "lines/s",
            Self::EntriesPerSecond => "entries/s",
            Self::Seconds => "s",
            Self::Times => "×",
        }
    }

    /// The value for people, and the unit.
    pub(crate) fn show(self, value: f64) -> String {
        format!("{} {}", short(value), self.symbol())
    }
}

/// A number with three digits that count.
pub(crate) fn short(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.symbol())
    }
}

/// What is wanted of a figure, in its unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

impl Bound {
    fn judge(self, measured: f64) -> Verdict {
        let missing = match self {
            Self::AtMost(most) => measured / most - 1.0,
            Self::AtLeast(least) => 1.0 - measured / least,
        };
        if missing <= 0.0 { Verdict::Reached } else { Verdict::MissedBy { percent: missing * 100.0 } }
    }

    fn show(self, unit: Unit) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {most} {}", unit.symbol()),
            Self::AtLeast(least) => format!("≥ {least} {}", unit.symbol()),
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

/// The figures as a table for a terminal.
pub(crate) fn table(figures: &[Figure]) -> String {
    let head = ["figure", "measured", "wanted", "verdict", "note"].map(str::to_owned);
    let rows: Vec<[String; 5]> = [head].into_iter().chain(figures.iter().map(Figure::row)).collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |[figure, measured, wanted, verdict, note]: &[String; 5]| {
        let [a, b, c, d, _] = widths;
        // Numbers stand to the right, so that sizes compare at a glance.
        format!("{figure:<a$}  {measured:>b$}  {wanted:>c$}  {verdict:<d$}  {note}").trim_end().to_owned() + "\n"
    };
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text += &line(row);
        if index == 0 {
            text += &line(&widths.map(|width| "─".repeat(width)));
        }
    }
    text
}

/// What a scenario measured, for programs.
#[derive(Serialize)]
struct Written<'a> {
    scenario: &'a str,
    /// Seconds since 1970 UTC.
    at: u64,
    quick: bool,
    cores: usize,
    /// Processes that wanted a CPU in the last minute before it, on average.
    load: f64,
    figures: &'a [Figure],
}

/// Writes the figures of a scenario to `folder/scenario.json`. `load` is the machine's before it.
pub(crate) fn write(folder: &Path, scenario: &str, quick: bool, load: f64, figures: &[Figure]) -> Result<()> {
    let written = Written {
        scenario,
        at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        quick,
        cores: process::cores(),
        load,
        figures,
    };
    let path = folder.join(format!("{scenario}.json"));
    let json = serde_json::to_string_pretty(&written).context("the figures as JSON")?;
    fs::write(&path, json + "\n").with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_reached_or_missed_by_a_share_of_it() {
        let bound = Bound::AtMost(16.0);
        assert_eq!(bound.judge(16.0), Verdict::Reached);
        assert_eq!(bound.judge(20.0), Verdict::MissedBy { percent: 25.0 });
        assert_eq!(bound.judge(20.0).to_string(), "missed by 25 %");
        assert_eq!(bound.judge(16.01).to_string(), "missed by less than 1 %");
        let bound = Bound::AtLeast(50.0);
        assert_eq!(bound.judge(51.0), Verdict::Reached);
        assert_eq!(bound.judge(40.0).to_string(), "missed by 20 %");
    }

    #[test]
    fn values_show_three_digits() {
        assert_eq!(Unit::Microseconds.show(0.204), "0.20 µs");
        assert_eq!(Unit::KiB.show(12.34), "12.3 KiB");
        assert_eq!(Unit::LinesPerSecond.show(84_321.7), "84322 lines/s");
    }

    #[test]
    fn the_table_lines_up() {
        let figures = [
            Figure::bounded("a figure", 5.0, Unit::Microseconds, Bound::AtMost(4.0)),
            Figure::plain("another, longer one", 123.0, Unit::KB).noting("of 5 files"),
        ];
        let expected = "\
figure               measured  wanted  verdict         note
───────────────────  ────────  ──────  ──────────────  ──────────
a figure              5.00 µs  ≤ 4 µs  missed by 25 %
another, longer one    123 KB                          of 5 files
";
        assert_eq!(table(&figures), expected);
    }

    #[test]
    fn a_figure_is_json_that_says_everything() {
        let figure = Figure::bounded("x", 5.0, Unit::MiB, Bound::AtMost(4.0));
        let json = serde_json::to_value(&figure).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "name": "x", "measured": 5.0, "unit": "MiB", "wanted": {"at_most": 4.0},
                "verdict": {"missed_by": {"percent": 25.0}}, "note": ""
            })
        );
    }
}
