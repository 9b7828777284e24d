//! The trait of what holds the log, and the words it speaks. Nothing outside this
//! module may know how the log is stored.
//!
//! A backplane numbers and keeps entries, decides who owns a nick, and reads pages of
//! the log; it also keeps what must outlive the hub beside the log: sessions and read positions.
//! What was asked of it comes back on its one [`Tail`], in the order in which
//! it became durable: so entries leave the hub in `seq` order and never before they are safe.

mod local;
mod words;

use std::future::Future;
use std::pin::Pin;

use serde_json::Value;
use shared::entry::{Entry, File};
use shared::message::Conversation;
use shared::nick::Nick;
use shared::store::{self, Pair};
use tokio::sync::mpsc;

pub use local::{Contents, CopyError, Export, FreeError, Local, OpenError};
pub use words::{Words, WordsError};

/// Who took a nick, for as long as the log lives. Private messages and ids belong to
/// the owner, not to the string: when a nick changes hands, a new owner begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerId(pub i64);

/// A node's standing with the hub, which outlives its connections and the hub's own restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub i64);

/// What is kept of a session's secret: its SHA-256 (`secret::hash`).
pub type SecretHash = [u8; 32];

/// The asker's own number of a request to the backplane; comes back with its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// What becomes durable comes back here, in order. Each item is one commit.
pub type Tail = mpsc::Receiver<Vec<Outcome>>;

/// An entry that is to be appended.
#[derive(Clone, Debug)]
pub struct Draft {
    pub owner: OwnerId,
    /// The owner's nick, as it is shown.
    pub from: String,
    /// Unique for this owner in the log, for ever.
    pub id: String,
    pub what: What,
    /// Whom it is for; a change is for those whom its line was for.
    pub to: Audience,
}

/// What an entry is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Line {
        text: String,
        /// The `seq` of the line of the same place that it answers.
        reply_to: Option<u64>,
        files: Vec<File>,
        /// Whom it names, each once and not its author. Only in rooms; in private talk every line is to somebody.
        mentions: Vec<OwnerId>,
    },
    /// Another text for a line of one's own.
    Edit { of: u64, text: String },
    /// A line of one's own taken back.
    Delete { of: u64 },
    /// A reaction to a line, put or taken away.
    React { of: u64, emoji: String, on: bool },
    /// What a room is about from now on; nothing where it is empty.
    Topic { topic: String },
    /// A value for a key of the store, and the same as it is kept (`shared::store::check_value`).
    Put {
        key: String,
        value: Value,
        json: String,
        /// The version that the key must have now; 0: it must not be there.
        version: Option<u64>,
    },
    /// A key of the store is to be there no longer.
    Remove { key: String, version: Option<u64> },
}

/// Why an entry cannot be made, as the log alone knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// There is no line of that `seq` in that place, or it was deleted.
    NoSuchEntry(u64),
    /// The line is another owner's.
    NotYours,
    /// The line has `shared::wire::MAX_REACTIONS` kinds of reaction, and this is a further one.
    TooManyReactions,
    /// The key's version is this one, and not the one that it was to be; 0: it is not there.
    VersionConflict(u64),
    /// The store holds as much as it may (`shared::store::Load`).
    StoreFull,
}

/// Who an entry is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everyone in a room. `key` is what the room is known by, `name` what it is called.
    Room { key: String, name: String },
    /// One other owner.
    Owner {
        owner: OwnerId,
        nick: String,
        /// How many of their nodes were there when it was sent; part of the first answer, which a retry gets again.
        nodes: u32,
    },
    /// All who keep a copy of the store.
    Everyone,
}

/// A nick that is to be taken.
#[derive(Clone, Debug)]
pub struct Claim {
    pub nick: Nick,
    /// The secret given at the first claim, if there was one. A session that has the nick already needs none
    /// and gets a fresh one, since the answer that had the first may have been lost; that one then ends.
    pub token: Option<String>,
    /// The session that takes it: from now on it is kept, with the nick and the lobby. If it had another
    /// nick before, it has left the rooms it was in under that.
    pub session: SessionDraft,
}

