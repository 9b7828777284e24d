//! What changed in the transcript, into the signals of [`Node`].

use std::rc::Rc;

use crate::state::*;
use shared::message::{State, User};
use shared::transcript::{Change, Changes, Conversation, Place};
use web_sys::Document;

use crate::clock;
use crate::node::{Listed, Node, Person, Unread};
use crate::page::{before_next_paint, document};
use crate::rows::rows;

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
        for Change { place, lines, people, unread, reach } in &changes.at {
            if *unread {
                self.draw_unread(place);
            }
            if *place == here {
                if *lines {
                    self.order_rows();
                }
                if *people {
                    self.draw_people();
                    self.ask_reach_anew();
                }
                if *reach {
                    self.talk.reach.notify();
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
                        known.map_or_else(|| Rc::new(Watched::new(self.unread(&place))), |known| known.unread.clone());
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

    fn unread(self, place: &Place) -> Unread {
        self.with_core(|core| {
            let unread = |known: &Conversation| Unread { count: known.unread(), more: known.unread_more() };
            core.transcript.get(place).map_or_else(Unread::default, unread)
        })
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
            let stale = match &here {
                Place::Room(_) => known.stale(),
                Place::With(_) => !core.transcript.connected(),
            };
            talk.as_of.set(Some(core.lost_at).filter(|at| stale && *at > 0));
            talk.only_counted.set(known.only_counted());
            talk.topic.set(known.topic().map(str::to_owned));
            talk.joined.set(core.is_in(&here));
        });
    }

    /// Draws the rows with the next frame: a thousand lines a second are drawn sixty times.
    pub(crate) fn order_rows(self) {
        if !self.with_core(|core| std::mem::replace(&mut core.drawing, true)) {
            before_next_paint(move || {
                self.with_core(|core| core.drawing = false);
                self.draw_rows();
            });
        }
    }

    pub(crate) fn draw_rows(self) {
        let here = self.here.get_untracked();
        let drawn = self.with_core(|core| {
            let known = core.transcript.get(&here)?;
            let me = core.transcript.me();
            let newest = known.lines().rev().find(|line| Some(line.from()) == me).map(|line| line.seq());
            let marked = [newest, core.asking.asked];
            Some((rows(known.items(), me, &marked, clock::minutes_east), known.more()))
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
            self.session(|session, now| session.read(now, &here, newest));
            self.show(&changes);
        }
    }

    /// What the line below the composer says, beside the phase.
    pub(crate) fn show_standing(self) {
        let (unsent, seq) = self.with_core(|core| (core.session.unsent(), core.session.position().seq));
        self.unsent.change(unsent);
        self.seq.change(seq);
    }
}
