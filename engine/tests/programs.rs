//! The programs of the texts that Hubbub comes from, over three nodes: what they print, and where.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod common;

use std::collections::VecDeque;

use common::{NOW, clock, node};
use engine::examples::{EXAMPLES, is_example};
use engine::{Engine, FromEngine, ToEngine};
use serde_json::{Value, json};
use shared::map_server::{self, Asked, Waiting};
use shared::message::{ErrorCode, Why};
use shared::node::NodeName;
use shared::process::{
    Address, Ask, Bounds, Creation, Effect, Fault, Look, Origin, Pid, Reason, Signal, Spawn, Step, Stepped, Table,
};
use shared::store::Store;

const HUB: &str = "hub@den.local";
const ANA: &str = "tab-1@den.local";
const BOB: &str = "tab-2@den.local";

/// What appeared on a node: a line that was printed, with who printed it, or what a line of the prompt came to.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    Printed(Address, String),
    Came(Result<Value, Fault>),
}

struct Node {
    name: NodeName,
    table: Table,
    engine: Engine,
    store: Store,
    map_server: Pid,
    waiting: Waiting,
    shown: Vec<Shown>,
    /// Where what lines have begun prints, also when they have come to their end.
    console: Address,
    /// Lines of the prompt so far.
    prompts: u64,
    alive: bool,
}

/// Three nodes and what the hub carries between them.
struct Den {
    nodes: Vec<Node>,
    carried: VecDeque<(usize, NodeName, Signal)>,
    now: u64,
    seq: u64,
}

impl Den {
    fn new() -> Self {
        let nodes = [HUB, ANA, BOB].iter().enumerate().map(|(number, name)| Node::new(number, name));
        Self { nodes: nodes.collect(), carried: VecDeque::new(), now: NOW, seq: 60 }
    }

    fn at(&mut self, name: &str) -> &mut Node {
        self.nodes.iter_mut().find(|known| known.name.to_string() == name).expect("a node of that name")
    }

    /// A line at a node's prompt; what appeared of it there until nothing more happens at this time.
    fn line(&mut self, at: &str, line: &str) -> u64 {
        let now = self.now;
        let there = self.at(at);
        there.prompts += 1;
        let spawn = Spawn {
            program: "prompt".to_owned(),
            source: line.into(),
            // By it the node knows that the process is its own prompt's.
            args: vec![json!(there.prompts)],
            leader: Some(there.console.clone()),
            ..Spawn::default()
        };
        let name = there.name.clone();
        let ask = there.table.ask(now, None, Ask::Rpc { node: name, spawn, within: 60_000 });
        self.settle();
        ask
    }

    /// What a line comes to.
    fn value(&mut self, at: &str, line: &str) -> Result<Value, Fault> {
        let before = self.came(at).len();
        self.line(at, line);
        for _ in 0..100 {
            if let Some(came) = self.came(at).get(before) {
                return came.clone();
            }
            assert!(self.wait(), "{line}: it waits for ever");
        }
        panic!("{line}: it takes too long");
    }

    fn came(&mut self, at: &str) -> Vec<Result<Value, Fault>> {
        let came = |shown: &Shown| match shown {
            Shown::Came(came) => Some(came.clone()),
            Shown::Printed(..) => None,
        };
        self.at(at).shown.iter().filter_map(came).collect()
    }

    /// What was printed there, with the node that it was printed on.
    fn printed(&mut self, at: &str) -> Vec<String> {
        let line = |shown: &Shown| match shown {
            Shown::Printed(from, text) => Some(format!("{}: {text}", from.node.local())),
            Shown::Came(_) => None,
        };
        self.at(at).shown.iter().filter_map(line).collect()
    }

    /// Until the next moment at which something happens; false: there is none.
    fn wait(&mut self) -> bool {
        let next = self.nodes.iter().filter(|node| node.alive).filter_map(|node| node.table.wake_at()).min();
        let Some(next) = next else { return false };
        self.now = self.now.max(next);
        for node in &mut self.nodes {
            node.table.tick(self.now);
        }
        self.settle();
        true
    }

    fn wait_for(&mut self, ms: u64) {
        let until = self.now + ms;
        while self.nodes.iter().filter_map(|node| node.table.wake_at()).any(|at| at <= until) {
            self.wait();
        }
        self.now = until;
    }

