//! What is drawn of a place, out of however much is held; the way to a line; and how much is held.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;

use fold::*;
use proptest::prelude::*;
use shared::entry::{Entry, Said};
use shared::message::{Page, ToHub};
use shared::session::Delivery;
use shared::transcript::{Conversation, Item, MAX_BYTES, MAX_LINES, What, Window, wants_more};

#[derive(Clone, Debug)]
enum Step {
    Line,
    Topic,
    Change,
    Notice,
    Pending,
    /// The connection is lost, so much is said, and it is back.
    Gap(u64),
    Older(usize),
    Around(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Line),
        1 => Just(Step::Topic),
        2 => Just(Step::Change),
        3 => Just(Step::Notice),
        1 => Just(Step::Pending),
        2 => (1..30u64).prop_map(Step::Gap),
        1 => (1..20usize).prop_map(Step::Older),
        1 => (1..500u64).prop_map(Step::Around),
    ]
}

/// The entry of a position: every fifth changes the line before it.
fn entry(seq: u64) -> Entry {
    match seq % 10 {
        0 => topic(seq, "bob", &seq.to_string()),
        5 => changed(seq, "ana", seq - 1, edited("x")),
        _ => line(seq, "ana", "hi"),
    }
}

struct Scene {
    fold: Fold,
    next: u64,
}

impl Scene {
    fn new(steps: &[Step]) -> Self {
        let mut scene = Self { fold: Fold::new(), next: 301 };
        scene.fold.take(&welcome(300, false));
        scene.fold.take(&connected_as("dr00", &[]));
        for step in steps {
            scene.take(step);
        }
        scene
    }

    fn ask(&mut self, request: &ToHub, limit: usize) {
        let ToHub::History { before, after, .. } = request else { panic!("{request:?}") };
        let all: Vec<u64> = (1..self.next)
            .filter(|seq| before.is_none_or(|before| *seq < before) && after.is_none_or(|after| *seq > after))
            .collect();
        let more = all.len() > limit;
        let kept =
            if after.is_some() { &all[..limit.min(all.len())] } else { &all[all.len() - limit.min(all.len())..] };
        let entries = kept.iter().map(|seq| entry(*seq)).collect();
        self.fold.take(&page(&room("lobby"), *before, *after, entries, more));
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Line | Step::Topic | Step::Change => {
                self.next += match step {
                    Step::Topic => (20 - self.next % 10) % 10,
                    Step::Change => (15 - self.next % 10) % 10,
                    _ => 0,
                };
                self.fold.hear(entry(self.next));
                self.next += 1;
            }
            Step::Notice => drop(self.fold.0.notice(NOW, &room("lobby"), What::Told(self.next.to_string()))),
            Step::Pending => {
                let request = say(&format!("p-{}", self.next), "hi");
                self.fold.take(&Delivery::Sending { request });
            }
            Step::Gap(said) => {
                self.fold.take(&Delivery::Lost);
                self.next += said;
                self.fold.back(self.next - 1, &[]);
            }
            Step::Older(limit) => {
                if let Some(request) = self.fold.lobby().older(text("h")) {
                    self.ask(&request, *limit);
                }
            }
            Step::Around(seq) => {
                for request in self.fold.0.around(&room("lobby"), (*seq).min(self.next - 1)) {
                    self.ask(&request, 5);
                }
            }
        }
    }
}

fn seqs(window: &Window) -> Vec<u64> {
    let seq = |item: &Item| match item {
        Item::Line(entry) => Some(entry.seq()),
        _ => None,
    };
    window.items.iter().filter_map(seq).collect()
}

/// All rows, gathered from the end upwards, window by window.
fn gathered_up(lobby: &Conversation, counts: &[usize]) -> Vec<Item> {
    let mut counts = counts.iter().copied().cycle();
    let mut window = lobby.items_newest(counts.next().unwrap());
    assert!(!window.below);
    let mut all = window.items.clone();
    while window.above {
        let Item::Line(first) = &window.items[0] else { panic!("rows are above, and the first is no line") };
        window = lobby.items_before(first.seq(), counts.next().unwrap());
        assert!(window.below);
        all.splice(0..0, window.items.iter().cloned());
    }
    all
}

