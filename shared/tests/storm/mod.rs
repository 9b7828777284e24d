//! A hub with its log, a session on it that is cut off again and again, and the transcript of what comes
//! through; beside them, in sets of positions, what can be known of it.

mod known;

use std::collections::{BTreeSet, VecDeque};

pub(crate) use self::known::{Kind, Known};
use shared::entry::{Change, Changed, Entry, Said, Topic, Whispered};
use shared::message::{Connected, Conversation, ErrorCode, Joined, Page, Refusal, ToHub, Welcome};
use shared::session::{Delivery, Response};
use shared::transcript::{Place, Transcript};

const ME: &str = "dr00";

/// The lobby, another room, and the talk with bob.
pub(crate) const PLACES: usize = 3;
const LOBBY: usize = 0;
const ATTIC: usize = 1;
const BOB: usize = 2;
const ROOMS: [&str; 2] = ["lobby", "attic"];

/// Lines of a page.
const LIMIT: usize = 3;

pub(crate) fn place(at: usize) -> Place {
    if at == BOB { Place::With("bob".to_owned()) } else { Place::Room(ROOMS[at].to_owned()) }
}

fn entry(seq: u64, at: usize, kind: Kind) -> Entry {
    let from = if kind == Kind::Mine { ME } else { "bob" }.to_owned();
    let id = format!("{from}-{seq}");
    let text = if kind == Kind::Naming { format!("@{ME} #{seq}") } else { format!("#{seq}") };
    let (room, to) = if at == BOB { (None, Some(ME.to_owned())) } else { (Some(ROOMS[at].to_owned()), None) };
    if kind == Kind::Change {
        // Of a line before it, or of none that anybody holds.
        let change = Change::Reacted { emoji: "👍".to_owned(), on: true };
        return Entry::Changed(Changed { seq, at: seq, room, to, from, id, of: seq.saturating_sub(2), change });
    }
    if let (Kind::Topic, Some(room)) = (kind, room) {
        return Entry::Topic(Topic { seq, at: seq, room, from, id, topic: text });
    }
    let mine = kind == Kind::Mine;
    if at == BOB {
        let to = if mine { "bob" } else { ME }.to_owned();
        return Entry::Whispered(Whispered { seq, at: seq, from, to, id, text, details: None });
    }
    Entry::Said(Said { seq, at: seq, room: ROOMS[at].to_owned(), from, id, text, details: None })
}

/// What is on its way to the node, in order.
enum Frame {
    Entry(u64),
    Synced(u64),
    /// How far the lobby was read, and what came after it; the same of bob, behind the newest of him.
    Connected(Standing, Option<(u64, Standing)>),
    Joined(Standing),
    Left,
    Read(usize, u64),
}

/// How far a place was read, and what others said after it.
type Standing = (u64, BTreeSet<u64>);

#[derive(Default)]
pub(crate) struct Storm {
    // The hub: where each entry was said, and what it is.
    log: Vec<(usize, Kind)>,
    hub_read: [Option<u64>; PLACES],
    member: [bool; 2],
    // The wire.
    online: bool,
    queue: VecDeque<Frame>,
    // The session.
    met: bool,
    position: u64,
    welcomed_at: u64,
    catching_up: bool,
    /// Entries after this may have been missed.
    behind: [Option<u64>; PLACES],
    at_loss: [Option<u64>; PLACES],
    /// What is said there is heard.
    live: [bool; PLACES],
    wants_attic: bool,
    /// What was read without a connection.
    to_tell: [u64; PLACES],
    // The client.
    pub(crate) transcript: Transcript,
    /// What came on this connection came in order, up to here.
    heard: u64,
    /// The hub has given out entries up to here.
    given: u64,
    pub(crate) known: [Known; PLACES],
}

impl Storm {
    pub(crate) fn new() -> Self {
        let mut storm = Self::default();
        storm.back(false);
        storm
    }

    fn tell(&mut self, delivery: &Delivery) {
        self.transcript.deliver(0, delivery);
    }

