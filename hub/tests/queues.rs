//! A node that does not read costs bounded memory and delays nobody.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use shared::message::ToNode;
use shared::wire;
use support::{Frame, RawSocket, TEXT, TestHub, eventually};

/// A line to somebody who listens, while others do not: on a busy machine, without optimisation.
const SOON: Duration = Duration::from_secs(2);

/// A node that joins the lobby and from then on reads nothing.
async fn deaf(hub: &TestHub, nick: &str) -> RawSocket {
    let mut socket = RawSocket::open_narrow(hub.address()).await;
    socket.hello(&hub.cookie()).await;
    socket.takes(nick).await;
    socket
}

#[tokio::test]
async fn others_are_not_delayed_and_the_deaf_one_has_no_gap() {
    const LINES: usize = 1_500;
    let hub = TestHub::start_unlimited().await;
    let mut socket = deaf(&hub, "deaf").await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let padding = "x".repeat(8_000);
    let mut sent = Vec::new();
    for n in 0..LINES {
        let started = Instant::now();
        let seq = ana.says("lobby", &format!("{n} {padding}")).await;
        sent.push(seq);
        if n % 100 == 0 {
            bob.hears_seq(seq).await;
        }
        assert!(started.elapsed() < SOON, "line {n} took {:?}", started.elapsed());
    }
    bob.hears_seq(sent[LINES - 1]).await;
    assert_eq!(bob.lines().len(), LINES);

    // What it now reads is the beginning without a gap, and then all the rest or a word of why not.
    let mut read = Vec::new();
    while read.len() < LINES {
        match socket.next().await {
            Frame::Text(text) => {
                if let Ok(ToNode::Entry(entry)) = wire::decode_to_node(&text) {
                    read.push(entry.seq());
                }
            }
            Frame::Ping | Frame::Pong(_) => {}
            Frame::Close(code) => {
                assert_eq!(code, 4002);
                break;
            }
            Frame::End => break, // it read so late that the hub no longer waited to say why
        }
    }
    assert_eq!(read, sent[..read.len()], "in order, without a gap");
}

#[tokio::test]
async fn who_asks_and_never_reads_is_not_served_for_ever() {
    let hub = TestHub::start_unlimited().await;
    let ana = hub.guest("ana").await;
    for n in 0..100 {
        ana.says("lobby", &format!("{n} {}", "x".repeat(8_000))).await;
    }
    let mut greedy = deaf(&hub, "greedy").await;
    let question = json!({"type": "history", "id": "more", "room": "lobby", "limit": 200}).to_string();
    // Each answer is 800 KB: within a few, the hub must take no more questions, or end the connection.
    tokio::select! {
        () = greedy.pour_until_refused(TEXT, question.as_bytes()) => {}
        () = eventually("an end of what is served to one who reads no answer", async || {
            let nodes = ana.list_nodes().await.unwrap().nodes;
            nodes.iter().all(|node| node.nick.as_deref() != Some("greedy")).then_some(())
        }) => {}
    }

    let started = Instant::now();
    ana.says("lobby", "and I?").await;
    ana.hears_text("and I?").await;
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_deaf_cost_bounded_memory() {
    use support::HubProcess;

    const DEAF: usize = 8;
    const LINES: usize = 1_500; // of 16 KB: 24 MB, and 190 MB if each of the deaf had a copy
    const MOST: u64 = 16 * 1024 * 1024;
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let address = hub.address();
    let mut deaf = Vec::new();
    for n in 0..DEAF {
        let mut socket = RawSocket::open_narrow(address).await;
        socket.hello(&hub.cookie()).await;
        socket.takes(&format!("deaf{n}")).await;
        deaf.push(socket);
    }
    let ana = hub.guest("ana").await;
    let text = "x".repeat(16_000);
    for _ in 0..100 {
        ana.says("lobby", &text).await; // first what any line costs: caches, the log's own pages
    }
    let before = hub.resident();
    let mut last = 0;
    for _ in 0..LINES {
        last = ana.says("lobby", &text).await;
    }
    ana.hears_seq(last).await;
    let grown = hub.resident().saturating_sub(before);
    assert!(grown < MOST, "{} KiB more for {DEAF} who do not read", grown / 1024);
    hub.kill().await;
}
