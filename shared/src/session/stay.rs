//! Which rooms a session is in, and what it has missed in them and in private.

use std::collections::VecDeque;

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
    /// In it on this connection.
    joined: bool,
    /// Entries up to here were received; some after it may be missed.
    behind: Option<u64>,
}

/// Two spellings are one room if their keys are equal.
fn key(room: &str) -> String {
    let room = room.trim();
    room.strip_prefix('#').unwrap_or(room).to_lowercase()
}

impl Stay {
    pub(super) fn new(rooms: Vec<String>) -> Self {
        let rooms = rooms.into_iter().map(|name| Room { name, joined: false, behind: None }).collect();
        Self { rooms, ..Self::default() }
    }

    pub(super) fn rooms(&self) -> impl Iterator<Item = &str> {
        self.rooms.iter().map(|room| room.name.as_str())
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
        match self.find(name) {
            Some(room) => {
                name.clone_into(&mut room.name);
                room.joined = true;
            }
            None => self.rooms.push(Room { name: name.to_owned(), joined: true, behind: None }),
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

    /// A room to be joined again.
    pub(super) fn to_join(&self) -> Option<&str> {
        self.rooms.iter().find(|room| !room.joined).map(|room| room.name.as_str())
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

    /// The connection is gone; all up to `seq` was received where we were up to date.
    pub(super) fn lost(&mut self, seq: u64) {
        for room in &mut self.rooms {
            if std::mem::take(&mut room.joined) {
                room.behind.get_or_insert(seq);
            }
        }
        self.private_behind.get_or_insert(seq);
    }

    /// Nothing is missed of a log not seen before.
    pub(super) fn new_log(&mut self) {
        for room in &mut self.rooms {
            room.behind = None;
        }
        self.forget_private();
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
    pub(super) fn next_page(&self, id: impl FnOnce() -> String) -> Option<ToHub> {
        let (room, with, after) = match self.rooms.iter().find(|room| room.joined && room.behind.is_some()) {
            Some(room) => (Some(room.name.clone()), None, room.behind),
            None => {
                let (with, after) = self.private.front()?;
                (None, Some(with.clone()), Some(*after))
            }
        };
        Some(ToHub::History { id: id(), room, with, before: None, after, limit: Some(MAX_PAGE) })
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
