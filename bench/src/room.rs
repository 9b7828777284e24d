//! A crowd that talks: one of them says lines, all of them hear each, and every delivery is
//! counted and timed.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::message::ToHub;
use shared::room::LOBBY;
use shared::wire;

use crate::crowd::{Crowd, Patience};
use crate::heard::{Heard, understand};
use crate::limit::{id, text};
use crate::socket::add_frame;
use crate::statistics::Latencies;

/// How long a room must be silent to be sure that no line comes twice.
const SILENCE: Duration = Duration::from_millis(500);

/// The one who speaks.
const SPEAKER: usize = 0;

/// Those in a room, the speaker among them.
pub(crate) struct Room {
    crowd: Crowd,
    ledger: Ledger,
    /// Whether the speaker gets an answer to each line.
    answered: bool,
}

/// What everyone has heard. The log of this run holds only this room's lines, so there are no
/// gaps in what anyone hears.
struct Ledger {
    /// The next `seq` that each is to hear.
    next: Vec<u64>,
    /// The first `seq` of this round.
    first: u64,
    /// When each line of this round was sent.
    sent: Vec<Instant>,
    /// How many have still to hear it.
    missing: Vec<usize>,
    /// Lines that everyone has heard.
    complete: usize,
    answers: usize,
    latencies: Latencies,
}

impl Ledger {
    fn new(people: usize, first: u64) -> Self {
        Self {
            next: vec![first; people],
            first,
            sent: Vec::new(),
            missing: Vec::new(),
            complete: 0,
            answers: 0,
            latencies: Latencies::default(),
        }
    }

    fn begin_round(&mut self) {
        self.first += self.sent.len() as u64;
        self.sent.clear();
        self.missing.clear();
        (self.complete, self.answers) = (0, 0);
        self.latencies = Latencies::default();
    }

    /// A line is sent; its `seq`.
    fn send(&mut self, now: Instant) -> u64 {
        self.sent.push(now);
        self.missing.push(self.next.len());
        self.first + self.sent.len() as u64 - 1
    }

    /// Someone heard a line.
    ///
    /// # Errors
    /// If it is not the one that was due.
    fn hear(&mut self, index: usize, seq: u64, now: Instant) -> Result<()> {
        let due = &mut self.next[index];
        ensure!(seq >= *due, "number {index} heard line {seq} twice or out of order: {due} was due");
        ensure!(seq == *due, "number {index} missed a line: {due} was due, and {seq} came");
        *due += 1;
        let line = seq.checked_sub(self.first).and_then(|line| usize::try_from(line).ok());
        let line = line.filter(|line| *line < self.sent.len());
        let line = line.with_context(|| format!("number {index} heard line {seq}, which nobody said"))?;
        self.missing[line] -= 1;
        self.latencies.add(now.saturating_duration_since(self.sent[line]));
        while self.missing.get(self.complete) == Some(&0) {
            self.complete += 1;
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.sent.len() - self.complete
    }

    /// Who has not heard the oldest line under way, for a person to read.
    fn waiting_for(&self) -> String {
        let seq = self.first + self.complete as u64;
        let deaf: Vec<String> = self
            .next
            .iter()
            .enumerate()
            .filter(|(_, next)| **next <= seq)
            .map(|(index, _)| index.to_string())
            .collect();
        let (few, all) = (deaf.iter().take(5).cloned().collect::<Vec<_>>().join(", "), self.next.len());
        format!("line {seq} has not reached {} of {all} (numbers {few}…); {} answers came", deaf.len(), self.answers)
    }
}

impl Room {
    /// A room whose next line gets `first` as its `seq`.
    pub(crate) fn new(crowd: Crowd, first: u64, answered: bool) -> Self {
        let ledger = Ledger::new(crowd.len(), first);
        Self { crowd, ledger, answered }
    }

    pub(crate) fn people(&self) -> usize {
        self.crowd.len()
    }

    /// Says lines, at most `window` of them under way at a time: one is under way until all have
    /// heard it. `say` adds the bytes that make the line with this `seq`.
    ///
    /// # Errors
    /// If anyone misses a line, or hears one twice.
    pub(crate) fn talk(&mut self, lines: usize, window: usize, say: impl Fn(u64, &mut Vec<u8>)) -> Result<Latencies> {
        let Self { crowd, ledger, answered } = self;
        ledger.begin_round();
        let answers = if *answered { lines } else { 0 };
        let mut patience = Patience::new();
        let mut bytes = Vec::new();
        while ledger.complete < lines || ledger.answers < answers {
            let more = (window - ledger.under_way()).min(lines - ledger.sent.len());
            if more > 0 {
                bytes.clear();
                let now = Instant::now();
                for _ in 0..more {
                    say(ledger.send(now), &mut bytes);
                }
                crowd.send(SPEAKER, &bytes)?;
            }
            let wait = patience.left().with_context(|| ledger.waiting_for())?;
            let texts = crowd.turn(wait, &mut |index, text| hear(ledger, index, text))?;
            patience.spend(texts);
        }
        ensure!(ledger.answers == answers, "{} answers came to {answers} lines", ledger.answers);
        Ok(std::mem::take(&mut ledger.latencies))
    }

