//! What a node knows, folded from what it received.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;

use fold::*;
use shared::entry::{Entry, Said};
use shared::message::{ErrorCode, Presence, Refusal, Sent, State, ToHub, Users};
use shared::session::{Delivery, Response};
use shared::transcript::{
    BLOCK, Change, Changes, Item, Key, MAX_FAILED, MAX_LINES, MAX_NOTICES, MAX_PRIVATE, PendingState, What, continues,
    local_day,
};

// --- lines ---

#[test]
fn lines_stand_by_number_each_once() {
    let mut fold = Fold::new();
    let changes = fold.hear(said(12, "ana", "1"));
    let change = Change { place: room("lobby"), lines: true, people: false, unread: true, typing: false, reach: false };
    assert_eq!(changes, Changes { places: false, at: vec![change] });
    assert!(fold.hear(said(12, "ana", "1")).is_empty(), "again: nothing to draw");
    fold.hear(said(15, "bob", "1"));
    fold.take(&page(
        &room("lobby"),
        None,
        None,
        vec![said(9, "ana", "0"), said(12, "ana", "1"), said(13, "bob", "x")],
        true,
    ));
    assert_eq!(fold.rows(), "9 12 13 15");
}

#[test]
fn an_entry_takes_the_place_of_the_pending_line() {
    for reply_first in [true, false] {
        let mut fold = Fold::new();
        fold.take(&Delivery::Sending { request: say("a-1", " hi ") });
        fold.take(&Delivery::Sending { request: say("a-2", "ho") });
        fold.hear(said(11, "ana", "a-1"));
        assert_eq!(fold.rows(), "11 ~a-1 ~a-2", "another's id proves nothing");
        assert_eq!(fold.lobby().pending()[0].text, "hi");
        let reply = answered(say("a-1", "hi"), Response::Sent(Sent { seq: 12, delivered: None }));
        if reply_first {
            fold.take(&reply);
            assert_eq!(fold.lobby().pending()[0].state, PendingState::Sent { seq: 12 });
            fold.hear(said(12, "DR00", "a-1"));
        } else {
            fold.hear(said(12, "dr00", "a-1"));
            assert!(fold.take(&reply).is_empty());
        }
        assert_eq!(fold.rows(), "11 12 ~a-2");
    }
}

#[test]
fn a_page_brings_the_entry_of_a_pending_line_too() {
    let mut fold = Fold::new();
    fold.take(&Delivery::Sending { request: say("a-1", "hi") });
    fold.take(&Delivery::Lost);
    fold.back(12, &[]);
    fold.take(&answered(say("a-1", "hi"), Response::Sent(Sent { seq: 12, delivered: None })));
    fold.take(&page(&room("lobby"), None, Some(10), vec![said(12, "dr00", "a-1")], false));
    assert_eq!(fold.rows(), "12");
}

#[test]
fn a_failed_line_stays_until_it_is_taken_away() {
    let mut fold = Fold::new();
    fold.take(&Delivery::Sending { request: say("a-1", "hi") });
    assert_eq!(fold.0.dismiss(&room("lobby"), "a-1").0, None, "it may still arrive");
    let refusal = Refusal::new(ErrorCode::NotInRoom, "Join it first.");
    let changes = fold.take(&Delivery::Answered { request: say("a-1", "hi"), answer: Err(refusal.clone()) });
    assert!(changes.at[0].lines);
    assert_eq!(fold.lobby().pending()[0].state, PendingState::Failed(refusal));
    let (given, changes) = fold.0.dismiss(&room("lobby"), "a-1");
    assert_eq!((given.map(|line| line.text.clone()), changes.at.len()), (Some(text("hi")), 1));
    assert_eq!(fold.rows(), "");
}

#[test]
fn failed_lines_are_bounded() {
    let mut fold = Fold::new();
    for n in 0..=MAX_FAILED {
        let request = say(&n.to_string(), "hi");
        fold.take(&Delivery::Sending { request: request.clone() });
        let answer = Err(Refusal::new(ErrorCode::NotInRoom, "No."));
        fold.take(&Delivery::Answered { request, answer });
    }
    assert_eq!(fold.lobby().pending().len(), MAX_FAILED);
    assert_eq!(fold.lobby().pending()[0].id, "1");
}

