//! A hub that says what the test wants.

#![allow(dead_code, reason = "each file of tests uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test that finds what it did not expect stops there")]

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use shared::message::{Hello, ToHub};
use shared::wire;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// The hub's end of a connection.
pub(crate) struct Script {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Script {
    /// The next connection.
    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().await.unwrap();
        Self { socket: tokio_tungstenite::accept_hdr_async(stream, accept).await.unwrap() }
    }

    /// The next connection, welcomed; with what its hello said.
    pub(crate) async fn welcome(listener: &TcpListener) -> (Self, Hello) {
        let mut script = Self::accept(listener).await;
        let ToHub::Hello(hello) = script.request().await else { panic!("a hello comes first") };
        script
            .send(json!({
                "type": "welcome", "version": 1, "hub": "hub@test", "node": "n@test", "session": "s", "epoch": "e",
                "seq": 0, "resumed": false, "nick": null
            }))
            .await;
        (script, hello)
    }

    pub(crate) async fn send(&mut self, message: serde_json::Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next request.
    pub(crate) async fn request(&mut self) -> ToHub {
        loop {
            let frame = self.socket.next().await.unwrap().unwrap();
            let message = wire::decode_to_hub(frame.to_text().unwrap()).unwrap();
            if !matches!(message, ToHub::Ack { .. }) {
                return message;
            }
        }
    }

    /// The next request, answered with nothing to tell.
    pub(crate) async fn answer(&mut self) {
        let id = self.request().await.id().unwrap().to_owned();
        self.send(json!({"type": "reply", "id": id, "ok": {}})).await;
    }

    /// The next request, which is for a nick, granted.
    pub(crate) async fn grant_nick(&mut self) {
        let ToHub::Connect { id, nick, .. } = self.request().await else { panic!("a nick is asked for first") };
        self.send(json!({"type": "reply", "id": id, "ok": {
            "nick": nick, "token": "t", "room": "lobby", "topic": null, "users": [], "count": 1,
            "read": 0, "unread": 0, "conversations": []
        }}))
        .await;
    }

    /// The next line that is to be said, with its id; pages of what was missed are empty.
    pub(crate) async fn line(&mut self) -> (String, String) {
        loop {
            match self.request().await {
                ToHub::Say { id, text, .. } => return (id, text),
                ToHub::History { id, .. } => {
                    self.send(json!({"type": "reply", "id": id, "ok": {"entries": [], "more": false}})).await;
                }
                other => panic!("not a line: {other:?}"),
            }
        }
    }

    pub(crate) async fn acknowledge(&mut self, id: &str, seq: u64) {
        self.send(json!({"type": "reply", "id": id, "ok": {"seq": seq}})).await;
    }

    pub(crate) async fn close(&mut self, code: u16) {
        self.socket.close(Some(CloseFrame { code: code.into(), reason: "so it is".into() })).await.unwrap();
        while self.socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    }

    /// The code with which the other side closes.
    pub(crate) async fn until_closed(mut self) -> Option<u16> {
        loop {
            if let Some(Ok(Message::Close(frame))) = self.socket.next().await {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
    }
}

#[allow(clippy::result_large_err, reason = "the callback's type is tungstenite's")]
fn accept(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(wire::SUBPROTOCOL));
    Ok(response)
}

pub(crate) fn said(seq: u64) -> serde_json::Value {
    json!({"type": "said", "seq": seq, "at": 0, "room": "lobby", "from": "ana", "id": "1", "text": "hi"})
}
