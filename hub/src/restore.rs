//! `hub restore`: what `hub backup` wrote, put back where no hub runs.
//!
//! It is unpacked in a folder of its own inside the data directory and looked through there (`unpacked`). Then what is to be
//! moved is written down (`marker`), and only then anything is moved (`plan`). Killed at whatever moment, it leaves the
//! whole of what was there, the whole of what was in the backup, or a marker, with which nothing but the next restore
//! touches the directory: that one goes on from there.

mod marker;
mod owner;
mod plan;
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
use plan::Plan;
use unpacked::Unpacked;

/// Read at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// Stands for standard input.
const STDIN: &str = "-";

/// How the folder begins to be called in which a backup is unpacked.
const UNPACKING: &str = "restoring-";

/// How the folder begins to be called for what was there before.
const BEFORE: &str = "before-restore-";

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
    #[error("{why}; and what was moved could not all be moved back ({source}): mend that, and run it once more")]
    HalfMoved { why: Box<RestoreError>, source: io::Error },
    #[error(
        "what a restore that was cut off left in the data directory {} cannot be read ({source}); what was there is in its \
         folder before-restore-…, what was in the backup in the folder restoring-…, or in its place; delete \
         restore.json there and restore with --replace",
        path.display()
    )]
    Marker { path: PathBuf, source: io::Error },
    #[error(
        "the restore that was cut off in the data directory {} cannot go on: {source}; mend that, and run it \
         once more. If it cannot be mended, delete restore.json there and restore with --replace; what was there before is \
         in a folder before-restore-…",
        path.display()
    )]
    NotFinished { path: PathBuf, source: io::Error },
    #[error("{why}; but the restore that was cut off there before is finished now")]
    Behind { why: Box<RestoreError> },
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
    /// It was cut off before, and went on from there.
    pub went_on: bool,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, files, at, data, before, went_on } = self;
        let at = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_millis(*at));
        write!(f, "Restored: {entries} entries, {files} files, as of {at}: {}", data.display())?;
        write!(f, "\nWhoever was here before starts over with them; lines said since then are gone.")?;
        if let Some(before) = before {
            write!(f, "\nWhat was there before is in {}", before.display())?;
        }
        if *went_on {
            write!(f, "\nIt had been cut off, and went on from there.")?;
        }
        Ok(())
    }
}

/// Puts a backup into a data directory, which is made where it is missing. Waits for the disk.
///
/// `replace`: what is there of a hub is moved into a folder beside, and nothing of it is deleted.
///
/// Where a restore was cut off it goes on first, whatever the backup; and if that is the one it was of, that is all.
///
/// # Errors
/// See [`RestoreError`].
pub fn read(data: Option<&Path>, file: &Path, replace: bool, stop: &Stop) -> Result<Done, RestoreError> {
    let data = data.ok_or(RestoreError::NoData)?;
    let was_there = data.is_dir();
    let lock = DataDirectory::lock_to_restore(data).map_err(|error| match error {
        DataError::InUse { path } => RestoreError::HubRuns { path },
        other => other.into(),
    })?;
    let finished = finish(lock.path())?;
    let restored = open(file).and_then(|from| into(&lock, from, file, replace, finished.as_ref(), stop));
    match (restored, &finished) {
        (Ok(done), _) => Ok(done),
        (Err(why), Some(_)) => Err(RestoreError::Behind { why: Box::new(why) }),
        (Err(why), None) => {
            if !was_there {
                lock.leave_nothing();
            }
            Err(why)
        }
    }
}

fn open(file: &Path) -> Result<Box<dyn Read>, RestoreError> {
    if file == Path::new(STDIN) {
        return Ok(Box::new(BufReader::with_capacity(PIECE, io::stdin().lock())));
    }
    let opened = File::open(file).and_then(|opened| match opened.metadata()?.is_dir() {
        true => Err(io::ErrorKind::IsADirectory.into()),
        false => Ok(opened),
    });
    let opened = opened.map_err(|source| RestoreError::Open { path: file.to_owned(), source })?;
    Ok(Box::new(BufReader::with_capacity(PIECE, opened)))
}

/// Goes on with a restore that was cut off, if there is one, to its end.
fn finish(data: &Path) -> Result<Option<Plan>, RestoreError> {
    let read = marker::read(data).map_err(|source| RestoreError::Marker { path: data.to_owned(), source })?;
    let Some(plan) = read else { return Ok(None) };
    let moved = plan.carry_out(data).and_then(|()| marker::remove(data));
    moved.map_err(|source| RestoreError::NotFinished { path: data.to_owned(), source })?;
    let _ = fs::remove_dir_all(plan.unpacked(data)); // the next restore looks for it again
    Ok(Some(plan))
}

