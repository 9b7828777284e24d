//! What a node knows after the connection was lost, the page loaded again, the outbox taken up again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;

use fold::*;
use shared::message::{ErrorCode, Refusal, Sent, ToHub, Users, Welcome};
use shared::session::{Delivery, Response};
use shared::transcript::{PendingState, Transcript};

fn synced(seq: u64) -> Delivery {
    Delivery::Synced { seq }
}

/// The lobby from its beginning up to 12.
fn fold() -> Fold {
    let mut fold = Fold::new();
    fold.take(&page(&room("lobby"), None, None, vec![said(8, "ana", "0")], false));
    fold.hear(said(12, "ana", "1"));
    fold
}

fn no_page(after: u64) -> Delivery {
    let request = room("lobby").history(text("h"), None, Some(after), 200);
    Delivery::Answered { request, answer: Err(Refusal::new(ErrorCode::NotInRoom, "Join it first.")) }
}

fn sent(id: &str, seq: u64) -> Delivery {
    answered(say(id, "hi"), Response::Sent(Sent { seq, delivered: None }))
}

// --- holes ---

#[test]
fn a_resumed_session_has_no_hole() {
    let mut fold = fold();
    fold.hear(whispered(13, "bob", "dr00"));
    fold.take(&Delivery::Lost);
    assert_eq!(fold.rows(), "8 12");
    fold.take(&resumed(40, &["lobby"]));
    assert_eq!(fold.rows(), "8 12");
    for (seq, rows) in [(20, "8 12 20"), (40, "8 12 20 40")] {
        fold.hear(said(seq, "ana", &seq.to_string()));
        assert_eq!(fold.rows(), rows);
    }
    fold.take(&synced(40));
    fold.hear(said(41, "ana", "41"));
    fold.hear(whispered(42, "bob", "dr00"));
    assert_eq!(fold.rows(), "8 12 20 40 41");
    assert_eq!(fold.0.get(&with("bob")).unwrap().holes(), [] as [u64; 0]);
    assert!(!fold.lobby().more() && !fold.lobby().fresh());
}

#[test]
fn a_resume_cut_short_is_known_up_to_the_last_line_heard() {
    let mut fold = fold();
    fold.take(&Delivery::Lost);
    fold.take(&resumed(40, &["lobby"]));
    fold.hear(said(20, "ana", "2"));
    fold.take(&Delivery::Lost);
    fold.back(50, &[]);
    assert_eq!(fold.rows(), "8 12 20");
    fold.hear(said(51, "ana", "4"));
    assert_eq!(fold.rows(), "8 12 20 …20 51", "and not behind 40, where the hub's log ended");
    fold.take(&page(&room("lobby"), None, Some(20), vec![said(40, "ana", "3"), said(51, "ana", "4")], false));
    assert_eq!(fold.rows(), "8 12 20 40 51");
}

#[test]
fn a_resume_does_not_hide_an_older_hole() {
    let mut fold = fold();
    fold.take(&Delivery::Lost);
    fold.back(30, &[]);
    fold.hear(said(31, "ana", "3"));
    fold.take(&Delivery::Lost);
    fold.take(&resumed(40, &["lobby"]));
    fold.hear(said(40, "ana", "4"));
    assert_eq!(fold.rows(), "8 12 …12 31 40");
}

#[test]
fn what_was_not_heard_before_a_loss_is_not_known_after_a_resume() {
    let mut fold = fold();
    fold.take(&Delivery::Lost);
    fold.back(30, &[]);
    // What was said up to 30 is still being asked for.
    fold.take(&Delivery::Lost);
    fold.take(&resumed(40, &["lobby"]));
    fold.hear(said(35, "ana", "3"));
    assert_eq!(fold.rows(), "8 12 …12 35");
}

#[test]
fn up_to_the_welcome_all_is_known_once_it_was_fetched() {
    let mut fold = fold();
    fold.take(&Delivery::Lost);
    fold.back(30, &[]);
    fold.take(&page(&room("lobby"), None, Some(12), Vec::new(), false));
    fold.take(&Delivery::Lost);
    fold.back(50, &[]);
    fold.take(&page(&room("lobby"), None, Some(30), vec![said(45, "ana", "3")], false));
    assert_eq!(fold.rows(), "8 12 45", "the session asks on from 30");
}

#[test]
fn a_catch_up_that_fails_leaves_a_visible_hole() {
    let mut fold = fold();
    fold.take(&Delivery::Lost);
    assert!(fold.take(&no_page(12)).is_empty(), "that was lost with the connection");
    fold.back(30, &[]);
    assert_eq!(fold.rows(), "8 12");
    let changes = fold.take(&no_page(12));
    assert!(changes.at[0].lines);
    assert_eq!(fold.rows(), "8 12 …12");
    assert!(fold.take(&no_page(12)).is_empty(), "nothing new");
    fold.take(&page(&room("lobby"), None, Some(12), vec![said(20, "ana", "2")], true));
    assert_eq!(fold.rows(), "8 12 20 …20");
    fold.take(&page(&room("lobby"), None, Some(20), Vec::new(), false));
    assert_eq!(fold.rows(), "8 12 20");
    fold.take(&no_page(20));
    assert_eq!(fold.rows(), "8 12 20", "nothing is missing there");
}

