//! How entries reach nodes: those that keep up get them as they become durable; the others are cursors, which
//! read on from the newest entries kept here, or from the log.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use shared::entry::{Change, Changed, Entry};
use shared::message::ToNode;
use shared::room::RoomName;
use shared::wire::close;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::entering::Lease;
use super::handle::ConnectionId;
use super::{FromNode, MessageServer};
use crate::backplane::{Passage, PassageResult, Route};
use crate::outbox::{Outbox, Parcel, Shared};
use crate::registry::NodeKey;

/// The newest entries, kept so that a node that was away for a moment, or fell behind by a burst, costs no
/// read of the log: some seconds of the busiest room.
const MAX_RECENT: usize = 4_096;

/// Bytes (about) of texts among them.
const MAX_RECENT_WEIGHT: usize = 4 * 1024 * 1024;

/// Reads of the log for nodes that are behind, at a time: they must not hold up those for people, who page back.
const MAX_READING: usize = 8;

/// Who was behind for less is not told that it has caught up: in a burst that happens to everyone, and is over
/// before a person could see it.
const MOMENT: Duration = Duration::from_secs(1);

/// Entries of one such read: what a node's outbox takes.
const PASSAGE: u32 = 256;

/// Where a node stands in the log.
#[derive(Debug)]
pub(super) enum Flow {
    /// It has been sent all entries it may see.
    Live,
    /// It is sent what comes after `after` as it takes it.
    Behind {
        after: u64,
        /// When it fell behind.
        since: Instant,
        /// The log is being read for it, or will be.
        reading: bool,
        /// It is to be told when it has caught up.
        announce: bool,
    },
    /// It has no connection since then (milliseconds since 1970 UTC), and had acknowledged all up to `acked`.
    Away { acked: u64, since: u64, lease: Lease },
}

impl Flow {
    pub(super) fn behind(after: u64, announce: bool) -> Self {
        Self::Behind { after, since: Instant::now(), reading: false, announce }
    }
}

/// The newest entries of the log, in order and without a gap.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Entries that follow one another and go the same way, the last of them, and that way.
    runs: VecDeque<(u64, Route, Arc<Shared>)>,
    /// How many entries.
    count: usize,
    weight: usize,
    /// The newest entry that is not kept (any more).
    before: u64,
}

impl Recent {
    /// None are kept up to `head`.
    pub(super) fn from(head: u64) -> Self {
        Self { before: head, ..Self::default() }
    }

    fn add(&mut self, last: u64, route: Route, entries: Arc<Shared>) {
        self.weight += entries.weight();
        self.count += entries.count();
        self.runs.push_back((last, route, entries));
        while (self.count > MAX_RECENT || self.weight > MAX_RECENT_WEIGHT)
            && let Some((last, _, entries)) = self.runs.pop_front()
        {
            self.weight -= entries.weight();
            self.count -= entries.count();
            self.before = last;
        }
    }

    /// A line was taken back by the entry `by`: what it said is not given out again, nor what it was to say instead.
    fn forget(&mut self, line: u64, by: u64) {
        let first = self.runs.partition_point(|(last, ..)| *last < line);
        for (_, _, run) in self.runs.range_mut(first..) {
            if let Some(without) = run.without(line, by) {
                self.weight = self.weight - run.weight() + without.weight();
                *run = Arc::new(without);
            }
        }
    }

    /// All entries after that one; none if some of them are not kept.
    fn after(&self, seq: u64) -> Option<impl Iterator<Item = (u64, &Route, Arc<Shared>)>> {
        let first = self.runs.partition_point(|(last, ..)| *last <= seq);
        let entries = move |entries: &Arc<Shared>| {
            let begun = entries.first_seq().is_some_and(|first| first <= seq);
            if begun { Arc::new(entries.after(seq)) } else { Arc::clone(entries) }
        };
        (seq >= self.before).then(|| {
            let runs = self.runs.range(first..);
            runs.map(move |(last, route, run)| (*last, route, entries(run)))
        })
    }
}

/// Nodes that wait for the log to be read for them.
#[derive(Debug, Default)]
pub(super) struct Hungry {
    waiting: VecDeque<(NodeKey, ConnectionId)>,
    reading: usize,
}

/// What a read of the log brought for a node that is behind.
#[derive(Debug)]
pub(super) struct Read {
    node: NodeKey,
    connection: ConnectionId,
    result: PassageResult,
}

impl MessageServer {
    /// Entries that follow one another and go the same way are durable: now they are heard.
    pub(super) fn tell(&mut self, entries: Vec<Entry>, route: Route) {
        let (Some(first), Some(last)) = (entries.first().map(Entry::seq), entries.last().map(Entry::seq)) else {
            return;
        };
        self.head = last;
        self.keep_room(&entries[0], &route);
        let deleted = self.note_changes(&entries, &route);
        if route == Route::Everyone {
            self.storing.fold(&entries);
        }
        let entries = Arc::new(Shared::entries(entries, self.registry.audience(&route)));
        let Self { registry, live, desks, .. } = self;
        registry.route(last, &route, |node| {
            if live.get(node).is_some_and(|outbox| !outbox.push_entries(&entries)) {
                // It was sent all before these. It says when it has taken them.
                live.remove(node);
                if let Some(desk) = desks.get_mut(node) {
                    desk.flow = Flow::behind(first - 1, false);
                }
            }
        });
        self.recent.add(last, route, entries);
        for (line, by) in deleted {
            self.recent.forget(line, by);
        }
    }

