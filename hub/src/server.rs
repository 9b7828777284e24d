//! A running hub: how it starts, and how it stops.

pub(crate) mod data;
mod listener;
pub(crate) mod lost;
pub(crate) mod record;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use shared::node::HUB;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::announcing::Announcer;
use crate::assets::Client;
use crate::auth::Cookies;
use crate::auth::cookie_file::{self, CookieError};
use crate::auth::file_key::FileKey;
use crate::auth::host::HostPolicy;
use crate::backplane::{Backplane, Local, OpenError};
use crate::clock;
use crate::config::{Config, Limits};
use crate::connection::Door;
use crate::files::{self, Files};
use crate::interfaces::Addresses;
use crate::invite::Invitation;
use crate::message_server::{self, Handle, Settings};
use crate::node;
use crate::outbox::Couriers;
use crate::routes::{self, FileDesk, Front};
use crate::secret;

use data::DataDirectory;
pub use data::DataError;
pub use listener::BindError;
pub(crate) use listener::{Arrival, Progress};
pub use lost::LogLost;
use record::Record;

/// Open files a hub needs beside its sockets: the log's, the runtime's, and some to spare.
const OTHER_FILES: u64 = 64;

/// Couriers, who write for many nodes, at most; one for each core.
const COURIERS: usize = 4;

/// How long a hub that stops waits for its nodes: the five seconds that the message server gives
/// them to take what is theirs, and some for it to say so.
const NODES_LEAVE: Duration = Duration::from_secs(6);

/// How long it then waits for the last commit.
const LOG_CLOSES: Duration = Duration::from_secs(2);

/// How long it then waits for sockets that still have something to send. All these together, with
/// the goodbye to the network, stay below the ten seconds after which those who run services lose
/// patience.
const SOCKETS_CLOSE: Duration = Duration::from_secs(1);

