//! A node that vanishes is `reconnecting` for its lease, keeps its place and its nick, and is gone by itself
//! afterwards: no ghosts, and no coming and going where nobody went.

use std::time::{Duration, Instant};

use crate::support::{BINARY, Frame, TEXT, TestHub, TestNode, eventually, now, passes, refusal, refused};
use shared::message::{Answer, ErrorCode, State, User};
use shared::wire::MAX_FRAME;

/// A lease that a test can wait for.
const SHORT: Duration = Duration::from_millis(500);

/// What presence is gathered for, and what a busy machine may add to that.
const SLACK: Duration = Duration::from_millis(2_250);

async fn hub_with_short_leases() -> TestHub {
    TestHub::start_with(|config| config.lease = SHORT).await
}

/// How somebody is, and with how many nodes.
fn seen(user: Option<User>) -> Option<(State, u32)> {
    user.map(|user| (user.state, user.nodes))
}

async fn sees(watcher: &TestNode, nick: &str) -> Option<(State, u32)> {
    seen(watcher.sees("lobby", nick).await)
}

#[tokio::test]
async fn who_vanishes_is_reconnecting_and_then_back() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.named_tab(Some("tab-7f3a")).await;
    ana.takes("ana", None).await;
    for room in ["garden", "attic"] {
        bob.joins(room).await;
        ana.joins(room).await;
        bob.hears_joined(room, "ana").await;
    }
    ana.leaves("attic").await;
    bob.hears_left("attic", "ana").await;
    let node = ana.welcome().node.clone();

    let memory = ana.cut();
    for room in ["lobby", "garden"] {
        bob.hears_state(room, "ana", State::Reconnecting).await;
        assert_eq!(seen(bob.sees(room, "ana").await), Some((State::Reconnecting, 0)));
    }
    let everyone = bob.list_users(None).await.unwrap().users;
    assert_eq!(seen(everyone.into_iter().find(|user| user.nick == "ana")), Some((State::Reconnecting, 0)));
    assert!(bob.list_nodes().await.unwrap().nodes.iter().all(|info| info.node != node));
    assert_eq!(bob.ping(&node).await.unwrap().answer, Answer::Pang);
    let cid = hub.guest("cid").await;
    let found = cid.connected().users.iter().find(|user| user.nick == "ana").cloned();
    assert_eq!(seen(found), Some((State::Reconnecting, 0)));

    let _ana = memory.resume().await;
    for room in ["lobby", "garden"] {
        bob.hears_state(room, "ana", State::Online).await;
        assert_eq!(seen(bob.sees(room, "ana").await), Some((State::Online, 1)));
        assert_eq!(bob.states_of(room, "ana"), [State::Reconnecting, State::Online], "each told once in {room}");
        assert_eq!(bob.comings_and_goings(room, "ana"), (1, 0), "she never left {room}");
    }
    assert_eq!(bob.states_of("attic", "ana"), []);
}

#[tokio::test]
async fn who_stays_away_is_gone_when_the_lease_ends_and_not_before() {
    let hub = hub_with_short_leases().await;
    let bob = hub.guest("bob").await;
    let ana = hub.tab_of("ana").await;
    bob.hears_joined("lobby", "ana").await;
    let vanished = Instant::now();
    let memory = ana.cut();
    bob.hears_left("lobby", "ana").await;
    let gone = vanished.elapsed();
    assert!((SHORT..SHORT + SLACK).contains(&gone), "gone after {gone:?}");
    assert_eq!(sees(&bob, "ana").await, None);
    assert!(bob.list_users(None).await.unwrap().users.iter().all(|user| user.nick != "ana"));
    assert_eq!(refused(hub.node().await.connect_nick("ana", None).await), ErrorCode::NickInUse, "it stays reserved");
    assert_eq!(bob.whispers("ana", "for later").await.delivered, Some(0));

    let mut ana = memory.resume().await;
    ana.synced().await;
    assert_eq!(ana.entries().len(), 1);
    bob.hears("ana joining again", |_| (bob.comings_and_goings("lobby", "ana") == (2, 1)).then_some(())).await;
    assert_eq!(sees(&bob, "ana").await, Some((State::Online, 1)));
}

