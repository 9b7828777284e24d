//! Processes begun elsewhere: whose they are, where they print, who is asked, and who watches over them.

use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::process::supervisor::{Child, Plan, Restart, Strategy};
use shared::process::table::{Ask, Effect, Table};
use shared::process::{Act, Address, Fault, Reason, Spawn, Want};

use crate::world::{Order, World, name};

fn program(source: &str) -> Spawn {
    Spawn { program: source.to_owned(), source: source.into(), ..Spawn::default() }
}

#[test]
fn what_is_spawned_elsewhere_prints_where_it_was_asked_for() {
    let mut world = World::new(3, true);
    let ask = world.spawn(0, 1, program("prints"));
    let there = world.spawned(0, ask);
    assert_eq!(there.node, name(1));
    // And so does what that spawns further on.
    world.tell(&there, Order::Block(Want::Spawn { node: name(2), spawn: program("prints") }));
    world.settle();
    let Some((_, Ok(Value::String(further)))) = world.brought.last().cloned() else { panic!("{:?}", world.brought) };
    let further: Address = further.parse().unwrap();
    assert_eq!(further.node, name(2));
    let printed = |world: &World| world.printed.iter().map(|(at, from, _)| (*at, from.clone())).collect::<Vec<_>>();
    assert_eq!(printed(&world), [(0, there.clone()), (0, further)]);
    world.with(0, |table, now| table.close(now, ask));
    world.tell(&there, Order::Acts(vec![Act::Print { text: "to nobody".to_owned() }]));
    world.settle();
    assert_eq!(printed(&world).len(), 2, "its leader shows nothing more");
}

#[test]
fn a_leader_shows_so_much_and_says_how_much_it_left_out() {
    let mut world = World::new(2, true);
    let ask = world.spawn(0, 1, program("told"));
    let there = world.spawned(0, ask);
    for _ in 0..2 {
        let lines = (0..4).map(|_| Act::Print { text: "x".repeat(8 * 1024) }).collect();
        world.tell(&there, Order::Acts(lines));
    }
    let other = world.spawn(0, 1, Spawn { leader: world.nodes[0].table.leader(ask), ..program("prints") });
    world.settle();
    assert!(world.answer(0, other).is_some_and(Result::is_ok));
    world.pass(1_000);
    let last = world.printed.last().unwrap();
    assert_eq!((world.printed.len(), last.2.as_str()), (9, "… 1 lines more"));
}

#[test]
fn an_rpc_has_the_value_or_the_reason_why_not() {
    let mut world = World::new(2, true);
    let rpc = |world: &mut World, source: &str| {
        let spawn = Spawn { args: vec![json!(5)], ..program(source) };
        let ask = world.ask(0, Ask::Rpc { node: name(1), spawn, within: 5_000 });
        world.rest();
        world.answer(0, ask).cloned().unwrap()
    };
    assert_eq!(rpc(&mut world, "returns"), Ok(json!({ "args": [5] })));
    let crashed = rpc(&mut world, "crashes").unwrap_err();
    assert_eq!((crashed.code, crashed.reason), (ErrorCode::Exited, Some(Reason::error("in its first step"))));
    assert_eq!(rpc(&mut world, "waits").unwrap_err().code, ErrorCode::Timeout);
    for node in [0, 1] {
        assert_eq!(world.load(node).processes, 1, "an rpc leaves nothing running");
    }
}

#[test]
fn a_spawn_that_crashes_in_its_first_step_says_so() {
    let mut world = World::new(2, true);
    let ask = world.spawn(0, 1, program("crashes"));
    let fault = world.answer(0, ask).cloned().unwrap().unwrap_err();
    assert_eq!((fault.code, fault.reason), (ErrorCode::Exited, Some(Reason::error("in its first step"))));
}

#[test]
fn the_person_there_is_asked_and_may_say_no_or_nothing() {
    let mut world = World::new(2, true);
    world.belongs(0, 8);
    world.consent = Some(Err(Fault::new(ErrorCode::Declined, "No.")));
    let ask = world.spawn(0, 1, program("told"));
    assert_eq!(world.code(0, ask), Some(ErrorCode::Declined));
    let [(1, who, false)] = world.asked.as_slice() else { panic!("{:?}", world.asked) };
    assert_eq!((who.nick.as_deref(), who.owner), (Some("ana"), Some(8)));

    world.consent = None;
    let ask = world.spawn(0, 1, program("told"));
    assert_eq!(world.answer(0, ask), None);
    world.rest();
    assert_eq!(world.code(0, ask), Some(ErrorCode::Declined));
    let withdrawn = |world: &World| world.nodes[1].effects.iter().any(|it| matches!(it, Effect::Withdrawn { .. }));
    assert!(withdrawn(&world));
    world.nodes[1].effects.clear();
    // Whoever asked is gone: the question is as well.
    world.spawn(0, 1, program("told"));
    world.cut(0);
    world.settle();
    assert!(withdrawn(&world) && world.load(1).consents == 0);
}

