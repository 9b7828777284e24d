//! What this browser keeps from one visit to the next. A browser may refuse (private windows,
//! full or forbidden storage); then the visit goes on and the next one starts anew.

use shared::letters;
use shared::transcript::Place;
use web_sys::Storage;

use crate::page::window;

const IDENTITY: &str = "hubbub.identity";
const INSIDE: &str = "inside";
const COOKIE: &str = "hubbub.cookie";
const ROOMS: &str = "hubbub.rooms";
const DRAFT: &str = "hubbub.draft.";
const NODE: &str = "hubbub.node";
const SESSION: &str = "hubbub.session";
const SETTINGS: &str = "hubbub.settings";
const LINE: &str = "hubbub.line.";
const EMOJI: &str = "hubbub.emoji";
const MUTED: &str = "hubbub.muted";
const HISTORY: &str = "hubbub.history";
const CONSENT: &str = "hubbub.consent";
const PROGRAMS: &str = "hubbub.programs";

/// Who this browser was at its last visit.
#[derive(Clone, Default)]
pub(crate) struct Identity {
    pub(crate) nick: String,
    /// Proves that the nick is ours.
    pub(crate) token: Option<String>,
    /// Whether a reload goes straight back in: not after `/quit`.
    pub(crate) inside: bool,
}

/// `#room` or `@nick`.
pub(crate) fn sign(place: &Place) -> String {
    let sign = match place {
        Place::Room(_) => '#',
        Place::With(_) => '@',
    };
    format!("{sign}{}", place.name())
}

// Names hold no line breaks, so a list of them is a text of several lines: that needs no code to read or write.

pub(crate) fn identity() -> Option<Identity> {
    let kept = get_text(local(), IDENTITY)?;
    let mut lines = kept.split('\n').map(str::to_owned);
    let (inside, nick) = (lines.next()? == INSIDE, lines.next()?);
    Some(Identity { nick, token: lines.next(), inside })
}

pub(crate) fn keep_identity(identity: &Identity) {
    let Identity { nick, token, inside } = identity;
    let mut text = format!("{}\n{nick}", if *inside { INSIDE } else { "" });
    if let Some(token) = token {
        text.push('\n');
        text.push_str(token);
    }
    put_text(local(), IDENTITY, &text);
}

pub(crate) fn cookie() -> Option<String> {
    get_text(local(), COOKIE)
}

pub(crate) fn keep_cookie(cookie: &str) {
    put_text(local(), COOKIE, cookie);
}

/// What the person has chosen, as [`crate::settings`] writes it.
pub(crate) fn settings() -> Option<String> {
    get_text(local(), SETTINGS)
}

pub(crate) fn keep_settings(settings: &str) {
    put_text(local(), SETTINGS, settings);
}

/// The rooms this browser was in.
pub(crate) fn rooms() -> Vec<String> {
    lines_of(ROOMS)
}

pub(crate) fn keep_rooms(rooms: &[String]) {
    put_text(local(), ROOMS, &rooms.join("\n"));
}

/// The places that keep quiet, as [`sign`] writes them, in small letters.
pub(crate) fn muted() -> Vec<String> {
    lines_of(MUTED)
}

pub(crate) fn keep_muted(places: &[String]) {
    put_text(local(), MUTED, &places.join("\n"));
}

/// What was typed at a place and not sent.
pub(crate) fn draft(place: &Place) -> Option<String> {
    get_text(local(), &draft_key(place))
}

pub(crate) fn keep_draft(place: &Place, text: &str) {
    if text.is_empty() {
        remove(local(), &draft_key(place));
    } else {
        put_text(local(), &draft_key(place), text);
    }
}

/// Keeps a line under its id, until [`forget_line`]. False where the browser refuses.
pub(crate) fn keep_line(id: &str, line: &str) -> bool {
    put_text(local(), &format!("{LINE}{id}"), line)
}

pub(crate) fn line(id: &str) -> Option<String> {
    get_text(local(), &format!("{LINE}{id}"))
}

pub(crate) fn forget_line(id: &str) {
    remove(local(), &format!("{LINE}{id}"));
}

/// All lines kept, by whichever tab, with their ids; in no order.
pub(crate) fn lines() -> Vec<(String, String)> {
    let Some(store) = local() else { return Vec::new() };
    let count = store.length().unwrap_or(0);
    let line = |at| {
        let key = store.key(at).ok()??;
        Some((line_id(&key)?.to_owned(), store.get_item(&key).ok()??))
    };
    (0..count).filter_map(line).collect()
}

/// The id of the line kept under a key; none where something else is kept.
pub(crate) fn line_id(key: &str) -> Option<&str> {
    key.strip_prefix(LINE)
}

/// The node name of this tab, which a reload keeps and another tab does not share.
pub(crate) fn node() -> Option<String> {
    get_text(session(), NODE)
}

pub(crate) fn keep_node(name: &str) {
    put_text(session(), NODE, name);
}

/// The secret that resumes this tab's session, left by the page before; it is there once.
pub(crate) fn take_session() -> Option<String> {
    let secret = get_text(session(), SESSION);
    remove(session(), SESSION);
    secret
}

/// Leaves it for the page that comes after this one. Only a page that goes may do so: a copy of the tab
/// takes along whatever is stored at that moment, and two may not share a session.
pub(crate) fn leave_session(secret: &str) {
    put_text(session(), SESSION, secret);
}

/// The emoji used last, the latest first.
pub(crate) fn emoji() -> Vec<String> {
    lines_of(EMOJI)
}

pub(crate) fn keep_emoji(emoji: &[String]) {
    put_text(local(), EMOJI, &emoji.join("\n"));
}

/// What was run at the prompt, as [`crate::console::prompt::History`] writes it.
pub(crate) fn history() -> String {
    get_text(local(), HISTORY).unwrap_or_default()
}

pub(crate) fn keep_history(history: &str) {
    put_text(local(), HISTORY, history);
}

/// Who may run programs here, as [`crate::processes::consent::Decisions`] writes it.
pub(crate) fn consent() -> String {
    get_text(local(), CONSENT).unwrap_or_default()
}

pub(crate) fn keep_consent(decisions: &str) {
    put_text(local(), CONSENT, decisions);
}

/// The person's own programs, as [`crate::processes::own::Own`] writes them.
pub(crate) fn programs() -> String {
    get_text(local(), PROGRAMS).unwrap_or_default()
}

/// False where the browser refuses.
pub(crate) fn keep_programs(programs: &str) -> bool {
    put_text(local(), PROGRAMS, programs)
}

fn draft_key(place: &Place) -> String {
    format!("{DRAFT}{}", letters::fold(&sign(place)))
}

fn lines_of(key: &str) -> Vec<String> {
    let kept = get_text(local(), key).unwrap_or_default();
    kept.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn local() -> Option<Storage> {
    window().local_storage().ok()?
}

fn session() -> Option<Storage> {
    window().session_storage().ok()?
}

fn get_text(store: Option<Storage>, key: &str) -> Option<String> {
    store?.get_item(key).ok()?
}

/// False where the browser refuses: see the head of this file.
fn put_text(store: Option<Storage>, key: &str, text: &str) -> bool {
    store.is_some_and(|store| store.set_item(key, text).is_ok())
}

fn remove(store: Option<Storage>, key: &str) {
    if let Some(store) = store {
        // What could not be kept need not be taken away.
        let _ = store.remove_item(key);
    }
}
