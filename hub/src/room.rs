//! One room: its members, and what is still to be told of their coming and going. Pure.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use shared::message::Presence;
use shared::wire::MAX_PRESENCE;

use crate::backplane::OwnerId;
use crate::registry::NodeKey;

/// A room and who is in it. Nodes are members; a nick is present while any of its nodes is.
#[derive(Debug)]
pub struct Room {
    name: String,
    /// Whether anything was said here: then the room stays when all have left.
    kept: bool,
    /// Dense, because every line walks it; a set, because all may leave at once.
    members: IndexSet<NodeKey>,
    people: BTreeMap<OwnerId, Person>,
    /// Nicks whose presence changed since the members were last told, with how it was then.
    changed: BTreeMap<OwnerId, Change>,
}

#[derive(Debug)]
struct Person {
    nick: String,
    /// How many of their nodes are here; never 0.
    nodes: usize,
}

#[derive(Debug)]
struct Change {
    nick: String,
    was_here: bool,
    /// Someone entered meanwhile and found it otherwise than the members were told: then it is
    /// news to them even if it came to nothing for the rest.
    found_otherwise: bool,
}

impl Room {
    pub fn new(name: String, kept: bool) -> Self {
        Self { name, kept, members: IndexSet::new(), people: BTreeMap::new(), changed: BTreeMap::new() }
    }

    /// The name as its first visitor wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Something was said here.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Whether the room is worth keeping although nobody is in it.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// The nodes in the room, in no order that means anything.
    pub fn members(&self) -> impl ExactSizeIterator<Item = NodeKey> {
        self.members.iter().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub fn has(&self, node: NodeKey) -> bool {
        self.members.contains(&node)
    }

    /// The owners in the room with their nicks.
    pub fn people(&self) -> impl ExactSizeIterator<Item = (OwnerId, &str)> {
        self.people.iter().map(|(owner, person)| (*owner, person.nick.as_str()))
    }

    /// A node enters. Whether there is now something to tell that there was not before.
    pub fn enter(&mut self, node: NodeKey, owner: OwnerId, nick: &str) -> bool {
        // One who is here already and asks again finds what there is, too.
        for (changed, change) in &mut self.changed {
            change.found_otherwise |= *changed != owner && self.people.contains_key(changed) != change.was_here;
        }
        if !self.members.insert(node) {
            return false;
        }
        let person = self.people.entry(owner).or_insert_with(|| Person { nick: nick.to_owned(), nodes: 0 });
        person.nodes += 1;
        person.nodes == 1 && self.change(owner, nick, false)
    }

    /// A node leaves. Whether there is now something to tell that there was not before.
    pub fn leave(&mut self, node: NodeKey, owner: OwnerId) -> bool {
        if !self.members.swap_remove(&node) {
            return false;
        }
        let Some(person) = self.people.get_mut(&owner) else { return false };
        person.nodes -= 1;
        if person.nodes > 0 {
            return false;
        }
        let nick = std::mem::take(&mut person.nick);
        self.people.remove(&owner);
        self.change(owner, &nick, true)
    }

    fn change(&mut self, owner: OwnerId, nick: &str, was_here: bool) -> bool {
        let first = self.changed.is_empty();
        // Gone and back before anyone was told is no news, so the earliest state counts.
        self.changed.entry(owner).or_insert_with(|| Change { nick: nick.to_owned(), was_here, found_otherwise: false });
        first
    }

    /// What is to be told to the members, once for all changes since the last time.
    pub fn take_presence(&mut self) -> Option<Presence> {
        let changed = std::mem::take(&mut self.changed);
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for (owner, Change { nick, was_here, found_otherwise }) in changed {
            let is_here = self.people.contains_key(&owner);
            if was_here != is_here || found_otherwise {
                if is_here { &mut joined } else { &mut left }.push(nick);
            }
        }
        if joined.is_empty() && left.is_empty() {
            return None;
        }
        let room = self.name.clone();
        // Everyone's coming told to everyone grows with the square of the room.
        Some(if self.people.len() > MAX_PRESENCE {
            Presence { room, count: u32::try_from(self.people.len()).ok(), ..Presence::default() }
        } else {
            Presence { room, joined, left, ..Presence::default() }
        })
    }
}

#[cfg(test)]
mod tests {
    use slotmap::SlotMap;

    use super::*;

    fn nodes(count: usize) -> Vec<NodeKey> {
        let mut keys: SlotMap<NodeKey, ()> = SlotMap::with_key();
        (0..count).map(|_| keys.insert(())).collect()
    }

    const ANA: OwnerId = OwnerId(1);
    const BOB: OwnerId = OwnerId(2);

    #[test]
    fn coming_and_going_is_told_once_for_all_changes() {
        let (mut room, node) = (Room::new("den".into(), false), nodes(2));
        assert!(room.enter(node[0], ANA, "ana"), "the first change is news");
        assert!(!room.enter(node[1], BOB, "bob"), "the second waits with it");
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.joined, presence.left), (vec!["ana".to_owned(), "bob".to_owned()], vec![]));
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn a_quick_reload_is_no_news() {
        let (mut room, node) = (Room::new("den".into(), false), nodes(2));
        room.enter(node[0], ANA, "ana");
        room.take_presence();
        room.leave(node[0], ANA);
        room.enter(node[1], ANA, "ana");
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn who_entered_between_a_coming_and_a_going_is_told_of_the_going() {
        let (mut room, node) = (Room::new("den".into(), false), nodes(2));
        room.enter(node[0], ANA, "ana");
        room.enter(node[1], BOB, "bob"); // and finds ana
        room.leave(node[0], ANA);
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.joined, presence.left), (vec!["bob".to_owned()], vec!["ana".to_owned()]));
    }

    #[test]
    fn who_entered_between_a_going_and_a_coming_back_is_told_of_the_coming() {
        let (mut room, node) = (Room::new("den".into(), false), nodes(3));
        room.enter(node[0], ANA, "ana");
        room.take_presence();
        room.leave(node[0], ANA);
        room.enter(node[1], BOB, "bob"); // and does not find ana
        room.enter(node[2], ANA, "ana");
        assert_eq!(room.take_presence().unwrap().joined, ["ana", "bob"]);
    }

    #[test]
    fn a_nick_is_here_while_any_of_its_nodes_is() {
        let (mut room, node) = (Room::new("den".into(), false), nodes(2));
        room.enter(node[0], ANA, "ana");
        room.enter(node[1], ANA, "ana");
        room.take_presence();
        room.leave(node[0], ANA);
        assert_eq!(room.take_presence(), None);
        room.leave(node[1], ANA);
        assert_eq!(room.take_presence().unwrap().left, ["ana"]);
        assert!(room.is_empty());
    }

    #[test]
    fn entering_or_leaving_twice_changes_nothing() {
        let (mut room, node) = (Room::new("den".into(), false), nodes(1));
        assert!(room.enter(node[0], ANA, "ana"));
        assert!(!room.enter(node[0], ANA, "ana"));
        room.take_presence();
        assert!(room.leave(node[0], ANA));
        assert!(!room.leave(node[0], ANA));
        assert_eq!(room.people().len(), 0);
    }

    #[test]
    fn a_room_of_more_than_250_people_is_told_as_a_count() {
        let mut room = Room::new("hall".into(), false);
        for (number, node) in nodes(MAX_PRESENCE + 1).into_iter().enumerate() {
            room.enter(node, OwnerId(number as i64), &format!("n{number}"));
        }
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.count, presence.joined.len()), (Some(251), 0));
    }
}
