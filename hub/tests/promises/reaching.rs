//! Whoever said something can see how far it has come: which nodes have acknowledged it, and which have not yet.

use std::time::Duration;

use crate::support::{Tab, TestHub, eventually, now};
use serde_json::json;
use shared::message::{Behind, Cursors, ErrorCode, Refusal, State, ToHub, ToNode};

/// The nicks of the nodes that an entry has not reached, the farthest behind first.
fn lacking(cursors: &Cursors, seq: u64) -> Vec<&str> {
    cursors.behind.iter().filter(|behind| behind.seq < seq).map(|behind| &*behind.nick).collect()
}

/// Hears and acknowledges; the hub has taken it when this returns.
async fn gets(tab: &mut Tab, seq: u64) {
    tab.hears_seq(seq).await;
    acks(tab, seq).await;
}

async fn acks(tab: &mut Tab, seq: u64) {
    tab.acks(seq).await;
    tab.reads_what_waits().await;
}

#[tokio::test]
async fn a_line_has_reached_who_acknowledged_it() {
    let hub = TestHub::start().await;
    let before = now();
    let (mut ana, mut bob, mut cid) = (hub.tab_of("ana").await, hub.tab_of("bob").await, hub.tab_of("cid").await);
    let seq = ana.says("lobby", "who hears me?").await;
    let cursors = ana.cursors_in("#LOBBY").await;
    let mut none = lacking(&cursors, seq);
    none.sort_unstable();
    assert_eq!((cursors.nodes, none), (3, vec!["ana", "bob", "cid"]), "{cursors:?}");

    gets(&mut ana, seq).await;
    gets(&mut bob, seq).await;
    let cursors = ana.cursors_in("lobby").await;
    assert_eq!((cursors.nodes, lacking(&cursors, seq)), (3, vec!["cid"]));
    let Behind { node, seq: has, state, since, .. } = cursors.behind.iter().find(|of| of.nick == "cid").unwrap();
    assert_eq!((node, *state), (&cid.welcome().node, State::Online));
    assert!(*has < seq && (before..=now()).contains(since), "{cursors:?}");

    gets(&mut cid, seq).await;
    assert_eq!(lacking(&bob.cursors_in("lobby").await, seq), [""; 0], "and anyone in the room may know");
}

#[tokio::test]
async fn each_node_counts_for_itself_and_the_farthest_behind_comes_first() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let mut laptop = hub.tab_of("bob").await;
    let mut phone = hub.further_tab_of("bob", Some(&laptop.token())).await;
    let mut cid = hub.tab_of("cid").await;
    let mut said = Vec::new();
    for n in 0..4 {
        said.push(ana.says("lobby", &format!("{n}")).await);
    }
    for (tab, n) in [(&mut ana, 3), (&mut laptop, 2), (&mut phone, 0), (&mut cid, 1)] {
        gets(tab, said[n]).await;
    }
    let cursors = ana.cursors_in("lobby").await;
    assert_eq!((cursors.nodes, lacking(&cursors, said[3])), (4, vec!["bob", "cid", "bob"]));
    assert_eq!(lacking(&cursors, said[2]), ["bob", "cid"]);
    assert_eq!(lacking(&cursors, said[1]), ["bob"]);
    assert_eq!(lacking(&cursors, said[0]), [""; 0]);
    assert_eq!(cursors.behind[0].node, phone.welcome().node);
}

/// Such nodes answer the hub's pings, which their WebSocket does by itself.
#[tokio::test]
async fn of_a_node_that_never_acknowledges_a_pong_is_taken_for_it() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let _answers = hub.guest("answers").await;
    let silent = hub.tab_of("silent").await;
    let mut keeps_account = hub.tab_of("keeps-account").await;
    let first = ana.says("lobby", "one").await;
    gets(&mut ana, first).await;
    gets(&mut keeps_account, first).await;
    eventually("a pong", async || (lacking(&ana.cursors_in("lobby").await, first) == ["silent"]).then_some(())).await;

    let second = ana.says("lobby", "two").await;
    gets(&mut ana, second).await;
    keeps_account.hears_seq(second).await;
    keeps_account.socket().pong_with(b"").await; // who acknowledges is taken at its word, and this is none
    keeps_account.reads_what_waits().await;
    eventually("a pong", async || {
        let cursors = ana.cursors_in("lobby").await;
        let mut lacking = lacking(&cursors, second);
        lacking.sort_unstable();
        (lacking == ["keeps-account", "silent"]).then_some(())
    })
    .await;
    drop(silent);
}

