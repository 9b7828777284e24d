//! Pages of the log. Each costs the rows it reads, wherever in the log they lie.

use std::sync::mpsc::Receiver;

use rusqlite::Connection;
use rusqlite::types::Value;
use shared::entry::Entry;
use tokio::sync::oneshot;

use super::{passage, schema};
use crate::backplane::{Passage, PassageResult, Query, Range, ReadError, ReadResult, Scope};

/// Bytes of text on one page. A page of 200 texts of the greatest length would be 3 MiB,
/// more than anyone's queue should hold.
const MAX_PAGE_BYTES: usize = 128 * 1024;

/// A read on its way, with the place its answer goes.
pub(super) enum Read {
    Page(Query, oneshot::Sender<ReadResult>),
    Passage(Passage, oneshot::Sender<PassageResult>),
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
        Read::Page(query, answer) => drop(answer.send(rows(connection, &query).map_err(broken))),
        Read::Passage(passage, answer) => drop(answer.send(passage::read(connection, &passage).map_err(broken))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of the error")]
fn broken(error: rusqlite::Error) -> ReadError {
    tracing::error!(%error, "the log cannot be read");
    ReadError::Broken
}

fn rows(connection: &Connection, query: &Query) -> rusqlite::Result<(Vec<Entry>, bool)> {
    let (scope, mut values) = match &query.scope {
        Scope::Room(key) => (
            "room = (SELECT room FROM rooms WHERE key = ?1) AND ?2 IS NULL",
            vec![Value::from(key.clone()), Value::Null],
        ),
        Scope::Owners(one, other) => {
            ("low = ?1 AND high = ?2", vec![Value::from(one.0.min(other.0)), Value::from(one.0.max(other.0))])
        }
    };
    let (range, order, edge) = match query.range {
        Range::Newest => ("seq <= ?3", "DESC", u64::MAX),
        Range::Before(seq) => ("seq < ?3", "DESC", seq),
        Range::After(seq) => ("seq > ?3", "ASC", seq),
    };
    values.push(Value::from(i64::try_from(edge).unwrap_or(i64::MAX)));
    // One more than asked for tells whether there are more.
    values.push(Value::from(i64::from(query.limit) + 1));

    let sql = format!(
        "SELECT {} FROM (SELECT * FROM entries WHERE {scope} AND {range} ORDER BY seq {order} LIMIT ?4) \
         LEFT JOIN rooms USING (room) ORDER BY seq {order}",
        schema::ENTRY
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut entries = Vec::new();
    let mut bytes = 0;
    let mut more = false;
    while let Some(row) = rows.next()? {
        let entry = schema::entry(row)?;
        bytes += entry.text().len();
        if entries.len() == query.limit as usize || (bytes > MAX_PAGE_BYTES && !entries.is_empty()) {
            more = true;
            break;
        }
        entries.push(entry);
    }
    if order == "DESC" {
        entries.reverse();
    }
    Ok((entries, more))
}
