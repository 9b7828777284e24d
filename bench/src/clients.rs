//! Many clients as people have them: each is a [`shared::session::Session`], which comes back by itself, over a
//! socket that is opened without the others waiting for it.

mod ledger;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use mio::{Events, Interest, Poll, Token};
use shared::room::LOBBY;
use shared::session::{Effect, Phase, Session, Settings};
use shared::transcript::Place;

use crate::guests::nick;
use crate::socket::{Socket, add_frame};
use crate::statistics::Latencies;
use crate::upgrade::Upgrade;
use ledger::Ledger;

/// Events taken at a time.
const EVENTS: usize = 1_024;

/// Bytes read at a time, shared by all sockets.
const BUFFER: usize = 256 * 1024;

/// How often it is looked which session wants to be woken.
const SWEEP: Duration = Duration::from_millis(5);

/// The one who speaks.
const SPEAKER: usize = 0;

/// The close code of a connection that ended without one.
const ABNORMAL: u16 = 1006;

/// All clients, and what they have heard. The log of this run holds only lines of the lobby, where all are, so
/// there are no gaps in what anyone hears.
pub(crate) struct Clients {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    address: SocketAddr,
    host: String,
    clients: Vec<Client>,
    swept: Instant,
    ledger: Ledger,
}

struct Client {
    session: Session,
    link: Link,
    /// The number that the session gave its socket.
    socket: u32,
}

enum Link {
    None,
    Upgrading(Upgrade),
    Open(Socket),
}

