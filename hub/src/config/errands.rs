//! What the program can be asked to do beside being a hub.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{Config, Flags, PrintLink, listen_address, of_its_variable};

/// How the program ends, at the end of every `--help`.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    done; a hub stopped in good order
  1    it could not be done, and stderr says why
  2    the command line was not understood
  130  stopped at once: a hub that was told to stop a second time, or Ctrl-C in anything else";

#[derive(Subcommand)]
pub(super) enum Errand {
    /// Look after the nicks that a hub reserves
    #[command(subcommand, after_help = EXIT_CODES)]
    Nicks(NicksErrand),

    /// Print the links that lead to the hub that runs on the data directory, with a QR code on a terminal
    #[command(after_help = EXIT_CODES)]
    Invite {
        /// How to print them [default: as of the hub itself; text if that prints none]
        #[arg(long, value_name = "HOW", value_enum)]
        print_link: Option<PrintLink>,
    },

    /// Write everything that the hub keeps into one file: the log, the store, what people sent, the cookie. The hub may be
    /// running. Whoever has the file can read it all, and get in
    #[command(after_help = EXIT_CODES)]
    Backup {
        /// The file to write; - for standard output
        file: PathBuf,
        /// Write over the file if it is there
        #[arg(long)]
        overwrite: bool,
    },

    /// Put back what `hub backup` wrote, where no hub runs and no log is yet. Everyone's client then starts over with what
    /// the backup holds
    #[command(after_help = EXIT_CODES)]
    Restore {
        /// The file that `hub backup` wrote
        file: PathBuf,
        /// Move what is in the data directory aside, into a folder before-restore-… there
        #[arg(long)]
        replace: bool,
    },

    /// Print the log as JSON Lines, an entry a line as on the wire, by seq. The hub may be running. All that was said is
    /// there, private messages too
    #[command(after_help = EXIT_CODES)]
    Export {
        /// As JSON Lines; there is no other format
        #[arg(long)]
        json: bool,
        /// Only entries after this seq
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        after: u64,
    },

    /// Look for what may keep a hub from working here, and say what to do. A hub may be running, or none
    #[command(after_help = "\
Exit codes:
  0    nothing is wrong, whatever warnings there are
  1    something is: a line begins with “error”
  2    the command line was not understood
  130  stopped by Ctrl-C")]
    Doctor {
        /// The address and port that a hub is to listen on [default: as of the hub itself]. Where one runs on the data
        /// directory, that one's are looked at
        #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen_address)]
        listen: Option<SocketAddr>,
    },

    /// Print the man page, or completions for a shell
    #[command(after_help = EXIT_CODES)]
    Generate {
        #[arg(value_enum)]
        what: manual::What,
    },
}

#[derive(Subcommand)]
pub(super) enum NicksErrand {
    /// Let anyone take a nick whose owner is away, before its time (--nick-ttl) has run out. The hub may be running. Until
    /// somebody takes the nick, its owner can still come back to it; private messages stay with the owner
    #[command(after_help = EXIT_CODES)]
    Free {
        /// The nick that is to be free
        nick: String,
    },
}

/// What the program is asked to do.
pub enum Asked {
    /// To be a hub.
    Serve(Box<Config>),
    /// To free a nick of the hub with this data directory.
    FreeNick { nick: String, data: Option<PathBuf> },
    /// To print the links to the hub that runs on this data directory.
    Invite { print_link: PrintLink, data: Option<PathBuf> },
    /// To write all that is in this data directory into a file, or to standard output where the file is `-`.
    Backup { file: PathBuf, overwrite: bool, data: Option<PathBuf> },
    /// To put that back into this data directory.
    Restore { file: PathBuf, replace: bool, data: Option<PathBuf> },
    /// To print the entries of the log in this data directory that come after a `seq`.
    Export { after: u64, data: Option<PathBuf> },
    /// To look for what may keep a hub with this configuration from working.
    Doctor(Box<Config>),
    /// To print something about itself.
    Generate(manual::What),
}

