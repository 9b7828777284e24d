//! Bad input gets a clear answer that names what is wrong, and costs nobody else anything.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::{
    BINARY, CONTINUATION, Frame, RawSocket, TEXT, TestHub, TestNode, eventually, now, refusal, refused,
};
use futures_util::future::join_all;
use serde_json::json;
use shared::message::{ErrorCode, Outcome, Sent, ToNode};
use shared::transcript::Place;
use shared::wire::{MAX_FRAME, MAX_TEXT};

/// Two who talk while somebody else misbehaves.
struct Talkers {
    ana: TestNode,
    bob: TestNode,
    lines: u32,
}

impl Talkers {
    async fn at(hub: &TestHub) -> Self {
        Self { ana: hub.guest("ana").await, bob: hub.guest("bob").await, lines: 0 }
    }

    /// They go on talking, and have noticed nothing.
    async fn go_on(&mut self) {
        self.lines += 1;
        let text = format!("line {}", self.lines);
        self.ana.says("lobby", &text).await;
        self.bob.hears_text(&text).await;
        for talker in [&self.ana, &self.bob] {
            assert!(talker.lines().iter().all(|said| said.from == "ana"), "{:?}", talker.lines());
            let undisturbed = |message: &ToNode| matches!(message, ToNode::Entry(_) | ToNode::Presence(_));
            assert!(talker.heard().iter().all(undisturbed), "{:?}", talker.heard());
        }
    }
}

/// A hub, two who talk, and a third node, welcomed and in the lobby, that is about to misbehave.
async fn company() -> (TestHub, Talkers, RawSocket) {
    let hub = TestHub::start().await;
    let talkers = Talkers::at(&hub).await;
    let eve = hub.raw_guest("eve").await;
    (hub, talkers, eve)
}

