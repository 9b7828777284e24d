//! A crowd that talks: one of them says lines, all of them hear each, and every delivery is
//! counted and timed.

mod ledger;

use std::time::{Duration, Instant};

use crate::crowd::{Arrival, Crowd, PATIENCE, Patience};
use crate::heard::{Heard, understand};
use crate::statistics::Latencies;
use anyhow::{Context, Result, ensure};
use ledger::Ledger;

/// How long a room must be silent to be sure that no line comes twice.
const SILENCE: Duration = Duration::from_millis(500);

/// The one who speaks.
const SPEAKER: usize = 0;

/// When lines are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tempo {
    /// So many under way at a time: one is under way until all have heard it.
    Window(usize),
    /// By the clock, one each time that this has passed.
    Every(Duration),
}

impl Tempo {
    /// How many lines are due, and how long until the next one is where that is known.
    fn due(self, sent: usize, under_way: usize, elapsed: Duration) -> (usize, Duration) {
        match self {
            Self::Window(window) => (window.saturating_sub(under_way), Duration::MAX),
            Self::Every(pause) => {
                let due = elapsed.as_nanos() / pause.as_nanos().max(1) + 1;
                let due = usize::try_from(due).unwrap_or(usize::MAX);
                let next = pause.saturating_mul(u32::try_from(due).unwrap_or(u32::MAX));
                (due.saturating_sub(sent), next.saturating_sub(elapsed))
            }
        }
    }
}

/// Those in a room, the speaker among them.
pub(crate) struct Room {
    crowd: Crowd,
    ledger: Ledger,
    /// Whether the speaker gets an answer to each line.
    answered: bool,
    /// How long to wait for anything to come.
    patience: Duration,
}

impl Room {
    /// A room whose next line gets `first` as its `seq`.
    pub(crate) fn new(crowd: Crowd, first: u64, answered: bool) -> Self {
        let ledger = Ledger::new(crowd.len(), first);
        Self { crowd, ledger, answered, patience: PATIENCE }
    }

    pub(crate) fn people(&self) -> usize {
        self.crowd.len()
    }

    /// Says lines at this tempo, until all have heard all of them. `say` adds the bytes that make the line with this
    /// `seq`.
    ///
    /// # Errors
    /// If anyone misses a line, or hears one twice.
    pub(crate) fn talk(&mut self, lines: usize, tempo: Tempo, say: impl Fn(u64, &mut Vec<u8>)) -> Result<Latencies> {
        let Self { crowd, ledger, answered, patience } = self;
        ledger.begin_round();
        let answers = if *answered { lines } else { 0 };
        let mut patience = Patience::of(*patience);
        let mut bytes = Vec::new();
        let begun = Instant::now();
        while ledger.complete < lines || ledger.answers < answers {
            let left = lines - ledger.sent.len();
            let (more, due) = tempo.due(ledger.sent.len(), ledger.under_way(), begun.elapsed());
            let more = more.min(left);
            if more > 0 {
                bytes.clear();
                let now = Instant::now();
                for _ in 0..more {
                    say(ledger.send(now), &mut bytes);
                }
                crowd.send(SPEAKER, &bytes)?;
            }
            let wait = patience.left().with_context(|| ledger.waiting_for())?;
            let wait = if more < left { wait.min(due) } else { wait };
            let mut arrival = Arrival::default();
            let texts = crowd.turn(wait, &mut |index, text| hear(ledger, index, text, &mut arrival))?;
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
            let mut arrival = Arrival::default();
            crowd.turn(left, &mut |index, text| hear(ledger, index, text, &mut arrival))?;
        }
        Ok(())
    }
}

