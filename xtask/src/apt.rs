//! What only the system's package manager can install, where it is Debian's and we may use it.

use crate::steps::{Failure, Outcome, Step, announce};

/// How long to wait for another apt that is at work, in seconds; a fresh machine often updates itself.
const LOCK_TIMEOUT: &str = "DPkg::Lock::Timeout=300";

/// Installs Debian `packages` because `what` is missing.
///
/// # Errors
/// Where we may not, or it fails: a line with the command to type, or `otherwise` where there is no apt.
pub(crate) fn install(what: &str, packages: &str, otherwise: &str) -> Outcome {
    if Step::new("apt-get").arg("--version").answer().is_none() {
        return Err(Failure::new(format!("{what} is missing; {otherwise}")));
    }
    let by_hand = format!("sudo apt-get update && sudo apt-get install -y {packages}");
    let Some(rights) = rights() else {
        return Err(Failure::new(format!(
            "{what} is missing, and installing it takes root's rights; by hand: {by_hand}"
        )));
    };

    // A list that one of several sources would not give is no reason not to try with the others.
    if let Err(failure) = rights.apt_get("update").run("updating the package lists") {
        announce(format_args!("going on without: {failure}"));
    }
    rights
        .apt_get(&format!("-y --no-install-recommends -o {LOCK_TIMEOUT} install {packages}"))
        .run(&format!("installing {what}"))
        .map_err(|failure| Failure::new(format!("{failure}; or else {otherwise}")))
}

/// Whose rights the package manager is used with.
enum Rights {
    Root,
    /// `sudo` that asks for no password.
    Sudo,
}

fn rights() -> Option<Rights> {
    let user = Step::new("id").arg("-u").answer();
    if user.is_some_and(|user| user.trim() == "0") {
        return Some(Rights::Root);
    }
    let sudo = Step::new("sudo").words("-n true").answer();
    sudo.map(|_| Rights::Sudo)
}

impl Rights {
    fn apt_get(&self, words: &str) -> Step {
        let step = match self {
            Self::Root => Step::new("apt-get"),
            Self::Sudo => Step::new("sudo").words("-n apt-get"),
        };
        // Nobody may be there to answer a question.
        step.words(words).env("DEBIAN_FRONTEND", "noninteractive").no_input()
    }
}
