//! What is unread, and how far own lines have got.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;

use fold::*;
use shared::message::{Behind, Conversation, Cursors, State, ToHub};
use shared::session::{Delivery, Response};
use shared::transcript::{MAX_LINES, Place, Transcript};
use shared::wire::MAX_UNREAD;

// --- unread ---

fn talk(with: &str, seq: u64, read: u64, unread: u32) -> Conversation {
    Conversation { with: text(with), seq, read, unread }
}

/// `dr00` in a log that ended at 100: of the lobby 7 lines after 20 are unread, of bob's 3 after 40.
fn away() -> Fold {
    let mut fold = Fold(Transcript::new());
    fold.take(&welcome(100, false));
    fold.take(&connected_with("dr00", (20, 7), vec![talk("bob", 90, 40, 3), talk("ana", 80, 80, 0)]));
    fold
}

/// How many are unread: `7`, or `7+` where there may be more.
fn unread(fold: &Fold, place: &Place) -> String {
    let known = fold.0.get(place).unwrap();
    format!("{}{}", known.unread(), if known.unread_more() { "+" } else { "" })
}

fn lobby(fold: &Fold) -> String {
    unread(fold, &room("lobby"))
}

#[test]
fn unread_is_what_others_said_since() {
    let mut fold = Fold::new();
    let at = room("lobby");
    fold.take(&page(&at, None, None, vec![said(5, "ana", "0"), said(9, "bob", "0")], false));
    assert_eq!((fold.lobby().unread(), fold.lobby().first_unread()), (0, None), "said before this node came");
    fold.hear(said(11, "ana", "1"));
    assert!(!fold.hear(said(12, "dr00", "a-1")).at[0].unread, "one's own is not unread");
    fold.hear(said(13, "bob", "2"));
    assert_eq!((fold.lobby().unread(), fold.lobby().first_unread()), (2, Some(11)));
    let changes = fold.0.read(&at, 11);
    assert!(changes.at[0].unread && !changes.at[0].lines);
    assert_eq!((fold.lobby().unread(), fold.lobby().first_unread()), (1, Some(13)));
    assert!(fold.0.read(&at, 5).is_empty(), "it never moves back");
    fold.0.read(&at, 13);
    assert_eq!(fold.lobby().unread(), 0);
}

#[test]
fn the_hub_says_what_is_unread_of_lines_not_held() {
    let mut fold = away();
    assert_eq!((lobby(&fold), unread(&fold, &with("bob"))), (text("7"), text("3")));
    assert_eq!(unread(&fold, &with("ana")), "0");
    fold.hear(said(101, "ana", "1"));
    fold.hear(said(102, "dr00", "1"));
    fold.hear(whispered(103, "bob", "dr00"));
    assert_eq!((lobby(&fold), unread(&fold, &with("bob"))), (text("8"), text("4")));
    assert_eq!(fold.lobby().first_unread(), Some(101), "of those held");
    // A page that does not reach back changes no count, and is not counted again.
    let newest = vec![said(95, "ana", "95"), said(101, "ana", "1"), said(102, "dr00", "1")];
    fold.take(&page(&room("lobby"), None, None, newest, true));
    assert_eq!(lobby(&fold), "8");
    // One that does is counted itself.
    let older = (21..95).step_by(15).map(|seq| said(seq, "ana", &seq.to_string())).collect();
    fold.take(&page(&room("lobby"), Some(95), None, older, true));
    assert_eq!((lobby(&fold), fold.lobby().first_unread()), (text("7"), Some(21)));
}

#[test]
fn a_join_says_what_is_unread_too() {
    let mut fold = Fold::new();
    assert!(fold.take(&joined("attic", None, &["dr00"], 1)).at[0].unread);
    assert_eq!(unread(&fold, &room("attic")), "0");
}

