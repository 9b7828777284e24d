//! Nick → nodes, and who hears what. Pure: no task, socket, clock or disk.

mod rooms;
mod small_set;

use std::collections::{BTreeMap, HashMap};

use shared::message::{ErrorCode, NodeInfo, Person, Presence, Refusal, State, User};
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
    /// It answers signals.
    processes: bool,
    /// Milliseconds since 1970 UTC.
    since: u64,
    owner: Option<OwnerId>,
    /// `Online` or `Away` with a connection, `Reconnecting` without one.
    state: State,
    /// The keys of its rooms.
    rooms: SmallSet<String>,
}

/// Who holds a nick, present or not.
#[derive(Debug)]
struct Owner {
    nick: String,
    nodes: SmallSet<NodeKey>,
    /// When the last of its nodes that is not there any more was, in milliseconds since 1970 UTC, as far as is known.
    seen: Option<u64>,
}

impl Node {
    fn is_connected(&self) -> bool {
        self.state != State::Reconnecting
    }
}

/// The state of the hub that is not in the log.
#[derive(Debug)]
pub struct Registry {
    /// The part of every node's name after the `@`.
    host: String,
    /// When the hub itself started, in milliseconds since 1970 UTC.
    since: u64,
    /// The hub's own node answers signals.
    processes: bool,
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
    news: Vec<News>,
    /// Nothing was said in any room after this entry, as far as is known without looking into the log.
    head: u64,
    /// Nodes that keep a copy of the store.
    store: SmallSet<NodeKey>,
}

/// A node that has just lost its nick or gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Departed {
    /// The owner, if this was their last node.
    pub last_of: Option<OwnerId>,
}

/// A room in which there is something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub room_key: String,
    /// [`Room::news`] at that time.
    number: u64,
}

impl Registry {
    /// `since` is when the hub started, in milliseconds since 1970 UTC, and `head` the log's newest entry then.
    pub fn new(mut host: String, since: u64, head: u64) -> Self {
        // As nodes read it in any name.
        host.make_ascii_lowercase();
        let mut registry = Self {
            host,
            since,
            processes: false,
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
            store: SmallSet::default(),
        };
        registry.add_room(&RoomName::lobby(), true);
        registry
    }

    /// The hub's own node name.
    pub fn hub(&self) -> String {
        format!("{HUB}@{}", self.host)
    }

    /// An owner known from the log.
    pub fn add_owner(&mut self, owner: OwnerId, nick: String, seen: Option<u64>) {
        self.nicks.insert(nick.to_lowercase(), owner);
        self.owners.insert(owner, Owner { nick, nodes: SmallSet::default(), seen });
    }

    /// A room in which something was said before this hub started, and what it is about.
    pub fn add_kept_room(&mut self, name: &RoomName, topic: Option<String>) {
        if !self.rooms.contains_key(&name.key()) {
            self.add_room(name, true);
        }
        self.set_topic(&name.key(), topic);
    }

    // Nodes

