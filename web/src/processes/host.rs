//! The table of this tab's processes, in the page. What it wants is carried out here: signals go to the session, steps
//! to the Worker, questions to the person.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use shared::map_server::Waiting;
use shared::message::{ErrorCode, Incoming, ToHub};
use shared::node::NodeName;
use shared::process::step::{Letter, Scene, Step, Stepped};
use shared::process::table::{self, Ask, Bounds, Effect, Table};
use shared::process::{Creation, Fault, Origin, Pid};
use shared::session::{Delivery, Phase, Response};
use shared::store::{Store, Whole};

use super::answering::{Early, For};
use super::asking::Purpose;
use super::consent::Decisions;
use super::engine_worker::Engine;
use super::own::{Own, Program};
use super::store_kept::{self, Keeping};
use crate::console::Console;
use crate::console::output::Voice;
use crate::dom::effect;
use crate::node::Node;
use crate::page::Timeout;
use crate::state::*;
use crate::{clock, storage};

/// Messages that `map_server` and `message_handler` look at at one time: each takes no time at all.
const AT_ONCE: u32 = 64;

/// The longest sleep of the alarm, in milliseconds: a device's clock may be set while it runs.
const LONGEST_ALARM: u64 = 60_000;

/// The host part of this tab's name before its first welcome.
const NOWHERE: &str = "nowhere";

/// What is here as long as the page is.
pub(crate) struct Host {
    pub(crate) node: Node,
    pub(crate) console: Console,
    /// Those that wait for the person; the first is asked.
    pub(crate) questions: Signal<Vec<Rc<Question>>>,
    pub(crate) decisions: Signal<Decisions>,
    pub(crate) own: Signal<Own>,
    /// Those that everybody has, once the Worker has told of them.
    pub(crate) examples: Signal<Vec<Program>>,
    /// Told when the store is otherwise than before.
    pub(crate) stored: Signal<()>,
    /// What keeps programs, or the browser's copy of the store, from working.
    pub(crate) trouble: Signal<Option<String>>,
    pub(super) core: RefCell<Core>,
    pub(super) engine: Engine,
    pub(super) kept: RefCell<Keeping>,
    driving: Cell<bool>,
}

/// What is behind all that.
pub(super) struct Core {
    pub(super) table: Table,
    pub(super) store: Store,
    pub(super) asks: Vec<(u64, Purpose)>,
    /// Requests to the hub that were made for processes, by id. The session bounds their number.
    pub(super) requests: Vec<(String, For)>,
    /// Calls to `map_server` that wait for the copy.
    pub(super) waiting: Waiting,
    pub(super) map_server: Option<Pid>,
    /// All that the console leads prints there.
    pub(super) lead: u64,
    /// The log that the store is of.
    pub(super) epoch: String,
    /// Whether the store may be read.
    pub(super) whole: Whole,
    /// What waits until it may.
    pub(super) early: Vec<Early>,
    /// The list of nodes is followed on this connection.
    pub(super) follows: bool,
    alarm: Option<(u64, Timeout)>,
}

/// Somebody wants to run a program here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) number: u64,
    /// The nick, or the node's name.
    pub(crate) who: String,
    pub(crate) nick: Option<String>,
    pub(super) owner: Option<u64>,
    pub(crate) program: String,
    pub(crate) source: Arc<str>,
    /// As JSON.
    pub(crate) args: String,
}

/// What the person says to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Once,
    Always,
    No,
    Never,
}

