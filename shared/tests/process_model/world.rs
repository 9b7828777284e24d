//! Some nodes, each with its table and an engine whose programs do what they are told, joined by the model's hub.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::node::NodeName;
use shared::process::table::{Ask, Bounds, Effect, Load, Table};
use shared::process::{
    Act, Address, Brought, Creation, Event, Fault, Letter, Origin, Pid, Reason, Signal, Spawn, Step, Stepped, Then,
    Want,
};

use crate::network::{Down, Hub, Up};

/// What a process is told to do with its next step.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few")]
pub(crate) enum Order {
    Acts(Vec<Act>),
    Block(Want),
    Exit(Reason),
}

/// A message of the model: who is meant, and which of the sender's to that one it is.
fn numbered(to: &Address, n: u64) -> Value {
    json!({ "to": to.to_string(), "n": n })
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) table: Table,
    pub(crate) life: u32,
    /// Steps that are out, by process.
    pub(crate) steps: VecDeque<(Pid, Step)>,
    pub(crate) effects: Vec<Effect>,
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) hub: Hub,
    /// Every process there has been, by its address.
    pub(crate) known: Vec<Address>,
    /// Those of which their steps say that they are the node's own person's.
    pub(crate) own: Vec<Address>,
    /// By life and number, what is to be done on the command of that number.
    orders: Vec<Order>,
    counts: BTreeMap<(String, String), u64>,
    /// How many ties each node has had with each other, by its own word; and what its processes sent in each.
    eras: BTreeMap<(usize, usize), u32>,
    pub(crate) sent: BTreeMap<(String, String), Vec<(u32, u64)>>,
    pub(crate) arrived: BTreeMap<(String, String), Vec<u64>>,
    /// Own numbers of requests and monitors, and how often each ended.
    last_ref: u64,
    pub(crate) requests: BTreeMap<(Pid, u64), u32>,
    pub(crate) monitors: BTreeMap<(Pid, u64), u32>,
    /// Asks of the app: node, its life, number; how often they ended.
    pub(crate) asks: BTreeMap<(usize, u32, u64), u32>,
    pub(crate) watches: BTreeMap<(usize, u32, u64), u32>,
    own_watches: BTreeMap<(usize, u32), usize>,
    pub(crate) blocked: BTreeMap<Pid, u32>,
    pub(crate) printed: Vec<(usize, Address, String)>,
    pub(crate) answers: Vec<(usize, u64, Result<Value, Fault>)>,
    pub(crate) reasons: Vec<(usize, u64, Reason)>,
    /// Exits that came as messages.
    pub(crate) trapped: Vec<(Pid, Reason)>,
    /// What requests and blocked steps were brought.
    pub(crate) brought: Vec<(Pid, Result<Value, Fault>)>,
    /// Calls that programs keep, with whom.
    kept: BTreeMap<Pid, Vec<shared::process::CallRef>>,
    /// Who asked to run something, and what they are told; nothing where it is `None`.
    pub(crate) asked: Vec<(usize, Origin, bool)>,
    pub(crate) consent: Option<Result<(), Fault>>,
    /// Owners of the nodes' nicks.
    pub(crate) owners: Vec<u64>,
    /// What went wrong, found by the way.
    pub(crate) wrong: Vec<String>,
}

pub(crate) fn name(node: usize) -> NodeName {
    format!("n{node}@den").parse().unwrap()
}

fn table(node: usize, life: u32) -> Table {
    let creation = Creation::new(u32::try_from(node).unwrap() * 64 + life);
    let mut table = Table::new(name(node), creation, Bounds { lifetime: u64::MAX, ..Bounds::NATIVE });
    table.identified(Some("ana".to_owned()), Some(7));
    table
}

