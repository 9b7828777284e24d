//! Lines are found by any part of a word, in any script, by those who may read them.
//!
//! Each promise holds for lines that the index knows and for lines that it does not know yet, and for a log in memory.

use std::path::Path;
use std::time::{Duration, Instant};

use hub::backplane::{Backplane, Claimed, Draft, Local, OwnerId, Place, Query, Range, ReadError, Search, What, Words};
use rusqlite::{Connection, OpenFlags};
use shared::entry::Entry;
use tempfile::TempDir;

use crate::backplane::asked::{Asked, DAY, line, whisper};

/// Entries that wait for each other before they are indexed, and as many again: the older half is in the index.
const INDEXED: usize = 2 * 1_024;

/// How long to wait for the index.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs promises over a log whose lines are in the index, one whose lines are not, and one in memory.
macro_rules! promises {
    ($($name:ident;)*) => {
        mod in_the_index {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Library::on_disk(true)).await;
            })*
        }
        mod not_yet_in_the_index {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Library::on_disk(false)).await;
            })*
        }
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Library::in_memory()).await;
            })*
        }
    };
}

promises! {
    any_part_of_a_word_in_any_script_is_found;
    one_and_two_characters_are_found;
    spellings_do_not_matter;
    several_words_are_all_of_them_and_quoted_ones_stand_together;
    the_newest_comes_first_and_pages_hold_each_line_once;
    a_search_is_of_places_and_of_a_person;
    a_search_is_of_days;
    nobody_finds_what_others_whisper;
    signs_of_query_languages_mean_themselves;
    long_texts_make_short_pages;
    words_of_many_forms_are_found_at_their_ends;
    what_a_line_says_now_is_found;
    what_is_no_line_is_not_found;
}

/// A log to search in.
struct Library {
    log: Asked,
    /// Where it is on disk.
    folder: Option<TempDir>,
    /// Its lines are to be in the index.
    indexed: bool,
}

impl Library {
    fn on_disk(indexed: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Asked::new(Local::open(folder.path(), DAY).unwrap());
        Self { log, folder: Some(folder), indexed }
    }

    fn in_memory() -> Self {
        Self { log: Asked::new(Local::in_memory(DAY).unwrap()), folder: None, indexed: false }
    }

    /// What was said so far is as old as this library wants it. What is said for that is in no other room.
    async fn settled(&mut self) {
        if let (true, Some(folder)) = (self.indexed, &self.folder) {
            let head = filled(&mut self.log).await;
            indexed(folder.path(), head - INDEXED as u64 + 1).await;
        }
    }

    /// Says lines in a room, and settles; their `seq`.
    async fn says(&mut self, who: &Claimed, room: &str, texts: &[&str]) -> Vec<u64> {
        let mut seqs = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            seqs.push(self.log.say(who, room, &format!("{room} {number} {text}"), text).await);
        }
        self.settled().await;
        seqs
    }

    async fn finds(&self, search: Search) -> Vec<u64> {
        let (found, more) = page(&self.log, search).await;
        assert!(!more);
        found
    }
}

/// Says so much that what was said before is indexed; the last `seq`.
async fn filled(log: &mut Asked) -> u64 {
    let nick = format!("filler{}", rand::random::<u32>());
    let filler = log.claim(&nick, None).await.unwrap();
    let lines = (0..INDEXED).map(|number| line(&filler, "attic", &number.to_string(), "words, words"));
    log.adds_all(lines).await.last().unwrap().entry.seq()
}

