//! `kill -9` in the middle of everything: what was acknowledged is there, and what was heard is there,
//! each line once and in order; and whoever was there comes back as who they were.

use std::collections::HashMap;
use std::sync::Arc;

use crate::support::{HubProcess, Memory, TestNode, eventually};
use node::{Error, Options, Talk};
use shared::entry::Entry;
use tokio::task::JoinHandle;

const SENDERS: usize = 64;

/// How many lines are heard before the hub is killed.
const KILLED_AFTER: usize = 1_000;

/// Talks until the hub is gone; returns the ids that were acknowledged with their `seq`, in order.
fn talk(sender: Arc<TestNode>) -> JoinHandle<Vec<(String, u64)>> {
    tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        for n in 0.. {
            let id = format!("{}-{n}", sender.nick());
            match sender.say_as(&id, "lobby", &format!("{n}")).await {
                Ok(sent) => acknowledged.push((id, sent.seq)),
                Err(Error::Closed(_)) => break,
                Err(other) => panic!("{other:?}"),
            }
        }
        acknowledged
    })
}

#[tokio::test]
async fn nothing_acknowledged_and_nothing_heard_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let mut senders = Vec::new();
    for n in 0..SENDERS {
        senders.push(Arc::new(hub.guest(&format!("sender{n}")).await));
    }
    let listener = hub.guest("listener").await;
    let talks: Vec<_> = senders.iter().cloned().map(talk).collect();
    listener.hears("much talk", |heard| (heard.len() >= KILLED_AFTER).then_some(())).await;
    hub.kill().await;
    let mut acknowledged = Vec::new();
    for talk in talks {
        acknowledged.push(talk.await.unwrap());
    }
    listener.closed().await;

    let hub = HubProcess::start(data.path()).await;
    let mut reader = reader(&hub).await;
    reader.takes("listener", Some(listener.token())).await; // nicks and tokens are kept as well
    let log = reader.whole_history(Talk::Room("lobby")).await;
    assert!(log.is_sorted_by(|a, b| a.seq() < b.seq()));
    let mut by_id: HashMap<&str, &Entry> = HashMap::new();
    for entry in &log {
        assert!(by_id.insert(entry.id(), entry).is_none(), "{} is there twice", entry.id());
    }
    let total: usize = acknowledged.iter().map(Vec::len).sum();
    assert!(total >= KILLED_AFTER / 2, "{total} acknowledged");
    for (id, seq) in acknowledged.iter().flatten() {
        assert_eq!(by_id.get(&**id).map(|entry| entry.seq()), Some(*seq), "{id} was acknowledged");
    }
    for entry in listener.entries() {
        assert_eq!(by_id.get(entry.id()), Some(&&entry), "was heard");
    }
    for sender in &senders {
        let of_sender =
            log.iter().filter(|entry| entry.from() == sender.nick()).map(|entry| entry.text().parse().unwrap());
        assert!(
            of_sender.enumerate().all(|(place, n): (usize, usize)| place == n),
            "{} in the order said",
            sender.nick()
        );
    }

    // Sent again, as a client does that had no answer, a line is still there once; and talk goes on.
    let mut again = self::reader(&hub).await;
    again.takes(senders[0].nick(), Some(senders[0].token())).await;
    let (id, seq) = &acknowledged[0][0];
    assert_eq!(again.say_as(id, "lobby", "0").await.unwrap().seq, *seq);
    let next = again.says("lobby", "on we go").await;
    assert!(next > log.last().unwrap().seq());
    reader.hears_seq(next).await;
    hub.kill().await;
}

#[tokio::test]
async fn sessions_rooms_and_positions_are_there_when_the_kill_comes_right_behind_the_answer() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let bob = hub.guest("bob").await;
    bob.joins("den").await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("den").await;
    let mut said = Vec::new();
    for text in ["one", "two", "three"] {
        said.push(bob.says("den", text).await);
    }
    ana.reads_room("den", said[1]).await;
    let psst = bob.whispers("ana", "psst").await;
    hub.kill().await;

    let hub = HubProcess::start(data.path()).await;
    let memory = Memory { way: hub.way(), ..ana.cut() };
    let mut ana = memory.resume_after(Some(said[0])).await;
    assert_eq!(ana.welcome().nick.as_deref(), Some("ana"));
    assert_eq!(ana.rooms_resumed(), ["den", "lobby"]);
    assert_eq!(ana.synced().await, psst.seq);
    assert_eq!(ana.seqs(), [said[1], said[2], psst.seq]);
    let den = ana.joins("den").await;
    assert_eq!((den.read, den.unread), (said[1], 1));
    hub.kill().await;
}

async fn reader(hub: &HubProcess) -> TestNode {
    let (node, arrivals) = node::Node::connect(hub.link(), Options::default()).await.unwrap();
    TestNode::new(node, arrivals)
}

#[tokio::test]
async fn killed_at_any_moment_it_starts_again() {
    let data = tempfile::tempdir().unwrap();
    let mut said = 0;
    for round in 0..5 {
        let hub = HubProcess::start(data.path()).await;
        let talker = Arc::new(hub.guest(&format!("talker{round}")).await);
        assert!(talker.welcome().seq >= said, "the log never gets shorter");
        let talk = talk(Arc::clone(&talker));
        eventually("a few lines", async || (talker.entries().len() > 3 * round).then_some(())).await;
        hub.kill().await;
        said = talk.await.unwrap().last().map_or(said, |(_, seq)| *seq);
    }
}