#[tokio::test]
async fn a_lease_is_thirty_seconds_if_nobody_said_otherwise() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let ana = hub.tab_of("ana").await;
    let vanished = Instant::now();
    ana.cut();
    bob.hears_state("lobby", "ana", State::Reconnecting).await;
    passes(Duration::from_secs(28)).await;
    let before_its_end = sees(&bob, "ana").await;
    let late = vanished.elapsed() >= Duration::from_secs(2); // on a busy machine
    assert!(late || before_its_end == Some((State::Reconnecting, 0)), "{before_its_end:?}");
    passes(Duration::from_secs(3)).await;
    bob.hears_left("lobby", "ana").await;
    assert_eq!(sees(&bob, "ana").await, None);
}

/// The end of a lease that was not needed in the end must not come later as a surprise.
#[tokio::test]
async fn a_lease_ends_with_the_return() {
    let hub = hub_with_short_leases().await;
    let bob = hub.guest("bob").await;
    let (ana, marker) = (hub.tab_of("ana").await, hub.tab_of("marker").await);
    bob.hears_joined("lobby", "marker").await;
    let ana = ana.cut().resume().await;
    marker.cut();
    bob.hears_left("lobby", "marker").await; // who vanished after her is gone by now
    assert_eq!(sees(&bob, "ana").await, Some((State::Online, 1)));
    assert_eq!(bob.comings_and_goings("lobby", "ana"), (1, 0));

    let vanished = Instant::now();
    ana.cut();
    bob.hears_left("lobby", "ana").await;
    assert!(vanished.elapsed() >= SHORT, "a whole lease again: {:?}", vanished.elapsed());
}

/// Who vanishes again has a whole lease again, whatever is left of the one before.
#[tokio::test]
async fn each_vanishing_has_a_lease_of_its_own() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let ana = hub.tab_of("ana").await;
    bob.hears_joined("lobby", "ana").await;
    let memory = ana.cut();
    bob.hears_state("lobby", "ana", State::Reconnecting).await;
    passes(Duration::from_secs(20)).await;
    let ana = memory.resume().await;
    bob.hears_state("lobby", "ana", State::Online).await;
    ana.cut();
    bob.hears_state("lobby", "ana", State::Reconnecting).await;
    passes(Duration::from_secs(15)).await; // the first lease would have ended now
    assert_eq!(sees(&bob, "ana").await, Some((State::Reconnecting, 0)));
    passes(Duration::from_secs(16)).await;
    bob.hears_left("lobby", "ana").await;
    assert_eq!(bob.comings_and_goings("lobby", "ana"), (1, 1));
}

#[tokio::test]
async fn nobody_else_gets_the_nick_meanwhile() {
    let hub = TestHub::start_with(|config| config.nick_ttl = Duration::from_millis(200)).await;
    let mut fleeting = hub.tab_of("fleeting").await;
    let memory = hub.tab_of("ana").await.cut();
    fleeting.disconnects().await;
    let other = hub.node().await;
    eventually("a nick that was let go falls free", async || other.connect_nick("fleeting", None).await.ok()).await;
    for alike in ["ana", "ANA", "аna" /* Cyrillic а */] {
        let asked = now();
        let refusal = refusal(other.connect_nick(alike, None).await);
        assert_eq!(refusal.code, ErrorCode::NickInUse, "{alike}");
        assert!(refusal.until.is_some_and(|until| until >= asked), "{alike}: {refusal:?}");
    }
    assert_eq!(memory.resume().await.welcome().nick.as_deref(), Some("ana"));
}

#[tokio::test]
async fn its_own_token_takes_it_at_once() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let laptop = hub.tab_of("ana").await;
    bob.hears_joined("lobby", "ana").await;
    let token = laptop.token();
    let memory = laptop.cut();
    bob.hears_state("lobby", "ana", State::Reconnecting).await;

    let phone = hub.further_tab_of("ana", Some(&token)).await;
    let found = phone.connected().users.iter().find(|user| user.nick == "ana").cloned();
    assert_eq!(seen(found), Some((State::Online, 1)));
    bob.hears_state("lobby", "ana", State::Online).await;
    let _laptop = memory.resume().await;
    assert_eq!(sees(&bob, "ana").await, Some((State::Online, 2)));
    assert_eq!(bob.comings_and_goings("lobby", "ana"), (1, 0));
}

