//! What this browser keeps from one visit to the next. A browser may refuse (private windows,
//! full or forbidden storage); then the visit goes on and the next one starts anew.

use std::collections::BTreeMap;

use crate::page::window;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::transcript::Place;
use web_sys::Storage;

const IDENTITY: &str = "hubbub.identity";
const COOKIE: &str = "hubbub.cookie";
const ROOMS: &str = "hubbub.rooms";
const READ: &str = "hubbub.read";
const DRAFT: &str = "hubbub.draft.";
const NODE: &str = "hubbub.node";

/// Who this browser was at its last visit.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) nick: String,
    /// Proves that the nick is ours.
    pub(crate) token: Option<String>,
    /// Whether a reload goes straight back in: not after `/quit`.
    pub(crate) inside: bool,
}

/// How far each place was read, in the log that `epoch` names.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Read {
    pub(crate) epoch: String,
    rooms: BTreeMap<String, u64>,
    with: BTreeMap<String, u64>,
}

impl Read {
    pub(crate) fn new<'a>(epoch: String, positions: impl Iterator<Item = (&'a Place, u64)>) -> Self {
        let mut read = Self { epoch, ..Self::default() };
        for (place, seq) in positions {
            match place {
                Place::Room(room) => read.rooms.insert(room.clone(), seq),
                Place::With(nick) => read.with.insert(nick.clone(), seq),
            };
        }
        read
    }

    pub(crate) fn positions(self) -> impl Iterator<Item = (Place, u64)> {
        let rooms = self.rooms.into_iter().map(|(room, seq)| (Place::Room(room), seq));
        rooms.chain(self.with.into_iter().map(|(nick, seq)| (Place::With(nick), seq)))
    }
}

pub(crate) fn identity() -> Option<Identity> {
    get(&local()?, IDENTITY)
}

pub(crate) fn keep_identity(identity: &Identity) {
    put(local(), IDENTITY, identity);
}

pub(crate) fn cookie() -> Option<String> {
    get(&local()?, COOKIE)
}

pub(crate) fn keep_cookie(cookie: &str) {
    put(local(), COOKIE, &cookie);
}

/// The rooms this browser was in.
pub(crate) fn rooms() -> Vec<String> {
    local().and_then(|store| get(&store, ROOMS)).unwrap_or_default()
}

pub(crate) fn keep_rooms(rooms: &[String]) {
    put(local(), ROOMS, &rooms);
}

pub(crate) fn read() -> Option<Read> {
    get(&local()?, READ)
}

pub(crate) fn keep_read(read: &Read) {
    put(local(), READ, read);
}

/// What was typed at a place and not sent.
pub(crate) fn draft(place: &Place) -> Option<String> {
    get(&local()?, &draft_key(place))
}

pub(crate) fn keep_draft(place: &Place, text: &str) {
    if text.is_empty() {
        if let Some(store) = local() {
            // Nothing is lost by a draft that cannot be taken away.
            let _ = store.remove_item(&draft_key(place));
        }
    } else {
        put(local(), &draft_key(place), &text);
    }
}

/// The node name of this tab, which a reload keeps and another tab does not share.
pub(crate) fn node() -> Option<String> {
    get(&session()?, NODE)
}

pub(crate) fn keep_node(name: &str) {
    put(session(), NODE, &name);
}

fn draft_key(place: &Place) -> String {
    let kind = match place {
        Place::Room(_) => "#",
        Place::With(_) => "@",
    };
    format!("{DRAFT}{kind}{}", place.name().to_lowercase())
}

fn local() -> Option<Storage> {
    window().local_storage().ok()?
}

fn session() -> Option<Storage> {
    window().session_storage().ok()?
}

fn get<T: DeserializeOwned>(store: &Storage, key: &str) -> Option<T> {
    serde_json::from_str(&store.get_item(key).ok()??).ok()
}

fn put<T: Serialize + ?Sized>(store: Option<Storage>, key: &str, value: &T) {
    if let (Some(store), Ok(text)) = (store, serde_json::to_string(value)) {
        // See the head of this file.
        let _ = store.set_item(key, &text);
    }
}
