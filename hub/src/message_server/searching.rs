//! Searches: what a node may find, and one search of a node at a time.

use std::sync::Arc;

use shared::message::{ErrorCode, Page, Refusal, ToHub};
use shared::wire::{DEFAULT_PAGE, MAX_PAGE};

use super::MessageServer;
use super::requests::no_such_nick;
use crate::backplane::{Place, ReadError, Search, Words, WordsError};
use crate::outbox::{Answer, Parcel};
use crate::registry::{NodeKey, not_connected};

impl MessageServer {
    /// Answers a `search` later, or refuses it now.
    pub(super) fn search(&self, node: NodeKey, id: &str, request: ToHub) -> Result<(), Refusal> {
        let ToHub::Search { query, room, with, from, since, until, before, limit, .. } = request else {
            return Ok(()); // nothing else comes here
        };
        let words = Words::parse(&query).map_err(|error| {
            let code = match error {
                WordsError::Empty => ErrorCode::QueryEmpty,
                WordsError::TooLong => ErrorCode::BadMessage,
            };
            Refusal::new(code, error.to_string())
        })?;
        let mut places = self.searched(node, room.as_deref(), with.as_deref())?;
        let author = from.as_deref().map(|from| self.registry.find_owner(from));
        if author == Some(None) {
            places.clear(); // nobody said anything anywhere
        }
        let from = author.flatten().map(|(owner, _)| owner);
        let limit = limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE);
        self.search_for(node, id, Search { words, places, from, since, until, before, limit });
        Ok(())
    }

    /// The places in which a node looks: the one it names, or all it may see.
    fn searched(&self, node: NodeKey, room: Option<&str>, with: Option<&str>) -> Result<Vec<Place>, Refusal> {
        let (owner, _) = self.registry.owner_of(node).ok_or_else(not_connected)?;
        match (room, with) {
            (Some(room), None) => Ok(vec![Place::Room(self.registry.room_of(node, room)?.0)]),
            (None, Some(with)) => {
                let (other, _) = self.registry.find_owner(with).ok_or_else(|| no_such_nick(with))?;
                Ok(vec![Place::Pair(owner, other)])
            }
            (None, None) => {
                let rooms = self.registry.room_keys(node).map(|key| Place::Room(key.to_owned()));
                Ok(rooms.chain([Place::Whispers(owner)]).collect())
            }
            (Some(_), Some(_)) => {
                Err(Refusal::new(ErrorCode::BadMessage, "A search is in a `room` or `with` a nick, not in both."))
            }
        }
    }

    /// Asks the log, once it has answered what the node searched for before: who types fast has many searches under
    /// way, and holds nobody else up by them. How many wait is bounded by the pages a node may ask for at a time.
    fn search_for(&self, node: NodeKey, id: &str, search: Search) {
        let Some(desk) = self.desks.get(node) else { return };
        let Some(outbox) = desk.outbox.clone().filter(|outbox| !outbox.is_ended()) else {
            return; // nobody is there to read it
        };
        let (turn, backplane) = (Arc::clone(&desk.search), Arc::clone(&self.backplane));
        let id = id.to_owned();
        tokio::spawn(async move {
            let turn = turn.acquire_owned().await;
            if !outbox.is_ended() {
                let found = backplane.search(search).await;
                drop(turn);
                outbox.page_done();
                let page = found.map(|(entries, more)| Answer::Page(Page { entries, more }));
                outbox.push(Parcel::reply(id, page.map_err(unsearched)));
            }
        });
    }
}

fn unsearched(error: ReadError) -> Refusal {
    let message = match error {
        ReadError::Late => "Nothing was found in the time that a search may take. Search for more of the word, in one \
                            room, or in a shorter time."
            .to_owned(),
        ReadError::Busy | ReadError::Broken => format!("The hub could not search: {error}. Try again."),
    };
    Refusal::new(ErrorCode::Unavailable, message)
}
