//! A node that takes nothing: what it costs, and that both ends know when it is given up.

use serde_json::json;
use shared::message::ErrorCode;
use shared::node::NodeName;
use shared::process::limits::{
    MAX_MAILBOX, MAX_MESSAGE, MAX_OUTGOING_BYTES, MAX_PROGRAM, TIE_PATIENCE, WINDOW_BYTES, measure,
};
use shared::process::table::{Ask, Effect};
use shared::process::{Address, Origin, Pid, Reason, Signal, Spawn, Target};

use crate::world::{Order, World, name};

/// A world of two whose first node sends the other more than it takes, and still waits.
fn crowded() -> (World, Address, Address) {
    let mut world = World::new(2, true);
    let (a, b) = (world.start(0, "a"), world.start(1, "b"));
    for _ in 0..2 {
        let sends = (0..200).map(|_| world.send(&a, &b)).collect();
        world.tell(&a, Order::Acts(sends));
    }
    while world.run(0) {}
    (world, a, b)
}

#[test]
fn a_tie_that_is_given_up_is_so_for_both_ends() {
    let (mut world, a, b) = crowded();
    let there = world.ask(1, Ask::Monitor { of: a.clone() });
    while world.carry(1) {}
    while world.deliver(0) {}
    world.pass(TIE_PATIENCE);
    world.settle();
    assert_eq!(world.reasons, [(1, there, Reason::NodeDown)]);
    assert!(world.is_alive(&a) && world.is_alive(&b));
    let again = world.call(1, &a, json!({ "answer": "now" }), 1_000);
    world.settle();
    assert!(matches!(world.answer(1, again), Some(Ok(_))), "{:?}", world.answer(1, again));
}

#[test]
fn nothing_of_a_tie_that_was_given_up_arrives_after_its_end_was_told() {
    let (mut world, a, b) = crowded();
    let sends = vec![world.send(&b, &a)];
    world.tell(&b, Order::Acts(sends));
    while world.run(1) {}
    while world.carry(1) {}
    // It is on its way to the node that has no patience left, and that has told its own of the end.
    world.pass(TIE_PATIENCE);
    world.settle();
    assert_eq!(world.arrived.get(&(b.to_string(), a.to_string())), None);
    let sends = vec![world.send(&b, &a)];
    world.tell(&b, Order::Acts(sends));
    world.settle();
    assert_eq!(world.arrived[&(b.to_string(), a.to_string())], [2], "of the next tie it does");
}

/// A node that keeps to the windows but never gives one back, and asks for more and more.
fn ask_for_stats(world: &mut World, r#ref: u64) -> Vec<Effect> {
    let origin = Origin::of(name(1));
    let from: Pid = "k3f7.3".parse().unwrap();
    let to = Target::Name("node".to_owned());
    let call = Signal::Call { r#ref, from, to, message: json!("stats"), within: 5_000, guest: false };
    world.nodes[0].table.received(world.now, &origin, call);
    std::iter::from_fn(|| world.nodes[0].table.effect()).collect()
}

#[test]
fn answers_that_nobody_takes_cost_so_much_and_then_the_tie() {
    let mut world = World::new(2, true);
    for _ in 0..100 {
        world.start(0, &"p".repeat(MAX_PROGRAM));
    }
    let (mut most, mut told) = (0, Vec::new());
    for r#ref in 0..2_000 {
        let effects = ask_for_stats(&mut world, r#ref);
        most = most.max(world.load(0).outgoing_bytes);
        let gave_up = |effect: &Effect| {
            matches!(effect, Effect::Signal { first: true, signal: Signal::Took { count: 0, .. }, .. })
        };
        told.extend(effects.iter().filter(|effect| gave_up(effect)).map(|_| r#ref));
    }
    assert!(most > WINDOW_BYTES as usize && most <= MAX_OUTGOING_BYTES, "{most}");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(world.load(0).outgoing, 0);
}

#[test]
fn whoever_says_that_it_took_nothing_is_not_waited_for_longer() {
    let (mut world, _, b) = crowded();
    let watch = world.ask(0, Ask::Monitor { of: b });
    for _ in 0..10 {
        world.pass(TIE_PATIENCE / 10);
        world.nodes[0].table.received(world.now, &Origin::of(name(1)), Signal::Took { count: 0, bytes: 0 });
        world.drain(0);
    }
    assert_eq!(world.reasons, [(0, watch, Reason::NodeDown)]);
}

#[test]
fn the_answer_to_stats_is_a_message_however_long_its_names_are() {
    let mut world = World::new(1, true);
    let ugly = "\u{1}".repeat(MAX_PROGRAM);
    for _ in 0..100 {
        world.start(0, &ugly);
    }
    let stats = world.nodes[0].table.stats();
    assert!(measure(&stats, usize::MAX).unwrap() <= MAX_MESSAGE);
    assert_eq!(stats["count"], json!(100));
    assert!(stats["processes"].as_array().unwrap().len() > 30);
    let spawn = Spawn { program: "p".repeat(MAX_PROGRAM + 1), source: "told".into(), ..Spawn::default() };
    let ask = world.spawn(0, 0, spawn);
    assert_eq!(world.code(0, ask), Some(ErrorCode::BadMessage));
}

#[test]
fn the_app_is_told_that_a_process_of_its_own_does_not_keep_up() {
    let mut world = World::new(1, true);
    let here = world.start(0, "here");
    let mut asks = Vec::new();
    for n in 0..2 * MAX_MAILBOX {
        asks.push(world.ask(0, Ask::Send { to: here.clone(), message: json!(n) }));
    }
    assert_eq!(world.code(0, asks[0]), None);
    assert_eq!(world.code(0, *asks.last().unwrap()), Some(ErrorCode::Busy));
    assert!(world.is_alive(&here));
    world.settle();
    let again = world.ask(0, Ask::Send { to: here, message: json!("now") });
    assert_eq!(world.code(0, again), None);
}

#[test]
fn nobody_guesses_where_a_leader_is() {
    let mut world = World::new(2, true);
    world.nodes[0].table.chance(|| 0x1234_5678_9abc_def0);
    let lead = world.ask(0, Ask::Lead);
    let leader = world.nodes[0].table.leader(lead).unwrap().pid().unwrap();
    assert_eq!(leader.number(), (1 << 52) | 0x4_5678_9abc_def0);
    // And processes are counted on as before.
    let next = world.start(0, "next").pid().unwrap().number();
    assert!(next < 10, "{next}");
}

#[test]
fn a_host_is_the_same_however_it_is_spelled() {
    let mut world = World::new(2, true);
    let node: NodeName = "n1@DEN".parse().unwrap();
    let ping = world.ask(0, Ask::Ping { node });
    let own = world.ask(0, Ask::Ping { node: "n0@Den".parse().unwrap() });
    world.settle();
    assert!(matches!(world.answer(0, ping), Some(Ok(_))), "{:?}", world.answer(0, ping));
    assert!(matches!(world.answer(0, own), Some(Ok(_))), "{:?}", world.answer(0, own));
    assert_eq!(world.hub.up[0].len(), 0);
}
