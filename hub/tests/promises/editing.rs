//! One's own lines can be changed and taken back: everyone hears it in order, once, and reads the line as it is now.

use crate::support::{HubProcess, Memory, Tab, TestHub, TestNode, refused};
use futures_util::future::join_all;
use node::{Span, Talk};
use serde_json::json;
use shared::entry::{Change, Changed, Details, Entry};
use shared::message::{ErrorCode, Sent};
use shared::transcript::Place;
use shared::wire;

const LOBBY: Talk<'static> = Talk::Room("lobby");

/// The changes of lines that a node has heard.
fn changes(node: &TestNode) -> Vec<Changed> {
    let changed = |entry| if let Entry::Changed(changed) = entry { Some(changed) } else { None };
    node.entries().into_iter().filter_map(changed).collect()
}

/// A line as a page shows it: its text, and what else there is.
async fn line(node: &TestNode, talk: Talk<'_>, seq: u64) -> (String, Details) {
    let entries = node.history(talk, Span::Newest, 200).await.unwrap().entries;
    let entry = entries.iter().find(|entry| entry.seq() == seq).expect("the line is on the page");
    (entry.text().to_owned(), entry.details().cloned().unwrap_or_default())
}

fn lobby() -> Place {
    Place::Room("lobby".to_owned())
}

#[tokio::test]
async fn an_edit_is_heard_by_all_who_heard_the_line_and_the_line_reads_so_from_then_on() {
    let hub = TestHub::start().await;
    let (ana, bob, eve) = (hub.guest("ana").await, hub.guest("bob").await, hub.guest("eve").await);
    eve.leave("lobby").await.unwrap();
    let said = ana.says("lobby", "helo").await;
    let sent = ana.edit_as("my-edit", LOBBY, said, "  hello  ").await.unwrap();
    bob.hears_seq(sent.seq).await;
    let changed = changes(&bob).remove(0);
    assert_eq!((changed.of, changed.from.as_str(), changed.id.as_str()), (said, "ana", "my-edit"));
    assert_eq!(changed.change, Change::Edited { text: "hello".to_owned() });
    assert_eq!(ana.hears_seq(sent.seq).await, Entry::Changed(changed.clone()));
    let (text, details) = line(&bob, LOBBY, said).await;
    assert_eq!((text.as_str(), details.changed, details.edited), ("hello", Some(sent.seq), Some(changed.at)));
    assert!(eve.entries().is_empty());
}

#[tokio::test]
async fn what_is_taken_back_is_gone_for_everyone() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    let said = ana.says("lobby", "secret").await;
    ana.edit(LOBBY, said, "another secret").await.unwrap();
    bob.react(LOBBY, said, "👍", true).await.unwrap();
    let sent = ana.delete(LOBBY, said).await.unwrap();
    bob.hears_seq(sent.seq).await;
    assert_eq!(changes(&bob).last().unwrap().change, Change::Deleted);
    let details = Details { changed: Some(sent.seq), deleted: true, ..Details::default() };
    assert_eq!(line(&bob, LOBBY, said).await, (String::new(), details));
    let page = bob.history(LOBBY, Span::Newest, 200).await.unwrap().entries;
    assert!(page.iter().all(|entry| !entry.text().contains("secret")), "{page:?}");
    for refused_now in
        [ana.edit(LOBBY, said, "back").await, ana.delete(LOBBY, said).await, bob.react(LOBBY, said, "👍", false).await]
    {
        assert_eq!(refused(refused_now), ErrorCode::NoSuchEntry);
    }
}

/// Whoever comes back in a moment is served from memory, and must not find there what was taken back meanwhile.
#[tokio::test]
async fn who_was_away_for_a_moment_is_not_told_what_was_taken_back_meanwhile() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.tab_of("bob").await.cut();
    let said = ana.says("lobby", "secret").await;
    ana.edit(LOBBY, said, "another secret").await.unwrap();
    let kept = ana.says("lobby", "still here").await;
    let sent = ana.delete(LOBBY, said).await.unwrap();
    let mut bob = bob.resume().await;
    bob.hears_seq(sent.seq).await;
    let entries = bob.entries();
    assert_eq!(bob.seqs(), [said, said + 1, kept, sent.seq], "nothing is left out");
    assert!(entries.iter().all(|entry| !entry.text().contains("secret")), "{entries:?}");
    assert!(entries[0].details().is_some_and(|details| details.deleted && details.changed == Some(sent.seq)));
    assert_eq!(entries[2].text(), "still here");
}

#[tokio::test]
async fn the_line_of_another_cannot_be_changed() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    let said = ana.says("lobby", "mine").await;
    assert_eq!(refused(bob.edit(LOBBY, said, "yours").await), ErrorCode::NotYours);
    assert_eq!(refused(bob.delete(LOBBY, said).await), ErrorCode::NotYours);
    let phone = hub.second_node_of(&ana).await;
    phone.edit(LOBBY, said, "mine, from the phone").await.unwrap();
    assert_eq!(line(&bob, LOBBY, said).await.0, "mine, from the phone");
    assert_eq!(bob.history(LOBBY, Span::Newest, 200).await.unwrap().entries.len(), 2, "refusals leave nothing");
}

