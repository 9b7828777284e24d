//! Stopping the hub tells every node to come back, keeps what was acknowledged, and waits for nobody long.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{RawSocket, TestHub, nobody_listens};
use node::{Error, Talk};
use tokio::net::TcpStream;

/// A stop may wait for those who read slowly, but not for ever.
const STOPPED_IN: Duration = Duration::from_secs(9);

#[tokio::test]
async fn every_node_is_told_to_come_back() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let nameless = hub.node().await;
    let mut raw = hub.raw_guest("raw").await;
    let mut early = hub.raw().await;
    let address = hub.address();
    hub.stop().await;

    for closed in [ana.closed().await, nameless.closed().await] {
        assert_eq!(closed.code, 4001);
        assert!(closed.may_return());
    }
    assert_eq!(raw.close_code().await, 4001);
    assert_eq!(early.close_code().await, 4001, "also who has not said hello yet");
    nobody_listens(address).await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_afterwards() {
    let hub = TestHub::start_unlimited().await;
    let mut talkers = Vec::new();
    for n in 0..8 {
        talkers.push(Arc::new(hub.guest(&format!("talker{n}")).await));
    }
    let mut talks = Vec::new();
    for talker in talkers.clone() {
        talks.push(tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            loop {
                let id = talker.new_id();
                match talker.say_as(&id, "lobby", &id).await {
                    Ok(sent) => acknowledged.push((id, sent.seq)),
                    Err(Error::Closed(closed)) => {
                        assert_eq!(closed.code, 4001);
                        return acknowledged;
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
        }));
    }
    talkers[0].hears("some talk", |heard| (heard.len() > 100).then_some(())).await;
    let data = hub.stop().await;

    let hub = TestHub::start_on(data).await;
    let reader = hub.guest("reader").await;
    let mut log = HashMap::new();
    for entry in reader.whole_history(Talk::Room("lobby")).await {
        assert_eq!(log.insert(entry.id().to_owned(), entry.seq()), None, "each line once");
    }
    let mut acknowledged = 0;
    for talk in talks {
        for (id, seq) in talk.await.unwrap() {
            assert_eq!(log.get(&id), Some(&seq), "an acknowledged line");
            acknowledged += 1;
        }
    }
    assert!(acknowledged >= 80, "they were in the middle of it: {acknowledged}");
    for talker in &talkers {
        for entry in talker.entries() {
            assert_eq!(log.get(entry.id()), Some(&entry.seq()), "a line that was heard");
        }
    }
}

#[tokio::test]
async fn it_waits_for_nobody_long() {
    let hub = TestHub::start_unlimited().await;
    let mut deaf = RawSocket::open_narrow(hub.address()).await;
    deaf.hello(&hub.cookie()).await;
    deaf.takes("deaf").await;
    let _silent = hub.raw().await;
    let _half_open = TcpStream::connect(hub.address()).await.unwrap();
    let ana = hub.guest("ana").await;
    let text = "x".repeat(16_000);
    for _ in 0..64 {
        ana.says("lobby", &text).await; // a megabyte, of which a few KB fit into the way to the deaf one
    }

    let stopping = Instant::now();
    let data = hub.stop().await;
    assert!(stopping.elapsed() < STOPPED_IN, "{:?}", stopping.elapsed());
    let hub = TestHub::start_on(data).await;
    let reader = hub.guest("reader").await;
    assert_eq!(reader.whole_history(Talk::Room("lobby")).await.len(), 64);
}