    fn newest(&self) -> u64 {
        self.log.len() as u64
    }

    fn entry(&self, seq: u64) -> Entry {
        let (at, kind) = self.log[seq as usize - 1];
        entry(seq, at, kind)
    }

    /// All entries of a place.
    fn written(&self, at: usize) -> BTreeSet<u64> {
        (1..).zip(&self.log).filter(|(_, (place, _))| *place == at).map(|(seq, _)| seq).collect()
    }

    fn kind(&self, seq: u64) -> Kind {
        self.log[seq as usize - 1].1
    }

    /// What was said at a place, topics among it.
    pub(crate) fn said(&self, at: usize) -> BTreeSet<u64> {
        self.written(at).into_iter().filter(|seq| self.kind(*seq) != Kind::Change).collect()
    }

    /// Those that name us.
    pub(crate) fn naming(&self, seqs: &BTreeSet<u64>) -> BTreeSet<u64> {
        seqs.iter().copied().filter(|seq| self.kind(*seq) == Kind::Naming).collect()
    }

    /// What was said at a place and is neither held nor on its way.
    pub(crate) fn missing(&self, at: usize) -> BTreeSet<u64> {
        let mut missing = self.arrived(&self.said(at));
        missing.retain(|seq| !self.known[at].lines.contains_key(seq));
        missing
    }

    /// Those that are not on their way.
    pub(crate) fn arrived(&self, seqs: &BTreeSet<u64>) -> BTreeSet<u64> {
        let on_the_way = |seq| self.queue.iter().any(|frame| matches!(frame, Frame::Entry(entry) if *entry == seq));
        seqs.iter().copied().filter(|seq| !on_the_way(*seq)).collect()
    }

    /// What others said at a place after `seq`.
    pub(crate) fn others_after(&self, at: usize, seq: u64) -> BTreeSet<u64> {
        let mut said = self.said(at).split_off(&(seq + 1));
        said.retain(|seq| self.kind(*seq).counts());
        said
    }

    fn may_see(&self, at: usize) -> bool {
        at == BOB || self.member[at]
    }

    // --- what happens at the hub and on the wire ---

    pub(crate) fn say(&mut self, at: usize, kind: Kind) {
        if kind == Kind::Change && self.written(at).is_empty() || kind == Kind::Topic && at == BOB {
            return; // there is nothing to change, or no room
        }
        self.log.push((at, kind));
        if self.online && self.may_see(at) {
            self.queue.push_back(Frame::Entry(self.newest()));
        }
    }

    /// This person reads on another node.
    pub(crate) fn read_elsewhere(&mut self, at: usize, seq: u64) {
        let seq = seq.min(self.newest());
        let read = self.hub_read[at].get_or_insert(0);
        if seq > *read {
            *read = seq;
            if self.online && self.may_see(at) {
                self.queue.push_back(Frame::Read(at, seq));
            }
        }
    }

    /// So many of the frames under way arrive.
    pub(crate) fn arrive(&mut self, frames: usize) {
        for _ in 0..frames {
            let Some(frame) = self.queue.pop_front() else { return };
            self.take(frame);
        }
    }

    pub(crate) fn lose(&mut self) {
        if !std::mem::take(&mut self.online) {
            return;
        }
        self.queue.clear();
        for at in 0..PLACES {
            let live = std::mem::take(&mut self.live[at]);
            let wanted = at != ATTIC || self.wants_attic;
            self.at_loss[at] = (live && wanted && self.behind[at].is_none()).then_some(self.position);
            if live {
                self.known[at].go_deaf();
            }
        }
        self.tell(&Delivery::Lost);
    }

    pub(crate) fn back(&mut self, resume: bool) {
        if std::mem::replace(&mut self.online, true) {
            return;
        }
        self.welcome(resume && self.met);
        if std::mem::replace(&mut self.met, true) && resume {
            return self.resumed();
        }
        self.heard = self.newest();
        self.catching_up = true;
        for at in 0..PLACES {
            self.behind[at] = self.behind[at].or(self.at_loss[at].take());
            self.known[at].not_resumed();
        }
        self.member = [true, false];
        self.connect();
    }

