//! Signals in and out, and what becomes of everybody when a node is lost.

use super::peers::Way;
use super::process::{Far, Inner, Leader, Rest};
use super::{Effect, Table};
use crate::message::Why;
use crate::node::NodeName;
use crate::process::authority::{Owner, is_own};
use crate::process::limits::measure;
use crate::process::mailbox::{Mail, Take};
use crate::process::pid::{Address, Pid, Target};
use crate::process::reason::Reason;
use crate::process::signal::{Origin, Signal};
use crate::process::step::{Event, Letter};

/// Who a signal is from, and with whose rights it was sent.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// None for this node.
    pub(super) node: Option<NodeName>,
    pub(super) nick: Option<String>,
    pub(super) number: Option<u64>,
    pub(super) owner: Owner,
}

impl Table {
    pub(super) fn pid(&self, number: u64) -> Pid {
        Pid::new(self.creation, number)
    }

    pub(super) fn address(&self, number: u64) -> Address {
        Address::of(self.pid(number), self.name.clone())
    }

    /// The node as the table keeps it: none for this one.
    pub(super) fn far(&self, node: &NodeName) -> Option<NodeName> {
        let node = node.clone().on(self.name.host());
        if node == self.name { None } else { Some(node) }
    }

    /// The full name.
    pub(super) fn near(&self, node: Option<&NodeName>) -> NodeName {
        node.unwrap_or(&self.name).clone()
    }

    /// The process of that pid, if it lives.
    pub(super) fn alive(&self, pid: Pid) -> Option<u64> {
        let here = pid.creation() == self.creation && self.processes.contains_key(&pid.number());
        here.then_some(pid.number())
    }

    pub(super) fn resolve(&self, target: &Target) -> Option<u64> {
        match target {
            Target::Name(name) => self.named(name),
            Target::Pid(pid) => self.alive(*pid),
        }
    }

    pub(super) fn is_own(&self, owner: &Owner) -> bool {
        is_own(owner, self.owner)
    }

    /// Passes a signal on: to this table itself, or to another node.
    pub(super) fn route(&mut self, owner: &Owner, to: Option<&NodeName>, signal: Signal, way: Way) {
        match to {
            None => {
                self.inner.push_back(Inner::Signal { owner: owner.clone(), signal });
                if let Way::Ask(ask) = way {
                    self.effects.push_back(Effect::Answered { ask, result: Ok(serde_json::Value::Null) });
                }
            }
            Some(node) => self.post(node, signal, way),
        }
    }

    pub(super) fn owed(&mut self, to: Option<&NodeName>, signal: Signal) {
        self.route(&Owner::Here, to, signal, Way::Owed);
    }

    pub(super) fn take_local(&mut self, owner: Owner, signal: Signal) {
        let own = self.is_own(&owner);
        let nick = self.nick.clone().filter(|_| own);
        let who = Who { node: None, nick, number: self.owner.filter(|_| own), owner };
        self.take(&who, signal, 0);
    }

    pub(super) fn take_in(&mut self, from: &Origin, signal: Signal) {
        if from.node == self.name {
            self.odd += 1;
            return;
        }
        let bytes = signal.weight();
        let Some(peer) = self.peer_or_new(&from.node) else {
            self.odd += 1;
            return;
        };
        if peer.is_of_before() {
            return;
        }
        if bytes.is_some() && !peer.window.receive() {
            self.odd += 1;
            return;
        }
        let guest = matches!(
            signal,
            Signal::Send { guest: true, .. }
                | Signal::Call { guest: true, .. }
                | Signal::Link { guest: true, .. }
                | Signal::Exit { guest: true, .. }
        );
        let number = from.owner.filter(|_| !guest);
        let who = Who {
            node: Some(from.node.clone()),
            nick: from.nick.clone().filter(|_| !guest),
            number,
            owner: number.map_or_else(|| Owner::Node(from.node.clone()), Owner::Of),
        };
        self.take(&who, signal, bytes.unwrap_or_default());
    }

