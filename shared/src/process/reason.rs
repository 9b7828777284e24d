//! Why a process ended, and what a call ended with.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::limits::MAX_SAID;
use crate::message::{ErrorCode, Fields, FromTree, Trouble, deserialize};

/// Why a process ended. On the wire `{"code":"error","message":"…"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was done. Takes nobody along.
    Normal,
    /// Its supervisor stopped it.
    Shutdown,
    /// Somebody who may do so ended it at once; cannot be trapped.
    Killed,
    /// Its node is out of reach; whether the process goes on there is not known.
    NodeDown,
    /// There was none.
    NoSuchProcess,
    /// It crashed: what went wrong, with the line.
    Error(String),
    /// It went past a bound.
    Limit(Limit),
    /// A supervisor whose children ended too often.
    Restarts,
    /// In its own words.
    Said(String),
}

/// The bounds whose passing ends a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Too many operations in one step: a loop without an end.
    Operations,
    /// One step took too long.
    Time,
    /// Calls within calls: a recursion without an end.
    Depth,
    /// A text, list, map or the whole state grew too large.
    Size,
    /// Its messages came faster than it took them.
    Mailbox,
    /// It printed too much.
    Output,
    /// Too many acts in one step.
    Acts,
    /// One step waited too often.
    Waits,
    /// It ran for too long.
    Lifetime,
}

impl Limit {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Time => "time",
            Self::Depth => "depth",
            Self::Size => "size",
            Self::Mailbox => "mailbox",
            Self::Output => "output",
            Self::Acts => "acts",
            Self::Waits => "waits",
            Self::Lifetime => "lifetime",
        }
    }
}

impl Reason {
    /// As on the wire.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Shutdown => "shutdown",
            Self::Killed => "killed",
            Self::NodeDown => "node_down",
            Self::NoSuchProcess => "no_such_process",
            Self::Error(_) => "error",
            Self::Limit(_) => "limit",
            Self::Restarts => "restarts",
            Self::Said(_) => "said",
        }
    }

    /// A program's own words, cut at [`MAX_SAID`] bytes; `normal`, `shutdown` and `killed` mean what they say.
    pub fn said(words: &str) -> Self {
        match words {
            "normal" => Self::Normal,
            "shutdown" => Self::Shutdown,
            "killed" => Self::Killed,
            _ => Self::Said(cut(words)),
        }
    }

    /// A crash; the words are cut at [`MAX_SAID`] bytes.
    pub fn error(words: &str) -> Self {
        Self::Error(cut(words))
    }

    /// A program's words as they may go on: cut at [`MAX_SAID`] bytes.
    pub(super) fn words(words: &str) -> String {
        cut(words)
    }

    /// Whether it is an end that nobody need mind: what a supervisor's `transient` children are not started again after.
    pub fn is_expected(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown)
    }

    fn detail(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Error(words) | Self::Said(words) => Some(("message", words)),
            Self::Limit(limit) => Some(("what", limit.as_str())),
            Self::Normal | Self::Shutdown | Self::Killed | Self::NodeDown | Self::NoSuchProcess | Self::Restarts => {
                None
            }
        }
    }
}

/// At most [`MAX_SAID`] bytes, whole characters.
fn cut(words: &str) -> String {
    words[..words.floor_char_boundary(MAX_SAID)].to_owned()
}

/// `limit mailbox`, `error: Function not found (line 9)`.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self.detail() {
            Some(("what", what)) => write!(f, " {what}"),
            Some((_, words)) => write!(f, ": {words}"),
            None => Ok(()),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.code())?;
        if let Some((name, detail)) = self.detail() {
            map.serialize_entry(name, detail)?;
        }
        map.end()
    }
}

impl FromTree for Reason {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        let mut fields = Fields::of(tree, trouble);
        let code: String = fields.read("code");
        let mut words = || cut(&fields.read::<Option<String>>("message").unwrap_or_default());
        match code.as_str() {
            "normal" => Self::Normal,
            "shutdown" => Self::Shutdown,
            "killed" => Self::Killed,
            "node_down" => Self::NodeDown,
            "no_such_process" => Self::NoSuchProcess,
            "error" => Self::Error(words()),
            "limit" => Self::Limit(fields.read("what")),
            "restarts" => Self::Restarts,
            "said" => Self::Said(words()),
            // A reason that a later version has is an end all the same.
            other => Self::Said(cut(other)),
        }
    }
}

impl FromTree for Limit {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        const ALL: [Limit; 9] = [
            Limit::Operations,
            Limit::Time,
            Limit::Depth,
            Limit::Size,
            Limit::Mailbox,
            Limit::Output,
            Limit::Acts,
            Limit::Waits,
            Limit::Lifetime,
        ];
        let name = tree.as_str().unwrap_or_default();
        ALL.into_iter().find(|limit| limit.as_str() == name).unwrap_or_else(|| {
            trouble.expected("the name of a limit");
            Limit::Time
        })
    }
}

/// What a call ends with that brought no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub code: ErrorCode,
    /// For people: what is wrong, in whole sentences.
    pub message: String,
    /// Of a process that ended before it answered ([`ErrorCode::Exited`]).
    pub reason: Option<Reason>,
}

impl Fault {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), reason: None }
    }

    /// The callee ended before it answered.
    pub fn exited(reason: Reason) -> Self {
        let message = format!("The process ended before it answered ({reason}).");
        Self { code: ErrorCode::Exited, message, reason: Some(reason) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("message", &self.message)?;
        if let Some(reason) = &self.reason {
            map.serialize_entry("reason", reason)?;
        }
        map.end()
    }
}

impl FromTree for Fault {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        let mut fields = Fields::of(tree, trouble);
        Self { code: fields.read("code"), message: fields.read("message"), reason: fields.read("reason") }
    }
}

deserialize! { Reason Fault }
