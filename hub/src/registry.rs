//! Nick → nodes, and who hears what. Pure: no task, socket, clock or disk.

mod rooms;
mod small_set;

use std::collections::{BTreeMap, HashMap};

use shared::message::{ErrorCode, NodeInfo, Presence, Refusal, State, User};
use shared::node::{HUB, is_local};
use shared::room::RoomName;
use shared::wire::MAX_PRESENCE;
use slotmap::SlotMap;

use crate::backplane::{OwnerId, Route};
use crate::room::Room;
use rooms::room_key;
use small_set::SmallSet;

slotmap::new_key_type! {
    /// A node, connected or within its lease. Keys are never used again, so one of a node that has gone
    /// finds nothing.
    pub struct NodeKey;
}

/// People named to one who enters a room of more than [`MAX_PRESENCE`]: a screenful.
const MAX_NAMED: usize = 50;

/// What a node said of itself, and what it has become.
#[derive(Debug)]
pub struct Node {
    /// The part of its name before the `@`.
    name: String,
    kind: String,
    /// Milliseconds since 1970 UTC.
    since: u64,
    owner: Option<OwnerId>,
    /// It has a connection; without one it is reconnecting.
    connected: bool,
    /// The keys of its rooms.
    rooms: SmallSet<String>,
}

/// Who holds a nick, present or not.
#[derive(Debug)]
struct Owner {
    nick: String,
    nodes: SmallSet<NodeKey>,
}

/// The state of the hub that is not in the log.
#[derive(Debug)]
pub struct Registry {
    /// The part of every node's name after the `@`.
    host: String,
    /// When the hub itself started, in milliseconds since 1970 UTC.
    since: u64,
    nodes: SlotMap<NodeKey, Node>,
    /// How many of them are connected.
    connected: usize,
    /// Local name → node; each name is one node's.
    names: HashMap<String, NodeKey>,
    /// For names that the hub makes up: never given twice.
    made_up: u64,
    owners: HashMap<OwnerId, Owner>,
    /// Nick in small letters → its owner.
    nicks: HashMap<String, OwnerId>,
    rooms: BTreeMap<String, Room>,
    /// What rooms are unique by → the room's key.
    room_likeness: HashMap<String, String>,
    /// Rooms that have news for their members.
    news: Vec<String>,
    /// Nothing was said in any room after this entry, as far as is known without looking into the log.
    head: u64,
}

/// A node that has just lost its nick or gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Departed {
    /// The owner, if this was their last node.
    pub last_of: Option<OwnerId>,
}

impl Registry {
    /// `since` is when the hub started, in milliseconds since 1970 UTC, and `head` the log's newest entry then.
    pub fn new(host: String, since: u64, head: u64) -> Self {
        let mut registry = Self {
            host,
            since,
            nodes: SlotMap::with_key(),
            connected: 0,
            names: HashMap::new(),
            made_up: 0,
            owners: HashMap::new(),
            nicks: HashMap::new(),
            rooms: BTreeMap::new(),
            room_likeness: HashMap::new(),
            news: Vec::new(),
            head,
        };
        registry.add_room(&RoomName::lobby(), true);
        registry
    }

    /// The hub's own node name.
    pub fn hub(&self) -> String {
        format!("{HUB}@{}", self.host)
    }

    /// An owner known from the log.
    pub fn add_owner(&mut self, owner: OwnerId, nick: String) {
        self.nicks.insert(nick.to_lowercase(), owner);
        self.owners.insert(owner, Owner { nick, nodes: SmallSet::default() });
    }

    /// A room in which something was said before this hub started.
    pub fn add_kept_room(&mut self, name: &RoomName) {
        if !self.rooms.contains_key(&name.key()) {
            self.add_room(name, true);
        }
    }

    // Nodes

    /// A node connects, or is known from before the hub started and `connected` is false. `wished` is a local name; it gets a number if it is taken, and a made-up
    /// name takes the place of none or one that no node may have.
    pub fn add_node(&mut self, wished: Option<&str>, kind: String, since: u64, connected: bool) -> NodeKey {
        let name = self.free_name(wished);
        let node = Node { name: name.clone(), kind, since, owner: None, connected, rooms: SmallSet::default() };
        self.connected += usize::from(connected);
        let key = self.nodes.insert(node);
        self.names.insert(name, key);
        key
    }

    fn free_name(&mut self, wished: Option<&str>) -> String {
        let free = |name: &str, names: &HashMap<String, NodeKey>| name != HUB && !names.contains_key(name);
        let base = match wished.filter(|name| is_local(name)) {
            Some(wished) if free(wished, &self.names) => return wished.to_owned(),
            // Room for the number, within the length of a name.
            Some(wished) => wished.chars().take(20).collect(),
            None => "node".to_owned(),
        };
        loop {
            self.made_up += 1;
            let name = format!("{base}-{}", self.made_up);
            if free(&name, &self.names) {
                return name;
            }
        }
    }

