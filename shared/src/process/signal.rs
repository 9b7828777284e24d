//! What the processes of one node say to those of another. The hub carries it and never reads it.
//!
//! Read and written by hand, as all that a browser downloads.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::limits::{MAX_WITHIN, MIN_WITHIN, WITHIN, measure};
use super::pid::{Creation, Pid, Target};
use super::reason::{Fault, Reason};
use crate::message::{Fields, FromTree, Trouble, read};
use crate::node::NodeName;

/// Who a signal is from, as the hub vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub node: NodeName,
    /// The nick bound to that node's connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    /// The number of the nick's owner, which the log gives to nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<u64>,
}

impl Origin {
    /// A node without a nick.
    pub fn of(node: NodeName) -> Self {
        Self { node, nick: None, owner: None }
    }
}

/// One signal. A `ref` is of the sender's choice, and unique for it and the tie. `guest` says that the process that
/// sends it is not its node's own: what it asks for it does not ask with the rights of the node's person.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// A message, and no answer.
    Send {
        from: Pid,
        to: Target,
        message: Value,
        guest: bool,
    },
    /// A message whose answer the caller waits for, at most `within` milliseconds.
    Call {
        r#ref: u64,
        from: Pid,
        to: Target,
        message: Value,
        within: u32,
        guest: bool,
    },
    /// What a `call` ended with, or `error` alone.
    Answer {
        r#ref: u64,
        result: Result<Value, Fault>,
    },
    /// Is the node there? Answered by `pong` by the node itself.
    Ping {
        r#ref: u64,
    },
    Pong {
        r#ref: u64,
    },
    /// Exactly one `ended` is wanted for the process, or for the node (without `of`: then the watcher's own end says it).
    Monitor {
        r#ref: u64,
        from: Pid,
        of: Option<Target>,
    },
    Demonitor {
        r#ref: u64,
    },
    Ended {
        r#ref: u64,
        reason: Reason,
    },
    /// Who of the two ends first takes the other along.
    Link {
        from: Pid,
        to: Pid,
        guest: bool,
    },
    Unlink {
        from: Pid,
        to: Pid,
    },
    /// Of a link's other end, or a request by who may.
    Exit {
        from: Pid,
        to: Pid,
        reason: Reason,
        guest: bool,
    },
    /// Output, for the group leader.
    Print {
        from: Pid,
        to: Pid,
        text: String,
    },
    /// So much of what came was taken: the window is open for as much again.
    Took {
        count: u32,
        bytes: u32,
    },
}

impl Signal {
    /// # Errors
    /// In words, if it is no signal that this version knows: it is passed over and counted.
    pub fn read(tree: Value) -> Result<Self, String> {
        read(tree).map_err(|error| error.to_string())
    }

    /// What it takes of the window between two nodes, in bytes: what it carries as JSON and a fixed part for the rest. Both
    /// ends reckon it so. None for what takes nothing, since it must get through or is answered at once.
    pub fn weight(&self) -> Option<u32> {
        const ENVELOPE: usize = 64;
        let carried = match self {
            Self::Took { .. } | Self::Ping { .. } | Self::Pong { .. } => return None,
            Self::Send { message: value, .. }
            | Self::Call { message: value, .. }
            | Self::Answer { result: Ok(value), .. } => measure(value, usize::MAX).unwrap_or_default(),
            Self::Answer { result: Err(fault), .. } => fault.message.len(),
            Self::Print { text, .. } => text.len(),
            _ => 0,
        };
        Some(u32::try_from(ENVELOPE + carried).unwrap_or(u32::MAX))
    }

