//! What one node knows, folded from what it received: who is where, what was said, what is
//! missing, what is unread. Pure: entries and pages may come in any order and more than once.
//!
//! An app gives it every [`Delivery`] and draws the [`Changes`]. It asks the hub for two things only:
//! [`Conversation::older`] when a place is opened while [`Conversation::fresh`] and when a person scrolls up,
//! and [`Conversation::missing`] when a person wants a hole filled. What was missed during an absence the
//! session fetches by itself.

mod block;
mod conversation;
mod coverage;
mod few;
mod item;
mod people;
mod place;

pub use self::block::{BLOCK, continues, local_day};
pub use self::conversation::Conversation;
use self::few::Few;
pub use self::item::{Item, Key, Notice, Pending, PendingState, What};
pub use self::place::Place;
use self::place::fold;
use crate::entry::Entry;
use crate::message::{Connected, Joined, Page, Presence, Refusal, State, ToHub};
use crate::room::LOBBY;
use crate::session::{Delivery, Response};
use crate::wire::MAX_CONVERSATIONS;

/// Lines held for one place: some hours of a lively room. Others can be had again from the hub.
pub const MAX_LINES: usize = 1_000;

/// Notices held for one place.
pub const MAX_NOTICES: usize = 200;

/// Failed lines held for one place.
pub const MAX_FAILED: usize = 100;

/// Private conversations held; that of longest ago goes first.
pub const MAX_PRIVATE: usize = 300;

/// Read positions held for places that are not listed.
pub const MAX_POSITIONS: usize = 1_000;

/// What a delivery changed; draw this and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Places were added or removed, or follow in another order.
    pub places: bool,
    /// The changed places, each once.
    pub at: Vec<Change>,
}

/// What changed at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub place: Place,
    /// Lines, notices, pending lines or holes.
    pub lines: bool,
    /// Whether we are here, who else is, their states, their number, or the topic.
    pub people: bool,
    /// What is unread.
    pub unread: bool,
}

impl Changes {
    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        !self.places && self.at.is_empty()
    }

    /// These and those.
    pub fn merge(&mut self, other: Self) {
        self.places |= other.places;
        for change in other.at {
            let mine = self.of(&change.place);
            mine.lines |= change.lines;
            mine.people |= change.people;
            mine.unread |= change.unread;
        }
    }

    fn of(&mut self, place: &Place) -> &mut Change {
        let at = self.at.iter().position(|change| change.place == *place).unwrap_or_else(|| {
            self.at.push(Change { place: place.clone(), lines: false, people: false, unread: false });
            self.at.len() - 1
        });
        &mut self.at[at]
    }
}

/// What one node knows.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    me: Option<String>,
    /// The nick is ours on the connection there is: private messages are heard.
    connected: bool,
    /// The last entry heard live (or the log's end when it was first met): up to here nothing is
    /// missing where we were listening.
    heard: u64,
    /// What was said up to here counts as read where no position is known.
    baseline: u64,
    met: bool,
    /// By [`Place::key`].
    conversations: Few<Place, Conversation>,
    /// Read positions of places not listed, by [`Place::key`].
    positions: Few<Place, u64>,
    notices: u64,
}

impl Transcript {
    /// Knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Folds in what the session delivered. `now`, in milliseconds since 1970 UTC, dates what is local.
    pub fn deliver(&mut self, now: u64, delivery: &Delivery) -> Changes {
        match delivery {
            Delivery::Welcomed { welcome, new_log } => self.welcomed(welcome.seq, *new_log),
            Delivery::Lost => self.lost(),
            Delivery::Sending { request } => self.sending(now, request),
            Delivery::Heard(entry) => self.apply(entry),
            Delivery::Presence(presence) => self.presence(now, presence),
            Delivery::Answered { request, answer: Ok(response) } => self.answered(request, response),
            Delivery::Answered { request, answer: Err(refusal) } => self.refused(request, refusal),
            Delivery::Complaint(_) => Changes::default(),
        }
    }

