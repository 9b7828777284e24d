//! How far a person has read is the person's, not a node's: kept by the hub for the owner of the nick, told to all
//! of their nodes, and the same after a restart.

use std::time::Duration;

use crate::support::{Tab, TestHub, TestNode, eventually};
use serde_json::json;
use shared::message::{Done, ErrorCode, Refusal, ToHub, ToNode};

/// What a new node of a person is told of the lobby: read up to where, and how many are unread.
async fn lobby(hub: &TestHub, tab: &Tab) -> (u64, u32) {
    let connected = hub.further_tab_of(&tab.connected().nick, Some(&tab.token())).await.connected().clone();
    (connected.read, connected.unread)
}

/// What it is told of a conversation: its newest entry, read up to where, and how many are unread.
async fn talk(hub: &TestHub, tab: &Tab, with: &str) -> Option<(u64, u64, u32)> {
    let connected = hub.further_tab_of(&tab.connected().nick, Some(&tab.token())).await.connected().clone();
    let talk = connected.conversations.into_iter().find(|talk| talk.with == with)?;
    Some((talk.seq, talk.read, talk.unread))
}

async fn says_many<const N: usize>(node: &TestNode, room: &str) -> [u64; N] {
    let mut seqs = [0; N];
    for seq in &mut seqs {
        *seq = node.says(room, "a line").await;
    }
    seqs
}

/// The places and positions that a node was told its person has read, elsewhere.
fn told(tab: &Tab) -> Vec<(Option<&str>, Option<&str>, u64)> {
    let read = |message| match message {
        &ToNode::Read { ref room, ref with, seq } => Some((room.as_deref(), with.as_deref(), seq)),
        _ => None,
    };
    tab.heard().iter().filter_map(read).collect()
}

#[tokio::test]
async fn who_comes_for_the_first_time_has_read_what_was_said_before() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    let [.., before] = says_many::<3>(&bob, "lobby").await;
    says_many::<2>(&bob, "garden").await;
    let mut ana = hub.tab_of("ana").await;
    assert!(ana.connected().read >= before);
    assert_eq!(ana.connected().unread, 0);
    let joined = ana.joins("garden").await;
    assert!(joined.read > before && joined.unread == 0, "{joined:?}");

    // What is said from then on is unread, also where a node heard it, until the person says so.
    let read = ana.connected().read;
    let [_, last] = says_many::<2>(&bob, "lobby").await;
    ana.hears_seq(last).await;
    assert_eq!(lobby(&hub, &ana).await, (read, 2));
}

#[tokio::test]
async fn reading_moves_the_position_and_ones_own_lines_are_never_unread() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    let [first, ..] = says_many::<3>(&bob, "lobby").await;
    ana.says("lobby", "her own").await;
    let phone = hub.further_tab_of("ana", Some(&ana.token())).await;
    assert_eq!(phone.connected().unread, 3);
    ana.reads_room("lobby", first).await;
    assert_eq!(lobby(&hub, &ana).await, (first, 2));
    let last = ana.says("lobby", "her own again").await;
    assert_eq!(lobby(&hub, &ana).await, (first, 2), "to speak is not to read");
    ana.reads_room("#LOBBY", last).await;
    assert_eq!(lobby(&hub, &ana).await, (last, 0));
}

#[tokio::test]
async fn it_is_kept_for_each_room_while_one_is_not_there() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("garden").await;
    let [first, _] = says_many::<2>(&bob, "garden").await;
    says_many::<4>(&bob, "lobby").await;
    ana.reads_room("garden", first).await;
    ana.leaves("garden").await;
    says_many::<2>(&bob, "garden").await;
    let joined = ana.joins("garden").await;
    assert_eq!((joined.read, joined.unread), (first, 3));
    assert_eq!(lobby(&hub, &ana).await.1, 4, "of the other room nothing was read");
}

#[tokio::test]
async fn whispers_wait_unread_for_who_is_not_here() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    let token = ana.token();
    ana.disconnects().await;
    let first = bob.whispers("ana", "one").await.seq;
    let second = bob.whispers("ana", "two").await.seq;
    ana.takes("ana", Some(&token)).await;
    assert_eq!(talk(&hub, &ana, "bob").await, Some((second, 0, 2)));

    let answer = ana.whispers("bob", "three").await.seq;
    assert_eq!(talk(&hub, &ana, "bob").await, Some((answer, 0, 2)), "one's own is never unread");
    ana.reads_talk_with("BOB", first).await;
    assert_eq!(talk(&hub, &ana, "bob").await, Some((answer, first, 1)));
    ana.reads_talk_with("bob", answer).await;
    assert_eq!(talk(&hub, &ana, "bob").await, Some((answer, answer, 0)));
    let mut bobs = hub.further_tab_of("bob", Some(bob.token())).await;
    assert_eq!(talk(&hub, &bobs, "ana").await, Some((answer, 0, 1)), "what she read, he has not");

    let own = bobs.whispers("bob", "milk, eggs").await.seq;
    assert_eq!(talk(&hub, &bobs, "bob").await, Some((own, 0, 0)));
    ana.reads_talk_with("ana", own).await; // with whom one never talked, there is nothing to have read
    assert_eq!(talk(&hub, &ana, "ana").await, None);
}

