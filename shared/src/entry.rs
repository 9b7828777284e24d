//! What the log holds: things that must not be lost, each numbered by the hub.

use serde::Serialize;
use serde_json::Value;

/// One entry of the log, as nodes receive it. Its `seq` orders it among all entries
/// of the log that its `epoch` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// A line said in a room.
    Said(Said),
    /// A private message, seen by the nodes of its two nicks only.
    Whispered(Whispered),
    /// What a room is about from here on.
    Topic(Topic),
    /// A key of the store has a value.
    Put(Put),
    /// A key of the store is there no longer.
    Removed(Removed),
    /// A line is otherwise than it was: `edited`, `deleted`, `reacted`.
    #[serde(untagged)]
    Changed(Changed),
}

/// A line said in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Position in the log, from 1.
    pub seq: u64,
    /// When the hub took it, in milliseconds since 1970 UTC.
    pub at: u64,
    /// The room's name as its first visitor wrote it.
    pub room: String,
    /// The nick bound to the connection that sent it (never read from the message).
    pub from: String,
    /// The sender's own id of the request; unique for the owner of `from`.
    pub id: String,
    /// As it is now: 1 byte to 16 KiB, its ends trimmed. Empty where there are files alone, or it was deleted.
    pub text: String,
    /// What there is beside the text: most lines have nothing.
    #[serde(flatten)]
    pub details: Option<Box<Details>>,
}

/// A private message from one nick to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Whispered {
    /// Position in the log, from 1.
    pub seq: u64,
    /// When the hub took it, in milliseconds since 1970 UTC.
    pub at: u64,
    /// The nick bound to the connection that sent it.
    pub from: String,
    /// The nick it is for.
    pub to: String,
    /// The sender's own id of the request; unique for the owner of `from`.
    pub id: String,
    /// As that of [`Said`].
    pub text: String,
    /// As those of [`Said`].
    #[serde(flatten)]
    pub details: Option<Box<Details>>,
}

/// What a line has beside its text, and what became of it. A line that is read from the log (a page, a resume) is as
/// it is at that moment; the changes that made it so may follow all the same, and `changed` tells which to pass over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Details {
    /// The `seq` of the line it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// The `seq` of the latest change that is in it: those up to here are in it, later ones are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// When its text was last changed, in milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<u64>,
    /// Its author took it back: there is no text, file or reaction any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// In the order in which they first came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
}

impl Details {
    /// None where there is nothing to tell.
    pub fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// A file that belongs to a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// SHA-256 of its bytes, in hexadecimal: where it is found, `/files/<hash>/<name>`.
    pub hash: String,
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// Its media type, as the hub found it.
    pub kind: String,
    /// Of a picture, in pixels: then there is a `/files/<hash>/thumbnail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// One kind of reaction to a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reaction {
    pub emoji: String,
    /// Who reacted so, in that order; at most [`crate::wire::MAX_REACTORS`].
    pub nicks: Vec<String>,
    /// How many did.
    pub count: u32,
}

/// What a room is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// Position in the log, from 1.
    pub seq: u64,
    /// When the hub took it, in milliseconds since 1970 UTC.
    pub at: u64,
    pub room: String,
    /// Who set it.
    pub from: String,
    pub id: String,
    /// Empty where the room is about nothing in particular any more.
    pub topic: String,
}

/// A key of the store has a value: for all, from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Put {
    /// Position in the log, from 1; the key's version.
    pub seq: u64,
    /// When the hub took it, in milliseconds since 1970 UTC.
    pub at: u64,
    /// Who put it.
    pub from: String,
    pub id: String,
    pub key: String,
    pub value: Value,
}

/// A key of the store is there no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Position in the log, from 1.
    pub seq: u64,
    /// When the hub took it, in milliseconds since 1970 UTC.
    pub at: u64,
    /// Who removed it.
    pub from: String,
    pub id: String,
    pub key: String,
}

/// A change of a line. Exactly one of `room` and `to` says where that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Its own position in the log, from 1.
    pub seq: u64,
    /// When the hub took it, in milliseconds since 1970 UTC.
    pub at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// The other end of the private conversation, seen from `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Who changed it.
    pub from: String,
    pub id: String,
    /// The line's position.
    pub of: u64,
    #[serde(flatten)]
    pub change: Change,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// Its author gave it another text.
    Edited { text: String },
    /// Its author took it back.
    Deleted,
    /// `from` reacted to it so, or (not `on`) no longer does.
    Reacted { emoji: String, on: bool },
}

impl Entry {
    /// Position in the log, from 1.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Said(said) => said.seq,
            Self::Whispered(whispered) => whispered.seq,
            Self::Topic(topic) => topic.seq,
            Self::Changed(changed) => changed.seq,
            Self::Put(put) => put.seq,
            Self::Removed(removed) => removed.seq,
        }
    }

    /// When the hub took it, in milliseconds since 1970 UTC.
    pub fn at(&self) -> u64 {
        match self {
            Self::Said(said) => said.at,
            Self::Whispered(whispered) => whispered.at,
            Self::Topic(topic) => topic.at,
            Self::Changed(changed) => changed.at,
            Self::Put(put) => put.at,
            Self::Removed(removed) => removed.at,
        }
    }

    /// The nick that sent it.
    pub fn from(&self) -> &str {
        match self {
            Self::Said(said) => &said.from,
            Self::Whispered(whispered) => &whispered.from,
            Self::Topic(topic) => &topic.from,
            Self::Changed(changed) => &changed.from,
            Self::Put(put) => &put.from,
            Self::Removed(removed) => &removed.from,
        }
    }

    /// The sender's own id of the request that made it.
    pub fn id(&self) -> &str {
        match self {
            Self::Said(said) => &said.id,
            Self::Whispered(whispered) => &whispered.id,
            Self::Topic(topic) => &topic.id,
            Self::Changed(changed) => &changed.id,
            Self::Put(put) => &put.id,
            Self::Removed(removed) => &removed.id,
        }
    }

    /// What it says: a line's text, a room's topic, a line's new text; nothing where there are no words.
    pub fn text(&self) -> &str {
        match self {
            Self::Said(said) => &said.text,
            Self::Whispered(whispered) => &whispered.text,
            Self::Topic(topic) => &topic.topic,
            Self::Changed(Changed { change: Change::Edited { text }, .. }) => text,
            Self::Changed(_) | Self::Put(_) | Self::Removed(_) => "",
        }
    }

    /// Whether it is a line: said or whispered.
    pub fn is_line(&self) -> bool {
        matches!(self, Self::Said(_) | Self::Whispered(_))
    }

    /// What a line has beside its text.
    pub fn details(&self) -> Option<&Details> {
        match self {
            Self::Said(said) => said.details.as_deref(),
            Self::Whispered(whispered) => whispered.details.as_deref(),
            Self::Topic(_) | Self::Changed(_) | Self::Put(_) | Self::Removed(_) => None,
        }
    }
}
