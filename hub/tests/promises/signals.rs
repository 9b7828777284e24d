//! The hub carries signals from one node's processes to another's: word for word, in order, and with the true name of
//! whoever sent them.

use crate::support::{Frame, Heard, RawSocket, TestHub};
use serde_json::{Value, json};
use shared::message::{ErrorCode, ToNode, Why};
use shared::process::limits::MAX_SIGNAL;
use shared::wire;

/// A payload; what it says is nothing to the hub.
fn number(n: usize) -> Value {
    json!({"type": "send", "from": "k3f9.7", "to": "pong", "message": n})
}

/// The next text frame as it came.
async fn text(socket: &mut RawSocket) -> String {
    loop {
        match socket.next().await {
            Frame::Text(text) if text.contains(r#""type":"presence""#) => {}
            Frame::Text(text) => return text,
            Frame::Ping(_) | Frame::Pong(_) => {}
            ended @ (Frame::Close(_) | Frame::End) => panic!("expected a text, not {ended:?}"),
        }
    }
}

#[tokio::test]
async fn a_payload_arrives_word_for_word_and_the_hub_says_who_sent_it() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.peer("ana-tab").await, hub.peer("bob-tab").await);
    let strange = r#"{ "type":"send", "b":1.50e2,"a":"\u0041\n☃", "a": [ ] }"#;
    ana.socket().text(&format!(r#"{{"type":"signal","to":"bob-tab","first":true,"signal":{strange}}}"#)).await;
    let expected = format!(r#"{{"type":"signal","from":"ana-tab@test","signal":{strange}}}"#);
    assert_eq!(text(bob.socket()).await, expected, "who has no nick has none");

    ana.socket().takes("Ana").await;
    ana.goes_on("bob-tab", &number(1)).await;
    let told: Value = serde_json::from_str(&text(bob.socket()).await).unwrap();
    let owner = told["owner"].as_u64().expect("the number of the nick's owner");
    let known = json!({"type": "signal", "from": "ana-tab@test", "nick": "Ana", "owner": owner, "signal": number(1)});
    assert_eq!(told, known);

    ana.socket().json(&json!({"type": "disconnect", "id": "gone"})).await;
    ana.socket().ok("gone").await;
    ana.goes_on("bob-tab", &number(2)).await;
    let told: Value = serde_json::from_str(&text(bob.socket()).await).unwrap();
    assert_eq!(told, json!({"type": "signal", "from": "ana-tab@test", "signal": number(2)}), "the nick is let go of");
}

#[tokio::test]
async fn nobody_speaks_as_another() {
    let hub = TestHub::start().await;
    let (mut mallory, mut bob) = (hub.peer("mallory").await, hub.peer("bob").await);
    mallory.socket().takes("mallory").await;
    let forged = json!({
        "type": "signal", "from": "hub@test", "nick": "ana", "owner": 1, "first": true, "to": "bob",
        "signal": {"type": "exit", "from": "hub@test", "nick": "ana", "owner": 1},
    });
    mallory.socket().json(&forged).await;
    let heard: Value = serde_json::from_str(&text(bob.socket()).await).unwrap();
    assert_eq!((&heard["from"], &heard["nick"]), (&json!("mallory@test"), &json!("mallory")));
    assert_eq!(heard["signal"], forged["signal"], "what a payload says of its sender is nothing to the hub");
}

#[tokio::test]
async fn a_node_is_reached_by_its_name_in_full_or_without_the_host_and_by_itself() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.peer("ana").await, hub.peer("bob").await);
    ana.begins("bob", &number(0)).await;
    ana.goes_on("bob@test", &number(1)).await;
    ana.goes_on("bob@TEST", &number(2)).await;
    for n in 0..3 {
        assert_eq!(bob.hears().await, Heard::signal(&ana, &number(n)));
    }
    ana.begins("ana", &number(3)).await;
    assert_eq!(ana.hears().await, Heard::signal(&ana, &number(3)));
}