#[test]
fn private_lines_go_to_the_other_whoever_spoke() {
    let mut fold = Fold::new();
    let changes = fold.hear(whispered(11, "bob", "dr00"));
    assert!(changes.places && changes.at[0].place == with("bob"));
    fold.hear(whispered(12, "dr00", "bob"));
    fold.hear(whispered(13, "dr00", "dr00"));
    assert_eq!(fold.seqs(&with("bob")), [11, 12]);
    assert_eq!(fold.seqs(&with("dr00")), [13]);
}

#[test]
fn spelling_is_the_hubs() {
    let mut fold = Fold::new();
    fold.take(&Delivery::Sending { request: with("BOB").say(text("a-1"), text("psst")) });
    assert_eq!(fold.0.places(), [room("lobby"), with("BOB")]);
    let changes = fold.hear(whispered(11, "dr00", "Bob"));
    assert!(changes.places);
    assert_eq!(fold.0.places(), [room("lobby"), with("Bob")]);
    assert_eq!(fold.0.get(&with("bOb")).unwrap().place(), &with("Bob"));
    assert_eq!(fold.0.get(&room("#LOBBY")).unwrap().place(), &room("lobby"));
}

// --- what is missing ---

#[test]
fn a_first_page_comes_before_what_is_heard() {
    let mut fold = Fold::new();
    assert!(fold.lobby().fresh() && fold.lobby().more());
    fold.hear(said(12, "ana", "1"));
    let request = fold.lobby().older(text("h")).unwrap();
    assert_eq!(request, room("lobby").history(text("h"), None, None, 50), "the newest, while fresh");
    fold.take(&page(&room("lobby"), None, None, vec![said(8, "ana", "0"), said(12, "ana", "1")], true));
    assert!(!fold.lobby().fresh());
    assert_eq!(fold.lobby().older(text("h")), Some(room("lobby").history(text("h"), Some(8), None, 50)));
    fold.take(&page(&room("lobby"), Some(8), None, vec![said(2, "ana", "x")], false));
    assert_eq!((fold.rows().as_str(), fold.lobby().more(), fold.lobby().older(text("h"))), ("2 8 12", false, None));
}

#[test]
fn an_absence_leaves_a_hole_until_it_is_filled() {
    let mut fold = Fold::new();
    fold.take(&page(&room("lobby"), None, None, vec![said(8, "ana", "0")], false));
    fold.hear(said(12, "ana", "1"));
    fold.take(&Delivery::Lost);
    assert_eq!(fold.rows(), "8 12", "away, nobody knows of more");
    fold.back(39, &[]);
    assert_eq!(fold.rows(), "8 12", "what was missed is on its way");
    fold.hear(said(40, "ana", "2"));
    assert_eq!(fold.rows(), "8 12 …12 40");
    assert_eq!(fold.lobby().missing(text("h"), 12), room("lobby").history(text("h"), None, Some(12), 50));
    fold.take(&page(&room("lobby"), None, Some(12), vec![said(20, "bob", "3")], true));
    assert_eq!(fold.rows(), "8 12 20 …20 40");
    fold.take(&page(&room("lobby"), None, Some(20), vec![said(30, "bob", "4"), said(40, "ana", "2")], false));
    assert_eq!(fold.rows(), "8 12 20 30 40");
    assert!(!fold.lobby().more());
}

#[test]
fn a_newest_page_that_does_not_reach_back_leaves_a_hole() {
    let mut fold = Fold::new();
    fold.take(&page(&room("lobby"), None, None, vec![said(8, "ana", "0")], false));
    fold.take(&Delivery::Lost);
    fold.back(30, &[]);
    fold.take(&page(&room("lobby"), None, None, vec![said(30, "ana", "1")], true));
    assert_eq!(fold.rows(), "8 …10 30", "up to 10 the log was known");
}

#[test]
fn private_talks_without_news_have_no_hole() {
    let mut fold = Fold::new();
    fold.hear(whispered(11, "bob", "dr00"));
    fold.hear(whispered(12, "ana", "dr00"));
    fold.take(&Delivery::Lost);
    fold.back(20, &[("ana", 20), ("bob", 11)]);
    fold.hear(whispered(30, "bob", "dr00"));
    fold.hear(whispered(31, "ana", "dr00"));
    assert_eq!(fold.0.get(&with("bob")).unwrap().holes(), [] as [u64; 0]);
    assert_eq!(fold.0.get(&with("ana")).unwrap().holes(), [12]);
}

