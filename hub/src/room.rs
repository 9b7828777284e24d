//! One room: its members, and what is still to be told of their coming and going. Pure.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use shared::message::{Presence, State};
use shared::wire::MAX_PRESENCE;

use crate::backplane::OwnerId;
use crate::registry::NodeKey;

/// A room and who is in it. Nodes are members, those that are reconnecting as well; a nick is present while
/// any of its nodes is, and `reconnecting` while all of them are.
#[derive(Debug)]
pub struct Room {
    name: String,
    /// Whether anything was said here: then the room stays when all have left.
    kept: bool,
    /// The newest entry; nothing was said here after it.
    latest: u64,
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
    /// How many of those are connected.
    connected: usize,
}

impl Person {
    fn state(&self) -> State {
        if self.connected > 0 { State::Online } else { State::Reconnecting }
    }
}

#[derive(Debug)]
struct Change {
    nick: String,
    /// How the members know it; none if it was not here.
    told: Option<State>,
    /// Someone who looked meanwhile did not find it: then its being here is news to them.
    found_absent: bool,
    /// Someone who looked meanwhile found it otherwise than the members were told: then it is
    /// news to them even if it came to nothing for the rest.
    found_otherwise: bool,
}

impl Room {
    /// `latest`: nothing was said in it after this entry.
    pub fn new(name: String, kept: bool, latest: u64) -> Self {
        let (members, people, changed) = (IndexSet::new(), BTreeMap::new(), BTreeMap::new());
        Self { name, kept, latest, members, people, changed }
    }

    /// The name as its first visitor wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Something was said here.
    pub fn said(&mut self, seq: u64) {
        self.kept = true;
        self.latest = seq;
    }

