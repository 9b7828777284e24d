//! Files that people send each other: taken in pieces, kept once by the hash of what is in them, and let go of in time.
//!
//! | module | what it does |
//! |---|---|
//! | [`hash`], [`name`], [`range`] | pure: what names a file, what it is called, which part is asked for |
//! | [`due`] | pure: when a file or an upload is let go of |
//! | [`record`] | what is known of a file, and written beside it |
//! | `picture`, `jpeg` | pure: what is a picture, a small one of it, and none of what a camera tells about it |
//! | `disk` | where all that lies, and how it is written |
//! | [`index`] | what is there, in memory; the limits |
//! | [`upload`], [`receiving`], `storing` | from the first byte to a file |
//! | `copying` | one file after the other, for a backup |
//! | `keeper` | the task that writes down what was said and lets go of what is due |

pub(crate) mod copying;
mod disk;
pub mod due;
pub mod hash;
mod index;
mod jpeg;
mod keeper;
pub mod name;
mod picture;
pub mod range;
pub mod receiving;
pub mod record;
mod storing;
pub mod upload;
mod webp;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{Notify, Semaphore};

use crate::clock;
use disk::Disk;
use hash::FileHash;
use index::Index;
use record::{Kind, Picture};

pub(crate) use disk::read_at as read_piece;
pub(crate) use keeper::run;
pub use picture::THUMBNAIL;

/// Files that are hashed and looked into for a picture at a time. Each may take two cores' time for a second and some
/// hundred megabytes; the next wait in the order in which they came, as many as there are uploads at most.
const WORKSHOP: usize = 2;

/// What a hub lets people keep on it.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Of one file, in bytes.
    pub max_upload: u64,
    /// Of all of them with their thumbnails, and of what is announced of uploads, in bytes.
    pub quota: u64,
    /// How long a file is kept after it was last said; none for ever.
    pub retention: Option<Duration>,
}

/// Why there is no place for files. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the folder for files {} cannot be used: {source}; name another place with --data", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("there is no temporary folder for files: {0}; keep them with --data instead of --ephemeral")]
    Temporary(io::Error),
}

/// What the hub knows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub hash: FileHash,
    /// In bytes.
    pub size: u64,
    pub kind: Kind,
    /// None where it is no picture.
    pub picture: Option<Picture>,
}

impl Facts {
    /// As a line tells of it, under the name that its author gave it.
    pub fn named(&self, name: &str) -> shared::entry::File {
        shared::entry::File {
            hash: self.hash.to_string(),
            name: name::clean(name),
            size: self.size,
            kind: self.kind.media_type().to_owned(),
            width: self.picture.map(|picture| picture.width),
            height: self.picture.map(|picture| picture.height),
        }
    }
}

/// The files of a hub. Clones are the same files.
#[derive(Clone)]
pub struct Files {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    disk: Disk,
    /// A std mutex, because it is held for a look-up or a change in memory, and never over a read, a write or an await.
    index: Mutex<Index>,
    /// Held by whoever puts files in their place or takes them away, on a thread of its own: so that what is said to be
    /// there is not taken away at the same moment. Taken before `index`, never after it.
    places: Mutex<()>,
    workshop: Arc<Semaphore>,
    /// Somebody has something for the keeper.
    wake: Notify,
    /// Where the files lie that end with the hub.
    temporary: Mutex<Option<TempDir>>,
}

