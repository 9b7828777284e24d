//! Links, monitors and exits.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shared::message::Why;
use shared::process::table::Ask;
use shared::process::{Act, Address, Limit, Reason, Target};

use crate::world::{Order, World, name};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn links_fall_together_and_others_never_notice(
        links in proptest::collection::vec((0..9_usize, 0..9_usize), 0..14),
        trappers in proptest::collection::btree_set(0..9_usize, 0..4),
        first in 0..9_usize,
        how in 0..3_usize,
    ) {
        let mut world = World::new(3, true);
        let all: Vec<Address> = (0..9).map(|which| world.start(which % 3, "one")).collect();
        for (a, b) in &links {
            world.tell(&all[*a], Order::Acts(vec![Act::Link { to: all[*b].clone() }]));
        }
        world.settle();
        for trapper in &trappers {
            world.tell(&all[*trapper], Order::Acts(vec![Act::Trap { on: true }]));
        }
        world.settle();
        let reason = [Reason::error("crash"), Reason::Killed, Reason::Normal][how].clone();
        world.tell(&all[first], Order::Exit(reason.clone()));
        world.settle();

        // All that can be reached over links, but not through those that trap; `normal` takes nobody along.
        let mut gone = BTreeSet::from([first]);
        let mut told = BTreeSet::new();
        let mut next = vec![first];
        while let Some(one) = next.pop() {
            for (a, b) in &links {
                for (from, to) in [(*a, *b), (*b, *a)] {
                    if from != one || to == one || gone.contains(&to) {
                        continue;
                    }
                    if trappers.contains(&to) {
                        told.insert((to, one));
                    } else if reason != Reason::Normal {
                        gone.insert(to);
                        next.push(to);
                    }
                }
            }
        }
        let dead: BTreeSet<usize> = (0..9).filter(|which| !world.is_alive(&all[*which])).collect();
        prop_assert_eq!(dead, gone);
        prop_assert_eq!(world.trapped.len(), told.len());
        // Of what has ended nobody keeps a link.
        let pairs = links.iter().filter(|(a, b)| a != b).map(|(a, b)| (*a.min(b), *a.max(b)));
        let left: BTreeSet<_> = pairs.filter(|(a, b)| world.is_alive(&all[*a]) && world.is_alive(&all[*b])).collect();
        let kept: usize = (0..3).map(|node| world.load(node).links).sum();
        prop_assert_eq!(kept, 2 * left.len());
        prop_assert!(world.wrong.is_empty(), "{:?}", world.wrong);
    }
}

#[test]
fn a_circle_of_links_ends_each_once() {
    let mut world = World::new(3, true);
    let circle: Vec<Address> = (0..6).map(|which| world.start(which % 3, "one")).collect();
    let watches: Vec<u64> = circle.iter().map(|of| world.ask(0, Ask::Monitor { of: of.clone() })).collect();
    for (place, from) in circle.iter().enumerate() {
        world.tell(from, Order::Acts(vec![Act::Link { to: circle[(place + 1) % 6].clone() }]));
    }
    world.settle();
    world.tell(&circle[2], Order::Exit(Reason::error("crash")));
    world.settle();
    for watch in watches {
        let ends: Vec<_> = world.reasons.iter().filter(|(_, ask, _)| *ask == watch).collect();
        assert_eq!(ends, [&(0, watch, Reason::error("crash"))]);
    }
}

#[test]
fn a_monitor_of_what_is_dead_or_never_was_ends_at_once() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    world.tell(&there, Order::Exit(Reason::Normal));
    world.settle();
    for of in [there, Address::new("nobody", name(1)).unwrap(), Address::new("nobody", name(0)).unwrap()] {
        let watch = world.ask(0, Ask::Monitor { of });
        world.settle();
        assert_eq!(world.reasons.pop(), Some((0, watch, Reason::NoSuchProcess)));
    }
}

#[test]
fn a_link_to_what_is_dead_ends_who_makes_it() {
    let mut world = World::new(2, true);
    let (here, there) = (world.start(0, "here"), world.start(1, "there"));
    world.tell(&there, Order::Exit(Reason::Normal));
    world.settle();
    let watch = world.ask(0, Ask::Monitor { of: here.clone() });
    world.tell(&here, Order::Acts(vec![Act::Link { to: there }]));
    world.settle();
    assert_eq!(world.reasons, [(0, watch, Reason::NoSuchProcess)]);
}

