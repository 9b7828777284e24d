//! What the program prints about itself for those who install it: its man page, and completions.

use std::io::{self, Write};

use clap::{CommandFactory, ValueHint};
use manual::{Section, What};

use super::Flags;
use super::errands::EXIT_CODES;

/// What the man page tells beside flags and commands.
const SECTIONS: [Section<'_>; 3] = [
    Section { title: "EXIT STATUS", text: EXIT_CODES },
    Section {
        title: "ENVIRONMENT",
        text: "\
Each flag has a variable, HUBBUB_ and its name in capitals: HUBBUB_LISTEN, HUBBUB_ALLOW_HOST. Flags come first.
NO_COLOR  without colours where it is not empty",
    },
    Section {
        title: "FILES",
        text: "\
In the data directory, ~/.local/share/hubbub on Linux where --data names no other:
hubbub.db  the log, with the files that SQLite keeps beside it
files/     what people sent
cookie     the secret that everyone must know; delete it while no hub runs to have a new one made
`hub backup` copies them all, also while the hub runs.",
    },
];

/// Writes it.
///
/// # Errors
/// Those of the writer.
pub fn write(what: What, out: &mut dyn Write) -> io::Result<()> {
    // What is no path is text: a shell is not to offer files for it.
    let command = Flags::command().mut_args(|flag| {
        let is_text = flag.get_action().takes_values() && flag.get_value_hint() == ValueHint::Unknown;
        if is_text { flag.value_hint(ValueHint::Other) } else { flag }
    });
    manual::write(what, command, &SECTIONS, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(what: What) -> String {
        let mut text = Vec::new();
        write(what, &mut text).expect("memory does not fail");
        String::from_utf8(text).expect("text")
    }

    #[test]
    fn the_man_page_has_every_flag_and_every_command() {
        let page = text(What::Man);
        assert!(page.contains("\n.TH hub 1"), "{page}");
        let command = Flags::command();
        for flag in command.get_arguments().filter_map(|argument| argument.get_long()) {
            assert!(page.contains(&flag.replace('-', "\\-")), "--{flag} is missing");
        }
        for command in ["backup", "nicks free", "invite", "doctor", "generate"] {
            assert!(page.contains(&format!("hub {command}")), "hub {command} is missing");
        }
        let help = Flags::command().render_long_help().to_string();
        assert!(help.contains("generate"), "{help}");
    }

    #[test]
    fn a_shell_offers_files_for_paths_alone() {
        let script = text(What::Bash);
        let offered = |flag: &str| {
            let (_, rest) = script.split_once(&format!("--{flag})")).expect("the flag is there");
            rest.split_once(";;").expect("its end").0.contains("compgen -f")
        };
        assert!(offered("data"));
        for flag in ["log", "name", "cookie", "listen"] {
            assert!(!offered(flag), "--{flag}");
        }
    }

    #[test]
    fn shells_complete_the_commands() {
        for (what, mark) in [(What::Bash, "complete -F"), (What::Zsh, "#compdef hub"), (What::Fish, "complete -c hub")]
        {
            let text = text(what);
            assert!(text.contains(mark) && text.contains("doctor"), "{what:?}: {text}");
        }
    }
}
