//! A copy of the log in one file, for a backup: made of the log of a hub that runs, looked through, and put in the place
//! of a log.
//!
//! It is made by `VACUUM INTO`, of one snapshot: the file holds rows that stand, and nothing that SQLite's pages have left
//! over of others. The search index is not copied, since a hub makes it anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::{FILE, Local, OpenError, beside, schema};
use crate::secret;
use crate::signals::Stop;

/// The ending of the first copy, where a second has to be made.
const FIRST: &str = "first";

/// What a copy of the log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The log's name.
    pub epoch: String,
    /// How many entries there are; they are numbered from 1 on, so this is the `seq` of the last.
    pub entries: u64,
    /// When the last of them was made, in milliseconds since 1970 UTC; 0 if there is none.
    pub newest: u64,
    /// The hashes of files that lines name.
    pub files: Vec<String>,
}

/// Why a log is not copied, printed or put in place. Displays as one line.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("there is no log in {0}; say where the hub keeps it with --data")]
    NoLog(String),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the log {0} was written by an older version of hub; start this one on it first")]
    Older(String),
    #[error("the log {0} is empty; if it was not always so, restore your latest backup with `hub restore --replace`")]
    Empty(String),
    #[error("the log {0} is damaged: {1}")]
    Damaged(String, String),
    #[error(
        "the log {0} is where nothing can be written, which reading it takes: run this as the user whom the hub runs as, or \
         copy its directory to where you may write, and name the copy with --data"
    )]
    Unwritable(String),
    #[error("there is no room on the disk for a copy of the log {0}")]
    NoRoom(String),
    #[error("a copy of the log {0} could not be written: {1}")]
    Unwritten(String, String),
    #[error("stopped before it was done")]
    Stopped,
}

/// What SQLite says of a log, as one who copies it is told.
pub(super) fn failed(shown: &str, error: rusqlite::Error) -> CopyError {
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => CopyError::Stopped,
        Some(ErrorCode::DiskFull) => CopyError::NoRoom(shown.to_owned()),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            CopyError::Damaged(shown.to_owned(), error.to_string())
        }
        _ => OpenError::Sqlite(shown.to_owned(), error).into(),
    }
}

/// The same where a copy is written: of the log nothing is but read.
fn uncopied(shown: &str, error: rusqlite::Error) -> CopyError {
    match error.sqlite_error().map(|error| error.extended_code) {
        Some(ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_TRUNCATE) => {
            CopyError::Unwritten(shown.to_owned(), error.to_string())
        }
        _ => failed(shown, error),
    }
}

impl Local {
    /// The newest format of a log, which is that of every copy.
    pub const FORMAT: i64 = schema::VERSION;

    /// What there is of a log in a directory, and of what is derived from it.
    pub fn pieces(directory: &Path) -> Vec<PathBuf> {
        beside::pieces(directory)
    }

    /// Copies the log in a directory, as it is at this moment, into a file that is not there yet. A hub that has it open
    /// goes on meanwhile. In a log of an older format nothing is changed, but the copy is of the newest.
    ///
    /// What was taken back is not in the copy, also where the hub is still to forget some of it.
    ///
    /// # Errors
    /// See [`CopyError`]; also if the copy is not sound, because the log is not.
    pub fn copy(directory: &Path, into: &Path, stop: &Stop) -> Result<Contents, CopyError> {
        let (mut log, shown) = beside::open(directory)?;
        let first = into.with_extension(FIRST);
        beside::heed(&mut log, stop).and_then(|()| vacuum(&log, &first)).map_err(|error| uncopied(&shown, error))?;
        drop(log);
        let further = |error| uncopied(&into.display().to_string(), error);
        let mut copy = open_copy(&first, stop)?;
        if forget(&mut copy).map_err(further)? {
            // Behind what was overwritten, pages may still have it.
            vacuum(&copy, into).map_err(further)?;
            drop(copy);
            fs::remove_file(&first)
        } else {
            drop(copy);
            fs::rename(&first, into)
        }
        .map_err(|error| OpenError::File(into.display().to_string(), error))?;
        Self::look_through(into, stop).map_err(|error| match error {
            // The copy goes; what is said is said of the log.
            CopyError::Damaged(_, what) => CopyError::Damaged(shown, what),
            other => other,
        })
    }

    /// Looks through a copy whether it is sound and no entry is missing.
    ///
    /// # Errors
    /// See [`CopyError`].
    pub fn look_through(copy: &Path, stop: &Stop) -> Result<Contents, CopyError> {
        let log = open_copy(copy, stop)?;
        sound(&log, &copy.display().to_string(), Depth::Whole)
    }

