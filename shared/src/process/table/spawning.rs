//! Processes that are begun elsewhere, and for others here: a spawn is a call to the process `node`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::calling::{Waiter, What};
use super::life::Parentage;
use super::peers::Way;
use super::process::{Born, Far, Inner, Leader};
use super::sending::Who;
use super::timing::{Key, Timer};
use super::watching::By;
use super::{Effect, NODE, Table};
use crate::message::ErrorCode;
use crate::node::NodeName;
use crate::process::authority::{Deed, Owner, may};
use crate::process::limits::{
    CONSENT, MAX_ARGS, MAX_CONSENTS, MAX_DEPTH, MAX_LINKS, MAX_PROGRAM, MAX_SIGNAL, MAX_SOURCE, MAX_WITHIN, measure,
};
use crate::process::pid::{Address, Pid, Target};
use crate::process::reason::Fault;
use crate::process::signal::{Origin, Signal};
use crate::process::step::{CallRef, Spawn};

/// A spawn that waits for somebody's word.
#[derive(Debug)]
pub(super) struct Consent {
    pub(super) ask: u64,
    pub(super) who: Origin,
    pub(super) call: u64,
    owner: Owner,
    from: Pid,
    spawn: Spawn,
    timer: Key,
}

impl Table {
    /// Asks a node, this one or another, for a process.
    pub(super) fn spawn(
        &mut self,
        waiter: Waiter,
        by: u64,
        ask: Option<u64>,
        node: &NodeName,
        spawn: &Spawn,
    ) -> Result<(), Fault> {
        let busy = |words: &str| Err(Fault::new(ErrorCode::Busy, words));
        if spawn.link && self.processes.get(&by).is_some_and(|process| process.links.len() >= MAX_LINKS) {
            return busy("The process has as many links as it may.");
        }
        let monitor = match (ask, spawn.monitor) {
            (_, None) => None,
            (Some(ask), Some(_)) => Some(By::Ask(ask)),
            (None, Some(_)) if !self.may_monitor(by) => return busy("The process watches as much as it may."),
            (None, Some(own)) => Some(By::Process(by, own)),
        };
        let monitor = monitor.map(|by| (by, self.next()));
        let what = What::Spawn { by: self.pid(by), link: spawn.link, monitor };
        self.ask_for(waiter, by, node, spawn, (what, monitor.map(|(_, wire)| wire)), MAX_WITHIN)
    }

    /// The same for its value alone.
    pub(super) fn rpc(
        &mut self,
        waiter: Waiter,
        by: u64,
        node: &NodeName,
        spawn: &Spawn,
        within: u32,
    ) -> Result<(), Fault> {
        let spawn = Spawn { rpc: true, link: false, monitor: None, ..spawn.clone() };
        self.ask_for(waiter, by, node, &spawn, (What::Rpc, None), within)
    }

