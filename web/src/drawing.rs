//! What changed in the transcript, into the signals of [`Node`].

use std::mem;
use std::rc::Rc;

use crate::state::*;
use shared::message::{State, User};
use shared::transcript::{Change, Changes, Conversation, Place};
use web_sys::Document;

use crate::clock;
use crate::node::{Listed, Node, Person, Unread};
use crate::page::{Timeout, before_next_paint, document};
use crate::rows::{MORE_ROWS, drawn_from, end_rows, rows, seq};
use crate::viewport::window_height;

/// How often a page that is out of sight is drawn, in milliseconds: it has no frames, and only its title is seen.
const UNSEEN_FRAME: i32 = 250;

/// What waits for the next frame: a thousand lines a second are drawn sixty times.
#[derive(Default)]
pub(crate) struct Undrawn {
    /// The frame is ordered.
    ordered: bool,
    /// The order of a page that is out of sight.
    unseen: Option<Timeout>,
    changes: Changes,
    rows: bool,
    /// The `seq` of the first line drawn, where there are older rows that are not.
    first: Option<u64>,
}

impl Node {
    /// Draws what changed with the next frame.
    pub(crate) fn show_soon(self, changes: Changes) {
        self.with_core(|core| core.undrawn.changes.merge(changes));
        self.order_frame();
    }

    /// Draws what changed, and nothing else. What waited for a frame comes first.
    pub(crate) fn show(self, changes: &Changes) {
        let mut waited = self.with_core(|core| mem::take(&mut core.undrawn.changes));
        if waited.is_empty() {
            self.show_these(changes);
        } else {
            waited.merge(changes.clone());
            self.show_these(&waited);
        }
    }

    fn show_these(self, changes: &Changes) {
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

    /// Draws the rows with the next frame.
    pub(crate) fn order_rows(self) {
        self.with_core(|core| core.undrawn.rows = true);
        self.order_frame();
    }

    fn order_frame(self) {
        if self.with_core(|core| mem::replace(&mut core.undrawn.ordered, true)) {
            return;
        }
        if Document::hidden(&document()) {
            let unseen = Timeout::new(UNSEEN_FRAME, move || self.draw());
            self.with_core(|core| core.undrawn.unseen = Some(unseen));
        } else {
            before_next_paint(move || self.draw());
        }
    }

    /// Draws what waits for a frame. A page that went out of sight meanwhile would wait for it in vain.
    pub(crate) fn draw(self) {
        let changes = self.with_core(|core| mem::take(&mut core.undrawn.changes));
        self.show_these(&changes);
        self.show_standing();
        let rows = self.with_core(|core| {
            core.undrawn.ordered = false;
            core.undrawn.unseen = None;
            mem::take(&mut core.undrawn.rows)
        });
        if rows {
            self.draw_rows();
        }
    }

    /// Draws more of the older rows that are held. False where all are drawn.
    pub(crate) fn draw_older(self) -> bool {
        let all = self.with_core(|core| core.undrawn.first.is_none());
        if !all {
            self.draw_rows_and(MORE_ROWS);
        }
        !all
    }

    pub(crate) fn draw_rows(self) {
        self.draw_rows_and(0);
    }

    /// Draws the rows, and so many more of those above.
    fn draw_rows_and(self, more: usize) {
        let here = self.here.get_untracked();
        let end = self.talk.at_end.get_untracked().then(|| end_rows(window_height()));
        let drawn = self.with_core(|core| {
            let known = core.transcript.get(&here)?;
            let me = core.transcript.me();
            let newest = known.lines().rev().find(|line| Some(line.from()) == me).map(|line| line.seq());
            let marked = [newest, core.asking.asked];
            let items = known.items();
            let from = drawn_from(&items, core.undrawn.first, end, more);
            core.undrawn.first = items.get(from).filter(|_| from > 0).and_then(seq);
            Some((rows(items, from, me, &marked, clock::minutes_east), from > 0 || known.more()))
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
