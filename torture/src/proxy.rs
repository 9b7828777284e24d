//! A bad network: every connection to the hub may be delayed, stalled, dripped through, cut off at any byte,
//! reset, or closed on one side only; and a slow way, which besides holds little and rests now and then.

mod fault;
mod pipe;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

pub(crate) use self::fault::Struck;
use self::fault::{Fault, Plan};
use self::pipe::{Ended, Pipe};

/// What the system holds in each direction of a narrow connection, in bytes, doubled by Linux: little enough
/// that a client that does not read is felt by the hub at once.
const NARROW: u32 = 2 * 1024;

/// What is carried at a time otherwise, in bytes.
const CHUNK: usize = 16 * 1024;

/// Connections that may wait to be taken.
const BACKLOG: u32 = 128;

/// What all proxies of a run share.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    pub(crate) struck: Struck,
    /// Faults strike.
    stormy: AtomicBool,
}

impl Weather {
    pub(crate) fn storm(&self) {
        self.stormy.store(true, Ordering::Relaxed);
    }

    pub(crate) fn calm_down(&self) {
        self.stormy.store(false, Ordering::Relaxed);
    }

    fn is_calm(&self) -> bool {
        !self.stormy.load(Ordering::Relaxed)
    }
}

/// A way to the hub; it ends when this is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Opens a port that leads to `hub`.
    ///
    /// # Errors
    /// If there is no free port.
    pub(crate) fn open(hub: SocketAddr, seed: u64, narrow: bool, weather: &Arc<Weather>) -> io::Result<Self> {
        let listener = listen(narrow)?;
        let address = listener.local_addr()?;
        let weather = Arc::clone(weather);
        let accepting = tokio::spawn(async move {
            for connection in 0.. {
                // An error is one connection's, gone before it was taken.
                let Ok((client, _)) = listener.accept().await else { continue };
                weather.struck.connections.fetch_add(1, Ordering::Relaxed);
                let plan = Plan::draw(seed, connection);
                let rests = narrow.then(|| StdRng::seed_from_u64(seed ^ connection));
                tokio::spawn(carry(client, hub, plan, rests, Arc::clone(&weather)));
            }
        });
        Ok(Self { address, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn listen(narrow: bool) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    if narrow {
        // Inherited by what is accepted.
        socket.set_send_buffer_size(NARROW)?;
    }
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(BACKLOG)
}

async fn reach(hub: SocketAddr, narrow: bool) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if narrow {
        socket.set_recv_buffer_size(NARROW)?;
    }
    socket.connect(hub).await
}

/// Carries one connection to its end. With rests it is a slow one.
async fn carry(mut client: TcpStream, hub: SocketAddr, plan: Plan, rests: Option<StdRng>, weather: Arc<Weather>) {
    let Ok(mut hub) = reach(hub, rests.is_some()).await else {
        return; // there is no hub: the client's connection ends as well
    };
    // What is cut into pieces here is to arrive in pieces.
    _ = client.set_nodelay(true);
    _ = hub.set_nodelay(true);
    let chunk = if rests.is_some() { NARROW as usize } else { CHUNK };
    let (from_client, to_client) = client.split();
    let (from_hub, to_hub) = hub.split();
    let to_hub = Pipe::new(from_client, to_hub, plan.to_hub, chunk, &weather);
    let mut to_client = Pipe::new(from_hub, to_client, plan.to_client, chunk, &weather);
    if let Some(random) = rests {
        to_client = to_client.resting(random);
    }
    if let Err(Ended::Reset) = tokio::try_join!(to_hub.run(), to_client.run()) {
        _ = client.set_zero_linger();
        _ = hub.set_zero_linger();
    }
}
