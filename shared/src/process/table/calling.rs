//! Calls: those that this node waits for, and those that it has to answer. Each ends in exactly one way.

use serde_json::Value;

use super::peers::Way;
use super::process::{Born, Runner};
use super::sending::Who;
use super::timing::{Key, Timer};
use super::watching::{By, Watch};
use super::{Effect, MESSAGE_SERVER, Table, Wish};
use crate::message::ErrorCode;
use crate::node::{HUB, NodeName};
use crate::process::limits::{
    MAX_CALLS, MAX_CALLS_OF_PROCESS, MAX_PUTS, MAX_UNANSWERED, MAX_WITHIN, MIN_WITHIN, check_message,
};
use crate::process::mailbox::Mail;
use crate::process::pid::{Address, Pid, Target};
use crate::process::reason::{Fault, Reason};
use crate::process::signal::Signal;
use crate::process::step::{Brought, CallRef, Event};

/// Who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Waiter {
    /// A process whose step is blocked.
    Blocked(u64),
    /// A process, which is told by a message under its own number.
    Request(u64, u64),
    Ask(u64),
    /// Nobody: a request as a cast.
    Nobody,
    /// Nobody any more; what was to be linked with it goes the same way.
    Orphaned(Pid, Reason),
}

impl Waiter {
    fn process(&self) -> Option<u64> {
        match self {
            Self::Blocked(number) | Self::Request(number, _) => Some(*number),
            Self::Ask(_) | Self::Nobody | Self::Orphaned(..) => None,
        }
    }
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    Call,
    /// A program's value.
    Rpc,
    Ping {
        at: u64,
    },
    /// A process; `monitor` is the table's own number of it.
    Spawn {
        by: Pid,
        link: bool,
        monitor: Option<(By, u64)>,
    },
    Supervise {
        by: Pid,
    },
    /// A request to the hub.
    Request,
    /// A put, with what is still to be said.
    Store(Option<Wish>),
}

#[derive(Debug)]
pub(super) struct Pending {
    /// Where: none for this node.
    pub(super) to: Option<NodeName>,
    pub(super) waiter: Waiter,
    pub(super) what: What,
    timer: Key,
}

/// A call to a process here.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) node: Option<NodeName>,
    r#ref: u64,
    pub(super) from: Pid,
    /// The process that has to answer; of a spawn the new one.
    pub(super) callee: u64,
    timer: Key,
}

