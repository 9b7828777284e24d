//! The embedded log: SQLite in WAL mode with `synchronous=FULL`, one thread that writes
//! and one that reads.
//!
//! The writer commits together whatever waits while the disk is busy (group commit): on an
//! idle disk a lone line is committed at once, under load one fsync carries up to
//! [`MAX_BATCH`] of them. No timer is involved.

mod beside;
mod blanking;
mod copying;
mod export;
mod freeing;
mod health;
mod passage;
mod reader;
mod row;
mod schema;
mod search;
mod writer;

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use super::{
    Backplane, Claim, Draft, Full, Known, OwnerId, Passage, PassageResult, Query, ReadError, ReadResult, Scope, Search,
    SecretHash, SessionId, Tail, Ticket,
};
pub use copying::{Contents, CopyError};
pub use export::Export;
pub use freeing::FreeError;
use reader::Read;
use search::{Searching, Signal};
use writer::{Write, Writer};

/// The file of the log in the data directory.
const FILE: &str = "hubbub.db";

/// Requests that may wait for the writer: some 50 ms of work at 150,000 rows a second.
const MAX_WAITING_WRITES: usize = 8_192;

/// Reads that may wait: at 0.1 to 1 ms each, more would time out for those who asked.
const MAX_WAITING_READS: usize = 1_024;

/// Rows of one commit. Measured: beyond 256 a commit gains nothing and only delays its first row.
const MAX_BATCH: usize = 256;

/// Commits that may wait to be heard; the writer then waits for the hub.
const MAX_WAITING_COMMITS: usize = 64;

/// The log in a SQLite database, in a file or in memory.
pub struct Local {
    writes: SyncSender<Write>,
    /// None for a log in memory, which only its writer can see.
    reads: Option<SyncSender<Read>>,
    searching: Searching,
    known: Mutex<Known>,
    tail: Mutex<Option<Tail>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the log {0} was written by a newer version of hub (its format is {1}, this hub knows up to {2}); use that version"
    )]
    Newer(String, i64, i64),
    #[error("{0} is not a log of hub: it is a database of something else")]
    Foreign(String),
    #[error("the log {0} cannot be opened: {1}")]
    Sqlite(String, rusqlite::Error),
    #[error("the log {0} cannot be made: {1}")]
    File(String, io::Error),
    #[error("the log's threads cannot be started: {0}")]
    Thread(io::Error),
}

impl Local {
    /// Opens the log in a directory, which must exist; makes it at the first start.
    ///
    /// `nick_ttl` is how long a nick stays its owner's after their last node left.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(directory: &Path, nick_ttl: Duration) -> Result<Self, OpenError> {
        let path = directory.join(FILE);
        let shown = path.display().to_string();
        let broken = |error| OpenError::Sqlite(shown.clone(), error);

