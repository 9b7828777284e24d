//! Lines that are edited, taken back and reacted to; by oneself, before the hub has answered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;

use std::sync::Arc;

use fold::*;
use shared::entry::{Change, Details, Entry, File, Reaction, Said};
use shared::message::{ErrorCode, Refusal, Sent, ToHub};
use shared::session::{Delivery, Response};
use shared::transcript::{Item, MAX_CHANGES, Transcript, What};
use shared::wire::MAX_REACTORS;

/// The line 11 in short: `hi`, `hi*` edited, `gone` taken back; with reactions, `👍 ana bob`.
fn shown(fold: &Fold) -> String {
    let line = fold.lobby().line(11).unwrap();
    let details = line.details().cloned().unwrap_or_default();
    let text = if details.deleted { "gone" } else { line.text() };
    let mut shown = format!("{text}{}", if details.edited.is_some() { "*" } else { "" });
    for Reaction { emoji, nicks, .. } in &details.reactions {
        shown.push_str(&format!(" {emoji} {}", nicks.join(" ")));
    }
    shown
}

/// `ana` has said `hi` (11), and `dr00` `ho` (12).
fn talk() -> Fold {
    let mut fold = Fold::new();
    fold.hear(line(11, "ana", "hi"));
    fold.hear(line(12, "dr00", "ho"));
    fold
}

fn edit(id: &str, of: u64, words: &str) -> ToHub {
    room("lobby").edit(text(id), of, text(words))
}

fn sending(request: &ToHub) -> Delivery {
    Delivery::Sending { request: request.clone() }
}

fn sent(request: &ToHub, seq: u64) -> Delivery {
    answered(request.clone(), Response::Sent(Sent { seq, delivered: None }))
}

#[test]
fn a_line_becomes_what_is_made_of_it() {
    let mut fold = talk();
    let before = Arc::clone(fold.lobby().line(11).unwrap());
    let changes = fold.hear(changed(13, "ana", 11, edited("hi all")));
    assert!(changes.at[0].lines && !changes.at[0].unread);
    assert_eq!(shown(&fold), "hi all*");
    assert_eq!(before.text(), "hi", "what is drawn stays as it is, and another is drawn in its place");
    assert!(!Arc::ptr_eq(&before, fold.lobby().line(11).unwrap()));
    fold.hear(changed(14, "bob", 11, reacted("👍", true)));
    fold.hear(changed(15, "ana", 11, reacted("🎉", true)));
    fold.hear(changed(16, "dr00", 11, reacted("👍", true)));
    assert_eq!(shown(&fold), "hi all* 👍 bob dr00 🎉 ana");
    fold.hear(changed(17, "BOB", 11, reacted("👍", false)));
    fold.hear(changed(18, "ana", 11, reacted("🎉", false)));
    assert_eq!(shown(&fold), "hi all* 👍 dr00", "one that nobody shares any more is gone");
    fold.hear(changed(19, "ana", 11, Change::Deleted));
    assert_eq!(shown(&fold), "gone");
    fold.hear(changed(20, "ana", 11, edited("back")));
    fold.hear(changed(21, "bob", 11, reacted("👍", true)));
    assert_eq!(shown(&fold), "gone", "for good");
    assert_eq!(fold.rows(), "11 12", "changes are no rows");
}

#[test]
fn a_deleted_line_keeps_nothing_but_its_place() {
    let mut fold = Fold::new();
    let file =
        File { hash: text("h"), name: text("a.png"), size: 1, kind: text("image/png"), width: None, height: None };
    let details = Details { reply_to: Some(5), files: vec![file], ..Details::default() };
    let Entry::Said(said) = said(11, "ana", "a") else { unreachable!() };
    fold.hear(Entry::Said(Said { details: details.boxed(), ..said }));
    fold.hear(changed(12, "ana", 11, Change::Deleted));
    let line = fold.lobby().line(11).unwrap();
    let details = Details { reply_to: Some(5), changed: Some(12), deleted: true, ..Details::default() };
    assert_eq!((line.text(), line.details()), ("", Some(&details)));
}

