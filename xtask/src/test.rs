//! Everything that has to hold, cheapest first.
//!
//! What the child processes find in their environment:
//!
//! | variable | for | |
//! |---|---|---|
//! | `HUBBUB_HUB` | `e2e`, `bench`, `torture` | the hub, an absolute path |
//! | `HUBBUB_TERMINAL` | `e2e`, `bench` | the terminal client, an absolute path |
//! | `HUBBUB_CHROMIUM` | `e2e`, `bench` | the browser |
//! | `HUBBUB_CHROMEDRIVER` | `e2e`, `bench` | its driver |
//! | `HUBBUB_AXE` | `e2e` | axe-core's file |
//!
//! Every other `HUBBUB_…` variable, each a flag of the hub, is taken out of it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::arguments::Profile;
use crate::browser;
use crate::native::{self, Programs};
use crate::steps::{Failure, Outcome, Step, announce, quoted, say};
use crate::tally::Tally;
use crate::tools::{self, WASM};
use crate::{client, torture};

/// Names the hub under test or measured.
pub(crate) const HUB: &str = "HUBBUB_HUB";

/// Names the terminal client under test or measured.
pub(crate) const TERMINAL: &str = "HUBBUB_TERMINAL";

/// Names axe-core's file; the browser tests read it.
const AXE: &str = "HUBBUB_AXE";

/// All but `e2e`, which needs a built hub. What is pure in `web` is tested natively.
const NATIVE_TESTS: &str = "--workspace --exclude e2e";

const TORTURE: &str = "torture: the hub killed 20 times";

/// Runs every step, says how each went, and ends with the total as the very last line.
pub(crate) fn run(fast: bool) -> ExitCode {
    let mut report = Report::default();
    report.step("what the tests need", || {
        tools::rust_components()?;
        if fast {
            return Ok(());
        }
        // Asked for now rather than after ten minutes, when they may turn out not to be had.
        browser::ensure()?;
        tools::axe().map(drop)
    });
    if report.failed() {
        report.not_run("everything else", "it needs what is missing");
        return report.finish();
    }

    report.step("formatting", || {
        let check = Step::cargo().words("fmt --all --check").run("formatting");
        let mend = "not formatted as agreed; by hand: cargo fmt --all";
        check.map_err(|_| Failure::new(mend))
    });
    report.command("lints", Step::cargo().words("clippy --workspace --all-targets -- -D warnings"));
    report.command(
        "lints of the browser client",
        // As it is shipped; its tests are native.
        Step::cargo().words("clippy -p web -p worker --target").arg(WASM).words("-- -D warnings"),
    );
    report.tests(
        // All at once: for doc tests alone Cargo would choose other features of the crates below, and compile them again.
        "unit, property, integration and doc tests",
        Step::cargo().words("test --no-fail-fast").words(NATIVE_TESTS),
    );
    if report.has_tested() {
        report.command(TORTURE, torture::briefly());
    } else {
        report.not_run(TORTURE, "the tests were not built, and the hub with them");
    }
    if fast {
        for step in ["release build", "browser tests"] {
            report.not_run(step, "--fast");
        }
    } else {
        browser_tests(&mut report);
    }
    report.finish()
}

fn browser_tests(report: &mut Report) {
    let mut built = None;
    report.step("release build", || {
        client::build(Profile::Release)?;
        let programs = native::build(Profile::Release)?;
        programs.papers()?;
        built = Some((programs, browser::ensure()?, tools::axe()?));
        Ok(())
    });
    let Some((Programs { hub, terminal }, browser, axe)) = built else {
        return report.not_run("browser tests", "there is no hub to test");
    };
    let step = Step::cargo().words("test --no-fail-fast -p e2e").env_shown(HUB, &hub, &quoted(&hub));
    let step = step.env_shown(TERMINAL, &terminal, &quoted(&terminal)).env_shown(AXE, &axe, &quoted(&axe));
    report.tests("browser tests", browser.name_in(step));
}

/// What became of each step.
#[derive(Default)]
struct Report {
    steps: Vec<Done>,
}

struct Done {
    name: &'static str,
    took: Duration,
    tally: Tally,
    end: End,
}

#[derive(PartialEq, Eq)]
enum End {
    Held,
    Failed,
    NotRun(&'static str),
}

impl Report {
    fn step(&mut self, name: &'static str, step: impl FnOnce() -> Outcome) {
        self.record(name, || (Tally::default(), step()));
    }

