//! Going to places and to lines in them, by hand or by an address, and back as the browser goes back.

use shared::message::ToHub;
use shared::session::Phase;
use shared::transcript::{Conversation, Place};
use shared::wire::DEFAULT_PAGE;
use wasm_bindgen::JsValue;

use crate::driver::Asked;
use crate::extent::Wish;
use crate::node::{Node, Screen, lobby};
use crate::page::{before_next_paint, window};
use crate::route;
use crate::wishes::with_id;

/// A line that the person wants to see, which is on its way.
pub(crate) struct Jump {
    place: Place,
    seq: u64,
    /// The nearest later line will do: the position itself need not be a line's.
    nearly: bool,
    /// Pages that are asked for.
    pages: usize,
}

impl Node {
    /// Looks at another place, at its end.
    pub(crate) fn go(self, place: Place) {
        self.leave_trace();
        self.show_place(place, None);
        self.tell_address(None, false);
    }

    /// Opens a place at a line, with the lines round it. The browser's way back leads to where one was.
    pub(crate) fn open_at(self, place: &Place, seq: u64) {
        self.leave_trace();
        self.show_place(place.clone(), Some(seq));
        self.tell_address(Some(seq), false);
        self.show_line(seq, false);
    }

    /// To the first line that was new.
    pub(crate) fn go_to_new(self) {
        if let Some(after) = self.new_after() {
            self.talk.at_end.set(false);
            self.show_line(after, true);
        }
    }

    /// To the newest line of the place one looks at.
    pub(crate) fn go_to_end(self) {
        let here = self.here.get_untracked();
        self.with_core(|core| {
            core.jump = None;
            core.transcript.hold(&here, None);
        });
        self.talk.at_end.set(true);
        self.load_newest();
        self.draw_rows();
        self.talk.to_end.notify();
    }

    /// The person has written: nothing is new any more, and the newest line is theirs.
    pub(crate) fn see_own_line(self) {
        self.end_news();
        self.go_to_end();
    }

    fn show_place(self, place: Place, at: Option<u64>) {
        self.processes.open.change(false);
        if self.with_core(|core| core.transcript.get(&place).is_none()) {
            let changes = self.with_core(|core| core.transcript.open(&place));
            self.show(&changes);
        }
        self.notice.set(None);
        self.talk.loading.set(false);
        self.with_core(|core| {
            core.jump = None;
            core.undrawn.bottom = None;
            core.filling = crate::loading::Filling::default();
            core.transcript.hold(&place, at);
        });
        self.talk.at_end.set(at.is_none());
        self.forget_news();
        // As the hub spells it.
        let place =
            self.with_core(|core| core.transcript.get(&place).map(|known| known.place().clone())).unwrap_or(place);
        let elsewhere = self.here.get_untracked() != place;
        self.here.set(place);
        self.draw_people();
        self.draw_typing();
        if at.is_none() {
            self.draw_rows();
            self.talk.to_end.notify();
        } else if elsewhere {
            // What stands there until the line has come is of this place.
            self.draw_newest();
        }
        self.load_first();
        self.ask_reach_anew();
    }

    /// Shows a line of the place one looks at, or asks for it and those round it.
    fn show_line(self, seq: u64, nearly: bool) {
        let here = self.here.get_untracked();
        self.with_core(|core| core.transcript.hold(&here, Some(seq)));
        let asks = self.with_core(|core| core.transcript.around(&here, seq));
        let jump = Jump { place: here.clone(), seq, nearly, pages: asks.len() };
        self.with_core(|core| core.jump = Some(jump));
        if asks.is_empty() {
            self.land();
        } else if self.phase.get_untracked() != Phase::Online {
            return; // asked for when there is a connection
        }
        for request in asks {
            if !self.ask(Asked::Around(here.clone()), |id| with_id(request, id, DEFAULT_PAGE)) {
                self.page_round_line();
            }
        }
    }

    /// The connection is there: asks for the line that was wanted without one.
    pub(crate) fn jump_awaited(self) {
        let jump = self.with_core(|core| core.jump.take());
        if let Some(jump) = jump.filter(|jump| jump.place == self.here.get_untracked()) {
            self.show_line(jump.seq, jump.nearly);
        }
    }

    /// One of the pages round a line was answered.
    pub(crate) fn page_round_line(self) {
        let all = self.with_core(|core| {
            let Some(jump) = &mut core.jump else { return false };
            jump.pages = jump.pages.saturating_sub(1);
            jump.pages == 0
        });
        if all {
            self.land();
        }
    }

