//! A nick that is to be free before its time, as whoever runs the hub says: noted in the log's database, beside the hub
//! that may have it open. That one asks there whenever a nick is claimed.

use std::path::Path;

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use shared::nick::Nick;

use super::{CopyError, FILE, Local, beside, copying, schema};
use crate::clock;

/// Why a nick is not freed. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum FreeError {
    #[error("the log {0} was written by an older version of hub; start this one on it first")]
    Older(String),
    #[error("nobody has the nick “{0}”")]
    Unknown(String),
    #[error("nobody has the nick “{0}”; “{1}” looks like it, and keeps others from taking it: free that one")]
    Alike(String, String),
    #[error(
        "“{0}” is here, or was a moment ago: a nick can be freed when its owner has left, or when the hub is stopped"
    )]
    Present(String),
    #[error(transparent)]
    Log(#[from] CopyError),
}

impl Local {
    /// Whether there is a log in this directory.
    pub fn is_in(directory: &Path) -> bool {
        directory.join(FILE).is_file()
    }

    /// Lets whoever asks first take a nick from now on, as if its owner had been away for long enough. Its owner may be
    /// that one. Gives back the nick as it is shown.
    ///
    /// `stopped` says that no hub has the log open: then nobody is here, whatever it was when the last one ended.
    ///
    /// # Errors
    /// See [`FreeError`].
    pub fn free_nick(directory: &Path, nick: &str, stopped: bool) -> Result<String, FreeError> {
        let (mut log, shown) = beside::open(directory)?;
        let broken = |error| FreeError::Log(copying::failed(&shown, error));
        if !schema::is_newest(&log).map_err(broken)? {
            return Err(FreeError::Older(shown));
        }
        // A session that goes takes its rooms along.
        log.pragma_update(None, "foreign_keys", "ON").map_err(broken)?;
        log.pragma_update(None, "synchronous", "FULL").map_err(broken)?;
        let transaction = log.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        let freed = free(&transaction, nick, stopped).map_err(broken)??;
        transaction.commit().map_err(broken)?;
        Ok(freed)
    }
}

fn free(log: &Transaction<'_>, asked: &str, stopped: bool) -> rusqlite::Result<Result<String, FreeError>> {
    let asked = asked.trim();
    let unknown = || FreeError::Unknown(asked.to_owned());
    let Ok(parsed) = Nick::parse(asked) else { return Ok(Err(unknown())) };
    let mut alike = None;
    for key in parsed.likeness().keys() {
        let holder = log
            .prepare_cached("SELECT owner, nick, seen FROM owners JOIN likeness USING (owner) WHERE key = ?1")?
            .query_row([key], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<i64>>(2)?))
            })
            .optional()?;
        match holder {
            Some((owner, nick, seen)) if nick.to_lowercase() == parsed.as_str().to_lowercase() => {
                if seen.is_none() && !stopped {
                    return Ok(Err(FreeError::Present(nick)));
                }
                if seen.is_none() {
                    // Else the next hub would have their nodes back, with the nick.
                    log.execute("DELETE FROM sessions WHERE owner = ?1", [owner])?;
                    let now = clock::now().cast_signed();
                    log.execute("UPDATE owners SET seen = ?2 WHERE owner = ?1", params![owner, now])?;
                }
                log.execute("INSERT OR IGNORE INTO freed (owner) VALUES (?1)", [owner])?;
                return Ok(Ok(nick));
            }
            Some((_, nick, _)) => alike = Some(nick),
            None => {}
        }
    }
    Ok(Err(alike.map_or_else(unknown, |alike| FreeError::Alike(asked.to_owned(), alike))))
}
