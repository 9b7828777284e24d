//! What this client has to say to its person, over the lower end of the transcript.

use shared::command::COMMANDS;
use shared::message::{NodeInfo, State, User};
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::installing::renewed;
use super::invite::invitation;
use super::people::word;
use crate::dom::{El, again, el, on_window};
use crate::hue;
use crate::node::Node;
use crate::notice::Notice;
use crate::{calendar, clock};

pub(super) fn notices() -> El {
    let node = Node::here();
    on_window("keydown", move |event| {
        let is_escape = event.unchecked_into::<KeyboardEvent>().key() == "Escape";
        if is_escape && node.notice.with_untracked(Option::is_some) {
            node.notice.set(None);
        }
    });
    let shown = move |error: bool| {
        again(
            move || {
                let told = node.notice.get().filter(|notice| notice.is_error() == error);
                told.filter(|notice| !notice.is_list() || node.more().is_some())
            },
            move |notice| notice.as_ref().map(|notice| view(node, notice)),
        )
    };
    el("div")
        .class("notices")
        .child(el("div").attr("role", "status").child(shown(false)))
        .child(el("div").attr("role", "alert").child(shown(true)))
        .child(el("div").attr("role", "status").child(renewed(node)))
}

fn view(node: Node, notice: &Notice) -> El {
    let words = el("div").class("words");
    let words = match notice {
        Notice::Error(told) | Notice::Words(told) => words.child(el("p").text(told)),
        Notice::Help | Notice::Users { .. } | Notice::Nodes(_) => match node.more_at_hand() {
            Some(more) => (more.listed)(words, notice),
            None => words,
        },
        Notice::Invitation => words
            .child(el("h2").text("Invite someone"))
            .child(el("p").text("Whoever opens this link on your network is let in. Give it to nobody else."))
            .child(invitation()),
    };
    let close = el("button")
        .class("close quiet")
        .attr("type", "button")
        .attr("aria-label", "Close")
        .on("click", move |_| node.notice.set(None));
    el("div").class(if notice.is_error() { "notice error" } else { "notice" }).child(words).child(close)
}

/// What a notice lists.
pub(super) fn listed(words: El, notice: &Notice) -> El {
    match notice {
        Notice::Help => help(words),
        Notice::Users { place, users } => people(words, place, users),
        Notice::Nodes(nodes) => node_list(words, nodes),
        Notice::Error(_) | Notice::Words(_) | Notice::Invitation => words,
    }
}

fn help(words: El) -> El {
    let commands = COMMANDS.iter().fold(el("dl"), |list, spec| {
        list.child(el("dt").text("/").text(spec.name).text(" ").text(spec.arguments)).child(el("dd").text(spec.help))
    });
    let foot = el("p").class("foot").text(
        "Anything else is said to all who are here. Tab completes commands and nicks. To leave the field with Tab, press Escape first.",
    );
    words.child(el("h2").text("Commands")).child(commands).child(foot)
}

fn people(words: El, place: &str, users: &[User]) -> El {
    let heading = match users.len() {
        0 => format!("Nobody is in {place}"),
        1 => format!("One person in {place}"),
        many => format!("{many} people in {place}"),
    };
    let names = users.iter().fold(el("ul").class("names"), |list, User { nick, state, .. }| {
        let name = el("li").child(el("bdi").class(hue::classes(nick)).text(nick));
        list.child(if *state == State::Online { name } else { name.text(&format!(" ({})", word(*state))) })
    });
    words.child(el("h2").text(&heading)).child(names)
}

fn node_list(words: El, nodes: &[NodeInfo]) -> El {
    let list = nodes.iter().fold(el("dl"), |list, NodeInfo { node, nick, kind, since, .. }| {
        let mut facts = el("dd").text(kind);
        if let Some(nick) = nick {
            facts = facts.text(" of ").child(el("bdi").text(nick));
        }
        let since = calendar::time(*since, clock::minutes_east(*since));
        list.child(el("dt").text(node)).child(facts.text(", since ").text(&since))
    });
    words.child(el("h2").text("Nodes")).child(list)
}
