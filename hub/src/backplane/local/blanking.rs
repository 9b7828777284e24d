//! Overwrites what stands between the rows of a database's pages.
//!
//! `secure_delete` overwrites rows where they are deleted; but when rows are moved to another page, because one beside
//! them grew or shrank, SQLite leaves a copy behind in the room that this gives. Should such a row be taken back later,
//! its copy is still there. The room has no meaning, so it may be overwritten at any time: page by page, through
//! SQLite's own table of its pages (`sqlite_dbpage`, which `.cargo/config.toml` asks for).

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, params};

/// The first page begins with the header of the whole file.
const FILE_HEADER: usize = 100;

/// From so many pages on (128 GiB) one that holds the rest of a long row may look like one of rows: it begins with the
/// number of the next, which then may begin as theirs do.
const MAX_PAGES: u32 = 2 << 24;

/// Overwrites the room between the rows of so many pages from that one on, in a transaction that the caller has begun.
/// Where to go on, if there are more. Does nothing to a database that has grown too large for it.
pub(super) fn blank(database: &Connection, from: u32, pages: u32) -> rusqlite::Result<Option<u32>> {
    if !is_possible(database)? {
        return Ok(None);
    }
    let count: u32 = database.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let Some(end) = end(from, pages, count) else { return Ok(None) };
    let mut read = database.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
    let mut write = database.prepare_cached("UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1")?;
    for number in from..end {
        let blanked = read
            .query_row([number], |row| {
                let page = row.get_ref(0)?.as_blob()?;
                let room = room(page, number == 1).filter(|room| page[room.clone()].iter().any(|byte| *byte != 0));
                Ok(room.map(|room| {
                    let mut page = page.to_vec();
                    page[room].fill(0);
                    page
                }))
            })
            .optional()?;
        if let Some(page) = blanked.flatten() {
            write.execute(params![number, page])?;
        }
    }
    Ok(Some(end).filter(|end| *end <= count))
}

/// Behind the last page to be looked at, of so many that there are; none where pages cannot be told apart.
fn end(from: u32, pages: u32, count: u32) -> Option<u32> {
    (count < MAX_PAGES).then(|| from.saturating_add(pages).min(count + 1))
}

/// Whether SQLite was built with its table of pages.
pub(super) fn is_possible(database: &Connection) -> rusqlite::Result<bool> {
    database.prepare_cached("SELECT 1 FROM pragma_module_list WHERE name = 'sqlite_dbpage'")?.exists([])
}

/// The room between the list of a page's rows and the first of them (SQLite's file format, 1.6); none where the page is
/// no page of rows.
fn room(page: &[u8], first: bool) -> Option<Range<usize>> {
    let header = if first { FILE_HEADER } else { 0 };
    let number = |at: usize| Some(usize::from(u16::from_be_bytes([*page.get(at)?, *page.get(at + 1)?])));
    let header_length = match page.get(header)? {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return None,
    };
    let begin = header + header_length + 2 * number(header + 3)?;
    let end = match number(header + 5)? {
        0 => 65_536,
        end => end,
    };
    (begin <= end && end <= page.len()).then_some(begin..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_of_a_page_is_between_its_list_and_its_rows() {
        let mut page = vec![0; 4096];
        page[..8].copy_from_slice(&[13, 0, 0, 0, 3, 0x0f, 0, 0]);
        assert_eq!(room(&page, false), Some(14..0x0f00));
        page[0] = 5;
        assert_eq!(room(&page, false), Some(18..0x0f00));
        let mut first = vec![0; 4096];
        first[100..108].copy_from_slice(&[13, 0, 0, 0, 1, 0x0e, 0, 0]);
        assert_eq!(room(&first, true), Some(110..0x0e00));
    }

    #[test]
    fn a_database_so_large_that_pages_cannot_be_told_apart_is_left_alone() {
        assert_eq!(end(1, 512, 2_000), Some(513));
        assert_eq!(end(1_537, 512, 2_000), Some(2_001));
        // Page 0x0200_0000 is the first whose number begins like a page of an index.
        assert_eq!(end(1, 512, 0x01ff_ffff), Some(513));
        assert_eq!(end(1, 512, 0x0200_0000), None);
    }

    #[test]
    fn what_is_no_page_of_rows_is_left_alone() {
        let page = |begin: &[u8]| {
            let mut page = vec![0; 4096];
            page[..begin.len()].copy_from_slice(begin);
            page
        };
        for (page, why) in [
            (page(&[0, 0, 0, 7]), "the rest of a long row"),
            (page(&[]), "a free page"),
            (page(&[13, 0, 0, 0x10, 0, 0x0f, 0]), "more rows than there is room for"),
            (page(&[13, 0, 0, 0, 0, 0x20, 0]), "rows behind the end"),
            (page(&[13, 0, 0, 0, 0, 0, 0]), "a page of 64 KiB, which this is not"),
            (vec![], "nothing"),
            (vec![13, 0], "too short"),
        ] {
            assert_eq!(room(&page, false), None, "{why}");
        }
    }

    #[test]
    fn rows_that_moved_leave_no_copy_once_the_room_is_overwritten_and_all_else_is_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let database = Connection::open(&path).unwrap();
        database.pragma_update(None, "secure_delete", "ON").unwrap();
        database.pragma_update(None, "synchronous", "OFF").unwrap();
        database.execute_batch("CREATE TABLE lines (seq INTEGER PRIMARY KEY, text TEXT)").unwrap();
        let set = |seq: u32, text: String| {
            database.execute("INSERT OR REPLACE INTO lines VALUES (?1, ?2)", params![seq, text]).unwrap();
        };
        for round in 0..6 {
            for seq in (0..300).map(|place| place * 7 % 300) {
                set(seq, "secret ".repeat((seq as usize * 31 + round * 97) % 150));
            }
        }
        (0..300).for_each(|seq| set(seq, format!("kept {seq}")));
        let left = || std::fs::read(&path).unwrap().windows(6).any(|window| window == b"secret");
        assert!(left(), "SQLite leaves copies behind");

        let mut from = Some(1);
        while let Some(page) = from {
            database.execute_batch("BEGIN IMMEDIATE").unwrap();
            from = blank(&database, page, 3).unwrap();
            database.execute_batch("COMMIT").unwrap();
        }
        assert!(!left());
        let (count, sum): (u32, u32) = database
            .query_row("SELECT count(*), sum(text = 'kept ' || seq) FROM lines", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((count, sum), (300, 300));
        let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
}
