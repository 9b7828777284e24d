//! A session has one connection: the newest. What becomes of the older ones changes nothing.

use std::time::{Duration, Instant};

use crate::support::{RawSocket, TestHub, TestNode, eventually};
use shared::message::{Presence, State};
use shared::transcript::Place;
use shared::wire;

/// What is due at once, on a busy machine.
const SOON: Duration = Duration::from_secs(2);

/// All that the watcher was told of somebody since they came.
fn news_of(watcher: &TestNode, nick: &str) -> Vec<Presence> {
    let of_nick = |presence: &Presence| {
        presence.left.iter().any(|left| left == nick)
            || presence.states.contains_key(nick)
            || presence.joined.iter().any(|joined| joined == nick)
    };
    watcher.presence().into_iter().filter(of_nick).collect()
}

/// Waits until all that may be told of who came and went by now was told.
async fn presence_settles(hub: &TestHub, watcher: &TestNode) {
    let marker = format!("marker{}", watcher.heard().len());
    let marker = hub.guest(&marker).await;
    watcher.hears_joined("lobby", marker.nick()).await;
}

#[tokio::test]
async fn the_newer_connection_replaces_the_older() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut first = hub.tab_of("ana").await;
    first.joins("garden").await;
    bob.joins("garden").await;
    bob.hears_joined("garden", "ana").await;
    let node = first.welcome().node.clone();

    let mut second = first.memory().resume().await;
    assert_eq!(first.close_code().await, 4409);
    assert_eq!((&second.welcome().node, second.welcome().nick.as_deref()), (&node, Some("ana")));
    let seq = bob.says("garden", "hello").await;
    second.hears_seq(seq).await;
    assert!(!first.seqs().contains(&seq));

    let nodes = bob.list_nodes().await.unwrap().nodes;
    assert_eq!(nodes.iter().filter(|info| info.node == node).count(), 1, "{nodes:?}");
    let users = second.users_in("garden").await;
    assert_eq!(
        users.iter().map(|user| (&*user.nick, user.state, user.nodes)).collect::<Vec<_>>(),
        [("ana", State::Online, 1), ("bob", State::Online, 1)]
    );
}

#[tokio::test]
async fn the_olders_late_end_changes_nothing() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    for politely in [true, false] {
        let nick = if politely { "ana" } else { "cid" };
        let mut first = hub.tab_of(nick).await;
        bob.hears_joined("lobby", nick).await;
        let mut second = first.memory().resume().await;
        assert_eq!(first.close_code().await, 4409);
        if politely {
            first.socket().close(1000).await;
        }
        drop(first);

        presence_settles(&hub, &bob).await;
        assert_eq!(news_of(&bob, nick).len(), 1, "only that it joined: {:?}", news_of(&bob, nick));
        let seq = bob.says("lobby", "still there?").await;
        second.hears_seq(seq).await;
        second.says("lobby", "still here").await;
    }
}

/// As where a laptop's address has changed: nobody is at the older end any more, and nothing is read there.
#[tokio::test]
async fn an_older_connection_that_nobody_reads_holds_nothing_up() {
    let hub = TestHub::start_unlimited().await;
    let bob = hub.guest("bob").await;
    let first = hub.tab_of("ana").await;
    let memory = first.memory();
    let narrow = RawSocket::open_narrow(hub.address()).await;
    let deaf = memory.try_resume_on(narrow, Some(memory.seen)).await.unwrap();
    let mut said = Vec::new();
    for n in 0..600 {
        said.push(bob.says("lobby", &format!("{n} {}", "x".repeat(8_000))).await);
    }
    let begun = Instant::now();
    let mut second = memory.resume().await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    second.hears_seq(said[said.len() - 1]).await;
    assert_eq!(second.seqs(), said);
    drop((first, deaf));
    let seq = bob.says("lobby", "still there?").await;
    second.hears_seq(seq).await;
}

#[tokio::test]
async fn two_that_fight_for_a_session_are_told_so_each_time() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut holder = hub.tab_of("ana").await;
    bob.hears_joined("lobby", "ana").await;
    for _ in 0..20 {
        let mut next = holder.memory().resume().await;
        assert_eq!(holder.close_code().await, 4409);
        let seq = bob.says("lobby", "who is it now?").await;
        next.hears_seq(seq).await;
        holder = next;
    }
    presence_settles(&hub, &bob).await;
    assert_eq!(news_of(&bob, "ana").len(), 1, "only that she joined: {:?}", news_of(&bob, "ana"));
}

#[tokio::test]
async fn of_many_that_come_at_once_one_stays() {
    one_stays(Duration::from_secs(30)).await;
}

/// The same where the hub has to look for the session in its log.
#[tokio::test]
async fn of_many_that_come_at_once_after_the_lease_one_stays() {
    one_stays(Duration::ZERO).await;
}

async fn one_stays(lease: Duration) {
    const RACERS: usize = 8;
    let hub = if lease.is_zero() {
        TestHub::start_with(|config| config.lease = Duration::ZERO).await
    } else {
        TestHub::start().await
    };
    let bob = hub.guest("bob").await;
    let mut memory = hub.tab_of("ana").await.cut();
    for round in 0..10 {
        if lease.is_zero() {
            eventually("ana is gone", async || bob.sees("lobby", "ana").await.is_none().then_some(())).await;
        }
        let racers: Vec<_> = (0..RACERS)
            .map(|_| {
                let memory = memory.clone();
                tokio::spawn(async move { memory.try_resume(Some(memory.seen)).await })
            })
            .collect();
        let mut welcomed = Vec::new();
        for racer in racers {
            match racer.await.unwrap() {
                Ok(tab) => welcomed.push(tab),
                Err(code) => assert_eq!(code, 4409, "round {round}"),
            }
        }
        let seq = bob.says("lobby", "who is it?").await;
        let mut stays = None;
        for mut tab in welcomed {
            assert!(tab.welcome().resumed && tab.welcome().session == memory.session);
            match tab.hears_or_closes(seq).await {
                None => assert!(stays.replace(tab).is_none(), "round {round}: two have the session"),
                Some(code) => assert_eq!(code, 4409, "round {round}"),
            }
        }
        let mut winner = stays.expect("one stays");
        winner.says("lobby", "it is me").await;
        let users = winner.users_in("lobby").await;
        assert_eq!(users.iter().find(|user| user.nick == "ana").map(|user| user.nodes), Some(1), "round {round}");
        memory = winner.cut();
    }
    // None of the losers is left behind as a node.
    eventually("only bob's node", async || (bob.list_nodes().await.unwrap().nodes.len() == 2).then_some(())).await;
}

/// What an older connection asked before it was replaced is done once, whoever gets the answer.
#[tokio::test]
async fn what_was_under_way_is_done_once() {
    let hub = TestHub::start_unlimited().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    let mut ids = Vec::new();
    for round in 0..20 {
        let id = format!("line {round}");
        let say = Place::Room("lobby".to_owned()).say(id.clone(), id.clone());
        ana.socket().text(&wire::encode(&say)).await;
        let mut next = ana.memory().resume().await;
        let sent = next.says_as(&id, "lobby", &id).await;
        next.hears_seq(sent.seq).await;
        ids.push(id);
        ana = next;
    }
    bob.hears_text("line 19").await;
    assert_eq!(bob.texts_in("lobby"), ids);
}
