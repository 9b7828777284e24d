//! A nick belongs to whoever holds its token; it is not taken from them, not imitated, and falls
//! free by itself when its owner has been away for long.

use std::time::Duration;

use crate::support::{TestHub, eventually, now, refusal, refused};
use node::Talk;
use shared::message::ErrorCode;

#[tokio::test]
async fn a_nick_is_one_owners() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let other = hub.node().await;
    let refusal = refusal(other.connect_nick("ana", None).await);
    assert_eq!(refusal.code, ErrorCode::NickInUse);
    let day = 24 * 60 * 60 * 1000;
    let until = refusal.until.expect("the time when it falls free");
    assert!(until.abs_diff(now() + day) < 60_000, "a day from when its owner was last seen, not {until}");
    assert_eq!(refused(other.connect_nick("ana", Some("guessed")).await), ErrorCode::NickInUse);
    assert_eq!(refused(other.connect_nick("ana", Some("")).await), ErrorCode::NickInUse);

    // Being refused is not the end.
    other.connect_nick("bob", None).await.unwrap();
    ana.says("lobby", "hello bob").await;
}

#[tokio::test]
async fn the_token_adds_nodes() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let phone = hub.second_node_of(&ana).await;
    assert_eq!(phone.token(), ana.token(), "one owner, one token");
    assert_eq!(
        phone.connected().users.iter().map(|user| (user.nick.as_str(), user.nodes)).collect::<Vec<_>>(),
        [("ana", 2)]
    );
    phone.says("lobby", "from the phone").await;
    assert_eq!(ana.hears_text("from the phone").await.from, "ana");

    // Each node has rooms of its own, and goes by itself.
    phone.joins("garden").await;
    assert_eq!(refused(ana.say("garden", "hi").await), ErrorCode::NotInRoom);
    phone.close().await;
    eventually("the phone is gone", async || (ana.list_users(None).await.unwrap().users[0].nodes == 1).then_some(()))
        .await;
    ana.says("lobby", "still here").await;
}

#[tokio::test]
async fn neither_case_nor_likeness_makes_another_nick() {
    let hub = TestHub::start().await;
    let _ana = hub.guest("ana").await;
    let _warn = hub.guest("warn").await;
    let _bill = hub.guest("Bill").await;
    let other = hub.node().await;
    for alike in ["Ana", "ANA", "аna" /* Cyrillic а */, "аnа", "ɑna", "ａｎａ", "wam", "WARN", "BiIl"] {
        let refusal = refusal(other.connect_nick(alike, None).await);
        assert_eq!(refusal.code, ErrorCode::NickInUse, "{alike}: {refusal:?}");
        assert!(refusal.until.is_some_and(|until| until > now()), "{alike}: {refusal:?}");
    }
    other.connect_nick("anna", None).await.expect("another nick is another nick");
}

#[tokio::test]
async fn the_owner_may_write_it_otherwise() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let mut phone = hub.node().await;
    phone.takes("ANA", Some(ana.token())).await;
    phone.says("lobby", "me").await;
    assert_eq!(ana.hears_text("me").await.from, phone.nick(), "one nick is shown one way");
}

#[tokio::test]
async fn reserved_nicks_are_nobodys() {
    let hub = TestHub::start().await;
    let node = hub.node().await;
    for nick in ["server", "Server", "SYSTEM", "hub", "ѕerver" /* Cyrillic ѕ */, "admin"] {
        assert_eq!(refused(node.connect_nick(nick, None).await), ErrorCode::NickNotAllowed, "{nick}");
    }
}

#[tokio::test]
async fn a_nick_can_be_read_and_typed() {
    let hub = TestHub::start().await;
    let mut node = hub.node().await;
    let long = "x".repeat(33);
    let very_long = "ä".repeat(30_000);
    for (what, nick) in [
        ("empty", ""),
        ("blank", " \t "),
        ("a control character", "an\u{7}a"),
        ("a line break", "an\na"),
        ("a NUL", "ana\u{0}"),
        ("zero width", "an\u{200b}a"),
        ("a joiner", "an\u{200d}a"),
        ("turned round", "an\u{202e}a"),
        ("an isolate", "\u{2066}ana"),
        ("a soft hyphen", "an\u{ad}a"),
        ("a byte order mark", "\u{feff}ana"),
        ("a Hangul filler", "\u{3164}"),
        ("a blank Braille pattern", "\u{2800}"),
        ("tags", "ana\u{e0041}"),
        ("only combining", "\u{301}\u{302}"),
        ("a tower of accents", "a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}"),
        ("a space", "an a"),
        ("a slash", "/ana"),
        ("a colon", "an:a"),
        ("a sign of rooms", "#ana"),
        ("only signs", "-._"),
        ("a private use character", "an\u{e000}a"),
        ("a noncharacter", "an\u{ffff}a"),
        ("33 characters", &*long),
        ("60 KB", &*very_long),
    ] {
        assert_eq!(refused(node.connect_nick(nick, None).await), ErrorCode::NickInvalid, "{what}");
    }
    for nick in ["dr00", "Ana-Lucía_2.0", "日本語", "Ольга", "نور", "x", &"x".repeat(32), &"ü".repeat(32)]
    {
        assert_eq!(node.takes(nick, None).await.nick, nick);
    }
    assert_eq!(node.takes("  trimmed  ", None).await.nick, "trimmed");
}

