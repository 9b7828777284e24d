//! What a program may not do: each ends it with the bound's name, soon, and harms nobody else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod common;

use std::time::{Duration, Instant};

use common::{World, printed};
use engine::limits::{MAX_BROUGHT, MAX_STATE, MAX_TEXT, MAX_WAITS, STACK};
use serde_json::{Value, json};
use shared::process::limits::{MAX_ACTS, MAX_PRINT};
use shared::process::{Brought, Event, Letter, Limit, Reason, Then, Want};

/// Far above what any step takes, with others at work on the same cores.
const SOON: Duration = Duration::from_secs(2);

fn ends_by(limit: Limit, body: &str) {
    let mut world = World::new();
    let began = Instant::now();
    assert_eq!(world.end(body), Reason::Limit(limit), "{body}");
    assert!(began.elapsed() < SOON, "{body}: {:?}", began.elapsed());
    // The engine goes on.
    assert_eq!(world.value("1 + 1"), json!(2));
}

/// One of two bounds, whichever a slow machine gets to first.
fn ends_by_operations_or_time(body: &str) {
    let mut world = World::new();
    let began = Instant::now();
    let end = world.end(body);
    assert!(matches!(end, Reason::Limit(Limit::Operations | Limit::Time)), "{body}: {end:?}");
    assert!(began.elapsed() < SOON, "{body}: {:?}", began.elapsed());
}

#[test]
fn a_loop_without_an_end() {
    for body in [
        "loop {}",
        "while true { }",
        "let x = 0; loop { x += 1; }",
        "for i in 0..1000000000000 { }",
        "do { try { loop {} } catch { } } until false",
        "let f = || 1; loop { f.call(); }",
        // Few operations, each of them long.
        "let a = []; a.pad(2000, 7); loop { a.contains(a); }",
        "let s = \"\"; s.pad(30000, \"xy\"); loop { s.to_upper(); }",
    ] {
        ends_by_operations_or_time(body);
    }
}

#[test]
fn a_recursion_without_an_end() {
    ends_by(Limit::Depth, "f(1)\n}\nfn f(n) { 1 + f(n + 1)");
    ends_by(Limit::Depth, "f(1)\n}\nfn f(n) { [n].map(|x| f(x))");
    ends_by(Limit::Depth, "f(1)\n}\nfn f(n) { `${f(n)}`");
}

/// What sorts passes over what its comparison ends with.
#[test]
fn an_end_within_a_function_that_passes_over_it() {
    let mut world = World::new();
    let stepped = world.main("[1, 2, 3].sort(|a, b| { print(a); exit(\"done\"); 0 }); print(\"after\"); 5");
    assert_eq!(printed(&stepped).len(), 1);
    assert_eq!(stepped.then, Then::Exit(Reason::Said("done".to_owned())));
    let stepped = world.main("let a = [1, 2, 3]; a.sort(|a, b| get(\"x\")); print(\"after\"); 5");
    assert!(matches!(stepped.then, Then::Blocked(Want::Look(_))) && stepped.acts.is_empty(), "{stepped:?}");
    ends_by_operations_or_time("[1, 2, 3].sort(|a, b| { loop {} }); print(\"after\")");
}

#[test]
fn what_grows_without_an_end() {
    for body in [
        r#"let s = "x"; loop { s += s; }"#,
        "let a = []; loop { a.push(a); }",
        "let a = []; loop { a.push(0); }",
        "let a = [0]; loop { a += a; }",
        "let m = #{}; let i = 0; loop { m[`k${i}`] = i; i += 1; }",
        r#""x".pad(1000000000, "y")"#,
        "let a = []; a.pad(1000000000, 0); a",
        r#"let s = "x"; s.pad(30000, "y"); let a = []; loop { a.push(s + a.len()); }"#,
    ] {
        let mut world = World::new();
        let began = Instant::now();
        let end = world.end(body);
        // What is measured with each change is slow before it is large.
        assert!(matches!(end, Reason::Limit(Limit::Size | Limit::Time)), "{body}: {end:?}");
        assert!(began.elapsed() < SOON, "{body}: {:?}", began.elapsed());
    }
}