    fn command(&mut self, name: &'static str, step: Step) {
        self.step(name, || step.run(name));
    }

    /// A suite that found none of its tests has not held.
    fn tests(&mut self, name: &'static str, step: Step) {
        self.record(name, || {
            let (tally, outcome) = step.run_tests(name);
            let outcome = outcome.and_then(|()| {
                if tally.passed > 0 { Ok(()) } else { Err(Failure::new(format!("{name}: no test was run"))) }
            });
            (tally, outcome)
        });
    }

    fn record(&mut self, name: &'static str, step: impl FnOnce() -> (Tally, Outcome)) {
        let started = Instant::now();
        let (tally, outcome) = step();
        let end = match outcome {
            Ok(()) => End::Held,
            Err(failure) => {
                eprintln!("error: {failure}");
                End::Failed
            }
        };
        self.steps.push(Done { name, took: started.elapsed(), tally, end });
    }

    fn not_run(&mut self, name: &'static str, why: &'static str) {
        announce(format_args!("NOT RUN: {name} ({why})"));
        self.steps.push(Done { name, took: Duration::ZERO, tally: Tally::default(), end: End::NotRun(why) });
    }

    /// Whether the last step ran any test: then all it needs was built.
    fn has_tested(&self) -> bool {
        self.steps.last().is_some_and(|step| step.tally.passed + step.tally.failed > 0)
    }

    fn failed(&self) -> bool {
        self.steps.iter().any(|step| step.end == End::Failed)
    }

    /// Every test counts, and every step that failed without naming a failed test (formatting, lints, a build,
    /// a test run that crashed) counts as one that failed: a red run never ends in `0 failed`.
    fn total(&self) -> Tally {
        let mut total = Tally::default();
        for step in &self.steps {
            total += step.tally;
            if step.end == End::Failed && step.tally.failed == 0 {
                total.failed += 1;
            }
        }
        total
    }

    fn finish(&self) -> ExitCode {
        say("");
        for step in &self.steps {
            say(step.line());
        }
        let total = self.total();
        say(format_args!("\n{} passed, {} failed", total.passed, total.failed));
        if total.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

impl Done {
    fn line(&self) -> String {
        let Self { name, tally, .. } = self;
        let end = match self.end {
            End::Held => "ok",
            End::Failed => "FAILED",
            End::NotRun(why) => return format!("NOT RUN            {name} ({why})"),
        };
        let counts: Vec<String> = [(tally.passed, "passed"), (tally.failed, "failed"), (tally.ignored, "IGNORED")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let colon = if counts.is_empty() { "" } else { ": " };
        let (seconds, counts) = (self.took.as_secs_f64(), counts.join(", "));
        format!("{end:<7} {seconds:>7.1} s  {name}{colon}{counts}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(end: End, passed: u64, failed: u64) -> Done {
        Done { name: "a step", took: Duration::from_millis(12_340), tally: Tally { passed, failed, ignored: 0 }, end }
    }

    fn total(steps: Vec<Done>) -> (u64, u64) {
        let total = Report { steps }.total();
        (total.passed, total.failed)
    }

    #[test]
    fn the_total_adds_up_the_tests_of_all_steps() {
        let steps = vec![done(End::Held, 0, 0), done(End::Held, 40, 0), done(End::Held, 2, 0)];
        assert_eq!(total(steps), (42, 0));
    }

    #[test]
    fn a_step_that_failed_is_never_lost_in_the_total() {
        assert_eq!(total(vec![done(End::Failed, 0, 0)]), (0, 1));
        assert_eq!(total(vec![done(End::Failed, 5, 0)]), (5, 1));
        assert_eq!(total(vec![done(End::Failed, 5, 2)]), (5, 2));
        assert_eq!(total(vec![done(End::NotRun("--fast"), 0, 0)]), (0, 0));
    }

    #[test]
    fn a_step_s_line_says_how_it_went() {
        assert_eq!(done(End::Held, 0, 0).line(), "ok         12.3 s  a step");
        assert_eq!(done(End::Failed, 5, 2).line(), "FAILED     12.3 s  a step: 5 passed, 2 failed");
        assert_eq!(done(End::NotRun("--fast"), 0, 0).line(), "NOT RUN            a step (--fast)");
    }
}
