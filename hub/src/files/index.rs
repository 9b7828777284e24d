//! What is there, in memory: files, uploads under way, and those that are done. Pure but for reading it once at the
//! start.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use super::Facts;
use super::disk::Disk;
use super::due::idle;
use super::hash::FileHash;
use super::record::Record;
use super::upload::{self, Refused, Upload};
use super::{Settings, disk};
use crate::clock;
use crate::source::Source;

/// Files on a hub, some 200 bytes of memory each: with files of 50 KB on average the default quota is full first.
const MAX_FILES: usize = 200_000;

/// Uploads under way on a hub. Each may hold a quarter of a megabyte in memory while its bytes come.
const MAX_UPLOADS: usize = 256;

/// Uploads under way from one address (of IPv6: one /64): some tabs with ten files each, and some that were given up and not ended.
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
            let upload = Upload::resumed(id.clone(), record, there, clock::now());
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

    /// Begins an upload of so many bytes, if the limits allow. Where they do not, uploads that stand still make room for
    /// it, the one that does so longest first: those are given back. None of them does where that is not enough.
    pub(super) fn begin(
        &mut self,
        upload: Arc<Upload>,
        settings: &Settings,
        now: u64,
    ) -> Result<Vec<Arc<Upload>>, Refused> {
        if upload.size > settings.max_upload {
            return Err(Refused::TooLarge { limit: settings.max_upload });
        }
        let source = Source::from(upload.from);
        let of_source = |other: &Upload| Source::from(other.from) == source;
        let mut still: Vec<_> =
            self.uploads.values().filter(|other| stands_still(other, now)).map(Arc::clone).collect();
        still.sort_by_key(|other| other.still_since());
        let mut of_one = self.uploads.values().filter(|other| of_source(other)).count();
        let mut all = self.uploads.len();
        let mut weight = self.weight().saturating_add(upload.size);
        let mut ended = Vec::new();
        loop {
            let too_many_of_one = of_one >= MAX_UPLOADS_OF_ONE;
            let refused = if too_many_of_one || all >= MAX_UPLOADS {
                Refused::TooMany
            } else if weight > settings.quota || self.files.len() + all >= MAX_FILES {
                Refused::Full
            } else {
                break;
            };
            let longest = still.iter().position(|other| !too_many_of_one || of_source(other)).ok_or(refused)?;
            let longest = still.remove(longest);
            of_one -= usize::from(of_source(&longest));
            all -= 1;
            weight = weight.saturating_sub(longest.size);
            ended.push(longest);
        }
        for other in &ended {
            self.end(&other.id);
        }
        self.uploads.insert(upload.id.clone(), upload);
        Ok(ended)
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

/// Whether an upload may make room for others.
fn stands_still(upload: &Upload, now: u64) -> bool {
    idle(now, upload.still_since()) && !upload.is_received()
}

#[cfg(test)]
mod tests {
    use super::super::due::IDLE;
    use super::*;

    const SETTINGS: Settings = Settings { max_upload: 100, quota: 100_000, retention: None };
    const LATER: u64 = IDLE.as_millis() as u64;

    /// Begins an upload of so many bytes at that time; which others it ended.
    fn begin(index: &mut Index, id: &str, size: u64, from: &str, now: u64) -> Result<Vec<String>, String> {
        let upload = Arc::new(Upload::new(id.to_owned(), size, from.parse().unwrap(), now));
        let ended = index.begin(upload, &SETTINGS, now).map_err(|refused| format!("{refused:?}"))?;
        Ok(ended.iter().map(|upload| upload.id.clone()).collect())
    }

    fn fill(index: &mut Index, from: &str) {
        for number in 0..MAX_UPLOADS_OF_ONE {
            begin(index, &format!("{from}/{number}"), 1, from, number as u64).unwrap();
        }
    }

    #[test]
    fn uploads_that_stand_still_make_room_the_longest_first() {
        let mut index = Index::default();
        fill(&mut index, "10.0.0.1");
        assert_eq!(begin(&mut index, "too many", 1, "10.0.0.1", LATER - 1), Err("TooMany".to_owned()));
        assert_eq!(begin(&mut index, "another's", 1, "10.0.0.2", LATER - 1), Ok(vec![]));
        assert_eq!(begin(&mut index, "one", 1, "10.0.0.1", LATER + 1), Ok(vec!["10.0.0.1/0".to_owned()]));
        assert_eq!(begin(&mut index, "two", 1, "10.0.0.1", LATER + 1), Ok(vec!["10.0.0.1/1".to_owned()]));
        assert_eq!(
            begin(&mut index, "three", 1, "10.0.0.1", LATER + 1),
            Err("TooMany".to_owned()),
            "the next was begun later"
        );
    }

    #[test]
    fn an_upload_whose_bytes_come_is_not_ended() {
        let mut index = Index::default();
        fill(&mut index, "10.0.0.1");
        let (first, second) = (index.upload("10.0.0.1/0").unwrap(), index.upload("10.0.0.1/1").unwrap());
        let _receiving = Arc::clone(&first.turn).try_acquire_owned().unwrap();
        second.arrived(1, LATER);
        assert_eq!(begin(&mut index, "one", 1, "10.0.0.1", LATER + 2), Ok(vec!["10.0.0.1/2".to_owned()]));
    }

    #[test]
    fn nobody_takes_all_there_are_for_longer_than_they_may_stand_still() {
        let mut index = Index::default();
        for address in 1..=MAX_UPLOADS / MAX_UPLOADS_OF_ONE {
            fill(&mut index, &format!("10.0.0.{address}"));
        }
        assert_eq!(begin(&mut index, "too many", 1, "10.0.1.1", LATER - 1), Err("TooMany".to_owned()));
        assert_eq!(begin(&mut index, "one", 1, "10.0.1.1", LATER).map(|ended| ended.len()), Ok(1));
        assert_eq!(index.uploads.len(), MAX_UPLOADS);
    }

    #[test]
    fn what_was_only_announced_gives_its_room_back() {
        let mut index = Index { kept: SETTINGS.quota - 100, ..Index::default() };
        begin(&mut index, "announced", 100, "10.0.0.1", 0).unwrap();
        assert_eq!(begin(&mut index, "another", 50, "10.0.0.2", LATER - 1), Err("Full".to_owned()));
        assert_eq!(begin(&mut index, "another", 50, "10.0.0.2", LATER), Ok(vec!["announced".to_owned()]));
    }

    #[test]
    fn what_cannot_fit_ends_nobodys_upload() {
        let mut index = Index { kept: SETTINGS.quota - 100, ..Index::default() };
        begin(&mut index, "one", 40, "10.0.0.1", 0).unwrap();
        begin(&mut index, "two", 20, "10.0.0.1", 1).unwrap();
        begin(&mut index, "lively", 30, "10.0.0.1", LATER).unwrap();
        assert_eq!(begin(&mut index, "too large", 71, "10.0.0.2", LATER + 1), Err("Full".to_owned()));
        assert_eq!(index.uploads.len(), 3);
        let ended = begin(&mut index, "fits", 70, "10.0.0.2", LATER + 1);
        assert_eq!(ended, Ok(vec!["one".to_owned(), "two".to_owned()]));
    }

    #[test]
    fn while_no_hub_ran_no_upload_stood_still() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path().join(disk::FOLDER)).unwrap();
        let upload = Upload::new("old".to_owned(), 1, [10, 0, 0, 1].into(), 0);
        disk::create(&disk.upload(&upload.id)).unwrap();
        disk::write_record(&disk.upload_record(&upload.id), &upload.record()).unwrap();
        let index = Index::read(&disk).unwrap();
        let upload = index.upload("old").unwrap();
        assert_eq!(upload.touched(), 0, "it is given up a day after its last byte all the same");
        assert!(!stands_still(&upload, clock::now()));
        assert!(stands_still(&upload, upload.still_since() + LATER));
    }

    #[test]
    fn an_address_of_ipv6_counts_with_its_whole_net() {
        let mut index = Index::default();
        for number in 0..MAX_UPLOADS_OF_ONE {
            begin(&mut index, &number.to_string(), 1, &format!("fd00:0:0:1::{number:x}"), 0).unwrap();
        }
        assert_eq!(begin(&mut index, "x", 1, "fd00:0:0:1:ffff::1", 1), Err("TooMany".to_owned()));
        assert_eq!(begin(&mut index, "x", 1, "fd00:0:0:2::1", 1), Ok(vec![]));
    }
}
