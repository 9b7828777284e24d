//! Who comes and goes is told to those in the room: soon, together, and not when nothing came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::support::{Memory, Tab, TestHub, TestNode, eventually};
use serde_json::json;
use shared::message::{Joined, Presence, State, ToNode};

/// How long presence is gathered.
const GATHERED: Duration = Duration::from_millis(250);

/// Who is back within that is no news.
const QUICK: Duration = Duration::from_millis(200);

/// What a busy machine may add to that.
const SLACK: Duration = Duration::from_millis(1_000);

fn names(presence: &[Presence], room: &str, pick: fn(&Presence) -> &Vec<String>) -> Vec<String> {
    presence.iter().filter(|presence| presence.room == room).flat_map(|presence| pick(presence).clone()).collect()
}

/// Who was said to have joined, apart from oneself.
fn joined(node: &TestNode, room: &str) -> Vec<String> {
    names(&node.presence(), room, |presence| &presence.joined).into_iter().filter(|nick| nick != node.nick()).collect()
}

/// Who was said to have left.
fn left(node: &TestNode, room: &str) -> Vec<String> {
    names(&node.presence(), room, |presence| &presence.left)
}

#[tokio::test]
async fn coming_and_going_is_told_soon() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;

    let started = Instant::now();
    let bob = hub.guest("bob").await;
    ana.hears_joined("lobby", "bob").await;
    assert!(started.elapsed() < GATHERED + SLACK, "{:?}", started.elapsed());

    let started = Instant::now();
    bob.leave("lobby").await.unwrap();
    ana.hears_left("lobby", "bob").await;
    assert!(started.elapsed() < GATHERED + SLACK, "{:?}", started.elapsed());

    bob.joins("lobby").await;
    bob.disconnect().await.unwrap();
    let cid = hub.guest("cid").await;
    ana.hears_joined("lobby", "cid").await;

    let started = Instant::now();
    cid.close().await;
    ana.hears_state("lobby", "cid", State::Reconnecting).await;
    assert!(started.elapsed() < GATHERED + SLACK, "{:?}", started.elapsed());
    assert_eq!(left(&ana, "lobby"), ["bob"], "cid may be back");
}

#[tokio::test]
async fn many_together_are_told_together() {
    const CROWD: usize = 30;
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let started = Instant::now();
    let mut crowd = Vec::new();
    for n in 0..CROWD {
        crowd.push(hub.guest(&format!("guest{n}")).await);
    }
    let took = started.elapsed();
    ana.hears("all of them", |_| (joined(&ana, "lobby").len() == CROWD).then_some(())).await;
    let messages = ana.presence().len();
    let most = took.as_millis() / GATHERED.as_millis() + 2;
    assert!(messages as u128 <= most, "{messages} messages in {took:?}");
    let mut names = joined(&ana, "lobby");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), CROWD, "each once");
}

#[tokio::test]
async fn it_is_told_in_the_room_and_nowhere_else() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let eve = hub.guest("eve").await;
    ana.joins("garden").await;
    bob.joins("garden").await;
    ana.hears_joined("garden", "bob").await;
    bob.leave("garden").await.unwrap();
    ana.hears_left("garden", "bob").await;
    let _fence = hub.guest("fence").await;
    eve.hears_joined("lobby", "fence").await;
    assert!(eve.presence().iter().all(|presence| presence.room == "lobby"), "{:?}", eve.presence());
}

#[tokio::test]
async fn a_further_node_is_no_news() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    ana.hears_joined("lobby", "bob").await;
    let phone = hub.second_node_of(&bob).await;
    let tablet = hub.second_node_of(&bob).await;
    bob.close().await;
    tablet.disconnect().await.unwrap();
    let _fence = hub.guest("fence").await;
    ana.hears_joined("lobby", "fence").await;
    assert_eq!((joined(&ana, "lobby"), left(&ana, "lobby")), (vec!["bob".to_owned(), "fence".to_owned()], vec![]));
    assert_eq!(ana.states_of("lobby", "bob"), []);

    phone.disconnect().await.unwrap(); // the one that may be back is the last of its nodes
    ana.hears_state("lobby", "bob", State::Reconnecting).await;
    assert_eq!(left(&ana, "lobby"), [""; 0]);
}

