//! A door before the hub: pages come through it always, sockets only while it is open. So a page can be loaded
//! whose hub is not there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Hub;

/// A door on a port of its own, which goes when dropped.
pub struct Door {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
    /// Whether anybody was turned away since it was shut.
    refused: Arc<AtomicBool>,
    standing: JoinHandle<()>,
}

impl Door {
    /// An open door. The hub is started again, so that it takes those who come through.
    ///
    /// # Panics
    /// If there is no free port, or the hub does not start.
    pub async fn before(hub: &mut Hub) -> Self {
        let (listener, address) = hub.front().await;
        let (behind, open, refused) = (hub.address(), Arc::new(watch::Sender::new(true)), Arc::default());
        let standing = tokio::spawn({
            let (open, refused) = (Arc::clone(&open), Arc::clone(&refused));
            async move {
                while let Ok((socket, _)) = listener.accept().await {
                    // Whoever is cut off comes again, or not.
                    tokio::spawn(pass(socket, behind, open.subscribe(), Arc::clone(&refused)));
                }
            }
        });
        Self { address, open, refused, standing }
    }

    /// The page's address through this door, with the hub's cookie.
    pub fn link(&self, hub: &Hub) -> String {
        format!("{}#cookie={}", self.page(), hub.cookie())
    }

    /// The page's address through this door.
    pub fn page(&self) -> String {
        format!("http://localhost:{}/", self.address.port())
    }

    /// Cuts all sockets, and lets no other through.
    pub fn shut(&self) {
        self.refused.store(false, Ordering::Relaxed);
        self.open.send_replace(false);
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Whether a socket was turned away since the door was shut.
    pub fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.standing.abort();
    }
}

async fn pass(
    mut socket: TcpStream,
    behind: SocketAddr,
    mut open: watch::Receiver<bool>,
    refused: Arc<AtomicBool>,
) -> std::io::Result<()> {
    // The head of a browser's first request fits into this, and comes at once.
    let mut head = vec![0; 4096];
    let length = socket.read(&mut head).await?;
    let is_socket = head.starts_with(b"GET /ws");
    if is_socket && !*open.borrow_and_update() {
        refused.store(true, Ordering::Relaxed);
        return Ok(());
    }
    let mut hub = TcpStream::connect(behind).await?;
    hub.write_all(&head[..length]).await?;
    if is_socket {
        tokio::select! {
            passed = copy_bidirectional(&mut socket, &mut hub) => drop(passed?),
            _ = open.wait_for(|open| !open) => {}
        }
    } else {
        copy_bidirectional(&mut socket, &mut hub).await?;
    }
    Ok(())
}