    fn resumed(&mut self) {
        self.heard = 0;
        self.catching_up = false;
        let newest = self.newest();
        self.live = [true, self.member[ATTIC], true];
        for seq in self.position + 1..=newest {
            if self.may_see(self.log[seq as usize - 1].0) {
                self.queue.push_back(Frame::Entry(seq));
            }
        }
        self.queue.push_back(Frame::Synced(newest));
        for at in 0..PLACES {
            self.known[at].joined = self.live[at];
            if self.live[at] {
                self.known[at].resume();
                if at != BOB {
                    self.known[at].list(self.given);
                }
            } else {
                self.known[at].not_resumed();
            }
        }
        self.tell_reads();
        if self.member[ATTIC] && !self.wants_attic {
            self.leave();
        } else if self.wants_attic && !self.member[ATTIC] {
            self.behind[ATTIC] = self.behind[ATTIC].or(self.at_loss[ATTIC]);
            self.join();
        }
    }

    /// The page is loaded again: all that was held is gone, and the hub takes the session up.
    pub(crate) fn reload(&mut self) {
        if !self.live[LOBBY] {
            return; // its first page is still loading
        }
        self.lose();
        self.online = true;
        self.transcript = Transcript::new();
        self.known = Default::default();
        self.behind = [None; PLACES];
        self.catching_up = false;
        let newest = self.newest();
        (self.position, self.heard, self.given) = (newest, newest, newest);
        self.welcome(true);
        self.live = [true, self.member[ATTIC], true];
        for at in 0..PLACES {
            self.known[at].joined = self.live[at];
            if self.live[at] && at != BOB {
                self.known[at].list(newest);
                self.known[at].open(newest + 1, newest);
            }
        }
        self.wants_attic |= self.member[ATTIC];
        self.connect();
    }

    fn welcome(&mut self, resumed: bool) {
        let name = || "x".to_owned();
        self.welcomed_at = self.newest();
        self.given = self.given.max(self.welcomed_at);
        if !self.met {
            self.position = self.welcomed_at;
        }
        let rooms = (0..2).filter(|at| resumed && self.member[*at]).map(|at| ROOMS[at].to_owned()).collect();
        let welcome = Welcome {
            version: 1,
            hub: name(),
            node: name(),
            session: name(),
            epoch: name(),
            seq: self.welcomed_at,
            resumed,
            nick: resumed.then(|| ME.to_owned()),
            rooms,
            ephemeral: false,
            max_upload: None,
            owner: None,
            store_since: 0,
        };
        self.tell(&Delivery::Welcomed { welcome, new_log: false });
    }

    fn standing(&mut self, at: usize) -> Standing {
        let newest = self.newest();
        let read = *self.hub_read[at].get_or_insert(if at == BOB { 0 } else { newest });
        (read, self.others_after(at, read))
    }

    fn connect(&mut self) {
        let lobby = self.standing(LOBBY);
        // A change counts: else nobody would know that there is one to be fetched.
        let latest = self.written(BOB).last().copied();
        let talk = latest.map(|latest| (latest, self.standing(BOB)));
        self.queue.push_back(Frame::Connected(lobby, talk));
    }

    pub(crate) fn join(&mut self) {
        if self.online && self.live[LOBBY] {
            self.member[ATTIC] = true;
            let standing = self.standing(ATTIC);
            self.queue.push_back(Frame::Joined(standing));
        }
    }

    pub(crate) fn leave(&mut self) {
        if self.online && self.live[ATTIC] {
            self.member[ATTIC] = false;
            self.queue.push_back(Frame::Left);
        }
    }

    fn tell_reads(&mut self) {
        for (hub, read) in self.hub_read.iter_mut().zip(std::mem::take(&mut self.to_tell)) {
            *hub = (*hub).max((read > 0).then_some(read));
        }
    }

