//! Whoever was here when the hub ended is `reconnecting` when it is up again; who does not return is gone by
//! itself. Rooms that only they are in last as long as they do.

use std::time::Duration;

use crate::support::{HubProcess, Memory, TestHub, TestNode, eventually};
use shared::message::{Presence, State, User};

/// A lease that a test can wait for.
const SHORT: Duration = Duration::from_millis(500);

fn states(users: &[User]) -> Vec<(&str, State, u32)> {
    let mut states: Vec<_> = users.iter().map(|user| (&*user.nick, user.state, user.nodes)).collect();
    states.sort_by_key(|(nick, _, _)| *nick);
    states
}

#[tokio::test]
async fn after_a_restart_those_who_were_here_are_expected_back() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let mut cid = hub.tab_of("cid").await; // lets go of his nick
    let mut dan = hub.tab_of("dan").await; // leaves the lobby
    dan.joins("garden").await;
    dan.leaves("lobby").await;
    cid.disconnects().await;
    let bobs = bob.cut(); // is away already when the hub stops
    let (anas, dans) = (ana.memory(), dan.memory());
    let hub = hub.restart().await;

    let eve = hub.guest("eve").await;
    assert_eq!(
        states(&eve.connected().users),
        [("ana", State::Reconnecting, 0), ("bob", State::Reconnecting, 0), ("eve", State::Online, 1)]
    );
    let everyone = eve.list_users(None).await.unwrap().users;
    assert_eq!(everyone.iter().find(|user| user.nick == "dan").map(|user| user.state), Some(State::Reconnecting));
    assert!(everyone.iter().all(|user| user.nick != "cid"), "{everyone:?}");
    assert_eq!(eve.list_nodes().await.unwrap().nodes.len(), 2, "the hub and eve");

    for (memory, nick) in [(anas, "ana"), (bobs, "bob")] {
        let _back = memory.resume().await;
        eve.hears_state("lobby", nick, State::Online).await;
        assert_eq!(eve.comings_and_goings("lobby", nick), (0, 0), "{nick} was never gone");
    }
    assert_eq!(dans.resume().await.rooms_resumed(), ["garden"]);
}

#[tokio::test]
async fn those_who_return_after_a_restart_are_no_news_to_each_other() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let hub = hub.restart().await;
    let mut bob = bob.cut().resume().await;
    let mut ana = ana.cut().resume().await;
    let _marker = hub.guest("marker").await;
    let noise = |presence: &Presence| {
        let of = |nick: &str| presence.joined.iter().chain(&presence.left).any(|other| other == nick);
        of("ana") || of("bob")
    };
    for tab in [&mut ana, &mut bob] {
        tab.hears_presence(|presence| presence.joined.iter().any(|nick| nick == "marker")).await;
        assert!(!tab.presence().iter().any(noise), "{:?}", tab.presence());
    }
}

#[tokio::test]
async fn who_does_not_return_after_a_restart_is_gone_in_the_end() {
    let hub = TestHub::start_with(|config| config.lease = SHORT).await;
    let (ana, bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let hub = hub.restart().await;
    let bob = bob.cut().resume().await;
    let watcher = hub.guest("watcher").await;
    gone(&watcher, "ana").await;
    assert_eq!(watcher.sees("lobby", "bob").await.map(|user| user.state), Some(State::Online));
    drop(bob);

    let mut ana = ana.cut().resume().await; // and may still come back
    assert_eq!((ana.welcome().nick.as_deref(), ana.rooms_resumed()), (Some("ana"), vec!["lobby".to_owned()]));
    ana.says("lobby", "good morning").await;
    watcher.hears_text("good morning").await;
}

async fn gone(watcher: &TestNode, nick: &str) {
    eventually("a ghost goes", async || {
        let users = watcher.list_users(None).await.unwrap().users;
        users.iter().all(|user| user.nick != nick).then_some(())
    })
    .await;
}

#[tokio::test]
async fn after_a_kill_it_is_the_same() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let (ana, bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    hub.kill().await;
    let hub = HubProcess::start(data.path()).await;
    let eve = hub.guest("eve").await;
    assert_eq!(
        states(&eve.connected().users),
        [("ana", State::Reconnecting, 0), ("bob", State::Reconnecting, 0), ("eve", State::Online, 1)]
    );
    hub.kill().await;

    // Killed again and again, it owes nobody's ghost a longer life.
    let hub = HubProcess::start_with(data.path(), &["--lease", "500ms"]).await;
    let bob = Memory { way: hub.way(), ..bob.cut() }.resume().await;
    let watcher = hub.guest("watcher").await;
    for ghost in ["ana", "eve"] {
        gone(&watcher, ghost).await;
    }
    assert_eq!(watcher.sees("lobby", "bob").await.map(|user| user.state), Some(State::Online));
    drop((ana, bob));
    hub.kill().await;
}

#[tokio::test]
async fn a_crowd_that_vanishes_at_once_leaves_no_ghost() {
    const CROWD: usize = 60;
    let hub = TestHub::start_with(|config| config.lease = SHORT).await;
    let watcher = hub.guest("watcher").await;
    let mut crowd = Vec::new();
    for n in 0..CROWD {
        crowd.push(hub.tab_of(&format!("guest{n}")).await);
    }
    watcher.hears_joined("lobby", &format!("guest{}", CROWD - 1)).await; // who goes before that is not told of
    for tab in crowd {
        tab.cut();
    }
    eventually("nobody else is left", async || {
        (watcher.list_users(None).await.unwrap().users.len() == 1).then_some(())
    })
    .await;
    assert_eq!(watcher.list_rooms().await.unwrap().rooms[0].users, 1);
    for n in 0..CROWD {
        let nick = format!("guest{n}");
        watcher.hears_left("lobby", &nick).await;
        assert_eq!(watcher.comings_and_goings("lobby", &nick), (1, 1));
    }
}

#[tokio::test]
async fn a_room_without_a_word_lasts_as_long_as_who_may_be_back() {
    let has_garden =
        async |watcher: &TestNode| watcher.list_rooms().await.unwrap().rooms.iter().any(|info| info.room == "garden");
    let hub = TestHub::start().await;
    let watcher = hub.guest("watcher").await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("garden").await;
    let memory = ana.cut();
    watcher.hears_state("lobby", "ana", State::Reconnecting).await;
    assert!(has_garden(&watcher).await);
    let hub = hub.restart().await;
    let watcher = hub.guest("another").await;
    assert!(has_garden(&watcher).await);
    let mut ana = memory.resume().await;
    ana.leaves("garden").await;
    assert!(!has_garden(&watcher).await);

    let hub = TestHub::start_with(|config| config.lease = SHORT).await;
    let watcher = hub.guest("watcher").await;
    let mut ana = hub.tab_of("ana").await;
    watcher.hears_joined("lobby", "ana").await; // who goes before that is not told of
    ana.joins("garden").await;
    ana.cut();
    watcher.hears_left("lobby", "ana").await;
    assert!(!has_garden(&watcher).await, "it went with her lease");
}