impl Asked {
    /// What the command line (the program's name first) and the environment say.
    ///
    /// # Errors
    /// If they cannot be understood or contradict each other, and also if they ask for help or the
    /// version: see [`clap::Error::kind`].
    pub fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let args: Vec<OsString> = args.into_iter().collect();
        let mut flags = Flags::try_parse_from(&args).map_err(|error| of_its_variable(error, &args))?;
        let data = flags.data();
        Ok(match flags.errand.take() {
            None => Self::Serve(Box::new(Config::from_flags(flags)?)),
            Some(Errand::Nicks(NicksErrand::Free { nick })) => Self::FreeNick { nick, data },
            Some(Errand::Invite { print_link }) => {
                // Who asks for links wants some, though the hub itself may print none into a journal.
                let of_the_hub = Some(flags.print_link).filter(|how| *how != PrintLink::None).unwrap_or_default();
                Self::Invite { print_link: print_link.unwrap_or(of_the_hub), data }
            }
            Some(Errand::Backup { file, overwrite }) => Self::Backup { file, overwrite, data },
            Some(Errand::Restore { file, replace }) => Self::Restore { file, replace, data },
            Some(Errand::Export { json: _, after }) => Self::Export { after, data },
            Some(Errand::Doctor { listen }) => {
                flags.listen = listen.unwrap_or(flags.listen);
                Self::Doctor(Box::new(Config::from_flags(flags)?))
            }
            Some(Errand::Generate { what }) => Self::Generate(what),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::one_line;
    use super::*;

    fn asked(words: &[&str]) -> Result<Asked, String> {
        let args = ["hub", "--data=/srv/chat"].iter().chain(words).map(OsString::from);
        Asked::from_args(args).map_err(|error| one_line(&error))
    }

    #[test]
    fn a_backup_is_of_a_data_directory_and_to_a_file() {
        for (words, expected) in
            [(&["backup", "a.tar"][..], ("a.tar", false)), (&["backup", "--overwrite", "-"], ("-", true))]
        {
            let Ok(Asked::Backup { file, overwrite, data }) = asked(words) else { panic!("{words:?}") };
            assert_eq!((file.to_str().unwrap(), overwrite, data), (expected.0, expected.1, Some("/srv/chat".into())));
        }
        let Ok(Asked::Restore { file, replace, data }) = asked(&["restore", "a.tar", "--replace"]) else { panic!() };
        assert_eq!((file, replace, data), ("a.tar".into(), true, Some("/srv/chat".into())));
        assert!(asked(&["backup"]).is_err_and(|line| line.contains("FILE")));
        assert!(asked(&["restore", "a.tar", "--overwrite"]).is_err_and(|line| line.contains("--overwrite")));
    }

    #[test]
    fn whoever_asks_for_links_gets_them_though_the_hub_itself_prints_none() {
        for (words, expected) in [
            (&["invite"][..], PrintLink::Text),
            (&["--print-link=none", "invite"], PrintLink::Text),
            (&["--print-link=json", "invite"], PrintLink::Json),
            (&["--print-link=json", "invite", "--print-link=none"], PrintLink::None),
        ] {
            assert!(
                matches!(asked(words), Ok(Asked::Invite { print_link, .. }) if print_link == expected),
                "{words:?}"
            );
        }
    }

    #[test]
    fn an_export_is_of_json_whether_that_is_said_or_not() {
        for words in [&["export", "--after", "41"][..], &["export", "--json", "--after=41"]] {
            assert!(matches!(asked(words), Ok(Asked::Export { after: 41, .. })), "{words:?}");
        }
        assert!(matches!(asked(&["export"]), Ok(Asked::Export { after: 0, .. })));
        assert!(asked(&["export", "--after=-1"]).is_err_and(|line| line.contains("--after")));
    }

    #[test]
    fn what_is_examined_is_what_a_hub_would_be_told() {
        for words in [&["doctor", "--listen=[::1]:80"][..], &["--listen=[::1]:80", "doctor"]] {
            let Ok(Asked::Doctor(config)) = asked(words) else { panic!("{words:?}") };
            assert_eq!((config.listen.to_string(), config.data), ("[::1]:80".to_owned(), Some("/srv/chat".into())));
        }
        let Ok(Asked::Doctor(config)) = asked(&["doctor"]) else { panic!() };
        assert_eq!(config.listen.to_string(), "0.0.0.0:4000");
    }
}
