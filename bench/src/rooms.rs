//! Many rooms at once, in each of which one speaks and says the next line when all have heard the last one.

mod ledger;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::crowd::{Arrival, Crowd, PATIENCE, Patience};
use crate::limit::Seats;
use crate::statistics::Latencies;
use ledger::Ledger;

/// How long rooms must be silent to be sure that no line comes twice.
const SILENCE: Duration = Duration::from_millis(500);

/// What a room is called: all names have the same length.
pub(crate) fn name(room: usize) -> String {
    format!("room-{room:05}")
}

/// A crowd in rooms, in the order of its sockets.
pub(crate) struct Rooms {
    crowd: Crowd,
    ledger: Ledger,
    patience: Duration,
}

impl Rooms {
    /// Rooms of sockets that are in them already. Those of a hub answer each line.
    pub(crate) fn new(crowd: Crowd, seats: Seats, answered: bool) -> Self {
        Self { crowd, ledger: Ledger::new(seats, answered), patience: PATIENCE }
    }

    /// So many lines are said in each room, in all of them at once. `say` adds the bytes that make the line with
    /// this number in this room.
    ///
    /// # Errors
    /// If anyone misses a line, or hears one twice, or of another room.
    pub(crate) fn talk(&mut self, lines: usize, say: impl Fn(usize, usize, &mut Vec<u8>)) -> Result<Latencies> {
        let Self { crowd, ledger, patience } = self;
        let goal = ledger.rooms.first().map_or(0, |room| room.said) + lines;
        let mut patience = Patience::of(*patience);
        let mut bytes = Vec::new();
        let mut done = 0;
        loop {
            while let Some(index) = ledger.ready.pop() {
                let said = ledger.rooms[index].said;
                if said == goal {
                    done += 1;
                    continue;
                }
                bytes.clear();
                say(index, said, &mut bytes);
                ledger.say(index, Instant::now());
                crowd.send(index * ledger.seats.people, &bytes)?;
            }
            if done == ledger.rooms.len() {
                break;
            }
            let wait = patience.left().with_context(|| ledger.waiting_for())?;
            let mut arrival = Arrival::default();
            patience.spend(crowd.turn(wait, &mut |person, text| ledger.take(person, text, &mut arrival))?);
        }
        ledger.ready = (0..ledger.rooms.len()).collect();
        Ok(std::mem::take(&mut ledger.latencies))
    }

    /// Listens until all have been silent for a while: a line too many would come now.
    pub(crate) fn hush(&mut self) -> Result<()> {
        let Self { crowd, ledger, .. } = self;
        let until = Instant::now() + SILENCE;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            let mut arrival = Arrival::default();
            crowd.turn(left, &mut |person, text| ledger.take(person, text, &mut arrival))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use crate::line::Template;
    use crate::socket::Socket;

    use super::*;

    const SEATS: Seats = Seats { rooms: 10, people: 5 };

    /// Lines said in each of the rooms below.
    const LINES: usize = 20;

    /// Lines of which rooms a hub sends to one person for a line of the person's own.
    type Deal = fn(line: usize, person: usize) -> &'static [usize];

    /// The room that the person is in.
    const OWN: usize = usize::MAX;

    /// A talk over a hub that deals so.
    fn talk(deal: Deal) -> Result<()> {
        const SAY: &[u8] = b"say";
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let hub = thread::spawn(move || {
            let mut people: Vec<_> = (0..SEATS.sockets()).map(|_| listener.accept().expect("a socket").0).collect();
            let mut seq = 0;
            for line in 0..LINES {
                for room in 0..SEATS.rooms {
                    let first = room * SEATS.people;
                    if people[first].read_exact(&mut [0; SAY.len()]).is_err() {
                        return; // the talk was broken off
                    }
                    seq += 1;
                    for person in first..first + SEATS.people {
                        for other in deal(line, person) {
                            let room = if *other == OWN { room } else { *other };
                            let _ = people[person].write_all(Template::new(&name(room)).lines(seq, 1));
                        }
                    }
                }
            }
            let _ = people[0].read(&mut [0]); // until it is closed
        });
        let sockets: Result<Vec<_>> = (0..SEATS.sockets()).map(|_| Socket::bare(address)).collect();
        let mut rooms = Rooms::new(Crowd::of(sockets?)?, SEATS, false);
        rooms.patience = Duration::from_millis(200);
        let talked = rooms.talk(LINES, |_, _, bytes| bytes.extend_from_slice(SAY)).and_then(|_| rooms.hush());
        drop(rooms);
        hub.join().expect("the hub ends");
        talked
    }

    fn is_found_out(deal: Deal, said: &str) {
        let error = format!("{:#}", talk(deal).expect_err("it is wrong"));
        assert!(error.contains(said), "{error}");
    }

    #[test]
    fn a_hub_that_delivers_everything_once_is_believed() {
        talk(|_, _| &[OWN]).expect("a talk");
    }

    #[test]
    fn a_hub_that_drops_one_delivery_in_a_thousand_is_found_out() {
        is_found_out(
            |line, person| if (line, person) == (7, 23) { &[] } else { &[OWN] },
            "in room-00004 a line has not",
        );
    }

    #[test]
    fn a_hub_that_delivers_twice_is_found_out() {
        is_found_out(
            |line, person| if (line, person) == (7, 23) { &[OWN, OWN] } else { &[OWN] },
            "number 23 heard line",
        );
        let last: Deal = |line, person| if (line, person) == (LINES - 1, 23) { &[OWN, OWN] } else { &[OWN] };
        is_found_out(last, "number 23 heard line");
    }

    #[test]
    fn a_hub_that_delivers_to_the_wrong_room_is_found_out() {
        let besides: Deal = |line, person| if (line, person) == (7, 23) { &[OWN, 2] } else { &[OWN] };
        is_found_out(besides, "number 23 in room-00004 heard line");
        let instead: Deal = |line, person| if (line, person) == (7, 23) { &[2] } else { &[OWN] };
        is_found_out(instead, "of room-00002");
    }
}
