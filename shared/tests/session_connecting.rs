//! How a session keeps its connection: when it tries again, and how it finds out that nobody is there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use model::{START, World, settings};
use shared::message::ToHub;
use shared::session::{Phase, Session, Settings};

// --- trying again ---

#[test]
fn waits_grow_are_random_and_end_at_once_when_the_network_is_back() {
    let mut world = World::new(settings());
    let mut waits = Vec::new();
    for _ in 0..40 {
        world.cut(1006);
        waits.push(world.waiting());
        world.wait(world.waiting(), true);
    }
    assert!(waits[0] <= 500, "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > 8_000), "{waits:?}");
    world.cut(1006);
    world.session.online(world.now);
    world.drive();
    assert_eq!(world.session.phase(), Phase::Connecting);
    world.cut(1006);
    assert!(world.waiting() <= 500, "and the next wait is short again");

    let mut other = World::new(Settings { random: [8; 16], ..settings() });
    other.cut(1006);
    let one = World::new(settings()).session;
    assert_eq!(one.phase(), Phase::Connecting);
    assert_ne!(other.waiting(), waits[0], "two clients do not return in step");
}

#[test]
fn a_connection_that_held_makes_the_next_wait_short_and_one_that_did_not_does_not() {
    let mut world = World::new(settings());
    for _ in 0..10 {
        world.flow(); // online for an instant
        world.cut(4002);
        world.wait(world.waiting(), true);
    }
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
    world.cut(4002);
    let Phase::Waiting { attempt, .. } = world.session.phase() else { panic!("is not waiting") };
    assert_eq!(attempt, 11);
    world.wait(world.waiting(), true);
    world.flow();
    world.wait(10_000, true);
    world.cut(4002);
    assert!(matches!(world.session.phase(), Phase::Waiting { attempt: 1, .. }));
}

#[test]
fn without_a_network_it_says_so_and_does_not_try() {
    let mut world = World::new(settings());
    world.network(false);
    world.cut(1006);
    assert_eq!((world.session.phase(), world.session.wake_at()), (Phase::Offline, None));
    world.wait(3_600_000, true);
    world.session.visible(world.now);
    world.drive();
    assert_eq!((world.session.phase(), world.opened), (Phase::Offline, 1));
    world.network(true);
    assert_eq!(world.session.phase(), Phase::Connecting, "at once when there is one");
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
}

#[test]
fn begun_without_a_network_it_waits_for_one() {
    let mut session = Session::new(settings());
    session.offline(START);
    session.start(START);
    assert_eq!((session.phase(), session.wake_at()), (Phase::Offline, None));
    session.online(START + 60_000);
    assert_eq!(session.phase(), Phase::Connecting);
}

#[test]
fn a_hub_on_this_device_is_tried_without_a_network() {
    let mut session = Session::new(Settings { local: true, ..settings() });
    session.start(START);
    session.offline(START);
    session.closed(START, 1, 1006, "");
    let Phase::Waiting { until, .. } = session.phase() else { panic!("is not waiting") };
    session.tick(until);
    assert_eq!(session.phase(), Phase::Connecting);
}

#[test]
fn a_person_may_try_whatever_the_device_says_and_a_hub_that_answers_proves_it_wrong() {
    let mut session = Session::new(settings());
    session.offline(START);
    session.start(START);
    session.retry(START);
    assert_eq!(session.phase(), Phase::Connecting);
    session.closed(START, 1, 1006, "");
    assert_eq!(session.phase(), Phase::Offline);
    session.retry(START);
    session.opened(START, 2);
    let welcome = r#"{"type":"welcome","version":1,"hub":"h","node":"n","session":"s","epoch":"e","seq":1,"resumed":false,"nick":null}"#;
    session.received(START, 2, welcome);
    session.closed(START, 2, 1006, "");
    assert!(matches!(session.phase(), Phase::Waiting { .. }), "{:?}", session.phase());
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
    assert!(world.waiting() <= 500);
    // What the old socket still reports is passed over.
    world.session.closed(world.now, socket.unwrap(), 4401, "");
    world.session.received(world.now, socket.unwrap(), "{}");
    world.session.opened(world.now, socket.unwrap());
    world.drive();
    assert!(world.waiting() <= 500);
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
    assert!(world.waiting() <= 500);
    world.wait(500, true);
    world.open(); // and no welcome
    world.wait(20_000, true);
    assert!(matches!(world.session.phase(), Phase::Waiting { attempt: 2, .. }));
}