impl Clients {
    /// So many, none of which has begun.
    pub(crate) fn new(address: SocketAddr, host: String, count: usize) -> Result<Self> {
        let client = |index: usize| {
            let random =
                u128::try_from(index + 1).unwrap_or_default().wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            let settings = Settings {
                kind: Some("bench".to_owned()),
                nick: Some(nick(index)),
                random: random.to_le_bytes(),
                ..Settings::default()
            };
            Client { session: Session::new(settings), link: Link::None, socket: 0 }
        };
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            buffer: vec![0; BUFFER],
            address,
            host,
            clients: (0..count).map(client).collect(),
            swept: Instant::now(),
            ledger: Ledger::new(count),
        })
    }

    /// Begins these.
    pub(crate) fn start(&mut self, indexes: impl Iterator<Item = usize>) -> Result<()> {
        for index in indexes {
            self.clients[index].session.start(now());
            self.obey(index)?;
        }
        Ok(())
    }

    /// How many are online: nick and rooms are theirs.
    pub(crate) fn count_online(&self) -> usize {
        self.ledger.online.iter().filter(|online| **online).count()
    }

    /// Every connection is lost at once; what had come and was not read is lost with it. `unplugged`: none comes
    /// back before [`Clients::plug_in`].
    pub(crate) fn lose_all(&mut self, unplugged: bool) -> Result<()> {
        for index in 0..self.clients.len() {
            (self.ledger.resumed[index], self.ledger.synced[index]) = (None, None);
            self.lose(index, "the hub was killed")?;
            if unplugged {
                self.clients[index].session.offline(now());
                self.obey(index)?;
            }
        }
        self.ledger.forgotten = 0;
        self.ledger.ends.clear();
        Ok(())
    }

    /// All try to come back at this moment.
    pub(crate) fn plug_in(&mut self) -> Result<()> {
        for index in 0..self.clients.len() {
            self.clients[index].session.online(now());
            self.obey(index)?;
        }
        Ok(())
    }

    /// When each was welcomed back, and had heard everything; none before all have.
    pub(crate) fn returned(&self) -> Option<(Vec<Instant>, Vec<Instant>)> {
        let Ledger { resumed, synced, .. } = &self.ledger;
        Some((resumed.iter().copied().collect::<Option<_>>()?, synced.iter().copied().collect::<Option<_>>()?))
    }

    /// For a person to read, while not all have returned.
    pub(crate) fn progress(&self) -> String {
        let count = |times: &[Option<Instant>]| times.iter().flatten().count();
        let Ledger { resumed, synced, forgotten, ends, .. } = &self.ledger;
        format!(
            "{} of {} are back, {} have heard all, the hub did not know {forgotten}; connections ended: {ends:?}",
            count(resumed),
            resumed.len(),
            count(synced)
        )
    }

    /// Why connections ended or did not come about since all were lost, and how often.
    pub(crate) fn ends(&self) -> &HashMap<String, usize> {
        &self.ledger.ends
    }

    /// Welcomes since all were lost to nodes that the hub did not know.
    pub(crate) fn count_forgotten(&self) -> usize {
        self.ledger.forgotten
    }

    /// Someone says a line in the lobby.
    pub(crate) fn say(&mut self, text: &str) -> Result<()> {
        let say = |id| Place::Room(LOBBY.to_owned()).say(id, text.to_owned());
        let asked = self.clients[SPEAKER].session.ask(now(), say);
        let id = asked.map_err(|refusal| anyhow::anyhow!("a line was refused: {}", refusal.message))?;
        self.ledger.said.insert(id, Instant::now());
        self.ledger.unanswered += 1;
        self.obey(SPEAKER)
    }

    /// Whether all that was said is on disk.
    pub(crate) fn is_answered(&self) -> bool {
        self.ledger.unanswered == 0
    }

    /// Whether everyone has heard everything.
    pub(crate) fn is_quiet(&self) -> bool {
        self.is_answered() && self.ledger.heard.iter().all(|heard| *heard >= self.ledger.newest)
    }

    /// How long each line that was said since this was last asked took to each client.
    pub(crate) fn take_latencies(&mut self) -> Latencies {
        self.ledger.said.clear();
        std::mem::take(&mut self.ledger.latencies)
    }

    /// Does what is due, and waits at most so long for something to come.
    pub(crate) fn turn(&mut self, wait: Duration) -> Result<()> {
        self.turn_where(wait, |_| true)
    }

    /// The same for the one who speaks; what comes for others is left where it is, and lost with the connection.
    pub(crate) fn turn_speaker(&mut self, wait: Duration) -> Result<()> {
        self.turn_where(wait, |index| index == SPEAKER)
    }

    fn turn_where(&mut self, wait: Duration, hears: impl Fn(usize) -> bool) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(wait.min(SWEEP))) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            polled => polled?,
        }
        let indexes: Vec<usize> =
            self.events.iter().map(|event| event.token().0).filter(|index| hears(*index)).collect();
        for index in indexes {
            self.hear(index)?;
        }
        if self.swept.elapsed() >= SWEEP {
            self.swept = Instant::now();
            let now = now();
            for index in (0..self.clients.len()).filter(|index| hears(*index)) {
                let session = &mut self.clients[index].session;
                if session.wake_at().is_some_and(|at| at <= now) {
                    session.tick(now);
                    self.obey(index)?;
                }
            }
        }
        Ok(())
    }

    /// Something happened on a client's socket.
    fn hear(&mut self, index: usize) -> Result<()> {
        let Client { session, link, socket } = &mut self.clients[index];
        let happened = match link {
            Link::None => return Ok(()),
            Link::Upgrading(upgrade) => match upgrade.go_on() {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    self.poll.registry().reregister(upgrade.stream(), Token(index), Interest::READABLE)?;
                    if let Link::Upgrading(upgrade) = std::mem::replace(link, Link::None) {
                        *link = Link::Open(upgrade.into_socket());
                    }
                    session.opened(now(), *socket);
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Link::Open(open) => open.read(&mut self.buffer, &mut |text| {
                session.received(now(), *socket, std::str::from_utf8(text)?);
                Ok(())
            }),
        };
        match happened {
            Ok(()) => self.obey(index),
            Err(error) => self.lose(index, &error.root_cause().to_string()),
        }
    }

    fn lose(&mut self, index: usize, why: &str) -> Result<()> {
        let client = &mut self.clients[index];
        client.link = Link::None;
        client.session.closed(now(), client.socket, ABNORMAL, "");
        self.ledger.online[index] = false;
        *self.ledger.ends.entry(why.to_owned()).or_default() += 1;
        self.obey(index)
    }

    /// Does what the session wants done.
    fn obey(&mut self, index: usize) -> Result<()> {
        while let Some(effect) = self.clients[index].session.effect() {
            match effect {
                Effect::Open { socket } => self.open(index, socket)?,
                Effect::Send { frame, .. } => {
                    let mut bytes = Vec::new();
                    add_frame(frame, &mut bytes);
                    if let Link::Open(open) = &mut self.clients[index].link
                        && let Err(error) = open.send(&bytes)
                    {
                        let why = error.root_cause().to_string();
                        self.lose(index, &why)?;
                    }
                }
                Effect::Close { .. } => {
                    self.clients[index].link = Link::None;
                    *self.ledger.ends.entry("given up by the client".to_owned()).or_default() += 1;
                }
                Effect::Deliver(delivery) => self.ledger.deliver(index, delivery)?,
                Effect::Phase(Phase::Refused { why } | Phase::CookieWanted { why }) => bail!("client {index}: {why}"),
                Effect::Phase(phase) => self.ledger.online[index] = phase == Phase::Online,
            }
        }
        Ok(())
    }

    fn open(&mut self, index: usize, socket: u32) -> Result<()> {
        let mut upgrade = Upgrade::begin(self.address, &self.host).context("opening a socket")?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(upgrade.stream(), Token(index), interest)?;
        let client = &mut self.clients[index];
        (client.link, client.socket) = (Link::Upgrading(upgrade), socket);
        Ok(())
    }
}

/// The time for sessions, in milliseconds since 1970 UTC.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
