//! Engines on threads of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod common;

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use common::{pid, program, scene};
use engine::limits::MAX_QUEUED;
use engine::{FromEngine, Pool, ToEngine};
use serde_json::json;
use shared::process::{Act, Event, Pid, Step, Stepped, Then};

/// Long past what a step takes on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

fn pool() -> (Pool, Receiver<FromEngine>) {
    let (told, said) = channel();
    // Who listens no more has all that the test wanted.
    let pool = Pool::start(move |message| drop(told.send(message))).expect("threads");
    (pool, said)
}

fn begin(pid: Pid, source: &str) -> ToEngine {
    ToEngine::Step { pid, scene: scene(pid), step: Step::Init(program(source, vec![json!(pid.number())])) }
}

fn message(pid: Pid, n: u64) -> ToEngine {
    ToEngine::Step { pid, scene: scene(pid), step: Step::Event(Event::Timer { r#ref: 0, message: json!(n) }) }
}

fn hear(said: &Receiver<FromEngine>) -> (Pid, Stepped) {
    match said.recv_timeout(PATIENCE).expect("an answer") {
        FromEngine::Stepped { pid, stepped } => (pid, stepped),
        other => panic!("{other:?}"),
    }
}

const COUNTS: &str = "fn init(args) { args[0] } fn handle(state, from, n) { print(state + n); state + n }";

#[test]
fn each_process_keeps_its_state_on_its_thread() {
    let (pool, said) = pool();
    for number in 0..20 {
        pool.give(begin(pid(number), COUNTS)).expect("room");
    }
    for _ in 0..20 {
        assert_eq!(hear(&said).1.then, Then::Wait);
    }
    for n in 1..=3 {
        for number in 0..20 {
            pool.give(message(pid(number), 100 * n)).expect("room");
        }
        for _ in 0..20 {
            let (pid, stepped) = hear(&said);
            let sum: u64 = (1..=n).map(|n| 100 * n).sum();
            assert_eq!(stepped.acts, [Act::Print { text: (pid.number() + sum).to_string() }]);
        }
    }
}

#[test]
fn what_waits_for_a_thread_is_bounded() {
    let (pool, said) = pool();
    let busy = "fn main() { loop { } }";
    let mut taken = 0;
    let full = loop {
        // All for one thread.
        let next = begin(pid(taken * pool.threads() as u64), busy);
        match pool.give(next) {
            Ok(()) => taken += 1,
            Err(full) => break full,
        }
    };
    assert!(matches!(full, ToEngine::Step { .. }), "it is given back");
    assert!((MAX_QUEUED as u64..MAX_QUEUED as u64 + 100).contains(&taken), "{taken}");
    // None of them ever ends by itself.
    assert!(matches!(hear(&said).1.then, Then::Exit(_)));
    drop(pool);
    assert!(said.iter().count() < MAX_QUEUED, "those that had not begun are let go");
}

#[test]
fn a_process_that_loops_holds_up_nobody_for_long() {
    let (pool, said) = pool();
    let step = pool.threads() as u64;
    pool.give(begin(pid(step), COUNTS)).expect("room");
    assert_eq!(hear(&said).1.then, Then::Wait);
    pool.give(begin(pid(0), "fn main() { loop { } }")).expect("room");
    pool.give(message(pid(step), 1)).expect("room");
    assert!(matches!(hear(&said).1.then, Then::Exit(_)));
    assert_eq!(hear(&said).1.then, Then::Wait);
}

#[test]
fn a_persons_programs_are_known_on_all_threads() {
    let (pool, said) = pool();
    let own = "fn main() { spawn(\"mine\") }";
    let name = || "mine".to_owned();
    pool.give(ToEngine::Own { name: name(), source: Some(own.to_owned()) }).expect("room");
    for number in 0..pool.threads() as u64 {
        pool.give(begin(pid(number), own)).expect("room");
    }
    for _ in 0..pool.threads() {
        assert!(matches!(hear(&said).1.then, Then::Blocked(_)));
    }
}

#[test]
fn what_is_forgotten_is_gone() {
    let (pool, said) = pool();
    pool.give(begin(pid(3), COUNTS)).expect("room");
    hear(&said);
    pool.give(ToEngine::Forget { pid: pid(3) }).expect("room");
    pool.give(message(pid(3), 1)).expect("room");
    assert!(matches!(hear(&said).1.then, Then::Exit(_)));
}
