//! What each delivery changes; answers to requests are in `answers`.

use super::{Changes, Pending, PendingChange, PendingState, Place, Transcript};
use crate::entry::Entry;
use crate::message::{Page, Presence, ToHub, Welcome};
use crate::session::Delivery;

impl Transcript {
    /// Folds in what the session delivered. `now`, in milliseconds since 1970 UTC, dates what is local; for a line
    /// of an earlier visit that is `Sending`, it is when that was typed.
    pub fn deliver(&mut self, now: u64, delivery: &Delivery) -> Changes {
        match delivery {
            Delivery::Welcomed { welcome, new_log } => self.welcomed(welcome, *new_log),
            Delivery::Lost => self.lost(),
            Delivery::Sending { request } => self.sending(now, request),
            Delivery::Heard(entry) => self.apply(entry),
            Delivery::Presence(presence) => self.presence(now, presence),
            Delivery::Typing { place, from } => self.types(now, place, from),
            Delivery::Answered { request, answer: Ok(response) } => self.answered(request, response),
            Delivery::Answered { request, answer: Err(refusal) } => self.refused(now, request, refusal),
            Delivery::Read { place, seq } => self.read(place, *seq),
            Delivery::Synced { seq } => self.synced(*seq),
            Delivery::Complaint(_)
            | Delivery::Signal(_)
            | Delivery::Unreachable(_)
            | Delivery::Down(_)
            | Delivery::Nodes(_) => Changes::default(),
        }
    }

    /// Folds in one entry, heard as it was said.
    pub fn apply(&mut self, entry: &Entry) -> Changes {
        let mut changes = Changes::default();
        self.heard_to(entry.seq());
        let Some(place) = self.place_of(entry) else { return changes };
        let heard = self.heard;
        if self.get(&place).is_none() && (matches!(place, Place::Room(_)) || !entry.is_line()) {
            // One of the last of a room that was left and closed, which was under way; or a change in a private
            // conversation that was closed, which is no reason to open it.
            return changes;
        }
        // Where nobody knew of the place this is unread, whatever else the hub has given out.
        self.list(&place, entry.seq().saturating_sub(1), &mut changes);
        let conversation = self.respell(place, &mut changes);
        let newest = entry.seq() > conversation.latest();
        let before = (conversation.unread(), conversation.unread_more(), conversation.unreached());
        let topic = conversation.topic().map(str::to_owned);
        let lines = conversation.hear(entry, heard);
        let people = conversation.topic() != topic.as_deref();
        let typing = entry.is_line() && conversation.stops_typing(entry.from());
        let after = (conversation.unread(), conversation.unread_more(), conversation.unreached());
        let place = conversation.place.clone();
        if lines || people || typing || before != after {
            let change = changes.of(&place);
            (change.lines, change.people, change.typing) = (lines, people, typing);
            change.unread = (before.0, before.1) != (after.0, after.1);
            change.reach = before.2 != after.2;
        }
        changes.places |= newest && matches!(place, Place::With(_));
        self.drop_private(&place, &mut changes);
        self.keep_within_bounds(&mut changes);
        changes
    }

    /// Folds in a page of `history` that was asked for with these `before` and `after`.
    pub fn apply_page(&mut self, place: &Place, before: Option<u64>, after: Option<u64>, page: &Page) -> Changes {
        let mut changes = Changes::default();
        let (known, heard) = (self.known, self.heard);
        let conversation = self.conversation(place, &mut changes);
        let unreached = conversation.unreached();
        let topic = conversation.topic().map(str::to_owned);
        conversation.apply_page(before, after, page, (known, heard));
        let change = changes.of(&conversation.place);
        change.lines = true;
        change.unread = true;
        change.people = topic.as_deref() != conversation.topic();
        change.reach = unreached != conversation.unreached();
        self.keep_within_bounds(&mut changes);
        changes
    }

    /// All up to `seq` that is for this node, and was not said before the connection was there, has come.
    fn heard_to(&mut self, seq: u64) {
        self.heard = self.heard.max(seq);
        self.known = self.known.max(seq);
    }

    fn welcomed(&mut self, welcome: &Welcome, new_log: bool) -> Changes {
        let mut changes = Changes::default();
        let first = !std::mem::replace(&mut self.met, true);
        self.node.clone_from(&welcome.node);
        if new_log {
            self.known = 0;
            for conversation in self.conversations.values_mut() {
                conversation.new_log(welcome.seq);
                let change = changes.of(&conversation.place);
                (change.lines, change.unread, change.reach) = (true, true, true);
            }
            changes.places = true;
        }
        self.known = self.known.max(welcome.seq);
        let anew = first || new_log;
        // What was said while we were away comes in order where the hub goes on; how much of it is said here
        // again is not known. Else it is asked for, and what is heard is later than the welcome.
        self.heard = if welcome.resumed && !anew { 0 } else { welcome.seq };
        if anew || !welcome.resumed {
            for conversation in self.conversations.values_mut() {
                conversation.not_resumed();
            }
        }
        if welcome.resumed {
            self.resumed(welcome, anew, &mut changes);
        }
        changes
    }