#[test]
fn what_the_session_fetches_is_not_the_newest_page() {
    let mut fold = Fold::new();
    fold.hear(said(11, "ana", "1"));
    fold.take(&Delivery::Lost);
    fold.back(30, &[]);
    fold.take(&page(&room("lobby"), None, Some(11), Vec::new(), false));
    assert!(fold.lobby().fresh(), "what was said before this visit was never loaded");
}

#[test]
fn a_line_under_way_while_leaving_does_not_hide_what_follows_it() {
    let mut fold = fold();
    fold.take(&answered(ToHub::Leave { id: text("l"), room: text("lobby") }, Response::Done));
    fold.hear(said(13, "ana", "2"));
    fold.take(&joined("lobby", None, &["dr00"], 1));
    fold.hear(said(20, "ana", "3"));
    assert_eq!(fold.rows(), "8 12 13 …13 20");
}

// --- rooms and people ---

#[test]
fn the_rooms_of_a_resumed_session_are_those_of_the_hub() {
    let mut fold = fold();
    fold.take(&joined("Attic", None, &["dr00"], 1));
    fold.take(&Delivery::Lost);
    let changes = fold.take(&resumed(12, &["lobby", "zoo"]));
    assert!(changes.places);
    assert_eq!(fold.0.places(), [room("lobby"), room("Attic"), room("zoo")]);
    let attic = fold.0.get(&room("attic")).unwrap();
    assert!(!attic.joined() && attic.fresh());
    assert!(fold.0.get(&room("zoo")).unwrap().joined(), "its answer was lost");
    assert!(fold.lobby().joined() && !fold.lobby().fresh());
    fold.take(&joined("Attic", None, &["dr00"], 1));
    assert!(fold.0.get(&room("attic")).unwrap().joined());
}

#[test]
fn people_are_not_known_to_be_there_while_away() {
    let mut fold = fold();
    fold.hear(whispered(13, "bob", "dr00"));
    let stale = |fold: &Fold| fold.0.places().iter().map(|at| fold.0.get(at).unwrap().stale()).collect::<Vec<_>>();
    assert!(fold.0.connected() && stale(&fold) == [false, false]);
    let changes = fold.take(&Delivery::Lost);
    assert!(changes.at.len() == 2 && changes.at.iter().all(|change| change.people && !change.lines));
    assert!(!fold.0.connected() && stale(&fold) == [true, true]);
    assert_eq!(fold.lobby().count(), 3, "they are shown as they were");
    fold.take(&resumed(13, &["lobby"]));
    assert!(fold.0.connected() && stale(&fold) == [true, false], "who came and went is not known yet");
    let request = ToHub::ListUsers { id: text("u"), room: Some(text("lobby")) };
    let changes = fold.take(&answered(request, Response::Users(Users { users: vec![user("dr00")] })));
    assert!(changes.at[0].people);
    assert!(stale(&fold) == [false, false] && fold.lobby().count() == 1);
    fold.take(&Delivery::Lost);
    fold.take(&welcome(13, false));
    assert!(!fold.0.connected() && stale(&fold) == [true, true], "the nick is not ours yet");
    fold.take(&connected_as("dr00", &[("bob", 13)]));
    assert!(fold.0.connected() && stale(&fold) == [false, false]);
}

#[test]
fn a_resumed_session_without_a_nick_hears_nothing() {
    let mut fold = fold();
    fold.hear(whispered(13, "bob", "dr00"));
    fold.take(&Delivery::Lost);
    let Delivery::Welcomed { welcome, new_log } = resumed(13, &[]) else { panic!() };
    fold.take(&Delivery::Welcomed { welcome: Welcome { nick: None, ..welcome }, new_log });
    assert!(!fold.0.connected() && !fold.lobby().joined());
    assert_eq!(fold.0.me(), Some("dr00"), "who it was, and wants to be again");
}

#[test]
fn a_page_loaded_again_knows_its_rooms_at_once() {
    let mut fold = Fold(Transcript::new());
    fold.take(&resumed(10, &["lobby", "attic"]));
    assert_eq!((fold.0.me(), fold.0.connected()), (Some("dr00"), true));
    assert_eq!(fold.0.places(), [room("lobby"), room("attic")]);
    assert!(fold.lobby().joined() && fold.lobby().fresh());
    fold.hear(said(14, "ana", "1"));
    fold.hear(whispered(15, "bob", "dr00"));
    fold.take(&connected_as("dr00", &[("bob", 15)]));
    fold.hear(said(16, "ana", "2"));
    assert_eq!(fold.rows(), "14 16");
    let held = vec![said(8, "ana", "0"), said(14, "ana", "1"), said(16, "ana", "2")];
    fold.take(&page(&room("lobby"), None, None, held, true));
    assert_eq!(fold.rows(), "8 14 16");
    assert_eq!(fold.seqs(&with("bob")), [15]);
}