    /// Folds in one entry, heard as it was said.
    pub fn apply(&mut self, entry: &Entry) -> Changes {
        self.heard = self.heard.max(entry.seq());
        let place = self.place_of(entry);
        let mut changes = Changes::default();
        let mine = self.is_me(entry.from());
        let conversation = self.respell(place, &mut changes);
        let newest = entry.seq() > conversation.latest;
        let changed = conversation.hear(entry);
        let unread = !mine && entry.seq() > conversation.read_to;
        let place = conversation.place.clone();
        if changed {
            let change = changes.of(&place);
            change.lines = true;
            change.unread = unread;
        }
        changes.places |= newest && matches!(place, Place::With(_));
        self.drop_private(&place, &mut changes);
        changes
    }

    /// Folds in a page of `history` that was asked for with these `before` and `after`.
    pub fn apply_page(&mut self, place: &Place, before: Option<u64>, after: Option<u64>, page: &Page) -> Changes {
        let mut changes = Changes::default();
        let heard = self.heard;
        let conversation = self.conversation(place, &mut changes);
        conversation.apply_page(before, after, page, heard);
        let change = changes.of(&conversation.place);
        change.lines = true;
        change.unread = true;
        changes
    }

    /// The nick this node speaks as.
    pub fn me(&self) -> Option<&str> {
        self.me.as_deref()
    }

    /// Rooms by name, the lobby first; then private conversations, the latest first.
    pub fn places(&self) -> Vec<Place> {
        let rank = |conversation: &Conversation| match &conversation.place {
            Place::Room(room) => (0, u64::from(fold(room) != LOBBY)),
            Place::With(_) => (1, u64::MAX - conversation.latest),
        };
        let mut listed: Vec<&Conversation> = Vec::new();
        // Put in one by one, as they are few: a sort would be 8 KB more of browser client. Those of one
        // rank stay in the map's order, which is that of names.
        for conversation in self.conversations.values() {
            let rank_here = rank(conversation);
            listed.insert(listed.partition_point(|other| rank(other) <= rank_here), conversation);
        }
        listed.into_iter().map(|conversation| conversation.place.clone()).collect()
    }

    /// A listed place.
    pub fn get(&self, place: &Place) -> Option<&Conversation> {
        self.conversations.get(&place.key())
    }

    /// How a nick is, as far as the rooms we are in tell.
    pub fn state_of(&self, nick: &str) -> Option<State> {
        self.conversations.values().find_map(|conversation| conversation.people.state_of(nick))
    }

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
        let gone = self.conversations.remove(&place.key());
        if let Some(conversation) = &gone {
            self.keep_position(place.key(), conversation.read_to);
        }
        Changes { places: gone.is_some(), at: Vec::new() }
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

    /// All up to `seq` is read; never moves back. Positions of places not listed are kept as well,
    /// so an app can put back, before the first delivery, those that it stored.
    pub fn read(&mut self, place: &Place, seq: u64) -> Changes {
        let mut changes = Changes::default();
        if let Some(conversation) = self.conversations.get_mut(&place.key()) {
            if seq > conversation.read_to {
                conversation.read_to = seq;
                changes.of(&conversation.place).unread = true;
            }
        } else {
            self.keep_position(place.key(), seq);
        }
        changes
    }

    /// How far each place was read, for the app to store. They are of the log whose `epoch` the welcome
    /// named: store that with them, and forget them when it is another.
    pub fn positions(&self) -> impl Iterator<Item = (&Place, u64)> {
        let listed = self.conversations.iter().map(|(place, conversation)| (place, conversation.read_to));
        listed.chain(self.positions.iter().map(|(place, seq)| (place, *seq)))
    }

    /// The line a person is looking at while scrolled up; none when they follow the end. Lines are
    /// dropped at the end farther away from it.
    pub fn hold(&mut self, place: &Place, seq: Option<u64>) -> Changes {
        let mut changes = Changes::default();
        if let Some(conversation) = self.conversations.get_mut(&place.key()) {
            let before = conversation.lines().len();
            conversation.hold(seq);
            if conversation.lines().len() < before {
                changes.of(&conversation.place).lines = true;
            }
        }
        changes
    }

    /// Takes a failed line away, and gives its text back for another try.
    pub fn dismiss(&mut self, place: &Place, id: &str) -> (Option<String>, Changes) {
        let mut changes = Changes::default();
        let conversation = self.conversations.get_mut(&place.key());
        let text = conversation.and_then(|conversation| {
            let text = conversation.dismiss(id)?;
            changes.of(&conversation.place).lines = true;
            Some(text)
        });
        (text, changes)
    }

    // --- folding ---

