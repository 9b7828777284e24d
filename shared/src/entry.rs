//! What the log holds: things said that must not be lost, each numbered by the hub.

use serde::Serialize;

/// One entry of the log, as nodes receive it. Its `seq` orders it among all entries
/// of the log that its `epoch` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    /// A line said in a room.
    Said(Said),
    /// A private message, seen by the nodes of its two nicks only.
    Whispered(Whispered),
}

/// A line said in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// 1 byte to 16 KiB, its ends trimmed.
    pub text: String,
}

/// A private message from one nick to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// 1 byte to 16 KiB, its ends trimmed.
    pub text: String,
}

impl Entry {
    /// Position in the log, from 1.
    pub fn seq(&self) -> u64 {
        match self {
            Self::Said(said) => said.seq,
            Self::Whispered(whispered) => whispered.seq,
        }
    }

    /// When the hub took it, in milliseconds since 1970 UTC.
    pub fn at(&self) -> u64 {
        match self {
            Self::Said(said) => said.at,
            Self::Whispered(whispered) => whispered.at,
        }
    }

    /// The nick that sent it.
    pub fn from(&self) -> &str {
        match self {
            Self::Said(said) => &said.from,
            Self::Whispered(whispered) => &whispered.from,
        }
    }

    /// The sender's own id of the request that made it.
    pub fn id(&self) -> &str {
        match self {
            Self::Said(said) => &said.id,
            Self::Whispered(whispered) => &whispered.id,
        }
    }

    /// What was said.
    pub fn text(&self) -> &str {
        match self {
            Self::Said(said) => &said.text,
            Self::Whispered(whispered) => &whispered.text,
        }
    }
}
