//! The store: what is put is an entry, and of each key the latest counts.

use std::collections::BTreeMap;

use hub::backplane::{Audience, Backplane, Claimed, Committed, Draft, Local, Outcome, Passage, Rejection, Route, What};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::entry::{Entry, Put, Removed};
use shared::message::Pairs;
use shared::store::{MAX_BYTES, MAX_KEYS, MAX_REMOVED, MAX_VALUE, Store, check_value};

use crate::backplane::asked::{Asked, DAY, line};

promises! {
    a_put_is_an_entry_and_its_seq_is_the_keys_version, crate::backplane::asked::DAY;
    what_was_put_or_removed_once_is_not_done_again, crate::backplane::asked::DAY;
    of_many_who_put_a_key_first_one_does, crate::backplane::asked::DAY;
    a_store_takes_so_many_keys_and_bytes, crate::backplane::asked::DAY;
    a_passage_has_of_each_key_the_latest_entry, crate::backplane::asked::DAY;
    the_oldest_removals_are_forgotten_and_it_is_known_up_to_where, crate::backplane::asked::DAY;
}

pub(crate) fn put(from: &Claimed, id: &str, key: &str, value: Value, version: Option<u64>) -> Draft {
    let json = check_value(&value).unwrap();
    does(from, id, What::Put { key: key.to_owned(), value, json, version })
}

pub(crate) fn remove(from: &Claimed, id: &str, key: &str, version: Option<u64>) -> Draft {
    does(from, id, What::Remove { key: key.to_owned(), version })
}

fn does(from: &Claimed, id: &str, what: What) -> Draft {
    Draft { owner: from.owner, from: from.nick.clone(), id: id.to_owned(), what, to: Audience::Everyone }
}

fn passage(after: u64, upto: u64, limit: u32) -> Passage {
    Passage { rooms: vec!["lobby".to_owned()], owner: None, store: true, after, upto, limit }
}

fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(Entry::seq).collect()
}

impl Asked {
    async fn refused(&mut self, draft: Draft) -> Rejection {
        match self.append(draft).await {
            Outcome::Rejected { why, .. } => why,
            other => panic!("{other:?}"),
        }
    }

    async fn repeated(&mut self, draft: Draft) -> u64 {
        match self.append(draft).await {
            Outcome::Repeated { seq, .. } => seq,
            other => panic!("{other:?}"),
        }
    }
}

async fn a_put_is_an_entry_and_its_seq_is_the_keys_version(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    log.say(&ana, "lobby", "1", "one").await;
    let Committed { entry, route, forgot, .. } = log.adds(put(&ana, "2", "a", json!({ "tea": true }), None)).await;
    let (at, from, key) = (entry.at(), "ana".to_owned(), "a".to_owned());
    let value = json!({ "tea": true });
    assert_eq!(entry, Entry::Put(Put { seq: 2, at, from: from.clone(), id: "2".to_owned(), key: key.clone(), value }));
    assert_eq!((route, forgot), (Route::Everyone, None));

    assert_eq!(log.refused(put(&ana, "3", "a", json!(1), Some(0))).await, Rejection::VersionConflict(2));
    assert_eq!(log.refused(put(&ana, "3", "a", json!(1), Some(1))).await, Rejection::VersionConflict(2));
    assert_eq!(log.refused(put(&ana, "3", "b", json!(1), Some(2))).await, Rejection::VersionConflict(0));
    assert_eq!(log.refused(remove(&ana, "3", "a", Some(1))).await, Rejection::VersionConflict(2));
    assert_eq!(log.adds(put(&ana, "3", "a", json!(null), Some(2))).await.entry.seq(), 3, "nothing was made meanwhile");

    let gone = log.adds(remove(&ana, "4", "a", Some(3))).await.entry;
    assert_eq!(gone, Entry::Removed(Removed { seq: 4, at: gone.at(), from, id: "4".to_owned(), key }));
    assert_eq!(log.refused(put(&ana, "5", "a", json!(1), Some(4))).await, Rejection::VersionConflict(0));
    assert_eq!(log.adds(remove(&ana, "5", "a", Some(0))).await.entry.seq(), 5, "that it is not there is as it was");
    assert_eq!(log.adds(put(&ana, "6", "a", json!(2), Some(0))).await.entry.seq(), 6, "it may be put first again");
}

