//! Coming back with nothing in hand, after a reload of the page; and to a hub that remembers nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use model::{World, at_home, lobby, settings, since};
use shared::message::ToHub;
use shared::session::{Delivery, Phase, Settings};
use shared::transcript::Place;
use shared::wire;

// --- after a reload ---

#[test]
fn a_reloaded_page_resumes_without_what_it_does_not_hold() {
    let mut world = at_home();
    let secret = world.session.position().session.clone();
    world.reload(true);
    assert!(world.session.position().session == secret, "fit to be stored before the hub has answered");
    world.other_says(Some("lobby"), "meanwhile");
    let asked = world.hub.requests.len();
    world.flow();
    let hello = world.hub.hellos.last().unwrap();
    assert_eq!((hello.session.as_deref(), hello.after), (Some(secret.as_str()), None));
    assert_eq!(since(&world, asked), ["connect", "join"], "for who is there, and what is unread");
    assert_eq!(world.session.phase(), Phase::Online);
    assert_eq!(world.session.position().seq, world.hub.head());
    world.wait(1_000, true);
    world.flow();
    assert_eq!(world.hub.acked, world.hub.head(), "nobody waits for this node any more");
}

#[test]
fn a_room_the_hub_remembers_and_the_page_does_not_is_joined_again() {
    let mut world = at_home();
    world.ask(|id| ToHub::Join { id, room: "attic".to_owned() }).unwrap();
    world.hub_reads(1);
    world.reload(true);
    world.settle();
    let mut rooms: Vec<&str> = world.session.rooms().collect();
    rooms.sort_unstable();
    assert_eq!(rooms, ["attic", "den", "lobby"]);
    assert_eq!(world.requests(|request| matches!(request, ToHub::Leave { .. })), 0);
}

#[test]
fn a_session_the_hub_does_not_know_is_a_new_one() {
    let mut world = World::new(Settings { session: Some("of another time".to_owned()), ..settings() });
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
    assert_eq!(world.session.position().session, world.session.welcome().unwrap().session);
}

#[test]
fn a_room_that_the_hub_spells_otherwise_is_joined_once() {
    let mut world = World::online(Settings { rooms: vec!["ｄen".to_owned()], ..settings() });
    world.settle();
    assert_eq!(world.requests(|request| matches!(request, ToHub::Join { .. })), 1);
    assert_eq!(world.session.rooms().collect::<Vec<_>>(), ["lobby", "den"]);
}

// --- to a hub that does not remember ---

#[test]
fn where_the_hub_remembers_nothing_it_gets_back_to_where_it_was() {
    let mut world = World::online(settings());
    world.ask(|id| ToHub::Join { id, room: "den".to_owned() }).unwrap();
    world.ask(|id| ToHub::Leave { id, room: "#Lobby".to_owned() }).unwrap();
    world.flow();
    assert!(world.session.rooms().any(|room| room == "lobby"), "this hub knows no #Lobby");
    world.ask(|id| ToHub::Leave { id, room: "lobby".to_owned() }).unwrap();
    world.flow();
    assert_eq!(world.session.rooms().collect::<Vec<_>>(), ["den"]);
    world.cut(4001);
    world.hub.forget();
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
fn what_was_missed_is_fetched_page_by_page_where_the_hub_does_not_send_it() {
    let mut world = World::online(settings());
    let before = world.other_says(Some("lobby"), "before");
    world.flow();
    world.cut(1006);
    world.hub.forget();
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
    assert_eq!(world.session.position().seq, world.hub.head(), "nothing is missing up to the end of the log");
    assert_eq!(world.hub.acked, world.hub.head());
}

#[test]
fn a_catching_up_that_was_broken_off_goes_on_where_it_was() {
    let mut world = World::online(settings());
    world.other_says(Some("lobby"), "before");
    world.flow();
    world.cut(1006);
    world.hub.forget();
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
    assert!(world.answer(&typed).is_ok());
    let held: Vec<u64> = world.transcript.get(&lobby()).unwrap().lines().map(|line| line.seq()).collect();
    assert_eq!(held, [world.hub.log[0].seq()]);
}