    /// As the payload of a frame.
    pub fn to_text(&self) -> String {
        // String keys and numbers out of JSON, so this cannot fail; nothing reads an empty payload as a signal.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The name on the wire.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::Call { .. } => "call",
            Self::Answer { .. } => "answer",
            Self::Ping { .. } => "ping",
            Self::Pong { .. } => "pong",
            Self::Monitor { .. } => "monitor",
            Self::Demonitor { .. } => "demonitor",
            Self::Ended { .. } => "ended",
            Self::Link { .. } => "link",
            Self::Unlink { .. } => "unlink",
            Self::Exit { .. } => "exit",
            Self::Print { .. } => "print",
            Self::Took { .. } => "took",
        }
    }
}

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.kind())?;
        match self {
            Self::Send { from, to, message, guest } => {
                map.serialize_entry("from", from)?;
                map.serialize_entry("to", to)?;
                map.serialize_entry("message", message)?;
                mark(&mut map, *guest)?;
            }
            Self::Call { r#ref, from, to, message, within, guest } => {
                map.serialize_entry("ref", r#ref)?;
                map.serialize_entry("from", from)?;
                map.serialize_entry("to", to)?;
                map.serialize_entry("message", message)?;
                map.serialize_entry("within", within)?;
                mark(&mut map, *guest)?;
            }
            Self::Answer { r#ref, result } => {
                map.serialize_entry("ref", r#ref)?;
                match result {
                    Ok(value) => map.serialize_entry("ok", value)?,
                    Err(fault) => map.serialize_entry("error", fault)?,
                }
            }
            Self::Ping { r#ref } | Self::Pong { r#ref } | Self::Demonitor { r#ref } => {
                map.serialize_entry("ref", r#ref)?;
            }
            Self::Monitor { r#ref, from, of } => {
                map.serialize_entry("ref", r#ref)?;
                map.serialize_entry("from", from)?;
                if let Some(of) = of {
                    map.serialize_entry("to", of)?;
                }
            }
            Self::Ended { r#ref, reason } => {
                map.serialize_entry("ref", r#ref)?;
                map.serialize_entry("reason", reason)?;
            }
            Self::Link { from, to, guest } => {
                map.serialize_entry("from", from)?;
                map.serialize_entry("to", to)?;
                mark(&mut map, *guest)?;
            }
            Self::Unlink { from, to } => {
                map.serialize_entry("from", from)?;
                map.serialize_entry("to", to)?;
            }
            Self::Exit { from, to, reason, guest } => {
                map.serialize_entry("from", from)?;
                map.serialize_entry("to", to)?;
                map.serialize_entry("reason", reason)?;
                mark(&mut map, *guest)?;
            }
            Self::Print { from, to, text } => {
                map.serialize_entry("from", from)?;
                map.serialize_entry("to", to)?;
                map.serialize_entry("text", text)?;
            }
            Self::Took { count, bytes } => {
                map.serialize_entry("count", count)?;
                map.serialize_entry("bytes", bytes)?;
            }
        }
        map.end()
    }
}

/// `guest` is left out where it is false.
fn mark<M: SerializeMap>(map: &mut M, guest: bool) -> Result<(), M::Error> {
    if guest { map.serialize_entry("guest", &true) } else { Ok(()) }
}

impl FromTree for Signal {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        let mut fields = Fields::of(tree, trouble);
        let kind: String = fields.read("type");
        let guest = fields.read::<Option<bool>>("guest").unwrap_or_default();
        match kind.as_str() {
            "send" => {
                let message = fields.take("message");
                Self::Send { from: fields.read("from"), to: fields.read("to"), message, guest }
            }
            "call" => Self::Call {
                r#ref: fields.read("ref"),
                from: fields.read("from"),
                to: fields.read("to"),
                message: fields.take("message"),
                within: fields.read::<Option<u32>>("within").unwrap_or(WITHIN).clamp(MIN_WITHIN, MAX_WITHIN),
                guest,
            },
            "answer" => Self::Answer {
                r#ref: fields.read("ref"),
                result: match fields.read("error") {
                    Some(fault) => Err(fault),
                    None => Ok(fields.take("ok")),
                },
            },
            "ping" => Self::Ping { r#ref: fields.read("ref") },
            "pong" => Self::Pong { r#ref: fields.read("ref") },
            "monitor" => Self::Monitor { r#ref: fields.read("ref"), from: fields.read("from"), of: fields.read("to") },
            "demonitor" => Self::Demonitor { r#ref: fields.read("ref") },
            "ended" => Self::Ended { r#ref: fields.read("ref"), reason: fields.read("reason") },
            "link" => Self::Link { from: fields.read("from"), to: fields.read("to"), guest },
            "unlink" => Self::Unlink { from: fields.read("from"), to: fields.read("to") },
            "exit" => {
                let reason = fields.read("reason");
                Self::Exit { from: fields.read("from"), to: fields.read("to"), reason, guest }
            }
            "print" => Self::Print { from: fields.read("from"), to: fields.read("to"), text: fields.read("text") },
            "took" => Self::Took { count: fields.read("count"), bytes: fields.read("bytes") },
            _ => {
                fields.expected("a signal of a known type");
                Self::Took { count: 0, bytes: 0 }
            }
        }
    }
}

/// Names that are parsed out of a text.
macro_rules! parsed {
    ($($name:ident)*) => {$(
        impl FromTree for $name {
            fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
                tree.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
                    trouble.expected("the name or pid of a process");
                    Pid::new(Creation::new(0), 0).into()
                })
            }
        }
    )*};
}

parsed! { Pid Target }

impl<'de> Deserialize<'de> for Signal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
