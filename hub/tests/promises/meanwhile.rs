//! What a node does while it still catches up is done at once; what it hears stays in order, each once.

use std::time::{Duration, Instant};

use crate::support::{RawSocket, Tab, TestHub, TestNode};
use shared::message::{Connected, Done, Joined, Sent, ToHub};
use shared::transcript::Place;

/// What is due at once, on a busy machine.
const SOON: Duration = Duration::from_secs(2);

/// A hub on which bob has said much that ana missed; and ana, who is back and has read none of it yet.
struct Meanwhile {
    hub: TestHub,
    bob: TestNode,
    ana: Tab,
    missed: Vec<u64>,
}

impl Meanwhile {
    async fn begins() -> Self {
        let hub = TestHub::start_unlimited().await;
        let bob = hub.guest("bob").await;
        bob.joins("garden").await;
        let mut talker = hub.tab_of("talker").await;
        let ana = hub.tab_of("ana").await;
        bob.hears_joined("lobby", "ana").await;
        let memory = ana.cut();
        let missed = talker.says_all("lobby", (0..560).map(|n| format!("{n} {}", "x".repeat(8_000)))).await;
        let narrow = RawSocket::open_narrow(hub.address()).await;
        let ana = memory.try_resume_on(narrow, Some(memory.seen)).await.unwrap();
        Self { hub, bob, ana, missed }
    }
}

#[tokio::test]
async fn who_joins_hears_that_room_from_then_on() {
    let Meanwhile { hub: _hub, bob, mut ana, missed } = Meanwhile::begins().await;
    let asked = Instant::now();
    let join = ana.send(|id| ToHub::Join { id, room: "garden".to_owned() }).await;
    bob.hears_joined("garden", "ana").await;
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    let mut all = missed;
    for n in 0..20 {
        all.push(bob.says(if n % 2 == 0 { "garden" } else { "lobby" }, "meanwhile").await);
    }
    let joined: Joined = ana.outcome(&join).await.unwrap();
    assert_eq!(joined.count, 2);
    ana.hears_seq(all[all.len() - 1]).await;
    assert_eq!(ana.seqs(), all);
}

#[tokio::test]
async fn who_speaks_is_heard_and_hears_itself_in_its_place() {
    let Meanwhile { hub: _hub, bob, mut ana, missed } = Meanwhile::begins().await;
    let asked = Instant::now();
    let say = ana.send(|id| Place::Room("lobby".to_owned()).say(id, "I am back".to_owned())).await;
    let own = bob.hears_text("I am back").await.seq;
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    let last = bob.says("lobby", "so I hear").await;
    let sent: Sent = ana.outcome(&say).await.unwrap();
    assert_eq!(sent.seq, own);
    ana.hears_seq(last).await;
    assert_eq!(ana.seqs(), [missed, vec![own, last]].concat());
}

#[tokio::test]
async fn who_leaves_hears_no_more() {
    let Meanwhile { hub: _hub, bob, mut ana, missed } = Meanwhile::begins().await;
    let leave = ana.send(|id| ToHub::Leave { id, room: "lobby".to_owned() }).await;
    bob.hears_left("lobby", "ana").await;
    bob.says("lobby", "is she gone?").await;
    let last = bob.whispers("ana", "why?").await.seq;
    let _: Done = ana.outcome(&leave).await.unwrap();
    ana.hears_seq(last).await;
    let heard = ana.seqs();
    assert!(missed.starts_with(&heard[..heard.len() - 1]), "the beginning of what she missed, and the whisper");
}

#[tokio::test]
async fn who_becomes_another_hears_nothing_more_for_the_first() {
    let Meanwhile { hub, bob, mut ana, missed } = Meanwhile::begins().await;
    let connect = ana.send(|id| ToHub::Connect { id, nick: "anabel".to_owned(), token: None }).await;
    bob.hears_joined("lobby", "anabel").await;
    let for_ana = bob.whispers("ana", "for the one she was").await.seq;
    let mut rest = vec![bob.says("lobby", "hello anabel").await, bob.whispers("anabel", "psst").await.seq];
    let connected: Connected = ana.outcome(&connect).await.unwrap();
    assert_eq!(connected.nick, "anabel");
    ana.hears_seq(rest[1]).await;
    assert!(!ana.seqs().contains(&for_ana));
    rest.insert(0, missed[missed.len() - 1]);
    let heard: Vec<u64> = ana.seqs().into_iter().filter(|seq| *seq >= rest[0]).collect();
    assert_eq!(heard, rest);

    drop(hub);
}

#[tokio::test]
async fn who_disconnects_hears_nothing_until_it_connects() {
    let Meanwhile { hub: _hub, bob, mut ana, missed } = Meanwhile::begins().await;
    let disconnect = ana.send(|id| ToHub::Disconnect { id }).await;
    bob.hears_left("lobby", "ana").await;
    let unheard = [bob.says("lobby", "bye").await, bob.whispers("ana", "bye").await.seq];
    let _: Done = ana.outcome(&disconnect).await.unwrap();
    let connect = ana.send(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).await;
    bob.hears_joined("lobby", "eve").await;
    let last = bob.says("lobby", "hello eve").await;
    let _: Connected = ana.outcome(&connect).await.unwrap();
    ana.hears_seq(last).await;
    let heard = ana.seqs();
    assert!(heard.iter().all(|seq| missed.contains(seq) || *seq == last), "{unheard:?} are not eve's");
}
