//! The hub killed again and again under load: `docs/torture.md`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::arguments::Profile;
use crate::native;
use crate::steps::{Outcome, Step, quoted, target_dir};
use crate::test::HUB;

/// Builds both in release, then runs the torture. The hub needs no browser client for that, and has the one
/// that stands in `dist/`, if any.
pub(crate) fn run(args: &[OsString]) -> Outcome<ExitCode> {
    let hub = native::build(Profile::Release)?.hub;
    let step = Step::cargo().words("run --release -p torture --").args(args);
    step.env_shown(HUB, &hub, &quoted(&hub)).become_it("torturing it")
}

/// Twenty kills of what the tests have been built with: no further build.
pub(crate) fn briefly() -> Step {
    let hub = built("hub");
    Step::new(built("torture")).words("--kills 20").env_shown(HUB, &hub, &quoted(&hub))
}

fn built(program: &str) -> PathBuf {
    target_dir().join("debug").join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}
