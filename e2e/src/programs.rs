//! The programs that are tested with. None of them is optional: a test that could not be run has not held.

use std::env;
use std::path::{Path, PathBuf};

/// What ends every complaint here.
const REMEDY: &str = "`cargo xtask test` builds or fetches what the browser tests need and names it to them";

/// The release hub, with the browser client inside: `HUBBUB_HUB`, or where a build of the whole leaves it.
///
/// # Panics
/// If it is not there.
pub fn hub() -> PathBuf {
    let hub = named("HUBBUB_HUB").unwrap_or_else(|| target().join("release/hub"));
    assert!(hub.is_file(), "there is no hub at {}: {REMEDY}", hub.display());
    hub
}

/// The client for a terminal: `HUBBUB_TERMINAL`, or where a build of the whole leaves it.
///
/// # Panics
/// If it is not there.
pub fn terminal() -> PathBuf {
    let terminal = named("HUBBUB_TERMINAL").unwrap_or_else(|| target().join("release/hubbub"));
    assert!(terminal.is_file(), "there is no client for terminals at {}: {REMEDY}", terminal.display());
    terminal
}

/// The browser: `HUBBUB_CHROMIUM`, or the first on PATH.
///
/// # Panics
/// If there is none.
pub fn chromium() -> PathBuf {
    browser_program("HUBBUB_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"])
}

/// Its driver: `HUBBUB_CHROMEDRIVER`, or the first on PATH.
///
/// # Panics
/// If there is none.
pub fn chromedriver() -> PathBuf {
    browser_program("HUBBUB_CHROMEDRIVER", &["chromedriver", "chromium.chromedriver"])
}

/// axe-core, which looks for what bars people from a page: `HUBBUB_AXE`, or where it is fetched to.
///
/// # Panics
/// If it is not there.
pub(crate) fn axe() -> PathBuf {
    let axe = named("HUBBUB_AXE").unwrap_or_else(|| target().join("tools/axe/node_modules/axe-core/axe.min.js"));
    assert!(axe.is_file(), "there is no axe-core at {}: {REMEDY}", axe.display());
    axe
}

/// Where Cargo puts what it builds, and where failed tests leave what they looked like.
pub(crate) fn target() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    ours.parent().unwrap_or(ours).join("target")
}

fn browser_program(variable: &str, names: &[&str]) -> PathBuf {
    if let Some(program) = named(variable) {
        assert!(program.is_file(), "{variable} names {}, which is no file: {REMEDY}", program.display());
        return program;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = env::split_paths(&path).flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    let found = places.find(|place| place.is_file());
    found.unwrap_or_else(|| panic!("there is no {} on PATH, and {variable} names none: {REMEDY}", names.join(" or ")))
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
