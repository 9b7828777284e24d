//! What a person types, as a [`Command`]: one grammar for every client. And what Tab makes of it.

mod complete;

pub use complete::{Candidates, Completion, complete};

use crate::letters::{fold, is_letter_or_digit};
use crate::message::ToHub;
use crate::room::LOBBY;
use crate::transcript::Place;

/// One command, for `/help`, completion and the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Without its slash.
    pub name: &'static str,
    /// As written behind the name: `<nick> <message>`.
    pub arguments: &'static str,
    /// One line.
    pub help: &'static str,
}

impl Spec {
    /// As typed: `/pm <nick> <message>`.
    pub fn usage(&self) -> String {
        if self.arguments.is_empty() { format!("/{}", self.name) } else { format!("/{} {}", self.name, self.arguments) }
    }
}

const fn spec(name: &'static str, arguments: &'static str, help: &'static str) -> Spec {
    Spec { name, arguments, help }
}

/// Every command, in the order in which help shows them.
pub const COMMANDS: [Spec; 11] = [
    spec("help", "", "Shows these commands."),
    spec("join", "[room]", "Enters a room, and makes it if there is none; without a name, the lobby."),
    spec("leave", "", "Leaves this room."),
    spec("users", "", "Lists who is here."),
    spec("topic", "[words]", "Says what this room is about; `-` for nothing. Without words, shows it."),
    spec("pm", "<nick> <message>", "Says something to one person alone."),
    spec("who", "<nick>", "Tells how a person is, where, and when they were last seen."),
    spec("search", "<words>", "Finds lines that hold these words, or parts of words, wherever you are."),
    spec("nodes", "", "Lists the nodes: every tab, terminal and program that is connected."),
    spec("ping", "<node>", "Asks whether a node is alive: pong, or pang if it is not."),
    spec("quit", "", "Leaves all rooms and lets go of your nick, which stays reserved for you."),
];

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A line for the place one is looking at; not empty.
    Say {
        text: String,
    },
    Help,
    /// `/join` alone is the lobby.
    Join {
        room: String,
    },
    /// The room one is looking at.
    Leave,
    Users,
    /// What the room one is looking at is about: to show it (none), or to say it, perhaps nothing.
    Topic {
        topic: Option<String>,
    },
    Who {
        nick: String,
    },
    /// In all rooms and private conversations.
    Search {
        query: String,
    },
    PrivateMessage {
        to: String,
        text: String,
    },
    Nodes,
    Ping {
        node: String,
    },
    Quit,
}

/// Why a line is no command, in words for the person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CommandError(String);

/// Reads a line; none if it is empty. Spaces around it do not count, so that one slipped in before
/// `/pm` does not tell a secret to the room. Commands may be written in capitals; `//x` says `/x`.
///
/// # Errors
/// If it begins with `/` and is no command, or lacks what the command needs.
pub fn parse(line: &str) -> Result<Option<Command>, CommandError> {
    let line = line.trim();
    let Some(rest) = line.strip_prefix('/') else {
        return Ok((!line.is_empty()).then(|| Command::Say { text: line.to_owned() }));
    };
    if rest.starts_with('/') {
        return Ok(Some(Command::Say { text: rest.to_owned() }));
    }
    let (name, arguments) = first_word(rest);
    let Some(spec) = COMMANDS.iter().find(|spec| spec.name.eq_ignore_ascii_case(name)) else {
        return Err(unknown(name));
    };
    read(spec, arguments).map(Some)
}

fn read(spec: &Spec, arguments: &str) -> Result<Command, CommandError> {
    let (first, rest) = first_word(arguments);
    let only = |superfluous: &str, command| {
        if superfluous.is_empty() {
            Ok(command)
        } else {
            Err(CommandError(format!("There is too much behind /{}. It is written {}", spec.name, spec.usage())))
        }
    };
    let lacks = |what: &str| Err(CommandError(format!("/{} needs {what}: {}", spec.name, spec.usage())));
    match spec.name {
        "help" => only(first, Command::Help),
        "join" if first.is_empty() => Ok(Command::Join { room: LOBBY.to_owned() }),
        "join" => only(rest, Command::Join { room: first.to_owned() }),
        "leave" => only(first, Command::Leave),
        "users" => only(first, Command::Users),
        "topic" => {
            let topic = (!arguments.is_empty()).then(|| if arguments == "-" { "" } else { arguments });
            Ok(Command::Topic { topic: topic.map(str::to_owned) })
        }
        "who" => match first.strip_prefix('@').unwrap_or(first) {
            "" => lacks("a nick"),
            nick => only(rest, Command::Who { nick: nick.to_owned() }),
        },
        "search" if first.is_empty() => lacks("what to search for"),
        "search" => Ok(Command::Search { query: arguments.to_owned() }),
        "pm" => {
            // Nicks hold no @, so one before it is the habit of mentioning.
            let to = first.strip_prefix('@').unwrap_or(first);
            if to.is_empty() {
                lacks("a nick and a message")
            } else if rest.is_empty() {
                lacks("a message")
            } else {
                Ok(Command::PrivateMessage { to: to.to_owned(), text: rest.to_owned() })
            }
        }
        "nodes" => only(first, Command::Nodes),
        "ping" if first.is_empty() => lacks("the name of a node"),
        "ping" => only(rest, Command::Ping { node: first.to_owned() }),
        _ => only(first, Command::Quit),
    }
}

