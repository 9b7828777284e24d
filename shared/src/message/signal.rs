//! Signals between the processes of two nodes, as the hub sees them: from whom, to whom, and a payload that it
//! passes on unread. What payloads say is in [`crate::process`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Json, NodeInfo};

/// A signal on its way to the hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(not(target_family = "wasm"), derive(Serialize))] // there `wire::encode_request` writes it
pub struct Outgoing {
    /// The node it is for: `name@host`, the local part alone, or the hub's.
    pub to: String,
    /// The first to that node on this connection, or since the tie to it broke. What comes without it where there is no
    /// tie was sent before its sender heard of the break, and is passed over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
    /// An object; the hub looks at its length alone.
    pub signal: Json,
}

/// A signal on its way from the hub. `from`, `nick` and `owner` are the hub's own words: a payload names no sender's node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Incoming {
    /// The node that sent it.
    pub from: String,
    /// The nick it had then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
    /// That nick's owner, by a number that no other owner of this log ever gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<u64>,
    pub signal: Value,
}

/// Why a signal went nowhere, or a tie broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// There is no node of that name, or none any more.
    NoSuchNode,
    /// It is away, within its lease.
    NodeDown,
    /// It is here, but has no processes.
    NoProcesses,
    /// Either end has signals with as many nodes as it may.
    TooManyTies,
    /// One end's connection has ended.
    Disconnected,
    /// One end took too little of what was sent to it.
    Full,
    /// A reason of a later version.
    #[serde(other)]
    Unknown,
}

/// Nothing was delivered to that node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreachable {
    /// As it was named in `to`.
    pub node: String,
    pub why: Why,
}

/// The tie to that node has broken, for both ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Down {
    /// `name@host`.
    pub node: String,
    pub why: Why,
}

/// How the list of nodes has changed. Where there are more than [`crate::wire::MAX_FOLLOWED`] it carries `count` alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodesChanged {
    /// Those that came, or are otherwise than before, whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub here: Vec<NodeInfo>,
    /// The names of those that went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// How many there are, the hub among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}