/// All rows, gathered from the beginning downwards.
fn gathered_down(lobby: &Conversation, counts: &[usize]) -> Vec<Item> {
    let mut counts = counts.iter().copied().cycle();
    let mut window = lobby.items_from(0, counts.next().unwrap());
    assert!(!window.above);
    let mut all = window.items.clone();
    while window.below {
        let last = *seqs(&window).last().unwrap();
        let next = seqs(&lobby.items_from(last + 1, 1))[0];
        window = lobby.items_from(next, counts.next().unwrap());
        assert!(window.above);
        all.extend(window.items.iter().cloned());
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_that_meet_have_each_row_once_and_in_its_place(
        steps in prop::collection::vec(step(), 0..80),
        counts in prop::collection::vec(1..9usize, 1..6),
        at in 0..600u64,
    ) {
        let scene = Scene::new(&steps);
        let lobby = scene.fold.lobby();
        let items = lobby.items();
        prop_assert_eq!(&gathered_up(lobby, &counts), &items);
        prop_assert_eq!(&gathered_down(lobby, &counts), &items);
        let parts = [lobby.items_before(at, usize::MAX), lobby.items_from(at, usize::MAX)];
        prop_assert_eq!(&[parts[0].items.clone(), parts[1].items.clone()].concat(), &items);
        // As many as were asked for, where there are so many.
        let all = seqs(&parts[1]);
        for count in [0, 1, 3] {
            prop_assert_eq!(seqs(&lobby.items_from(at, count)), &all[..count.min(all.len())]);
        }
        if let (Some(first), Some(last)) = (all.first(), all.last()) {
            let between = lobby.items_between(*first, *last);
            prop_assert_eq!(&seqs(&between), &all);
            prop_assert!(lobby.items_between(*first, u64::MAX).items.ends_with(&between.items[..0]));
            prop_assert!(!lobby.items_between(*first, u64::MAX).below);
        }
    }

    #[test]
    fn a_line_is_held_with_those_round_it_once_they_were_asked_for(
        steps in prop::collection::vec(step(), 0..40),
        seq in 1..300u64,
    ) {
        let mut scene = Scene::new(&steps);
        let requests = scene.fold.0.around(&room("lobby"), seq);
        prop_assert!(requests.len() <= 2);
        for request in &requests {
            scene.ask(request, 50);
        }
        let held = scene.fold.lobby();
        prop_assert_eq!(held.holds(seq), seq % 10 != 5);
        let near: Vec<u64> = (seq.saturating_sub(10).max(1)..=seq + 10).filter(|seq| seq % 10 != 5 && *seq < 300).collect();
        prop_assert!(near.iter().all(|seq| held.holds(*seq)), "{:?} of {:?}", near, seqs(&held.items_newest(usize::MAX)));
        prop_assert_eq!(scene.fold.0.around(&room("lobby"), seq), [], "and is not asked for again");
    }
}

#[test]
fn a_stretch_of_its_own_has_holes_round_it() {
    let mut scene = Scene::new(&[Step::Line, Step::Older(5)]);
    for request in scene.fold.0.around(&room("lobby"), 100) {
        scene.ask(&request, 3);
    }
    assert_eq!(scene.fold.rows(), "98 99 100 101 102 103 …103 297 298 299 300 301");
    assert!(scene.fold.lobby().more());
    for request in scene.fold.0.around(&room("attic"), 100) {
        assert!(matches!(request, ToHub::History { room: Some(room), .. } if room == "attic"));
    }
}

#[test]
fn a_page_of_changes_wants_another() {
    let page = |rows: u64, more| {
        let entries =
            (0..50).map(|n| if n < rows { line(n + 1, "ana", "hi") } else { changed(n + 1, "ana", 1, edited("x")) });
        Page { entries: entries.collect(), more }
    };
    assert!(wants_more(&page(19, true)));
    assert!(!wants_more(&page(20, true)) && !wants_more(&page(3, false)));
}

// --- how much is held ---

/// Long lines, of some bytes each.
fn long(seq: u64, bytes: usize) -> Entry {
    line(seq, "ana", &"x".repeat(bytes))
}

#[test]
fn all_places_together_hold_so_much_and_those_looked_at_last_most() {
    const LINE: usize = 16_000;
    let mut fold = Fold::new();
    let full = (MAX_BYTES / LINE) as u64;
    for place in ["attic", "den"] {
        fold.take(&joined(place, None, &["dr00"], 1));
    }
    let in_room = |seq, place: &str| {
        let Entry::Said(said) = long(seq, LINE) else { unreachable!() };
        Entry::Said(Said { room: text(place), ..said })
    };
    fold.0.hold(&room("attic"), None);
    fold.0.hold(&room("lobby"), None);
    let (mut seq, third) = (10, full / 3);
    for place in ["attic", "den", "lobby"] {
        for _ in 0..third {
            seq += 1;
            fold.hear(in_room(seq, place));
        }
    }
    let held = |fold: &Fold, place: &str| fold.seqs(&room(place)).len() as u64;
    let all = |fold: &Fold| held(fold, "attic") + held(fold, "den") + held(fold, "lobby");
    assert!(all(&fold) <= full && all(&fold) > full * 9 / 10, "{} of {full}", all(&fold));
    assert_eq!((held(&fold, "attic"), held(&fold, "lobby")), (third, third), "nobody ever looked at the den");
    for _ in 0..full / 2 {
        seq += 1;
        fold.hear(in_room(seq, "lobby"));
    }
    assert_eq!(held(&fold, "den"), 0);
    assert!(held(&fold, "attic") > 0 && held(&fold, "attic") < third, "which was looked at before the lobby");
    assert!(fold.0.get(&room("den")).unwrap().more(), "it can be had again");
    for _ in 0..full {
        seq += 1;
        fold.hear(in_room(seq, "lobby"));
    }
    assert!(held(&fold, "attic") == 0 && all(&fold) <= full);
    assert_eq!(fold.seqs(&room("lobby")).last(), Some(&seq), "and of the one looked at the newest stay");
}

#[test]
fn the_line_being_read_stays_though_nothing_else_can() {
    let mut fold = Fold::new();
    fold.hear(long(11, 100));
    fold.0.hold(&room("lobby"), Some(11));
    for seq in 12..12 + (MAX_BYTES / 16_000) as u64 * 2 {
        fold.hear(long(seq, 16_000));
    }
    assert!(fold.lobby().holds(11));
    assert!(!fold.lobby().holes().is_empty(), "and it is shown that there are newer ones");
}

#[test]
fn edits_and_their_lines_are_counted_and_come_to_nothing_when_all_is_gone() {
    let mut fold = Fold::new();
    for seq in 11..500 {
        fold.hear(long(seq * 2, 1_000));
        fold.hear(changed(seq * 2 + 1, "ana", seq * 2, edited(&"y".repeat(16_000))));
    }
    assert_eq!(fold.seqs(&room("lobby")).len(), 489, "as long as there is room");
    for seq in 500..6_000 {
        fold.hear(changed(seq * 2 + 1, "ana", 22 + 2 * (seq % 400), edited(&"z".repeat(16_000))));
        fold.hear(long(seq * 2 + 2, 16_000));
    }
    let bytes: usize = fold.lobby().lines().map(|line| line.text().len()).sum();
    assert!(bytes < MAX_BYTES && bytes > MAX_BYTES / 2, "{bytes}");
}

#[test]
fn a_hundred_thousand_lines_are_held() {
    let mut fold = Fold::new();
    let newest = 10 + MAX_LINES as u64;
    for seq in 11..=newest {
        fold.hear(line(seq, "ana", "some words of the length that people say in a chat all day"));
    }
    assert_eq!(fold.seqs(&room("lobby")).len(), MAX_LINES);
    assert_eq!(seqs(&fold.lobby().items_from(50_000, 3)), [50_000, 50_001, 50_002]);
}
