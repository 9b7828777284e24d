//! Man pages and completions of Hubbub's programs, made of their command lines: what `--help` says is said once.

mod page;

use std::io::{self, Write};

use clap::{Command, ValueEnum};
use clap_complete::{Shell, generate};

pub use page::Section;

/// What can be made of a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The man page, of section 1
    Man,
    /// Completions for bash
    Bash,
    /// Completions for zsh
    Zsh,
    /// Completions for fish
    Fish,
}

/// Writes it. `sections` are what the man page has beside the commands; what one of them says is left out of the ends of
/// the commands' helps, where `--help` repeats it.
///
/// # Errors
/// Those of the writer.
pub fn write(what: What, mut command: Command, sections: &[Section<'_>], out: &mut dyn Write) -> io::Result<()> {
    let shell = match what {
        What::Man => return page::write(command, sections, out),
        What::Bash => Shell::Bash,
        What::Zsh => Shell::Zsh,
        What::Fish => Shell::Fish,
    };
    let name = command.get_name().to_owned();
    // Into memory first: it panics where a writer fails.
    let mut completions = Vec::new();
    generate(shell, &mut command, name, &mut completions);
    out.write_all(&completions)
}
