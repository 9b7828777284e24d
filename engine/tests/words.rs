//! What programs say, as what is done of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod common;

use common::{NOW, World, bob, here, node, printed};
use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::process::{
    Act, Address, Brought, CallRef, Event, Fault, Letter, Look, Reason, Step, Target, Then, Want, supervisor,
};

fn pong() -> Address {
    Address::new("pong", node("tab-2@den.local")).expect("an address")
}

#[test]
fn a_process_is_named_in_each_of_the_ways_that_there_are() {
    let mut world = World::new();
    for to in [
        r#"address("pong", "tab-2@den.local")"#,
        r#"address("pong", "tab-2")"#,
        r#""pong@@tab-2@den.local""#,
        r#""pong@@tab-2""#,
        r#""{pong, tab-2@den.local}""#,
        r#"["pong", "tab-2"]"#,
    ] {
        let stepped = world.main(&format!("send({to}, [\"ping\", 1])"));
        assert_eq!(stepped.acts, [Act::Send { to: pong(), message: json!(["ping", 1]) }], "{to}: {:?}", stepped.then);
    }
    let stepped = world.main(r#"send("pong", 1); send(self(), 2); send("hdaa.9", 3)"#);
    let to = |target: &str| Address { target: target.parse().expect("a target"), node: here() };
    let expected = ["pong", "haaa.7", "hdaa.9"].map(to);
    assert_eq!(stepped.acts.len(), 3, "{stepped:?}");
    for (act, to) in stepped.acts.iter().zip(expected) {
        assert!(matches!(act, Act::Send { to: sent, .. } if *sent == to), "{act:?}");
    }
}

#[test]
fn who_is_no_process_is_named_in_the_error() {
    let mut world = World::new();
    for (to, words) in [
        (r#""tab-2@den.local""#, "“tab-2@den.local” is no address"),
        (r#""no such name""#, "“no such name” is no process"),
        ("17", "A process is named by its address or name, not by a int. (line 2)"),
    ] {
        let Reason::Error(said) = world.end(&format!("send({to}, 1)")) else { panic!("{to}") };
        assert!(said.starts_with(words) && said.ends_with("(line 2)"), "{to}: {said}");
    }
}

#[test]
fn spawn_and_call_are_words_of_ours_and_functions_can_still_be_called() {
    let mut world = World::new();
    let stepped = world.main(r#"call("fact", 5)"#);
    let to = Address::new("fact", here()).expect("an address");
    assert_eq!(stepped.then, Then::Blocked(Want::Call { to, message: json!(5), within: 5_000 }));
    assert_eq!(world.value("let f = |x| x + 1; f.call(2) + [1, 2].map(|x| f2(x))[1]\n}\nfn f2(x) { x * 2"), json!(7));
    let Then::Blocked(Want::Spawn { node, spawn }) = world.main(r#"spawn("pong")"#).then else { panic!() };
    assert_eq!((node, spawn.program.as_str()), (here(), "pong"));
    assert_eq!(*spawn.source, *engine::examples::EXAMPLES.iter().find(|one| one.name == "pong").expect("it").source);
}

#[test]
fn errors_name_words_as_they_are_written_and_lines_as_they_stand() {
    let mut world = World::new();
    for (body, words) in [
        ("call()", "Function not found: call () (line 2)"),
        ("let n = \"hello\";\nn - 1", "Function not found: - (text, int) (line 3)"),
        ("let m = [];\nm[0]", "Array index 0 out of bounds: array is empty (line 3)"),
        ("throw \"out of tea\"", "out of tea (line 2)"),
        ("call(\"fact\", 5, 0)", "A time-out has 1 to 60000 milliseconds. (line 2)"),
        ("send(\"a\", |x| x)", "A value of the kind function cannot be sent. (line 2)"),
        ("sleep(1)", "There is no sleeping, which would hold up the neighbours: use after(ms, message). (line 2)"),
        ("sleep(0.5)", "There is no sleeping, which would hold up the neighbours: use after(ms, message). (line 2)"),
        ("deep(1)\n}\nfn deep(x) {\nx.nothing()", "Function not found: nothing (int) (line 5)"),
    ] {
        assert_eq!(world.end(body), Reason::Error(words.to_owned()), "{body}");
    }
    for (body, words) in [
        ("let x = ;", "(line 2)"),
        ("eval(\"1\")", "(line 2)"),
        ("import \"x\"", "(line 2)"),
        ("let x = 1; let f = |y| x + y;", "x (line 2)"),
        ("unknown", "unknown (line 2)"),
    ] {
        let Reason::Error(said) = world.end(body) else { panic!("{body}") };
        assert!(said.ends_with(words) && !said.contains("call'"), "{body}: {said}");
    }
}

#[test]
fn a_program_says_how_it_begins() {
    let mut world = World::new();
    for source in ["", "fn init() { }", "fn handle(a, b, c) { }", "fn main() {} fn init() {} fn handle(s, f, m) {}"] {
        let (_, stepped) = world.begins(source, Vec::new());
        let words = "A program has either main(args), or init(args) and handle(state, from, message).";
        assert_eq!(stepped.then, Then::Exit(Reason::Error(words.to_owned())), "{source}");
    }
    let (_, stepped) = world.begins("let x = 1; fn main() {}", Vec::new());
    assert!(matches!(stepped.then, Then::Exit(Reason::Error(words)) if words.contains("would never run")));
    let (_, stepped) = world.begins("fn main(args) { args[0] + 1 }", vec![json!(20)]);
    assert_eq!(stepped.then, Then::Return(json!(21)));
}

#[test]
fn a_server_keeps_its_state_and_answers_who_called() {
    let mut world = World::new();
    let source = r#"fn init(args) { register(args[0]); #{ before: 0 } }
        fn handle(state, from, n) { reply(from, [n * 2, state.before]); state.before += 1; state }"#;
    let (pid, stepped) = world.begins(source, vec![json!("doubler")]);
    assert_eq!((stepped.acts, stepped.then), (vec![Act::Register { name: "doubler".to_owned() }], Then::Wait));
    for before in 0..3 {
        let stepped = world.calls(pid, 40 + before, json!(5));
        let reply = Act::Reply { call: CallRef(40 + before), result: Ok(json!([10, before])) };
        assert_eq!((stepped.acts, stepped.then), (vec![reply], Then::Wait));
    }
    // Who sent and did not call is told all the same.
    let stepped = world.sends(pid, json!(1));
    assert_eq!(stepped.acts, [Act::Send { to: bob(), message: json!([2, 3]) }]);
}

#[test]
fn an_answer_may_wait_for_a_later_step_and_may_be_a_failure() {
    let mut world = World::new();
    let source = r#"fn init() { () }
        fn handle(waiting, from, m) {
            if m == "later" { return from; }
            reply(waiting, m); fail(from, "I have given it away."); ()
        }"#;
    let (pid, _) = world.begins(source, Vec::new());
    assert_eq!(world.calls(pid, 1, json!("later")).acts, []);
    let replied = |call, result| Act::Reply { call: CallRef(call), result };
    let failed = Err("I have given it away.".to_owned());
    assert_eq!(world.calls(pid, 2, json!("now")).acts, [replied(1, Ok(json!("now"))), replied(2, failed)]);
}

#[test]
fn news_are_messages() {
    let mut world = World::new();
    let source = r#"fn init() { monitor("pong@@tab-2"); monitor("tab-2@den.local"); after(50, "tick"); trap(true); watch("a/"); () }
        fn handle(state, from, message) { print(`${from}: ${message}`); state }"#;
    let (pid, stepped) = world.begins(source, Vec::new());
    assert_eq!(
        stepped.acts,
        [
            Act::Monitor { r#ref: 1, of: pong() },
            Act::MonitorNode { r#ref: 2, node: node("tab-2@den.local") },
            Act::After { r#ref: 3, ms: 50, message: json!("tick") },
            Act::Trap { on: true },
            Act::Watch { prefix: "a/".to_owned() },
        ]
    );
    for (event, words) in [
        (
            Event::Ended { r#ref: 1, reason: Reason::NoSuchProcess },
            r#": #{"down": 1, "of": "pong@@tab-2@den.local", "reason": #{"code": "no_such_process"}}"#,
        ),
        (
            Event::Ended { r#ref: 2, reason: Reason::NodeDown },
            r#": #{"down": 2, "of": "tab-2@den.local", "reason": #{"code": "node_down"}}"#,
        ),
        (Event::Timer { r#ref: 3, message: json!("tick") }, "haaa.1@@tab-1@den.local: tick"),
        (
            Event::Exit { from: bob(), reason: Reason::error("broke") },
            r#"haaa.3@@tab-2@den.local: #{"exit": haaa.3@@tab-2@den.local, "reason": #{"code": "error", "message": "broke"}}"#,
        ),
        (
            Event::Stored { key: "a/b".to_owned(), value: Some(json!([1])), version: 9 },
            r#": #{"put": "a/b", "value": [1], "version": 9}"#,
        ),
        (Event::Stored { key: "a/b".to_owned(), value: None, version: 10 }, r#": #{"removed": "a/b", "version": 10}"#),
        (
            Event::Answer { r#ref: 99, result: Err(Fault::new(ErrorCode::Timeout, "Late.")) },
            r#": #{"answer": 99, "error": #{"code": "timeout", "message": "Late."}}"#,
        ),
    ] {
        let stepped = world.engine.step(pid, common::scene(pid), Step::Event(event));
        assert_eq!(printed(&stepped), [words], "{:?}", stepped.then);
    }
}

#[test]
fn an_answer_is_for_the_function_that_the_request_names() {
    let mut world = World::new();
    let source = r#"fn init() { request("pong@@tab-2", 1, "answered"); request("pong@@tab-2", 2, answered, 100); request("pong@@tab-2", 3); 0 }
        fn answered(state, answer) { state + answer.ok }
        fn handle(state, from, message) { print(state + message.ok); state }"#;
    let source = source.replace("answered, 100", "Fn(\"answered\"), 100");
    let (pid, stepped) = world.begins(&source, Vec::new());
    let request = |r#ref, message, within| Act::Request { r#ref, to: pong(), message: json!(message), within };
    assert_eq!(stepped.acts, [request(1, 1, 5_000), request(2, 2, 100), request(3, 3, 5_000)], "{:?}", stepped.then);
    let mut lines = Vec::new();
    for r#ref in [2, 1, 3] {
        let event = Event::Answer { r#ref, result: Ok(json!(r#ref * 10)) };
        let stepped = world.engine.step(pid, common::scene(pid), Step::Event(event));
        lines.extend(printed(&stepped).into_iter().map(str::to_owned));
    }
    assert_eq!(lines, ["60"]);
}

#[test]
fn a_call_that_fails_ends_its_caller_unless_that_looks() {
    let mut world = World::new();
    let fault = Fault::exited(Reason::error("Function not found: - (text, int) (line 9)"));
    let failed = |world: &mut World, body: &str, fault: &Fault| {
        let (pid, _) = world.begins(&format!("fn main() {{\n{body}\n}}"), Vec::new());
        world.brings(pid, 5, Brought::Fault(fault.clone())).then
    };
    let Then::Exit(Reason::Error(words)) = failed(&mut world, r#"call("fact", "hello")"#, &fault) else { panic!() };
    assert!(words.starts_with("The process ended before it answered") && words.ends_with("(line 2)"), "{words}");
    let late = Fault::new(ErrorCode::Timeout, "Nobody answered in time.");
    let then = failed(&mut world, r#"call("fact", 5)"#, &late);
    assert_eq!(then, Then::Exit(Reason::Said("timeout".to_owned())));
    let body = r#"try_call("fact", "hello").error.reason.code"#;
    assert_eq!(failed(&mut world, body, &fault), Then::Return(json!("error")));
    let body = r#"try { call("fact", "hello"); } catch (e) { return e.code; }"#;
    assert_eq!(failed(&mut world, body, &fault), Then::Return(json!("exited")));
}

#[test]
fn exit_ends_by_itself_whatever_stands_round_it() {
    let mut world = World::new();
    for (body, reason) in [
        ("exit()", Reason::Normal),
        ("exit(\"normal\"); print(1)", Reason::Normal),
        ("try { exit(\"out of tea\") } catch { 1 }", Reason::Said("out of tea".to_owned())),
        ("[1].map(|x| exit(\"shutdown\"))", Reason::Shutdown),
    ] {
        let stepped = world.main(body);
        assert_eq!((stepped.acts, stepped.then), (Vec::new(), Then::Exit(reason)), "{body}");
    }
    let stepped = world.main("exit(\"pong\", \"killed\"); 5");
    let to = Address::new("pong", here()).expect("an address");
    assert_eq!((stepped.acts, stepped.then), (vec![Act::Exit { to, reason: Reason::Killed }], Then::Return(json!(5))));
}

#[test]
fn a_function_is_spawned_as_its_text() {
    let mut world = World::new();
    let body =
        r#"let x = [1, 2]; rpc("tab-2", |a, b| { let s = `${a}, (${b})`; spawn(|| print("}")); s }, [x[1], ")"])"#;
    let Then::Blocked(Want::Rpc { node: to, spawn }) = world.main(body).then else { panic!() };
    assert_eq!((to, spawn.rpc, &spawn.args), (node("tab-2@den.local"), true, &vec![json!(2), json!(")")]));
    let expected = "fn main(args) {\n    let run = |a, b| { let s = `${a}, (${b})`; spawn(|| print(\"}\")); s };\n    \
                    run.call(args[0], args[1])\n}\n";
    assert_eq!(&*spawn.source, expected);
    // And it runs as such there.
    let (_, stepped) = world.begins(&spawn.source, spawn.args);
    let Then::Blocked(Want::Spawn { spawn, .. }) = stepped.then else { panic!("{stepped:?}") };
    let (_, stepped) = world.begins(&spawn.source, spawn.args);
    assert_eq!(printed(&stepped), ["}"]);
}

#[test]
fn functions_are_found_wherever_they_stand_and_only_there() {
    let mut world = World::new();
    for (body, text) in [
        ("spawn(|| 1)", "|| 1"),
        ("spawn(\"tab-2\", |x| x, [1])", "|x| x"),
        ("spawn_link( /* ü */ |x|\n x , [1])", "|x|\n x"),
        ("let ü = \"ü, ü\";\n  if spawn(\"ü\".len() > 1 || true && false, 1) == () {} spawn(| | 2)", ""),
        ("let m = #{ a: [1, 2] }; spawn(\"tab-2\", |x| m2(x)?.a, [m])", "|x| m2(x)?.a"),
    ] {
        let then = world.main(body).then;
        match then {
            Then::Blocked(Want::Spawn { spawn, .. }) => {
                assert!(spawn.source.contains(&format!("let run = {text};")), "{}", spawn.source);
            }
            other => assert_eq!(text, "", "{body}: {other:?}"),
        }
    }
    let words = "A function goes elsewhere as its text: write it where it is spawned, as |x| … . (line 2)";
    assert_eq!(world.end("let f = |x| x; spawn(f)"), Reason::Error(words.to_owned()));
    let words = "The function takes 1 arguments, and 0 are given. (line 2)";
    assert_eq!(world.end("spawn(|x| x)"), Reason::Error(words.to_owned()));
    let words = "There is no program “tea”. (line 2)";
    assert_eq!(world.end("spawn(\"tea\")"), Reason::Error(words.to_owned()));
}

#[test]
fn what_a_program_reads_is_not_taken_for_its_own_text() {
    let mut world = World::new();
    let json = r#"parse_json("{\"a\": [1, 2, {\"call\": null}]}")"#;
    let Then::Blocked(Want::Spawn { spawn, .. }) = world.main(&format!("let a = {json}; spawn(|| 1)")).then else {
        panic!()
    };
    assert!(spawn.source.contains("let run = || 1;"), "{}", spawn.source);
    assert_eq!(world.value(json), json!({ "a": [1, 2, { "call": null }] }));
    let Then::Blocked(Want::Spawn { spawn, .. }) = world.main("spawn(|| 2)").then else { panic!() };
    assert!(spawn.source.contains("let run = || 2;"), "{}", spawn.source);
}

#[test]
fn a_persons_own_programs_are_named_by_themselves_alone() {
    let mut world = World::new();
    let own = "fn main() { spawn(\"mine\") }";
    world.engine.take(engine::ToEngine::Own { name: "mine".to_owned(), source: Some(own.to_owned()) });
    // Somebody else's.
    assert!(matches!(world.end("spawn(\"mine\")"), Reason::Error(words) if words.contains("no program “mine”")));
    // The person's, begun by somebody else, who has read it where it was published.
    let pid = common::pid(99);
    let scene = shared::process::Scene { own: false, ..common::scene(pid) };
    let stepped = world.engine.step(pid, scene, Step::Init(common::program(own, Vec::new())));
    assert!(matches!(stepped.then, Then::Exit(Reason::Error(words)) if words.contains("no program “mine”")));
    let is_own = |then: Then| matches!(then, Then::Blocked(Want::Spawn { spawn, .. }) if *spawn.source == *own);
    assert!(is_own(world.begins(own, Vec::new()).1.then));
    assert!(is_own(world.line("spawn(\"mine\")").1.then));
    let Then::Blocked(Want::Rpc { spawn, .. }) = world.line("mine(1, \"two\")").1.then else { panic!() };
    assert_eq!((&*spawn.source, spawn.args), (own, vec![json!(1), json!("two")]));
    world.engine.take(engine::ToEngine::Own { name: "mine".to_owned(), source: None });
    assert!(matches!(world.line("mine()").1.then, Then::Exit(Reason::Error(words)) if words.contains("no program")));
}

#[test]
fn a_supervisors_plan_is_read_whole() {
    let mut world = World::new();
    let body = r#"supervise(#{ strategy: "rest_for_one", max_restarts: 1, within: 10, children: [
        #{ id: "a", program: "factorial", args: ["fact_a"], restart: "transient", shutdown: 0 },
        #{ id: "b", program: "pong" } ] })"#;
    let Then::Blocked(Want::Supervise { plan }) = world.main(body).then else { panic!() };
    assert_eq!((plan.strategy, plan.max_restarts, plan.within), (supervisor::Strategy::RestForOne, 1, 10));
    let [a, b] = &plan.children[..] else { panic!() };
    assert_eq!((a.id.as_str(), a.restart, a.shutdown), ("a", supervisor::Restart::Transient, 0));
    assert_eq!((a.spawn.program.as_str(), &a.spawn.args), ("factorial", &vec![json!("fact_a")]));
    assert_eq!((b.id.as_str(), b.restart, b.shutdown), ("b", supervisor::Restart::Permanent, 5_000));
    for (plan, words) in [
        ("5", "A supervisor's plan is a map, not 5."),
        ("#{}", "A supervisor's plan has a list of children."),
        ("#{ childs: [] }", "A supervisor's plan knows no “childs”."),
        ("#{ strategy: \"all\", children: [] }", "“all” is no strategy"),
        ("#{ children: [#{ id: \"a\" }] }", "A program's name is a text, not nothing."),
    ] {
        let Reason::Error(said) = world.end(&format!("supervise({plan})")) else { panic!("{plan}") };
        assert!(said.starts_with(words), "{plan}: {said}");
    }
}

#[test]
fn main_receives_what_it_wants_and_keeps_the_rest() {
    let mut world = World::new();
    let body = r#"let a = receive_like(["pong", int()], 100); let from = sender(); let b = receive(); [a, from, b, receive(5)]"#;
    let (pid, stepped) = world.begins(&format!("fn main() {{ {body} }}"), Vec::new());
    let until = |ms| Then::Blocked(Want::Receive { until: Some(NOW + ms) });
    assert_eq!(stepped.then, until(100));
    let letter = |message: Value| Brought::Letter(Letter { from: bob(), nick: None, owner: None, call: None, message });
    // The time-out is that of all, and not anew for each message.
    assert_eq!(world.brings(pid, 60, letter(json!("other"))).then, until(100));
    assert_eq!(world.brings(pid, 70, letter(json!(["pong", "x"]))).then, until(100));
    assert_eq!(
        world.brings(pid, 80, letter(json!(["pong", 2]))).then,
        Then::Return(json!([["pong", 2], bob().to_string(), "other", ["pong", "x"]]))
    );

    let (pid, _) = world.begins("fn main() { receive_like(\"pong\", 5000) }", Vec::new());
    assert_eq!(world.brings(pid, 5_000, Brought::Nothing).then, Then::Exit(Reason::Said("timeout".to_owned())));
    let (pid, _) = world.begins("fn init() { 0 } fn handle(s, f, m) { receive() }", Vec::new());
    let Then::Exit(Reason::Error(words)) = world.sends(pid, json!(1)).then else { panic!() };
    assert!(words.contains("main(args) receives"), "{words}");
}

#[test]
fn messages_have_shapes() {
    let mut world = World::new();
    for (value, shape, fits) in [
        ("5", "5", true),
        ("5", "5.0", false),
        ("5", "int()", true),
        ("5.5", "number()", true),
        ("\"x\"", "text()", true),
        ("\"x\"", "int()", false),
        ("()", "()", true),
        ("self()", "pid()", true),
        ("self().to_string()", "self()", true),
        ("\"pong\"", "pid()", false),
        ("[1, \"a\", [2]]", "[int(), any(), [2]]", true),
        ("[1, 2]", "[1]", false),
        ("#{ a: 1, b: 2 }", "#{ a: int() }", true),
        ("#{ b: 2 }", "#{ a: any() }", false),
        ("true", "true", true),
    ] {
        assert_eq!(world.value(&format!("like({value}, {shape})")), json!(fits), "{value} {shape}");
    }
}

#[test]
fn the_store_is_looked_at_here_and_asked_for_elsewhere() {
    let mut world = World::new();
    let (pid, stepped) = world.begins("fn main() { [get(\"a\"), put(\"tab-2\", \"a\", [1])] }", Vec::new());
    assert_eq!(stepped.then, Then::Blocked(Want::Look(Look::Get { key: "a".to_owned() })));
    let stepped = world.brings(pid, 0, Brought::Value(json!({ "value": 5, "version": 62 })));
    assert_eq!(stepped.then, Then::Blocked(Want::Put { key: "a".to_owned(), value: json!([1]), version: None }));
    let stepped = world.brings(pid, 1, Brought::Value(json!(63)));
    let map_server = Address { target: Target::Name("map_server".to_owned()), node: node("tab-2@den.local") };
    let wait = Want::Call { to: map_server, message: json!({ "wait": "a", "version": 63 }), within: 5_000 };
    assert_eq!(stepped.then, Then::Blocked(wait));
    assert_eq!(world.brings(pid, 2, Brought::Value(json!({ "version": 63 }))).then, Then::Return(json!([5, 63])));

    for (body, want) in [
        ("put_if(\"a\", 1, 0)", Want::Put { key: "a".to_owned(), value: json!(1), version: Some(0) }),
        ("delete_if(\"a\", 7)", Want::Remove { key: "a".to_owned(), version: Some(7) }),
        ("list(\"users/\")", Want::Look(Look::List { prefix: "users/".to_owned() })),
        ("nodes()", Want::Look(Look::Nodes)),
        ("whereis(\"a\")", Want::Look(Look::Whereis { name: "a".to_owned() })),
        ("ping(\"tab-2\")", Want::Ping { node: node("tab-2@den.local") }),
    ] {
        assert_eq!(world.main(body).then, Then::Blocked(want), "{body}");
    }
}

#[test]
fn a_ping_is_answered_in_words() {
    let mut world = World::new();
    let pinged = |world: &mut World, brought| {
        let (pid, _) = world.begins("fn main() { ping(\"tab-2\") }", Vec::new());
        world.brings(pid, 1, brought).then
    };
    assert_eq!(pinged(&mut world, Brought::Value(json!(2))), Then::Return(json!("pong, 2 ms")));
    // More than that nobody knows.
    assert_eq!(pinged(&mut world, Brought::Value(json!(0))), Then::Return(json!("pong, under 1 ms")));
    let fault = Fault::new(ErrorCode::NoSuchNode, "There is no node nobody@den.");
    assert_eq!(pinged(&mut world, Brought::Fault(fault)), Then::Return(json!("pang: no_such_node")));
}

#[test]
fn the_prompt_keeps_variables_and_functions_from_line_to_line() {
    let mut world = World::new();
    let mut shown = |line: &str| match world.line(line).1.then {
        Then::Return(value) => value,
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(shown("let x = 20"), json!(null));
    assert_eq!(shown("fn double(n) { n * 2 }"), json!(null));
    assert_eq!(shown("x += 1; double(x)"), json!(42));
    assert_eq!(shown("let x = x + 1; x"), json!(22));
    assert_eq!(shown("[node(), self()]"), json!(["tab-1@den.local", "haaa.5@@tab-1@den.local"]));

    // What a line that failed did to them is forgotten; what a line that waited did is kept once.
    assert!(matches!(world.line("x = 0; nothing()").1.then, Then::Exit(Reason::Error(_))));
    let (pid, _) = world.line("x += 1; x += get(\"a\"); x");
    assert_eq!(world.brings(pid, 1, Brought::Value(json!({ "value": 10 }))).then, Then::Return(json!(33)));
    assert_eq!(world.line("x").1.then, Then::Return(json!(33)));
    // And nobody else's line sees them.
    let (_, stepped) = world.begins("fn main() { x }", Vec::new());
    assert!(matches!(stepped.then, Then::Exit(Reason::Error(_))));
    let (_, stepped) = world.begins("x", Vec::new());
    assert!(matches!(stepped.then, Then::Exit(Reason::Error(_))));
}

#[test]
fn a_line_that_waits_goes_on_with_what_it_began_with_and_undoes_nothing_of_others() {
    let mut world = World::new();
    let brought = |n: i64| Brought::Value(json!({ "value": n }));
    let kinds = "let kinds = [(), true, 1.5, \"t\", 'c', #{ a: 1 }, |x| x, Fn(\"f\").curry(1), self()]";
    for line in ["let x = 1", "let y = [1]", "let z = 1", kinds, "fn name() { \"old\" }"] {
        assert_eq!(world.line(line).1.then, Then::Return(json!(null)));
    }
    // What another line does meanwhile would have it want something else than it has been brought.
    let waits =
        "let mine = x; print(x); if x == 1 { x += get(\"a\") } else { exit(\"torn\") }; fn old() { name() } x + y[0]";
    let (pid, stepped) = world.line(waits);
    assert!(matches!(stepped.then, Then::Blocked(Want::Look(_))) && stepped.acts.len() == 1, "{stepped:?}");
    for line in ["x = 5; y.push(2)", "kinds = 0; let other = 7", "fn name() { \"new\" }", "const z = 9"] {
        assert_eq!(world.line(line).1.then, Then::Return(json!(null)));
    }
    let stepped = world.brings(pid, 1, brought(10));
    assert_eq!((stepped.then, stepped.acts.len()), (Then::Return(json!(12)), 0));
    // It has changed x, and made a variable and a function; the rest is the others'.
    let (_, stepped) = world.line("[x, y, z, kinds, mine, other, old()]");
    assert_eq!(stepped.then, Then::Return(json!([11, [1, 2], 9, 0, 1, 7, "new"])));
}

#[test]
fn what_is_asked_of_chance_and_time_is_of_the_step() {
    let mut world = World::new();
    let body = "[now(), random(6), random(), self(), node(), hub()]";
    let once = world.value(body);
    assert_eq!(once[0], json!(NOW));
    assert!(once[1].as_u64().expect("a number") < 6 && (0.0..1.0).contains(&once[2].as_f64().expect("a number")));
    assert_eq!(once[5], json!("hub@den.local"));
    let again = world.value(body);
    assert_eq!((&again[1], &again[2]), (&once[1], &once[2]));
}

#[test]
fn every_word_is_told() {
    let words: Vec<&str> = engine::words().collect();
    for word in
        ["send", "call", "reply", "self", "node", "register", "spawn", "monitor", "link", "exit", "print", "after"]
    {
        assert!(words.contains(&word), "{word}");
    }
}
