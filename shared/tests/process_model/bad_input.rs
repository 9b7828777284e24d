//! What is odd, forged or too much: each has its answer, and costs nobody else anything.

use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::node::NodeName;
use shared::process::limits::{
    MAX_CALLS, MAX_DEPTH, MAX_MAILBOX, MAX_MESSAGE, MAX_SOURCE, MAX_TIES, MAX_TIMERS, OUTPUT_LINES, WINDOW,
};
use shared::process::table::{Ask, Effect, Table};
use shared::process::{Act, Address, Creation, Fault, Limit, Origin, Pid, Reason, Signal, Spawn, Target, Want};

use crate::world::{Order, World, name};

/// A signal of a node that keeps to nothing.
fn forged(world: &mut World, signal: Value) -> Vec<Signal> {
    let origin = Origin { node: name(1), nick: Some("eve".to_owned()), owner: Some(666) };
    world.nodes[0].table.heard(world.now, &origin, signal);
    let effects: Vec<Effect> = std::iter::from_fn(|| world.nodes[0].table.effect()).collect();
    let signals = effects.into_iter().filter_map(|effect| match effect {
        Effect::Signal { signal, .. } => Some(signal),
        _ => None,
    });
    signals.collect()
}

fn odd(world: &World) -> u64 {
    world.nodes[0].table.stats()["odd"].as_u64().unwrap()
}

#[test]
fn what_is_no_signal_is_passed_over_and_counted() {
    let mut world = World::new(2, true);
    let pid = world.start(0, "here").pid().unwrap();
    let deep = (0..120).fold(json!(1), |inner, _| json!([inner]));
    let payloads = [
        json!(null),
        json!([]),
        json!({ "type": "dance" }),
        json!({ "type": "send", "to": "pong" }),
        json!({ "type": "send", "from": "k3f9.x", "to": "pong", "message": 1 }),
        json!({ "type": "call", "ref": -1, "from": "k3f9.7", "to": "pong", "message": 1 }),
        json!({ "type": "exit", "from": "k3f9.7", "to": pid, "reason": "killed" }),
        json!({ "type": "took", "count": 1.5, "bytes": 0 }),
        deep,
    ];
    let count = payloads.len() as u64;
    for payload in payloads {
        assert_eq!(forged(&mut world, payload), []);
    }
    assert_eq!(odd(&world), count);
    assert!(world.nodes[0].table.is_alive(pid));
}

#[test]
fn a_signal_for_what_was_never_begun_changes_nothing() {
    let mut world = World::new(2, true);
    let here = world.start(0, "here");
    let ask = world.call(0, &here, json!({ "answer": "never" }), 5_000);
    world.settle();
    let before = world.load(0);
    let pid = here.pid().unwrap();
    for payload in [
        json!({ "type": "answer", "ref": ask + 1, "ok": 1 }),
        json!({ "type": "answer", "ref": 999_999, "ok": 1 }),
        json!({ "type": "pong", "ref": 999_999 }),
        json!({ "type": "ended", "ref": 3, "reason": { "code": "normal" } }),
        json!({ "type": "demonitor", "ref": 3 }),
        json!({ "type": "unlink", "from": "k3f7.3", "to": pid }),
        json!({ "type": "exit", "from": "k3f7.3", "to": pid, "reason": { "code": "killed" } }),
        json!({ "type": "print", "from": "k3f7.3", "to": pid, "text": "boo" }),
        json!({ "type": "took", "count": 99, "bytes": 99 }),
        json!({ "type": "monitor", "ref": 4, "from": "k3f7.3" }),
    ] {
        assert_eq!(forged(&mut world, payload.clone()), [], "{payload}");
    }
    let after = world.load(0);
    assert_eq!((after.calls, after.links, after.monitors, after.processes), (before.calls, 0, 0, before.processes));
    assert_eq!(world.answer(0, ask), None, "and nobody answers in another's place");
}