impl Host {
    /// The host of this tab, made when it is first wanted.
    pub(crate) fn of(node: Node) -> &'static Self {
        if let Some(host) = node.processes.host.get_untracked() {
            return host;
        }
        // Some part of the page may be the first to want it, and goes again.
        let begin = || {
            let host: &'static Self = Box::leak(Box::new(Self::new(node)));
            node.processes.host.quietly(|kept| *kept = Some(host));
            untrack(|| host.begin());
            node.processes.host.notify();
            host
        };
        match &node.processes.root {
            Some(root) => root.with(begin),
            None => begin(),
        }
    }

    fn new(node: Node) -> Self {
        let [a, b, c, d, ..] = clock::random();
        let creation = Creation::new(u32::from_be_bytes([a, b, c, d]));
        // Until there is a welcome the tab has no host part.
        let name = NodeName::wished(&storage::node().unwrap_or_default())
            .or_else(|_| NodeName::wished("tab"))
            .map_or_else(|_| unreachable_name(), |name| name.on(NOWHERE));
        let mut table = Table::new(name, creation, Bounds::TAB);
        table.chance(|| {
            let [a, b, c, d, e, f, g, h, ..] = clock::random();
            u64::from_be_bytes([a, b, c, d, e, f, g, h])
        });
        let now = clock::now();
        let map_server = table.host(now, table::MAP_SERVER, table::MAP_SERVER, AT_ONCE).ok();
        // What it hears are the hub's frames; others may monitor it, and learn that it takes nothing else.
        let _ = table.host(now, table::MESSAGE_HANDLER, table::MESSAGE_HANDLER, AT_ONCE);
        let lead = table.ask(now, None, Ask::Lead);
        Self {
            node,
            console: Console::new(),
            questions: Signal::new(Vec::new()),
            decisions: Signal::new(Decisions::read(&storage::consent())),
            own: Signal::new(Own::read(&storage::programs())),
            examples: Signal::new(Vec::new()),
            stored: Signal::new(()),
            trouble: Signal::new(None),
            core: RefCell::new(Core {
                table,
                store: Store::default(),
                asks: Vec::new(),
                requests: Vec::new(),
                waiting: Waiting::default(),
                map_server,
                lead,
                epoch: String::new(),
                whole: Whole::default(),
                early: Vec::new(),
                follows: false,
                alarm: None,
            }),
            engine: Engine::new(),
            kept: RefCell::default(),
            driving: Cell::new(false),
        }
    }

    fn begin(&'static self) {
        store_kept::begin(self);
        if self.node.phase.get_untracked() == Phase::Online {
            self.connected();
        }
        // It may have been on its way, past its welcome.
        effect(move || {
            if self.node.phase.get() == Phase::Online && self.core.borrow().table.name().host() == NOWHERE {
                untrack(|| self.connected());
            }
        });
        for delivery in self.node.processes.take_waiting() {
            self.delivered(delivery);
        }
        self.drive();
    }

    /// This node's full name.
    pub(crate) fn name(&self) -> String {
        self.core.borrow().table.name().to_string()
    }

    pub(crate) fn is_own(&self, node: &str) -> bool {
        self.name() == node
    }

    /// The hub's full name.
    pub(crate) fn hub(&self) -> String {
        self.core.borrow().table.name().hub().to_string()
    }

    /// What the session delivers; gives back what is for others.
    pub(crate) fn delivered(&'static self, delivery: Delivery) -> Option<Delivery> {
        match delivery {
            Delivery::Signal(Incoming { from, nick, owner, signal }) => {
                // The hub's own words.
                if let Ok(node) = NodeName::wished(&from) {
                    self.table(|table, now| table.heard(now, &Origin { node, nick, owner }, signal));
                }
                return None;
            }
            Delivery::Unreachable(lost) => {
                if let Ok(node) = NodeName::wished(&lost.node) {
                    self.table(|table, now| table.unreachable(now, &node, lost.why));
                }
                return None;
            }
            Delivery::Down(lost) => {
                self.node.processes.closes(&lost.node);
                if let Ok(node) = NodeName::wished(&lost.node) {
                    self.table(|table, now| table.down(now, &node, lost.why));
                }
                return None;
            }
            Delivery::Nodes(changed) => {
                self.console.changed(changed);
                return None;
            }
            Delivery::Answered { request, answer } => return self.request_answered(request, answer),
            Delivery::Lost => {
                self.node.processes.cut_off();
                self.core.borrow_mut().follows = false;
                self.table(Table::cut_off);
                self.fold(&delivery);
            }
            Delivery::Welcomed { ref welcome, .. } => {
                self.fold(&delivery);
                let (nick, owner) = (welcome.nick.clone(), welcome.owner);
                self.node.processes.owner.set(owner);
                if let Ok(name) = NodeName::wished(&welcome.node) {
                    self.table(|table, now| {
                        // A session that was begun anew says no word of the end of the one before.
                        table.cut_off(now);
                        table.connected(now, name);
                        table.identified(nick, owner);
                    });
                }
                // Nor does it say that the hub tells no more who is there.
                self.follow_nodes_anew();
            }
            Delivery::Heard(_) => self.fold(&delivery),
            Delivery::Synced { .. } => {
                self.fold(&delivery);
                // What changed of it meanwhile was left out.
                self.follow_nodes_anew();
            }
            _ => {}
        }
        Some(delivery)
    }

    /// The connection was there before this was.
    fn connected(&'static self) {
        let welcomed = self
            .node
            .with_core(|core| core.session.welcome().map(|welcome| (welcome.node.clone(), welcome.epoch.clone())));
        let owner = self.node.processes.owner.get_untracked();
        let nick = Some(self.node.nick.get_untracked()).filter(|nick| !nick.is_empty());
        if let Some((node, epoch)) = welcomed
            && let Ok(name) = NodeName::wished(&node)
        {
            {
                let core = &mut *self.core.borrow_mut();
                // What is read from now on is of this log.
                core.epoch = epoch;
                core.whole.connected();
            }
            self.table(|table, now| {
                table.connected(now, name);
                table.identified(nick, owner);
            });
        }
        self.follow_nodes();
    }

    /// Whoever one is from now on.
    pub(super) fn identified(&'static self, nick: String, owner: u64) {
        self.table(|table, _| table.identified(Some(nick), Some(owner)));
    }

    /// Tells the table that something happened, and does what it then wants.
    pub(super) fn table<T>(&'static self, happened: impl FnOnce(&mut Table, u64) -> T) -> T {
        let told = happened(&mut self.core.borrow_mut().table, clock::now());
        self.drive();
        told
    }

    /// Does what the table wants. What comes of that is done as well, but not within itself.
    fn drive(&'static self) {
        if self.driving.replace(true) {
            return;
        }
        let mut signalled = false;
        loop {
            let effect = self.core.borrow_mut().table.effect();
            let Some(effect) = effect else { break };
            signalled |= matches!(effect, Effect::Signal { .. });
            self.carry_out(effect);
        }
        self.driving.set(false);
        if signalled {
            // They wait in the session until it is looked after.
            self.node.session(|_, _| ());
        }
        self.engine.flush();
        self.set_alarm();
    }

    fn carry_out(&'static self, effect: Effect) {
        match effect {
            Effect::Step { pid, scene, step } => self.step(pid, &scene, &step),
            Effect::Host { pid, step } => self.host_step(pid, step),
            Effect::Forget { pid } => {
                self.engine.forget(pid);
                self.looks_no_more(pid);
            }
            Effect::Signal { to, first, signal } => {
                let first = first && !self.node.processes.closes(&to.to_string());
                // Where there is no connection any more the session says so.
                let _ = self.node.with_core(|core| core.session.signal(&to.to_string(), first, &signal.to_text()));
            }
            Effect::Look { pid, look } => self.look(pid, look),
            Effect::Request { r#ref, request } => self.request(r#ref, &request),
            Effect::Store { r#ref, wish } => self.wish(r#ref, wish),
            Effect::Answered { ask, result } => self.ask_answered(ask, result),
            Effect::Printed { from, text, .. } => self.console.say(Voice::Printed, Some(from.to_string()), &text),
            Effect::Ended { ask, reason } => self.ask_ended(ask, &reason),
            Effect::Consent { ask, who, own, spawn } => self.consent_wanted(ask, who, own, spawn),
            Effect::Withdrawn { ask } => self.withdrawn(ask),
        }
    }

    fn step(&'static self, pid: Pid, scene: &Scene, step: &Step) {
        if !self.core.borrow().follows {
            // Programs ask who is there.
            self.follow_nodes();
        }
        let is_line = match step {
            Step::Init(spawn) => self.line_begins(spawn),
            _ => false,
        };
        self.engine.step(self, pid, is_line, scene, step);
    }

    /// A message for one of the tab's own processes.
    fn host_step(&'static self, pid: Pid, step: Step) {
        let (is_map, call) = {
            let core = self.core.borrow();
            (core.map_server == Some(pid), if let Step::Handle(Letter { call, .. }) = &step { *call } else { None })
        };
        match step {
            Step::Handle(letter) if is_map => self.asked_of_store(letter),
            // Anything else a call learns that it is not understood, and a cast is passed over.
            _ => {
                if let Some(call) = call {
                    let words = "This process hears the chat from the hub, and understands nothing else.";
                    let fault = Fault::new(ErrorCode::BadMessage, words);
                    self.core.borrow_mut().table.answer(clock::now(), call, Err(fault));
                }
            }
        }
        self.core.borrow_mut().table.stepped(clock::now(), pid, Stepped::of(Vec::new()));
    }

    fn follow_nodes_anew(&'static self) {
        self.core.borrow_mut().follows = false;
        self.follow_nodes();
    }

    /// Has the hub tell who is there, and of every change.
    pub(crate) fn follow_nodes(&'static self) {
        let wanted = self.node.processes.open.get_untracked() || self.engine.runs();
        let ready =
            self.node.phase.get_untracked() == Phase::Online || self.core.borrow().table.name().host() != NOWHERE;
        if !wanted || !ready || std::mem::replace(&mut self.core.borrow_mut().follows, true) {
            return;
        }
        self.ask_hub(For::Nodes, |id| ToHub::ListNodes { id, follow: Some(true) });
    }

    /// Folds in what the session delivered of the store.
    pub(super) fn fold(&'static self, delivery: &Delivery) {
        let (keys, whole) = {
            let core = &mut *self.core.borrow_mut();
            if let Delivery::Welcomed { welcome, .. } = delivery
                && core.epoch != welcome.epoch
            {
                // What was kept, or known, is of another log.
                core.store = Store::default();
                core.whole = Whole::default();
                core.epoch.clone_from(&welcome.epoch);
            }
            let keys = core.store.deliver(delivery);
            core.whole.deliver(delivery, self.node.with_core(|core| core.session.has_store()));
            (keys, core.whole.is_here())
        };
        if keys.is_empty() && !whole {
            return;
        }
        for key in &keys {
            let core = &mut *self.core.borrow_mut();
            let pair = core.store.get(key);
            let (value, version) =
                (pair.map(|pair| pair.value.clone()), pair.map_or(core.store.seq(), |pair| pair.version));
            core.table.stored(clock::now(), key, value.as_ref(), version);
        }
        self.waits_over();
        if !keys.is_empty() {
            store_kept::changed(self);
            self.stored.notify();
        }
        self.drive();
    }

    fn set_alarm(&'static self) {
        let core = &mut *self.core.borrow_mut();
        let seats = self.console.wake_at();
        let at = [core.table.wake_at(), self.engine.wake_at(), seats].into_iter().flatten().min();
        if core.alarm.as_ref().map(|(at, _)| *at) == at {
            return;
        }
        core.alarm = at.map(|at| {
            let wait = at.saturating_sub(clock::now()).min(LONGEST_ALARM);
            let ring = move || {
                self.core.borrow_mut().alarm = None;
                if self.console.wake_at().is_some_and(|at| at <= clock::now()) {
                    self.console.show_all();
                }
                self.engine.look_after(self);
                self.table(Table::tick);
            };
            // A millisecond late rather than early: it would ring twice.
            (at, Timeout::new(wait as i32 + 1, ring))
        });
    }

    /// A request of a process, or of this, was answered; gives back what is somebody else's.
    fn request_answered(
        &'static self,
        request: ToHub,
        answer: Result<Response, shared::message::Refusal>,
    ) -> Option<Delivery> {
        if let (ToHub::Connect { .. }, Ok(Response::Connected(connected))) = (&request, &answer) {
            self.node.processes.owner.set(Some(connected.owner));
            self.identified(connected.nick.clone(), connected.owner);
        }
        if matches!(request, ToHub::Disconnect { .. }) {
            self.node.processes.owner.set(None);
            self.table(|table, _| table.identified(None, None));
        }
        if let ToHub::Store { .. } = request {
            self.fold(&Delivery::Answered { request, answer });
            return None;
        }
        let id = request.id().unwrap_or_default();
        let at = self.core.borrow().requests.iter().position(|(known, _)| known == id);
        let Some(at) = at else {
            return match request {
                ToHub::Put { .. } | ToHub::Remove { .. } => {
                    self.put_of_before(&request, answer.err());
                    None
                }
                _ => Some(Delivery::Answered { request, answer }),
            };
        };
        let (_, purpose) = self.core.borrow_mut().requests.swap_remove(at);
        if let (For::Nodes, Ok(Response::Nodes(nodes))) = (purpose, &answer) {
            self.console.listed(nodes.nodes.clone());
        }
        // What a program did to the talk is shown as if the person had.
        let shown = matches!(
            request,
            ToHub::Say { .. } | ToHub::PrivateMessage { .. } | ToHub::Join { .. } | ToHub::Leave { .. }
        );
        let shown = shown.then(|| Delivery::Answered { request: request.clone(), answer: answer.clone() });
        self.hub_answered(purpose, &request, answer);
        shown
    }
}

/// Node names of letters alone are always valid.
fn unreachable_name() -> NodeName {
    wasm_bindgen::throw_str("a node's name")
}