impl Files {
    /// The files in this data directory; none for a temporary folder that ends with the hub. Reads the records of all of
    /// them: not on a thread that others wait for.
    ///
    /// # Errors
    /// If the folder cannot be made, read or written.
    pub fn open(data: Option<&Path>, settings: Settings) -> Result<Self, OpenError> {
        let temporary = match data {
            Some(_) => None,
            None => Some(tempfile::Builder::new().prefix("hubbub-").tempdir().map_err(OpenError::Temporary)?),
        };
        let root = data.or(temporary.as_ref().map(TempDir::path)).map(|root| root.join(disk::FOLDER));
        let root = root.unwrap_or_else(|| disk::FOLDER.into());
        let folder = |source| OpenError::Folder { path: root.clone(), source };
        let disk = Disk::open(root.clone()).map_err(folder)?;
        let index = Index::read(&disk).map_err(folder)?;
        let inner = Inner {
            settings,
            disk,
            index: Mutex::new(index),
            places: Mutex::default(),
            workshop: Arc::new(Semaphore::new(WORKSHOP)),
            wake: Notify::new(),
            temporary: Mutex::new(temporary),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What is known of the file of this hash, for a line that is to name it; it is then safe until the line is in the
    /// log, for ten minutes. None if it is not there, or is no hash at all. Looks into memory alone.
    pub fn describe(&self, hash: &str) -> Option<Facts> {
        let hash = FileHash::parse(hash)?;
        let mut index = self.index();
        let stored = index.there_mut(hash)?;
        stored.record.life.asked = clock::now();
        Some(stored.facts(hash))
    }

    /// A line that names this file is in the log. Does not wait for a disk.
    pub fn keep(&self, hash: &str) {
        self.keep_since(hash, clock::now());
    }

    /// A line that names this file has been in the log since `at`, in milliseconds since 1970 UTC: as [`Files::keep`],
    /// and for a hub that starts, with all the lines that name files. What was said later still counts.
    pub fn keep_since(&self, hash: &str, at: u64) {
        let kept = FileHash::parse(hash).is_some_and(|hash| self.index().keep(hash, at));
        if kept {
            self.inner.wake.notify_one();
        } else {
            tracing::debug!(hash, "a line names a file that is not here");
        }
    }

    /// A hub starts: these files are named by lines, each since then, in milliseconds since 1970 UTC. Whatever else was,
    /// is so no longer: a hub that ended before that was written down did not live to say so.
    pub fn keep_only(&self, named: &[(String, u64)]) {
        let mut index = self.index();
        let still: HashSet<FileHash> = named.iter().filter_map(|(hash, _)| FileHash::parse(hash)).collect();
        let gone: Vec<FileHash> = index.said().filter(|hash| !still.contains(hash)).collect();
        for hash in gone {
            index.forget(hash, clock::now());
        }
        drop(index);
        for (hash, at) in named {
            self.keep_since(hash, *at);
        }
        self.inner.wake.notify_one();
    }

    /// The last line that named this file was deleted: from now on nobody is given it, and its bytes go a minute
    /// later, unless it is said or uploaded again. Does not wait for a disk.
    pub fn forget(&self, hash: &str) {
        if FileHash::parse(hash).is_some_and(|hash| self.index().forget(hash, clock::now())) {
            self.inner.wake.notify_one();
        }
    }

    /// What is known of a file for whoever asks for its bytes, and where they are.
    pub(crate) fn find(&self, hash: FileHash) -> Option<Facts> {
        self.index().there(hash).map(|stored| stored.facts(hash))
    }

    /// Where the bytes of a file are, if it is there.
    pub(crate) fn path(&self, hash: FileHash) -> PathBuf {
        self.inner.disk.file(hash)
    }

    /// Where the bytes of a picture's thumbnail are, if it is there.
    pub(crate) fn thumbnail_path(&self, hash: FileHash) -> PathBuf {
        self.inner.disk.thumbnail(hash)
    }

    /// How many bytes an upload that is under way will have.
    pub(crate) fn announced(&self, id: &str) -> Option<u64> {
        self.index().upload(id).map(|upload| upload.size)
    }

    /// The largest file that is taken, in bytes.
    pub fn max_upload(&self) -> u64 {
        self.inner.settings.max_upload
    }

    /// Bytes that count for the quota now: of files, of thumbnails, and announced of uploads.
    pub fn weight(&self) -> u64 {
        self.index().weight()
    }

    /// Writes down what was said of files since it was last called, and takes away what is due at the time `now`, in
    /// milliseconds since 1970 UTC. Waits for the disk.
    pub fn tidy(&self, now: u64) {
        keeper::write_changed(&self.inner);
        keeper::sweep(&self.inner, now);
    }

    /// Writes down what is still to be written; a temporary folder goes. Waits for the disk.
    pub fn close(&self) {
        keeper::write_changed(&self.inner);
        let temporary = self.inner.temporary.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(error)) = temporary.map(TempDir::close) {
            tracing::warn!(%error, "the temporary folder for files could not be removed");
        }
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.inner.index()
    }
}

impl Inner {
    /// A panic elsewhere while it was held leaves it usable: it is changed in single steps.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn places(&self) -> MutexGuard<'_, ()> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
