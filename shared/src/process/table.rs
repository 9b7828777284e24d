//! The processes of one node. Events go in, each with the time; effects come out, and whoever has the sockets, the
//! engine and the people carries them out. Pure: tabs, native nodes and the hub have the same table.
//!
//! What is for a neighbour goes the way of what comes from afar, through a queue of the table's own: order, bounds and
//! rights are the same.

mod acting;
mod asking;
mod calling;
mod life;
mod node;
mod peers;
mod process;
mod sending;
mod spawning;
mod stats;
mod supervising;
mod timing;
mod watching;

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use self::calling::{Pending, Unanswered};
use self::peers::Peer;
use self::process::{Inner, Process, Runner};
use self::spawning::Consent;
pub use self::stats::Load;
use self::timing::{Key, Timer};
use self::watching::Watch;
use super::limits::{LIFETIME, MAX_GUESTS, MAX_GUESTS_TAB, MAX_PROCESSES, MAX_PROCESSES_TAB, MAX_TIES, MAX_TIES_HUB};
use super::pid::{Address, Creation, Pid};
use super::reason::{Fault, Reason};
use super::signal::{Origin, Signal};
use super::step::{CallRef, Look, Scene, Spawn, Step, Stepped};
use super::supervisor::Plan;
use crate::message::Why;
use crate::node::NodeName;

/// The process that every node has, and that answers for it.
pub const NODE: &str = "node";
/// The hub's process whose messages are the requests of the protocol.
pub const MESSAGE_SERVER: &str = "message_server";
/// A client's process that hears the chat.
pub const MESSAGE_HANDLER: &str = "message_handler";
/// The process that has the node's copy of the store.
pub const MAP_SERVER: &str = "map_server";

/// Names that programs cannot take.
pub const RESERVED: [&str; 7] = [NODE, MESSAGE_SERVER, MESSAGE_HANDLER, MAP_SERVER, "hub", "system", "console"];

/// What a node of this sort bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Processes, all told.
    pub processes: usize,
    /// Processes of one other owner.
    pub guests: usize,
    /// How long a program may run, in milliseconds.
    pub lifetime: u64,
    /// Nodes that it exchanges signals with.
    pub ties: usize,
}

impl Bounds {
    /// Native nodes.
    pub const NATIVE: Self = Self { processes: MAX_PROCESSES, guests: MAX_GUESTS, lifetime: LIFETIME, ties: MAX_TIES };
    /// The hub.
    pub const HUB: Self = Self { ties: MAX_TIES_HUB, ..Self::NATIVE };
    /// A tab: one engine.
    pub const TAB: Self =
        Self { processes: MAX_PROCESSES_TAB, guests: MAX_GUESTS_TAB, lifetime: LIFETIME, ties: MAX_TIES };
}

/// A put, or (without `value`) a removal, for the session.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    pub key: String,
    pub value: Option<Value>,
    /// The version that the key must have.
    pub version: Option<u64>,
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Run a step of a program; [`Table::stepped`] gives back what it did. At most one of a process at a time.
    Step { pid: Pid, scene: Scene, step: Step },
    /// A message for a handler in Rust ([`Table::host`]); [`Table::stepped`] when it is done with it. As many at a time
    /// as it said.
    Host { pid: Pid, step: Step },
    /// The process is no more, also where a step of it is out: whatever is kept for it may go. Of programs and hosts.
    Forget { pid: Pid },
    /// To another node, with `first` as the frame has it.
    Signal { to: NodeName, first: bool, signal: Signal },
    /// A step looks at what the app has: [`Table::looked`], in the same turn.
    Look { pid: Pid, look: Look },
    /// A request to the hub as this node: [`Table::answered`] with what became of it.
    Request { r#ref: u64, request: Value },
    /// A put or removal as this node: [`Table::answered`] with the key's new version.
    Store { r#ref: u64, wish: Wish },
    /// What the app asked has ended.
    Answered { ask: u64, result: Result<Value, Fault> },
    /// A text for a leader that the app is.
    Printed { ask: u64, from: Address, text: String },
    /// What the app watches has ended: once.
    Ended { ask: u64, reason: Reason },
    /// Somebody elsewhere wants to run a program here: [`Table::consent`] within [`super::limits::CONSENT`]. `own` says
    /// that it is this node's own owner, on another of their nodes.
    Consent { ask: u64, who: Origin, own: bool, spawn: Spawn },
    /// That question is of no use any more: the asker is gone, or it took too long.
    Withdrawn { ask: u64 },
}

/// What the app itself asks. It asks as the node's own.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// [`Effect::Answered`] with the milliseconds there and back.
    Ping { node: NodeName },
    /// Answered with null when the message is on its way, not when it is there.
    Send { to: Address, message: Value },
    /// Answered with the callee's value. `within` in milliseconds.
    Call { to: Address, message: Value, within: u32 },
    /// [`Effect::Ended`], once.
    Monitor { of: Address },
    /// The same for a node.
    MonitorNode { node: NodeName },
    /// Answered with the address of the new process, as a text. The ask is its leader where it names none, and with
    /// `monitor` its end is told by [`Effect::Ended`]; until [`Table::close`].
    Spawn { node: NodeName, spawn: Spawn },
    /// Answered with the program's value. The ask is its leader until then where it names none.
    Rpc { node: NodeName, spawn: Spawn, within: u32 },
    /// Answered with the supervisor's address, as a text. Its end, and the end of this ask, are the other's.
    Supervise { plan: Plan },
    /// Not answered: whether it ends a monitor tells.
    Exit { to: Address, reason: Reason },
    /// Whoever asks is linked to that process from now on, which is named by its pid. Answered with null; that there is no
    /// such process, or that it may not be, is an exit.
    Link { to: Address },
    /// And is so no longer. Answered with null.
    Unlink { to: Address },
    /// A leader: what is spawned with [`Table::leader`] prints here, until [`Table::close`].
    Lead,
}

