//! One WebSocket, as cheap as can be: a driver that takes longer over a frame than the hub would
//! measure itself.

use std::io::{Cursor, ErrorKind, Read, Write};
use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};

use crate::sources::{Manner, connect};

/// Frames of clients are masked (RFC 6455, section 5.3) to keep proxies from being tricked. There
/// is none here, so one mask serves all; taking it off costs the hub the same.
pub(crate) const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One socket of the crowd.
pub(crate) struct Socket {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come yet.
    rest: Vec<u8>,
}

impl Socket {
    /// Opens a WebSocket to a hub; no hello is said yet.
    pub(crate) fn open(address: SocketAddr, host: &str) -> Result<Self> {
        Self::upgrade(connect(address, Manner::default())?, host)
    }

    fn upgrade(stream: std::net::TcpStream, host: &str) -> Result<Self> {
        let mut request = format!("ws://{host}/ws").into_client_request()?;
        let subprotocol = HeaderValue::from_static(shared::wire::SUBPROTOCOL);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        let (socket, _) = tungstenite::client(request, stream).context("the upgrade to a WebSocket")?;
        // The hub is silent until hello, so nothing can have been read beyond the upgrade.
        Self::over(socket.into_inner())
    }

    /// The same with a small receive buffer, so that what is not read soon waits in the hub.
    pub(crate) fn open_narrow(address: SocketAddr, host: &str) -> Result<Self> {
        Self::upgrade(connect(address, Manner { narrow: true, ..Manner::default() })?, host)
    }

    /// Connects to something that sends frames without any handshake.
    pub(crate) fn bare(address: SocketAddr) -> Result<Self> {
        Self::over(connect(address, Manner::default())?)
    }

    fn over(stream: std::net::TcpStream) -> Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::of(TcpStream::from_std(stream)))
    }

    /// A stream that has become a WebSocket.
    pub(crate) fn of(stream: TcpStream) -> Self {
        Self { stream, rest: Vec::new() }
    }

    /// The stream, for registering it.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Sends bytes, which must fit the system's buffer: benches wait for answers long before it is full.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        send(&mut self.stream, bytes)
    }

    /// Reads what has come, and gives the text of each frame to `heard`. `buffer` is where reads
    /// go; it may be shared by all sockets.
    pub(crate) fn read(&mut self, buffer: &mut [u8], heard: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => bail!("the hub closed the connection without a word"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if self.rest.is_empty() {
                let used = frames(&mut self.stream, &buffer[..count], heard)?;
                self.rest.extend_from_slice(&buffer[used..count]);
            } else {
                let mut bytes = std::mem::take(&mut self.rest);
                bytes.extend_from_slice(&buffer[..count]);
                let used = frames(&mut self.stream, &bytes, heard)?;
                if used < bytes.len() {
                    bytes.drain(..used);
                    self.rest = bytes;
                }
            }
            if count < buffer.len() {
                return Ok(()); // all that was there: the next to come is told anew (epoll(7))
            }
        }
    }
}

/// Adds a text as a client's frame.
pub(crate) fn add_frame(text: String, frames: &mut Vec<u8>) {
    let mut frame = Frame::message(text, OpCode::Data(Data::Text), true);
    frame.header_mut().mask = Some(MASK);
    write_frame(frame, frames);
}

/// Adds a frame as it is.
pub(crate) fn write_frame(frame: Frame, frames: &mut Vec<u8>) {
    #[expect(clippy::expect_used, reason = "writing to a vector does not fail")]
    frame.format(frames).expect("a vector");
}

/// Reads the whole frames at the beginning of `bytes`; gives how many bytes they took. Pings are answered.
fn frames(stream: &mut impl Write, bytes: &[u8], heard: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<usize> {
    let mut used = 0;
    loop {
        let mut cursor = Cursor::new(&bytes[used..]);
        let Some((header, length)) = FrameHeader::parse(&mut cursor)? else { return Ok(used) };
        let start = used + usize::try_from(cursor.position())?;
        let end = start.saturating_add(usize::try_from(length)?);
        let Some(payload) = bytes.get(start..end) else { return Ok(used) };
        ensure!(header.is_final && header.mask.is_none(), "a frame in parts or masked, which the hub never sends");
        match header.opcode {
            OpCode::Data(Data::Text) => heard(payload)?,
            OpCode::Control(Control::Ping) => {
                let mut pong = Frame::pong(payload.to_vec());
                pong.header_mut().mask = Some(MASK);
                let mut frame = Vec::new();
                write_frame(pong, &mut frame);
                send(stream, &frame)?;
            }
            OpCode::Control(Control::Close) => bail!("the hub closed the connection: {}", farewell(payload)),
            other => bail!("an unexpected {other} frame"),
        }
        used = end;
    }
}

fn send(stream: &mut impl Write, bytes: &[u8]) -> Result<()> {
    let count = stream.write(bytes).context("sending to the hub")?;
    ensure!(count == bytes.len(), "the hub does not take what it is sent");
    Ok(())
}

/// Code and reason of a close frame.
fn farewell(payload: &[u8]) -> String {
    match payload.split_at_checked(2) {
        Some((code, reason)) => {
            let code = code.iter().fold(0, |code, byte| code << 8 | u32::from(*byte));
            format!("{code} {}", String::from_utf8_lossy(reason))
        }
        None => "no code".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_frame(Frame::message(text.to_owned(), OpCode::Data(Data::Text), true), &mut bytes);
        bytes
    }

    /// What was heard of these bytes, how many were used, and what was answered.
    fn read(bytes: &[u8]) -> Result<(Vec<String>, usize, Vec<u8>)> {
        let (mut texts, mut answered) = (Vec::new(), Vec::new());
        let used = frames(&mut answered, bytes, &mut |text| {
            texts.push(String::from_utf8(text.to_vec())?);
            Ok(())
        })?;
        Ok((texts, used, answered))
    }

    #[test]
    fn whole_frames_are_heard_and_the_beginning_of_one_is_left() {
        let long = "x".repeat(70_000);
        let whole = [text("one"), text(&"y".repeat(300)), text(&long)].concat();
        let next = text("not yet");
        for cut in 0..next.len() {
            let (texts, used, _) = read(&[&whole, &next[..cut]].concat()).expect("frames");
            assert_eq!((texts.len(), used), (3, whole.len()), "cut after {cut} bytes");
            assert_eq!(texts[2], long);
        }
    }

    #[test]
    fn a_ping_is_answered_with_its_payload() {
        let mut bytes = Vec::new();
        write_frame(Frame::ping(vec![1, 2, 3]), &mut bytes);
        let (texts, used, answered) = read(&bytes).expect("a ping");
        assert_eq!((texts.len(), used), (0, bytes.len()));
        let masked: Vec<u8> = [1, 2, 3].iter().zip(MASK).map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(answered, [&[0x8a, 0x83][..], &MASK[..], &masked[..]].concat());
    }

    #[test]
    fn a_close_says_why() {
        let mut bytes = vec![0x88, 6];
        bytes.extend_from_slice(&4002u16.to_be_bytes());
        bytes.extend_from_slice(b"slow");
        let error = read(&bytes).expect_err("a close ends it").to_string();
        assert!(error.contains("4002 slow"), "{error}");
    }

    #[test]
    fn what_the_hub_never_sends_is_not_passed_over() {
        let mut masked = Vec::new();
        add_frame("masked".to_owned(), &mut masked);
        assert!(read(&masked).is_err());
        assert!(read(&[0x01, 1, b'a']).is_err(), "a frame in parts");
        assert!(read(&[0x82, 1, b'a']).is_err(), "a binary frame");
    }
}
