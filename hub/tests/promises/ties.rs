//! Between two nodes that have exchanged signals there is a tie. It never loses one in silence: it breaks, and both
//! ends are told, behind all that was delivered.

use crate::support::{Heard, Peer, TestHub, passes};
use serde_json::{Value, json};
use shared::message::Why;

fn number(n: usize) -> Value {
    json!({"n": n})
}

/// Two nodes that have heard each other.
async fn tied(hub: &TestHub) -> (Peer, Peer) {
    let (mut one, mut other) = (hub.peer("one").await, hub.peer("other").await);
    one.begins("other", &number(0)).await;
    assert_eq!(other.hears().await, Heard::signal(&one, &number(0)));
    other.begins("one", &number(0)).await;
    assert_eq!(one.hears().await, Heard::signal(&other, &number(0)));
    (one, other)
}

#[tokio::test]
async fn the_end_of_a_connection_is_told_once_and_behind_what_was_delivered() {
    let hub = TestHub::start().await;
    let (mut one, mut other) = tied(&hub).await;
    for n in 1..=20 {
        other.goes_on("one", &number(n)).await;
    }
    drop(other); // without a close frame
    for n in 1..=20 {
        assert_eq!(one.hears().await, Heard::Signal("other@test".to_owned(), number(n)));
    }
    assert_eq!(one.hears().await, Heard::Down("other@test".to_owned(), Why::Disconnected));
    one.goes_on("other", &number(1)).await; // as if it had not heard yet
    one.begins("other", &number(2)).await;
    assert_eq!(one.hears().await, Heard::Unreachable("other".to_owned(), Why::NodeDown));
    assert_eq!(one.heard_by_now().await, []);
}

#[tokio::test]
async fn whoever_has_only_listened_is_told_too_and_strangers_are_not() {
    let hub = TestHub::start().await;
    let (mut speaker, mut listener) = (hub.peer("speaker").await, hub.peer("listener").await);
    let (mut third, mut stranger) = (hub.peer("third").await, hub.peer("stranger").await);
    speaker.begins("listener", &number(1)).await;
    third.begins("speaker", &number(2)).await;
    assert_eq!(listener.hears().await, Heard::signal(&speaker, &number(1)));
    assert_eq!(speaker.hears().await, Heard::signal(&third, &number(2)));
    speaker.socket().close(1000).await;
    for end in [&mut listener, &mut third] {
        assert_eq!(end.hears().await, Heard::down(&speaker, Why::Disconnected));
    }
    assert_eq!(stranger.heard_by_now().await, []);
}

#[tokio::test]
async fn a_newer_connection_of_a_node_is_another_life_of_it() {
    let hub = TestHub::start().await;
    let (mut one, other) = tied(&hub).await;
    let mut newer = other.again(&hub.way()).await;
    assert_eq!(one.hears().await, Heard::down(&newer, Why::Disconnected));
    assert_eq!(newer.heard_by_now().await, [], "it knows by itself that it begins anew");
    let mut former = other;
    assert_eq!(former.socket().close_code().await, 4409);

    one.begins("other", &number(1)).await;
    assert_eq!(newer.hears().await, Heard::signal(&one, &number(1)));
    newer.begins("one", &number(2)).await;
    assert_eq!(one.hears().await, Heard::signal(&newer, &number(2)));
}

#[tokio::test]
async fn who_comes_back_gets_nothing_of_before_and_the_lease_s_end_is_told_nobody_again() {
    let hub = TestHub::start_with(|config| config.lease = std::time::Duration::from_secs(30)).await;
    let (mut one, other) = tied(&hub).await;
    let (session, way) = (other.session().to_owned(), hub.way());
    drop(other);
    assert_eq!(one.hears().await, Heard::Down("other@test".to_owned(), Why::Disconnected));
    for n in 1..=3 {
        one.begins("other", &number(n)).await;
        assert_eq!(one.hears().await, Heard::Unreachable("other".to_owned(), Why::NodeDown));
    }
    let mut back = Peer::resume(&way, &session).await;
    assert_eq!(back.heard_by_now().await, []);
    one.begins("other", &number(4)).await;
    assert_eq!(back.hears().await, Heard::signal(&one, &number(4)));

    drop(back);
    assert_eq!(one.hears().await, Heard::Down("other@test".to_owned(), Why::Disconnected));
    passes(std::time::Duration::from_secs(31)).await;
    one.begins("other", &number(5)).await;
    assert_eq!(one.hears().await, Heard::Unreachable("other".to_owned(), Why::NoSuchNode));
}

/// What was sent before its sender heard of the break would otherwise come into the tie that the other end has opened
/// anew: behind a gap that nobody shows.
#[tokio::test]
async fn what_was_sent_into_a_broken_tie_never_comes_into_the_next() {
    let hub = TestHub::start().await;
    let (mut one, other) = tied(&hub).await;
    let mut newer = other.again(&hub.way()).await; // `one` has not read of it yet
    newer.begins("one", &number(10)).await;
    newer.goes_on("one", &number(11)).await;
    assert_eq!(
        one.heard_by_now().await,
        [
            Heard::down(&newer, Why::Disconnected),
            Heard::signal(&newer, &number(10)),
            Heard::signal(&newer, &number(11)),
        ]
    );
    one.goes_on("other", &number(1)).await;
    one.goes_on("other", &number(2)).await;
    one.begins("other", &number(3)).await;
    one.goes_on("other", &number(4)).await;
    for n in [3, 4] {
        assert_eq!(newer.hears().await, Heard::signal(&one, &number(n)), "the first of the new tie");
    }
    assert_eq!(one.heard_by_now().await, [], "and for what was passed over the notice has been there");
}