#[tokio::test]
async fn who_vanished_is_behind_until_it_has_caught_up() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    let first = ana.says("lobby", "one").await;
    gets(&mut bob, first).await;
    let vanishing = now();
    let memory = bob.cut();
    let second = ana.says("lobby", "two").await;
    gets(&mut ana, second).await;
    let behind = eventually("bob reconnecting", async || {
        let cursors = ana.cursors_in("lobby").await;
        assert_eq!((cursors.nodes, lacking(&cursors, second)), (2, vec!["bob"]));
        cursors.behind.into_iter().find(|behind| behind.nick == "bob" && behind.state == State::Reconnecting)
    })
    .await;
    assert_eq!(behind.seq, first);
    assert!((vanishing - 1_000..=now()).contains(&behind.since), "{} at {}", behind.since, now());

    let mut bob = memory.resume().await;
    assert_eq!(lacking(&ana.cursors_in("lobby").await, second), ["bob"], "to be back is not to have read");
    let synced = bob.synced().await;
    acks(&mut bob, synced).await;
    assert_eq!(lacking(&ana.cursors_in("lobby").await, second), [""; 0]);
}

#[tokio::test]
async fn who_is_gone_does_not_count() {
    let hub = TestHub::start_with(|config| config.lease = Duration::from_millis(300)).await;
    let watcher = hub.guest("watcher").await;
    let mut ana = hub.tab_of("ana").await;
    let (mut leaves, mut disconnects) = (hub.tab_of("leaves").await, hub.tab_of("disconnects").await);
    let vanishes = hub.tab_of("vanishes").await;
    watcher.hears_joined("lobby", "vanishes").await;
    watcher.leave("lobby").await.unwrap();
    ana.joins("garden").await;
    leaves.joins("garden").await;
    assert_eq!(ana.cursors_in("lobby").await.nodes, 4);
    leaves.leaves("lobby").await;
    disconnects.disconnects().await;
    vanishes.cut();
    eventually("only ana", async || (ana.cursors_in("lobby").await.nodes == 1).then_some(())).await;
    assert_eq!(ana.cursors_in("garden").await.nodes, 2);
    let seq = ana.says("lobby", "hello?").await;
    gets(&mut ana, seq).await;
    assert_eq!(lacking(&ana.cursors_in("lobby").await, seq), [""; 0]);

    let mut late = hub.tab_of("late").await; // what was said before one came lacks nobody
    assert_eq!(lacking(&late.cursors_in("lobby").await, seq), [""; 0]);
}

#[tokio::test]
async fn of_a_whisper_the_nodes_of_both_ends_count() {
    let hub = TestHub::start().await;
    let mut ana = hub.tab_of("ana").await;
    let mut laptop = hub.tab_of("bob").await;
    let mut phone = hub.further_tab_of("bob", Some(&laptop.token())).await;
    let _cid = hub.tab_of("cid").await;
    let seq = ana.whispers("bob", "psst").await.seq;
    gets(&mut ana, seq).await;
    gets(&mut laptop, seq).await;
    let cursors = ana.cursors_with("BOB").await;
    assert_eq!((cursors.nodes, lacking(&cursors, seq)), (3, vec!["bob"]));
    assert_eq!(laptop.cursors_with("ana").await.nodes, 3, "the same from the other end");
    gets(&mut phone, seq).await;
    assert_eq!(lacking(&ana.cursors_with("bob").await, seq), [""; 0]);

    assert_eq!(ana.cursors_with("ana").await.nodes, 1, "oneself is one end only");
    laptop.disconnects().await;
    phone.disconnects().await;
    assert_eq!(ana.cursors_with("bob").await.nodes, 1, "bob is nowhere");
}

