//! A client may always send again: one id of one owner makes one entry.

use crate::support::{HubProcess, Memory, TestHub, TestNode, refused};
use node::{Span, Talk};
use serde_json::json;
use shared::entry::Entry;
use shared::message::ErrorCode;
use shared::transcript::Place;
use shared::wire;

/// The texts in the lobby's log.
async fn lobby(node: &TestNode) -> Vec<String> {
    let entries = node.history(Talk::Room("lobby"), Span::Newest, 200).await.unwrap().entries;
    entries.iter().map(|entry| entry.text().to_owned()).collect()
}

#[tokio::test]
async fn the_same_id_gets_the_same_answer() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let first = ana.say_as("id", "lobby", "hello").await.unwrap();
    ana.says("lobby", "something between").await;
    let again = ana.say_as("id", "lobby", "hello").await.unwrap();
    let with_another_text = ana.say_as("id", "lobby", "goodbye").await.unwrap();
    assert_eq!((&again, &with_another_text), (&first, &first));

    let fence = ana.says("lobby", "fence").await;
    bob.hears_seq(fence).await;
    assert_eq!(bob.texts_in("lobby"), ["hello", "something between", "fence"]);
    assert_eq!(lobby(&bob).await, ["hello", "something between", "fence"]);
}

#[tokio::test]
async fn it_holds_for_whispers_and_across_kinds() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let first = ana.private_message_as("w", "bob", "psst").await.unwrap();
    assert_eq!(ana.private_message_as("w", "bob", "psst").await.unwrap().seq, first.seq);
    assert_eq!(ana.say_as("w", "lobby", "not twice").await.unwrap().seq, first.seq);
    let said = ana.say_as("s", "lobby", "hello").await.unwrap();
    assert_eq!(ana.private_message_as("s", "bob", "not twice").await.unwrap().seq, said.seq);

    let fence = ana.says("lobby", "fence").await;
    bob.hears_seq(fence).await;
    assert_eq!(bob.entries().iter().map(Entry::text).collect::<Vec<_>>(), ["psst", "hello", "fence"]);
}

#[tokio::test]
async fn it_holds_on_every_node_of_the_owner() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let phone = hub.second_node_of(&ana).await;
    let first = ana.say_as("id", "lobby", "hello").await.unwrap();
    assert_eq!(phone.say_as("id", "lobby", "hello").await.unwrap(), first);
    assert_eq!(lobby(&ana).await, ["hello"]);
}

#[tokio::test]
async fn it_holds_over_a_restart() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let _bob = hub.guest("bob").await;
    let said = ana.say_as("s", "lobby", "hello").await.unwrap();
    let whispered = ana.private_message_as("w", "bob", "psst").await.unwrap();
    let token = ana.token().to_owned();

    let hub = hub.restart().await;
    let mut ana = hub.node().await;
    ana.takes("ana", Some(&token)).await;
    assert_eq!(ana.say_as("s", "lobby", "hello").await.unwrap().seq, said.seq);
    assert_eq!(ana.private_message_as("w", "bob", "psst").await.unwrap().seq, whispered.seq);
    assert_eq!(lobby(&ana).await, ["hello"]);
    assert_eq!(ana.whole_history(Talk::With("bob")).await.len(), 1);
}

#[tokio::test]
async fn it_holds_for_who_comes_back_over_restarts() {
    let mut hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let bob = hub.tab_of("bob").await;
    let said = ana.says_as("s", "lobby", "hello").await;
    let whispered = ana.whispers_as("w", "bob", "psst").await;
    assert_eq!(whispered.delivered, Some(1));
    drop(bob);
    for _ in 0..3 {
        hub = hub.restart().await;
        ana = ana.cut().resume().await;
        assert_eq!(ana.says_as("s", "lobby", "hello").await, said);
        assert_eq!(ana.whispers_as("w", "bob", "psst").await, whispered, "also how many it reached then");
    }
    let reader = hub.guest("reader").await;
    assert_eq!(lobby(&reader).await, ["hello"]);
}

/// The hub is killed with lines under way: whichever were written, sent again each is there once.
#[tokio::test]
async fn it_holds_for_lines_whose_answers_a_kill_took() {
    const LINES: usize = 50;
    let data = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::start(data.path()).await;
    let mut ana = hub.tab_of("ana").await;
    let mut texts = Vec::new();
    for round in 0..4 {
        let batch: Vec<String> = (0..LINES).map(|n| format!("{round}-{n}")).collect();
        for text in &batch {
            let say = Place::Room("lobby".to_owned()).say(text.clone(), text.clone());
            ana.socket().text(&wire::encode(&say)).await;
        }
        for _ in 0..round * 5 {
            ana.next().await;
        }
        hub.kill().await;
        hub = HubProcess::start(data.path()).await;
        ana = Memory { way: hub.way(), ..ana.cut() }.resume().await;
        for text in &batch {
            ana.says_as(text, "lobby", text).await;
        }
        texts.extend(batch);
    }
    assert_eq!(lobby(&hub.guest("reader").await).await, texts);
    hub.kill().await;
}

#[tokio::test]
async fn it_holds_with_both_in_flight() {
    let hub = TestHub::start_unlimited().await;
    let ana = hub.guest("ana").await;
    let phone = hub.second_node_of(&ana).await;
    for n in 0..50 {
        let id = format!("id{n}");
        let (one, other) = tokio::join!(ana.say_as(&id, "lobby", "hello"), phone.say_as(&id, "lobby", "hello"));
        assert_eq!(one.unwrap(), other.unwrap());
    }
    assert_eq!(lobby(&ana).await.len(), 50);

    // And from one node, before any answer.
    let mut bob = hub.raw_guest("bob").await;
    let say = json!({"type": "say", "id": "twice", "room": "lobby", "text": "hello"});
    for _ in 0..10 {
        bob.json(&say).await;
    }
    let first = bob.ok("twice").await;
    for _ in 1..10 {
        assert_eq!(bob.ok("twice").await, first);
    }
    assert_eq!(lobby(&ana).await.len(), 51);
}

#[tokio::test]
async fn ids_are_each_owners_own() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let anas = ana.say_as("1", "lobby", "of ana").await.unwrap();
    let bobs = bob.say_as("1", "lobby", "of bob").await.unwrap();
    assert_ne!(anas.seq, bobs.seq);
    assert_eq!(lobby(&ana).await, ["of ana", "of bob"]);
}

#[tokio::test]
async fn an_id_that_made_no_entry_is_still_free() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    assert!(ana.say_as("id", "garden", "hello").await.is_err());
    assert!(ana.say_as("id", "lobby", "  ").await.is_err());
    assert!(ana.private_message_as("id", "nobody-here", "hello").await.is_err());
    let seq = ana.say_as("id", "lobby", "hello").await.unwrap().seq;
    assert_eq!(ana.hears_text("hello").await.seq, seq);
}

/// The answer may have been lost with the connection, and the retry come from a node that has
/// not joined that room again.
#[tokio::test]
async fn it_holds_for_a_line_that_would_be_refused_now() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let first = ana.say_as("id", "lobby", "hello").await.unwrap();
    ana.leave("lobby").await.unwrap();
    assert_eq!(ana.say_as("id", "lobby", "hello").await.unwrap(), first);
    assert_eq!(ana.say_as("id", "lobby", "").await.unwrap(), first);
    assert_eq!(refused(ana.say_as("other", "lobby", "hello").await), ErrorCode::NotInRoom);
}
