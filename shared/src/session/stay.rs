//! Which rooms a session is in, and what it has missed in them and in private.

use std::collections::VecDeque;

use super::{Ids, MAX_ROOMS};
use crate::letters::fold;
use crate::message::{Conversation, Page, ToHub};
use crate::transcript::Place;
use crate::wire::MAX_PAGE;

/// The rooms to be in, on this connection and the next, and for each place the position behind
/// which entries were missed.
#[derive(Default)]
pub(super) struct Stay {
    rooms: Vec<Room>,
    /// Whispers up to here were received; some after it may be missed.
    private_behind: Option<u64>,
    /// The conversations to be caught up with, and from where.
    private: VecDeque<(String, u64)>,
}

struct Room {
    name: String,
    /// To be in it; if not, it is to be left.
    wanted: bool,
    /// In it, as far as the hub has told: what is said there reaches us.
    joined: bool,
    /// Who is there, and how much of it is unread, was told: there is no need to join it again.
    known: bool,
    /// Entries up to here were received; some after it may be missed.
    behind: Option<u64>,
    /// Who came and went, and what was read elsewhere, may have been left out.
    outdated: bool,
}

impl Room {
    fn new(name: &str, joined: bool, known: bool) -> Self {
        Self { name: name.to_owned(), wanted: true, joined, known, behind: None, outdated: false }
    }
}

/// Two spellings are one room if their keys are equal.
fn key(room: &str) -> String {
    let room = room.trim();
    fold(room.strip_prefix('#').unwrap_or(room))
}

impl Stay {
    pub(super) fn new(rooms: &[String]) -> Self {
        let rooms = rooms.iter().map(|name| Room::new(name, false, false)).collect();
        Self { rooms, ..Self::default() }
    }

    pub(super) fn rooms(&self) -> impl Iterator<Item = &str> {
        self.rooms.iter().filter(|room| room.wanted).map(|room| room.name.as_str())
    }

    pub(super) fn len(&self) -> usize {
        self.rooms.len()
    }

    fn find(&mut self, name: &str) -> Option<&mut Room> {
        let wanted = key(name);
        self.rooms.iter_mut().find(|room| key(&room.name) == wanted)
    }

    /// The hub says that we are in a room, and how it is spelled.
    pub(super) fn entered(&mut self, name: &str) {
        if self.find(name).is_none() {
            self.rooms.push(Room::new(name, true, true));
        }
        if let Some(room) = self.find(name) {
            name.clone_into(&mut room.name);
            room.wanted = true;
            room.joined = true;
            room.known = true;
            room.outdated = false;
        }
    }

    /// We are in a room that is to be left.
    pub(super) fn unwanted(&mut self, name: &str) {
        if let Some(room) = self.find(name) {
            room.wanted = false;
        }
    }

    pub(super) fn left(&mut self, name: &str) {
        let gone = key(name);
        self.rooms.retain(|room| key(&room.name) != gone);
    }

    pub(super) fn is_in(&self, name: &str) -> bool {
        let wanted = key(name);
        self.rooms.iter().any(|room| room.joined && key(&room.name) == wanted)
    }

    /// A room to be left again.
    pub(super) fn to_leave(&self) -> Option<&str> {
        self.rooms.iter().find(|room| !room.wanted).map(|room| room.name.as_str())
    }

    /// A room to be joined again.
    pub(super) fn to_join(&self) -> Option<&str> {
        self.rooms.iter().find(|room| !room.joined || !room.known).map(|room| room.name.as_str())
    }

    /// All rooms are to be joined again, by another nick.
    pub(super) fn rejoin(&mut self) {
        for room in &mut self.rooms {
            room.joined = false;
        }
    }

    pub(super) fn leave_all(&mut self) {
        *self = Self::default();
    }

    /// The hub remembers nothing of us; all up to `seq` was received where we were up to date.
    pub(super) fn missed(&mut self, seq: u64) {
        self.resumed(&[], seq, true);
        self.private_behind.get_or_insert(seq);
    }

