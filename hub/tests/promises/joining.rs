//! Whoever says hello is a node with a name; whoever connects with a nick is in the lobby with the others.

use std::collections::{BTreeMap, HashSet};

use crate::support::{Memory, RawSocket, TestHub, closed, eventually, now, refused};
use node::{Options, Span, Talk};
use serde_json::json;
use shared::message::{Answer, ErrorCode, Outcome, State, ToNode};
use shared::node::NodeName;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_welcome_tells_who_is_who() {
    let hub = TestHub::start().await;
    let node = hub.named_node(Some("tab-7f3a")).await;
    let welcome = node.welcome();

    let name: NodeName = welcome.node.parse().expect("a node's name");
    let hubs_name: NodeName = welcome.hub.parse().expect("a node's name");
    assert_eq!((name.local(), hubs_name.local()), ("tab-7f3a", "hub"));
    assert_eq!(name.host(), hubs_name.host(), "the host part names the hub that holds the socket");
    assert_eq!((welcome.version, welcome.seq, welcome.resumed, &welcome.nick), (1, 0, false, &None));
    assert!(!welcome.session.is_empty() && !welcome.epoch.is_empty() && welcome.rooms.is_empty());

    let other = hub.node().await;
    assert_ne!(other.welcome().session, welcome.session, "a session is one node's secret");
    assert_eq!(other.welcome().epoch, welcome.epoch, "the log is everyone's");
}

/// A client need not wait for the answer to its upgrade before it says hello.
#[tokio::test]
async fn a_hello_that_comes_with_the_upgrade_is_heard() {
    let hub = TestHub::start().await;
    let hello = json!({"type": "hello", "version": 1, "cookie": hub.cookie()}).to_string();
    let mut hasty = RawSocket::open_in_a_hurry(hub.address(), &hello).await;
    assert!(matches!(hasty.message().await, ToNode::Welcome(_)));
    hasty.takes("hasty").await;
}

#[tokio::test]
async fn the_epoch_is_the_logs_and_seq_counts_on() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let seq = ana.says("lobby", "before").await;
    let epoch = ana.welcome().epoch.clone();

    let hub = hub.restart().await;
    let node = hub.node().await;
    assert_eq!((&node.welcome().epoch, node.welcome().seq), (&epoch, seq));

    let elsewhere = TestHub::start().await;
    assert_ne!(elsewhere.node().await.welcome().epoch, epoch);
}

#[tokio::test]
async fn a_hub_that_forgets_says_so() {
    let forgetful = |config: &mut hub::Config| {
        config.ephemeral = true;
        config.data = None;
    };
    let hub = TestHub::start_with(forgetful).await;
    let ana = hub.guest("ana").await;
    assert!(ana.welcome().ephemeral);
    ana.says("lobby", "written in sand").await;
    assert_eq!(ana.whole_history(Talk::Room("lobby")).await.len(), 1, "for now it is all there");
    let epoch = ana.welcome().epoch.clone();
    let memory = hub.tab_of("bob").await.cut();
    let mut bob = memory.resume().await; // for now also who comes back is known
    ana.says("lobby", "and missed").await;
    bob.synced().await;
    assert!(bob.welcome().ephemeral);

    let hub = hub.restart().await;
    let ana = hub.guest("ana").await;
    assert_ne!(ana.welcome().epoch, epoch, "another log");
    let memory = Memory { way: hub.way(), ..memory }; // its cookie is another, too
    assert!(!memory.try_resume(Some(memory.seen)).await.unwrap().welcome().resumed);
    assert_eq!(ana.whole_history(Talk::Room("lobby")).await, []);
    assert!(!TestHub::start().await.node().await.welcome().ephemeral);
}

#[tokio::test]
async fn every_node_gets_a_name_of_its_own() {
    let hub = TestHub::start().await;
    let too_long = "x".repeat(33);
    let wishes = [
        Some("tab"),
        Some("tab"),
        Some("tab"),
        Some("hub"),
        Some("two words"),
        Some("tüb"),
        Some("a@b"),
        Some(""),
        Some(&*too_long),
        None,
        None,
    ];
    let mut nodes = Vec::new();
    for wish in wishes {
        nodes.push((wish, hub.named_node(wish).await));
    }

    let locals: Vec<String> = nodes
        .iter()
        .map(|(wish, node)| {
            let name: NodeName = node.welcome().node.parse().unwrap_or_else(|error| panic!("{wish:?}: {error}"));
            name.local().to_owned()
        })
        .collect();
    assert_eq!(locals.iter().collect::<HashSet<_>>().len(), locals.len(), "{locals:?}");
    assert_eq!(locals[0], "tab");
    for taken in &locals[1..3] {
        let number = taken.strip_prefix("tab").expect("the wish, with a number behind it").trim_start_matches('-');
        assert!(number.parse::<u32>().is_ok(), "{taken}");
    }
    assert_ne!(locals[3], "hub", "the hub is a node itself");
}

