//! What has reached whom: the positions that nodes have acknowledged, for those who ask.

use shared::message::{Behind, Cursors, Refusal, State};
use shared::wire::MAX_BEHIND;

use super::MessageServer;
use super::following::Flow;
use crate::backplane::Scope;
use crate::registry::NodeKey;

impl MessageServer {
    /// How far the nodes of a room, or of the two ends of a private conversation, have got.
    pub(super) fn cursors(&self, asker: NodeKey, room: Option<&str>, with: Option<&str>) -> Result<Cursors, Refusal> {
        let (nodes, latest): (Vec<NodeKey>, u64) = match self.scope(asker, room, with)? {
            Scope::Room(key) => match self.registry.room(&key) {
                Some(room) => (room.members().collect(), room.latest()),
                None => (Vec::new(), 0),
            },
            Scope::Owners(one, other) => {
                let mut nodes: Vec<NodeKey> = self.registry.nodes_of(one).collect();
                if one != other {
                    nodes.extend(self.registry.nodes_of(other));
                }
                (nodes, self.head)
            }
        };
        let mut behind: Vec<Behind> = nodes.iter().filter_map(|node| self.behind(*node, latest)).collect();
        behind.sort_by_key(|behind| behind.seq);
        behind.truncate(MAX_BEHIND);
        Ok(Cursors { nodes: u32::try_from(nodes.len()).unwrap_or(u32::MAX), behind })
    }

    fn behind(&self, node: NodeKey, latest: u64) -> Option<Behind> {
        let seq = self.position_of(node);
        if seq >= latest {
            return None;
        }
        let desk = self.desks.get(node)?;
        let (state, since) = match &desk.flow {
            Flow::Away { since, .. } => (State::Reconnecting, *since),
            Flow::Live | Flow::Behind { .. } => {
                (State::Online, desk.outbox.as_ref().map_or(0, |outbox| outbox.acked().1))
            }
        };
        let (_, nick) = self.registry.owner_of(node)?;
        Some(Behind { node: self.registry.node_name(node)?, nick: nick.to_owned(), seq, state, since })
    }
}
