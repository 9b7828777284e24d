//! The message enum: what nodes send to the hub and what they receive.
//! On the wire each is one JSON object tagged by `type`; see `docs/protocol.md`.

mod json;
mod read;
mod replies;
mod signal;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

pub use self::json::Json;
pub(crate) use self::read::{Fields, FromTree, Trouble, deserialize, read};
pub use self::replies::{
    Answer, Behind, Connected, Conversation, Cursors, Done, Joined, NodeInfo, Nodes, Page, Pairs, Person, Pinged,
    RoomInfo, Rooms, Sent, State, User, Users,
};
pub use self::signal::{Down, Incoming, NodesChanged, Outgoing, Unreachable, Why};
use crate::entry::Entry;

/// What a node sends to the hub. All but `hello`, `ack`, `typing` and `state` are requests: they carry an `id`
/// of 1 to 64 bytes chosen by the client, which the [`Reply`] repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToHub {
    /// Opens the connection; the first frame, sent once.
    Hello(Hello),
    /// All entries up to `seq` that this node may see have reached it. Not answered; sent now and then
    /// (a second after something came is often enough), so that others can see what reached whom.
    Ack { seq: u64 },
    /// Takes a nick and joins the lobby. Reply: [`Connected`].
    Connect {
        id: String,
        nick: String,
        /// What an earlier [`Connected`] gave: proves that the nick is ours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
    },
    /// Leaves all rooms and lets go of the nick, which stays reserved for its token. Reply: [`Done`].
    Disconnect { id: String },
    /// Enters a room, which exists from its first visitor on. Reply: [`Joined`].
    Join { id: String, room: String },
    /// Leaves a room. Reply: [`Done`].
    Leave { id: String, room: String },
    /// Says a line in a room. Reply: [`Sent`], once it is on disk. Where there are files, the text may be empty.
    Say {
        id: String,
        room: String,
        text: String,
        /// The `seq` of the line of this place that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<u64>,
        /// At most [`crate::wire::MAX_FILES`], uploaded before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileRef>,
    },
    /// Says something to one nick alone. Reply: [`Sent`], once it is on disk. Else as `say`.
    PrivateMessage {
        id: String,
        to: String,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<u64>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileRef>,
    },
    /// Gives a line of one's own another text. Reply: [`Sent`] with the `seq` of the change.
    Edit {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        /// The line's `seq`.
        of: u64,
        text: String,
    },
    /// Takes the text, files and reactions of a line of one's own away. Reply: [`Sent`] with the `seq` of the change.
    Delete {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        of: u64,
    },
    /// Puts a reaction to a line, or takes one's own away again. Reply: [`Sent`] with the `seq` of the change; where
    /// nothing changes, of the line.
    React {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        of: u64,
        /// One emoji.
        emoji: String,
        #[serde(default = "yes")]
        on: bool,
    },
    /// Says what a room is about; nothing where it is empty. Reply: [`Sent`].
    Topic { id: String, room: String, topic: String },
    /// The person is writing, in a room or to a nick. Not answered; sent at most every [`crate::wire::TYPING_EVERY`].
    Typing {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
    /// The person has left this device alone (`away`), or is back at it (`online`). Not answered.
    State { state: State },
    /// All that may be known of a nick. Reply: [`Person`].
    Who { id: String, nick: String },
    /// Who is in a room, or on the hub. Reply: [`Users`].
    ListUsers {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
    },
    /// Which rooms there are. Reply: [`Rooms`].
    ListRooms { id: String },
    /// Which nodes there are, the hub among them. Reply: [`Nodes`].
    ListNodes {
        id: String,
        /// Whether this node is to be told how the list changes ([`NodesChanged`]), from now on or no longer;
        /// as it was where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow: Option<bool>,
    },
    /// Is that node alive? Reply: [`Pinged`].
    Ping { id: String, node: String },
    /// A page of the log: of a room one is in, or of one's talk `with` a nick. Reply: [`Page`].
    History {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        /// Only entries with a smaller `seq`; the newest of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
        /// Only entries with a greater `seq`; the oldest of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u64>,
        /// At most so many entries, 1 to 200; 50 where missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// The person has read a place up to `seq`, on whichever of their nodes. Never moves back. Reply: [`Done`].
    Read {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        seq: u64,
    },
    /// How far the nodes of a room (that one is in), or of the two ends of one's talk `with` a nick, have
    /// acknowledged the log. Reply: [`Cursors`].
    Cursors {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
    },
    /// Lines that hold all words of a text, each as any part of a word, or "what is quoted" as it stands: of the rooms
    /// one is in and one's private messages. Reply: [`Page`], the newest first.
    Search {
        id: String,
        /// At most [`crate::wire::MAX_QUERY`] characters.
        query: String,
        /// Only in this room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// Only in one's talk with this nick.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        /// Only what this nick said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Only what was said then or later, in milliseconds since 1970 UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
        /// Only what was said before that, in milliseconds since 1970 UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<u64>,
        /// Only entries with a smaller `seq`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// What a process of this node says to one of another. Not answered: what cannot be delivered comes back as
    /// [`Unreachable`] or [`Down`].
    #[cfg_attr(target_family = "wasm", serde(skip_serializing))] // `wire::encode_request` writes it
    Signal(Outgoing),
    /// Gives a key of the store a value. Reply: [`Sent`], once it is on disk; its `seq` is the key's version.
    #[cfg_attr(target_family = "wasm", serde(skip_serializing))] // as `signal`
    Put {
        id: String,
        /// 1 to [`crate::store::MAX_KEY`] bytes.
        key: String,
        /// At most [`crate::store::MAX_VALUE`] bytes.
        value: Json,
        /// The version that the key must have now; 0: it must not be there.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
    },
    /// Takes a key out of the store. Reply: [`Sent`]; of a key that is not there, with the `seq` of an entry all the same.
    Remove {
        id: String,
        key: String,
        /// As that of `put`.
        #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
        version: Option<u64>,
    },
    /// A page of the store, by keys. Reply: [`Pairs`].
    Store {
        id: String,
        /// Whether this node is to hear of every put and removal from now on or no longer, as if its hello had said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        follow: Option<bool>,
        /// Only keys behind this one, by their bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// Only keys that begin so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<String>,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What `react` does where it does not say.
fn yes() -> bool {
    true
}

/// A file that was uploaded, as a line names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
    /// What it is to be called, without folders.
    pub name: String,
}

impl ToHub {
    /// Whether it makes an entry of the log: then it is worth sending again until it is answered.
    pub fn makes_entry(&self) -> bool {
        matches!(
            self,
            Self::Say { .. }
                | Self::PrivateMessage { .. }
                | Self::Edit { .. }
                | Self::Delete { .. }
                | Self::React { .. }
                | Self::Topic { .. }
                | Self::Put { .. }
                | Self::Remove { .. }
        )
    }

    /// The request's id; none for what is not answered.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Hello(_) | Self::Ack { .. } | Self::Typing { .. } | Self::State { .. } | Self::Signal(_) => None,
            Self::Connect { id, .. }
            | Self::Disconnect { id }
            | Self::Join { id, .. }
            | Self::Leave { id, .. }
            | Self::Say { id, .. }
            | Self::PrivateMessage { id, .. }
            | Self::Edit { id, .. }
            | Self::Delete { id, .. }
            | Self::React { id, .. }
            | Self::Topic { id, .. }
            | Self::Who { id, .. }
            | Self::ListUsers { id, .. }
            | Self::ListRooms { id }
            | Self::ListNodes { id, .. }
            | Self::Ping { id, .. }
            | Self::History { id, .. }
            | Self::Read { id, .. }
            | Self::Cursors { id, .. }
            | Self::Search { id, .. }
            | Self::Put { id, .. }
            | Self::Remove { id, .. }
            | Self::Store { id, .. } => Some(id),
        }
    }
}

/// Opens a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol's version, [`crate::wire::VERSION`].
    pub version: u32,
    /// The hub's shared secret, where it wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// The local name this node would like; the hub makes it unique, or makes one up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What sort of node this is, for lists: `tab`, `terminal`, `bot`… At most 16 letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The secret of an earlier [`Welcome`], to resume that session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The last `seq` seen; every later entry this node may see follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// This node has processes: it answers signals. The hub sends it none otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub processes: bool,
    /// This node keeps a copy of the store: it hears every put and removal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub store: bool,
}

