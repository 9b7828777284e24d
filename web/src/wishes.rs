//! What a person wants of this node, where they are.

use std::sync::Arc;

use shared::command::{self, Command};
use shared::message::{FileRef, ToHub};
use shared::transcript::{Pending, Place};
use shared::wire;

use crate::driver::Asked;
use crate::node::Node;
use crate::notice::Notice;
use crate::{invitation, storage};

impl Node {
    /// What was typed into the composer. False if it was not understood, and stays there.
    pub(crate) fn enter(self, line: &str) -> bool {
        self.notice.set(None);
        match command::parse(line) {
            Ok(None) => self.say_here(""),
            Ok(Some(command)) => self.obey(command),
            Err(error) => {
                self.complain(error.to_string());
                false
            }
        }
    }

    fn obey(self, command: Command) -> bool {
        let here = self.here.get_untracked();
        match command {
            Command::Say { text } => self.say_here(&text),
            Command::PrivateMessage { to, text } => {
                let place = Place::With(to);
                let said = self.say(&place, &text, Vec::new());
                if said {
                    self.go(place);
                }
                said
            }
            Command::Help => {
                self.notice.set(Some(Notice::Help));
                true
            }
            Command::Join { room } => self.enter_room(room),
            Command::Leave => self.leave(&here),
            Command::Users => {
                let room = match &here {
                    Place::Room(room) => Some(room.clone()),
                    Place::With(_) => None,
                };
                self.ask(Asked::Users(here), |id| ToHub::ListUsers { id, room })
            }
            Command::Topic { topic } => self.obey_topic(&here, topic),
            Command::Who { nick } => {
                self.open_person(&nick);
                true
            }
            Command::Search { query } => {
                self.open_search(Some(query));
                true
            }
            Command::Nodes => self.ask(Asked::Nodes, |id| ToHub::ListNodes { id, follow: None }),
            Command::Ping { node } => self.ask(Asked::Ping(node.clone()), |id| ToHub::Ping { id, node }),
            Command::Quit => {
                self.quit();
                true
            }
        }
    }

    /// Says it. False where that cannot be tried; the person is told why.
    pub(crate) fn say(self, place: &Place, text: &str, files: Vec<FileRef>) -> bool {
        self.say_in_answer(place, text, self.answered_by_next(place), files)
    }

    /// The same in answer to a line, or to none. What else is begun at that place goes on.
    pub(crate) fn say_in_answer(self, place: &Place, text: &str, reply_to: Option<u64>, files: Vec<FileRef>) -> bool {
        let text = match wire::trim_text(text) {
            Ok(text) => text.to_owned(),
            Err(_) if !files.is_empty() && text.trim().is_empty() => String::new(),
            Err(error) => {
                self.complain(error.to_string());
                return false;
            }
        };
        if !self.with_core(|core| core.is_in(place)) {
            let room = place.name();
            self.complain(format!("You have left {room}. Type /join {room} to speak here again."));
            return false;
        }
        let said = self.ask(Asked::Line, |id| place.say_with(id, text, reply_to, files));
        if said {
            if reply_to.is_some() && reply_to == self.answered_by_next(place) {
                self.leave_off(place);
            }
            if *place == self.here.get_untracked() {
                self.see_own_line();
            }
        }
        said
    }

    /// Joins a room and looks at it; where one is in it already, only looks.
    pub(crate) fn enter_room(self, room: String) -> bool {
        let place = Place::Room(room.clone());
        let known = self.with_core(|core| {
            core.transcript.get(&place).filter(|known| known.joined()).map(|known| known.place().clone())
        });
        match known {
            Some(place) => {
                self.shut_dialog();
                self.go(place);
                true
            }
            None => self.ask(Asked::Enter, |id| ToHub::Join { id, room }),
        }
    }

    /// Leaves a room, or closes a private conversation.
    pub(crate) fn leave(self, place: &Place) -> bool {
        match place {
            Place::Room(room) => {
                let (asked, room) = (Asked::Leave(place.clone()), room.clone());
                self.ask(asked, |id| ToHub::Leave { id, room })
            }
            Place::With(_) => {
                self.close(place);
                true
            }
        }
    }

    /// Takes a place off the list and looks at another. The last one stays, so that there always is one.
    pub(crate) fn close(self, place: &Place) {
        let places = self.with_core(|core| core.transcript.places());
        if let Some(next) = places.into_iter().find(|other| other != place) {
            let changes = self.with_core(|core| core.transcript.close(place));
            self.show(&changes);
            if self.here.get_untracked() == *place {
                self.go_for_good(next);
            }
        }
    }

    /// Names the nodes, so that they can be completed.
    pub(crate) fn learn_nodes(self) {
        self.ask(Asked::NodeNames, |id| ToHub::ListNodes { id, follow: None });
    }

    /// In a room of very many the hub names people only when asked.
    pub(crate) fn list_people(self) {
        let here = self.here.get_untracked();
        let room = here.name().to_owned();
        self.ask(Asked::Users(here), |id| ToHub::ListUsers { id, room: Some(room) });
    }

    /// A refused line once more, as a new request.
    pub(crate) fn again(self, id: &str) {
        let here = self.here.get_untracked();
        if let Some(line) = self.dismiss(id) {
            let (text, files) = (line.text.clone(), line.files.clone());
            self.ask(Asked::Line, |id| here.say_with(id, text, line.reply_to, files));
            self.see_own_line();
        }
    }

    /// Takes a refused line away, and gives it.
    pub(crate) fn dismiss(self, id: &str) -> Option<Arc<Pending>> {
        let here = self.here.get_untracked();
        let (line, changes) = self.with_core(|core| core.transcript.dismiss(&here, id));
        storage::forget_line(id);
        self.show(&changes);
        line
    }

    pub(crate) fn complain(self, words: String) {
        self.notice.set(Some(Notice::Error(words)));
    }

    /// The link that lets others in by this address.
    pub(crate) fn invitation(self, address: &str) -> String {
        invitation::link(address, self.with_core(|core| core.cookie.clone()).as_deref())
    }
}

/// The same request for a page with another id, of so many entries at most.
pub(crate) fn with_id(mut request: ToHub, new: String, entries: u32) -> ToHub {
    if let ToHub::History { id, limit, .. } = &mut request {
        *id = new;
        *limit = Some(entries);
    }
    request
}