fn hear(ledger: &mut Ledger, index: usize, text: &[u8], arrival: &mut Arrival) -> Result<()> {
    match understand(text)? {
        Heard::Line { seq } => ledger.hear(index, seq, arrival.of(index))?,
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

    use crate::line::{Template, frame_seq};
    use crate::socket::Socket;

    use super::*;

    #[test]
    fn lines_are_due_by_window_or_by_the_clock() {
        assert_eq!(Tempo::Window(4).due(10, 1, Duration::ZERO).0, 3);
        let (ms, every) = (Duration::from_millis, Tempo::Every(Duration::from_millis(50)));
        assert_eq!(every.due(0, 0, ms(0)), (1, ms(50)));
        assert_eq!(every.due(1, 0, ms(49)), (0, ms(1)));
        assert_eq!(every.due(1, 9, ms(170)), (3, ms(30)), "whoever is late says them all");
    }

    /// Lines and people of the talks below.
    const LINES: usize = 50;
    const PEOPLE: usize = 20;

    /// What a hub does with the lines that its people are due.
    type Deal = fn(line: usize, index: usize) -> &'static [i64];

    /// A talk over a hub that sends each of its people these lines, told from the one that is due.
    fn talk_at(tempo: Tempo, deal: Deal) -> Result<()> {
        const SAY: &[u8] = b"say";
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let hub = thread::spawn(move || {
            let mut people: Vec<_> = (0..PEOPLE).map(|_| listener.accept().expect("a socket").0).collect();
            let mut template = Template::new("lobby");
            let mut said = [0; SAY.len()];
            for line in 0..LINES {
                if people[SPEAKER].read_exact(&mut said).is_err() {
                    return; // the talk was broken off
                }
                for (index, person) in people.iter_mut().enumerate() {
                    for from_due in deal(line, index) {
                        let line = line.checked_add_signed(*from_due as isize).expect("a line");
                        let _ = person.write_all(template.lines(line as u64, 1));
                    }
                }
            }
            let _ = people[SPEAKER].read(&mut said); // until it is closed
        });
        let sockets: Result<Vec<_>> = (0..PEOPLE).map(|_| Socket::bare(address)).collect();
        let mut room = Room::new(Crowd::of(sockets?)?, frame_seq(0), false);
        room.patience = Duration::from_millis(200);
        let talked = room.talk(LINES, tempo, |_, bytes| bytes.extend_from_slice(SAY)).and_then(|_| room.hush());
        drop(room);
        hub.join().expect("the hub ends");
        talked
    }

    /// The same in a burst and by the clock: what is wrong is found out either way, and said so.
    fn is_found_out(deal: Deal, said: &str) {
        for tempo in [Tempo::Window(4), Tempo::Every(Duration::from_millis(1))] {
            let error = format!("{:#}", talk_at(tempo, deal).expect_err("it is wrong"));
            assert!(error.contains(said), "{tempo:?}: {error}");
        }
    }

    #[test]
    fn a_hub_that_delivers_everything_once_is_believed() {
        for tempo in [Tempo::Window(4), Tempo::Every(Duration::from_millis(1))] {
            talk_at(tempo, |_, _| &[0]).expect("a talk");
        }
    }

    #[test]
    fn a_hub_that_drops_one_delivery_in_a_thousand_is_found_out() {
        is_found_out(|line, index| if (line, index) == (23, 7) { &[] } else { &[0] }, "number 7 missed a line");
    }

    #[test]
    fn a_hub_that_drops_the_last_delivery_is_found_out() {
        let deal: Deal = |line, index| if (line, index) == (LINES - 1, 7) { &[] } else { &[0] };
        is_found_out(deal, "has not reached 1 of 20 (numbers 7");
    }

    #[test]
    fn a_hub_that_sends_the_last_line_twice_is_found_out() {
        is_found_out(|line, index| if (line, index) == (LINES - 1, 3) { &[0, 0] } else { &[0] }, "number 3 heard line");
    }

    #[test]
    fn a_hub_that_sends_lines_out_of_order_is_found_out() {
        let deal: Deal = |line, index| match (line, index) {
            (23, 7) => &[],
            (24, 7) => &[0, -1],
            _ => &[0],
        };
        is_found_out(deal, "number 7 missed a line");
    }
}
