//! What the hub is told of what has reached this node, and of what the person has read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use model::{World, lobby, settings};
use shared::message::{ErrorCode, Refusal, State, ToHub};
use shared::session::{ACK_EVERY, ACK_SOON, MAX_READS, READ_EVERY, Settings};
use shared::transcript::Place;
use shared::wire::TYPING_EVERY;

fn with(nick: &str) -> Place {
    Place::With(nick.to_owned())
}

fn reads(world: &World) -> usize {
    world.requests(|request| matches!(request, ToHub::Read { .. }))
}

// --- acknowledgements ---

#[test]
fn what_has_come_is_acknowledged_soon_and_in_a_busy_room_once_a_second() {
    let mut world = World::online(settings());
    let start = world.now;
    let mut seq = 0;
    for n in 0..300 {
        seq = world.other_says(Some("lobby"), &n.to_string());
        world.flow();
        world.wait(10, true);
    }
    world.wait(1_000, true);
    let at: Vec<u64> = world.acks.iter().map(|(at, _)| at - start).collect();
    assert_eq!(at, [ACK_SOON, ACK_SOON + ACK_EVERY, ACK_SOON + 2 * ACK_EVERY, ACK_SOON + 3 * ACK_EVERY]);
    assert_eq!(world.acks.last().unwrap().1, seq);
}

#[test]
fn nothing_new_is_not_acknowledged() {
    let mut world = World::online(settings());
    world.wait(20_000, true);
    assert!(world.acks.is_empty());
    world.other_says(Some("lobby"), "hi");
    world.flow();
    world.wait(20_000, true);
    world.flow();
    assert_eq!(world.acks.len(), 1);
    world.wait(20_000, true);
    assert_eq!(world.acks.len(), 1);
}

#[test]
fn a_resumed_connection_acknowledges_anew_once_it_is_synced() {
    let mut world = World::online(settings());
    world.other_says(Some("lobby"), "hi");
    world.flow();
    world.wait(ACK_SOON, true);
    assert_eq!(world.acks.len(), 1);
    world.cut(1006); // and the hub may never have read it
    world.wait(15_000, true);
    world.flow();
    world.wait(ACK_SOON, true);
    world.flow();
    assert_eq!(world.acks.len(), 2);
    assert_eq!(world.hub.acked, world.hub.head());
}

#[test]
fn a_long_replay_is_acknowledged_as_far_as_it_has_come() {
    let mut world = World::online(settings());
    world.cut(1006);
    for n in 0..50 {
        world.other_says(Some("lobby"), &n.to_string());
    }
    world.wait(15_000, true);
    world.open();
    world.hub_reads(1);
    world.node_reads(1);
    let from = world.acks.len();
    for _ in 0..51 {
        world.node_reads(1);
        world.wait(100, true);
    }
    let acks = &world.acks[from..];
    assert!((4..=6).contains(&acks.len()), "{acks:?}");
    assert!(acks.is_sorted_by(|a, b| a.1 < b.1), "{acks:?}");
}

#[test]
fn nothing_is_acknowledged_before_the_nick_is_ours() {
    let mut world = World::online(Settings { nick: None, ..settings() });
    world.hub.fall_behind();
    world.flow();
    world.wait(20_000, true);
    assert!(world.acks.is_empty());
}

// --- reading ---

#[test]
fn of_what_was_read_the_newest_is_told_twice_a_second_at_most() {
    let mut world = World::online(settings());
    for seq in 1..=100 {
        world.read(&lobby(), seq);
        world.wait(10, true);
    }
    world.wait(READ_EVERY, true);
    world.flow();
    assert!((2..=4).contains(&reads(&world)), "{}", reads(&world));
    assert_eq!(world.hub.read[&lobby()], 100);
    world.read(&lobby(), 7);
    world.wait(10_000, true);
    world.flow();
    assert_eq!(world.hub.read[&lobby()], 100, "it never moves back");
}

