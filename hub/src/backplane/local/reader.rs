//! Pages of the log. Each costs the rows it reads, wherever in the log they lie.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;
use rusqlite::types::Value;
use shared::entry::Entry;
use tokio::sync::oneshot;

use super::{passage, row, search};
use crate::backplane::{Passage, PassageResult, Query, Range, ReadError, ReadResult, Scope, bytes_of};

/// Bytes of text on one page. A page of 200 texts of the greatest length would be 3 MiB,
/// more than anyone's queue should hold.
const MAX_PAGE_BYTES: usize = 128 * 1024;

/// A read on its way, with the place its answer goes.
pub(super) enum Read {
    Page(Query, oneshot::Sender<ReadResult>),
    Passage(Passage, oneshot::Sender<PassageResult>),
    /// For a log in memory: the others are searched by a thread of their own.
    Slice(search::Slice, oneshot::Sender<Result<search::Sliced, ReadError>>),
}

/// Answers reads until nobody can ask any more.
pub(super) fn run(connection: &Connection, waiting: &Receiver<Read>) {
    // Six pages (two scopes, three ranges) and what a passage asks are fewer; none is parsed twice.
    connection.set_prepared_statement_cache_capacity(32);
    while let Ok(read) = waiting.recv() {
        answer(connection, read);
    }
}

/// Reads what is asked for and sends it to the one who asked, who may have gone.
pub(super) fn answer(connection: &Connection, read: Read) {
    match read {
        Read::Page(query, answer) => drop(answer.send(page(connection, &query).map_err(broken))),
        Read::Passage(passage, answer) => drop(answer.send(passage::read(connection, &passage).map_err(broken))),
        Read::Slice(slice, answer) => drop(answer.send(search::slice(connection, &slice).map_err(broken))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of the error")]
fn broken(error: rusqlite::Error) -> ReadError {
    tracing::error!(%error, "the log cannot be read");
    ReadError::Broken
}

fn page(connection: &Connection, query: &Query) -> rusqlite::Result<(Vec<Entry>, bool)> {
    // One snapshot for the positions and what stands there.
    let _snapshot = connection.unchecked_transaction()?;
    let seqs = positions(connection, query)?;
    let mut more = seqs.len() > query.limit as usize;
    let mut log = row::Entries::of(connection)?;
    let mut entries = Vec::with_capacity(seqs.len());
    let mut bytes = 0;
    for seq in seqs.into_iter().take(query.limit as usize) {
        let entry = log.at(seq)?;
        bytes += bytes_of(&entry);
        if bytes > MAX_PAGE_BYTES && !entries.is_empty() {
            more = true;
            break;
        }
        entries.push(entry);
    }
    if !matches!(query.range, Range::After(_)) {
        entries.reverse();
    }
    Ok((entries, more))
}

/// Where the entries of a page stand, the first one first, and one more than asked for if there are more.
fn positions(connection: &Connection, query: &Query) -> rusqlite::Result<Vec<i64>> {
    let (scope, indexes, mut values) = match &query.scope {
        Scope::Room(key) => (
            "room = (SELECT room FROM rooms WHERE key = ?1) AND ?2 IS NULL",
            ["entries_of_room", "changes_of_room"],
            vec![Value::from(key.clone()), Value::Null],
        ),
        Scope::Owners(one, other) => (
            "low = ?1 AND high = ?2",
            ["entries_of_pair", "changes_of_pair"],
            vec![Value::from(one.0.min(other.0)), Value::from(one.0.max(other.0))],
        ),
    };
    let (range, order, edge) = match query.range {
        Range::Newest => ("seq <= ?3", "DESC", u64::MAX),
        Range::Before(seq) => ("seq < ?3", "DESC", seq),
        Range::After(seq) => ("seq > ?3", "ASC", seq),
    };
    values.push(Value::from(i64::try_from(edge).unwrap_or(i64::MAX)));
    values.push(Value::from(i64::from(query.limit) + 1));
    let [lines, changes] = indexes;
    let sql = format!(
        "SELECT seq FROM (SELECT seq FROM entries INDEXED BY {lines} \
             WHERE {scope} AND kind = 0 AND {range} ORDER BY seq {order} LIMIT ?4) \
         UNION ALL SELECT seq FROM (SELECT seq FROM entries INDEXED BY {changes} \
             WHERE {scope} AND kind <> 0 AND {range} ORDER BY seq {order} LIMIT ?4) \
         ORDER BY seq {order} LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?.collect()
}
