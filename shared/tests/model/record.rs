//! What a node received, and what it should have: kept apart from the session, from its deliveries alone.

use std::collections::BTreeMap;

use shared::entry::Entry;
use shared::message::{Refusal, ToHub};
use shared::session::{Delivery, Response};
use shared::transcript::Place;

use super::Hub;

#[derive(Default)]
pub(crate) struct Record {
    /// Of the log the node knows, by position.
    received: BTreeMap<u64, Entry>,
    last_heard: u64,
    /// The log's end when a room was entered: from there on everything said in it is to be received.
    rooms: BTreeMap<String, u64>,
    /// The same of private messages.
    private: Option<u64>,
    /// Requests that have ended, and the log that the node knew then.
    pub(crate) ended: BTreeMap<String, (String, Result<Response, Refusal>)>,
    /// Logs that are no more.
    logs: BTreeMap<String, Vec<Entry>>,
    /// What the person read, in places they have not left.
    pub(crate) reads: BTreeMap<Place, u64>,
}

impl Record {
    pub(super) fn take(&mut self, hub: &Hub, epoch: &str, delivery: &Delivery) {
        match delivery {
            Delivery::Welcomed { new_log: true, .. } => self.begin_anew(),
            Delivery::Heard(entry) => {
                assert!(entry.seq() > self.last_heard, "#{} heard after #{}", entry.seq(), self.last_heard);
                self.last_heard = entry.seq();
                self.received.insert(entry.seq(), entry.clone());
            }
            Delivery::Answered { request, answer } => {
                let id = request.id().expect("requests have ids");
                let before = self.ended.insert(id.to_owned(), (epoch.to_owned(), answer.clone()));
                assert!(before.is_none(), "{id} is answered twice");
                if let Ok(response) = answer {
                    self.done(hub, request, response);
                }
            }
            _ => {}
        }
    }

    fn done(&mut self, hub: &Hub, request: &ToHub, response: &Response) {
        let head = || hub.head_at.get(request.id().unwrap_or_default()).copied().unwrap_or_default();
        match (request, response) {
            (_, Response::Connected(connected)) => {
                self.private.get_or_insert(head());
                self.rooms.entry(connected.room.clone()).or_insert_with(head);
            }
            (_, Response::Joined(joined)) => {
                self.rooms.entry(joined.room.clone()).or_insert_with(head);
            }
            (ToHub::Leave { room, .. }, _) => {
                self.rooms.remove(room);
                self.reads.remove(&Place::Room(room.clone()));
            }
            (_, Response::Page(page)) => {
                for entry in &page.entries {
                    self.received.insert(entry.seq(), entry.clone());
                }
            }
            _ => {}
        }
    }

    /// The node knows nothing (any more).
    pub(super) fn begin_anew(&mut self) {
        let Self { ended, logs, .. } = std::mem::take(self);
        *self = Self { ended, logs, ..Self::default() };
    }

    pub(super) fn end_log(&mut self, hub: &Hub) {
        self.logs.insert(hub.epoch.clone(), hub.log.clone());
    }

    /// The log with this name.
    pub(crate) fn log<'a>(&'a self, hub: &'a Hub, epoch: &str) -> &'a [Entry] {
        if epoch == hub.epoch { &hub.log } else { self.logs.get(epoch).map_or(&[], Vec::as_slice) }
    }

    /// What is to be received of this log by now, up to a position.
    fn due<'a>(&'a self, log: &'a [Entry], to: u64) -> impl Iterator<Item = &'a Entry> {
        log.iter().filter(move |entry| {
            if super::hub::key_of(entry).is_some() {
                return false; // the copy of the store tells of these
            }
            let since = match super::hub::room_of(entry) {
                Some(room) => self.rooms.get(room).copied(),
                None => self.private,
            };
            entry.seq() <= to && since.is_some_and(|since| entry.seq() > since)
        })
    }

    /// What a node says it has, it has.
    pub(super) fn acknowledged(&self, hub: &Hub, epoch: &str, seq: u64) {
        for entry in self.due(self.log(hub, epoch), seq) {
            assert!(self.received.contains_key(&entry.seq()), "#{} is acknowledged and was not received", entry.seq());
        }
    }

    /// All that was to be received was, as it stands in the log, and nothing else.
    pub(crate) fn check(&self, hub: &Hub) {
        for entry in self.due(&hub.log, u64::MAX) {
            assert!(self.received.contains_key(&entry.seq()), "#{} was never received", entry.seq());
        }
        for (seq, entry) in &self.received {
            assert!(hub.log.contains(entry), "#{seq} is not in the log as received");
        }
    }

    /// The newest that was heard as it was said.
    pub(crate) fn last_heard(&self) -> u64 {
        self.last_heard
    }

    /// Whether the node was told that it is in that room.
    pub(crate) fn knows(&self, room: &str) -> bool {
        self.rooms.contains_key(room)
    }

    /// Whether an entry of that place is older than the node's being there.
    pub(crate) fn came_after(&self, place: &Place, seq: u64) -> bool {
        let since = match place {
            Place::Room(room) => self.rooms.get(room).copied(),
            Place::With(_) => self.private,
        };
        since.is_some_and(|since| seq <= since)
    }

    /// The newest that was received there, where the node is in that room, for all that it knows.
    pub(super) fn newest_in(&self, place: &Place) -> Option<u64> {
        let is_here = |entry: &&Entry| match (entry, place) {
            (Entry::Said(said), Place::Room(room)) => said.room == *room && self.rooms.contains_key(room),
            (Entry::Whispered(_), Place::With(_)) => true,
            _ => false,
        };
        self.received.values().rfind(is_here).map(Entry::seq)
    }
}
