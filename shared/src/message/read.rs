//! Reads what the hub sends out of a JSON tree.
//!
//! By hand, because the browser client downloads it: what serde derives for these structs is compiled once
//! for each of them with all its errors, some 45 KB of wasm; this is a fifth of it. What is written is still
//! derived, and the golden samples hold both to the same names.

use std::collections::BTreeMap;

use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{
    Answer, Behind, Connected, Conversation, Cursors, Done, ErrorCode, Joined, NodeInfo, Nodes, Outcome, Page, Person,
    Pinged, Presence, Refusal, Reply, RoomInfo, Rooms, Sent, State, ToNode, User, Users, Welcome,
};
use crate::entry::{Change, Changed, Details, Entry, File, Reaction, Said, Topic, Whispered};

/// What is wrong with a tree: where, and what should be there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

impl Unreadable {
    fn expected(what: &str) -> Self {
        Self(format!("expected {what}"))
    }
}

/// What can be read out of a JSON tree.
pub(crate) trait FromTree: Sized {
    /// A field that is missing is given as null.
    fn from_tree(tree: Value) -> Result<Self, Unreadable>;
}

/// The fields of an object. Those that nobody asks for are passed over: a later version may have more.
struct Fields(Map<String, Value>);

impl Fields {
    fn of(tree: Value) -> Result<Self, Unreadable> {
        match tree {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Unreadable::expected("an object")),
        }
    }

    fn take(&mut self, name: &str) -> Value {
        self.0.get_mut(name).map(Value::take).unwrap_or_default()
    }

    fn read<T: FromTree>(&mut self, name: &str) -> Result<T, Unreadable> {
        T::from_tree(self.take(name)).map_err(|error| Unreadable(format!("{name}: {error}")))
    }
}

impl FromTree for String {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        match tree {
            Value::String(text) => Ok(text),
            _ => Err(Unreadable::expected("a string")),
        }
    }
}

impl FromTree for bool {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        tree.as_bool().ok_or_else(|| Unreadable::expected("true or false"))
    }
}

impl FromTree for u64 {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        tree.as_u64().ok_or_else(|| Unreadable::expected("a whole number"))
    }
}

impl FromTree for u32 {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        u64::from_tree(tree)?.try_into().map_err(|_| Unreadable::expected("a smaller number"))
    }
}

impl<T: FromTree> FromTree for Option<T> {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        if tree.is_null() { Ok(None) } else { T::from_tree(tree).map(Some) }
    }
}

impl<T: FromTree> FromTree for Vec<T> {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        match tree {
            Value::Array(items) => items.into_iter().map(T::from_tree).collect(),
            _ => Err(Unreadable::expected("a list")),
        }
    }
}

impl FromTree for BTreeMap<String, State> {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        let Fields(fields) = Fields::of(tree)?;
        // Not collected, which would bring along a sort of its own.
        let mut states = Self::new();
        for (name, state) in fields {
            states.insert(name, State::from_tree(state)?);
        }
        Ok(states)
    }
}

/// Structs whose fields are named as on the wire; those behind the semicolon may be missing.
macro_rules! structs {
    ($($name:ident { $($field:ident),* $(; $($spare:ident),*)? })*) => {$(
        impl FromTree for $name {
            fn from_tree(tree: Value) -> Result<Self, Unreadable> {
                let mut fields = Fields::of(tree)?;
                Ok(Self {
                    $($field: fields.read(stringify!($field))?,)*
                    $($($spare: fields.read::<Option<_>>(stringify!($spare))?.unwrap_or_default(),)*)?
                })
            }
        }
    )*};
}

structs! {
    Welcome { version, hub, node, session, epoch, seq, resumed, nick, max_upload; rooms, ephemeral }
    Refusal { code, message, until }
    Connected { nick, token, room, topic, users; count, read, unread, mentions, conversations }
    Conversation { with, seq; read, unread }
    Joined { room, topic, users; count, read, unread, mentions }
    Sent { seq, delivered }
    Users { users }
    Person { nick, state, seen, nodes }
    User { nick, state, nodes }
    Rooms { rooms }
    RoomInfo { room, topic, users }
    Nodes { nodes }
    NodeInfo { node, nick, kind, since }
    Pinged { answer, ms }
    Cursors { nodes, behind }
    Behind { node, nick, seq, state, since }
    Page { entries, more }
    Presence { room, count; joined, left, states }
    File { hash, name, size, kind, width, height }
    Reaction { emoji, nicks, count }
    Topic { seq, at, room, from, id, topic }
}

impl FromTree for Done {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        Fields::of(tree).map(|_| Self {})
    }
}