#[test]
fn a_room_left_and_entered_again_is_fresh() {
    let mut fold = Fold::new();
    fold.take(&page(&room("lobby"), None, None, vec![said(8, "ana", "0")], false));
    let leave = ToHub::Leave { id: text("l"), room: text("#Lobby") };
    let changes = fold.take(&answered(leave, Response::Done));
    assert!(changes.at[0].people && !fold.lobby().joined() && fold.lobby().count() == 0);
    assert_eq!(fold.rows(), "8");
    assert!(fold.take(&joined("lobby", None, &["dr00"], 1)).at[0].lines);
    assert!(fold.lobby().joined() && fold.lobby().fresh());
    assert_eq!(fold.rows(), "8 …10", "what was said meanwhile does not come by itself");
    assert_eq!(fold.lobby().older(text("h")), Some(room("lobby").history(text("h"), None, None, 50)));
    fold.take(&page(&room("lobby"), None, None, vec![said(30, "ana", "1")], true));
    assert_eq!(fold.rows(), "8 …10 30");
}

#[test]
fn another_log_begins_empty() {
    let mut fold = Fold::new();
    fold.hear(said(12, "ana", "1"));
    fold.hear(whispered(13, "bob", "dr00"));
    fold.take(&Delivery::Sending { request: say("a-1", "waits") });
    fold.take(&Delivery::Sending { request: say("a-2", "is on the other disk") });
    fold.take(&answered(say("a-2", ""), Response::Sent(Sent { seq: 14, delivered: None })));
    fold.take(&Delivery::Lost);
    let changes = fold.take(&welcome(3, true));
    assert!(changes.places && changes.at.iter().all(|change| change.lines && change.unread));
    assert_eq!(fold.rows(), "~a-1");
    assert!(fold.lobby().fresh() && fold.lobby().unread() == 0);
    fold.take(&connected_with("dr00", (3, 0), Vec::new()));
    fold.hear(said(4, "ana", "1"));
    assert_eq!((fold.rows().as_str(), fold.lobby().unread()), ("4 ~a-1", 1));
}

#[test]
fn the_last_lines_of_a_room_do_not_open_it_again() {
    let mut fold = Fold::new();
    fold.take(&answered(ToHub::Leave { id: text("l"), room: text("lobby") }, Response::Done));
    fold.0.close(&room("lobby"));
    assert!(fold.hear(said(11, "ana", "1")).is_empty(), "which was under way");
    assert_eq!(fold.0.places(), []);
    assert!(fold.hear(whispered(12, "ana", "dr00")).places, "whoever writes to us is listed");
}

// --- how much is held ---

fn many(from: u64, to: u64) -> Vec<Entry> {
    (from..=to).map(|seq| said(seq, "ana", &seq.to_string())).collect()
}

#[test]
fn old_lines_are_dropped_and_can_be_had_again() {
    let mut fold = Fold::new();
    fold.take(&page(&room("lobby"), None, None, many(1, 50), false));
    assert!(!fold.lobby().more());
    fold.0.notice(NOW, &room("lobby"), What::Told(text("old")));
    let newest = MAX_LINES as u64 + 1_500;
    for entry in many(51, newest) {
        fold.hear(entry);
    }
    let held = fold.seqs(&room("lobby"));
    assert_eq!((held.len(), held[0], held[MAX_LINES - 1]), (MAX_LINES, 1_501, newest));
    assert!(fold.lobby().more());
    assert_eq!(fold.lobby().older(text("h")), Some(room("lobby").history(text("h"), Some(1_501), None, 50)));
    assert!(!fold.rows().contains("old"), "and what stood between them");
}

