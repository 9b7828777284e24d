//! Who is named, and who is writing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;

use fold::*;
use shared::message::{Conversation, Joined, ToHub};
use shared::session::{Delivery, Response};
use shared::transcript::{MAX_TYPING, Place, Transcript};
use shared::wire::TYPING_LASTS;

/// `dr00` in a log that ended at 100: of the lobby 7 lines after 20 are unread, and 3 of them name `dr00`.
fn away() -> Fold {
    let mut fold = Fold(Transcript::new());
    fold.take(&welcome(100, false));
    let talk = Conversation { with: text("bob"), seq: 90, read: 40, unread: 3 };
    let Delivery::Answered { request, answer: Ok(Response::Connected(mut connected)) } =
        connected_with("dr00", (20, 7), vec![talk])
    else {
        unreachable!()
    };
    connected.mentions = 3;
    fold.take(&answered(request, Response::Connected(connected)));
    fold
}

fn counts(fold: &Fold, place: &Place) -> (usize, usize) {
    let known = fold.0.get(place).unwrap();
    (known.unread(), known.mentions())
}

fn lobby(fold: &Fold) -> (usize, usize) {
    counts(fold, &room("lobby"))
}

#[test]
fn lines_that_name_one_are_counted_until_they_are_read() {
    let mut fold = Fold::new();
    assert!(fold.hear(line(11, "ana", "hi @dr00, tea?")).at[0].unread);
    fold.hear(line(12, "ana", "hi @bob"));
    fold.hear(line(13, "dr00", "@dr00 is me"));
    fold.hear(line(14, "bob", "and `@dr00` is code, @DR00!"));
    assert_eq!(lobby(&fold), (3, 2));
    fold.0.read(&room("lobby"), 12);
    assert_eq!(lobby(&fold), (1, 1));
    fold.take(&Delivery::Read { place: room("lobby"), seq: 14 });
    assert_eq!(lobby(&fold), (0, 0), "on another node of one's own");
}

#[test]
fn the_hub_counts_those_not_held() {
    let mut fold = away();
    assert_eq!(lobby(&fold), (7, 3));
    assert_eq!(counts(&fold, &with("bob")), (3, 3), "what is said in private is said to one");
    fold.hear(line(101, "ana", "@dr00"));
    fold.hear(line(102, "ana", "hm"));
    assert_eq!(lobby(&fold), (9, 4));
    // What is held says it all.
    let older = (21..=27).map(|seq| line(seq, "ana", if seq % 4 == 1 { "@dr00" } else { "hm" })).collect();
    fold.take(&page(&room("lobby"), Some(101), None, older, true));
    assert_eq!(lobby(&fold), (9, 3));
}

#[test]
fn reading_on_among_lines_not_held_leaves_those_that_are_known() {
    let mut fold = away();
    let newest = vec![line(98, "ana", "@dr00"), line(99, "bob", "hm"), line(100, "ana", "hm")];
    fold.take(&page(&room("lobby"), None, None, newest, true));
    fold.0.read(&room("lobby"), 60);
    assert_eq!(lobby(&fold), (3, 1));
    fold.0.read(&room("lobby"), 98);
    assert_eq!(lobby(&fold), (2, 0));
    let mut fold = away();
    fold.take(&joined("attic", None, &["dr00"], 1));
    let request = ToHub::Join { id: text("j"), room: text("attic") };
    let (topic, users) = (None, Vec::new());
    fold.take(&answered(
        request,
        Response::Joined(Joined { room: text("attic"), topic, users, count: 1, read: 10, unread: 4, mentions: 4 }),
    ));
    assert_eq!(counts(&fold, &room("attic")), (4, 4));
}

#[test]
fn an_edit_makes_no_line_one_that_names_one_nor_unmakes_it() {
    let mut fold = Fold::new();
    fold.hear(line(11, "ana", "hi"));
    fold.hear(line(12, "ana", "hi @dr00"));
    fold.hear(changed(13, "ana", 11, edited("hi @dr00")));
    fold.hear(changed(14, "ana", 12, edited("hi")));
    assert_eq!(lobby(&fold), (2, 1));
    // Nor when all is counted anew.
    fold.take(&page(&room("lobby"), Some(11), None, vec![line(5, "ana", "@dr00")], false));
    assert_eq!(lobby(&fold), (2, 1));
    fold.0.read(&room("lobby"), 11);
    assert_eq!(lobby(&fold), (1, 1));
}

// --- who is writing ---

fn typing(place: Place, from: &str) -> Delivery {
    Delivery::Typing { place, from: text(from) }
}

#[test]
fn who_is_writing_is_so_for_a_while() {
    let mut fold = Fold::new();
    assert!(fold.take(&typing(room("lobby"), "ana")).at[0].typing);
    fold.0.deliver(NOW + 1_000, &typing(room("lobby"), "bob"));
    assert!(fold.0.deliver(NOW + 2_000, &typing(room("lobby"), "ANA")).is_empty(), "which is known");
    assert_eq!(fold.lobby().typing(NOW + 2_000), ["ana", "bob"]);
    assert_eq!(fold.0.typing_ends(NOW + 2_000), Some(NOW + 1_000 + TYPING_LASTS));
    assert_eq!(fold.lobby().typing(NOW + 1_000 + TYPING_LASTS), ["ana"]);
    assert_eq!(fold.0.typing_ends(NOW + 1_000 + TYPING_LASTS), Some(NOW + 2_000 + TYPING_LASTS));
    assert_eq!(fold.0.typing_ends(NOW + 2_000 + TYPING_LASTS), None);
}

#[test]
fn who_has_said_it_is_writing_no_more() {
    let mut fold = Fold::new();
    fold.take(&typing(room("lobby"), "ana"));
    fold.take(&typing(room("lobby"), "bob"));
    assert!(!fold.hear(changed(11, "ana", 5, reacted("👍", true))).at.iter().any(|change| change.typing));
    assert!(fold.hear(line(12, "Ana", "hi")).at[0].typing);
    assert_eq!(fold.lobby().typing(NOW), ["bob"]);
    assert!(!fold.hear(line(13, "ana", "ho")).at[0].typing);
    assert!(fold.take(&Delivery::Lost).at.iter().any(|change| change.typing));
    assert_eq!(fold.lobby().typing(NOW), [""; 0], "nobody is heard any more");
}

#[test]
fn in_private_as_well_but_not_oneself_nor_where_one_is_not_nor_everybody() {
    let mut fold = Fold::new();
    fold.0.open(&with("bob"));
    assert!(fold.take(&typing(with("bob"), "bob")).at[0].typing);
    assert_eq!(fold.0.get(&with("bob")).unwrap().typing(NOW), ["bob"]);
    assert!(fold.take(&typing(room("lobby"), "Dr00")).is_empty());
    assert!(fold.take(&typing(room("attic"), "ana")).is_empty());
    assert!(fold.0.get(&room("attic")).is_none());
    for n in 0..50 {
        fold.take(&typing(room("lobby"), &format!("nick{n}")));
    }
    assert_eq!(fold.lobby().typing(NOW).len(), MAX_TYPING);
}