async fn what_was_put_or_removed_once_is_not_done_again(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let first = put(&ana, "1", "a", json!(1), Some(0));
    log.adds(first.clone()).await;
    assert_eq!(log.repeated(first.clone()).await, 1, "though the key has a version now");
    log.adds(put(&bob, "1", "a", json!(2), None)).await;
    assert_eq!(log.repeated(first).await, 1, "though another value has taken its place");
    log.adds(remove(&ana, "2", "a", Some(2))).await;
    assert_eq!(log.repeated(remove(&ana, "2", "a", Some(2))).await, 3);
    assert_eq!(log.repeated(line(&ana, "lobby", "2", "of one id")).await, 3);
    assert_eq!(seqs(&log.follow(passage(0, 3, 10)).await.0), [3]);
}

async fn of_many_who_put_a_key_first_one_does(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    for number in 0..100 {
        let ticket = log.ticket();
        log.backplane.append(ticket, put(&ana, &number.to_string(), "a", json!(number), Some(0))).unwrap();
    }
    let mut won = Vec::new();
    for number in 0..100 {
        match log.outcome().await {
            Outcome::Appended { committed, .. } => won.push((number, committed.entry.seq())),
            Outcome::Rejected { why, .. } => assert_eq!(why, Rejection::VersionConflict(1)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(won, [(0, 1)]);
}

async fn a_store_takes_so_many_keys_and_bytes(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let long = Value::from("x".repeat(MAX_VALUE - 2));
    // A key of four letters and the longest value, as many as fit.
    let fit = MAX_BYTES / (MAX_VALUE + 4);
    log.adds_all((0..fit).map(|number| put(&ana, &format!("w{number}"), &format!("w{number:03}"), long.clone(), None)))
        .await;
    assert_eq!(log.refused(put(&ana, "more", "more", long.clone(), None)).await, Rejection::StoreFull);
    log.adds(put(&ana, "again", "w000", long.clone(), None)).await;
    log.adds(put(&ana, "less", "w000", json!(1), None)).await;
    log.adds(put(&ana, "more", "more", long, None)).await;
    log.adds_all((0..fit).map(|number| remove(&ana, &format!("g{number}"), &format!("w{number:03}"), None))).await;

    // Small objects take a hundred times their JSON in memory: so the store takes fewer.
    let objects = Value::Array(vec![json!({ "": 0 }); 2_000]);
    let fit = MAX_BYTES / 300_000;
    let mut crowd = 0;
    let charged = loop {
        match log.append(put(&ana, &format!("o{crowd}"), &format!("o{crowd}"), objects.clone(), None)).await {
            Outcome::Appended { .. } => crowd += 1,
            outcome => break outcome,
        }
        assert!(crowd <= fit, "they are charged");
    };
    assert!(matches!(charged, Outcome::Rejected { why: Rejection::StoreFull, .. }), "{charged:?}");
    assert!(crowd > fit / 2, "{crowd}");
    log.adds_all((0..crowd).map(|number| remove(&ana, &format!("p{number}"), &format!("o{number}"), None))).await;

    // One key is there, and the queue takes no more at a time.
    for thousand in 0..MAX_KEYS / 1_000 {
        let numbers = (1_000 * thousand).max(1)..1_000 * (thousand + 1);
        let drafts = numbers.map(|number| put(&ana, &format!("n{number}"), &format!("n{number}"), json!(1), None));
        log.adds_all(drafts.collect::<Vec<_>>()).await;
    }
    assert_eq!(log.refused(put(&ana, "one more", "b", json!(1), None)).await, Rejection::StoreFull);
    log.adds(put(&ana, "n", "n1", json!(2), None)).await;
    log.adds(remove(&ana, "one less", "n1", None)).await;
    log.adds(put(&ana, "one more", "b", json!(1), None)).await;
}

async fn a_passage_has_of_each_key_the_latest_entry(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    log.adds(put(&ana, "1", "a", json!(1), None)).await;
    log.adds(put(&ana, "2", "b", json!("kept"), None)).await;
    log.say(&ana, "lobby", "3", "three").await;
    log.adds(put(&ana, "4", "a", json!(4), None)).await;
    log.adds(put(&ana, "5", "c", json!(5), None)).await;
    log.adds(remove(&ana, "6", "c", None)).await;
    log.adds(remove(&ana, "7", "never there", None)).await;
    log.say(&ana, "lobby", "8", "eight").await;

    let (entries, reached) = log.follow(passage(0, 8, 100)).await;
    assert_eq!((seqs(&entries), reached), (vec![2, 3, 4, 6, 8], 8), "in the log's order");
    assert!(matches!(&entries[0], Entry::Put(put) if put.key == "b" && put.value == "kept" && put.from == "ana"));
    assert!(matches!(&entries[3], Entry::Removed(removed) if removed.key == "c" && removed.id == "6"));
    assert_eq!(seqs(&log.follow(passage(2, 8, 2)).await.0), [3, 4]);
    assert_eq!(log.follow(passage(0, 1, 100)).await, (vec![], 1), "what is overtaken later comes later");
    let without = Passage { store: false, ..passage(0, 8, 100) };
    assert_eq!(seqs(&log.follow(without).await.0), [3, 8]);
}

async fn the_oldest_removals_are_forgotten_and_it_is_known_up_to_where(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let mut forgot = Vec::new();
    for round in 0..=MAX_REMOVED / 1_000 {
        let keys = (0..1_000).map(|number| format!("{round}/{number}"));
        let drafts = keys.flat_map(|key| {
            [put(&ana, &format!("p{key}"), &key, json!(1), None), remove(&ana, &format!("r{key}"), &key, None)]
        });
        let committed = log.adds_all(drafts.collect::<Vec<_>>()).await;
        forgot.extend(committed.iter().filter_map(|committed| committed.forgot));
    }
    // The n-th removal is entry 2n.
    assert_eq!(forgot, (1..=1_000).map(|number| 2 * number).collect::<Vec<u64>>());
    let head = 2 * (MAX_REMOVED as u64 + 1_000);
    assert_eq!(seqs(&log.follow(passage(0, head, 1)).await.0), [2_002], "the first that is remembered");
}

#[tokio::test]
async fn the_next_hub_finds_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    assert_eq!((log.backplane.known().store, log.backplane.known().store_since), (vec![], 0));
    let ana = log.claim("ana", None).await.unwrap();
    let value = json!({ "a": [1, 2.5, null, "\u{1F375}"], "b": u64::MAX });
    for (number, key) in ["b", "a", "users/ana"].into_iter().enumerate() {
        log.adds(put(&ana, &number.to_string(), key, value.clone(), None)).await;
    }
    log.adds(put(&ana, "4", "a", json!(0.1 + 0.2), None)).await;
    log.adds(remove(&ana, "5", "b", None)).await;
    log.backplane.close();

    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let known = log.backplane.known();
    let held: Vec<_> = known.store.iter().map(|pair| (pair.key.as_str(), pair.version, &pair.value)).collect();
    assert_eq!(held, [("a", 4, &json!(0.1 + 0.2)), ("users/ana", 3, &value)], "to the last digit");
    assert_eq!((known.head, known.store_since), (5, 0));
    assert_eq!(log.refused(put(&ana, "6", "a", json!(1), Some(2))).await, Rejection::VersionConflict(4));
    assert_eq!(seqs(&log.follow(passage(0, 5, 10)).await.0), [3, 4, 5]);
}

#[tokio::test]
async fn a_value_that_is_overtaken_is_kept_no_longer_and_its_entry_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let ana = log.claim("ana", None).await.unwrap();
    for number in 1..=3 {
        log.adds(put(&ana, &number.to_string(), "a", json!(format!("value {number}")), None)).await;
    }
    log.adds(put(&ana, "4", "b", json!("removed"), None)).await;
    log.adds(remove(&ana, "5", "b", None)).await;
    let file = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    let mut rows = file.prepare("SELECT id, text FROM entries ORDER BY seq").unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(String, String)> = rows.map(Result::unwrap).collect();
    let expected = [("1", ""), ("2", ""), ("3", "\"value 3\""), ("4", ""), ("5", "")];
    assert_eq!(rows, expected.map(|(id, text)| (id.to_owned(), text.to_owned())));
}

const KEYS: [&str; 5] = ["a", "b", "users/ana", "users/bob", "zoe"];

/// Somebody puts a key or removes it, if it has the version that it had so many acts ago, or says a line.
#[derive(Clone, Debug)]
enum Act {
    Put(usize, u32, Option<usize>),
    Remove(usize, Option<usize>),
    Say,
}

fn act() -> impl Strategy<Value = Act> {
    let key = 0..KEYS.len();
    let since = prop::option::weighted(0.4, 0..3usize);
    prop_oneof![
        5 => (key.clone(), any::<u32>(), since.clone()).prop_map(|(key, value, since)| Act::Put(key, value, since)),
        2 => (key, since).prop_map(|(key, since)| Act::Remove(key, since)),
        1 => Just(Act::Say),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn conditions_hold_and_copies_agree_however_they_came_by_it(
        acts in vec(act(), 1..80),
        ranges in vec((0.0..=1.0_f64, 0.0..=1.0_f64, 1..9_u32), 8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(agree(Asked::new(Local::in_memory(DAY).unwrap()), &acts, &ranges))?;
        let log = Asked::new(Local::open(folder.path(), DAY).unwrap());
        let digest = runtime.block_on(agree(log, &acts, &ranges))?;
        // And so does the next hub's.
        let known = Local::open(folder.path(), DAY).unwrap().known();
        let mut next = Store::default();
        next.take_page(None, "", Pairs { seq: known.head, pairs: known.store, more: false });
        prop_assert_eq!(next.digest(), digest);
    }
}

async fn agree(mut log: Asked, acts: &[Act], ranges: &[(f64, f64, u32)]) -> Result<u64, TestCaseError> {
    let ana = log.claim("ana", None).await.unwrap();
    let mut entries: Vec<Entry> = Vec::new();
    // What each key's version was after each act, as somebody under a lock sees it.
    let mut versions: Vec<BTreeMap<usize, u64>> = vec![BTreeMap::new()];
    for (number, act) in acts.iter().enumerate() {
        let id = number.to_string();
        let mut now = versions.last().cloned().unwrap_or_default();
        let seen = |key: usize, since: Option<usize>| {
            since.map(|since| versions[versions.len().saturating_sub(1 + since)].get(&key).copied().unwrap_or(0))
        };
        let (key, condition, draft) = match act {
            Act::Put(key, value, since) => {
                let condition = seen(*key, *since);
                (Some(*key), condition, put(&ana, &id, KEYS[*key], json!(value), condition))
            }
            Act::Remove(key, since) => {
                let condition = seen(*key, *since);
                (Some(*key), condition, remove(&ana, &id, KEYS[*key], condition))
            }
            Act::Say => (None, None, line(&ana, "lobby", &id, "words")),
        };
        let version = key.and_then(|key| now.get(&key).copied()).unwrap_or(0);
        match log.append(draft).await {
            Outcome::Appended { committed, .. } => {
                prop_assert!(condition.is_none_or(|condition| condition == version));
                match (&committed.entry, key) {
                    (Entry::Put(put), Some(key)) => drop(now.insert(key, put.seq)),
                    (Entry::Removed(_), Some(key)) => drop(now.remove(&key)),
                    _ => {}
                }
                entries.push(committed.entry);
            }
            Outcome::Rejected { why, .. } => {
                prop_assert!(condition.is_some_and(|condition| condition != version));
                prop_assert_eq!(why, Rejection::VersionConflict(version));
            }
            other => panic!("{other:?}"),
        }
        versions.push(now);
    }
    let mut whole = Store::default();
    for entry in &entries {
        whole.fold(entry);
    }
    for (key, name) in KEYS.iter().enumerate() {
        let version = versions.last().and_then(|now| now.get(&key).copied()).unwrap_or(0);
        prop_assert_eq!(whole.version(name), version);
    }
    let head = entries.len();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the log's length")]
    let part = |part: f64| (part * head as f64).round() as usize;
    for (one, other, limit) in ranges {
        let (after, upto) = (part(*one).min(part(*other)), part(*one).max(part(*other)));
        let mut copy = Store::default();
        for entry in &entries[..after] {
            copy.fold(entry);
        }
        let mut from = after as u64;
        while from < upto as u64 {
            let (piece, reached) = log.follow(passage(from, upto as u64, *limit)).await;
            prop_assert!(reached > from && piece.len() <= *limit as usize);
            prop_assert!(piece.iter().all(|entry| (from + 1..=reached).contains(&entry.seq())));
            for entry in &piece {
                copy.fold(entry);
            }
            from = reached;
        }
        for entry in &entries[upto..] {
            copy.fold(entry);
        }
        prop_assert_eq!(copy.digest(), whole.digest(), "after {} and up to {}", after, upto);
    }
    log.backplane.close();
    Ok(whole.digest())
}