#[tokio::test]
async fn what_is_no_message_gets_an_error_and_the_connection_stays() {
    let (_hub, mut talkers, mut eve) = company().await;
    let deep = "[".repeat(MAX_FRAME / 2);
    let too_long_an_id = format!(r#"{{"type":"list_rooms","id":"{}"}}"#, "x".repeat(65));
    let too_long_in_bytes = format!(r#"{{"type":"list_rooms","id":"{}"}}"#, "ä".repeat(33));
    for (what, frame) in [
        ("nothing", ""),
        ("no JSON", "hello?"),
        ("JSON cut short", r#"{"type":"say","id":"1","#),
        ("JSON and more", r#"{"type":"list_rooms","id":"1"} {}"#),
        ("a list", r#"[{"type":"list_rooms","id":"1"}]"#),
        ("a number", "42"),
        ("half of a character", r#"{"type":"say","id":"1","room":"lobby","text":"\ud800"}"#),
        ("a deep nest", &*deep),
        ("no type and no id", "{}"),
        ("an unknown type without an id", r#"{"type":"shout","text":"hi"}"#),
        ("no id", r#"{"type":"say","room":"lobby","text":"hi"}"#),
        ("an id that is no string", r#"{"type":"say","id":1,"room":"lobby","text":"hi"}"#),
        ("an empty id", r#"{"type":"list_rooms","id":""}"#),
        ("an id of 65 bytes", &*too_long_an_id),
        ("an id of 33 characters and 66 bytes", &*too_long_in_bytes),
    ] {
        eve.text(frame).await;
        let error = eve.error().await;
        assert_eq!(error.code, ErrorCode::BadMessage, "{what}");
        assert!((10..1_000).contains(&error.message.len()), "{what}: {}", error.message);
    }
    eve.stays().await;
    talkers.go_on().await;
}

#[tokio::test]
async fn a_request_that_is_none_is_answered_under_its_id() {
    let (_hub, mut talkers, mut eve) = company().await;
    for request in [
        json!({"id": "no type"}),
        json!({"type": 7, "id": "a type that is no string"}),
        json!({"type": "shout", "id": "an unknown type", "text": "hi"}),
        json!({"type": "say", "id": "a field missing", "room": "lobby"}),
        json!({"type": "say", "id": "a field of a wrong type", "room": "lobby", "text": 7}),
        json!({"type": "say", "id": "null", "room": "lobby", "text": null}),
        json!({"type": "history", "id": "a negative limit", "room": "lobby", "limit": -5}),
        json!({"type": "said", "id": "a message for nodes", "seq": 1, "at": 1, "room": "lobby", "from": "ana", "text": "hi"}),
        json!({"type": "Say", "id": "a capital letter", "room": "lobby", "text": "hi"}),
    ] {
        let id = request["id"].as_str().unwrap();
        eve.json(&request).await;
        let refusal = eve.refused(id).await;
        assert_eq!(refusal.code, ErrorCode::BadMessage, "{id}");
        assert!((10..1_000).contains(&refusal.message.len()), "{id}: {}", refusal.message);
    }
    eve.json(&json!({"type": "list_rooms", "id": "x".repeat(64)})).await;
    eve.ok(&"x".repeat(64)).await;
    talkers.go_on().await;
}

#[tokio::test]
async fn a_frame_as_long_as_allowed_is_taken_and_a_longer_one_closes() {
    let (hub, mut talkers, mut eve) = company().await;
    let padded = |length: usize| {
        let say = json!({"type": "say", "id": "long", "room": "garden", "text": "hi", "padding": ""}).to_string();
        say.replace(r#""padding":"""#, &format!(r#""padding":"{}""#, "x".repeat(length - say.len())))
    };
    assert_eq!(padded(MAX_FRAME).len(), MAX_FRAME);
    eve.text(&padded(MAX_FRAME)).await;
    assert_eq!(eve.refused("long").await.code, ErrorCode::NotInRoom);
    eve.text(&padded(MAX_FRAME + 1)).await;
    assert_eq!(eve.close_code().await, 1009);
    talkers.go_on().await;

    let mut in_parts = hub.raw_welcomed().await;
    for part in 0..3 {
        in_parts.frame(false, if part == 0 { TEXT } else { CONTINUATION }, &vec![b' '; MAX_FRAME / 2]).await;
    }
    assert_eq!(in_parts.close_code().await, 1009, "parts count together");

    let before_hello = hub.raw().await;
    let code = before_hello.frame_while_reading(TEXT, &vec![b' '; MAX_FRAME + 1]).await;
    assert_eq!(code, Some(1009));
    talkers.go_on().await;
}

/// The hub cannot just drop the socket: what it has not read would make TCP take back the close frame.
#[tokio::test]
async fn who_sends_far_too_much_still_learns_why_it_was_closed() {
    let (hub, mut talkers, eve) = company().await;
    let code = eve.frame_while_reading(TEXT, &vec![b'x'; 5 * 1024 * 1024]).await;
    assert_eq!(code, Some(1009));
    let eve = hub.raw_welcomed().await;
    let code = eve.frame_while_reading(BINARY, &vec![0; 5 * 1024 * 1024]).await;
    assert!(matches!(code, Some(1003 | 1009)), "{code:?}");
    talkers.go_on().await;
}

#[tokio::test]
async fn a_binary_frame_closes() {
    let (hub, mut talkers, mut eve) = company().await;
    eve.frame(true, BINARY, br#"{"type":"list_rooms","id":"1"}"#).await;
    assert_eq!(eve.close_code().await, 1003);
    let mut early = hub.raw().await;
    early.frame(true, BINARY, b"hello").await;
    assert_eq!(early.close_code().await, 1003);
    talkers.go_on().await;
}

#[tokio::test]
async fn text_that_is_not_utf_8_closes() {
    let (hub, mut talkers, mut eve) = company().await;
    eve.frame(true, TEXT, b"{\"type\":\"say\",\"id\":\"1\",\"room\":\"lobby\",\"text\":\"\xff\xfe\"}").await;
    assert_eq!(eve.close_code().await, 1007);
    let mut overlong = hub.raw_welcomed().await;
    overlong.frame(true, TEXT, b"\xc0\xaf").await;
    assert_eq!(overlong.close_code().await, 1007);
    let mut early = hub.raw().await;
    early.frame(true, TEXT, b"\xff").await;
    assert_eq!(early.close_code().await, 1007);
    talkers.go_on().await;
}

#[tokio::test]
async fn a_breach_of_the_websocket_protocol_closes() {
    let (hub, mut talkers, mut eve) = company().await;
    eve.bytes(b"\x81\x02hi").await; // not masked
    assert_eq!(eve.close_code().await, 1002);
    let mut reserved = hub.raw_welcomed().await;
    reserved.frame(true, 0x3, b"").await;
    assert_eq!(reserved.close_code().await, 1002);
    let mut continued = hub.raw_welcomed().await;
    continued.frame(true, CONTINUATION, b"of nothing").await;
    assert_eq!(continued.close_code().await, 1002);
    talkers.go_on().await;
}

#[tokio::test]
async fn before_the_hello_nothing_else_is_done() {
    let hub = TestHub::start().await;
    let mut talkers = Talkers::at(&hub).await;
    let mut early = hub.raw().await;
    early.json(&json!({"type": "connect", "id": "1", "nick": "eve"})).await;
    assert_eq!(early.refused("1").await.code, ErrorCode::NotConnected);
    early.text("hello?").await;
    assert_eq!(early.error().await.code, ErrorCode::BadMessage);
    early.json(&json!({"type": "hello", "cookie": hub.cookie()})).await;
    assert_eq!(early.error().await.code, ErrorCode::BadMessage, "a hello without a version is none");
    early.json(&json!({"type": "hello", "version": "1", "cookie": hub.cookie()})).await;
    assert_eq!(early.error().await.code, ErrorCode::BadMessage, "a version is a number");
    early.hello(&hub.cookie()).await;
    early.takes("eve").await;
    talkers.go_on().await;
}

#[tokio::test]
async fn a_second_hello_gets_an_error_and_changes_nothing() {
    let (hub, mut talkers, mut eve) = company().await;
    eve.json(&json!({"type": "hello", "version": 1, "cookie": hub.cookie(), "node": "another"})).await;
    assert_eq!(eve.error().await.code, ErrorCode::BadMessage);
    eve.json(&json!({"type": "hello", "version": 2, "cookie": "wrong"})).await;
    assert_eq!(eve.error().await.code, ErrorCode::BadMessage);
    eve.json(&json!({"type": "list_users", "id": "who"})).await;
    let users = eve.ok("who").await;
    assert!(users["users"].as_array().unwrap().iter().any(|user| user["nick"] == "eve"), "{users}");
    talkers.go_on().await;
}

#[tokio::test]
async fn another_version_closes_for_good() {
    let hub = TestHub::start().await;
    let mut talkers = Talkers::at(&hub).await;
    for version in [0, 2, u32::MAX] {
        let mut socket = hub.raw().await;
        socket.json(&json!({"type": "hello", "version": version, "cookie": hub.cookie()})).await;
        assert_eq!(socket.close_code().await, 4406, "version {version}");
    }
    talkers.go_on().await;
}

#[tokio::test]
async fn who_never_says_hello_is_asked_to_leave() {
    let hub = TestHub::start().await;
    let mut talkers = Talkers::at(&hub).await;
    let opened = Instant::now();
    let mut silent = hub.raw().await;
    let mut rude = hub.raw().await;
    rude.text("hello?").await;
    assert_eq!(rude.error().await.code, ErrorCode::BadMessage);

    assert_eq!(silent.close_code().await, 4408);
    assert!(opened.elapsed() >= Duration::from_secs(9), "the protocol gives 10 s, not {:?}", opened.elapsed());
    assert_eq!(rude.close_code().await, 4408, "what is no hello does not put it off");
    talkers.go_on().await;
}

#[tokio::test]
async fn more_than_twenty_bad_frames_in_a_minute_close() {
    let (_hub, mut talkers, mut eve) = company().await;
    for _ in 0..20 {
        eve.text("nonsense").await;
        eve.error().await;
    }
    eve.stays().await;
    eve.text("nonsense").await;
    assert_eq!(eve.close_code().await, 1008);
    talkers.go_on().await;
}

/// A ping is answered at any time, but who has shown no cookie cannot have the hub keep pongs for it without end.
#[tokio::test]
async fn who_only_pings_and_says_no_hello_is_cut_off() {
    let hub = TestHub::start().await;
    let mut eve = hub.raw().await;
    for number in 0..20 {
        eve.ping(&[number]).await;
        assert_eq!(eve.pong().await, [number]);
    }
    eve.ping(b"one more").await;
    assert_eq!(eve.close_code().await, 1008);
}

#[tokio::test]
async fn a_text_has_a_length() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    for empty in ["", " ", "\n\t \r\n", "\u{3000}\u{2003}"] {
        assert_eq!(refused(ana.say("lobby", empty).await), ErrorCode::TextEmpty, "{empty:?}");
    }
    let longest = "x".repeat(MAX_TEXT);
    assert_eq!(refused(ana.say("lobby", &format!("{longest}x")).await), ErrorCode::TextTooLong);
    let in_bytes = format!("{}ü", "x".repeat(MAX_TEXT - 1));
    assert_eq!(refused(ana.say("lobby", &in_bytes).await), ErrorCode::TextTooLong, "bytes are counted, not characters");

    let seq = ana.says("lobby", &longest).await;
    assert_eq!(bob.hears_seq(seq).await.text(), longest);
    let seq = ana.says("lobby", &format!("  {longest}\n\n")).await;
    assert_eq!(bob.hears_seq(seq).await.text(), longest, "counted after trimming");
    let escaped = "\u{1}".repeat(10_000); // 60 KB as JSON
    let seq = ana.says("lobby", &escaped).await;
    assert_eq!(bob.hears_seq(seq).await.text(), escaped);
    assert_eq!(bob.lines().len(), 3);
}

/// Says so many lines at once; returns how the hub answered each.
async fn flood(socket: &mut RawSocket, lines: usize) -> Vec<Outcome> {
    for n in 0..lines {
        socket.json(&json!({"type": "say", "id": format!("{n}"), "room": "lobby", "text": format!("flood {n}")})).await;
    }
    // A refusal is quicker than a disk: the answers come in no certain order.
    let mut answers = BTreeMap::new();
    while answers.len() < lines {
        if let ToNode::Reply(reply) = socket.message().await {
            answers.insert(reply.id.parse::<usize>().unwrap(), reply.outcome);
        }
    }
    answers.into_values().collect()
}

#[tokio::test]
async fn a_flood_is_dammed_for_its_owner_alone() {
    const RATE: u64 = 2; // lines a second, so that waiting for the next is short and a slow machine no help
    const BURST: usize = 10;
    let hub = TestHub::start_with(|config| config.rate_limit = Some(2)).await;
    let mut eve = hub.raw_guest("eve").await;
    let bob = hub.guest("bob").await;
    let before = now();
    let answers = flood(&mut eve, 3 * BURST).await;
    let after = now();

    let is_ok = |answer: &Outcome| matches!(answer, Outcome::Ok(_));
    let taken = answers.iter().filter(|answer| is_ok(answer)).count();
    let refilled = usize::try_from((after - before) * RATE / 1000 + 1).unwrap();
    assert!((BURST..=BURST + refilled).contains(&taken), "{taken} lines of a burst of {BURST}");
    assert!(answers[..BURST].iter().all(is_ok), "a burst is let through");
    let mut until = 0;
    for answer in answers {
        let Outcome::Error(refusal) = answer else { continue };
        assert_eq!(refusal.code, ErrorCode::RateLimited);
        until = refusal.until.expect("when the same line may be said");
        assert!((before..after + 2_000).contains(&until), "{until} at {after}");
    }

    // Others talk on, and hear of the flood what was let through.
    for n in 0..BURST {
        bob.says("lobby", &format!("bob {n}")).await;
    }
    let heard = bob.lines().into_iter().filter(|said| said.from == "eve").count();
    assert_eq!(heard, taken);

    // And the line may be sent again, under its id, when the time has come.
    let id = format!("{}", 3 * BURST - 1);
    let (at, seq) = eventually("the flood has run off", async || {
        eve.json(&json!({"type": "say", "id": id, "room": "lobby", "text": "in good time"})).await;
        match eve.reply(&id).await {
            Outcome::Ok(ok) => Some((now(), ok["seq"].as_u64().unwrap())),
            Outcome::Error(refusal) => {
                assert_eq!(refusal.code, ErrorCode::RateLimited);
                None
            }
        }
    })
    .await;
    assert!(at + 20 >= until, "let in at {at}, though {until} was said");
    assert_eq!(bob.hears_seq(seq).await.text(), "in good time");
}

#[tokio::test]
async fn a_paste_of_a_hundred_lines_is_no_flood() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut eve = hub.raw_guest("eve").await;
    let answers = flood(&mut eve, 100).await;
    assert!(answers.iter().all(|answer| matches!(answer, Outcome::Ok(_))));
    bob.hears_text("flood 99").await;
}

#[tokio::test]
async fn the_dam_is_the_owners_not_the_nodes() {
    let hub = TestHub::start_with(|config| config.rate_limit = Some(1)).await;
    let ana = hub.guest("ana").await;
    let phone = hub.second_node_of(&ana).await;
    let bob = hub.guest("bob").await;
    // All at once: however long the disk takes over each of them, they are too many.
    let flood = join_all((0..20).map(|_| ana.say("lobby", "and on"))).await;
    let until = flood.into_iter().filter(Result::is_err).filter_map(|line| refusal(line).until).max();
    let until = until.expect("some are refused until then");
    for asked in [phone.say("lobby", "from here?").await, phone.private_message("bob", "or so?").await] {
        match asked {
            Ok(_) => assert!(now() + 20 >= until, "not before its time"), // on a busy machine
            refused => assert_eq!(self::refused(refused), ErrorCode::RateLimited),
        }
    }
    bob.says("lobby", "I may").await;
}

#[tokio::test]
async fn coming_back_does_not_open_the_dam() {
    let hub = TestHub::start_with(|config| config.rate_limit = Some(1)).await;
    let bob = hub.guest("bob").await;
    let mut eve = hub.tab_of("eve").await;
    let before = Instant::now();
    for n in 0..5 {
        eve.says("lobby", &format!("{n}")).await;
    }
    let mut taken = 0;
    for _ in 0..20 {
        eve = eve.cut().resume().await;
        let say = |id| Place::Room("lobby".to_owned()).say(id, "and now?".to_owned());
        taken += u64::from(eve.ask::<Sent>(say).await.is_ok());
    }
    assert!(taken <= before.elapsed().as_secs() + 1, "{taken} in {:?}", before.elapsed());
    bob.says("lobby", "I may").await;
}

#[tokio::test]
async fn a_misbehaving_crowd_costs_the_others_nothing() {
    let (hub, mut talkers, _eve) = company().await;
    let crowd = (0..20).map(async |n: usize| {
        let mut socket = hub.raw_welcomed().await;
        match n % 5 {
            0 => socket.frame(true, BINARY, &[0; 100]).await,
            1 => socket.text(&"[".repeat(MAX_FRAME)).await,
            2 => socket.bytes(&[0xFF; 1000]).await,
            3 => socket.frame(false, TEXT, b"{").await, // and nothing more
            _ => {
                for _ in 0..30 {
                    socket.text("nonsense").await;
                }
            }
        }
        socket
    });
    let mut sockets = Vec::new();
    for one in crowd {
        sockets.push(one.await);
        talkers.go_on().await;
    }
    for (n, socket) in sockets.iter_mut().enumerate() {
        match n % 5 {
            0 => assert_eq!(socket.close_code().await, 1003),
            2 => assert_eq!(socket.close_code().await, 1002),
            4 => assert_eq!(socket.close_code().await, 1008),
            _ => {}
        }
    }
    while let Some(mut socket) = sockets.pop() {
        if sockets.len() % 5 == 3 {
            socket.frame(true, CONTINUATION, br#""type":"list_rooms","id":"1"}"#).await;
            socket.ok("1").await;
        } else if sockets.len() % 5 == 1 {
            assert!(!matches!(socket.next().await, Frame::End));
        }
    }
    talkers.go_on().await;
}
