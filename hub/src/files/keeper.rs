//! The task that writes down what was said of files, and lets go of what is due.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};

use super::due::{DELETED, abandoned, due};
use super::{Files, Inner, disk};
use crate::clock;
use crate::server::{Phase, stopping};

/// How often it is looked whether something is due.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// How soon after a file's last line was deleted.
const SWEEP_DELETED: Duration = DELETED.saturating_add(Duration::from_secs(1));

/// Looks after the files until the hub stops.
pub(crate) async fn run(files: Files, mut phase: watch::Receiver<Phase>) {
    let mut sweep_at = Instant::now();
    loop {
        let tidied = files.clone();
        if Instant::now() >= sweep_at {
            sweep_at = Instant::now() + SWEEP_EVERY;
            let _ = spawn_blocking(move || tidied.tidy(clock::now())).await; // a panic is reported where it was
        } else {
            let _ = spawn_blocking(move || write_changed(&tidied.inner)).await;
        }
        if files.index().has_deleted() {
            sweep_at = sweep_at.min(Instant::now() + SWEEP_DELETED);
        }
        tokio::select! {
            () = stopping(&mut phase) => return,
            () = files.inner.wake.notified() => {}
            () = sleep_until(sweep_at) => {}
        }
    }
}

/// Writes the records that are otherwise than on the disk.
pub(super) fn write_changed(inner: &Inner) {
    loop {
        // Held for one record at a time: whoever stores a file waits no longer than that.
        let _places = inner.places();
        let Some((hash, record)) = inner.index().next_changed() else { return };
        if let Err(error) = disk::write_record(&inner.disk.record(hash), &record) {
            // What is said is in memory and in the log; only a hub that starts without this may let go of it too soon.
            tracing::warn!(%error, "what was said of a file could not be written down");
        }
    }
}

/// Takes away what is due at this time.
pub(super) fn sweep(inner: &Inner, now: u64) {
    let retention = inner.settings.retention;
    let (mut files, mut uploads) = (0, 0);
    let candidates = inner.index().which(|record| due(now, &record.life, retention));
    for hash in candidates {
        let _places = inner.places();
        if inner.index().take_if(hash, |record| due(now, &record.life, retention)) {
            files += 1;
            if let Err(error) = inner.disk.remove(hash) {
                tracing::warn!(%error, "a file that is due could not be removed");
            }
        }
    }
    let given_up = inner.index().uploads_which(|upload| abandoned(now, upload.touched()));
    for id in given_up {
        let ended = inner.index().end(&id);
        if let Some(upload) = ended {
            uploads += 1;
            upload.newest.send_modify(|number| *number += 1);
            if let Err(error) = inner.disk.remove_upload(&id) {
                tracing::warn!(%error, "an upload that was given up could not be removed");
            }
        }
    }
    if files + uploads > 0 {
        tracing::info!(files, uploads, "files that were due have been removed");
    }
}