#[test]
fn changes_are_not_unread_and_open_no_place() {
    let mut fold = talk();
    fold.0.read(&room("lobby"), 12);
    fold.hear(changed(13, "ana", 11, edited("hi all")));
    fold.hear(topic(14, "ana", "Tea"));
    assert_eq!((fold.lobby().unread(), fold.lobby().first_unread()), (0, None));
    assert_eq!(fold.lobby().newest(), Some(14));
    let Entry::Changed(of_ana) = changed(15, "ana", 3, reacted("👍", true)) else { unreachable!() };
    fold.hear(Entry::Changed(shared::entry::Changed { room: None, to: Some(text("dr00")), ..of_ana }));
    assert!(fold.0.get(&with("ana")).is_none(), "nothing was said there");
}

#[test]
fn a_page_read_later_has_them_in_it_already() {
    let mut fold = talk();
    fold.hear(changed(13, "bob", 11, reacted("👍", true)));
    let Entry::Said(said) = line(11, "ana", "hi") else { unreachable!() };
    let reaction = Reaction { emoji: text("👍"), nicks: vec![text("bob"), text("carl")], count: 2 };
    let details = Details { changed: Some(14), reactions: vec![reaction], ..Details::default() };
    let now = Entry::Said(Said { details: details.boxed(), ..said });
    fold.take(&page(&room("lobby"), Some(12), None, vec![now], false));
    assert_eq!(shown(&fold), "hi 👍 bob carl");
    fold.hear(changed(14, "carl", 11, reacted("👍", true)));
    assert_eq!(shown(&fold), "hi 👍 bob carl");
    fold.hear(changed(15, "bob", 11, reacted("👍", false)));
    assert_eq!(shown(&fold), "hi 👍 carl");
}

#[test]
fn a_change_waits_for_its_line() {
    let mut fold = Fold::new();
    fold.hear(changed(13, "ana", 5, edited("late")));
    assert_eq!(fold.rows(), "");
    // Read before the change was made, and here after it.
    fold.take(&page(&room("lobby"), None, None, vec![line(5, "ana", "early")], false));
    assert_eq!(fold.lobby().line(5).unwrap().text(), "late");
}

#[test]
fn ten_thousand_reactions_are_counted_and_do_not_pile_up() {
    let mut fold = talk();
    let mut seq = 12;
    for nick in 0..5_000 {
        for on in [true, false].into_iter().take(if nick < 4_700 { 2 } else { 1 }) {
            seq += 1;
            fold.hear(changed(seq, &format!("nick{nick}"), 11, reacted("👍", on)));
        }
    }
    let details = fold.lobby().line(11).unwrap().details().unwrap().clone();
    let [Reaction { nicks, count, .. }] = &details.reactions[..] else { panic!("{details:?}") };
    assert_eq!((nicks.len(), nicks[0].as_str(), *count), (MAX_REACTORS, "nick4700", 300));
    assert_eq!(details.changed, Some(seq));
    for nick in 4_700..5_000 {
        seq += 1;
        fold.hear(changed(seq, &format!("nick{nick}"), 11, reacted("👍", false)));
    }
    assert_eq!(shown(&fold), "hi");
}

#[test]
fn of_changes_kept_apart_the_oldest_go_into_their_lines() {
    let mut fold = Fold::new();
    fold.hear(changed(11, "ana", 5, edited("lost")));
    fold.hear(line(12, "ana", "hi"));
    for n in 0..=MAX_CHANGES as u64 {
        fold.hear(changed(13 + n, "ana", 12, edited(&n.to_string())));
    }
    assert_eq!(fold.lobby().line(12).unwrap().text(), MAX_CHANGES.to_string());
    fold.take(&page(&room("lobby"), Some(11), None, vec![line(5, "ana", "early")], false));
    assert_eq!(fold.lobby().line(5).unwrap().text(), "early", "a page comes not so late");
    // One from before those that are kept changes nothing.
    fold.take(&page(&room("lobby"), None, Some(12), vec![changed(13, "ana", 12, edited("0"))], true));
    assert_eq!(fold.lobby().line(12).unwrap().text(), MAX_CHANGES.to_string());
}

