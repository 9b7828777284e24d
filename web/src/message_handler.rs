//! The process that other nodes reach: what arrives is folded into the transcript, and what that
//! changed goes into the signals of [`Node`].

use crate::state::*;
use shared::message::{Answer, ErrorCode, Pinged, Refusal, Sent, State, ToHub, User};
use shared::session::{Delivery, Phase, Response, Session};
use shared::transcript::{Change, Changes, Conversation, Place};
use web_sys::Document;

use crate::dom::on_window;
use crate::driver::Asked;
use crate::node::{Listed, Node, Person, Screen, lobby};
use crate::notice::Notice;
use crate::page::{before_next_paint, document};
use crate::rows::rows;
use crate::storage::{Identity, Read};
use crate::{calendar, clock, storage};

/// Takes what the session delivers.
pub(crate) fn deliver(node: Node, delivery: Delivery) {
    let changes = node.with_core(|core| core.transcript.deliver(clock::now(), &delivery));
    node.show(&changes);
    node.show_standing();
    match delivery {
        Delivery::Welcomed { welcome, new_log } => {
            node.with_core(|core| core.cookie.clone()).as_deref().map(storage::keep_cookie);
            node.join.cookie_wanted.set(false);
            if let Some(read) = storage::read().filter(|read| read.epoch == welcome.epoch) {
                for (place, seq) in read.positions() {
                    let changes = node.with_core(|core| core.transcript.read(&place, seq));
                    node.show(&changes);
                }
            }
            node.welcome.set(Some(welcome));
            if new_log {
                node.notice.set(Some(Notice::Words(
                    "The hub has begun a new log. What was said before is not in it.".to_owned(),
                )));
            }
        }
        Delivery::Answered { request, answer } => answered(node, request, answer),
        Delivery::Complaint(refusal) => node.complain(words(&refusal)),
        Delivery::Lost | Delivery::Sending { .. } | Delivery::Heard(_) | Delivery::Presence(_) => {}
    }
}

/// Shows the state of the connection.
pub(crate) fn phase(node: Node, phase: Phase) {
    match &phase {
        Phase::CookieWanted { .. } => {
            let tried = node.with_core(|core| core.cookie.is_some());
            node.join.cookie_error.set(
                tried.then(|| {
                    "This is not the hub’s cookie. Ask for a new invitation link, and paste it here.".to_owned()
                }),
            );
            node.join.cookie_wanted.set(true);
            node.join.busy.set(false);
            node.screen.set(Screen::Join);
        }
        Phase::Refused { .. } => {
            node.join.busy.set(false);
            if node.screen.get_untracked() == Screen::Opening {
                node.screen.set(Screen::Join);
            }
        }
        Phase::Idle | Phase::Connecting | Phase::Online | Phase::Waiting { .. } | Phase::Offline => {}
    }
    let online = phase == Phase::Online;
    node.phase.set(phase);
    if online && node.screen.get_untracked() == Screen::Chat {
        node.load_first();
    }
}