    /// A room whose last visitor left while its first entry was under way has ended in the registry; but something was
    /// said in it, so it stays.
    fn keep_room(&mut self, entry: &Entry, route: &Route) {
        let Route::Room(key) = route else { return };
        if self.registry.room(key).is_some() {
            return;
        }
        let name = match entry {
            Entry::Said(said) => Some(said.room.as_str()),
            Entry::Topic(topic) => Some(topic.room.as_str()),
            Entry::Changed(changed) => changed.room.as_deref(),
            Entry::Whispered(_) | Entry::Put(_) | Entry::Removed(_) => None,
        };
        match name.map(RoomName::parse) {
            Some(Ok(name)) => self.registry.add_kept_room(&name, None),
            Some(Err(error)) => tracing::warn!(%error, "an entry is of a room with a name that is not valid"),
            None => {}
        }
    }

    /// What entries change beside the log. Gives back the lines that they take back, with where it is said.
    fn note_changes(&mut self, entries: &[Entry], route: &Route) -> Vec<(u64, u64)> {
        let mut deleted = Vec::new();
        for entry in entries {
            match (entry, route) {
                (Entry::Topic(topic), Route::Room(key)) => self.registry.set_topic(key, Some(topic.topic.clone())),
                (Entry::Changed(Changed { seq, of, change: Change::Deleted, .. }), _) => deleted.push((*of, *seq)),
                _ => {}
            }
        }
        deleted
    }

    /// A node that is behind, or to which signals were not sent, has taken all that was queued for it.
    pub(super) fn drained(&mut self, node: NodeKey, connection: ConnectionId) {
        let Some(desk) = self.desks.get(node).filter(|desk| desk.connection == connection) else { return };
        match (&desk.flow, &desk.outbox) {
            (Flow::Live, Some(outbox)) if outbox.take_lossy() => self.announce(outbox),
            _ => self.read_on(node),
        }
    }

    /// Tells a node that it has been sent all entries it may see, and that it may have missed signals.
    fn announce(&self, outbox: &Arc<Outbox>) {
        outbox.push(Parcel::Shared(Arc::new(Shared::new(ToNode::Synced { seq: self.head }, 1))));
    }

    /// Sends a node that is behind what comes next.
    pub(super) fn read_on(&mut self, node: NodeKey) {
        let Some(desk) = self.desks.get_mut(node) else { return };
        let (Flow::Behind { after, since, reading: reading @ false, announce }, Some(outbox)) =
            (&mut desk.flow, &desk.outbox)
        else {
            return;
        };
        let Some(recent) = self.recent.after(*after) else {
            *reading = true;
            self.hungry.waiting.push_back((node, desk.connection));
            return self.feed();
        };
        for (last, route, entries) in recent {
            if self.registry.hears(node, route) && !outbox.push_entries(&entries) {
                return; // it says when it has taken what is before these
            }
            *after = last;
        }
        let announce = outbox.take_lossy() || *announce || since.elapsed() >= MOMENT;
        let outbox = Arc::clone(outbox);
        desk.flow = Flow::Live;
        if announce {
            self.announce(&outbox);
        }
        self.live.insert(node, outbox);
    }

    /// Has the log read for those who wait for it.
    fn feed(&mut self) {
        while self.hungry.reading < MAX_READING
            && let Some((node, connection)) = self.hungry.waiting.pop_front()
        {
            let Some(desk) = self.desks.get(node).filter(|desk| desk.connection == connection) else { continue };
            let Flow::Behind { after, .. } = desk.flow else { continue };
            let Some(inbox) = self.inbox.upgrade() else { return };
            // What comes after the head of this moment is read later, so that a room entered meanwhile, or left,
            // makes no difference to this passage.
            let passage = self.backplane.follow(Passage {
                rooms: self.registry.room_keys(node).map(str::to_owned).collect(),
                owner: self.registry.owner_of(node).map(|(owner, _)| owner),
                store: self.registry.hears(node, &Route::Everyone),
                after,
                upto: self.head,
                limit: PASSAGE,
            });
            self.hungry.reading += 1;
            tokio::spawn(async move {
                let read = Read { node, connection, result: passage.await };
                let _ = inbox.send(FromNode::Read(read)).await; // a hub that has stopped needs no more
            });
        }
    }