/// Waits until the index has all up to a `seq`.
async fn indexed(folder: &Path, seq: u64) {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let reached = || -> rusqlite::Result<i64> {
        let index = Connection::open_with_flags(folder.join("search.db"), flags)?;
        index.query_row("SELECT reached FROM state", [], |row| row.get(0))
    };
    let begun = Instant::now();
    while reached().unwrap_or(0).cast_unsigned() < seq {
        assert!(begun.elapsed() < PATIENCE, "the index has not come to {seq}: {:?}", reached());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn page(log: &Asked, search: Search) -> (Vec<u64>, bool) {
    let (entries, more) = log.backplane.search(search).await.unwrap();
    (entries.iter().map(Entry::seq).collect(), more)
}

/// In the lobby and the den.
fn search(query: &str) -> Search {
    let places = ["lobby", "den"].map(|room| Place::Room(room.to_owned())).to_vec();
    let words = Words::parse(query).unwrap();
    Search { words, places, from: None, since: None, until: None, before: None, limit: 50 }
}

async fn any_part_of_a_word_in_any_script_is_found(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let texts = [
        "The kettle is boiling",
        "Чайник уже кипит",
        "الغلاية تغلي الآن",
        "กาน้ำกำลังเดือด",
        "水壶里的水开了",
        "やかんのお湯が沸いています",
        "주전자가 끓고 있어요",
        "केतली उबल रही है",
        "the 🫖 says 👩‍💻🎉",
    ];
    let seqs = library.says(&ana, "lobby", &texts).await;
    for (query, place) in [
        ("kettle", 0),
        ("ettl", 0),
        ("OILING", 0),
        ("айни", 1),
        ("غلاي", 2),
        ("กำลัง", 3),
        ("เดือด", 3),
        ("壶里的", 4),
        ("水开了", 4),
        ("お湯が沸", 5),
        ("전자가", 6),
        ("उबल", 7),
        ("🫖", 8),
        ("👩‍💻🎉", 8),
        ("🎉", 8),
    ] {
        assert_eq!(library.finds(search(query)).await, [seqs[place]], "{query}");
    }
    assert_eq!(library.finds(search("kettles")).await, [0_u64; 0]);
}

async fn one_and_two_characters_are_found(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let seqs = library.says(&ana, "lobby", &["jazz", "水开了", "x", "ok", "is it ok"]).await;
    for (query, places) in [
        ("z", vec![0]),
        ("zz", vec![0]),
        ("jz", vec![]),
        ("水", vec![1]),
        ("开了", vec![1]),
        ("了", vec![1]),
        ("水了", vec![]),
        ("x", vec![2]),
        ("ok", vec![4, 3]),
        ("k", vec![4, 3]),
    ] {
        let expected: Vec<u64> = places.into_iter().map(|place: usize| seqs[place]).collect();
        assert_eq!(library.finds(search(query)).await, expected, "{query}");
    }
}

async fn spellings_do_not_matter(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let seqs = library.says(&ana, "lobby", &["Ein Café an der Straße", "ＨＵＢＢＵＢ １２", "Ёжик", "が"]).await;
    for (query, place) in [
        ("cafe", 0),
        ("CAFÉ", 0),
        ("cafe\u{301}", 0),
        ("strasse", 0),
        ("hubbub 12", 1),
        ("ёж", 2),
        ("ежик", 2),
        ("が", 3),
    ] {
        assert_eq!(library.finds(search(query)).await, [seqs[place]], "{query}");
    }
    assert_eq!(library.finds(search("か")).await, [0_u64; 0], "another letter");
}

async fn several_words_are_all_of_them_and_quoted_ones_stand_together(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let seqs = library.says(&ana, "lobby", &["tea for two", "two for tea", "tea\nfor  two of us", "tea"]).await;
    for (query, places) in [
        ("two tea", vec![2, 1, 0]),
        ("wo ea", vec![2, 1, 0]),
        ("\"tea for\"", vec![2, 0]),
        ("“tea for two”", vec![2, 0]),
        ("\"for t\" us", vec![2]),
        ("\"two for", vec![1]),
        ("\"ea fo\"", vec![2, 0]),
        ("tea coffee", vec![]),
        ("\"two tea\"", vec![]),
    ] {
        let expected: Vec<u64> = places.into_iter().map(|place: usize| seqs[place]).collect();
        assert_eq!(library.finds(search(query)).await, expected, "{query}");
    }
}

async fn the_newest_comes_first_and_pages_hold_each_line_once(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let texts: Vec<String> = (0..60).map(|number| format!("{} {number}", ["even", "odd"][number % 2])).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut expected: Vec<u64> = library.says(&ana, "lobby", &texts).await.into_iter().step_by(2).collect();
    // And some that came later.
    expected.push(library.log.say(&ana, "lobby", "even later", "even later").await);
    expected.push(library.log.say(&ana, "den", "not the end", "even now").await);
    expected.reverse();
    for limit in [1, 7, 31, 32, 33] {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let (page, more) = page(&library.log, Search { before, limit, ..search("even") }).await;
            assert!(page.len() == limit as usize || !more, "no page is shorter than it need be");
            before = page.last().copied();
            found.extend(page);
            if !more {
                break;
            }
        }
        assert_eq!(found, expected, "by {limit}");
    }
    let nothing = page(&library.log, Search { before: Some(1), ..search("even") }).await;
    assert_eq!(nothing, (vec![], false));
    let all = page(&library.log, Search { before: Some(u64::MAX), ..search("even") }).await;
    assert_eq!(all, (expected, false));
}

async fn a_search_is_of_places_and_of_a_person(mut library: Library) {
    let (ana, bob) = (library.log.claim("ana", None).await.unwrap(), library.log.claim("bob", None).await.unwrap());
    let lobby = library.log.say(&ana, "lobby", "1", "a word").await;
    let den = library.log.say(&bob, "den", "2", "a word").await;
    let told = library.log.adds(whisper(&ana, &bob, "3", "a word")).await.entry.seq();
    let answered = library.log.adds(whisper(&bob, &ana, "4", "a word")).await.entry.seq();
    let noted = library.log.adds(whisper(&ana, &ana, "5", "a word")).await.entry.seq();
    library.settled().await;

    let of = |places: &[Place], from: Option<&Claimed>| Search {
        places: places.to_vec(),
        from: from.map(|from| from.owner),
        ..search("word")
    };
    let room = |key: &str| Place::Room(key.to_owned());
    let (pair, alone) = (Place::Pair(bob.owner, ana.owner), Place::Pair(ana.owner, ana.owner));
    let (anas, bobs) = (Place::Whispers(ana.owner), Place::Whispers(bob.owner));
    for (places, from, expected) in [
        (vec![room("lobby")], None, vec![lobby]),
        (vec![room("den"), room("lobby")], None, vec![den, lobby]),
        (vec![room("den"), room("lobby")], Some(&ana), vec![lobby]),
        (vec![pair.clone()], None, vec![answered, told]),
        (vec![pair], Some(&bob), vec![answered]),
        (vec![alone], None, vec![noted]),
        (vec![anas.clone()], None, vec![noted, answered, told]),
        (vec![bobs], None, vec![answered, told]),
        (vec![room("den"), anas], Some(&bob), vec![answered, den]),
        (vec![room("nowhere")], None, vec![]),
        (vec![], None, vec![]),
    ] {
        assert_eq!(library.finds(of(&places, from)).await, expected, "{places:?} {from:?}");
    }
    let nobody = Search { from: Some(OwnerId(0)), ..search("word") };
    assert_eq!(library.finds(nobody).await, [0_u64; 0]);
    // Of very many places none is left out.
    let crowd = (0..1_000).map(|number| Place::Room(format!("room{number}"))).chain([room("den")]).collect::<Vec<_>>();
    assert_eq!(library.finds(of(&crowd, None)).await, [den]);
}

async fn a_search_is_of_days(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let mut said = Vec::new();
    for number in 0..5 {
        let committed = library.log.adds(line(&ana, "lobby", &number.to_string(), "a word")).await;
        said.push((committed.entry.seq(), committed.entry.at()));
        crate::backplane::asked::later().await;
    }
    library.settled().await;
    let within = |since, until| Search { since, until, ..search("word") };
    let seqs = |range: std::ops::Range<usize>| said[range].iter().rev().map(|(seq, _)| *seq).collect::<Vec<_>>();
    for (since, until, expected) in [
        (Some(said[2].1), None, seqs(2..5)),
        (None, Some(said[2].1), seqs(0..2)),
        (Some(said[1].1), Some(said[3].1), seqs(1..3)),
        (Some(said[1].1 + 1), Some(said[1].1 + 1), vec![]),
        (Some(0), Some(u64::MAX), seqs(0..5)),
        (Some(u64::MAX), None, vec![]),
        (None, Some(0), vec![]),
        (Some(said[3].1), Some(said[1].1), vec![]),
    ] {
        assert_eq!(library.finds(within(since, until)).await, expected, "{since:?} to {until:?}");
    }
    let found = library.finds(Search { before: Some(said[3].0), ..within(Some(said[1].1), None) }).await;
    assert_eq!(found, seqs(1..3), "and by position at once");
}

async fn nobody_finds_what_others_whisper(mut library: Library) {
    let (ana, bob) = (library.log.claim("ana", None).await.unwrap(), library.log.claim("bob", None).await.unwrap());
    let eve = library.log.claim("eve", None).await.unwrap();
    library.log.adds(whisper(&ana, &bob, "1", "a secret")).await;
    library.log.say(&ana, "elsewhere", "2", "a secret").await;
    library.settled().await;
    let places = [search("x").places, vec![Place::Whispers(eve.owner), Place::Pair(eve.owner, bob.owner)]].concat();
    for query in ["secret", "a", "ecr", "se"] {
        assert_eq!(library.finds(Search { places: places.clone(), ..search(query) }).await, [0_u64; 0], "{query}");
    }
}

async fn signs_of_query_languages_mean_themselves(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let texts = ["a* OR b", "text:c NEAR(x y)", "100 % of 'it'; DROP TABLE--", "^{-}", "room1 from1 with1"];
    let seqs = library.says(&ana, "lobby", &texts).await;
    for (query, places) in [
        ("a*", vec![0]),
        ("OR", vec![0]),
        ("a OR b", vec![0]),
        ("NOT a", vec![]),
        ("text:c", vec![1]),
        ("text:", vec![1]),
        ("NEAR(x", vec![1]),
        ("x y)", vec![1]),
        ("'it';", vec![2]),
        ("%", vec![2]),
        ("--", vec![2]),
        ("table--", vec![2]),
        ("^{-}", vec![3]),
        ("-", vec![3, 2]),
        ("+", vec![]),
        ("room1", vec![4]),
        ("from", vec![4]),
        ("pair", vec![]),
        ("room1 room2", vec![]),
        ("\\", vec![]),
        ("a\"*", vec![0]),
    ] {
        let expected: Vec<u64> = places.into_iter().map(|place: usize| seqs[place]).collect();
        assert_eq!(library.finds(search(query)).await, expected, "{query}");
    }
}

async fn long_texts_make_short_pages(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let long = "lengthy ".repeat(2_000);
    let texts = vec![long.as_str(); 20];
    let texts: Vec<String> = texts.iter().enumerate().map(|(number, text)| format!("{text}{number}")).collect();
    let mut seqs = library.says(&ana, "lobby", &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    seqs.reverse();
    let (mut found, mut before, mut pages) = (Vec::new(), None, 0);
    loop {
        let (page, more) = page(&library.log, Search { before, ..search("lengthy") }).await;
        assert!(page.len() < 10, "{}", page.len());
        before = page.last().copied();
        found.extend(page);
        pages += 1;
        if !more {
            break;
        }
    }
    assert_eq!(found, seqs);
    assert!(pages >= 3);
    let word = "x".repeat(16 * 1024);
    let seq = library.log.say(&ana, "lobby", "word", &word).await;
    library.settled().await;
    assert_eq!(library.finds(search(&"x".repeat(256))).await, [seq]);
}

async fn words_of_many_forms_are_found_at_their_ends(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let seqs = library.says(&ana, "lobby", &["(brackets)", "https://example.org/a?b=c", "end."]).await;
    for (query, place) in [("brackets)", 0), ("s)", 0), (")", 0), ("?b=c", 1), ("c", 0), ("//example", 1), ("d.", 2)] {
        let found = library.finds(search(query)).await;
        assert_eq!(found.last(), Some(&seqs[place]), "{query}");
    }
}

async fn what_a_line_says_now_is_found(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let seqs = library.says(&ana, "lobby", &["a kettel", "a teapot", "a cup"]).await;
    let change = |id: &str, what| Draft { what, ..line(&ana, "lobby", id, "") };
    library.log.adds(change("mended", What::Edit { of: seqs[0], text: "a kettle".to_owned() })).await;
    library.log.adds(change("back", What::Delete { of: seqs[1] })).await;
    for _settled in 0..2 {
        for (query, places) in [
            ("kettel", vec![]),
            ("kettle", vec![0]),
            ("tl", vec![0]),
            ("teapot", vec![]),
            ("a", vec![2, 0]),
            ("c", vec![2]),
        ] {
            let expected: Vec<u64> = places.into_iter().map(|place: usize| seqs[place]).collect();
            assert_eq!(library.finds(search(query)).await, expected, "{query}");
        }
        library.settled().await;
    }
    let page = library.log.backplane.search(search("kettle")).await.unwrap();
    let history = Query { scope: crate::backplane::asked::room("lobby"), range: Range::After(0), limit: 1 };
    assert_eq!(page.0, library.log.backplane.read(history).await.unwrap().0, "and is as it is in the history");
}

async fn what_is_no_line_is_not_found(mut library: Library) {
    let ana = library.log.claim("ana", None).await.unwrap();
    let seqs = library.says(&ana, "lobby", &["a line"]).await;
    let other = |id: &str, what| Draft { what, ..line(&ana, "lobby", id, "") };
    library.log.adds(other("topic", What::Topic { topic: "a line of thought".to_owned() })).await;
    library.log.adds(other("reaction", What::React { of: seqs[0], emoji: "🎉".to_owned(), on: true })).await;
    library.settled().await;
    assert_eq!(library.finds(search("line")).await, seqs);
    assert_eq!(library.finds(search("🎉")).await, [0_u64; 0]);
}

#[tokio::test]
async fn a_line_is_found_as_soon_as_it_was_told_of() {
    for mut library in [Library::on_disk(false), Library::in_memory()] {
        let ana = library.log.claim("ana", None).await.unwrap();
        for round in 0..60 {
            let texts = (0..50).map(|number| format!("line{round}-{number}."));
            let lines = texts.clone().map(|text| line(&ana, "lobby", &text, &text));
            let said = library.log.adds_all(lines).await;
            for (text, said) in texts.zip(said).step_by(7) {
                assert_eq!(library.finds(search(&text)).await, [said.entry.seq()], "while the index comes and goes");
            }
        }
    }
}

#[tokio::test]
async fn an_index_that_was_deleted_is_made_anew() {
    let mut library = Library::on_disk(true);
    let ana = library.log.claim("ana", None).await.unwrap();
    let seqs = library.says(&ana, "lobby", &["a needle", "hay"]).await;
    library.log.backplane.close();
    let folder = library.folder.unwrap();
    for junk in [None, Some(&[7; 10_000]), None] {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("search.db{end}")));
        }
        if let Some(junk) = junk {
            std::fs::write(folder.path().join("search.db"), junk).unwrap();
        }
        let log = Asked::new(Local::open(folder.path(), DAY).unwrap());
        assert_eq!(page(&log, search("needle")).await, (vec![seqs[0]], false), "while it is made");
        indexed(folder.path(), seqs[1]).await;
        assert_eq!(page(&log, search("needle")).await, (vec![seqs[0]], false), "and by it");
        log.backplane.close();
    }
}