/// A session that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDraft {
    /// What it is known by: one that is kept already under this hash is written over.
    pub secret: SecretHash,
    /// The local part of the node's name.
    pub node: String,
    pub kind: String,
}

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub secret: SecretHash,
    pub owner: OwnerId,
    /// The owner's nick, as it is shown.
    pub nick: String,
    /// The local part of the node's name.
    pub node: String,
    pub kind: String,
    /// The names of its rooms.
    pub rooms: Vec<String>,
}

/// How far a person has read a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// All up to here is read.
    pub read: u64,
    /// How many lines of others came after it; counted up to `shared::wire::MAX_UNREAD`.
    pub unread: u32,
    /// How many of them name this person; counted likewise.
    pub mentions: u32,
}

/// What came of a request.
#[derive(Debug)]
pub enum Outcome {
    /// The entry is durable. `ticket` is the request that made it, if this hub did.
    Appended { ticket: Option<Ticket>, committed: Committed },
    /// This owner has sent this id before: the answer it got then.
    Repeated { ticket: Ticket, seq: u64, nodes: Option<u32> },
    /// It would change nothing, so there is no entry of it; `seq` is that of the line it speaks of.
    Unchanged { ticket: Ticket, seq: u64 },
    /// There can be no such entry.
    Rejected { ticket: Ticket, why: Rejection },
    /// The nick is the asker's.
    Claimed { ticket: Ticket, claimed: Claimed },
    /// The nick, or one that looks like it, is another's until then (milliseconds since 1970 UTC).
    Taken { ticket: Ticket, until: u64 },
    /// The session is kept, and counts as present; none if there is none of that secret, or its owner
    /// has lost the nick.
    Resumed { ticket: Ticket, session: Option<Session> },
    /// The session is in that room.
    Entered { ticket: Ticket, standing: Standing },
    /// It is done; `changed` tells whether anything is otherwise than before.
    Done { ticket: Ticket, changed: bool },
    /// This owner has never sent this id.
    Unsent { ticket: Ticket },
    /// Nothing was changed; the reason is for the log.
    Failed { ticket: Ticket },
}

/// An entry of the log with what is needed to route it.
#[derive(Clone, Debug)]
pub struct Committed {
    pub entry: Entry,
    pub route: Route,
    /// Hashes of files that no line names any more.
    pub orphans: Vec<String>,
    /// Removals of keys up to here are forgotten with it: see [`Known::store_since`].
    pub forgot: Option<u64>,
}

impl Committed {
    /// An entry with which nothing else is gone.
    fn new(entry: Entry, route: Route) -> Self {
        Self { entry, route, orphans: Vec::new(), forgot: None }
    }
}

/// Whom an entry of the log concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The key of a room.
    Room(String),
    /// The two ends of a private message.
    Owners(OwnerId, OwnerId),
    /// All who keep a copy of the store.
    Everyone,
}

/// A nick that was taken.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub owner: OwnerId,
    /// As it is shown: the spelling of its first claim.
    pub nick: String,
    pub token: String,
    pub session: SessionId,
    /// How far the owner has read the lobby.
    pub lobby: Standing,
    /// The latest first.
    pub conversations: Vec<Conversation>,
    /// Those who had this nick, or one that looks like it, and lost it by this.
    pub former: Vec<OwnerId>,
}

/// What a read is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The key of a room.
    Room(String),
    /// What two owners told each other.
    Owners(OwnerId, OwnerId),
}

/// Which part of the scope a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    Newest,
    /// The newest entries with a smaller `seq`.
    Before(u64),
    /// The oldest entries with a greater `seq`.
    After(u64),
}

/// A page of the log that is asked for.
#[derive(Clone, Debug)]
pub struct Query {
    pub scope: Scope,
    pub range: Range,
    /// At most so many entries; fewer where their texts are long.
    pub limit: u32,
}

