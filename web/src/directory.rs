//! What the hub knows beyond the places one is at: all rooms, everybody, and how somebody is.

use shared::letters::fold;
use shared::message::{Person, Refusal, RoomInfo, State, ToHub, User};
use shared::session::{Phase, Response};
use shared::transcript::Place;

use crate::dialog::Dialog;
use crate::driver::Asked;
use crate::node::Node;
use crate::state::*;
use crate::{calendar, clock, message_handler};

/// Why nothing can be asked.
const NO_CONNECTION: &str = "There is no connection to the hub at the moment.";

/// What was asked for, as the hub said it last.
#[derive(Clone, Copy)]
pub(crate) struct Directory {
    /// None until the hub has said.
    pub(crate) rooms: Signal<Option<Vec<RoomInfo>>>,
    /// None until the hub has said.
    pub(crate) users: Signal<Option<Vec<User>>>,
    /// Whoever was asked about last.
    pub(crate) person: Signal<Option<Person>>,
    /// What went wrong, in words.
    pub(crate) error: Signal<Option<String>>,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self { rooms: Signal::new(None), users: Signal::new(None), person: Signal::new(None), error: Signal::new(None) }
    }
}

impl Node {
    /// Opens the list of all rooms.
    pub(crate) fn pick_room(self) {
        self.directory.rooms.set(None);
        if self.can_look_up() {
            self.ask_rooms();
        }
        self.open_dialog(Dialog::Rooms);
    }

    /// Opens the list of everybody.
    pub(crate) fn pick_person(self) {
        self.directory.users.set(None);
        if self.can_look_up() {
            self.ask_everyone();
        }
        self.open_dialog(Dialog::People);
    }

    /// Opens the way to everything. What was known of rooms and people is shown until the hub has said it anew.
    pub(crate) fn open_palette(self) {
        if self.can_look_up() {
            self.ask_rooms();
            self.ask_everyone();
        }
        self.open_dialog(Dialog::Palette);
    }

    /// Opens what is known of a nick.
    pub(crate) fn open_person(self, nick: &str) {
        if self.directory.person.with_untracked(|known| about(known.as_ref(), nick).is_none()) {
            self.directory.person.set(None);
        }
        if self.can_look_up() {
            self.ask_who(nick);
        }
        self.open_dialog(Dialog::Person(nick.to_owned()));
    }

    fn ask_rooms(self) {
        self.ask(Asked::Rooms, |id| ToHub::ListRooms { id });
    }

    fn ask_everyone(self) {
        self.ask(Asked::Everyone, |id| ToHub::ListUsers { id, room: None });
    }

    /// Asks how somebody is; without a connection later, when it is there again.
    pub(crate) fn ask_who(self, nick: &str) {
        if self.phase.get_untracked() == Phase::Online {
            let nick = nick.to_owned();
            self.ask(Asked::Who, |id| ToHub::Who { id, nick });
        }
    }

    /// Whether the hub can be asked; says why not.
    fn can_look_up(self) -> bool {
        let online = self.phase.get_untracked() == Phase::Online;
        self.directory.error.set((!online).then(|| NO_CONNECTION.to_owned()));
        online
    }

    /// The hub has answered what was asked for here.
    pub(crate) fn looked_up(self, answer: Result<Response, Refusal>) {
        match answer {
            Ok(Response::Rooms(rooms)) => self.directory.rooms.set(Some(rooms.rooms)),
            Ok(Response::Users(users)) => self.directory.users.set(Some(users.users)),
            Ok(Response::Person(person)) => self.directory.person.set(Some(person)),
            Err(refusal) => self.directory.error.set(Some(message_handler::words(&refusal))),
            Ok(_) => {}
        }
    }

    /// How somebody is: as the rooms one is in tell, else as the hub said when it was asked. Followed.
    pub(crate) fn state_of(self, nick: &str) -> Option<State> {
        self.states.track();
        let told = self.with_core(|core| core.transcript.state_of(nick));
        told.or_else(|| self.directory.person.with(|known| about(known.as_ref(), nick).map(|person| person.state)))
    }

    /// When somebody was last there, in words: `last seen 12 min ago`. None for whoever is there, and where that is not
    /// known. Followed.
    pub(crate) fn last_seen(self, nick: &str) -> Option<String> {
        let seen = self.directory.person.with(|known| about(known.as_ref(), nick).and_then(|person| person.seen))?;
        let away = matches!(self.state_of(nick), None | Some(State::Offline | State::Reconnecting));
        away.then(|| format!("last seen {} ago", calendar::span(clock::now().saturating_sub(seen))))
    }

    /// `/topic`: alone it opens the form.
    pub(crate) fn obey_topic(self, here: &Place, topic: Option<String>) -> bool {
        match (here, topic) {
            (Place::With(_), _) => {
                self.complain("A private conversation has no topic.".to_owned());
                false
            }
            (Place::Room(_), None) => {
                self.open_dialog(Dialog::Topic);
                true
            }
            (Place::Room(_), Some(topic)) => self.set_topic(here, &topic),
        }
    }

    /// A room is about something else from now on; nothing where that is empty.
    pub(crate) fn set_topic(self, place: &Place, topic: &str) -> bool {
        let (room, topic) = (place.name().to_owned(), topic.trim().to_owned());
        self.ask(Asked::Line, |id| ToHub::Topic { id, room, topic })
    }
}

fn about<'a>(known: Option<&'a Person>, nick: &str) -> Option<&'a Person> {
    known.filter(|person| fold(&person.nick) == fold(nick))
}
