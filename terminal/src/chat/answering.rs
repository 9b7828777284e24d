//! What the hub answers, to the person who asked.

use shared::message::{ErrorCode, Refusal, Sent, ToHub};
use shared::room::LOBBY;
use shared::session::Response;
use shared::transcript::{Conversation, Place, wants_more};

use super::{Chat, Event, Purpose, words};
use crate::exit::{Code, Failure};
use crate::profile::now;

impl Chat {
    pub(super) fn answered(&mut self, request: &ToHub, answer: &Result<Response, Refusal>) {
        let purpose = request.id().and_then(|id| self.asked.remove(id));
        if request.makes_entry() {
            return self.line_answered(request, answer);
        }
        match (request, answer) {
            (ToHub::Connect { .. }, Ok(Response::Connected(connected))) => {
                let (nick, token) = (connected.nick.clone(), connected.token.clone());
                if self.memory.hub().token(&nick) != Some(&token) {
                    self.remember(|hub| hub.is_ours(&nick, &token));
                }
                self.load_waited_for();
            }
            (ToHub::Connect { .. }, Err(refusal)) => {
                self.nick_is_lost(refusal);
            }
            (ToHub::Join { .. }, Ok(Response::Joined(joined))) => {
                self.remember_rooms();
                if let Some(Purpose::Enter(from)) = purpose {
                    // Not where the person has gone elsewhere meanwhile.
                    if self.here.is(&from) {
                        self.go(&Place::Room(joined.room.clone()));
                    }
                    self.tell(words::joined(&joined.room, &joined.users, joined.count));
                }
                self.load_waited_for();
            }
            (ToHub::Leave { room, .. }, Ok(_)) => {
                self.remember_rooms();
                let place = Place::Room(room.clone());
                // Told where one is then. Line by line it stands behind the last of what was heard there.
                if !self.line_by_line {
                    self.close(&place);
                }
                if let Some(Purpose::Leave(_)) = purpose {
                    let left = self.called(room);
                    self.tell(format!("You have left {left}. Type /join {room} to come back."));
                }
                if self.line_by_line {
                    self.close(&place);
                }
            }
            (_, answer) => {
                if let Some(purpose) = purpose {
                    self.told(purpose, answer);
                }
            }
        }
    }

    fn told(&mut self, purpose: Purpose, answer: &Result<Response, Refusal>) {
        match (purpose, answer) {
            (Purpose::Search, answer) => self.searched(answer),
            (Purpose::Reach, _) => self.reach_told(),
            (Purpose::Around(place, seq), answer) => self.came_round(&place, seq, answer),
            (Purpose::Older(place), Ok(Response::Page(page))) => {
                if wants_more(page) && self.here.is(&place) {
                    self.load_older(); // it held little but changes of other lines
                }
            }
            // A hole that cannot be filled shows itself.
            (Purpose::Older(_) | Purpose::Hole(_) | Purpose::NodeNames, Err(_)) => {}
            (Purpose::Users(place), Ok(Response::Users(users))) => {
                let words = match &place {
                    Place::Room(_) => {
                        let count = u32::try_from(users.users.len()).unwrap_or(u32::MAX);
                        words::users(&users.users, count)
                    }
                    Place::With(_) => words::everyone(&users.users),
                };
                self.tell(words);
            }
            (Purpose::NodeNames, Ok(Response::Nodes(nodes))) => {
                self.nodes = nodes.nodes.iter().map(|node| node.node.clone()).collect();
            }
            (Purpose::Nodes, Ok(Response::Nodes(nodes))) => {
                self.nodes = nodes.nodes.iter().map(|node| node.node.clone()).collect();
                self.tell(words::nodes(&nodes.nodes, now()));
            }
            (Purpose::Ping(node), Ok(Response::Pinged(pinged))) => self.tell(words::pinged(&node, pinged)),
            (Purpose::Who, Ok(Response::Person(person))) => self.tell(words::person(person, now())),
            (_, Err(refusal)) => self.refuse(words::refusal(refusal)),
            (_, Ok(_)) => {}
        }
    }

