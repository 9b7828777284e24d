//! The browser that the browser tests drive, and its driver.

use std::env;
use std::fmt::{self, Display};
use std::path::{self, PathBuf};

use crate::apt;
use crate::steps::{Failure, Outcome, Step, quoted};
use crate::versions::{major, reported};

/// Names a Chromium (or Chrome) that is not on PATH; the browser tests read it.
const CHROMIUM: &str = "HUBBUB_CHROMIUM";
/// Names the ChromeDriver that belongs to it; the browser tests read it.
const CHROMEDRIVER: &str = "HUBBUB_CHROMEDRIVER";

/// Chromium and a driver of the same major version.
pub(crate) struct Browser {
    chromium: PathBuf,
    driver: PathBuf,
}

impl Browser {
    /// What [`CHROMIUM`] and [`CHROMEDRIVER`] name, or else what lies on PATH.
    pub(crate) fn find() -> Option<Self> {
        let chromes = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        let drivers = ["chromedriver", "chromium.chromedriver"];
        Some(Self {
            chromium: named(CHROMIUM).or_else(|| on_path(&chromes))?,
            driver: named(CHROMEDRIVER).or_else(|| on_path(&drivers))?,
        })
    }

    /// Tells `step` where the two are.
    pub(crate) fn name_in(&self, step: Step) -> Step {
        step.env_shown(CHROMIUM, &self.chromium, &quoted(&self.chromium)).env_shown(
            CHROMEDRIVER,
            &self.driver,
            &quoted(&self.driver),
        )
    }
}

impl Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "chromium      {}", self.chromium.display())?;
        write!(f, "chromedriver  {}", self.driver.display())
    }
}

/// Finds the browser and its driver, installing them where that is allowed.
///
/// # Errors
/// The command to type; or that the two do not fit each other.
pub(crate) fn ensure() -> Outcome<Browser> {
    const OTHERWISE: &str = "install Chromium or Chrome and the ChromeDriver of the same version, and put \
                             them on PATH or name them with HUBBUB_CHROMIUM and HUBBUB_CHROMEDRIVER";

    let browser = match Browser::find() {
        Some(browser) => browser,
        None => {
            let what = "Chromium with its driver (for the browser tests)";
            apt::install(what, "chromium chromium-driver", OTHERWISE)?;
            Browser::find().ok_or_else(|| Failure::new(format!("{what} is still missing; {OTHERWISE}")))?
        }
    };
    // A driver refuses a browser of another major version, but only once a session starts, and there the
    // reason is easily lost.
    let chromium = version_of(&browser.chromium)?;
    let driver = version_of(&browser.driver)?;
    if major(&chromium) != major(&driver) {
        let (chromium_path, driver_path) = (browser.chromium.display(), browser.driver.display());
        return Err(Failure::new(format!(
            "{chromium_path} is version {chromium} and {driver_path} is {driver}; {OTHERWISE}"
        )));
    }
    Ok(browser)
}

fn version_of(program: &PathBuf) -> Outcome<String> {
    Step::new(program).arg("--version").answer().and_then(|answer| reported(&answer).map(str::to_owned)).ok_or_else(
        || {
            let program = program.display();
            Failure::new(format!("`{program} --version` tells no version"))
        },
    )
}

/// What `variable` names: a file, whose path the tests get whole because they run in other folders, or a program
/// on PATH.
fn named(variable: &str) -> Option<PathBuf> {
    let value = PathBuf::from(env::var_os(variable).filter(|value| !value.is_empty())?);
    let on_path = value.to_str().and_then(|name| on_path(&[name]));
    on_path.or_else(|| path::absolute(&value).ok())
}

/// The first of `names` that lies in a folder of PATH.
fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names
        .iter()
        .map(|name| format!("{name}{}", env::consts::EXE_SUFFIX))
        .flat_map(|file| folders.iter().map(move |folder| folder.join(&file)))
        .find(|file| file.is_file())
}
