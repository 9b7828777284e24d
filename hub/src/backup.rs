//! `hub backup`: everything that a hub keeps, in one file, while it runs or while it is stopped.
//!
//! | module | what it does |
//! |---|---|
//! | `place` | where it may be written |
//! | [`archive`] | the format: written, and read without trusting it |

pub(crate) mod archive;
mod place;

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::auth::cookie_file::{self, CookieError};
use crate::backplane::{Contents, CopyError, Local};
use crate::clock;
use crate::files::copying::Shelves;
use crate::files::hash::FileHash;
use crate::server::data::DataDirectory;
use crate::server::{DataError, LogLost, lost};
use crate::signals::Stop;
pub use archive::ArchiveError;
use archive::{Manifest, Member, Writing};
use place::Place;

/// Stands for standard output.
const STDOUT: &str = "-";

/// How the folder in a data directory begins to be called that has the copy of the log for standard output.
const COPYING: &str = "backup-";

/// Written and read at a time, in bytes.
const PIECE: usize = 256 * 1024;

/// Why there is no backup. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("a hub that keeps everything in memory, or has no data directory, has nothing to back up")]
    NoData,
    #[error("{} is there already; name another file, or write over it with --overwrite", path.display())]
    There { path: PathBuf },
    #[error(
        "{} is in the data directory, or is part of what is backed up: a backup belongs elsewhere, on another disk at best",
        path.display()
    )]
    OntoItself { path: PathBuf },
    #[error("{} is no file that could be written; name one, or - for standard output", path.display())]
    NoFile { path: PathBuf },
    #[error("standard output is a terminal, and a backup is not for reading; redirect it, or name a file")]
    Terminal,
    #[error("{} cannot be written: {source}", path.display())]
    Place { path: PathBuf, source: io::Error },
    #[error("there is no room for the backup on the disk of {}; nothing of it is left there", path.display())]
    NoRoom { path: PathBuf },
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Cookie(#[from] CookieError),
    #[error(transparent)]
    Log(#[from] CopyError),
    #[error(transparent)]
    Lost(#[from] LogLost),
    #[error("the backup could not be written to {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("what was written to {} {what}", path.display())]
    Unsound { path: PathBuf, what: String },
    #[error("stopped before it was done; there is no backup")]
    Stopped,
}

/// What was backed up. Displays as one line, or two.
#[derive(Debug)]
pub struct Done {
    pub entries: u64,
    /// Of those that lines name.
    pub files: u64,
    /// Files that lines name and that are not there any more, or not as they were.
    pub missing: u64,
    /// Of the backup.
    pub bytes: u64,
    pub took: Duration,
    /// None for standard output.
    pub path: Option<PathBuf>,
    /// What other backups have made of theirs so far, or left where they were killed.
    pub unfinished: Vec<PathBuf>,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, files, missing, bytes, took, path, unfinished } = self;
        write!(f, "Backed up: {entries} entries")?;
        if *entries > 0 {
            write!(f, " (the last is #{entries})")?;
        }
        write!(f, ", {files} files, {bytes} bytes in {:.1} s", took.as_secs_f64())?;
        if let Some(path) = path {
            write!(f, ": {}", path.display())?;
        }
        if *missing > 0 {
            write!(f, "\n{missing} files that lines name are not there any more, or damaged; they are not in it.")?;
        }
        for left in unfinished {
            let left = left.display();
            write!(f, "\n{left} is of a backup that goes on, or was cut off: if none goes on, delete it.")?;
        }
        Ok(())
    }
}

/// Writes a backup of a data directory to a file, or to standard output where the file is `-`. A hub may run on it: what
/// it acknowledged before is in the backup. Waits for the disk.
///
/// A file is read again before it gets its name: either there is a whole backup of that name, or what was there before.
///
/// # Errors
/// See [`BackupError`].
pub fn write(data: Option<&Path>, file: &Path, overwrite: bool, stop: &Stop) -> Result<Done, BackupError> {
    let began = Instant::now();
    let data = data.ok_or(BackupError::NoData)?;
    DataDirectory::check(data)?;
    if !Local::is_in(data) {
        return Err(CopyError::NoLog(data.display().to_string()).into());
    }
    let done = if file == Path::new(STDOUT) { to_stdout(data, stop) } else { to_file(data, file, overwrite, stop) };
    let done = done.map(|done| Done { took: began.elapsed(), ..done });
    // Whatever it broke off at is of no interest.
    done.map_err(|error| if stop.is_asked() { BackupError::Stopped } else { error })
}

fn to_stdout(data: &Path, stop: &Stop) -> Result<Done, BackupError> {
    let stdout = io::stdout().lock();
    if stdout.is_terminal() {
        return Err(BackupError::Terminal);
    }
    let path = || PathBuf::from("standard output");
    let unfinished = folders(COPYING.as_ref(), data);
    // Where there is room for a log there may be for its copy.
    let folder = private_folder(COPYING.as_ref(), data);
    let folder = folder.map_err(|source| BackupError::Place { path: data.to_owned(), source })?;
    let source = Source::take(data, &folder, stop)?;
    let mut out = BufWriter::with_capacity(PIECE, stdout);
    let done = source.write(&mut out, stop).and_then(|done| out.flush().map(|()| done));
    let done = done.map_err(|source| unwritten(path(), source))?;
    Ok(Done { unfinished, ..done })
}