    /// A node has lost its connection, or has one again.
    pub fn turn(&mut self, key: NodeKey, connected: bool) {
        let Some(node) = self.nodes.get_mut(key).filter(|node| node.connected != connected) else { return };
        node.connected = connected;
        self.connected = if connected { self.connected + 1 } else { self.connected - 1 };
        let Some(owner) = node.owner else { return };
        for room_key in node.rooms.iter() {
            if let Some(room) = self.rooms.get_mut(room_key)
                && room.turn(owner, connected)
            {
                self.news.push(room_key.clone());
            }
        }
    }

    /// A node has gone.
    pub fn remove_node(&mut self, key: NodeKey) -> Departed {
        let departed = self.unbind(key);
        if let Some(node) = self.nodes.remove(key) {
            self.connected -= usize::from(node.connected);
            self.names.remove(&node.name);
        }
        departed
    }

    pub fn has_node(&self, key: NodeKey) -> bool {
        self.nodes.contains_key(key)
    }

    /// How many nodes are connected.
    pub fn count_connected(&self) -> usize {
        self.connected
    }

    /// Whether a node is connected.
    pub fn is_connected(&self, key: NodeKey) -> bool {
        self.nodes.get(key).is_some_and(|node| node.connected)
    }

    /// The part of a node's name before the `@`, and its kind.
    pub fn describe(&self, key: NodeKey) -> Option<(&str, &str)> {
        self.nodes.get(key).map(|node| (node.name.as_str(), node.kind.as_str()))
    }

    /// A node's full name.
    pub fn node_name(&self, key: NodeKey) -> Option<String> {
        self.nodes.get(key).map(|node| format!("{}@{}", node.name, self.host))
    }

    /// Finds a node by its full name or its local one.
    pub fn find_node(&self, name: &str) -> Option<NodeKey> {
        self.names.get(self.local(name)?).copied()
    }

    /// Whether this names the hub itself.
    pub fn is_hub(&self, name: &str) -> bool {
        self.local(name) == Some(HUB)
    }