    /// A node connects, or is known from before the hub started and `connected` is false. `wished` is a local name; it gets a number if it is taken, and a made-up
    /// name takes the place of none or one that no node may have.
    pub fn add_node(&mut self, wished: Option<&str>, kind: String, since: u64, connected: bool) -> NodeKey {
        let name = self.free_name(wished);
        let state = if connected { State::Online } else { State::Reconnecting };
        let rooms = SmallSet::default();
        let node = Node { name: name.clone(), kind, processes: false, since, owner: None, state, rooms };
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

    /// A node has lost its connection, has one again, or its person has left it alone or is back at it.
    pub fn turn(&mut self, key: NodeKey, state: State) {
        let Some(node) = self.nodes.get_mut(key).filter(|node| node.state != state) else { return };
        self.connected -= usize::from(node.is_connected());
        let before = std::mem::replace(&mut node.state, state);
        self.connected += usize::from(node.is_connected());
        let Some(owner) = node.owner else { return };
        for room_key in node.rooms.iter() {
            if let Some(room) = self.rooms.get_mut(room_key)
                && room.turn(owner, before, state)
            {
                self.news.push(News { room_key: room_key.clone(), number: room.news() });
            }
        }
    }

    /// A node has gone.
    pub fn remove_node(&mut self, key: NodeKey) -> Departed {
        let departed = self.unbind(key);
        if let Some(node) = self.nodes.remove(key) {
            self.connected -= usize::from(node.is_connected());
            self.names.remove(&node.name);
            self.store.remove(&key);
        }
        departed
    }

    /// Whether a node keeps a copy of the store, and so is to hear what becomes of it.
    pub fn set_store(&mut self, key: NodeKey, keeps: bool) {
        if !keeps {
            self.store.remove(&key);
        } else if self.nodes.contains_key(key) {
            self.store.insert(key);
        }
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
        self.nodes.get(key).is_some_and(Node::is_connected)
    }

    /// A node says whether it answers signals.
    pub fn set_processes(&mut self, key: NodeKey, processes: bool) {
        if let Some(node) = self.nodes.get_mut(key) {
            node.processes = processes;
        }
    }

    /// Whether a node answers signals.
    pub fn has_processes(&self, key: NodeKey) -> bool {
        self.nodes.get(key).is_some_and(|node| node.processes)
    }

    /// Whether the hub's own node answers signals.
    pub fn set_hub_processes(&mut self, processes: bool) {
        self.processes = processes;
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
        let mut nodes = self.infos(self.nodes.values());
        nodes.insert(0, self.hub_info());
        nodes
    }

    /// Those of some nodes that are connected, by the time of their coming, and before them the hub if it is wanted.
    pub fn list_some(&self, hub: bool, keys: impl Iterator<Item = NodeKey>) -> Vec<NodeInfo> {
        let mut nodes = self.infos(keys.filter_map(|key| self.nodes.get(key)));
        if hub {
            nodes.insert(0, self.hub_info());
        }
        nodes
    }

    fn hub_info(&self) -> NodeInfo {
        let (kind, processes) = (HUB.to_owned(), self.processes);
        NodeInfo { node: self.hub(), nick: None, kind, since: self.since, processes }
    }

    /// Those that are connected, by the time of their coming.
    fn infos<'a>(&self, nodes: impl Iterator<Item = &'a Node>) -> Vec<NodeInfo> {
        let info = |node: &Node| NodeInfo {
            node: format!("{}@{}", node.name, self.host),
            nick: node.owner.and_then(|owner| self.owners.get(&owner)).map(|owner| owner.nick.clone()),
            kind: node.kind.clone(),
            since: node.since,
            processes: node.processes,
        };
        let mut nodes: Vec<NodeInfo> = nodes.filter(|node| node.is_connected()).map(info).collect();
        nodes.sort_by(|one, other| (one.since, &one.node).cmp(&(other.since, &other.node)));
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

    /// The node's person was there at this time (milliseconds since 1970 UTC), and may not be any more.
    pub fn saw(&mut self, key: NodeKey, now: u64) {
        let owner = self.nodes.get(key).and_then(|node| node.owner);
        if let Some(owner) = owner.and_then(|owner| self.owners.get_mut(&owner)) {
            owner.seen = Some(now);
        }
    }

    /// All that may be known of a nick; none if nobody holds it.
    pub fn who(&self, nick: &str) -> Option<Person> {
        let (owner, nick) = self.find_owner(nick)?;
        let nodes = self.infos(self.nodes_of(owner).filter_map(|key| self.nodes.get(key)));
        let seen = self.owners.get(&owner).and_then(|owner| owner.seen).filter(|_| nodes.is_empty());
        Some(Person { nick: nick.to_owned(), state: self.state_of(owner), seen, nodes })
    }

    /// How an owner is, over all of their nodes.
    fn state_of(&self, owner: OwnerId) -> State {
        let states = || self.nodes_of(owner).filter_map(|key| self.nodes.get(key)).map(|node| node.state);
        let best = [State::Online, State::Away, State::Reconnecting]
            .into_iter()
            .find(|best| states().any(|state| state == *best));
        best.unwrap_or(State::Offline)
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
            self.add_owner(owner, nick.to_owned(), None);
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
        let state = node.state;
        for room in std::mem::take(&mut node.rooms) {
            self.leave_room(key, owner, &room, state);
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
                let user = |(owner, person): (&OwnerId, &Owner)| self.user(*owner, &person.nick, self.state_of(*owner));
                sorted(present.map(user).collect())
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
            Route::Everyone => self.store.iter().copied().for_each(tell),
        }
    }

    /// How many nodes entries of that route are for, or may be.
    pub fn audience(&self, route: &Route) -> usize {
        match route {
            Route::Room(key) => self.rooms.get(key).map_or(0, |room| room.members().len()),
            Route::Owners(one, other) => self.nodes_of(*one).count() + self.nodes_of(*other).count(),
            Route::Everyone => self.store.len(),
        }
    }

    /// Whether entries of that route are for a node.
    pub fn hears(&self, key: NodeKey, route: &Route) -> bool {
        let Some(node) = self.nodes.get(key) else { return false };
        match route {
            Route::Room(room) => node.rooms.contains(room),
            Route::Owners(one, other) => node.owner.is_some_and(|owner| owner == *one || owner == *other),
            Route::Everyone => self.store.contains(&key),
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

    /// The news that there are in rooms since this was last asked.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// What is to be told in a room, and to whom; none when it came to nothing. What is there by then may be later news,
    /// whose time has not come.
    pub fn take_presence(&mut self, news: &News) -> Option<(Presence, impl ExactSizeIterator<Item = NodeKey>)> {
        let room = self.rooms.get_mut(&news.room_key).filter(|room| room.news() == news.number)?;
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
