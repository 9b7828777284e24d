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
    }
}

/// The token of a probe that a pong brought back.
pub(super) fn token(payload: &[u8]) -> Option<u64> {
    payload.try_into().ok().map(u64::from_be_bytes)
}