#[tokio::test]
async fn who_does_not_read_is_shown_as_behind() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.tab_of("ana").await;
    let mut deaf = hub.way().narrow_tab_of("deaf").await;
    let said = ana.says_all("lobby", (0..700).map(|n| format!("{n} {}", "x".repeat(8_000)))).await;
    let (first, last) = (said[0], said[said.len() - 1]);
    gets(&mut ana, last).await;
    let cursors = ana.cursors_in("lobby").await;
    assert_eq!((lacking(&cursors, last), cursors.behind[0].state), (vec!["deaf"], State::Online));
    assert_eq!(lacking(&cursors, first), ["deaf"], "what waits for it has not reached it");
    gets(&mut deaf, said[300]).await;
    let cursors = ana.cursors_in("lobby").await;
    assert_eq!((lacking(&cursors, said[300]), lacking(&cursors, said[301])), (vec![], vec!["deaf"]));
    gets(&mut deaf, last).await;
    assert_eq!(lacking(&ana.cursors_in("lobby").await, last), [""; 0]);
}

#[tokio::test]
async fn an_acknowledgement_holds_for_what_was_said_and_is_not_taken_back() {
    let hub = TestHub::start().await;
    let (mut ana, mut bob) = (hub.tab_of("ana").await, hub.tab_of("bob").await);
    for future in [u64::MAX, 1 << 53, 1_000_000] {
        acks(&mut bob, future).await;
        let seq = ana.says("lobby", "something new").await;
        gets(&mut ana, seq).await;
        assert_eq!(lacking(&ana.cursors_in("lobby").await, seq), ["bob"], "nobody has what was not said yet");
        gets(&mut bob, seq).await;
        for past in [seq - 1, 0] {
            acks(&mut bob, past).await;
            assert_eq!(lacking(&ana.cursors_in("lobby").await, seq), [""; 0]);
        }
    }
}

#[tokio::test]
async fn an_acknowledgement_is_not_answered_and_a_bad_one_harms_nobody() {
    let hub = TestHub::start().await;
    let mut bob = hub.tab_of("bob").await;
    let mut nameless = hub.tab().await;
    for n in 0..2_000 {
        nameless.acks(n).await;
        bob.acks(n).await;
    }
    nameless.reads_what_waits().await;
    bob.reads_what_waits().await;
    assert_eq!((nameless.heard(), bob.entries()), (&[][..], vec![]));
    let socket = bob.socket();
    for ack in [json!({"type": "ack"}), json!({"type": "ack", "seq": -1}), json!({"type": "ack", "seq": "57"})] {
        socket.json(&ack).await;
        assert_eq!(socket.error().await.code, ErrorCode::BadMessage, "{ack}");
    }
    socket.stays().await;
    let mut early = hub.raw().await;
    early.json(&json!({"type": "ack", "seq": 1})).await;
    early.json(&json!({"type": "hello", "version": 1, "cookie": hub.cookie()})).await;
    let first = early.message().await;
    assert!(matches!(first, ToNode::Welcome(_) | ToNode::Error(_)), "what has no id gets no reply: {first:?}");
    early.stays().await;
}

#[tokio::test]
async fn only_those_of_a_place_may_ask() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    let mut ana = hub.tab_of("ana").await;
    let mut nameless = hub.tab().await;
    let ask = async |tab: &mut Tab, room: Option<&str>, with: Option<&str>| {
        let (room, with) = (room.map(str::to_owned), with.map(str::to_owned));
        let cursors: Result<Cursors, Refusal> = tab.ask(|id| ToHub::Cursors { id, room, with }).await;
        cursors.expect_err("a refusal").code
    };
    for room in ["garden", "nowhere", ""] {
        assert_eq!(ask(&mut ana, Some(room), None).await, ErrorCode::NotInRoom, "{room:?}");
    }
    for nick in ["nobody-here", "server", "two words", ""] {
        assert_eq!(ask(&mut ana, None, Some(nick)).await, ErrorCode::NoSuchNick, "{nick:?}");
    }
    assert_eq!(ask(&mut ana, None, None).await, ErrorCode::BadMessage);
    assert_eq!(ask(&mut ana, Some("lobby"), Some("bob")).await, ErrorCode::BadMessage);
    for (room, with) in [(Some("lobby"), None), (None, Some("bob"))] {
        assert_eq!(ask(&mut nameless, room, with).await, ErrorCode::NotConnected);
    }
}
