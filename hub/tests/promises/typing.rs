//! Who is writing is told to those who would read it, and to nobody for ever.

use std::time::Instant;

use crate::support::{Tab, TestHub};
use serde_json::json;
use shared::message::ErrorCode;

fn in_room(room: &str, from: &str) -> (Option<String>, Option<String>, String) {
    (Some(room.to_owned()), None, from.to_owned())
}

/// Reads all that the hub had to tell before something that is said now.
async fn reads_up_to(reader: &mut Tab, talker: &mut Tab) {
    let fence = talker.says("lobby", "fence").await;
    reader.hears_seq(fence).await;
}

#[tokio::test]
async fn it_is_told_in_the_room_to_all_but_the_node_itself() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob, mut eve) = (hub.tab_of("Ana").await, hub.tab_of("bob").await, hub.tab_of("eve").await);
    ana.joins("Den").await;
    bob.joins("den").await;
    ana.types(Some("#den"), None).await;
    for tab in [&mut bob, &mut eve] {
        reads_up_to(tab, &mut ana).await;
    }
    assert_eq!(bob.typing(), [in_room("Den", "Ana")]);
    assert_eq!((ana.typing(), eve.typing()), (vec![], vec![]));
}

#[tokio::test]
async fn it_is_told_to_the_nick_alone_on_all_its_nodes() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob, mut eve) = (hub.tab_of("ana").await, hub.tab_of("bob").await, hub.tab_of("eve").await);
    let mut phone = hub.further_tab_of("bob", Some(&bob.token())).await;
    ana.types(None, Some("BOB")).await;
    for tab in [&mut bob, &mut phone, &mut eve] {
        reads_up_to(tab, &mut ana).await;
    }
    let to_bob = (None, Some("bob".to_owned()), "ana".to_owned());
    assert_eq!((bob.typing(), phone.typing(), eve.typing()), (vec![to_bob.clone()], vec![to_bob], vec![]));
}

#[tokio::test]
async fn where_it_cannot_be_told_it_is_passed_over() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    bob.joins("den").await;
    ana.types(Some("den"), None).await; // where ana is not
    ana.types(Some("nowhere"), None).await;
    ana.types(None, Some("nobody")).await;
    let mut nameless = hub.tab().await;
    nameless.types(Some("lobby"), None).await;
    nameless.reads_what_waits().await;
    reads_up_to(&mut bob, &mut ana).await;
    assert_eq!((bob.typing(), nameless.heard().len()), (vec![], 0));
}

#[tokio::test]
async fn in_a_room_of_many_nobody_hears_who_writes() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let mut crowd = Vec::new();
    for n in 2..250 {
        crowd.push(hub.tab_of(&format!("guest{n}")).await);
    }
    ana.types(Some("lobby"), None).await;
    reads_up_to(&mut bob, &mut ana).await;
    assert_eq!(bob.typing(), [in_room("lobby", "ana")]);
    crowd.push(hub.tab_of("one-more").await);
    ana.types(Some("lobby"), None).await;
    reads_up_to(&mut bob, &mut ana).await;
    assert_eq!(bob.typing().len(), 1);
}

#[tokio::test]
async fn who_says_it_all_the_time_is_heard_for_a_while_and_never_told() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let begun = Instant::now();
    for _ in 0..1_000 {
        ana.types(None, Some("bob")).await;
    }
    reads_up_to(&mut bob, &mut ana).await; // which also shows that there was no error, nor an end
    let told = bob.typing().len() as u128;
    let most = 501 + begun.elapsed().as_millis() / 20; // 500 requests at once, and 50 a second
    assert!((1..=most).contains(&told), "{told} of {most}");
}

#[tokio::test]
async fn what_is_neither_in_a_room_nor_to_a_nick_is_no_message() {
    let hub = TestHub::start().await;
    let mut ana = hub.raw_guest("ana").await;
    for frame in [
        json!({"type": "typing"}),
        json!({"type": "typing", "room": "lobby", "to": "bob"}),
        json!({"type": "typing", "room": 7}),
        json!({"type": "state"}),
        json!({"type": "state", "state": "asleep"}),
        json!({"type": "state", "state": "offline"}),
        json!({"type": "state", "state": "reconnecting"}),
    ] {
        ana.json(&frame).await;
        assert_eq!(ana.error().await.code, ErrorCode::BadMessage, "{frame}");
    }
    ana.stays().await;
}

#[tokio::test]
async fn it_costs_who_does_not_read_nothing() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.tab_of("ana").await;
    let mut deaf = hub.way().narrow_tab_of("deaf").await;
    let long = "x".repeat(8 * 1024);
    for n in 0..200 {
        ana.says("lobby", &long).await;
        for _ in 0..20 {
            ana.types(None, Some("deaf")).await;
        }
        if n % 50 == 0 {
            ana.reads_what_waits().await;
        }
    }
    let last = ana.says("lobby", "do you hear me?").await;
    deaf.hears_seq(last).await;
    assert!(deaf.typing().len() < 200 * 20, "some were left out");
}
