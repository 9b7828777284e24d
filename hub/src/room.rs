//! One room: its members, what it is about, and what is still to be told of their coming and going. Pure.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use shared::message::{Presence, State};
use shared::wire::MAX_PRESENCE;

use crate::backplane::OwnerId;
use crate::registry::NodeKey;

/// A room and who is in it. Nodes are members, those that are reconnecting as well; a nick is present while
/// any of its nodes is, `away` while all that are connected are, and `reconnecting` while all of them are.
#[derive(Debug)]
pub struct Room {
    name: String,
    topic: Option<String>,
    /// Whether anything was said here: then the room stays when all have left.
    kept: bool,
    /// The newest entry; nothing was said here after it.
    latest: u64,
    /// Dense, because every line walks it; a set, because all may leave at once.
    members: IndexSet<NodeKey>,
    people: BTreeMap<OwnerId, Person>,
    /// Nicks whose presence changed since the members were last told, with how it was then.
    changed: BTreeMap<OwnerId, Change>,
    /// Counts how often there was something to tell where there was nothing before.
    news: u64,
}

#[derive(Debug)]
struct Person {
    nick: String,
    /// How many of their nodes are here; never 0.
    nodes: usize,
    /// How many of those are online, and how many are away; the rest is reconnecting.
    online: usize,
    away: usize,
}

impl Person {
    fn state(&self) -> State {
        if self.online > 0 {
            State::Online
        } else if self.away > 0 {
            State::Away
        } else {
            State::Reconnecting
        }
    }

    /// One of their nodes here is in that state.
    fn add(&mut self, state: State) {
        self.nodes += 1;
        self.online += usize::from(state == State::Online);
        self.away += usize::from(state == State::Away);
    }

    /// One of their nodes that was in that state here is so no longer.
    fn take(&mut self, state: State) {
        self.nodes -= 1;
        self.online -= usize::from(state == State::Online);
        self.away -= usize::from(state == State::Away);
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
        Self { name, topic: None, kept, latest, members, people, changed, news: 0 }
    }

    /// The name as its first visitor wrote it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about, if anything.
    pub fn topic(&self) -> Option<String> {
        self.topic.clone()
    }