fn answered(node: Node, request: ToHub, answer: Result<Response, Refusal>) {
    let purpose = request.id().and_then(|id| node.with_core(|core| core.purpose(id)));
    match (request, answer) {
        (ToHub::Connect { .. }, Ok(Response::Connected(connected))) => {
            let (nick, token) = (connected.nick, Some(connected.token));
            storage::keep_identity(&Identity { nick: nick.clone(), token, inside: true });
            node.nick.set(nick);
            node.join.busy.set(false);
            if node.screen.get_untracked() != Screen::Chat {
                node.screen.set(Screen::Chat);
                node.go(lobby());
            }
        }
        (ToHub::Connect { nick, .. }, Err(refusal)) => {
            node.join.nick.set(nick);
            node.join.nick_error.set(Some(words(&refusal)));
            node.join.busy.set(false);
            node.screen.set(Screen::Join);
        }
        (ToHub::Join { .. }, Ok(Response::Joined(joined))) => {
            node.keep_rooms();
            if purpose == Some(Asked::Enter) {
                node.picker.open.set(false);
                node.go(Place::Room(joined.room));
            }
        }
        (ToHub::Join { .. }, Err(refusal)) if purpose == Some(Asked::Enter) && node.picker.open.get_untracked() => {
            node.picker.error.set(Some(words(&refusal)));
        }
        (ToHub::Leave { .. }, Ok(_)) => {
            node.keep_rooms();
            if let Some(Asked::Leave(place)) = purpose {
                node.close(&place);
                let room = place.name();
                node.notice.set(Some(Notice::Words(format!("You have left {room}. Type /join {room} to come back."))));
            }
        }
        (ToHub::Disconnect { .. }, _) => node.end(),
        (ToHub::PrivateMessage { to, .. }, Ok(Response::Sent(Sent { delivered: Some(0), .. }))) => {
            node.notice
                .set(Some(Notice::Words(format!("{to} is not here now and will find your message on coming back."))));
        }
        // Their rows say so.
        (ToHub::Say { .. } | ToHub::PrivateMessage { .. }, _) => {}
        (ToHub::ListUsers { .. }, Ok(Response::Users(users))) => {
            if let Some(Asked::Users(place)) = purpose {
                let place = place.name().to_owned();
                node.notice.set(Some(Notice::Users { place, users: users.users }));
            }
        }
        (ToHub::ListRooms { .. }, Ok(Response::Rooms(rooms))) => node.picker.rooms.set(Some(rooms.rooms)),
        (ToHub::ListRooms { .. }, Err(refusal)) => node.picker.error.set(Some(words(&refusal))),
        (ToHub::ListNodes { .. }, Ok(Response::Nodes(nodes))) => {
            node.nodes.set(nodes.nodes.clone());
            if purpose == Some(Asked::Nodes) {
                node.notice.set(Some(Notice::Nodes(nodes.nodes)));
            }
        }
        (ToHub::Ping { node: pinged, .. }, Ok(Response::Pinged(Pinged { answer, ms }))) => {
            node.notice.set(Some(Notice::Words(match answer {
                Answer::Pong => format!("pong: {pinged} answered after {ms} ms."),
                Answer::Pang => {
                    format!("pang: {pinged} is unknown, gone, or does not answer. /nodes lists those that are there.")
                }
            })));
        }
        (ToHub::History { .. }, answer) => {
            let here = node.here.get_untracked();
            if matches!(purpose, Some(Asked::Older(place)) if place == here) {
                node.talk.loading.set(false);
                if let Err(refusal) = answer {
                    node.complain(words(&refusal));
                }
            }
        }
        (_, Err(refusal)) => {
            // What nobody asked for by hand (names to complete, say) fails in silence.
            if purpose.is_some_and(|purpose| purpose != Asked::NodeNames) {
                node.complain(words(&refusal));
            }
        }
        // The session has seen to it that answers fit their requests.
        (_, Ok(_)) => {}
    }
}

/// A refusal in words, with the time when it ends.
pub(crate) fn words(refusal: &Refusal) -> String {
    let mut words = refusal.message.clone();
    if let Some(until) = refusal.until {
        let wait = until.saturating_sub(clock::now());
        let span = calendar::span(wait);
        let when = calendar::full(until, clock::minutes_east(until));
        words.push_str(&match refusal.code {
            ErrorCode::NickInUse if wait > 0 => {
                format!(" It falls free in {span} ({when}) unless its owner comes back.")
            }
            _ if wait > 0 => format!(" Try again in {span}."),
            _ => " Try again now.".to_owned(),
        });
    }
    words
}

impl Node {
    /// Draws what changed, and nothing else.
    pub(crate) fn show(self, changes: &Changes) {
        if changes.places {
            self.draw_places();
        }
        let here = self.here.get_untracked();
        if changes.at.iter().any(|change| change.people) {
            self.states.notify();
            if matches!(here, Place::With(_)) {
                self.draw_people();
            }
        }
        for Change { place, lines, people, unread } in &changes.at {
            if *unread {
                self.draw_unread(place);
            }
            if *place == here {
                if *lines {
                    self.order_rows();
                }
                if *people {
                    self.draw_people();
                }
            }
        }
    }

    fn draw_places(self) {
        let places = self.with_core(|core| core.transcript.places());
        self.places.update(|listed| {
            *listed = places
                .into_iter()
                .map(|place| {
                    let known = listed.iter().find(|known| known.place == place);
                    let unread =
                        known.map_or_else(|| ArcRwSignal::new(self.unread(&place)), |known| known.unread.clone());
                    Listed { place, unread }
                })
                .collect();
        });
        let here = self.here.get_untracked();
        if self.with_core(|core| core.transcript.get(&here).is_some()) {
            self.draw_people();
            self.order_rows();
        }
    }

