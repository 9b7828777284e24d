//! A message server for tests of what it decides, with nodes that take what it sends them without sockets or JSON.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use shared::message::{Hello, Json, Outgoing, ToHub, ToNode, Why};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Handle, Newcomer, Seat, Settings, start};
use crate::backplane::Local;
use crate::files::{self, Files};
use crate::outbox::{Answer, Couriers, Outbox, Parcel, Reply, Wire};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(10);

/// A message server, and who writes for it.
pub(super) struct Stage {
    pub(super) handle: Handle,
    couriers: Couriers,
}

/// A node on it.
pub(super) struct Actor {
    pub(super) seat: Seat,
    came: mpsc::UnboundedReceiver<Came>,
    pub(super) session: String,
}

/// What came to a node.
#[derive(Debug)]
pub(super) enum Came {
    Own(Parcel),
    Shared(Vec<ToNode>),
}

/// What came of signals.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Signal(String, String),
    Unreachable(String, Why),
    Down(String, Why),
}

impl Heard {
    pub(super) fn signal(from: &str, says: &str) -> Self {
        Self::Signal(from.to_owned(), says.to_owned())
    }

    pub(super) fn unreachable(node: &str, why: Why) -> Self {
        Self::Unreachable(node.to_owned(), why)
    }

    pub(super) fn down(node: &str, why: Why) -> Self {
        Self::Down(node.to_owned(), why)
    }
}

/// A socket that takes everything, and tells the test what it is.
struct Ears(mpsc::UnboundedSender<Came>);

impl Wire for Ears {
    fn encode_shared(&self, messages: &[ToNode]) -> Bytes {
        let _ = self.0.send(Came::Shared(messages.to_vec())); // of one that was dropped nobody wants to know
        Bytes::from_static(b".")
    }

    fn encode(&self, parcel: Parcel) -> Bytes {
        let _ = self.0.send(Came::Own(parcel));
        Bytes::from_static(b".")
    }

    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    fn poll_writable(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A signal that says this.
pub(super) fn says(to: &str, first: bool, says: &str) -> Outgoing {
    Outgoing { to: to.to_owned(), first, signal: Json::of(&says) }
}

impl Stage {
    pub(super) fn set() -> Self {
        let log = Arc::new(Local::in_memory(Duration::from_secs(60)).unwrap());
        let files = Files::open(None, files::Settings { max_upload: 1, quota: 1, retention: None }).unwrap();
        let lease = Duration::from_secs(30);
        let (host, presence) = ("test".to_owned(), Duration::ZERO);
        let settings = Settings { host, rate_limit: None, ephemeral: true, lease, presence, files };
        Self { handle: start(log, settings).unwrap(), couriers: Couriers::start(1) }
    }

    /// Returns when the server has done all that it was told before, and it was written.
    pub(super) async fn settled(&self) {
        let mut fence = self.enter(Hello::default()).await;
        drop(fence.asks(ToHub::ListRooms { id: "fence".to_owned() }).await);
    }

    /// A node with processes of that name.
    pub(super) async fn actor(&self, name: &str) -> Actor {
        self.enter(Hello { node: Some(name.to_owned()), processes: true, ..Hello::default() }).await
    }

    pub(super) async fn enter(&self, hello: Hello) -> Actor {
        let (ears, mut came) = mpsc::unbounded_channel();
        let outbox = Arc::new(Outbox::new(Box::new(Ears(ears)), self.couriers.pickups()));
        let seat = self.handle.enter(Newcomer { hello, outbox }).await.unwrap();
        let session = match came.recv().await {
            Some(Came::Own(Parcel::Welcome(welcome))) => welcome.session,
            other => panic!("expected a welcome, not {other:?}"),
        };
        Actor { seat, came, session }
    }
}

impl Actor {
    pub(super) fn sends(&self, to: &str, first: bool, words: &str) {
        assert!(self.seat.signal(says(to, first, words)).is_ok(), "the inbox has room");
    }

    pub(super) async fn next(&mut self) -> Came {
        timeout(DEADLINE, self.came.recv()).await.expect("something in time").expect("an outbox")
    }

    /// What comes next of signals, past all else.
    pub(super) async fn hears(&mut self) -> Heard {
        loop {
            if let Came::Own(parcel) = self.next().await
                && let Some(heard) = heard(parcel)
            {
                return heard;
            }
        }
    }

    /// What has come of signals, at most so much; nothing is waited for.
    pub(super) fn heard_already(&mut self, count: usize) -> Vec<Heard> {
        let came = std::iter::from_fn(|| self.came.try_recv().ok());
        let own = came.filter_map(|came| if let Came::Own(parcel) = came { heard(parcel) } else { None });
        own.take(count).collect()
    }

    /// All that has come of signals before the hub answers something.
    pub(super) async fn heard_by_now(&mut self) -> Vec<Heard> {
        let asked = ToHub::ListRooms { id: "by now".to_owned() };
        assert!(self.seat.request(asked).0.is_ok(), "the inbox has room");
        let mut all = Vec::new();
        loop {
            match self.next().await {
                Came::Own(Parcel::Reply(reply)) if reply.id == "by now" => return all,
                Came::Own(parcel) => all.extend(heard(parcel)),
                Came::Shared(_) => {}
            }
        }
    }

    /// The answer to a request, past all else.
    pub(super) async fn asks(&mut self, request: ToHub) -> Answer {
        assert!(self.seat.request(request).0.is_ok(), "the inbox has room");
        loop {
            if let Came::Own(Parcel::Reply(reply)) = self.next().await {
                let Reply { result, .. } = *reply;
                return result.unwrap();
            }
        }
    }
}

fn heard(parcel: Parcel) -> Option<Heard> {
    match parcel {
        Parcel::Mail(mail) => {
            let words = serde_json::from_str(mail.payload.as_str()).unwrap();
            Some(Heard::Signal(mail.sender.origin.node.to_string(), words))
        }
        Parcel::Unreachable(unreachable) => Some(Heard::Unreachable(unreachable.node, unreachable.why)),
        Parcel::Down(down) => Some(Heard::Down(down.node, down.why)),
        _ => None,
    }
}
