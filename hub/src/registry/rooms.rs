//! The rooms of the registry: who enters and leaves, and which rooms there can be.

use shared::message::{ErrorCode, Refusal, RoomInfo, State};
use shared::name::Likeness;
use shared::room::{LOBBY, RoomName};

use super::{News, NodeKey, Registry, not_connected};
use crate::backplane::OwnerId;
use crate::room::Room;

/// Rooms on one hub. Each costs some hundred bytes; ten thousand are a few MiB.
const MAX_ROOMS: usize = 10_000;

/// Rooms that one node may be in: beyond what a person follows, enough for a bot that follows all.
pub(super) const MAX_ROOMS_OF_NODE: usize = 1_000;

impl Registry {
    /// A node enters a room, which comes into being with its first visitor. Gives the room's key.
    ///
    /// # Errors
    /// Words for the person if there can be no such room, or the node has no nick.
    pub fn join(&mut self, key: NodeKey, name: &str) -> Result<String, Refusal> {
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
        let state = node.state;
        let room = self.rooms.get_mut(&room_key).ok_or_else(not_connected)?;
        if room.enter(key, owner, &nick, state) {
            self.news.push(News { room_key: room_key.clone(), number: room.news() });
        }
        Ok(room_key)
    }

    /// A node leaves a room. Gives the room's key.
    ///
    /// # Errors
    /// `not_in_room`, or `not_connected`.
    pub fn leave(&mut self, key: NodeKey, name: &str) -> Result<String, Refusal> {
        let (owner, _) = self.owner_of(key).ok_or_else(not_connected)?;
        let room_key = room_key(name);
        let node = self.nodes.get_mut(key).ok_or_else(not_connected)?;
        if !node.rooms.remove(room_key.as_str()) {
            return Err(not_in_room(name));
        }
        let state = node.state;
        self.leave_room(key, owner, &room_key, state);
        Ok(room_key)
    }

    pub(super) fn leave_room(&mut self, key: NodeKey, owner: OwnerId, room_key: &str, state: State) {
        let Some(room) = self.rooms.get_mut(room_key) else { return };
        if room.leave(key, owner, state) {
            self.news.push(News { room_key: room_key.to_owned(), number: room.news() });
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

    pub(super) fn add_room(&mut self, name: &RoomName, kept: bool) {
        let key = name.key();
        for look in Likeness::of(name.as_str()).keys() {
            self.room_likeness.insert(look.to_owned(), key.clone());
        }
        let latest = if kept { self.head } else { 0 };
        self.rooms.insert(key, Room::new(name.as_str().to_owned(), kept, latest));
    }

    /// A room is about something else now; nothing where there is no text.
    pub fn set_topic(&mut self, room_key: &str, topic: Option<String>) {
        if let Some(room) = self.rooms.get_mut(room_key) {
            room.set_topic(topic.filter(|topic| !topic.is_empty()));
        }
    }

    /// All rooms, by name.
    pub fn list_rooms(&self) -> Vec<RoomInfo> {
        let count = |room: &Room| u32::try_from(room.people().len()).unwrap_or(u32::MAX);
        self.rooms
            .values()
            .map(|room| RoomInfo { room: room.name().to_owned(), topic: room.topic(), users: count(room) })
            .collect()
    }
}

/// What a room is known by: case and one leading `#` do not count. For a name that no room
/// may have, something that finds none.
pub(super) fn room_key(name: &str) -> String {
    let name = name.trim();
    name.strip_prefix('#').unwrap_or(name).to_lowercase()
}

fn not_in_room(name: &str) -> Refusal {
    let name: String = name.chars().take(shared::name::MAX_CHARS).collect();
    Refusal::new(ErrorCode::NotInRoom, format!("You are not in the room “{name}”. Join it first."))
}
