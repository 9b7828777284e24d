//! Signals between the processes of nodes. The hub carries them unread, keeps none for a node that is away, and never
//! loses one in silence: between two nodes there is a *tie* from the first of them on, and where one cannot go on, the
//! tie breaks and both ends are told.

#[cfg(test)]
mod tests;
mod ties;

use std::sync::Arc;

use shared::message::{Down, Outgoing, Unreachable, Why};
use shared::process::Origin;
use shared::process::limits::MAX_TIES;

use super::MessageServer;
use super::handle::ConnectionId;
use super::hub_node::{Heard, Line};
use crate::outbox::{Load, Mail, Parcel, Sender};
use crate::registry::NodeKey;
pub(super) use ties::{Peer, Ties};

/// The hub's own node.
#[derive(Debug, Default)]
pub(super) struct Hub {
    /// Where its processes hear; none where it has none.
    line: Option<Line>,
    ties: Ties,
    sender: Option<Arc<Sender>>,
}

impl Hub {
    /// Where its processes hear.
    pub(super) fn line(&self) -> Option<&Line> {
        self.line.as_ref()
    }
}

impl MessageServer {
    /// The hub's own node has processes from now on, or others.
    pub(super) fn take_line(&mut self, line: Line) {
        self.untie_all(Peer::Hub, Why::Disconnected);
        self.hub.line = Some(line);
        self.registry.set_hub_processes(true);
        self.note_hub();
    }

    /// The hub's own node has ended.
    pub(super) fn lose_line(&mut self, load: &Arc<Load>) {
        if self.hub.line.take_if(|line| line.leads_to(load)).is_some() {
            self.untie_all(Peer::Hub, Why::Disconnected);
            self.registry.set_hub_processes(false);
            self.note_hub();
        }
    }

    /// A node sends a signal over that connection.
    pub(super) fn signal_of(&mut self, node: NodeKey, connection: ConnectionId, signal: Outgoing) {
        // What an older connection of it still says is of ties that broke with it.
        if self.desks.get(node).is_some_and(|desk| desk.connection == connection) {
            self.signal(Peer::Node(node), signal);
        }
    }

    /// One end sends a signal.
    pub(super) fn signal(&mut self, from: Peer, signal: Outgoing) {
        let Outgoing { to: name, first, signal: payload } = signal;
        let to = self.peer(&name);
        let open = to.is_some_and(|to| self.ties_of(from).is_some_and(|ties| ties.is_open(to)));
        if !open && !first {
            // It was sent before its sender heard that the tie broke. The notice is on its way; and were there a new tie
            // already, opened by the other end, this would come into it behind a gap.
            return;
        }
        let delivered = match (to, self.sender(from)) {
            // It has given up the tie that there is, of which the other end knows nothing; or it had sent its first before
            // it heard that a former one broke. Whatever it is, the ends do not mean the same tie. So this one ends for
            // both, and what they send next is of another.
            (Some(to), _) if open && first => {
                self.untie(from, to, Why::Full);
                Ok(())
            }
            (Some(to), Some(sender)) => self.deliver(from, to, Mail { sender, payload }),
            _ => Err(Why::NoSuchNode),
        };
        if let Err(why) = delivered {
            self.tell_unreachable(from, Unreachable { node: name, why });
        }
    }

    fn deliver(&mut self, from: Peer, to: Peer, mail: Mail) -> Result<(), Why> {
        let tied = self.ties_of(from).is_some_and(|ties| ties.has(to));
        let with_hub = from == Peer::Hub || to == Peer::Hub;
        if !tied && !with_hub && [from, to].iter().any(|end| self.has_too_many_ties(*end)) {
            return Err(Why::TooManyTies);
        }
        if self.push_mail(to, mail)? {
            if let Some(ties) = self.ties_of_mut(from) {
                ties.open(to);
            }
            if let Some(ties) = self.ties_of_mut(to) {
                ties.add(from);
            }
        } else if tied {
            self.untie(from, to, Why::Full);
        } else {
            // The other end has not heard of this one, and need not now.
            return Err(Why::Full);
        }
        Ok(())
    }