#[test]
fn what_was_read_without_a_connection_is_told_when_there_is_one() {
    let mut world = World::online(settings());
    world.cut(1006);
    for seq in 1..=50 {
        world.read(&lobby(), seq);
        world.read(&with("bob"), 2 * seq);
    }
    world.settle();
    assert_eq!((world.hub.read[&lobby()], world.hub.read[&with("bob")]), (50, 100));
    assert_eq!(reads(&world), 2);
}

#[test]
fn what_was_read_is_told_again_where_no_answer_came() {
    let mut world = World::online(settings());
    world.read(&lobby(), 5);
    world.cut(1006);
    world.settle();
    assert_eq!((world.hub.read[&lobby()], reads(&world)), (5, 1));

    world.hub.refusals.push_back(Refusal::new(ErrorCode::Unavailable, "The disk is full."));
    world.read(&lobby(), 6);
    world.settle();
    assert_eq!((world.hub.read[&lobby()], reads(&world)), (6, 3));
}

#[test]
fn what_the_hub_will_not_hear_of_is_dropped_and_nobody_is_told() {
    let mut world = World::online(settings());
    let told = world.deliveries.len();
    world.read(&Place::Room("attic".to_owned()), 5);
    world.flow();
    world.wait(10_000, true);
    world.flow();
    assert_eq!((reads(&world), world.deliveries.len()), (1, told));
}

#[test]
fn positions_of_another_log_or_nick_are_not_told() {
    let mut world = World::online(settings());
    world.cut(1006);
    world.read(&lobby(), 50);
    world.new_log();
    world.settle();
    assert_eq!(reads(&world), 0);

    world.cut(1006);
    world.read(&lobby(), 50);
    world.ask(|id| ToHub::Disconnect { id }).unwrap();
    world.read(&lobby(), 51);
    world.settle();
    assert_eq!(reads(&world), 0);
}

#[test]
fn no_more_places_wait_than_the_bound() {
    let mut world = World::online(settings());
    world.cut(1006);
    for n in 0..MAX_READS + 10 {
        world.read(&with(&format!("bob{n}")), 1);
    }
    world.settle();
    assert_eq!(reads(&world), MAX_READS);
    assert!(world.hub.read.contains_key(&with(&format!("bob{}", MAX_READS + 9))), "the oldest are given up");
}

// --- writing, and being there ---

#[test]
fn the_hub_hears_of_writing_now_and_then_while_there_is_a_connection() {
    let mut world = World::online(settings());
    for _ in 0..70 {
        world.typing(&lobby());
        world.wait(TYPING_EVERY / 30, true);
    }
    world.typing(&with("bob"));
    world.flow();
    let room = ToHub::Typing { room: Some("lobby".to_owned()), to: None };
    assert_eq!(world.hub.signals, [room.clone(), room.clone(), room]);
    world.cut(1006);
    world.wait(TYPING_EVERY, true);
    world.typing(&lobby());
    world.settle();
    assert_eq!(world.hub.signals.len(), 3, "what nobody heard then is no news later");
    world.typing(&with("bob"));
    world.flow();
    assert_eq!(world.hub.signals[3], ToHub::Typing { room: None, to: Some("bob".to_owned()) });
}

#[test]
fn the_hub_is_told_once_on_each_connection_whether_the_person_is_there() {
    let mut world = World::online(settings());
    let states = |world: &World| -> Vec<State> {
        let state = |signal: &ToHub| match signal {
            ToHub::State { state } => Some(*state),
            _ => None,
        };
        world.hub.signals.iter().filter_map(state).collect()
    };
    world.settle();
    assert_eq!(states(&world), [], "nobody has said");
    world.state(State::Away);
    world.state(State::Away);
    world.state(State::Offline);
    world.flow();
    assert_eq!(states(&world), [State::Away], "which states are the hub's to tell is not asked here");
    world.cut(1006);
    world.settle();
    assert_eq!(states(&world), [State::Away, State::Away]);
    world.cut(1006);
    world.state(State::Online);
    world.settle();
    assert_eq!(states(&world), [State::Away, State::Away, State::Online]);
}