fn to_file(data: &Path, file: &Path, overwrite: bool, stop: &Stop) -> Result<Done, BackupError> {
    let place = Place::of(file, data, overwrite)?;
    let unfinished = folders(&place.unfinished(), &place.folder);
    // For its owner alone, and gone at the end unless the program is killed or the power fails.
    let folder = private_folder(&place.unfinished(), &place.folder);
    let folder = folder.map_err(|source| BackupError::Place { path: place.path(), source })?;
    let source = Source::take(data, &folder, stop).map_err(|error| match error {
        BackupError::Log(CopyError::NoRoom(_)) => BackupError::NoRoom { path: place.path() },
        BackupError::Log(CopyError::Unwritten(_, why)) => {
            BackupError::Write { path: place.path(), source: io::Error::other(why) }
        }
        other => other,
    })?;
    let backup = folder.path().join("backup");
    let failed = |source| unwritten(place.path(), source);
    let written = create(&backup).and_then(|file| {
        let mut out = BufWriter::with_capacity(PIECE, file);
        let done = source.write(&mut out, stop)?;
        out.into_inner()?.sync_all()?;
        Ok(done)
    });
    let done = written.map_err(failed)?;
    look_through(&backup, &source, stop).map_err(|what| BackupError::Unsound { path: place.path(), what })?;
    if !overwrite && place.path().symlink_metadata().is_ok() {
        return Err(BackupError::There { path: place.path() }); // since it was begun
    }
    fs::rename(&backup, place.path()).map_err(failed)?;
    sync_folder(&place.folder).map_err(failed)?;
    Ok(Done { path: Some(place.path()), unfinished, ..done })
}

fn unwritten(path: PathBuf, source: io::Error) -> BackupError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BackupError::NoRoom { path },
        _ => BackupError::Write { path, source },
    }
}

/// What goes into a backup.
struct Source<'a> {
    data: &'a Path,
    /// The copy of the log, which is sound.
    log: PathBuf,
    contents: Contents,
    manifest: Manifest,
    cookie: Option<String>,
}

impl<'a> Source<'a> {
    fn take(data: &'a Path, folder: &TempDir, stop: &Stop) -> Result<Self, BackupError> {
        let cookie = cookie_file::kept(data)?;
        let log = folder.path().join("log");
        let at = clock::now();
        let contents = Local::copy(data, &log, stop)?;
        // Where a hub runs, somebody may just have said the first file.
        if contents.entries == 0 && !DataDirectory::is_locked(data).unwrap_or(false) {
            lost::check_without_entries(data)?;
        }
        let manifest = Manifest::new(Local::FORMAT, at, contents.epoch.clone(), contents.entries);
        Ok(Self { data, log, contents, manifest, cookie })
    }

    fn write(&self, out: &mut impl Write, stop: &Stop) -> io::Result<Done> {
        let mut counted = Counted { out, bytes: 0 };
        let mut writing = Writing::begin(&mut counted, &self.manifest, stop)?;
        let log = File::open(&self.log)?;
        writing.put(Member::Log, log.metadata()?.len(), &mut BufReader::with_capacity(PIECE, log))?;
        if let Some(cookie) = &self.cookie {
            writing.put(Member::Cookie, cookie.len() as u64, &mut cookie.as_bytes())?;
        }
        let shelves = Shelves::of(self.data);
        let (mut files, mut missing) = (0, 0);
        for hash in &self.contents.files {
            let pieces = match FileHash::parse(hash) {
                Some(hash) => {
                    let unread = |error| io::Error::other(format!("the file {hash} cannot be read: {error}"));
                    shelves.open(hash).map_err(unread)?.map(|pieces| (hash, pieces))
                }
                None => None,
            };
            let Some((hash, pieces)) = pieces else {
                missing += 1;
                continue;
            };
            files += 1;
            for mut open in pieces {
                writing.put(Member::File(hash, open.piece), open.size, &mut open.content)?;
            }
        }
        writing.finish()?;
        let bytes = counted.bytes;
        Ok(Done {
            entries: self.contents.entries,
            files,
            missing,
            bytes,
            took: Duration::ZERO,
            path: None,
            unfinished: Vec::new(),
        })
    }
}

/// Reads what was written once more; what is wrong with it otherwise. That its log is the one that was looked through
/// follows from its hash.
fn look_through(backup: &Path, source: &Source<'_>, stop: &Stop) -> Result<(), String> {
    let file = File::open(backup).map_err(|error| format!("cannot be read again: {error}"))?;
    let from = BufReader::with_capacity(PIECE, file);
    let read = archive::read::<ArchiveError>(from, Local::FORMAT, stop, |_, _, _| Ok(()));
    match read {
        Ok(manifest) if manifest == source.manifest => Ok(()),
        Ok(_) => Err("is not what should be there".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Random letters and digits behind the beginning of a folder's name.
const RANDOM: usize = 6;

/// A new folder whose name begins so, into which nobody else may look.
pub(crate) fn private_folder(prefix: &OsStr, within: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(within)
}

/// The folders there that [`private_folder`] made by this prefix, as far as they can be listed.
pub(crate) fn folders(prefix: &OsStr, within: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(within) else { return Vec::new() };
    let made = entries.flatten().filter(|entry| {
        let name = entry.file_name();
        // Nobody's own folder that only begins so.
        let random = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
            && entry.file_type().is_ok_and(|kind| kind.is_dir()) // and no link to one
    });
    made.map(|entry| entry.path()).collect()
}

/// A new file that nobody else may read.
fn create(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the names in a folder survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Counts what is written through it.
struct Counted<'a, W> {
    out: &'a mut W,
    bytes: u64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