#[test]
fn the_hub_counts_so_far_and_no_further() {
    let mut fold = Fold(Transcript::new());
    fold.take(&welcome(5_000, false));
    fold.take(&connected_with("dr00", (20, MAX_UNREAD), Vec::new()));
    assert_eq!(lobby(&fold), "1000+");
    fold.hear(said(5_001, "ana", "1"));
    assert_eq!(lobby(&fold), "1001+");
    fold.0.read(&room("lobby"), 5_001);
    assert_eq!(lobby(&fold), "0");
}

#[test]
fn reading_on_is_exact_where_the_lines_are_held() {
    let mut fold = away();
    let entries = (94..=100).map(|seq| said(seq, "ana", &seq.to_string())).collect();
    fold.take(&page(&room("lobby"), None, Some(20), entries, false));
    assert_eq!(lobby(&fold), "7");
    fold.0.read(&room("lobby"), 96);
    assert_eq!((lobby(&fold), fold.lobby().first_unread()), (text("4"), Some(97)));
    // Held from where was read to, but not on to the end.
    let mut fold = away();
    let entries = vec![said(30, "ana", "30"), said(31, "dr00", "31"), said(32, "bob", "32")];
    fold.take(&page(&room("lobby"), None, Some(20), entries, true));
    fold.0.read(&room("lobby"), 31);
    assert_eq!(lobby(&fold), "6");
}

#[test]
fn reading_on_among_lines_not_held_leaves_a_lower_bound() {
    let mut fold = away();
    let newest = vec![said(98, "ana", "98"), said(99, "bob", "99"), said(100, "ana", "100")];
    fold.take(&page(&room("lobby"), None, None, newest, true));
    fold.0.read(&room("lobby"), 60);
    assert_eq!(lobby(&fold), "3+", "those are held; more may lie before them");
    fold.0.read(&room("lobby"), 98);
    assert_eq!(lobby(&fold), "2", "and from there on all are");
    let bob = with("bob");
    fold.0.read(&bob, 41);
    assert_eq!(unread(&fold, &bob), "2+", "one position is one line at most");
    fold.0.read(&bob, 89);
    assert_eq!(unread(&fold, &bob), "1+", "that at 90 is there");
    fold.hear(whispered(101, "bob", "dr00"));
    assert_eq!(unread(&fold, &bob), "2+");
    fold.0.read(&bob, 101);
    assert_eq!(unread(&fold, &bob), "0");
}

#[test]
fn what_is_read_elsewhere_is_read() {
    let mut fold = away();
    let read = |place, seq| Delivery::Read { place, seq };
    let changes = fold.take(&read(with("Bob"), 90));
    assert!(changes.at[0].unread && changes.at[0].place == with("bob"));
    assert_eq!(unread(&fold, &with("bob")), "0");
    assert!(fold.take(&read(with("bob"), 50)).is_empty(), "it never moves back");
    assert!(fold.take(&read(with("nobody"), 50)).is_empty());
}

#[test]
fn what_was_read_while_away_stays_read() {
    let mut fold = Fold::new();
    fold.hear(said(11, "ana", "1"));
    fold.hear(said(12, "ana", "2"));
    fold.take(&Delivery::Lost);
    fold.0.read(&room("lobby"), 11);
    // The hub has not heard of it yet.
    fold.take(&welcome(12, false));
    fold.take(&connected_with("dr00", (10, 2), Vec::new()));
    fold.take(&page(&room("lobby"), None, Some(10), vec![said(11, "ana", "1"), said(12, "ana", "2")], false));
    assert_eq!(lobby(&fold), "1");
    // And what another node has read meanwhile is read here.
    fold.take(&Delivery::Lost);
    fold.take(&welcome(12, false));
    fold.take(&connected_with("dr00", (12, 0), Vec::new()));
    assert_eq!(lobby(&fold), "0");
}

#[test]
fn a_resume_counts_on() {
    let mut fold = away();
    fold.take(&Delivery::Lost);
    fold.take(&resumed(110, &["lobby"]));
    fold.hear(said(105, "ana", "5"));
    fold.hear(whispered(106, "bob", "dr00"));
    fold.hear(whispered(107, "carl", "dr00"));
    fold.take(&Delivery::Synced { seq: 110 });
    assert_eq!((lobby(&fold), unread(&fold, &with("bob"))), (text("8"), text("4")));
    assert_eq!(unread(&fold, &with("carl")), "1", "who never wrote before");
}

