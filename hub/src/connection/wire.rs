//! The outbox's side of a WebSocket: parcels as frames of JSON text, and the writing half of the stream.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use bytes::Bytes;
use shared::message::{Outcome, ToNode};
use shared::process::Origin;
use shared::wire::{encode, encode_ok};
use tokio::net::tcp::OwnedWriteHalf;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};

use crate::outbox::{Mail, Parcel, Reply, Wire};

/// A header is at most so long without a mask (RFC 6455, section 5.2).
const MAX_HEADER: usize = 10;

pub(super) struct WebSocketWire(pub(super) OwnedWriteHalf);

impl Wire for WebSocketWire {
    fn encode_shared(&self, messages: &[ToNode]) -> Bytes {
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| add_text(encode(message), &mut bytes));
        bytes.into()
    }

    fn encode(&self, parcel: Parcel) -> Bytes {
        match parcel {
            // Outboxes have these encoded once for all.
            Parcel::Shared(shared) => self.encode_shared(shared.messages()),
            Parcel::Reply(reply) => text(match *reply {
                Reply { id, result: Ok(answer) } => encode_ok(&id, &answer),
                Reply { id, result: Err(refusal) } => {
                    encode(&ToNode::Reply(shared::message::Reply { id, outcome: Outcome::Error(refusal) }))
                }
            }),
            Parcel::Error(refusal) => text(encode(&ToNode::Error(*refusal))),
            Parcel::Welcome(welcome) => text(encode(&ToNode::Welcome(*welcome))),
            Parcel::Probe(token) => bytes_of(Frame::ping(token.to_be_bytes().to_vec())),
            Parcel::Confirm(seq) => bytes_of(Frame::ping([CONFIRM.as_slice(), &seq.to_be_bytes()].concat())),
            Parcel::Mail(mail) => signal(&mail),
            Parcel::Unreachable(unreachable) => text(encode(&ToNode::Unreachable(*unreachable))),
            Parcel::Down(down) => text(encode(&ToNode::Down(*down))),
            Parcel::Raw(bytes) => *bytes,
        }
    }

    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match pieces {
            [piece] => self.0.try_write(piece),
            pieces => self.0.try_write_vectored(pieces),
        }
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_ref().poll_write_ready(context)
    }
}

/// A signal: what is known of its sender, and its payload word for word.
fn signal(mail: &Mail) -> Bytes {
    let (head, payload) = (mail.sender.head(signal_head), mail.payload.as_str().as_bytes());
    let length = head.len() + payload.len() + 1;
    let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
    let mut bytes = Vec::with_capacity(MAX_HEADER + length);
    #[expect(clippy::expect_used, reason = "writing to a vector does not fail")]
    header.format(length as u64, &mut bytes).expect("a vector");
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(payload);
    bytes.push(b'}');
    bytes.into()
}

/// The frame of a signal up to its payload.
fn signal_head(origin: &Origin) -> Bytes {
    let mut json = format!(r#"{{"type":"signal","from":{}"#, encode(&origin.node));
    if let Some(nick) = &origin.nick {
        json += &format!(r#","nick":{}"#, encode(nick));
    }
    if let Some(owner) = origin.owner {
        json += &format!(r#","owner":{owner}"#);
    }
    json += r#","signal":"#;
    json.into()
}

fn text(json: String) -> Bytes {
    let mut bytes = Vec::new();
    add_text(json, &mut bytes);
    bytes.into()
}

fn add_text(json: String, bytes: &mut Vec<u8>) {
    bytes.reserve(MAX_HEADER + json.len());
    add(Frame::message(json, OpCode::Data(Data::Text), true), bytes);
}

fn bytes_of(frame: Frame) -> Bytes {
    let mut bytes = Vec::with_capacity(frame.len());
    add(frame, &mut bytes);
    bytes.into()
}

fn add(frame: Frame, bytes: &mut Vec<u8>) {
    #[expect(clippy::expect_used, reason = "writing to a vector does not fail")]
    frame.format(bytes).expect("a vector");
}

/// The frame that ends a WebSocket.
pub(super) fn close_frame(code: u16, words: &str) -> Bytes {
    bytes_of(Frame::close(Some(CloseFrame { code: code.into(), reason: words.into() })))
}

/// Stands before the position in a ping that asks what has arrived, so that no token is taken for one.
const CONFIRM: [u8; 1] = [b'#'];

/// What a pong says that answers a ping of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// To the message server's probe of that number.
    Token(u64),
    /// All that was sent before it has arrived, up to this entry.
    Upto(u64),
}

/// What a pong brought back; none if no ping of ours can have asked for it.
pub(super) fn sign(payload: &[u8]) -> Option<Sign> {
    let number = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes);
    match payload.strip_prefix(&CONFIRM) {
        Some(seq) if seq.len() == size_of::<u64>() => number(seq).map(Sign::Upto),
        _ => number(payload).map(Sign::Token),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use shared::message::{Incoming, Json};
    use shared::node::NodeName;

    use super::*;
    use crate::outbox::Sender;

    #[test]
    fn a_signal_is_written_as_any_message_is() {
        let node = NodeName::new("tab-7f3a", "den.local").unwrap();
        let nicked = Origin { node: node.clone(), nick: Some("the \"ana\"".to_owned()), owner: Some(17) };
        for origin in [Origin::of(node), nicked] {
            let sender = Arc::new(Sender::new(origin.clone()));
            for length in [0, 40, 200, 60_000, 70_000] {
                let payload = json!({"type": "print", "text": "x".repeat(length)});
                let incoming = Incoming {
                    from: origin.node.to_string(),
                    nick: origin.nick.clone(),
                    owner: origin.owner,
                    signal: payload.clone(),
                };
                let mail = Mail { sender: Arc::clone(&sender), payload: Json::of(&payload) };
                assert_eq!(signal(&mail), text(encode(&ToNode::Signal(incoming))), "{length} bytes");
            }
        }
    }
}