impl Table {
    /// Begins to wait.
    ///
    /// # Errors
    /// If this node, or the process, waits for too much already.
    pub(super) fn wait_for_call(
        &mut self,
        waiter: Waiter,
        to: Option<NodeName>,
        what: What,
        within: u32,
    ) -> Result<u64, Fault> {
        let crowded = |count: usize, of: &str| {
            Fault::new(ErrorCode::Busy, format!("{count} calls of this {of} are under way: wait for their answers."))
        };
        if self.calls.len() >= MAX_CALLS {
            return Err(crowded(MAX_CALLS, "node"));
        }
        if let Some(process) = waiter.process().and_then(|number| self.processes.get(&number))
            && process.calls.len() >= MAX_CALLS_OF_PROCESS
        {
            return Err(crowded(MAX_CALLS_OF_PROCESS, "process"));
        }
        let r#ref = self.next();
        let timer = self.set(u64::from(within.clamp(MIN_WITHIN, MAX_WITHIN)), Timer::Call(r#ref));
        if let Some(process) = waiter.process().and_then(|number| self.processes.get_mut(&number)) {
            process.calls.push(r#ref);
        }
        self.calls.insert(r#ref, Pending { to, waiter, what, timer });
        Ok(r#ref)
    }

    /// A call of the process `by`; a fault is what it ends with.
    pub(super) fn call(
        &mut self,
        waiter: Waiter,
        by: u64,
        to: &Address,
        message: Value,
        within: u32,
    ) -> Result<(), Fault> {
        let Some(process) = self.processes.get(&by) else { return Ok(()) };
        check_message(&message)?;
        let owner = process.owner.clone();
        let node = self.far(&to.node);
        if self.is_message_server(node.as_ref(), &to.target) {
            return self.request(waiter, by, message, within);
        }
        let r#ref = self.wait_for_call(waiter, node.clone(), What::Call, within)?;
        let from = self.pid(by);
        let guest = !self.is_own(&owner);
        let to = to.target.clone();
        self.route(&owner, node.as_ref(), Signal::Call { r#ref, from, to, message, within, guest }, Way::Owed);
        Ok(())
    }

    /// Whether that is the hub's process whose messages are requests.
    pub(super) fn is_message_server(&self, node: Option<&NodeName>, target: &Target) -> bool {
        matches!(target, Target::Name(name) if name == MESSAGE_SERVER) && node.unwrap_or(&self.name).local() == HUB
    }

    /// A request to the hub, as this node: for its own processes alone.
    pub(super) fn request(&mut self, waiter: Waiter, by: u64, request: Value, within: u32) -> Result<(), Fault> {
        self.may_speak(by)?;
        let r#ref = self.wait_for_call(waiter, None, What::Request, within)?;
        self.effects.push_back(Effect::Request { r#ref, request });
        Ok(())
    }

    /// A put or removal, as this node.
    pub(super) fn put(&mut self, waiter: Waiter, by: u64, wish: Wish) -> Result<(), Fault> {
        self.may_speak(by)?;
        let r#ref = self.wait_for_call(waiter, None, What::Store(Some(wish)), MAX_WITHIN)?;
        self.putting.push_back(r#ref);
        self.put_on();
        Ok(())
    }

    fn put_on(&mut self) {
        while self.puts < MAX_PUTS
            && let Some(r#ref) = self.putting.pop_front()
        {
            let wish = match self.calls.get_mut(&r#ref) {
                Some(Pending { what: What::Store(wish), .. }) => wish.take(),
                _ => None,
            };
            if let Some(wish) = wish {
                self.puts += 1;
                self.effects.push_back(Effect::Store { r#ref, wish });
            }
        }
    }

    fn may_speak(&self, by: u64) -> Result<(), Fault> {
        let own = self.processes.get(&by).is_some_and(|process| self.is_own(&process.owner));
        if own {
            return Ok(());
        }
        let words = "A program that somebody else started here may not speak or write as this node's person.";
        Err(Fault::new(ErrorCode::NotAllowed, words))
    }

    pub(super) fn ping(&mut self, waiter: Waiter, node: &NodeName) -> Result<(), Fault> {
        let node = self.far(node);
        let at = self.now;
        let r#ref = self.wait_for_call(waiter, node.clone(), What::Ping { at }, crate::process::limits::WITHIN)?;
        self.owed(node.as_ref(), Signal::Ping { r#ref });
        Ok(())
    }

    /// What another node, or a neighbour, says to a call.
    pub(super) fn take_answer(&mut self, node: Option<&NodeName>, r#ref: u64, result: Result<Value, Fault>) {
        match self.calls.get(&r#ref) {
            Some(call) if call.to.as_ref() == node && !matches!(call.what, What::Request | What::Store(_)) => {
                self.end_call(r#ref, result);
            }
            // Late, for a second time, or of another node than was asked.
            Some(_) => self.odd += 1,
            None => {}
        }
    }

    /// A call has ended: whoever waits is told.
    pub(super) fn end_call(&mut self, r#ref: u64, result: Result<Value, Fault>) {
        let Some(Pending { to, waiter, what, timer }) = self.calls.remove(&r#ref) else { return };
        self.unset(Some(timer));
        if let Some(process) = waiter.process().and_then(|number| self.processes.get_mut(&number)) {
            process.calls.retain(|other| *other != r#ref);
        }
        let result = match what {
            What::Call | What::Request => result,
            What::Rpc => result.map(|mut answer| answer.get_mut("value").map(Value::take).unwrap_or_default()),
            What::Store(waits) => {
                if waits.is_none() {
                    self.puts = self.puts.saturating_sub(1);
                    self.put_on();
                }
                result
            }
            What::Ping { at } => result.map(|_| Value::from(self.now.saturating_sub(at))),
            What::Spawn { by, link, monitor } => self.spawned(to.as_ref(), &waiter, by, link, monitor, result),
            What::Supervise { by } => self.spawned(to.as_ref(), &waiter, by, true, None, result),
        };
        match waiter {
            Waiter::Blocked(number) => {
                self.resume(number, result.map_or_else(Brought::Fault, Brought::Value));
            }
            Waiter::Request(number, own) => self.tell(number, Event::Answer { r#ref: own, result }),
            Waiter::Ask(ask) => self.ask_ended(ask, result),
            Waiter::Nobody | Waiter::Orphaned(..) => {}
        }
    }

    /// A process that was asked for is there: links and monitors begin.
    fn spawned(
        &mut self,
        to: Option<&NodeName>,
        waiter: &Waiter,
        by: Pid,
        link: bool,
        monitor: Option<(By, u64)>,
        result: Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        let pid = result.and_then(|value| {
            let pid = value.get("pid").and_then(Value::as_str).and_then(|pid| pid.parse::<Pid>().ok());
            pid.ok_or_else(|| Fault::new(ErrorCode::BadMessage, "The answer to the spawn names no process."))
        })?;
        if let Waiter::Orphaned(by, reason) = waiter {
            let exit = Signal::Exit { from: *by, to: pid, reason: reason.clone(), guest: false };
            self.owed(to, exit);
            return Ok(Value::Null);
        }
        if link {
            self.add_link(by, super::process::Far { node: to.cloned(), pid });
        }
        if let Some((by, wire)) = monitor {
            self.add_monitor(wire, Watch { node: to.cloned(), by, here: self.neighbour(to, pid) });
        }
        Ok(Value::from(Address::of(pid, self.near(to)).to_string()))
    }

    /// A call has come.
    #[expect(clippy::too_many_arguments, reason = "what a call is made of")]
    pub(super) fn take_call(
        &mut self,
        who: &Who,
        r#ref: u64,
        from: Pid,
        to: &Target,
        message: Value,
        within: u32,
        bytes: u32,
    ) {
        let node = who.node.clone();
        let fault = if self.is_message_server(None, to) {
            let words = "Say it as a request of its own `type`.";
            Fault::new(ErrorCode::BadMessage, words)
        } else if let Some(callee) = self.resolve(to) {
            match self.owe(node.clone(), r#ref, from, callee, within) {
                Ok(call) => {
                    return match self.processes.get(&callee).map(|process| &process.runner) {
                        Some(Runner::Node) => {
                            self.taken(node.as_ref(), bytes);
                            self.ask_node(who, call, message);
                        }
                        Some(Runner::Program | Runner::Host { .. }) => {
                            let letter = self.letter(who, from, Some(CallRef(call)), message);
                            self.deliver(callee, Mail::Letter(letter), node.as_ref(), bytes);
                        }
                        Some(Runner::Supervisor(_) | Runner::Lead(_)) | None => {
                            self.taken(node.as_ref(), bytes);
                            let words = format!("{to} answers no calls.");
                            self.reply(None, CallRef(call), Err(Fault::new(ErrorCode::BadMessage, words)));
                        }
                    };
                }
                Err(fault) => fault,
            }
        } else {
            Fault::new(ErrorCode::NoSuchProcess, format!("There is no process {to} on {}.", self.name))
        };
        self.taken(node.as_ref(), bytes);
        self.route(
            &crate::process::authority::Owner::Here,
            node.as_ref(),
            Signal::Answer { r#ref, result: Err(fault) },
            Way::Spare,
        );
    }

    /// Notes that an answer is owed.
    fn owe(&mut self, node: Option<NodeName>, r#ref: u64, from: Pid, callee: u64, within: u32) -> Result<u64, Fault> {
        let of_node = node.as_ref().and_then(|node| self.peer(node)).map_or(0, |peer| peer.unanswered);
        if self.unanswered.len() >= MAX_UNANSWERED || of_node >= MAX_CALLS {
            return Err(Fault::new(ErrorCode::Busy, format!("{} has too many calls to answer.", self.name)));
        }
        if let Some(peer) = node.as_ref().and_then(|node| self.peer(node)) {
            peer.unanswered += 1;
        }
        let call = self.next();
        let timer = self.set(u64::from(within), Timer::Unanswered(call));
        self.unanswered.insert(call, Unanswered { node, r#ref, from, callee, timer });
        if let Some(process) = self.processes.get_mut(&callee) {
            process.unanswered.push(call);
        }
        Ok(call)
    }

    /// The call waits for that process now.
    pub(super) fn hand_on(&mut self, call: u64, callee: u64) {
        let Some(entry) = self.unanswered.get_mut(&call) else { return };
        let before = std::mem::replace(&mut entry.callee, callee);
        if let Some(process) = self.processes.get_mut(&before) {
            process.unanswered.retain(|other| *other != call);
        }
        if let Some(process) = self.processes.get_mut(&callee) {
            process.unanswered.push(call);
        }
    }

    /// Takes the call off all lists.
    fn settle_call(&mut self, call: u64) -> Option<Unanswered> {
        let entry = self.unanswered.remove(&call)?;
        self.unset(Some(entry.timer));
        if let Some(process) = self.processes.get_mut(&entry.callee) {
            process.unanswered.retain(|other| *other != call);
        }
        if let Some(peer) = entry.node.as_ref().and_then(|node| self.peer(node)) {
            peer.unanswered = peer.unanswered.saturating_sub(1);
        }
        Some(entry)
    }

    /// Answers a call, as that process or as the table. False where nobody waits for it.
    pub(super) fn reply(&mut self, by: Option<u64>, call: CallRef, result: Result<Value, Fault>) -> bool {
        let its = self.unanswered.get(&call.0).is_some_and(|entry| by.is_none_or(|by| entry.callee == by));
        if !its {
            return false;
        }
        let result = result.and_then(|value| check_message(&value).map(|_| value));
        if let Some(entry) = self.settle_call(call.0) {
            self.owed(entry.node.as_ref(), Signal::Answer { r#ref: entry.r#ref, result });
        }
        true
    }

    /// Nobody waits for the answer any more: its time is over.
    pub(super) fn overdue(&mut self, call: u64) {
        self.abandon(call, &Reason::Killed);
    }

    /// The same, for whatever reason. What was there for the call alone ends with it.
    pub(super) fn abandon(&mut self, call: u64, reason: &Reason) {
        let Some(entry) = self.settle_call(call) else { return };
        if let Some(place) = self.consents.iter().position(|consent| consent.call == call) {
            let ask = self.consents[place].ask;
            self.effects.push_back(Effect::Withdrawn { ask });
            self.withdraw(ask);
        }
        match self.processes.get_mut(&entry.callee).and_then(|process| process.born.as_mut()) {
            Some(Born::Spawn { call: other, link: true, .. } | Born::Rpc { call: other }) if *other == call => {
                self.die(entry.callee, reason.clone());
            }
            Some(Born::Spawn { call: other, monitor, .. }) if *other == call => *monitor = None,
            _ => {}
        }
    }

    /// The calls of a process that has ended: no answer reaches it, and it gives none.
    pub(super) fn end_calls(&mut self, pid: Pid, calls: Vec<u64>, unanswered: Vec<u64>, reason: &Reason) {
        for r#ref in calls {
            let Some(call) = self.calls.get_mut(&r#ref) else { continue };
            match &call.what {
                What::Spawn { link: true, .. } | What::Supervise { .. } => {
                    call.waiter = Waiter::Orphaned(pid, reason.clone());
                }
                What::Store(None) => call.waiter = Waiter::Nobody,
                _ => {
                    let timer = call.timer;
                    self.calls.remove(&r#ref);
                    self.unset(Some(timer));
                }
            }
        }
        for call in unanswered {
            self.reply(None, CallRef(call), Err(Fault::exited(reason.clone())));
        }
    }

    fn neighbour(&self, node: Option<&NodeName>, pid: Pid) -> Option<u64> {
        if node.is_none() { self.alive(pid) } else { None }
    }
}