#[test]
fn lines_being_read_are_kept() {
    let mut fold = Fold::new();
    let lobby = room("lobby");
    let newest = 1_000 + MAX_LINES as u64;
    fold.take(&page(&lobby, None, None, many(1_001, newest), true));
    fold.0.hold(&lobby, Some(1_001));
    // Paging back: the newest go.
    fold.take(&page(&lobby, Some(1_001), None, many(801, 1_000), true));
    let held = fold.seqs(&lobby);
    assert_eq!((held.len(), held[0], held[MAX_LINES - 1]), (MAX_LINES, 801, newest - 200));
    assert_eq!(fold.lobby().holes(), [newest - 200], "and it is shown that there are newer ones");
    fold.0.hold(&lobby, Some(810));
    for entry in many(newest + 1, newest + 100) {
        fold.hear(entry);
    }
    assert_eq!(fold.seqs(&lobby)[0], 801);
    assert_eq!(fold.lobby().holes(), [newest - 200]);
    fold.take(&Delivery::Lost);
    fold.take(&resumed(newest + 100, &["lobby"]));
    assert_eq!(fold.lobby().holes(), [newest - 200], "what was dropped does not come again by itself");
    // Back at the end: what is missing is fetched, and the oldest go.
    fold.0.hold(&lobby, None);
    fold.take(&page(&lobby, None, Some(newest - 200), many(newest - 199, newest - 10), true));
    assert_eq!(fold.lobby().holes(), [newest - 10]);
    fold.take(&page(&lobby, None, Some(newest - 10), many(newest - 9, newest + 100), false));
    let held = fold.seqs(&lobby);
    assert_eq!((held.len(), held[0], held[MAX_LINES - 1]), (MAX_LINES, 1_101, newest + 100));
    assert!(fold.lobby().holes().is_empty() && fold.lobby().more());
}

#[test]
fn private_talks_and_notices_are_bounded() {
    let mut fold = Fold::new();
    fold.take(&Delivery::Sending { request: with("first").say(text("a-1"), text("waits")) });
    for n in 0..=MAX_PRIVATE as u64 {
        fold.hear(whispered(11 + n, &format!("nick{n}"), "dr00"));
    }
    let places = fold.0.places();
    assert_eq!(places.len(), 1 + MAX_PRIVATE);
    assert!(places.contains(&with("first")), "which has something to send");
    assert!(!places.contains(&with("nick0")) && places.contains(&with("nick2")));
    assert_eq!(places[1], with(&format!("nick{MAX_PRIVATE}")), "the latest first");
    for n in 0..=MAX_NOTICES {
        fold.0.notice(NOW, &room("lobby"), What::Told(n.to_string()));
    }
    assert_eq!(fold.lobby().items().len(), MAX_NOTICES);
}

// --- people ---

fn nicks(fold: &Fold) -> Vec<&str> {
    fold.lobby().people().map(|user| user.nick.as_str()).collect()
}

#[test]
fn people_are_a_list_and_then_differences() {
    let mut fold = Fold::new();
    assert_eq!(nicks(&fold), ["ana", "bob", "dr00"]);
    let changes = fold.take(&presence(&["Carl"], &["bob"]));
    let change = Change { place: room("lobby"), lines: true, people: true, unread: false, typing: false, reach: false };
    assert_eq!(changes.at, [change]);
    assert_eq!((nicks(&fold), fold.lobby().count()), (vec!["ana", "Carl", "dr00"], 3));
    let states = [(text("ana"), State::Away), (text("nobody"), State::Away)].into();
    let away = Presence { room: text("lobby"), states, ..Presence::default() };
    let changes = fold.take(&Delivery::Presence(away));
    assert!(changes.at[0].people && !changes.at[0].lines, "a state is no line");
    assert_eq!(fold.0.state_of("ANA"), Some(State::Away));
    assert_eq!(fold.0.state_of("nobody"), None);
    fold.take(&presence(&["ana"], &[]));
    assert_eq!(fold.0.state_of("ana"), Some(State::Online));
    assert!(fold.take(&Delivery::Presence(Presence { room: text("attic"), ..Presence::default() })).is_empty());
}

#[test]
fn a_nick_is_as_it_is_in_all_rooms() {
    let mut fold = Fold::new();
    fold.take(&joined("attic", None, &["ana", "dr00"], 2));
    let state = |place: &str, nick: &str, state| {
        let states = [(text(nick), state)].into();
        Delivery::Presence(Presence { room: text(place), states, ..Presence::default() })
    };
    let changes = fold.take(&state("lobby", "Ana", State::Reconnecting));
    assert_eq!(changes.at.iter().filter(|change| change.people).count(), 2);
    for place in [room("lobby"), room("attic")] {
        let ana = fold.0.get(&place).unwrap().people().find(|user| user.nick == "ana").unwrap();
        assert_eq!((ana.state, ana.nodes), (State::Reconnecting, 0), "in {place:?}");
    }
    assert_eq!(fold.0.state_of("ana"), Some(State::Reconnecting));
    let changes = fold.take(&state("attic", "ana", State::Online));
    assert_eq!(changes.at.len(), 2);
    assert_eq!(fold.0.state_of("ana"), Some(State::Online));
    fold.take(&state("lobby", "bob", State::Reconnecting));
    fold.take(&presence(&["bob"], &[]));
    assert_eq!(fold.0.state_of("bob"), Some(State::Online), "who comes is here");
}

