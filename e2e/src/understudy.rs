//! Something before the hub that answers for it where a test says so, as a hub of another version or on another machine
//! would. All else it passes on.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::{Hub, request};

/// What is answered at a path of a URL.
type Parts = Arc<Mutex<Vec<(String, Part)>>>;

#[derive(Clone)]
enum Part {
    Says(&'static str, String),
    Silent,
}

/// An understudy on a port of its own, which goes when dropped.
pub struct Understudy {
    address: SocketAddr,
    behind: SocketAddr,
    parts: Parts,
    standing: JoinHandle<()>,
}

impl Understudy {
    /// One that answers nothing itself yet. The hub is started again, so that it takes those who come through.
    ///
    /// # Panics
    /// If there is no free port, or the hub does not start.
    pub async fn before(hub: &mut Hub) -> Self {
        let (listener, address) = hub.front().await;
        let (behind, parts) = (hub.address(), Parts::default());
        let standing = tokio::spawn({
            let parts = Arc::clone(&parts);
            async move {
                while let Ok((socket, _)) = listener.accept().await {
                    // Whoever is cut off comes again, or not.
                    tokio::spawn(pass(socket, behind, Arc::clone(&parts)));
                }
            }
        });
        Self { address, behind, parts, standing }
    }

    /// The page's address here.
    pub fn page(&self) -> String {
        format!("http://localhost:{}/", self.address.port())
    }

    /// The same with the hub's cookie.
    pub fn link(&self, hub: &Hub) -> String {
        format!("{}#cookie={}", self.page(), hub.cookie())
    }

    /// What the hub itself says at a path.
    ///
    /// # Panics
    /// If it is no text.
    pub async fn original(&self, path: &str) -> String {
        let host = format!("localhost:{}", self.address.port());
        let answer = request::get(self.behind, path, &[("Host", &host)]).await;
        String::from_utf8(answer.body).expect("a text")
    }

    /// From now on this is the answer at `path`, of this type.
    pub fn says(&self, path: &str, kind: &'static str, text: &str) {
        self.plays(path, Part::Says(kind, text.to_owned()));
    }

    /// From now on whoever asks for `path` waits.
    pub fn hangs(&self, path: &str) {
        self.plays(path, Part::Silent);
    }

    fn plays(&self, path: &str, part: Part) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.retain(|(known, _)| known != path);
        parts.push((path.to_owned(), part));
    }
}

impl Drop for Understudy {
    fn drop(&mut self) {
        self.standing.abort();
    }
}

async fn pass(mut socket: TcpStream, behind: SocketAddr, parts: Parts) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let part = parts.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|(known, _)| known == path).cloned();
    match part {
        Some((_, Part::Says(kind, text))) => {
            let length = text.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\n\
                 Connection: close\r\n\r\n"
            );
            socket.write_all(head.as_bytes()).await?;
            socket.write_all(text.as_bytes()).await
        }
        // Until the browser has enough of it.
        Some((_, Part::Silent)) => socket.read_u8().await.map(drop),
        None => {
            // One request a connection, so that each is looked at.
            let head = head.replace("Connection: keep-alive\r\n", "Connection: close\r\n");
            let mut hub = TcpStream::connect(behind).await?;
            hub.write_all(head.as_bytes()).await?;
            copy_bidirectional(&mut socket, &mut hub).await.map(drop)
        }
    }
}