#[tokio::test]
async fn connecting_with_a_nick_joins_the_lobby() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let connected = ana.connected();
    assert_eq!((connected.nick.as_str(), connected.room.as_str()), ("ana", "lobby"));
    assert!(!connected.token.is_empty());
    assert_eq!(connected.users.len(), 1);
    assert!(connected.conversations.is_empty());

    let dr00 = hub.guest("dr00").await;
    let mut users = dr00.connected().users.clone();
    users.sort_by(|a, b| a.nick.cmp(&b.nick));
    let users: Vec<_> = users.iter().map(|user| (user.nick.as_str(), user.state, user.nodes)).collect();
    assert_eq!(users, [("ana", State::Online, 1), ("dr00", State::Online, 1)]);

    dr00.says("lobby", "hi").await;
    assert_eq!(ana.hears_text("hi").await.from, "dr00");
}

#[tokio::test]
async fn lists_tell_who_and_what_is_here() {
    let hub = TestHub::start().await;
    let before = now();
    let ana = hub.guest("ana").await;
    let laptop = hub.second_node_of(&ana).await;
    let watcher = hub.node().await;
    ana.joins("garden").await;

    let everyone = watcher.list_users(None).await.unwrap().users;
    assert_eq!(everyone.iter().map(|user| (user.nick.as_str(), user.nodes)).collect::<Vec<_>>(), [("ana", 2)]);
    let in_garden = watcher.list_users(Some("garden")).await.unwrap().users;
    assert_eq!(in_garden.iter().map(|user| user.nick.as_str()).collect::<Vec<_>>(), ["ana"]);

    let nodes = watcher.list_nodes().await.unwrap().nodes;
    assert_eq!(nodes.len(), 4, "{nodes:?}");
    let of = |name: &str| {
        nodes.iter().find(|node| node.node == name).unwrap_or_else(|| panic!("{name} is not in {nodes:?}"))
    };
    let hubs = of(&watcher.welcome().hub);
    assert_eq!((hubs.kind.as_str(), &hubs.nick), ("hub", &None));
    for (node, nick) in [(&ana, Some("ana")), (&laptop, Some("ana")), (&watcher, None)] {
        let listed = of(&node.welcome().node);
        assert_eq!((listed.nick.as_deref(), listed.kind.as_str()), (nick, "test"));
        assert!((before..=now()).contains(&listed.since), "{listed:?}");
    }
}

#[tokio::test]
async fn a_node_that_goes_is_gone_from_the_list_of_nodes() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let crashing = hub.raw_guest("cid").await;
    assert_eq!(ana.list_nodes().await.unwrap().nodes.len(), 4);

    bob.close().await;
    drop(crashing); // without a close frame
    eventually("the nodes of bob and cid leave the list", async || {
        (ana.list_nodes().await.unwrap().nodes.len() == 2).then_some(())
    })
    .await;
    for nick in ["bob", "cid"] {
        let user = ana.sees("lobby", nick).await.expect("who may be back keeps its place");
        assert_eq!((user.state, user.nodes), (State::Reconnecting, 0), "{nick}");
    }
}

#[tokio::test]
async fn looking_needs_a_hello_and_talking_a_nick() {
    let hub = TestHub::start().await;
    let node = hub.node().await;
    assert!(node.list_users(None).await.unwrap().users.is_empty());
    assert!(node.list_users(Some("lobby")).await.unwrap().users.is_empty());
    node.list_rooms().await.unwrap();
    node.list_nodes().await.unwrap();
    assert_eq!(node.ping("hub").await.unwrap().answer, Answer::Pong);

    assert_eq!(refused(node.join("garden").await), ErrorCode::NotConnected);
    assert_eq!(refused(node.leave("garden").await), ErrorCode::NotConnected);
    assert_eq!(refused(node.say("lobby", "hi").await), ErrorCode::NotConnected);
    assert_eq!(refused(node.private_message("ana", "hi").await), ErrorCode::NotConnected);
    assert_eq!(refused(node.history(Talk::With("ana"), Span::Newest, 10).await), ErrorCode::NotConnected);
    assert_eq!(refused(node.disconnect().await), ErrorCode::NotConnected);
}

#[tokio::test]
async fn disconnecting_leaves_every_room_and_may_be_followed_by_connecting() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let mut bob = hub.guest("bob").await;
    ana.joins("garden").await;
    bob.joins("garden").await;
    let token = bob.token().to_owned();
    ana.hears_joined("lobby", "bob").await;
    ana.hears_joined("garden", "bob").await;

    bob.disconnect().await.unwrap();
    ana.hears_left("lobby", "bob").await;
    ana.hears_left("garden", "bob").await;
    assert_eq!(refused(bob.disconnect().await), ErrorCode::NotConnected);
    assert_eq!(refused(bob.say("lobby", "hi").await), ErrorCode::NotConnected);
    ana.says("lobby", "are you gone?").await;

    bob.takes("bob", Some(&token)).await;
    ana.says("lobby", "welcome back").await;
    bob.hears_text("welcome back").await;
    assert_eq!(bob.texts_in("lobby"), ["welcome back"], "who is in no room hears nothing");
    assert_eq!(refused(bob.say("garden", "hi").await), ErrorCode::NotInRoom);
}