#[test]
fn a_program_of_another_asks_with_the_rights_of_nobody() {
    let mut world = World::new(3, true);
    world.belongs(0, 8);
    // Node 0 is bob's; nodes 1 and 2 are ana's. What bob runs on 1 wants to run something on 2, and to end what is there.
    let mine = world.start(2, "mine");
    let ask = world.spawn(0, 1, program("told"));
    let guest = world.spawned(0, ask);
    world.asked.clear();
    world.tell(&guest, Order::Block(Want::Spawn { node: name(2), spawn: program("told") }));
    world.settle();
    let [(2, who, own)] = world.asked.as_slice() else { panic!("{:?}", world.asked) };
    assert_eq!((&who.node, who.nick.as_ref(), who.owner, *own), (&name(1), None, None, false));
    let exits = [Reason::Killed, Reason::said("go")].map(|reason| Act::Exit { to: mine.clone(), reason });
    world.tell(&guest, Order::Acts(exits.to_vec()));
    world.settle();
    assert!(world.is_alive(&mine));
    // On the node where it runs as little.
    let near = world.start(1, "near");
    world.tell(&guest, Order::Acts(vec![Act::Exit { to: near.clone(), reason: Reason::Killed }]));
    world.settle();
    assert!(world.is_alive(&near));
    // Nor does an engine hear that it is ana's, nor of what it spawns in turn.
    world.tell(&guest, Order::Block(Want::Spawn { node: name(1), spawn: program("told") }));
    world.settle();
    assert_eq!(world.known.len(), 5, "{:?}", world.known);
    assert_eq!(world.own, [mine, near]);
    // Its own spawner may end it, and the person whose tab it is.
    world.ask(0, Ask::Exit { to: guest.clone(), reason: Reason::said("enough") });
    world.settle();
    assert!(!world.is_alive(&guest));
}

#[test]
fn what_is_spawned_with_a_link_goes_with_who_asked_even_when_that_is_early() {
    let mut world = World::new(2, true);
    let here = world.start(0, "here");
    let spawn = Spawn { link: true, ..program("told") };
    world.tell(&here, Order::Block(Want::Spawn { node: name(1), spawn: spawn.clone() }));
    world.settle();
    let there: Address = serde_json::from_value(world.brought[0].1.clone().unwrap()).unwrap();
    world.tell(&here, Order::Exit(Reason::error("crash")));
    world.settle();
    assert!(!world.is_alive(&there));

    // It ends before the answer is there.
    let here = world.start(0, "here");
    world.tell(&here, Order::Block(Want::Spawn { node: name(1), spawn }));
    while world.run(0) {}
    world.ask(0, Ask::Exit { to: here, reason: Reason::said("go") });
    world.settle();
    assert_eq!(world.load(1).processes, 1);
}

#[test]
fn what_is_spawned_with_a_monitor_is_watched_from_the_first() {
    let mut world = World::new(2, true);
    let here = world.start(0, "here");
    let pid = here.pid().unwrap();
    for (own, on) in [(1, 1), (2, 0)] {
        let spawn = Spawn { monitor: Some(own), ..program("told") };
        world.monitors.insert((pid, own), 0);
        world.tell(&here, Order::Block(Want::Spawn { node: name(on), spawn }));
        world.settle();
        let there: Address = serde_json::from_value(world.brought.pop().unwrap().1.unwrap()).unwrap();
        world.tell(&there, Order::Exit(Reason::Normal));
        world.settle();
        assert_eq!(world.monitors[&(pid, own)], 1);
    }
    // Also what is over before anybody could have asked.
    for on in [0, 1] {
        let ask = world.spawn(0, on, Spawn { monitor: Some(0), ..program("returns") });
        assert_eq!(world.spawned(0, ask).node, name(on));
        assert_eq!(world.reasons.pop(), Some((0, ask, Reason::Normal)));
    }
}

#[test]
fn the_ask_that_is_closed_takes_its_rpc_along() {
    let mut world = World::new(1, true);
    let ask = world.ask(0, Ask::Rpc { node: name(0), spawn: program("waits"), within: 60_000 });
    world.settle();
    assert_eq!(world.load(0).processes, 3);
    world.with(0, |table, now| table.close(now, ask));
    world.settle();
    assert_eq!(world.load(0).processes, 1);
}

fn three(strategy: Strategy) -> Plan {
    let child = |id: &str| Child {
        id: id.to_owned(),
        spawn: Spawn { name: Some(format!("fact_{id}")), ..program("told") },
        restart: Restart::Permanent,
        shutdown: 1_000,
    };
    Plan { strategy, max_restarts: 3, within: 5_000, children: ["a", "b", "c"].map(child).to_vec() }
}

