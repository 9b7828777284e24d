//! How a call ends: in one way, and each way by its name.

use serde_json::{Value, json};
use shared::message::{ErrorCode, Why};
use shared::process::limits::{MAX_CALLS_OF_PROCESS, WINDOW, WITHIN};
use shared::process::table::{Ask, Effect, Table};
use shared::process::{Act, Address, Reason, Stepped, Want};

use crate::world::{Order, World, name};

fn ending(world: &mut World, to: &Address, how: &str) -> ErrorCode {
    let ask = world.call(0, to, json!({ "answer": how }), WITHIN);
    world.rest();
    world.code(0, ask).unwrap_or_else(|| panic!("{:?}", world.answer(0, ask)))
}

#[test]
fn each_end_of_a_call_has_its_name() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    let ask = world.call(0, &there, json!({ "answer": "now" }), WITHIN);
    world.settle();
    assert_eq!(world.answer(0, ask), Some(&Ok(json!({ "answer": "now" }))));
    assert_eq!((world.load(0).timers, world.load(1).timers), (0, 1), "its clock stopped; the program's day goes on");

    assert_eq!(ending(&mut world, &there, "never"), ErrorCode::Timeout);
    assert_eq!(ending(&mut world, &Address::new("nobody", name(1)).unwrap(), "now"), ErrorCode::NoSuchProcess);
    assert_eq!(ending(&mut world, &there, "crash"), ErrorCode::Exited);
    assert_eq!(ending(&mut world, &there, "now"), ErrorCode::NoSuchProcess, "its pid is nobody's now");
    world.cut(1);
    assert_eq!(ending(&mut world, &there, "now"), ErrorCode::NodeDown);
    world.with(0, Table::cut_off);
    assert_eq!(ending(&mut world, &there, "now"), ErrorCode::NodeDown, "without a connection at once");
}

#[test]
fn what_the_app_sends_waits_its_turn_and_keeps_its_order() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    let before = world.answers.len();
    for n in 1..=600 {
        world.ask(0, Ask::Send { to: there.clone(), message: json!({ "to": there.to_string(), "n": n }) });
    }
    assert_eq!(world.answers.len() - before, WINDOW as usize, "answered is what is on its way");
    assert_eq!(world.load(0).outgoing, 600 - WINDOW as usize);
    world.settle();
    assert_eq!(world.answers.len() - before, 600);
    let (_, arrived) = world.arrived.iter().find(|((_, to), _)| *to == there.to_string()).unwrap();
    assert_eq!(*arrived, (1..=600).collect::<Vec<u64>>());
}

#[test]
fn a_node_that_nobody_knows_is_named_so() {
    let mut world = World::new(2, true);
    let ask = world.ask(0, Ask::Ping { node: name(1) });
    world.hub.up[0].clear();
    world.with(0, |table, now| table.unreachable(now, &name(1), Why::NoSuchNode));
    assert_eq!(world.code(0, ask), Some(ErrorCode::NoSuchNode));
}

#[test]
fn the_reason_of_a_crash_reaches_the_caller() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    let ask = world.call(0, &there, json!({ "answer": "crash" }), WITHIN);
    world.settle();
    let fault = world.answer(0, ask).unwrap().clone().unwrap_err();
    assert_eq!(fault.reason, Some(Reason::error("as it was told")));
}

#[test]
fn a_call_in_the_middle_of_which_the_callees_node_leaves_ends_at_once() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    let ask = world.call(0, &there, json!({ "answer": "never" }), 60_000);
    world.settle();
    world.cut(1);
    world.settle();
    assert_eq!(world.code(0, ask), Some(ErrorCode::NodeDown));
}

#[test]
fn a_second_answer_is_passed_over_and_the_leader_is_told() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    let ask = world.call(0, &there, json!({ "answer": "twice" }), WITHIN);
    world.settle();
    assert_eq!(world.answer(0, ask), Some(&Ok(json!(1))));
    let told: Vec<&str> = world.printed.iter().map(|(_, _, text)| text.as_str()).collect();
    assert_eq!(told, ["An answer was passed over: nobody waits for it any more."]);
}

#[test]
fn a_late_answer_is_passed_over() {
    let mut world = World::new(2, true);
    let there = world.start(1, "there");
    let ask = world.call(0, &there, json!({ "answer": "now" }), 10);
    // It is on its way for longer than the caller waits.
    world.carry(0);
    world.pass(11);
    world.settle();
    assert_eq!(world.code(0, ask), Some(ErrorCode::Timeout));
    assert_eq!((world.load(0).calls, world.load(1).unanswered), (0, 0));
}