/// Whoever says `first` where its direction is open means another tie than there is.
#[tokio::test]
async fn who_begins_anew_without_having_been_told_to_ends_the_tie_for_both() {
    let hub = TestHub::start().await;
    let (mut one, mut other) = tied(&hub).await;
    one.begins("other", &number(1)).await;
    one.goes_on("other", &number(2)).await;
    assert_eq!(one.hears().await, Heard::down(&other, Why::Full));
    assert_eq!(other.hears().await, Heard::down(&one, Why::Full));
    other.goes_on("one", &number(3)).await;
    one.begins("other", &number(4)).await;
    assert_eq!(other.hears().await, Heard::signal(&one, &number(4)));
    other.begins("one", &number(5)).await;
    assert_eq!(one.hears().await, Heard::signal(&other, &number(5)));
}

/// Its first was on its way when the tie broke that the other end had opened.
#[tokio::test]
async fn a_first_signal_that_crosses_the_notice_of_a_break_leaves_no_tie_that_one_end_does_not_know() {
    let hub = TestHub::start().await;
    let (mut one, mut other) = (hub.peer("one").await, hub.peer("other").await);
    other.begins("one", &number(0)).await;
    other.heard_by_now().await;
    let mut newer = other.again(&hub.way()).await;
    one.begins("other", &number(1)).await; // it has read nothing yet
    assert_eq!(newer.hears().await, Heard::signal(&one, &number(1)));
    assert_eq!(one.hears().await, Heard::signal(&newer, &number(0)));
    assert_eq!(one.hears().await, Heard::down(&newer, Why::Disconnected));
    // For it that was the end of what it sent, for the other the beginning.
    one.begins("other", &number(2)).await;
    assert_eq!(newer.hears().await, Heard::down(&one, Why::Full));
    assert_eq!(one.hears().await, Heard::down(&newer, Why::Full));
    one.begins("other", &number(3)).await;
    assert_eq!(newer.hears().await, Heard::signal(&one, &number(3)));
    assert_eq!(one.heard_by_now().await, []);
}

/// S1, S6: between the two of them alone, and no line is touched by it.
#[tokio::test]
async fn a_node_that_takes_too_little_breaks_the_tie_and_both_ends_know_where() {
    const MOST: usize = 10_000; // 80 MB: many times what the systems on both sides and the hub hold
    let hub = TestHub::start_unlimited().await;
    let mut deaf = Peer::open_narrow(&hub.way(), "deaf").await;
    deaf.socket().takes("deaf").await;
    let (mut talker, mut bystander) = (hub.peer("talker").await, hub.peer("bystander").await);
    bystander.begins("deaf", &json!("hello")).await;
    assert_eq!(deaf.hears().await, Heard::signal(&bystander, &json!("hello")));
    let ana = hub.guest("ana").await;

    let payload = |n: usize| json!({"n": n, "text": "x".repeat(8_000)});
    talker.begins("deaf", &payload(0)).await;
    let mut sent = 1;
    let broken = loop {
        for _ in 0..50 {
            talker.goes_on("deaf", &payload(sent)).await;
            sent += 1;
        }
        match &talker.heard_by_now().await[..] {
            [] => assert!(sent < MOST, "nothing was full after {sent}"),
            heard => break heard.to_vec(),
        }
    };
    assert_eq!(broken, [Heard::down(&deaf, Why::Full)], "once, although more was sent into it");
    // The mail is full of what others sent, so what is new to it finds no room either; and lines do.
    talker.begins("deaf", &number(0)).await;
    assert_eq!(talker.hears().await, Heard::Unreachable("deaf".to_owned(), Why::Full));
    let seq = ana.says("lobby", "a line").await;

    let mut arrived = 0;
    loop {
        match deaf.socket().message().await {
            shared::message::ToNode::Signal(signal) => {
                assert_eq!(signal.signal, payload(arrived), "in order and without a gap");
                arrived += 1;
            }
            shared::message::ToNode::Down(down) => {
                assert_eq!((down.node.as_str(), down.why), (talker.name(), Why::Full));
                break;
            }
            shared::message::ToNode::Synced { .. } => panic!("signals have made it a cursor"),
            _ => {}
        }
    }
    assert!(arrived > 0 && arrived < sent, "{arrived} of {sent}");
    loop {
        match deaf.socket().message().await {
            shared::message::ToNode::Entry(entry) => {
                assert_eq!(entry.seq(), seq);
                break;
            }
            shared::message::ToNode::Synced { .. } => panic!("signals have made it a cursor"),
            _ => {}
        }
    }
    bystander.goes_on("deaf", &json!("still here")).await;
    assert_eq!(deaf.hears().await, Heard::signal(&bystander, &json!("still here")), "its tie was another");
    talker.begins("deaf", &number(1)).await;
    assert_eq!(deaf.hears().await, Heard::signal(&talker, &number(1)), "and it may begin anew");
}
