//! What a session promises, one by one. Its `model` holds it to the general ones throughout:
//! hello first and once, nothing before the welcome, one socket, one connect, waits of 0.25 to 15 s.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use model::{ME, START, World, lobby, settings};
use shared::entry::Entry;
use shared::message::{ErrorCode, Refusal, ToHub, ToNode};
use shared::session::{Delivery, Phase, Response, Session, Settings};
use shared::wire;

// --- opening ---

#[test]
fn it_says_hello_then_connects_then_joins_its_rooms() {
    let rooms = vec!["den".to_owned(), "attic".to_owned()];
    let hello = Settings {
        cookie: Some("c".to_owned()),
        node: Some("tab".to_owned()),
        kind: Some("tab".to_owned()),
        rooms,
        ..settings()
    };
    let mut world = World::new(hello);
    world.hub.cookie = Some("c".to_owned());
    world.flow();
    assert_eq!(world.phases, [Phase::Connecting, Phase::Online]);
    let hello = &world.hub.hellos[0];
    assert_eq!((hello.version, hello.node.as_deref(), hello.kind.as_deref()), (1, Some("tab"), Some("tab")));
    assert_eq!((&hello.session, hello.after), (&None, None), "there is nothing to resume");
    assert!(matches!(&world.hub.requests[..], [
        ToHub::Connect { nick, token: None, .. },
        ToHub::Join { room: first, .. },
        ToHub::Join { room: second, .. },
    ] if nick == ME && first == "den" && second == "attic"));
    assert_eq!(world.session.rooms().collect::<Vec<_>>(), ["den", "attic", "lobby"]);
    assert_eq!(world.session.token(), Some("token-dr00"));
}

#[test]
fn without_a_nick_it_is_online_and_waits_for_one() {
    let mut world = World::online(Settings { nick: None, ..settings() });
    assert_eq!(world.session.nick(), None);
    assert_eq!(world.say("lobby", "hi").unwrap_err().code, ErrorCode::NotConnected);
    let id = world.ask(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).unwrap();
    world.flow();
    assert!(matches!(world.answer(&id), Ok(Response::Connected(connected)) if connected.nick == "eve"));
    assert_eq!((world.session.nick(), world.session.token()), (Some("eve"), Some("token-eve")));
}