/// The part of the log that a node is to hear: what is said in its rooms, its owner's private messages, and what became
/// of the store, of each key the latest entry alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The keys of rooms.
    pub rooms: Vec<String>,
    pub owner: Option<OwnerId>,
    /// Whether the store is part of it.
    pub store: bool,
    /// Only entries with a greater `seq`.
    pub after: u64,
    /// Only entries up to here, which the tail must have told of: below a later one, entries may still come.
    pub upto: u64,
    /// At most so many entries, at least 1; fewer where their texts are long.
    pub limit: u32,
}

/// Entries of a [`Passage`], oldest first, and up to where nothing of it is left out.
pub type PassageResult = Result<(Vec<Entry>, u64), ReadError>;

/// Lines that are searched for.
#[derive(Clone, Debug)]
pub struct Search {
    pub words: Words,
    /// Only lines of these; of none where there are none.
    pub places: Vec<Place>,
    /// Only lines of this author.
    pub from: Option<OwnerId>,
    /// Only lines of this time or later, in milliseconds since 1970 UTC.
    pub since: Option<u64>,
    /// Only lines of before this time, in milliseconds since 1970 UTC.
    pub until: Option<u64>,
    /// Only lines with a smaller `seq`.
    pub before: Option<u64>,
    /// At most so many entries, at least 1; fewer where their texts are long.
    pub limit: u32,
}

/// Where a line may be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The key of a room.
    Room(String),
    /// What two owners told each other.
    Pair(OwnerId, OwnerId),
    /// Whatever this owner told others, and they this owner.
    Whispers(OwnerId),
}

/// Why a page could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("too many reads are waiting")]
    Busy,
    #[error("the log cannot be read")]
    Broken,
    #[error("it takes too long")]
    Late,
}

/// Entries oldest first, and whether there are more in the direction asked for; what was searched for, newest first.
pub type ReadResult = Result<(Vec<Entry>, bool), ReadError>;

/// What is known when a hub starts.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The log's name.
    pub epoch: String,
    /// The newest entry's position; 0 in an empty log.
    pub head: u64,
    /// Every owner whose nick is still theirs.
    pub owners: Vec<KnownOwner>,
    /// The rooms in which something was said.
    pub rooms: Vec<KnownRoom>,
    /// The hashes of files that lines name, each with the time of the newest of them (milliseconds since 1970 UTC).
    pub files: Vec<(String, u64)>,
    /// The sessions that were present when the last hub ended, and count as such still.
    pub sessions: Vec<Session>,
    /// What is in the store, by the keys' bytes. Told once: it may be some megabytes.
    pub store: Vec<Pair>,
    /// Removals of keys up to here are forgotten: a copy of the store as of an earlier `seq` cannot be brought up to date
    /// by a [`Passage`]. 0 if all are remembered.
    pub store_since: u64,
}

/// An owner of whom the log knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOwner {
    pub owner: OwnerId,
    /// As it is shown.
    pub nick: String,
    /// When the last of their nodes was there, in milliseconds since 1970 UTC; none while one is present.
    pub seen: Option<u64>,
}

/// A room of which the log knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRoom {
    /// As it is called.
    pub name: String,
    /// What it is about, if anything.
    pub topic: Option<String>,
}

/// About how many bytes an entry is, beyond its frame.
pub fn bytes_of(entry: &Entry) -> usize {
    /// A file's hash, size and measures.
    const FILE: usize = 128;
    let details = match entry {
        Entry::Put(put) => return put.key.len() + store::weight(&put.value),
        Entry::Removed(removed) => return removed.key.len(),
        entry => entry.details(),
    };
    let Some(details) = details else { return entry.text().len() };
    let files = details.files.iter().map(|file| FILE + file.name.len() + file.kind.len());
    let nicks = |nicks: &[String]| nicks.iter().map(|nick| nick.len() + 3).sum::<usize>();
    let reactions = details.reactions.iter().map(|reaction| 32 + reaction.emoji.len() + nicks(&reaction.nicks));
    entry.text().len() + files.sum::<usize>() + reactions.sum::<usize>()
}