    /// The log was read for a node that is behind.
    pub(super) fn read_for(&mut self, read: Read) {
        let Read { node, connection, result } = read;
        self.hungry.reading -= 1;
        self.feed();
        let Some(desk) = self.desks.get_mut(node).filter(|desk| desk.connection == connection) else { return };
        let (Flow::Behind { after, reading, announce, .. }, Some(outbox)) = (&mut desk.flow, &desk.outbox) else {
            return;
        };
        match result {
            Ok((entries, reached)) => {
                *reading = false;
                // From the disk means that it was behind for a while: signals may have come and gone.
                *announce = true;
                *after = reached.max(*after);
                let more = reached < self.head;
                let entries = (!entries.is_empty()).then(|| Shared::entries(entries, 1));
                outbox.push_passage(entries, more);
                if !more {
                    self.read_on(node);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the log could not be read for a node that is behind");
                outbox.close_at_once((close::TOO_SLOW, "the log could not be read on; come back"));
            }
        }
    }

    /// Up to where a node surely has all entries it may see.
    pub(super) fn position_of(&self, node: NodeKey) -> u64 {
        let Some(desk) = self.desks.get(node) else { return 0 };
        match (&desk.flow, &desk.outbox) {
            (Flow::Away { acked, .. }, _) => *acked,
            (Flow::Behind { after, .. }, Some(outbox)) => outbox.acked().0.min(*after),
            (Flow::Live, Some(outbox)) => {
                let (acked, _) = outbox.acked();
                // With nothing under way to it, it has all there is.
                if acked >= outbox.last() { self.head } else { acked }
            }
            (_, None) => 0,
        }
    }
}

/// The way back into the server's own inbox, which does not keep it alive.
pub(super) type Inbox = mpsc::WeakSender<FromNode>;

#[cfg(test)]
mod tests {
    use shared::entry::Said;

    use super::*;

    fn add(recent: &mut Recent, seqs: impl IntoIterator<Item = u64>, text: &str) {
        let entry = |seq: u64| {
            let (room, from, id) = ("lobby".to_owned(), "a".to_owned(), seq.to_string());
            Entry::Said(Said { seq, at: 0, room, from, id, text: text.to_owned(), details: None })
        };
        let entries = Shared::entries(seqs.into_iter().map(entry), 2);
        recent.add(entries.last_seq().unwrap(), Route::Room("lobby".to_owned()), Arc::new(entries));
    }

    fn after(recent: &Recent, seq: u64) -> Option<Vec<u64>> {
        let seqs = |run: Arc<Shared>| {
            run.messages()
                .iter()
                .map(|message| match message {
                    ToNode::Entry(entry) => entry.seq(),
                    other => panic!("{other:?}"),
                })
                .collect::<Vec<_>>()
        };
        Some(recent.after(seq)?.flat_map(|(.., run)| seqs(run)).collect())
    }

    #[test]
    fn the_newest_entries_are_given_from_any_position_that_is_kept() {
        let mut recent = Recent::from(10);
        assert_eq!(after(&recent, 10), Some(vec![]));
        assert_eq!(after(&recent, 9), None, "the log knows more");
        add(&mut recent, 11..=13, "x");
        add(&mut recent, 14..=14, "x");
        assert_eq!(after(&recent, 10), Some(vec![11, 12, 13, 14]));
        assert_eq!(after(&recent, 12), Some(vec![13, 14]), "out of the middle of what was committed together");
        assert_eq!(after(&recent, 13), Some(vec![14]));
        assert_eq!(after(&recent, 14), Some(vec![]));
    }

    #[test]
    fn what_was_taken_back_is_given_out_no_more() {
        let mut recent = Recent::from(0);
        add(&mut recent, 1..=3, "one");
        add(&mut recent, 4..=4, "other");
        let changed = |seq: u64, change| {
            let (room, from, id) = (Some("lobby".to_owned()), "a".to_owned(), seq.to_string());
            Entry::Changed(Changed { seq, at: 0, room, to: None, from, id, of: 2, change })
        };
        let edited = changed(5, Change::Edited { text: "secret".to_owned() });
        recent.add(5, Route::Room("lobby".to_owned()), Arc::new(Shared::entries([edited], 2)));
        let before = recent.weight;
        recent.forget(2, 6);
        assert!(recent.weight < before);
        assert_eq!(recent.weight, recent.runs.iter().map(|(.., run)| run.weight()).sum::<usize>());
        let entries: Vec<(u64, String)> = recent
            .after(0)
            .unwrap()
            .flat_map(|(.., run)| run.messages().to_vec())
            .map(|message| match message {
                ToNode::Entry(entry) => (entry.seq(), entry.text().to_owned()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            entries,
            [(1, "one"), (2, ""), (3, "one"), (4, "other"), (5, "")].map(|(seq, text)| (seq, text.to_owned()))
        );
        recent.forget(99, 100); // of what is not kept any more
    }

    #[test]
    fn what_is_kept_is_bounded_by_number_and_by_weight() {
        let mut recent = Recent::from(0);
        for seq in 1..=MAX_RECENT as u64 + 5 {
            add(&mut recent, [seq], "x");
        }
        assert_eq!(after(&recent, 4), None);
        assert_eq!(after(&recent, 5).unwrap().len(), MAX_RECENT);
        let long = "x".repeat(16 * 1024);
        for seq in 10_000..10_300 {
            add(&mut recent, [seq], &long);
        }
        assert!(recent.weight <= MAX_RECENT_WEIGHT && recent.count < 300);
    }
}