impl World {
    pub(crate) fn new(nodes: usize, minds_first: bool) -> Self {
        let mut world = Self {
            now: 1_000,
            nodes: (0..nodes)
                .map(|node| Node { table: table(node, 0), life: 0, steps: VecDeque::new(), effects: Vec::new() })
                .collect(),
            hub: Hub::new(nodes, minds_first),
            known: Vec::new(),
            own: Vec::new(),
            orders: Vec::new(),
            counts: BTreeMap::new(),
            eras: BTreeMap::new(),
            sent: BTreeMap::new(),
            arrived: BTreeMap::new(),
            last_ref: 0,
            requests: BTreeMap::new(),
            monitors: BTreeMap::new(),
            asks: BTreeMap::new(),
            watches: BTreeMap::new(),
            own_watches: BTreeMap::new(),
            blocked: BTreeMap::new(),
            printed: Vec::new(),
            answers: Vec::new(),
            reasons: Vec::new(),
            trapped: Vec::new(),
            brought: Vec::new(),
            kept: BTreeMap::new(),
            asked: Vec::new(),
            consent: Some(Ok(())),
            owners: vec![7; nodes],
            wrong: Vec::new(),
        };
        for node in 0..nodes {
            world.nodes[node].table.connected(1_000, name(node));
        }
        world
    }

    /// Takes what a table wants done; nobody is asked for consent.
    pub(crate) fn drain(&mut self, node: usize) {
        while let Some(effect) = self.nodes[node].table.effect() {
            let life = self.nodes[node].life;
            match effect {
                Effect::Step { pid, scene, step } => {
                    if self.nodes[node].steps.iter().any(|(other, _)| *other == pid) {
                        self.wrong.push(format!("two steps of {pid} are out"));
                    }
                    if let Step::Init(_) = step {
                        self.known.push(Address::of(pid, name(node)));
                        self.own.extend(scene.own.then(|| Address::of(pid, name(node))));
                    }
                    self.nodes[node].steps.push_back((pid, step));
                }
                Effect::Forget { pid } => self.nodes[node].steps.retain(|(other, _)| *other != pid),
                Effect::Signal { to, first, signal } => {
                    let there: usize = to.local()[1..].parse().unwrap();
                    let era = self.eras.entry((node, there)).or_default();
                    *era += u32::from(first);
                    if let Signal::Send { from, message, .. } = &signal
                        && let Some(n) = message.get("n").and_then(Value::as_u64)
                    {
                        let from = Address::of(*from, name(node)).to_string();
                        let to = message["to"].as_str().unwrap().to_owned();
                        let era = *era;
                        self.sent.entry((from, to)).or_default().push((era, n));
                    }
                    let signal = serde_json::from_str(&signal.to_text()).unwrap();
                    self.hub.up[node].push_back(Up { to: there, first, signal });
                }
                Effect::Answered { ask, result } => {
                    *self.asks.entry((node, life, ask)).or_default() += 1;
                    self.answers.push((node, ask, result));
                }
                Effect::Ended { ask, reason } => {
                    *self.watches.entry((node, life, ask)).or_default() += 1;
                    self.reasons.push((node, ask, reason));
                }
                Effect::Printed { from, text, .. } => self.printed.push((node, from, text)),
                Effect::Consent { ask, who, own, .. } => {
                    self.asked.push((node, who, own));
                    let given = self.consent.clone();
                    if let Some(given) = given {
                        self.nodes[node].table.consent(self.now, ask, given);
                    }
                }
                Effect::Look { pid, .. } => self.nodes[node].table.looked(self.now, pid, Value::Null),
                other => self.nodes[node].effects.push(other),
            }
        }
    }

    /// The nick of that node is another's.
    pub(crate) fn belongs(&mut self, node: usize, owner: u64) {
        self.owners[node] = owner;
        self.nodes[node].table.identified(Some(format!("nick{owner}")), Some(owner));
    }

    /// Begins a process of that source on a node, as an ask of another.
    pub(crate) fn spawn(&mut self, from: usize, on: usize, spawn: Spawn) -> u64 {
        let ask = self.ask(from, Ask::Spawn { node: name(on), spawn });
        self.settle();
        ask
    }