/// On the stack that threads of the pool have.
fn on_its_stack(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(test).expect("a thread");
    thread.join().expect("it holds");
}

#[test]
fn what_is_nested_without_an_end() {
    on_its_stack(nested);
}

fn nested() {
    // As deep as time allows, and then everything that goes through it, by itself.
    for levels in [300, 2_000] {
        let nest = format!("let a = [0]; for i in 0..{levels} {{ a = [a]; }}");
        for (then, value) in [
            ("let b = a; b == a", json!(true)),
            ("like(a, a)", json!(true)),
            ("a.to_string().len() > 600", json!(true)),
            ("a.contains(a)", json!(false)),
        ] {
            let then = World::new().main(&format!("{nest} {then}")).then;
            let held = matches!(&then, Then::Return(returned) if *returned == value)
                || (levels == 2_000 && matches!(then, Then::Exit(Reason::Limit(_))));
            assert!(held, "{levels}: {then:?}");
        }
    }
    let nest = "let a = [0]; for i in 0..100 { a = [a]; }";
    let mut world = World::new();
    let Reason::Error(words) = world.end(&format!("{nest} send(\"x\", a)")) else { panic!() };
    assert!(words.starts_with("A value that is nested more than 32 deep cannot be sent."), "{words}");
    assert_eq!(
        world.end(&format!("{nest} a")),
        Reason::error("What it returns is too long, or holds what cannot be sent.")
    );

    let text = "[".repeat(4_000);
    let end = world.end(&format!("parse_json(\"{text}\")"));
    assert!(matches!(end, Reason::Error(_)), "{end:?}");
}

#[test]
fn a_text_nobody_can_read_to_its_end() {
    let mut world = World::new();
    for text in [
        "(".repeat(20_000),
        "!".repeat(20_000),
        format!("1{}", "+1".repeat(10_000)),
        "fn f() {".repeat(2_000),
        "[".repeat(30_000),
        "if true {".repeat(3_000),
        "|x|".repeat(9_000),
    ] {
        let (_, stepped) = world.begins(&format!("fn main() {{ {text}"), Vec::new());
        assert!(matches!(stepped.then, Then::Exit(Reason::Error(_))), "{text:.40}");
    }
    let many: String = (0..101).map(|number| format!("fn f{number}() {{}}\n")).collect();
    let (_, stepped) = world.begins(&format!("{many} fn main() {{}}"), Vec::new());
    assert!(matches!(stepped.then, Then::Exit(Reason::Error(_))), "{stepped:?}");
}

#[test]
fn more_variables_than_one_may_have() {
    ends_by(Limit::Size, &(0..65).map(|number| format!("let v{number} = 1;")).collect::<String>());
}

/// How many messages a process takes, and why it takes no more.
fn taken(source: &str, message: impl Fn(usize) -> Value) -> (usize, Reason) {
    let mut world = World::new();
    let (pid, begun) = world.begins(source, Vec::new());
    assert_eq!(begun.then, Then::Wait);
    let ends = |steps| match world.sends(pid, message(steps)).then {
        Then::Wait => None,
        Then::Exit(reason) => Some((steps, reason)),
        other => panic!("{other:?}"),
    };
    let taken = (0..1_000).find_map(ends).expect("it ends");
    assert_eq!(world.engine.pids().count(), 0, "nothing is left of it");
    taken
}

