//! The command line.

mod command;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, ValueHint};

pub use self::command::{Call, Command, Generate, Get, Hubs, Nodes, Ping, Put, Say, Tail, Watch};
use crate::clean;
use crate::exit::CODES;

/// A chat for everyone on the network, in a terminal
///
/// Without a command it is the chat itself: a full screen, or line by line where input or output is no terminal.
#[derive(Clone, Debug, Parser)]
#[command(name = "hubbub", version, after_help = CODES, subcommand_value_name = "COMMAND")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The hub's invitation link, or its host[:port]. Without it: the hub of last time if it answers, or the only one
    /// found on the network
    #[arg(value_name = "LINK-OR-HOST")]
    pub hub: Option<String>,

    #[command(flatten)]
    pub who: Who,

    /// Line by line: for screen readers, pipes and small terminals
    #[arg(long)]
    pub plain: bool,
}

/// Which hub, and as whom.
#[derive(Clone, Debug, Args)]
pub struct Who {
    /// The hub's invitation link, or its host[:port]; for a command it holds for that one alone. Others on this machine
    /// can see command lines: the variable keeps a link's cookie from them
    #[arg(short, long, value_name = "LINK-OR-HOST", value_hint = ValueHint::Other, global = true, env = "HUBBUB_SERVER", hide_env_values = true)]
    pub server: Option<String>,

    /// The nick to speak as; for a command it holds for that one alone [default: the one of last time at this hub]
    #[arg(short, long, value_name = "NICK", value_hint = ValueHint::Other, global = true, env = "HUBBUB_NICK", hide_env_values = true)]
    pub nick: Option<String>,
}

impl Arguments {
    /// What this program was called with.
    ///
    /// # Errors
    /// If it cannot be understood, or if it asks for help or the version: print the error.
    pub fn from_command_line() -> Result<Self, clap::Error> {
        Self::read(std::env::args_os())
    }

    fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut description = Self::command();
        let matches = description.try_get_matches_from_mut(words)?;
        let mut arguments = Self::from_arg_matches(&matches)?;
        let mut conflict = |words| Err(description.error(ErrorKind::ArgumentConflict, words));
        // A variable that is empty says nothing, as everywhere.
        for (option, value) in [("server", &mut arguments.who.server), ("nick", &mut arguments.who.nick)] {
            if !is_typed(&matches, option) {
                value.take_if(|value| value.is_empty());
            }
        }
        // What stands in the environment is for whoever names nothing.
        let is_named_twice = arguments.hub.is_some() && is_typed(&matches, "server");
        if is_named_twice {
            return conflict("The hub is named twice, as an argument and by --server: once is enough.");
        }
        if arguments.command.is_some() {
            if arguments.plain {
                return conflict("--plain is of the chat, and commands are so anyway.");
            }
            arguments.who.server = arguments.hub.take().or(arguments.who.server);
        }
        Ok(arguments)
    }

    /// The command line as a description, for man page and completions.
    pub fn description() -> clap::Command {
        Self::command()
    }
}

/// Says what [`Arguments::from_command_line`] ended with: help or the version, or a complaint, in which stands what somebody
/// typed or pasted.
pub fn tell(error: &clap::Error) {
    // In either case perhaps nobody is there to read it.
    if error.use_stderr() {
        let words = without_cookies(&error.render().to_string());
        let words: Vec<_> = clean::lines(&words).collect();
        _ = writeln!(io::stderr(), "{}", words.join("\n"));
    } else {
        _ = error.print();
    }
}

/// A text that may quote what was typed, without the cookies of links in it.
fn without_cookies(words: &str) -> String {
    const BEFORE: &str = "cookie=";

    let mut parts = words.split(BEFORE);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let behind = part.find(|c: char| c.is_whitespace() || c == '\'' || c == '"').unwrap_or(part.len());
        shown.extend([BEFORE, "…", &part[behind..]]);
    }
    shown
}

/// Whether an option was given on the command line, before or behind the command.
fn is_typed(matches: &ArgMatches, option: &str) -> bool {
    let below = matches.subcommand().is_some_and(|(_, matches)| is_typed(matches, option));
    below || matches!(matches.value_source(option), Some(ValueSource::CommandLine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_flags() {
        Arguments::description().debug_assert();
    }

    fn read(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::read([&["hubbub"], words].concat().into_iter().map(OsString::from))
    }

    #[test]
    fn the_hub_is_named_as_an_argument_or_an_option() {
        assert_eq!(read(&["den", "-n", "ana"]).unwrap().hub.as_deref(), Some("den"));
        assert_eq!(read(&["-s", "den"]).unwrap().who.server.as_deref(), Some("den"));
        assert!(read(&["den", "-s", "den"]).is_err());
        for words in [
            ["say", "-s", "den", "-t", "bob", "hi", "there"],
            ["-s", "den", "say", "-t", "bob", "hi", "there"],
            ["say", "-t", "bob", "-s", "den", "hi", "there"],
        ] {
            let said = read(&words).unwrap();
            assert_eq!(said.who.server.as_deref(), Some("den"), "{words:?}");
            assert!(matches!(said.command, Some(Command::Say(Say { text, .. })) if text == ["hi", "there"]));
        }
        assert_eq!(read(&["den", "nodes"]).unwrap().who.server.as_deref(), Some("den"));
        assert!(read(&["den", "nodes", "-s", "den"]).is_err());
        assert!(read(&["--plain", "nodes"]).is_err());
    }

    #[test]
    fn a_complaint_shows_no_cookie() {
        for words in [
            &["http://den:4000/#cookie=secret", "http://den:4000/#cookie=secret"][..],
            &["nodes", "http://den:4000/#cookie=secret"],
            &["--server=http://den:4000/#cookie=secret", "--all"],
            &["--http://den:4000/#cookie=secret"],
        ] {
            let complaint = without_cookies(&read(words).unwrap_err().render().to_string());
            assert!(!complaint.contains("secret"), "{complaint}");
        }
        assert_eq!(without_cookies("a 'x#cookie=s' b cookie=t\nc"), "a 'x#cookie=…' b cookie=…\nc");
    }

    #[test]
    fn what_looks_like_an_option_is_one_wherever_it_stands_but_behind_two_dashes() {
        let said = |words: &[&str]| match read(words).unwrap().command {
            Some(Command::Say(say)) => (say.room, say.text.join(" ")),
            other => panic!("{other:?}"),
        };
        let dev = || Some("dev".to_owned());
        assert_eq!(said(&["say", "-r", "dev", "hi", "all"]), (dev(), "hi all".to_owned()));
        assert_eq!(said(&["say", "hi", "all", "-r", "dev"]), (dev(), "hi all".to_owned()));
        assert_eq!(said(&["say", "use -r for a room"]), (None, "use -r for a room".to_owned()));
        assert_eq!(said(&["say", "-r", "dev", "--", "-r", "is it"]), (dev(), "-r is it".to_owned()));
        assert_eq!(said(&["say", "-"]), (None, "-".to_owned()));
        assert!(read(&["say", "try", "-x"]).is_err(), "what is not understood is not said");
    }
}
