//! A node that comes back: it knows its session and how far it has heard. It reads only when it is told to,
//! so that a test decides what has reached it when its connection ends.

mod asking;

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use shared::entry::Entry;
use shared::message::{Connected, Hello, Outcome, Presence, Refusal, Rooms, ToHub, ToNode, Welcome};
use shared::wire;

use super::{Frame, Memory, RawSocket, Way};

pub(crate) struct Tab {
    socket: RawSocket,
    way: Way,
    welcome: Welcome,
    connected: Option<Connected>,
    /// All that came on this connection but replies.
    heard: Vec<ToNode>,
    /// Answers that nobody has asked for yet.
    answers: HashMap<String, Outcome>,
    /// No entry up to here may come any more on this connection: what it said hello with, and what came since.
    floor: u64,
    prefix: u64,
    asked: u64,
}

impl Tab {
    /// Says hello as the test wants it; the version and, where it names none, the cookie are filled in.
    /// Where the hub closes, that is the code.
    pub(crate) async fn open(way: &Way, hello: Hello) -> Result<Self, u16> {
        Self::open_on(RawSocket::open(way.address).await, way, hello).await
    }

    /// The same on a socket of the test's making.
    pub(crate) async fn open_on(mut socket: RawSocket, way: &Way, mut hello: Hello) -> Result<Self, u16> {
        hello.version = wire::VERSION;
        hello.cookie.get_or_insert_with(|| way.cookie.clone());
        hello.kind.get_or_insert_with(|| "test".to_owned());
        let after = hello.after;
        socket.text(&wire::encode(&ToHub::Hello(hello))).await;
        let welcome = loop {
            match socket.next().await {
                Frame::Text(text) => match wire::decode_to_node(&text) {
                    Ok(ToNode::Welcome(welcome)) => break welcome,
                    other => panic!("expected a welcome, not {other:?}: {text}"),
                },
                Frame::Ping(payload) => socket.pong_with(&payload).await,
                Frame::Pong(_) => {}
                Frame::Close(code) => return Err(code),
                Frame::End => panic!("the connection ended without a close frame"),
            }
        };
        let after = after.filter(|_| welcome.resumed).unwrap_or(u64::MAX);
        let (way, floor) = (way.clone(), after.min(welcome.seq));
        Ok(Self {
            socket,
            way,
            welcome,
            connected: None,
            heard: Vec::new(),
            answers: HashMap::new(),
            floor,
            prefix: rand::random(),
            asked: 0,
        })
    }

    pub(crate) fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// The rooms of the welcome, in no certain order on the wire.
    pub(crate) fn rooms_resumed(&self) -> Vec<String> {
        let mut rooms = self.welcome.rooms.clone();
        rooms.sort();
        rooms
    }

    /// Sends a request under a new id, and does not wait; returns the id.
    pub(crate) async fn send(&mut self, request: impl FnOnce(String) -> ToHub) -> String {
        let id = format!("{:016x}-{}", self.prefix, self.asked);
        self.asked += 1;
        self.socket.text(&wire::encode(&request(id.clone()))).await;
        id
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &mut self,
        request: impl FnOnce(String) -> ToHub,
    ) -> Result<T, Refusal> {
        let id = self.send(request).await;
        self.outcome(&id).await
    }

    /// The answer to a request that was sent, past all else, which is kept.
    pub(crate) async fn outcome<T: DeserializeOwned>(&mut self, id: &str) -> Result<T, Refusal> {
        loop {
            // Answers need not come in the order of the questions.
            if let Some(outcome) = self.answers.remove(id) {
                return match outcome {
                    Outcome::Ok(ok) => Ok(serde_json::from_value(ok).expect("the answer to this request")),
                    Outcome::Error(refusal) => Err(refusal),
                };
            }
            self.next().await;
        }
    }

    pub(crate) async fn does<T: DeserializeOwned>(&mut self, request: impl FnOnce(String) -> ToHub) -> T {
        self.ask(request).await.unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
    }

    /// Reads one message. Every one is held against the promise that entries come in order, each once,
    /// and `synced` behind all it speaks of.
    pub(crate) async fn next(&mut self) -> ToNode {
        loop {
            match self.socket.next().await {
                Frame::Text(text) => {
                    let message = wire::decode_to_node(&text)
                        .unwrap_or_else(|error| panic!("not of the protocol: {error}: {text}"));
                    self.keep(&message);
                    return message;
                }
                Frame::Ping(payload) => self.socket.pong_with(&payload).await,
                Frame::Pong(_) => {}
                ended @ (Frame::Close(_) | Frame::End) => panic!("expected a message, not {ended:?}"),
            }
        }
    }

    fn keep(&mut self, message: &ToNode) {
        match message {
            ToNode::Reply(reply) => {
                self.answers.insert(reply.id.clone(), reply.outcome.clone());
                return;
            }
            ToNode::Entry(entry) => {
                assert!(entry.seq() > self.floor, "{} came after {}", entry.seq(), self.floor);
                self.floor = entry.seq();
            }
            ToNode::Synced { seq } => {
                assert!(*seq >= self.floor, "synced to {seq}, though {} was there", self.floor);
                self.floor = *seq;
            }
            ToNode::Error(refusal) => panic!("an error that nobody asked for: {refusal:?}"),
            ToNode::Welcome(_)
            | ToNode::Presence(_)
            | ToNode::Read { .. }
            | ToNode::Typing { .. }
            | ToNode::Signal(_)
            | ToNode::Unreachable(_)
            | ToNode::Down(_)
            | ToNode::Nodes(_) => {}
        }
        self.heard.push(message.clone());
    }

