//! A web server that is not the hub: another origin.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Serves one page, whatever is asked for, until dropped.
pub struct Elsewhere {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Elsewhere {
    /// # Panics
    /// If there is no free port.
    pub async fn serve(page: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a port");
        let serving = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                // A request of a browser for a page fits into this, and what it says is all the same.
                let _ = socket.read(&mut [0; 4096]).await;
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close";
                let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
                // A browser that goes away misses it, and nobody else does.
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
        Self { address, serving }
    }

    /// The page's address.
    pub fn page(&self) -> String {
        format!("http://localhost:{}/", self.address.port())
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
