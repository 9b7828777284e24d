//! What the table wants done, and what it is told: the one place where table and session meet.

use std::collections::HashSet;

use serde_json::{Value, json};
use shared::entry::Entry;
use shared::map_server;
use shared::message::{ErrorCode, Incoming, NodeInfo, NodesChanged, Refusal, ToHub, Why};
use shared::node::NodeName;
use shared::process::table::Effect;
use shared::process::{CallRef, Fault, Origin, Pid};
use shared::session::{Delivery, Phase, Response};

use super::Asking;
use super::storing::Writer;
use crate::bounds::MAX_LISTED;
use crate::client::{Core, Waiting};

/// What a request that the table or this node itself made is for.
pub(crate) enum Purpose {
    /// A call of a process to the hub, by the table's number of it.
    Request(u64),
    /// A put or removal of a process.
    Store { r#ref: u64, key: String },
    /// The same of whoever called this node's `map_server`.
    Change { call: CallRef, key: String },
    /// The names of the nodes, for a step that looks.
    Names(Pid),
    /// The list of nodes that is followed.
    Nodes,
}

impl Core {
    /// Does what the table wants done, until there is nothing left.
    pub(crate) fn settle(&mut self, now: u64) {
        while let Some(effect) = self.processes.table.effect() {
            self.carry_out(now, effect);
        }
        self.processes.running.give();
    }