    /// Those who were in it.
    pub(crate) fn into_crowd(self) -> Crowd {
        self.crowd
    }

    /// Listens until the room has been silent for a while: a line too many would come now.
    pub(crate) fn hush(&mut self) -> Result<()> {
        let Self { crowd, ledger, .. } = self;
        let until = Instant::now() + SILENCE;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            crowd.turn(left, &mut |index, text| hear(ledger, index, text))?;
        }
        Ok(())
    }
}

/// Adds the request for the line that gets this `seq`.
pub(crate) fn say(seq: u64, bytes: &mut Vec<u8>) {
    let say = ToHub::Say { id: id(seq), room: LOBBY.to_owned(), text: text() };
    add_frame(wire::encode(&say), bytes);
}

fn hear(ledger: &mut Ledger, index: usize, text: &[u8]) -> Result<()> {
    match understand(text)? {
        Heard::Line { seq } => ledger.hear(index, seq, Instant::now())?,
        Heard::Done { .. } => ledger.answers += 1,
        Heard::Welcome { .. } | Heard::Synced | Heard::Other => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use crate::limit;
    use crate::socket::Socket;

    use super::*;

    #[test]
    fn a_line_is_complete_when_everyone_has_heard_it() {
        let now = Instant::now();
        let mut ledger = Ledger::new(2, 10);
        assert_eq!((ledger.send(now), ledger.send(now)), (10, 11));
        ledger.hear(0, 10, now).expect("due");
        ledger.hear(0, 11, now).expect("due");
        assert_eq!((ledger.complete, ledger.under_way()), (0, 2));
        ledger.hear(1, 10, now).expect("due");
        assert_eq!((ledger.complete, ledger.under_way()), (1, 1));
        ledger.hear(1, 11, now).expect("due");
        assert_eq!(ledger.under_way(), 0);

        ledger.begin_round();
        assert_eq!(ledger.send(now), 12);
        ledger.hear(0, 12, now).expect("due");
        assert!(ledger.waiting_for().contains("line 12 has not reached 1 of 2 (numbers 1"), "{}", ledger.waiting_for());
    }

    #[test]
    fn a_line_missed_heard_twice_or_never_said_is_found_out() {
        let now = Instant::now();
        let fresh = || {
            let mut ledger = Ledger::new(1, 1);
            ledger.send(now);
            ledger.send(now);
            ledger
        };
        assert!(fresh().hear(0, 2, now).is_err_and(|error| error.to_string().contains("missed")));
        let mut ledger = fresh();
        ledger.hear(0, 1, now).expect("due");
        assert!(ledger.hear(0, 1, now).is_err_and(|error| error.to_string().contains("twice")));
        ledger.hear(0, 2, now).expect("due");
        assert!(ledger.hear(0, 3, now).is_err_and(|error| error.to_string().contains("nobody said")));
    }

    /// Lines and people of the talks below.
    const LINES: usize = 50;
    const PEOPLE: usize = 20;

    /// A talk over a hub that sends `copies` of each line to each of its people.
    fn talk(copies: fn(line: usize, index: usize) -> usize) -> Result<()> {
        const SAY: &[u8] = b"say";
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let hub = thread::spawn(move || {
            let mut people: Vec<_> = (0..PEOPLE).map(|_| listener.accept().expect("a socket").0).collect();
            let mut said = [0; SAY.len()];
            for line in 0..LINES {
                if people[SPEAKER].read_exact(&mut said).is_err() {
                    return; // the talk was broken off
                }
                let frame = limit::frame(line as u64);
                for (index, person) in people.iter_mut().enumerate() {
                    for _ in 0..copies(line, index) {
                        let _ = person.write_all(&frame);
                    }
                }
            }
            let _ = people[SPEAKER].read(&mut said); // until it is closed
        });
        let sockets: Result<Vec<_>> = (0..PEOPLE).map(|_| Socket::bare(address)).collect();
        let mut room = Room::new(Crowd::of(sockets?)?, limit::frame_seq(0), false);
        let talked = room.talk(LINES, 4, |_, bytes| bytes.extend_from_slice(SAY)).and_then(|_| room.hush());
        drop(room);
        hub.join().expect("the hub ends");
        talked
    }

    #[test]
    fn a_hub_that_delivers_everything_once_is_believed() {
        talk(|_, _| 1).expect("a talk");
    }

    #[test]
    fn a_hub_that_drops_one_delivery_in_a_thousand_is_found_out() {
        let dropped = talk(|line, index| usize::from((line, index) != (23, 7)));
        assert!(dropped.is_err_and(|error| format!("{error:#}").contains("number 7 missed a line")));
    }

    #[test]
    fn a_hub_that_sends_the_last_line_twice_is_found_out() {
        let twice = talk(|line, index| if (line, index) == (LINES - 1, 3) { 2 } else { 1 });
        assert!(twice.is_err_and(|error| format!("{error:#}").contains("number 3 heard line")));
    }
}
