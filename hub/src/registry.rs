//! Nick → nodes, and who hears what. Pure: no task, socket, clock or disk.

use std::collections::HashMap;
use std::collections::{BTreeMap, BTreeSet};

use shared::message::{ErrorCode, NodeInfo, Presence, Refusal, RoomInfo, State, User};
use shared::name::Likeness;
use shared::node::{HUB, is_local};
use shared::room::{LOBBY, RoomName};
use shared::wire::MAX_PRESENCE;
use slotmap::SlotMap;

use crate::backplane::{OwnerId, Route};
use crate::room::Room;

slotmap::new_key_type! {
    /// A connected node. Keys are never used again, so one of a node that has gone finds nothing.
    pub struct NodeKey;
}

/// Rooms on one hub. Each costs some hundred bytes; ten thousand are a few MiB.
const MAX_ROOMS: usize = 10_000;

/// People named to one who enters a room of more than [`MAX_PRESENCE`]: a screenful.
const MAX_NAMED: usize = 50;

/// Rooms that one node may be in: beyond what a person follows, enough for a bot that follows all.
const MAX_ROOMS_OF_NODE: usize = 1_000;

/// What a node said of itself, and what it has become.
#[derive(Debug)]
pub struct Node {
    /// The part of its name before the `@`.
    name: String,
    kind: String,
    /// Milliseconds since 1970 UTC.
    since: u64,
    owner: Option<OwnerId>,
    /// The keys of its rooms.
    rooms: BTreeSet<String>,
}

/// Who holds a nick, present or not.
#[derive(Debug)]
struct Owner {
    nick: String,
    nodes: BTreeSet<NodeKey>,
}

/// The state of the hub that is not in the log.
#[derive(Debug)]
pub struct Registry {
    /// The part of every node's name after the `@`.
    host: String,
    /// When the hub itself started, in milliseconds since 1970 UTC.
    since: u64,
    nodes: SlotMap<NodeKey, Node>,
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
}

/// A node that has just lost its nick or gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Departed {
    /// The owner, if this was their last node.
    pub last_of: Option<OwnerId>,
}