#[test]
fn a_large_room_is_counted() {
    let mut fold = Fold::new();
    fold.take(&joined("lobby", Some("Tea at four"), &["ana", "bob"], 300));
    assert_eq!((fold.lobby().count(), fold.lobby().only_counted(), nicks(&fold).len()), (300, true, 2));
    assert_eq!(fold.lobby().topic(), Some("Tea at four"));
    let changes = fold.take(&counted(301));
    assert!(changes.at[0].people && !changes.at[0].lines);
    assert_eq!(fold.lobby().count(), 301);
    fold.take(&counted(251));
    fold.take(&presence(&[], &["zoe"]));
    assert_eq!((fold.lobby().count(), fold.lobby().only_counted()), (250, true), "small again, but not all are known");
    let everyone = (0..250).map(|n| user(&format!("nick{n}"))).collect();
    let request = ToHub::ListUsers { id: text("u"), room: Some(text("Lobby")) };
    fold.take(&answered(request, Response::Users(Users { users: everyone })));
    assert_eq!((fold.lobby().count(), fold.lobby().only_counted(), nicks(&fold).len()), (250, false, 250));
}

#[test]
fn coming_and_going_is_one_notice_until_someone_speaks() {
    let mut fold = Fold::new();
    fold.hear(said(11, "ana", "1"));
    fold.take(&presence(&["carl", "dr00"], &[]));
    assert_eq!(fold.rows(), "11 (carl has joined)");
    let before = fold.lobby().items()[1].key();
    fold.take(&presence(&["dora"], &["bob"]));
    assert_eq!(fold.rows(), "11 (carl and dora have joined; bob has left)");
    let after = fold.lobby().items()[1].key();
    assert!(matches!((&before, &after), (Key::Notice { number: a, .. }, Key::Notice { number: b, .. }) if a == b));
    assert_ne!(before, after, "a keyed list draws it anew");
    fold.take(&presence(&["Bob"], &["CARL"]));
    assert_eq!(fold.rows(), "11 (dora has joined)", "who is back was not gone");
    fold.hear(said(12, "ana", "2"));
    fold.take(&presence(&[], &["dora"]));
    assert_eq!(fold.rows(), "11 (dora has joined) 12 (dora has left)");
    fold.take(&presence(&["dora"], &[]));
    assert_eq!(fold.rows(), "11 (dora has joined) 12", "nothing happened since");
    fold.take(&presence(&["a", "b", "c", "d", "e"], &[]));
    assert!(fold.rows().ends_with("(a, b, c, d and e have joined)"));
    fold.take(&presence(&["f", "g"], &[]));
    assert!(fold.rows().ends_with("(a, b, c, d and 3 more have joined)"));
}

#[test]
fn notices_stay_where_they_were_made() {
    let mut fold = Fold::new();
    let lobby = room("lobby");
    fold.0.notice(NOW, &lobby, What::Told(text("first")));
    fold.hear(said(12, "ana", "1"));
    fold.0.notice(NOW, &lobby, What::Refused(text("second")));
    fold.take(&Delivery::Sending { request: say("a-1", "hi") });
    fold.0.notice(NOW, &lobby, What::Told(text("third")));
    fold.take(&Delivery::Lost);
    fold.back(29, &[]);
    fold.hear(said(30, "ana", "2"));
    fold.take(&page(&lobby, Some(12), None, vec![said(5, "ana", "0")], false));
    assert_eq!(fold.rows(), "(first) 5 12 (second) (third) …12 30 ~a-1");
    let keys: std::collections::BTreeSet<Key> = fold.lobby().items().iter().map(Item::key).collect();
    assert_eq!(keys.len(), fold.lobby().items().len());
}