#[tokio::test]
async fn ones_other_nodes_are_told_and_nobody_else() {
    let hub = TestHub::start().await;
    let mut bob = hub.tab_of("bob").await;
    let mut laptop = hub.tab_of("ana").await;
    let mut phone = hub.further_tab_of("ana", Some(&laptop.token())).await;
    laptop.joins("Garden").await; // the phone is not there, and is told all the same
    bob.joins("garden").await;
    let (said, whispered) = (bob.says("garden", "psst").await, bob.whispers("ana", "psst").await.seq);
    laptop.reads_room("garden", said).await;
    phone.reads_talk_with("bob", whispered).await;
    laptop.reads_talk_with("bob", whispered).await; // no news
    let fence = bob.says("lobby", "fence").await;
    for tab in [&mut laptop, &mut phone, &mut bob] {
        tab.hears_seq(fence).await;
    }
    assert_eq!(told(&phone), [(Some("Garden"), None, said)]);
    assert_eq!(told(&laptop), [(None, Some("bob"), whispered)]);
    assert_eq!(told(&bob), []);
}

#[tokio::test]
async fn it_never_moves_back_nor_ahead_of_the_log() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut laptop = hub.tab_of("ana").await;
    let mut phone = hub.further_tab_of("ana", Some(&laptop.token())).await;
    let [first, second, third] = says_many::<3>(&bob, "lobby").await;
    for seq in [second, first, 0, second] {
        laptop.reads_room("lobby", seq).await;
        assert_eq!(lobby(&hub, &laptop).await, (second, 1));
    }
    laptop.reads_room("lobby", u64::MAX).await;
    let head = bob.whispers("ana", "psst").await.seq;
    let (read, unread) = lobby(&hub, &laptop).await;
    assert!((third..head).contains(&read) && unread == 0, "{read}, {unread}");
    laptop.reads_talk_with("bob", u64::MAX).await;
    assert_eq!(talk(&hub, &laptop, "bob").await.unwrap().2, 0);

    let new = bob.says("lobby", "new").await;
    let newer = bob.whispers("ana", "newer").await.seq;
    assert_eq!(lobby(&hub, &laptop).await, (read, 1), "what nobody had said could not be read");
    assert_eq!(talk(&hub, &laptop, "bob").await.map(|(seq, _, unread)| (seq, unread)), Some((newer, 1)));
    phone.hears_seq(newer).await;
    let of_lobby: Vec<u64> = told(&phone).iter().filter(|told| told.0.is_some()).map(|told| told.2).collect();
    assert_eq!(of_lobby, [second, read], "only what moved it is told");
    assert!(told(&phone).iter().all(|told| told.2 < new));
}

#[tokio::test]
async fn it_is_kept_over_a_restart() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    let [_, second, _] = says_many::<3>(&bob, "lobby").await;
    let whispered = bob.whispers("ana", "one").await.seq;
    let latest = bob.whispers("ana", "two").await.seq;
    ana.reads_room("lobby", second).await;
    ana.reads_talk_with("bob", whispered).await;
    let hub = hub.restart().await;
    assert_eq!(lobby(&hub, &ana).await, (second, 1));
    assert_eq!(talk(&hub, &ana, "bob").await, Some((latest, whispered, 1)));
}

#[tokio::test]
async fn it_is_counted_up_to_a_thousand() {
    let hub = TestHub::start_unlimited().await;
    let ana = hub.tab_of("ana").await;
    let mut bob = hub.tab_of("bob").await;
    bob.says_all("lobby", (0..999).map(|n| format!("{n}"))).await;
    assert_eq!(lobby(&hub, &ana).await.1, 999);
    bob.says_all("lobby", (0..100).map(|n| format!("{n}"))).await;
    assert_eq!(lobby(&hub, &ana).await.1, 1_000);
}

#[tokio::test]
async fn a_nick_that_changes_hands_takes_no_reading_along() {
    let hub = TestHub::start_with(|config| config.nick_ttl = Duration::from_millis(200)).await;
    let bob = hub.guest("bob").await;
    let mut first = hub.tab_of("ana").await;
    let [seq, ..] = says_many::<3>(&bob, "lobby").await;
    bob.whispers("ana", "psst").await;
    first.reads_room("lobby", seq).await;
    first.disconnects().await;
    let second = hub.node().await;
    let connected = eventually("ana falls free", async || second.connect_nick("ana", None).await.ok()).await;
    assert!(connected.read > seq && connected.unread == 0 && connected.conversations.is_empty(), "{connected:?}");
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    bob.joins("garden").await;
    let mut ana = hub.tab_of("ana").await;
    let mut nameless = hub.tab().await;
    let read = async |tab: &mut Tab, room: Option<&str>, with: Option<&str>| {
        let (room, with) = (room.map(str::to_owned), with.map(str::to_owned));
        let done: Result<Done, Refusal> = tab.ask(|id| ToHub::Read { id, room, with, seq: 1 }).await;
        done.expect_err("a refusal").code
    };
    for room in ["garden", "nowhere", ""] {
        assert_eq!(read(&mut ana, Some(room), None).await, ErrorCode::NotInRoom, "{room:?}");
    }
    for nick in ["nobody-here", "server", "two words", ""] {
        assert_eq!(read(&mut ana, None, Some(nick)).await, ErrorCode::NoSuchNick, "{nick:?}");
    }
    assert_eq!(read(&mut ana, None, None).await, ErrorCode::BadMessage);
    assert_eq!(read(&mut ana, Some("lobby"), Some("bob")).await, ErrorCode::BadMessage);
    for (room, with) in [(Some("lobby"), None), (None, Some("bob"))] {
        assert_eq!(read(&mut nameless, room, with).await, ErrorCode::NotConnected);
    }
    for (id, seq) in [("negative", json!(-1)), ("text", json!("1")), ("half", json!(1.5)), ("none", json!(null))] {
        let socket = ana.socket();
        socket.json(&json!({"type": "read", "id": id, "room": "lobby", "seq": seq})).await;
        assert_eq!(socket.refused(id).await.code, ErrorCode::BadMessage, "{id}");
    }
}