    /// It is about something else now, or about nothing.
    pub fn set_topic(&mut self, topic: Option<String>) {
        self.topic = topic;
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

    /// A node enters, in whatever state. Whether there is now something to tell that there was not before.
    pub fn enter(&mut self, node: NodeKey, owner: OwnerId, nick: &str, state: State) -> bool {
        if !self.members.insert(node) {
            return false;
        }
        let told = self.state_of(owner);
        let new = || Person { nick: nick.to_owned(), nodes: 0, online: 0, away: 0 };
        self.people.entry(owner).or_insert_with(new).add(state);
        self.changed(owner, nick, told)
    }

    /// A node leaves, in whatever state it was. Whether there is now something to tell that there was not before.
    pub fn leave(&mut self, node: NodeKey, owner: OwnerId, state: State) -> bool {
        if !self.members.swap_remove(&node) {
            return false;
        }
        let told = self.state_of(owner);
        let Some(person) = self.people.get_mut(&owner) else { return false };
        person.take(state);
        let nick = person.nick.clone();
        if person.nodes == 0 {
            self.people.remove(&owner);
        }
        self.changed(owner, &nick, told)
    }

    /// A node that is here has lost its connection, is back, or its person is away or back at it. Whether there is
    /// now something to tell that there was not before.
    pub fn turn(&mut self, owner: OwnerId, from: State, to: State) -> bool {
        let told = self.state_of(owner);
        let Some(person) = self.people.get_mut(&owner) else { return false };
        person.take(from);
        person.add(to);
        let nick = person.nick.clone();
        self.changed(owner, &nick, told)
    }

    /// Someone is about to be told who is here. That they have come themselves is no news to them; that they are
    /// otherwise here than another of their nodes has been is.
    pub fn look(&mut self, who: Option<OwnerId>) {
        for (owner, change) in &mut self.changed {
            if who == Some(*owner) && change.told.is_none() {
                continue;
            }
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
        let change = self.changed.entry(owner).or_insert_with(change);
        let (told, found_otherwise) = (change.told, change.found_otherwise);
        if self.state_of(owner) == told && !found_otherwise {
            self.changed.remove(&owner);
            return false;
        }
        self.news += u64::from(first);
        first
    }

    /// Which news are waiting to be told: those of an earlier number came to nothing before they were.
    pub fn news(&self) -> u64 {
        self.news
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
            if presence.joined.is_empty() && presence.left.is_empty() {
                return None; // as many as before
            }
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
        assert!(room.enter(node[0], ANA, "ana", State::Online), "the first change is news");
        assert!(!room.enter(node[1], BOB, "bob", State::Online), "the second waits with it");
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.joined, presence.left), (vec!["ana".to_owned(), "bob".to_owned()], vec![]));
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn a_reload_right_behind_another_is_not_told_at_the_first_ones_time() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(1));
        room.enter(node[0], ANA, "ana", State::Online);
        room.take_presence();
        assert!(room.turn(ANA, State::Online, State::Reconnecting));
        let first = room.news();
        assert!(!room.turn(ANA, State::Reconnecting, State::Online));
        assert!(room.turn(ANA, State::Online, State::Reconnecting), "it has a time of its own");
        assert_ne!(room.news(), first);
    }

    #[test]
    fn a_quick_reload_is_no_news() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", State::Online);
        room.take_presence();
        room.leave(node[0], ANA, State::Online);
        room.enter(node[1], ANA, "ana", State::Online);
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn who_entered_between_a_coming_and_a_going_is_told_of_the_going() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", State::Online);
        room.enter(node[1], BOB, "bob", State::Online);
        room.look(Some(BOB)); // and finds ana
        room.leave(node[0], ANA, State::Online);
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.joined, presence.left), (vec!["bob".to_owned()], vec!["ana".to_owned()]));
    }

    #[test]
    fn who_entered_between_a_going_and_a_coming_back_is_told_of_the_coming() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(3));
        room.enter(node[0], ANA, "ana", State::Online);
        room.take_presence();
        room.leave(node[0], ANA, State::Online);
        room.enter(node[1], BOB, "bob", State::Online);
        room.look(Some(BOB)); // and does not find ana
        room.enter(node[2], ANA, "ana", State::Online);
        assert_eq!(room.take_presence().unwrap().joined, ["ana", "bob"]);
    }

    #[test]
    fn a_second_node_that_found_itself_otherwise_is_told_what_became_of_it() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", State::Away);
        room.take_presence();
        room.enter(node[1], ANA, "ana", State::Online);
        room.look(Some(ANA)); // and finds herself online
        room.turn(ANA, State::Online, State::Away);
        assert_eq!(room.take_presence().unwrap().states, BTreeMap::from([("ana".to_owned(), State::Away)]));
    }

    #[test]
    fn a_nick_is_here_while_any_of_its_nodes_is() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", State::Online);
        room.enter(node[1], ANA, "ana", State::Online);
        room.take_presence();
        room.leave(node[0], ANA, State::Online);
        assert_eq!(room.take_presence(), None);
        room.leave(node[1], ANA, State::Online);
        assert_eq!(room.take_presence().unwrap().left, ["ana"]);
        assert!(room.is_empty());
    }

    #[test]
    fn a_node_that_vanishes_is_reconnecting_and_then_back_or_gone() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(1));
        room.enter(node[0], ANA, "ana", State::Online);
        room.take_presence();
        assert!(room.turn(ANA, State::Online, State::Reconnecting));
        let told = room.take_presence().unwrap();
        assert_eq!((told.states.get("ana"), told.left.len()), (Some(&State::Reconnecting), 0));
        room.turn(ANA, State::Reconnecting, State::Online);
        let told = room.take_presence().unwrap();
        assert_eq!((told.states.get("ana"), told.joined.len()), (Some(&State::Online), 0));
        room.turn(ANA, State::Online, State::Reconnecting);
        room.turn(ANA, State::Reconnecting, State::Online);
        assert_eq!(room.take_presence(), None, "back before anyone was told");
        room.turn(ANA, State::Online, State::Reconnecting);
        room.leave(node[0], ANA, State::Reconnecting);
        assert_eq!(room.take_presence().unwrap().left, ["ana"]);
    }

    #[test]
    fn a_nick_is_online_while_any_of_its_nodes_is_connected() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", State::Online);
        room.enter(node[1], ANA, "ana", State::Online);
        room.take_presence();
        assert!(!room.turn(ANA, State::Online, State::Reconnecting));
        assert!(room.turn(ANA, State::Online, State::Reconnecting));
        assert!(!room.leave(node[0], ANA, State::Reconnecting), "still told with the same news");
        assert_eq!(room.take_presence().unwrap().states.get("ana"), Some(&State::Reconnecting));
    }

    #[test]
    fn a_short_visit_is_no_news_though_the_visitor_looked_round() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(2));
        room.enter(node[0], ANA, "ana", State::Online);
        room.take_presence();
        room.enter(node[1], BOB, "bob", State::Online);
        room.look(Some(BOB));
        room.leave(node[1], BOB, State::Online);
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn entering_or_leaving_twice_changes_nothing() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(1));
        assert!(room.enter(node[0], ANA, "ana", State::Online));
        assert!(!room.enter(node[0], ANA, "ana", State::Online));
        room.take_presence();
        assert!(room.leave(node[0], ANA, State::Online));
        assert!(!room.leave(node[0], ANA, State::Online));
        assert_eq!(room.people().len(), 0);
    }

    #[test]
    fn a_nick_is_away_while_all_its_connected_nodes_are() {
        let (mut room, node) = (Room::new("den".into(), false, 0), nodes(3));
        room.enter(node[0], ANA, "ana", State::Online);
        room.enter(node[1], ANA, "ana", State::Online);
        room.enter(node[2], ANA, "ana", State::Reconnecting);
        room.take_presence();
        assert!(!room.turn(ANA, State::Online, State::Away), "she is at the other one");
        assert!(room.turn(ANA, State::Online, State::Away));
        assert_eq!(room.take_presence().unwrap().states.get("ana"), Some(&State::Away));
        room.turn(ANA, State::Away, State::Reconnecting);
        assert!(!room.turn(ANA, State::Reconnecting, State::Reconnecting), "the same as before");
        room.turn(ANA, State::Away, State::Online);
        assert_eq!(room.take_presence().unwrap().states.get("ana"), Some(&State::Online));
        room.turn(ANA, State::Online, State::Away);
        room.turn(ANA, State::Away, State::Online);
        assert_eq!(room.take_presence(), None, "back before anyone was told");
    }

    #[test]
    fn who_is_away_in_a_large_room_is_told_to_nobody() {
        let mut room = Room::new("hall".into(), false, 0);
        for (number, node) in nodes(MAX_PRESENCE + 1).into_iter().enumerate() {
            room.enter(node, OwnerId(number as i64), &format!("n{number}"), State::Online);
        }
        room.take_presence();
        assert!(room.turn(ANA, State::Online, State::Away));
        assert_eq!(room.take_presence(), None);
    }

    #[test]
    fn a_room_of_more_than_250_people_is_told_as_a_count() {
        let mut room = Room::new("hall".into(), false, 0);
        for (number, node) in nodes(MAX_PRESENCE + 1).into_iter().enumerate() {
            room.enter(node, OwnerId(number as i64), &format!("n{number}"), State::Online);
        }
        let presence = room.take_presence().unwrap();
        assert_eq!((presence.count, presence.joined.len()), (Some(251), 0));
    }
}