// --- places ---

#[test]
fn places_are_in_order_and_can_be_opened_and_closed() {
    let mut fold = Fold::new();
    fold.take(&joined("Zoo", None, &["dr00"], 1));
    fold.take(&joined("attic", None, &["dr00"], 1));
    fold.hear(whispered(11, "bob", "dr00"));
    fold.hear(whispered(12, "ana", "dr00"));
    assert_eq!(fold.0.places(), [room("lobby"), room("attic"), room("Zoo"), with("ana"), with("bob")]);
    assert!(fold.hear(whispered(13, "bob", "dr00")).places);
    assert_eq!(fold.0.places()[3..], [with("bob"), with("ana")]);
    assert!(fold.0.open(&with("carl")).places);
    assert!(fold.0.get(&with("carl")).unwrap().joined());
    assert!(!fold.0.open(&with("CARL")).places);
    assert!(fold.0.close(&with("carl")).places);
    assert!(!fold.0.close(&with("carl")).places);
    assert_eq!(fold.0.places().len(), 5);
}

#[test]
fn leaving_for_good_leaves_every_room() {
    let mut fold = Fold::new();
    fold.take(&joined("attic", None, &["dr00"], 1));
    let changes = fold.take(&answered(ToHub::Disconnect { id: text("d") }, Response::Done));
    assert_eq!(changes.at.len(), 2);
    assert!(fold.0.places().iter().all(|place| !fold.0.get(place).unwrap().joined()));
}

#[test]
fn private_talks_belong_to_the_nick_that_had_them() {
    let mut fold = Fold::new();
    fold.hear(whispered(11, "bob", "dr00"));
    fold.take(&connected_as("eve", &[]));
    assert_eq!((fold.0.me(), fold.0.places()), (Some("eve"), vec![room("lobby")]));
    fold.hear(said(12, "eve", "1"));
    assert_eq!(fold.lobby().unread(), 0);
}

#[test]
fn refusals_of_other_requests_change_nothing() {
    let mut fold = Fold::new();
    let refusal = Refusal::new(ErrorCode::NotInRoom, "No.");
    let join = ToHub::Join { id: text("j"), room: text("attic") };
    assert!(fold.take(&Delivery::Answered { request: join, answer: Err(refusal.clone()) }).is_empty());
    assert!(fold.take(&Delivery::Complaint(refusal)).is_empty());
}

#[test]
fn changes_add_up() {
    let change = |place, lines, people, unread, reach| Change { place, lines, people, unread, typing: false, reach };
    let mut changes = Changes { places: false, at: vec![change(room("a"), true, false, false, false)] };
    changes.merge(Changes {
        places: true,
        at: vec![change(room("b"), false, true, false, false), change(room("a"), false, false, true, true)],
    });
    let at = vec![change(room("a"), true, false, true, true), change(room("b"), false, true, false, false)];
    assert_eq!(changes, Changes { places: true, at });
}

// --- blocks ---

#[test]
fn a_block_is_one_person_a_short_while_and_one_day() {
    const MIDNIGHT: u64 = 1_800_057_600_000; // 2027-01-16, UTC
    let line = |from: &str, at: u64| {
        Entry::Said(Said {
            seq: 1,
            at,
            room: text("lobby"),
            from: text(from),
            id: text("1"),
            text: text("hi"),
            details: None,
        })
    };
    let (noon, later) = (MIDNIGHT - 43_200_000, MIDNIGHT - 43_200_000 + BLOCK);
    assert!(continues(&line("ana", noon), &line("Ana", later - 1), 0));
    assert!(!continues(&line("ana", noon), &line("ana", later), 0));
    assert!(!continues(&line("ana", noon), &line("bob", noon), 0));
    let (before, after) = (line("ana", MIDNIGHT - 1_000), line("ana", MIDNIGHT + 1_000));
    assert!(!continues(&before, &after, 0));
    assert!(continues(&before, &after, 60), "in Berlin it is past one");
    assert!(continues(&before, &after, -300), "and in New York seven in the evening");
    assert_eq!(local_day(MIDNIGHT, 0), local_day(MIDNIGHT - 1, 0) + 1);
    assert_eq!(local_day(0, -1), -1);
    assert!(local_day(u64::MAX, 840) > 0);
}
