//! The menu of a place: what can be done with it as a whole.

use shared::transcript::Place;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::dialog::roving;
use crate::dialog::Dialog;
use crate::dom::{El, effect, el, on_window, show};
use crate::node::Node;
use crate::page::document;
use crate::state::*;

/// A button and, while it is open, what it opens.
pub(super) fn place_menu() -> El {
    let node = Node::here();
    let open = Signal::new(false);
    let name = move || match node.here.get() {
        Place::Room(_) => "Room menu",
        Place::With(_) => "Conversation menu",
    };
    let button = el("button")
        .class("quiet more")
        .attr("type", "button")
        .attr("aria-controls", "place-menu")
        .attr_from("aria-label", name)
        .attr_from("aria-expanded", move || open.get())
        .on("click", move |_| open.update(|open| *open = !*open));
    let opener: HtmlElement = button.handle();
    let menu = el("div").class("place-menu").child(button).child(show(move || open.get(), {
        let opener = opener.clone();
        move || deeds(node, open, &opener)
    }));
    // What belongs to another place is not for this one.
    effect(move || {
        node.here.track();
        open.change(false);
    });
    let within: Element = menu.handle();
    on_window("pointerdown", {
        let within = within.clone();
        move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
            if !within.contains(target.as_ref()) {
                open.change(false);
            }
        }
    });
    // The keyboard has gone elsewhere.
    let menu = menu.on("focusout", move |_| {
        let within = within.clone();
        crate::page::before_next_paint(move || {
            if !within.contains(document().active_element().map(Into::into).as_ref()) {
                open.change(false);
            }
        });
    });
    let menu = menu.on_key(move |event| {
        if event.key() == "Escape" && open.get_untracked() {
            event.prevent_default();
            event.stop_propagation();
            open.set(false);
            // A part that cannot be focused is no reason to stop.
            let _ = opener.focus();
        }
    });
    roving(menu, "#place-menu button")
}

fn deeds(node: Node, open: Signal<bool>, opener: &HtmlElement) -> El {
    let here = node.here.get_untracked();
    let deed = |name: &str, done: Box<dyn Fn()>| {
        let opener = opener.clone();
        el("button").class("quiet").attr("type", "button").text(name).on("click", move |_| {
            // Whatever opens next gives the keyboard back to the menu's button, which stays.
            let _ = opener.focus();
            open.set(false);
            done();
        })
    };
    let (read, muted, left) = (here.clone(), here.clone(), here.clone());
    let quiet = node.is_muted(&here);
    let mut menu = el("div").class("menu").attr("id", "place-menu");
    menu = match &here {
        Place::Room(_) => menu.child(deed("Set topic", Box::new(move || node.open_dialog(Dialog::Topic)))),
        Place::With(nick) => {
            let nick = nick.clone();
            menu.child(deed("Who is this", Box::new(move || node.open_person(&nick))))
        }
    };
    let leave = match here {
        Place::Room(_) => "Leave room",
        Place::With(_) => "Close conversation",
    };
    let menu = menu
        .child(deed("Mark as read", Box::new(move || node.mark_place_read(&read))))
        .child(deed(if quiet { "Unmute" } else { "Mute" }, Box::new(move || node.mute(&muted, !quiet))))
        .child(deed(
            leave,
            Box::new(move || {
                node.leave(&left);
            }),
        ));
    let first: Option<HtmlElement> =
        menu.handle::<Element>().query_selector("button").ok().flatten().and_then(|first| first.dyn_into().ok());
    effect(move || {
        if let Some(first) = &first {
            // A part that cannot be focused is no reason to stop.
            let _ = first.focus();
        }
    });
    menu
}