#[test]
fn whoever_is_linked_or_watches_across_hears_that_a_node_is_lost() {
    let mut world = World::new(2, true);
    let (here, there) = (world.start(0, "here"), world.start(1, "there"));
    let watches = [
        world.ask(0, Ask::Monitor { of: here.clone() }),
        world.ask(0, Ask::Monitor { of: there.clone() }),
        world.ask(0, Ask::MonitorNode { node: name(1) }),
    ];
    world.tell(&here, Order::Acts(vec![Act::Link { to: there.clone() }]));
    world.settle();
    world.cut(1);
    world.settle();
    let mut ended = world.reasons.clone();
    ended.sort_by_key(|(_, ask, _)| *ask);
    assert_eq!(ended, watches.map(|watch| (0, watch, Reason::NodeDown)));
    assert!(!world.is_alive(&there), "to that node, it is the others that are lost");
}

#[test]
fn the_other_end_of_a_broken_tie_falls_as_well() {
    let mut world = World::new(2, true);
    let (here, there) = (world.start(0, "here"), world.start(1, "there"));
    world.tell(&here, Order::Acts(vec![Act::Link { to: there.clone() }]));
    world.settle();
    world.hub.untie(0, 1, Why::Full);
    world.settle();
    assert!(!world.is_alive(&here) && !world.is_alive(&there));
}

#[test]
fn killed_cannot_be_trapped_and_normal_ends_nobody_else() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    world.ask(0, Ask::Exit { to: there.clone(), reason: Reason::Normal });
    world.settle();
    assert!(world.is_alive(&there));
    world.tell(&there, Order::Acts(vec![Act::Trap { on: true }]));
    world.settle();
    world.ask(0, Ask::Exit { to: there.clone(), reason: Reason::said("please") });
    world.settle();
    assert!(world.is_alive(&there));
    assert_eq!(world.trapped, [(there.pid().unwrap(), Reason::said("please"))]);
    world.ask(0, Ask::Exit { to: there.clone(), reason: Reason::Killed });
    world.settle();
    assert!(!world.is_alive(&there));
}

#[test]
fn nobody_ends_or_is_linked_to_the_process_of_another() {
    let mut world = World::new(2, true);
    world.belongs(1, 8);
    let (here, there) = (world.start(0, "here"), world.start(1, "there"));
    for reason in [Reason::Killed, Reason::said("please")] {
        world.ask(0, Ask::Exit { to: there.clone(), reason });
    }
    world.settle();
    assert!(world.is_alive(&there));
    world.tell(&here, Order::Acts(vec![Act::Trap { on: true }, Act::Link { to: there.clone() }]));
    world.settle();
    assert_eq!(world.trapped, [(here.pid().unwrap(), Reason::Said("not_allowed".to_owned()))]);
    world.tell(&here, Order::Exit(Reason::error("crash")));
    world.settle();
    assert!(world.is_alive(&there));
    // Whoever links first gives the right.
    let other = world.start(0, "other");
    world.belongs(0, 8);
    world.tell(&other, Order::Acts(vec![Act::Link { to: there.clone() }]));
    world.settle();
    world.tell(&other, Order::Exit(Reason::error("crash")));
    world.settle();
    assert!(!world.is_alive(&there));
}

#[test]
fn a_name_can_be_watched_and_its_process_is_meant() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    world.tell(&there, Order::Acts(vec![Act::Register { name: "pong".to_owned() }]));
    world.settle();
    let pong = Address { target: Target::Name("pong".to_owned()), node: name(1) };
    let watch = world.ask(0, Ask::Monitor { of: pong.clone() });
    let closed = world.ask(0, Ask::Monitor { of: pong });
    world.settle();
    world.with(0, |table, now| table.close(now, closed));
    world.settle();
    let acts = (0..300).map(|_| Act::Print { text: "x".to_owned() }).collect();
    world.tell(&there, Order::Acts(acts));
    world.settle();
    assert_eq!(world.reasons, [(0, watch, Reason::Limit(Limit::Acts))], "once, and not to who has closed");
    assert_eq!(world.load(1).names, 1, "its name is free again");
}
