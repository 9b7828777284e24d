//! What the replies to requests hold.

use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::store::Pair;

/// Reply to `connect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connected {
    /// The nick as it is shown to all.
    pub nick: String,
    /// Proves ownership of the nick, here and on further nodes.
    pub token: String,
    /// The room joined: `lobby`.
    pub room: String,
    pub topic: Option<String>,
    /// Who is in that room, this nick included; of a room of more than 250 people only 50.
    pub users: Vec<User>,
    /// How many are in that room.
    pub count: u32,
    /// As in [`Joined`], of the lobby.
    pub read: u64,
    /// As in [`Joined`], of the lobby.
    pub unread: u32,
    /// As in [`Joined`], of the lobby.
    #[serde(skip_serializing_if = "is_zero")]
    pub mentions: u32,
    /// Whom this nick has exchanged private messages with, the latest first; at most 100.
    pub conversations: Vec<Conversation>,
    /// The nick's owner, as in [`crate::message::Welcome`].
    pub owner: u64,
}

/// One private conversation of a nick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conversation {
    /// The other nick.
    pub with: String,
    /// The latest entry of it.
    pub seq: u64,
    /// The person has read it up to here; 0 if never.
    pub read: u64,
    /// How many of the other's messages came after `read`; counted up to [`crate::wire::MAX_UNREAD`].
    pub unread: u32,
}

/// Reply to `join`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Joined {
    /// The room's name as its first visitor wrote it.
    pub room: String,
    pub topic: Option<String>,
    /// Who is in it, this nick included; of a room of more than 250 people only 50.
    pub users: Vec<User>,
    /// How many are in it.
    pub count: u32,
    /// The person has read it up to here. Who comes for the first time has read what was said before.
    pub read: u64,
    /// How many lines of others came after `read`; counted up to [`crate::wire::MAX_UNREAD`].
    pub unread: u32,
    /// How many of them name this nick; counted likewise.
    #[serde(skip_serializing_if = "is_zero")]
    pub mentions: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Reply to what makes an entry: it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The entry's position in the log.
    pub seq: u64,
    /// For a private message: how many nodes of `to` it reached at once; 0 = kept until `to` comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u32>,
}

/// Reply to `disconnect`, `leave` and `read`: nothing to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Done {}

/// Reply to `list_users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Users {
    pub users: Vec<User>,
}

/// A nick, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct User {
    pub nick: String,
    pub state: State,
    /// How many nodes it is connected with now; 0 while all of them are `reconnecting`.
    pub nodes: u32,
}

/// Reply to `who`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    pub nick: String,
    pub state: State,
    /// When the last of its nodes was there, in milliseconds since 1970 UTC, where none is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// The nodes it is connected with now.
    pub nodes: Vec<NodeInfo>,
}

/// How a nick is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    #[default]
    Online,
    Away,
    Reconnecting,
    Offline,
}

/// Reply to `list_rooms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rooms {
    pub rooms: Vec<RoomInfo>,
}

/// A room, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomInfo {
    pub room: String,
    pub topic: Option<String>,
    /// How many nicks are in it.
    pub users: u32,
}

/// Reply to `list_nodes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nodes {
    pub nodes: Vec<NodeInfo>,
}

/// A node, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeInfo {
    /// `name@host`.
    pub node: String,
    pub nick: Option<String>,
    /// `hub`, or what its hello said.
    pub kind: String,
    /// When it connected, in milliseconds since 1970 UTC.
    pub since: u64,
    /// Whether it has processes that can be sent to.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub processes: bool,
}

/// Reply to `ping`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pinged {
    pub answer: Answer,
    /// How long the answer took, in milliseconds.
    pub ms: u64,
}

/// What a ping brought back, in Erlang's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The node is alive.
    Pong,
    /// The node is unknown, gone, or silent.
    Pang,
}

/// Reply to `cursors`: an entry has reached all `nodes` but those in `behind` with a smaller `seq`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cursors {
    /// How many nodes there are, one's own among them; those that are reconnecting count.
    pub nodes: u32,
    /// Those that have not acknowledged the place's newest entry, farthest behind first; at most
    /// [`crate::wire::MAX_BEHIND`].
    pub behind: Vec<Behind>,
}

/// A node that has not got all entries yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Behind {
    /// `name@host`.
    pub node: String,
    pub nick: String,
    /// It has acknowledged all up to here.
    pub seq: u64,
    /// `online` (it is slow, or asleep) or `reconnecting`.
    pub state: State,
    /// When it was last heard of, in milliseconds since 1970 UTC.
    pub since: u64,
}

/// Reply to `history` and `search`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Oldest first; what was searched for, newest first.
    pub entries: Vec<Entry>,
    /// Whether there are more in the direction asked for.
    pub more: bool,
}

/// Reply to `store`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pairs {
    /// The page is as of this position in the log.
    pub seq: u64,
    /// By their keys' bytes.
    pub pairs: Vec<Pair>,
    /// Whether there are more behind the last.
    pub more: bool,
}