    /// Whether the room is worth keeping although nobody is in it.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Nothing was said here after this entry.
    pub fn latest(&self) -> u64 {
        self.latest
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

    /// The owners in the room, with their nicks and how they are in this room.
    pub fn people(&self) -> impl ExactSizeIterator<Item = (OwnerId, &str, State)> {
        self.people.iter().map(|(owner, person)| (*owner, person.nick.as_str(), person.state()))
    }

    /// A node enters, connected or not. Whether there is now something to tell that there was not before.
    pub fn enter(&mut self, node: NodeKey, owner: OwnerId, nick: &str, connected: bool) -> bool {
        if !self.members.insert(node) {
            return false;
        }
        let told = self.state_of(owner);
        let new = || Person { nick: nick.to_owned(), nodes: 0, connected: 0 };
        let person = self.people.entry(owner).or_insert_with(new);
        person.nodes += 1;
        person.connected += usize::from(connected);
        self.changed(owner, nick, told)
    }

    /// A node leaves, connected or not. Whether there is now something to tell that there was not before.
    pub fn leave(&mut self, node: NodeKey, owner: OwnerId, connected: bool) -> bool {
        if !self.members.swap_remove(&node) {
            return false;
        }
        let told = self.state_of(owner);
        let Some(person) = self.people.get_mut(&owner) else { return false };
        person.nodes -= 1;
        person.connected -= usize::from(connected);
        let nick = person.nick.clone();
        if person.nodes == 0 {
            self.people.remove(&owner);
        }
        self.changed(owner, &nick, told)
    }

    /// A node that is here has lost its connection, or is back. Whether there is now something to tell that
    /// there was not before.
    pub fn turn(&mut self, owner: OwnerId, connected: bool) -> bool {
        let told = self.state_of(owner);
        let Some(person) = self.people.get_mut(&owner) else { return false };
        if connected {
            person.connected += 1;
        } else {
            person.connected -= 1;
        }
        let nick = person.nick.clone();
        self.changed(owner, &nick, told)
    }

    /// Someone is about to be told who is here. Of themselves that is no news.
    pub fn look(&mut self, who: Option<OwnerId>) {
        for (owner, change) in self.changed.iter_mut().filter(|(owner, _)| who != Some(**owner)) {
            let found = self.people.get(owner).map(Person::state);
            change.found_absent |= found.is_none();
            change.found_otherwise |= found != change.told;
        }
    }

    fn state_of(&self, owner: OwnerId) -> Option<State> {
        self.people.get(&owner).map(Person::state)
    }

    fn changed(&mut self, owner: OwnerId, nick: &str, told: Option<State>) -> bool {
        if self.state_of(owner) == told {
            return false;
        }
        let first = self.changed.is_empty();
        // Gone and back before anyone was told is no news, so the earliest state counts.
        let change = || Change { nick: nick.to_owned(), told, found_absent: told.is_none(), found_otherwise: false };
        self.changed.entry(owner).or_insert_with(change);
        first
    }

    /// What is to be told to the members, once for all changes since the last time.
    pub fn take_presence(&mut self) -> Option<Presence> {
        let mut presence = Presence { room: self.name.clone(), ..Presence::default() };
        for (owner, change) in std::mem::take(&mut self.changed) {
            let now = self.state_of(owner);
            if now == change.told && !change.found_otherwise {
                continue;
            }
            let Some(state) = now else {
                presence.left.push(change.nick);
                continue;
            };
            if change.found_absent {
                presence.joined.push(change.nick.clone());
            }
            if !change.found_absent || state != State::Online {
                presence.states.insert(change.nick, state);
            }
        }
        if presence.joined.is_empty() && presence.left.is_empty() && presence.states.is_empty() {
            return None;
        }
        // Everyone's coming told to everyone grows with the square of the room.
        if self.people.len() > MAX_PRESENCE {
            let count = u32::try_from(self.people.len()).ok();
            presence = Presence { room: presence.room, count, ..Presence::default() };
        }
        Some(presence)
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
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        assert!(room.enter(node[0], ANA, "ana", true), "the first change is news");
        assert!(!room.enter(node[1], BOB, "bob", true), "the second waits with it");
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.joined, presence.left), (vec!["ana".to_owned(), "bob".to_owned()], vec![]));
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn a_quick_reload_is_no_news() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", true);
        room.take_presence();
        room.leave(node[0], ANA, true);
        room.enter(node[1], ANA, "ana", true);
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn who_entered_between_a_coming_and_a_going_is_told_of_the_going() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", true);
        room.enter(node[1], BOB, "bob", true);
        room.look(Some(BOB)); // and finds ana
        room.leave(node[0], ANA, true);
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.joined, presence.left), (vec!["bob".to_owned()], vec!["ana".to_owned()]));
    }

    #[test]
    fn who_entered_between_a_going_and_a_coming_back_is_told_of_the_coming() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(3));
        room.enter(node[0], ANA, "ana", true);
        room.take_presence();
        room.leave(node[0], ANA, true);
        room.enter(node[1], BOB, "bob", true);
        room.look(Some(BOB)); // and does not find ana
        room.enter(node[2], ANA, "ana", true);
        assert_eq!(room.take_presence().unwrap().joined, ["ana", "bob"]);
    }

    #[test]
    fn a_nick_is_here_while_any_of_its_nodes_is() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", true);
        room.enter(node[1], ANA, "ana", true);
        room.take_presence();
        room.leave(node[0], ANA, true);
        assert_eq!(room.take_presence(), None);
        room.leave(node[1], ANA, true);
        assert_eq!(room.take_presence().unwrap().left, ["ana"]);
        assert!(room.is_empty());
    }

    #[test]
    fn a_node_that_vanishes_is_reconnecting_and_then_back_or_gone() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(1));
        room.enter(node[0], ANA, "ana", true);
        room.take_presence();
        assert!(room.turn(ANA, false));
        let told = room.take_presence().unwrap();
        assert_eq!((told.states.get("ana"), told.left.len()), (Some(&State::Reconnecting), 0));
        room.turn(ANA, true);
        let told = room.take_presence().unwrap();
        assert_eq!((told.states.get("ana"), told.joined.len()), (Some(&State::Online), 0));
        room.turn(ANA, false);
        room.turn(ANA, true);
        assert_eq!(room.take_presence(), None, "back before anyone was told");
        room.turn(ANA, false);
        room.leave(node[0], ANA, false);
        assert_eq!(room.take_presence().unwrap().left, ["ana"]);
    }

    #[test]
    fn a_nick_is_online_while_any_of_its_nodes_is_connected() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", true);
        room.enter(node[1], ANA, "ana", true);
        room.take_presence();
        assert!(!room.turn(ANA, false));
        assert!(room.turn(ANA, false));
        assert!(!room.leave(node[0], ANA, false), "still told with the same news");
        assert_eq!(room.take_presence().unwrap().states.get("ana"), Some(&State::Reconnecting));
    }

    #[test]
    fn a_short_visit_is_no_news_though_the_visitor_looked_round() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", true);
        room.take_presence();
        room.enter(node[1], BOB, "bob", true);
        room.look(Some(BOB));
        room.leave(node[1], BOB, true);
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn entering_or_leaving_twice_changes_nothing() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(1));
        assert!(room.enter(node[0], ANA, "ana", true));
        assert!(!room.enter(node[0], ANA, "ana", true));
        room.take_presence();
        assert!(room.leave(node[0], ANA, true));
        assert!(!room.leave(node[0], ANA, true));
        assert_eq!(room.people().len(), 0);
    }

    #[test]
    fn a_room_of_more_than_250_people_is_told_as_a_count() {
        let mut room = Room::new("hall".into(), false, 0);
        for (number, node) in nodes(MAX_PRESENCE + 1).into_iter().enumerate() {
            room.enter(node, OwnerId(number as i64), &format!("n{number}"), true);
        }
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.count, presence.joined.len()), (Some(251), 0));
    }
}