#[tokio::test]
async fn who_has_the_nick_now_cannot_change_what_its_former_owner_said() {
    let hub = TestHub::start_with(|config| {
        config.nick_ttl = std::time::Duration::ZERO;
        config.lease = std::time::Duration::ZERO;
    })
    .await;
    let bob = hub.guest("bob").await;
    let ana = hub.guest("ana").await;
    let said = ana.says("lobby", "mine").await;
    ana.disconnect().await.unwrap();
    let other = hub.guest("ana").await;
    assert_eq!(refused(other.edit(LOBBY, said, "mine now").await), ErrorCode::NotYours);
    assert_eq!(line(&bob, LOBBY, said).await.0, "mine");
}

#[tokio::test]
async fn what_is_no_line_of_that_place_cannot_be_changed() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    ana.joins("garden").await;
    let said = ana.says("lobby", "hello").await;
    let edited = ana.edit(LOBBY, said, "hello all").await.unwrap().seq;
    let psst = ana.whispers("bob", "psst").await.seq;
    for (talk, of) in
        [(Talk::Room("garden"), said), (LOBBY, edited), (LOBBY, psst), (LOBBY, 99), (Talk::With("bob"), said)]
    {
        assert_eq!(refused(ana.edit(talk, of, "x").await), ErrorCode::NoSuchEntry, "{talk:?} {of}");
    }
    assert_eq!(refused(bob.edit(Talk::Room("garden"), said, "x").await), ErrorCode::NotInRoom);
    assert_eq!(refused(ana.edit(Talk::With("nobody"), said, "x").await), ErrorCode::NoSuchNick);
    assert_eq!(refused(ana.edit(LOBBY, said, "  \n ").await), ErrorCode::TextEmpty);
    assert_eq!(refused(ana.edit(LOBBY, said, &"x".repeat(wire::MAX_TEXT + 1)).await), ErrorCode::TextTooLong);
    let mut raw = hub.raw_guest("raw").await;
    for frame in [json!({"room": "lobby", "with": "bob"}), json!({})] {
        let mut edit = json!({"type": "edit", "id": "x", "of": said, "text": "x"});
        edit.as_object_mut().unwrap().extend(frame.as_object().unwrap().clone());
        raw.json(&edit).await;
        assert_eq!(raw.refused("x").await.code, ErrorCode::BadMessage);
    }
    let nameless = hub.node().await;
    assert_eq!(refused(nameless.delete(LOBBY, said).await), ErrorCode::NotConnected);
}

#[tokio::test]
async fn what_was_whispered_is_changed_for_both_and_heard_by_nobody_else() {
    let hub = TestHub::start().await;
    let (ana, bob, eve) = (hub.guest("ana").await, hub.guest("bob").await, hub.guest("eve").await);
    let said = ana.whispers("bob", "pst").await.seq;
    let sent = ana.edit(Talk::With("bob"), said, "psst").await.unwrap();
    assert_eq!(sent.delivered, None);
    bob.hears_seq(sent.seq).await;
    let changed = changes(&bob).remove(0);
    assert_eq!((changed.room.as_deref(), changed.to.as_deref()), (None, Some("bob")));
    assert_eq!(line(&bob, Talk::With("ana"), said).await.0, "psst");
    assert_eq!(refused(bob.edit(Talk::With("ana"), said, "x").await), ErrorCode::NotYours);
    assert_eq!(refused(eve.react(Talk::With("ana"), said, "👍", true).await), ErrorCode::NoSuchEntry);
    let fence = eve.says("lobby", "fence").await;
    eve.hears_seq(fence).await;
    assert_eq!(eve.entries().len(), 1);
}

#[tokio::test]
async fn who_comes_back_hears_the_changes_of_lines_heard_before() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let mut bob = hub.tab_of("bob").await;
    let said = ana.says("lobby", "helo").await;
    bob.hears_seq(said).await;
    let bob = bob.cut();
    let edited = ana.edit(LOBBY, said, "hello").await.unwrap().seq;
    let reacted = ana.react(LOBBY, said, "👍", true).await.unwrap().seq;
    let hub = hub.restart().await; // out of the log itself
    let mut bob = Memory { way: hub.way(), ..bob }.resume().await;
    bob.synced().await;
    assert_eq!(bob.seqs(), [edited, reacted]);
    let kinds: Vec<Change> = bob
        .entries()
        .into_iter()
        .map(|entry| if let Entry::Changed(changed) = entry { changed.change } else { panic!("{entry:?}") })
        .collect();
    assert_eq!(kinds[0], Change::Edited { text: "hello".to_owned() });
}