/// The first word, and what follows the space behind it; both without spaces around them.
fn first_word(words: &str) -> (&str, &str) {
    let words = words.trim_start();
    match words.split_once(char::is_whitespace) {
        Some((first, rest)) => (first, rest.trim_start()),
        None => (words, ""),
    }
}

impl Command {
    /// The request it makes for a person looking at `here`; none for what the client does itself
    /// (`/help`, `/topic` without words, and what is of rooms in a private conversation: `/leave` only closes it, and
    /// it has no topic).
    pub fn request(&self, here: &Place, id: String) -> Option<ToHub> {
        Some(match self {
            Self::Help => return None,
            Self::Say { text } => here.say(id, text.clone()),
            Self::Join { room } => ToHub::Join { id, room: room.clone() },
            Self::Leave => match here {
                Place::Room(room) => ToHub::Leave { id, room: room.clone() },
                Place::With(_) => return None,
            },
            Self::Users => match here {
                Place::Room(room) => ToHub::ListUsers { id, room: Some(room.clone()) },
                Place::With(_) => ToHub::ListUsers { id, room: None },
            },
            Self::Topic { topic } => match (here, topic) {
                (Place::Room(room), Some(topic)) => ToHub::Topic { id, room: room.clone(), topic: topic.clone() },
                _ => return None,
            },
            Self::Who { nick } => ToHub::Who { id, nick: nick.clone() },
            Self::Search { query } => ToHub::Search {
                id,
                query: query.clone(),
                room: None,
                with: None,
                from: None,
                since: None,
                until: None,
                before: None,
                limit: None,
            },
            Self::PrivateMessage { to, text } => Place::With(to.clone()).say(id, text.clone()),
            Self::Nodes => ToHub::ListNodes { id, follow: None },
            Self::Ping { node } => ToHub::Ping { id, node: node.clone() },
            Self::Quit => ToHub::Disconnect { id },
        })
    }
}

fn unknown(name: &str) -> CommandError {
    const LONGEST: usize = 20; // characters shown of it: a whole pasted line may follow the slash
    if name.is_empty() {
        return CommandError("A command follows the /, such as /help. To say a / itself, begin with //".to_owned());
    }
    let shown: String = name.chars().take(LONGEST).collect();
    let cut = if shown.len() < name.len() { "…" } else { "" };
    // What follows a sign is no part of the word: `/usr/bin`.
    let word: String = fold(&shown).chars().take_while(|letter| is_letter_or_digit(*letter)).collect();
    let nearest = nearest(&word);
    CommandError(format!(
        "There is no command /{shown}{cut}; the nearest is {}. To say it as it is, begin with //",
        nearest.usage()
    ))
}

/// The command most like a word: one it begins, else the one with the fewest changes.
fn nearest(word: &str) -> &'static Spec {
    let mut best = (usize::MAX, &COMMANDS[0]);
    for spec in &COMMANDS {
        let distance = if spec.name.starts_with(word) { 0 } else { distance(word, spec.name) };
        if distance < best.0 {
            best = (distance, spec);
        }
    }
    best.1
}

/// Letters to add, drop, change or swap with their neighbour to make one word of the other
/// (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let width = b.len() + 1;
    let mut table = vec![0; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = table[(i - 1) * width + j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let dropped = table[(i - 1) * width + j].min(table[i * width + j - 1]) + 1;
                let mut least = changed.min(dropped);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[(i - 2) * width + j - 2] + 1);
                }
                least
            };
        }
    }
    table[a.len() * width + b.len()]
}
