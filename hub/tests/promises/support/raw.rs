//! A WebSocket written out by hand (RFC 6455), which may say anything, keep silent and read
//! nothing. It shares no code with the hub or its clients.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use shared::message::{Outcome, Refusal, Reply, ToNode};
use shared::wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::DEADLINE;

/// Opcodes (RFC 6455, section 5.2).
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

pub(crate) struct RawSocket {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

/// What came: a frame, or the end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(String),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16),
    /// The TCP connection ended, with a close frame before it or without.
    End,
}

impl RawSocket {
    /// Opens a WebSocket and says nothing.
    pub(crate) async fn open(hub: SocketAddr) -> Self {
        let stream = TcpStream::connect(hub).await.expect("the hub accepts");
        Self::upgrade(stream, hub, Some(wire::SUBPROTOCOL))
            .await
            .unwrap_or_else(|answer| panic!("no upgrade: {answer}"))
    }

    /// The same from another address of this machine.
    pub(crate) async fn open_from(source: IpAddr, hub: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::new(source, 0)).expect("an address of the loopback net");
        let stream = socket.connect(hub).await.expect("the hub accepts");
        Self::upgrade(stream, hub, Some(wire::SUBPROTOCOL))
            .await
            .unwrap_or_else(|answer| panic!("no upgrade: {answer}"))
    }

    /// The same with a small window, so that what is not read soon waits on the hub's side.
    pub(crate) async fn open_narrow(hub: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = socket.connect(hub).await.expect("the hub accepts");
        Self::upgrade(stream, hub, Some(wire::SUBPROTOCOL))
            .await
            .unwrap_or_else(|answer| panic!("no upgrade: {answer}"))
    }

    /// Asks for a WebSocket; an answer other than 101 comes back whole.
    pub(crate) async fn upgrade(stream: TcpStream, hub: SocketAddr, subprotocol: Option<&str>) -> Result<Self, String> {
        Self::upgrade_and_send(stream, hub, subprotocol, &[]).await
    }

    /// A new socket whose first text comes in one piece with the request for the upgrade.
    pub(crate) async fn open_in_a_hurry(hub: SocketAddr, text: &str) -> Self {
        let stream = TcpStream::connect(hub).await.expect("the hub listens");
        let frame = masked_frame(true, TEXT, text.as_bytes());
        let opened = Self::upgrade_and_send(stream, hub, None, &frame).await;
        opened.unwrap_or_else(|answer| panic!("no upgrade: {answer}"))
    }

    async fn upgrade_and_send(
        stream: TcpStream,
        hub: SocketAddr,
        subprotocol: Option<&str>,
        behind: &[u8],
    ) -> Result<Self, String> {
        stream.set_nodelay(true).expect("a TCP socket");
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let subprotocol = subprotocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n")).unwrap_or_default();
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {hub}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{subprotocol}\r\n"
        );
        writer.write_all(&[request.as_bytes(), behind].concat()).await.expect("the hub reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = timeout(DEADLINE, reader.read_u8()).await.expect("an answer in time").expect("an answer");
            head.push(byte);
        }
        let mut head = String::from_utf8_lossy(&head).into_owned();
        if head.starts_with("HTTP/1.1 101 ") {
            assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the key is answered as RFC 6455 says: {head}");
            return Ok(Self { reader, writer });
        }
        let length = head.to_lowercase().split_once("content-length:").and_then(|(_, rest)| {
            let length = rest.split("\r\n").next()?;
            length.trim().parse::<usize>().ok()
        });
        let mut body = vec![0; length.unwrap_or(0)];
        timeout(DEADLINE, reader.read_exact(&mut body)).await.expect("a body in time").expect("a body");
        head.push_str(&String::from_utf8_lossy(&body));
        Err(head)
    }

    /// Says hello and waits for the welcome.
    pub(crate) async fn hello(&mut self, cookie: &str) {
        self.json(&json!({"type": "hello", "version": 1, "cookie": cookie})).await;
        match self.message().await {
            ToNode::Welcome(_) => {}
            other => panic!("expected a welcome, not {other:?}"),
        }
    }

    /// Takes a nick, which must succeed.
    pub(crate) async fn takes(&mut self, nick: &str) {
        self.json(&json!({"type": "connect", "id": "takes", "nick": nick})).await;
        self.ok("takes").await;
    }

    /// Sends one text frame.
    pub(crate) async fn text(&mut self, text: &str) {
        self.frame(true, TEXT, text.as_bytes()).await;
    }

    /// Sends one JSON object as a text frame.
    pub(crate) async fn json(&mut self, message: &Value) {
        self.text(&message.to_string()).await;
    }

    /// Sends one frame, of whatever make. That the hub may close while it is under way is not held against it.
    pub(crate) async fn frame(&mut self, last: bool, opcode: u8, payload: &[u8]) {
        let frame = masked_frame(last, opcode, payload);
        _ = timeout(DEADLINE, self.writer.write_all(&frame)).await.expect("the hub takes what is sent");
    }

    /// Sends no more, and still reads.
    pub(crate) async fn break_off(&mut self) {
        self.writer.shutdown().await.expect("an open socket");
    }

    /// Sends the WebSocket's own ping.
    pub(crate) async fn ping(&mut self, payload: &[u8]) {
        self.frame(true, PING, payload).await;
    }

    /// Answers a ping.
    pub(crate) async fn pong_with(&mut self, payload: &[u8]) {
        self.frame(true, PONG, payload).await;
    }

    /// Sends a close frame.
    pub(crate) async fn close(&mut self, code: u16) {
        self.frame(true, CLOSE, &code.to_be_bytes()).await;
    }

    /// The next pong, past all else.
    pub(crate) async fn pong(&mut self) -> Vec<u8> {
        loop {
            match self.next().await {
                Frame::Pong(payload) => return payload,
                Frame::Text(_) | Frame::Ping(_) => {}
                ended @ (Frame::Close(_) | Frame::End) => panic!("expected a pong, not {ended:?}"),
            }
        }
    }

    /// Sends bytes as they are.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        _ = timeout(DEADLINE, self.writer.write_all(bytes)).await.expect("the hub takes what is sent");
    }

    /// Sends one frame while reading, as a client with two tasks does; returns the first close code, if one comes.
    pub(crate) async fn frame_while_reading(self, opcode: u8, payload: &[u8]) -> Option<u16> {
        let Self { mut reader, mut writer } = self;
        let frame = masked_frame(true, opcode, payload);
        let writing = async {
            _ = writer.write_all(&frame).await;
            std::future::pending::<()>().await; // the reader decides when it is over
        };
        let reading = async {
            loop {
                match read(&mut reader).await {
                    Frame::Close(code) => return Some(code),
                    Frame::End => return None,
                    Frame::Text(_) | Frame::Ping(_) | Frame::Pong(_) => {}
                }
            }
        };
        tokio::select! {
            () = writing => None,
            code = timeout(DEADLINE, reading) => code.expect("the hub closes in time"),
        }
    }

    /// Sends the same frame again and again until the hub takes no more for some seconds, or has ended the connection.
    pub(crate) async fn pour_until_refused(&mut self, opcode: u8, payload: &[u8]) {
        const STUCK: Duration = Duration::from_secs(5);
        let frame = masked_frame(true, opcode, payload);
        while let Ok(Ok(())) = timeout(STUCK, self.writer.write_all(&frame)).await {}
    }

    /// The next frame, or the end.
    pub(crate) async fn next(&mut self) -> Frame {
        timeout(DEADLINE, read(&mut self.reader)).await.expect("a frame in time")
    }

    /// The next message of the protocol, past pings.
    pub(crate) async fn message(&mut self) -> ToNode {
        loop {
            match self.next().await {
                Frame::Text(text) => {
                    return wire::decode_to_node(&text)
                        .unwrap_or_else(|error| panic!("not of the protocol: {error}: {text}"));
                }
                Frame::Ping(_) | Frame::Pong(_) => {}
                ended @ (Frame::Close(_) | Frame::End) => {
                    panic!("expected a message, not {ended:?}")
                }
            }
        }
    }

    /// The reply to a request, past all else.
    pub(crate) async fn reply(&mut self, id: &str) -> Outcome {
        loop {
            match self.message().await {
                ToNode::Reply(Reply { id: of, outcome }) if of == id => return outcome,
                ToNode::Reply(other) => panic!("expected the reply to {id}, not {other:?}"),
                ToNode::Error(refusal) => panic!("expected the reply to {id}, not {refusal:?}"),
                ToNode::Welcome(_)
                | ToNode::Read { .. }
                | ToNode::Typing { .. }
                | ToNode::Synced { .. }
                | ToNode::Presence(_)
                | ToNode::Signal(_)
                | ToNode::Unreachable(_)
                | ToNode::Down(_)
                | ToNode::Nodes(_)
                | ToNode::Entry(_) => {}
            }
        }
    }

    /// What a request brought, which must have succeeded.
    pub(crate) async fn ok(&mut self, id: &str) -> Value {
        match self.reply(id).await {
            Outcome::Ok(value) => value,
            Outcome::Error(refusal) => panic!("{id} was refused: {refusal:?}"),
        }
    }

    /// The refusal of a request.
    pub(crate) async fn refused(&mut self, id: &str) -> Refusal {
        match self.reply(id).await {
            Outcome::Error(refusal) => refusal,
            Outcome::Ok(value) => panic!("{id} was not refused: {value}"),
        }
    }

    /// The `error` that answers a frame without a usable id, past entries and presence.
    pub(crate) async fn error(&mut self) -> Refusal {
        loop {
            match self.message().await {
                ToNode::Error(refusal) => return refusal,
                ToNode::Entry(_) | ToNode::Presence(_) => {}
                other => panic!("expected an error, not {other:?}"),
            }
        }
    }

    /// Asks something that any welcomed node may ask: shows that the connection stays.
    pub(crate) async fn stays(&mut self) {
        self.json(&json!({"type": "list_rooms", "id": "stays"})).await;
        self.ok("stays").await;
    }

    /// The close code that must come, past all else. The frame itself must: an end without one is none.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Frame::Close(code) => return code,
                Frame::Text(_) | Frame::Ping(_) | Frame::Pong(_) => {}
                Frame::End => panic!("the connection ended without a close frame"),
            }
        }
    }
}

