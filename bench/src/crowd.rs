//! Many sockets on one thread.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use mio::{Events, Interest, Poll, Token};

use crate::socket::Socket;

/// Events taken at a time.
const EVENTS: usize = 1_024;

/// Bytes read at a time, shared by all sockets: more than what waits on one after a burst.
const BUFFER: usize = 256 * 1024;

/// How long to wait for anything to come when something should.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Sockets that are read together.
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    sockets: Vec<Socket>,
    buffer: Vec<u8>,
}

impl Crowd {
    /// So many WebSockets to a hub.
    pub(crate) fn open(address: SocketAddr, host: &str, count: usize) -> Result<Self> {
        let opened: Result<_> = (0..count).map(|_| Socket::open(address, host)).collect();
        Self::of(opened.with_context(|| format!("opening {count} sockets"))?)
    }

    /// These sockets.
    pub(crate) fn of(mut sockets: Vec<Socket>) -> Result<Self> {
        let poll = Poll::new()?;
        for (index, socket) in sockets.iter_mut().enumerate() {
            poll.registry().register(socket.stream(), Token(index), Interest::READABLE)?;
        }
        Ok(Self::registered(poll, sockets))
    }

    /// Sockets that this poll is registered with under their places.
    pub(crate) fn registered(poll: Poll, sockets: Vec<Socket>) -> Self {
        Self { poll, events: Events::with_capacity(EVENTS), sockets, buffer: vec![0; BUFFER] }
    }

    pub(crate) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// One more.
    pub(crate) fn add(&mut self, mut socket: Socket) -> Result<()> {
        self.poll.registry().register(socket.stream(), Token(self.sockets.len()), Interest::READABLE)?;
        self.sockets.push(socket);
        Ok(())
    }

    /// Closes all sockets from this one on.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.sockets.truncate(count);
    }

    /// Nothing is read from this socket any more, until [`Crowd::listen`].
    pub(crate) fn deafen(&mut self, index: usize) -> Result<()> {
        Ok(self.poll.registry().deregister(self.sockets[index].stream())?)
    }

    /// The opposite of [`Crowd::deafen`]; what has come meanwhile is read first.
    pub(crate) fn listen(&mut self, index: usize) -> Result<()> {
        Ok(self.poll.registry().register(self.sockets[index].stream(), Token(index), Interest::READABLE)?)
    }

    /// Sends bytes on one socket.
    pub(crate) fn send(&mut self, index: usize, bytes: &[u8]) -> Result<()> {
        self.sockets[index].send(bytes).with_context(|| format!("socket {index}"))
    }

    /// Waits at most so long for something to come, and gives each text with its socket to
    /// `heard`. How many texts there were.
    pub(crate) fn turn(&mut self, wait: Duration, heard: &mut impl FnMut(usize, &[u8]) -> Result<()>) -> Result<usize> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(0),
            polled => polled?,
        }
        let mut texts = 0;
        for event in &self.events {
            let index = event.token().0;
            let read = self.sockets[index].read(&mut self.buffer, &mut |text| {
                texts += 1;
                heard(index, text)
            });
            read.with_context(|| format!("socket {index}"))?;
        }
        Ok(texts)
    }

    /// Reads until `done`; fails when nothing comes for [`PATIENCE`].
    pub(crate) fn serve<S>(
        &mut self,
        state: &mut S,
        mut heard: impl FnMut(&mut S, usize, &[u8]) -> Result<()>,
        done: impl Fn(&S) -> bool,
    ) -> Result<()> {
        let mut patience = Patience::new();
        while !done(state) {
            let texts = self.turn(patience.left()?, &mut |index, text| heard(state, index, text))?;
            patience.spend(texts);
        }
        Ok(())
    }

    /// Keeps the sockets alive for so long; nothing that comes matters.
    pub(crate) fn idle(&mut self, duration: Duration) -> Result<()> {
        let until = Instant::now() + duration;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.turn(left, &mut |_, _| Ok(()))?;
        }
        Ok(())
    }
}

/// What is left of the time to wait since a text came. Pings do not count: they always come.
pub(crate) struct Patience {
    since: Instant,
    whole: Duration,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self::of(PATIENCE)
    }

    /// With less of it, where it is known to be in vain.
    pub(crate) fn of(whole: Duration) -> Self {
        Self { since: Instant::now(), whole }
    }

    /// How much longer to wait.
    ///
    /// # Errors
    /// When it has run out.
    pub(crate) fn left(&self) -> Result<Duration> {
        match self.whole.checked_sub(self.since.elapsed()) {
            Some(left) => Ok(left),
            None => bail!("nothing came for {:.1} s", self.whole.as_secs_f64()),
        }
    }

    /// So many texts came.
    pub(crate) fn spend(&mut self, texts: usize) {
        if texts > 0 {
            self.since = Instant::now();
        }
    }
}

/// When what is heard in one turn came: all that one read brought at the same moment, which is asked for once.
#[derive(Default)]
pub(crate) struct Arrival(Option<(usize, Instant)>);

impl Arrival {
    /// Of what came on this socket.
    pub(crate) fn of(&mut self, index: usize) -> Instant {
        match self.0 {
            Some((last, at)) if last == index => at,
            _ => self.0.insert((index, Instant::now())).1,
        }
    }
}
