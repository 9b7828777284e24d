//! Without the cookie nobody gets in and nobody reads anything; guessing is throttled, for the one who guesses.

use std::net::{IpAddr, Ipv4Addr};

use crate::support::{Frame, RawSocket, TestHub, closed};
use node::Options;
use serde_json::{Value, json};
use shared::message::ToNode;

/// More wrong cookies than any person types.
const MANY_GUESSES: usize = 200;

fn with_cookie(cookie: Option<&str>) -> Options {
    Options { cookie: cookie.map(str::to_owned), ..Options::default() }
}

/// Says hello from another address of the loopback net; returns the close code, or 0 for a welcome.
async fn knock(hub: &TestHub, from: Ipv4Addr, cookie: &str) -> u16 {
    let mut socket = RawSocket::open_from(IpAddr::V4(from), hub.address()).await;
    socket.json(&json!({"type": "hello", "version": 1, "cookie": cookie})).await;
    loop {
        match socket.next().await {
            Frame::Close(code) => return code,
            Frame::Text(text) => {
                let message = shared::wire::decode_to_node(&text);
                assert!(matches!(message, Ok(ToNode::Welcome(_))), "nothing but a welcome: {text}");
                return 0;
            }
            Frame::Ping(_) | Frame::Pong(_) => {}
            Frame::End => panic!("the connection ended without a close frame"),
        }
    }
}

#[tokio::test]
async fn the_cookie_opens_and_nothing_else_does() {
    let hub = TestHub::start().await;
    let cookie = hub.cookie();
    assert!(cookie.len() >= 16, "a cookie is not to be guessed");
    assert_eq!(closed(hub.connect(with_cookie(None)).await), 4401);
    assert_eq!(closed(hub.connect(with_cookie(Some(""))).await), 4401);
    assert_eq!(closed(hub.connect(with_cookie(Some("wrong"))).await), 4401);
    assert_eq!(closed(hub.connect(with_cookie(Some(&cookie[1..]))).await), 4401);
    assert!(hub.connect(with_cookie(Some(&cookie))).await.is_ok());
}

#[tokio::test]
async fn an_open_hub_asks_for_none() {
    let hub = TestHub::start_with(|config| config.open = true).await;
    assert!(hub.connect(with_cookie(None)).await.is_ok());
    assert!(hub.connect(with_cookie(Some("left over from another hub"))).await.is_ok());
}

#[tokio::test]
async fn the_cookie_outlives_the_hub() {
    let hub = TestHub::start().await;
    let cookie = hub.cookie();
    let hub = hub.restart().await;
    assert_eq!(hub.cookie(), cookie);
}

#[tokio::test]
async fn a_link_as_printed_gets_in() {
    let hub = TestHub::start().await;
    let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie());
    assert!(node::Node::connect(&link, Options::default()).await.is_ok());
}

#[tokio::test]
async fn guessing_locks_out_the_guesser_alone() {
    let hub = TestHub::start().await;
    let cookie = hub.cookie();
    let guesser = Ipv4Addr::new(127, 0, 0, 2);
    let neighbour = Ipv4Addr::new(127, 0, 0, 3);
    let ana = hub.guest("ana").await;

    let mut guesses = 0;
    loop {
        match knock(&hub, guesser, &format!("guess {guesses}")).await {
            4429 => break,
            code => assert_eq!(code, 4401),
        }
        guesses += 1;
        assert!(guesses < MANY_GUESSES, "{guesses} wrong cookies from one address");
    }
    assert!(guesses >= 3, "a person may mistype");
    assert_eq!(
        knock(&hub, guesser, &cookie).await,
        4429,
        "while locked out, the right one is not told from a wrong one"
    );
    assert_eq!(knock(&hub, neighbour, "wrong").await, 4401);
    assert_eq!(knock(&hub, neighbour, &cookie).await, 0);
    ana.says("lobby", "who is in stays in").await;
}

#[tokio::test]
async fn before_the_welcome_nobody_gets_anything() {
    let hub = TestHub::start().await;
    let mut early = hub.raw().await;
    let mut outside = hub.raw().await;
    let zelda = hub.guest("zelda").await;
    let secret = zelda.says("lobby", "a secret").await;
    zelda.hears_seq(secret).await;

    for request in requests() {
        early.json(&request).await;
        let id = request["id"].as_str().unwrap();
        match early.next().await {
            Frame::Text(text) => {
                assert!(text.contains("not_connected"), "{request}: {text}");
                assert!(!text.contains("secret") && !text.contains("zelda"), "{request}: {text}");
                assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["id"], id);
            }
            other => panic!("{request}: {other:?}"),
        }
    }
    early.hello(&hub.cookie()).await; // asserts that the next message is the welcome

    outside.json(&json!({"type": "hello", "version": 1, "cookie": "wrong"})).await;
    assert_eq!(outside.next().await, Frame::Close(4401), "not a word before it");
}

/// One of each request.
fn requests() -> Vec<Value> {
    vec![
        json!({"type": "connect", "id": "1", "nick": "eve"}),
        json!({"type": "join", "id": "2", "room": "lobby"}),
        json!({"type": "say", "id": "3", "room": "lobby", "text": "hi"}),
        json!({"type": "private_message", "id": "4", "to": "bob", "text": "hi"}),
        json!({"type": "list_users", "id": "5"}),
        json!({"type": "list_rooms", "id": "6"}),
        json!({"type": "list_nodes", "id": "7"}),
        json!({"type": "ping", "id": "8", "node": "hub"}),
        json!({"type": "history", "id": "9", "room": "lobby"}),
        json!({"type": "search", "id": "10", "query": "x"}),
        json!({"type": "disconnect", "id": "11"}),
        json!({"type": "leave", "id": "12", "room": "lobby"}),
    ]
}