#[test]
fn a_nick_asked_for_before_there_is_a_connection_is_asked_for_after() {
    let mut world = World::new(Settings { nick: None, ..settings() });
    let id = world.ask(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).unwrap();
    world.cut(1006);
    world.wait(15_000, true);
    world.flow();
    assert!(world.answer(&id).is_ok());
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn another_nick_replaces_a_wish_that_was_not_sent_yet() {
    let mut world = World::new(Settings { nick: None, ..settings() });
    let first = world.ask(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).unwrap();
    let second = world.ask(|id| ToHub::Connect { id, nick: "eva".to_owned(), token: None }).unwrap();
    world.flow();
    assert_eq!(world.refused(&first), ErrorCode::Unavailable);
    assert!(world.answer(&second).is_ok());
    assert_eq!(world.session.nick(), Some("eva"));
}

#[test]
fn a_nick_refused_to_a_person_leaves_them_to_choose() {
    let mut world = World::online(Settings { nick: None, ..settings() });
    world.hub.refusals.push_back(Refusal::new(ErrorCode::NickInUse, "Taken."));
    let id = world.ask(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).unwrap();
    world.flow();
    assert_eq!(world.refused(&id), ErrorCode::NickInUse);
    assert_eq!((world.session.phase(), world.session.nick()), (Phase::Online, None));
}

#[test]
fn a_nick_lost_while_away_fails_what_was_to_be_said_as_it() {
    let mut world = World::online(settings());
    world.cut(1006);
    world.hub.forget();
    let id = world.say("lobby", "hi").unwrap();
    world.hub.refusals.push_back(Refusal::new(ErrorCode::NickInUse, "Taken."));
    world.wait(15_000, true);
    world.flow();
    assert_eq!(world.refused(&id), ErrorCode::NickInUse);
    assert_eq!((world.session.nick(), world.session.token(), world.session.unsent()), (None, None, 0));
    assert_eq!(world.session.phase(), Phase::Online, "a person may take another");
}

#[test]
fn what_is_refused_for_now_is_asked_again_in_silence() {
    let mut world = World::new(settings());
    world.hub.refusals.push_back(Refusal::new(ErrorCode::Unavailable, "The disk is full."));
    world.hub.refusals.push_back(Refusal::until(ErrorCode::RateLimited, "Too fast.", START + 900));
    world.flow();
    assert_eq!(world.session.phase(), Phase::Connecting);
    world.wait(999, true);
    world.flow();
    assert_eq!(world.hub.requests.len(), 1, "not before the pause is over");
    world.settle();
    assert_eq!(world.session.nick(), Some(ME));
    let refusals = world.deliveries.iter().filter(|told| matches!(told, Delivery::Answered { answer: Err(_), .. }));
    assert_eq!(refusals.count(), 0);
}

// --- other requests ---

#[test]
fn other_requests_end_with_the_connection() {
    let mut world = World::online(settings());
    let id = world.ask(|id| ToHub::ListRooms { id }).unwrap();
    world.cut(1006);
    assert_eq!(world.refused(&id), ErrorCode::Unavailable);
    let refusal = world.ask(|id| ToHub::ListRooms { id }).unwrap_err();
    assert!(refusal.message.contains("no connection"), "{}", refusal.message);
    world.settle();
    let id = world.ask(|id| ToHub::ListRooms { id }).unwrap();
    world.flow();
    assert!(matches!(world.answer(&id), Ok(Response::Rooms(_))));
}

#[test]
fn each_answer_is_of_its_request() {
    let mut world = World::online(settings());
    let users = world.ask(|id| ToHub::ListUsers { id, room: None }).unwrap();
    let ping = world.ask(|id| ToHub::Ping { id, node: "hub@den".to_owned() }).unwrap();
    let page = world.ask(|id| lobby().history(id, None, None, 50)).unwrap();
    let cursors = world.ask(|id| ToHub::Cursors { id, room: Some("lobby".to_owned()), with: None }).unwrap();
    let leave = world.ask(|id| ToHub::Leave { id, room: "lobby".to_owned() }).unwrap();
    world.flow();
    assert!(matches!(world.answer(&cursors), Ok(Response::Cursors(cursors)) if cursors.nodes == 1));
    assert!(matches!(world.answer(&users), Ok(Response::Users(users)) if users.users.len() == 1));
    assert!(matches!(world.answer(&ping), Ok(Response::Pinged(_))));
    assert!(matches!(world.answer(&page), Ok(Response::Page(page)) if !page.more));
    assert!(matches!(world.answer(&leave), Ok(Response::Done)));
}

#[test]
fn a_request_without_an_answer_fails_and_a_line_without_one_is_sent_anew() {
    let mut world = World::online(settings());
    let list = world.ask(|id| ToHub::ListRooms { id }).unwrap();
    let line = world.say("lobby", "hi").unwrap();
    let socket = world.socket();
    for _ in 0..7 {
        // The hub lives, but answers nothing.
        let sign = wire::encode(&ToNode::Synced { seq: 0 });
        world.receive(socket.unwrap(), &sign);
        world.wait(8_000, true);
    }
    assert_eq!(world.socket(), socket);
    world.wait(4_000, true);
    assert_eq!(world.refused(&list), ErrorCode::Unavailable);
    assert_eq!(world.socket(), None, "given up");
    world.settle();
    assert!(world.answer(&line).is_ok());
    assert_eq!(world.said(), ["hi"]);
}

#[test]
fn an_answer_that_cannot_be_read_is_a_refusal() {
    let mut world = World::online(settings());
    let id = world.ask(|id| ToHub::ListRooms { id }).unwrap();
    world.receive(world.socket().unwrap(), &format!(r#"{{"type":"reply","id":"{id}","ok":{{"rooms":7}}}}"#));
    assert_eq!(world.refused(&id), ErrorCode::BadMessage);
}

#[test]
fn what_the_session_says_by_itself_cannot_be_asked() {
    let mut world = World::online(settings());
    let read = world.ask(|id| ToHub::Read { id, room: Some("lobby".to_owned()), with: None, seq: 1 });
    let ack = world.ask(|_| ToHub::Ack { seq: 1 });
    let hello = world.ask(|_| ToHub::Hello(shared::message::Hello::default()));
    for refused in [read, ack, hello] {
        assert_eq!(refused.unwrap_err().code, ErrorCode::BadMessage);
    }
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn leaving_lets_go_of_the_nick_with_and_without_a_connection() {
    for connected in [true, false] {
        let mut world = World::online(settings());
        if !connected {
            world.cut(1006);
            world.say("lobby", "too late").unwrap();
        }
        let id = world.ask(|id| ToHub::Disconnect { id }).unwrap();
        world.flow();
        assert!(matches!(world.answer(&id), Ok(Response::Done)));
        assert_eq!((world.session.nick(), world.session.rooms().count(), world.session.unsent()), (None, 0, 0));
        world.settle();
        assert_eq!(world.session.nick(), None, "and does not come back with it");
        assert!(world.said().is_empty());
    }
}

// --- not wanted ---

#[test]
fn a_wrong_cookie_asks_for_another() {
    let mut world = World::new(Settings { cookie: None, ..settings() });
    world.hub.cookie = Some("right".to_owned());
    world.flow();
    let Phase::CookieWanted { why } = world.session.phase() else { panic!("no cookie wanted") };
    assert!(why.contains("wants a cookie"), "{why}");
    world.session.give_cookie(world.now, "wrong".to_owned());
    world.drive();
    world.flow();
    let Phase::CookieWanted { why } = world.session.phase() else { panic!("no cookie wanted") };
    assert!(why.contains("is wrong"), "{why}");
    world.wait(3_600_000, true);
    assert_eq!(world.hub.hellos.len(), 2, "it does not try by itself");
    world.session.give_cookie(world.now, "right".to_owned());
    world.drive();
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn codes_that_say_do_not_come_back_stop_it_with_a_reason() {
    for (code, word) in [
        (4406, "version"),
        (4409, "Another tab"),
        (4429, "Too many wrong cookies"),
        (1008, "nonsense"),
        (1009, "too large"),
        (4499, "4499"),
    ] {
        let mut world = World::online(settings());
        let id = world.say("lobby", "kept").unwrap();
        let socket = world.socket().unwrap();
        world.cut(code);
        let Phase::Refused { why } = world.session.phase() else { panic!("{code} does not stop it") };
        assert!(why.contains(word), "{code}: {why}");
        world.session.closed(world.now, socket, 1006, "");
        world.session.online(world.now);
        world.drive();
        world.wait(3_600_000, true);
        assert!(matches!(world.session.phase(), Phase::Refused { .. }), "nor does anything but a person");
        world.session.retry(world.now);
        world.drive();
        world.flow();
        assert_eq!(world.session.phase(), Phase::Online);
        assert!(world.answer(&id).is_ok(), "and what was typed is still there");
    }
    // 4408 says that no hello came in time: the device slept before it could say it.
    for code in [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000, 4001, 4002, 4399, 4408] {
        let mut world = World::online(settings());
        world.cut(code);
        assert!(world.waiting() <= 500, "{code}");
    }
}

#[test]
fn the_hubs_own_reason_is_shown() {
    let mut world = World::new(settings());
    world.open();
    let socket = world.socket().unwrap();
    world.session.closed(world.now, socket, 4499, "The house is full.");
    let Phase::Refused { why } = world.session.phase() else { panic!("does not stop") };
    assert!(why.ends_with("It says: “The house is full.”"), "{why}");
}

#[test]
fn stopped_it_is_idle_and_can_start_again() {
    let mut world = World::online(settings());
    world.session.stop(world.now);
    world.drive();
    assert_eq!((world.session.phase(), world.session.wake_at(), world.socket()), (Phase::Idle, None, None));
    world.session.start(world.now);
    world.drive();
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

// --- what it lets out ---

#[test]
fn effects_show_no_secret_when_printed() {
    let mut session = Session::new(Settings { cookie: Some("s3cret".to_owned()), ..settings() });
    session.start(START);
    session.opened(START, 1);
    let mut printed = String::new();
    while let Some(effect) = session.effect() {
        printed.push_str(&format!("{effect:?} "));
    }
    assert!(printed.contains("Send") && !printed.contains("s3cret"), "{printed}");
}

#[test]
fn what_is_heard_is_delivered_and_moves_the_position() {
    let mut world = World::online(settings());
    let seq = world.other_says(Some("lobby"), "hello");
    world.flow();
    assert_eq!(world.session.position().seq, seq);
    assert!(matches!(world.deliveries.last(), Some(Delivery::Heard(Entry::Said(said))) if said.text == "hello"));
    let complaint = wire::encode(&ToNode::Error(Refusal::new(ErrorCode::BadMessage, "What?")));
    world.receive(world.socket().unwrap(), &complaint);
    assert!(matches!(world.deliveries.last(), Some(Delivery::Complaint(refusal)) if refusal.message == "What?"));
}