#[tokio::test]
async fn an_index_that_is_damaged_under_way_is_done_without_and_made_anew() {
    let mut library = Library::on_disk(true);
    let ana = library.log.claim("ana", None).await.unwrap();
    let seqs = library.says(&ana, "lobby", &["a needle", "hay"]).await;
    let path = library.folder.as_ref().unwrap().path().join("search.db");
    let index = Connection::open(&path).unwrap();
    index.execute("UPDATE grams_data SET block = zeroblob(7) WHERE id > 100", []).unwrap();
    drop(index);
    assert_eq!(library.finds(search("needle")).await, [seqs[0]]);

    let begun = Instant::now();
    let known = || -> rusqlite::Result<i64> {
        let index = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        index.query_row("SELECT count(*) FROM grams WHERE grams MATCH 'nee'", [], |row| row.get::<_, i64>(0))
    };
    while known() != Ok(1) {
        assert!(begun.elapsed() < PATIENCE, "the index is not made anew: {:?}", known());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(library.finds(search("needle")).await, [seqs[0]]);
}

#[tokio::test]
async fn more_searches_than_can_wait_are_refused() {
    let library = Library::in_memory();
    let asked: Vec<_> = (0..2_000).map(|_| library.log.backplane.search(search("x"))).collect();
    let mut refused = 0;
    for answer in asked {
        match answer.await {
            Ok((entries, more)) => assert!(entries.is_empty() && !more),
            Err(error) => {
                assert_eq!(error, ReadError::Busy);
                refused += 1;
            }
        }
    }
    assert!((1..2_000).contains(&refused), "{refused}");
}
