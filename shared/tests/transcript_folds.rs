//! However entries and pages arrive, the transcript is the same, and shows where something is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use proptest::prelude::*;
use shared::entry::{Entry, Said, Whispered};
use shared::message::{Connected, Conversation, Page, ToHub, Welcome};
use shared::session::{Delivery, Response};
use shared::transcript::{Item, Place, Transcript};

const ME: &str = "dr00";

fn entry(seq: u64, place: &Place) -> Entry {
    let (at, id, text) = (seq, format!("bob-{seq}"), format!("#{seq}"));
    match place {
        Place::Room(room) => Entry::Said(Said { seq, at, room: room.clone(), from: "bob".to_owned(), id, text }),
        Place::With(nick) => Entry::Whispered(Whispered { seq, at, from: nick.clone(), to: ME.to_owned(), id, text }),
    }
}

fn lobby() -> Place {
    Place::Room("lobby".to_owned())
}

fn bob() -> Place {
    Place::With("bob".to_owned())
}

fn place_of(entry: &Entry) -> Place {
    match entry {
        Entry::Said(said) => Place::Room(said.room.clone()),
        Entry::Whispered(_) => bob(),
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

fn connected(log: &[Entry]) -> Delivery {
    let latest = log.iter().rev().find(|entry| matches!(entry, Entry::Whispered(_)));
    let response = Connected {
        nick: ME.to_owned(),
        token: "t".to_owned(),
        room: "lobby".to_owned(),
        topic: None,
        users: Vec::new(),
        count: 0,
        conversations: latest.iter().map(|entry| Conversation { with: "bob".to_owned(), seq: entry.seq() }).collect(),
    };
    let request = ToHub::Connect { id: "c".to_owned(), nick: ME.to_owned(), token: None };
    Delivery::Answered { request, answer: Ok(Response::Connected(response)) }
}

fn welcomed(seq: u64) -> Delivery {
    let name = || "x".to_owned();
    let welcome = Welcome {
        version: 1,
        hub: name(),
        node: name(),
        session: name(),
        epoch: name(),
        seq,
        resumed: false,
        nick: None,
        ephemeral: false,
    };
    Delivery::Welcomed { welcome, new_log: false }
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
    transcript.deliver(0, &welcomed(0));
    transcript.deliver(0, &connected(&[]));
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
    prop::collection::vec(any::<bool>(), ENTRIES).prop_map(|rooms| {
        let place = |room: bool| if room { lobby() } else { bob() };
        rooms.into_iter().enumerate().map(|(n, room)| entry(2 * n as u64 + 1, &place(room))).collect()
    })
}

/// What happens to one connection and the log behind it.
#[derive(Clone, Debug)]
enum Step {
    Said(bool),
    Lost,
    Back,
    Older(bool),
    Newest(bool),
    Missing(bool),
    Before(bool, u64),
    After(bool, u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any::<bool>().prop_map(Step::Said),
        2 => Just(Step::Lost),
        3 => Just(Step::Back),
        2 => any::<bool>().prop_map(Step::Older),
        1 => any::<bool>().prop_map(Step::Newest),
        3 => any::<bool>().prop_map(Step::Missing),
        1 => (any::<bool>(), 0..60u64).prop_map(|(room, seq)| Step::Before(room, seq)),
        1 => (any::<bool>(), 0..60u64).prop_map(|(room, seq)| Step::After(room, seq)),
    ]
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

    /// Between two lines that stand together nothing is missing; before the first only where it says so.
    #[test]
    fn what_is_missing_is_shown(steps in prop::collection::vec(step(), 0..60)) {
        let mut log: Vec<Entry> = Vec::new();
        let mut transcript = Transcript::new();
        let mut online = true;
        transcript.deliver(0, &welcomed(0));
        transcript.deliver(0, &connected(&log));
        transcript.open(&bob());
        let place = |room: bool| if room { lobby() } else { bob() };
        for step in steps {
            let ask = |transcript: &mut Transcript, place: &Place, before: Option<u64>, after: Option<u64>| {
                if online {
                    transcript.apply_page(place, before, after, &page(&log, place, before, after, 3));
                }
            };
            match step {
                Step::Said(room) => {
                    let entry = entry(log.len() as u64 + 1, &place(room));
                    log.push(entry.clone());
                    if online {
                        transcript.deliver(0, &Delivery::Heard(entry));
                    }
                }
                Step::Lost if online => {
                    online = false;
                    transcript.deliver(0, &Delivery::Lost);
                }
                Step::Back if !online => {
                    online = true;
                    transcript.deliver(0, &welcomed(log.len() as u64));
                    transcript.deliver(0, &connected(&log));
                }
                Step::Lost | Step::Back => {}
                Step::Older(room) => {
                    let request = transcript.get(&place(room)).unwrap().older(String::new());
                    if let Some(ToHub::History { before, .. }) = request {
                        ask(&mut transcript, &place(room), before, None);
                    }
                }
                Step::Newest(room) => ask(&mut transcript, &place(room), None, None),
                Step::Missing(room) => {
                    let holes = transcript.get(&place(room)).unwrap().holes();
                    if let Some(hole) = holes.first() {
                        ask(&mut transcript, &place(room), None, Some(*hole));
                    }
                }
                Step::Before(room, seq) => ask(&mut transcript, &place(room), Some(seq), None),
                Step::After(room, seq) => ask(&mut transcript, &place(room), None, Some(seq)),
            }
            for place in [lobby(), bob()] {
                let conversation = transcript.get(&place).unwrap();
                let mut whole_since = (!conversation.more()).then_some(0);
                for item in conversation.items() {
                    match item {
                        Item::Hole { .. } => whole_since = None,
                        Item::Line(line) => {
                            if let Some(since) = whole_since {
                                let hidden = log.iter().find(|entry| {
                                    place_of(entry) == place && since < entry.seq() && entry.seq() < line.seq()
                                });
                                prop_assert_eq!(hidden, None, "hidden behind {} of {:?}", since, place);
                            }
                            whole_since = Some(line.seq());
                        }
                        Item::Notice(_) | Item::Pending(_) => {}
                    }
                }
            }
        }
        // And whoever asks for all that is said to be missing gets it.
        if online {
            for place in [lobby(), bob()] {
                for _ in 0..200 {
                    let conversation = transcript.get(&place).unwrap();
                    let (before, after) = match (conversation.holes().first(), conversation.older(String::new())) {
                        (Some(hole), _) => (None, Some(*hole)),
                        (None, Some(ToHub::History { before, .. })) => (before, None),
                        _ => break,
                    };
                    transcript.apply_page(&place, before, after, &page(&log, &place, before, after, 3));
                }
                let all: Vec<u64> = log.iter().filter(|entry| place_of(entry) == place).map(Entry::seq).collect();
                prop_assert_eq!(seqs(&transcript, &place), all);
            }
        }
    }
}
