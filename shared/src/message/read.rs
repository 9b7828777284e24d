//! Reads what the hub sends out of a JSON tree.
//!
//! By hand, because the browser client downloads it: what serde derives for these structs is compiled once
//! for each of them with all its errors, some 45 KB of wasm; this is a tenth of it. For the same reason reading goes on
//! where something is wrong, with something empty in its place, and the whole is given up at its end: a way out
//! of the middle of each struct would be most of the code. What is written is still derived, and the golden samples hold
//! both to the same names.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde_json::{Map, Value};

use super::{
    Answer, Behind, Connected, Conversation, Cursors, Done, Down, ErrorCode, Incoming, Joined, NodeInfo, Nodes,
    NodesChanged, Outcome, Page, Pairs, Person, Pinged, Presence, Refusal, Reply, RoomInfo, Rooms, Sent, State, ToNode,
    Unreachable, User, Users, Welcome, Why,
};
use crate::entry::{Change, Changed, Details, Entry, File, Put, Reaction, Removed, Said, Topic, Whispered};
use crate::store::Pair;

/// What is wrong with a tree: where, and what should be there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

/// The first thing that was wrong, if any.
#[derive(Default)]
pub(crate) struct Trouble(Option<String>);

impl Trouble {
    /// Something else should be here.
    #[inline(never)]
    pub(crate) fn expected(&mut self, what: &str) {
        self.0.get_or_insert_with(|| ["expected ", what].concat());
    }

    /// What went wrong since `before` did so in this field.
    #[inline(never)]
    fn inside(&mut self, name: &str, before: bool) {
        if let Some(words) = self.0.as_mut().filter(|_| !before) {
            *words = [name, ": ", words].concat();
        }
    }
}

/// What can be read out of a JSON tree.
pub(crate) trait FromTree: Sized {
    /// A field that is missing is given as null. Where there is trouble, what comes back is of no use.
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self;
}

/// Reads a tree.
pub(crate) fn read<T: FromTree>(tree: Value) -> Result<T, Unreadable> {
    let mut trouble = Trouble::default();
    let read = T::from_tree(tree, &mut trouble);
    match trouble.0 {
        None => Ok(read),
        Some(words) => Err(Unreadable(words)),
    }
}

/// The fields of an object. Those that nobody asks for are passed over: a later version may have more.
pub(crate) struct Fields<'a>(Map<String, Value>, &'a mut Trouble);

impl<'a> Fields<'a> {
    #[inline(never)]
    pub(crate) fn of(tree: Value, trouble: &'a mut Trouble) -> Self {
        match tree {
            Value::Object(fields) => Self(fields, trouble),
            _ => {
                trouble.expected("an object");
                Self(Map::new(), trouble)
            }
        }
    }

    #[inline(never)]
    pub(crate) fn take(&mut self, name: &str) -> Value {
        self.0.get_mut(name).map(Value::take).unwrap_or_default()
    }

    pub(crate) fn read<T: FromTree>(&mut self, name: &str) -> T {
        let before = self.1.0.is_some();
        let read = T::from_tree(self.take(name), self.1);
        self.1.inside(name, before);
        read
    }

    /// The object itself is not what it should be.
    pub(crate) fn expected(&mut self, what: &str) {
        self.1.expected(what);
    }

    /// One that may be missing.
    fn spare<T: FromTree + Default>(&mut self, name: &str) -> T {
        self.read::<Option<T>>(name).unwrap_or_default()
    }
}

impl FromTree for String {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        match tree {
            Value::String(text) => text,
            _ => {
                trouble.expected("a string");
                Self::new()
            }
        }
    }
}

impl FromTree for bool {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        tree.as_bool().unwrap_or_else(|| {
            trouble.expected("true or false");
            false
        })
    }
}

impl FromTree for Value {
    fn from_tree(tree: Value, _: &mut Trouble) -> Self {
        tree
    }
}

impl FromTree for u64 {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        tree.as_u64().unwrap_or_else(|| {
            trouble.expected("a whole number");
            0
        })
    }
}

impl FromTree for u32 {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        u64::from_tree(tree, trouble).try_into().unwrap_or_else(|_| {
            trouble.expected("a smaller number");
            0
        })
    }
}

impl<T: FromTree> FromTree for Option<T> {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        if tree.is_null() { None } else { Some(T::from_tree(tree, trouble)) }
    }
}

impl<T: FromTree> FromTree for Vec<T> {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        let mut read = Self::new();
        match tree {
            // Not collected, which would bring along code of its own for each kind of item.
            Value::Array(items) => {
                for item in items {
                    read.push(T::from_tree(item, trouble));
                }
            }
            _ => trouble.expected("a list"),
        }
        read
    }
}

impl FromTree for BTreeMap<String, State> {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        let Fields(fields, trouble) = Fields::of(tree, trouble);
        // Not collected, which would bring along a sort of its own.
        let mut states = Self::new();
        for (name, state) in fields {
            states.insert(name, State::from_tree(state, trouble));
        }
        states
    }
}

/// Structs whose fields are named as on the wire; those behind the semicolon may be missing.
macro_rules! structs {
    ($($name:ident { $($field:ident),* $(; $($spare:ident),*)? })*) => {$(
        impl FromTree for $name {
            fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
                let mut fields = Fields::of(tree, trouble);
                Self {
                    $($field: fields.read(stringify!($field)),)*
                    $($($spare: fields.spare(stringify!($spare)),)*)?
                }
            }
        }
    )*};
}

