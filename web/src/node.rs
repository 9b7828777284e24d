//! This tab's node, as the views know it: what they show are its signals, what a person wants are
//! its methods. Given to all views as a context.

use crate::state::*;
use shared::command::{self, Command};
use shared::message::{NodeInfo, RoomInfo, State, ToHub, Welcome};
use shared::room::LOBBY;
use shared::session::Phase;
use shared::transcript::Place;
use shared::wire;

use crate::driver::{Asked, Core};
use crate::notice::Notice;
use crate::rows::Row;
use crate::storage::Identity;
use crate::{clock, invitation, storage};

/// What fills the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// A returning visitor, not yet let in again.
    Opening,
    Join,
    Chat,
}

/// A place in the list of rooms.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) place: Place,
    /// How many lines of others are unread.
    pub(crate) unread: ArcRwSignal<usize>,
}

/// Someone at the place one looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) nick: String,
    /// None where no room one is in tells.
    pub(crate) state: Option<State>,
}

/// The place one looks at.
#[derive(Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) rows: RwSignal<Vec<Row>>,
    pub(crate) people: RwSignal<Vec<Person>>,
    /// How many people are here.
    pub(crate) count: RwSignal<usize>,
    /// There are too many people for the hub to name them.
    pub(crate) only_counted: RwSignal<bool>,
    pub(crate) topic: RwSignal<Option<String>>,
    pub(crate) joined: RwSignal<bool>,
    /// Whether there may be older lines.
    pub(crate) more: RwSignal<bool>,
    /// A page of older lines is on its way.
    pub(crate) loading: RwSignal<bool>,
    /// Whether the newest line is in view; new ones then are read at once.
    pub(crate) at_end: RwSignal<bool>,
    /// Told when the view must go to the end: one's own line, another place.
    pub(crate) to_end: Trigger,
}

/// The way in.
#[derive(Clone, Copy)]
pub(crate) struct JoinForm {
    pub(crate) nick: RwSignal<String>,
    pub(crate) cookie: RwSignal<String>,
    pub(crate) nick_error: RwSignal<Option<String>>,
    pub(crate) cookie_error: RwSignal<Option<String>>,
    pub(crate) cookie_wanted: RwSignal<bool>,
    /// Asked, and not answered yet.
    pub(crate) busy: RwSignal<bool>,
    /// Said to whoever has just left.
    pub(crate) farewell: RwSignal<Option<String>>,
}

/// The list of all rooms.
#[derive(Clone, Copy)]
pub(crate) struct Picker {
    pub(crate) open: RwSignal<bool>,
    /// None until the hub has said.
    pub(crate) rooms: RwSignal<Option<Vec<RoomInfo>>>,
    pub(crate) error: RwSignal<Option<String>>,
}

#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub(crate) screen: RwSignal<Screen>,
    pub(crate) phase: RwSignal<Phase>,
    pub(crate) welcome: RwSignal<Option<Welcome>>,
    /// The nick one speaks as.
    pub(crate) nick: RwSignal<String>,
    pub(crate) join: JoinForm,
    pub(crate) places: RwSignal<Vec<Listed>>,
    pub(crate) here: RwSignal<Place>,
    pub(crate) talk: Talk,
    pub(crate) notice: RwSignal<Option<Notice>>,
    pub(crate) picker: Picker,
    /// Lines that wait for the hub.
    pub(crate) unsent: RwSignal<usize>,
    /// Up to which entry of the log this node knows all it may see.
    pub(crate) seq: RwSignal<u64>,
    /// As far as they were asked for; names to complete.
    pub(crate) nodes: RwSignal<Vec<NodeInfo>>,
    /// Told when someone's state changed, anywhere.
    pub(crate) states: Trigger,
    pub(super) core: StoredValue<Core, LocalStorage>,
    /// A drawing of the rows is already ordered for the next frame.
    pub(super) drawing: StoredValue<bool>,
}

impl Node {
    /// Made once, at the start, and put into the context of all views.
    pub(crate) fn new() -> Self {
        Self {
            screen: RwSignal::new(Screen::Opening),
            phase: RwSignal::new(Phase::Idle),
            welcome: RwSignal::new(None),
            nick: RwSignal::new(String::new()),
            join: JoinForm {
                nick: RwSignal::new(String::new()),
                cookie: RwSignal::new(String::new()),
                nick_error: RwSignal::new(None),
                cookie_error: RwSignal::new(None),
                cookie_wanted: RwSignal::new(false),
                busy: RwSignal::new(false),
                farewell: RwSignal::new(None),
            },
            places: RwSignal::new(Vec::new()),
            here: RwSignal::new(lobby()),
            talk: Talk {
                rows: RwSignal::new(Vec::new()),
                people: RwSignal::new(Vec::new()),
                count: RwSignal::new(0),
                only_counted: RwSignal::new(false),
                topic: RwSignal::new(None),
                joined: RwSignal::new(true),
                more: RwSignal::new(true),
                loading: RwSignal::new(false),
                at_end: RwSignal::new(true),
                to_end: Trigger::new(),
            },
            notice: RwSignal::new(None),
            picker: Picker { open: RwSignal::new(false), rooms: RwSignal::new(None), error: RwSignal::new(None) },
            unsent: RwSignal::new(0),
            seq: RwSignal::new(0),
            nodes: RwSignal::new(Vec::new()),
            states: Trigger::new(),
            core: StoredValue::new_local(Core::new(node_name())),
            drawing: StoredValue::new(false),
        }
    }

