//! What a person wants of this node, where they are.

use shared::command::{self, Command};
use shared::message::ToHub;
use shared::session::Phase;
use shared::transcript::Place;
use shared::wire;

use crate::driver::Asked;
use crate::node::Node;
use crate::notice::Notice;
use crate::{invitation, storage};

impl Node {
    /// Looks at another place.
    pub(crate) fn go(self, place: Place) {
        if self.with_core(|core| core.transcript.get(&place).is_none()) {
            let changes = self.with_core(|core| core.transcript.open(&place));
            self.show(&changes);
        }
        self.notice.set(None);
        self.talk.loading.set(false);
        self.talk.at_end.set(true);
        self.here.set(place);
        self.draw_people();
        self.draw_rows();
        self.load_first();
        self.talk.to_end.notify();
        self.ask_reach_anew();
    }

    /// What was typed into the composer. False if it was not understood, and stays there.
    pub(crate) fn enter(self, line: &str) -> bool {
        self.notice.set(None);
        match command::parse(line) {
            Ok(None) => true,
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
            Command::Say { text } => self.say(&here, &text),
            Command::PrivateMessage { to, text } => {
                let place = Place::With(to);
                let said = self.say(&place, &text);
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
            Command::Nodes => self.ask(Asked::Nodes, |id| ToHub::ListNodes { id }),
            Command::Ping { node } => self.ask(Asked::Ping(node.clone()), |id| ToHub::Ping { id, node }),
            Command::Quit => {
                self.quit();
                true
            }
        }
    }

    fn say(self, place: &Place, text: &str) -> bool {
        let text = match wire::trim_text(text) {
            Ok(text) => text.to_owned(),
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
        let said = self.ask(Asked::Line, |id| place.say(id, text));
        if said {
            self.talk.to_end.notify();
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
                self.picker.open.set(false);
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
                self.go(next);
            }
        }
    }

    /// Opens the list of all rooms.
    pub(crate) fn pick_room(self) {
        self.notice.set(None);
        self.picker.error.set(None);
        self.picker.rooms.set(None);
        self.picker.open.set(true);
        self.ask(Asked::Rooms, |id| ToHub::ListRooms { id });
    }

    /// Names the nodes, so that they can be completed.
    pub(crate) fn learn_nodes(self) {
        self.ask(Asked::NodeNames, |id| ToHub::ListNodes { id });
    }

    /// In a room of very many the hub names people only when asked.
    pub(crate) fn list_people(self) {
        let here = self.here.get_untracked();
        let room = here.name().to_owned();
        self.ask(Asked::Users(here), |id| ToHub::ListUsers { id, room: Some(room) });
    }

    /// Shows older lines: those held that are not drawn yet, else a page of the hub's.
    pub(crate) fn older(self) {
        if !self.draw_older() {
            self.load_older();
        }
    }

    /// Asks for the page before the oldest line held.
    pub(crate) fn load_older(self) {
        if self.talk.loading.get_untracked() || self.phase.get_untracked() != Phase::Online {
            return;
        }
        let here = self.here.get_untracked();
        // The id is put in by the session.
        let request = self.with_core(|core| core.transcript.get(&here).and_then(|known| known.older(String::new())));
        if let Some(request) = request {
            self.talk.loading.set(true);
            self.ask(Asked::Older(here), |id| with_id(request, id));
        }
    }

    /// Loads the newest page of a place seen for the first time.
    pub(crate) fn load_first(self) {
        let here = self.here.get_untracked();
        let fresh =
            self.with_core(|core| core.transcript.get(&here).is_some_and(|known| known.fresh() && known.joined()));
        if fresh {
            self.load_older();
        }
    }

    /// Asks for the lines behind a hole.
    pub(crate) fn fill(self, after: u64) {
        let here = self.here.get_untracked();
        let request =
            self.with_core(|core| core.transcript.get(&here).map(|known| known.missing(String::new(), after)));
        if let Some(request) = request {
            self.ask(Asked::Older(here), |id| with_id(request, id));
        }
    }

    /// Where the person looks: at the end, or from the line `top` on.
    pub(crate) fn looks(self, at_end: bool, top: Option<u64>) {
        if self.talk.at_end.get_untracked() != at_end {
            self.talk.at_end.set(at_end);
        }
        let here = self.here.get_untracked();
        self.with_core(|core| core.transcript.hold(&here, top.filter(|_| !at_end)));
        self.mark_read();
    }

    /// A refused line once more, as a new request.
    pub(crate) fn again(self, id: &str) {
        let here = self.here.get_untracked();
        if let Some(text) = self.dismiss(id) {
            self.say(&here, &text);
        }
    }

    /// Takes a refused line away; gives its text.
    pub(crate) fn dismiss(self, id: &str) -> Option<String> {
        let here = self.here.get_untracked();
        let (text, changes) = self.with_core(|core| core.transcript.dismiss(&here, id));
        storage::forget_line(id);
        self.show(&changes);
        text
    }

    pub(crate) fn complain(self, words: String) {
        self.notice.set(Some(Notice::Error(words)));
    }

    /// The link that lets others in.
    pub(crate) fn invitation(self) -> String {
        invitation::link(self.with_core(|core| core.cookie.clone()).as_deref())
    }
}

/// The same request with another id.
pub(crate) fn with_id(mut request: ToHub, new: String) -> ToHub {
    if let ToHub::History { id, .. } | ToHub::Cursors { id, .. } = &mut request {
        *id = new;
    }
    request
}
