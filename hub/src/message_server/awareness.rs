//! What people see of each other as it happens, and nobody keeps: who is writing, who has left a device alone.

use std::sync::Arc;

use shared::message::{ErrorCode, Refusal, State, ToNode};
use shared::wire::MAX_PRESENCE;

use super::MessageServer;
use crate::outbox::{Parcel, Shared};
use crate::registry::NodeKey;

impl MessageServer {
    /// Somebody is writing. Told to those who see the place; where they are many, or the writer is not among them or
    /// says it all the time, to nobody.
    pub(super) fn typing(&mut self, node: NodeKey, room: Option<&str>, to: Option<&str>) {
        if room.is_some() == to.is_some() {
            return self.complain(node, "Somebody is `typing` in a `room` or `to` a nick, one of the two.");
        }
        if self.spend_request(node).is_err() {
            return;
        }
        let Some((_, from)) = self.registry.owner_of(node) else { return };
        let from = from.to_owned();
        let (signal, nodes): (_, Vec<NodeKey>) = match (room, to) {
            (Some(room), _) => {
                let Ok((_, room)) = self.registry.room_of(node, room) else { return };
                if room.people().len() > MAX_PRESENCE {
                    return;
                }
                (ToNode::Typing { room: Some(room.name().to_owned()), to: None, from }, room.members().collect())
            }
            (None, to) => {
                let Some((owner, nick)) = to.and_then(|to| self.registry.find_owner(to)) else { return };
                let signal = ToNode::Typing { room: None, to: Some(nick.to_owned()), from };
                (signal, self.registry.nodes_of(owner).collect())
            }
        };
        let signal = Arc::new(Shared::new(signal, nodes.len()));
        for other in nodes.into_iter().filter(|other| *other != node) {
            if let Some(outbox) = self.desks.get(other).and_then(|desk| desk.outbox.as_ref()) {
                outbox.push_fleeting(&signal);
            }
        }
    }

    /// The node's person has left it alone, or is back at it.
    pub(super) fn turns(&mut self, node: NodeKey, state: State) {
        match state {
            State::Online | State::Away => {
                if self.spend_request(node).is_ok() {
                    self.registry.turn(node, state);
                    self.note_news();
                }
            }
            State::Reconnecting | State::Offline => {
                self.complain(
                    node,
                    "A node may say of its `state` that it is `online` or `away`; the rest the hub sees.",
                );
            }
        }
    }

    fn complain(&self, node: NodeKey, words: &str) {
        if let Some(desk) = self.desks.get(node) {
            desk.push(Parcel::Error(Box::new(Refusal::new(ErrorCode::BadMessage, words))));
        }
    }
}