/// What a node receives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToNode {
    /// Answers [`Hello`].
    Welcome(Welcome),
    /// All entries up to `seq` that this node may see have been sent: after a resume, and whenever a node that
    /// had fallen behind has caught up. Signals may have been left out before it.
    Synced { seq: u64 },
    /// Answers a request.
    Reply(Reply),
    /// Who came, went or changed state in a room. Not kept.
    Presence(Presence),
    /// This person has read a place up to `seq` on another of their nodes. Exactly one of `room` and `with`.
    Read {
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<String>,
        seq: u64,
    },
    /// Someone is writing in a room, or to this person. Not kept; it holds for [`crate::wire::TYPING_LASTS`].
    Typing {
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// One's own nick.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        from: String,
    },
    /// What a process of another node says to one of this.
    Signal(Incoming),
    /// Signals for that node were not delivered, and there was no tie that could break.
    Unreachable(Unreachable),
    /// The tie to that node has broken: some of what was sent may be lost, and nothing of before comes any more.
    Down(Down),
    /// How the list of nodes has changed, for those who follow it. Not kept; gathered over up to 250 ms.
    Nodes(NodesChanged),
    /// Answers a frame that carried no usable id.
    Error(Refusal),
    /// An entry of the log: `said`, `whispered`, `edited`… Durable, in `seq` order.
    #[serde(untagged)]
    Entry(Entry),
}

