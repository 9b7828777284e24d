//! However entries and pages arrive, the transcript holds the same lines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;

use fold::{connected_as, room, said, welcome, whispered, with};
use proptest::prelude::*;
use shared::entry::Entry;
use shared::message::Page;
use shared::transcript::{Item, Place, Transcript};

fn lobby() -> Place {
    room("lobby")
}

fn bob() -> Place {
    with("bob")
}

fn place_of(entry: &Entry) -> Place {
    match entry {
        Entry::Said(said) => Place::Room(said.room.clone()),
        Entry::Whispered(_) => bob(),
        Entry::Topic(topic) => Place::Room(topic.room.clone()),
        Entry::Changed(changed) => changed.room.clone().map_or_else(bob, Place::Room),
        Entry::Put(_) | Entry::Removed(_) => unreachable!("no place has it"),
    }
}

/// A page as a hub would give it.
fn page(log: &[Entry], place: &Place, before: Option<u64>, after: Option<u64>, limit: usize) -> Page {
    let fits = |entry: &&Entry| {
        place_of(entry) == *place
            && before.is_none_or(|before| entry.seq() < before)
            && after.is_none_or(|after| entry.seq() > after)
    };
    let mut entries: Vec<Entry> = log.iter().filter(fits).cloned().collect();
    let more = entries.len() > limit;
    if after.is_some() {
        entries.truncate(limit);
    } else {
        entries.drain(..entries.len().saturating_sub(limit));
    }
    Page { entries, more }
}

/// One thing that may arrive, any number of times, at any time.
#[derive(Clone, Debug)]
enum Arrival {
    Entry(usize),
    Before(Place, Option<u64>, usize),
    After(Place, u64, usize),
}

fn arrival(entries: usize) -> impl Strategy<Value = Arrival> {
    let place = prop_oneof![Just(lobby()), Just(bob())];
    let seq = 0..2 * entries as u64 + 2;
    prop_oneof![
        4 => (0..entries).prop_map(Arrival::Entry),
        1 => (place.clone(), prop::option::of(seq.clone()), 1..9usize).prop_map(|(place, before, limit)| Arrival::Before(place, before, limit)),
        1 => (place, seq, 1..9usize).prop_map(|(place, after, limit)| Arrival::After(place, after, limit)),
    ]
}

fn fold(log: &[Entry], arrivals: &[Arrival]) -> Transcript {
    let mut transcript = Transcript::new();
    transcript.deliver(0, &welcome(0, false));
    transcript.deliver(0, &connected_as("dr00", &[]));
    transcript.open(&bob());
    for arrival in arrivals {
        match arrival {
            Arrival::Entry(index) => drop(transcript.apply(&log[*index])),
            Arrival::Before(place, before, limit) => {
                transcript.apply_page(place, *before, None, &page(log, place, *before, None, *limit));
            }
            Arrival::After(place, after, limit) => {
                transcript.apply_page(place, None, Some(*after), &page(log, place, None, Some(*after), *limit));
            }
        }
    }
    transcript
}

fn seqs(transcript: &Transcript, place: &Place) -> Vec<u64> {
    transcript.get(place).unwrap().lines().map(|line| line.seq()).collect()
}

const ENTRIES: usize = 24;

fn log() -> impl Strategy<Value = Vec<Entry>> {
    // Every second number, so that there is always room for a hole.
    let entry = |(n, in_lobby): (u64, bool)| {
        let seq = 2 * n + 1;
        if in_lobby { said(seq, "bob", &seq.to_string()) } else { whispered(seq, "bob", "dr00") }
    };
    prop::collection::vec(any::<bool>(), ENTRIES).prop_map(move |rooms| (0..).zip(rooms).map(entry).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repetition_give_the_same_lines(
        log in log(),
        arrivals in prop::collection::vec(arrival(ENTRIES), 0..40),
        seed in any::<u64>(),
    ) {
        let one = fold(&log, &arrivals);
        let mut shuffled: Vec<Arrival> = arrivals.iter().chain(&arrivals).cloned().collect();
        // Fisher and Yates, with a generator good enough for it.
        let mut random = seed | 1;
        for last in (1..shuffled.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(last, (random >> 33) as usize % (last + 1));
        }
        let other = fold(&log, &shuffled);
        for place in [lobby(), bob()] {
            let held = seqs(&one, &place);
            prop_assert!(held.is_sorted_by(|a, b| a < b), "sorted, each once");
            prop_assert_eq!(&held, &seqs(&other, &place));
            let items = other.get(&place).unwrap().items();
            let drawn: Vec<u64> = items.iter().filter_map(|item| match item {
                Item::Line(line) => Some(line.seq()),
                _ => None,
            }).collect();
            prop_assert_eq!(&held, &drawn);
        }
    }
}
