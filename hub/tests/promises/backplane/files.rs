//! The log as a file: it outlives its hub, old ones are brought up to date, and what is no log of ours is left alone.

use hub::backplane::{Backplane, Local, OpenError, Outcome, Range};

use crate::backplane::asked::{Asked, DAY, line, room};

#[tokio::test]
async fn a_log_on_disk_outlives_its_hub() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let epoch = log.backplane.known().epoch;
    let ana = log.claim("ana", None).await.unwrap();
    log.say(&ana, "Den", "1", "kept").await;
    log.backplane.close();

    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let known = log.backplane.known();
    assert_eq!((known.epoch, known.head), (epoch, 1));
    assert_eq!(known.owners.iter().map(|known| known.owner).collect::<Vec<_>>(), [ana.owner]);
    assert_eq!(known.rooms.iter().map(|room| room.name.as_str()).collect::<Vec<_>>(), ["Den"]);
    let again = log.append(line(&ana, "Den", "1", "sent again after the restart")).await;
    assert!(matches!(again, Outcome::Repeated { seq: 1, .. }));
    assert_eq!(log.say(&ana, "Den", "2", "next").await, 2);
    assert_eq!(log.claim("ana", Some(&ana.token)).await.unwrap().owner, ana.owner);
}

#[tokio::test]
async fn what_was_queued_before_the_close_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let ana = log.claim("ana", None).await.unwrap();
    for number in 0..500 {
        let ticket = log.ticket();
        log.backplane.append(ticket, line(&ana, "lobby", &number.to_string(), "words")).unwrap();
    }
    let Asked { backplane, mut tail, .. } = log;
    let heard = tokio::spawn(async move {
        let mut count = 0;
        while let Some(outcomes) = tail.recv().await {
            count += outcomes.len();
        }
        count
    });
    tokio::task::spawn_blocking(move || backplane.close()).await.unwrap();
    assert_eq!(heard.await.unwrap(), 500);
    assert_eq!(Local::open(folder.path(), DAY).unwrap().known().head, 500);
}

#[tokio::test]
async fn a_log_in_memory_begins_anew() {
    let one = Local::in_memory(DAY).unwrap().known();
    let other = Local::in_memory(DAY).unwrap().known();
    assert_ne!(one.epoch, other.epoch);
    assert_eq!(one.head, 0);
}

#[test]
fn a_log_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    Local::open(folder.path(), DAY).unwrap().close();
    let path = folder.path().join("hubbub.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Local::open(folder.path(), DAY).err().unwrap();
    assert!(matches!(error, OpenError::Newer(_, 99, _)), "{error}");
    assert!(error.to_string().contains("newer version"), "{error}");
    let version: i64 =
        rusqlite::Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_that_is_no_log_of_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE recipes (cake TEXT)").unwrap();
    assert!(matches!(Local::open(folder.path(), DAY).err().unwrap(), OpenError::Foreign(_)));

    std::fs::write(&path, "these are no tables at all, but long enough to look like some".repeat(100)).unwrap();
    assert!(matches!(Local::open(folder.path(), DAY).err().unwrap(), OpenError::Sqlite(..)));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_log() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _log = Local::open(folder.path(), DAY).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

/// Another program that holds the database's lock stands for every reason why a commit may fail.
#[tokio::test]
async fn a_failed_commit_refuses_its_requests_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let ana = log.claim("ana", None).await.unwrap();
    log.say(&ana, "lobby", "1", "before").await;

    let other = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = log.append(line(&ana, "lobby", "2", "cannot be kept")).await;
    assert!(matches!(refused, Outcome::Failed { .. }), "{refused:?}");
    assert_eq!(log.page(room("lobby"), Range::Newest, 50).await, (vec![1], false), "reads go on");
    other.execute_batch("ROLLBACK").unwrap();

    assert_eq!(log.say(&ana, "lobby", "2", "the same again").await, 2);
    assert_eq!(log.page(room("lobby"), Range::Newest, 50).await, (vec![1, 2], false));
}
