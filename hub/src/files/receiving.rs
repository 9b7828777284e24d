//! The bytes of an upload as they come: gathered in pieces, written, synced, and made a file when all are there.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::upload::{Refused, State, Upload};
use super::{Files, disk};
use crate::clock;

/// Bytes that are gathered in memory before they are written.
const PIECE: usize = 256 * 1024;

/// Bytes after which what was written is brought to the disk: what a power cut, or a hub that is killed, takes of an
/// upload at most. Each time costs some 20 ms.
const SYNC_EVERY: u64 = 8 * 1024 * 1024;

/// Why no more bytes come.
enum End {
    /// The request's body is at its end, or its connection broke.
    Body,
    TooLong,
    Stalled,
    /// A newer request goes on with it, or the upload was ended.
    Superseded,
    Stopping,
}

impl Files {
    /// Takes bytes of an upload from its byte number `from` on, until `body` ends; calls `progress` whenever some came.
    /// Not one coming for as long as `stall` ends it too, and so does `stop`. What arrived is kept in all these cases,
    /// and is on the disk when this returns. Runs to its end even if nobody waits for it.
    ///
    /// # Errors
    /// If there is no such upload, `from` is not its next byte, more bytes come than were announced, or the disk fails.
    pub async fn receive<E: Send>(
        &self,
        id: &str,
        from: u64,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
        stall: Duration,
        stop: impl Future<Output = ()> + Send,
        progress: impl Fn() + Send + Sync,
    ) -> Result<State, Refused> {
        let (upload, turn, number) = match self.turn(id).await {
            Ok(turn) => turn,
            Err(done) => return done,
        };
        if from != upload.offset() {
            return Err(Refused::WrongOffset { offset: upload.offset() });
        }
        let incoming = Incoming { files: self, upload: &upload, gathered: Vec::new(), unsynced: 0 };
        let end = match incoming.take(body, number, stall, stop, progress).await {
            Ok(end) => end,
            // Its file went because it was ended meanwhile.
            Err(_) if self.index().upload(id).is_none() => return Err(Refused::Unknown),
            Err(error) => return Err(self.failed(id, error).await),
        };
        if matches!(end, End::TooLong) {
            return Err(Refused::TooLong { announced: upload.size });
        }
        if upload.offset() == upload.size && self.index().upload(id).is_some() {
            return self.store(upload, turn).await.map(State::Whole);
        }
        match end {
            End::Stalled => Err(Refused::Stalled),
            End::Stopping => Err(Refused::Stopping),
            End::Superseded => Err(Refused::WrongOffset { offset: upload.offset() }),
            End::Body | End::TooLong => Ok(State::Part(upload.offset())),
        }
    }

    /// What to say of an upload that could not be written. On a full disk nothing of it stays.
    pub(super) async fn failed(&self, id: &str, error: io::Error) -> Refused {
        tracing::warn!(%error, "an upload could not be written");
        let refused = error.into();
        if matches!(refused, Refused::DiskFull) {
            self.give_up(id).await;
        }
        refused
    }

    /// Waits for the turn to send bytes of an upload, which whoever has it gives away. Err where there is nothing to
    /// send any more.
    async fn turn(&self, id: &str) -> Result<(Arc<Upload>, OwnedSemaphorePermit, u64), Result<State, Refused>> {
        let Some(upload) = self.index().upload(id) else {
            return Err(self.upload(id).ok_or(Refused::Unknown));
        };
        let mut number = 0;
        upload.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        let turn = Arc::clone(&upload.turn).acquire_owned().await;
        // The one before may have brought the last byte, or the upload may have been ended.
        match (turn, self.upload(id)) {
            (Ok(turn), Some(State::Part(_))) => Ok((upload, turn, number)),
            (_, state) => Err(state.ok_or(Refused::Unknown)),
        }
    }
}

struct Incoming<'a> {
    files: &'a Files,
    upload: &'a Arc<Upload>,
    /// Bytes that came and are not yet written.
    gathered: Vec<u8>,
    /// Bytes that were written and are not yet synced.
    unsynced: u64,
}

impl Incoming<'_> {
    /// Takes what comes until something ends it. What came is then on the disk.
    async fn take<E: Send>(
        mut self,
        body: impl Stream<Item = Result<Bytes, E>> + Send,
        number: u64,
        stall: Duration,
        stop: impl Future<Output = ()> + Send,
        progress: impl Fn() + Send + Sync,
    ) -> io::Result<End> {
        let mut newest = self.upload.newest.subscribe();
        let mut superseded = pin!(newest.wait_for(|newest| *newest != number));
        let (mut body, mut stop) = (pin!(body), pin!(stop));
        let end = loop {
            let next = tokio::select! {
                biased;
                _ = &mut superseded => break End::Superseded,
                () = &mut stop => break End::Stopping,
                next = timeout(stall, body.next()) => next,
            };
            match next {
                Err(_) => break End::Stalled,
                Ok(None | Some(Err(_))) => break End::Body,
                Ok(Some(Ok(bytes))) => {
                    let arrived = self.upload.offset() + (self.gathered.len() + bytes.len()) as u64;
                    if arrived > self.upload.size {
                        break End::TooLong;
                    }
                    progress();
                    self.gathered.extend_from_slice(&bytes);
                    if self.gathered.len() >= PIECE {
                        self.write().await?;
                    }
                    if self.unsynced >= SYNC_EVERY {
                        self.sync().await?;
                    }
                }
            }
        };
        self.write().await?;
        self.sync().await?;
        Ok(end)
    }

    /// Writes what was gathered.
    async fn write(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let (files, upload, piece) = (self.files.clone(), Arc::clone(self.upload), std::mem::take(&mut self.gathered));
        let written = spawn_blocking(move || {
            disk::write_at(&files.inner.disk.upload(&upload.id), upload.offset(), &piece)?;
            upload.arrived(upload.offset() + piece.len() as u64, clock::now());
            Ok::<_, io::Error>(piece)
        });
        let mut piece = written.await.unwrap_or_else(|panic| Err(io::Error::other(panic)))?;
        self.unsynced += piece.len() as u64;
        piece.clear();
        self.gathered = piece;
        Ok(())
    }

    /// Brings what was written to the disk, and notes down that it is there.
    async fn sync(&mut self) -> io::Result<()> {
        if self.unsynced == 0 {
            return Ok(());
        }
        let (files, upload) = (self.files.clone(), Arc::clone(self.upload));
        let synced = spawn_blocking(move || {
            let disk = &files.inner.disk;
            disk::sync(&disk.upload(&upload.id))?;
            // One that was ended meanwhile leaves nothing behind.
            if files.index().upload(&upload.id).is_none() {
                return Ok(());
            }
            disk::write_record(&disk.upload_record(&upload.id), &upload.record())
        });
        self.unsynced = 0;
        synced.await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
    }
}