    fn ask_for(
        &mut self,
        waiter: Waiter,
        by: u64,
        node: &NodeName,
        spawn: &Spawn,
        (what, monitor): (What, Option<u64>),
        within: u32,
    ) -> Result<(), Fault> {
        let node = self.far(node);
        let Some(process) = self.processes.get(&by) else { return Ok(()) };
        check_spawn(spawn)?;
        let owner = process.owner.clone();
        let leader = spawn.leader.clone().or_else(|| match &process.leader {
            Some(Leader::Here(pid)) => Some(Address::of(*pid, self.name.clone())),
            Some(Leader::There(address)) => Some(address.clone()),
            None => None,
        });
        let message = written(spawn, monitor, leader.as_ref());
        if measure(&message, usize::MAX).is_none_or(|bytes| bytes > MAX_SIGNAL - 1024) {
            return Err(Fault::new(
                ErrorCode::BadMessage,
                "The program and its arguments are too long for one signal.",
            ));
        }
        let r#ref = self.wait_for_call(waiter, node.clone(), what, within)?;
        let from = self.pid(by);
        let guest = !self.is_own(&owner);
        let to = Target::Name(NODE.to_owned());
        self.route(&owner, node.as_ref(), Signal::Call { r#ref, from, to, message, within, guest }, Way::Owed);
        Ok(())
    }

    /// Somebody wants a process here.
    pub(super) fn take_spawn(&mut self, who: &Who, call: u64, wish: Value, rpc: bool) {
        let refused = match read(wish, rpc) {
            Err(words) => Fault::new(ErrorCode::BadMessage, words),
            Ok(spawn) => {
                let Some(from) = self.unanswered.get(&call).map(|entry| entry.from) else { return };
                let Some(node) = &who.node else {
                    return self.spawn_here(None, from, who.owner.clone(), call, spawn);
                };
                if self.consents.len() < MAX_CONSENTS {
                    let ask = self.next();
                    let timer = self.set(CONSENT, Timer::Consent(ask));
                    let who = Origin { node: node.clone(), nick: who.nick.clone(), owner: who.number };
                    let owner = who.owner.map_or_else(|| Owner::Node(node.clone()), Owner::Of);
                    let own = may(Deed::Spawn, &owner, &Owner::Here, self.owner);
                    self.effects.push_back(Effect::Consent { ask, who: who.clone(), own, spawn: spawn.clone() });
                    self.consents.push(Consent { ask, who, call, owner, from, spawn, timer });
                    return;
                }
                Fault::new(ErrorCode::Busy, format!("{} is asked by too many at once.", self.name))
            }
        };
        self.reply(None, CallRef(call), Err(refused));
    }

    /// Somebody has said yes or no.
    pub(super) fn consented(&mut self, ask: u64, given: Result<(), Fault>) {
        let Some(Consent { who, call, owner, from, spawn, .. }) = self.withdraw(ask) else { return };
        match given {
            Ok(()) => self.spawn_here(Some(who.node), from, owner, call, spawn),
            Err(fault) => {
                self.reply(None, CallRef(call), Err(fault));
            }
        }
    }

    pub(super) fn withdraw(&mut self, ask: u64) -> Option<Consent> {
        let place = self.consents.iter().position(|consent| consent.ask == ask)?;
        let consent = self.consents.swap_remove(place);
        self.unset(Some(consent.timer));
        Some(consent)
    }

    fn spawn_here(&mut self, node: Option<NodeName>, from: Pid, owner: Owner, call: u64, spawn: Spawn) {
        let leader = spawn.leader.clone().map(|leader| self.leader_at(leader));
        let born =
            if spawn.rpc { Born::Rpc { call } } else { Born::Spawn { call, link: spawn.link, monitor: spawn.monitor } };
        let parent = Some(Far { node, pid: from });
        match self.begin(spawn, Parentage { owner, parent, leader, born: Some(born) }) {
            Ok(number) => self.hand_on(call, number),
            Err(fault) => {
                self.reply(None, CallRef(call), Err(fault));
            }
        }
    }

    /// As it is kept: one of this node goes by its pid, whatever the node is called later.
    pub(super) fn leader_at(&self, leader: Address) -> Leader {
        match (self.far(&leader.node), leader.pid()) {
            (None, Some(pid)) => Leader::Here(pid),
            _ => Leader::There(leader),
        }
    }

    /// The first step is done, or waits for something: whoever asked for the process has it now.
    pub(super) fn is_born(&mut self, number: u64) {
        let Some(process) = self.processes.get_mut(&number) else { return };
        match process.born {
            Some(Born::Spawn { call, link, monitor }) => {
                process.born = None;
                let parent = process.parent.clone();
                let Some(entry) = self.unanswered.get(&call) else { return };
                let node = entry.node.clone();
                let pid = self.pid(number);
                if let (true, Some(parent)) = (link, parent) {
                    self.add_link(pid, parent);
                }
                self.reply(None, CallRef(call), Ok(json!({ "pid": pid.to_string() })));
                // Its end is told behind the answer, with which the watcher's own end of the monitor begins.
                match (monitor, node) {
                    (Some(r#ref), Some(node)) => self.watched_from_birth(number, Some(&node), r#ref),
                    (Some(r#ref), None) => {
                        if let Some(process) = self.processes.get_mut(&number) {
                            process.watchers.push((None, r#ref));
                        }
                    }
                    (None, _) => {}
                }
            }
            Some(Born::Child) => {
                process.born = None;
                if let Some((supervisor, child)) = process.child_of {
                    self.inner.push_back(Inner::ChildStarted { supervisor, child });
                }
            }
            Some(Born::Rpc { .. } | Born::Supervise { .. }) | None => {}
        }
    }
}

/// Bounds of what is to be run.
pub(super) fn check_spawn(spawn: &Spawn) -> Result<(), Fault> {
    let words = if spawn.program.len() > MAX_PROGRAM {
        format!("What a program is called is {} bytes long; at most {MAX_PROGRAM} fit.", spawn.program.len())
    } else if spawn.source.len() > MAX_SOURCE {
        format!("The program is {} bytes long; at most {MAX_SOURCE} fit.", spawn.source.len())
    } else {
        let bytes = spawn.args.iter().try_fold(2, |sum, value| Some(sum + 1 + measure(value, MAX_DEPTH)?));
        match bytes {
            Some(bytes) if bytes <= MAX_ARGS => return Ok(()),
            Some(bytes) => format!("The arguments are {bytes} bytes long as JSON; at most {MAX_ARGS} fit."),
            None => format!("The arguments are nested more than {MAX_DEPTH} deep."),
        }
    };
    Err(Fault::new(ErrorCode::BadMessage, words))
}

/// As the process `node` hears it.
fn written(spawn: &Spawn, monitor: Option<u64>, leader: Option<&Address>) -> Value {
    let mut fields = Map::new();
    let mut field = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    field("program", Value::from(spawn.program.as_str()));
    field("source", Value::from(&*spawn.source));
    field("args", Value::from(spawn.args.clone()));
    if let Some(name) = &spawn.name {
        field("name", Value::from(name.as_str()));
    }
    if spawn.link {
        field("link", Value::Bool(true));
    }
    if let Some(monitor) = monitor {
        field("monitor", Value::from(monitor));
    }
    if let Some(leader) = leader {
        field("leader", Value::from(leader.to_string()));
    }
    let mut outer = Map::new();
    outer.insert(if spawn.rpc { "rpc" } else { "spawn" }.to_owned(), Value::Object(fields));
    Value::Object(outer)
}

fn read(mut wish: Value, rpc: bool) -> Result<Spawn, String> {
    let mut text = |name: &str| match wish.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => Ok(Some(text)),
        None | Some(Value::Null) => Ok(None),
        Some(_) => Err(format!("`{name}` of a spawn is a text.")),
    };
    let program = text("program")?.ok_or("A spawn names its `program`.")?;
    let source: Arc<str> = text("source")?.ok_or("A spawn brings its `source`.")?.into();
    let name = text("name")?;
    let args = match wish.get_mut("args").map(Value::take) {
        Some(Value::Array(args)) => args,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => return Err("`args` of a spawn is a list.".to_owned()),
    };
    let leader = match wish.get("leader") {
        None | Some(Value::Null) => None,
        Some(leader) => {
            let leader = leader.as_str().and_then(|leader| leader.parse().ok());
            // Whole, since it may go on to a node that is elsewhere.
            match leader.filter(|leader: &Address| leader.pid().is_some() && !leader.node.host().is_empty()) {
                Some(leader) => Some(leader),
                None => return Err("`leader` of a spawn is a pid with its node, in full.".to_owned()),
            }
        }
    };
    let spawn = Spawn {
        program,
        source,
        args,
        name,
        link: wish.get("link").and_then(Value::as_bool).unwrap_or_default(),
        monitor: wish.get("monitor").and_then(Value::as_u64),
        leader,
        rpc,
    };
    check_spawn(&spawn).map_err(|fault| fault.message)?;
    Ok(spawn)
}