    /// All that was asked for round a line is there.
    fn land(self) {
        let line = self.with_core(|core| {
            let Jump { place, seq, nearly, .. } = core.jump.as_ref()?;
            let known = core.transcript.get(place)?;
            let from = if *nearly { seq.saturating_add(1) } else { *seq };
            let next = known.items_from(from, 1).items.iter().find_map(crate::rows::seq);
            next.filter(|next| *nearly || next == seq)
        });
        let Some(line) = line else {
            self.go_to_end();
            self.complain("That line is not here: it was said in another place, or its log is gone.".to_owned());
            return;
        };
        self.order_window(Wish::At(line));
        // When the rows are in the page.
        before_next_paint(move || before_next_paint(move || self.landed(line)));
    }

    fn landed(self, line: u64) {
        // The person may have gone elsewhere meanwhile.
        if self.with_core(|core| core.jump.take()).is_some() {
            self.talk.to_line.set(Some(line));
        }
    }

    /// Notes in the browser's history where one is, down to the line, so that the way back leads there.
    pub(crate) fn leave_trace(self) {
        if self.screen.get_untracked() != Screen::Chat {
            return;
        }
        let here = self.here.get_untracked();
        let top = self.with_core(|core| core.transcript.get(&here).and_then(Conversation::held));
        self.tell_address(top, true);
    }

    /// The person has left a place, and looks at another: the way back leads past it.
    pub(crate) fn go_for_good(self, next: Place) {
        self.show_place(next, None);
        self.tell_address(None, true);
    }

    /// Writes the address of where one is, in place of the one that stands there or behind it. What is written so can be
    /// told from what a person opens.
    pub(crate) fn tell_address(self, seq: Option<u64>, in_place: bool) {
        let address = if self.processes.open.get_untracked() {
            ["/", route::CONSOLE].concat()
        } else {
            route::to(&self.here.get_untracked(), seq)
        };
        let Ok(history) = window().history() else { return };
        let location = window().location();
        let standing = [location.pathname().unwrap_or_default(), location.hash().unwrap_or_default()].concat();
        // Where it fails the address says something else, and all works.
        let _ = if in_place || standing == address || !standing.contains("#/") {
            history.replace_state_with_url(&JsValue::TRUE, "", Some(&address))
        } else {
            history.push_state_with_url(&JsValue::TRUE, "", Some(&address))
        };
    }

    /// The address is another: the person has opened one, or has gone back or forward to where they were. A room that
    /// they have left since is not entered again by that: they stay where they are.
    pub(crate) fn go_back_or_forward(self) {
        let was_here = window().history().and_then(|history| history.state()).is_ok_and(|state| state.is_truthy());
        let fragment = window().location().hash().unwrap_or_default();
        let left = route::parse(&fragment).is_some_and(|(place, _)| !self.with_core(|core| core.is_in(&place)));
        if was_here && left {
            self.tell_address(None, true);
        } else {
            self.follow_address();
        }
    }

    /// Goes where the address says, at the start and when the person goes back or forward; to the lobby where it says
    /// nothing.
    pub(crate) fn follow_address(self) {
        let fragment = window().location().hash().unwrap_or_default();
        let Some((place, seq)) = route::parse(&fragment) else {
            let to_console = fragment == route::CONSOLE;
            if !to_console || self.talk.rows.with_untracked(Vec::is_empty) {
                self.show_place(lobby(), None);
            }
            self.processes.open.change(to_console);
            self.tell_address(None, true);
            return;
        };
        if self.with_core(|core| core.is_in(&place)) {
            self.show_place(place, seq);
            if let Some(seq) = seq {
                self.show_line(seq, false);
            }
            return;
        }
        // A room that one is not in yet.
        self.show_place(lobby(), None);
        let room = place.name().to_owned();
        self.with_core(|core| core.joining = Some((place, seq)));
        self.join_from_address(room);
    }

    /// Enters the room that the address names, as soon as there is a connection.
    fn join_from_address(self, room: String) {
        if self.phase.get_untracked() == Phase::Online {
            self.ask(Asked::Enter, |id| ToHub::Join { id, room });
        }
    }

    /// The connection is there: enters the room that the address named.
    pub(crate) fn join_awaited(self) {
        let room = self.with_core(|core| core.joining.as_ref().map(|(place, _)| place.name().to_owned()));
        if let Some(room) = room {
            self.join_from_address(room);
        }
    }

    /// The person has entered a room, and looks at it: at the line that the address named, if it did.
    pub(crate) fn entered(self, room: String) {
        let place = Place::Room(room);
        let joining = self.with_core(|core| core.joining.take());
        match joining {
            Some((wanted, Some(seq))) if wanted.is(&place) => self.open_at(&place, seq),
            _ => self.go(place),
        }
    }
}
