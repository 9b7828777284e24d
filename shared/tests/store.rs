//! The replicated store: a fold of the log in which the higher version wins.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use shared::entry::{Entry, Put, Removed};
use shared::message::{ErrorCode, Pairs, Refusal};
use shared::store::{
    Load, MAX_BYTES, MAX_DEPTH, MAX_KEY, MAX_KEYS, MAX_PAGE, MAX_PAGE_BYTES, MAX_REMOVED, MAX_VALUE, Refused, Store,
    charge, check_key, check_value,
};

const KEYS: [&str; 6] = ["a", "b", "users/ana", "users/bob", "users/bob/tea", "ß"];

fn put(seq: u64, key: &str, value: Value) -> Entry {
    let (from, id, key) = ("ana".to_owned(), seq.to_string(), key.to_owned());
    Entry::Put(Put { seq, at: 0, from, id, key, value })
}

fn removed(seq: u64, key: &str) -> Entry {
    let (from, id, key) = ("ana".to_owned(), seq.to_string(), key.to_owned());
    Entry::Removed(Removed { seq, at: 0, from, id, key })
}

fn key_of(entry: &Entry) -> &str {
    match entry {
        Entry::Put(put) => &put.key,
        Entry::Removed(removed) => &removed.key,
        other => panic!("{other:?}"),
    }
}

/// The store after these entries, which are in order.
fn after<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Store {
    let mut store = Store::default();
    for entry in entries {
        store.fold(entry);
    }
    store
}

fn held(store: &Store) -> Vec<(&str, u64)> {
    store.list("").iter().map(|pair| (pair.key.as_str(), pair.version)).collect()
}

#[test]
fn a_key_holds_what_was_put_last_and_its_version_is_that_entrys_seq() {
    let mut store = Store::default();
    assert!(store.put(3, "a", json!(5)));
    assert!(store.put(7, "a", json!({ "tea": true })));
    assert!(!store.put(7, "a", json!("twice")), "the same entry once more");
    assert!(!store.put(5, "a", json!("late")));
    let pair = store.get("a").unwrap();
    assert_eq!((&pair.value, pair.version, store.version("a"), store.seq()), (&json!({ "tea": true }), 7, 7, 7));
    assert!(store.remove(9, "a"));
    assert!(!store.put(8, "a", json!("of before")), "what was removed is not brought back by what came before");
    assert_eq!((store.get("a"), store.version("a"), store.seq()), (None, 0, 9));
    assert!(store.put(10, "a", json!(null)), "nothing is a value too");
    assert!(!store.remove(9, "a"), "it was removed before that");
    assert_eq!(store.get("a").unwrap().value, Value::Null);
}

#[test]
fn a_list_is_of_the_keys_that_begin_so_in_their_order() {
    let mut store = Store::default();
    for (seq, key) in (1..).zip(["users/bob", "user", "users/ana", "users0", "zoe", "users/", "ß"]) {
        store.put(seq, key, json!(seq));
    }
    let keys = |prefix: &str| store.list(prefix).iter().map(|pair| pair.key.as_str()).collect::<Vec<_>>();
    assert_eq!(keys("users/"), ["users/", "users/ana", "users/bob"]);
    assert_eq!(keys("users/b"), ["users/bob"]);
    assert_eq!(keys("y"), [""; 0]);
    assert_eq!(keys("").len(), 7);
    assert_eq!(keys("").last(), Some(&"ß"), "by their bytes");
}