structs! {
    Welcome { version, hub, node, session, epoch, seq, resumed, nick, max_upload, owner; rooms, ephemeral, store_since }
    Refusal { code, message, until }
    Connected { nick, token, room, topic, users; count, read, unread, mentions, conversations, owner }
    Conversation { with, seq; read, unread }
    Joined { room, topic, users; count, read, unread, mentions }
    Sent { seq, delivered }
    Users { users }
    Person { nick, state, seen, nodes }
    User { nick, state, nodes }
    Rooms { rooms }
    RoomInfo { room, topic, users }
    Nodes { nodes }
    NodeInfo { node, nick, kind, since; processes }
    NodesChanged { count; here, gone }
    Incoming { from, nick, owner, signal }
    Unreachable { node, why }
    Down { node, why }
    Pairs { seq, pairs, more }
    Pair { key, value, version }
    Pinged { answer, ms }
    Cursors { nodes, behind }
    Behind { node, nick, seq, state, since }
    Page { entries, more }
    Presence { room, count; joined, left, states }
    File { hash, name, size, kind, width, height }
    Reaction { emoji, nicks, count }
}

impl FromTree for Done {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        Fields::of(tree, trouble);
        Self {}
    }
}

/// Enums that are a name, with serde's own reading of it.
macro_rules! names {
    ($($name:ident or $other:ident)*) => {$(
        impl FromTree for $name {
            fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
                let name: StrDeserializer<'_, NameError> = tree.as_str().unwrap_or_default().into_deserializer();
                Self::deserialize(name).unwrap_or_else(|_| {
                    trouble.expected("one of the names that are known");
                    Self::$other
                })
            }
        }
    )*};
}

names! { State or Online Answer or Pang ErrorCode or Unknown Why or Unknown }

impl FromTree for Entry {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        let kind = kind(&tree).to_owned();
        let mut fields = Fields::of(tree, trouble);
        // What every entry has.
        let (seq, at, from, id) = (fields.read("seq"), fields.read("at"), fields.read("from"), fields.read("id"));
        let change = match kind.as_str() {
            "said" => {
                let (room, text, details) = (fields.read("room"), fields.read("text"), details(&mut fields));
                return Self::Said(Said { seq, at, room, from, id, text, details });
            }
            "whispered" => {
                let (to, text, details) = (fields.read("to"), fields.read("text"), details(&mut fields));
                return Self::Whispered(Whispered { seq, at, from, to, id, text, details });
            }
            "topic" => {
                let (room, topic) = (fields.read("room"), fields.read("topic"));
                return Self::Topic(Topic { seq, at, room, from, id, topic });
            }
            "put" => {
                let (key, value) = (fields.read("key"), fields.take("value"));
                return Self::Put(Put { seq, at, from, id, key, value });
            }
            "removed" => return Self::Removed(Removed { seq, at, from, id, key: fields.read("key") }),
            "edited" => Change::Edited { text: fields.read("text") },
            "deleted" => Change::Deleted,
            "reacted" => Change::Reacted { emoji: fields.read("emoji"), on: fields.read("on") },
            _ => {
                fields.1.0 = Some("no message of a known type".to_owned());
                Change::Deleted
            }
        };
        let (room, to, of) = (fields.read("room"), fields.read("to"), fields.read("of"));
        Self::Changed(Changed { seq, at, room, to, from, id, of, change })
    }
}

/// What a line has beside its text.
fn details(fields: &mut Fields<'_>) -> Option<Box<Details>> {
    let details = Details {
        reply_to: fields.read("reply_to"),
        files: fields.spare("files"),
        changed: fields.read("changed"),
        edited: fields.read("edited"),
        deleted: fields.spare("deleted"),
        reactions: fields.spare("reactions"),
    };
    details.boxed()
}

impl FromTree for ToNode {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        match kind(&tree) {
            "welcome" => Self::Welcome(Welcome::from_tree(tree, trouble)),
            "synced" => Self::Synced { seq: Fields::of(tree, trouble).read("seq") },
            "reply" => Self::Reply(Reply::from_tree(tree, trouble)),
            "presence" => Self::Presence(Presence::from_tree(tree, trouble)),
            "read" => {
                let mut fields = Fields::of(tree, trouble);
                Self::Read { room: fields.read("room"), with: fields.read("with"), seq: fields.read("seq") }
            }
            "typing" => {
                let mut fields = Fields::of(tree, trouble);
                Self::Typing { room: fields.read("room"), to: fields.read("to"), from: fields.read("from") }
            }
            "signal" => Self::Signal(Incoming::from_tree(tree, trouble)),
            "unreachable" => Self::Unreachable(Unreachable::from_tree(tree, trouble)),
            "down" => Self::Down(Down::from_tree(tree, trouble)),
            "nodes" => Self::Nodes(NodesChanged::from_tree(tree, trouble)),
            "error" => Self::Error(Refusal::from_tree(tree, trouble)),
            _ => Self::Entry(Entry::from_tree(tree, trouble)),
        }
    }
}

impl FromTree for Reply {
    fn from_tree(tree: Value, trouble: &mut Trouble) -> Self {
        let mut fields = Fields::of(tree, trouble);
        let id = fields.read("id");
        let outcome = match fields.0.get_mut("ok") {
            Some(ok) => Outcome::Ok(ok.take()),
            None => Outcome::Error(fields.read("error")),
        };
        Self { id, outcome }
    }
}

fn kind(tree: &Value) -> &str {
    tree.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// The same for whoever reads by way of serde.
macro_rules! deserialize {
    ($($name:ident)*) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let tree = <serde_json::Value as serde::Deserialize>::deserialize(deserializer)?;
                $crate::message::read(tree).map_err(serde::de::Error::custom)
            }
        }
    )*};
}
pub(crate) use deserialize;

deserialize! {
    ToNode Welcome Presence Entry Refusal Connected Joined Sent Done Users Person Rooms Nodes Pinged Page Cursors
    Pairs
}
