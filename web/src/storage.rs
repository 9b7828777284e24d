//! What this browser keeps from one visit to the next. A browser may refuse (private windows,
//! full or forbidden storage); then the visit goes on and the next one starts anew.

use serde::Serialize;
use serde_json::Value;
use shared::transcript::Place;
use web_sys::Storage;

use crate::page::window;

const IDENTITY: &str = "hubbub.identity";
const COOKIE: &str = "hubbub.cookie";
const ROOMS: &str = "hubbub.rooms";
const READ: &str = "hubbub.read";
const DRAFT: &str = "hubbub.draft.";
const NODE: &str = "hubbub.node";

/// Who this browser was at its last visit.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Identity {
    pub(crate) nick: String,
    /// Proves that the nick is ours.
    pub(crate) token: Option<String>,
    /// Whether a reload goes straight back in: not after `/quit`.
    pub(crate) inside: bool,
}

/// How far each place was read, in the log that `epoch` names.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Read {
    pub(crate) epoch: String,
    /// Where this browser first met that log.
    pub(crate) since: u64,
    /// Places as [`sign`] writes them.
    places: Vec<(String, u64)>,
}

impl Read {
    pub(crate) fn new<'a>(epoch: String, since: u64, positions: impl Iterator<Item = (&'a Place, u64)>) -> Self {
        Self { epoch, since, places: positions.map(|(place, seq)| (sign(place), seq)).collect() }
    }

    pub(crate) fn positions(self) -> impl Iterator<Item = (Place, u64)> {
        self.places.into_iter().filter_map(|(signed, seq)| {
            let room = signed.strip_prefix('#').map(|name| Place::Room(name.to_owned()));
            let place = room.or_else(|| signed.strip_prefix('@').map(|name| Place::With(name.to_owned())));
            Some((place?, seq))
        })
    }
}

/// `#room` or `@nick`.
fn sign(place: &Place) -> String {
    let sign = match place {
        Place::Room(_) => '#',
        Place::With(_) => '@',
    };
    format!("{sign}{}", place.name())
}

// What was kept is read out of a JSON tree by hand, as messages are: see `shared::message`.

pub(crate) fn identity() -> Option<Identity> {
    let kept = get(IDENTITY)?;
    Some(Identity {
        nick: text(kept.get("nick")?)?,
        token: kept.get("token").and_then(text),
        inside: kept.get("inside") == Some(&Value::Bool(true)),
    })
}

pub(crate) fn keep_identity(identity: &Identity) {
    put(IDENTITY, identity);
}

pub(crate) fn cookie() -> Option<String> {
    get_text(local(), COOKIE)
}

pub(crate) fn keep_cookie(cookie: &str) {
    put_text(local(), COOKIE, cookie);
}

/// The rooms this browser was in.
pub(crate) fn rooms() -> Vec<String> {
    let kept = get(ROOMS);
    kept.iter().filter_map(Value::as_array).flatten().filter_map(text).collect()
}

pub(crate) fn keep_rooms(rooms: &[String]) {
    put(ROOMS, &rooms);
}

pub(crate) fn read() -> Option<Read> {
    let kept = get(READ)?;
    let place = |pair: &Value| Some((text(pair.get(0)?)?, pair.get(1)?.as_u64()?));
    Some(Read {
        epoch: text(kept.get("epoch")?)?,
        since: kept.get("since")?.as_u64()?,
        places: kept.get("places")?.as_array()?.iter().filter_map(place).collect(),
    })
}

pub(crate) fn keep_read(read: &Read) {
    put(READ, read);
}

/// What was typed at a place and not sent.
pub(crate) fn draft(place: &Place) -> Option<String> {
    get_text(local(), &draft_key(place))
}

pub(crate) fn keep_draft(place: &Place, text: &str) {
    if text.is_empty() {
        if let Some(store) = local() {
            // Nothing is lost by a draft that cannot be taken away.
            let _ = store.remove_item(&draft_key(place));
        }
    } else {
        put_text(local(), &draft_key(place), text);
    }
}

/// The node name of this tab, which a reload keeps and another tab does not share.
pub(crate) fn node() -> Option<String> {
    get_text(session(), NODE)
}

pub(crate) fn keep_node(name: &str) {
    put_text(session(), NODE, name);
}

fn draft_key(place: &Place) -> String {
    format!("{DRAFT}{}", sign(place).to_lowercase())
}

fn local() -> Option<Storage> {
    window().local_storage().ok()?
}

fn session() -> Option<Storage> {
    window().session_storage().ok()?
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn get(key: &str) -> Option<Value> {
    serde_json::from_str(&get_text(local(), key)?).ok()
}

fn put<T: Serialize + ?Sized>(key: &str, value: &T) {
    if let Ok(text) = serde_json::to_string(value) {
        put_text(local(), key, &text);
    }
}

fn get_text(store: Option<Storage>, key: &str) -> Option<String> {
    store?.get_item(key).ok()?
}

fn put_text(store: Option<Storage>, key: &str, text: &str) {
    if let Some(store) = store {
        // See the head of this file.
        let _ = store.set_item(key, text);
    }
}