    /// Whether there was room for it; an error if it cannot be given to that end at all.
    fn push_mail(&self, to: Peer, mail: Mail) -> Result<bool, Why> {
        match to {
            Peer::Hub => Ok(self.hub.line().ok_or(Why::NoProcesses)?.push_mail(mail)),
            Peer::Node(node) => {
                let outbox = self.desks.get(node).and_then(|desk| desk.outbox.as_ref()).ok_or(Why::NodeDown)?;
                if !self.registry.has_processes(node) {
                    return Err(Why::NoProcesses);
                }
                Ok(outbox.push_mail(mail))
            }
        }
    }

    /// The tie between two ends breaks, and both are told, behind all that was delivered.
    fn untie(&mut self, one: Peer, other: Peer, why: Why) {
        for (end, with) in [(one, other), (other, one)] {
            if self.ties_of_mut(end).is_some_and(|ties| ties.remove(with))
                && let Some(node) = self.name_of(with)
            {
                self.tell_down(end, Down { node, why });
            }
        }
    }

    /// An end's connection has ended, or another takes its place: all of its ties break.
    pub(super) fn untie_all(&mut self, end: Peer, why: Why) {
        for other in self.ties_of(end).map(Ties::peers).unwrap_or_default() {
            self.untie(end, other, why);
        }
    }

    fn tell_down(&self, end: Peer, down: Down) {
        match end {
            Peer::Hub => self.tell_hub(Heard::Down(down)),
            Peer::Node(node) => self.tell_node(node, Parcel::Down(Box::new(down))),
        }
    }

    fn tell_unreachable(&self, end: Peer, unreachable: Unreachable) {
        match end {
            Peer::Hub => self.tell_hub(Heard::Unreachable(unreachable)),
            Peer::Node(node) => self.tell_node(node, Parcel::Unreachable(Box::new(unreachable))),
        }
    }

    fn tell_hub(&self, heard: Heard) {
        if let Some(line) = self.hub.line() {
            line.push(heard);
        }
    }

    fn tell_node(&self, node: NodeKey, parcel: Parcel) {
        if let Some(desk) = self.desks.get(node) {
            desk.push(parcel);
        }
    }

    // Ends

    /// Whom a name means.
    fn peer(&self, name: &str) -> Option<Peer> {
        if self.registry.is_hub(name) { Some(Peer::Hub) } else { self.registry.find_node(name).map(Peer::Node) }
    }

    fn name_of(&self, end: Peer) -> Option<String> {
        match end {
            Peer::Hub => Some(self.registry.hub()),
            Peer::Node(node) => self.registry.node_name(node),
        }
    }

    fn ties_of(&self, end: Peer) -> Option<&Ties> {
        match end {
            Peer::Hub => Some(&self.hub.ties),
            Peer::Node(node) => self.desks.get(node).map(|desk| &desk.ties),
        }
    }

    fn ties_of_mut(&mut self, end: Peer) -> Option<&mut Ties> {
        match end {
            Peer::Hub => Some(&mut self.hub.ties),
            Peer::Node(node) => self.desks.get_mut(node).map(|desk| &mut desk.ties),
        }
    }

    /// The hub's own ties do not count: there are as many as nodes, and one of each node with it.
    fn has_too_many_ties(&self, end: Peer) -> bool {
        self.ties_of(end).is_some_and(|ties| ties.len() >= MAX_TIES)
    }

    /// Who an end is, as the hub vouches for it.
    fn sender(&mut self, end: Peer) -> Option<Arc<Sender>> {
        let owner = match end {
            Peer::Hub => None,
            Peer::Node(node) => self.registry.owner_of(node),
        };
        let owner = owner.map(|(owner, nick)| (owner.0.cast_unsigned(), nick));
        let known = match end {
            Peer::Hub => &mut self.hub.sender,
            Peer::Node(node) => &mut self.desks.get_mut(node)?.sender,
        };
        let is_it = |sender: &&mut Arc<Sender>| {
            let Origin { nick, owner: number, .. } = &sender.origin;
            (*number, nick.as_deref()) == owner.unzip()
        };
        if let Some(sender) = known.as_mut().filter(is_it) {
            return Some(Arc::clone(sender));
        }
        let (owner, nick) = owner.unzip();
        let node = match end {
            Peer::Hub => self.registry.hub(),
            Peer::Node(node) => self.registry.node_name(node)?,
        };
        let node = node.parse().ok()?;
        let sender = Arc::new(Sender::new(Origin { node, nick: nick.map(str::to_owned), owner }));
        *known = Some(Arc::clone(&sender));
        Some(sender)
    }
}
