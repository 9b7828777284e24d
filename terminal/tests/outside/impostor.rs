//! What is not the hub that it is taken for: another web server, one that never answers, a hub of a later version, and one
//! that says what no hub would.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use shared::wire::SUBPROTOCOL;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// It listens on loopback for as long as this lives.
pub(crate) struct Impostor {
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Impostor {
    async fn new<F: Future<Output = ()> + Send>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream).await;
            }
        });
        Self { address, serving }
    }

    /// A web server that answers everything with this.
    pub(crate) async fn web(status: &'static str, body: &'static str) -> Self {
        Self::new(move |mut stream: TcpStream| async move {
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
        Self::new(move |stream| async move {
            let Some(mut socket) = accept(stream).await else { return };
            let _ = socket.next().await;
            let farewell = CloseFrame { code: code.into(), reason: reason.into() };
            let _ = socket.close(Some(farewell)).await;
            while let Some(Ok(_)) = socket.next().await {}
        })
        .await
    }

    /// A hub that answers each request with what `answer` makes of it, once it has said this welcome.
    pub(crate) async fn answering(welcome: Value, answer: fn(&Value) -> Vec<Value>) -> Self {
        Self::new(move |stream| {
            let mut welcome = Some(welcome.clone());
            async move {
                let Some(mut socket) = accept(stream).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    let Ok(asked) = serde_json::from_str(message.to_text().unwrap_or_default()) else { continue };
                    let answers = welcome.take().map_or_else(|| answer(&asked), |welcome| vec![welcome]);
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
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What a hub of that name says to each hello.
pub(crate) fn welcome(hub: &str, node: &str) -> Value {
    json!({
        "type": "welcome", "version": 1, "hub": hub, "node": node, "session": "s", "epoch": "e", "seq": 0,
        "resumed": false, "nick": null, "max_upload": 1024,
    })
}

async fn accept(stream: TcpStream) -> Option<WebSocketStream<TcpStream>> {
    #[expect(clippy::result_large_err, reason = "the library's own signature")]
    let ours = |_: &Request, mut response: Response| {
        response.headers_mut().insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse().unwrap());
        Ok(response)
    };
    accept_hdr_async(stream, ours).await.ok()
}
