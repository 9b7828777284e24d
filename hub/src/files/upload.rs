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
    #[error("There is no such upload: it was ended, or stood still for too long. Begin anew.")]
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
    /// Since when this hub knows of it: before, nobody could send anything.
    known: u64,
    /// One permit, for whoever receives its bytes.
    pub(super) turn: Arc<Semaphore>,
    /// The number of the newest request that wants to send bytes: an older one lets it have the turn. A client that was
    /// cut off comes back before the hub has noticed.
    pub(super) newest: watch::Sender<u64>,
}

impl Upload {
    pub(super) fn new(id: String, size: u64, from: IpAddr, now: u64) -> Self {
        Self::resumed(id, Record { size, from, synced: 0, touched: now }, 0, now)
    }

    /// One of which so many bytes lie on the disk, for a hub that starts now.
    pub(super) fn resumed(id: String, record: Record, there: u64, now: u64) -> Self {
        Self {
            id,
            size: record.size,
            from: record.from,
            offset: AtomicU64::new(record.synced.min(there)),
            touched: AtomicU64::new(record.touched),
            known: now,
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

    /// Since when it stands still though it could go on, in milliseconds since 1970 UTC.
    pub(super) fn still_since(&self) -> u64 {
        self.touched().max(self.known)
    }

    /// Whether somebody sends bytes of it, or makes a file of it, at this moment.
    pub(super) fn is_received(&self) -> bool {
        self.turn.available_permits() == 0
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
        let ended = self.index().begin(Arc::clone(&upload), &self.inner.settings, clock::now())?;
        let files = self.clone();
        // Also if whoever asked hangs up meanwhile: what was ended must not stay on the disk.
        let begun = tokio::spawn(async move {
            for idle in ended {
                tracing::debug!("an upload that stood still has made room for another");
                files.remove(&idle).await;
            }
            files.make(upload).await
        });
        begun.await.unwrap_or_else(|panic| Err(io::Error::other(panic).into()))?;
        Ok(id)
    }

    /// Makes the files of an upload that begins; it is ended where that fails.
    async fn make(&self, upload: Arc<Upload>) -> Result<(), Refused> {
        let (files, id) = (self.clone(), upload.id.clone());
        let made = spawn_blocking(move || {
            let disk = &files.inner.disk;
            disk::create(&disk.upload(&upload.id))?;
            disk::write_record(&disk.upload_record(&upload.id), &upload.record())?;
            disk::sync_folder(&disk.uploads())
        });
        let made = made.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        if made.is_err() {
            self.give_up(&id).await;
        }
        Ok(made?)
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
        self.remove(&upload).await;
        true
    }

    /// Takes away what is left of an upload that was ended.
    async fn remove(&self, upload: &Upload) {
        // Whoever still receives for it stops, and finds it gone.
        upload.newest.send_modify(|number| *number += 1);
        let (files, id) = (self.clone(), upload.id.clone());
        let removed = spawn_blocking(move || files.inner.disk.remove_upload(&id)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%error, "what was left of an upload could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::{Duration, Instant};

    use futures_util::FutureExt;

    use super::super::Settings;
    use super::*;

    #[tokio::test]
    async fn what_was_ended_leaves_the_disk_also_if_whoever_needed_its_room_hangs_up() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { max_upload: 100, quota: 100, retention: None };
        let files = Files::open(Some(folder.path()), settings).unwrap();
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let still = Arc::new(Upload::new("stands-still".to_owned(), 100, from, 0));
        files.index().begin(Arc::clone(&still), &settings, 0).unwrap();
        files.make(still).await.unwrap();
        let disk = &files.inner.disk;
        assert!(disk.upload("stands-still").exists());

        assert!(files.begin(50, from).now_or_never().is_none(), "it waits for the disk, and is dropped");
        let deadline = Instant::now() + Duration::from_secs(60);
        while disk.upload("stands-still").exists() || disk.upload_record("stands-still").exists() {
            assert!(Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