#[tokio::test]
async fn a_nick_is_as_its_best_node_and_leaves_with_the_last() {
    let hub = hub_with_short_leases().await;
    let bob = hub.guest("bob").await;
    let laptop = hub.tab_of("ana").await;
    let phone = hub.further_tab_of("ana", Some(&laptop.token())).await;
    let (tablet, marker) = (hub.further_tab_of("ana", Some(&laptop.token())).await, hub.tab_of("marker").await);
    bob.hears_joined("lobby", "marker").await;
    assert_eq!(sees(&bob, "ana").await, Some((State::Online, 3)));

    laptop.cut();
    eventually("one node fewer", async || (sees(&bob, "ana").await == Some((State::Online, 2))).then_some(())).await;
    marker.cut();
    bob.hears_left("lobby", "marker").await; // the laptop's lease has ended before
    assert_eq!(sees(&bob, "ana").await, Some((State::Online, 2)));
    let phones = phone.cut();
    tablet.cut();
    eventually("none is left", async || (sees(&bob, "ana").await?.0 == State::Reconnecting).then_some(())).await;
    let phone = phones.resume().await;
    assert_eq!(sees(&bob, "ana").await, Some((State::Online, 1)));
    assert_eq!(bob.comings_and_goings("lobby", "ana"), (1, 0));

    phone.cut();
    bob.hears_left("lobby", "ana").await;
    assert_eq!((sees(&bob, "ana").await, bob.comings_and_goings("lobby", "ana")), (None, (1, 1)));
}

#[tokio::test]
async fn who_is_away_counts_as_not_reached() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let laptop = hub.tab_of("ana").await;
    let phone = hub.further_tab_of("ana", Some(&laptop.token())).await;
    assert_eq!(bob.whispers("ana", "to both").await.delivered, Some(2));
    let phones = phone.cut();
    eventually("one vanishes", async || (sees(&bob, "ana").await == Some((State::Online, 1))).then_some(())).await;
    assert_eq!(bob.whispers("ana", "to one").await.delivered, Some(1));
    let laptops = laptop.cut();
    eventually("both vanish", async || (sees(&bob, "ana").await == Some((State::Reconnecting, 0))).then_some(())).await;
    let kept = bob.whispers("ana", "for later").await;
    assert_eq!(kept.delivered, Some(0));
    let (mut laptop, mut phone) = (laptops.resume().await, phones.resume().await);
    for tab in [&mut laptop, &mut phone] {
        tab.hears_seq(kept.seq).await;
    }
    assert_eq!(bob.whispers("ana", "to both again").await.delivered, Some(2));
}

#[tokio::test]
async fn who_disconnects_is_gone_at_once() {
    let hub = TestHub::start().await; // with leases of 30 s
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    bob.hears_joined("lobby", "ana").await;
    let asked = Instant::now();
    ana.disconnects().await;
    bob.hears_left("lobby", "ana").await;
    assert!(asked.elapsed() < SLACK, "{:?}", asked.elapsed());
    ana.cut();
    let _marker = hub.guest("marker").await;
    bob.hears_joined("lobby", "marker").await;
    assert_eq!((bob.states_of("lobby", "ana"), bob.comings_and_goings("lobby", "ana")), (vec![], (1, 1)));
    assert_eq!(sees(&bob, "ana").await, None);
}

#[tokio::test]
async fn however_a_connection_ends_it_may_come_back() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    for way in ["a close frame", "no close frame", "a frame too long", "a binary frame", "bad frames"] {
        let nick = way.replace(' ', "-");
        let mut tab = hub.tab_of(&nick).await;
        bob.hears_joined("lobby", &nick).await;
        let memory = tab.memory();
        match way {
            "a close frame" => drop(tab.close().await),
            "a frame too long" => tab.socket().frame(true, TEXT, &vec![b' '; MAX_FRAME + 1]).await,
            "a binary frame" => tab.socket().frame(true, BINARY, b"?").await,
            "bad frames" => {
                for _ in 0..21 {
                    tab.socket().text("nonsense").await;
                }
            }
            _ => drop(tab),
        }
        bob.hears_state("lobby", &nick, State::Reconnecting).await;
        let back = memory.resume().await;
        bob.hears_state("lobby", &nick, State::Online).await;
        assert_eq!(back.rooms_resumed(), ["lobby"], "{way}");
        assert_eq!(bob.comings_and_goings("lobby", &nick), (1, 0), "{way}");
    }
}

/// A network that breaks one direction alone must not make the hub say that the node broke a rule: that would keep it
/// from coming back.
#[tokio::test]
async fn who_breaks_off_in_the_middle_is_told_nothing() {
    let hub = TestHub::start().await;
    let mut ana = hub.raw_guest("ana").await;
    ana.break_off().await;
    loop {
        match ana.next().await {
            Frame::Text(_) => {}
            Frame::End => break,
            other => panic!("expected the end, not {other:?}"),
        }
    }
}
