//! The index against a model that looks at every line, and what becomes of an index that is not what it should be.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rusqlite::{Connection, params};
use shared::entry::Entry;

use super::index::{self, Index};
use super::scan::Stop;
use super::searcher::on_disk;
use super::signal::Signal;
use crate::backplane::local::{row, schema};
use crate::backplane::{OwnerId, Place, Search, Words};

/// Owners 1, 2 and 3 talk in rooms `a` and `b` and with each other.
fn log() -> Connection {
    let mut log = Connection::open_in_memory().unwrap();
    schema::create(&mut log).unwrap();
    for owner in 1..=3 {
        log.execute("INSERT INTO owners VALUES (?1, ?2, zeroblob(32), 0, NULL)", params![owner, format!("n{owner}")])
            .unwrap();
    }
    log.execute_batch("INSERT INTO rooms (room, key, name) VALUES (1, 'a', 'a'), (2, 'b', 'b')").unwrap();
    log
}

/// Where a line of the model stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Room(i64),
    Pair(i64, i64),
}

#[derive(Clone, Debug)]
struct Line {
    seq: i64,
    owner: i64,
    place: Where,
    text: String,
}

fn add(log: &Connection, line: &Line, kind: i64, of: Option<i64>) {
    let (room, low, high) = match line.place {
        Where::Room(room) => (Some(room), None, None),
        Where::Pair(low, high) => (None, Some(low), Some(high)),
    };
    log.execute(
        "INSERT INTO entries (seq, at, owner, id, nick, room, low, high, to_nick, text, kind, of) \
         VALUES (?1, ?2, ?3, ?4, 'n', ?5, ?6, ?7, 'm', ?8, ?9, ?10)",
        // Two lines at a time.
        params![line.seq, line.seq / 2 * 10, line.owner, format!("{}", line.seq), room, low, high, line.text, kind, of],
    )
    .unwrap();
}

/// Gives a line another text, as the entry `seq` is about to tell.
fn change(log: &Connection, line: i64, text: &str, seq: i64) {
    log.execute("INSERT INTO former SELECT ?2, seq, text FROM entries WHERE seq = ?1", [line, seq]).unwrap();
    log.execute("UPDATE entries SET text = ?2 WHERE seq = ?1", params![line, text]).unwrap();
}

