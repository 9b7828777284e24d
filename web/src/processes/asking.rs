//! What the person asks at the console.

use serde_json::{Value, json};
use shared::message::{Json, ToHub};
use shared::node::NodeName;
use shared::process::limits::MAX_WITHIN;
use shared::process::step::Spawn;
use shared::process::table::Ask;
use shared::process::{Address, Fault, Reason};
use shared::wire;

use super::answering::For;
use super::host::Host;
use super::own::PUBLISHED;
use crate::clock;
use crate::console::facts::{ProcessFact, Stats};
use crate::console::output::Voice;
use crate::console::prompt::Known;
use crate::dom::{effect, keep};
use crate::page::{Interval, document, window};

/// Between two looks for a node that is to be pinged or asked what runs there, in milliseconds: with two pings and one
/// question at each, at most ten pings and five questions a second.
const TURN: i32 = 200;
const PINGS_A_TURN: usize = 2;

/// A node that has not answered so long is shown as one that does not, in milliseconds.
const STATS_WITHIN: u32 = 2_000;

/// What the console calls the program that a line is.
const PROMPT: &str = "prompt";

/// Published programs that are listed: more than anyone reads through.
const MAX_PUBLISHED: usize = 200;

/// A program that somebody has published, in their own words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Published {
    pub(crate) name: String,
    pub(crate) source: String,
    /// As whoever published it calls themselves: anybody may publish anew under that name.
    pub(crate) by: String,
}

/// What an ask was made for.
pub(super) enum Purpose {
    /// Begun then, in milliseconds of the page's own clock.
    Ping {
        node: String,
        began: f64,
    },
    Stats {
        node: String,
    },
    /// With what it is known by when it begins: nobody else can tell.
    Line {
        mark: u64,
    },
    Monitor {
        of: String,
    },
}

impl Host {
    /// A line of the prompt: a process of its own, which the console leads.
    pub(crate) fn run(&'static self, line: &str) {
        self.console.ran(line);
        self.engine.may_start();
        self.trouble.change(None);
        let [a, b, c, d, e, f, g, h, ..] = clock::random();
        let mark = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        self.console.running.update(|running| *running += 1);
        {
            let core = &mut *self.core.borrow_mut();
            let spawn = Spawn {
                program: PROMPT.to_owned(),
                source: line.into(),
                args: vec![mark.into()],
                leader: core.table.leader(core.lead),
                rpc: true,
                ..Spawn::default()
            };
            let node = core.table.name().clone();
            // Whatever comes of it comes later: its steps run in the Worker.
            let ask = core.table.ask(clock::now(), None, Ask::Rpc { node, spawn, within: MAX_WITHIN });
            core.asks.push((ask, Purpose::Line { mark }));
        }
        self.table(|_, _| ());
    }

    /// Whether a process that begins is a line of the prompt, and so the person's own words.
    pub(super) fn line_begins(&self, spawn: &Spawn) -> bool {
        let mark = spawn.args.first().and_then(Value::as_u64);
        let lines = &self.core.borrow().asks;
        lines.iter().any(|(_, purpose)| matches!(purpose, Purpose::Line { mark: of } if Some(*of) == mark))
    }

    /// Ends the lines that run.
    pub(crate) fn interrupt(&'static self) {
        let mut lines = Vec::new();
        self.core.borrow_mut().asks.retain(|(ask, purpose)| {
            let is_line = matches!(purpose, Purpose::Line { .. });
            if is_line {
                lines.push(*ask);
            }
            !is_line
        });
        for ask in lines {
            self.line_ended();
            self.console.say(Voice::Note, None, "Ended.");
            self.table(|table, now| table.close(now, ask));
        }
    }

    fn line_ended(&self) {
        self.console.running.update(|running| *running = running.saturating_sub(1));
    }

    /// Asks a process to end.
    pub(crate) fn end(&'static self, address: &str) {
        if let Ok(to) = address.parse::<Address>() {
            self.table(|table, now| table.ask(now, None, Ask::Exit { to, reason: Reason::Shutdown }));
        }
    }

    /// Whether the person may end it: what runs on their own tab, and what they began elsewhere.
    pub(crate) fn may_end(&self, node: &str, process: &ProcessFact) -> bool {
        let own = self.name();
        let is_system =
            matches!(process.name.as_deref(), Some("node" | "message_handler" | "message_server" | "map_server"));
        let mine = process.leader.as_deref().is_some_and(|leader| leader.rsplit("@@").next() == Some(&own));
        !is_system && (node == own || mine)
    }

    /// Tells when a node is gone.
    pub(crate) fn monitor_node(&'static self, node: &str) {
        let Ok(name) = NodeName::wished(node) else { return };
        self.console.say(Voice::Note, None, &["You will be told when ", node, " is gone."].concat());
        let of = node.to_owned();
        let ask = self.core.borrow_mut().table.ask(clock::now(), None, Ask::MonitorNode { node: name });
        self.core.borrow_mut().asks.push((ask, Purpose::Monitor { of }));
        self.table(|_, _| ());
    }

    /// Keeps what is shown of the nodes as it is, while the part is there that is being built and somebody looks.
    pub(crate) fn watch_nodes(&'static self) {
        let node = self.node;
        effect(move || {
            node.phase.track();
            if node.processes.open.get() {
                self.follow_nodes();
            }
        });
        keep(Interval::new(TURN, move || {
            if node.processes.open.get_untracked() && !document().hidden() {
                self.ask_in_turn();
            }
        }));
    }

