//! `hub restore`: what `hub backup` wrote, put back where no hub runs.
//!
//! It is unpacked in a folder of its own inside the data directory and looked through there (`unpacked`). Only then anything
//! is moved (`moves`), the log last: a directory without a log is none of a hub's.

mod moves;
mod owner;
mod unpacked;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use crate::auth::cookie_file::{self, CookieError};
use crate::backplane::{CopyError, Local};
use crate::backup::{ArchiveError, folders, private_folder};
use crate::clock;
use crate::files::copying::Shelves;
use crate::server::DataError;
use crate::server::data::DataDirectory;
use crate::signals::Stop;
use moves::Moves;
use unpacked::Unpacked;

/// Read at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// Stands for standard input.
const STDIN: &str = "-";

/// How the folder begins to be called in which a backup is unpacked.
const UNPACKING: &str = "restoring-";

/// How many folders of what was there before may be of one second.
const BEFORE_OF_A_SECOND: u32 = 100;

/// Why nothing is restored. Displays as one line that says what to do. Unless it says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error(
        "this platform has no place for data, or everything is to be in memory; say where to restore to with --data"
    )]
    NoData,
    #[error("a hub runs on the data directory {}; stop it first", path.display())]
    HubRuns { path: PathBuf },
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(
        "the data directory {} is in use already ({} is there); restore to another with --data, or move what is there \
         aside with --replace",
        path.display(), what
    )]
    InUse { path: PathBuf, what: String },
    #[error("the backup {} cannot be opened: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("{} {source}", path.display())]
    Backup { path: PathBuf, source: ArchiveError },
    #[error("{} is damaged: its log is not sound ({source}). Take an older one", path.display())]
    Log { path: PathBuf, source: CopyError },
    #[error("there is no room in the data directory {} for what is in the backup", path.display())]
    NoRoom { path: PathBuf },
    #[error("the data directory {} cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Cookie(#[from] CookieError),
    #[error("the log could not be put in its place: {0}")]
    Place(CopyError),
    #[error(
        "{why}; and what was moved could not all be moved back ({source}): look into {} before a hub is started",
        folder.display()
    )]
    HalfMoved { why: Box<RestoreError>, source: io::Error, folder: PathBuf },
    #[error("stopped before it was done; nothing was changed")]
    Stopped,
}

/// What was restored. Displays as a few lines.
#[derive(Debug)]
pub struct Done {
    pub entries: u64,
    pub files: u64,
    /// When the backup was made, in milliseconds since 1970 UTC.
    pub at: u64,
    pub data: PathBuf,
    /// Where that is now which was there before.
    pub before: Option<PathBuf>,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, files, at, data, before } = self;
        let at = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(*at));
        write!(f, "Restored: {entries} entries, {files} files, as of {at}: {}", data.display())?;
        write!(f, "\nWhoever was here before starts over with them; lines said since then are gone.")?;
        if let Some(before) = before {
            write!(f, "\nWhat was there before is in {}", before.display())?;
        }
        Ok(())
    }
}

/// Puts a backup into a data directory, which is made where it is missing. Waits for the disk.
///
/// `replace`: what is there of a hub is moved into a folder beside, and nothing of it is deleted.
///
/// # Errors
/// See [`RestoreError`].
pub fn read(data: Option<&Path>, file: &Path, replace: bool, stop: &Stop) -> Result<Done, RestoreError> {
    let data = data.ok_or(RestoreError::NoData)?;
    let from: Box<dyn Read> = if file == Path::new(STDIN) {
        Box::new(io::stdin().lock())
    } else {
        let opened = File::open(file).and_then(|opened| match opened.metadata()?.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Ok(opened),
        });
        Box::new(opened.map_err(|source| RestoreError::Open { path: file.to_owned(), source })?)
    };
    let was_there = data.is_dir();
    let lock = DataDirectory::lock(data).map_err(|error| match error {
        DataError::InUse { path } => RestoreError::HubRuns { path },
        other => other.into(),
    })?;
    let restored = into(&lock, BufReader::with_capacity(PIECE, from), file, replace, stop);
    if restored.is_err() && !was_there {
        lock.leave_nothing();
    }
    restored
}

fn into(data: &DataDirectory, from: impl Read, file: &Path, replace: bool, stop: &Stop) -> Result<Done, RestoreError> {
    let path = data.path();
    let write = |source: io::Error| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => RestoreError::NoRoom { path: path.to_owned() },
        _ => RestoreError::Write { path: path.to_owned(), source },
    };
    let there = of_a_hub(path);
    if let Some(one) = there.first()
        && !replace
    {
        let what = one.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Err(RestoreError::InUse { path: path.to_owned(), what });
    }
    // While the directory is locked, nobody else restores: these were cut off, and hold a whole log.
    for cut_off in folders(UNPACKING.as_ref(), path) {
        fs::remove_dir_all(cut_off).map_err(write)?;
    }
    let folder = private_folder(UNPACKING.as_ref(), path).map_err(write)?;
    let unpacked = Unpacked::of(from, file, folder.path(), stop, &write)?;
    if stop.is_asked() {
        return Err(RestoreError::Stopped);
    }
    owner::give(path, &[folder.path(), &data.lock_file()]).map_err(write)?;
    // So that nothing of it is lost between two moves, whatever happens there.
    Local::bring_in(path);
    let there = of_a_hub(path);
    let before = (!there.is_empty()).then(|| make_before(path)).transpose().map_err(write)?;
    let aside = before.as_deref().unwrap_or(path);
    let mut moves = Moves::default();
    let moved = there.iter().try_for_each(|one| moves.take(one, aside));
    let moved = moved.and_then(|()| unpacked.others.iter().try_for_each(|one| moves.take(one, path)));
    let moved = moved.map_err(write).and_then(|()| {
        // From here on there is no way back, nor any need of one.
        Local::put_in_place(&unpacked.log, path, &Stop::default()).map_err(|error| match error {
            CopyError::NoRoom(_) => RestoreError::NoRoom { path: path.to_owned() },
            other => RestoreError::Place(other),
        })
    });
    if let Err(why) = moved {
        let undone = moves.undo();
        if let Some(before) = &before {
            let _ = fs::remove_dir(before); // only if it is empty
        }
        return Err(match undone {
            Ok(()) => why,
            Err(source) => RestoreError::HalfMoved { why: Box::new(why), source, folder: aside.to_owned() },
        });
    }
    sync_folder(path).map_err(write)?;
    let Unpacked { manifest, files, .. } = unpacked;
    Ok(Done { entries: manifest.entries, files, at: manifest.at, data: path.to_owned(), before })
}

/// What of a hub is in a data directory, the log first.
fn of_a_hub(data: &Path) -> Vec<PathBuf> {
    let others = [Shelves::folder(data), cookie_file::place(data)];
    let others = others.into_iter().filter(|path| path.symlink_metadata().is_ok());
    Local::pieces(data).into_iter().chain(others).collect()
}

/// A new folder for what was there before, named by the time.
fn make_before(data: &Path) -> io::Result<PathBuf> {
    let now = UNIX_EPOCH + Duration::from_millis(clock::now());
    let name = format!("before-restore-{}", humantime::format_rfc3339_seconds(now)).replace(':', "-");
    let mut number = 1;
    loop {
        let path = data.join(if number == 1 { name.clone() } else { format!("{name}-{number}") });
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < BEFORE_OF_A_SECOND => number += 1,
            Err(error) => return Err(error),
            Ok(()) => return owner::give(data, &[&path]).map(|()| path),
        }
    }
}

/// Makes the names in a folder survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