#[test]
fn a_state_that_grows_too_large() {
    // Texts in a list, names in a map, what a function is to be called with.
    for handle in
        ["state.push(m); state", "state[m] = 0; state", "[if state.is_empty() { |x| x } else { state[0] }.curry(m)]"]
    {
        let begins = if handle.contains("= 0") { "#{}" } else { "[]" };
        let source = format!("fn init() {{ {begins} }} fn handle(state, from, m) {{ {handle} }}");
        let (steps, reason) = taken(&source, |step| json!(format!("{step} {}", "x".repeat(10_000))));
        assert_eq!(reason, Reason::Limit(Limit::Size), "{handle}");
        // It is over with the step in which it grows too large, not some later one.
        assert!(steps * 10_000 <= MAX_STATE, "{handle}: after {steps} steps");
    }
}

#[test]
fn a_state_that_is_one_map_with_long_names() {
    let body = |names: usize| {
        format!("let m = #{{}}; let s = \"\"; s.pad(30000, \"x\"); for i in 0..{names} {{ m[s + i] = i; }} m")
    };
    for (names, then) in
        [(2, Then::Wait), (3, Then::Exit(Reason::Limit(Limit::Size))), (100, Then::Exit(Reason::Limit(Limit::Size)))]
    {
        let source = format!("fn init() {{ {} }} fn handle(state, from, m) {{ state }}", body(names));
        assert_eq!(World::new().begins(&source, Vec::new()).1.then, then, "{names} names");
    }
}

#[test]
fn a_map_server_that_is_given_long_keys() {
    let source = include_str!("../../programs/map_server.rhai");
    let (steps, reason) = taken(source, |step| json!(["put", format!("{step}{}", "k".repeat(30_000)), 1]));
    assert_eq!((steps, reason), (MAX_STATE / 30_000, Reason::Limit(Limit::Size)));
}

