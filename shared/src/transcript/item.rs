//! The rows of a transcript.

use std::sync::Arc;

use crate::entry::Entry;
use crate::letters::fold;
use crate::message::{FileRef, Refusal};

/// One row of a transcript, in the order in which they are drawn. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Something said, as it is now; or, where it is no line ([`Entry::is_line`]), a topic that the room was given.
    Line(Arc<Entry>),
    /// Between this `seq` and the next line some are missing: see [`super::Conversation::missing`].
    Hole { after: u64 },
    /// A local line, no entry.
    Notice(Arc<Notice>),
    /// A line of one's own that is not (yet) an entry.
    Pending(Arc<Pending>),
}

/// What a row is known by. Two rows with one key that hold the same entry (the very same, by its address: a line
/// that changes becomes another) look the same, so that a keyed list never has to draw a row again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Line(u64),
    Hole(u64),
    Notice { number: u64, revision: u32 },
    Pending { id: String, stage: u8 },
}

impl Item {
    /// What this row is known by.
    pub fn key(&self) -> Key {
        match self {
            Self::Line(entry) => Key::Line(entry.seq()),
            Self::Hole { after } => Key::Hole(*after),
            Self::Notice(notice) => Key::Notice { number: notice.number, revision: notice.revision },
            Self::Pending(pending) => {
                let stage = match pending.state {
                    PendingState::Waiting => 0,
                    PendingState::Sent { .. } => 1,
                    PendingState::Failed(_) => 2,
                };
                Key::Pending { id: pending.id.clone(), stage }
            }
        }
    }
}

/// A local line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Unique in the transcript.
    pub number: u64,
    /// Counts how often more was folded into it.
    pub revision: u32,
    /// When it was made or last changed, in milliseconds since 1970 UTC.
    pub at: u64,
    pub what: What,
}

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Nicks that came and went, on balance, since the line before.
    Moved { joined: Vec<String>, left: Vec<String> },
    /// The answer to a command; may have several lines.
    Told(String),
    /// A refusal, in words.
    Refused(String),
}

impl What {
    /// Adds who came and went later. Who did both, in either order, is as if nothing had happened.
    pub(super) fn moved(&mut self, came: &[&String], went: &[&String]) {
        let Self::Moved { joined, left } = self else {
            return;
        };
        for nick in came {
            settle(nick, left, joined);
        }
        for nick in went {
            settle(nick, joined, left);
        }
    }

    /// Whether there is nothing left to say.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Moved { joined, left } => joined.is_empty() && left.is_empty(),
            Self::Told(words) | Self::Refused(words) => words.is_empty(),
        }
    }
}

fn settle(nick: &str, undone: &mut Vec<String>, done: &mut Vec<String>) {
    let key = fold(nick);
    if let Some(place) = undone.iter().position(|other| fold(other) == key) {
        undone.remove(place);
    } else if done.iter().all(|other| fold(other) != key) {
        done.push(nick.to_owned());
    }
}

impl Notice {
    /// What it says, for people: `bob and ana have joined; carl has left`.
    pub fn words(&self) -> String {
        match &self.what {
            What::Told(words) | What::Refused(words) => words.clone(),
            What::Moved { joined, left } => {
                let mut words = moved(joined, "joined");
                if !joined.is_empty() && !left.is_empty() {
                    words.push_str("; ");
                }
                words + &moved(left, "left")
            }
        }
    }
}

/// `bob has joined`, `bob and ana have joined`, `bob, ana, carl, dora and 7 more have joined`.
fn moved(nicks: &[String], verb: &str) -> String {
    const NAMED: usize = 5; // more are counted: the line stays a line
    let mut words = String::new();
    let named = if nicks.len() > NAMED { NAMED - 1 } else { nicks.len() };
    for (place, nick) in nicks[..named].iter().enumerate() {
        if place > 0 {
            words.push_str(if place + 1 == nicks.len() { " and " } else { ", " });
        }
        words.push_str(nick);
    }
    match nicks.len() {
        0 => return words,
        1 => words.push_str(" has "),
        all if all > named => {
            words.push_str(" and ");
            words.push_str(&(all - named).to_string());
            words.push_str(" more have ");
        }
        _ => words.push_str(" have "),
    }
    words + verb
}

/// A line of one's own that is not an entry yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The request's id.
    pub id: String,
    pub text: String,
    /// The `seq` of the line it answers.
    pub reply_to: Option<u64>,
    pub files: Vec<FileRef>,
    /// When it was typed, in milliseconds since 1970 UTC.
    pub at: u64,
    pub state: PendingState,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingState {
    /// Not answered yet.
    Waiting,
    /// On disk under this `seq`; its entry is on the way.
    Sent { seq: u64 },
    /// Refused; a person may have it sent again (as a new request) or dismiss it.
    Failed(Refusal),
}