    fn ask_in_turn(&'static self) {
        let now = clock::now();
        let own = self.name();
        for _ in 0..PINGS_A_TURN {
            let Some(node) = self.console.look(|facts| facts.next_ping(now, &own)) else { break };
            let Ok(name) = NodeName::wished(&node) else { continue };
            let purpose = Purpose::Ping { node, began: milliseconds() };
            self.ask(purpose, Ask::Ping { node: name });
        }
        let selected = self.console.selected.get_untracked();
        if let Some(node) = self.console.look(|facts| facts.next_look(now, selected.as_deref()))
            && let Ok(name) = NodeName::wished(&node)
            && let Ok(to) = Address::new("node", name)
        {
            self.ask(Purpose::Stats { node }, Ask::Call { to, message: json!("stats"), within: STATS_WITHIN });
        }
    }

    fn ask(&'static self, purpose: Purpose, ask: Ask) {
        {
            let core = &mut *self.core.borrow_mut();
            let number = core.table.ask(clock::now(), None, ask);
            core.asks.push((number, purpose));
        }
        self.table(|_, _| ());
    }

    /// What was asked has ended.
    pub(super) fn ask_answered(&'static self, ask: u64, result: Result<Value, Fault>) {
        let at = self.core.borrow().asks.iter().position(|(number, _)| *number == ask);
        let Some(at) = at else { return };
        let (_, purpose) = self.core.borrow_mut().asks.swap_remove(at);
        match purpose {
            Purpose::Ping { node, began } => {
                let micros = ((milliseconds() - began) * 1_000.0) as u32;
                self.console.learn(&node, |fact| fact.ping = Some(result.is_ok().then_some(micros)));
            }
            Purpose::Stats { node } => {
                if let Ok(stats) = result {
                    self.console.learn(&node, |fact| fact.stats = Some(Stats::read(&stats)));
                }
            }
            Purpose::Line { .. } => {
                self.line_ended();
                match result {
                    // What only does something has nothing to show.
                    Ok(Value::Null) => {}
                    Ok(value) => self.console.say(Voice::Value, None, &shown(&value)),
                    Err(Fault { reason: Some(reason), .. }) => {
                        self.console.say(Voice::Fault, None, &told(&reason));
                    }
                    Err(fault) => self.console.say(Voice::Fault, None, &fault.message),
                }
            }
            Purpose::Monitor { .. } => {}
        }
    }

    /// What was watched has ended.
    pub(super) fn ask_ended(&'static self, ask: u64, reason: &Reason) {
        let at = self.core.borrow().asks.iter().position(|(number, _)| *number == ask);
        let Some(at) = at else { return };
        let (_, purpose) = self.core.borrow_mut().asks.swap_remove(at);
        if let Purpose::Monitor { of } = purpose {
            self.console.say(Voice::Note, None, &[&of, " is down: ", &reason.to_string()].concat());
        }
    }

    /// What Tab can complete.
    pub(crate) fn known(&self) -> Known {
        let (nodes, mut names) = self.console.look(|facts| {
            let nodes = facts.all().iter().map(|fact| fact.info.node.clone()).collect();
            let names = facts.all().iter().filter_map(|fact| fact.stats.as_ref()).flat_map(|stats| &stats.processes);
            let names: Vec<String> = names.filter_map(|process| process.name.clone()).collect();
            (nodes, names)
        });
        let mut at = 0;
        while at < names.len() {
            if names[..at].contains(&names[at]) {
                names.remove(at);
            } else {
                at += 1;
            }
        }
        let mut programs: Vec<String> =
            self.own.with_untracked(|own| own.all().iter().map(|program| program.name.clone()).collect());
        self.examples.with_untracked(|known| programs.extend(known.iter().map(|program| program.name.clone())));
        let keys = self.core.borrow().store.list("").iter().map(|pair| pair.key.clone()).collect();
        Known { nodes, names, programs, keys }
    }

    /// Has the Worker tell of the programs that everybody has.
    pub(crate) fn want_examples(&'static self) {
        self.engine.start(self);
        self.table(|_, _| ());
    }

    /// What people have published for all.
    pub(crate) fn published(&self) -> Vec<Published> {
        let core = self.core.borrow();
        let found = core.store.list(PUBLISHED).iter().filter_map(|pair| {
            let text = |name: &str| pair.value.get(name).and_then(Value::as_str).map(str::to_owned);
            let name = pair.key.strip_prefix(PUBLISHED)?.to_owned();
            Some(Published { name, source: text("source")?, by: text("by").unwrap_or_default() })
        });
        found.take(MAX_PUBLISHED).collect()
    }

    /// Puts a program where all can read it.
    pub(crate) fn publish(&'static self, name: &str, source: &str) {
        let key = [PUBLISHED, name].concat();
        let by = self.node.nick.get_untracked();
        let value = Json::of(&json!({ "source": source, "by": by }));
        self.ask_hub(For::Person, |id| ToHub::Put { id, key, value, version: None });
    }
}

/// Milliseconds since the page began, and parts of them.
fn milliseconds() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// A value as it is written in a program.
fn shown(value: &Value) -> String {
    match value {
        // Words are read without their quotes.
        Value::String(text) => text.clone(),
        _ => wire::encode(value),
    }
}

/// Why a line ended, in words.
fn told(reason: &Reason) -> String {
    match reason {
        Reason::Error(words) => words.clone(),
        Reason::Killed => "Ended.".to_owned(),
        reason => reason.to_string(),
    }
}
