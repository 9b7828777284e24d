//! A step that waits is run again from its beginning, and nobody can tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod common;

use common::{World, printed, scene};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::process::{Act, Address, Brought, Scene, Step, Then, Want};

/// What a generated program does with its number.
#[derive(Clone, Debug)]
enum Deed {
    Print,
    Send,
    /// A look at the store: adds what is brought.
    Get,
    /// A call: multiplies by what is brought.
    Call,
    /// A timer: adds its reference.
    After,
    Repeat(u8, Vec<Deed>),
    IfOdd(Vec<Deed>),
    /// Something that fails after it has waited, and is caught.
    Tries(Vec<Deed>),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let leaf = prop_oneof![Just(Deed::Print), Just(Deed::Send), Just(Deed::Get), Just(Deed::Call), Just(Deed::After)];
    let deed = leaf.prop_recursive(3, 16, 4, |inner| {
        let several = prop::collection::vec(inner, 0..4);
        prop_oneof![
            (0_u8..4, several.clone()).prop_map(|(times, deeds)| Deed::Repeat(times, deeds)),
            several.clone().prop_map(Deed::IfOdd),
            several.prop_map(Deed::Tries),
        ]
    });
    prop::collection::vec(deed, 0..6)
}

fn source(deeds: &[Deed], program: &mut String) {
    for deed in deeds {
        match deed {
            Deed::Print => program.push_str("print(n);\n"),
            Deed::Send => program.push_str("send(\"x\", n);\n"),
            Deed::Get => program.push_str("n += get(\"k\");\n"),
            Deed::Call => program.push_str("n = (n * call(\"x\", n)) % 1000;\n"),
            Deed::After => program.push_str("n += after(10, n);\n"),
            Deed::Repeat(times, deeds) => {
                program.push_str(&format!("for i in 0..{times} {{\n"));
                source(deeds, program);
                program.push_str("}\n");
            }
            Deed::IfOdd(deeds) => {
                program.push_str("if n % 2 == 1 {\n");
                source(deeds, program);
                program.push_str("}\n");
            }
            Deed::Tries(deeds) => {
                program.push_str("try {\n");
                source(deeds, program);
                program.push_str("throw n; } catch (m) { n = m; }\n");
            }
        }
    }
}

/// The same, told by hand: what it does, and how often it waits.
#[derive(Default)]
struct Told {
    n: i64,
    refs: u64,
    waits: i64,
    acts: Vec<Act>,
}

impl Told {
    fn brought(&mut self) -> i64 {
        self.waits += 1;
        brought(self.waits)
    }

    fn does(&mut self, deeds: &[Deed]) {
        for deed in deeds {
            match deed {
                Deed::Print => self.acts.push(Act::Print { text: self.n.to_string() }),
                Deed::Send => self.acts.push(Act::Send { to: neighbour(), message: json!(self.n) }),
                Deed::Get => self.n += self.brought(),
                Deed::Call => self.n = (self.n * self.brought()) % 1_000,
                Deed::After => {
                    self.refs += 1;
                    self.acts.push(Act::After { r#ref: self.refs, ms: 10, message: json!(self.n) });
                    self.n += self.refs as i64;
                }
                Deed::Repeat(times, deeds) => (0..*times).for_each(|_| self.does(deeds)),
                Deed::IfOdd(deeds) if self.n % 2 == 1 => self.does(deeds),
                Deed::IfOdd(_) => {}
                Deed::Tries(deeds) => self.does(deeds),
            }
        }
    }
}

/// What the wait of that number brings.
fn brought(wait: i64) -> i64 {
    wait * 7 % 5 + 1
}

fn neighbour() -> Address {
    Address::new("x", common::here()).expect("an address")
}

proptest! {
    #[test]
    fn the_acts_and_the_value_of_a_step_that_waits_are_those_of_one_undisturbed_run(deeds in deeds(), begins in 0_i64..9) {
        let mut told = Told { n: begins, ..Told::default() };
        told.does(&deeds);
        prop_assume!(told.waits <= 32 && told.acts.len() <= 256);

        let mut program = "fn main(args) {\nlet n = args[0];\n".to_owned();
        source(&deeds, &mut program);
        program.push_str("n\n}\n");
        let mut world = World::new();
        let (pid, mut stepped) = world.begins(&program, vec![json!(begins)]);
        let (mut acts, mut waits) = (stepped.acts, 0);
        while let Then::Blocked(want) = stepped.then {
            waits += 1;
            let value = match want {
                Want::Look(_) => json!({ "value": brought(waits) }),
                _ => json!(brought(waits)),
            };
            stepped = world.brings(pid, waits as u64, Brought::Value(value));
            acts.extend(stepped.acts);
        }
        prop_assert_eq!((acts, waits, stepped.then), (told.acts, told.waits, Then::Return(json!(told.n))), "{}", program);
    }
}

#[test]
fn a_step_of_a_server_waits_as_main_does_and_its_state_is_changed_once() {
    let mut world = World::new();
    let source = r#"fn init() { #{ sum: 0, log: [] } }
        fn handle(state, from, n) { state.sum += n; state.log.push(call("x", state.sum)); reply(from, state.log); state }"#;
    let (pid, _) = world.begins(source, Vec::new());
    for (call, n, sum) in [(1, 5, 5), (2, 6, 11)] {
        let stepped = world.calls(pid, call, json!(n));
        let Then::Blocked(Want::Call { message, .. }) = &stepped.then else { panic!("{stepped:?}") };
        assert_eq!((message, &stepped.acts), (&json!(sum), &vec![]));
        let stepped = world.brings(pid, 1, Brought::Value(json!(sum * 100)));
        assert_eq!(stepped.then, Then::Wait);
        let log = if call == 1 { json!([500]) } else { json!([500, 1100]) };
        assert!(matches!(&stepped.acts[..], [Act::Reply { result: Ok(value), .. }] if *value == log), "{stepped:?}");
    }
}

#[test]
fn chance_is_the_same_in_each_run_of_a_step() {
    let mut world = World::new();
    let undisturbed = world.main("for i in 0..4 { print(random(1000000)); }");
    let (pid, stepped) =
        world.begins("fn main() { for i in 0..4 { print(random(1000000)); get(\"k\"); } }", Vec::new());
    let mut lines: Vec<String> = printed(&stepped).into_iter().map(str::to_owned).collect();
    for wait in 1..=4 {
        let stepped = world.brings(pid, wait, Brought::Value(Value::Null));
        lines.extend(printed(&stepped).into_iter().map(str::to_owned));
    }
    assert_eq!(lines, printed(&undisturbed));
    // Another step has another seed.
    let other = Scene { seed: 18, ..scene(common::pid(99)) };
    let program = common::program("fn main() { print(random(1000000)) }", Vec::new());
    let stepped = world.engine.step(common::pid(99), other, Step::Init(program));
    assert_ne!(printed(&stepped), lines[..1]);
}

#[test]
fn the_time_goes_on_with_what_is_brought() {
    let mut world = World::new();
    let (pid, _) = world.begins("fn main() { let a = now(); get(\"k\"); [a, now(), now()] }", Vec::new());
    let then = world.brings(pid, 25, Brought::Value(Value::Null)).then;
    assert_eq!(then, Then::Return(json!([common::NOW, common::NOW + 25, common::NOW + 25])));
}
