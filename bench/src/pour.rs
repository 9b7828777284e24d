//! Senders who wait for acknowledgements: many, each in a room of its own, to see what the log takes; or one, who
//! fills it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use shared::message::ToHub;
use shared::room::LOBBY;
use shared::wire;

use crate::crowd::{Crowd, Patience};
use crate::guests;
use crate::heard::{Heard, understand};
use crate::hub::Hub;
use crate::limit::{id, text};
use crate::process::{CpuUse, Process};
use crate::socket::add_frame;

/// Lines that one who fills the log has under way: enough for its largest commits.
const FILL_WINDOW: usize = 512;

/// Those who send.
pub(crate) struct Senders {
    crowd: Crowd,
    senders: Vec<Sender>,
    hub: Process,
}

/// What came of it.
pub(crate) struct Poured {
    pub(crate) lines: u64,
    pub(crate) took: Duration,
    /// The hub's.
    pub(crate) cpu: CpuUse,
}

#[derive(Default)]
struct Sender {
    /// Lines sent.
    sent: u64,
    /// Those that are not acknowledged, by number, the oldest first.
    waiting: VecDeque<u64>,
    /// Lines heard, which are its own.
    heard: u64,
    /// The newest line heard.
    newest: u64,
}

impl Sender {
    /// # Errors
    /// If lines come twice or out of order.
    fn hear(&mut self, seq: u64) -> Result<()> {
        ensure!(seq > self.newest, "line {seq} came after {}", self.newest);
        self.newest = seq;
        self.heard += 1;
        Ok(())
    }

    /// # Errors
    /// If this is not the answer that is due.
    fn acknowledge(&mut self, answered: &str) -> Result<()> {
        let due = self.waiting.pop_front().context("an answer that nobody waits for")?;
        ensure!(answered == id(due), "the answer to {answered} came when that to {} was due", id(due));
        Ok(())
    }
}

impl Senders {
    /// So many of them, each alone in a room.
    pub(crate) fn gather(hub: &Hub, count: usize) -> Result<Self> {
        let (mut crowd, _) = guests::welcome(hub, count)?;
        guests::take_nicks(&mut crowd)?;
        let join = |index| ToHub::Join { id: "join".to_owned(), room: room(index) };
        guests::ask_all(&mut crowd, join).context("joining rooms")?;
        let leave = |_| ToHub::Leave { id: "leave".to_owned(), room: LOBBY.to_owned() };
        guests::ask_all(&mut crowd, leave).context("leaving the lobby")?;
        let senders = (0..count).map(|_| Sender::default()).collect();
        Ok(Self { crowd, senders, hub: hub.process() })
    }

    /// Sends so many lines, spread evenly, each sender with at most `window` of them not yet
    /// acknowledged.
    ///
    /// # Errors
    /// If a line is not acknowledged, or not heard, or either more than once.
    pub(crate) fn pour(&mut self, lines: u64, window: usize) -> Result<Poured> {
        let Self { crowd, senders, hub } = self;
        let share = lines.div_ceil(senders.len() as u64);
        let goal = senders.first().map_or(0, |sender| sender.sent) + share;
        let text = text();
        let before = hub.cpu_times_at_rest()?;
        let begun = Instant::now();
        let mut patience = Patience::new();
        let mut bytes = Vec::new();
        loop {
            for (index, sender) in senders.iter_mut().enumerate() {
                bytes.clear();
                while sender.waiting.len() < window && sender.sent < goal {
                    let (id, room, text) = (id(sender.sent), room(index), text.clone());
                    add_frame(wire::encode(&ToHub::Say { id, room, text }), &mut bytes);
                    sender.waiting.push_back(sender.sent);
                    sender.sent += 1;
                }
                if !bytes.is_empty() {
                    crowd.send(index, &bytes)?;
                }
            }
            if senders.iter().all(|sender| sender.heard == goal && sender.waiting.is_empty()) {
                break;
            }
            let wait = patience.left().context("waiting for acknowledgements")?;
            let texts = crowd.turn(wait, &mut |index, text| match understand(text)? {
                Heard::Line { seq } => senders[index].hear(seq),
                Heard::Done { id } => senders[index].acknowledge(id),
                Heard::Welcome { .. } | Heard::Synced | Heard::Other => Ok(()),
            })?;
            patience.spend(texts);
            if let Some(sender) = senders.iter().find(|sender| sender.heard > goal) {
                bail!("{} lines were heard of {goal}", sender.heard);
            }
        }
        let took = begun.elapsed();
        let cpu = hub.cpu_times_at_rest()?.since(&before)?;
        Ok(Poured { lines: share * senders.len() as u64, took, cpu })
    }
}

/// One of a crowd fills the log, in rooms where nobody else hears it. The `seq` of each line.
///
/// # Errors
/// If it misses a line, or hears one twice.
pub(crate) fn fill(
    crowd: &mut Crowd,
    speaker: usize,
    lines: usize,
    room_of: impl Fn(usize) -> &'static str,
) -> Result<Vec<u64>> {
    let (mut sent, mut answered, mut said) = (0, 0, Vec::with_capacity(lines));
    let mut patience = Patience::new();
    let mut bytes = Vec::new();
    while answered < lines || said.len() < lines {
        bytes.clear();
        while sent < lines && sent < answered + FILL_WINDOW {
            let say = ToHub::Say { id: id(sent as u64), room: room_of(sent).to_owned(), text: text() };
            add_frame(wire::encode(&say), &mut bytes);
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

fn room(index: usize) -> String {
    format!("room-{index:05}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_due_in_order_and_once() {
        let mut sender = Sender { waiting: VecDeque::from([4, 5]), ..Sender::default() };
        assert!(sender.acknowledge(&id(4)).is_ok());
        assert!(sender.acknowledge(&id(4)).is_err());
        assert!(Sender::default().acknowledge(&id(0)).is_err());
    }

    #[test]
    fn lines_are_heard_once() {
        let mut sender = Sender::default();
        assert!(sender.hear(3).is_ok() && sender.hear(9).is_ok());
        assert!(sender.hear(9).is_err());
        assert_eq!(sender.heard, 2);
    }
}