    /// Writes a copy that comes from elsewhere to a file that is not there yet, which nobody else may read.
    ///
    /// # Errors
    /// As of what is read and written.
    pub fn receive(content: &mut dyn Read, into: &Path) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(into)?;
        io::copy(content, &mut file)?;
        file.sync_all()
    }

    /// Brings what SQLite keeps beside the log in a directory into it, as far as that can be done: of a hub that was killed
    /// that is the newest of it. Nobody else may use the log.
    pub fn bring_in(directory: &Path) {
        if let Ok((log, _)) = beside::open(directory) {
            // Whoever closes the log last tidies up; a log that cannot be read stays as it is.
            let _ = log.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    /// Makes a copy that was received the log of a directory that has none and that nobody else uses. Nodes may have seen
    /// more of the log than the copy holds: so it gets a new name, by which they know that they have to start over.
    ///
    /// # Errors
    /// See [`CopyError`]; then the directory has no log.
    pub fn put_in_place(copy: &Path, directory: &Path, stop: &Stop) -> Result<(), CopyError> {
        let shown = copy.display().to_string();
        let log = open_copy(copy, stop)?;
        log.execute("UPDATE log SET epoch = ?1", [secret::fresh()]).map_err(|error| failed(&shown, error))?;
        drop(log);
        let place = directory.join(FILE);
        let put = File::open(copy).and_then(|file| file.sync_all()).and_then(|()| fs::rename(copy, &place));
        put.map_err(|error| OpenError::File(place.display().to_string(), error).into())
    }
}

/// Opens a copy, and brings it to the newest format.
fn open_copy(path: &Path, stop: &Stop) -> Result<Connection, CopyError> {
    let shown = path.display().to_string();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(path, flags).map_err(|error| failed(&shown, error))?;
    schema::check(&copy, &shown)?;
    let ready = |copy: &mut Connection| {
        beside::heed(copy, stop)?;
        if schema::is_newest(copy)? { Ok(()) } else { schema::create(copy) }
    };
    ready(&mut copy).map_err(|error| failed(&shown, error))?;
    Ok(copy)
}

fn vacuum(log: &Connection, into: &Path) -> rusqlite::Result<()> {
    // A path need not be UTF-8, and SQLite takes it as it is.
    let path = ToSqlOutput::Borrowed(ValueRef::Text(into.as_os_str().as_encoded_bytes()));
    log.execute("VACUUM INTO ?1", [path]).map(drop)
}

/// Forgets at once what a hub forgets step by step (`writer/forgetting.rs`). The copy has no search index that former
/// texts would be kept for. Whether there was anything.
fn forget(copy: &mut Connection) -> rusqlite::Result<bool> {
    let transaction = copy.transaction()?;
    let edits = transaction.execute(
        "UPDATE entries SET text = '' \
         WHERE kind = 1 AND text <> '' AND of IN (SELECT line FROM forgetting)",
        [],
    )?;
    let former = transaction.execute("DELETE FROM former", [])?;
    transaction.execute_batch("DELETE FROM forgetting; DELETE FROM copies")?;
    transaction.commit()?;
    Ok(edits + former > 0)
}

/// How closely a log is looked at.
#[derive(Clone, Copy)]
pub(super) enum Depth {
    /// All but whether indexes say what the rows do.
    Quick,
    Whole,
}

/// What a log holds that is sound and has no gap.
pub(super) fn sound(log: &Connection, shown: &str, depth: Depth) -> Result<Contents, CopyError> {
    let broken = |error| failed(shown, error);
    let damaged = |what: String| CopyError::Damaged(shown.to_owned(), what);
    let check = match depth {
        Depth::Quick => "PRAGMA quick_check(1)",
        Depth::Whole => "PRAGMA integrity_check(1)",
    };
    // One snapshot for it all, as a hub may write meanwhile.
    let _snapshot = log.unchecked_transaction().map_err(broken)?;
    let check: String = log.query_row(check, [], |row| row.get(0)).map_err(broken)?;
    if check != "ok" {
        return Err(damaged(check.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    let contents = contents(log).map_err(broken)?;
    let last: i64 = log.query_row("SELECT coalesce(max(seq), 0) FROM entries", [], |row| row.get(0)).map_err(broken)?;
    if last.cast_unsigned() != contents.entries {
        return Err(damaged(format!("of {last} entries {} are there", contents.entries)));
    }
    Ok(contents)
}

fn contents(log: &Connection) -> rusqlite::Result<Contents> {
    let epoch = log.query_row("SELECT epoch FROM log", [], |row| row.get(0))?;
    let entries: i64 = log.query_row("SELECT count(*) FROM entries WHERE seq > 0", [], |row| row.get(0))?;
    let newest: i64 =
        log.query_row("SELECT coalesce((SELECT at FROM entries ORDER BY seq DESC LIMIT 1), 0)", [], |row| row.get(0))?;
    let mut files = log.prepare("SELECT DISTINCT hash FROM file_lines ORDER BY hash")?;
    let files = files.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Contents { epoch, entries: entries.cast_unsigned(), newest: newest.cast_unsigned(), files })
}
