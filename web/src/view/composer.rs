//! Where one writes.

mod banner;
mod field;
mod offers;

use web_sys::Event;

use self::banner::banner;
use self::field::Writing;
use self::offers::offers;
use super::attach::{attach_button, tray};
use super::connection::standing_line;
use crate::changing::Picking;
use crate::dom::{El, effect, el};
use crate::hue;
use crate::node::Node;
use shared::transcript::Place;

pub(super) fn composer() -> El {
    let node = Node::here();
    let field = el("textarea");
    let writing = Writing::new(node, field.handle());

    // Another place: what was begun there. Another line to edit: its text.
    effect({
        let writing = writing.clone();
        move || writing.take_up(&node.here.get(), node.begun().as_ref())
    });
    effect({
        let writing = writing.clone();
        move || node.changing.inserted.with(|words| writing.insert(words))
    });
    // What waited for its files has gone.
    effect({
        let writing = writing.clone();
        move || {
            if let Some(place) = node.files.gone.get() {
                writing.gone(&place);
            }
        }
    });
    let placeholder = move || match node.here.get() {
        Place::Room(room) => format!("Write to {room}"),
        Place::With(nick) => format!("Write to {nick} alone"),
    };
    let chosen = writing.offers;
    let field = field
        .attr("id", "message")
        .attr("rows", "1")
        .attr("dir", "auto")
        .attr("autocomplete", "off")
        .attr("enterkeyhint", "send")
        .attr("aria-describedby", "message-keys")
        .attr("aria-autocomplete", "list")
        .attr_from("aria-controls", move || chosen.shown().then_some(offers::ID))
        .attr_from("aria-activedescendant", move || chosen.active_id())
        .attr_from("placeholder", placeholder)
        .on("input", {
            let writing = writing.clone();
            move |_| writing.changed()
        })
        .on("blur", move |_| chosen.hide())
        .on_key({
            let writing = writing.clone();
            move |event| writing.key(&event)
        });
    let send = el("button")
        .class("send primary")
        .attr("type", "submit")
        .text_from(move || if node.begun().is_some_and(|begun| begun.text.is_some()) { "Save" } else { "Send" })
        // The field keeps the focus, and a phone its keyboard.
        .on("mousedown", |event| event.prevent_default());
    let nick = el("bdi").attr_from("class", move || hue::classes(&node.nick.get())).text_from(move || node.nick.get());
    el("form")
        .class("composer")
        .on("submit", {
            let writing = writing.clone();
            move |event: Event| {
                event.prevent_default();
                writing.send();
            }
        })
        .child(el("p").class("prompt").attr("aria-hidden", "true").child(nick))
        .child(
            el("div")
                .class("composer-box")
                .child((banner(node), tray(node)))
                .child(offers(writing))
                .child(el("label").class("unseen").attr("for", "message").text("Message"))
                .child(field)
                .child(el("div").class("composer-tools").child(composer_tools(node)))
                .child(send),
        )
        .child(el("p").class("unseen").attr("id", "message-keys").text(
            "Enter sends, Shift and Enter begin a new line. Tab completes commands and nicks; to leave the field with Tab, press Escape first.",
        ))
        .child(standing_line())
}

/// What stands between the field and its button.
fn composer_tools(node: Node) -> Vec<El> {
    let emoji = el("button")
        .class("tool quiet icon icon-react")
        .attr("type", "button")
        .attr("aria-label", "Emoji")
        .on("click", move |_| node.changing.picking.set(Some(Picking::Text)));
    vec![emoji, attach_button(node)]
}