/// Holds the log. A request never waits: it is queued, or refused with [`Full`], and its
/// outcome comes on the tail.
pub trait Backplane: Send + Sync + 'static {
    /// What is known at the start. To be asked once, before anything else.
    fn known(&self) -> Known;

    /// The one tail; none when it was taken before.
    fn tail(&self) -> Option<Tail>;

    /// Appends an entry: [`Outcome::Appended`], [`Outcome::Repeated`], [`Outcome::Unchanged`],
    /// [`Outcome::Rejected`] or [`Outcome::Failed`]. A change of a line is an entry of its own, and with it the line is
    /// otherwise: from then on it is read as it is now. What was taken back is not read again, as whatever it was, and
    /// soon stands nowhere any more. Of the values that a key of the store had, only the latest is kept, and none of one
    /// that was removed; whether a key has the version asked for is decided here, one request after the other.
    fn append(&self, ticket: Ticket, draft: Draft) -> Result<(), Full>;

    /// Asks what became of an id: [`Outcome::Repeated`], [`Outcome::Unsent`] or [`Outcome::Failed`].
    /// It takes its turn behind what was asked to be appended before.
    fn recall(&self, ticket: Ticket, owner: OwnerId, id: String) -> Result<(), Full>;

    /// Takes a nick: [`Outcome::Claimed`], [`Outcome::Taken`] or [`Outcome::Failed`].
    /// Its owner counts as present until [`Backplane::left`].
    fn claim(&self, ticket: Ticket, claim: Claim) -> Result<(), Full>;

    /// A node of that secret is back: [`Outcome::Resumed`] or [`Outcome::Failed`]. The session and its
    /// owner count as present from then on.
    fn resume(&self, ticket: Ticket, secret: SecretHash) -> Result<(), Full>;

    /// The session's node enters a room: [`Outcome::Entered`] or [`Outcome::Failed`] (also where the session is
    /// not kept). An owner who comes for the first time has read what was said before.
    fn enter(&self, ticket: Ticket, session: SessionId, key: String, name: String) -> Result<(), Full>;

    /// The session's node leaves a room: [`Outcome::Done`] or [`Outcome::Failed`].
    fn leave(&self, ticket: Ticket, session: SessionId, key: String) -> Result<(), Full>;

    /// The session's node lets go of its nick; nothing is kept of the session: [`Outcome::Done`] or
    /// [`Outcome::Failed`].
    fn release(&self, ticket: Ticket, session: SessionId) -> Result<(), Full>;

    /// The session's node has been away for longer than its lease. It can still be resumed.
    fn depart(&self, session: SessionId) -> Result<(), Full>;

    /// The owner's last node has left; from now on the time runs after which the nick falls free.
    fn left(&self, owner: OwnerId) -> Result<(), Full>;

    /// An owner has read a place up to `seq` (or the log's newest entry, where that is less), which never
    /// moves back: [`Outcome::Done`] or [`Outcome::Failed`]. A room the owner never was in and a
    /// conversation they never had stay without a position.
    fn mark_read(&self, ticket: Ticket, owner: OwnerId, scope: Scope, seq: u64) -> Result<(), Full>;

    /// Reads a page of the log.
    fn read(&self, query: Query) -> Pin<Box<dyn Future<Output = ReadResult> + Send>>;

    /// Searches lines for what they say now. A line can be found as soon as it was told of on the tail. Where it is told
    /// that there are more, there is at least one entry; a search that takes too long without one is [`ReadError::Late`].
    fn search(&self, search: Search) -> Pin<Box<dyn Future<Output = ReadResult> + Send>>;

    /// Reads what a node is to hear, in O(entries read + rooms).
    fn follow(&self, passage: Passage) -> Pin<Box<dyn Future<Output = PassageResult> + Send>>;
}

/// More requests wait than the backplane will hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log has more to write than it can hold in its queue")]
pub struct Full;
