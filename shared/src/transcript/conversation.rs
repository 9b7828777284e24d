//! One room or private conversation.

mod listening;
mod notices;
mod pending;
mod reach;
mod receiving;
mod unread;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub use self::reach::Reach;
use self::reach::Reached;
use self::unread::Reading;
use super::coverage::Coverage;
use super::people::People;
use super::{Item, Notice, Pending, Place};
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
    pub(super) topic: Option<String>,
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
    lines: BTreeMap<u64, Arc<Entry>>,
    coverage: Coverage,
    /// Each with the `seq` of the line it stands behind, never descending.
    notices: VecDeque<(u64, Arc<Notice>)>,
    pending: Vec<Arc<Pending>>,
    reading: Reading,
    reached: Reached,
}

impl Conversation {
    /// Nothing is held. Until the hub says how far it was read, that counts as `read_to`.
    pub(super) fn new(place: Place, me: Option<String>, read_to: u64) -> Self {
        Self {
            place,
            me,
            joined: false,
            topic: None,
            people: People::default(),
            stale: false,
            latest: 0,
            held: None,
            live: false,
            suspended: None,
            loaded: false,
            cut: false,
            lines: BTreeMap::new(),
            coverage: Coverage::default(),
            notices: VecDeque::new(),
            pending: Vec::new(),
            reading: Reading::guess(read_to),
            reached: Reached::default(),
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

    /// What the room is about.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// All rows: lines by `seq` with holes and notices in their places, then pending lines.
    pub fn items(&self) -> Vec<Item> {
        let holes = self.holes();
        let mut items = Vec::with_capacity(self.lines.len() + holes.len() + self.notices.len() + self.pending.len());
        let mut holes = holes.into_iter().peekable();
        let mut notices = self.notices.iter().peekable();
        let mut between = |before: u64, items: &mut Vec<Item>| loop {
            let hole = holes.peek().copied().filter(|hole| *hole < before);
            match notices.peek() {
                // Where both stand behind one line the notice was there first.
                Some((behind, notice)) if *behind < before && hole.is_none_or(|hole| *behind <= hole) => {
                    items.push(Item::Notice(Arc::clone(notice)));
                    notices.next();
                }
                _ => match hole {
                    Some(after) => {
                        items.push(Item::Hole { after });
                        holes.next();
                    }
                    None => break,
                },
            }
        };
        for (seq, line) in &self.lines {
            between(*seq, &mut items);
            items.push(Item::Line(Arc::clone(line)));
        }
        between(u64::MAX, &mut items);
        items.extend(self.pending.iter().cloned().map(Item::Pending));
        items
    }

    /// The lines alone, by `seq`.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> + ExactSizeIterator {
        self.lines.values()
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
        self.me.as_ref().is_some_and(|me| *me == fold(entry.from()))
    }

    /// The last line held; 0 where none is.
    fn last(&self) -> u64 {
        self.lines.last_key_value().map_or(0, |(seq, _)| *seq)
    }
}