#[test]
fn keys_and_values_have_bounds_with_a_name_each() {
    for key in ["a", "users/ana", "with spaces", "茶", &"k".repeat(MAX_KEY)] {
        assert_eq!(check_key(key), Ok(()), "{key:?}");
    }
    for key in ["", "a\nb", "\0", "\u{85}", &"k".repeat(MAX_KEY + 1), &"茶".repeat(67)] {
        assert_eq!(check_key(key), Err(Refused::Key), "{key:?}");
    }
    let text = |bytes: usize| Value::from("x".repeat(bytes - 2));
    assert_eq!(check_value(&text(MAX_VALUE)).unwrap().len(), MAX_VALUE);
    assert_eq!(check_value(&text(MAX_VALUE + 1)), Err(Refused::TooLong(MAX_VALUE + 1)));
    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
    assert!(check_value(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(check_value(&nested(MAX_DEPTH + 1)), Err(Refused::TooDeep));
    assert_eq!(check_value(&json!({ "b": 1, "a": [1.5, null] })).unwrap(), r#"{"a":[1.5,null],"b":1}"#);

    let code = |refused: Refused| Refusal::from(refused).code;
    assert_eq!(code(Refused::Key), ErrorCode::KeyInvalid);
    assert_eq!(code(Refused::TooLong(1)), ErrorCode::ValueTooLong);
    assert_eq!(code(Refused::TooDeep), ErrorCode::ValueTooLong);
    assert_eq!(code(Refused::Full), ErrorCode::StoreFull);
    assert_eq!(code(Refused::Missing), ErrorCode::VersionConflict);
    let conflict = Refusal::from(Refused::Conflict(62));
    assert_eq!(conflict.code, ErrorCode::VersionConflict);
    assert!(conflict.message.contains("62"), "{}", conflict.message);
}

#[test]
fn a_full_store_takes_what_makes_it_no_larger() {
    let full = Load { keys: MAX_KEYS, bytes: 1_000 };
    assert_eq!(full.with(None, Some(1)), Err(Refused::Full), "a further key");
    assert_eq!(full.with(Some(10), Some(30)), Ok(Load { keys: MAX_KEYS, bytes: 1_020 }));
    assert_eq!(full.with(Some(10), None), Ok(Load { keys: MAX_KEYS - 1, bytes: 990 }));
    let heavy = Load { keys: 5, bytes: MAX_BYTES };
    assert_eq!(heavy.with(None, Some(1)), Err(Refused::Full), "a further byte");
    assert_eq!(heavy.with(Some(10), Some(11)), Err(Refused::Full));
    assert_eq!(heavy.with(Some(10), Some(10)), Ok(heavy));
}

#[test]
fn what_takes_far_more_memory_than_its_json_is_charged_for_that() {
    let charged = |value: &Value| charge("key", value, shared::wire::encode(value).len());
    assert_eq!(charged(&json!("x".repeat(1_000))), 3 + 1_002);
    let person = json!({ "name": "Ana Maria", "words": "so many of them that they count".repeat(20) });
    assert_eq!(charged(&person), 3 + shared::wire::encode(&person).len());
    // Its tree takes 640 bytes for the one field.
    assert!((160 * 1_000..200 * 1_000).contains(&charged(&json!(vec![json!({ "": 0 }); 1_000]))));
    assert!((8 * 1_000..9 * 1_000).contains(&charged(&json!(vec![0; 1_000]))));
}

#[test]
fn pages_are_bounded_by_number_and_by_weight_and_never_stand_still() {
    let mut store = Store::default();
    for seq in 1..=500 {
        store.put(seq, &format!("n/{seq:04}"), json!(seq));
    }
    let first = store.page(500, None, "");
    assert_eq!((first.pairs.len(), first.more, first.seq), (MAX_PAGE, true, 500));
    let last = store.page(500, Some("n/0400"), "");
    assert_eq!((last.pairs.len(), last.more), (100, false));
    assert_eq!(store.page(500, Some("n/0500"), ""), Pairs { seq: 500, pairs: vec![], more: false });
    let of_some = store.page(500, Some("n/0003"), "n/000");
    assert_eq!((of_some.pairs.len(), of_some.more), (6, false));

    let long = Value::from("x".repeat(MAX_VALUE - 2));
    for seq in 501..=520 {
        store.put(seq, &format!("w/{seq}"), long.clone());
    }
    let heavy = store.page(520, None, "w/");
    assert!(heavy.more && (1..=MAX_PAGE_BYTES / MAX_VALUE).contains(&heavy.pairs.len()), "{}", heavy.pairs.len());
}

#[test]
fn a_page_of_some_keys_says_nothing_of_others() {
    let mut store = Store::default();
    for (seq, key) in (1..).zip(["a", "users/ana", "users/bob", "users/eve", "z"]) {
        store.put(seq, key, json!(seq));
    }
    let nothing = |more| Pairs { seq: 9, pairs: vec![], more };
    assert_eq!(store.take_page(None, "users/", nothing(true)), [""; 0], "a page that says nothing");
    assert_eq!(store.take_page(Some("users/ana"), "users/", nothing(false)), ["users/bob", "users/eve"]);
    assert_eq!(held(&store), [("a", 1), ("users/ana", 2), ("z", 5)]);
}

#[test]
fn what_is_kept_as_text_is_read_again() {
    let mut store = Store::default();
    store.put(2, "a", json!({ "b": [1, 2.5, "\u{1F44B}\"", null], "a": 18_446_744_073_709_551_615_u64 }));
    store.remove(4, "gone");
    store.put(3, "c", json!("x"));
    let again = Store::from_text(&store.to_text()).unwrap();
    assert_eq!((again.digest(), again.seq(), held(&again)), (store.digest(), 4, held(&store)));
    for no_text in ["", "{}", "[]", "null", r#"{"seq":1,"pairs":[{"key":1}],"more":false}"#] {
        assert!(Store::from_text(no_text).is_none(), "{no_text}");
    }
}

#[test]
fn a_digest_tells_keys_versions_and_values_apart() {
    let of = |pairs: &[(&str, u64, Value)]| {
        let mut store = Store::default();
        for (key, version, value) in pairs {
            store.put(*version, key, value.clone());
        }
        store.digest()
    };
    let digests = [
        of(&[]),
        of(&[("a", 1, json!(1))]),
        of(&[("a", 2, json!(1))]),
        of(&[("b", 1, json!(1))]),
        of(&[("a", 1, json!("1"))]),
        of(&[("a", 1, json!(1)), ("b", 2, json!(1))]),
    ];
    for (place, digest) in digests.iter().enumerate() {
        assert!(!digests[..place].contains(digest), "{place}");
    }
    assert_eq!(of(&[("b", 2, json!(1)), ("a", 1, json!(1))]), digests[5], "whatever came first");
    assert_eq!(digests[0], 0xcbf2_9ce4_8422_2325, "and the same on every machine");
}

#[test]
fn removals_are_remembered_up_to_a_bound_the_latest_of_them() {
    let mut store = Store::default();
    let last = MAX_REMOVED as u64 + 1;
    for seq in 1..=last {
        store.remove(seq, &format!("k{seq}"));
    }
    assert!(!store.put(last - 1, &format!("k{last}"), json!(1)));
    assert!(!store.put(last - 2, &format!("k{}", last - 1), json!(1)));
    assert!(store.put(1, "k1", json!(1)), "of the first nothing is known any more");
}

/// What somebody does to a key.
fn acts() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec((0..KEYS.len(), prop::option::weighted(0.7, 0..100u32)), 1..40).prop_map(|acts| {
        let entry = |(seq, (key, value)): (u64, (usize, Option<u32>))| match value {
            Some(value) => put(seq, KEYS[key], json!({ "n": value })),
            None => removed(seq, KEYS[key]),
        };
        (1..).zip(acts).map(entry).collect()
    })
}

/// Of each key the latest entry of those after `from`.
fn latest(entries: &[Entry], from: u64) -> Vec<&Entry> {
    let mut latest = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.seq() > from) {
        latest.insert(key_of(entry), entry);
    }
    let mut latest: Vec<&Entry> = latest.into_values().collect();
    latest.sort_by_key(|entry| entry.seq());
    latest
}

/// A page of the store as it was after so many entries.
fn page(entries: &[Entry], upto: usize, behind: Option<&str>, limit: usize) -> Pairs {
    let mut page = after(&entries[..upto]).page(upto as u64, behind, "");
    page.more |= page.pairs.len() > limit;
    page.pairs.truncate(limit);
    page
}

proptest! {
    #[test]
    fn copies_agree_whatever_the_order(
        entries in acts(),
        order in prop::collection::vec(any::<Index>(), 0..120),
        rest in any::<prop::sample::Selector>(),
    ) {
        let whole = after(&entries);
        let mut copy = Store::default();
        for index in &order {
            copy.fold(index.get(&entries));
        }
        // Each once more, so that none is missing.
        let mut left: Vec<usize> = (0..entries.len()).collect();
        while !left.is_empty() {
            let next = *rest.select(&left);
            left.retain(|other| *other != next);
            copy.fold(&entries[next]);
        }
        prop_assert_eq!(copy.digest(), whole.digest());
        prop_assert_eq!((held(&copy), copy.seq()), (held(&whole), whole.seq()));
    }

    #[test]
    fn a_snapshot_in_pages_while_the_store_changes_is_the_whole(
        entries in acts(),
        // How far the hub has got at each page, and how many pairs that has.
        pages in prop::collection::vec((any::<Index>(), 1..4usize), 24),
        known in any::<Index>(),
        order in prop::collection::vec((any::<u32>(), any::<bool>()), 40),
        pace in 0..6usize,
    ) {
        let mut positions: Vec<usize> = pages.iter().map(|(position, _)| position.index(entries.len() + 1)).collect();
        positions.sort_unstable();
        // An older copy, of which removals since are forgotten.
        let mut copy = after(&entries[..known.index(positions[0] + 1)]);
        let later = &entries[positions[0]..];
        // What is put and removed since the first page comes in whatever order, each once, some twice.
        let mut coming: Vec<_> = later.iter().zip(order).collect();
        coming.sort_by_key(|(_, (place, _))| *place);
        let mut coming = coming.into_iter().flat_map(|(entry, (_, twice))| [entry].into_iter().cycle().take(1 + usize::from(twice)));
        let mut behind: Option<String> = None;
        for (position, (_, limit)) in positions.iter().zip(&pages) {
            let page = page(&entries, *position, behind.as_deref(), *limit);
            copy_some(&mut copy, &mut coming, pace);
            let (more, last) = (page.more, page.pairs.last().map(|pair| pair.key.clone()));
            copy.take_page(behind.as_deref(), "", page);
            if !more {
                break;
            }
            behind = last;
        }
        copy_some(&mut copy, &mut coming, usize::MAX);
        let whole = after(&entries);
        prop_assert_eq!(held(&copy), held(&whole));
        prop_assert_eq!(copy.digest(), whole.digest());
    }

    #[test]
    fn a_resume_equals_the_whole(entries in acts(), known in any::<Index>(), tail in any::<Index>()) {
        let known = known.index(entries.len() + 1);
        // The log is read up to there, of each key the latest alone; what comes after is heard one by one.
        let upto = known + tail.index(entries.len() - known + 1);
        let mut copy = after(&entries[..known]);
        for entry in latest(&entries[..upto], known as u64) {
            copy.fold(entry);
        }
        for entry in &entries[upto..] {
            copy.fold(entry);
        }
        prop_assert_eq!(copy.digest(), after(&entries).digest());
    }

    #[test]
    fn pages_tell_what_is_otherwise(entries in acts(), known in any::<Index>()) {
        let mut copy = after(&entries[..known.index(entries.len() + 1)]);
        let before = copy.clone();
        let whole = after(&entries);
        let changed = copy.take_page(None, "", whole.page(entries.len() as u64, None, ""));
        for key in KEYS {
            let is_other = before.version(key) != whole.version(key);
            prop_assert_eq!(changed.iter().filter(|changed| *changed == key).count(), usize::from(is_other), "{}", key);
        }
    }
}

fn copy_some<'a>(copy: &mut Store, coming: &mut impl Iterator<Item = &'a Entry>, most: usize) {
    for entry in coming.take(most) {
        copy.fold(entry);
    }
}
