//! Which places are listed, and how they are spelled.

use super::{Changes, Conversation, MAX_PRIVATE, Place, Transcript};
use crate::entry::{Changed, Entry};
use crate::letters::fold;
use crate::room::LOBBY;

impl Transcript {
    /// Rooms by name, the lobby first; then private conversations, the latest first.
    pub(super) fn in_order(&self) -> Vec<&Conversation> {
        let rank = |conversation: &Conversation| match &conversation.place {
            Place::Room(room) => (0, u64::from(fold(room) != LOBBY)),
            Place::With(_) => (1, u64::MAX - conversation.latest()),
        };
        let mut listed: Vec<&Conversation> = Vec::new();
        // Put in one by one, as they are few: a sort would be 8 KB more of browser client. Those of one
        // rank stay in the map's order, which is that of names.
        for conversation in self.conversations.values() {
            let rank_here = rank(conversation);
            listed.insert(listed.partition_point(|other| rank(other) <= rank_here), conversation);
        }
        listed
    }

    pub(super) fn is_me(&self, nick: &str) -> bool {
        self.me.as_deref().is_some_and(|me| fold(me) == fold(nick))
    }

    /// This node speaks as `nick`. Private conversations belong to the nick that had them; what waits to be sent
    /// before there is one is that of the nick to come.
    pub(super) fn become_nick(&mut self, nick: &str, changes: &mut Changes) {
        if self.is_me(nick) {
            return;
        }
        if self.me.is_some() {
            self.conversations.retain(|place| matches!(place, Place::Room(_)));
        }
        self.me = Some(nick.to_owned());
        for conversation in self.conversations.values_mut() {
            conversation.spoken_in_by(nick, self.known);
        }
        changes.places = true;
    }

    /// Where an entry was said, as this node sees it; nowhere where it is of the store.
    pub fn place_of(&self, entry: &Entry) -> Option<Place> {
        Some(match entry {
            Entry::Said(said) => Place::Room(said.room.clone()),
            Entry::Topic(topic) => Place::Room(topic.room.clone()),
            Entry::Changed(Changed { room: Some(room), .. }) => Place::Room(room.clone()),
            Entry::Changed(Changed { from, to: Some(to), .. }) if self.is_me(from) => Place::With(to.clone()),
            Entry::Changed(Changed { from, .. }) => Place::With(from.clone()),
            Entry::Whispered(whispered) if self.is_me(&whispered.from) => Place::With(whispered.to.clone()),
            Entry::Whispered(whispered) => Place::With(whispered.from.clone()),
            Entry::Put(_) | Entry::Removed(_) => return None,
        })
    }

    /// The conversation at a place, listed from now on. One not listed until then counts as read so far:
    /// what the hub knows to be unread it says.
    pub(super) fn conversation(&mut self, place: &Place, changes: &mut Changes) -> &mut Conversation {
        self.list(place, self.known, changes)
    }

    /// The same, read up to `read_to` if it was not listed.
    pub(super) fn list(&mut self, place: &Place, read_to: u64, changes: &mut Changes) -> &mut Conversation {
        let key = place.key();
        let connected = self.connected;
        let me = self.me.as_deref().map(fold);
        changes.places |= !self.conversations.contains_key(&key);
        self.conversations.get_or_insert_with(key, || {
            let mut conversation = Conversation::new(place.clone(), me, read_to);
            if connected && matches!(place, Place::With(_)) {
                conversation.go_live();
            }
            conversation
        })
    }

    /// The same, spelled as the hub spells it.
    pub(super) fn respell(&mut self, place: Place, changes: &mut Changes) -> &mut Conversation {
        let conversation = self.conversation(&place, changes);
        if conversation.place != place {
            conversation.place = place;
            changes.places = true;
        }
        conversation
    }

    /// Keeps the number of private conversations within bounds; never drops `kept`.
    pub(super) fn drop_private(&mut self, kept: &Place, changes: &mut Changes) {
        let kept = kept.key();
        let private = self.conversations.iter().filter(|(place, _)| matches!(place, Place::With(_)));
        if private.clone().count() <= MAX_PRIVATE {
            return;
        }
        let idle = private.filter(|(place, talk)| **place != kept && !talk.busy());
        if let Some(oldest) = idle.min_by_key(|(_, talk)| talk.latest()).map(|(place, _)| place.clone()) {
            changes.merge(self.close(&oldest));
        }
    }

    pub(super) fn next_notice(&mut self) -> u64 {
        self.notices += 1;
        self.notices
    }
}
