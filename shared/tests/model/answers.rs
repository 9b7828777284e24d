//! What the model hub answers to which request.

use std::collections::BTreeMap;

use shared::entry::Entry;
use shared::message::{
    Connected, Conversation, Cursors, Done, ErrorCode, Joined, Page, Pinged, Refusal, Rooms, State, ToHub, User, Users,
};
use shared::transcript::Place;

use super::ME;
use super::hub::{Hub, Kept, room_of};

impl Hub {
    /// The answer to a request; none for a line that is to be written.
    pub(super) fn decide(&mut self, socket: u32, request: &ToHub) -> Result<Option<serde_json::Value>, Refusal> {
        let fits = self.refusals.front().is_some_and(|refusal| match refusal.code {
            ErrorCode::NickInUse => matches!(request, ToHub::Connect { .. }),
            ErrorCode::NotInRoom => request.makes_entry(),
            _ => true,
        });
        if let Some(refusal) = fits.then(|| self.refusals.pop_front()).flatten() {
            return Err(refusal);
        }
        let conversations = self.conversations();
        let (store, head) = (self.store(), self.head());
        let secret = self.connection(socket).and_then(|connection| connection.secret.clone()).expect("said hello");
        let kept = self.sessions.get_mut(&secret).expect("is kept while connected");
        let in_room = |kept: &Kept, room: &str| {
            let refusal = || Refusal::new(ErrorCode::NotInRoom, "Join it first.");
            kept.rooms.contains(room).then_some(()).ok_or_else(refusal)
        };
        Ok(Some(match request {
            ToHub::Connect { nick, token, .. } => {
                let again = kept.nick.as_ref() == Some(nick);
                let proof = format!("token-{nick}");
                // Whoever has the nick already needs no proof: the first answer may have been lost.
                if token.as_ref().is_some_and(|token| *token != proof) && !again {
                    return Err(Refusal::new(ErrorCode::NickInUse, "Another's."));
                }
                if !again {
                    kept.rooms.clear();
                }
                kept.nick = Some(nick.clone());
                kept.rooms.insert("lobby".to_owned());
                json(&Connected {
                    nick: nick.clone(),
                    token: proof,
                    room: "lobby".to_owned(),
                    topic: None,
                    users: users(),
                    count: 1,
                    read: 0,
                    unread: 0,
                    mentions: 0,
                    conversations,
                    owner: 17,
                })
            }
            ToHub::Ping { .. } => json(&Pinged { answer: shared::message::Answer::Pong, ms: 0 }),
            ToHub::ListRooms { .. } => json(&Rooms { rooms: Vec::new() }),
            ToHub::ListUsers { .. } => json(&Users { users: users() }),
            ToHub::Store { follow, after, prefix, .. } => {
                kept.store = follow.unwrap_or(kept.store);
                let mut page = store.page(head, after.as_deref(), prefix.as_deref().unwrap_or_default());
                // Two at most, so that little is needed for many pages.
                page.more |= page.pairs.len() > 2;
                page.pairs.truncate(2);
                json(&page)
            }
            _ if kept.nick.is_none() => return Err(Refusal::new(ErrorCode::NotConnected, "Connect first.")),
            ToHub::Disconnect { .. } => {
                *kept = Kept { store: kept.store, ..Kept::default() };
                json(&Done {})
            }
            ToHub::Join { room, .. } => {
                // As the real one makes full-width letters plain.
                let room = room.replace('ｄ', "d");
                kept.rooms.insert(room.clone());
                json(&Joined { room, topic: None, users: users(), count: 1, read: 0, unread: 0, mentions: 0 })
            }
            ToHub::Leave { room, .. } => {
                in_room(kept, room)?;
                kept.rooms.remove(room);
                json(&Done {})
            }
            ToHub::Say { room, .. }
            | ToHub::Topic { room, .. }
            | ToHub::Edit { room: Some(room), .. }
            | ToHub::Delete { room: Some(room), .. }
            | ToHub::React { room: Some(room), .. } => {
                in_room(kept, room)?;
                return Ok(None);
            }
            ToHub::PrivateMessage { .. }
            | ToHub::Edit { .. }
            | ToHub::Delete { .. }
            | ToHub::React { .. }
            | ToHub::Put { .. }
            | ToHub::Remove { .. } => {
                return Ok(None);
            }
            ToHub::History { room, with, before, after, limit, .. } => {
                if let Some(room) = room {
                    in_room(kept, room)?;
                }
                json(&self.page(room.as_deref(), with.as_deref(), *before, *after, *limit))
            }
            ToHub::Read { room, with, seq, .. } => {
                let place = match (room, with) {
                    (Some(room), None) => {
                        in_room(kept, room)?;
                        Place::Room(room.clone())
                    }
                    (None, Some(nick)) => Place::With(nick.clone()),
                    _ => return Err(Refusal::new(ErrorCode::BadMessage, "Exactly one of `room` and `with`.")),
                };
                let read = self.read.entry(place).or_default();
                *read = (*read).max(*seq);
                json(&Done {})
            }
            ToHub::Cursors { .. } => json(&Cursors { nodes: 1, behind: Vec::new() }),
            ToHub::Hello(_)
            | ToHub::Ack { .. }
            | ToHub::Typing { .. }
            | ToHub::State { .. }
            | ToHub::Who { .. }
            | ToHub::Signal(_)
            | ToHub::ListNodes { .. }
            | ToHub::Search { .. } => {
                return Err(Refusal::new(ErrorCode::BadMessage, "This model cannot do that."));
            }
        }))
    }

    fn conversations(&self) -> Vec<Conversation> {
        let mut latest = BTreeMap::new();
        for entry in &self.log {
            if let Some(with) = with_whom(entry) {
                latest.insert(with, entry.seq());
            }
        }
        let mut talks: Vec<Conversation> = latest
            .into_iter()
            .map(|(with, seq)| Conversation { with: with.to_owned(), seq, read: 0, unread: 0 })
            .collect();
        talks.sort_by_key(|talk| std::cmp::Reverse(talk.seq));
        talks
    }

    /// A page of at most `limit`, but of three at most, so that little is needed for many pages.
    pub(crate) fn page(
        &self,
        room: Option<&str>,
        with: Option<&str>,
        before: Option<u64>,
        after: Option<u64>,
        limit: Option<u32>,
    ) -> Page {
        let limit = limit.map_or(3, |limit| limit.min(3)) as usize;
        let mut entries: Vec<Entry> = self
            .log
            .iter()
            .filter(|entry| match room_of(entry) {
                Some(said_in) => Some(said_in) == room,
                None => with.is_some() && with_whom(entry) == with,
            })
            .filter(|entry| before.is_none_or(|before| entry.seq() < before))
            .filter(|entry| after.is_none_or(|after| entry.seq() > after))
            .cloned()
            .collect();
        let more = entries.len() > limit;
        if after.is_some() {
            entries.truncate(limit);
        } else {
            entries.drain(..entries.len().saturating_sub(limit));
        }
        Page { entries, more }
    }
}

fn users() -> Vec<User> {
    vec![User { nick: ME.to_owned(), state: State::Online, nodes: 1 }]
}

fn with_whom(entry: &Entry) -> Option<&str> {
    let to = match entry {
        Entry::Whispered(whispered) => Some(&whispered.to),
        Entry::Changed(changed) => changed.to.as_ref(),
        Entry::Said(_) | Entry::Topic(_) | Entry::Put(_) | Entry::Removed(_) => None,
    }?;
    Some(if entry.from() == ME { to } else { entry.from() })
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).expect("has string keys")
}
