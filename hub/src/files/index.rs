//! What is there, in memory: files, uploads under way, and those that are done. Pure but for reading it once at the
//! start.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use super::Facts;
use super::disk::Disk;
use super::hash::FileHash;
use super::record::Record;
use super::upload::{self, Refused, Upload};
use super::{Settings, disk};

/// Files on a hub, some 200 bytes of memory each: with files of 50 KB on average the default quota is full first.
const MAX_FILES: usize = 200_000;

/// Uploads under way on a hub. Each may hold a quarter of a megabyte in memory while its bytes come.
const MAX_UPLOADS: usize = 256;

/// Uploads under way from one address: some tabs with ten files each, and some that were given up and not ended.
const MAX_UPLOADS_OF_ONE: usize = 64;

/// Uploads that are done of which the hub still knows what became of them, for a client whose connection was cut
/// before it heard.
const DONE: usize = 1024;

/// A file that is there.
pub(super) struct Stored {
    pub(super) record: Record,
    /// It is on the list of what is to be written.
    changed: bool,
}

impl Stored {
    pub(super) fn facts(&self, hash: FileHash) -> Facts {
        let Record { size, kind, picture, .. } = self.record;
        Facts { hash, size, kind, picture }
    }
}

#[derive(Default)]
pub(super) struct Index {
    files: HashMap<FileHash, Stored>,
    /// The sum over `files`.
    kept: u64,
    uploads: HashMap<String, Arc<Upload>>,
    /// What the newest of them became, the oldest first.
    done: VecDeque<(String, Facts)>,
    /// Files of which something is to be written down; each once.
    changed: Vec<FileHash>,
}

impl Index {
    /// What lies on a disk.
    pub(super) fn read(disk: &Disk) -> io::Result<Self> {
        let mut index = Self::default();
        for (hash, record) in disk.files()? {
            index.put(hash, record);
        }
        for (id, record) in disk.begun::<upload::Record>()? {
            let path = disk.upload(&id);
            let there = match std::fs::metadata(&path) {
                Ok(there) => there.len(),
                Err(_) => {
                    disk::create(&path)?;
                    0
                }
            };
            // What came after it was last synced may be anything after a power cut.
            let upload = Upload::resumed(id.clone(), record, there);
            index.uploads.insert(id, Arc::new(upload));
        }
        Ok(index)
    }

    /// A file, unless its last line was deleted.
    pub(super) fn there(&self, hash: FileHash) -> Option<&Stored> {
        self.files.get(&hash).filter(|stored| stored.record.life.deleted.is_none())
    }

    pub(super) fn there_mut(&mut self, hash: FileHash) -> Option<&mut Stored> {
        self.files.get_mut(&hash).filter(|stored| stored.record.life.deleted.is_none())
    }

    /// A file was stored.
    pub(super) fn put(&mut self, hash: FileHash, record: Record) {
        self.kept += record.weight();
        if let Some(old) = self.files.insert(hash, Stored { record, changed: false }) {
            self.kept -= old.record.weight();
        }
    }

    /// The same bytes were uploaded once more. None if they are not there.
    pub(super) fn uploaded_again(&mut self, hash: FileHash, now: u64) -> Option<Facts> {
        self.change(hash, |record| {
            record.life.uploaded = now;
            record.life.deleted = None;
        })?;
        self.there(hash).map(|stored| stored.facts(hash))
    }

    /// A line names a file since `at`. False if it is not there.
    pub(super) fn keep(&mut self, hash: FileHash, at: u64) -> bool {
        let kept = self.change(hash, |record| {
            record.life.said = record.life.said.max(Some(at));
            record.life.deleted = None;
        });
        kept.is_some()
    }

    /// No line names a file any more. False if it is not there.
    pub(super) fn forget(&mut self, hash: FileHash, now: u64) -> bool {
        let forgotten = self.change(hash, |record| {
            // Who has uploaded it once more since is about to say it.
            let again = record.life.said.is_some_and(|said| record.life.uploaded > said);
            record.life.said = None;
            record.life.deleted = Some(now).filter(|_| !again);
        });
        forgotten.is_some()
    }