#[test]
fn a_page_that_overtakes_a_line_does_not_count_it_twice() {
    for reach_back in [true, false] {
        let mut fold = away();
        let entries = if reach_back { vec![said(50, "ana", "50"), said(101, "ana", "1")] } else { Vec::new() };
        let after = if reach_back { 20 } else { 100 };
        fold.take(&page(&room("lobby"), None, Some(after), entries, false));
        fold.hear(said(101, "ana", "1"));
        assert_eq!(lobby(&fold), if reach_back { "2" } else { "8" });
    }
}

#[test]
fn unread_lines_that_were_dropped_still_count() {
    let mut fold = Fold::new();
    let newest = 10 + MAX_LINES as u64 + 500;
    for seq in 11..=newest {
        fold.hear(said(seq, "ana", &seq.to_string()));
    }
    assert_eq!(fold.lobby().unread(), MAX_LINES + 500);
    fold.0.read(&room("lobby"), newest - 1);
    assert_eq!(lobby(&fold), "1");
}

#[test]
fn a_closed_conversation_that_speaks_again_is_unread() {
    let mut fold = away();
    fold.0.close(&with("ana"));
    fold.hear(whispered(101, "ana", "dr00"));
    fold.take(&page(&with("ana"), None, None, vec![whispered(80, "ana", "dr00"), whispered(101, "ana", "dr00")], true));
    assert_eq!(unread(&fold, &with("ana")), "1", "what was said before was read");
}

#[test]
fn another_nick_has_read_nothing_of_this() {
    let mut fold = away();
    fold.take(&connected_with("eve", (100, 0), Vec::new()));
    assert_eq!((lobby(&fold), fold.0.places()), (text("0"), vec![room("lobby")]));
    fold.take(&connected_with("dr00", (20, 7), Vec::new()));
    assert_eq!(lobby(&fold), "7");
}

// --- reach ---

fn behind(node: &str, seq: u64) -> Behind {
    Behind { node: format!("{node}@den"), nick: text(node), seq, state: State::Online, since: NOW }
}

fn cursors(nodes: u32, nodes_behind: &[(&str, u64)]) -> Delivery {
    let request = room("lobby").cursors(text("c"));
    let behind = nodes_behind.iter().map(|(node, seq)| behind(node, *seq)).collect();
    answered(request, Response::Cursors(Cursors { nodes, behind }))
}

/// `4/5 ana`: of five nodes four have the line, and ana has not; `?` where that is not known.
fn reach(fold: &Fold, seq: u64) -> String {
    fold.lobby().reach(seq).map_or(text("?"), |reach| {
        assert_eq!(reach.all(), reach.waiting.is_empty());
        let waiting: Vec<&str> = reach.waiting.iter().map(|node| node.nick.as_str()).collect();
        format!("{}/{} {}", reach.reached, reach.nodes, waiting.join(",")).trim_end().to_owned()
    })
}

#[test]
fn a_line_has_reached_all_but_those_behind_it() {
    let mut fold = Fold::new();
    assert_eq!((fold.lobby().unreached(), reach(&fold, 12)), (None, text("?")));
    assert!(!fold.hear(said(11, "ana", "1")).at[0].reach, "another's line");
    assert!(fold.hear(said(12, "dr00", "1")).at[0].reach);
    fold.hear(said(14, "dr00", "2"));
    assert_eq!((fold.lobby().unreached(), reach(&fold, 14)), (Some(14), text("?")));
    let changes = fold.take(&cursors(5, &[("ana", 11), ("bob", 12)]));
    assert!(changes.at[0].reach && !changes.at[0].lines);
    assert_eq!((reach(&fold, 12), reach(&fold, 14)), (text("4/5 ana"), text("3/5 ana,bob")));
    assert!(fold.take(&cursors(5, &[("ana", 11), ("bob", 12)])).is_empty(), "nothing new");
    fold.take(&cursors(5, &[("ana", 13)]));
    assert_eq!((reach(&fold, 12), reach(&fold, 14)), (text("5/5"), text("4/5 ana")));
    assert_eq!(fold.lobby().unreached(), Some(14));
    fold.take(&cursors(5, &[]));
    assert_eq!((reach(&fold, 14), fold.lobby().unreached()), (text("5/5"), None));
}

