//! Senders who wait for acknowledgements: many, each in a room of its own, to see what the log takes; or one, who
//! fills it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::crowd::{Crowd, PATIENCE, Patience};
use crate::guests;
use crate::heard::{Heard, understand};
use crate::hub::Hub;
use crate::line::{Say, id, text};
use crate::rooms;

/// Lines that one who fills the log has under way: enough for its largest commits.
const FILL_WINDOW: usize = 512;

/// Those who send.
pub(crate) struct Senders {
    crowd: Crowd,
    senders: Vec<Sender>,
    patience: Duration,
}

/// What came of it.
pub(crate) struct Poured {
    pub(crate) lines: u64,
    pub(crate) took: Duration,
}

struct Sender {
    say: Say,
    /// Lines sent.
    sent: u64,
    /// Those that are not acknowledged, by number, the oldest first.
    waiting: VecDeque<u64>,
    /// Lines done with: acknowledged, and heard, which are the same ones.
    done: u64,
    /// The `seq` of lines that were acknowledged and not heard yet, and the other way round.
    acknowledged: VecDeque<u64>,
    heard: VecDeque<u64>,
    /// The newest line heard.
    newest: u64,
}

impl Sender {
    fn new(room: &str) -> Self {
        Self {
            say: Say::new(room, &text()),
            sent: 0,
            waiting: VecDeque::new(),
            done: 0,
            acknowledged: VecDeque::new(),
            heard: VecDeque::new(),
            newest: 0,
        }
    }

    /// # Errors
    /// If lines come twice or out of order, or one that is not its own.
    fn hear(&mut self, seq: u64) -> Result<()> {
        ensure!(seq > self.newest, "line {seq} came after {}", self.newest);
        self.newest = seq;
        self.heard.push_back(seq);
        self.pair()
    }

    /// # Errors
    /// If this is not the answer that is due.
    fn acknowledge(&mut self, answered: &str, seq: Option<u64>) -> Result<()> {
        let due = self.waiting.pop_front().context("an answer that nobody waits for")?;
        ensure!(answered == id(due), "the answer to {answered} came when that to {} was due", id(due));
        self.acknowledged.push_back(seq.context("an acknowledgement without the line's seq")?);
        self.pair()
    }

    /// What is acknowledged is what is heard.
    fn pair(&mut self) -> Result<()> {
        if let (Some(acknowledged), Some(heard)) = (self.acknowledged.front(), self.heard.front()) {
            ensure!(
                acknowledged == heard,
                "line {acknowledged} was acknowledged and line {heard} heard, each without the other"
            );
            self.acknowledged.pop_front();
            self.heard.pop_front();
            self.done += 1;
        }
        Ok(())
    }

    /// For a person to read.
    fn waiting_for(&self) -> String {
        let Self { waiting, acknowledged, heard, .. } = self;
        format!(
            "{} lines are not acknowledged, {} are and were not heard, {} were heard and are not",
            waiting.len(),
            acknowledged.len(),
            heard.len()
        )
    }
}

impl Senders {
    /// So many of them, each alone in a room.
    pub(crate) fn gather(hub: &Hub, count: usize) -> Result<Self> {
        let (mut crowd, _) = guests::welcome(hub, count)?;
        guests::move_in(&mut crowd, rooms::name)?;
        Ok(Self::of(crowd))
    }

    /// Those of a crowd who are alone in their rooms.
    fn of(crowd: Crowd) -> Self {
        let senders = (0..crowd.len()).map(|index| Sender::new(&rooms::name(index))).collect();
        Self { crowd, senders, patience: PATIENCE }
    }

    /// The first so many of them send so many lines, spread evenly, each with at most `window` of them not yet
    /// acknowledged.
    ///
    /// # Errors
    /// If a line is not acknowledged, or not heard, or either more than once.
    pub(crate) fn pour(&mut self, lines: u64, senders: usize, window: usize) -> Result<Poured> {
        let Self { crowd, senders: all, patience } = self;
        let senders = &mut all[..senders];
        let share = lines.div_ceil(senders.len() as u64);
        let goals: Vec<u64> = senders.iter().map(|sender| sender.sent + share).collect();
        let begun = Instant::now();
        let mut patience = Patience::of(*patience);
        let mut bytes = Vec::new();
        loop {
            for (index, (sender, goal)) in senders.iter_mut().zip(&goals).enumerate() {
                bytes.clear();
                while sender.waiting.len() < window && sender.sent < *goal {
                    sender.say.add(sender.sent, &mut bytes);
                    sender.waiting.push_back(sender.sent);
                    sender.sent += 1;
                }
                if !bytes.is_empty() {
                    crowd.send(index, &bytes)?;
                }
            }
            let mut late = senders.iter().zip(&goals).filter(|(sender, goal)| sender.done < **goal);
            let Some((late, _)) = late.next() else { break };
            let wait = patience.left().with_context(|| late.waiting_for())?;
            let texts = crowd.turn(wait, &mut |index, text| {
                let sender = senders.get_mut(index).context("a line of one who said nothing");
                match understand(text)? {
                    Heard::Line { seq } => sender?.hear(seq),
                    Heard::Done { id, seq } => sender?.acknowledge(id, seq),
                    Heard::Welcome { .. } | Heard::Synced | Heard::Other => Ok(()),
                }
            })?;
            patience.spend(texts);
        }
        Ok(Poured { lines: share * senders.len() as u64, took: begun.elapsed() })
    }
}

