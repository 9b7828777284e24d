//! All rooms of the hub, and the way into another or a new one.

use crate::state::*;
use shared::message::RoomInfo;
use web_sys::{Event, HtmlDialogElement, HtmlInputElement};

use crate::dom::{El, again, effect, el, switch};
use crate::node::Node;

pub(super) fn room_picker() -> El {
    let node = Node::here();
    let picker = node.picker;
    let name = Signal::new(String::new());

    let field = el("input");
    let input: HtmlInputElement = field.handle();
    let enter = {
        let input = input.clone();
        move |event: Event| {
            event.prevent_default();
            picker.error.set(None);
            let room = name.get_untracked().trim().trim_start_matches('#').to_owned();
            if room.is_empty() {
                picker.error.set(Some("Type a room’s name, or choose one below.".to_owned()));
            } else {
                node.enter_room(room);
            }
            // A field that cannot be focused is no reason to stop.
            let _ = input.focus();
        }
    };
    let field = field
        .attr("id", "room")
        .attr("type", "text")
        .attr("autocomplete", "off")
        .attr("autocapitalize", "none")
        .attr("spellcheck", "false")
        .attr("enterkeyhint", "go")
        .attr("autofocus", "")
        .attr("aria-describedby", "room-error room-hint")
        .attr_from("aria-invalid", move || picker.error.get().is_some())
        .value_from(move || name.get())
        .on("input", move |_| name.set(input.value()));
    let error = again(
        move || picker.error.get(),
        |words| words.as_deref().map(|words| el("p").class("field-error").attr("role", "alert").text(words)),
    );
    let form = el("form")
        .attr("novalidate", "")
        .on("submit", enter)
        .child(el("div").class("field").child(el("label").attr("for", "room").text("Room name")).child(field))
        .child(el("button").class("primary").attr("type", "submit").text("Enter room"))
        .child(el("div").attr("id", "room-error").child(error))
        .child(el("p").class("hint").attr("id", "room-hint").text("A name that nobody has used yet makes a new room."));
    let list = switch(
        move || picker.rooms.get(),
        move |rooms| match rooms.as_deref() {
            None => el("p").class("none").text("Asking the hub for its rooms…"),
            Some([]) => el("p").class("none").text("There is no room yet."),
            Some(rooms) => rooms
                .iter()
                .fold(el("ul").attr("aria-label", "All rooms"), |list, room| list.child(pick_room(node, room))),
        },
    );
    let shut =
        el("button").class("quiet").attr("type", "button").text("Close").on("click", move |_| picker.open.set(false));
    let head =
        el("div").class("picker-head").child(el("h2").attr("id", "picker-title").text("Other rooms")).child(shut);
    let dialog = el("dialog")
        .class("room-picker")
        .attr("aria-labelledby", "picker-title")
        .on("close", move |_| picker.open.set(false))
        .child(head)
        .child(form)
        .child(el("div").class("picker-list").child(list));

    let window: HtmlDialogElement = dialog.handle();
    effect(move || {
        if picker.open.get() {
            name.set(String::new());
            if !window.open() {
                // Fails only for one that is open already.
                let _ = window.show_modal();
            }
        } else {
            window.close();
        }
    });
    dialog
}

fn pick_room(node: Node, room: &RoomInfo) -> El {
    let RoomInfo { room, topic, users } = room;
    let many = match users {
        0 => "nobody here".to_owned(),
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    };
    let mut words = el("span").class("name").child(el("bdi").text(room));
    if let Some(topic) = topic {
        words = words.child(el("bdi").class("topic").text(topic));
    }
    let button = el("button")
        .class("item")
        .attr("type", "button")
        .child(el("span").class("sign").attr("aria-hidden", "true").text("#"))
        .child(words)
        .child(el("span").class("many").text(&many));
    let name = room.clone();
    el("li").child(button.on("click", move |_| {
        node.enter_room(name.clone());
    }))
}
