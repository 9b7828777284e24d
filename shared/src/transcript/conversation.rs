//! One room or private conversation.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::coverage::{Coverage, OPEN};
use super::people::People;
use super::place::fold;
use super::{Item, MAX_FAILED, MAX_LINES, MAX_NOTICES, Notice, Pending, PendingState, Place, What};
use crate::entry::Entry;
use crate::message::{Page, Refusal, ToHub, User};
use crate::wire::DEFAULT_PAGE;

/// One room or private conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub(super) place: Place,
    /// The nick this node speaks as, folded: its lines are never unread.
    pub(super) me: Option<String>,
    pub(super) joined: bool,
    pub(super) topic: Option<String>,
    pub(super) people: People,
    /// All up to here is read.
    pub(super) read_to: u64,
    /// The newest entry known to exist, held or not.
    pub(super) latest: u64,
    /// The line being looked at, while not the end is followed.
    pub(super) held: Option<u64>,
    /// What is said here is heard now.
    live: bool,
    /// A page that reached the present was loaded, and nothing was missed for good since.
    loaded: bool,
    lines: BTreeMap<u64, Arc<Entry>>,
    coverage: Coverage,
    /// Each with the `seq` of the line it stands behind, never descending.
    notices: VecDeque<(u64, Arc<Notice>)>,
    pending: Vec<Arc<Pending>>,
}