// --- one's own ---

#[test]
fn ones_own_change_shows_at_once_and_is_marked_until_it_has_come() {
    let mut fold = talk();
    let request = edit("e-1", 12, " ho ho ");
    assert!(fold.take(&sending(&request)).at[0].lines);
    let line = Arc::clone(fold.lobby().line(12).unwrap());
    assert_eq!((line.text(), fold.lobby().pending_change(12).unwrap().id.as_str()), ("ho ho", "e-1"));
    // The answer overtakes the entry: nothing goes back in between.
    fold.take(&sent(&request, 13));
    assert_eq!(fold.lobby().line(12).unwrap().text(), "ho ho");
    assert_eq!(fold.lobby().pending_change(12).unwrap().seq, Some(13));
    let Entry::Changed(change) = changed(13, "dr00", 12, edited("ho ho")) else { unreachable!() };
    assert!(fold.hear(Entry::Changed(shared::entry::Changed { id: text("e-1"), ..change })).at[0].lines);
    assert_eq!((fold.lobby().line(12).unwrap().text(), fold.lobby().pending_change(12)), ("ho ho", None));
    assert!(!Arc::ptr_eq(&line, fold.lobby().line(12).unwrap()), "the mark is drawn no more");
}

#[test]
fn the_entry_may_come_before_the_answer() {
    let mut fold = talk();
    let request = room("lobby").react(text("dr00-13"), 11, text("👍"), true);
    fold.take(&sending(&request));
    assert_eq!(shown(&fold), "hi 👍 dr00");
    fold.hear(changed(13, "dr00", 11, reacted("👍", true)));
    assert_eq!((shown(&fold), fold.lobby().pending_change(11)), (text("hi 👍 dr00"), None));
    assert!(fold.take(&sent(&request, 13)).is_empty());
    assert_eq!(shown(&fold), "hi 👍 dr00", "once");
}

#[test]
fn anothers_id_does_not_end_it() {
    let mut fold = talk();
    let request = room("lobby").react(text("ana-13"), 11, text("👍"), true);
    fold.take(&sending(&request));
    fold.hear(changed(13, "ana", 11, reacted("🎉", true)));
    assert!(fold.lobby().pending_change(11).is_some());
    assert_eq!(shown(&fold), "hi 🎉 ana 👍 dr00");
}

#[test]
fn what_others_change_meanwhile_is_below_ones_own() {
    let mut fold = talk();
    fold.take(&sending(&edit("e-1", 12, "ho ho")));
    fold.hear(changed(13, "ana", 12, reacted("👍", true)));
    let line = fold.lobby().line(12).unwrap();
    assert_eq!((line.text(), line.details().unwrap().reactions.len()), ("ho ho", 1));
}

#[test]
fn a_refused_change_is_taken_back_and_says_why() {
    let mut fold = talk();
    let request = room("lobby").delete(text("d-1"), 12);
    fold.take(&sending(&request));
    assert!(fold.lobby().line(12).unwrap().details().unwrap().deleted);
    let refusal = Refusal::new(ErrorCode::NoSuchEntry, "There is no line 12 here.");
    fold.take(&Delivery::Answered { request, answer: Err(refusal) });
    assert_eq!((fold.lobby().line(12).unwrap().text(), fold.lobby().pending_change(12)), ("ho", None));
    assert_eq!(fold.rows(), "11 12 (This was not changed: There is no line 12 here.)");
    let items = fold.lobby().items();
    assert!(matches!(&items[2], Item::Notice(notice) if matches!(notice.what, What::Refused(_)) && notice.at == NOW));
}