    /// Carries and runs until nothing more happens at this time.
    fn settle(&mut self) {
        let mut rounds = 0;
        loop {
            rounds += 1;
            assert!(rounds < 100_000, "it never settles");
            let mut idle = true;
            for at in 0..self.nodes.len() {
                while let Some(effect) = self.nodes[at].table.effect() {
                    idle = false;
                    self.carry_out(at, effect);
                }
            }
            if let Some((from, to, signal)) = self.carried.pop_front() {
                self.deliver(from, &to, signal);
            } else if idle {
                return;
            }
        }
    }

    fn deliver(&mut self, from: usize, to: &NodeName, signal: Signal) {
        let (now, origin) = (self.now, self.nodes[from].origin(from));
        if !self.nodes[from].alive {
            return;
        }
        match self.nodes.iter_mut().find(|node| node.name == *to && node.alive) {
            Some(there) => there.table.received(now, &origin, signal),
            None => self.nodes[from].table.unreachable(now, to, Why::NoSuchNode),
        }
    }

    fn carry_out(&mut self, at: usize, effect: Effect) {
        let now = self.now;
        let nodes: Vec<Value> =
            self.nodes.iter().filter(|node| node.alive).map(|node| json!(node.name.to_string())).collect();
        let node = &mut self.nodes[at];
        match effect {
            Effect::Step { pid, scene, step } => {
                if let Step::Init(spawn) = &step
                    && spawn.program == "prompt"
                    && spawn.args == [json!(node.prompts)]
                {
                    node.engine.take(ToEngine::Prompt { pid });
                }
                let said = node.engine.take(ToEngine::Step { pid, scene, step });
                let Some(FromEngine::Stepped { pid, stepped }) = said else { panic!("{said:?}") };
                node.table.stepped(now, pid, stepped);
            }
            Effect::Forget { pid } => drop(node.engine.take(ToEngine::Forget { pid })),
            Effect::Host { pid, step } => {
                assert_eq!(pid, node.map_server);
                if let Step::Handle(letter) = step
                    && let Some(call) = letter.call
                {
                    match map_server::asked(&node.store, &letter.message) {
                        Asked::Answer(answer) => node.table.answer(now, call, answer),
                        Asked::Wait { key, version } => {
                            node.waiting.push(now, &letter.from.node, call, key, version).expect("room");
                        }
                        Asked::Change(_) => node.table.answer(now, call, Err(map_server::not_allowed())),
                    }
                }
                for (call, version) in node.waiting.take(&node.store) {
                    node.table.answer(now, call, Ok(map_server::version(version)));
                }
                node.table.stepped(now, pid, Stepped::of(Vec::new()));
            }
            Effect::Signal { to, signal, .. } => self.carried.push_back((at, to, signal)),
            Effect::Look { pid, look } => {
                let value = match look {
                    Look::Get { key } => map_server::get(&node.store, &key),
                    Look::List { prefix } => map_server::pairs(&node.store, &prefix, 100),
                    Look::Nodes => Value::Array(nodes),
                    Look::Whereis { name } => panic!("the table knows {name} itself"),
                };
                node.table.looked(now, pid, value);
            }
            Effect::Store { r#ref, wish } => {
                self.seq += 1;
                for node in self.nodes.iter_mut().filter(|node| node.alive) {
                    match &wish.value {
                        Some(value) => node.store.put(self.seq, &wish.key, value.clone()),
                        None => node.store.remove(self.seq, &wish.key),
                    };
                    node.table.stored(now, &wish.key, wish.value.as_ref(), self.seq);
                    for (call, version) in node.waiting.take(&node.store) {
                        node.table.answer(now, call, Ok(map_server::version(version)));
                    }
                }
                self.nodes[at].table.answered(now, r#ref, Ok(json!(self.seq)));
            }
            Effect::Request { request, .. } => panic!("no program of the texts says {request}"),
            Effect::Answered { result, .. } => node.shown.push(Shown::Came(result)),
            Effect::Printed { from, text, .. } => node.shown.push(Shown::Printed(from, text)),
            Effect::Ended { reason, .. } => panic!("nobody watches, and yet: {reason}"),
            Effect::Consent { ask, spawn, .. } => {
                // As the hub does it; at the others somebody says yes.
                let given = if at > 0 || is_example(&spawn.source) {
                    Ok(())
                } else {
                    Err(Fault::new(ErrorCode::NotAllowed, "This hub runs examples alone."))
                };
                node.table.consent(now, ask, given);
            }
            Effect::Withdrawn { .. } => {}
        }
    }

    /// A node ends, and all others hear of it.
    fn kill(&mut self, name: &str) {
        let now = self.now;
        let name: NodeName = name.parse().expect("a name");
        for node in &mut self.nodes {
            if node.name == name {
                node.alive = false;
                node.table.cut_off(now);
                while node.table.effect().is_some() {}
            } else {
                node.table.down(now, &name, Why::Disconnected);
            }
        }
        self.settle();
    }
}

impl Node {
    fn new(number: usize, name: &str) -> Self {
        let name = node(name);
        let mut table = Table::new(name.clone(), Creation::new(number as u32 * 1_000 + 77), Bounds::NATIVE);
        table.connected(NOW, name.clone());
        table.identified(Some(format!("person-{number}")), Some(number as u64));
        let console = table.ask(NOW, None, Ask::Lead);
        let console = table.leader(console).expect("a leader");
        let map_server = table.host(NOW, "map_server", "map_server", 64).expect("a free name");
        Self {
            name,
            table,
            engine: Engine::new(clock),
            store: Store::default(),
            map_server,
            waiting: Waiting::default(),
            shown: Vec::new(),
            console,
            prompts: 0,
            alive: true,
        }
    }

