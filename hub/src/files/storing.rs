//! From an upload of which all bytes are there to a file.

use std::fs;
use std::io;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;

use super::due::Life;
use super::picture::{self, Found};
use super::record::{Kind, Record};
use super::upload::{Refused, Upload};
use super::{Facts, Files, Inner, disk};
use crate::clock;

impl Files {
    /// Makes a file of an upload that is whole. Runs to its end even if nobody waits for it; `turn` keeps others away
    /// for so long.
    pub(super) async fn store(&self, upload: Arc<Upload>, turn: OwnedSemaphorePermit) -> Result<Facts, Refused> {
        let Ok(bench) = Arc::clone(&self.inner.workshop).acquire_owned().await else { return Err(Refused::Stopping) };
        let (inner, stored) = (Arc::clone(&self.inner), Arc::clone(&upload));
        let work = spawn_blocking(move || {
            let _places = (turn, bench);
            store(&inner, &stored)
        });
        match work.await.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
            Ok(facts) => Ok(facts),
            Err(error) => Err(self.failed(&upload.id, error).await),
        }
    }
}

fn store(inner: &Inner, upload: &Upload) -> io::Result<Facts> {
    let disk = &inner.disk;
    let path = disk.upload(&upload.id);
    let (found, without_traces) = look_into(&path, upload.size)?;
    if let Some(stripped) = found.as_ref().and_then(|found| found.stripped.as_ref()).or(without_traces.as_ref()) {
        disk::write_whole(&path, stripped)?;
    }
    // What lies there, which may be shorter than what was sent: now, or since an earlier try that was cut short.
    let size = fs::metadata(&path)?.len();
    let hash = disk::hash(&path)?;
    let now = clock::now();

    let _places = inner.places();
    let again = inner.index().uploaded_again(hash, now);
    let facts = match again {
        Some(facts) => facts,
        None => {
            let record = Record {
                size,
                kind: found.as_ref().map_or(Kind::Other, |found| found.kind),
                picture: found.as_ref().map(|found| found.picture),
                life: Life { uploaded: now, ..Life::default() },
            };
            let put = put_in_place(inner, hash, &record, upload, found.as_ref());
            if put.is_err() {
                let _ = disk.remove(hash); // what is half there is no file, and goes at the next start at the latest
            }
            put?;
            inner.index().put(hash, record);
            Facts { hash, size, kind: record.kind, picture: record.picture }
        }
    };
    inner.index().finish(&upload.id, facts);
    if again.is_some() {
        inner.wake.notify_one();
    }
    // It is a file by now, whatever becomes of the rest.
    if let Err(error) = disk.remove_upload(&upload.id) {
        tracing::warn!(%error, "what was left of an upload could not be removed");
    }
    Ok(facts)
}

/// The picture that a file is, if it is one; or the photograph that is none, without what its camera told about it.
fn look_into(path: &std::path::Path, size: u64) -> io::Result<(Option<Found>, Option<Vec<u8>>)> {
    if size > picture::MAX_BYTES || !picture::promising(&disk::read_at(path, 0, picture::SIGNATURE as u64)?) {
        return Ok((None, None));
    }
    let bytes = fs::read(path)?;
    let found = picture::examine(&bytes);
    let without_traces = if found.is_none() { picture::without_traces(&bytes) } else { None };
    Ok((found, without_traces))
}

/// Brings thumbnail, bytes and record to where they belong; the record, without which the others are nothing, last.
fn put_in_place(
    inner: &Inner,
    hash: super::hash::FileHash,
    record: &Record,
    upload: &Upload,
    found: Option<&Found>,
) -> io::Result<()> {
    let disk = &inner.disk;
    let shelf = disk.shelf(hash);
    if !shelf.is_dir() {
        disk::make_folder(&shelf)?;
        disk::sync_folder(disk.root())?;
    }
    if let Some(found) = found {
        disk::write_whole(&disk.thumbnail(hash), &found.thumbnail)?;
    }
    fs::rename(disk.upload(&upload.id), disk.file(hash))?;
    disk::sync_folder(&shelf)?;
    disk::write_record(&disk.record(hash), record)?;
    disk::sync_folder(&shelf)
}
