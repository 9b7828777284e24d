//! A node that asks and does not read the answers is not served for ever. It costs bounded memory, and delays nobody.

use std::time::{Duration, Instant};

use crate::support::{Frame, HubProcess, RawSocket, TEXT, TestHub, Way, eventually};
use serde_json::json;

/// A line to somebody who listens, while others do not: on a busy machine, without optimisation.
const SOON: Duration = Duration::from_secs(2);

/// A node that joins the lobby and from then on reads nothing.
async fn deaf(way: &Way, nick: &str) -> RawSocket {
    let mut socket = RawSocket::open_narrow(way.address).await;
    socket.hello(&way.cookie).await;
    socket.takes(nick).await;
    socket
}

/// A question whose answer is a hundred times as long.
fn question() -> String {
    json!({"type": "history", "id": "more", "room": "lobby", "limit": 200}).to_string()
}

#[tokio::test]
async fn who_asks_and_never_reads_is_not_served_for_ever() {
    let hub = TestHub::start_unlimited().await;
    let ana = hub.guest("ana").await;
    for n in 0..100 {
        ana.says("lobby", &format!("{n} {}", "x".repeat(8_000))).await;
    }
    let mut greedy = deaf(&hub.way(), "greedy").await;
    let question = question();
    // Soon the hub must take no more questions, or end the connection.
    let closed = tokio::select! {
        () = greedy.pour_until_refused(TEXT, question.as_bytes()) => false,
        () = eventually("an end of what is served to one who reads no answer", async || {
            let nodes = ana.list_nodes().await.unwrap().nodes;
            nodes.iter().all(|node| node.nick.as_deref() != Some("greedy")).then_some(())
        }) => true,
    };
    let started = Instant::now();
    ana.says("lobby", "and I?").await;
    ana.hears_text("and I?").await;
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());

    if closed {
        let end = loop {
            match greedy.next().await {
                Frame::Text(_) | Frame::Ping(_) | Frame::Pong(_) => {}
                end @ (Frame::Close(_) | Frame::End) => break end,
            }
        };
        // Or it read so late that the hub no longer waited to say why.
        assert!(matches!(end, Frame::Close(4002) | Frame::End), "{end:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_crowd_of_them_costs_bounded_memory() {
    const GREEDY: u64 = 16;
    const EACH: u64 = 4 * 1024 * 1024; // the answers that may wait, one being made, and the socket's own buffer
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let ana = hub.guest("ana").await;
    for n in 0..200 {
        ana.says("lobby", &format!("{n} {}", "x".repeat(8_000))).await;
    }
    let mut crowd = Vec::new();
    for n in 0..GREEDY {
        crowd.push(deaf(&hub.way(), &format!("greedy{n}")).await);
    }
    let before = hub.resident();
    let pours: Vec<_> = crowd
        .into_iter()
        .map(|mut greedy| {
            tokio::spawn(async move {
                greedy.pour_until_refused(TEXT, question().as_bytes()).await;
                greedy
            })
        })
        .collect();
    let mut refused = Vec::new();
    for pour in pours {
        refused.push(pour.await.unwrap());
    }
    let grown = hub.resident().saturating_sub(before);
    assert!(grown < GREEDY * EACH, "{} KiB for each of {GREEDY}", grown / 1024 / GREEDY);
    let started = Instant::now();
    let seq = ana.says("lobby", "and I?").await;
    ana.hears_seq(seq).await;
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    drop(refused);
    hub.kill().await;
}