    /// The files that a line named when they were last written down.
    pub(super) fn said(&self) -> impl Iterator<Item = FileHash> {
        self.files.iter().filter(|(_, stored)| stored.record.life.said.is_some()).map(|(hash, _)| *hash)
    }

    /// Changes a record, and notes it down to be written if it is another now.
    fn change(&mut self, hash: FileHash, change: impl FnOnce(&mut Record)) -> Option<()> {
        let stored = self.files.get_mut(&hash)?;
        let before = stored.record;
        change(&mut stored.record);
        if stored.record != before && !stored.changed {
            stored.changed = true;
            self.changed.push(hash);
        }
        Some(())
    }

    /// One file of which something is to be written down, with what that is.
    pub(super) fn next_changed(&mut self) -> Option<(FileHash, Record)> {
        while let Some(hash) = self.changed.pop() {
            if let Some(stored) = self.files.get_mut(&hash) {
                stored.changed = false;
                return Some((hash, stored.record));
            }
        }
        None
    }

    /// The files for which `due` holds.
    pub(super) fn which(&self, due: impl Fn(&Record) -> bool) -> Vec<FileHash> {
        self.files.iter().filter(|(_, stored)| due(&stored.record)).map(|(hash, _)| *hash).collect()
    }

    /// Takes a file out if `due` still holds for it.
    pub(super) fn take_if(&mut self, hash: FileHash, due: impl Fn(&Record) -> bool) -> bool {
        let taken = self.files.get(&hash).is_some_and(|stored| due(&stored.record));
        if taken && let Some(stored) = self.files.remove(&hash) {
            self.kept -= stored.record.weight();
        }
        taken
    }

    /// Whether any file waits to be taken away because its last line was deleted.
    pub(super) fn has_deleted(&self) -> bool {
        self.files.values().any(|stored| stored.record.life.deleted.is_some())
    }

    /// Bytes that count for the quota.
    pub(super) fn weight(&self) -> u64 {
        self.kept.saturating_add(self.uploads.values().map(|upload| upload.size).sum())
    }

    /// Makes room for an upload of so many bytes, if the limits allow.
    pub(super) fn begin(&mut self, upload: Arc<Upload>, settings: &Settings) -> Result<(), Refused> {
        if upload.size > settings.max_upload {
            return Err(Refused::TooLarge { limit: settings.max_upload });
        }
        if self.uploads.len() >= MAX_UPLOADS || self.uploads_of(upload.from) >= MAX_UPLOADS_OF_ONE {
            return Err(Refused::TooMany);
        }
        if self.weight().saturating_add(upload.size) > settings.quota
            || self.files.len() + self.uploads.len() >= MAX_FILES
        {
            return Err(Refused::Full);
        }
        self.uploads.insert(upload.id.clone(), upload);
        Ok(())
    }

    fn uploads_of(&self, address: IpAddr) -> usize {
        self.uploads.values().filter(|upload| upload.from == address).count()
    }

    pub(super) fn upload(&self, id: &str) -> Option<Arc<Upload>> {
        self.uploads.get(id).map(Arc::clone)
    }

    /// What became of an upload that is done.
    pub(super) fn done(&self, id: &str) -> Option<Facts> {
        self.done.iter().rev().find(|(done, _)| done == id).map(|(_, facts)| *facts)
    }

    /// An upload became a file.
    pub(super) fn finish(&mut self, id: &str, facts: Facts) {
        if self.done.len() >= DONE {
            self.done.pop_front();
        }
        self.done.push_back((id.to_owned(), facts));
        self.uploads.remove(id);
    }

    /// An upload is over. None if it was already.
    pub(super) fn end(&mut self, id: &str) -> Option<Arc<Upload>> {
        self.uploads.remove(id)
    }

    /// The uploads whose last byte came too long before.
    pub(super) fn uploads_which(&self, due: impl Fn(&Upload) -> bool) -> Vec<String> {
        self.uploads.values().filter(|upload| due(upload)).map(|upload| upload.id.clone()).collect()
    }
}