    /// The hub goes on where the connection was lost; or, `anew`, where a page is loaded again that holds nothing
    /// any more, with what comes after the welcome.
    fn resumed(&mut self, welcome: &Welcome, anew: bool, changes: &mut Changes) {
        if let Some(nick) = &welcome.nick {
            self.become_nick(nick, changes);
            self.connected = true;
        }
        for conversation in self.conversations.values_mut() {
            match &conversation.place {
                Place::With(_) if self.connected => {
                    conversation.resume();
                    conversation.current();
                }
                place @ Place::Room(_) if conversation.joined() => {
                    if welcome.rooms.iter().any(|room| Place::Room(room.clone()).key() == place.key()) {
                        conversation.resume();
                    } else {
                        conversation.leave(self.heard);
                    }
                }
                _ => continue,
            }
            let change = changes.of(&conversation.place);
            (change.people, change.unread) = (true, true);
        }
        for room in &welcome.rooms {
            let conversation = self.respell(Place::Room(room.clone()), changes);
            if !conversation.joined() {
                conversation.enter();
                changes.of(&conversation.place).people = true;
            }
            if anew {
                conversation.go_live_after(welcome.seq);
            }
        }
    }

    fn synced(&mut self, seq: u64) -> Changes {
        let mut changes = Changes::default();
        self.heard_to(seq);
        for conversation in self.conversations.values_mut() {
            if conversation.settle_sent(self.heard) {
                changes.of(&conversation.place).lines = true;
            }
        }
        changes
    }

    fn lost(&mut self) -> Changes {
        let mut changes = Changes::default();
        self.connected = false;
        for conversation in self.conversations.values_mut() {
            let typing = conversation.typing_ends(0).is_some();
            conversation.go_deaf(self.heard);
            let change = changes.of(&conversation.place);
            (change.people, change.typing) = (true, typing);
        }
        changes
    }

    fn sending(&mut self, now: u64, request: &ToHub) -> Changes {
        let mut changes = Changes::default();
        let Some(place) = Place::of(request) else {
            return changes;
        };
        if let ToHub::Say { id, text, reply_to, files, .. } | ToHub::PrivateMessage { id, text, reply_to, files, .. } =
            request
        {
            let pending = Pending {
                id: id.clone(),
                text: text.trim().to_owned(),
                reply_to: *reply_to,
                files: files.clone(),
                at: now,
                state: PendingState::Waiting,
            };
            let conversation = self.conversation(&place, &mut changes);
            if conversation.sending(pending) {
                let place = conversation.place.clone();
                changes.of(&place).lines = true;
            }
            self.drop_private(&place, &mut changes);
        } else if let Some(change) = PendingChange::of(request, self.me.as_deref().unwrap_or_default(), now)
            && let Some(conversation) = self.conversations.get_mut(&place.key())
            && conversation.changing(change)
        {
            changes.of(&conversation.place).lines = true;
        }
        changes
    }

    fn types(&mut self, now: u64, place: &Place, nick: &str) -> Changes {
        let mut changes = Changes::default();
        if !self.is_me(nick)
            && let Some(conversation) = self.conversations.get_mut(&place.key())
            && conversation.types(now, nick)
        {
            changes.of(&conversation.place).typing = true;
        }
        changes
    }

    fn presence(&mut self, now: u64, presence: &Presence) -> Changes {
        let mut changes = Changes::default();
        let number = self.next_notice();
        let came: Vec<&String> = presence.joined.iter().filter(|nick| !self.is_me(nick)).collect();
        let went: Vec<&String> = presence.left.iter().filter(|nick| !self.is_me(nick)).collect();
        let place = Place::Room(presence.room.clone()).key();
        if let Some(conversation) = self.conversations.get_mut(&place).filter(|conversation| conversation.joined()) {
            conversation.people.apply(presence);
            let change = changes.of(&conversation.place);
            change.people = true;
            if !came.is_empty() || !went.is_empty() {
                change.lines = true;
                conversation.moved(number, now, &came, &went);
            }
        }
        // A nick is as it is wherever it is.
        for conversation in self.conversations.values_mut() {
            if conversation.people.apply_states(&presence.states) {
                changes.of(&conversation.place).people = true;
            }
        }
        changes
    }
}
