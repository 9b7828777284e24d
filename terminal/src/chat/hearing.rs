//! What arrives, as events. What can only be known before it is folded into the transcript is looked up first.

use shared::entry::Entry;
use shared::letters::fold;
use shared::markup::mentions_nick;
use shared::message::{Page, Presence, ToHub};
use shared::session::{Delivery, Phase, Response};
use shared::transcript::{Changes, Place};

use super::{Chat, Event, words};
use crate::profile::now;

impl Chat {
    pub(super) fn deliver(&mut self, delivery: &Delivery, events: &mut Vec<Event>) {
        match delivery {
            Delivery::Heard(entry) if entry.seq() > self.heard => {
                self.heard = entry.seq();
                self.tell_of(entry, events);
            }
            Delivery::Presence(presence) => self.tell_of_moves(presence, events),
            // A page of what was missed, which the session has asked for.
            Delivery::Answered { request, answer: Ok(Response::Page(page)) } => {
                self.tell_of_missed(request, page, events);
            }
            _ => {}
        }
        let changes = self.transcript.deliver(now(), delivery);
        note(events, changes);
        match delivery {
            Delivery::Welcomed { welcome, new_log } => {
                self.welcome.clone_from(welcome);
                self.heard = if *new_log { 0 } else { self.heard };
                if *new_log {
                    self.refuse("The hub has begun a new log. What was said before is not in it.".to_owned());
                }
            }
            Delivery::Answered { request, answer } => self.answered(request, answer),
            Delivery::Complaint(refusal) => self.refuse(words::refusal(refusal)),
            _ => {}
        }
        events.append(&mut self.made);
    }

    pub(super) fn phase_is(&mut self, phase: Phase, events: &mut Vec<Event>) {
        self.phase = phase;
        events.push(Event::Phase);
        if self.online() {
            self.load_first();
            events.append(&mut self.made);
        }
    }

    fn tell_of(&self, entry: &Entry, events: &mut Vec<Event>) {
        let Some(place) = self.transcript.place_of(entry) else { return };
        let known = self.transcript.get(&place);
        if known.is_none() && matches!(place, Place::Room(_)) {
            return; // one of the last of a room that was left
        }
        let place = known.map_or(place, |known| known.place().clone());
        let own = fold(entry.from()) == fold(self.me());
        let typed_here = own && known.is_some_and(|known| known.pending().iter().any(|line| line.id == entry.id()));
        if !own && entry.is_line() && (matches!(place, Place::With(_)) || mentions_nick(entry.text(), &fold(self.me())))
        {
            events.push(Event::Called { place: place.clone(), from: entry.from().to_owned() });
        }
        events.push(Event::Heard { place, entry: entry.clone(), typed_here });
    }

    fn tell_of_missed(&self, request: &ToHub, page: &Page, events: &mut Vec<Event>) {
        let ToHub::History { id, before: None, after: Some(_), .. } = request else { return };
        if self.asked.contains_key(id) {
            return;
        }
        let Some(place) = Place::of(request) else { return };
        let held = |entry: &Entry| self.transcript.get(&place).is_some_and(|known| known.holds(entry.seq()));
        for entry in page.entries.iter().filter(|entry| entry.is_line() && !held(entry)) {
            self.tell_of(entry, events);
        }
    }

    fn tell_of_moves(&self, presence: &Presence, events: &mut Vec<Event>) {
        let me = fold(self.me());
        let known = self.transcript.get(&Place::Room(presence.room.clone()));
        // Gathered over a while, it may tell of who was in the list already that came with the room.
        let is_here = |nick: &str| known.is_some_and(|room| room.people().any(|user| fold(&user.nick) == fold(nick)));
        let others = |nicks: &[String], here: bool| {
            let moved = nicks.iter().filter(|nick| fold(nick) != me && is_here(nick) == here);
            moved.cloned().collect::<Vec<_>>()
        };
        let (joined, left) = (others(&presence.joined, false), others(&presence.left, true));
        if !joined.is_empty() || !left.is_empty() {
            events.push(Event::Moved { room: presence.room.clone(), joined, left });
        }
    }
}

/// Adds changes to those that are to be drawn already.
fn note(events: &mut Vec<Event>, changes: Changes) {
    if changes.is_empty() {
        return;
    }
    let drawn = events.iter_mut().find_map(|event| match event {
        Event::Changed(changes) => Some(changes),
        _ => None,
    });
    match drawn {
        Some(drawn) => drawn.merge(changes),
        None => events.push(Event::Changed(changes)),
    }
}