/// `finished` is the restore that was cut off here and has just been finished.
fn into(
    data: &DataDirectory,
    from: impl Read,
    file: &Path,
    replace: bool,
    finished: Option<&Plan>,
    stop: &Stop,
) -> Result<Done, RestoreError> {
    let path = data.path();
    let write = |source: io::Error| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => RestoreError::NoRoom { path: path.to_owned() },
        _ => RestoreError::Write { path: path.to_owned(), source },
    };
    let free = || match of_a_hub(path).first() {
        Some(one) if !replace => {
            let what = one.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Err(RestoreError::InUse { path: path.to_owned(), what })
        }
        _ => Ok(()),
    };
    if finished.is_none() {
        free()?; // before all is unpacked
    }
    // While the directory is locked, nobody else restores: these were cut off, and hold a whole log.
    for cut_off in folders(UNPACKING.as_ref(), path) {
        fs::remove_dir_all(cut_off).map_err(write)?;
    }
    let folder = private_folder(UNPACKING.as_ref(), path).map_err(write)?;
    let known = finished.map(|plan| &plan.manifest);
    let Some(unpacked) = Unpacked::of(from, file, folder.path(), known, stop, &write)? else {
        // It is what was finished just now.
        return finished.map(|plan| done(plan, path, true)).ok_or(RestoreError::Stopped);
    };
    free()?;
    if stop.is_asked() {
        return Err(RestoreError::Stopped);
    }
    owner::give(path, &[folder.path(), &data.lock_file()]).map_err(write)?;
    // So that nothing of it is lost between two moves, whatever happens there.
    Local::bring_in(path);
    let before = new_name(path).map_err(write)?;
    let Unpacked { manifest, files } = unpacked;
    let plan = Plan::new(manifest, files, folder.path(), &before, &of_a_hub(path), &of_a_hub(folder.path()));
    // From here on it goes only with the marker.
    let folder = folder.keep();
    let moved = marker::put(&plan, &folder, path).and_then(|()| plan.carry_out(path));
    if let Err(why) = moved.map_err(write) {
        return Err(match plan.take_back(path).and_then(|()| marker::remove(path)) {
            Ok(()) => {
                let _ = fs::remove_dir_all(folder); // the next restore looks for it again
                why
            }
            Err(source) => RestoreError::HalfMoved { why: Box::new(why), source },
        });
    }
    marker::remove(path).map_err(|source| RestoreError::NotFinished { path: path.to_owned(), source })?;
    let _ = fs::remove_dir_all(folder);
    Ok(done(&plan, path, false))
}

fn done(plan: &Plan, data: &Path, went_on: bool) -> Done {
    let Plan { manifest, files, .. } = plan;
    let before = plan.before(data);
    Done { entries: manifest.entries, files: *files, at: manifest.at, data: data.to_owned(), before, went_on }
}

/// What of a hub is in a data directory, the log first.
fn of_a_hub(data: &Path) -> Vec<PathBuf> {
    let others = [Shelves::folder(data), cookie_file::place(data)];
    let others = others.into_iter().filter(|path| path.symlink_metadata().is_ok());
    Local::pieces(data).into_iter().chain(others).collect()
}

/// Where what was there before is to go: a folder that is not there yet, named by the time.
fn new_name(data: &Path) -> io::Result<PathBuf> {
    let now = UNIX_EPOCH + Duration::from_millis(clock::now());
    let name = format!("{BEFORE}{}", humantime::format_rfc3339_seconds(now)).replace(':', "-");
    let names = (1..=BEFORE_OF_A_SECOND)
        .map(|number| data.join(if number == 1 { name.clone() } else { format!("{name}-{number}") }));
    let new = names.into_iter().find(|path| path.symlink_metadata().is_err());
    new.ok_or_else(|| io::ErrorKind::AlreadyExists.into())
}

/// What restores left in a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// What is unpacked by one that goes on, or was cut off before it changed anything.
    Unpacked(PathBuf),
    /// What was there before one.
    Before(PathBuf),
}

/// What restores left there, as far as it can be listed.
pub(crate) fn left(data: &Path) -> Vec<Left> {
    let Ok(entries) = fs::read_dir(data) else { return Vec::new() };
    let before = entries.flatten().filter(|entry| {
        entry.file_name().as_encoded_bytes().starts_with(BEFORE.as_bytes())
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
    });
    let mut before: Vec<_> = before.map(|entry| entry.path()).collect();
    before.sort();
    let unpacked = match DataDirectory::check(data) {
        Ok(()) => folders(UNPACKING.as_ref(), data),
        // One that moves it goes on, or is to.
        Err(_) => Vec::new(),
    };
    unpacked.into_iter().map(Left::Unpacked).chain(before.into_iter().map(Left::Before)).collect()
}

/// Makes the names in a folder survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
