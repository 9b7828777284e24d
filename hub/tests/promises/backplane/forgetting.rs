//! What was taken back leaves the disk, while the hub runs and without anyone waiting for it.

use std::path::Path;
use std::time::{Duration, Instant};

use hub::backplane::{Backplane, Claimed, Local, Query, Range, What};
use shared::entry::Entry;

use crate::backplane::asked::{Asked, DAY, does, line, room};
use crate::backplane::storing;

/// Nothing here takes so long unless it hangs; the index is made at the least priority, and other tests run beside.
const DEADLINE: Duration = Duration::from_secs(120);

/// Letters that nothing else has: the index has neither texts nor words, but it has each letter. Of letters that begin
/// with the same bytes it writes only what differs, so in the texts each follows another one.
const SAID: &str = "龘";
const SAID_INSTEAD: &str = "齉";
const KEPT: &str = "麤";

/// Lines that make the index take them in at once.
const MANY: usize = 1_200;

fn open(folder: &Path) -> Asked {
    Asked::new(Local::open(folder, DAY).unwrap())
}

/// The files of a data directory in which a text stands.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let has = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    files.filter(has).map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

/// Waits until the files in which a text stands are as they should be.
async fn until(folder: &Path, text: &str, are: impl Fn(&[String]) -> bool) {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let files = files_with(folder, text);
        if are(&files) {
            return;
        }
        assert!(Instant::now() < deadline, "{text} is in {files:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn in_the_index(files: &[String]) -> bool {
    files.iter().any(|file| file.starts_with("search.db"))
}

/// Says lines that have what is to be forgotten, and so many others that the index has them.
async fn says(log: &mut Asked, ana: &Claimed, folder: &Path) -> Vec<u64> {
    let mut said = Vec::new();
    for number in 0..20 {
        // One in five is longer than a page.
        let text =
            format!("x{SAID} {}", format!("x{SAID}{number} ").repeat(if number % 5 == 0 { 900 } else { number }));
        said.push(log.say(ana, "den", &format!("s{number}"), &text).await);
    }
    log.adds_all((0..MANY).map(|number| line(ana, "den", &format!("m{number}"), &format!("q{KEPT} {number}")))).await;
    until(folder, SAID, in_the_index).await;
    said
}

fn edit(of: u64, text: &str) -> What {
    What::Edit { of, text: text.to_owned() }
}

#[tokio::test]
async fn what_was_taken_back_is_soon_in_no_file_of_a_running_hub() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let ana = log.claim("ana", None).await.unwrap();
    for of in says(&mut log, &ana, folder.path()).await {
        log.adds(does(
            &ana,
            "den",
            &format!("e{of}"),
            edit(of, &format!("z{SAID_INSTEAD} ").repeat(usize::try_from(of).unwrap() * 20)),
        ))
        .await;
        log.adds(does(&ana, "den", &format!("d{of}"), What::Delete { of })).await;
    }
    for gone in [SAID, SAID_INSTEAD] {
        until(folder.path(), gone, <[String]>::is_empty).await;
    }
    let kept = files_with(folder.path(), KEPT);
    assert!(
        in_the_index(&kept) && kept.contains(&"hubbub.db".to_owned()),
        "what was not taken back is there as before"
    );
}

#[tokio::test]
async fn what_a_line_said_before_it_was_edited_is_soon_in_no_file_either() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let ana = log.claim("ana", None).await.unwrap();
    for of in says(&mut log, &ana, folder.path()).await {
        log.adds(does(&ana, "den", &format!("e{of}"), edit(of, &format!("z{SAID_INSTEAD}")))).await;
    }
    until(folder.path(), SAID, <[String]>::is_empty).await;
    until(folder.path(), SAID_INSTEAD, in_the_index).await;
}

