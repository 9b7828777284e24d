//! Where something is said.

use crate::letters::fold;
use crate::message::{FileRef, ToHub};

/// Where something is said. Two spellings that differ in case alone are one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A room.
    Room(String),
    /// The private conversation with a nick.
    With(String),
}

impl Place {
    /// The room's name or the other's nick.
    pub fn name(&self) -> &str {
        match self {
            Self::Room(name) | Self::With(name) => name,
        }
    }

    /// The request that says `text` here, and nothing else.
    pub fn say(&self, id: String, text: String) -> ToHub {
        self.say_with(id, text, None, Vec::new())
    }

    /// The request that says `text` here in answer to a line, with files.
    pub fn say_with(&self, id: String, text: String, reply_to: Option<u64>, files: Vec<FileRef>) -> ToHub {
        match self {
            Self::Room(room) => ToHub::Say { id, room: room.clone(), text, reply_to, files },
            Self::With(to) => ToHub::PrivateMessage { id, to: to.clone(), text, reply_to, files },
        }
    }

    /// The request that gives a line of one's own here another text.
    pub fn edit(&self, id: String, of: u64, text: String) -> ToHub {
        let (room, with) = self.room_or_with();
        ToHub::Edit { id, room, with, of, text }
    }

    /// The request that takes a line of one's own here back.
    pub fn delete(&self, id: String, of: u64) -> ToHub {
        let (room, with) = self.room_or_with();
        ToHub::Delete { id, room, with, of }
    }

    /// The request that puts a reaction to a line here, or takes one's own away.
    pub fn react(&self, id: String, of: u64, emoji: String, on: bool) -> ToHub {
        let (room, with) = self.room_or_with();
        ToHub::React { id, room, with, of, emoji, on }
    }

    /// The request for a page of what was said here.
    pub fn history(&self, id: String, before: Option<u64>, after: Option<u64>, limit: u32) -> ToHub {
        let (room, with) = self.room_or_with();
        ToHub::History { id, room, with, before, after, limit: Some(limit) }
    }

    /// The request that tells how far what was said here has got.
    pub fn cursors(&self, id: String) -> ToHub {
        let (room, with) = self.room_or_with();
        ToHub::Cursors { id, room, with }
    }

    /// The two fields in which requests name a place.
    fn room_or_with(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Room(room) => (Some(room.clone()), None),
            Self::With(nick) => (None, Some(nick.clone())),
        }
    }

    /// The place a request speaks in or of, if it is of one.
    pub fn of(request: &ToHub) -> Option<Self> {
        match request {
            ToHub::Say { room, .. }
            | ToHub::Leave { room, .. }
            | ToHub::Topic { room, .. }
            | ToHub::Edit { room: Some(room), .. }
            | ToHub::Delete { room: Some(room), .. }
            | ToHub::React { room: Some(room), .. }
            | ToHub::ListUsers { room: Some(room), .. }
            | ToHub::Cursors { room: Some(room), .. }
            | ToHub::History { room: Some(room), .. } => Some(Self::Room(room.clone())),
            ToHub::PrivateMessage { to, .. }
            | ToHub::Edit { room: None, with: Some(to), .. }
            | ToHub::Delete { room: None, with: Some(to), .. }
            | ToHub::React { room: None, with: Some(to), .. }
            | ToHub::Cursors { room: None, with: Some(to), .. }
            | ToHub::History { room: None, with: Some(to), .. } => Some(Self::With(to.clone())),
            _ => None,
        }
    }

    /// Whether both are spellings of one place.
    pub fn is(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    /// The spelling all spellings of a place share. A `#` before a room's name is its reader's, not the name's.
    pub(super) fn key(&self) -> Self {
        match self {
            Self::Room(room) => {
                let room = room.trim();
                Self::Room(fold(room.strip_prefix('#').unwrap_or(room)))
            }
            Self::With(nick) => Self::With(fold(nick.trim())),
        }
    }
}