#[test]
fn a_step_that_is_brought_too_much_while_it_waits() {
    let long = json!("x".repeat(10_000));
    for (body, with) in [
        ("get(\"a\")", Brought::Value(json!({ "value": long }))),
        ("receive()", Brought::Event(Event::Timer { r#ref: 1, message: long.clone() })),
        (
            "receive()",
            Brought::Letter(Letter { from: common::bob(), nick: None, owner: None, call: None, message: long }),
        ),
    ] {
        let mut world = World::new();
        let (pid, mut stepped) = world.begins(&format!("fn main() {{ loop {{ {body}; }} }}"), Vec::new());
        let mut waits = 0;
        while let Then::Blocked(_) = stepped.then {
            waits += 1;
            stepped = world.brings(pid, 1, with.clone());
        }
        assert_eq!(stepped.then, Then::Exit(Reason::Limit(Limit::Size)), "{body}");
        assert_eq!(waits, MAX_BROUGHT / 10_000 + 1, "{body}: what was brought last was too much");
        assert_eq!(world.engine.pids().count(), 0);
    }
}

#[test]
fn a_flood_of_acts() {
    let mut world = World::new();
    for body in ["loop { send(\"x\", 1); }", "loop { print(1); }", "loop { after(1, 1); }", "loop { debug(1); }"] {
        let stepped = world.main(body);
        assert_eq!(stepped.then, Then::Exit(Reason::Limit(Limit::Acts)), "{body}");
        assert_eq!(stepped.acts.len(), MAX_ACTS, "what it did first is done");
    }
    let body = format!("for i in 0..{MAX_ACTS} {{ print(i); }}");
    assert_eq!(world.main(&body).acts.len(), MAX_ACTS);
}

#[test]
fn a_line_that_is_too_long_is_cut() {
    let mut world = World::new();
    let stepped = world.main("let s = \"\"; s.pad(10000, \"ü\"); print(s);");
    let lines = printed(&stepped);
    let [line] = &lines[..] else { panic!("{:?}", stepped.then) };
    assert!(line.len() <= MAX_PRINT && line.len() > MAX_PRINT - 8 && line.ends_with("ü…"), "{}", line.len());
}

#[test]
fn messages_that_are_too_long() {
    let mut world = World::new();
    let body = format!("let s = \"\"; s.pad({}, \"x\"); send(\"x\", [s])", MAX_TEXT - 2);
    let Reason::Error(words) = world.end(&body) else { panic!() };
    assert!(words.starts_with("A value of more than 32768 bytes is too long"), "{words}");
    let body = "let s = \"\"; s.pad(20000, \"x\"); spawn(\"pong\", [s])";
    assert!(matches!(world.end(body), Reason::Error(words) if words.contains("16384")));
}

#[test]
fn a_step_that_waits_too_often() {
    let mut world = World::new();
    let (pid, mut stepped) = world.begins("fn main() { loop { get(\"a\"); } }", Vec::new());
    let mut waits = 0;
    while let Then::Blocked(Want::Look(_)) = stepped.then {
        waits += 1;
        stepped = world.brings(pid, 1, Brought::Value(Value::Null));
    }
    assert_eq!((waits, stepped.then), (MAX_WAITS, Then::Exit(Reason::Limit(Limit::Waits))));
}

#[test]
fn operations_are_counted_over_all_runs_of_a_step() {
    let mut world = World::new();
    let body = "fn main() { for wait in 0..20 { for i in 0..3000 { } get(\"a\"); } }";
    let (pid, mut stepped) = world.begins(body, Vec::new());
    let mut waits = 0;
    while let Then::Blocked(_) = stepped.then {
        waits += 1;
        stepped = world.brings(pid, 1, Brought::Value(Value::Null));
    }
    assert_eq!(stepped.then, Then::Exit(Reason::Limit(Limit::Operations)), "after {waits} waits");
    assert!((4..20).contains(&waits), "{waits}");
}

#[test]
fn a_crash_harms_nobody_else() {
    let mut world = World::new();
    let source = "fn init() { 0 } fn handle(state, from, n) { if n == 0 { loop {} } print(state); state + n }";
    let (one, _) = world.begins(source, Vec::new());
    let (other, _) = world.begins(source, Vec::new());
    assert_eq!(printed(&world.sends(one, json!(1))), ["0"]);
    assert!(matches!(world.sends(one, json!(0)).then, Then::Exit(Reason::Limit(_))));
    assert_eq!(printed(&world.sends(other, json!(1))), ["0"]);
    // What is not there any more answers by an exit, whatever is asked of it.
    assert!(matches!(world.sends(one, json!(1)).then, Then::Exit(Reason::Error(_))));
    assert!(matches!(world.brings(one, 1, Brought::Nothing).then, Then::Exit(Reason::Error(_))));
    assert!(matches!(world.brings(other, 1, Brought::Nothing).then, Then::Exit(Reason::Error(_))));
}

#[test]
fn a_crash_as_it_begins() {
    let mut world = World::new();
    let (pid, stepped) = world.begins("fn init(args) { print(\"here\"); args[3] } fn handle(s, f, m) {}", vec![]);
    assert_eq!(printed(&stepped), ["here"]);
    let words = "Array index 3 out of bounds: array is empty (line 1)";
    assert_eq!(stepped.then, Then::Exit(Reason::Error(words.to_owned())));
    assert_eq!(world.engine.pids().count(), 0, "nothing is left of {pid}");
}

#[test]
fn more_programs_than_one_engine_may_hold() {
    let mut world = World::new();
    let source =
        |number: usize| format!("fn init() {{ 0 }} fn handle(s, f, m) {{ s }} // {number} {}", "x".repeat(30_000));
    let mut begun = Vec::new();
    let refused = loop {
        let (pid, stepped) = world.begins(&source(begun.len()), Vec::new());
        match stepped.then {
            Then::Wait => begun.push(pid),
            other => break other,
        }
    };
    assert_eq!(refused, Then::Exit(Reason::error("There are too many other programs here.")));
    assert!(begun.len() > 100, "{}", begun.len());
    // More of the same is none more, and one that has ended makes room.
    assert_eq!(world.begins(&source(1), Vec::new()).1.then, Then::Wait);
    for pid in begun.drain(..100) {
        world.engine.take(engine::ToEngine::Forget { pid });
    }
    assert_eq!(world.begins(&source(9_999), Vec::new()).1.then, Then::Wait);
}

/// Each function that Rhai brings is one operation, whatever it takes: none may take long with what a program can have.
#[test]
fn no_function_takes_long_however_it_is_called() {
    let values = [
        "()",
        "true",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "1e308",
        "0.0/0.0",
        "'x'",
        "\"\"",
        "long",
        "many",
        "list",
        "map",
        "|x| x",
        "0..9223372036854775807",
        "self()",
    ];
    let given = vec![json!("xy".repeat(15_000))];
    let setup = "let long = args[0]; let many = []; many.pad(2000, 7); let list = [1, [2]]; let map = #{ a: 1 };";
    // As the packages that are loaded name them.
    let functions = [
        "abs",
        "acos",
        "all",
        "append",
        "atan",
        "atan",
        "bits",
        "bytes",
        "ceiling",
        "chars",
        "chop",
        "clear",
        "contains",
        "cos",
        "crop",
        "debug",
        "dedup",
        "drain",
        "drop",
        "ends_with",
        "exp",
        "extract",
        "fill_with",
        "filter",
        "find",
        "find_map",
        "floor",
        "for_each",
        "get",
        "index_of",
        "insert",
        "int",
        "is_empty",
        "is_even",
        "is_odd",
        "keys",
        "len",
        "ln",
        "log",
        "make_lower",
        "make_upper",
        "map",
        "max",
        "min",
        "mixin",
        "order",
        "order_desc",
        "pad",
        "parse_float",
        "parse_int",
        "parse_json",
        "pop",
        "print",
        "push",
        "range",
        "reduce",
        "reduce_rev",
        "remove",
        "replace",
        "retain",
        "reverse",
        "round",
        "set",
        "shift",
        "sign",
        "sin",
        "some",
        "sort",
        "sort_by",
        "splice",
        "split",
        "split_rev",
        "split_at",
        "sqrt",
        "starts_with",
        "sub_string",
        "take",
        "tan",
        "to_binary",
        "to_chars",
        "to_debug",
        "to_degrees",
        "to_float",
        "to_hex",
        "to_int",
        "to_json",
        "to_lower",
        "to_octal",
        "to_radians",
        "to_string",
        "to_upper",
        "trim",
        "truncate",
        "type_of",
        "values",
        "zip",
        "call",
        "fill_with",
        "+",
        "*",
        "**",
        "<<",
        "%",
        "/",
        "-",
        "==",
        "<",
        "in",
    ];
    let mut world = World::new();
    let mut slowest = (Duration::ZERO, String::new());
    let mut tried = 0;
    for function in functions {
        for (number, one) in values.iter().enumerate() {
            for other in values.iter().skip(number % 3).step_by(3) {
                let calls = if function.chars().all(|c| c.is_alphanumeric() || c == '_') && function != "in" {
                    [one.to_string(), format!("{one}, {other}"), format!("{one}, {other}, {other}")]
                        .map(|args| format!("{function}({args})"))
                        .to_vec()
                } else {
                    vec![format!("({one}) {function} ({other})")]
                };
                for call in calls {
                    let source = format!("fn main(args) {{ {setup}\nlet x = {call}; () }}");
                    let began = Instant::now();
                    let (_, stepped) = world.begins(&source, given.clone());
                    let took = began.elapsed();
                    tried += usize::from(matches!(stepped.then, Then::Return(_)));
                    if took > slowest.0 {
                        slowest = (took, call);
                    }
                }
            }
        }
    }
    println!("{tried} calls went through; the slowest took {slowest:?}");
    assert!(tried > 500, "{tried}");
    assert!(slowest.0 < Duration::from_millis(500), "{slowest:?}");
}
