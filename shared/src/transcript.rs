//! What one node knows, folded from what it received: who is where, what was said, what is
//! missing, what is unread, what reached whom. Pure: entries and pages may come in any order and more than once.
//!
//! An app gives it every [`Delivery`](crate::session::Delivery) and draws the [`Changes`], a [`Window`] of rows at a
//! time. It asks the hub for four things only: [`Conversation::older`] when a place is opened while
//! [`Conversation::fresh`] and when a person scrolls up, [`Conversation::missing`] when a person wants a hole filled,
//! [`Transcript::around`] when they want to see a line, and [`Conversation::cursors`] while a line of theirs is
//! [`Conversation::unreached`]. What was missed during an absence comes by itself.

mod answers;
mod block;
mod changes;
mod conversation;
mod coverage;
mod few;
mod folding;
mod item;
mod keeping;
mod people;
mod place;
mod places;

pub use self::block::{BLOCK, continues, local_day};
pub use self::changes::{Change, Changes};
pub use self::conversation::{Conversation, PendingChange, Reach, Window, wants_more};
use self::few::Few;
pub use self::item::{Item, Key, Notice, Pending, PendingState, What};
pub use self::place::Place;
use std::sync::Arc;

use crate::message::{State, ToHub};
use crate::wire::DEFAULT_PAGE;

/// Rows of the log held for one place: what a busy room says in a week, for who scrolls through all of it. Others can
/// be had again from the hub.
pub const MAX_LINES: usize = 100_000;

/// What all places hold together, in bytes: [`MAX_LINES`] of the usual length and as much again, on a phone as well.
/// Beyond it, places that were looked at longest ago hold less.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What a row takes beside its text, in bytes: its names, its id, and its place in the order.
const ROW_COST: usize = 300;

/// Changes of lines that are kept apart for one place: a page that was read before a change was made, and comes after
/// it, is not late by more than that.
pub const MAX_CHANGES: usize = 1_000;

/// People named as writing at one place: more than anyone reads.
pub const MAX_TYPING: usize = 10;

/// Notices held for one place.
pub const MAX_NOTICES: usize = 200;

/// Failed lines held for one place.
pub const MAX_FAILED: usize = 100;

/// Private conversations held; that of longest ago goes first.
pub const MAX_PRIVATE: usize = 300;

/// What one node knows.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    me: Option<String>,
    /// This node's own name.
    node: String,
    /// The nick is ours on the connection there is: private messages are heard.
    connected: bool,
    /// All that came on the connection there is came in order, and so far.
    heard: u64,
    /// The hub has given out entries up to here, not all of which need have come already.
    known: u64,
    met: bool,
    /// By [`Place::key`].
    conversations: Few<Place, Conversation>,
    notices: u64,
    /// How often a person was said to look at something.
    looks: u64,
}

impl Transcript {
    /// Knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The nick this node speaks as.
    pub fn me(&self) -> Option<&str> {
        self.me.as_deref()
    }

    /// Whether the nick is ours on the connection there is. If not, people are as they were last known.
    pub fn connected(&self) -> bool {
        self.connected
    }

    /// Rooms by name, the lobby first; then private conversations, the latest first.
    pub fn places(&self) -> Vec<Place> {
        self.in_order().into_iter().map(|conversation| conversation.place.clone()).collect()
    }

    /// A listed place.
    pub fn get(&self, place: &Place) -> Option<&Conversation> {
        self.conversations.get(&place.key())
    }

    /// How a nick is, as far as the rooms we are in tell.
    pub fn state_of(&self, nick: &str) -> Option<State> {
        self.conversations.values().find_map(|conversation| conversation.people.state_of(nick))
    }

    // --- what a person does ---

    /// Lists a private conversation before anything is said in it.
    pub fn open(&mut self, place: &Place) -> Changes {
        let mut changes = Changes::default();
        self.conversation(place, &mut changes);
        self.drop_private(place, &mut changes);
        changes
    }

    /// Closes a private conversation, or a room that was left: it is no longer listed, until
    /// something is said there or it is opened again. Pending lines in it are forgotten.
    pub fn close(&mut self, place: &Place) -> Changes {
        Changes { places: self.conversations.remove(&place.key()).is_some(), at: Vec::new() }
    }

    /// A local line at the end of a place.
    pub fn notice(&mut self, now: u64, place: &Place, what: What) -> Changes {
        let number = self.next_notice();
        let mut changes = Changes::default();
        let conversation = self.conversation(place, &mut changes);
        conversation.notice(Notice { number, revision: 0, at: now, what });
        changes.of(&conversation.place).lines = true;
        changes
    }

    /// All up to `seq` is read, here or on another of this person's nodes; never moves back. Who reads here
    /// tells the hub as well, if anything changed ([`Session::read`](crate::session::Session::read)).
    pub fn read(&mut self, place: &Place, seq: u64) -> Changes {
        let mut changes = Changes::default();
        if let Some(conversation) = self.conversations.get_mut(&place.key())
            && conversation.read(seq, self.heard)
        {
            changes.of(&conversation.place).unread = true;
        }
        changes
    }

    /// The line a person is looking at while scrolled up; none when they follow the end. Lines are
    /// dropped at the end farther away from it, and first of places that were looked at longest ago.
    pub fn hold(&mut self, place: &Place, seq: Option<u64>) {
        if let Some(conversation) = self.conversations.get_mut(&place.key()) {
            self.looks += 1;
            conversation.hold(seq, self.looks);
        }
    }

    /// Takes a failed line away, and gives it back for another try.
    pub fn dismiss(&mut self, place: &Place, id: &str) -> (Option<Arc<Pending>>, Changes) {
        let mut changes = Changes::default();
        let conversation = self.conversations.get_mut(&place.key());
        let line = conversation.and_then(|conversation| {
            let line = conversation.dismiss(id)?;
            changes.of(&conversation.place).lines = true;
            Some(line)
        });
        (line, changes)
    }

    /// When someone who is writing is not any more, wherever it is ([`Conversation::typing`]): draw that then.
    pub fn typing_ends(&self, now: u64) -> Option<u64> {
        self.conversations.values().filter_map(|conversation| conversation.typing_ends(now)).min()
    }

    /// The requests that bring the lines round a position, as a stretch of its own with holes round it, but for what
    /// is held; the session gives them their ids. A place that is [`Conversation::fresh`] wants its newest page
    /// ([`Conversation::older`]) as well. Say that the line is looked at ([`Transcript::hold`]) before they come.
    pub fn around(&self, place: &Place, seq: u64) -> Vec<ToHub> {
        let (before, after) =
            self.get(place).map_or((true, true), |known| known.lacks_around(seq, self.known, self.heard));
        let page = |before, after| place.history(String::new(), before, after, DEFAULT_PAGE);
        let older = before.then(|| page(Some(seq.saturating_add(1)), None));
        older.into_iter().chain(after.then(|| page(None, Some(seq)))).collect()
    }
}