    fn welcomed(&mut self, seq: u64, new_log: bool) -> Changes {
        let mut changes = Changes::default();
        if !self.met || new_log {
            self.met = true;
            self.heard = seq;
            self.baseline = seq;
        }
        if new_log {
            self.positions.clear();
            for conversation in self.conversations.values_mut() {
                conversation.new_log(seq);
                let change = changes.of(&conversation.place);
                change.lines = true;
                change.unread = true;
            }
            changes.places = true;
        }
        changes
    }

    fn lost(&mut self) -> Changes {
        self.connected = false;
        for conversation in self.conversations.values_mut() {
            conversation.go_deaf(self.heard);
        }
        Changes::default()
    }

    fn sending(&mut self, now: u64, request: &ToHub) -> Changes {
        let mut changes = Changes::default();
        if let (Some(place), ToHub::Say { id, text, .. } | ToHub::PrivateMessage { id, text, .. }) =
            (Place::of(request), request)
        {
            let pending =
                Pending { id: id.clone(), text: text.trim().to_owned(), at: now, state: PendingState::Waiting };
            let conversation = self.conversation(&place, &mut changes);
            conversation.sending(pending);
            let place = conversation.place.clone();
            changes.of(&place).lines = true;
            self.drop_private(&place, &mut changes);
        }
        changes
    }

    fn answered(&mut self, request: &ToHub, response: &Response) -> Changes {
        let mut changes = Changes::default();
        match (request, response) {
            (_, Response::Connected(connected)) => self.connected(connected, &mut changes),
            (_, Response::Joined(joined)) => self.entered(joined, &mut changes),
            (ToHub::Leave { room, .. }, _) => {
                self.left(&Place::Room(room.clone()).key(), &mut changes);
            }
            (ToHub::Disconnect { .. }, _) => {
                for place in self.conversations.iter().map(|(place, _)| place.clone()).collect::<Vec<_>>() {
                    self.left(&place, &mut changes);
                }
                self.connected = false;
            }
            (ToHub::History { before, after, .. }, Response::Page(page)) => {
                if let Some(place) = Place::of(request) {
                    changes = self.apply_page(&place, *before, *after, page);
                }
            }
            (ToHub::ListUsers { .. }, Response::Users(users)) => {
                if let Some(conversation) =
                    Place::of(request).and_then(|place| self.conversations.get_mut(&place.key()))
                {
                    conversation.people.set(&users.users, 0);
                    changes.of(&conversation.place).people = true;
                }
            }
            (ToHub::Say { id, .. } | ToHub::PrivateMessage { id, .. }, Response::Sent(sent)) => {
                self.line_ended(request, &mut changes, |conversation| conversation.sent(id, sent.seq));
            }
            _ => {}
        }
        changes
    }

    fn refused(&mut self, request: &ToHub, refusal: &Refusal) -> Changes {
        let mut changes = Changes::default();
        if let ToHub::Say { id, .. } | ToHub::PrivateMessage { id, .. } = request {
            self.line_ended(request, &mut changes, |conversation| conversation.failed(id, refusal));
        }
        changes
    }

    fn line_ended(&mut self, request: &ToHub, changes: &mut Changes, end: impl FnOnce(&mut Conversation) -> bool) {
        if let Some(conversation) = Place::of(request).and_then(|place| self.conversations.get_mut(&place.key()))
            && end(conversation)
        {
            changes.of(&conversation.place).lines = true;
        }
    }

    fn connected(&mut self, connected: &Connected, changes: &mut Changes) {
        if !self.is_me(&connected.nick) {
            // Private conversations belong to the nick that had them.
            self.conversations.retain(|place| matches!(place, Place::Room(_)));
            self.positions.retain(|place| self.me.is_none() || matches!(place, Place::Room(_)));
            self.me = Some(connected.nick.clone());
            for conversation in self.conversations.values_mut() {
                conversation.me = Some(fold(&connected.nick));
            }
            changes.places = true;
        }
        self.connected = true;
        let Connected { room, topic, users, count, .. } = connected.clone();
        self.entered(&Joined { room, topic, users, count }, changes);
        for talk in &connected.conversations {
            let conversation = self.conversation(&Place::With(talk.with.clone()), changes);
            conversation.latest = conversation.latest.max(talk.seq);
            changes.of(&conversation.place).unread = true;
        }
        let all_named = connected.conversations.len() < MAX_CONVERSATIONS;
        for conversation in self.conversations.values_mut() {
            let Place::With(nick) = &conversation.place else {
                continue;
            };
            let named = connected.conversations.iter().find(|talk| fold(&talk.with) == fold(nick)).map(|talk| talk.seq);
            conversation.go_live();
            if let Some(latest) = named.or(all_named.then_some(0)) {
                conversation.nothing_missed(latest);
            }
        }
    }