/// S1, as long as no tie breaks.
#[tokio::test]
async fn what_one_node_sends_another_arrives_in_order_each_once() {
    const ROUNDS: usize = 20;
    const AT_ONCE: usize = 100;
    let hub = TestHub::start().await;
    let mut nodes = [hub.peer("a").await, hub.peer("b").await, hub.peer("c").await];
    for round in 0..ROUNDS {
        for n in round * AT_ONCE..(round + 1) * AT_ONCE {
            for (from, to) in [(0, "b"), (1, "c"), (2, "a"), (0, "c")] {
                match n {
                    0 => nodes[from].begins(to, &number(n)).await,
                    _ => nodes[from].goes_on(to, &number(n)).await,
                }
            }
        }
        for (to, from) in [(1, &["a@test"][..]), (2, &["b@test", "a@test"]), (0, &["c@test"])] {
            let mut heard: Vec<(String, Value)> = Vec::new();
            while heard.len() < from.len() * AT_ONCE {
                match nodes[to].hears().await {
                    Heard::Signal(from, payload) => heard.push((from, payload)),
                    other => panic!("{other:?}"),
                }
            }
            for from in from {
                let of_it = heard.iter().filter(|(sender, _)| sender == from).map(|(_, payload)| payload.clone());
                let expected = (round * AT_ONCE..(round + 1) * AT_ONCE).map(number);
                assert!(of_it.eq(expected), "from {from} in round {round}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_named_with_the_reason() {
    let hub = TestHub::start().await;
    let mut ana = hub.peer("ana").await;
    let away = hub.named_tab(Some("away")).await;
    let deaf = hub.named_node(Some("deaf")).await;
    let memory = away.close().await;
    for (to, why) in [
        ("nobody", Why::NoSuchNode),
        ("nobody@test", Why::NoSuchNode),
        ("deaf@elsewhere", Why::NoSuchNode),
        ("", Why::NoSuchNode),
        ("two words\u{202e}", Why::NoSuchNode),
        ("away", Why::NodeDown),
        ("deaf", Why::NoProcesses),
    ] {
        ana.begins(to, &number(1)).await;
        assert_eq!(ana.hears().await, Heard::Unreachable(to.to_owned(), why));
    }
    let mut back = memory.resume().await;
    back.reads_what_waits().await;
    for heard in [back.heard(), &deaf.heard()] {
        assert!(!heard.iter().any(|it| matches!(it, ToNode::Signal(_))), "nothing is kept, and nothing sent unasked");
    }
}

/// It may say otherwise whenever it comes back.
#[tokio::test]
async fn whether_a_node_has_processes_is_what_its_latest_hello_said() {
    let hub = TestHub::start().await;
    let mut ana = hub.peer("ana").await;
    let mut bob = hub.peer("bob").await;
    let session = bob.session().to_owned();
    ana.begins("bob", &number(0)).await;
    assert_eq!(bob.hears().await, Heard::signal(&ana, &number(0)));
    drop(bob);
    assert_eq!(ana.hears().await, Heard::Down("bob@test".to_owned(), Why::Disconnected));
    let mut socket = hub.raw().await;
    let hello = json!({"type": "hello", "version": 1, "cookie": hub.cookie(), "session": session});
    socket.json(&hello).await;
    assert!(matches!(socket.message().await, ToNode::Welcome(welcome) if welcome.resumed));
    ana.begins("bob", &number(1)).await;
    assert_eq!(ana.hears().await, Heard::Unreachable("bob".to_owned(), Why::NoProcesses));
}

#[tokio::test]
async fn who_cannot_be_answered_may_not_ask() {
    let hub = TestHub::start().await;
    let mut bob = hub.peer("bob").await;
    let mut socket = hub.raw_welcomed().await;
    socket.text(&wire::encode_signal("bob", true, "{}")).await;
    let refusal = socket.error().await;
    assert_eq!(refusal.code, ErrorCode::BadMessage);
    assert!(refusal.message.contains("processes"), "{refusal:?}");
    socket.stays().await;
    assert_eq!(bob.heard_by_now().await, []);
}

#[tokio::test]
async fn what_is_too_long_is_refused_and_what_just_fits_arrives() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.peer("ana").await, hub.peer("bob").await);
    let long = |length: usize| json!({"text": "x".repeat(length - r#"{"text":""}"#.len())});
    ana.begins("bob", &long(MAX_SIGNAL + 1)).await;
    let refusal = ana.socket().error().await;
    assert_eq!(refusal.code, ErrorCode::BadMessage);
    assert!(refusal.message.contains("61440"), "{refusal:?}");
    ana.begins("bob", &long(MAX_SIGNAL)).await;
    assert_eq!(bob.hears().await, Heard::signal(&ana, &long(MAX_SIGNAL)));
}

/// Payloads are read by nodes alone; a frame that is none is answered as any other.
#[tokio::test]
async fn a_payload_may_be_any_json_and_a_frame_that_is_none_is_answered() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.peer("ana").await, hub.peer("bob").await);
    ana.begins("bob", &number(0)).await;
    assert_eq!(bob.hears().await, Heard::signal(&ana, &number(0)));
    for payload in ["null", "[]", "0", "\"\"", "{}", r#"{"type":"?"}"#] {
        ana.socket().text(&wire::encode_signal("bob", false, payload)).await;
        assert_eq!(bob.hears().await, Heard::signal(&ana, &serde_json::from_str(payload).unwrap()));
    }
    for frame in [
        r#"{"type":"signal"}"#,
        r#"{"type":"signal","to":"bob"}"#,
        r#"{"type":"signal","signal":{}}"#,
        r#"{"type":"signal","to":7,"signal":{}}"#,
        r#"{"type":"signal","to":"bob","signal":{}"#,
        r#"{"type":"signal","to":"bob","first":1,"signal":{}}"#,
        &format!(r#"{{"type":"signal","to":"bob","signal":{}}}"#, "[".repeat(60_000)),
        // What no reader takes, though it is JSON by its look.
        &format!(r#"{{"type":"signal","to":"bob","signal":{}{}}}"#, "[".repeat(127), "]".repeat(127)),
        r#"{"type":"signal","to":"bob","signal":"\ud800"}"#,
        r#"{"type":"signal","to":"bob","signal":{"\ud800":1}}"#,
        r#"{"type":"signal","to":"bob","signal":[1e999]}"#,
    ] {
        ana.socket().text(frame).await;
        assert_eq!(ana.socket().error().await.code, ErrorCode::BadMessage, "{}", &frame[..40.min(frame.len())]);
    }
    assert_eq!(bob.heard_by_now().await, []);
}

/// As what comes over a socket anyway, so that nobody is asked twice.
#[tokio::test]
async fn signals_and_lines_come_in_the_order_in_which_the_hub_took_them() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.peer("ana").await, hub.peer("bob").await);
    ana.socket().takes("ana").await;
    bob.socket().takes("bob").await;
    for n in 0..50 {
        let say = json!({"type": "say", "id": n.to_string(), "room": "lobby", "text": format!("{n}")});
        ana.socket().json(&say).await;
        ana.socket().ok(&n.to_string()).await; // it is heard from here on
        match n {
            0 => ana.begins("bob", &number(n)).await,
            _ => ana.goes_on("bob", &number(n)).await,
        }
    }
    let mut lines = 0;
    let mut signals = 0;
    while signals < 50 {
        match bob.socket().message().await {
            ToNode::Entry(_) => lines += 1,
            ToNode::Signal(signal) => {
                assert_eq!((signal.signal, lines), (number(signals), signals + 1));
                signals += 1;
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn lists_say_who_has_processes() {
    let hub = TestHub::start().await;
    let peer = hub.peer("peer").await;
    let asker = hub.named_node(Some("asker")).await;
    let nodes = asker.list_nodes().await.unwrap().nodes;
    let processes = |name: &str| nodes.iter().find(|node| node.node == name).map(|node| node.processes);
    assert_eq!((processes(peer.name()), processes("asker@test")), (Some(true), Some(false)));
}
