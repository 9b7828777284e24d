//! The field, and what is being written in it.

use std::cell::RefCell;
use std::rc::Rc;

use shared::session::Session;
use shared::transcript::Place;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, HtmlElement, HtmlTextAreaElement, KeyboardEvent};

use super::offers::Offers;
use crate::changing::Begun;
use crate::formatting::{Replaced, mark};
use crate::node::Node;
use crate::page::{document, has_keyboard};
use crate::storage;
use crate::suggesting::wanted;
use crate::tab_completion::{Typed, bytes, candidates, units};

/// What browsers report for a key that an input method has swallowed.
const SWALLOWED: u32 = 229;

/// The field, and what is being written in it.
#[derive(Clone)]
pub(super) struct Writing {
    node: Node,
    field: HtmlTextAreaElement,
    typed: Rc<RefCell<Typed>>,
    pub(super) offers: Offers,
    /// None before the first place is known.
    written_for: Rc<RefCell<Option<For>>>,
}

/// Where something is written, and the line that is edited or answered, if one is.
type For = (Place, Option<Begun>);

impl Writing {
    pub(super) fn new(node: Node, field: HtmlTextAreaElement) -> Self {
        Self { node, field, typed: Rc::default(), offers: Offers::new(), written_for: Rc::default() }
    }

    /// Goes on with what was begun at a place.
    pub(super) fn take_up(&self, place: &Place, begun: Option<&Begun>) {
        let before = self.written_for.replace(Some((place.clone(), begun.cloned())));
        let edited = |begun: Option<&Begun>| begun.filter(|begun| begun.text.is_some()).map(|begun| begun.of);
        let same = before.as_ref().is_some_and(|(at, before)| at == place && edited(before.as_ref()) == edited(begun));
        if !same {
            let text = begun.and_then(|begun| begun.text.clone()).or_else(|| storage::draft(place));
            self.write(&text.unwrap_or_default());
        }
        // Whoever begins something with a line wants to write.
        let begins = begun.is_some() && before.is_some_and(|(at, _)| at == *place);
        if has_keyboard() || begins {
            // A field that cannot be focused is no reason to stop.
            let _ = self.field.focus();
        }
    }

    pub(super) fn write(&self, text: &str) {
        self.field.set_value(text);
        fit(&self.field);
        self.offers.hide();
        self.typed.borrow_mut().touched();
    }

    /// What was written at a place has gone by itself. What is being edited there stays.
    pub(super) fn gone(&self, from: &Place) {
        if *from == self.node.here.get_untracked() && self.edited().is_none() {
            self.write("");
        }
    }

    /// Something was typed.
    pub(super) fn changed(&self) {
        self.typed.borrow_mut().touched();
        if self.edited().is_none() {
            self.node.hold_back();
        }
        self.keep();
        let text = self.field.value();
        let cursor = bytes(&text, self.selection().1);
        self.offers.follow(self.node, wanted(&text, cursor));
        let here = self.node.here.get_untracked();
        if !text.starts_with('/') && !text.is_empty() {
            self.node.session(|session: &mut Session, now| session.typing(now, &here));
        }
    }

    /// Keeps what stands in the field, whoever wrote it.
    fn keep(&self) {
        fit(&self.field);
        let text = self.field.value();
        if text.starts_with("/ping ") && self.node.nodes.with_untracked(Vec::is_empty) {
            self.node.learn_nodes();
        }
        if self.edited().is_some() {
            self.node.edited_to(&text);
        } else {
            storage::keep_draft(&self.node.here.get_untracked(), &text);
        }
    }

    /// The line that is being edited.
    fn edited(&self) -> Option<Begun> {
        let written_for = self.written_for.borrow();
        written_for.as_ref().and_then(|(_, begun)| begun.clone()).filter(|begun| begun.text.is_some())
    }

    pub(super) fn send(&self) {
        let (place, text) = (self.node.here.get_untracked(), self.field.value());
        if let Some(begun) = self.edited() {
            self.node.save_edit(&begun, &text);
        } else if self.node.enter(&text) {
            storage::keep_draft(&place, "");
            // It may have led to another place, whose draft stands there by now.
            if self.node.here.get_untracked() == place {
                self.write("");
            }
        }
    }