#[tokio::test]
async fn disconnecting_keeps_it_for_its_token() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let token = ana.token().to_owned();
    ana.disconnect().await.unwrap();
    let other = hub.node().await;
    let refusal = refusal(other.connect_nick("ana", None).await);
    assert_eq!(refusal.code, ErrorCode::NickInUse);
    assert!(refusal.until.is_some_and(|until| until > now()));
    assert_eq!(other.connect_nick("ana", Some(&token)).await.unwrap().token, token);
}

#[tokio::test]
async fn it_is_kept_over_a_restart() {
    let hub = TestHub::start().await;
    let token = hub.guest("ana").await.token().to_owned();
    let hub = hub.restart().await;
    let other = hub.node().await;
    assert_eq!(refused(other.connect_nick("ana", None).await), ErrorCode::NickInUse);
    assert_eq!(refused(other.connect_nick("аna" /* Cyrillic а */, None).await), ErrorCode::NickInUse);
    assert_eq!(other.connect_nick("ana", Some(&token)).await.unwrap().nick, "ana");
}

#[tokio::test]
async fn it_falls_free_when_its_owner_stays_away_and_not_before() {
    let times = |config: &mut hub::Config| {
        config.nick_ttl = Duration::from_millis(600);
        config.lease = Duration::from_millis(100);
    };
    let hub = TestHub::start_with(times).await;
    let ana = hub.guest("ana").await;
    let stays = hub.guest("stays").await;
    let away_since = now();
    ana.close().await;

    let other = hub.node().await;
    let freed = eventually("ana falls free", async || match other.connect_nick("ana", None).await {
        Ok(connected) => Some(connected),
        refused => {
            let refusal = refusal(refused);
            assert_eq!(refusal.code, ErrorCode::NickInUse);
            let until = refusal.until.expect("the time when it falls free");
            assert!((away_since..now() + 1_000).contains(&until), "{until} at {}", now());
            None
        }
    })
    .await;
    assert!(now() >= away_since + 600, "a nick is kept for its time");
    assert_ne!(freed.token, ana.token());

    let late = hub.node().await;
    assert_eq!(
        refused(late.connect_nick("ana", Some(ana.token())).await),
        ErrorCode::NickInUse,
        "the old token is worth nothing"
    );
    assert_eq!(
        refused(late.connect_nick("stays", None).await),
        ErrorCode::NickInUse,
        "who is here keeps the nick for however long"
    );
    stays.says("lobby", "still mine").await;
}

#[tokio::test]
async fn it_stays_with_the_last_node_and_with_who_is_back_for_however_long() {
    let times = |config: &mut hub::Config| {
        config.nick_ttl = Duration::from_millis(300);
        config.lease = Duration::ZERO;
    };
    let hub = TestHub::start_with(times).await;
    let watcher = hub.guest("watcher").await;
    let mut laptop = hub.tab_of("ana").await;
    let token = laptop.token();
    let phone = hub.further_tab_of("ana", Some(&token)).await;
    let _tablet = hub.further_tab_of("ana", Some(&token)).await;
    let returning = hub.tab_of("cid").await;
    watcher.hears_joined("lobby", "cid").await;
    laptop.disconnects().await;
    phone.cut();
    let memory = returning.cut();
    watcher.hears_left("lobby", "cid").await;
    let _returned = memory.resume().await;

    // Who let go of a nick after all of that loses it; the others do not.
    let marker = hub.guest("marker").await;
    marker.disconnect().await.unwrap();
    let other = hub.node().await;
    eventually("marker falls free", async || other.connect_nick("marker", None).await.ok()).await;
    for nick in ["ana", "cid"] {
        assert_eq!(refused(other.connect_nick(nick, None).await), ErrorCode::NickInUse, "{nick}");
    }
}

#[tokio::test]
async fn changing_hands_takes_nothing_along() {
    let times = |config: &mut hub::Config| {
        config.nick_ttl = Duration::from_millis(300);
        config.lease = Duration::ZERO;
    };
    let hub = TestHub::start_with(times).await;
    let first = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    first.whispers("bob", "my secret").await;
    bob.whispers("ana", "is safe").await;
    let said = first.say_as("id-1", "lobby", "the first ana").await.unwrap();
    first.close().await;

    let second = hub.node().await;
    let connected = eventually("ana falls free", async || second.connect_nick("ana", None).await.ok()).await;
    assert_eq!(connected.conversations, [], "no conversation comes along");
    assert_eq!(second.whole_history(Talk::With("bob")).await, [], "no private message comes along");

    let again = second.say_as("id-1", "lobby", "the second ana").await.unwrap();
    assert_ne!(again.seq, said.seq, "an id belongs to the owner, not to the string");
    assert_eq!(bob.hears_seq(again.seq).await.text(), "the second ana");

    let sent = bob.whispers("ana", "who are you?").await;
    let now_theirs = second.whole_history(Talk::With("bob")).await;
    assert_eq!(now_theirs.iter().map(shared::entry::Entry::seq).collect::<Vec<_>>(), [sent.seq]);
}