    /// The address that a spawn was answered with.
    pub(crate) fn spawned(&self, from: usize, ask: u64) -> Address {
        match self.answer(from, ask) {
            Some(Ok(Value::String(address))) => address.parse().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn with<T>(&mut self, node: usize, act: impl FnOnce(&mut Table, u64) -> T) -> T {
        let now = self.now;
        let result = act(&mut self.nodes[node].table, now);
        self.drain(node);
        result
    }

    pub(crate) fn ask(&mut self, node: usize, ask: Ask) -> u64 {
        let watches = matches!(ask, Ask::Monitor { .. } | Ask::MonitorNode { .. });
        let answered = !matches!(ask, Ask::Exit { .. } | Ask::Lead) && !watches;
        let life = self.nodes[node].life;
        if matches!(&ask, Ask::MonitorNode { node: of } if *of == name(node)) {
            *self.own_watches.entry((node, life)).or_default() += 1;
        }
        let number = self.nodes[node].table.ask(self.now, None, ask);
        if watches {
            self.watches.entry((node, life, number)).or_default();
        }
        if answered {
            self.asks.entry((node, life, number)).or_default();
        }
        self.drain(node);
        number
    }

    /// Starts a program that does what it is told; runs its first step.
    pub(crate) fn start(&mut self, node: usize, program: &str) -> Address {
        let spawn = Spawn { program: program.to_owned(), source: "told".into(), ..Spawn::default() };
        let ask = self.ask(node, Ask::Spawn { node: name(node), spawn });
        while self.run(node) {}
        match self.answers.iter().rfind(|(at, other, _)| (*at, *other) == (node, ask)) {
            Some((.., Ok(Value::String(address)))) => address.parse().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Tells a process what its next step is, by a message of the app that is there.
    pub(crate) fn tell(&mut self, to: &Address, order: Order) {
        self.orders.push(order);
        let message = json!({ "order": self.orders.len() - 1 });
        let node: usize = to.node.local()[1..].parse().unwrap();
        let to = to.clone();
        self.ask(node, Ask::Send { to, message });
    }

    pub(crate) fn fresh(&mut self) -> u64 {
        self.last_ref += 1;
        self.last_ref
    }

    /// The next message from one to the other.
    pub(crate) fn send(&mut self, from: &Address, to: &Address) -> Act {
        let n = self.counts.entry((from.to_string(), to.to_string())).or_default();
        *n += 1;
        Act::Send { to: to.clone(), message: numbered(to, *n) }
    }

    /// Runs one step that is out.
    pub(crate) fn run(&mut self, node: usize) -> bool {
        let Some((pid, step)) = self.nodes[node].steps.pop_front() else { return false };
        let stepped = self.step(node, pid, step);
        self.with(node, |table, now| table.stepped(now, pid, stepped));
        true
    }

    fn step(&mut self, node: usize, pid: Pid, step: Step) -> Stepped {
        match step {
            Step::Init(spawn) => self.init(pid, &spawn),
            Step::Handle(letter) => self.handle(node, pid, letter),
            Step::Event(event) => {
                self.hear(pid, &event);
                Stepped::of(Vec::new())
            }
            Step::Resume { with, .. } => {
                let waits = self.blocked.entry(pid).or_default();
                if *waits == 0 {
                    self.wrong.push(format!("{pid} was brought what it did not want"));
                }
                *waits = waits.saturating_sub(1);
                match with {
                    Brought::Letter(letter) => self.handle(node, pid, letter),
                    Brought::Event(event) => {
                        self.hear(pid, &event);
                        Stepped::of(Vec::new())
                    }
                    Brought::Value(value) => {
                        self.brought.push((pid, Ok(value)));
                        Stepped::of(Vec::new())
                    }
                    Brought::Fault(fault) => {
                        self.brought.push((pid, Err(fault)));
                        Stepped::of(Vec::new())
                    }
                    Brought::Nothing => Stepped::of(Vec::new()),
                }
            }
        }
    }

    /// What a program's source says that its first step does.
    fn init(&mut self, pid: Pid, spawn: &Spawn) -> Stepped {
        let then = match &*spawn.source {
            "returns" => Then::Return(json!({ "args": spawn.args })),
            "crashes" => Then::Exit(Reason::error("in its first step")),
            "waits" => {
                *self.blocked.entry(pid).or_default() += 1;
                Then::Blocked(Want::Receive { until: None })
            }
            _ => Then::Wait,
        };
        let acts = match &*spawn.source {
            "prints" => vec![Act::Print { text: format!("hello from {}", spawn.program) }],
            _ => Vec::new(),
        };
        Stepped { acts, then, ..Stepped::of(Vec::new()) }
    }

    fn hear(&mut self, pid: Pid, event: &Event) {
        match event {
            Event::Answer { r#ref, result } => {
                *self.requests.entry((pid, *r#ref)).or_default() += 1;
                self.brought.push((pid, result.clone()));
            }
            Event::Ended { r#ref, .. } => *self.monitors.entry((pid, *r#ref)).or_default() += 1,
            Event::Exit { reason, .. } => self.trapped.push((pid, reason.clone())),
            Event::Timer { .. } | Event::Stored { .. } => {}
        }
    }

    /// What the programs do: what an order says; a call is answered, kept, or answered twice.
    fn handle(&mut self, node: usize, pid: Pid, letter: Letter) -> Stepped {
        let Letter { from, call, message, .. } = letter;
        if let Some(order) = message.get("order").and_then(Value::as_u64) {
            return self.obey(pid, usize::try_from(order).unwrap());
        }
        if let Some(n) = message.get("n").and_then(Value::as_u64) {
            let meant = message["to"].as_str().unwrap();
            let own = Address::of(pid, name(node)).to_string();
            let named = meant.parse::<Address>().unwrap().pid().is_none();
            if meant != own && !named {
                self.wrong.push(format!("{own} got what was for {meant}"));
            }
            self.arrived.entry((from.to_string(), meant.to_owned())).or_default().push(n);
        }
        let Some(call) = call else { return Stepped::of(Vec::new()) };
        match message["answer"].as_str() {
            Some("never") => {
                self.kept.entry(pid).or_default().push(call);
                Stepped::of(Vec::new())
            }
            Some("twice") => {
                let reply = |n: u64| Act::Reply { call, result: Ok(Value::from(n)) };
                Stepped::of(vec![reply(1), reply(2)])
            }
            Some("crash") => Stepped { then: Then::Exit(Reason::error("as it was told")), ..Stepped::of(Vec::new()) },
            _ => Stepped::of(vec![Act::Reply { call, result: Ok(message) }]),
        }
    }

    fn obey(&mut self, pid: Pid, order: usize) -> Stepped {
        match self.orders[order].clone() {
            Order::Acts(acts) => {
                for act in &acts {
                    match act {
                        Act::Request { r#ref, .. } => {
                            self.requests.entry((pid, *r#ref)).or_default();
                        }
                        Act::Monitor { r#ref, .. } | Act::MonitorNode { r#ref, .. } => {
                            self.monitors.entry((pid, *r#ref)).or_default();
                        }
                        Act::Demonitor { r#ref } => {
                            self.monitors.remove(&(pid, *r#ref));
                        }
                        _ => {}
                    }
                }
                Stepped::of(acts)
            }
            Order::Block(want) => {
                *self.blocked.entry(pid).or_default() += 1;
                Stepped { then: Then::Blocked(want), ..Stepped::of(Vec::new()) }
            }
            Order::Exit(reason) => Stepped { then: Then::Exit(reason), ..Stepped::of(Vec::new()) },
        }
    }

    /// The hub takes a frame of a node.
    pub(crate) fn carry(&mut self, node: usize) -> bool {
        self.hub.take(node)
    }

    /// A node takes a frame of the hub.
    pub(crate) fn deliver(&mut self, node: usize) -> bool {
        let Some(frame) = self.hub.down[node].pop_front() else { return false };
        let owner = match &frame {
            Down::Signal { from, .. } => self.owners[*from],
            Down::Unreachable { .. } | Down::Broken { .. } => 0,
        };
        self.with(node, |table, now| match frame {
            Down::Signal { from, signal } => {
                let origin = Origin { node: name(from), nick: Some("ana".to_owned()), owner: Some(owner) };
                table.heard(now, &origin, signal);
            }
            Down::Unreachable { node, why } => table.unreachable(now, &name(node), why),
            Down::Broken { node, why } => table.down(now, &name(node), why),
        });
        true
    }

    pub(crate) fn cut(&mut self, node: usize) {
        self.hub.cut(node);
        self.with(node, Table::cut_off);
    }

    pub(crate) fn come_back(&mut self, node: usize) {
        if !self.hub.online[node] {
            self.hub.online[node] = true;
            self.with(node, |table, now| table.connected(now, name(node)));
        }
    }

    /// The page is loaded again: another table, on another connection.
    pub(crate) fn restart(&mut self, node: usize) {
        self.hub.cut(node);
        let life = self.nodes[node].life + 1;
        self.nodes[node] = Node { table: table(node, life), life, steps: VecDeque::new(), effects: Vec::new() };
        self.come_back(node);
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now += ms;
        for node in 0..self.nodes.len() {
            self.with(node, Table::tick);
        }
    }

    /// Everything that is on its way arrives, and all steps are done.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100_000 {
            let mut moved = false;
            for node in 0..self.nodes.len() {
                moved |= self.carry(node) | self.deliver(node) | self.run(node);
            }
            if !moved {
                return;
            }
        }
        self.wrong.push("it does not come to rest".to_owned());
    }

    /// The same, with so much time that every wait has ended.
    pub(crate) fn rest(&mut self) {
        self.settle();
        for _ in 0..15 {
            self.pass(5_000);
            self.settle();
        }
    }

    pub(crate) fn is_alive(&self, process: &Address) -> bool {
        let node: usize = process.node.local()[1..].parse().unwrap();
        process.pid().is_some_and(|pid| self.nodes[node].table.is_alive(pid))
    }

    /// Processes of a node, without its own and the app's leaders.
    pub(crate) fn running(&self, node: usize) -> usize {
        self.nodes[node].table.processes()
    }

    pub(crate) fn load(&self, node: usize) -> Load {
        self.nodes[node].table.load()
    }

    /// The end of all processes.
    pub(crate) fn end_all(&mut self) {
        // Those that are on their way arrive first.
        self.rest();
        for process in self.known.clone() {
            let node: usize = process.node.local()[1..].parse().unwrap();
            let pid = process.pid().unwrap();
            self.with(node, |table, now| table.end(now, pid, &Reason::Killed));
        }
        self.rest();
    }

    /// How many monitors of its own node a node may have: they end with it, and nobody is left to be told.
    pub(crate) fn own_node_watches(&self, node: usize) -> usize {
        self.own_watches.get(&(node, self.nodes[node].life)).copied().unwrap_or_default()
    }

    /// What an ask was answered with.
    pub(crate) fn answer(&self, node: usize, ask: u64) -> Option<&Result<Value, Fault>> {
        self.answers.iter().rfind(|(at, other, _)| (*at, *other) == (node, ask)).map(|(.., result)| result)
    }

    pub(crate) fn code(&self, node: usize, ask: u64) -> Option<ErrorCode> {
        self.answer(node, ask).and_then(|result| result.as_ref().err()).map(|fault| fault.code)
    }

    pub(crate) fn call(&mut self, from: usize, to: &Address, message: Value, within: u32) -> u64 {
        self.ask(from, Ask::Call { to: to.clone(), message, within })
    }
}