/// The processes of one node.
#[derive(Debug)]
pub struct Table {
    /// Full; before the first welcome whatever it was made with.
    name: NodeName,
    creation: Creation,
    nick: Option<String>,
    owner: Option<u64>,
    /// Without a connection nobody else can be reached, and nothing is kept for later.
    online: bool,
    bounds: Bounds,
    /// The latest time that was passed in; never goes back.
    now: u64,
    processes: BTreeMap<u64, Process>,
    /// Sorted.
    names: Vec<(String, u64)>,
    /// Nodes that signals pass to or from, sorted by name; gone with the tie.
    peers: Vec<Peer>,
    /// Calls, pings, requests and puts of this node that have not ended.
    calls: BTreeMap<u64, Pending>,
    /// Calls to processes of this node that are not answered.
    unanswered: BTreeMap<u64, Unanswered>,
    /// Monitors of this node's processes and of the app.
    monitors: BTreeMap<u64, Watch>,
    consents: Vec<Consent>,
    /// Asks of the app that lead, and their processes.
    leads: BTreeMap<u64, u64>,
    /// Where their numbers come from.
    chance: Option<fn() -> u64>,
    /// Puts and removals that are with the session, and those that wait for them to end.
    puts: usize,
    putting: VecDeque<u64>,
    timers: BTreeMap<Key, Timer>,
    inner: VecDeque<Inner>,
    effects: VecDeque<Effect>,
    last_pid: u64,
    /// References, timers, asks.
    last: u64,
    odd: u64,
    restarts: u64,
}

impl Table {
    /// A table with the process [`NODE`] alone. `name` is for as long as there is no welcome.
    pub fn new(name: NodeName, creation: Creation, bounds: Bounds) -> Self {
        let mut table = Self {
            name,
            creation,
            nick: None,
            owner: None,
            online: false,
            bounds,
            now: 0,
            processes: BTreeMap::new(),
            names: Vec::new(),
            peers: Vec::new(),
            calls: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            monitors: BTreeMap::new(),
            consents: Vec::new(),
            leads: BTreeMap::new(),
            chance: None,
            puts: 0,
            putting: VecDeque::new(),
            timers: BTreeMap::new(),
            inner: VecDeque::new(),
            effects: VecDeque::new(),
            last_pid: 0,
            last: 0,
            odd: 0,
            restarts: 0,
        };
        let node = table.enter(Process::new(Runner::Node, NODE, 0));
        table.name_process(node, NODE);
        table
    }

    /// Leaders get pids that nobody guesses, of this chance: without it they are counted like all others. Whoever has a
    /// leader's pid may print there.
    pub fn chance(&mut self, chance: fn() -> u64) {
        self.chance = Some(chance);
    }

    /// This node's name.
    pub fn name(&self) -> &NodeName {
        &self.name
    }

    pub fn creation(&self) -> Creation {
        self.creation
    }

    /// There is a connection, and this is the node's name on it.
    pub fn connected(&mut self, now: u64, name: NodeName) {
        self.at(now);
        self.online = true;
        self.name = name;
    }

    /// Who the node's person is: from the welcome, from `connect`; nobody after `disconnect`.
    pub fn identified(&mut self, nick: Option<String>, owner: Option<u64>) {
        self.nick = nick;
        self.owner = owner;
    }

    /// The connection is lost, and with it all ties.
    pub fn cut_off(&mut self, now: u64) {
        self.at(now);
        self.online = false;
        // Also those who wait for a node that no signal has gone to yet.
        for node in self.peers.iter().map(|peer| peer.name.clone()).collect::<Vec<_>>() {
            self.inner.push_back(Inner::Lost(node, Why::Disconnected));
        }
        self.settle();
    }

    /// A process whose messages are handled by the app itself, at most `at_once` at a time.
    ///
    /// # Errors
    /// If the name is not valid or taken, or there are too many processes.
    pub fn host(&mut self, now: u64, name: &str, program: &str, at_once: u32) -> Result<Pid, Fault> {
        self.at(now);
        self.check_name(name)?;
        self.check_room()?;
        let number = self.enter(Process::new(Runner::Host { at_once, out: 0 }, program, self.now));
        self.name_process(number, name);
        Ok(self.pid(number))
    }