    fn local<'a>(&self, name: &'a str) -> Option<&'a str> {
        match name.split_once('@') {
            Some((local, host)) => host.eq_ignore_ascii_case(&self.host).then_some(local),
            None => Some(name),
        }
    }

    /// All connected nodes, the hub first, then by the time of their coming.
    pub fn list_nodes(&self) -> Vec<NodeInfo> {
        let hub = NodeInfo { node: self.hub(), nick: None, kind: HUB.to_owned(), since: self.since };
        let mut nodes: Vec<NodeInfo> = self
            .nodes
            .values()
            .filter(|node| node.connected)
            .map(|node| NodeInfo {
                node: format!("{}@{}", node.name, self.host),
                nick: node.owner.and_then(|owner| self.owners.get(&owner)).map(|owner| owner.nick.clone()),
                kind: node.kind.clone(),
                since: node.since,
            })
            .collect();
        nodes.sort_by(|one, other| (one.since, &one.node).cmp(&(other.since, &other.node)));
        nodes.insert(0, hub);
        nodes
    }

    // Nicks

    /// The nick bound to a node.
    pub fn owner_of(&self, key: NodeKey) -> Option<(OwnerId, &str)> {
        let owner = self.nodes.get(key)?.owner?;
        Some((owner, self.owners.get(&owner)?.nick.as_str()))
    }

    /// The owner of a nick, present or not. Case does not count.
    pub fn find_owner(&self, nick: &str) -> Option<(OwnerId, &str)> {
        let owner = *self.nicks.get(&nick.trim().to_lowercase())?;
        Some((owner, self.owners.get(&owner)?.nick.as_str()))
    }

    /// The nodes of an owner, those that are reconnecting as well.
    pub fn nodes_of(&self, owner: OwnerId) -> impl Iterator<Item = NodeKey> {
        self.owners.get(&owner).into_iter().flat_map(|owner| owner.nodes.iter().copied())
    }

    /// How many nodes of an owner are connected.
    pub fn count_connected_of(&self, owner: OwnerId) -> usize {
        self.nodes_of(owner).filter(|node| self.is_connected(*node)).count()
    }

    /// Binds a nick to a node, which lets go of the one it had. `former` have lost theirs.
    pub fn bind(&mut self, key: NodeKey, owner: OwnerId, nick: &str, former: &[OwnerId]) -> Departed {
        for former in former {
            self.forget(*former);
        }
        if self.nodes.get(key).is_none_or(|node| node.owner == Some(owner)) {
            return Departed { last_of: None };
        }
        let departed = self.unbind(key);
        if !self.owners.contains_key(&owner) {
            self.add_owner(owner, nick.to_owned());
        }
        if let (Some(node), Some(person)) = (self.nodes.get_mut(key), self.owners.get_mut(&owner)) {
            node.owner = Some(owner);
            person.nodes.insert(key);
        }
        departed
    }

    /// Takes a node's nick from it, and with it its rooms.
    pub fn unbind(&mut self, key: NodeKey) -> Departed {
        let Some(node) = self.nodes.get_mut(key) else { return Departed { last_of: None } };
        let Some(owner) = node.owner.take() else { return Departed { last_of: None } };
        let connected = node.connected;
        for room in std::mem::take(&mut node.rooms) {
            self.leave_room(key, owner, &room, connected);
        }
        let last_of = self.owners.get_mut(&owner).and_then(|person| {
            person.nodes.remove(&key);
            person.nodes.is_empty().then_some(owner)
        });
        Departed { last_of }
    }

    fn forget(&mut self, owner: OwnerId) {
        if let Some(person) = self.owners.remove(&owner) {
            let nick = person.nick.to_lowercase();
            if self.nicks.get(&nick) == Some(&owner) {
                self.nicks.remove(&nick);
            }
        }
    }

    // Who hears what

    /// Who is in a room, or on the hub, by nick, for one who is told now.
    pub fn list_users(&mut self, asker: NodeKey, room: Option<&str>) -> Vec<User> {
        match room {
            Some(name) => {
                let key = room_key(name);
                self.look(asker, &key);
                self.rooms.get(&key).map(|room| self.users_in(room, usize::MAX)).unwrap_or_default()
            }
            None => {
                let present = self.owners.iter().filter(|(_, owner)| !owner.nodes.is_empty());
                let state =
                    |owner| if self.count_connected_of(owner) > 0 { State::Online } else { State::Reconnecting };
                sorted(present.map(|(owner, person)| self.user(*owner, &person.nick, state(*owner))).collect())
            }
        }
    }

    fn look(&mut self, asker: NodeKey, room_key: &str) {
        let owner = self.nodes.get(asker).and_then(|node| node.owner);
        if let Some(room) = self.rooms.get_mut(room_key) {
            room.look(owner);
        }
    }

    /// Who is in that room, by nick, and how many they are. Of a room so large that its
    /// presence is a count, only [`MAX_NAMED`] of those who have been on the hub longest:
    /// all names to everyone who comes would grow with the square of it.
    pub fn roster(&mut self, asker: NodeKey, room_key: &str) -> (Vec<User>, u32) {
        self.look(asker, room_key);
        let Some(room) = self.rooms.get(room_key) else { return (Vec::new(), 0) };
        let people = room.people().len();
        let named = if people > MAX_PRESENCE { MAX_NAMED } else { people };
        (self.users_in(room, named), u32::try_from(people).unwrap_or(u32::MAX))
    }

    fn users_in(&self, room: &Room, most: usize) -> Vec<User> {
        sorted(room.people().take(most).map(|(owner, nick, state)| self.user(owner, nick, state)).collect())
    }

    fn user(&self, owner: OwnerId, nick: &str, state: State) -> User {
        let nodes = u32::try_from(self.count_connected_of(owner)).unwrap_or(u32::MAX);
        User { nick: nick.to_owned(), state, nodes }
    }

    /// Calls `tell` for each node, connected or not, that the entry `seq` is for.
    pub fn route(&mut self, seq: u64, route: &Route, mut tell: impl FnMut(NodeKey)) {
        match route {
            Route::Room(key) => {
                if let Some(room) = self.rooms.get_mut(key) {
                    room.said(seq);
                    room.members().for_each(tell);
                }
            }
            Route::Owners(one, other) => {
                self.nodes_of(*one).for_each(&mut tell);
                if one != other {
                    self.nodes_of(*other).for_each(tell);
                }
            }
        }
    }

    /// How many nodes entries of that route are for, or may be.
    pub fn audience(&self, route: &Route) -> usize {
        match route {
            Route::Room(key) => self.rooms.get(key).map_or(0, |room| room.members().len()),
            Route::Owners(one, other) => self.nodes_of(*one).count() + self.nodes_of(*other).count(),
        }
    }

    /// Whether entries of that route are for a node.
    pub fn hears(&self, key: NodeKey, route: &Route) -> bool {
        let Some(node) = self.nodes.get(key) else { return false };
        match route {
            Route::Room(room) => node.rooms.contains(room),
            Route::Owners(one, other) => node.owner.is_some_and(|owner| owner == *one || owner == *other),
        }
    }

    /// The keys of the rooms that a node is in.
    pub fn room_keys(&self, key: NodeKey) -> impl Iterator<Item = &str> {
        self.nodes.get(key).into_iter().flat_map(|node| node.rooms.iter().map(String::as_str))
    }

    /// A room by its key.
    pub fn room(&self, room_key: &str) -> Option<&Room> {
        self.rooms.get(room_key)
    }

    /// The keys of the rooms that have had news since this was last asked.
    pub fn take_news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
    }

    /// What is to be told in a room, and to whom; none when it came to nothing.
    pub fn take_presence(&mut self, room_key: &str) -> Option<(Presence, impl ExactSizeIterator<Item = NodeKey>)> {
        let room = self.rooms.get_mut(room_key)?;
        let presence = room.take_presence()?;
        Some((presence, room.members()))
    }
}

fn sorted(mut users: Vec<User>) -> Vec<User> {
    users.sort_by_cached_key(|user| user.nick.to_lowercase());
    users
}

/// The refusal to a node without a nick.
pub(crate) fn not_connected() -> Refusal {
    Refusal::new(ErrorCode::NotConnected, "This needs a nick. Send `connect` with one first.")
}

#[cfg(test)]
mod tests;