#[tokio::test]
async fn connecting_again_with_the_same_nick_changes_nothing() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let again = ana.connect_nick("ana", None).await.unwrap();
    assert_eq!((again.nick.as_str(), again.token.as_str()), ("ana", ana.token()));
    assert_eq!(again.users.iter().map(|user| (user.nick.as_str(), user.nodes)).collect::<Vec<_>>(), [("ana", 1)]);
    ana.says("lobby", "once").await;
    ana.says("lobby", "fence").await;
    ana.hears_text("fence").await;
    assert_eq!(ana.texts_in("lobby"), ["once", "fence"]);
}

#[tokio::test]
async fn connecting_with_another_nick_is_to_become_another() {
    let hub = TestHub::start().await;
    let mut ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    ana.joins("garden").await;
    bob.joins("garden").await;
    ana.hears_joined("garden", "bob").await;
    let token = ana.token().to_owned();

    assert_eq!(refused(ana.connect_nick("bob", None).await), ErrorCode::NickInUse);
    assert_eq!(refused(ana.connect_nick("server", None).await), ErrorCode::NickNotAllowed);
    ana.says("garden", "still ana, still here").await;
    assert_eq!(bob.hears_text("still ana, still here").await.from, "ana");

    ana.takes("anabel", None).await;
    bob.hears_left("garden", "ana").await;
    bob.hears_left("lobby", "ana").await;
    bob.hears_joined("lobby", "anabel").await;
    assert_eq!(refused(ana.say("garden", "hi").await), ErrorCode::NotInRoom);
    ana.says("lobby", "a new name").await;
    assert_eq!(bob.hears_text("a new name").await.from, "anabel");

    assert_eq!(refused(bob.connect_nick("ana", None).await), ErrorCode::NickInUse, "the old nick stays reserved");
    let old = hub.node().await.takes("ana", Some(&token)).await;
    assert_eq!(old.nick, "ana");
}

#[tokio::test]
async fn who_does_not_wait_for_answers_is_served_in_the_order_asked() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.raw_welcomed().await;
    for request in [
        json!({"type": "connect", "id": "1", "nick": "ana"}),
        json!({"type": "join", "id": "2", "room": "garden"}),
        json!({"type": "say", "id": "3", "room": "lobby", "text": "one breath"}),
        json!({"type": "leave", "id": "4", "room": "lobby"}),
        json!({"type": "say", "id": "5", "room": "lobby", "text": "too late"}),
        json!({"type": "disconnect", "id": "6"}),
        json!({"type": "join", "id": "7", "room": "lobby"}),
    ] {
        ana.json(&request).await;
    }
    let mut outcomes = BTreeMap::new();
    while outcomes.len() < 7 {
        if let ToNode::Reply(reply) = ana.message().await {
            outcomes.insert(reply.id, reply.outcome);
        }
    }
    let refused = |outcome: &Outcome| if let Outcome::Error(refusal) = outcome { Some(refusal.code) } else { None };
    let codes: Vec<_> = outcomes.values().map(refused).collect();
    let (not_in_room, not_connected) = (Some(ErrorCode::NotInRoom), Some(ErrorCode::NotConnected));
    assert_eq!(codes, [None, None, None, None, not_in_room, None, not_connected]);
    assert_eq!(bob.hears_text("one breath").await.from, "ana");
}

#[tokio::test]
async fn the_subprotocol_is_ours_or_none() {
    let hub = TestHub::start().await;
    let connect = async || TcpStream::connect(hub.address()).await.unwrap();

    for subprotocol in [None, Some("hubbub.v1"), Some("hubbub.v9, hubbub.v1")] {
        let mut socket = RawSocket::upgrade(connect().await, hub.address(), subprotocol)
            .await
            .unwrap_or_else(|answer| panic!("{subprotocol:?}: {answer}"));
        socket.hello(&hub.cookie()).await;
    }
    let Err(answer) = RawSocket::upgrade(connect().await, hub.address(), Some("hubbub.v9")).await else {
        panic!("a version that is not spoken here was let in");
    };
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(body.contains("hubbub.v1"), "it says what is spoken: {body}");
}

#[tokio::test]
async fn fields_of_later_versions_are_passed_over() {
    let hub = TestHub::start().await;
    let mut socket = hub.raw().await;
    socket.json(&json!({"type": "hello", "version": 1, "cookie": hub.cookie(), "colour": "green"})).await;
    socket.message().await;
    socket.json(&json!({"type": "connect", "id": "1", "nick": "ana", "mood": {"good": true}})).await;
    assert_eq!(socket.ok("1").await["nick"], "ana");
}

#[tokio::test]
async fn a_hello_of_another_version_ends_with_a_word() {
    let hub = TestHub::start().await;
    let mut socket = hub.raw().await;
    socket.json(&json!({"type": "hello", "version": 2, "cookie": hub.cookie()})).await;
    assert_eq!(socket.close_code().await, 4406);
    // And who speaks ours is not disturbed by it.
    assert!(hub.connect(Options { cookie: Some(hub.cookie()), ..Options::default() }).await.is_ok());
    assert_eq!(closed(hub.connect(Options { cookie: Some("wrong".to_owned()), ..Options::default() }).await), 4401);
}