    fn entered(&mut self, joined: &Joined, changes: &mut Changes) {
        let conversation = self.respell(Place::Room(joined.room.clone()), changes);
        conversation.joined = true;
        conversation.topic.clone_from(&joined.topic);
        conversation.people.set(&joined.users, joined.count);
        conversation.go_live();
        changes.of(&conversation.place).people = true;
    }

    fn left(&mut self, key: &Place, changes: &mut Changes) {
        if let Some(conversation) = self.conversations.get_mut(key) {
            conversation.leave(self.heard);
            changes.of(&conversation.place).people = true;
        }
    }

    fn presence(&mut self, now: u64, presence: &Presence) -> Changes {
        let mut changes = Changes::default();
        let number = self.next_notice();
        let came: Vec<&String> = presence.joined.iter().filter(|nick| !self.is_me(nick)).collect();
        let went: Vec<&String> = presence.left.iter().filter(|nick| !self.is_me(nick)).collect();
        let place = Place::Room(presence.room.clone()).key();
        if let Some(conversation) = self.conversations.get_mut(&place).filter(|conversation| conversation.joined) {
            conversation.people.apply(presence);
            let change = changes.of(&conversation.place);
            change.people = true;
            if !came.is_empty() || !went.is_empty() {
                change.lines = true;
                conversation.moved(number, now, &came, &went);
            }
        }
        changes
    }

    // --- places ---

    fn is_me(&self, nick: &str) -> bool {
        self.me.as_deref().is_some_and(|me| fold(me) == fold(nick))
    }

    fn place_of(&self, entry: &Entry) -> Place {
        match entry {
            Entry::Said(said) => Place::Room(said.room.clone()),
            Entry::Whispered(whispered) if self.is_me(&whispered.from) => Place::With(whispered.to.clone()),
            Entry::Whispered(whispered) => Place::With(whispered.from.clone()),
        }
    }

    /// The conversation at a place, listed from now on.
    fn conversation(&mut self, place: &Place, changes: &mut Changes) -> &mut Conversation {
        let key = place.key();
        let connected = self.connected;
        let me = self.me.as_deref().map(fold);
        let position = self.positions.remove(&key).unwrap_or(self.baseline);
        if !self.conversations.contains_key(&key) {
            changes.places = true;
        }
        self.conversations.get_or_insert_with(key, || {
            let mut conversation = Conversation::new(place.clone(), me, position);
            if connected && matches!(place, Place::With(_)) {
                conversation.go_live();
            }
            conversation
        })
    }

    /// The same, spelled as the hub spells it.
    fn respell(&mut self, place: Place, changes: &mut Changes) -> &mut Conversation {
        let conversation = self.conversation(&place, changes);
        if conversation.place != place {
            conversation.place = place;
            changes.places = true;
        }
        conversation
    }

    /// Keeps the number of private conversations within bounds; never drops `kept`.
    fn drop_private(&mut self, kept: &Place, changes: &mut Changes) {
        let kept = kept.key();
        let private = self.conversations.iter().filter(|(place, _)| matches!(place, Place::With(_)));
        if private.clone().count() <= MAX_PRIVATE {
            return;
        }
        let idle = private.filter(|(place, talk)| **place != kept && talk.pending().is_empty() && talk.held.is_none());
        if let Some(oldest) = idle.min_by_key(|(_, talk)| talk.latest).map(|(place, _)| place.clone()) {
            changes.merge(self.close(&oldest));
        }
    }

    fn keep_position(&mut self, place: Place, seq: u64) {
        let position = self.positions.get_or_insert_with(place, || seq);
        *position = seq.max(*position);
        if self.positions.len() > MAX_POSITIONS {
            self.positions.pop_first();
        }
    }

    fn next_notice(&mut self) -> u64 {
        self.notices += 1;
        self.notices
    }
}
