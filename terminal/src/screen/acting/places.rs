//! From place to place, and back.

use shared::transcript::Place;

use super::Screen;
use crate::screen::scroll::Position;
use crate::screen::state::Return;

impl Screen {
    pub(super) fn go(&mut self, place: &Place) {
        let from = self.chat.here().clone();
        if !from.is(place) {
            self.chat.go(place);
            self.arrived(&from);
        }
    }

    /// Another place is looked at, perhaps.
    pub(in super::super) fn arrived(&mut self, from: &Place) {
        let here = self.chat.here().clone();
        if !from.is(&here) {
            self.state.moved(from, &here);
            self.asked = None;
        }
    }

    pub(super) fn step(&mut self, by: isize) {
        let places = self.chat.places();
        let at = places.iter().position(|(place, ..)| place.is(self.chat.here())).unwrap_or(0);
        let next = at.checked_add_signed(by).unwrap_or(places.len().saturating_sub(1)) % places.len().max(1);
        if let Some((place, ..)) = places.get(next) {
            self.state.over = None;
            self.go(&place.clone());
        }
    }

    /// To what names this person first, then to what is unread.
    pub(super) fn next_unread(&mut self) {
        let places = self.chat.places();
        let others = || places.iter().filter(|(place, unread, _)| *unread > 0 && !place.is(self.chat.here()));
        let next = others().find(|(.., mentions)| *mentions > 0).or_else(|| others().next());
        match next.map(|(place, ..)| place.clone()) {
            Some(place) => {
                self.state.over = None;
                self.go(&place);
            }
            None => self.state.hint = Some("Nothing is unread elsewhere.".to_owned()),
        }
    }

    pub(super) fn back(&mut self) {
        if self.state.over.take().is_some() {
            self.chat.forget_found();
            return;
        }
        if self.back_from_choice() || self.state.draft.give_up() {
            return;
        }
        if let Some(Return { place, position }) = self.state.back.take() {
            self.go(&place);
            self.state.position = position;
            self.state.sought = None;
            return;
        }
        self.go_to_end();
    }

    pub(super) fn go_to_end(&mut self) {
        (self.state.position, self.state.sought, self.state.back) = (Position::End, None, None);
        self.chat.hold(None);
        self.chat.load_newest();
    }
}
