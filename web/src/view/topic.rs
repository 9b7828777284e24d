//! Where one is: the name, and what the room is about or how the other is; and how to say what a room is about.

use std::cell::RefCell;

use shared::transcript::Place;
use shared::wire::{self, MAX_TOPIC};
use web_sys::HtmlInputElement;

use super::dialog::{focused, head};
use super::person::state_words;
use crate::dialog::Dialog;
use crate::dom::{El, effect, el, switch};
use crate::node::Node;
use crate::state::*;

pub(super) fn title() -> El {
    let node = Node::here();
    let name = el("bdi").text_from(move || node.here.get().name().to_owned());
    let told = move || {
        let here = node.here.get();
        let joined = node.talk.joined.get();
        let words = match &here {
            Place::Room(_) if !joined => "You have left this room.".to_owned(),
            Place::Room(_) => node.talk.topic.get().unwrap_or_default(),
            Place::With(nick) => match state_words(node, nick) {
                Some(state) => format!("{state} · only you and {nick} see this"),
                None => format!("Only you and {nick} see this"),
            },
        };
        (words, joined && matches!(here, Place::Room(_)))
    };
    // How somebody is whom no room tells of the hub says when it is asked: anew whenever that may have changed.
    let asked = RefCell::new(None);
    effect(move || {
        let here = node.here.get();
        let online = node.phase.get();
        node.states.track();
        let Place::With(nick) = here else {
            asked.replace(None);
            return;
        };
        let now = Some((nick.clone(), online, node.with_core(|core| core.transcript.state_of(&nick))));
        if *asked.borrow() != now {
            asked.replace(now);
            node.ask_who(&nick);
        }
    });
    el("div")
        .class("title")
        .child(el("h1").attr_from("title", move || node.here.get().name().to_owned()).child(name))
        .child(switch(told, move |(words, can_set)| {
            if !can_set {
                return el("p").class("topic").attr("title", words).child(el("bdi").text(words));
            }
            let button = el("button").attr("type", "button").on("click", move |_| node.open_dialog(Dialog::Topic));
            if words.is_empty() {
                button.class("topic quiet unset").text("Set topic")
            } else {
                let heard = el("span").class("unseen").text("Topic: ");
                button.class("topic quiet").attr("title", words).child(heard).child(el("bdi").text(words))
            }
        }))
}

/// What the room one looks at is to be about.
pub(super) fn topic_form(node: Node) -> El {
    let place = node.here.get_untracked();
    let room = place.name().to_owned();
    let error = Signal::new(None);
    let field = el("input");
    let input: HtmlInputElement = field.handle();
    input.set_value(&node.talk.topic.get_untracked().unwrap_or_default());
    let save = {
        let input = input.clone();
        move |event: web_sys::Event| {
            event.prevent_default();
            let topic = input.value();
            match wire::trim_topic(&topic) {
                Ok(topic) => {
                    if node.set_topic(&place, topic) {
                        node.shut_dialog();
                    }
                }
                Err(refusal) => error.set(Some(refusal.message)),
            }
        }
    };
    let field = focused(field)
        .attr("id", "topic")
        .attr("type", "text")
        .attr("autocomplete", "off")
        .attr("enterkeyhint", "done")
        .attr("maxlength", &MAX_TOPIC.to_string())
        .attr("aria-describedby", "topic-error")
        .attr_from("aria-invalid", move || error.get().is_some())
        .on("input", move |_| error.set(None));
    effect(move || input.select());
    let label = el("label").attr("for", "topic").text("What ").child(el("bdi").text(&room)).text(" is about");
    let below = el("p")
        .attr("id", "topic-error")
        .attr_from("class", move || if error.get().is_some() { "field-error" } else { "hint" })
        .text_from(move || error.get().unwrap_or_else(|| "Everybody in the room sees it. Empty, it goes.".to_owned()));
    let form = el("form")
        .attr("novalidate", "")
        .on("submit", save)
        .child(el("div").class("field").child(label).child(field).child(below))
        .child(el("button").class("primary").attr("type", "submit").text("Set topic"));
    el("div").class("dialog-body").child(head(node, "Topic")).child(form)
}
