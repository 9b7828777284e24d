//! `hubbub generate`: the man page, and completions.

use manual::Section;

use super::{End, output::Output};
use crate::arguments::{Arguments, Generate};
use crate::exit::{CODES, Code};
use crate::stopping::Stop;

/// What the man page tells beside the commands.
const SECTIONS: [Section<'_>; 3] = [
    Section { title: "EXIT STATUS", text: CODES },
    Section {
        title: "ENVIRONMENT",
        text: "\
HUBBUB_SERVER  the hub's invitation link or host[:port], as --server
HUBBUB_NICK    the nick, as --nick
HUBBUB_CONFIG  the folder of hubs.json, in place of the platform's
NO_COLOR       without colours where it is not empty
TERM           line by line where it is dumb",
    },
    Section {
        title: "FILES",
        text: "\
hubs.json  in the platform's folder for configuration, ~/.config/hubbub on Linux: the hubs visited, with
           cookies and with the tokens that prove whose a nick is. Nobody but its owner may read it.",
    },
];

pub(super) async fn run(generate: &Generate, stop: &mut Stop, output: &mut Output) -> Result<Code, End> {
    let mut made = Vec::new();
    manual::write(generate.what, Arguments::description(), &SECTIONS, &mut made)
        .map_err(|error| End::failed(Code::Failed, format!("It cannot be made: {error}.")))?;
    output.line(String::from_utf8_lossy(&made).trim_end().to_owned(), stop).await?;
    Ok(Code::Done)
}
