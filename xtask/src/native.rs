//! What is compiled for this machine: the hub, with the browser client inside, and the client for a terminal.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::arguments::Profile;
use crate::client;
use crate::steps::{Failure, Outcome, Step, announce, target_dir};

/// What each program prints when it is asked to `generate` the word, and where it belongs; `PROGRAM` stands for its name.
const PAPERS: [(&str, &str); 4] = [
    ("man", "man/PROGRAM.1"),
    ("bash", "completions/PROGRAM.bash"),
    ("zsh", "completions/_PROGRAM"),
    ("fish", "completions/PROGRAM.fish"),
];

/// Where the two lie.
pub(crate) struct Programs {
    pub(crate) hub: PathBuf,
    pub(crate) terminal: PathBuf,
}

/// Builds the hub around what stands in `dist/`, and the terminal client. Always both, and together: crates that the two
/// share would be compiled once for each of them alone, and once more for both.
pub(crate) fn build(profile: Profile) -> Outcome<Programs> {
    // As it is: the hub's build script would start another xtask where it finds the client too old.
    let step = Step::cargo().env_shown("HUBBUB_CLIENT", "none", "none").words("build -p hub -p terminal");
    let (step, how, folder) = match profile {
        Profile::Release => (step.arg("--release"), "release", "release"),
        Profile::Dev => (step, "unoptimised", "debug"),
    };
    step.run(&format!("building the hub around it, and the terminal client ({how})"))?;
    let built = |name: &str| {
        let program = target_dir().join(folder).join(format!("{name}{}", env::consts::EXE_SUFFIX));
        if program.is_file() {
            Ok(program)
        } else {
            let program = program.display();
            Err(Failure::new(format!("{name} was built, but not as {program}")))
        }
    };
    Ok(Programs { hub: built("hub")?, terminal: built("hubbub")? })
}

impl Programs {
    /// Writes the man page and the shells' completions of each beside it, as it prints them itself.
    ///
    /// # Errors
    /// If one does not print them, or they cannot be written.
    pub(crate) fn papers(&self) -> Outcome {
        announce("man pages and completions");
        for program in [&self.hub, &self.terminal] {
            for (word, file) in PAPERS {
                paper(program, word, file)?;
            }
        }
        Ok(())
    }
}

fn paper(program: &Path, word: &str, file: &str) -> Outcome {
    let (Some(folder), Some(name)) = (program.parent(), program.file_stem()) else { return Ok(()) };
    let text = Step::new(program).arg("generate").arg(word).answer().filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Failure::new(format!("`{} generate {word}` printed nothing", program.display())))?;
    let file = folder.join(file.replace("PROGRAM", &name.to_string_lossy()));
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, text));
    written.map_err(|error| Failure::new(format!("could not write {}: {error}", file.display())))
}

/// Builds, then starts the hub in our place: Ctrl-C and every other signal reach it, and its exit code is the
/// one that the caller sees.
pub(crate) fn run(profile: Profile, flags: &[OsString]) -> Outcome<ExitCode> {
    client::build(profile)?;
    let hub = build(profile)?.hub;
    Step::as_called(&hub).args(flags).become_it("starting the hub")
}
