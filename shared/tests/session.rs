//! What a session promises, one by one. Its `model` holds it to the general ones throughout:
//! hello first and once, nothing before the welcome, one socket, one connect, waits of 0.25 to 15 s.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use model::{ME, START, World, settings};
use shared::entry::Entry;
use shared::message::{ErrorCode, Refusal, ToHub, ToNode};
use shared::session::{Delivery, MAX_ASKED, MAX_ROOMS, MAX_UNSENT, Phase, Response, Session, Settings};
use shared::transcript::Place;
use shared::wire;

fn waiting(world: &World) -> u64 {
    match world.session.phase() {
        Phase::Waiting { until, .. } => until - world.now,
        other => panic!("is not waiting: {other:?}"),
    }
}

fn answer<'a>(world: &'a World, id: &str) -> &'a Result<Response, Refusal> {
    let answers = world.answers(id);
    assert_eq!(answers.len(), 1, "each request is answered once");
    answers[0]
}

fn refused(world: &World, id: &str) -> ErrorCode {
    answer(world, id).as_ref().unwrap_err().code
}

fn lobby() -> Place {
    Place::Room("lobby".to_owned())
}

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
    assert_eq!((&hello.session, hello.after), (&None, None), "this hub resumes nothing yet");
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
    assert!(matches!(answer(&world, &id), Ok(Response::Connected(connected)) if connected.nick == "eve"));
    assert_eq!((world.session.nick(), world.session.token()), (Some("eve"), Some("token-eve")));
}

