//! Parcels as frames of JSON text.

use bytes::Bytes;
use shared::message::{Outcome, Reply, ToNode};
use shared::wire::{encode, encode_ok};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::outbox::Parcel;

/// The frame that carries a parcel.
pub(super) fn frame(parcel: Parcel) -> Message {
    match parcel {
        Parcel::Shared(shared) => {
            let json = shared.encoded(|message| Bytes::from(encode(message)));
            match Utf8Bytes::try_from(json) {
                Ok(text) => Message::Text(text),
                // Our own JSON is UTF-8; a ping in its place does no harm.
                Err(_) => Message::Ping(Bytes::new()),
            }
        }
        Parcel::Reply { id, result: Ok(answer) } => Message::text(encode_ok(&id, &answer)),
        Parcel::Reply { id, result: Err(refusal) } => {
            Message::text(encode(&ToNode::Reply(Reply { id, outcome: Outcome::Error(refusal) })))
        }
        Parcel::Error(refusal) => Message::text(encode(&ToNode::Error(refusal))),
        Parcel::Welcome(welcome) => Message::text(encode(&ToNode::Welcome(*welcome))),
        Parcel::Probe(token) => Message::Ping(Bytes::copy_from_slice(&token.to_be_bytes())),
        Parcel::Confirm(seq) => Message::Ping([CONFIRM.as_slice(), &seq.to_be_bytes()].concat().into()),
    }
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
