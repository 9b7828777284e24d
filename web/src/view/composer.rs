//! Where one writes.

use std::cell::RefCell;
use std::rc::Rc;

use shared::transcript::Place;
use web_sys::{Event, HtmlElement, HtmlTextAreaElement, KeyboardEvent};

use super::connection::standing_line;
use crate::dom::{El, effect, el};
use crate::node::Node;
use crate::page::has_keyboard;
use crate::tab_completion::{Typed, candidates};
use crate::{hue, storage};

/// What browsers report for a key that an input method has swallowed.
const SWALLOWED: u32 = 229;

pub(super) fn composer() -> El {
    let node = Node::here();
    let field = el("textarea");
    let writing = Writing { node, field: field.handle(), typed: Rc::default() };

    // Another place: what was begun there.
    effect({
        let writing = writing.clone();
        move || writing.take_up(&node.here.get())
    });
    let placeholder = move || match node.here.get() {
        Place::Room(room) => format!("Write to {room}"),
        Place::With(nick) => format!("Write to {nick} alone"),
    };
    let field = field
        .attr("id", "message")
        .attr("rows", "1")
        .attr("autocomplete", "off")
        .attr("enterkeyhint", "send")
        .attr("aria-describedby", "message-keys")
        .attr_from("placeholder", placeholder)
        .on("input", {
            let writing = writing.clone();
            move |_| {
                writing.typed.borrow_mut().touched();
                writing.changed();
            }
        })
        .on_key({
            let writing = writing.clone();
            move |event| writing.key(&event)
        });
    let send = el("button")
        .class("send primary")
        .attr("type", "submit")
        .text("Send")
        // The field keeps the focus, and a phone its keyboard.
        .on("mousedown", |event| event.prevent_default());
    let nick = el("bdi").attr_from("class", move || hue::classes(&node.nick.get())).text_from(move || node.nick.get());
    el("form")
        .class("composer")
        .on("submit", move |event: Event| {
            event.prevent_default();
            writing.send();
        })
        .child(el("p").class("prompt").attr("aria-hidden", "true").child(nick))
        .child(
            el("div")
                .class("composer-box")
                .child(el("label").class("unseen").attr("for", "message").text("Message"))
                .child(field)
                .child(send),
        )
        .child(el("p").class("unseen").attr("id", "message-keys").text(
            "Enter sends, Shift and Enter begin a new line. Tab completes commands and nicks; to leave the field with Tab, press Escape first.",
        ))
        .child(standing_line())
}

/// The field, and what is being written in it.
#[derive(Clone)]
struct Writing {
    node: Node,
    field: HtmlTextAreaElement,
    typed: Rc<RefCell<Typed>>,
}

impl Writing {
    /// Goes on with what was begun at a place.
    fn take_up(&self, place: &Place) {
        self.write(&storage::draft(place).unwrap_or_default());
        if has_keyboard() {
            // A field that cannot be focused is no reason to stop.
            let _ = self.field.focus();
        }
    }

    fn write(&self, text: &str) {
        self.field.set_value(text);
        fit(&self.field);
        self.typed.borrow_mut().touched();
    }

    fn changed(&self) {
        fit(&self.field);
        let text = self.field.value();
        if text.starts_with("/ping ") && self.node.nodes.with_untracked(Vec::is_empty) {
            self.node.learn_nodes();
        }
        storage::keep_draft(&self.node.here.get_untracked(), &text);
    }

    fn send(&self) {
        let place = self.node.here.get_untracked();
        if self.node.enter(&self.field.value()) {
            storage::keep_draft(&place, "");
            // It may have led to another place, whose draft stands there by now.
            if self.node.here.get_untracked() == place {
                self.write("");
            }
        }
    }

    fn key(&self, event: &KeyboardEvent) {
        if event.is_composing() || event.key_code() == SWALLOWED {
            return;
        }
        let plain = !event.shift_key() && !event.ctrl_key() && !event.alt_key() && !event.meta_key();
        match event.key().as_str() {
            "Enter" if plain => {
                event.prevent_default();
                self.send();
            }
            "Tab" if plain => {
                let cursor = self.field.selection_start().ok().flatten().unwrap_or_default();
                let completed = self.typed.borrow_mut().complete(&self.field.value(), cursor, &candidates(self.node));
                if let Some((text, cursor)) = completed {
                    event.prevent_default();
                    self.field.set_value(&text);
                    // The cursor lies within the text just set.
                    let _ = self.field.set_selection_range(cursor, cursor);
                    self.changed();
                }
            }
            "Escape" => self.typed.borrow_mut().let_go(),
            // A key that only changes what others mean.
            "Shift" | "Control" | "Alt" | "Meta" => {}
            _ => self.typed.borrow_mut().touched(),
        }
    }
}

/// As high as its text; composer.css sets the limits.
fn fit(field: &HtmlTextAreaElement) {
    let style = HtmlElement::style(field);
    // A height that cannot be set leaves a field that scrolls.
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", field.scroll_height()));
}
