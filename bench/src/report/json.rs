//! Figures for programs.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Serialize;

use super::Figure;
use crate::process;

/// What was measured on, for whoever compares two runs.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Run {
    /// When it began, in seconds since 1970 UTC.
    at: u64,
    quick: bool,
    cores: usize,
}

impl Run {
    /// A run that begins now.
    pub(crate) fn now(quick: bool) -> Self {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { at, quick, cores: process::cores() }
    }
}

/// What came of one scenario.
#[derive(Serialize)]
pub(crate) struct Outcome {
    pub(crate) scenario: &'static str,
    /// Processes that wanted a CPU in the minute before it, on average.
    pub(crate) load: f64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<String>,
    pub(crate) figures: Vec<Figure>,
}

/// Writes the figures of a scenario to `folder/scenario.json`.
pub(crate) fn write(folder: &Path, run: Run, outcome: &Outcome) -> Result<()> {
    #[derive(Serialize)]
    struct Written<'a> {
        #[serde(flatten)]
        run: Run,
        #[serde(flatten)]
        outcome: &'a Outcome,
    }
    put(folder, outcome.scenario, &Written { run, outcome })
}

/// Writes all of a run to `folder/summary.json`, those figures first that decide.
pub(crate) fn summarize(folder: &Path, run: Run, outcomes: &[Outcome]) -> Result<()> {
    #[derive(Serialize)]
    struct Summary<'a> {
        #[serde(flatten)]
        run: Run,
        seconds: f64,
        headlines: Vec<&'a Figure>,
        scenarios: &'a [Outcome],
    }
    let figures = outcomes.iter().flat_map(|outcome| &outcome.figures);
    let summary = Summary {
        run,
        seconds: outcomes.iter().map(|outcome| outcome.seconds).sum(),
        headlines: figures.filter(|figure| !figure.headline.is_empty()).collect(),
        scenarios: outcomes,
    };
    put(folder, "summary", &summary)
}

fn put(folder: &Path, name: &str, written: &impl Serialize) -> Result<()> {
    let path = folder.join(format!("{name}.json"));
    let json = serde_json::to_string_pretty(written).context("the figures as JSON")?;
    fs::write(&path, json + "\n").with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::report::{Bound, Unit};

    use super::*;

    #[test]
    fn a_figure_is_json_that_says_everything() {
        let figure = Figure::plain("x", 5.0, Unit::MiB).beside(2.0, 2.5).wanting(Bound::AtMost(4.0)).headlined("X");
        let expected = json!({
            "name": "x", "measured": 5.0, "unit": "MiB", "limit": 2.0, "ratio": 2.5, "wanted": {"at_most": 4.0},
            "verdict": {"missed_by": {"percent": 25.0}}, "note": "", "headline": "X"
        });
        assert_eq!(serde_json::to_value(&figure).expect("JSON"), expected);
        let plain = serde_json::to_value(Figure::plain("x", 5.0, Unit::MiB)).expect("JSON");
        assert_eq!((plain.get("limit"), plain.get("headline")), (None, None));
    }

    #[test]
    fn a_summary_names_what_decides_and_what_failed() {
        let folder = tempfile::tempdir().expect("a folder");
        let figures =
            vec![Figure::plain("deciding", 1.0, Unit::MiB).headlined("it"), Figure::plain("other", 2.0, Unit::MiB)];
        let outcome = |scenario, failed: Option<&str>, figures| Outcome {
            scenario,
            load: 0.5,
            seconds: 2.0,
            failed: failed.map(str::to_owned),
            figures,
        };
        let outcomes = [outcome("idle", None, figures), outcome("slow", Some("a line is missing"), Vec::new())];
        summarize(folder.path(), Run::now(true), &outcomes).expect("written");
        let text = fs::read_to_string(folder.path().join("summary.json")).expect("a file");
        let summary: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&summary["seconds"], &summary["quick"]), (&json!(4.0), &json!(true)));
        assert_eq!(summary["headlines"].as_array().map(Vec::len), Some(1));
        assert_eq!(summary["headlines"][0]["name"], "deciding");
        assert_eq!(summary["scenarios"][1]["failed"], "a line is missing");
    }
}