    /// What is no signal has taken its place in the window all the same.
    pub(super) fn take_in_odd(&mut self, from: &Origin) {
        self.odd += 1;
        if let Some(peer) = self.peer_or_new(&from.node)
            && !peer.is_of_before()
            && peer.window.receive()
        {
            self.give_back(&from.node, 1, 0);
        }
    }

    fn take(&mut self, who: &Who, signal: Signal, bytes: u32) {
        let node = who.node.as_ref();
        // Where it stays in a mailbox, that says when the window opens again.
        let signal = match signal {
            Signal::Send { from, to, message, .. } => {
                match self.resolve(&to) {
                    Some(number) => {
                        let letter = self.letter(who, from, None, message);
                        self.deliver(number, Mail::Letter(letter), node, bytes);
                    }
                    None => self.taken(node, bytes),
                }
                return;
            }
            Signal::Call { r#ref, from, to, message, within, .. } => {
                return self.take_call(who, r#ref, from, &to, message, within, bytes);
            }
            other => other,
        };
        if signal.weight().is_some() {
            self.taken(node, bytes);
        }
        match signal {
            Signal::Send { .. } | Signal::Call { .. } => {}
            Signal::Answer { r#ref, result } => self.take_answer(node, r#ref, result),
            Signal::Ping { r#ref } => self.owed(node, Signal::Pong { r#ref }),
            Signal::Pong { r#ref } => self.take_answer(node, r#ref, Ok(serde_json::Value::Null)),
            Signal::Monitor { r#ref, from: _, of } => self.take_monitor(node, r#ref, of.as_ref()),
            Signal::Demonitor { r#ref } => self.take_demonitor(node, r#ref),
            Signal::Ended { r#ref, reason } => self.take_ended(node, r#ref, reason),
            Signal::Link { from, to, .. } => self.take_link(who, from, to),
            Signal::Unlink { from, to } => self.take_unlink(&Far { node: who.node.clone(), pid: from }, to),
            Signal::Exit { from, to, reason, .. } => self.take_exit(who, from, to, reason),
            Signal::Print { from, to, text } => self.show(node, from, to, text),
            Signal::Took { count, bytes } => match node {
                Some(node) => self.took(&node.clone(), count, bytes),
                None => self.odd += 1,
            },
        }
    }

    /// So much of that node's window is free again.
    pub(super) fn taken(&mut self, node: Option<&NodeName>, bytes: u32) {
        if let Some(node) = node {
            self.give_back(node, 1, bytes);
        }
    }

    pub(super) fn letter(
        &self,
        who: &Who,
        from: Pid,
        call: Option<crate::process::step::CallRef>,
        message: serde_json::Value,
    ) -> Letter {
        let from = Address::of(from, self.near(who.node.as_ref()));
        Letter { from, nick: who.nick.clone(), owner: who.number, call, message }
    }

    /// Into the mailbox; past its bound the process ends.
    pub(super) fn deliver(&mut self, number: u64, mail: Mail, node: Option<&NodeName>, bytes: u32) {
        let Some(process) = self.processes.get_mut(&number) else { return self.taken(node, bytes) };
        if matches!(process.runner, super::process::Runner::Node | super::process::Runner::Lead(_)) {
            return self.taken(node, bytes);
        }
        let size = match &mail {
            Mail::Letter(letter) => measure(&letter.message, usize::MAX),
            Mail::Event(event) => event_size(event),
        };
        match process.mailbox.push(mail, size.unwrap_or_default()) {
            Ok(Take::GiveBack) => self.taken(node, bytes),
            Ok(Take::Hold) => {
                if let Some(node) = node {
                    process.mailbox.hold(node, bytes);
                }
                self.wait_for(number);
            }
            Err(limit) => {
                self.taken(node, bytes);
                return self.die(number, Reason::Limit(limit));
            }
        }
        self.dispatch(number);
    }

    /// News for a process.
    pub(super) fn tell(&mut self, number: u64, event: Event) {
        self.deliver(number, Mail::Event(event), None, 0);
    }

    /// Those who rested go on.
    pub(super) fn wake(&mut self, resting: impl IntoIterator<Item = u64>) {
        for number in resting {
            if let Some(process) = self.processes.get_mut(&number) {
                process.rests = Rest::No;
                self.inner.push_back(Inner::Advance(number));
            }
        }
    }

    pub(super) fn lost_later(&mut self, node: &NodeName, why: Why) {
        self.inner.push_back(Inner::Lost(node.clone(), why));
    }

    /// The tie to a node is no more: all that crossed it ends.
    pub(super) fn lose(&mut self, node: &NodeName, why: Why) {
        self.lose_tie(node, why, false);
    }

    /// The same; where it was this node that gave it up, the other end is to be told as well.
    pub(super) fn lose_tie(&mut self, node: &NodeName, why: Why, given_up: bool) {
        let node = &node.clone().on(self.name.host());
        if let Some(peer) = self.drop_peer(node, why) {
            for (r#ref, number) in peer.watching {
                if let Some(process) = self.processes.get_mut(&number) {
                    process.watchers.retain(|(at, other)| at.as_ref() != Some(node) || *other != r#ref);
                }
            }
        }
        if given_up {
            // Before whatever else goes there, which is lost with it.
            self.tell_given_up(node);
        }
        let crosses = |at: &Option<NodeName>| at.as_ref() == Some(node);
        // Calls of theirs: nobody waits for the answer.
        let theirs: Vec<u64> =
            self.unanswered.iter().filter(|(_, call)| crosses(&call.node)).map(|(id, _)| *id).collect();
        for call in theirs {
            self.abandon(call, &Reason::NodeDown);
        }
        let asked: Vec<u64> =
            self.consents.iter().filter(|consent| consent.who.node == *node).map(|consent| consent.ask).collect();
        for ask in asked {
            self.effects.push_back(Effect::Withdrawn { ask });
            self.withdraw(ask);
        }
        for process in self.processes.values_mut() {
            process.mailbox.forget(node);
        }
        let ours: Vec<u64> = self.calls.iter().filter(|(_, call)| crosses(&call.to)).map(|(id, _)| *id).collect();
        for call in ours {
            self.end_call(call, Err(super::peers::out_of_reach(node, why)));
        }
        let watched: Vec<u64> =
            self.monitors.iter().filter(|(_, watch)| crosses(&watch.node)).map(|(id, _)| *id).collect();
        for monitor in watched {
            self.end_monitor(monitor, Reason::NodeDown);
        }
        let linked: Vec<(u64, Far)> = self
            .processes
            .iter()
            .flat_map(|(number, process)| process.links.iter().map(|link| (*number, link.clone())))
            .filter(|(_, link)| crosses(&link.node))
            .collect();
        for (number, link) in linked {
            self.fell(number, &link, &Reason::NodeDown);
        }
    }

    /// A line for the leader of a process.
    pub(super) fn print(&mut self, number: u64, text: String) {
        let Some(process) = self.processes.get(&number) else { return };
        let owner = process.owner.clone();
        let from = self.pid(number);
        match process.leader.clone() {
            Some(Leader::Here(to)) => self.route(&owner, None, Signal::Print { from, to, text }, Way::Owed),
            Some(Leader::There(Address { target: Target::Pid(to), node })) => {
                let node = self.far(&node);
                self.route(&owner, node.as_ref(), Signal::Print { from, to, text }, Way::Owed);
            }
            Some(Leader::There(_)) | None => {}
        }
    }
}

fn event_size(event: &Event) -> Option<usize> {
    match event {
        Event::Answer { result: Ok(value), .. } | Event::Timer { message: value, .. } => measure(value, usize::MAX),
        Event::Stored { key, value, .. } => {
            Some(key.len() + value.as_ref().and_then(|value| measure(value, usize::MAX)).unwrap_or_default())
        }
        Event::Answer { .. } | Event::Ended { .. } | Event::Exit { .. } => None,
    }
}