/// Enums that are a name, with serde's own reading of it.
macro_rules! names {
    ($($name:ident)*) => {$(
        impl FromTree for $name {
            fn from_tree(tree: Value) -> Result<Self, Unreadable> {
                let name: StrDeserializer<'_, NameError> = tree.as_str().unwrap_or_default().into_deserializer();
                Self::deserialize(name).map_err(|_| Unreadable::expected("one of the names that are known"))
            }
        }
    )*};
}

names! { State Answer ErrorCode }

impl FromTree for Entry {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        let kind = kind(&tree).to_owned();
        match kind.as_str() {
            "said" => line(tree, |fields, (seq, at, from, id, text, details)| {
                Ok(Self::Said(Said { seq, at, room: fields.read("room")?, from, id, text, details }))
            }),
            "whispered" => line(tree, |fields, (seq, at, from, id, text, details)| {
                Ok(Self::Whispered(Whispered { seq, at, from, to: fields.read("to")?, id, text, details }))
            }),
            "topic" => Topic::from_tree(tree).map(Self::Topic),
            "edited" | "deleted" | "reacted" => {
                let mut fields = Fields::of(tree)?;
                let change = match kind.as_str() {
                    "edited" => Change::Edited { text: fields.read("text")? },
                    "deleted" => Change::Deleted,
                    _ => Change::Reacted { emoji: fields.read("emoji")?, on: fields.read("on")? },
                };
                Ok(Self::Changed(Changed {
                    seq: fields.read("seq")?,
                    at: fields.read("at")?,
                    room: fields.read("room")?,
                    to: fields.read("to")?,
                    from: fields.read("from")?,
                    id: fields.read("id")?,
                    of: fields.read("of")?,
                    change,
                }))
            }
            _ => Err(Unreadable("no message of a known type".to_owned())),
        }
    }
}

/// What lines of both kinds have: `seq`, `at`, `from`, `id`, `text` and the rest.
type Line = (u64, u64, String, String, String, Option<Box<Details>>);

fn line(tree: Value, of: fn(&mut Fields, Line) -> Result<Entry, Unreadable>) -> Result<Entry, Unreadable> {
    let mut fields = Fields::of(tree)?;
    let details = Details {
        reply_to: fields.read("reply_to")?,
        files: fields.read::<Option<_>>("files")?.unwrap_or_default(),
        changed: fields.read("changed")?,
        edited: fields.read("edited")?,
        deleted: fields.read::<Option<_>>("deleted")?.unwrap_or_default(),
        reactions: fields.read::<Option<_>>("reactions")?.unwrap_or_default(),
    };
    let line = (
        fields.read("seq")?,
        fields.read("at")?,
        fields.read("from")?,
        fields.read("id")?,
        fields.read("text")?,
        details.boxed(),
    );
    of(&mut fields, line)
}

impl FromTree for ToNode {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        match kind(&tree) {
            "welcome" => Welcome::from_tree(tree).map(Self::Welcome),
            "synced" => Fields::of(tree)?.read("seq").map(|seq| Self::Synced { seq }),
            "reply" => Reply::from_tree(tree).map(Self::Reply),
            "presence" => Presence::from_tree(tree).map(Self::Presence),
            "read" => {
                let mut fields = Fields::of(tree)?;
                Ok(Self::Read { room: fields.read("room")?, with: fields.read("with")?, seq: fields.read("seq")? })
            }
            "typing" => {
                let mut fields = Fields::of(tree)?;
                Ok(Self::Typing { room: fields.read("room")?, to: fields.read("to")?, from: fields.read("from")? })
            }
            "error" => Refusal::from_tree(tree).map(Self::Error),
            _ => Entry::from_tree(tree).map(Self::Entry),
        }
    }
}

impl FromTree for Reply {
    fn from_tree(tree: Value) -> Result<Self, Unreadable> {
        let mut fields = Fields::of(tree)?;
        let id = fields.read("id")?;
        let outcome = match fields.0.get_mut("ok") {
            Some(ok) => Outcome::Ok(ok.take()),
            None => Outcome::Error(fields.read("error")?),
        };
        Ok(Self { id, outcome })
    }
}

fn kind(tree: &Value) -> &str {
    tree.get("type").and_then(Value::as_str).unwrap_or_default()
}

/// The same for whoever reads by way of serde.
macro_rules! deserialize {
    ($($name:ident)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::from_tree(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

deserialize! {
    ToNode Welcome Presence Entry Refusal Connected Joined Sent Done Users Person Rooms Nodes Pinged Page Cursors
}
