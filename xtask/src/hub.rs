//! The hub, with the browser client inside.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::arguments::Profile;
use crate::client;
use crate::steps::{Failure, Outcome, Step, target_dir};

/// Builds the hub around what stands in `dist/`; where it lies then.
pub(crate) fn build(profile: Profile) -> Outcome<PathBuf> {
    let step = Step::cargo().words("build -p hub");
    let (step, how, folder) = match profile {
        Profile::Release => (step.arg("--release"), "release", "release"),
        Profile::Dev => (step, "unoptimised", "debug"),
    };
    step.run(&format!("building the hub around it ({how})"))?;
    let name = format!("hub{}", std::env::consts::EXE_SUFFIX);
    let hub = target_dir().join(folder).join(name);
    if hub.is_file() {
        Ok(hub)
    } else {
        let hub = hub.display();
        Err(Failure::new(format!("the hub was built, but not as {hub}")))
    }
}

/// Builds, then starts the hub in our place: Ctrl-C and every other signal reach it, and its exit code is the
/// one that the caller sees.
pub(crate) fn run(profile: Profile, flags: &[OsString]) -> Outcome<ExitCode> {
    client::build(profile)?;
    let hub = build(profile)?;
    Step::as_called(&hub).args(flags).become_it("starting the hub")
}