    fn carry_out(&mut self, now: u64, effect: Effect) {
        let processes = &mut self.processes;
        match effect {
            Effect::Signal { to, first, signal } => {
                if !self.session.signal(&to.to_string(), first, &signal.to_text()) {
                    processes.table.unreachable(now, &to, Why::Disconnected);
                }
            }
            Effect::Host { pid, step } => self.handle(now, pid, step),
            Effect::Step { pid, scene, step } => {
                if let Err(reason) = processes.running.step(pid, scene, step) {
                    processes.table.crashed(now, &[pid], &reason);
                }
            }
            Effect::Forget { pid } => {
                processes.hosts.remove(&pid);
                processes.running.forget(pid);
                processes.copy.forget(pid);
            }
            Effect::Look { pid, look } => self.look(now, pid, look),
            Effect::Request { r#ref, request } => match request_of(request) {
                Ok(request) => self.request(now, request, Purpose::Request(r#ref)),
                Err(fault) => processes.table.answered(now, r#ref, Err(fault)),
            },
            Effect::Store { r#ref, wish } => {
                let key = wish.key.clone();
                self.request(now, |id| map_server::request(wish, id), Purpose::Store { r#ref, key });
            }
            Effect::Answered { ask, result } => processes.answered(ask, result),
            Effect::Printed { ask, from, text } => {
                if let Some(Asking::Program { output, .. }) = processes.asks.get_mut(&ask) {
                    output.print(from, text);
                }
            }
            Effect::Ended { ask, reason } => processes.ended(ask, reason),
            Effect::Consent { ask, who, own, spawn } => {
                let given = processes.running.may(&who, own, &spawn);
                processes.table.consent(now, ask, given);
            }
            // Every question was answered at once.
            Effect::Withdrawn { .. } => {}
        }
    }

    /// Makes a request of the hub in the name of something that is no handle.
    pub(crate) fn request(&mut self, now: u64, request: impl FnOnce(String) -> ToHub, purpose: Purpose) {
        match self.session.ask(now, request) {
            Ok(id) => _ = self.waiting.insert(id, Waiting::Own(purpose)),
            Err(refusal) => self.fulfil(now, purpose, Err(refusal)),
        }
    }

    /// It has its answer.
    pub(crate) fn fulfil(&mut self, now: u64, purpose: Purpose, answer: Result<Response, Refusal>) {
        let result = answer.map_err(fault);
        let table = &mut self.processes.table;
        match purpose {
            Purpose::Request(r#ref) => table.answered(now, r#ref, result.map(|response| value_of(&response))),
            Purpose::Store { r#ref, key } => match seq_of(result) {
                Ok(seq) => self.processes.copy.written.push((Writer::Process(r#ref), key, seq)),
                Err(fault) => table.answered(now, r#ref, Err(fault)),
            },
            Purpose::Change { call, key } => match seq_of(result) {
                Ok(seq) => self.processes.copy.written.push((Writer::Caller(call), key, seq)),
                Err(fault) => table.answer(now, call, Err(fault)),
            },
            Purpose::Names(pid) => {
                let names: Vec<Value> = match result {
                    Ok(Response::Nodes(list)) => list.nodes.into_iter().map(|node| node.node.into()).collect(),
                    // Whoever is cut off sees itself.
                    _ => vec![table.name().to_string().into()],
                };
                table.looked(now, pid, names.into());
            }
            Purpose::Nodes => match (result, &self.processes.nodes) {
                (Ok(Response::Nodes(list)), Some(nodes)) => _ = nodes.send_replace(list.nodes),
                // The connection went before the answer came, or there was none: as soon as there is one.
                (Err(Fault { code: ErrorCode::Unavailable, .. }), Some(_)) => self.processes.nodes_due = true,
                _ => {}
            },
        }
        self.look_at_store(now);
    }

    /// Takes what is of processes and the store out of what the session delivers, and gives the rest back.
    pub(crate) fn deliver(&mut self, now: u64, delivery: Delivery) -> Option<Delivery> {
        match delivery {
            Delivery::Signal(Incoming { from, nick, owner, signal }) => {
                if let Ok(node) = from.parse() {
                    self.processes.table.heard(now, &Origin { node, nick, owner }, signal);
                }
                return None;
            }
            Delivery::Unreachable(unreachable) => {
                self.lost(now, &unreachable.node, unreachable.why);
                return None;
            }
            Delivery::Down(down) => {
                self.lost(now, &down.node, down.why);
                return None;
            }
            Delivery::Nodes(changed) => {
                if let Some(nodes) = &self.processes.nodes {
                    nodes.send_modify(|nodes| follow(nodes, changed));
                }
                return None;
            }
            Delivery::Lost => self.processes.table.cut_off(now),
            Delivery::Welcomed { ref welcome, .. } => {
                if let Ok(name) = welcome.node.parse() {
                    self.processes.table.connected(now, name);
                }
                self.processes.identified(welcome.nick.clone(), welcome.owner);
                self.processes.nodes_due = self.processes.nodes.is_some();
            }
            // What changed while this node was behind was left out.
            Delivery::Synced { .. } => self.processes.nodes_due = self.processes.nodes.is_some(),
            Delivery::Answered { ref request, ref answer } => match (request, answer) {
                (_, Ok(Response::Connected(connected))) => {
                    self.processes.identified(Some(connected.nick.clone()), Some(connected.owner));
                }
                (ToHub::Disconnect { .. }, Ok(_)) => self.processes.identified(None, None),
                _ => {}
            },
            _ => {}
        }
        let changed = self.processes.copy.store.deliver(&delivery);
        for key in &changed {
            let pair = self.processes.copy.store.get(key);
            let (value, version) = pair.map_or((None, 0), |pair| (Some(&pair.value), pair.version));
            self.processes.table.stored(now, key, value, version);
        }
        self.processes.copy.whole.deliver(&delivery, self.session.has_store());
        // Also where no key is otherwise: who put or removed something waits until this node has read as far, and who is
        // to read it until it may be.
        let of_store = matches!(
            &delivery,
            Delivery::Answered { request: ToHub::Store { .. }, .. }
                | Delivery::Heard(Entry::Put(_) | Entry::Removed(_))
                | Delivery::Synced { .. }
                | Delivery::Lost
        );
        if of_store || !changed.is_empty() {
            self.processes.copy.changed();
        }
        self.look_at_store(now);
        Some(delivery)
    }

    fn lost(&mut self, now: u64, node: &str, why: Why) {
        if let Ok(node) = NodeName::wished(node) {
            self.processes.table.down(now, &node, why);
        }
    }

    /// Asks for the list of nodes, and what becomes of it, if it is wanted and the hub takes requests. To be called
    /// whenever either may be so.
    pub(crate) fn ask_for_nodes(&mut self, now: u64) {
        if self.processes.nodes_due && self.session.phase() == Phase::Online {
            self.processes.nodes_due = false;
            self.request(now, |id| ToHub::ListNodes { id, follow: Some(true) }, Purpose::Nodes);
        }
    }
}

/// The list as it is after that change; where it is counted only, it stays as it is.
fn follow(nodes: &mut Vec<NodeInfo>, changed: NodesChanged) {
    let NodesChanged { here, gone, .. } = changed;
    let otherwise: HashSet<&String> = gone.iter().chain(here.iter().map(|node| &node.node)).collect();
    nodes.retain(|node| !otherwise.contains(&node.node));
    nodes.extend(here);
    nodes.truncate(MAX_LISTED);
}

/// A message to the hub's `message_server` as the request that it is.
fn request_of(message: Value) -> Result<impl FnOnce(String) -> ToHub, Fault> {
    let bad = |words: String| Fault::new(ErrorCode::BadMessage, words);
    let Value::Object(mut fields) = message else {
        return Err(bad("message_server takes requests: objects with a `type`.".to_owned()));
    };
    fields.insert("id".to_owned(), json!("0"));
    let request: ToHub = serde_json::from_value(Value::Object(fields.clone()))
        .map_err(|error| bad(format!("That is none of the hub's requests: {error}.")))?;
    Ok(move |id: String| {
        fields.insert("id".to_owned(), Value::String(id));
        // As it was read before, with another id.
        serde_json::from_value(Value::Object(fields)).unwrap_or(request)
    })
}

/// A response as the reply had it.
fn value_of(response: &Response) -> Value {
    let value = match response {
        Response::Connected(it) => serde_json::to_value(it),
        Response::Joined(it) => serde_json::to_value(it),
        Response::Done => Ok(json!({})),
        Response::Sent(it) => serde_json::to_value(it),
        Response::Users(it) => serde_json::to_value(it),
        Response::Person(it) => serde_json::to_value(it),
        Response::Rooms(it) => serde_json::to_value(it),
        Response::Nodes(it) => serde_json::to_value(it),
        Response::Pinged(it) => serde_json::to_value(it),
        Response::Page(it) => serde_json::to_value(it),
        Response::Cursors(it) => serde_json::to_value(it),
        Response::Pairs(it) => serde_json::to_value(it),
    };
    // All of them have names for fields, and numbers that JSON has.
    value.unwrap_or_default()
}

fn seq_of(result: Result<Response, Fault>) -> Result<u64, Fault> {
    match result? {
        Response::Sent(sent) => Ok(sent.seq),
        _ => Err(Fault::new(ErrorCode::Unavailable, "The hub's answer is not of this version.")),
    }
}

/// A refusal of the hub as what a call ends with.
pub(crate) fn fault(refusal: Refusal) -> Fault {
    Fault::new(refusal.code, refusal.message)
}