#[test]
fn one_that_changes_nothing_ends_with_its_answer() {
    let mut fold = talk();
    let request = room("lobby").react(text("r-1"), 11, text("👍"), false);
    fold.take(&sending(&request));
    fold.take(&sent(&request, 11));
    assert_eq!((shown(&fold), fold.lobby().pending_change(11)), (text("hi"), None));
}

#[test]
fn ones_own_change_outlives_the_connection() {
    let mut fold = talk();
    let request = edit("e-1", 12, "ho ho");
    fold.take(&sending(&request));
    fold.take(&Delivery::Lost);
    fold.back(20, &[]);
    fold.take(&sent(&request, 13));
    assert_eq!(fold.lobby().line(12).unwrap().text(), "ho ho", "its entry comes with a page");
    assert!(fold.lobby().pending_change(12).is_some());
    let Entry::Changed(change) = changed(13, "dr00", 12, edited("ho ho")) else { unreachable!() };
    let change = Entry::Changed(shared::entry::Changed { id: text("e-1"), ..change });
    fold.take(&page(&room("lobby"), None, Some(12), vec![change], false));
    assert_eq!((fold.lobby().line(12).unwrap().text(), fold.lobby().pending_change(12)), ("ho ho", None));
}

#[test]
fn one_taken_up_before_the_nick_is_known_is_shown_as_ones_own() {
    let mut fold = Fold(Transcript::new());
    fold.0.open(&room("lobby"));
    fold.take(&sending(&room("lobby").react(text("r-1"), 11, text("👍"), true)));
    fold.take(&welcome(11, false));
    fold.take(&connected_as("dr00", &[]));
    fold.take(&page(&room("lobby"), None, None, vec![line(11, "ana", "hi")], false));
    assert_eq!(shown(&fold), "hi 👍 dr00");
}

#[test]
fn one_taken_up_that_is_there_already_waits_for_nothing() {
    let mut fold = talk();
    fold.hear(changed(13, "dr00", 12, edited("ho ho")));
    assert!(fold.take(&sending(&edit("dr00-13", 12, "ho ho"))).is_empty());
    assert_eq!(fold.lobby().pending_change(12), None);
}

#[test]
fn the_newest_own_line_that_is_still_there_can_be_edited() {
    let mut fold = talk();
    let last = |fold: &Fold| fold.lobby().own_last().map(|line| line.seq());
    fold.hear(line(13, "dr00", "and"));
    fold.hear(line(14, "ana", "then"));
    assert_eq!((last(&fold), fold.lobby().newest_own()), (Some(13), Some(13)));
    fold.hear(changed(15, "dr00", 13, Change::Deleted));
    assert_eq!(last(&fold), Some(12));
    fold.take(&sending(&room("lobby").delete(text("d-1"), 12)));
    assert_eq!(last(&fold), None);
}

// --- topics ---

#[test]
fn the_newest_topic_counts_and_each_is_a_row() {
    let mut fold = Fold::new();
    let changes = fold.hear(topic(11, "ana", "Tea at four"));
    assert!(changes.at[0].people && changes.at[0].lines && !changes.at[0].unread);
    assert_eq!((fold.lobby().topic(), fold.rows().as_str()), (Some("Tea at four"), "11"));
    assert!(fold.lobby().line(11).is_none() && fold.lobby().holds(11));
    // An older page brings an older one.
    fold.take(&page(&room("lobby"), Some(11), None, vec![topic(5, "bob", "Tea at three")], false));
    assert_eq!((fold.lobby().topic(), fold.rows().as_str()), (Some("Tea at four"), "5 11"));
    fold.hear(topic(12, "ana", ""));
    assert_eq!(fold.lobby().topic(), None, "nothing in particular");
    // The reply to a join tells it of now.
    fold.take(&joined("lobby", Some("Cake"), &["dr00"], 1));
    fold.take(&page(&room("lobby"), Some(13), None, vec![topic(12, "ana", "")], true));
    assert_eq!(fold.lobby().topic(), Some("Cake"));
    fold.hear(topic(13, "ana", "Soup"));
    assert_eq!(fold.lobby().topic(), Some("Soup"));
}