#[tokio::test]
async fn a_value_that_was_removed_from_the_store_is_soon_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let ana = log.claim("ana", None).await.unwrap();
    for round in 0..40 {
        for key in 0..5 {
            // Growing and shrinking, rows move.
            let value = format!("{SAID}{round} ").repeat((round * 37 + key * 11) % 90 + 1);
            let id = format!("{round}.{key}");
            log.adds(storing::put(&ana, &id, &format!("secret/{key}"), value.into(), None)).await;
        }
    }
    log.adds(storing::put(&ana, "kept", "kept", KEPT.into(), None)).await;
    for key in 0..5 {
        log.adds(storing::remove(&ana, &format!("r{key}"), &format!("secret/{key}"), None)).await;
    }
    until(folder.path(), SAID, <[String]>::is_empty).await;
    assert!(!files_with(folder.path(), KEPT).is_empty());
}

#[tokio::test]
async fn what_one_hub_had_no_time_for_the_next_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let ana = log.claim("ana", None).await.unwrap();
    let said = says(&mut log, &ana, folder.path()).await;
    log.adds_all(said.iter().map(|of| does(&ana, "den", &format!("d{of}"), What::Delete { of: *of }))).await;
    // At once, as the texts that the index is to let go of are still gathered.
    log.backplane.close();
    assert!(!files_with(folder.path(), SAID).is_empty());
    drop(log);
    let _next = open(folder.path());
    until(folder.path(), SAID, <[String]>::is_empty).await;
}

