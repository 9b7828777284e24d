//! Who has left a device alone is away, unless they are at another one.

use crate::support::{Tab, TestHub, eventually, passes};
use shared::message::{Presence, State, User};

async fn how(tab: &mut Tab, nick: &str) -> Option<User> {
    tab.users_in("lobby").await.into_iter().find(|user| user.nick == nick)
}

fn tells(nick: &str, state: State) -> impl Fn(&Presence) -> bool {
    let nick = nick.to_owned();
    move |presence| presence.room == "lobby" && presence.states.get(&nick) == Some(&state)
}

#[tokio::test]
async fn who_is_away_is_told_to_the_room_and_so_is_who_is_back() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    bob.turns(State::Away).await;
    ana.hears_presence(tells("bob", State::Away)).await;
    assert_eq!(how(&mut ana, "bob").await.map(|user| (user.state, user.nodes)), Some((State::Away, 1)));
    let fresh = hub.tab_of("eve").await;
    let found = fresh.connected().users.iter().find(|user| user.nick == "bob").map(|user| user.state);
    assert_eq!(found, Some(State::Away), "who comes later finds it so");
    bob.turns(State::Online).await;
    let presence = ana.hears_presence(tells("bob", State::Online)).await;
    assert!(!presence.joined.iter().chain(&presence.left).any(|nick| nick == "bob"), "{presence:?}");
}

#[tokio::test]
async fn away_is_who_is_so_on_all_nodes_that_are_there() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let mut phone = hub.further_tab_of("bob", Some(&bob.token())).await;
    bob.turns(State::Away).await;
    bob.reads_what_waits().await;
    assert_eq!(how(&mut ana, "bob").await.map(|user| user.state), Some(State::Online), "at the phone");
    phone.turns(State::Away).await;
    phone.reads_what_waits().await;
    assert_eq!(how(&mut ana, "bob").await.map(|user| user.state), Some(State::Away));
    bob.turns(State::Online).await;
    bob.reads_what_waits().await;
    let phone = phone.cut();
    eventually("only the laptop is there", async || {
        how(&mut ana, "bob").await.filter(|user| (user.state, user.nodes) == (State::Online, 1))
    })
    .await;
    bob.turns(State::Away).await;
    bob.reads_what_waits().await;
    assert_eq!(how(&mut ana, "bob").await.map(|user| user.state), Some(State::Away), "whoever reconnects is not there");
    let bob = bob.cut();
    eventually("nobody is there", async || how(&mut ana, "bob").await.filter(|user| user.state == State::Reconnecting))
        .await;
    // Who comes back is there, until they say otherwise.
    let _phone = phone.resume().await;
    assert_eq!(how(&mut ana, "bob").await.map(|user| user.state), Some(State::Online));
    drop(bob);
}

#[tokio::test]
async fn a_connection_that_takes_over_begins_online() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    bob.turns(State::Away).await;
    ana.hears_presence(tells("bob", State::Away)).await;
    let memory = bob.memory();
    let _again = memory.resume().await;
    ana.hears_presence(tells("bob", State::Online)).await;
    assert_eq!(bob.close_code().await, shared::wire::close::REPLACED);
}

#[tokio::test]
async fn away_and_back_within_a_moment_is_no_news() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    ana.hears_presence(|presence| presence.joined.iter().any(|nick| nick == "bob")).await;
    for _ in 0..5 {
        bob.turns(State::Away).await;
        bob.turns(State::Online).await;
    }
    bob.reads_what_waits().await;
    passes(std::time::Duration::from_millis(250)).await;
    let _eve = hub.tab_of("eve").await;
    ana.hears_presence(|presence| presence.joined.iter().any(|nick| nick == "eve")).await;
    assert!(ana.presence().iter().all(|presence| presence.states.is_empty()), "{:?}", ana.presence());
}