#[test]
fn a_call_to_oneself_times_out_and_a_request_to_oneself_is_answered() {
    let mut world = World::new(1, true);
    let own = world.start(0, "own");
    world.tell(&own, Order::Block(Want::Call { to: own.clone(), message: json!("hi"), within: 1_000 }));
    world.rest();
    let code = |world: &World| world.brought.last().map(|(_, result)| result.clone().map_err(|fault| fault.code));
    assert_eq!(code(&world), Some(Err(ErrorCode::Timeout)));
    let request = Act::Request { r#ref: 1, to: own.clone(), message: json!("hi"), within: 1_000 };
    world.tell(&own, Order::Acts(vec![request]));
    world.rest();
    assert_eq!(code(&world), Some(Ok(json!("hi"))));
}

#[test]
fn a_process_has_so_many_calls_under_way_and_the_next_is_busy() {
    let mut world = World::new(2, true);
    let (here, there) = (world.start(0, "here"), world.start(1, "there"));
    let requests = (0..=MAX_CALLS_OF_PROCESS as u64).map(|own| Act::Request {
        r#ref: own,
        to: there.clone(),
        message: json!({ "answer": "never" }),
        within: 1_000,
    });
    world.tell(&here, Order::Acts(requests.collect()));
    world.settle();
    let busy: Vec<_> = world.brought.iter().filter_map(|(_, result)| result.clone().err()).collect();
    assert!(matches!(busy.as_slice(), [fault] if fault.code == ErrorCode::Busy), "{busy:?}");
    // Their places are free again once their time is over.
    world.rest();
    let request = Act::Request { r#ref: 100, to: there, message: json!({ "answer": "now" }), within: 1_000 };
    world.tell(&here, Order::Acts(vec![request]));
    world.settle();
    assert!(matches!(world.brought.last(), Some((_, Ok(_)))), "{:?}", world.brought.last());
}

#[test]
fn a_handler_answers_when_it_likes_and_takes_so_many_at_a_time() {
    let mut world = World::new(2, true);
    let pid = world.with(1, |table, now| table.host(now, "map_server", "the store", 2)).unwrap();
    let to = Address::new("map_server", name(1)).unwrap();
    let asks: Vec<u64> = (0..3).map(|n| world.call(0, &to, json!({ "get": n }), WITHIN)).collect();
    world.settle();
    let letters = |world: &mut World| {
        let effects = std::mem::take(&mut world.nodes[1].effects).into_iter();
        let letters = effects.filter_map(|effect| match effect {
            Effect::Host { step: shared::process::Step::Handle(letter), .. } => Some(letter),
            _ => None,
        });
        letters.collect::<Vec<_>>()
    };
    let first = letters(&mut world);
    assert_eq!(first.len(), 2);
    assert_eq!((first[0].nick.as_deref(), first[0].owner), (Some("ana"), Some(7)));
    world.with(1, |table, now| {
        table.answer(now, first[1].call.unwrap(), Ok(json!("second")));
        table.stepped(now, pid, Stepped::of(Vec::new()));
    });
    assert_eq!(letters(&mut world).len(), 1, "one is done, the next comes");
    world.settle();
    assert_eq!(world.answer(0, asks[1]), Some(&Ok(json!("second"))));
    world.with(1, |table, now| table.end(now, pid, &Reason::Normal));
    world.settle();
    assert_eq!([world.code(0, asks[0]), world.code(0, asks[2])], [Some(ErrorCode::Exited); 2]);
}

#[test]
fn a_call_to_the_hubs_message_server_is_a_request_and_a_guest_may_make_none() {
    let mut world = World::new(2, true);
    let to: Address = "message_server@@hub@den".parse().unwrap();
    let ask = world.call(0, &to, json!({ "type": "list_rooms" }), WITHIN);
    let effects = std::mem::take(&mut world.nodes[0].effects);
    let [Effect::Request { r#ref, request }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(request, &json!({ "type": "list_rooms" }));
    world.with(0, |table, now| table.answered(now, *r#ref, Ok(json!({ "rooms": [] }))));
    assert_eq!(world.answer(0, ask), Some(&Ok(json!({ "rooms": [] }))));

    world.belongs(1, 8);
    let spawn = shared::process::Spawn { source: "told".into(), ..shared::process::Spawn::default() };
    let ask = world.spawn(1, 0, spawn);
    let guest = world.spawned(1, ask);
    world.tell(&guest, Order::Block(Want::Call { to, message: json!({ "type": "say" }), within: 1_000 }));
    world.settle();
    let put = Want::Put { key: "a".to_owned(), value: json!(1), version: None };
    world.tell(&guest, Order::Block(put));
    world.settle();
    let codes: Vec<_> = world.brought.iter().map(|(_, result)| result.clone().map_err(|fault| fault.code)).collect();
    assert_eq!(codes, [Err(ErrorCode::NotAllowed), Err(ErrorCode::NotAllowed)] as [Result<Value, _>; 2]);
    assert_eq!(world.nodes[0].effects, []);
}

#[test]
fn puts_wait_for_each_other_and_each_is_answered_with_its_version() {
    let mut world = World::new(1, true);
    let writers: Vec<Address> = (0..10).map(|_| world.start(0, "writer")).collect();
    for writer in &writers {
        world.tell(writer, Order::Block(Want::Put { key: "a".to_owned(), value: json!(1), version: None }));
    }
    world.settle();
    let refs = |world: &mut World| {
        let effects = std::mem::take(&mut world.nodes[0].effects).into_iter();
        let refs = effects.filter_map(|effect| match effect {
            Effect::Store { r#ref, .. } => Some(r#ref),
            _ => None,
        });
        refs.collect::<Vec<u64>>()
    };
    let first = refs(&mut world);
    assert_eq!(first.len(), 8);
    world.with(0, |table, now| table.answered(now, first[0], Ok(json!(62))));
    assert_eq!(refs(&mut world).len(), 1);
    world.settle();
    assert_eq!(world.brought, [(writers[0].pid().unwrap(), Ok(json!(62)))]);
}
