//! A node with processes, as the hub sees one: it sends signals, whose first it names itself, and keeps what comes.
//! It reads only when it is told to.

use serde_json::{Value, json};
use shared::message::{Hello, ToHub, ToNode, Welcome, Why};
use shared::wire;

use super::{RawSocket, Way};

pub(crate) struct Peer {
    socket: RawSocket,
    welcome: Welcome,
}

/// What came of signals, one's own and those of others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// From that node, and its payload.
    Signal(String, Value),
    Unreachable(String, Why),
    Down(String, Why),
}

impl Peer {
    /// A node of that name.
    pub(crate) async fn open(way: &Way, name: &str) -> Self {
        let hello = Hello { node: Some(name.to_owned()), ..Hello::default() };
        Self::open_on(RawSocket::open(way.address).await, way, hello).await
    }

    /// The same behind a small window: what it does not read soon waits on the hub's side.
    pub(crate) async fn open_narrow(way: &Way, name: &str) -> Self {
        let hello = Hello { node: Some(name.to_owned()), ..Hello::default() };
        Self::open_on(RawSocket::open_narrow(way.address).await, way, hello).await
    }

    /// It comes back, or another connection of it takes over.
    pub(crate) async fn again(&self, way: &Way) -> Self {
        Self::resume(way, self.session()).await
    }

    /// It comes back with the secret of its session.
    pub(crate) async fn resume(way: &Way, session: &str) -> Self {
        let hello = Hello { session: Some(session.to_owned()), ..Hello::default() };
        let peer = Self::open_on(RawSocket::open(way.address).await, way, hello).await;
        assert!(peer.welcome.resumed, "the session is known");
        peer
    }

    /// The secret of its session.
    pub(crate) fn session(&self) -> &str {
        &self.welcome.session
    }

    async fn open_on(mut socket: RawSocket, way: &Way, hello: Hello) -> Self {
        let (version, cookie) = (wire::VERSION, Some(way.cookie.clone()));
        socket.text(&wire::encode(&ToHub::Hello(Hello { version, cookie, processes: true, ..hello }))).await;
        match socket.message().await {
            ToNode::Welcome(welcome) => Self { socket, welcome },
            other => panic!("expected a welcome, not {other:?}"),
        }
    }

    /// Its full name.
    pub(crate) fn name(&self) -> &str {
        &self.welcome.node
    }

    pub(crate) fn socket(&mut self) -> &mut RawSocket {
        &mut self.socket
    }

    /// Sends the first signal to a node.
    pub(crate) async fn begins(&mut self, to: &str, payload: &Value) {
        self.socket.text(&wire::encode_signal(to, true, &payload.to_string())).await;
    }

    /// Sends a signal that is not the first.
    pub(crate) async fn goes_on(&mut self, to: &str, payload: &Value) {
        self.socket.text(&wire::encode_signal(to, false, &payload.to_string())).await;
    }

    /// What comes next of signals, past all else.
    pub(crate) async fn hears(&mut self) -> Heard {
        loop {
            if let Some(heard) = heard(self.socket.message().await) {
                return heard;
            }
        }
    }

    /// All that has come of signals before the hub answers something.
    pub(crate) async fn heard_by_now(&mut self) -> Vec<Heard> {
        self.socket.json(&json!({"type": "list_rooms", "id": "by now"})).await;
        let mut all = Vec::new();
        loop {
            match self.socket.message().await {
                ToNode::Reply(reply) if reply.id == "by now" => return all,
                other => all.extend(heard(other)),
            }
        }
    }
}

impl Heard {
    pub(crate) fn signal(from: &Peer, payload: &Value) -> Self {
        Self::Signal(from.name().to_owned(), payload.clone())
    }

    pub(crate) fn down(node: &Peer, why: Why) -> Self {
        Self::Down(node.name().to_owned(), why)
    }
}

fn heard(message: ToNode) -> Option<Heard> {
    match message {
        ToNode::Signal(incoming) => Some(Heard::Signal(incoming.from, incoming.signal)),
        ToNode::Unreachable(unreachable) => Some(Heard::Unreachable(unreachable.node, unreachable.why)),
        ToNode::Down(down) => Some(Heard::Down(down.node, down.why)),
        ToNode::Error(refusal) => panic!("an error that nobody asked for: {refusal:?}"),
        _ => None,
    }
}
