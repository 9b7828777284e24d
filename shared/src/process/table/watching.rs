//! Monitors, links and exits.

use serde_json::Value;

use super::process::{Far, Runner};
use super::sending::Who;
use super::{Effect, Table};
use crate::node::NodeName;
use crate::process::authority::{Deed, Owner, may};
use crate::process::limits::{MAX_CALLS, MAX_LINKS, MAX_MONITORS};
use crate::process::pid::{Address, Pid, Target};
use crate::process::reason::Reason;
use crate::process::signal::Signal;
use crate::process::step::Event;

/// Who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A process, under its own number.
    Process(u64, u64),
    Ask(u64),
}

/// A monitor of this node's.
#[derive(Debug)]
pub(super) struct Watch {
    /// Where what is watched is: none for this node.
    pub(super) node: Option<NodeName>,
    pub(super) by: By,
    /// The process, where it is a neighbour.
    pub(super) here: Option<u64>,
}

impl Table {
    /// Begins to watch a process, or without a target a node.
    pub(super) fn monitor(&mut self, by: By, from: Pid, node: &NodeName, of: Option<Target>) {
        let node = self.far(node);
        let r#ref = self.next();
        self.add_monitor(r#ref, Watch { node: node.clone(), by, here: None });
        // To a node it goes as well, so that there is a tie that can break.
        self.owed(node.as_ref(), Signal::Monitor { r#ref, from, of });
    }

    pub(super) fn add_monitor(&mut self, r#ref: u64, watch: Watch) {
        if let By::Process(number, own) = watch.by {
            let Some(process) = self.processes.get_mut(&number) else {
                return self.owed(watch.node.as_ref(), Signal::Demonitor { r#ref });
            };
            process.monitors.push((own, r#ref));
        }
        self.monitors.insert(r#ref, watch);
    }

    /// Whether a process may watch one more.
    pub(super) fn may_monitor(&self, number: u64) -> bool {
        self.processes.get(&number).is_some_and(|process| process.monitors.len() < MAX_MONITORS)
    }

    /// What was watched has ended: told once.
    pub(super) fn end_monitor(&mut self, r#ref: u64, reason: Reason) {
        let Some(watch) = self.monitors.remove(&r#ref) else { return };
        match watch.by {
            By::Process(number, own) => {
                if let Some(process) = self.processes.get_mut(&number) {
                    process.monitors.retain(|(_, other)| *other != r#ref);
                }
                self.tell(number, Event::Ended { r#ref: own, reason });
            }
            By::Ask(ask) => self.effects.push_back(Effect::Ended { ask, reason }),
        }
    }

    /// Nobody wants to know any more.
    pub(super) fn demonitor(&mut self, r#ref: u64) {
        let Some(watch) = self.monitors.remove(&r#ref) else { return };
        if let By::Process(number, _) = watch.by
            && let Some(process) = self.processes.get_mut(&number)
        {
            process.monitors.retain(|(_, other)| *other != r#ref);
        }
        match watch.here.and_then(|number| self.processes.get_mut(&number)) {
            Some(process) => process.watchers.retain(|watcher| *watcher != (None, r#ref)),
            None if watch.node.is_some() => self.owed(watch.node.as_ref(), Signal::Demonitor { r#ref }),
            None => {}
        }
    }

    pub(super) fn take_ended(&mut self, node: Option<&NodeName>, r#ref: u64, reason: Reason) {
        match self.monitors.get(&r#ref) {
            Some(watch) if watch.node.as_ref() == node => self.end_monitor(r#ref, reason),
            Some(_) => self.odd += 1,
            None => {}
        }
    }

    pub(super) fn take_monitor(&mut self, node: Option<&NodeName>, r#ref: u64, of: Option<&Target>) {
        let Some(of) = of else { return };
        let Some(number) = self.resolve(of) else {
            return self.owed(node, Signal::Ended { r#ref, reason: Reason::NoSuchProcess });
        };
        if let Some(node) = node {
            let Some(peer) = self.peer(node) else { return };
            if peer.watching.iter().any(|(other, _)| *other == r#ref) {
                self.odd += 1;
                return;
            }
            if peer.watching.len() >= MAX_CALLS {
                let reason = Reason::error("This node has too many monitors of yours.");
                return self.owed(Some(node), Signal::Ended { r#ref, reason });
            }
            peer.watching.push((r#ref, number));
        } else {
            match self.monitors.get_mut(&r#ref) {
                Some(watch) => watch.here = Some(number),
                // Taken back in the same breath.
                None => return,
            }
        }
        if let Some(process) = self.processes.get_mut(&number) {
            process.watchers.push((node.cloned(), r#ref));
        }
    }

    /// A monitor that a spawn asked for.
    pub(super) fn watched_from_birth(&mut self, number: u64, node: Option<&NodeName>, r#ref: u64) {
        let of = Target::Pid(self.pid(number));
        self.take_monitor(node, r#ref, Some(&of));
    }

    pub(super) fn take_demonitor(&mut self, node: Option<&NodeName>, r#ref: u64) {
        let Some(peer) = node.and_then(|node| self.peer(node)) else { return };
        let Some(place) = peer.watching.iter().position(|(other, _)| *other == r#ref) else { return };
        let (_, number) = peer.watching.swap_remove(place);
        if let Some(process) = self.processes.get_mut(&number) {
            process.watchers.retain(|(at, other)| at.as_ref() != node || *other != r#ref);
        }
    }

    /// Of a process that has ended: those who watched it hear of it, and it watches nobody.
    pub(super) fn end_watching(
        &mut self,
        number: u64,
        watchers: Vec<(Option<NodeName>, u64)>,
        monitors: Vec<(u64, u64)>,
        reason: &Reason,
    ) {
        for (node, r#ref) in watchers {
            if let Some(peer) = node.as_ref().and_then(|node| self.peer(node)) {
                peer.watching.retain(|(other, at)| *other != r#ref || *at != number);
            }
            self.owed(node.as_ref(), Signal::Ended { r#ref, reason: reason.clone() });
        }
        for (_, r#ref) in monitors {
            self.demonitor(r#ref);
        }
    }

    /// The link is there at this end.
    pub(super) fn add_link(&mut self, pid: Pid, to: Far) {
        let Some(number) = self.alive(pid) else { return };
        if let Some(process) = self.processes.get_mut(&number)
            && !process.links.contains(&to)
        {
            process.links.push(to);
        }
    }

    /// A process links itself to another. What keeps it from that comes in words.
    pub(super) fn link(&mut self, number: u64, to: &Address) -> Result<(), &'static str> {
        let Some(pid) = to.pid() else { return Err("A link goes to a pid, not to a name.") };
        let far = Far { node: self.far(&to.node), pid };
        let from = self.pid(number);
        let Some(process) = self.processes.get_mut(&number) else { return Ok(()) };
        if process.links.contains(&far) || (far.node.is_none() && pid == from) {
            return Ok(());
        }
        if process.links.len() >= MAX_LINKS {
            return Err("The process has as many links as it may.");
        }
        process.links.push(far.clone());
        let owner = process.owner.clone();
        let guest = !self.is_own(&owner);
        self.route(&owner, far.node.as_ref(), Signal::Link { from, to: pid, guest }, super::peers::Way::Owed);
        Ok(())
    }

    pub(super) fn unlink(&mut self, number: u64, to: &Address) {
        let Some(pid) = to.pid() else { return };
        let far = Far { node: self.far(&to.node), pid };
        let from = self.pid(number);
        if let Some(process) = self.processes.get_mut(&number)
            && process.links.contains(&far)
        {
            process.links.retain(|link| *link != far);
            self.owed(far.node.as_ref(), Signal::Unlink { from, to: pid });
        }
    }

    pub(super) fn take_link(&mut self, who: &Who, from: Pid, to: Pid) {
        let far = Far { node: who.node.clone(), pid: from };
        let refused = match self.alive(to).and_then(|number| self.processes.get_mut(&number)) {
            None => Reason::NoSuchProcess,
            Some(process) if process.links.contains(&far) => return,
            Some(process) if !may(Deed::End, &who.owner, &process.owner, self.owner) => {
                Reason::Said("not_allowed".to_owned())
            }
            Some(process) if matches!(process.runner, Runner::Node | Runner::Host { .. }) => {
                Reason::Said("not_allowed".to_owned())
            }
            Some(process) if process.links.len() >= MAX_LINKS => {
                Reason::error("The process has as many links as it may.")
            }
            Some(process) => return process.links.push(far),
        };
        let exit = Signal::Exit { from: to, to: from, reason: refused, guest: false };
        self.owed(who.node.as_ref(), exit);
    }

    pub(super) fn take_unlink(&mut self, far: &Far, to: Pid) {
        if let Some(process) = self.alive(to).and_then(|number| self.processes.get_mut(&number)) {
            process.links.retain(|link| link != far);
        }
    }

    /// An exit has come: of a link's other end, or a request.
    pub(super) fn take_exit(&mut self, who: &Who, from: Pid, to: Pid, reason: Reason) {
        let Some(number) = self.alive(to) else { return };
        let Some(process) = self.processes.get_mut(&number) else { return };
        let far = Far { node: who.node.clone(), pid: from };
        if process.links.contains(&far) {
            return self.fell(number, &far, &reason);
        }
        let oneself = who.node.is_none() && from == to;
        let host = matches!(process.runner, Runner::Node | Runner::Host { .. } | Runner::Lead(_));
        if host || !(oneself || may(Deed::End, &who.owner, &process.owner, self.owner)) {
            self.odd += 1;
            return;
        }
        let from = Address::of(from, self.near(who.node.as_ref()));
        if reason == Reason::Killed || oneself {
            self.die(number, reason);
        } else {
            self.wish_end(number, from, reason);
        }
    }

    /// The other end of a link is no more.
    pub(super) fn fell(&mut self, number: u64, link: &Far, reason: &Reason) {
        let from = Address::of(link.pid, self.near(link.node.as_ref()));
        let Some(process) = self.processes.get_mut(&number) else { return };
        process.links.retain(|other| other != link);
        let parent = process.parent.as_ref() == Some(link);
        match &process.runner {
            Runner::Node | Runner::Lead(_) => {}
            // Whoever it was started for is gone, for whatever reason.
            Runner::Supervisor(_) if parent => self.stop_supervisor(number, reason),
            _ => self.wish_end(number, from, reason.clone()),
        }
    }

    /// The process is to end: at once, or as it likes where it traps exits.
    pub(super) fn wish_end(&mut self, number: u64, from: Address, reason: Reason) {
        let Some(process) = self.processes.get(&number) else { return };
        if process.trap {
            self.tell(number, Event::Exit { from, reason });
        } else if reason == Reason::Normal {
            // Ends nobody else.
        } else if matches!(process.runner, Runner::Supervisor(_)) {
            self.stop_supervisor(number, &reason);
        } else {
            self.die(number, reason);
        }
    }

    /// A process asks another to end.
    pub(super) fn exit(&mut self, owner: &Owner, from: Pid, to: &Address, reason: Reason) {
        let node = self.far(&to.node);
        let to = match (&to.target, &node) {
            (Target::Pid(pid), _) => Some(*pid),
            (Target::Name(name), None) => self.whereis(name),
            // Names are known where they are registered alone.
            (Target::Name(_), Some(_)) => None,
        };
        if let Some(to) = to {
            let guest = !self.is_own(owner);
            let exit = Signal::Exit { from, to, reason, guest };
            self.route(owner, node.as_ref(), exit, super::peers::Way::Owed);
        }
    }

    /// A key of the store has changed: who watches is told.
    pub(super) fn tell_watchers(&mut self, key: &str, value: Option<&Value>, version: u64) {
        let watching: Vec<u64> = self
            .processes
            .iter()
            .filter(|(_, process)| process.watches.iter().any(|prefix| key.starts_with(prefix.as_str())))
            .map(|(number, _)| *number)
            .collect();
        for number in watching {
            self.tell(number, Event::Stored { key: key.to_owned(), value: value.cloned(), version });
        }
    }
}