    fn unread(self, place: &Place) -> usize {
        self.with_core(|core| core.transcript.get(place).map_or(0, Conversation::unread))
    }

    fn draw_unread(self, place: &Place) {
        let unread = self.unread(place);
        self.places.with_untracked(|listed| {
            if let Some(known) = listed.iter().find(|known| known.place == *place) {
                known.unread.set(unread);
            }
        });
    }

    /// People, their number, the topic.
    pub(crate) fn draw_people(self) {
        let here = self.here.get_untracked();
        self.with_core(|core| {
            let Some(known) = core.transcript.get(&here) else { return };
            let talk = self.talk;
            match &here {
                Place::Room(_) => {
                    let person = |user: &User| Person { nick: user.nick.clone(), state: Some(user.state) };
                    talk.people.set(known.people().map(person).collect());
                    talk.count.set(known.count());
                }
                Place::With(nick) => {
                    let other = Person { nick: nick.clone(), state: core.transcript.state_of(nick) };
                    let me = Person { nick: self.nick.get_untracked(), state: Some(State::Online) };
                    talk.people.set(vec![other, me]);
                    talk.count.set(2);
                }
            }
            talk.only_counted.set(known.only_counted());
            talk.topic.set(known.topic().map(str::to_owned));
            talk.joined.set(known.joined());
        });
    }

    /// Draws the rows with the next frame: a thousand lines a second are drawn sixty times.
    fn order_rows(self) {
        if !self.drawing.get_value() {
            self.drawing.set_value(true);
            before_next_paint(move || {
                self.drawing.set_value(false);
                self.draw_rows();
            });
        }
    }

    pub(crate) fn draw_rows(self) {
        let here = self.here.get_untracked();
        let drawn = self.with_core(|core| {
            let known = core.transcript.get(&here)?;
            Some((rows(known.items(), core.transcript.me(), clock::minutes_east), known.more()))
        });
        let (rows, more) = drawn.unwrap_or_default();
        self.talk.more.set(more);
        self.talk.rows.set(rows);
        self.mark_read();
    }

    /// What is in view on a page that is in view is read.
    pub(crate) fn mark_read(self) {
        if !self.talk.at_end.get_untracked() || Document::hidden(&document()) {
            return;
        }
        let here = self.here.get_untracked();
        let newest = self.with_core(|core| {
            let known = core.transcript.get(&here)?;
            if known.unread() == 0 {
                return None;
            }
            known.lines().next_back().map(|line| line.seq())
        });
        if let Some(newest) = newest {
            let changes = self.with_core(|core| core.transcript.read(&here, newest));
            self.show(&changes);
            self.keep_read();
        }
    }

    fn keep_read(self) {
        let Some(epoch) = self.welcome.with_untracked(|welcome| Some(welcome.as_ref()?.epoch.clone())) else { return };
        storage::keep_read(&self.with_core(|core| Read::new(epoch, core.transcript.positions())));
    }

    fn keep_rooms(self) {
        let rooms: Vec<String> = self.with_core(|core| core.session.rooms().map(str::to_owned).collect());
        storage::keep_rooms(&rooms);
    }

    /// What the line below the composer says, beside the phase.
    fn show_standing(self) {
        let (unsent, seq) = self.with_core(|core| (core.session.unsent(), core.session.position().seq));
        if self.unsent.get_untracked() != unsent {
            self.unsent.set(unsent);
        }
        if self.seq.get_untracked() != seq {
            self.seq.set(seq);
        }
    }

    /// The device's network and screen, as the session wants to know of them.
    pub(crate) fn listen(self) {
        on_window("online", move |_| self.session(Session::online));
        on_window("offline", move |_| self.session(Session::offline));
        // A page that is left may be kept for a way back, with its socket open and answering: a ghost.
        on_window("pagehide", move |_| self.session(Session::stop));
        on_window("pageshow", move |_| {
            self.session(|session, now| {
                session.start(now);
                session.visible(now);
            });
        });
        on_window("hashchange", move |_| self.link_opened());
        // It is told to the document, and from there to the window.
        on_window("visibilitychange", move |_| {
            if !Document::hidden(&document()) {
                self.session(Session::visible);
                self.mark_read();
            }
        });
    }
}