#[tokio::test]
async fn a_quick_reload_makes_no_noise() {
    const RELOADS: usize = 5;
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let mut bob = hub.guest("bob").await;
    ana.hears_joined("lobby", "bob").await;
    let mut slow = 0; // on a machine that is busy with other things, a reload may be none of the quick ones
    for _ in 0..RELOADS {
        let mut reloaded = hub.node().await;
        let gone = Instant::now();
        bob.close().await;
        reloaded.takes("bob", Some(bob.token())).await;
        slow += usize::from(gone.elapsed() >= QUICK);
        bob = reloaded;
    }
    let reloads = hub.guest("reloads").await;
    ana.hears_joined("lobby", "reloads").await;
    assert_eq!(ana.comings_and_goings("lobby", "bob"), (1, 0), "{:?}", ana.presence());
    let noise = ana.states_of("lobby", "bob");
    assert!(noise.len() <= 2 * slow, "{noise:?}, though only {slow} were slow");
    assert_ne!(noise.last(), Some(&State::Reconnecting));

    let gone = Instant::now();
    bob.leave("lobby").await.unwrap();
    bob.joins("lobby").await;
    let slow = usize::from(gone.elapsed() >= QUICK);
    reloads.leave("lobby").await.unwrap();
    ana.hears_left("lobby", "reloads").await;
    let (comings, goings) = ana.comings_and_goings("lobby", "bob");
    assert!(goings <= slow && comings == 1 + goings, "{:?}", ana.presence());
    ana.says("lobby", "still there?").await;
    bob.hears_text("still there?").await;
}

/// Who was there when a node came, and all that it was told from then on, add up to who is there:
/// also where somebody came or went in the moment for which presence is gathered.
#[tokio::test]
async fn what_one_found_and_was_told_is_who_is_there() {
    let hub = TestHub::start().await;
    let mut restless = Vec::new();
    for n in 0..4 {
        restless.push(hub.guest(&format!("restless{n}")).await);
    }
    let mut watchers = Vec::new();
    for n in 0..8 {
        watchers.push(hub.raw_guest(&format!("watcher{n}")).await);
    }
    let mut known = Vec::new();
    for (n, watcher) in watchers.iter_mut().enumerate() {
        toggle(&restless[n % 3..]).await;
        watcher.json(&json!({"type": "join", "id": "join", "room": "garden"})).await;
        let joined: Joined = serde_json::from_value(watcher.ok("join").await).unwrap();
        known.push(joined.users.into_iter().map(|user| user.nick).collect::<BTreeSet<_>>());
        toggle(&restless[n % 4..]).await;
    }
    let fence = hub.guest("fence").await;
    fence.joins("garden").await;
    let there: BTreeSet<String> =
        fence.list_users(Some("garden")).await.unwrap().users.into_iter().map(|user| user.nick).collect();
    for (watcher, known) in watchers.iter_mut().zip(&mut known) {
        while !known.contains("fence") {
            if let ToNode::Presence(presence) = watcher.message().await
                && presence.room == "garden"
            {
                known.extend(presence.joined);
                known.retain(|nick| !presence.left.contains(nick));
            }
        }
        assert_eq!(*known, there);
    }
}

/// Those who are in the garden leave it, those who are not join it.
async fn toggle(nodes: &[TestNode]) {
    for node in nodes {
        if node.leave("garden").await.is_err() {
            node.joins("garden").await;
        }
    }
}

