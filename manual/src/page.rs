//! One man page for a program with all its commands.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// A section of a man page beside the usual ones.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// `EXIT STATUS`, `FILES`.
    pub title: &'a str,
    /// Shown line by line, as it is.
    pub text: &'a str,
}

pub(crate) fn write(mut command: Command, sections: &[Section<'_>], out: &mut dyn Write) -> io::Result<()> {
    command.build();
    let man = Man::new(command.clone());
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    roff.to_writer(out)?;
    commands(&command, sections, out)?;
    let mut roff = Roff::new();
    for Section { title, text } in sections {
        roff.control("SH", [*title]);
        as_it_is(&mut roff, text);
    }
    roff.to_writer(out)?;
    man.render_version_section(out)
}

/// Each command with those below it, in the order of `--help`.
fn commands(above: &Command, sections: &[Section<'_>], out: &mut dyn Write) -> io::Result<()> {
    for command in above.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help") {
        one(command.clone(), sections, out)?;
        commands(command, sections, out)?;
    }
    Ok(())
}

fn one(mut command: Command, sections: &[Section<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SS", [command.get_bin_name().unwrap_or_else(|| command.get_name())]);
    let usage = command.render_usage().to_string();
    roff.text([bold(usage.trim_start_matches("Usage:").trim())]);
    roff.control("PP", []);
    let about = command.get_long_about().or_else(|| command.get_about());
    roff.text([roman(about.map(ToString::to_string).unwrap_or_default())]);
    roff.to_writer(out)?;

    // What holds for all commands stands at the program.
    let command = command.mut_args(|argument| {
        let is_everywhere = argument.is_global_set() || argument.get_id() == "help";
        if is_everywhere { argument.hide(true) } else { argument }
    });
    let mut help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        let mut options = Vec::new();
        Man::new(command).render_options_section(&mut options)?;
        let options = String::from_utf8_lossy(&options);
        out.write_all(options.replace(".SH OPTIONS\n", "").as_bytes())?;
    }
    for section in sections {
        help = help.replace(section.text, "");
    }
    let mut roff = Roff::new();
    if !help.trim().is_empty() {
        roff.control("PP", []);
        as_it_is(&mut roff, help.trim());
    }
    roff.to_writer(out)
}

/// Lines that are not to be filled.
fn as_it_is(roff: &mut Roff, text: &str) {
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}
