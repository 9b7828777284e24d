//! What a session tells: the driver what to do, the app what it learnt.

use std::fmt;

use crate::entry::Entry;
use crate::message::{
    Connected, Cursors, Down, Incoming, Joined, Nodes, NodesChanged, Page, Pairs, Person, Pinged, Presence, Refusal,
    Rooms, Sent, ToHub, Unreachable, Users, Welcome,
};
use crate::transcript::Place;

/// What the driver is to do. Its `Debug` shows no frame: one may hold the cookie.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "an effect lives only from here to the driver")]
pub enum Effect {
    /// Open a WebSocket to the hub. All it does is reported under this number. At most one is
    /// open or opening at a time.
    Open { socket: u32 },
    /// Send a text frame.
    Send { socket: u32, frame: String },
    /// Close that socket (code 1000). What it still reports is passed over.
    Close { socket: u32 },
    /// Something for the app: fold it into its [`crate::transcript::Transcript`], show it.
    Deliver(Delivery),
    /// The state of the connection has changed to this.
    Phase(Phase),
}

impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { socket } => write!(f, "Open({socket})"),
            Self::Send { socket, frame } => write!(f, "Send({socket}, {} bytes)", frame.len()),
            Self::Close { socket } => write!(f, "Close({socket})"),
            Self::Deliver(_) => write!(f, "Deliver"),
            Self::Phase(phase) => phase.fmt(f),
        }
    }
}

/// The state of the connection, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not started, or stopped.
    Idle,
    /// A socket opens, or hello, nick and rooms are being said.
    Connecting,
    /// The hub answers; nick (if there is one) and rooms are ours.
    Online,
    /// The connection was lost; the next attempt (the `attempt`th since) is made at `until`.
    Waiting { until: u64, attempt: u32 },
    /// The connection was lost, and the device says that it has no network: the next attempt is made when
    /// it has one, or a person wants it ([`super::Session::retry`]).
    Offline,
    /// The hub wants a cookie, or another one: see [`super::Session::give_cookie`].
    CookieWanted { why: String },
    /// The hub does not want this client back; [`super::Session::retry`] tries all the same.
    Refused { why: String },
}

/// What the app is told. A `connect` among it holds the token: not for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The hub has said welcome. `new_log`: its log is not the one known until now, so what was
    /// received before is of another log; never set at the first welcome.
    Welcomed { welcome: Welcome, new_log: bool },
    /// The connection is gone; what is said until it is back comes afterwards. Where the hub resumes, it comes
    /// as it was said, before `Synced`; where not, as pages of `history` that the session asks for by itself.
    Lost,
    /// A line, or a change of one, is in the outbox, one asked for or one of an earlier session; it stays there until
    /// it is `Answered`.
    Sending { request: ToHub },
    /// An entry, as it was said.
    Heard(Entry),
    /// Who came, went or changed state.
    Presence(Presence),
    /// `from` is writing at a place.
    Typing { place: Place, from: String },
    /// All entries up to `seq` that this node may see have been heard.
    Synced { seq: u64 },
    /// This person has read a place up to `seq` on another of their nodes.
    Read { place: Place, seq: u64 },
    /// A request has ended: one of the app's, or one that the session made by itself (`connect`,
    /// `join`, `leave`, `history` and `list_users` after a return). A refused `connect` of its own means that the
    /// nick is lost and [`super::Session::nick`] none. What is refused for now only (`unavailable`,
    /// `rate_limited`) the session asks again, where it asked by itself, and says nothing.
    Answered { request: ToHub, answer: Result<Response, Refusal> },
    /// The hub complains about a frame, without saying which.
    Complaint(Refusal),
    /// A process of another node says something to one of this.
    Signal(Incoming),
    /// Nothing of what was signalled to that node was delivered.
    Unreachable(Unreachable),
    /// The tie to that node has broken.
    Down(Down),
    /// How the list of nodes has changed, after a `list_nodes` that follows it.
    Nodes(NodesChanged),
}

/// What a request gave; which one follows from the request (see [`ToHub`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    Connected(Connected),
    Joined(Joined),
    /// To `leave`, `disconnect` and `read`.
    Done,
    Sent(Sent),
    Users(Users),
    Person(Person),
    Rooms(Rooms),
    Nodes(Nodes),
    Pinged(Pinged),
    Page(Page),
    Cursors(Cursors),
    Pairs(Pairs),
}
