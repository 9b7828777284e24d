//! Lines and their bar by keys: from line to line, into the bar, along it, and out of it again.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::super::transcript::focus_in_place;
use super::{Bar, Panel, focus, line_of, target};
use crate::files::in_words;
use crate::page::document;
use crate::{calendar, clock};

/// Characters of a line that are heard when it gets the focus.
const HEARD: usize = 500;

impl Bar {
    pub(super) fn key(&self, event: &KeyboardEvent) {
        let Some(target) = target(event) else { return };
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let key = event.key();
        let taken = if self.holds(&target) { self.key_in_bar(&key) } else { self.key_in_log(&key, event, &target) };
        if taken {
            event.prevent_default();
            event.stop_propagation();
        }
    }

    fn key_in_bar(&self, key: &str) -> bool {
        match key {
            "ArrowRight" | "ArrowDown" => self.step(1),
            "ArrowLeft" | "ArrowUp" => self.step(-1),
            "Escape" if self.panel.get_untracked() != Panel::Shut => {
                self.panel.set(Panel::Shut);
                focus(&self.buttons().into_iter().next());
            }
            "Escape" => {
                let line = self.at.get_untracked();
                self.focus_line(line.and_then(|seq| self.element(seq)).as_ref());
            }
            _ => return false,
        }
        true
    }

    fn key_in_log(&self, key: &str, event: &KeyboardEvent, target: &Element) -> bool {
        let line = target.has_attribute("data-seq").then_some(target);
        if line.is_none() && !self.log.is_same_node(Some(target)) {
            return false;
        }
        match (key, line) {
            ("ArrowUp" | "ArrowDown", None) => self.focus_line(self.last_in_view().as_ref()),
            ("ArrowUp", Some(line)) => self.focus_line(neighbour(line, Element::previous_element_sibling).as_ref()),
            ("ArrowDown", Some(line)) => self.focus_line(neighbour(line, Element::next_element_sibling).as_ref()),
            ("Enter" | "ContextMenu", Some(_)) => focus(&self.buttons().into_iter().next()),
            ("F10", Some(_)) if event.shift_key() => focus(&self.buttons().into_iter().next()),
            _ => return false,
        }
        true
    }

    /// Goes to a line.
    fn focus_line(&self, line: Option<&Element>) {
        focus(&self.introduced(line));
    }

    /// Gives a line the focus where it is: nothing moves.
    pub(super) fn stay_at(&self, line: Option<&Element>) {
        if let Some(line) = self.introduced(line) {
            focus_in_place(&line);
        }
    }

    /// A line that can have the focus, with what a screen reader then says of it.
    fn introduced(&self, line: Option<&Element>) -> Option<HtmlElement> {
        let line = line?.clone().dyn_into::<HtmlElement>().ok()?;
        if let Some(entry) = line_of(&line).and_then(|seq| self.node.line(seq)) {
            let time = calendar::time(entry.at(), clock::minutes_east(entry.at()));
            let deleted = entry.details().is_some_and(|details| details.deleted);
            let words = if deleted { "deleted".to_owned() } else { in_words(&entry, HEARD) };
            for (name, value) in [
                ("tabindex", "-1"),
                ("role", "article"),
                ("aria-label", &[entry.from(), ": ", &words, ", ", &time].concat()),
            ] {
                // Fails only for what is not the name of an attribute.
                let _ = line.set_attribute(name, value);
            }
        }
        Some(line)
    }

    /// The last line that begins above the lower edge.
    fn last_in_view(&self) -> Option<Element> {
        let lines = self.log.query_selector_all("[data-seq]").ok()?;
        let edge = self.log.get_bounding_client_rect().bottom();
        let line = |at| lines.item(at).and_then(|line| line.dyn_into::<Element>().ok());
        (0..lines.length()).rev().find_map(|at| line(at).filter(|line| line.get_bounding_client_rect().top() < edge))
    }

    /// The buttons of the bar, in their order.
    pub(super) fn buttons(&self) -> Vec<HtmlElement> {
        let Ok(found) = self.bar.query_selector_all("button") else { return Vec::new() };
        (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
    }

    fn step(&self, by: isize) {
        let buttons = self.buttons();
        let active = document().active_element();
        let at = buttons.iter().position(|button| button.is_same_node(active.as_ref().map(AsRef::as_ref)));
        let next = at.and_then(|at| at.checked_add_signed(by)).filter(|next| *next < buttons.len());
        focus(&next.and_then(|next| buttons.get(next).cloned()));
    }
}

/// The next line in one direction; what is no line is passed over.
fn neighbour(line: &Element, next: fn(&Element) -> Option<Element>) -> Option<Element> {
    let mut at = next(line)?;
    while !at.has_attribute("data-seq") {
        at = next(&at)?;
    }
    Some(at)
}