    // --- what arrives ---

    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Entry(seq) => self.hear(seq),
            Frame::Synced(seq) => {
                self.position = self.position.max(seq);
                self.heard_to(seq);
                self.tell(&Delivery::Synced { seq });
            }
            Frame::Connected(lobby, talk) => self.connected(lobby, talk),
            Frame::Joined(standing) => self.joined(standing),
            Frame::Left => {
                self.wants_attic = false;
                self.live[ATTIC] = false;
                self.behind[ATTIC] = None;
                let known = &mut self.known[ATTIC];
                known.go_deaf();
                known.not_resumed();
                (known.joined, known.cut) = (false, !known.lines.is_empty());
                let request = ToHub::Leave { id: "l".to_owned(), room: ROOMS[ATTIC].to_owned() };
                self.tell(&Delivery::Answered { request, answer: Ok(Response::Done) });
            }
            Frame::Read(at, seq) => {
                self.known[at].is_read(seq);
                self.tell(&Delivery::Read { place: place(at), seq });
            }
        }
        self.caught_up();
    }

    fn connected(&mut self, lobby: Standing, talk: Option<(u64, Standing)>) {
        let response = Connected {
            nick: ME.to_owned(),
            token: "t".to_owned(),
            room: ROOMS[LOBBY].to_owned(),
            topic: None,
            users: Vec::new(),
            count: 0,
            read: lobby.0,
            unread: lobby.1.len() as u32,
            mentions: self.naming(&lobby.1).len() as u32,
            conversations: talk
                .iter()
                .map(|(latest, (read, unread))| Conversation {
                    with: "bob".to_owned(),
                    seq: *latest,
                    read: *read,
                    unread: unread.len() as u32,
                })
                .collect(),
            owner: 17,
        };
        let request = ToHub::Connect { id: "c".to_owned(), nick: ME.to_owned(), token: None };
        self.tell(&Delivery::Answered { request, answer: Ok(Response::Connected(response)) });
        (self.live[LOBBY], self.live[BOB]) = (true, true);
        (self.known[LOBBY].joined, self.known[BOB].joined) = (true, true);
        self.known[LOBBY].list(self.given);
        self.known[LOBBY].was_read(lobby, self.given, true);
        let latest = talk.as_ref().map_or(0, |(latest, _)| *latest);
        if let Some((latest, standing)) = talk {
            self.known[BOB].list(self.given);
            self.known[BOB].was_read(standing, latest, false);
        }
        self.known[BOB].nothing_after(latest, self.heard);
        self.behind[BOB] = self.behind[BOB].filter(|behind| latest > *behind);
        self.tell_reads();
        if self.wants_attic {
            self.join();
        }
    }

    fn joined(&mut self, standing: Standing) {
        let (read, unread) = (standing.0, standing.1.len() as u32);
        let (room, users) = (ROOMS[ATTIC].to_owned(), Vec::new());
        let mentions = self.naming(&standing.1).len() as u32;
        let joined = Joined { room, topic: None, users, count: 0, read, unread, mentions };
        let request = ToHub::Join { id: "j".to_owned(), room: ROOMS[ATTIC].to_owned() };
        self.tell(&Delivery::Answered { request, answer: Ok(Response::Joined(joined)) });
        (self.wants_attic, self.live[ATTIC], self.known[ATTIC].joined) = (true, true, true);
        self.known[ATTIC].not_resumed();
        self.known[ATTIC].list(self.given);
        self.known[ATTIC].was_read(standing, self.given, true);
    }

    fn hear(&mut self, seq: u64) {
        let (at, kind) = self.log[seq as usize - 1];
        self.position = self.position.max(seq);
        self.heard_to(seq);
        if kind.counts() || kind == Kind::Mine || self.known[at].read.is_some() {
            self.known[at].list(seq - 1);
            self.known[at].hear(seq, kind, self.live[at]);
        }
        self.tell(&Delivery::Heard(entry(seq, at, kind)));
    }

    fn heard_to(&mut self, seq: u64) {
        self.heard = self.heard.max(seq);
        self.given = self.given.max(seq);
        for known in &mut self.known {
            known.heard_to(self.heard);
        }
    }

    // --- what session, app and person ask for ---

    /// The session's next page of what was missed at a place; or no page, as it is refused.
    pub(crate) fn catch_up(&mut self, at: usize, refused: bool) {
        let Some(behind) = self.behind[at].filter(|_| self.online && self.live[at] && self.may_see(at)) else {
            return;
        };
        if refused {
            let request = place(at).history("h".to_owned(), None, Some(behind), LIMIT as u32);
            let refusal = Refusal::new(ErrorCode::Unavailable, "Not now.");
            self.tell(&Delivery::Answered { request, answer: Err(refusal) });
            self.known[at].no_page();
            self.behind[at] = None;
        } else {
            self.behind[at] = self.page(at, None, Some(behind));
        }
        self.caught_up();
    }

    fn caught_up(&mut self) {
        let joined = self.live[LOBBY] && (self.live[ATTIC] || !self.wants_attic);
        if self.catching_up && joined && self.behind == [None; PLACES] {
            self.catching_up = false;
            self.position = self.position.max(self.welcomed_at);
        }
    }

    /// A page that the app asks for.
    pub(crate) fn ask(&mut self, at: usize, before: Option<u64>, after: Option<u64>) {
        if self.live[at] && self.may_see(at) && self.transcript.get(&place(at)).is_some() {
            self.page(at, before, after);
        }
    }

    /// A page as the hub gives it, which overtakes what is under way. Where it goes on, if it does.
    fn page(&mut self, at: usize, before: Option<u64>, after: Option<u64>) -> Option<u64> {
        let fits = |seq: &u64| before.is_none_or(|before| *seq < before) && after.is_none_or(|after| *seq > after);
        let mut seqs: Vec<u64> = self.written(at).into_iter().filter(fits).collect();
        let more = seqs.len() > LIMIT;
        if after.is_some() {
            seqs.truncate(LIMIT);
        } else {
            seqs.drain(..seqs.len().saturating_sub(LIMIT));
        }
        self.known[at].list(self.given);
        let lines: Vec<(u64, Kind)> = seqs.iter().map(|seq| (*seq, self.kind(*seq))).collect();
        self.known[at].page(&lines, more, (before, after), self.live[at], (self.given, self.heard));
        let page = Page { entries: seqs.iter().map(|seq| self.entry(*seq)).collect(), more };
        let request = place(at).history("h".to_owned(), before, after, LIMIT as u32);
        self.tell(&Delivery::Answered { request, answer: Ok(Response::Page(page)) });
        seqs.last().copied().filter(|_| more)
    }

    /// The person reads up to one of the lines held.
    pub(crate) fn read(&mut self, at: usize, line: usize) {
        let lines = &self.known[at].lines;
        if lines.is_empty() {
            return;
        }
        let seq = *lines.keys().nth(line % lines.len()).unwrap();
        self.known[at].is_read(seq);
        self.transcript.read(&place(at), seq);
        self.to_tell[at] = self.to_tell[at].max(seq);
        if self.online && self.live[LOBBY] {
            self.tell_reads();
        }
    }

    /// The storm is over: everything comes that is still to come.
    pub(crate) fn calm(&mut self) {
        self.back(true);
        while !self.queue.is_empty() || self.behind != [None; PLACES] {
            self.arrive(usize::MAX);
            for at in 0..PLACES {
                self.catch_up(at, false);
            }
        }
    }

    /// Whether the hub has let the node go, and the node does not know it yet.
    pub(crate) fn is_leaving(&self, at: usize) -> bool {
        at == ATTIC && self.queue.iter().any(|frame| matches!(frame, Frame::Left))
    }

    /// Whether what is said at a place is heard, and no page is to come.
    pub(crate) fn is_calm_at(&self, at: usize) -> bool {
        !self.is_leaving(at) && self.live[at] && self.may_see(at) && self.behind[at].is_none()
    }
}