    /// Reads on until all that was missed is there; returns the position that it is synced to.
    pub(crate) async fn synced(&mut self) -> u64 {
        loop {
            if let ToNode::Synced { seq } = self.next().await {
                return seq;
            }
        }
    }

    /// Reads on until this entry is there.
    pub(crate) async fn hears_seq(&mut self, seq: u64) {
        while self.floor < seq {
            self.next().await;
        }
        assert!(self.seqs().contains(&seq), "{seq} was left out");
    }

    /// Reads on until this entry is there, or the hub closes: then with this code.
    pub(crate) async fn hears_or_closes(&mut self, seq: u64) -> Option<u16> {
        while self.floor < seq {
            match self.socket.next().await {
                Frame::Text(text) => self.keep(&wire::decode_to_node(&text).expect("a message of the protocol")),
                Frame::Ping(payload) => self.socket.pong_with(&payload).await,
                Frame::Pong(_) => {}
                Frame::Close(code) => return Some(code),
                Frame::End => panic!("the connection ended without a close frame"),
            }
        }
        None
    }

    /// Reads on to the presence that this is true of.
    pub(crate) async fn hears_presence(&mut self, is_it: impl Fn(&Presence) -> bool) -> Presence {
        loop {
            if let ToNode::Presence(presence) = self.next().await
                && is_it(&presence)
            {
                return presence;
            }
        }
    }

    /// Reads all that was sent before the hub answers something.
    pub(crate) async fn reads_what_waits(&mut self) {
        let _: Rooms = self.does(|id| ToHub::ListRooms { id }).await;
    }

    /// Reads up to the hub's next ping, and answers it or not.
    pub(crate) async fn pinged(&mut self, answer: bool) {
        loop {
            match self.socket.next().await {
                Frame::Text(text) => self.keep(&wire::decode_to_node(&text).expect("a message of the protocol")),
                Frame::Ping(payload) if answer => return self.socket.pong_with(&payload).await,
                Frame::Ping(_) => return,
                Frame::Pong(_) => {}
                ended @ (Frame::Close(_) | Frame::End) => panic!("expected a ping, not {ended:?}"),
            }
        }
    }

    /// The code that the hub closes with, past all else.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.socket.next().await {
                Frame::Close(code) => return code,
                Frame::Text(text) => self.keep(&wire::decode_to_node(&text).expect("a message of the protocol")),
                Frame::Ping(_) | Frame::Pong(_) => {}
                Frame::End => panic!("the connection ended without a close frame"),
            }
        }
    }

    /// All that came on this connection but replies.
    pub(crate) fn heard(&self) -> &[ToNode] {
        &self.heard
    }

    /// The entries that came on this connection.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let entry = |message: &ToNode| if let ToNode::Entry(entry) = message { Some(entry.clone()) } else { None };
        self.heard.iter().filter_map(entry).collect()
    }

    /// Their positions.
    pub(crate) fn seqs(&self) -> Vec<u64> {
        let seq = |message: &ToNode| if let ToNode::Entry(entry) = message { Some(entry.seq()) } else { None };
        self.heard.iter().filter_map(seq).collect()
    }

    /// What came was a `synced`, so often.
    pub(crate) fn times_synced(&self) -> usize {
        self.heard.iter().filter(|message| matches!(message, ToNode::Synced { .. })).count()
    }

    /// All presence that came on this connection.
    pub(crate) fn presence(&self) -> Vec<Presence> {
        let presence = |message: &ToNode| {
            if let ToNode::Presence(presence) = message { Some(presence.clone()) } else { None }
        };
        self.heard.iter().filter_map(presence).collect()
    }

    /// Who was writing where, as it was told: room, own nick, who.
    pub(crate) fn typing(&self) -> Vec<(Option<String>, Option<String>, String)> {
        let typing = |message: &ToNode| match message {
            ToNode::Typing { room, to, from } => Some((room.clone(), to.clone(), from.clone())),
            _ => None,
        };
        self.heard.iter().filter_map(typing).collect()
    }

    /// What it needs to come back from here.
    pub(crate) fn memory(&self) -> Memory {
        Memory { way: self.way.clone(), session: self.welcome.session.clone(), seen: self.floor }
    }

    /// The connection breaks, without a close frame.
    pub(crate) fn cut(self) -> Memory {
        self.memory()
    }

    /// Ends the connection as a tab does that is closed: with a close frame, and the hub's in return.
    pub(crate) async fn close(mut self) -> Memory {
        self.socket.close(1000).await;
        self.close_code().await;
        self.memory()
    }

    /// The socket under it, for what no node should say.
    pub(crate) fn socket(&mut self) -> &mut RawSocket {
        &mut self.socket
    }
}
