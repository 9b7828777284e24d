//! What is known of a nick: how they are, where they are connected, and how to reach them.

use shared::letters::fold;
use shared::message::{NodeInfo, Person};
use shared::transcript::Place;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlTextAreaElement};

use super::dialog::head;
use super::people::{state_sign, word};
use crate::dom::{El, el, switch};
use crate::node::Node;
use crate::page::{before_next_paint, document};
use crate::{calendar, clock};

pub(super) fn person(node: Node, nick: &str) -> El {
    let (of_sign, of_words, of_nodes) = (nick.to_owned(), nick.to_owned(), nick.to_owned());
    let words = move || {
        state_words(node, &of_words).unwrap_or_else(|| match node.directory.error.get() {
            Some(error) => error,
            None => "Asking the hub…".to_owned(),
        })
    };
    let state = el("p")
        .class("standing-of")
        .attr("role", "status")
        .child(state_sign(move || node.state_of(&of_sign)))
        .child(el("span").text_from(words));
    let known = move || node.directory.person.get().filter(|person| fold(&person.nick) == fold(&of_nodes));
    let nodes = switch(known, |person| person.as_ref().map(nodes));
    let buttons = if fold(nick) == fold(&node.nick.get_untracked()) {
        el("p").class("hint").text("This is you.")
    } else {
        let (to, named) = (Place::With(nick.to_owned()), nick.to_owned());
        let write =
            el("button").class("primary").attr("type", "button").text("Write to ").child(el("bdi").text(nick)).on(
                "click",
                move |_| {
                    node.shut_dialog();
                    node.go(to.clone());
                },
            );
        let mention = el("button").attr("type", "button").text("Mention").on("click", move |_| {
            node.shut_dialog();
            let named = named.clone();
            // The dialog gives the keyboard back first.
            before_next_paint(move || put_in(&named));
        });
        el("div").class("buttons").child(write).child(mention)
    };
    el("div").class("dialog-body").child(head(node, nick)).child(state).child(nodes).child(buttons)
}

/// `away`, `offline, last seen 12 min ago`. Followed; none where nothing is known.
pub(super) fn state_words(node: Node, nick: &str) -> Option<String> {
    let state = word(node.state_of(nick)?);
    Some(match node.last_seen(nick) {
        Some(seen) => format!("{state}, {seen}"),
        None => state.to_owned(),
    })
}

fn nodes(person: &Person) -> El {
    let list =
        person.nodes.iter().fold(el("ul").attr("aria-label", "Nodes"), |list, NodeInfo { node, kind, since, .. }| {
            let since = calendar::full(*since, clock::minutes_east(*since));
            list.child(
                el("li")
                    .child(el("span").class("kind").text(kind))
                    .text(" ")
                    .child(el("bdi").class("machine").text(node))
                    .child(el("p").class("hint").text("since ").text(&since)),
            )
        });
    let words = match person.nodes.len() {
        0 => "Not connected now.",
        1 => "Connected with one node:",
        _ => "Connected with several nodes:",
    };
    el("div").class("nodes").child(el("p").class("hint").text(words)).child(list)
}

/// Puts a mention behind what stands in the composer, and the keyboard there.
fn put_in(nick: &str) {
    let field = document().get_element_by_id("message").and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok());
    let Some(field) = field else { return };
    let written = field.value();
    let space = if written.is_empty() || written.ends_with(char::is_whitespace) { "" } else { " " };
    field.set_value(&format!("{written}{space}@{nick} "));
    if let Ok(event) = Event::new("input") {
        // As if it had been typed: whoever keeps drafts hears of it.
        let _ = field.dispatch_event(&event);
    }
    // A field that cannot be focused is no reason to stop.
    let _ = field.focus();
}
