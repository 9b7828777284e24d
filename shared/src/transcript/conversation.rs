//! One room or private conversation.

mod altering;
mod changing;
mod listening;
mod notices;
mod pending;
mod reach;
mod receiving;
mod topic;
mod trimming;
mod typing;
mod unread;
mod window;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use self::changing::Changing;
pub use self::changing::PendingChange;
pub use self::reach::Reach;
use self::reach::Reached;
pub use self::receiving::wants_more;
use self::typing::Typing;
use self::unread::Reading;
pub use self::window::Window;
use super::coverage::Coverage;
use super::people::People;
use super::{Notice, Pending, Place};
use crate::entry::Entry;
use crate::letters::fold;
use crate::message::{ToHub, User};
use crate::wire::DEFAULT_PAGE;

/// One room or private conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub(super) place: Place,
    /// The nick this node speaks as, folded: its lines are never unread.
    me: Option<String>,
    joined: bool,
    topic: Option<String>,
    /// The entry that set it, or one not before that.
    topic_as_of: u64,
    pub(super) people: People,
    /// `people` are as they were on a connection that is gone.
    stale: bool,
    /// The newest entry known to exist, held or not.
    latest: u64,
    /// The line being looked at, while not the end is followed.
    held: Option<u64>,
    /// What is said here is heard now.
    live: bool,
    /// Where the stretch began that reached the present when the connection was lost: where the hub
    /// takes the session up again nothing is missing from it.
    suspended: Option<u64>,
    /// The newest page was loaded, and the place not left since.
    loaded: bool,
    /// What follows the last line held is not coming by itself: it was dropped, could not be had, or was said
    /// while we had left.
    cut: bool,
    /// Lines as they are shown, and topics.
    rows: BTreeMap<u64, Arc<Entry>>,
    /// What rows and their changes take, in bytes.
    bytes: usize,
    changing: Changing,
    coverage: Coverage,
    /// Each with the `seq` of the line it stands behind, never descending.
    notices: VecDeque<(u64, Arc<Notice>)>,
    pending: Vec<Arc<Pending>>,
    reading: Reading,
    reached: Reached,
    typing: Typing,
    /// Places looked at later have a greater one.
    looked_at: u64,
}

impl Conversation {
    /// Nothing is held. Until the hub says how far it was read, that counts as `read_to`.
    pub(super) fn new(place: Place, me: Option<String>, read_to: u64) -> Self {
        Self {
            place,
            me,
            joined: false,
            topic: None,
            topic_as_of: 0,
            people: People::default(),
            stale: false,
            latest: 0,
            held: None,
            live: false,
            suspended: None,
            loaded: false,
            cut: false,
            rows: BTreeMap::new(),
            bytes: 0,
            changing: Changing::default(),
            coverage: Coverage::default(),
            notices: VecDeque::new(),
            pending: Vec::new(),
            reading: Reading::guess(read_to),
            reached: Reached::default(),
            typing: Typing::default(),
            looked_at: 0,
        }
    }

    /// Spelled as the hub spells it, once it has.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether this node is in the room; always true of private conversations.
    pub fn joined(&self) -> bool {
        self.joined || matches!(self.place, Place::With(_))
    }

    /// The lines alone, by `seq`.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.rows.values().filter(|row| row.is_line())
    }

    /// A line, if it is held.
    pub fn line(&self, seq: u64) -> Option<&Arc<Entry>> {
        self.rows.get(&seq).filter(|row| row.is_line())
    }

    /// The line being looked at, while not the end is followed.
    pub fn held(&self) -> Option<u64> {
        self.held
    }

    /// Whether a line, or a topic, is held.
    pub fn holds(&self, seq: u64) -> bool {
        self.rows.contains_key(&seq)
    }

    /// The newest line or topic held: who sees it has read all up to it.
    pub fn newest(&self) -> Option<u64> {
        self.rows.last_key_value().map(|(seq, _)| *seq)
    }

    /// The newest own line known, held or not.
    pub fn newest_own(&self) -> Option<u64> {
        Some(self.reached.newest_own()).filter(|seq| *seq > 0)
    }

    /// The newest own line that can be edited.
    pub fn own_last(&self) -> Option<&Arc<Entry>> {
        let newest = self.line(self.reached.newest_own()).into_iter();
        // Where it was taken back, or is not held, all are looked at.
        newest
            .chain(self.lines().rev())
            .find(|line| self.is_mine(line) && line.details().is_none_or(|details| !details.deleted))
    }

    /// Own lines not yet entries, in the order typed.
    pub fn pending(&self) -> &[Arc<Pending>] {
        &self.pending
    }

    /// Whether its newest page was not loaded yet: ask [`Conversation::older`].
    pub fn fresh(&self) -> bool {
        !self.loaded
    }

    /// Whether there are (or may be) older lines than those held.
    pub fn more(&self) -> bool {
        self.fresh() || self.coverage.low().is_none_or(|low| low > 1)
    }

    /// The request for the page before the lines held, or for the newest while fresh; none when
    /// there is nothing older. Say first which line is being looked at ([`super::Transcript::hold`]):
    /// where many lines are held, the page is otherwise dropped again at once.
    pub fn older(&self, id: String) -> Option<ToHub> {
        let before = if self.fresh() { None } else { self.coverage.low() };
        self.more().then(|| self.place.history(id, before, None, DEFAULT_PAGE))
    }

    /// The request for the lines missing behind a hole.
    pub fn missing(&self, id: String, after: u64) -> ToHub {
        self.place.history(id, None, Some(after), DEFAULT_PAGE)
    }

    /// The request that tells how far own lines have got: see [`Conversation::reach`].
    pub fn cursors(&self, id: String) -> ToHub {
        self.place.cursors(id)
    }

    /// The positions behind which lines are missing, or may be. What follows the last line held is one only
    /// where it was dropped, could not be had, or was said while one had left: after a return it is on its way.
    pub fn holes(&self) -> Vec<u64> {
        let last = self.last();
        let cut = self.cut && self.joined();
        self.coverage.ends().filter(|end| cut || *end < last).collect()
    }

    /// Who is in the room, by nick.
    pub fn people(&self) -> impl Iterator<Item = &User> {
        self.people.iter()
    }

    /// How many are in the room. May be more than `people`, where the hub only counts.
    pub fn count(&self) -> usize {
        self.people.count()
    }

    /// The hub only counts who is here; `people` is as it was when a list last came (`list_users` brings one).
    pub fn only_counted(&self) -> bool {
        self.people.only_counted()
    }

    /// People, their number and states are as they were before the connection was lost: what they are now
    /// is not known.
    pub fn stale(&self) -> bool {
        self.stale
    }

    fn is_mine(&self, entry: &Entry) -> bool {
        // Asked of each line of a hundred thousand: a name of ASCII is compared as it stands.
        let is = |me: &String| {
            let from = entry.from();
            if from.is_ascii() { me.eq_ignore_ascii_case(from) } else { *me == fold(from) }
        };
        self.me.as_ref().is_some_and(is)
    }

    /// The last row held; 0 where none is.
    fn last(&self) -> u64 {
        self.newest().unwrap_or(0)
    }
}
