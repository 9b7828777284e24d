//! A file on its way here: its beginning, its end before it is whole, and what may be refused.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

use super::{Facts, Files, disk};
use crate::{clock, secret};

/// Why an upload does not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("This file is too large: the hub takes {} and no more.", size(*limit))]
    TooLarge { limit: u64 },
    #[error("More bytes came than the {announced} that were announced.")]
    TooLong { announced: u64 },
    #[error(
        "The hub has no room for this file: what may be kept on it is used up. Delete something, or ask whoever runs the hub for more."
    )]
    Full,
    #[error("Too many uploads are under way. Wait until some of them are done.")]
    TooMany,
    #[error("There is no such upload: it was ended, or given up for a day. Begin anew.")]
    Unknown,
    #[error("The next byte is number {offset}.")]
    WrongOffset { offset: u64 },
    #[error("No byte came for too long. What arrived is kept: go on from there.")]
    Stalled,
    #[error("The hub is shutting down. What arrived is kept: go on from there when it is back.")]
    Stopping,
    #[error("The hub's disk is full. Nothing of this file is kept.")]
    DiskFull,
    #[error("The hub could not write this file.")]
    Failed(#[source] io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Failed(error),
        }
    }
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ => format!("{bytes} bytes"),
    }
}

/// What is kept of an upload beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    size: u64,
    from: IpAddr,
    /// Bytes that are on the disk for certain.
    synced: u64,
    /// When that was, in milliseconds since 1970 UTC.
    touched: u64,
}

/// An upload under way.
pub(super) struct Upload {
    pub(super) id: String,
    /// Bytes that were announced.
    pub(super) size: u64,
    pub(super) from: IpAddr,
    /// Bytes that have arrived. Changed only by whoever has the `turn`.
    offset: AtomicU64,
    /// When one last did, in milliseconds since 1970 UTC.
    touched: AtomicU64,
    /// One permit, for whoever receives its bytes.
    pub(super) turn: Arc<Semaphore>,
    /// The number of the newest request that wants to send bytes: an older one lets it have the turn. A client that was
    /// cut off comes back before the hub has noticed.
    pub(super) newest: watch::Sender<u64>,
}

impl Upload {
    pub(super) fn new(id: String, size: u64, from: IpAddr, now: u64) -> Self {
        Self::resumed(id, Record { size, from, synced: 0, touched: now }, 0)
    }

    /// One of which so many bytes lie on the disk.
    pub(super) fn resumed(id: String, record: Record, there: u64) -> Self {
        Self {
            id,
            size: record.size,
            from: record.from,
            offset: AtomicU64::new(record.synced.min(there)),
            touched: AtomicU64::new(record.touched),
            turn: Arc::new(Semaphore::new(1)),
            newest: watch::channel(0).0,
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset.load(Ordering::Acquire)
    }

    pub(super) fn touched(&self) -> u64 {
        self.touched.load(Ordering::Relaxed)
    }

    /// So many bytes have arrived.
    pub(super) fn arrived(&self, offset: u64, now: u64) {
        self.offset.store(offset, Ordering::Release);
        self.touched.store(now, Ordering::Relaxed);
    }

    /// With all its bytes so far on the disk.
    pub(super) fn record(&self) -> Record {
        Record { size: self.size, from: self.from, synced: self.offset(), touched: self.touched() }
    }
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// So many bytes have arrived.
    Part(u64),
    /// All have, and this is the file.
    Whole(Facts),
}

impl Files {
    /// Begins an upload of so many bytes, and gives its id, which is a secret of whoever began it.
    ///
    /// # Errors
    /// If it is over a limit, or the disk is full.
    pub async fn begin(&self, size: u64, from: IpAddr) -> Result<String, Refused> {
        let id = secret::fresh();
        let upload = Arc::new(Upload::new(id.clone(), size, from, clock::now()));
        // From here on its bytes count, so that many who begin at once cannot have more than there is.
        self.index().begin(Arc::clone(&upload), &self.inner.settings)?;
        let files = self.clone();
        let made = spawn_blocking(move || {
            let disk = &files.inner.disk;
            disk::create(&disk.upload(&upload.id))?;
            disk::write_record(&disk.upload_record(&upload.id), &upload.record())?;
            disk::sync_folder(&disk.uploads())
        });
        match made.await.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
            Ok(()) => Ok(id),
            Err(error) => {
                self.give_up(&id).await;
                Err(error.into())
            }
        }
    }

    /// How far an upload is; none if there is no such.
    pub fn upload(&self, id: &str) -> Option<State> {
        let index = self.index();
        let under_way = index.upload(id).map(|upload| State::Part(upload.offset()));
        under_way.or_else(|| index.done(id).map(State::Whole))
    }

    /// Ends an upload that is not whole. False if there is no such.
    pub async fn give_up(&self, id: &str) -> bool {
        let Some(upload) = self.index().end(id) else { return false };
        // Whoever still receives for it stops, and finds it gone.
        upload.newest.send_modify(|number| *number += 1);
        let (files, id) = (self.clone(), id.to_owned());
        let removed = spawn_blocking(move || files.inner.disk.remove_upload(&id)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%error, "what was left of an upload could not be removed");
        }
        true
    }
}