    fn origin(&self, number: usize) -> Origin {
        Origin { node: self.name.clone(), nick: Some(format!("person-{number}")), owner: Some(number as u64) }
    }
}

#[test]
fn ping_pong_on_two_machines_each_started_by_its_name() {
    let mut den = Den::new();
    let pong = den.value(BOB, "pong()").expect("a process");
    assert!(pong.as_str().is_some_and(|pong| pong.ends_with("@@tab-2@den.local")), "{pong}");
    assert_eq!(den.value(ANA, r#"rpc(node(), "ping", ["tab-2"])"#), Ok(Value::Null));
    assert_eq!(
        den.printed(BOB),
        ["tab-2: Pong received ping"; 3].iter().chain(&["tab-2: Pong finished"]).copied().collect::<Vec<_>>()
    );
    assert_eq!(
        den.printed(ANA),
        ["tab-1: Ping received pong"; 3].iter().chain(&["tab-1: Ping finished"]).copied().collect::<Vec<_>>()
    );
    assert_eq!(den.at(BOB).table.whereis("pong"), None);
}

#[test]
fn ping_pong_on_two_machines_begun_by_one_call_prints_all_where_the_call_was_made() {
    for there in [BOB, HUB] {
        let mut den = Den::new();
        assert_eq!(den.value(ANA, &format!("start(\"{there}\")")), Ok(Value::Null));
        let there_says = node(there).local().to_owned();
        let mut expected = Vec::new();
        for _ in 0..3 {
            expected.extend([format!("{there_says}: Pong received ping"), "tab-1: Ping received pong".to_owned()]);
        }
        expected.push("tab-1: Ping finished".to_owned());
        expected.push(format!("{there_says}: Pong finished"));
        assert_eq!(den.printed(ANA), expected);
        assert_eq!(den.printed(there), [""; 0]);
    }
}

#[test]
fn two_processes_send_each_other_a_number_that_grows_until_nothing_comes() {
    let mut den = Den::new();
    let outer = den.value(ANA, "ping_pong(ping_pong((), 3), 3)").expect("a process");
    let lines =
        |from: u64| (from..from + 7).map(|n| format!("tab-1: {} {n}", if n % 2 == 1 { "ping" } else { "pong" }));
    assert_eq!(den.printed(ANA), lines(1).collect::<Vec<_>>(), "{outer}");
    den.wait_for(3_000);
    assert_eq!(den.printed(ANA)[7..], ["tab-1: time-out", "tab-1: time-out"]);

    // And across the world.
    den.line(BOB, "let other = ping_pong((), 1)");
    let other = den.value(BOB, "other").expect("an address");
    den.line(ANA, &format!("ping_pong(\"{}\", 1)", other.as_str().expect("a text")));
    assert_eq!(den.printed(BOB), ["tab-2: ping 1", "tab-2: ping 3"]);
    assert_eq!(den.printed(ANA)[9..], ["tab-1: pong 2"]);
}

const FACTORIALS: [&str; 8] = [
    "[120, 0]",
    "[120, 1]",
    "[6, 0]",
    "Function not found: - (text, int) (line 18)",
    "another process: true",
    "[120, 0]",
    "[24, 1]",
    "[6, 0]",
];

#[test]
fn three_factorial_servers_under_a_supervisor() {
    let mut den = Den::new();
    assert_eq!(den.value(ANA, "factorials()"), Ok(Value::Null), "{:?}", den.printed(ANA));
    assert_eq!(den.printed(ANA), FACTORIALS.map(|line| format!("tab-1: {line}")));
    den.wait_for(10_000);
    for name in ["fact_a", "fact_b", "fact_c"] {
        assert_eq!(den.at(ANA).table.whereis(name), None);
    }
    // Somewhere else, it prints here all the same.
    let mut den = Den::new();
    assert_eq!(den.value(ANA, &format!("rpc(\"{HUB}\", \"factorials\")")), Ok(Value::Null));
    assert_eq!(den.printed(ANA), FACTORIALS.map(|line| format!("hub: {line}")));
    assert_eq!(den.printed(HUB), [""; 0]);
}

#[test]
fn a_factorial_server_is_called_from_another_node() {
    let mut den = Den::new();
    den.line(BOB, "factorial(\"fact\")");
    assert_eq!(den.value(ANA, "call(\"fact@@tab-2\", 5)[0] + 1"), Ok(json!(121)));
    assert_eq!(den.value(ANA, "call(\"fact@@tab-2\", 5)"), Ok(json!([120, 1])));
    let fault = den.value(ANA, "call(\"fact@@tab-2\", \"hello\")").expect_err("a crash");
    assert_eq!(fault.code, ErrorCode::Exited);
    let Some(Reason::Error(words)) = fault.reason else { panic!("{fault:?}") };
    assert!(words.contains("Function not found: - (text, int) (line 18)"), "{words}");
    // Nobody has started it anew.
    let error = den.value(ANA, "try_call(\"fact@@tab-2\", 5).error.code");
    assert_eq!(error, Ok(json!("no_such_process")));
    assert_eq!(den.value(ANA, "try_call(\"fact@@tab-9\", 5).error.code"), Ok(json!("no_such_node")));
    // A call to oneself waits for itself.
    assert_eq!(den.value(ANA, "try_call(self(), 5, 100).error.code"), Ok(json!("timeout")));
    let all = r#"request(self(), 5); let m = receive(); reply(sender(), m + 1); receive()"#;
    assert_eq!(den.value(ANA, all).map(|answer| answer["ok"].clone()), Ok(json!(6)));
}

#[test]
fn a_session_with_the_replicated_map() {
    let mut den = Den::new();
    assert_eq!(den.value(ANA, "map_session(\"tab-2\", \"hub\")"), Ok(Value::Null), "{:?}", den.printed(ANA));
    let expected =
        ["a is 5 here", "b is tab-2 on tab-2, and tab-2 here", "b is hub on hub, and hub here", r#"["a", "b"]"#];
    assert_eq!(den.printed(ANA), expected.map(|line| format!("tab-1: {line}")));
    assert_eq!(den.value(BOB, "get(\"a\")"), Ok(json!(5)));
    assert_eq!(den.value(BOB, "put(\"a\", [1, #{ b: 2 }])"), Ok(json!(64)));
    assert_eq!(
        den.value(ANA, "[get(\"tab-2\", \"a\"), version(\"a\"), list(\"hub\", \"b\")]"),
        Ok(json!([[1, { "b": 2 }], 64, ["b"]]))
    );
    assert_eq!(den.value(ANA, "delete(\"a\"); get(\"a\")"), Ok(Value::Null));

    // The texts' own server, on one node.
    den.line(BOB, "map_server(\"my_map\")");
    let all = r#"let there = "my_map@@tab-2"; [call(there, ["put", "a", 5]), call(there, ["get", "a"]), call(there, ["get", "b"])]"#;
    assert_eq!(den.value(ANA, all), Ok(json!(["ok", 5, null])));
    assert!(den.value(ANA, "call(there, [\"tea\"])").expect_err("no").message.contains("Say put or get."));
}

#[test]
fn hello_from_another_node() {
    let mut den = Den::new();
    for there in [BOB, HUB] {
        assert_eq!(den.value(ANA, &format!("hello(\"{there}\")")), Ok(Value::Null));
    }
    let expected = |there: &str| {
        let says = node(there).local().to_owned();
        [
            format!("{says}: hello from {there}"),
            format!("{says}: hello from {there}"),
            format!("tab-1: it ran on {there}"),
        ]
    };
    assert_eq!(den.printed(ANA), [expected(BOB), expected(HUB)].concat());
    assert_eq!(den.printed(BOB), [""; 0]);

    // By hand, as a function.
    assert_eq!(den.value(ANA, "rpc(\"tab-2\", |x| x * 2, [21])"), Ok(json!(42)));
    let process = den.value(ANA, "spawn(\"tab-2\", || print(\"hello from \" + node()))").expect("a process");
    assert!(process.as_str().is_some_and(|process| process.ends_with("@@tab-2@den.local")), "{process}");
    assert_eq!(den.printed(ANA)[6..], ["tab-2: hello from tab-2@den.local"]);
    // The hub runs what it was told to run.
    let refused = "try { rpc(\"hub\", |x| x * 2, [21]) } catch (fault) { return fault.code; }";
    assert_eq!(den.value(ANA, refused), Ok(json!("not_allowed")));
}

#[test]
fn ping_and_the_list_of_nodes() {
    let mut den = Den::new();
    assert_eq!(den.value(ANA, "ping(\"tab-2\")"), Ok(json!("pong, under 1 ms")));
    assert_eq!(den.value(ANA, "ping(\"nobody\")"), Ok(json!("pang: no_such_node")));
    assert_eq!(den.value(ANA, "nodes()"), Ok(json!([HUB, ANA, BOB])));
    den.kill(BOB);
    assert_eq!(den.value(ANA, "nodes()"), Ok(json!([HUB, ANA])));
}

#[test]
fn a_node_that_ends_in_the_middle_is_told_to_all_who_wait_for_it() {
    // Ping waits for a pong that will not come.
    let mut den = Den::new();
    let slow = "spawn(\"tab-2\", || { register(\"pong\"); receive(); receive() })";
    den.line(ANA, slow);
    den.line(ANA, "rpc(node(), \"ping\", [\"tab-2\"])");
    den.kill(BOB);
    den.wait_for(6_000);
    let came = den.came(ANA);
    let fault = came.last().expect("an end").clone().expect_err("a time-out");
    assert!(matches!(&fault.reason, Some(Reason::Error(words)) if words.contains("timeout")), "{fault:?}");

    // Whoever monitors is told at once, and once; and goes on.
    let mut den = Den::new();
    den.line(ANA, &format!("monitor(\"{BOB}\"); let p = spawn(\"{BOB}\", || receive()); monitor(p); [receive(), receive()].map(|down| down.reason.code)"));
    den.kill(BOB);
    assert_eq!(den.came(ANA), [Ok(json!(["node_down", "node_down"]))]);
    assert_eq!(den.value(ANA, "1 + 1"), Ok(json!(2)));

    // Start says so.
    let mut den = Den::new();
    den.line(BOB, "spawn(|| { register(\"pong\"); receive() })");
    den.line(ANA, "start(\"tab-2\")");
    den.kill(BOB);
    den.wait_for(20_000);
    assert!(!den.came(ANA).is_empty(), "it ends");
    assert_eq!(den.value(ANA, "1 + 1"), Ok(json!(2)));
}

#[test]
fn every_example_is_run_here() {
    let here = include_str!("programs.rs");
    for example in EXAMPLES {
        let named =
            [format!("{}(", example.name), format!("\\\"{}\\\"", example.name), format!("\"{}\"", example.name)];
        assert!(named.iter().any(|name| here.contains(name)), "{}", example.name);
    }
}
