//! One direction of a connection, with its fault.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep};

use super::{Fault, Weather};

/// How much drips, in bytes: seconds at worst, before the rest flows again.
const DRIPPING: usize = 1024;

/// Why both directions end.
#[derive(Debug)]
pub(super) enum Ended {
    Cut,
    Reset,
}

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self::Cut
    }
}

pub(super) struct Pipe<'a> {
    from: ReadHalf<'a>,
    to: WriteHalf<'a>,
    fault: Fault,
    /// Bytes carried so far.
    carried: usize,
    chunk: usize,
    rests: Option<Rests>,
    weather: &'a Weather,
}

/// How a slow way carries: as fast as it can, and then for a while not at all.
struct Rests {
    random: StdRng,
    next: Instant,
}

impl<'a> Pipe<'a> {
    pub(super) fn new(from: ReadHalf<'a>, to: WriteHalf<'a>, fault: Fault, chunk: usize, weather: &'a Weather) -> Self {
        Self { from, to, fault, carried: 0, chunk, rests: None, weather }
    }

    /// With rests, drawn by chance.
    pub(super) fn resting(mut self, random: StdRng) -> Self {
        self.rests = Some(Rests::new(random));
        self
    }

    /// Carries until its source ends, which it then passes on; the other direction may go on.
    ///
    /// # Errors
    /// If both directions end here and now.
    pub(super) async fn run(mut self) -> Result<(), Ended> {
        let mut buffer = vec![0; self.chunk];
        loop {
            let read = self.from.read(&mut buffer).await?;
            if read == 0 {
                return Ok(self.to.shutdown().await?);
            }
            if self.weather.is_calm() {
                self.fault = Fault::None;
            }
            let mut bytes = &buffer[..read];
            if let Some(after) = self.strikes_at()
                && after < self.carried + bytes.len()
            {
                let (before, rest) = bytes.split_at(after.saturating_sub(self.carried));
                self.pass(before).await?;
                bytes = rest;
                self.strike(&mut bytes).await?;
            } else if let Fault::Delay(late) = self.fault {
                if self.carried == 0 {
                    count(&self.weather.struck.delayed);
                }
                sleep(late).await;
            }
            self.pass(bytes).await?;
            if let Some(rests) = &mut self.rests
                && !self.weather.is_calm()
            {
                rests.take(&self.weather.struck.rested).await;
            }
        }
    }

    fn strikes_at(&self) -> Option<usize> {
        match self.fault {
            Fault::None | Fault::Delay(_) => None,
            Fault::Stall { after, .. }
            | Fault::Drip { after, .. }
            | Fault::Cut { after }
            | Fault::Reset { after }
            | Fault::HalfClose { after } => Some(after),
        }
    }

    /// The fault strikes before `bytes`; what it lets through of them is passed on.
    async fn strike(&mut self, bytes: &mut &[u8]) -> Result<(), Ended> {
        let struck = &self.weather.struck;
        match self.fault {
            Fault::None | Fault::Delay(_) => {}
            Fault::Stall { pause, .. } => {
                count(&struck.stalled);
                sleep(pause).await;
                self.fault = Fault::None;
            }
            Fault::Drip { after, piece, pause } => {
                if self.carried == after {
                    count(&struck.dripped);
                }
                self.drip(bytes, piece, pause).await?;
                if self.carried >= after + DRIPPING {
                    self.fault = Fault::None;
                }
            }
            Fault::Cut { .. } => {
                count(&struck.cut);
                return Err(Ended::Cut);
            }
            Fault::Reset { .. } => {
                count(&struck.reset);
                return Err(Ended::Reset);
            }
            Fault::HalfClose { .. } => {
                count(&struck.half_closed);
                self.to.shutdown().await?;
                // What still comes is thrown away, so that its sender does not notice by a full pipe.
                let mut buffer = vec![0; self.chunk];
                while self.from.read(&mut buffer).await? > 0 {}
                *bytes = &[];
                self.fault = Fault::None;
            }
        }
        Ok(())
    }

    async fn drip(&mut self, bytes: &mut &[u8], piece: usize, pause: Duration) -> io::Result<()> {
        let mut left = DRIPPING;
        while !bytes.is_empty() && left > 0 {
            let (drop, rest) = bytes.split_at(piece.min(bytes.len()));
            self.pass(drop).await?;
            *bytes = rest;
            left = left.saturating_sub(piece);
            sleep(pause).await;
        }
        Ok(())
    }

    async fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.carried += bytes.len();
        self.to.write_all(bytes).await
    }
}

impl Rests {
    fn new(random: StdRng) -> Self {
        let mut new = Self { random, next: Instant::now() };
        new.go_on();
        new
    }

    fn go_on(&mut self) {
        self.next = Instant::now() + Duration::from_millis(self.random.random_range(100..2_000));
    }

    /// Rests if it is time for it.
    async fn take(&mut self, rested: &AtomicU64) {
        if Instant::now() >= self.next {
            count(rested);
            sleep(Duration::from_millis(self.random.random_range(300..1_800))).await;
            self.go_on();
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
