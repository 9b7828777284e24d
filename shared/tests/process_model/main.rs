//! What the table of processes promises, over a network that delivers, delays, cuts and forgets as a hub does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod bad_input;
mod calling;
mod giving_up;
mod links;
mod network;
mod script;
mod spawning;
mod world;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use shared::message::Why;
use shared::process::limits::{
    MAX_CALLS, MAX_LINKS, MAX_MAILBOX, MAX_MAILBOX_BYTES, MAX_OUTGOING, MAX_OUTGOING_BYTES, MAX_UNANSWERED, WINDOW,
};
use shared::process::table::{Ask, Load};
use shared::process::{Act, Reason};

use self::script::{Happening, NODES, begin, happen, happening};
use self::world::{Order, World, name};

fn story() -> impl Strategy<Value = Vec<Happening>> {
    proptest::collection::vec(happening(), 1..200)
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// Everything that a story must keep to, whenever it is looked at.
fn check_order(world: &World) -> Result<(), String> {
    if let Some(wrong) = world.wrong.first() {
        return Err(wrong.clone());
    }
    for (stream, arrived) in &world.arrived {
        let Some(sent) = world.sent.get(stream) else {
            // Neighbours: nothing is ever lost on the way.
            if arrived.windows(2).any(|pair| pair[1] != pair[0] + 1) || arrived[0] != 1 {
                return Err(format!("{stream:?}, neighbours: {arrived:?}"));
            }
            continue;
        };
        let mut eras: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for (era, n) in sent {
            eras.entry(*era).or_default().push(*n);
        }
        if let Some(torn) = eras.values().find(|numbers| numbers.windows(2).any(|pair| pair[1] != pair[0] + 1)) {
            return Err(format!("{stream:?}: sent with a gap within a tie: {torn:?}"));
        }
        // What arrived is, tie by tie, the beginning of what was sent.
        let mut rest = arrived.as_slice();
        for numbers in eras.values() {
            let same = rest.iter().zip(numbers).take_while(|(one, other)| one == other).count();
            rest = &rest[same..];
        }
        if !rest.is_empty() {
            return Err(format!("{stream:?}: arrived {arrived:?}, sent {eras:?}"));
        }
    }
    Ok(())
}

fn check_bounds(load: &Load) -> Result<(), String> {
    let fits = load.calls <= MAX_CALLS
        && load.unanswered <= MAX_UNANSWERED
        && load.mailbox <= MAX_MAILBOX
        && load.mailbox_bytes <= MAX_MAILBOX_BYTES
        && load.links <= MAX_LINKS * load.processes
        && load.outgoing <= MAX_OUTGOING + 2 * MAX_CALLS
        && load.outgoing_bytes <= MAX_OUTGOING_BYTES
        && load.peers.iter().all(|(_, sent, untaken, _)| *sent <= WINDOW && *untaken <= WINDOW);
    if fits { Ok(()) } else { Err(format!("past a bound: {load:?}")) }
}

fn told(story: Vec<Happening>) -> World {
    let mut world = begin();
    for happening in story {
        happen(&mut world, happening);
    }
    world
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_one_process_sends_another_arrives_in_order_and_without_a_gap_until_the_tie_breaks(story in story()) {
        let mut world = told(story);
        world.settle();
        check_order(&world).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn every_call_ends_exactly_once(story in story()) {
        let mut world = told(story);
        for node in 0..NODES {
            world.come_back(node);
        }
        world.rest();
        for ((pid, own), times) in &world.requests {
            let lives = world.nodes.iter().any(|node| node.table.is_alive(*pid));
            prop_assert!(*times == 1 || (!lives && *times == 0), "request {own} of {pid} ended {times} times");
        }
        for ((node, life, ask), times) in &world.asks {
            let lives = world.nodes[*node].life == *life;
            prop_assert!(*times == 1 || (!lives && *times == 0), "ask {ask} of node {node} ended {times} times");
        }
        for (pid, waits) in &world.blocked {
            let lives = world.nodes.iter().any(|node| node.table.is_alive(*pid));
            prop_assert!(*waits == 0 || !lives, "{pid} waits for ever");
        }
        for node in 0..NODES {
            prop_assert_eq!((world.load(node).calls, world.load(node).unanswered), (0, 0));
        }
    }

    #[test]
    fn every_monitor_yields_exactly_one_end(story in story()) {
        let mut world = told(story);
        for node in 0..NODES {
            world.come_back(node);
        }
        world.rest();
        for ((pid, own), times) in &world.monitors {
            prop_assert!(*times <= 1, "monitor {own} of {pid} ended {times} times");
        }
        // Whoever still watches is there to be told: first by those that end, then by nodes that are lost.
        let watching: Vec<_> = world.watches.iter().map(|(key, times)| (*key, *times)).collect();
        prop_assert!(watching.iter().all(|(_, times)| *times <= 1), "{watching:?}");
        world.end_all();
        for node in 0..NODES {
            world.cut(node);
        }
        for ((node, life, ask), times) in world.watches.clone() {
            let lives = world.nodes[node].life == life;
            // A node hears of its own end never.
            let own = world.load(node).monitors > 0 && times == 0;
            prop_assert!(times == 1 || own || (!lives && times == 0), "watch {ask} of node {node} ended {times} times");
        }
        for node in 0..NODES {
            let own = world.nodes[node].table.load().monitors;
            prop_assert!(own <= world.own_node_watches(node), "{own} monitors are left");
        }
    }

    #[test]
    fn nothing_is_left_of_a_process(story in story()) {
        let mut world = told(story);
        for node in 0..NODES {
            world.come_back(node);
        }
        world.end_all();
        for node in 0..NODES {
            for (at, life, ask) in world.asks.keys().chain(world.watches.keys()).copied().collect::<Vec<_>>() {
                if at == node && life == world.nodes[node].life {
                    world.with(node, |table, now| table.close(now, ask));
                }
            }
        }
        world.rest();
        for node in 0..NODES {
            let load = world.load(node);
            let left = Load { peers: Vec::new(), ..load.clone() };
            prop_assert_eq!(left, Load { processes: 1, names: 1, ..Load::default() });
            prop_assert!(load.peers.iter().all(|(.., untaken, watching)| (*untaken, *watching) == (0, 0)), "{load:?}");
        }
    }

    #[test]
    fn no_bound_is_ever_passed(story in story()) {
        let mut world = begin();
        for happening in story {
            happen(&mut world, happening);
            for node in 0..NODES {
                check_bounds(&world.load(node)).map_err(TestCaseError::fail)?;
            }
        }
    }

    #[test]
    fn windows_give_back_what_they_took(story in story()) {
        let mut world = told(story);
        world.rest();
        for node in 0..NODES {
            for (peer, sent, untaken, _) in world.load(node).peers {
                let other = world.nodes.iter().position(|other| *other.table.name() == peer).unwrap();
                prop_assert_eq!(untaken, 0);
                // What is not told yet is less than a quarter.
                prop_assert!(sent < WINDOW / 4 || !world.hub.down[other].is_empty(), "{} of {}'s to {}", sent, node, peer);
            }
            prop_assert_eq!(world.load(node).outgoing, 0);
        }
    }

    #[test]
    fn a_page_that_is_reloaded_gets_nothing_of_its_earlier_life(
        story in story(),
        node in 0..NODES,
        later in story(),
    ) {
        let mut world = told(story);
        let before = world.known.clone();
        world.restart(node);
        // Numbers begin anew in the new life, so that the old pids would be those of others.
        world.start(node, "a");
        world.start(node, "b");
        for happening in later {
            happen(&mut world, happening);
        }
        world.settle();
        check_order(&world).map_err(TestCaseError::fail)?;
        let mine = before.iter().filter(|process| process.node == name(node));
        for process in mine {
            prop_assert!(!world.is_alive(process), "{process} lives on");
        }
    }
}

#[test]
fn without_the_mark_of_the_first_signal_a_gap_would_show_nowhere() {
    let torn = |minds_first: bool| {
        let mut world = World::new(2, minds_first);
        let (a, b) = (world.start(0, "a"), world.start(1, "b"));
        let three: Vec<Act> = (0..3).map(|_| world.send(&a, &b)).collect();
        world.tell(&a, Order::Acts(three));
        world.run(0);
        // The first is there; the hub has no room for the second, and tells both; the third is on its way.
        world.carry(0);
        world.deliver(1);
        world.hub.up[0].pop_front();
        world.hub.untie(0, 1, Why::Full);
        world.settle();
        check_order(&world)
    };
    assert_eq!(torn(true), Ok(()));
    let gap = torn(false).unwrap_err();
    assert!(gap.contains("arrived [1, 3]"), "{gap}");
}

#[test]
fn a_node_that_takes_nothing_costs_the_others_its_tie_and_not_their_processes() {
    let mut world = World::new(2, true);
    let (a, b) = (world.start(0, "a"), world.start(1, "b"));
    let watch = world.ask(0, Ask::Monitor { of: b.clone() });
    for _ in 0..10 {
        let sends = (0..200).map(|_| world.send(&a, &b)).collect();
        world.tell(&a, Order::Acts(sends));
    }
    // Nothing is delivered: the window closes, and the sender rests.
    while world.run(0) {}
    assert_eq!(world.hub.up[0].len(), WINDOW as usize);
    assert!(world.is_alive(&a) && world.load(0).outgoing <= 1, "{:?}", world.load(0));
    world.pass(10_000);
    while world.run(0) {}
    assert!(world.is_alive(&a));
    assert_eq!(world.reasons, [(0, watch, Reason::NodeDown)]);
    world.settle();
    check_order(&world).unwrap();
    assert!(world.is_alive(&a) && world.is_alive(&b));
    // And what is sent now goes in a tie of its own.
    let again = world.call(0, &b, json!({ "answer": "now" }), 1_000);
    world.settle();
    assert!(matches!(world.answer(0, again), Some(Ok(_))), "{:?}", world.answer(0, again));
}