/// A reader that keeps all that comes from being brought into the log's file.
fn holds_the_wal(folder: &Path) -> rusqlite::Connection {
    let reader = rusqlite::Connection::open(folder.join("hubbub.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0)).unwrap();
    reader
}

fn count(folder: &Path, table: &str) -> i64 {
    let log = rusqlite::Connection::open(folder.join("hubbub.db")).unwrap();
    log.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// Killed or stopped, a hub that has emptied all but could not bring its WAL in any more leaves word of it.
#[tokio::test]
async fn a_hub_that_ends_behind_the_last_text_leaves_its_pages_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let ana = log.claim("ana", None).await.unwrap();
    let said = says(&mut log, &ana, folder.path()).await;
    let reader = holds_the_wal(folder.path());
    log.adds_all(said.iter().map(|of| does(&ana, "den", &format!("d{of}"), What::Delete { of: *of }))).await;
    let deadline = Instant::now() + DEADLINE;
    while count(folder.path(), "former") > 0 {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // As it is now, one that is killed leaves its files: nothing in the WAL goes while it is read.
    let killed = tempfile::tempdir().unwrap();
    for file in ["hubbub.db", "hubbub.db-wal"] {
        std::fs::copy(folder.path().join(file), killed.path().join(file)).unwrap();
    }
    log.backplane.close();
    drop(log);
    assert_eq!(count(folder.path(), "copies"), 1, "also one that was stopped in good order could not bring it in");
    drop(reader);

    for left in [killed.path(), folder.path()] {
        let _next = open(left);
        until(left, SAID, <[String]>::is_empty).await;
        let deadline = Instant::now() + DEADLINE;
        while count(left, "copies") > 0 {
            assert!(Instant::now() < deadline, "when all is done, no hub does it again");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Edits of one line: far more than are emptied in one step.
const EDITS: usize = 20_000;

#[tokio::test]
async fn a_line_that_was_edited_very_often_is_taken_back_without_anyone_waiting_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let ana = log.claim("ana", None).await.unwrap();
    let said = log.say(&ana, "den", "s", SAID).await;
    for round in 0..EDITS / 1_000 {
        let edits = (0..1_000).map(|number| {
            let text = format!("{SAID} {round}.{number} {}", "and so on ".repeat(20));
            does(&ana, "den", &format!("e{round}.{number}"), edit(said, &text))
        });
        log.adds_all(edits).await;
    }
    // Others' lines wait behind the deletion: some batches of them.
    let (before, others) = (Instant::now(), 2_000);
    let delete = does(&ana, "den", "d", What::Delete { of: said });
    let lines = (0..others).map(|number| line(&ana, "den", &format!("o{number}"), "others go on"));
    log.adds_all(std::iter::once(delete).chain(lines)).await;
    println!("a deletion and {others} lines of others took {:?}", before.elapsed());
    assert!(has_edits_with_a_text(folder.path()), "the whole of it was done before anyone else had their turn");
    // From the deletion on nobody is told, also where it is still to be overwritten.
    for after in [0, 1, EDITS as u64 / 2, EDITS as u64 - 100] {
        let query = Query { scope: room("den"), range: Range::After(after), limit: 100 };
        let (entries, _) = log.backplane.read(query).await.unwrap();
        assert!(entries.iter().all(|entry: &Entry| entry.text().is_empty()), "{after}");
    }
    until(folder.path(), SAID, <[String]>::is_empty).await;
}

/// Whether edits of the one line are still to be emptied. The newest is the last.
fn has_edits_with_a_text(folder: &Path) -> bool {
    let log = rusqlite::Connection::open(folder.join("hubbub.db")).unwrap();
    let newest = "SELECT text <> '' FROM entries WHERE of = 1 AND kind = 1 ORDER BY seq DESC LIMIT 1";
    log.query_row(newest, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_hub_that_ended_in_the_middle_of_it_leaves_the_rest_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let ana = log.claim("ana", None).await.unwrap();
    let said = log.say(&ana, "den", "s", SAID).await;
    for round in 0..5 {
        let edits = (0..1_000).map(|number| {
            does(&ana, "den", &format!("e{round}.{number}"), edit(said, &format!("{SAID} {round}.{number}")))
        });
        log.adds_all(edits).await;
    }
    log.backplane.close();
    drop(log);
    // As one that was killed behind the first step leaves it. Its index, which may have the line by now, would need the
    // texts that go with `former` to let go of it: so there is none either.
    without_the_index(folder.path());
    let file = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    file.execute_batch(
        "PRAGMA secure_delete = ON; UPDATE entries SET text = '', deleted = 1 WHERE seq = 1; DELETE FROM former; \
         UPDATE entries SET text = '' WHERE of = 1 AND seq <= 257; INSERT INTO forgetting VALUES (1, 257)",
    )
    .unwrap();
    drop(file);
    assert!(has_edits_with_a_text(folder.path()));
    let _next = open(folder.path());
    until(folder.path(), SAID, <[String]>::is_empty).await;
}

/// As where the index was never made.
fn without_the_index(folder: &Path) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("search.db")) {
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// Growing and shrinking, rows move between the pages of the log, and must leave nothing where they were.
#[tokio::test]
async fn lines_that_were_changed_often_leave_nothing_behind_wherever_they_stood() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let ana = log.claim("ana", None).await.unwrap();
    let text = |number: usize, round: usize| {
        let length = (number * 7919 + round * 104_729) % 1_500;
        format!("x{SAID} {}", format!("{SAID}{round} ").repeat(length / 8 + 1))
    };
    let lines = (0..400).map(|number| line(&ana, "den", &format!("s{number}"), &text(number, 0)));
    let said: Vec<u64> = log.adds_all(lines).await.iter().map(|said| said.entry.seq()).collect();
    for round in 1..8 {
        // Each time in another order.
        let edits =
            (0..400).map(|place| (place * (2 * round + 1) * 7 + 3) % 400).filter(|number| number % 3 != round % 3);
        let edits = edits
            .map(|number| does(&ana, "den", &format!("e{round}.{number}"), edit(said[number], &text(number, round))));
        let mut once = std::collections::BTreeSet::new();
        log.adds_all(edits.filter(|draft| once.insert(draft.id.clone()))).await;
    }
    let gone = said.iter().map(|of| does(&ana, "den", &format!("d{of}"), What::Delete { of: *of }));
    log.adds_all(gone).await;
    until(folder.path(), SAID, <[String]>::is_empty).await;
}