#[test]
fn a_ref_that_is_used_twice_counts_once() {
    let mut world = World::new(2, true);
    let here = world.start(0, "here");
    let monitor = json!({ "type": "monitor", "ref": 4, "from": "k3f7.3", "to": here.pid().unwrap() });
    forged(&mut world, monitor.clone());
    forged(&mut world, monitor);
    let pid = here.pid().unwrap();
    world.nodes[0].table.end(world.now, pid, &Reason::Normal);
    let told = std::iter::from_fn(|| world.nodes[0].table.effect());
    let told: Vec<_> = told.filter(|effect| matches!(effect, Effect::Signal { .. })).collect();
    let signal = Signal::Ended { r#ref: 4, reason: Reason::Normal };
    assert_eq!(told, [Effect::Signal { to: name(1), first: true, signal }]);
}

#[test]
fn whoever_sends_past_the_window_is_not_heard_and_nobody_else_pays() {
    let mut world = World::new(2, true);
    let here = world.start(0, "here");
    let send = json!({ "type": "send", "from": "k3f7.3", "to": here.pid().unwrap(), "message": 1 });
    for _ in 0..3 * MAX_MAILBOX {
        forged(&mut world, send.clone());
    }
    let load = world.load(0);
    assert!(load.mailbox <= MAX_MAILBOX / 2 + WINDOW as usize && world.is_alive(&here), "{load:?}");
    let ask = world.call(0, &here, json!({ "answer": "never" }), 5_000);
    assert_eq!(world.answer(0, ask), None);
}

#[test]
fn calls_that_nobody_takes_the_answers_of_cost_so_much_and_no_more() {
    let mut world = World::new(2, true);
    world.start(0, "here");
    let mut answers = 0;
    for r#ref in 0..20_000_u64 {
        let call = json!({ "type": "call", "ref": r#ref, "from": "k3f7.3", "to": "nobody", "message": 1 });
        answers += forged(&mut world, call).iter().filter(|it| matches!(it, Signal::Answer { .. })).count();
    }
    assert_eq!(answers, WINDOW as usize);
    assert!(world.load(0).outgoing <= 8 * MAX_CALLS, "{:?}", world.load(0));
}

#[test]
fn one_nodes_open_calls_are_bounded() {
    let mut world = World::new(2, true);
    let pid = world.with(0, |table, now| table.host(now, "map_server", "the store", 100_000)).unwrap();
    let mut busy = 0;
    for r#ref in 0..2 * MAX_CALLS as u64 {
        let call = json!({ "type": "call", "ref": r#ref, "from": "k3f7.3", "to": pid, "message": 1, "within": 60_000 });
        let refused =
            |signal: &Signal| matches!(signal, Signal::Answer { result: Err(Fault { code: ErrorCode::Busy, .. }), .. });
        busy += forged(&mut world, call).iter().filter(|signal| refused(signal)).count();
    }
    assert_eq!((busy > 0, world.load(0).unanswered), (true, MAX_CALLS));
}

#[test]
fn a_message_out_of_bounds_is_never_sent_and_says_which() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    let deep = (0..=MAX_DEPTH).fold(json!(1), |inner, _| json!([inner]));
    for (message, words) in [(json!("x".repeat(MAX_MESSAGE)), "32770 bytes"), (deep, "32 deep")] {
        let ask = world.call(0, &there, message.clone(), 1_000);
        let fault = world.answer(0, ask).cloned().unwrap().unwrap_err();
        assert!(fault.code == ErrorCode::BadMessage && fault.message.contains(words), "{fault:?}");
        let here = world.start(0, "here");
        world.tell(&here, Order::Acts(vec![Act::Send { to: there.clone(), message }]));
        let watch = world.ask(0, Ask::Monitor { of: here });
        world.settle();
        let reason = world.reasons.pop();
        assert!(
            matches!(&reason, Some((0, ask, Reason::Error(why))) if *ask == watch && why.contains(words)),
            "{reason:?}"
        );
    }
    let spawn = Spawn { source: "x".repeat(MAX_SOURCE + 1).into(), ..Spawn::default() };
    let ask = world.ask(0, Ask::Spawn { node: name(1), spawn });
    assert_eq!(world.code(0, ask), Some(ErrorCode::BadMessage));
    assert_eq!(world.load(1).unanswered, 0);
}

/// What a process ends with that does this.
fn ends(acts: Vec<Act>) -> Option<Reason> {
    let mut world = World::new(1, true);
    let here = world.start(0, "here");
    let watch = world.ask(0, Ask::Monitor { of: here.clone() });
    world.tell(&here, Order::Acts(acts));
    world.settle();
    world.reasons.pop().filter(|(_, ask, _)| *ask == watch).map(|(.., reason)| reason)
}

#[test]
fn what_a_program_does_too_much_of_ends_it_by_name() {
    let print = || Act::Print { text: "x".to_owned() };
    assert_eq!(ends((0..257).map(|_| print()).collect()), Some(Reason::Limit(Limit::Acts)));
    let long = |_| Act::Print { text: "x".repeat(9_000) };
    assert_eq!(ends((0..9).map(long).collect()), Some(Reason::Limit(Limit::Output)));
    let after = |own| Act::After { r#ref: own, ms: 60_000, message: json!(1) };
    assert!(matches!(ends((0..=MAX_TIMERS as u64).map(after).collect()), Some(Reason::Error(_))));
    let register = |name: &str| Act::Register { name: name.to_owned() };
    for taken in ["node", "map_server", "console", "no good", ""] {
        assert!(matches!(ends(vec![register(taken)]), Some(Reason::Error(_))), "{taken}");
    }
    assert!(matches!(ends(vec![register("a"), register("b")]), Some(Reason::Error(_))));
    assert_eq!(ends(vec![register("a"), register("a"), print()]), None);
}

#[test]
fn whoever_prints_line_after_line_ends_by_its_output() {
    let mut world = World::new(1, true);
    let here = world.start(0, "here");
    let watch = world.ask(0, Ask::Monitor { of: here.clone() });
    for _ in 0..=OUTPUT_LINES / 200 {
        let lines = (0..200).map(|_| Act::Print { text: "x".to_owned() }).collect();
        world.tell(&here, Order::Acts(lines));
        world.settle();
    }
    assert_eq!(world.reasons, [(0, watch, Reason::Limit(Limit::Output))]);
}

#[test]
fn a_mailbox_that_stays_more_than_half_full_ends_its_process_and_its_senders_go_on() {
    let mut world = World::new(3, true);
    let (one, two, slow) = (world.start(0, "one"), world.start(1, "two"), world.start(2, "slow"));
    // It waits for an answer that never comes, and hears nothing meanwhile.
    let own = Address::of(slow.pid().unwrap(), name(2));
    world.tell(&slow, Order::Block(Want::Call { to: own, message: json!(1), within: 60_000 }));
    world.settle();
    let watch = world.ask(0, Ask::Monitor { of: slow.clone() });
    for _ in 0..4 {
        for sender in [&one, &two] {
            let sends = (0..250).map(|_| world.send(sender, &slow)).collect();
            world.tell(sender, Order::Acts(sends));
        }
    }
    world.settle();
    let load = world.load(2);
    assert!(load.mailbox > MAX_MAILBOX / 2 && load.mailbox <= MAX_MAILBOX && world.is_alive(&slow), "{load:?}");
    world.pass(4_999);
    world.settle();
    assert!(world.is_alive(&slow));
    world.pass(1);
    world.settle();
    assert_eq!(world.reasons, [(0, watch, Reason::Limit(Limit::Mailbox))]);
    for sender in [&one, &two] {
        let node: usize = sender.node.local()[1..].parse().unwrap();
        let ask = world.call(node, sender, json!({ "answer": "now" }), 1_000);
        world.settle();
        assert!(matches!(world.answer(node, ask), Some(Ok(_))));
    }
}

#[test]
fn whoever_catches_up_in_time_gets_all_that_was_held_back_meanwhile() {
    let mut world = World::new(2, true);
    let (one, slow) = (world.start(0, "one"), world.start(1, "slow"));
    let own = slow.clone();
    world.tell(&slow, Order::Block(Want::Call { to: own, message: json!(1), within: 4_000 }));
    world.settle();
    for _ in 0..10 {
        let sends = (0..200).map(|_| world.send(&one, &slow)).collect();
        world.tell(&one, Order::Acts(sends));
    }
    world.settle();
    let load = world.load(1);
    assert!(load.mailbox > MAX_MAILBOX / 2 && load.mailbox <= MAX_MAILBOX, "{load:?}");
    assert_eq!(world.load(0).peers[0].1, WINDOW, "the window is closed");
    world.pass(4_000);
    world.settle();
    let arrived = &world.arrived[&(one.to_string(), slow.to_string())];
    assert_eq!(*arrived, (1..=2_000).collect::<Vec<u64>>());
}

#[test]
fn a_flood_to_a_neighbour_rests_and_ends_nobody_who_keeps_up() {
    let mut world = World::new(1, true);
    let (one, other) = (world.start(0, "one"), world.start(0, "other"));
    for _ in 0..20 {
        let sends = (0..250).map(|_| world.send(&one, &other)).collect();
        world.tell(&one, Order::Acts(sends));
    }
    world.settle();
    assert!(world.is_alive(&one) && world.is_alive(&other));
    let arrived = &world.arrived[&(one.to_string(), other.to_string())];
    assert_eq!(arrived.len(), 5_000);
    assert!(arrived.is_sorted());
}

#[test]
fn a_node_is_tied_to_so_many_and_the_next_is_busy() {
    let mut table = Table::new(name(0), Creation::new(1), shared::process::Bounds::NATIVE);
    table.connected(1, name(0));
    let other = |n: usize| -> NodeName { format!("other{n}@den").parse().unwrap() };
    let pid = Pid::new(Creation::new(2), 1);
    for n in 0..MAX_TIES + 5 {
        let signal = Signal::Send { from: pid, to: Target::Pid(pid), message: json!(1), guest: false };
        table.received(1, &Origin::of(other(n)), signal);
    }
    assert_eq!(table.load().peers.len(), MAX_TIES);
    let ask = table.ask(1, None, Ask::Ping { node: other(MAX_TIES + 1) });
    let answered = std::iter::from_fn(|| table.effect())
        .find_map(|effect| match effect {
            Effect::Answered { ask: other, result } if other == ask => Some(result),
            _ => None,
        })
        .unwrap();
    assert_eq!(answered.unwrap_err().code, ErrorCode::Busy);
}