#[tokio::test]
async fn a_change_sent_again_gets_the_first_answer_also_when_it_could_not_be_made_any_more() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let said = ana.says("lobby", "hello").await;
    let first = ana.edit_as("e", LOBBY, said, "hello all").await.unwrap();
    assert_eq!(ana.edit_as("e", LOBBY, said, "hello all").await.unwrap(), first);
    assert_eq!(ana.edit_as("e", LOBBY, said, "").await.unwrap(), first, "as it would be refused");
    ana.delete(LOBBY, said).await.unwrap();
    assert_eq!(ana.edit_as("e", LOBBY, said, "hello all").await.unwrap(), first);
    ana.leave("lobby").await.unwrap();
    assert_eq!(ana.edit_as("e", LOBBY, said, "hello all").await.unwrap(), first);
    assert_eq!(ana.say_as("e", "lobby", "hello").await.unwrap(), first);
}

async fn edits_as(tab: &mut Tab, id: &str, of: u64, text: &str) -> Sent {
    tab.socket().text(&wire::encode(&lobby().edit(id.to_owned(), of, text.to_owned()))).await;
    tab.outcome(id).await.unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
}

/// The hub is killed with edits under way: whichever were written, sent again each is there once, and the last one of
/// each line is what it reads.
#[tokio::test]
async fn edits_hold_over_kills() {
    const EDITS: usize = 40;
    let data = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::start(data.path()).await;
    let mut ana = hub.tab_of("ana").await;
    let said = [ana.says("lobby", "one").await, ana.says("lobby", "two").await];
    for round in 0..3 {
        let edits: Vec<(String, u64)> = (0..EDITS).map(|n| (format!("{round}-{n}"), said[n % 2])).collect();
        for (id, of) in &edits {
            let edit = lobby().edit(id.clone(), *of, id.clone());
            ana.socket().text(&wire::encode(&edit)).await;
        }
        for _ in 0..round * 7 {
            ana.next().await;
        }
        hub.kill().await;
        hub = HubProcess::start(data.path()).await;
        ana = Memory { way: hub.way(), ..ana.cut() }.resume().await;
        for (id, of) in &edits {
            edits_as(&mut ana, id, *of, id).await;
        }
    }
    let reader = hub.guest("reader").await;
    let log = reader.whole_history(LOBBY).await;
    let edits: Vec<&str> = log.iter().filter(|entry| !entry.is_line()).map(Entry::id).collect();
    let asked: Vec<String> = (0..3).flat_map(|round| (0..EDITS).map(move |n| format!("{round}-{n}"))).collect();
    assert_eq!(edits, asked, "each once, in the order in which they were asked for");
    let texts: Vec<&str> = log.iter().filter(|entry| entry.is_line()).map(Entry::text).collect();
    assert_eq!(texts, [format!("2-{}", EDITS - 2), format!("2-{}", EDITS - 1)]);
    hub.kill().await;
}

#[tokio::test]
async fn changes_count_as_lines_where_those_are_limited() {
    let hub = TestHub::start_with(|config| config.rate_limit = Some(1)).await;
    let ana = hub.guest("ana").await;
    let said = ana.says("lobby", "hello").await;
    // All at once: however long the disk takes over each of them, they are too many.
    let edits = join_all((0..10).map(|_| ana.edit(LOBBY, said, "hello, hello"))).await;
    let codes: Vec<_> = edits.into_iter().filter_map(Result::err).collect();
    assert!(codes.len() >= 4, "{codes:?}");
    for error in codes {
        assert_eq!(refused::<Sent>(Err(error)), ErrorCode::RateLimited);
    }
}

#[tokio::test]
async fn a_request_that_names_no_line_is_no_message() {
    let hub = TestHub::start().await;
    let mut ana = hub.raw_guest("ana").await;
    for frame in [
        json!({"type": "edit", "id": "x", "room": "lobby", "text": "x"}),
        json!({"type": "delete", "id": "x", "room": "lobby", "of": -1}),
        json!({"type": "react", "id": "x", "room": "lobby", "of": "1", "emoji": "👍"}),
        json!({"type": "topic", "id": "x", "room": "lobby"}),
    ] {
        ana.json(&frame).await;
        assert_eq!(ana.refused("x").await.code, ErrorCode::BadMessage, "{frame}");
    }
}

/// A tab that slept past its lease asks only for conversations in which there is something later than it knows.
#[tokio::test]
async fn who_comes_back_learns_that_a_private_line_was_changed_meanwhile() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    let said = ana.whispers("bob", "psst").await.seq;
    let edited = ana.edit(Talk::With("bob"), said, "pssst").await.unwrap().seq;
    let back = hub.second_node_of(&bob).await;
    let talk = back.connected().conversations.iter().find(|talk| talk.with == "ana").unwrap();
    assert_eq!((talk.seq, talk.unread), (edited, 1), "named by its latest entry, which is no line");
}
