//! The figures.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::arguments::Profile;
use crate::browser::Browser;
use crate::client;
use crate::native::{self, Programs};
use crate::steps::{Outcome, Step, quoted};
use crate::test::{HUB, TERMINAL};

/// Builds what is measured in release, then runs the benches. They find the hub in `HUBBUB_HUB`, the terminal
/// client in `HUBBUB_TERMINAL`, and a browser, where there is one, in `HUBBUB_CHROMIUM` and `HUBBUB_CHROMEDRIVER`.
pub(crate) fn run(args: &[OsString]) -> Outcome<ExitCode> {
    client::build(Profile::Release)?;
    let Programs { hub, terminal } = native::build(Profile::Release)?;
    let step = Step::cargo().words("run --release -p bench --").args(args).env_shown(HUB, &hub, &quoted(&hub));
    let mut step = step.env_shown(TERMINAL, &terminal, &quoted(&terminal));
    if let Some(browser) = Browser::find() {
        step = browser.name_in(step);
    }
    step.become_it("running the benches")
}
