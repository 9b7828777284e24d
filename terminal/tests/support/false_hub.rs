//! What a test takes for a hub: one that answers as a real one does only where something has gone wrong, or never; one of
//! another version; and another web server.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use shared::wire::SUBPROTOCOL;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// It listens on loopback for as long as this lives.
pub(crate) struct FalseHub {
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

impl FalseHub {
    /// Serves each connection so, which are counted from 1.
    async fn serving<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(usize, TcpStream) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            let mut count = 0;
            while let Ok((stream, _)) = listener.accept().await {
                count += 1;
                connections.spawn(serve(count, stream));
            }
        });
        Self { address, serving }
    }

    /// A web server that answers everything with this.
    pub(crate) async fn web(status: &'static str, body: &'static str) -> Self {
        Self::serving(move |_, mut stream| async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => return,
                }
            }
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            // Who has gone meanwhile needs no answer.
            let _ = stream.write_all(answer.as_bytes()).await;
        })
        .await
    }

    /// A hub that hears the hello and closes with this.
    pub(crate) async fn closing(code: u16, reason: &'static str) -> Self {
        Self::serving(move |_, stream| async move {
            let Some(mut socket) = accept(stream).await else { return };
            let _ = socket.next().await;
            let farewell = CloseFrame { code: code.into(), reason: reason.into() };
            let _ = socket.close(Some(farewell)).await;
            while let Some(Ok(_)) = socket.next().await {}
        })
        .await
    }

    /// A hub that says this welcome to each hello, and answers what is asked behind it with what `answer` makes of it and
    /// of the number of its connection. Where that is nothing at all the hub ends the connection.
    pub(crate) async fn answering(
        welcome: Value,
        answer: impl Fn(usize, &Value) -> Option<Vec<Value>> + Send + Sync + 'static,
    ) -> Self {
        let script = Arc::new((welcome, answer));
        Self::serving(move |connection, stream| {
            let script = Arc::clone(&script);
            async move {
                let (welcome, answer) = &*script;
                let Some(mut socket) = accept(stream).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    let Ok(asked) = serde_json::from_str::<Value>(message.to_text().unwrap_or_default()) else {
                        continue;
                    };
                    let answers =
                        if asked["type"] == "hello" { Some(vec![welcome.clone()]) } else { answer(connection, &asked) };
                    let Some(answers) = answers else { return };
                    for answer in answers {
                        if socket.send(Message::text(answer.to_string())).await.is_err() {
                            return;
                        }
                    }
                }
            }
        })
        .await
    }

    /// The same where each request has one outcome, as it stands in a reply.
    pub(crate) async fn replying(outcome: fn(usize, &Value) -> Option<Value>) -> Self {
        Self::answering(welcome("hub@test", "ana@test"), move |connection, asked| {
            if !asked["id"].is_string() {
                return Some(Vec::new());
            }
            let mut answer = outcome(connection, asked)?;
            answer["type"] = "reply".into();
            answer["id"] = asked["id"].clone();
            Some(vec![answer])
        })
        .await
    }
}

impl Drop for FalseHub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What a hub of that name says to a hello.
pub(crate) fn welcome(hub: &str, node: &str) -> Value {
    json!({
        "type": "welcome", "version": 1, "hub": hub, "node": node, "session": "s", "epoch": "e", "seq": 0,
        "resumed": false, "nick": null, "max_upload": 1024,
    })
}

/// The outcome for a nick that is the first there ever was.
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

async fn accept(stream: TcpStream) -> Option<WebSocketStream<TcpStream>> {
    #[expect(clippy::result_large_err, reason = "the library's own signature")]
    let ours = |_: &Request, mut response: Response| {
        response.headers_mut().insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse().unwrap());
        Ok(response)
    };
    accept_hdr_async(stream, ours).await.ok()
}