/// One of a crowd fills the log, in rooms where nobody else hears it. The `seq` of each line. The ids go on from
/// `first`.
///
/// # Errors
/// If it misses a line, or hears one twice.
pub(crate) fn fill(
    crowd: &mut Crowd,
    speaker: usize,
    first: usize,
    lines: usize,
    room_of: impl Fn(usize) -> &'static str,
) -> Result<Vec<u64>> {
    let mut says: Vec<(&'static str, Say)> = Vec::new();
    let (mut sent, mut answered, mut said) = (0, 0, Vec::with_capacity(lines));
    let mut patience = Patience::new();
    let mut bytes = Vec::new();
    while answered < lines || said.len() < lines {
        bytes.clear();
        while sent < lines && sent < answered + FILL_WINDOW {
            let room = room_of(sent);
            let say = match says.iter().position(|(name, _)| *name == room) {
                Some(place) => &says[place].1,
                None => {
                    says.push((room, Say::new(room, &text())));
                    &says[says.len() - 1].1
                }
            };
            say.add((first + sent) as u64, &mut bytes);
            sent += 1;
        }
        if !bytes.is_empty() {
            crowd.send(speaker, &bytes)?;
        }
        let texts = crowd.turn(patience.left()?, &mut |index, text| {
            match understand(text)? {
                Heard::Line { seq } if index == speaker => {
                    ensure!(said.last().is_none_or(|last| *last < seq), "line {seq} came after {:?}", said.last());
                    said.push(seq);
                }
                Heard::Done { .. } => answered += 1,
                _ => {}
            }
            Ok(())
        })?;
        patience.spend(texts);
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use shared::message::Sent;
    use shared::wire;
    use tungstenite::protocol::frame::Frame;
    use tungstenite::protocol::frame::coding::{Data, OpCode};

    use crate::line::Template;
    use crate::socket::{Socket, write_frame};

    use super::*;

    #[test]
    fn answers_are_due_in_order_and_once() {
        let mut sender = Sender { waiting: VecDeque::from([4, 5]), ..Sender::new("den") };
        assert!(sender.acknowledge(&id(4), Some(1)).is_ok());
        assert!(sender.acknowledge(&id(4), Some(2)).is_err());
        assert!(Sender::new("den").acknowledge(&id(0), Some(1)).is_err());
    }

    #[test]
    fn lines_are_heard_once() {
        let mut sender = Sender::new("den");
        assert!(sender.hear(3).is_ok() && sender.hear(9).is_ok());
        assert!(sender.hear(9).is_err());
    }

    /// Lines poured below.
    const LINES: u64 = 30;

    /// What a hub says to each line: acknowledgements, and deliveries.
    type Deal = fn(line: u64) -> [usize; 2];

    /// One sender pours over a hub that deals so.
    fn pour(deal: Deal) -> Result<Poured> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let mut request = vec![0; Say::new(&rooms::name(0), &text()).len()];
        let hub = thread::spawn(move || {
            let (mut sender, _) = listener.accept().expect("a socket");
            let mut template = Template::new(&rooms::name(0));
            for line in 0..LINES {
                if sender.read_exact(&mut request).is_err() {
                    return; // the pour was broken off
                }
                let [answers, deliveries] = deal(line);
                let mut bytes = Vec::new();
                for _ in 0..answers {
                    let sent = Sent { seq: crate::line::frame_seq(line), delivered: None };
                    let reply = wire::encode_ok(&id(line), &sent);
                    write_frame(Frame::message(reply, OpCode::Data(Data::Text), true), &mut bytes);
                }
                for _ in 0..deliveries {
                    bytes.extend_from_slice(template.lines(line, 1));
                }
                let _ = sender.write_all(&bytes);
            }
            let _ = sender.read(&mut request); // until it is closed
        });
        let mut senders = Senders::of(Crowd::of(vec![Socket::bare(address)?])?);
        senders.patience = Duration::from_millis(200);
        let poured = senders.pour(LINES, 1, 4);
        drop(senders);
        hub.join().expect("the hub ends");
        poured
    }

    fn is_found_out(deal: Deal, said: &str) {
        let error = pour(deal).err().map(|error| format!("{error:#}")).expect("it is wrong");
        assert!(error.contains(said), "{error}");
    }

    #[test]
    fn a_hub_that_acknowledges_what_it_delivers_is_believed() {
        assert_eq!(pour(|_| [1, 1]).expect("a pour").lines, LINES);
    }

    #[test]
    fn an_acknowledgement_without_delivery_is_found_out() {
        is_found_out(|line| if line == 20 { [1, 0] } else { [1, 1] }, "each without the other");
        is_found_out(|line| if line == LINES - 1 { [1, 0] } else { [1, 1] }, "1 are and were not heard");
    }

    #[test]
    fn a_delivery_without_acknowledgement_is_found_out() {
        is_found_out(|line| if line == 20 { [0, 1] } else { [1, 1] }, "was due");
        is_found_out(|line| if line == LINES - 1 { [0, 1] } else { [1, 1] }, "1 were heard and are not");
    }

    #[test]
    fn an_acknowledgement_or_a_delivery_too_many_is_found_out() {
        is_found_out(|line| if line == 20 { [2, 1] } else { [1, 1] }, "was due");
        is_found_out(|line| if line == 20 { [1, 2] } else { [1, 1] }, "came after");
    }
}
