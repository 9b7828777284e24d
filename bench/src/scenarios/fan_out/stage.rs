//! A hub and the limit, each with a crowd, taking turns.

use std::time::Duration;

use anyhow::Result;
use shared::room::LOBBY;
use tempfile::TempDir;

use crate::bench::Bench;
use crate::guests;
use crate::hub::Hub;
use crate::limit::{Limit, Seats, Sending};
use crate::line::{Say, frame_seq, text};
use crate::process::Process;
use crate::room::{Room, Tempo};
use crate::rounds::Rounds;

/// Deliveries of one round of lone lines: some tenths of a second of a hub's work.
const DELIVERIES: usize = 60_000;

/// The same where many lines are under way, and each delivery is cheaper.
const DELIVERIES_OF_BURSTS: usize = 400_000;

/// Lines of one round: enough to be measured where nearly all of it is waiting for the disk, and no more than is worth
/// waiting for.
const LINES: [usize; 2] = [16, 2_000];

/// So much less is enough of the limit that sends each line by itself where others are batched, and so many rounds:
/// its deliveries cost ten times as much.
const LESS: usize = 4;
const FEWER: usize = 2;

/// A hub and the limit, each with its crowd, so that rounds of both can alternate: on a shared machine times drift, and
/// ratios of neighbours less.
pub(super) struct Stage {
    hub: Process,
    hub_room: Room,
    say: Say,
    limit: Limit,
    limit_room: Room,
    /// Kept to the end: the hub is killed, and its data removed, when they are dropped.
    _running: (Hub, TempDir),
}

/// How many lines are said, and how many of them are under way at a time.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    lines: usize,
    window: usize,
}

impl Talk {
    /// To so many people; of a `share` of the length.
    pub(super) fn of(people: usize, window: usize, share: usize) -> Self {
        let deliveries = if window == 1 { DELIVERIES } else { DELIVERIES_OF_BURSTS };
        let [least, most] = if window == 1 { LINES } else { LINES.map(|lines| lines * 10) };
        let lines = (deliveries / people / share).clamp(least.max(2 * window), most);
        Self { lines, window }
    }
}

impl Stage {
    pub(super) fn set(bench: &Bench, people: usize) -> Result<Self> {
        let data = bench.data()?;
        let hub = bench.start(data.path())?;
        let (mut crowd, head) = guests::welcome(&hub, people)?;
        guests::take_nicks(&mut crowd)?;
        let say = Say::new(LOBBY, &text());
        let (limit, limit_crowd) = Limit::start(Seats { rooms: 1, people }, say.len())?;
        Ok(Self {
            hub: hub.process(),
            hub_room: Room::new(crowd, head + 1, true),
            say,
            limit,
            limit_room: Room::new(limit_crowd, frame_seq(0), false),
            _running: (hub, data),
        })
    }

    /// Rounds of a talk, of the hub's and of both limits' in turn.
    pub(super) fn measure(&mut self, talk: Talk, rounds: usize) -> Result<Measured> {
        let Self { hub, hub_room, say, limit, limit_room, .. } = self;
        let limit_process = limit.process();
        let (window, tempo) = (talk.window, Tempo::Window(talk.window));
        let ours = |seq, bytes: &mut Vec<u8>| say.add(seq, bytes);
        let each = |_, bytes: &mut Vec<u8>| limit.add_line(Sending::Each, bytes);
        let batched = |_, bytes: &mut Vec<u8>| limit.add_line(Sending::Batched, bytes);
        let fewer = if window == 1 { talk.lines } else { (talk.lines / LESS).max(window) };
        let mut measured = Measured {
            people: hub_room.people(),
            window,
            hub: Rounds::default(),
            each: Rounds::default(),
            batched: (window > 1).then(Rounds::default),
        };
        // What is slow only the first time is no part of it.
        let warm_up = talk.lines.div_ceil(5).max(window);
        hub_room.talk(warm_up, tempo, ours)?;
        limit_room.talk(warm_up, tempo, batched)?;
        let people = measured.people;
        for round in 0..rounds {
            measured.hub.add(*hub, people * talk.lines, || hub_room.talk(talk.lines, tempo, ours))?;
            if let Some(rounds) = &mut measured.batched {
                rounds.add(limit_process, people * talk.lines, || limit_room.talk(talk.lines, tempo, batched))?;
            }
            if window == 1 || round < FEWER {
                measured.each.add(limit_process, people * fewer, || limit_room.talk(fewer, tempo, each))?;
            }
        }
        Ok(measured)
    }

    /// Rounds of lines by the clock, of the hub's and the limit's in turn.
    pub(super) fn by_the_clock(&mut self, pause: Duration, lines: usize, rounds: usize) -> Result<(Rounds, Rounds)> {
        let Self { hub, hub_room, say, limit, limit_room, .. } = self;
        let (mut ours, mut theirs) = (Rounds::default(), Rounds::default());
        let (tempo, deliveries) = (Tempo::Every(pause), lines * hub_room.people());
        for _ in 0..rounds {
            ours.add(*hub, deliveries, || hub_room.talk(lines, tempo, |seq, bytes| say.add(seq, bytes)))?;
            let each = |_, bytes: &mut Vec<u8>| limit.add_line(Sending::Each, bytes);
            theirs.add(limit.process(), deliveries, || limit_room.talk(lines, tempo, each))?;
        }
        Ok((ours, theirs))
    }

    /// # Errors
    /// If a line too many comes.
    pub(super) fn hush(&mut self) -> Result<()> {
        self.hub_room.hush()?;
        self.limit_room.hush()
    }
}

/// The same talk in a hub and in both limits.
pub(super) struct Measured {
    pub(super) people: usize,
    pub(super) window: usize,
    pub(super) hub: Rounds,
    pub(super) each: Rounds,
    /// None of lone lines, which are sent one by one in any case.
    pub(super) batched: Option<Rounds>,
}
