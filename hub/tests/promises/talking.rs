//! What is said in a room, everyone in it hears: once, in one order, with the name of who said it.

use std::sync::Arc;

use crate::support::{TestHub, now, refused};
use serde_json::json;
use shared::message::ErrorCode;

#[tokio::test]
async fn a_line_is_heard_by_all_in_the_room_and_by_nobody_else() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let eve = hub.guest("eve").await;
    let nameless = hub.node().await;
    ana.joins("garden").await;
    bob.joins("garden").await;

    let before = now();
    let seq = ana.says("garden", "the roses are out").await;
    let said = bob.hears_text("the roses are out").await;
    assert_eq!((said.seq, said.room.as_str(), said.from.as_str()), (seq, "garden", "ana"));
    assert!((before..=now()).contains(&said.at), "{} is a time in milliseconds", said.at);
    ana.hears_seq(seq).await; // the sender's own node too

    let fence = ana.says("lobby", "fence").await;
    eve.hears_seq(fence).await;
    assert_eq!(eve.entries().len(), 1, "eve is not in the garden");
    nameless.list_rooms().await.unwrap();
    assert!(nameless.heard().is_empty(), "a node without a nick is in no room");
}

#[tokio::test]
async fn all_nodes_of_the_sender_hear_it_with_its_id() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let laptop = hub.second_node_of(&ana).await;
    let sent = ana.say_as("my-id", "lobby", "hello").await.unwrap();
    assert_eq!(sent.delivered, None, "only a private message tells whom it reached");
    for node in [&ana, &laptop] {
        let said = node.hears_text("hello").await;
        assert_eq!((said.seq, said.id.as_str(), said.from.as_str()), (sent.seq, "my-id", "ana"));
    }
}

#[tokio::test]
async fn everyone_hears_the_same_order() {
    const TALKERS: usize = 8;
    const LINES: usize = 40;
    let hub = TestHub::start_unlimited().await;
    let mut talkers = Vec::new();
    for n in 0..TALKERS {
        talkers.push(Arc::new(hub.guest(&format!("talker{n}")).await));
    }
    let mut talks = Vec::new();
    for talker in talkers.clone() {
        talks.push(tokio::spawn(async move {
            let mut last = 0;
            for line in 0..LINES {
                let seq = talker.says("lobby", &format!("{line}")).await;
                assert!(seq > last, "who waits for the answer is numbered later");
                last = seq;
            }
            last
        }));
    }
    let mut last = 0;
    for talk in talks {
        last = last.max(talk.await.unwrap());
    }

    let mut first_heard = Vec::new();
    for talker in &talkers {
        talker.hears_seq(last).await;
        let lines = talker.lines();
        assert_eq!(lines.len(), TALKERS * LINES, "{} hears each line once", talker.nick());
        assert!(lines.is_sorted_by(|a, b| a.seq < b.seq), "{} hears them in order", talker.nick());
        for other in &talkers {
            let of_other =
                lines.iter().filter(|said| said.from == other.nick()).map(|said| said.text.parse::<usize>().unwrap());
            assert!(of_other.eq(0..LINES), "{}'s lines stay in the order said", other.nick());
        }
        if first_heard.is_empty() {
            first_heard = lines;
        } else {
            assert_eq!(lines, first_heard, "the same for all");
        }
    }
}

#[tokio::test]
async fn lines_sent_in_a_burst_keep_their_order() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.raw_guest("ana").await;
    let bob = hub.guest("bob").await;
    for n in 0..500 {
        ana.json(&json!({"type": "say", "id": format!("{n}"), "room": "lobby", "text": format!("{n}")})).await;
    }
    bob.hears_text("499").await;
    assert!(bob.lines().iter().map(|said| said.text.parse::<usize>().unwrap()).eq(0..500));
    let mut seqs = Vec::new();
    for n in 0..500 {
        seqs.push(ana.ok(&format!("{n}")).await["seq"].as_u64().unwrap());
    }
    assert!(seqs.is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn a_line_arrives_as_it_was_typed() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    for text in [
        "日本語 العربية עברית 🦀👩‍👩‍👧‍👦 e\u{301}",
        "two\nlines\tand a tab",
        "\"quoted\" \\ back 'n' forth; DROP TABLE entries; --",
        "<script>alert(1)</script> &amp; {\"type\":\"said\"}",
        "a\u{0}b\u{7f}\u{202e}c",
        "/not a command here",
    ] {
        let seq = ana.says("lobby", text).await;
        assert_eq!(bob.hears_seq(seq).await.text(), text);
    }
    let seq = ana.says("lobby", " \t\n ends trimmed\u{3000}\n").await;
    assert_eq!(bob.hears_seq(seq).await.text(), "ends trimmed");
}

#[tokio::test]
async fn nobody_speaks_as_another() {
    let hub = TestHub::start().await;
    let mut eve = hub.raw_guest("eve").await;
    let bob = hub.guest("bob").await;
    let _ana = hub.guest("ana").await;
    eve.json(&json!({"type": "say", "id": "1", "room": "lobby", "text": "it is me", "from": "ana", "nick": "ana"}))
        .await;
    eve.ok("1").await;
    assert_eq!(bob.hears_text("it is me").await.from, "eve");
}

#[tokio::test]
async fn saying_needs_the_room() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    assert_eq!(refused(ana.say("garden", "hi").await), ErrorCode::NotInRoom);
    assert_eq!(refused(ana.say("nowhere", "hi").await), ErrorCode::NotInRoom);
    assert_eq!(refused(ana.say("", "hi").await), ErrorCode::NotInRoom);
    let fence = bob.says("garden", "fence").await;
    bob.hears_seq(fence).await;
    assert_eq!(bob.texts_in("garden"), ["fence"]);
}

#[tokio::test]
async fn a_room_is_one_whatever_the_case_and_is_told_by_its_own_name() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let seq = ana.says("LOBBY", "loud").await;
    let said = ana.hears_text("loud").await;
    assert_eq!((said.seq, said.room.as_str()), (seq, "lobby"));
    let seq = ana.says("#lobby", "with its sign").await;
    assert_eq!(ana.hears_text("with its sign").await.seq, seq);
}
