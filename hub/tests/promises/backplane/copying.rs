//! A copy of a log holds what the log holds, as of one moment, and is another log once it is in a log's place.

use std::fs;
use std::path::Path;

use hub::backplane::{Backplane, Contents, CopyError, Local, OpenError};
use hub::signals::Stop;
use rusqlite::Connection;

use crate::backplane::asked::{Asked, DAY, line};
use crate::backplane::reopening::{TALK_OF_VERSION_1, VERSION_1};

/// Copies the log in a folder to a file there.
fn copy(folder: &Path) -> Result<Contents, CopyError> {
    Local::copy(folder, &folder.join("copy"), &Stop::default())
}

/// What is not the log's own in a folder.
fn others(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.starts_with("hubbub.db") && !name.starts_with("search.db")).collect()
}

/// A log with three lines, closed.
async fn a_log(folder: &Path) -> Local {
    let mut log = Asked::new(Local::open(folder, DAY).unwrap());
    let ana = log.claim("ana", None).await.unwrap();
    for id in ["1", "2", "3"] {
        log.adds(line(&ana, "den", id, "hi")).await;
    }
    log.backplane
}

#[tokio::test]
async fn a_copy_in_its_place_is_another_log_that_holds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let log = a_log(folder.path()).await;
    let before = log.known();
    let contents = copy(folder.path()).unwrap(); // while it is open
    assert_eq!((&contents.epoch, contents.entries, contents.files.len()), (&before.epoch, 3, 0));
    assert!(contents.newest > 0);
    log.close();
    assert_eq!(others(folder.path()), ["copy"]);

    let other = tempfile::tempdir().unwrap();
    let stop = Stop::default();
    assert_eq!(Local::look_through(&folder.path().join("copy"), &stop).unwrap(), contents);
    Local::put_in_place(&folder.path().join("copy"), other.path(), &stop).unwrap();
    assert_eq!(others(folder.path()).len(), 0);
    let restored = Local::open(other.path(), DAY).unwrap().known();
    assert_eq!((restored.head, &restored.owners[0].nick), (3, &"ana".to_owned()));
    assert_ne!(restored.epoch, before.epoch);
}

#[tokio::test]
async fn a_log_of_an_older_version_stays_as_it_is_and_its_copy_is_of_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.db");
    let file = Connection::open(&path).unwrap();
    file.execute_batch(&format!("{VERSION_1} {TALK_OF_VERSION_1}")).unwrap();
    let version =
        |file: &Connection| file.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).unwrap();
    let of_old: i64 = file.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    let contents = copy(folder.path()).unwrap();
    assert_eq!((contents.epoch.as_str(), contents.entries), ("the epoch", of_old.cast_unsigned()));
    assert_eq!(version(&file), 1);
    assert_eq!(version(&Connection::open(folder.path().join("copy")).unwrap()), Local::FORMAT);
    assert!(matches!(Local::export(folder.path(), 0), Err(CopyError::Older(_))));
}

#[tokio::test]
async fn a_log_in_which_an_entry_is_missing_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    a_log(folder.path()).await.close();
    assert_eq!(Local::examine(folder.path()).unwrap().entries, 3);
    let file = Connection::open(folder.path().join("hubbub.db")).unwrap();
    file.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM entries WHERE seq = 2").unwrap();
    for damaged in [copy(folder.path()).unwrap_err(), Local::examine(folder.path()).unwrap_err()] {
        assert!(matches!(&damaged, CopyError::Damaged(_, what) if what == "of 3 entries 2 are there"), "{damaged}");
        assert!(damaged.to_string().contains("hubbub.db"), "{damaged}");
    }
}

#[tokio::test]
async fn what_the_hub_is_still_to_forget_is_not_in_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    a_log(folder.path()).await.close();
    let file = Connection::open(folder.path().join("hubbub.db")).unwrap();
    // As a hub that was killed right behind the deletion of a line with very many edits leaves it.
    file.execute_batch(
        "INSERT INTO entries (seq, at, owner, id, nick, room, text, kind, of)
             VALUES (4, 5, 1, '4', 'ana', 1, 'a swordfish', 1, 1), (5, 5, 1, '5', 'ana', 1, '', 2, 1);
         UPDATE entries SET text = '', deleted = 1, changed = 5 WHERE seq = 1;
         INSERT INTO former (seq, line, text) VALUES (5, 1, 'a swordfish, formerly');
         INSERT INTO forgetting (line, done) VALUES (1, 0);",
    )
    .unwrap();
    assert_eq!(copy(folder.path()).unwrap().entries, 5);
    let bytes = fs::read(folder.path().join("copy")).unwrap();
    assert!(!bytes.windows(9).any(|window| window == b"swordfish"));
    assert_eq!(others(folder.path()), ["copy"]);
}

#[tokio::test]
async fn whoever_stops_it_gets_none() {
    let folder = tempfile::tempdir().unwrap();
    let log = a_log(folder.path()).await;
    log.close();
    let file = Connection::open(folder.path().join("hubbub.db")).unwrap();
    file.execute_batch(
        "WITH RECURSIVE n (n) AS (VALUES (4) UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
         INSERT INTO entries (seq, at, owner, id, nick, room, text) SELECT n, 5, 1, 'x' || n, 'ana', 1, 'hi' FROM n",
    )
    .unwrap();
    let stop = Stop::default();
    stop.ask();
    let stopped = Local::copy(folder.path(), &folder.path().join("copy"), &stop);
    assert!(matches!(stopped, Err(CopyError::Stopped)), "{stopped:?}");
    assert!(!folder.path().join("copy").exists());
}

#[tokio::test]
async fn what_is_no_log_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(copy(folder.path()), Err(CopyError::NoLog(_))));
    let file = Connection::open(folder.path().join("hubbub.db")).unwrap();
    file.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    assert!(matches!(copy(folder.path()), Err(CopyError::Open(OpenError::Foreign(_)))));
    file.execute_batch("PRAGMA application_id = 0x48554242; PRAGMA user_version = 99").unwrap();
    assert!(matches!(copy(folder.path()), Err(CopyError::Open(OpenError::Newer(_, 99, _)))));
}