        make_private(&path).map_err(|error| OpenError::File(shown.clone(), error))?;
        let mut connection = Connection::open(&path).map_err(broken)?;
        schema::check(&connection, &shown)?;
        schema::tune(&connection).map_err(broken)?;
        schema::create(&mut connection).map_err(broken)?;
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = || Connection::open_with_flags(&path, read_only).map_err(broken);
        let readers = [reader()?, reader()?, reader()?];
        Self::start(connection, Some((directory, readers)), nick_ttl, &shown)
    }

    /// Whether nobody had ever said anything in it when it was opened.
    pub fn is_without_entries(&self) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).head == 0
    }

    /// A log that ends with this process.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn in_memory(nick_ttl: Duration) -> Result<Self, OpenError> {
        let shown = "in memory";
        let broken = |error| OpenError::Sqlite(shown.to_owned(), error);
        let mut connection = Connection::open_in_memory().map_err(broken)?;
        schema::create(&mut connection).map_err(broken)?;
        Self::start(connection, None, nick_ttl, shown)
    }

    /// A log on disk comes with its directory and connections for those who read it.
    fn start(
        connection: Connection,
        on_disk: Option<(&Path, [Connection; 3])>,
        nick_ttl: Duration,
        shown: &str,
    ) -> Result<Self, OpenError> {
        let broken = |error| OpenError::Sqlite(shown.to_owned(), error);
        let known = schema::known(&connection).map_err(broken)?;
        let (commits, tail) = mpsc::channel(MAX_WAITING_COMMITS);
        let (writes, waiting) = sync_channel(MAX_WAITING_WRITES);
        let signal = Arc::new(Signal::default());
        let writer = Writer::new(connection, on_disk.is_some(), known.head, nick_ttl, commits, Arc::clone(&signal))
            .map_err(broken)?;
        let thread = std::thread::Builder::new().name("log-writer".to_owned());
        let writer = thread.spawn(move || writer.run(&waiting)).map_err(OpenError::Thread)?;
        let (reads, searching) = match on_disk {
            Some((directory, [reader, searcher, indexer])) => {
                let (reads, waiting) = sync_channel::<Read>(MAX_WAITING_READS);
                let thread = std::thread::Builder::new().name("log-reader".to_owned());
                // Ends by itself when the last asker is gone; it has nothing to lose.
                thread.spawn(move || reader::run(&reader, &waiting)).map_err(OpenError::Thread)?;
                (Some(reads), Searching::on_disk(directory, &known.epoch, [searcher, indexer], signal, writes.clone()))
            }
            None => (None, Searching::in_memory(writes.clone(), signal)),
        };
        let searching = searching.map_err(OpenError::Thread)?;
        let (known, tail, writer) = (Mutex::new(known), Mutex::new(Some(tail)), Mutex::new(Some(writer)));
        Ok(Self { writes, reads, searching, known, tail, writer })
    }

    /// Commits what waits and closes the log. Blocks for the time of a commit; later
    /// requests fail.
    pub fn close(&self) {
        // A tail that nobody takes any more must not hold the writer up.
        drop(self.tail());
        // Before the writer: the last connection that closes tidies the log's files up, and this one may only read.
        self.searching.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let closed = self.writes.send(Write::Close).is_ok();
            if writer.join().is_err() || !closed {
                tracing::error!("the log's writer ended before its time");
            }
        }
    }

    fn write(&self, write: Write) -> Result<(), Full> {
        self.writes.try_send(write).map_err(|_| Full)
    }

    /// Queues a read, now; its answer comes by the future.
    fn ask<T: Send + 'static>(
        &self,
        read: impl FnOnce(oneshot::Sender<Result<T, ReadError>>) -> Read,
    ) -> Pin<Box<dyn Future<Output = Result<T, ReadError>> + Send>> {
        let (answer, result) = oneshot::channel();
        let read = read(answer);
        let queued = match &self.reads {
            Some(reads) => reads.try_send(read).map_err(|error| match error {
                TrySendError::Full(_) => ReadError::Busy,
                TrySendError::Disconnected(_) => ReadError::Broken,
            }),
            None => self.write(Write::Read(read)).map_err(|Full| ReadError::Busy),
        };
        Box::pin(async move {
            queued?;
            result.await.unwrap_or(Err(ReadError::Broken))
        })
    }
}

/// Makes the file, if there is none, so that only its owner can read everyone's talk; SQLite gives
/// the files beside it the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

impl Backplane for Local {
    fn known(&self) -> Known {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let store = std::mem::take(&mut known.store);
        Known { store, ..known.clone() }
    }

    fn tail(&self) -> Option<Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn append(&self, ticket: Ticket, draft: Draft) -> Result<(), Full> {
        self.write(Write::Append(ticket, draft))
    }

    fn recall(&self, ticket: Ticket, owner: OwnerId, id: String) -> Result<(), Full> {
        self.write(Write::Recall(ticket, owner, id))
    }

    fn claim(&self, ticket: Ticket, claim: Claim) -> Result<(), Full> {
        self.write(Write::Claim(ticket, claim))
    }

    fn resume(&self, ticket: Ticket, secret: SecretHash) -> Result<(), Full> {
        self.write(Write::Resume(ticket, secret))
    }

    fn enter(&self, ticket: Ticket, session: SessionId, key: String, name: String) -> Result<(), Full> {
        self.write(Write::Enter(ticket, session, key, name))
    }

    fn leave(&self, ticket: Ticket, session: SessionId, key: String) -> Result<(), Full> {
        self.write(Write::Leave(ticket, session, key))
    }

    fn release(&self, ticket: Ticket, session: SessionId) -> Result<(), Full> {
        self.write(Write::Release(ticket, session))
    }

    fn depart(&self, session: SessionId) -> Result<(), Full> {
        self.write(Write::Depart(session))
    }

    fn left(&self, owner: OwnerId) -> Result<(), Full> {
        self.write(Write::Left(owner))
    }

    fn mark_read(&self, ticket: Ticket, owner: OwnerId, scope: Scope, seq: u64) -> Result<(), Full> {
        self.write(Write::MarkRead(ticket, owner, scope, seq))
    }

    fn read(&self, query: Query) -> Pin<Box<dyn Future<Output = ReadResult> + Send>> {
        self.ask(|answer| Read::Page(query, answer))
    }

    fn search(&self, search: Search) -> Pin<Box<dyn Future<Output = ReadResult> + Send>> {
        let (answer, result) = oneshot::channel();
        let queued = self.searching.ask(search, answer);
        Box::pin(async move {
            queued?;
            result.await.unwrap_or(Err(ReadError::Broken))
        })
    }

    fn follow(&self, passage: Passage) -> Pin<Box<dyn Future<Output = PassageResult> + Send>> {
        self.ask(|answer| Read::Passage(passage, answer))
    }
}
