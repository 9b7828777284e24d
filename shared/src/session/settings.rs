//! What a session begins with, and what of it can be kept.

use crate::message::ToHub;

/// What a session is made of. Not `Debug`: it holds the cookie, the token and the session's secret.
#[derive(Clone, Default)]
pub struct Settings {
    /// The hub's shared secret, where one is known.
    pub cookie: Option<String>,
    /// The local node name wished for.
    pub node: Option<String>,
    /// What sort of node this is: `tab`, `terminal`, `bot`.
    pub kind: Option<String>,
    /// The nick to connect with as soon as the hub has said welcome; without one the session
    /// is online without a nick and waits for a `connect`.
    pub nick: Option<String>,
    /// What an earlier `connect` gave for that nick.
    pub token: Option<String>,
    /// Rooms to be in beside the lobby; those beyond [`super::MAX_ROOMS`] are passed over.
    pub rooms: Vec<String>,
    /// [`Position::session`] of the session that this one follows, as after a reload of the page: the hub
    /// gives the node its name back, and nobody hears of the change. At most one session may live by it.
    pub session: Option<String>,
    /// Lines of that nick which an earlier session could not get through, as
    /// [`super::Session::unsent_lines`] told them; see [`super::Session::adopt`].
    pub lines: Vec<Line>,
    /// This node has processes: signals for it are delivered.
    pub processes: bool,
    /// This node keeps a copy of the store; see [`super::Session::keep_store`].
    pub store: bool,
    /// The hub is on this very device (a loopback address), so it is tried without a network as well.
    pub local: bool,
    /// Fresh from the platform's random generator for *every* session, never stored: it makes
    /// the ids of this session's requests unique for ever, and the jitter of its backoff.
    pub random: [u8; 16],
}

/// Where this client stands in the hub's log. Fit to be stored at any time.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// The secret of the last welcome; before the first, the one it was made with.
    pub session: String,
    /// The log it is a position of; empty before the first welcome.
    pub epoch: String,
    /// The last entry seen. Where the hub could not resume, entries before it are still being asked for.
    pub seq: u64,
}

/// A line on its way to the log, a change of one, or something for the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The request that makes the entry ([`ToHub::makes_entry`]). Its id is the entry's too: sent twice, it is made once.
    pub request: ToHub,
    /// When it was typed, in milliseconds since 1970 UTC.
    pub at: u64,
    /// The log ([`Position::epoch`]) whose lines the request speaks of, if it speaks of any; empty before the first
    /// welcome, when it is that of whichever hub answers first.
    pub epoch: String,
}

impl Line {
    /// The id of its request.
    pub fn id(&self) -> &str {
        self.request.id().unwrap_or_default()
    }
}
