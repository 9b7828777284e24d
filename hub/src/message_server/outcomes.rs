//! What the log brought: durable entries are heard, and those who wait get their answers.

use std::sync::Arc;

use shared::message::{Connected, ErrorCode, Refusal, Sent, ToNode};
use shared::room::LOBBY;

use super::{InFlight, MessageServer};
use crate::backplane::{Claimed, Committed, Outcome};
use crate::outbox::{Answer, Parcel, Shared};
use crate::registry::{Departed, NodeKey};

impl MessageServer {
    pub(super) fn outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Appended { ticket, committed } => {
                let seq = committed.entry.seq();
                self.tell(committed);
                let Some(in_flight) = ticket.and_then(|ticket| self.in_flight.remove(&ticket)) else { return };
                self.sent(in_flight, seq, None);
            }
            Outcome::Repeated { ticket, seq, nodes } => {
                let Some(in_flight) = self.in_flight.remove(&ticket) else { return };
                self.sent(in_flight, seq, Some(nodes));
            }
            Outcome::Claimed { ticket, claimed } => {
                if let Some(InFlight::Claim { node, id, done: _done }) = self.in_flight.remove(&ticket) {
                    self.claimed(node, id, claimed);
                }
            }
            Outcome::Taken { ticket, until } => {
                if let Some(InFlight::Claim { node, id, done: _done }) = self.in_flight.remove(&ticket) {
                    let message = "Someone else has this nick, or one that looks like it. Choose another.";
                    self.reply(node, id, Err(Refusal::until(ErrorCode::NickInUse, message, until)));
                }
            }
            Outcome::Unsent { ticket } => {
                if let Some(InFlight::Refused { node, id, refusal }) = self.in_flight.remove(&ticket) {
                    self.reply(node, id, Err(refusal));
                }
            }
            Outcome::Failed { ticket } => {
                let Some(in_flight) = self.in_flight.remove(&ticket) else { return };
                let (InFlight::Claim { node, id, .. }
                | InFlight::Line { node, id }
                | InFlight::PrivateMessage { node, id, .. }
                | InFlight::Refused { node, id, .. }) = in_flight;
                let message =
                    "The hub could not write to its disk, so nothing was changed. Tell whoever runs it, and try again.";
                self.reply(node, id, Err(Refusal::new(ErrorCode::Unavailable, message)));
            }
        }
    }

    /// An entry is durable: now it is heard.
    fn tell(&mut self, committed: Committed) {
        let Committed { entry, route } = committed;
        self.head = entry.seq();
        let shared = Arc::new(Shared::new(ToNode::Entry(entry)));
        let desks = &self.desks;
        self.registry.route(&route, |node| {
            if let Some(desk) = desks.get(node) {
                desk.outbox.push(Parcel::Shared(Arc::clone(&shared)));
            }
        });
    }

    /// `first` is what the first answer told of nodes reached, if this one repeats it.
    fn sent(&self, in_flight: InFlight, seq: u64, first: Option<Option<u32>>) {
        let (node, id, delivered) = match in_flight {
            InFlight::Line { node, id } | InFlight::Refused { node, id, .. } => (node, id, first.flatten()),
            InFlight::PrivateMessage { node, id, nodes } => (node, id, first.unwrap_or(Some(nodes))),
            InFlight::Claim { .. } => return, // no claim makes an entry
        };
        self.reply(node, id, Ok(Answer::Sent(Sent { seq, delivered })));
    }

    fn claimed(&mut self, node: NodeKey, id: String, claimed: Claimed) {
        let Claimed { owner, nick, token, conversations, former } = claimed;
        if !self.registry.has_node(node) {
            // Gone before its nick came: the claim must not outlive it.
            if self.registry.nodes_of(owner).next().is_none() {
                self.departed(&Departed { last_of: Some(owner) });
            }
            return;
        }
        let departed = self.registry.bind(node, owner, &nick, &former);
        self.departed(&departed);
        if let Some(desk) = self.desks.get_mut(node) {
            desk.token = Some(token.clone());
        }
        let answer = self.registry.join(node, LOBBY).map(|_| ()).and_then(|()| {
            let (_, room) = self.registry.room_of(node, LOBBY)?;
            let (users, count) = self.registry.roster(room);
            Ok(Answer::Connected(Connected {
                nick,
                token,
                room: LOBBY.to_owned(),
                topic: None,
                users,
                count,
                conversations,
            }))
        });
        self.reply(node, id, answer);
        self.note_news();
    }
}