    /// A signal has come. What the hub says of its sender is in `from`.
    pub fn received(&mut self, now: u64, from: &Origin, signal: Signal) {
        self.at(now);
        self.take_in(from, signal);
        self.settle();
    }

    /// The same, as it came: what is no signal is passed over and counted.
    pub fn heard(&mut self, now: u64, from: &Origin, payload: Value) {
        match Signal::read(payload) {
            Ok(signal) => self.received(now, from, signal),
            Err(_) => {
                self.at(now);
                self.take_in_odd(from);
                self.settle();
            }
        }
    }

    /// The hub says that nothing was delivered to that node.
    pub fn unreachable(&mut self, now: u64, node: &NodeName, why: Why) {
        self.down(now, node, why);
    }

    /// The hub says that the tie to that node has broken.
    pub fn down(&mut self, now: u64, node: &NodeName, why: Why) {
        self.at(now);
        self.inner.push_back(Inner::Lost(node.clone(), why));
        self.settle();
    }

    /// What a step of that process did. Passed over where the process has ended meanwhile.
    pub fn stepped(&mut self, now: u64, pid: Pid, stepped: Stepped) {
        self.at(now);
        self.step_done(pid, stepped);
        self.settle();
    }

    /// An engine has died with all that it had.
    pub fn crashed(&mut self, now: u64, pids: &[Pid], reason: &Reason) {
        self.at(now);
        for pid in pids {
            if let Some(number) = self.alive(*pid) {
                self.die(number, reason.clone());
            }
        }
        self.settle();
    }

    /// The app ends one of its own, such as a host that is dropped.
    pub fn end(&mut self, now: u64, pid: Pid, reason: &Reason) {
        self.crashed(now, &[pid], reason);
    }

    /// A handler's answer to a call, at any time; passed over where the call is over.
    pub fn answer(&mut self, now: u64, call: CallRef, result: Result<Value, Fault>) {
        self.at(now);
        self.reply(None, call, result);
        self.settle();
    }

    /// What became of an [`Effect::Request`] or [`Effect::Store`].
    pub fn answered(&mut self, now: u64, r#ref: u64, result: Result<Value, Fault>) {
        self.at(now);
        self.end_call(r#ref, result);
        self.settle();
    }

    /// What a step looked for.
    pub fn looked(&mut self, now: u64, pid: Pid, value: Value) {
        self.at(now);
        self.bring_look(pid, value);
        self.settle();
    }

    /// A key of this node's copy of the store has another value, or none.
    pub fn stored(&mut self, now: u64, key: &str, value: Option<&Value>, version: u64) {
        self.at(now);
        self.tell_watchers(key, value, version);
        self.settle();
    }

    /// The app asks, as `by` or as the node itself. Its effects carry the number that this gives.
    pub fn ask(&mut self, now: u64, by: Option<Pid>, ask: Ask) -> u64 {
        self.at(now);
        let number = self.next();
        self.begin_ask(number, by, ask);
        self.settle();
        number
    }

    /// The app is not interested any more: a watch ends, a leader shows nothing more, an answer is passed over.
    pub fn close(&mut self, now: u64, ask: u64) {
        self.at(now);
        self.close_ask(ask);
        self.settle();
    }

    /// Where what is spawned for that ask prints.
    pub fn leader(&self, ask: u64) -> Option<Address> {
        self.leads.get(&ask).map(|number| self.address(*number))
    }

    /// What a person, or the app's own rule, says to an [`Effect::Consent`].
    pub fn consent(&mut self, now: u64, ask: u64, given: Result<(), Fault>) {
        self.at(now);
        self.consented(ask, given);
        self.settle();
    }

    /// Time has passed.
    pub fn tick(&mut self, now: u64) {
        self.at(now);
        self.ring();
        self.settle();
    }

    /// When [`tick`](Self::tick) has something to do.
    pub fn wake_at(&self) -> Option<u64> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next thing to be done outside.
    pub fn effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whether that process is there.
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.alive(pid).is_some()
    }

    /// The process of that registered name.
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        self.named(name).map(|number| self.pid(number))
    }

    fn at(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Takes what the table has for itself until there is nothing left.
    fn settle(&mut self) {
        while let Some(inner) = self.inner.pop_front() {
            match inner {
                Inner::Signal { owner, signal } => self.take_local(owner, signal),
                Inner::Lost(node, why) => self.lose(&node, why),
                Inner::GiveUp(node) => self.given_up(&node),
                Inner::Advance(number) => self.advance(number),
                Inner::ChildStarted { supervisor, child } => self.child_started(supervisor, child),
                Inner::ChildEnded { supervisor, child, reason } => self.child_ended(supervisor, child, &reason),
            }
        }
    }
}