    /// The node of this tab.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// Takes the cookie out of the link, and goes straight back in if this browser was in before.
    pub(crate) fn start(self) {
        let cookie = invitation::take_cookie().or_else(storage::cookie);
        self.core.update_value(|core| core.cookie = cookie);
        let identity = storage::identity().unwrap_or_default();
        self.join.nick.set(identity.nick.clone());
        if identity.inside {
            self.begin(Some(identity.nick), identity.token, storage::rooms());
        } else {
            // Connecting now shows whether the cookie is right before a nick is chosen.
            self.screen.set(Screen::Join);
            self.begin(None, None, Vec::new());
        }
    }

    /// The address has changed: an invitation link was opened in this tab, which loads no page anew.
    pub(crate) fn link_opened(self) {
        let Some(cookie) = invitation::take_cookie() else { return };
        self.core.update_value(|core| core.cookie = Some(cookie.clone()));
        self.join.cookie_error.set(None);
        self.join.cookie_wanted.set(false);
        self.session(|session, now| session.give_cookie(now, cookie));
    }

    /// The button `Join`.
    pub(crate) fn join(self) {
        let form = self.join;
        form.nick_error.set(None);
        form.cookie_error.set(None);
        form.farewell.set(None);
        let nick = form.nick.get_untracked().trim().to_owned();
        if nick.is_empty() {
            form.nick_error.set(Some("Choose a nick: it is the name that others see.".to_owned()));
            return;
        }
        if form.cookie_wanted.get_untracked() {
            let typed = form.cookie.get_untracked();
            let cookie = invitation::cookie_in(&typed).trim();
            if cookie.is_empty() {
                form.cookie_error.set(Some("Paste the cookie, or the whole invitation link.".to_owned()));
                return;
            }
            self.core.update_value(|core| core.cookie = Some(cookie.to_owned()));
        }
        form.busy.set(true);
        let token = storage::identity().filter(|known| known.nick == nick).and_then(|known| known.token);
        let waits_for_nick =
            self.phase.get_untracked() == Phase::Online && self.with_core(|core| core.session.nick().is_none());
        if waits_for_nick {
            let asked = self.ask(Asked::Line, |id| ToHub::Connect { id, nick, token });
            form.busy.set(asked);
        } else {
            self.begin(Some(nick), token, storage::rooms());
        }
    }

    /// Says good-bye to the hub and goes back to the way in.
    pub(crate) fn quit(self) {
        if self.phase.get_untracked() == Phase::Online && self.ask(Asked::Quit, |id| ToHub::Disconnect { id }) {
            return;
        }
        self.end();
    }

    /// Back at the way in, with nothing left of the conversation.
    pub(crate) fn end(self) {
        let (unsent, token) = self.with_core(|core| (core.session.unsent(), core.session.token().map(str::to_owned)));
        let nick = self.nick.get_untracked();
        // A session that has disconnected has let go of its token, but the nick stays ours by it.
        let kept = || storage::identity().filter(|known| known.nick == nick).and_then(|known| known.token);
        let token = token.or_else(kept);
        let lost = match unsent {
            0 => String::new(),
            1 => " One line could not be sent any more.".to_owned(),
            many => format!(" {many} lines could not be sent any more."),
        };
        self.join
            .farewell
            .set(Some(format!("Good-bye, {nick}.{lost} The nick stays yours; join again whenever you like.")));
        self.join.nick.set(nick.clone());
        self.join.busy.set(false);
        storage::keep_identity(&Identity { nick, token, inside: false });
        self.notice.set(None);
        self.screen.set(Screen::Join);
        self.session(shared::session::Session::stop);
    }

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
        let left = matches!(place, Place::Room(_))
            && self.with_core(|core| core.transcript.get(place).is_some_and(|room| !room.joined()));
        if left {
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
        let changes = self.with_core(|core| core.transcript.hold(&here, top.filter(|_| !at_end)));
        self.show(&changes);
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
fn with_id(mut request: ToHub, new: String) -> ToHub {
    if let ToHub::History { id, .. } = &mut request {
        *id = new;
    }
    request
}

pub(crate) fn lobby() -> Place {
    Place::Room(LOBBY.to_owned())
}

/// `tab-7f3a`; a reload keeps it.
fn node_name() -> String {
    storage::node().unwrap_or_else(|| {
        let [a, b, ..] = clock::random();
        let name = format!("tab-{a:02x}{b:02x}");
        storage::keep_node(&name);
        name
    })
}