/// All that an index knows: its grams, each with the number of lines that have it.
fn terms(folder: &Path) -> Vec<(String, i64)> {
    let index = Connection::open(folder.join("search.db")).unwrap();
    index.execute_batch("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, grams, row)").unwrap();
    let mut terms = index.prepare("SELECT term, doc FROM temp.terms ORDER BY term").unwrap();
    terms.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What happens to the log, one after the other.
#[derive(Clone, Debug)]
enum Step {
    Say {
        owner: i64,
        place: Where,
        text: String,
    },
    /// The line of this number, counted round, gets another text; an empty one is as good as a deletion.
    Change {
        line: usize,
        text: String,
    },
    /// The index takes in what there is.
    Index,
}

fn text() -> impl Strategy<Value = String> {
    "[aAéb東 ]{0,6}"
}

fn step() -> impl Strategy<Value = Step> {
    let place = prop_oneof![
        (1..=2_i64).prop_map(Where::Room),
        (1..=3_i64, 1..=3_i64).prop_map(|(one, other)| Where::Pair(one.min(other), one.max(other))),
    ];
    prop_oneof![
        6 => (1..=3_i64, place, text()).prop_map(|(owner, place, text)| Step::Say { owner, place, text }),
        2 => (any::<usize>(), text()).prop_map(|(line, text)| Step::Change { line, text }),
        2 => Just(Step::Index),
    ]
}

/// A query as it is typed, and the words it must mean.
fn query() -> impl Strategy<Value = (String, Vec<String>)> {
    let word = ("[aéb東A]{1,4}", Just(false));
    let phrase = ("[ab東]{1,2} [aéb東]{1,2}", Just(true));
    prop::collection::vec(prop_oneof![4 => word, 1 => phrase], 1..3).prop_map(|words| {
        let typed = |(word, quoted): &(String, bool)| if *quoted { format!("\"{word}\"") } else { word.clone() };
        let query = words.iter().map(typed).collect::<Vec<_>>().join(" ");
        (query, words.into_iter().map(|(word, _)| plain(&word)).collect())
    })
}

/// What folding does to the letters of these tests.
fn plain(text: &str) -> String {
    text.replace('A', "a").replace('é', "e").split_whitespace().collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_search_finds_what_a_look_at_every_line_finds(
        steps in prop::collection::vec(step(), 1..40),
        (query, words) in query(),
        places in prop::sample::subsequence(
            vec![Where::Room(1), Where::Room(2), Where::Pair(1, 2), Where::Pair(0, 3)], 1..=4),
        from in prop::option::of(1..=3_i64),
        since in prop::option::of(0..200_u64),
        until in prop::option::of(0..200_u64),
        limit in 1..4_u32,
    ) {
        let (log, folder) = (log(), tempfile::tempdir().unwrap());
        let mut index = Index::open(folder.path(), &log, "epoch", false).unwrap();
        let mut lines: Vec<Line> = Vec::new();
        let mut seq = 0;
        for step in steps {
            match step {
                Step::Say { owner, place, text } => {
                    seq += 1;
                    let line = Line { seq, owner, place, text };
                    add(&log, &line, row::LINE, None);
                    lines.push(line);
                }
                Step::Change { line, text } if !lines.is_empty() => {
                    let place = line % lines.len();
                    let line = &mut lines[place];
                    line.text = text;
                    seq += 1;
                    change(&log, line.seq, &line.text, seq);
                    add(&log, &Line { seq, ..line.clone() }, row::EDITED, Some(line.seq));
                }
                Step::Change { .. } => {}
                Step::Index => while index.advance(&log, &Signal::default()).unwrap() {},
            }
        }

        // (0, 3) stands for all that owner 3 whispered or was told.
        let place = |place: &Where| match *place {
            Where::Room(room) => Place::Room(if room == 1 { "a" } else { "b" }.to_owned()),
            Where::Pair(0, owner) => Place::Whispers(OwnerId(owner)),
            Where::Pair(one, other) => Place::Pair(OwnerId(other), OwnerId(one)),
        };
        let is_there = |line: &Line| places.iter().any(|place| match (*place, line.place) {
            (Where::Pair(0, owner), Where::Pair(low, high)) => low == owner || high == owner,
            (place, there) => place == there,
        });
        let expected: Vec<i64> = lines.iter().rev().filter(|line| {
            let (at, text) = ((line.seq / 2 * 10).cast_unsigned(), plain(&line.text));
            is_there(line) && words.iter().all(|word| text.contains(word))
                && from.is_none_or(|from| from == line.owner)
                && since.is_none_or(|since| at >= since) && until.is_none_or(|until| at < until)
        }).map(|line| line.seq).collect();

        let found = |index: Option<&Connection>| {
            let mut found: Vec<i64> = Vec::new();
            let mut search = Search {
                words: Words::parse(&query).unwrap(),
                places: places.iter().map(place).collect(),
                from: from.map(OwnerId), since, until, before: None, limit,
            };
            loop {
                let (page, more) = look(&log, index, &search);
                assert!(page.len() <= limit as usize && !(page.is_empty() && more));
                found.extend(&page);
                search.before = page.last().map(|seq| seq.cast_unsigned());
                if !more {
                    return found;
                }
            }
        };
        let reader = index::open_to_read(folder.path()).unwrap();
        prop_assert_eq!(&found(Some(&reader)), &expected, "by the index, for {}", query);
        prop_assert_eq!(&found(None), &expected, "line by line, for {}", query);
        drop(reader);

        let fresh = tempfile::tempdir().unwrap();
        let mut anew = Index::open(fresh.path(), &log, "epoch", false).unwrap();
        for index in [&mut index, &mut anew] {
            while index.advance(&log, &Signal::default()).unwrap() {}
        }
        prop_assert_eq!(terms(folder.path()), terms(fresh.path()), "it knows no more than one made anew");
    }
}

proptest! {
    /// A log in memory has no index: its writer looks at it slice by slice.
    #[test]
    fn no_text_and_no_query_is_too_strange_for_a_log_in_memory(
        texts in prop::collection::vec(any::<String>(), 1..20),
        query in any::<String>(),
        (line, from, letters) in any::<(prop::sample::Index, prop::sample::Index, u8)>(),
    ) {
        let log = log();
        for (seq, text) in (1..).zip(&texts) {
            add(&log, &Line { seq, owner: 1, place: Where::Room(1), text: text.clone() }, row::LINE, None);
        }
        let find = |query: &str| {
            let words = Words::parse(query).ok()?;
            let sliced = sliced(&log, &Search { words, ..search("x") });
            Some(sliced.iter().map(Entry::seq).collect::<Vec<_>>())
        };
        find(&query);
        let text = texts.get(line.index(texts.len())).unwrap();
        let piece: String = text.chars().skip(from.index(text.chars().count() + 1)).take(usize::from(letters)).collect();
        find(&piece);
        // Its quotes would hold words together.
        let whole = text.replace(['"', '“', '”', '„'], " ");
        if texts.len() <= 10 && whole == *text && let Some(found) = find(&whole) {
            prop_assert!(found.contains(&(line.index(texts.len()) as u64 + 1)), "{whole:?}");
        }
    }
}

/// What a log in memory is searched with, until there is nothing more to look at.
fn sliced(log: &Connection, search: &Search) -> Vec<Entry> {
    super::searcher::slices_of(log, search)
}

fn look(log: &Connection, index: Option<&Connection>, search: &Search) -> (Vec<i64>, bool) {
    let (entries, stopped) = on_disk(log, index, search, Instant::now() + Duration::from_secs(60)).unwrap();
    assert!(matches!(stopped, None | Some(Stop::Full)), "{stopped:?}");
    (entries.iter().map(|entry| entry.seq().cast_signed()).collect(), stopped.is_some())
}

/// A log of so many lines, each of which says its number.
fn numbered(lines: i64) -> Connection {
    let log = log();
    for seq in 1..=lines {
        add(&log, &Line { seq, owner: 1, place: Where::Room(1), text: format!("number {seq}") }, row::LINE, None);
    }
    log
}

fn search(query: &str) -> Search {
    let (words, places) = (Words::parse(query).unwrap(), vec![Place::Room("a".to_owned())]);
    Search { words, places, from: None, since: None, until: None, before: None, limit: 10 }
}

/// The index of a log, made up to its end.
fn made(folder: &Path, log: &Connection, epoch: &str) -> Index {
    let mut index = Index::open(folder, log, epoch, false).unwrap();
    while index.advance(log, &Signal::default()).unwrap() {}
    index
}

#[test]
fn an_index_that_is_there_is_gone_on_with() {
    let (folder, log) = (tempfile::tempdir().unwrap(), numbered(20));
    drop(made(folder.path(), &log, "epoch"));
    assert_eq!(Index::open(folder.path(), &log, "epoch", false).unwrap().reached(), 20);
    assert_eq!(Index::open(folder.path(), &log, "epoch", true).unwrap().reached(), 0, "unless it is not wanted");
}

#[test]
fn an_index_of_another_log_is_thrown_away() {
    let (folder, log) = (tempfile::tempdir().unwrap(), numbered(20));
    drop(made(folder.path(), &log, "epoch"));
    assert_eq!(Index::open(folder.path(), &log, "another", false).unwrap().reached(), 0);

    drop(made(folder.path(), &log, "another"));
    let shorter = numbered(10);
    assert_eq!(
        Index::open(folder.path(), &shorter, "another", false).unwrap().reached(),
        0,
        "an older copy of the log"
    );

    drop(made(folder.path(), &log, "another"));
    let other = numbered(30);
    other.execute("UPDATE entries SET id = 'went another way' WHERE seq = 20", []).unwrap();
    assert_eq!(
        Index::open(folder.path(), &other, "another", false).unwrap().reached(),
        0,
        "one that went on otherwise"
    );
}

#[test]
fn an_index_of_another_format_is_thrown_away() {
    let (folder, log) = (tempfile::tempdir().unwrap(), numbered(20));
    drop(made(folder.path(), &log, "epoch"));
    let file = Connection::open(folder.path().join("search.db")).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    assert_eq!(Index::open(folder.path(), &log, "epoch", false).unwrap().reached(), 0);
}

#[test]
fn what_is_no_index_is_thrown_away() {
    let (folder, log) = (tempfile::tempdir().unwrap(), numbered(20));
    let path = folder.path().join("search.db");
    drop(made(folder.path(), &log, "epoch"));
    for junk in [&b"no database at all, but longer than the header of one would be, which has a hundred bytes, so that it is read"[..], &[0; 8_192]] {
        fs::write(&path, junk).unwrap();
        assert_eq!(made(folder.path(), &log, "epoch").reached(), 20);
        let reader = index::open_to_read(folder.path()).unwrap();
        assert_eq!(look(&log, Some(&reader), &search("13")), (vec![13], false));
    }
}

#[test]
fn an_index_that_is_damaged_inside_is_known_for_damaged() {
    let (folder, log) = (tempfile::tempdir().unwrap(), numbered(2_000));
    drop(made(folder.path(), &log, "epoch"));
    let file = Connection::open(folder.path().join("search.db")).unwrap();
    file.execute("UPDATE grams_data SET block = zeroblob(7) WHERE id > 100", []).unwrap();
    drop(file);
    let reader = index::open_to_read(folder.path()).unwrap();
    let looked = on_disk(&log, Some(&reader), &search("1999"), Instant::now() + Duration::from_secs(60));
    let Err(Stop::Failed(error)) = looked else { panic!("{looked:?}") };
    assert!(index::is_damage(&error), "{error:?}");
}

#[test]
fn a_hub_that_stops_in_the_middle_of_a_batch_leaves_it_to_the_next() {
    let (folder, log) = (tempfile::tempdir().unwrap(), numbered(1_000));
    let closing = Signal::default();
    closing.close();
    let mut index = Index::open(folder.path(), &log, "epoch", false).unwrap();
    assert!(!index.advance(&log, &closing).unwrap());
    assert_eq!(index.reached(), 0);
    drop(index);

    assert_eq!(made(folder.path(), &log, "epoch").reached(), 1_000);
    let reader = index::open_to_read(folder.path()).unwrap();
    let (found, more) = look(&log, Some(&reader), &search("number"));
    assert_eq!((found, more), ((991..=1_000).rev().collect(), true));
}

/// Gives so many lines of the log another text, and the index none of it.
fn edited(log: &Connection, lines: i64) {
    for line in 1..=lines {
        let head: i64 = log.query_row("SELECT max(seq) FROM entries", [], |row| row.get(0)).unwrap();
        let text = format!("instead {line}");
        change(log, line, &text, head + 1);
        add(log, &Line { seq: head + 1, owner: 1, place: Where::Room(1), text }, row::EDITED, Some(line));
    }
}

#[test]
fn more_changes_than_one_batch_takes_are_taken_in_by_several() {
    let (folder, log) = (tempfile::tempdir().unwrap(), numbered(9));
    let mut index = made(folder.path(), &log, "epoch");
    // Twice each, so that what a line says next is not what it says in the end.
    edited(&log, 9);
    edited(&log, 9);
    add(&log, &Line { seq: 28, owner: 1, place: Where::Room(1), text: "new".to_owned() }, row::LINE, None);
    let mut batches = 0;
    while index.advance(&log, &Signal::default()).unwrap() {
        batches += 1;
        assert_eq!(index.reached(), if index.has_left_out() { 9 } else { 28 });
        assert!(index.taken() >= 9 + batches);
    }
    assert!(batches > 10, "{batches}");
    let fresh = tempfile::tempdir().unwrap();
    drop(made(fresh.path(), &log, "epoch"));
    assert_eq!(terms(folder.path()), terms(fresh.path()));
}

#[test]
fn an_index_is_not_looked_through_again_for_one_who_still_reads_it_nor_for_a_hub_that_stops() {
    let (folder, log) = (tempfile::tempdir().unwrap(), numbered(2_000));
    let mut index = made(folder.path(), &log, "epoch");
    let closing = Signal::default();
    closing.close();
    assert!(!index.blank(&closing).unwrap() && !index.is_blank());

    let reader = index::open_to_read(folder.path()).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT reached FROM state", [], |row| row.get::<_, i64>(0)).unwrap();
    edited(&log, 1);
    while index.advance(&log, &Signal::default()).unwrap() {}
    assert!(index.blank(&Signal::default()).unwrap());
    let before = Instant::now();
    assert!(!index.cut_off_wal().unwrap() && index.is_blank());
    assert!(before.elapsed() < Duration::from_secs(1), "it waits for nobody");
    drop(reader);
    assert!(index.cut_off_wal().unwrap() && index.is_blank());
    edited(&log, 1);
    while index.advance(&log, &Signal::default()).unwrap() {}
    assert!(!index.is_blank());
}

#[test]
fn a_search_ends_in_time_with_what_it_has() {
    let log = numbered(1_000);
    let late = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
    let (entries, stopped) = on_disk(&log, None, &search("nowhere to be found"), late).unwrap();
    assert!(matches!((entries.len(), stopped), (0, Some(Stop::Late))));
    let (entries, stopped) = on_disk(&log, None, &search("999"), late).unwrap();
    assert_eq!(entries.iter().map(Entry::seq).collect::<Vec<_>>(), [999]);
    assert!(matches!(stopped, Some(Stop::Late)));
}

#[test]
fn a_hub_that_stops_waits_for_the_index_no_longer_than_it_may() {
    let (signal, patience) = (Signal::default(), Duration::from_millis(100));
    let (held, waiting) = std::sync::mpsc::sync_channel::<()>(0);
    let before = Instant::now();
    assert!(!super::await_end(&waiting, &signal, patience), "it hangs");
    assert!(before.elapsed() >= patience);
    drop(held);
    assert!(super::await_end(&waiting, &signal, Duration::from_secs(60)), "it has ended");
}

#[test]
fn what_the_indexer_does_with_the_log_is_broken_off() {
    let (log, signal) = (log(), std::sync::Arc::new(Signal::default()));
    let (ended, indexing) = std::sync::mpsc::sync_channel::<()>(0);
    signal.may_break_off(log.get_interrupt_handle());
    let endless = std::thread::spawn(move || {
        let _ended = ended;
        let forever = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n";
        log.query_row(forever, [], |row| row.get::<_, i64>(0)).unwrap_err()
    });
    assert!(super::await_end(&indexing, &signal, Duration::from_secs(60)));
    let error = endless.join().unwrap();
    assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::OperationInterrupted));
}

#[test]
fn changes_without_a_text_do_not_hold_up_those_behind_them() {
    let (log, folder) = (log(), tempfile::tempdir().unwrap());
    let mut index = Index::open(folder.path(), &log, "epoch", false).unwrap();
    let empty = Line { seq: 1, owner: 1, place: Where::Room(1), text: String::new() };
    add(&log, &empty, row::LINE, None);
    assert!(index.advance(&log, &Signal::default()).unwrap());
    for (seq, text) in [(2, ""), (3, "more than fits in one batch")] {
        change(&log, 1, text, seq);
        add(&log, &Line { seq, text: text.to_owned(), ..empty.clone() }, row::EDITED, Some(1));
    }
    let steps = (0..10).take_while(|_| index.advance(&log, &Signal::default()).unwrap()).count();
    assert!(steps < 10, "it goes round for ever");
}