impl Registry {
    pub fn new(host: String, since: u64) -> Self {
        let mut registry = Self {
            host,
            since,
            nodes: SlotMap::with_key(),
            names: HashMap::new(),
            made_up: 0,
            owners: HashMap::new(),
            nicks: HashMap::new(),
            rooms: BTreeMap::new(),
            room_likeness: HashMap::new(),
            news: Vec::new(),
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
        self.owners.insert(owner, Owner { nick, nodes: BTreeSet::new() });
    }

    /// A room in which something was said before this hub started.
    pub fn add_kept_room(&mut self, name: &RoomName) {
        if !self.rooms.contains_key(&name.key()) {
            self.add_room(name, true);
        }
    }

    // Nodes

    /// A node connects. `wished` is a local name; it gets a number if it is taken, and a made-up
    /// name takes the place of none or one that no node may have.
    pub fn add_node(&mut self, wished: Option<&str>, kind: String, since: u64) -> NodeKey {
        let name = self.free_name(wished);
        let node = Node { name: name.clone(), kind, since, owner: None, rooms: BTreeSet::new() };
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

    /// A node has gone.
    pub fn remove_node(&mut self, key: NodeKey) -> Departed {
        let departed = self.unbind(key);
        if let Some(node) = self.nodes.remove(key) {
            self.names.remove(&node.name);
        }
        departed
    }

    pub fn has_node(&self, key: NodeKey) -> bool {
        self.nodes.contains_key(key)
    }

    /// How many nodes are connected.
    pub fn count_nodes(&self) -> usize {
        self.nodes.len()
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

    /// All nodes, the hub first, then by the time of their coming.
    pub fn list_nodes(&self) -> Vec<NodeInfo> {
        let hub = NodeInfo { node: self.hub(), nick: None, kind: HUB.to_owned(), since: self.since };
        let mut nodes: Vec<NodeInfo> = self
            .nodes
            .values()
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

    /// The nodes of an owner.
    pub fn nodes_of(&self, owner: OwnerId) -> impl Iterator<Item = NodeKey> {
        self.owners.get(&owner).into_iter().flat_map(|owner| owner.nodes.iter().copied())
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
        for room in std::mem::take(&mut node.rooms) {
            self.leave_room(key, owner, &room);
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

    // Rooms

    /// A node enters a room, which comes into being with its first visitor.
    ///
    /// # Errors
    /// Words for the person if there can be no such room, or the node has no nick.
    pub fn join(&mut self, key: NodeKey, name: &str) -> Result<&Room, Refusal> {
        let (owner, nick) = self.owner_of(key).ok_or_else(not_connected)?;
        let nick = nick.to_owned();
        let rooms = self.nodes.get(key).map_or(0, |node| node.rooms.len());
        if rooms >= MAX_ROOMS_OF_NODE && self.room_of(key, name).is_err() {
            return Err(Refusal::new(
                ErrorCode::RoomInvalid,
                format!("This node is in {MAX_ROOMS_OF_NODE} rooms, as many as it may be. Leave one first."),
            ));
        }
        let room_key = self.find_or_add_room(name)?;
        let node = self.nodes.get_mut(key).ok_or_else(not_connected)?;
        node.rooms.insert(room_key.clone());
        let room = self.rooms.get_mut(&room_key).ok_or_else(not_connected)?;
        if room.enter(key, owner, &nick) {
            self.news.push(room_key);
        }
        Ok(room)
    }

    /// A node leaves a room.
    ///
    /// # Errors
    /// `not_in_room`, or `not_connected`.
    pub fn leave(&mut self, key: NodeKey, name: &str) -> Result<(), Refusal> {
        let (owner, _) = self.owner_of(key).ok_or_else(not_connected)?;
        let room_key = room_key(name);
        let node = self.nodes.get_mut(key).ok_or_else(not_connected)?;
        if !node.rooms.remove(&room_key) {
            return Err(not_in_room(name));
        }
        self.leave_room(key, owner, &room_key);
        Ok(())
    }

    fn leave_room(&mut self, key: NodeKey, owner: OwnerId, room_key: &str) {
        let Some(room) = self.rooms.get_mut(room_key) else { return };
        if room.leave(key, owner) {
            self.news.push(room_key.to_owned());
        }
        // Nobody is there to be told, and nothing was said that would be lost.
        if room.is_empty() && !room.is_kept() {
            for look in Likeness::of(room.name()).keys() {
                self.room_likeness.remove(look);
            }
            self.rooms.remove(room_key);
        }
    }

    /// The key and the room that a node is in, by any spelling of its name.
    ///
    /// # Errors
    /// `not_in_room`.
    pub fn room_of(&self, key: NodeKey, name: &str) -> Result<(String, &Room), Refusal> {
        let room_key = room_key(name);
        match self.rooms.get(&room_key) {
            Some(room) if room.has(key) => Ok((room_key, room)),
            _ => Err(not_in_room(name)),
        }
    }

    fn find_or_add_room(&mut self, name: &str) -> Result<String, Refusal> {
        let invalid = |message: String| Refusal::new(ErrorCode::RoomInvalid, message);
        let known = room_key(name);
        if self.rooms.contains_key(&known) {
            return Ok(known);
        }
        let name = RoomName::parse(name).map_err(|error| invalid(error.to_string()))?;
        if self.rooms.contains_key(&name.key()) {
            return Ok(name.key());
        }
        let likeness = name.likeness();
        if let Some(other) = likeness.keys().find_map(|key| self.room_likeness.get(key)) {
            let other = self.rooms.get(other).map_or(LOBBY, Room::name);
            return Err(invalid(format!(
                "This name looks like that of the room “{other}”. Join that one, or choose another name."
            )));
        }
        if self.rooms.len() >= MAX_ROOMS {
            return Err(invalid(format!("This hub has {MAX_ROOMS} rooms, as many as it may have. Join one of them.")));
        }
        self.add_room(&name, false);
        Ok(name.key())
    }

    fn add_room(&mut self, name: &RoomName, kept: bool) {
        let key = name.key();
        for look in Likeness::of(name.as_str()).keys() {
            self.room_likeness.insert(look.to_owned(), key.clone());
        }
        self.rooms.insert(key, Room::new(name.as_str().to_owned(), kept));
    }

    /// All rooms, by name.
    pub fn list_rooms(&self) -> Vec<RoomInfo> {
        let count = |room: &Room| u32::try_from(room.people().len()).unwrap_or(u32::MAX);
        self.rooms
            .values()
            .map(|room| RoomInfo { room: room.name().to_owned(), topic: None, users: count(room) })
            .collect()
    }

    // Who hears what

    /// Who is in a room, or on the hub, by nick.
    pub fn list_users(&self, room: Option<&str>) -> Vec<User> {
        match room {
            Some(name) => {
                self.rooms.get(&room_key(name)).map(|room| self.users_in(room, usize::MAX)).unwrap_or_default()
            }
            None => {
                let present = self.owners.values().filter(|owner| !owner.nodes.is_empty());
                sorted(present.map(|owner| user(&owner.nick, owner.nodes.len())).collect())
            }
        }
    }

    /// Who is in that room, by nick, and how many they are. Of a room so large that its
    /// presence is a count, only [`MAX_NAMED`] of those who have been on the hub longest:
    /// all names to everyone who comes would grow with the square of it.
    pub fn roster(&self, room: &Room) -> (Vec<User>, u32) {
        let people = room.people().len();
        let named = if people > MAX_PRESENCE { MAX_NAMED } else { people };
        (self.users_in(room, named), u32::try_from(people).unwrap_or(u32::MAX))
    }

    fn users_in(&self, room: &Room, most: usize) -> Vec<User> {
        let nodes = |owner| self.owners.get(&owner).map_or(0, |owner| owner.nodes.len());
        sorted(room.people().take(most).map(|(owner, nick)| user(nick, nodes(owner))).collect())
    }

    /// Calls `tell` for each node that an entry is for.
    pub fn route(&mut self, route: &Route, mut tell: impl FnMut(NodeKey)) {
        match route {
            Route::Room(key) => {
                if let Some(room) = self.rooms.get_mut(key) {
                    room.keep();
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

    /// The keys of the rooms that have had news since this was last asked.
    pub fn take_news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
    }

    /// What is to be told in a room, and to whom; none when it came to nothing.
    pub fn take_presence(&mut self, room_key: &str) -> Option<(Presence, impl Iterator<Item = NodeKey>)> {
        let room = self.rooms.get_mut(room_key)?;
        let presence = room.take_presence()?;
        Some((presence, room.members()))
    }
}

/// What a room is known by: case and one leading `#` do not count. For a name that no room
/// may have, something that finds none.
fn room_key(name: &str) -> String {
    let name = name.trim();
    name.strip_prefix('#').unwrap_or(name).to_lowercase()
}

fn user(nick: &str, nodes: usize) -> User {
    User { nick: nick.to_owned(), state: State::Online, nodes: u32::try_from(nodes).unwrap_or(u32::MAX) }
}

fn sorted(mut users: Vec<User>) -> Vec<User> {
    users.sort_by_cached_key(|user| user.nick.to_lowercase());
    users
}

/// The refusal to a node without a nick.
pub(crate) fn not_connected() -> Refusal {
    Refusal::new(ErrorCode::NotConnected, "This needs a nick. Send `connect` with one first.")
}

fn not_in_room(name: &str) -> Refusal {
    let name: String = name.chars().take(shared::name::MAX_CHARS).collect();
    Refusal::new(ErrorCode::NotInRoom, format!("You are not in the room “{name}”. Join it first."))
}

#[cfg(test)]
mod tests;