    pub(super) fn key(&self, event: &KeyboardEvent) {
        if event.is_composing() || event.key_code() == SWALLOWED {
            return;
        }
        let control = event.ctrl_key() || event.meta_key();
        let plain = !event.shift_key() && !control && !event.alt_key();
        let key = event.key();
        let taken = if plain { self.plain_key(&key) } else { control && self.control_key(&key) };
        if taken {
            event.prevent_default();
            // It was meant for what stands here, and shuts nothing else.
            event.stop_propagation();
        } else if !matches!(&*key, "Shift" | "Control" | "Alt" | "Meta" | "Escape" | "Tab") {
            // Keys that only change what others mean, and those, are no writing.
            self.typed.borrow_mut().touched();
        }
    }

    /// Whether the key was for us.
    fn plain_key(&self, key: &str) -> bool {
        let offers = self.offers;
        match key {
            "Enter" | "Tab" if offers.is_open() && offers.taken().is_some() => {
                self.take(&offers.taken().unwrap_or_default());
            }
            "ArrowDown" if offers.is_open() => offers.step(true),
            "ArrowUp" if offers.is_open() => offers.step(false),
            "Escape" if offers.is_open() => offers.hide(),
            "Escape" => {
                self.typed.borrow_mut().let_go();
                let here = self.node.here.get_untracked();
                let begun = self.written_for.borrow().as_ref().is_some_and(|(_, begun)| begun.is_some());
                if begun {
                    self.node.give_up(&here);
                }
                return begun;
            }
            "Enter" => self.send(),
            "Tab" => return self.complete(),
            "ArrowUp" => return self.field.value().is_empty() && self.node.edit_last(),
            _ => return false,
        }
        true
    }

    fn control_key(&self, key: &str) -> bool {
        let stars = match key {
            "b" => 2,
            "i" => 1,
            _ => return false,
        };
        let text = self.field.value();
        let (start, end) = self.selection();
        if let Some(Replaced { start, end, by, selected }) = mark(&text, bytes(&text, start), bytes(&text, end), stars)
        {
            self.replace(units(&text, start), units(&text, end), &by);
            let text = self.field.value();
            // Both lie within the text just written.
            let _ = self.field.set_selection_range(units(&text, selected.0), units(&text, selected.1));
        }
        true
    }

    fn complete(&self) -> bool {
        let cursor = self.field.selection_start().ok().flatten().unwrap_or_default();
        let completed = self.typed.borrow_mut().complete(&self.field.value(), cursor, &candidates(self.node));
        let Some((text, cursor)) = completed else { return false };
        self.field.set_value(&text);
        // The cursor lies within the text just set.
        let _ = self.field.set_selection_range(cursor, cursor);
        self.keep();
        true
    }

    /// Takes what was offered, in place of what was begun.
    pub(super) fn take(&self, offered: &str) {
        let text = self.field.value();
        let (_, cursor) = self.selection();
        if let Some(wanted) = wanted(&text, bytes(&text, cursor)) {
            self.replace(units(&text, wanted.at), cursor, offered);
        }
        self.offers.hide();
    }

    /// Puts words where the cursor is.
    pub(super) fn insert(&self, words: &str) {
        if !words.is_empty() {
            // A field that cannot be focused is no reason to stop.
            let _ = self.field.focus();
            let (start, end) = self.selection();
            self.replace(start, end, words);
            self.offers.hide();
        }
    }

    /// As if it was typed: the browser's own undo takes it back.
    fn replace(&self, start: u32, end: u32, by: &str) {
        // Both lie within the text.
        let _ = self.field.set_selection_range(start, end);
        let page = document().unchecked_into::<HtmlDocument>();
        let (command, words) = if by.is_empty() { ("delete", "") } else { ("insertText", by) };
        if !page.exec_command_with_show_ui_and_value(command, false, words).unwrap_or(false) {
            let text = self.field.value();
            let (start, end) = (bytes(&text, start), bytes(&text, end));
            self.field.set_value(&[&text[..start], by, &text[end..]].concat());
            let cursor = units(&self.field.value(), start + by.len());
            // The cursor lies within the text just set.
            let _ = self.field.set_selection_range(cursor, cursor);
            self.keep();
        }
    }

    /// From where to where it is selected, in units of UTF-16.
    fn selection(&self) -> (u32, u32) {
        let start = self.field.selection_start().ok().flatten().unwrap_or_default();
        (start, self.field.selection_end().ok().flatten().unwrap_or(start))
    }
}

/// As high as its text; composer.css sets the limits.
fn fit(field: &HtmlTextAreaElement) {
    let style = HtmlElement::style(field);
    // A height that cannot be set leaves a field that scrolls.
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", field.scroll_height()));
}