#[test]
fn a_nick_asked_for_before_there_is_a_connection_is_asked_for_after() {
    let mut world = World::new(Settings { nick: None, ..settings() });
    let id = world.ask(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).unwrap();
    world.cut(1006);
    world.wait(15_000, true);
    world.flow();
    assert!(answer(&world, &id).is_ok());
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn another_nick_replaces_a_wish_that_was_not_sent_yet() {
    let mut world = World::new(Settings { nick: None, ..settings() });
    let first = world.ask(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).unwrap();
    let second = world.ask(|id| ToHub::Connect { id, nick: "eva".to_owned(), token: None }).unwrap();
    world.flow();
    assert_eq!(refused(&world, &first), ErrorCode::Unavailable);
    assert!(answer(&world, &second).is_ok());
    assert_eq!(world.session.nick(), Some("eva"));
}

#[test]
fn a_nick_refused_to_a_person_leaves_them_to_choose() {
    let mut world = World::online(Settings { nick: None, ..settings() });
    world.hub.refusals.push_back(Refusal::new(ErrorCode::NickInUse, "Taken."));
    let id = world.ask(|id| ToHub::Connect { id, nick: "eve".to_owned(), token: None }).unwrap();
    world.flow();
    assert_eq!(refused(&world, &id), ErrorCode::NickInUse);
    assert_eq!((world.session.phase(), world.session.nick()), (Phase::Online, None));
}

#[test]
fn a_nick_lost_while_away_fails_what_was_to_be_said_as_it() {
    let mut world = World::online(settings());
    world.cut(1006);
    let id = world.say("lobby", "hi").unwrap();
    world.hub.refusals.push_back(Refusal::new(ErrorCode::NickInUse, "Taken."));
    world.wait(15_000, true);
    world.flow();
    assert_eq!(refused(&world, &id), ErrorCode::NickInUse);
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

// --- lines ---

#[test]
fn lines_typed_without_a_connection_arrive_in_order_once() {
    let mut world = World::online(settings());
    world.cut(1006);
    let ids: Vec<String> = (0..5).map(|n| world.say("lobby", &n.to_string()).unwrap()).collect();
    assert_eq!(world.session.unsent(), 5);
    world.settle();
    assert_eq!(world.said(), ["0", "1", "2", "3", "4"]);
    for id in ids {
        assert!(matches!(answer(&world, &id), Ok(Response::Sent(_))));
    }
}

#[test]
fn a_line_whose_reply_was_lost_is_sent_again_with_the_same_id() {
    let mut world = World::online(settings());
    let id = world.say("lobby", "hi").unwrap();
    world.hub_reads(1);
    world.cut(1006);
    world.settle();
    assert_eq!(world.said(), ["hi"], "in the log once");
    let sent = world.hub.requests.iter().filter(|request| request.id() == Some(&id)).count();
    assert_eq!(sent, 2);
    assert!(matches!(answer(&world, &id), Ok(Response::Sent(sent)) if sent.seq == world.hub.log[0].seq()));
}

#[test]
fn a_pause_for_speed_keeps_the_order() {
    let mut world = World::online(settings());
    world.hub.refusals.push_back(Refusal::until(ErrorCode::RateLimited, "Too fast.", world.now + 1_000));
    for text in ["a", "b", "c"] {
        world.say("lobby", text).unwrap();
    }
    world.flow();
    assert!(world.said().is_empty());
    world.wait(1_000, true);
    world.flow();
    assert_eq!(world.said(), ["a", "b", "c"]);
}

#[test]
fn a_refusal_comes_back_with_its_request() {
    let mut world = World::online(settings());
    let bad = world.say("attic", "hi").unwrap();
    let good = world.say("lobby", "ho").unwrap();
    world.flow();
    assert_eq!(refused(&world, &bad), ErrorCode::NotInRoom);
    assert!(answer(&world, &good).is_ok());
}

#[test]
fn what_cannot_be_said_is_refused_at_once() {
    let mut world = World::online(settings());
    assert_eq!(world.say("lobby", " \n ").unwrap_err().code, ErrorCode::TextEmpty);
    assert_eq!(world.say("lobby", &"x".repeat(wire::MAX_TEXT + 1)).unwrap_err().code, ErrorCode::TextTooLong);
    // Each of these takes six bytes of a frame, and a frame too long would end the connection.
    assert_eq!(world.say("lobby", &format!("a{}b", "\u{1}".repeat(16_000))).unwrap_err().code, ErrorCode::TextTooLong);
    assert!(world.say("lobby", &"x".repeat(wire::MAX_TEXT)).is_ok());
    assert_eq!(
        world.ask(|id| ToHub::Join { id, room: "x".repeat(wire::MAX_FRAME) }).unwrap_err().code,
        ErrorCode::BadMessage
    );
    assert_eq!(world.ask(|_| ToHub::Hello(shared::message::Hello::default())).unwrap_err().code, ErrorCode::BadMessage);
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn queues_have_an_end() {
    let mut world = World::online(settings());
    for n in 0..MAX_ASKED {
        assert!(world.ask(|id| ToHub::ListRooms { id }).is_ok(), "request {n}");
    }
    assert_eq!(world.ask(|id| ToHub::ListRooms { id }).unwrap_err().code, ErrorCode::Unavailable);
    world.cut(1006);
    for n in 0..MAX_UNSENT {
        assert!(world.say("lobby", &n.to_string()).is_ok());
    }
    let refusal = world.say("lobby", "one more").unwrap_err();
    assert_eq!((refusal.code, world.session.unsent()), (ErrorCode::Unavailable, MAX_UNSENT));
    assert!(refusal.message.contains("1000 messages"));
    world.settle();
    assert_eq!(world.hub.log.len(), MAX_UNSENT);

    for n in 1..MAX_ROOMS {
        world.ask(|id| ToHub::Join { id, room: format!("room{n}") }).unwrap();
        world.flow();
    }
    let refusal = world.ask(|id| ToHub::Join { id, room: "attic".to_owned() }).unwrap_err();
    assert!(refusal.message.contains("100 rooms"), "{}", refusal.message);
}

#[test]
fn ids_are_never_used_twice_and_fit() {
    let world = || World::online(settings());
    let (mut one, mut two) = (world(), World::online(Settings { random: [8; 16], ..settings() }));
    let mut ids: Vec<String> = (0..50).map(|_| one.say("lobby", "x").unwrap()).collect();
    ids.extend((0..50).map(|_| two.say("lobby", "x").unwrap()));
    one.settle();
    two.settle();
    let sent = one.hub.requests.iter().chain(&two.hub.requests);
    let mut used: Vec<&str> = sent.filter_map(ToHub::id).collect();
    let all = used.len();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), all);
    assert!(ids.iter().all(|id| (1..=wire::MAX_ID).contains(&id.len())), "{}", ids[0]);
    let longest = format!("{}-{}", "f".repeat(24), u64::MAX);
    assert!(longest.len() <= wire::MAX_ID);
}

// --- other requests ---

#[test]
fn other_requests_end_with_the_connection() {
    let mut world = World::online(settings());
    let id = world.ask(|id| ToHub::ListRooms { id }).unwrap();
    world.cut(1006);
    assert_eq!(refused(&world, &id), ErrorCode::Unavailable);
    let refusal = world.ask(|id| ToHub::ListRooms { id }).unwrap_err();
    assert!(refusal.message.contains("no connection"), "{}", refusal.message);
    world.settle();
    let id = world.ask(|id| ToHub::ListRooms { id }).unwrap();
    world.flow();
    assert!(matches!(answer(&world, &id), Ok(Response::Rooms(_))));
}

#[test]
fn each_answer_is_of_its_request() {
    let mut world = World::online(settings());
    let users = world.ask(|id| ToHub::ListUsers { id, room: None }).unwrap();
    let ping = world.ask(|id| ToHub::Ping { id, node: "hub@den".to_owned() }).unwrap();
    let page = world.ask(|id| lobby().history(id, None, None, 50)).unwrap();
    let leave = world.ask(|id| ToHub::Leave { id, room: "lobby".to_owned() }).unwrap();
    world.flow();
    assert!(matches!(answer(&world, &users), Ok(Response::Users(users)) if users.users.len() == 1));
    assert!(matches!(answer(&world, &ping), Ok(Response::Pinged(_))));
    assert!(matches!(answer(&world, &page), Ok(Response::Page(page)) if !page.more));
    assert!(matches!(answer(&world, &leave), Ok(Response::Done)));
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
    assert_eq!(refused(&world, &list), ErrorCode::Unavailable);
    assert_eq!(world.socket(), None, "given up");
    world.settle();
    assert!(answer(&world, &line).is_ok());
    assert_eq!(world.said(), ["hi"]);
}

#[test]
fn an_answer_that_cannot_be_read_is_a_refusal() {
    let mut world = World::online(settings());
    let id = world.ask(|id| ToHub::ListRooms { id }).unwrap();
    world.receive(world.socket().unwrap(), &format!(r#"{{"type":"reply","id":"{id}","ok":{{"rooms":7}}}}"#));
    assert_eq!(refused(&world, &id), ErrorCode::BadMessage);
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
        assert!(matches!(answer(&world, &id), Ok(Response::Done)));
        assert_eq!((world.session.nick(), world.session.rooms().count(), world.session.unsent()), (None, 0, 0));
        world.settle();
        assert_eq!(world.session.nick(), None, "and does not come back with it");
        assert!(world.said().is_empty());
    }
}

// --- coming back ---

#[test]
fn after_a_return_it_is_where_it_was() {
    let mut world = World::online(settings());
    world.ask(|id| ToHub::Join { id, room: "den".to_owned() }).unwrap();
    world.ask(|id| ToHub::Leave { id, room: "#Lobby".to_owned() }).unwrap();
    world.flow();
    assert!(world.session.rooms().any(|room| room == "lobby"), "this hub knows no #Lobby");
    world.ask(|id| ToHub::Leave { id, room: "lobby".to_owned() }).unwrap();
    world.flow();
    assert_eq!(world.session.rooms().collect::<Vec<_>>(), ["den"]);
    world.cut(4001);
    world.settle();
    assert_eq!(world.session.rooms().collect::<Vec<_>>(), ["den"], "connect joined the lobby, which had been left");
    assert!(matches!(
        world.hub.requests.iter().rfind(|request| matches!(request, ToHub::Leave { .. })),
        Some(ToHub::Leave { room, .. }) if room == "lobby"
    ));
    let connects = world.hub.requests.iter().filter_map(|request| match request {
        ToHub::Connect { token, .. } => Some(token.as_deref()),
        _ => None,
    });
    assert_eq!(connects.collect::<Vec<_>>(), [None, Some("token-dr00")], "with the token that the first gave");
}

#[test]
fn what_was_missed_is_fetched_page_by_page() {
    let mut world = World::online(settings());
    let before = world.other_says(Some("lobby"), "before");
    world.flow();
    world.cut(1006);
    for n in 0..8 {
        world.other_says(Some("lobby"), &n.to_string());
        world.other_says(None, &format!("psst {n}"));
    }
    world.settle();
    let texts = |place: &Place| -> Vec<String> {
        world.transcript.get(place).unwrap().lines().map(|line| line.text().to_owned()).collect()
    };
    assert_eq!(texts(&lobby()), ["before", "0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(texts(&Place::With("bob".to_owned())).len(), 8);
    assert!(world.transcript.get(&lobby()).unwrap().holes().is_empty());
    let first = world.hub.requests.iter().find_map(|request| match request {
        ToHub::History { room: Some(_), after, limit, .. } => Some((*after, *limit)),
        _ => None,
    });
    assert_eq!(first, Some((Some(before), Some(wire::MAX_PAGE))));
}

#[test]
fn a_catching_up_that_was_broken_off_goes_on_where_it_was() {
    let mut world = World::online(settings());
    world.other_says(Some("lobby"), "before");
    world.flow();
    world.cut(1006);
    for n in 0..9 {
        world.other_says(Some("lobby"), &n.to_string());
    }
    world.wait(15_000, true);
    world.open();
    // Welcome, connect and one page; then a line is heard live, and the connection breaks.
    for _ in 0..3 {
        world.hub_reads(1);
        world.node_reads(1);
    }
    world.other_says(Some("lobby"), "live");
    world.node_reads(1);
    world.cut(1006);
    world.other_says(Some("lobby"), "after");
    world.settle();
    let held: Vec<String> =
        world.transcript.get(&lobby()).unwrap().lines().map(|line| line.text().to_owned()).collect();
    assert_eq!(held, world.said());
}

#[test]
fn another_log_is_told_and_nothing_of_it_was_missed() {
    let mut world = World::online(settings());
    world.other_says(Some("lobby"), "old");
    world.flow();
    world.cut(4001);
    let typed = world.say("lobby", "typed while away").unwrap();
    world.new_log();
    world.settle();
    assert!(world.deliveries.iter().any(|told| matches!(told, Delivery::Welcomed { new_log: true, .. })));
    assert!(!world.hub.requests.iter().any(|request| matches!(request, ToHub::History { .. })));
    assert_eq!(world.session.position().epoch, "log-1+");
    assert!(answer(&world, &typed).is_ok());
    let held: Vec<u64> = world.transcript.get(&lobby()).unwrap().lines().map(|line| line.seq()).collect();
    assert_eq!(held, [world.hub.log[0].seq()]);
}

#[test]
fn waits_grow_are_random_and_end_at_once_when_the_network_is_back() {
    let mut world = World::new(settings());
    let mut waits = Vec::new();
    for _ in 0..40 {
        world.cut(1006);
        waits.push(waiting(&world));
        world.wait(waiting(&world), true);
    }
    assert!(waits[0] <= 500, "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > 8_000), "{waits:?}");
    world.cut(1006);
    world.session.online(world.now);
    world.drive();
    assert_eq!(world.session.phase(), Phase::Connecting);
    world.cut(1006);
    assert!(waiting(&world) <= 500, "and the next wait is short again");

    let mut other = World::new(Settings { random: [8; 16], ..settings() });
    other.cut(1006);
    let one = World::new(settings()).session;
    assert_eq!(one.phase(), Phase::Connecting);
    assert_ne!(waiting(&other), waits[0], "two clients do not return in step");
}

#[test]
fn a_connection_that_held_makes_the_next_wait_short_and_one_that_did_not_does_not() {
    let mut world = World::new(settings());
    for _ in 0..10 {
        world.flow(); // online for an instant
        world.cut(4002);
        world.wait(waiting(&world), true);
    }
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
    world.cut(4002);
    let Phase::Waiting { attempt, .. } = world.session.phase() else { panic!("is not waiting") };
    assert_eq!(attempt, 11);
    world.wait(waiting(&world), true);
    world.flow();
    world.wait(10_000, true);
    world.cut(4002);
    assert!(matches!(world.session.phase(), Phase::Waiting { attempt: 1, .. }));
}

#[test]
fn without_a_network_it_says_so_and_goes_on_trying() {
    let mut world = World::new(settings());
    world.session.offline(world.now);
    world.cut(1006);
    assert_eq!(world.session.phase(), Phase::Offline);
    world.wait(15_000, true);
    assert_eq!(world.session.phase(), Phase::Connecting, "the hub may be on this very device");
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn a_look_at_the_page_ends_the_wait() {
    let mut world = World::new(settings());
    world.cut(1006);
    world.session.visible(world.now);
    world.drive();
    assert_eq!(world.session.phase(), Phase::Connecting);
}

#[test]
fn a_clock_put_back_does_not_stop_it() {
    let mut world = World::new(settings());
    world.cut(1006);
    world.now -= 3_600_000;
    world.tick();
    assert_eq!(world.session.phase(), Phase::Connecting);
    world.now -= 3_600_000;
    world.tick();
    world.wait(15_000, true);
    world.flow();
    world.now -= 3_600_000;
    world.tick();
    world.settle();
    assert_eq!(world.session.phase(), Phase::Online);
}

// --- signs of life ---

#[test]
fn a_quiet_hub_is_asked_for_a_sign_whose_answer_nobody_sees() {
    let mut world = World::online(settings());
    let told = world.deliveries.len();
    for _ in 0..10 {
        world.wait(25_000, true);
        world.flow();
    }
    assert_eq!(world.session.phase(), Phase::Online);
    assert_eq!(world.deliveries.len(), told);
    let pings =
        world.hub.requests.iter().filter(|request| matches!(request, ToHub::Ping { node, .. } if node == "hub@den"));
    assert_eq!(pings.count(), 10);
}

#[test]
fn a_hub_silent_for_sixty_seconds_is_dead() {
    let mut world = World::online(settings());
    let socket = world.socket();
    world.wait(59_999, true);
    assert_eq!(world.socket(), socket);
    world.wait(1, true);
    assert_eq!(world.socket(), None);
    assert!(waiting(&world) <= 500);
    // What the old socket still reports is passed over.
    world.session.closed(world.now, socket.unwrap(), 4401, "");
    world.session.received(world.now, socket.unwrap(), "{}");
    world.session.opened(world.now, socket.unwrap());
    world.drive();
    assert!(waiting(&world) <= 500);
    world.settle();
}

#[test]
fn a_tab_called_once_a_minute_is_not_taken_for_dead() {
    let mut world = World::online(settings());
    let socket = world.socket();
    for _ in 0..5 {
        world.wait(61_000, false); // browsers slow the timers of hidden tabs
        world.flow();
    }
    assert_eq!(world.socket(), socket);
}

#[test]
fn after_waking_a_dead_connection_is_found_within_five_seconds() {
    let mut world = World::online(settings());
    world.wait(20_000, true);
    world.session.visible(world.now);
    world.drive();
    world.wait(4_999, true);
    assert!(world.socket().is_some());
    world.wait(1, true);
    assert_eq!(world.socket(), None);
}

#[test]
fn a_socket_stuck_over_a_sleep_is_opened_anew() {
    let mut world = World::new(settings());
    world.wait(4_999, true);
    world.session.visible(world.now);
    world.drive();
    let sockets = |world: &World| world.opened;
    assert_eq!(sockets(&world), 1, "it may well be about to open");
    world.wait(1, true);
    world.session.online(world.now);
    world.drive();
    assert_eq!(sockets(&world), 2);
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn a_socket_that_neither_opens_nor_fails_is_given_up() {
    let mut world = World::new(settings());
    world.wait(19_999, true);
    assert_eq!(world.session.phase(), Phase::Connecting);
    world.wait(1, true);
    assert!(waiting(&world) <= 500);
    world.wait(500, true);
    world.open(); // and no welcome
    world.wait(20_000, true);
    assert!(matches!(world.session.phase(), Phase::Waiting { attempt: 2, .. }));
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
        (4408, "in time"),
        (4409, "newer connection"),
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
        assert!(answer(&world, &id).is_ok(), "and what was typed is still there");
    }
    for code in [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000, 4001, 4002, 4399] {
        let mut world = World::online(settings());
        world.cut(code);
        assert!(waiting(&world) <= 500, "{code}");
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