// --- lines on their way ---

#[test]
fn lines_of_an_earlier_visit_wait_in_their_places() {
    let mut fold = Fold(Transcript::new());
    let private = with("bob").say(text("old-2"), text("psst"));
    let typed = NOW - 60_000;
    let changes = fold.0.deliver(typed, &Delivery::Sending { request: say("old-1", "hi") });
    assert!(changes.places && changes.at[0].lines);
    fold.0.deliver(typed, &Delivery::Sending { request: private.clone() });
    assert_eq!(fold.0.places(), [room("lobby"), with("bob")]);
    assert_eq!(fold.lobby().pending()[0].at, typed);
    fold.take(&welcome(10, false));
    fold.take(&connected_as("dr00", &[("bob", 9)]));
    assert_eq!(fold.rows(), "~old-1");
    assert_eq!(
        fold.0.get(&with("bob")).unwrap().pending()[0].id,
        "old-2",
        "which was written before the nick was ours"
    );
    assert_eq!(fold.0.get(&with("bob")).unwrap().unread(), 0);
    fold.hear(said(11, "dr00", "old-1"));
    assert_eq!(fold.rows(), "11");
    fold.take(&Delivery::Answered { request: private, answer: Err(Refusal::new(ErrorCode::NoSuchNick, "Nobody.")) });
    let bob = fold.0.get(&with("bob")).unwrap();
    assert!(matches!(bob.pending()[0].state, PendingState::Failed(_)));
}

#[test]
fn a_line_that_another_node_has_sent_leaves_no_second_row() {
    let mut fold = Fold::new();
    let held = vec![said(8, "dr00", "old-1"), said(9, "ana", "old-2")];
    fold.take(&page(&room("lobby"), None, None, held, true));
    assert!(fold.take(&Delivery::Sending { request: say("old-1", "hi") }).is_empty());
    assert_eq!(fold.rows(), "8 9");
    assert!(fold.take(&sent("old-1", 8)).is_empty());
    fold.take(&Delivery::Sending { request: say("old-2", "hi") });
    assert_eq!(fold.rows(), "8 9 ~old-2", "another's id proves nothing");
    fold.take(&Delivery::Sending { request: say("old-2", "hi") });
    assert_eq!(fold.rows(), "8 9 ~old-2", "once is enough");
}

#[test]
fn a_line_that_was_written_long_ago_leaves_no_row_at_the_end() {
    // Above the lines held, and nothing held yet.
    for held_first in [true, false] {
        let mut fold = Fold::new();
        let newest = page(&room("lobby"), None, None, vec![said(9, "ana", "0")], true);
        if held_first {
            fold.take(&newest);
        }
        fold.take(&Delivery::Sending { request: say("old-1", "hi") });
        let changes = fold.take(&sent("old-1", 3));
        assert!(changes.at[0].lines);
        if !held_first {
            assert_eq!(fold.rows(), "~old-1", "nobody knows where it is");
            fold.take(&newest);
        }
        assert_eq!(fold.rows(), "9");
        fold.take(&page(&room("lobby"), Some(9), None, vec![said(3, "dr00", "old-1")], false));
        assert_eq!(fold.rows(), "3 9");
    }
}

#[test]
fn a_line_written_before_the_loss_stays_until_its_entry_is_fetched() {
    let mut fold = fold();
    fold.take(&Delivery::Sending { request: say("a-1", "hi") });
    fold.take(&Delivery::Lost);
    fold.back(20, &[]);
    fold.take(&sent("a-1", 13));
    fold.hear(said(21, "ana", "2"));
    assert_eq!(fold.rows(), "8 12 …12 21 ~a-1");
    let missed = vec![said(13, "dr00", "a-1"), said(21, "ana", "2")];
    fold.take(&page(&room("lobby"), None, Some(12), missed, false));
    assert_eq!(fold.rows(), "8 12 13 21");
}

#[test]
fn in_whatever_order_the_news_of_a_line_come_one_row_is_left() {
    let entry = || said(13, "dr00", "a-1");
    let newest = || page(&room("lobby"), None, None, vec![said(12, "ana", "1"), entry()], true);
    let sending = || Delivery::Sending { request: say("a-1", "hi") };
    for heard in [Delivery::Heard(entry()), newest()] {
        let orders = [
            [heard.clone(), sending(), sent("a-1", 13)],
            [sending(), heard.clone(), sent("a-1", 13)],
            [sending(), sent("a-1", 13), heard.clone()],
        ];
        for order in orders {
            let mut fold = fold();
            for delivery in &order {
                fold.take(delivery);
            }
            assert_eq!(fold.rows(), "8 12 13");
        }
    }
}
