//! The window over the page: [`crate::dialog`] says what it holds.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement, KeyboardEvent};

use super::keys::keys;
use super::palette::palette;
use super::person::person;
use super::room_picker::picker;
use super::settings::settings;
use super::topic::topic_form;
use crate::chunks::later;
use crate::dialog::Dialog;
use crate::dom::{El, effect, el};
use crate::node::Node;
use crate::page::document;

pub(super) fn dialogs() -> El {
    let node = Node::here();
    let class = move || {
        node.dialog.with(|dialog| {
            dialog.as_ref().map(|dialog| match dialog {
                Dialog::Palette => "over palette",
                Dialog::Rooms | Dialog::People => "over picker",
                Dialog::Person(_) => "over card",
                Dialog::Topic => "over topic-form",
                Dialog::Keys => "over keymap",
                Dialog::Settings => "over settings",
            })
        })
    };
    let dialog = el("dialog").attr_from("class", class).attr("aria-labelledby", "dialog-title");
    let window: HtmlDialogElement = dialog.handle();
    let dialog = dialog
        .on("close", {
            let window = window.clone();
            // It may have been opened again meanwhile: this is told a moment later.
            move |_| {
                if !window.open() {
                    node.shut_dialog();
                }
            }
        })
        // What lies beside it belongs to it; its content covers the rest.
        .on("click", {
            let window: Element = window.clone().into();
            move |event| {
                if event.target().and_then(|target| target.dyn_into().ok()).as_ref() == Some(&window) {
                    node.shut_dialog();
                }
            }
        })
        .child(later(node, move || node.dialog.get(), move |more, dialog| (more.dialog)(node, dialog)));
    effect(move || {
        if node.dialog.with(Option::is_none) || node.more().is_none() {
            window.close();
        } else if !window.open() {
            // Fails only for one that is open already.
            let _ = window.show_modal();
        }
    });
    dialog
}

/// What stands in it.
pub(super) fn content(node: Node, dialog: &Dialog) -> El {
    match dialog {
        Dialog::Palette => palette(node),
        Dialog::Rooms => picker(node, false),
        Dialog::People => picker(node, true),
        Dialog::Person(nick) => person(node, nick),
        Dialog::Topic => topic_form(node),
        Dialog::Keys => keys(node),
        Dialog::Settings => settings(node),
    }
}

/// What a dialog is, and the way out.
pub(super) fn head(node: Node, title: &str) -> El {
    let shut =
        el("button").class("quiet").attr("type", "button").text("Close").on("click", move |_| node.shut_dialog());
    el("div").class("dialog-head").child(el("h2").attr("id", "dialog-title").child(el("bdi").text(title))).child(shut)
}

/// Puts the keyboard into a part, once it stands in the page.
pub(super) fn focused(part: El) -> El {
    let element: HtmlElement = part.handle();
    // A part that cannot be focused is no reason to stop.
    effect(move || drop(element.focus()));
    part.attr("autofocus", "")
}

/// Lets the arrow keys move the focus through the rows of a part: those that `rows`, a selector, finds.
pub(super) fn roving(part: El, rows: &'static str) -> El {
    let within: Element = part.handle();
    part.on_key(move |event| {
        if rove(&within, rows, &event) {
            event.prevent_default();
        }
    })
}

fn rove(within: &Element, rows: &str, event: &KeyboardEvent) -> bool {
    let forward = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return false,
    };
    if event.alt_key() || event.ctrl_key() || event.meta_key() || event.shift_key() {
        return false;
    }
    let Ok(rows) = within.query_selector_all(rows) else { return false };
    let row = |at| rows.item(at).and_then(|row| row.dyn_into::<HtmlElement>().ok());
    let focused = document().active_element();
    let at = (0..rows.length()).find(|at| row(*at).map(Element::from) == focused);
    let next = match (at, forward) {
        (None, true) => 0,
        (None, false) => rows.length().wrapping_sub(1),
        (Some(at), true) => at + 1,
        (Some(at), false) => at.wrapping_sub(1),
    };
    row(next).is_some_and(|row| row.focus().is_ok())
}