/// A frame as a client sends it. A mask of zeros leaves the payload as it is.
fn masked_frame(last: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    let mut frame = vec![if last { 0x80 | opcode } else { opcode }];
    match payload.len() {
        length @ 0..=125 => frame.push(MASKED | u8::try_from(length).unwrap()),
        length @ 126..=0xFFFF => {
            frame.push(MASKED | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(MASKED | 127);
            frame.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

async fn read(reader: &mut BufReader<OwnedReadHalf>) -> Frame {
    read_frame(reader).await.unwrap_or(Frame::End)
}

async fn read_frame(reader: &mut BufReader<OwnedReadHalf>) -> std::io::Result<Frame> {
    let first = reader.read_u8().await?;
    let length = match reader.read_u8().await? {
        masked @ 0x80.. => panic!("a hub does not mask: {masked}"),
        126 => u64::from(reader.read_u16().await?),
        127 => reader.read_u64().await?,
        length => u64::from(length),
    };
    let mut payload = vec![0; usize::try_from(length).expect("a frame that fits into memory")];
    reader.read_exact(&mut payload).await?;
    assert_eq!(first & 0xF0, 0x80, "the hub sends whole frames without extensions");
    Ok(match first & 0x0F {
        TEXT => Frame::Text(String::from_utf8(payload).expect("UTF-8")),
        CLOSE => Frame::Close(payload.get(..2).map_or(1005, |code| u16::from_be_bytes([code[0], code[1]]))),
        PING => Frame::Ping(payload),
        PONG => Frame::Pong(payload),
        opcode => panic!("the hub sent a frame with opcode {opcode}"),
    })
}