fn names(world: &World) -> Vec<Option<Address>> {
    let address = |pid| Address::of(pid, name(0));
    ["fact_a", "fact_b", "fact_c"].map(|it| world.nodes[0].table.whereis(it).map(address)).to_vec()
}

#[test]
fn a_child_that_crashes_is_there_again_at_once_and_the_others_never_notice() {
    let mut world = World::new(1, true);
    let main = world.start(0, "main");
    world.tell(&main, Order::Block(Want::Supervise { plan: three(Strategy::OneForOne) }));
    world.settle();
    let before = names(&world);
    let fact_a = Address::new("fact_a", name(0)).unwrap();
    let ask = world.call(0, &fact_a, json!({ "answer": "crash" }), 5_000);
    world.settle();
    let fault = world.answer(0, ask).cloned().unwrap().unwrap_err();
    assert_eq!((fault.code, fault.reason), (ErrorCode::Exited, Some(Reason::error("as it was told"))));
    let after = names(&world);
    assert!(before[0] != after[0] && after[0].is_some() && before[1..] == after[1..], "{before:?} {after:?}");
    let stats = world.nodes[0].table.stats();
    assert_eq!((&stats["restarts"], &stats["count"]), (&json!(1), &json!(5)), "{stats}");
    // The supervisor goes with its own, whatever the reason, and the children with it.
    world.tell(&main, Order::Exit(Reason::Normal));
    world.settle();
    assert_eq!((names(&world), world.running(0)), (vec![None, None, None], 0));
}

#[test]
fn a_storm_of_crashes_ends_the_supervisor_and_whoever_began_it() {
    let mut world = World::new(1, true);
    let main = world.start(0, "main");
    world.tell(&main, Order::Block(Want::Supervise { plan: three(Strategy::RestForOne) }));
    world.settle();
    let watch = world.ask(0, Ask::Monitor { of: main.clone() });
    for _ in 0..4 {
        let fact_b = names(&world)[1].clone().unwrap();
        world.tell(&fact_b, Order::Exit(Reason::error("crash")));
        world.settle();
    }
    assert_eq!(world.reasons, [(0, watch, Reason::Restarts)]);
    assert_eq!(world.running(0), 0);
}

#[test]
fn a_plan_whose_children_crash_at_once_is_a_fault() {
    let mut world = World::new(1, true);
    let mut plan = three(Strategy::OneForAll);
    plan.children[1].spawn.source = "crashes".into();
    let ask = world.ask(0, Ask::Supervise { plan: plan.clone() });
    world.settle();
    let fault = world.answer(0, ask).cloned().unwrap().unwrap_err();
    assert_eq!((fault.code, fault.reason), (ErrorCode::Exited, Some(Reason::Restarts)));
    assert_eq!(world.load(0).processes, 1);
    plan.children[2].id = "a".to_owned();
    let ask = world.ask(0, Ask::Supervise { plan });
    assert_eq!(world.code(0, ask), Some(ErrorCode::BadMessage));
}

#[test]
fn a_child_that_does_not_stop_is_killed_when_its_time_is_over() {
    let mut world = World::new(1, true);
    let ask = world.ask(0, Ask::Supervise { plan: three(Strategy::OneForOne) });
    world.settle();
    let fact_b = names(&world)[1].clone().unwrap();
    world.tell(&fact_b, Order::Acts(vec![Act::Trap { on: true }]));
    world.settle();
    world.with(0, |table, now| table.close(now, ask));
    world.settle();
    // The last first, and one after the other.
    assert!(names(&world)[2].is_none() && names(&world)[0].is_some());
    assert_eq!(world.trapped, [(fact_b.pid().unwrap(), Reason::Shutdown)]);
    world.pass(1_000);
    world.settle();
    assert_eq!(world.load(0).processes, 1);
}

#[test]
fn a_node_takes_so_many_processes_of_one_guest_and_the_next_is_busy() {
    let mut world = World::new(2, true);
    world.belongs(0, 8);
    let bounds = shared::process::table::Bounds { processes: 12, guests: 2, lifetime: 1_000, ties: 10 };
    let creation = shared::process::Creation::new(77);
    let mut table = Table::new(name(1), creation, bounds);
    table.identified(Some("ana".to_owned()), Some(7));
    table.connected(world.now, name(1));
    world.nodes[1].table = table;
    let codes: Vec<_> = (0..3)
        .map(|_| {
            let ask = world.spawn(0, 1, program("told"));
            world.code(0, ask)
        })
        .collect();
    assert_eq!(codes, [None, None, Some(ErrorCode::Busy)]);
    let watch = world.known.last().cloned().unwrap();
    let watch = world.ask(1, Ask::Monitor { of: watch });
    world.pass(1_000);
    let lifetime = Reason::Limit(shared::process::Limit::Lifetime);
    assert_eq!(world.reasons, [(1, watch, lifetime)], "and none stays for ever");
}
