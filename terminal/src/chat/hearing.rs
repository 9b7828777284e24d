//! What arrives, as events. What can only be known before it is folded into the transcript is looked up first.

use std::collections::HashSet;

use shared::entry::Entry;
use shared::letters::fold;
use shared::markup::mentions_nick;
use shared::message::{Page, Presence, State, ToHub};
use shared::session::{Delivery, Phase, Response};
use shared::transcript::{Changes, Place};
use shared::wire::MAX_PRESENCE;

use super::{Chat, Event, words};
use crate::profile::now;

/// People known by name in a room, beyond whom nobody else comes in: a hub names nobody where there are half as many.
const MAX_PEOPLE: usize = 2 * MAX_PRESENCE;

impl Chat {
    pub(super) fn deliver(&mut self, delivery: &Delivery, events: &mut Vec<Event>) {
        let believed;
        let delivery = if let Delivery::Presence(presence) = delivery {
            let (presence, moved) = self.moves(presence);
            events.extend(moved);
            believed = Delivery::Presence(presence);
            &believed
        } else {
            delivery
        };
        match delivery {
            Delivery::Heard(entry) if entry.seq() > self.heard => {
                self.heard = entry.seq();
                self.tell_of(entry, events);
            }
            // A page of what was missed, which the session has asked for.
            Delivery::Answered { request, answer: Ok(Response::Page(page)) } => {
                self.tell_of_missed(request, page, events);
            }
            _ => {}
        }
        let changes =
            if self.is_of_closed(delivery) { Changes::default() } else { self.transcript.deliver(now(), delivery) };
        self.reach_may_change(delivery, &changes);
        note(events, changes);
        match delivery {
            Delivery::Welcomed { welcome, new_log } => {
                self.welcome.clone_from(welcome);
                self.heard = if *new_log { 0 } else { self.heard };
                if *new_log {
                    self.tell_of_new_log();
                }
            }
            Delivery::Answered { request, answer } => self.answered(request, answer),
            Delivery::Complaint(refusal) => self.refuse(words::refusal(refusal)),
            _ => {}
        }
        self.tell_waiting();
        events.append(&mut self.made);
    }

    pub(super) fn phase_is(&mut self, phase: Phase, events: &mut Vec<Event>) {
        self.phase = phase;
        events.push(Event::Phase);
        if self.online() {
            self.load_first();
            self.ask_reach_anew();
            self.tell_waiting();
            events.append(&mut self.made);
        }
    }

    /// Whether it is a page that was asked for where a place is open no more, which it would open again.
    fn is_of_closed(&self, delivery: &Delivery) -> bool {
        let Delivery::Answered { request: request @ ToHub::History { id, .. }, .. } = delivery else { return false };
        self.asked.contains_key(id) && Place::of(request).is_some_and(|place| self.transcript.get(&place).is_none())
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

    /// What a signal says of who came and went, as far as it is to be believed, and what is told of that. However much of it
    /// there is, the list of people stays a list, and nobody leaves it who was not on it.
    fn moves(&self, presence: &Presence) -> (Presence, Option<Event>) {
        let mut believed = presence.clone();
        let Some(room) = self.transcript.get(&Place::Room(presence.room.clone())) else { return (believed, None) };
        let (named, count) = (room.people().count(), room.count());
        if count != named && presence.count.is_none() {
            // Some are only counted, and those who leave may be of them.
            let count = (count + presence.joined.len()).saturating_sub(presence.left.len());
            believed.count = u32::try_from(count).ok();
        }
        let me = fold(self.me());
        // Gathered over a while, it may tell of who was in the list already that came with the room.
        let before: HashSet<String> = room.people().map(|user| fold(&user.nick)).collect();
        let mut new = HashSet::new();
        believed.joined.retain(|nick| {
            let key = fold(nick);
            let known = before.contains(&key) || new.contains(&key);
            known || (before.len() + new.len() < MAX_PEOPLE && new.insert(key))
        });
        believed.left.retain(|nick| before.contains(&fold(nick)) || new.contains(&fold(nick)));
        let others = |nicks: &[String], here: bool| -> Vec<String> {
            let moved = nicks.iter().filter(|nick| fold(nick) != me && before.contains(&fold(nick)) == here);
            moved.cloned().collect()
        };
        let (joined, left) = (others(&believed.joined, false), others(&believed.left, true));
        // Who was in the list already has not come now, but is as who comes is.
        for nick in believed.joined.extract_if(.., |nick| before.contains(&fold(nick))) {
            believed.states.entry(nick).or_insert(State::Online);
        }
        let moved = !joined.is_empty() || !left.is_empty();
        (believed, moved.then(|| Event::Moved { room: presence.room.clone(), joined, left }))
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
