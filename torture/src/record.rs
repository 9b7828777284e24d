//! What each client writes down of what it lives through. The checker knows nothing else.

use crate::line::{Id, Line, Place, Spoken};
use crate::look::Sight;
use crate::storing::{Come, Done};

/// What happened to a client, in the order in which its session told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A line was asked of the session; again when the client began anew with lines left over.
    Asked {
        line: Line,
        place: Place,
        id: Id,
    },
    /// The hub says that it is on disk.
    Acknowledged {
        line: Line,
        seq: u64,
    },
    Refused {
        line: Line,
        why: String,
    },
    /// A reaction came too late: the line was taken back.
    TooLate(Line),
    /// Told, heard or on a page, of how a line is.
    Saw(Sight),
    Welcomed(Welcomed),
    /// The nick is ours, and so is the lobby.
    Connected,
    /// The connection is gone.
    Lost,
    Heard(Spoken),
    /// It came by a page of history.
    Paged(Spoken),
    /// All up to here that this client may see was heard.
    Synced {
        seq: u64,
    },
    /// About to ask for a room.
    Joining(u8),
    Joined(u8),
    /// That request has ended otherwise; only the hub knows whether it was done.
    NotJoined(u8),
    /// About to ask to leave a room.
    Leaving(u8),
    Left(u8),
    /// The client stopped and began anew, with its session's secret and the lines it had left over.
    Restarted,
    /// Something that nobody should have said to it.
    Strange(String),
}

/// How the hub received a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Welcomed {
    pub(crate) resumed: bool,
    /// The log's end.
    pub(crate) seq: u64,
    /// Names the log.
    pub(crate) epoch: Id,
    /// The rooms it is in, one bit for each.
    pub(crate) rooms: u64,
}

/// What a client lived through.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// Its nick; another client may have the same.
    pub(crate) nick: u16,
    pub(crate) events: Vec<Event>,
}

/// All that is known of a run.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// By the number of the client.
    pub(crate) lives: Vec<Life>,
    /// Acknowledged lines that were asked for again, with the answer they then got.
    pub(crate) asked_again: Vec<(Line, u64)>,
    /// The log as it was read at the end, in the order of its pages: every room, every pair of nicks.
    pub(crate) log: Vec<Spoken>,
    /// What that reading told of how lines are.
    pub(crate) sights: Vec<Sight>,
    /// Of each client that keeps a copy of the store what it did to it, and what the copy has come to.
    pub(crate) copies: Vec<(usize, (Done, Come))>,
    /// The store as the hub had it at the end.
    pub(crate) store: Option<Come>,
}