impl Conversation {
    pub(super) fn new(place: Place, me: Option<String>, read_to: u64) -> Self {
        Self {
            place,
            me,
            joined: false,
            topic: None,
            people: People::default(),
            read_to,
            latest: 0,
            held: None,
            live: false,
            loaded: false,
            lines: BTreeMap::new(),
            coverage: Coverage::default(),
            notices: VecDeque::new(),
            pending: Vec::new(),
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
        between(OPEN, &mut items);
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

    /// The positions behind which lines are missing, or may be: so is the end of what is held after
    /// a return, until the session has fetched what was missed.
    pub fn holes(&self) -> Vec<u64> {
        self.coverage.holes(if self.live { OPEN } else { self.latest })
    }

    /// How many lines of others are unread: at least so many, since not all may be held.
    pub fn unread(&self) -> usize {
        let unseen = self.latest > self.read_to && !self.lines.contains_key(&self.latest);
        self.unread_lines().count().max(usize::from(unseen))
    }

    /// The first unread line held.
    pub fn first_unread(&self) -> Option<u64> {
        self.unread_lines().next()
    }

    fn unread_lines(&self) -> impl Iterator<Item = u64> {
        let unread = self.lines.range(self.read_to.saturating_add(1)..);
        unread.filter(|(_, line)| !self.is_mine(line)).map(|(seq, _)| *seq)
    }

    fn is_mine(&self, entry: &Entry) -> bool {
        self.me.as_ref().is_some_and(|me| *me == fold(entry.from()))
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

    // --- folding ---

    /// What is said here is heard from now on.
    pub(super) fn go_live(&mut self) {
        self.live = true;
    }

    /// Nothing was said here while we were away: all after `latest`, which is the hub's newest entry of this place.
    pub(super) fn nothing_missed(&mut self, latest: u64) {
        if self.live && self.coverage.high().is_some_and(|high| latest <= high) {
            self.coverage.reopen();
        }
    }

    /// What is said here is heard no more; everything up to `seq` was.
    pub(super) fn go_deaf(&mut self, seq: u64) {
        let last = self.lines.last_key_value().map_or(0, |(last, _)| *last);
        self.coverage.close(seq.max(last));
        self.live = false;
    }

    pub(super) fn leave(&mut self, seq: u64) {
        self.go_deaf(seq);
        self.joined = false;
        self.loaded = false;
        self.people.clear();
    }

    /// All that was held is of another log.
    pub(super) fn new_log(&mut self, read_to: u64) {
        self.lines.clear();
        self.notices.clear();
        self.coverage = Coverage::default();
        self.loaded = false;
        self.latest = 0;
        self.read_to = read_to;
        self.held = None;
        self.pending.retain(|pending| !matches!(pending.state, PendingState::Sent { .. }));
    }

    /// One entry, heard as it was said. Whether anything is drawn otherwise.
    pub(super) fn hear(&mut self, entry: &Entry) -> bool {
        if self.live {
            self.coverage.hear(entry.seq());
        } else {
            self.coverage.add(entry.seq(), entry.seq());
        }
        let new = self.insert(entry);
        self.trim();
        new
    }

    /// A page that came for these `before` and `after`; the log is known to reach to `known`.
    pub(super) fn apply_page(&mut self, before: Option<u64>, after: Option<u64>, page: &Page, known: u64) {
        let first = page.entries.first().map(Entry::seq);
        let last = page.entries.last().map(Entry::seq);
        let known = known.max(self.latest).max(last.unwrap_or(0));
        let present = if self.live { OPEN } else { last.unwrap_or(0) };
        let stretch = match (before, after) {
            (before, None) => {
                let low = if page.more { first } else { Some(0) };
                // Nothing is known of numbers not yet given.
                let high = before.map_or(present, |before| before.saturating_sub(1).min(known));
                low.map(|low| (low, high))
            }
            (None, Some(after)) if after > known => None,
            (None, Some(after)) => {
                let high = if page.more { last } else { Some(present.max(after)) };
                high.map(|high| (after.saturating_add(1), high))
            }
            // Which end `more` speaks of is not said: only the stretch itself is sure.
            (Some(_), Some(_)) => first.zip(last),
        };
        if let Some((low, high)) = stretch {
            self.coverage.add(low, high);
        }
        self.loaded |= before.is_none() && (after.is_none() || !page.more);
        for entry in &page.entries {
            self.insert(entry);
        }
        self.trim();
    }

    fn insert(&mut self, entry: &Entry) -> bool {
        let seq = entry.seq();
        self.latest = self.latest.max(seq);
        let new = !self.lines.contains_key(&seq);
        if new {
            self.lines.insert(seq, Arc::new(entry.clone()));
        }
        // The id alone proves nothing: another may have sent one that is pending here.
        let arrived = self.is_mine(entry) && self.arrived(entry.id());
        new || arrived
    }

    /// Drops what is too much, at the end farther from the line being looked at.
    fn trim(&mut self) {
        let Some(excess) = self.lines.len().checked_sub(MAX_LINES).filter(|excess| *excess > 0) else {
            return;
        };
        let above = self.held.map_or(self.lines.len(), |seq| self.lines.range(..seq).count());
        let drop_oldest = above * 2 >= self.lines.len();
        for _ in 0..excess {
            if drop_oldest {
                self.lines.pop_first()
            } else {
                self.lines.pop_last()
            };
        }
        let (Some((first, _)), Some((last, _))) = (self.lines.first_key_value(), self.lines.last_key_value()) else {
            return;
        };
        if drop_oldest {
            self.coverage.clip_below(*first);
            self.notices.retain(|(behind, _)| behind >= first);
        } else {
            self.coverage.clip_above(*last);
        }
    }

    /// Looks at another line, or follows the end again.
    pub(super) fn hold(&mut self, seq: Option<u64>) {
        self.held = seq;
        self.trim();
    }

    // --- notices ---

    /// A local line at the end.
    pub(super) fn notice(&mut self, notice: Notice) {
        let line = self.lines.last_key_value().map_or(0, |(seq, _)| *seq);
        let behind = self.notices.back().map_or(line, |(behind, _)| line.max(*behind));
        self.notices.push_back((behind, Arc::new(notice)));
        if self.notices.len() > MAX_NOTICES {
            self.notices.pop_front();
        }
    }

    /// Who came and went: folded into the notice at the end, if it is of that kind and no line came since.
    pub(super) fn moved(&mut self, number: u64, at: u64, came: &[&String], went: &[&String]) {
        let line = self.lines.last_key_value().map_or(0, |(seq, _)| *seq);
        if let Some((behind, last)) = self.notices.back_mut()
            && *behind >= line
            && matches!(last.what, What::Moved { .. })
        {
            let last = Arc::make_mut(last);
            last.at = at;
            last.revision = last.revision.wrapping_add(1);
            last.what.moved(came, went);
            if last.what.is_empty() {
                self.notices.pop_back();
            }
        } else {
            let mut what = What::Moved { joined: Vec::new(), left: Vec::new() };
            what.moved(came, went);
            if !what.is_empty() {
                self.notice(Notice { number, revision: 0, at, what });
            }
        }
    }

    // --- own lines on their way ---

    pub(super) fn sending(&mut self, pending: Pending) {
        self.pending.push(Arc::new(pending));
    }

    /// A line of one's own is on disk. Whether it was pending here.
    pub(super) fn sent(&mut self, id: &str, seq: u64) -> bool {
        if self.lines.contains_key(&seq) {
            return self.arrived(id);
        }
        self.set_state(id, PendingState::Sent { seq })
    }

    pub(super) fn failed(&mut self, id: &str, refusal: &Refusal) -> bool {
        let known = self.set_state(id, PendingState::Failed(refusal.clone()));
        let failed = |pending: &Arc<Pending>| matches!(pending.state, PendingState::Failed(_));
        if self.pending.iter().filter(|pending| failed(pending)).count() > MAX_FAILED
            && let Some(oldest) = self.pending.iter().position(failed)
        {
            self.pending.remove(oldest);
        }
        known
    }

    fn set_state(&mut self, id: &str, state: PendingState) -> bool {
        let pending = self.pending.iter_mut().find(|pending| pending.id == id);
        pending.map(|pending| Arc::make_mut(pending).state = state).is_some()
    }

    /// The entry of a pending line is here.
    fn arrived(&mut self, id: &str) -> bool {
        let before = self.pending.len();
        self.pending.retain(|pending| pending.id != id);
        self.pending.len() < before
    }

    pub(super) fn dismiss(&mut self, id: &str) -> Option<String> {
        let failed = |pending: &Arc<Pending>| pending.id == id && matches!(pending.state, PendingState::Failed(_));
        let place = self.pending.iter().position(failed)?;
        Some(self.pending.remove(place).text.clone())
    }
}