/// Who is in the lobby, and how, as far as one who was told of it knows.
async fn known_once_there(watcher: &mut Tab, known: &mut BTreeMap<String, State>, last: &str) {
    while !known.contains_key(last) {
        let presence = watcher.hears_presence(|presence| presence.room == "lobby").await;
        assert!(presence.joined.iter().all(|nick| !presence.left.contains(nick)), "{presence:?}");
        known.retain(|nick, _| !presence.left.contains(nick));
        known.extend(presence.joined.into_iter().map(|nick| (nick, State::Online)));
        for (nick, state) in presence.states {
            assert!(known.insert(nick.clone(), state).is_some(), "{nick} was never told to be there");
        }
    }
}

/// The same for those who vanish, return, let go and come anew, some before and some after their lease.
#[tokio::test]
async fn it_adds_up_for_those_who_vanish_and_return() {
    let hub = TestHub::start_with(|config| config.lease = Duration::from_millis(100)).await;
    let idler = hub.node().await;
    let mut watcher = hub.tab_of("watcher").await;
    let mut known = BTreeMap::from([("watcher".to_owned(), State::Online)]);
    let mut tabs = Vec::new();
    for n in 0..6 {
        tabs.push(Some(hub.tab_of(&format!("node{n}")).await));
    }
    let tokens: Vec<String> = tabs.iter().flatten().map(Tab::token).collect();
    let mut memories: Vec<Memory> = tabs.iter().flatten().map(Tab::memory).collect();
    for _ in 0..150 {
        let n = rand::random_range(0..tabs.len());
        tabs[n] = match tabs[n].take() {
            None => Some(memories[n].resume().await),
            Some(tab) if rand::random() => {
                memories[n] = tab.cut();
                None
            }
            Some(mut tab) => {
                tab.disconnects().await;
                tab.takes(&format!("node{n}"), Some(&tokens[n])).await;
                Some(tab)
            }
        };
        for _ in 0..rand::random_range(0..40) {
            _ = idler.list_rooms().await; // some time passes, and answers that it is too much asked are answers
        }
    }
    for (tab, memory) in tabs.iter_mut().zip(&memories).filter(|(tab, _)| tab.is_none()) {
        *tab = Some(memory.resume().await);
    }
    let listed = async |fence: &TestNode| {
        let users = fence.list_users(Some("lobby")).await.unwrap().users;
        users.into_iter().map(|user| (user.nick, user.state)).collect::<BTreeMap<_, _>>()
    };
    let fence = hub.guest("fence").await;
    known_once_there(&mut watcher, &mut known, "fence").await;
    assert_eq!(known, listed(&fence).await);
    assert_eq!(known.len(), 8);

    drop(tabs);
    eventually("all are gone", async || (listed(&fence).await.len() == 2).then_some(())).await;
    let _last = hub.guest("last").await;
    known_once_there(&mut watcher, &mut known, "last").await;
    assert_eq!(known, listed(&fence).await);
}

#[tokio::test]
async fn a_big_room_is_told_by_its_count_alone() {
    const BIG: u32 = 250;
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let mut crowd = Vec::new();
    for n in 1..BIG {
        crowd.push(hub.guest(&format!("guest{n}")).await);
    }
    ana.hears("all of them by name", |_| (joined(&ana, "lobby").len() + 1 == BIG as usize).then_some(())).await;

    let told = ana.presence().len();
    crowd.push(hub.guest("one-more").await);
    crowd.push(hub.guest("and-another").await);
    let count = |count: u32| move |presence: &Presence| presence.room == "lobby" && presence.count == Some(count);
    ana.hears("a count", |_| ana.presence().iter().any(count(BIG + 2)).then_some(())).await;
    for presence in &ana.presence()[told..] {
        let alone = presence.joined.is_empty() && presence.left.is_empty() && presence.states.is_empty();
        assert!(alone && presence.count.is_some_and(|count| count > BIG), "{presence:?}");
    }

    // Shrunk to where names are told again, those who were counted are told by name, or by a last count.
    for guest in crowd.drain(..10) {
        guest.disconnect().await.unwrap();
    }
    ana.hears("fewer", |_| {
        let latest = ana.presence().pop()?;
        (latest.count.is_some_and(|count| count <= BIG) || !latest.left.is_empty()).then_some(())
    })
    .await;
}