/// Why a hub does not start. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("this platform has no place for data; say where the log should lie with --data")]
    NoDataDirectory,
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Cookie(#[from] CookieError),
    #[error(transparent)]
    Log(#[from] OpenError),
    #[error(transparent)]
    LogLost(#[from] LogLost),
    #[error(transparent)]
    Files(#[from] files::OpenError),
}

/// How far a hub is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    /// No new connections; those there are finish what they do.
    Draining,
    /// All sockets close, whatever they do.
    Ended,
}

/// Returns when the hub is no longer serving.
pub(crate) async fn stopping(phase: &mut watch::Receiver<Phase>) {
    // An error says that the hub is gone altogether.
    let _ = phase.wait_for(|phase| *phase > Phase::Serving).await;
}

/// Returns when every socket is to close.
pub(crate) async fn ended(phase: &mut watch::Receiver<Phase>) {
    let _ = phase.wait_for(|phase| *phase == Phase::Ended).await;
}

/// A hub that accepts connections. Dropping it without [`RunningHub::stop`] closes them at once.
pub struct RunningHub {
    address: SocketAddr,
    name: String,
    cookie: Option<String>,
    phase: watch::Sender<Phase>,
    accepting: JoinHandle<()>,
    /// One permit for each socket that may be open.
    places: Arc<Semaphore>,
    limits: Limits,
    server: Handle,
    log: Arc<Local>,
    files: Files,
    /// None where it was told not to announce itself, or cannot.
    announcer: Option<Announcer>,
    /// Locked while the hub runs; none if it is ephemeral.
    data: Option<DataDirectory>,
}

/// Starts a hub.
///
/// # Errors
/// If it cannot listen, or cannot use its data directory, cookie or log.
pub async fn start(config: Config) -> Result<RunningHub, StartError> {
    // First of all, because it leaves nothing behind if it fails.
    let listener = listener::bind(config.listen)?;
    let address = listener.local_addr().map_err(|source| BindError::Other { address: config.listen, source })?;
    let data = match (config.ephemeral, &config.data) {
        (true, _) => None,
        (false, Some(path)) => Some(DataDirectory::lock(path)?),
        (false, None) => return Err(StartError::NoDataDirectory),
    };
    let cookie = match (config.open, config.cookie, &data) {
        (true, _, _) => None,
        (false, Some(cookie), _) => Some(cookie),
        (false, None, Some(data)) => Some(cookie_file::read_or_make(data.path())?),
        (false, None, None) => Some(secret::fresh()),
    };
    let log = Arc::new(match &data {
        Some(data) => open_log(data.path(), config.nick_ttl)?,
        None => Local::in_memory(config.nick_ttl)?,
    });
    let limits_of_files =
        files::Settings { max_upload: config.max_upload, quota: config.file_quota, retention: config.file_retention };
    let files = Files::open(data.as_ref().map(DataDirectory::path), limits_of_files)?;
    let settings = Settings {
        host: config.name.clone(),
        rate_limit: config.rate_limit,
        ephemeral: config.ephemeral,
        lease: config.lease,
        presence: config.limits.presence,
        files: files.clone(),
    };
    #[expect(clippy::expect_used, reason = "the log was opened just now, so nobody else follows its tail")]
    let server = message_server::start(Arc::clone(&log) as Arc<dyn Backplane>, settings).expect("a fresh log");
    if let Err(error) = node::start(&server, &config.name, config.programs).await {
        tracing::warn!(%error, "the hub's own node has no name, so it runs no processes");
    }

    let limits = Limits { connections: config.limits.connections.min(sockets_allowed()), ..config.limits };
    let places = Arc::new(Semaphore::new(limits.connections));
    let (phase, observed) = watch::channel(Phase::Serving);
    let client = Client::embedded();
    let front = Front {
        door: Arc::new(Door {
            server: server.clone(),
            cookies: cookie.as_deref().map_or_else(Cookies::open, Cookies::required),
            pace: config.rate_limit.is_some(),
            couriers: Couriers::start(COURIERS.min(std::thread::available_parallelism().map_or(1, usize::from))),
            hello_deadline: config.limits.hello,
        }),
        files: FileDesk {
            files: files.clone(),
            key: cookie.as_deref().map(|cookie| FileKey::new(cookie, address.port())),
            stall: config.limits.stall,
        },
        address,
        hosts: HostPolicy::new(address, &config.name, config.allow_hosts),
        addresses: Addresses::default(),
        policy: client.policy(),
        client,
        phase: observed.clone(),
    };
    tokio::spawn(files::run(files.clone(), observed.clone()));
    let router = routes::router(Arc::new(front));
    let accepting = tokio::spawn(listener::accept(listener, router, limits, Arc::clone(&places), observed));
    tracing::info!(%address, "listening");
    if let Some(data) = &data {
        let name = format!("{HUB}@{}", config.name);
        let record = Record { address, name, cookie: cookie.clone(), pid: std::process::id(), since: clock::now() };
        if let Err(error) = record.write(data.path()) {
            tracing::warn!(%error, "what `hub invite` reads could not be written into the data directory");
        }
    }
    let announcer =
        config.announce.then(|| Announcer::start(address, &config.name, cookie.is_some(), config.mdns_port));
    Ok(RunningHub {
        address,
        name: config.name,
        cookie,
        announcer: announcer.flatten(),
        phase,
        accepting,
        places,
        limits,
        server,
        log,
        files,
        data,
    })
}

/// Opens the log, or makes it, unless one was lost.
fn open_log(data: &Path, nick_ttl: Duration) -> Result<Local, StartError> {
    if Local::is_absent(data) {
        lost::check_without_log(data)?;
    }
    let log = Local::open(data, nick_ttl)?;
    if log.is_without_entries() {
        lost::check_without_entries(data)?;
    }
    Ok(log)
}

/// How many sockets the operating system lets this process have, once it was asked for the most.
fn sockets_allowed() -> usize {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(Semaphore::MAX_PERMITS),
        Err(error) => {
            tracing::warn!(%error, "the limit on open files could not be raised");
            Semaphore::MAX_PERMITS
        }
    }
}

impl RunningHub {
    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The cookie it asks for.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// How others get here, as things are now.
    pub fn invitation(&self) -> Invitation {
        let name = format!("{HUB}@{}", self.name);
        Invitation::now(name, self.address, self.cookie.clone(), self.data.as_ref().map(DataDirectory::path))
    }

    /// Returns if the hub can serve no longer although nobody stopped it: its log has failed for good.
    pub async fn failed(&self) {
        self.server.ended().await;
    }

    /// Stops in good order: accepts nothing more, commits what is under way, tells every node to
    /// come back later (close code 4001), and closes the log. Takes at most ten seconds.
    pub async fn stop(self) {
        tracing::info!("stopping");
        if let Some(data) = &self.data {
            record::remove(data.path());
        }
        if let Some(announcer) = &self.announcer {
            announcer.withdraw().await;
        }
        self.phase.send_replace(Phase::Draining);
        let _ = self.accepting.await; // it cannot fail but by a panic, which was reported where it was
        if timeout(NODES_LEAVE, self.server.stop()).await.is_err() {
            tracing::warn!("the message server did not stop in time");
        }
        let log = self.log;
        let close = tokio::task::spawn_blocking(move || log.close());
        let committed = matches!(timeout(LOG_CLOSES, close).await, Ok(Ok(())));

        let everyone = u32::try_from(self.limits.connections).unwrap_or(u32::MAX);
        let closed = timeout(SOCKETS_CLOSE, self.places.acquire_many(everyone)).await.is_ok();
        self.phase.send_replace(Phase::Ended);
        let files = self.files;
        let _ = tokio::task::spawn_blocking(move || files.close()).await; // a panic is reported where it was
        match self.data {
            None => tracing::info!(all_sockets_closed = closed, "stopped"),
            Some(_) if committed => tracing::info!(all_sockets_closed = closed, "stopped; everything is on disk"),
            Some(_) => tracing::error!("the log did not close in time; what was acknowledged is on disk"),
        }
    }
}
