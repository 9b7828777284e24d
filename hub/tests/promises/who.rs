//! What may be known of a person: how they are, where, and when they were here last.

use std::time::Duration;

use crate::support::{TestHub, eventually, now};
use shared::message::{ErrorCode, Person, State, ToHub};

#[tokio::test]
async fn somebody_here_is_told_with_their_nodes() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let mut laptop = hub.named_tab(Some("laptop")).await;
    laptop.takes("Bob", None).await;
    let mut phone = hub.named_tab(Some("phone")).await;
    phone.takes("bob", Some(&laptop.token())).await;
    let bob = ana.asks_who("BOB").await;
    assert_eq!((bob.nick.as_str(), bob.state, bob.seen), ("Bob", State::Online, None));
    let names: Vec<&str> = bob.nodes.iter().filter_map(|node| node.node.split('@').next()).collect();
    assert_eq!(names, ["laptop", "phone"]);
    assert!(bob.nodes.iter().all(|node| node.nick.as_deref() == Some("Bob") && node.kind == "test"));
    laptop.turns(State::Away).await;
    phone.turns(State::Away).await;
    laptop.reads_what_waits().await;
    phone.reads_what_waits().await;
    assert_eq!(ana.asks_who("bob").await.state, State::Away);
    let mut nameless = hub.tab().await;
    assert_eq!(nameless.asks_who("bob").await.nodes.len(), 2);
}

#[tokio::test]
async fn somebody_who_is_gone_is_told_with_when_they_were_here_also_after_a_restart() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let before = now();
    let mut bob = hub.tab_of("bob").await;
    bob.disconnects().await;
    let gone = ana.asks_who("bob").await;
    assert_eq!((gone.state, gone.nodes.len()), (State::Offline, 0));
    assert!(gone.seen.is_some_and(|seen| (before..=now()).contains(&seen)), "{gone:?}");
    let eve = hub.tab_of("eve").await;
    let away = eve.cut();
    let lost = eventually("eve has lost her connection", async || {
        Some(ana.asks_who("eve").await).filter(|eve| eve.state == State::Reconnecting)
    })
    .await;
    assert!(lost.seen.is_some_and(|seen| (before..=now()).contains(&seen)), "{lost:?}");
    let hub = hub.restart().await;
    let mut zoe = hub.tab_of("zoe").await;
    let still = zoe.asks_who("bob").await;
    assert_eq!(still.state, State::Offline);
    assert!(still.seen.is_some_and(|seen| (before..=now()).contains(&seen)), "{still:?}");
    assert_eq!(zoe.asks_who("eve").await.state, State::Reconnecting);
    let _eve = away.resume().await;
    let back = zoe.asks_who("eve").await;
    assert_eq!((back.state, back.seen, back.nodes.len()), (State::Online, None, 1));
}

#[tokio::test]
async fn of_a_nick_that_nobody_holds_there_is_nothing_to_tell() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    for nick in ["nobody", "", "@ana", "<script>"] {
        let refusal = ana.ask::<Person>(|id| ToHub::Who { id, nick: nick.to_owned() }).await;
        assert_eq!(refusal.map_err(|refusal| refusal.code), Err(ErrorCode::NoSuchNick), "{nick}");
    }
}

#[tokio::test]
async fn somebody_who_does_not_come_back_after_a_restart_is_told_with_when_they_were_here() {
    let hub = TestHub::start_with(|config| config.lease = Duration::from_millis(300)).await;
    let before = now();
    let _eve = hub.tab_of("eve").await;
    let hub = hub.restart().await;
    let mut zoe = hub.tab_of("zoe").await;
    let gone = eventually("eve's lease has run out", async || {
        Some(zoe.asks_who("eve").await).filter(|eve| eve.state == State::Offline)
    })
    .await;
    assert!(gone.seen.is_some_and(|seen| (before..=now()).contains(&seen)), "{gone:?}");
}