/// Answers [`Hello`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Welcome {
    pub version: u32,
    /// The hub's own node name.
    pub hub: String,
    /// This node's full name, `name@host`.
    pub node: String,
    /// The secret that resumes this session.
    pub session: String,
    /// Names the log. If it differs from the one known, what is held is of another log.
    pub epoch: String,
    /// The newest entry's position; 0 in an empty log.
    pub seq: u64,
    /// Whether name, nick and rooms of the earlier session were taken up.
    pub resumed: bool,
    /// The nick bound to this node; null until connected.
    pub nick: Option<String>,
    /// The rooms that this node is in: none unless it resumed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<String>,
    /// The log is in memory only and ends with the hub.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ephemeral: bool,
    /// The largest file that may be sent here, in bytes; none where the hub does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_upload: Option<u64>,
    /// The owner of the nick, by a number that no other owner of this log ever gets; none until connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<u64>,
    /// Removals up to here are forgotten: whoever knows the store as of an earlier `seq` asks for all of it.
    #[serde(skip_serializing_if = "is_zero")]
    pub store_since: u64,
}

/// Answers the request with the same `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    pub id: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done; what this holds depends on the request (see [`ToHub`]).
    Ok(Value),
    /// It was refused.
    Error(Refusal),
}

/// Why something was refused, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub code: ErrorCode,
    /// One or two sentences: what is wrong, and what to do.
    pub message: String,
    /// When the same request may succeed, in milliseconds since 1970 UTC
    /// (`nick_in_use`, `rate_limited`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

impl Refusal {
    /// A refusal that time alone does not lift.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), until: None }
    }

    /// A refusal that may be lifted at `until` (milliseconds since 1970 UTC).
    pub fn until(code: ErrorCode, message: impl Into<String>, until: u64) -> Self {
        Self { code, message: message.into(), until: Some(until) }
    }
}

/// The codes of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame is not a message of this protocol, or not one that fits here.
    BadMessage,
    /// Another owner holds this nick, or one that looks like it.
    NickInUse,
    /// The nick is reserved.
    NickNotAllowed,
    /// The nick has characters or a length that nicks may not have.
    NickInvalid,
    /// The request needs a nick (or, before it, a hello).
    NotConnected,
    /// The room's name has characters or a length that names may not have, or looks like another's.
    RoomInvalid,
    /// The node has not joined this room.
    NotInRoom,
    /// Nothing is left of the text once its ends are trimmed.
    TextEmpty,
    /// The text is over 16 KiB of UTF-8.
    TextTooLong,
    /// Nobody holds this nick.
    NoSuchNick,
    /// The owner of the nick sends faster than the hub allows.
    RateLimited,
    /// Nothing to search for.
    QueryEmpty,
    /// There is no such line in this place, or it was deleted.
    NoSuchEntry,
    /// The line is another's.
    NotYours,
    /// Not one emoji, or one kind of reaction more than a line takes.
    ReactionInvalid,
    /// No file of this hash was uploaded here, or it is kept no longer.
    NoSuchFile,
    /// The key is empty, too long, or has characters that keys may not have.
    KeyInvalid,
    /// The value is over 16 KiB of JSON, or nested too deep.
    ValueTooLong,
    /// The key's version is not the one that was asked for.
    VersionConflict,
    /// The store holds as many keys or bytes as it may.
    StoreFull,
    /// There is no node of that name.
    NoSuchNode,
    /// Nothing is registered under that name, or the process has ended.
    NoSuchProcess,
    /// The node is out of reach, or became so before it answered: whether it did what was asked is not known.
    NodeDown,
    /// No answer came in time: whether what was asked is done is not known.
    Timeout,
    /// The process ended before it answered.
    Exited,
    /// Whoever asked may not do that to this process or on this node.
    NotAllowed,
    /// The person there said no, or nothing.
    Declined,
    /// A bound of that node or process is reached: processes, calls, links.
    Busy,
    /// The hub cannot do this now (its disk, its load, its version); nothing was changed.
    Unavailable,
    /// A code of a later version.
    #[serde(other)]
    Unknown,
}

/// Who came, went or changed state in a room. In a room of more than 250 people
/// it carries `count` alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    pub room: String,
    pub joined: Vec<String>,
    pub left: Vec<String>,
    /// Nick → its new state.
    pub states: std::collections::BTreeMap<String, State>,
    /// How many nicks are in the room now.
    pub count: Option<u32>,
}

impl Serialize for Presence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Presence", 4)?;
        fields.serialize_field("room", &self.room)?;
        match self.count {
            Some(count) => fields.serialize_field("count", &count)?,
            None => {
                fields.serialize_field("joined", &self.joined)?;
                fields.serialize_field("left", &self.left)?;
                fields.serialize_field("states", &self.states)?;
            }
        }
        fields.end()
    }
}
