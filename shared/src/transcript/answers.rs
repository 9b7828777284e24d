//! What the answers to requests change, whether the app made them or the session.

use super::{Changes, Conversation, Notice, Place, Transcript, What};
use crate::letters::fold;
use crate::message::{Connected, Joined, Refusal, ToHub};
use crate::session::Response;
use crate::wire::MAX_CONVERSATIONS;

impl Transcript {
    pub(super) fn answered(&mut self, request: &ToHub, response: &Response) -> Changes {
        let mut changes = Changes::default();
        match (request, response) {
            (_, Response::Connected(connected)) => self.greeted(connected, &mut changes),
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
                if let Some(conversation) = self.asked_of(request) {
                    conversation.people_are(&users.users, 0);
                    changes.of(&conversation.place).people = true;
                }
            }
            (ToHub::Cursors { .. }, Response::Cursors(cursors)) => {
                let (known, node) = (self.known, self.node.clone());
                if let Some(conversation) = self.asked_of(request)
                    && conversation.told_cursors(cursors, &node, known)
                {
                    changes.of(&conversation.place).reach = true;
                }
            }
            (ToHub::Say { id, .. } | ToHub::PrivateMessage { id, .. }, Response::Sent(sent)) => {
                let heard = self.heard;
                self.line_ended(request, &mut changes, |conversation| conversation.sent(id, sent.seq, heard));
            }
            (ToHub::Edit { id, .. } | ToHub::Delete { id, .. } | ToHub::React { id, .. }, Response::Sent(sent)) => {
                let heard = self.heard;
                self.line_ended(request, &mut changes, |conversation| conversation.change_sent(id, sent.seq, heard));
            }
            _ => {}
        }
        changes
    }

    pub(super) fn refused(&mut self, now: u64, request: &ToHub, refusal: &Refusal) -> Changes {
        let mut changes = Changes::default();
        match request {
            ToHub::Edit { .. } | ToHub::Delete { .. } | ToHub::React { .. } | ToHub::Topic { .. } => {
                // Nothing else would show it: a change has no row of its own.
                let words = What::Refused(format!("This was not changed: {}", refusal.message));
                let notice = Notice { number: self.next_notice(), revision: 0, at: now, what: words };
                self.line_ended(request, &mut changes, |conversation| {
                    conversation.change_refused(request.id().unwrap_or_default());
                    conversation.notice(notice);
                    true
                });
            }
            ToHub::Say { id, .. } | ToHub::PrivateMessage { id, .. } => {
                self.line_ended(request, &mut changes, |conversation| conversation.failed(id, refusal));
            }
            ToHub::History { before: None, after: Some(_), .. } => {
                self.line_ended(request, &mut changes, Conversation::no_page);
            }
            _ => {}
        }
        changes
    }

    fn line_ended(&mut self, request: &ToHub, changes: &mut Changes, end: impl FnOnce(&mut Conversation) -> bool) {
        if let Some(conversation) = self.asked_of(request)
            && end(conversation)
        {
            changes.of(&conversation.place).lines = true;
        }
    }

    /// The conversation a request is about, if it is listed.
    fn asked_of(&mut self, request: &ToHub) -> Option<&mut Conversation> {
        Place::of(request).and_then(|place| self.conversations.get_mut(&place.key()))
    }

    fn greeted(&mut self, connected: &Connected, changes: &mut Changes) {
        self.become_nick(&connected.nick, changes);
        self.connected = true;
        let Connected { room, topic, users, count, read, unread, mentions, .. } = connected.clone();
        self.entered(&Joined { room, topic, users, count, read, unread, mentions }, changes);
        let heard = self.heard;
        for talk in &connected.conversations {
            let conversation = self.conversation(&Place::With(talk.with.clone()), changes);
            conversation.exists(talk.seq);
            conversation.was_read(talk.read, (talk.unread, talk.unread), talk.seq, heard);
            changes.of(&conversation.place).unread = true;
        }
        // Those not named are of longer ago, if there are any.
        let longest_ago = connected.conversations.iter().map(|talk| talk.seq).min();
        let all_named = connected.conversations.len() < MAX_CONVERSATIONS;
        let unnamed = longest_ago.filter(|_| !all_named).unwrap_or(0);
        for conversation in self.conversations.values_mut() {
            let Place::With(nick) = &conversation.place else {
                continue;
            };
            let named = connected.conversations.iter().find(|talk| fold(&talk.with) == fold(nick)).map(|talk| talk.seq);
            conversation.go_live();
            conversation.current();
            conversation.nothing_after(named.unwrap_or(unnamed));
            changes.of(&conversation.place).people = true;
        }
    }

    fn entered(&mut self, joined: &Joined, changes: &mut Changes) {
        let (known, heard) = (self.known, self.heard);
        let conversation = self.respell(Place::Room(joined.room.clone()), changes);
        let again = !conversation.joined();
        conversation.topic_is(joined.topic.as_deref(), known);
        conversation.people_are(&joined.users, joined.count);
        conversation.enter();
        conversation.was_read(joined.read, (joined.unread, joined.mentions), known, heard);
        let change = changes.of(&conversation.place);
        (change.people, change.unread) = (true, true);
        // A hole may show what was said in between.
        change.lines |= again;
    }

    fn left(&mut self, key: &Place, changes: &mut Changes) {
        if let Some(conversation) = self.conversations.get_mut(key) {
            conversation.leave_for_good(self.heard);
            changes.of(&conversation.place).people = true;
        }
    }
}