    /// The transcript shows what became of a line; here it is said.
    fn line_answered(&mut self, request: &ToHub, answer: &Result<Response, Refusal>) {
        let id = request.id().unwrap_or_default();
        match answer {
            // What was given up with its nick waits for the next time.
            Err(refusal) if self.is_of_the_nick(refusal) => {
                self.unsaid.give_up(id);
                // That the nick is lost is told once, not of each line; whichever of the two comes first.
                if refusal.code == ErrorCode::NotConnected {
                    self.made.push(Event::Refused(words::refusal(refusal)));
                } else if self.nick_lost.is_none() {
                    self.nick_is_lost(refusal);
                }
            }
            answer => {
                self.unsaid.settle(id);
                self.line_settled(request, answer);
                if let Some(kept) = self.kept.iter().position(|kept| kept == id) {
                    self.settled.push(self.kept.swap_remove(kept));
                }
            }
        }
        if self.unsent() == 0 {
            self.made.push(Event::Settled);
        }
    }

    fn line_settled(&mut self, request: &ToHub, answer: &Result<Response, Refusal>) {
        match (request, answer) {
            (ToHub::PrivateMessage { to, .. }, Ok(Response::Sent(Sent { delivered: Some(0), .. }))) => {
                self.tell(format!("{to} is not here now and will find your message on coming back."));
            }
            (ToHub::PrivateMessage { to, .. }, Err(refusal))
                if refusal.code == ErrorCode::NoSuchNick && self.close_with_nobody(to) =>
            {
                self.refuse(words::refusal(refusal));
            }
            (_, Err(refusal)) => {
                let mut words = words::refusal(refusal);
                if let ToHub::Edit { .. } | ToHub::Delete { .. } | ToHub::React { .. } | ToHub::Topic { .. } = request {
                    words = format!("This was not changed: {words}");
                }
                self.made.push(Event::Refused(words));
            }
            (_, Ok(_)) => {}
        }
    }

    /// Whether a line was refused not for what it is, but because there is no nick to say it as: the session refuses those
    /// that wait with the hub's own words to the nick.
    fn is_of_the_nick(&self, refusal: &Refusal) -> bool {
        let of_nicks = matches!(
            refusal.code,
            ErrorCode::NotConnected | ErrorCode::NickInUse | ErrorCode::NickNotAllowed | ErrorCode::NickInvalid
        );
        of_nicks || self.client.nick().is_none()
    }

    fn nick_is_lost(&mut self, refusal: &Refusal) {
        self.nick_lost = Some(Failure::new(Code::Nick, words::refusal(refusal)));
        self.made.push(Event::Phase);
    }

    /// Lines that were kept from an earlier time need no longer be.
    pub(super) fn forget_settled(&mut self) {
        if !self.settled.is_empty() {
            let (settled, nick) = (std::mem::take(&mut self.settled), self.me().to_owned());
            self.remember(|hub| hub.forget_lines(&nick, &settled));
        }
    }

    fn remember_rooms(&mut self) {
        let rooms: Vec<String> = self.client.rooms().into_iter().filter(|room| room != LOBBY).collect();
        if self.memory.hub().rooms != rooms {
            self.remember(|hub| hub.rooms = rooms);
        }
    }

    fn remember(&mut self, change: impl FnOnce(&mut crate::profile::Hub)) {
        if let Some(warning) = self.memory.keep(change) {
            self.tell(warning);
        }
    }

    /// Takes a private conversation with somebody who is not there off the list, where nothing was ever said in it but what
    /// was refused just now, nor is anything being typed there that would go on elsewhere. Whether that was so.
    fn close_with_nobody(&mut self, nick: &str) -> bool {
        let place = Place::With(nick.to_owned());
        let empty = |known: &Conversation| known.lines().next().is_none() && known.pending().len() <= 1;
        let typed = self.typed && self.here.is(&place);
        !self.line_by_line && !typed && self.transcript.get(&place).is_some_and(empty) && self.close(&place)
    }

    /// Takes a place off the list and looks at the one before. The last one stays, so that there always is one. Line by
    /// line nobody is led anywhere but to the lobby: who goes on typing must not tell it to somebody else. Whether it is
    /// off the list.
    pub(super) fn close(&mut self, place: &Place) -> bool {
        if self.line_by_line && self.here.is(place) {
            let lobby = Place::Room(LOBBY.to_owned());
            if self.here.is(&lobby) || !self.transcript.get(&lobby).is_some_and(Conversation::joined) {
                return false;
            }
            self.go(&lobby);
        }
        let others: Vec<Place> = self.transcript.places().into_iter().filter(|other| !other.is(place)).collect();
        if others.is_empty() {
            return false;
        }
        if self.here.is(place) {
            self.back();
        }
        self.before.retain(|before| !before.is(place));
        let changes = self.transcript.close(place);
        self.changed(changes);
        true
    }
}
