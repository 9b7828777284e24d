//! A hub that answers as a test wants it to: for what a real one does only where something has gone wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use shared::wire::SUBPROTOCOL;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

/// It listens on loopback for as long as this lives.
pub(crate) struct FalseHub {
    pub(crate) address: String,
    serving: JoinHandle<()>,
}

/// What it makes of a request of a connection, counted from 1: the outcome, as it stands in a reply. None ends that
/// connection.
type Outcomes = fn(usize, &Value) -> Option<Value>;

impl FalseHub {
    pub(crate) async fn new(outcomes: Outcomes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&connections), outcomes));
            }
        });
        Self { address, serving }
    }
}

impl Drop for FalseHub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The answer of a hub at which this nick is the first there ever was.
pub(crate) fn connected(nick: &str) -> Value {
    json!({"ok": {
        "nick": nick, "token": "t0k3n", "room": "lobby", "topic": null,
        "users": [{"nick": nick, "state": "online", "nodes": 1}], "count": 1, "read": 0, "unread": 0,
        "conversations": [], "owner": 1,
    }})
}

/// A refusal.
pub(crate) fn refused(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

async fn serve(stream: TcpStream, connections: Arc<AtomicUsize>, outcomes: Outcomes) {
    #[expect(clippy::result_large_err, reason = "the library's own signature")]
    let ours = |_: &Request, mut response: Response| {
        response.headers_mut().insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse().unwrap());
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(stream, ours).await else { return };
    let connection = connections.fetch_add(1, Ordering::Relaxed) + 1;
    while let Some(Ok(message)) = socket.next().await {
        let Ok(asked) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default()) else { continue };
        let answer = if asked["type"] == "hello" {
            json!({
                "type": "welcome", "version": 1, "hub": "hub@test", "node": "ana@test", "session": "s", "epoch": "e",
                "seq": 0, "resumed": false, "nick": null, "max_upload": 1024,
            })
        } else if asked["id"].is_string() {
            let Some(mut answer) = outcomes(connection, &asked) else { return };
            answer["type"] = "reply".into();
            answer["id"] = asked["id"].clone();
            answer
        } else {
            continue;
        };
        if socket.send(Message::text(answer.to_string())).await.is_err() {
            return;
        }
    }
}