    /// The hub has us in these rooms, and sends by itself what it has for them after `seq`. Where that is not what
    /// we know, an answer was lost: in one that nobody was told of we are not to be, if `introduced`. Before, there
    /// is an earlier session whose rooms these are.
    pub(super) fn resumed(&mut self, there: &[String], seq: u64, introduced: bool) {
        let is_there = |room: &Room| there.iter().any(|name| key(name) == key(&room.name));
        self.rooms.retain(|room| room.wanted || is_there(room));
        for room in &mut self.rooms {
            let there = is_there(room);
            if room.joined && !there {
                room.behind.get_or_insert(seq);
            }
            room.known &= room.joined;
            room.joined = there;
        }
        for name in there.iter().take(MAX_ROOMS) {
            if self.find(name).is_none() {
                self.rooms.push(Room { wanted: !introduced, ..Room::new(name, true, false) });
            }
        }
    }

    /// Nothing is missed of a log not seen before.
    pub(super) fn new_log(&mut self) {
        self.rooms.retain(|room| room.wanted);
        for room in &mut self.rooms {
            room.joined = false;
            room.behind = None;
        }
        self.forget_private();
    }

    /// Whether some of what was said until now is not received yet.
    pub(super) fn is_behind(&self) -> bool {
        self.misses_private() || self.rooms.iter().any(|room| room.behind.is_some())
    }

    /// The same of private messages.
    pub(super) fn misses_private(&self) -> bool {
        self.private_behind.is_some()
    }

    /// The hub has sent all entries, but perhaps not all who came and went, nor what was read elsewhere.
    pub(super) fn synced(&mut self) {
        for room in &mut self.rooms {
            room.outdated = room.joined;
        }
    }

    /// How it is in that room could not be told.
    pub(super) fn outdated(&mut self, name: &str) {
        if let Some(room) = self.find(name) {
            room.outdated = true;
        }
    }

    /// A room of which is to be learnt again who is there and what is unread.
    pub(super) fn next_outdated(&mut self) -> Option<String> {
        let room = self.rooms.iter_mut().find(|room| room.outdated)?;
        room.outdated = false;
        Some(room.name.clone())
    }

    /// Nothing is missed of another's private messages.
    pub(super) fn forget_private(&mut self) {
        self.private_behind = None;
        self.private.clear();
    }

    /// The nick is ours again; these are its conversations.
    pub(super) fn connected(&mut self, conversations: &[Conversation]) {
        let Some(behind) = self.private_behind else {
            return;
        };
        self.private =
            conversations.iter().filter(|talk| talk.seq > behind).map(|talk| (talk.with.clone(), behind)).collect();
        self.settle_private();
    }

    /// The request for the next page of what was missed.
    pub(super) fn next_page(&self, ids: &mut Ids) -> Option<ToHub> {
        let (room, with, after) = match self.rooms.iter().find(|room| room.joined && room.behind.is_some()) {
            Some(room) => (Some(room.name.clone()), None, room.behind),
            None => {
                let (with, after) = self.private.front()?;
                (None, Some(with.clone()), Some(*after))
            }
        };
        Some(ToHub::History { id: ids.next(), room, with, before: None, after, limit: Some(MAX_PAGE) })
    }

    /// The page came.
    pub(super) fn caught_up(&mut self, place: &Place, page: &Page) {
        let reached = page.entries.last().filter(|_| page.more).map(crate::entry::Entry::seq);
        self.move_on(place, reached);
    }

    /// The page cannot be had: we may not, or no longer, see that place.
    pub(super) fn give_up(&mut self, place: &Place) {
        self.move_on(place, None);
    }

    fn move_on(&mut self, place: &Place, behind: Option<u64>) {
        match place {
            Place::Room(name) => {
                if let Some(room) = self.find(name) {
                    // A page that leads nowhere ends it: a faulty hub must not be asked for ever.
                    room.behind = behind.filter(|reached| room.behind.is_some_and(|before| before < *reached));
                }
            }
            Place::With(_) => {
                match (self.private.front_mut(), behind) {
                    (Some((_, after)), Some(reached)) if *after < reached => *after = reached,
                    _ => drop(self.private.pop_front()),
                }
                self.settle_private();
            }
        }
    }

    fn settle_private(&mut self) {
        if self.private.is_empty() {
            self.private_behind = None;
        }
    }
}
