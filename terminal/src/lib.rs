//! Hubbub in a terminal: a native node with a person, or a script, in front of it.
//!
//! In the order in which data flows:
//!
//! | module | what it holds |
//! |---|---|
//! | [`arguments`] | the command line |
//! | [`stopping`] | the signals that ask the program to end |
//! | [`profile`] | what is remembered of hubs: cookies, nicks and their tokens, rooms, lines not yet said |
//! | [`finding`] | the hubs that announce themselves on the network |
//! | [`asking`] | questions to the person at the terminal |
//! | [`joining`] | from the command line to a hub that knows this node, and away again in good order |
//! | [`chat`] | the chat as both views show it: what was said, where one is, what a typed line does |
//! | [`plain`] | line mode: a prompt, and a line for each thing that happens |
//! | [`screen`] | the full screen |
//! | [`commands`] | one thing done, for scripts |
//! | [`exit`] | how the program ends: codes, and one sentence for whoever reads it |
//! | [`moment`] | times of the log as they are shown |
//! | [`clean`] | what others wrote, without what a terminal would obey |

pub mod arguments;
pub mod asking;
pub mod chat;
pub mod clean;
pub mod commands;
pub mod exit;
pub mod finding;
pub mod joining;
pub mod moment;
pub mod plain;
pub mod profile;
pub mod screen;
pub mod stopping;

use std::io::{IsTerminal, stdout};

pub use exit::{Code, Failure};

use arguments::Arguments;
use joining::Asks;
use stopping::Stop;

/// Does what the command line asks for.
///
/// # Errors
/// Why it was not done: a code, and a sentence for people.
pub fn run(arguments: Arguments) -> Result<Code, Failure> {
    // One thread: a person types slowly, and what arrives is little work.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Code::Failed, format!("The program cannot start: {error}.")))?;
    let done = runtime.block_on(obey(arguments));
    // A name that is still being looked up must not hold the end up.
    runtime.shutdown_background();
    done
}

/// Whether the terminal can only be written line by line.
fn no_screen() -> bool {
    let term = std::env::var_os("TERM").unwrap_or_default();
    term == "dumb" || (cfg!(unix) && term.is_empty())
}

async fn obey(arguments: Arguments) -> Result<Code, Failure> {
    let Arguments { command, hub, who, plain } = arguments;
    let mut stop = Stop::listen();
    if let Some(command) = command {
        return commands::run(command, &who, &mut stop).await;
    }
    let asks = Asks::here();
    let plain = plain || asks == Asks::Nobody || !stdout().is_terminal() || no_screen();
    if !plain {
        // Before anybody is asked for anything.
        screen::fits()?;
    }
    let opened = joining::open(&who, hub.as_deref(), asks, &mut stop).await?;
    if plain { plain::run(opened, &mut stop).await } else { screen::run(opened, &mut stop).await }
}