#[test]
fn a_reply_says_nothing_of_lines_that_came_after_it() {
    let mut fold = Fold::new();
    fold.hear(said(12, "dr00", "1"));
    fold.take(&cursors(5, &[]));
    fold.hear(said(13, "dr00", "2"));
    assert_eq!((reach(&fold, 12), reach(&fold, 13)), (text("5/5"), text("?")));
    assert_eq!(fold.lobby().unreached(), Some(13));
    // Nor of one that a page brought before it was given out.
    fold.take(&page(&room("lobby"), None, Some(13), vec![said(15, "dr00", "3")], false));
    fold.take(&cursors(5, &[]));
    assert_eq!((reach(&fold, 15), fold.lobby().unreached()), (text("?"), Some(15)));
    fold.hear(said(15, "dr00", "3"));
    fold.take(&cursors(5, &[]));
    assert_eq!((reach(&fold, 15), fold.lobby().unreached()), (text("5/5"), None));
}

#[test]
fn what_has_reached_all_has_reached_them() {
    let mut fold = Fold::new();
    fold.hear(said(12, "dr00", "1"));
    fold.take(&cursors(5, &[]));
    // After a restart the hub has to be told again.
    assert!(fold.take(&cursors(6, &[("ana", 0), ("bob", 0)])).at[0].reach);
    assert_eq!((reach(&fold, 12), fold.lobby().unreached()), (text("5/5"), None));
    fold.hear(said(13, "dr00", "2"));
    fold.take(&cursors(6, &[("ana", 0)]));
    assert_eq!((reach(&fold, 12), reach(&fold, 13)), (text("5/5"), text("5/6 ana")));
}

#[test]
fn a_node_does_not_wait_for_itself() {
    let mut fold = Fold::new();
    fold.hear(said(12, "dr00", "1"));
    fold.take(&cursors(2, &[("tab", 11)]));
    assert_eq!((reach(&fold, 12), fold.lobby().unreached()), (text("2/2"), None));
}

#[test]
fn private_lines_reach_both_ends() {
    let mut fold = Fold::new();
    fold.hear(whispered(12, "dr00", "bob"));
    let request = fold.0.get(&with("bob")).unwrap().cursors(text("c"));
    assert_eq!(request, ToHub::Cursors { id: text("c"), room: None, with: Some(text("bob")) });
    let cursors = Cursors { nodes: 3, behind: vec![behind("bob", 4)] };
    assert!(fold.take(&answered(request, Response::Cursors(cursors))).at[0].reach);
    let reach = fold.0.get(&with("bob")).unwrap().reach(12).unwrap();
    assert_eq!((reach.nodes, reach.reached, reach.waiting[0].nick.as_str()), (3, 2, "bob"));
}

#[test]
fn lines_fetched_after_a_return_can_be_asked_about() {
    let mut fold = Fold::new();
    fold.take(&Delivery::Lost);
    fold.back(20, &[]);
    fold.take(&page(&room("lobby"), None, Some(10), vec![said(12, "dr00", "1")], false));
    assert_eq!(fold.lobby().unreached(), Some(12));
    fold.take(&cursors(3, &[]));
    assert_eq!((reach(&fold, 12), fold.lobby().unreached()), (text("3/3"), None));
}

#[test]
fn another_log_and_another_nick_know_of_no_reach() {
    for new_log in [true, false] {
        let mut fold = Fold::new();
        fold.hear(said(12, "dr00", "1"));
        fold.take(&cursors(5, &[]));
        fold.take(&if new_log { welcome(3, true) } else { connected_as("eve", &[]) });
        assert_eq!((reach(&fold, 12), fold.lobby().unreached()), (text("?"), None));
    }
}
