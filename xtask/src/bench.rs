//! The figures.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::arguments::Profile;
use crate::browser::Browser;
use crate::steps::{Outcome, Step, quoted};
use crate::test::HUB;
use crate::{client, hub};

/// Builds what is measured in release, then runs the benches. They find the hub in `HUBBUB_HUB`, and a browser,
/// where there is one, in `HUBBUB_CHROMIUM` and `HUBBUB_CHROMEDRIVER`.
pub(crate) fn run(args: &[OsString]) -> Outcome<ExitCode> {
    client::build(Profile::Release)?;
    let hub = hub::build(Profile::Release)?;
    let mut step = Step::cargo().words("run --release -p bench --").args(args).env_shown(HUB, &hub, &quoted(&hub));
    if let Some(browser) = Browser::find() {
        step = browser.name_in(step);
    }
    step.become_it("running the benches")
}
