//! Who is here, and how they are.

use shared::message::State;

use super::chat::Drawers;
use crate::dom::{El, Part, each, el, show, switch};
use crate::node::Node;
use crate::{calendar, clock, hue};

pub(super) fn people(drawers: Drawers) -> [El; 2] {
    let node = Node::here();
    let talk = node.talk;
    let shut = el("button")
        .class("drawer-close quiet")
        .attr("type", "button")
        .text("Close")
        .on("click", move |_| drawers.shut());
    let head = el("div")
        .class("people-head")
        .child(el("h2").attr("id", "people-title").text("People"))
        .child(el("span").class("count").text_from(move || Some(talk.count.get()).filter(|count| *count > 0)))
        .child(shut);
    let as_of = move || {
        let at = talk.as_of.get()?;
        Some(format!("As of {}: there is no connection.", calendar::time(at, clock::minutes_east(at))))
    };
    let stale = switch(as_of, |words| words.as_deref().map(|words| el("p").class("note late").text(words)));
    let class = move || talk.as_of.get().map(|_| "stale");
    let list = el("ul").attr("aria-labelledby", "people-title").attr_from("class", class).child(each(
        move || talk.people.get(),
        |person| person.nick.clone(),
        move |person| person_item(node, person.nick.clone()),
    ));
    let too_many = move || talk.only_counted.get();
    let note = move || {
        el("p").class("note").text_from(move || talk.count.get()).text(" people are here, too many to follow each.")
    };
    let ask = move || el("button").attr("type", "button").text("List them").on("click", move |_| node.list_people());
    let body =
        el("div").class("side-scroll").child(stale).child(list).child(show(too_many, note)).child(show(too_many, ask));
    [head, body]
}

fn person_item(node: Node, nick: String) -> El {
    let state = {
        let nick = nick.clone();
        move || node.talk.people.with(|people| people.iter().find(|user| user.nick == nick).and_then(|user| user.state))
    };
    // Seen as a shape is not seen by everybody; heard, it stands before the nick.
    let told = {
        let state = state.clone();
        move || state().filter(|state| *state != State::Online).map(word)
    };
    let name = el("bdi").class(&format!("name {}", hue::classes(&nick))).text(&nick);
    let told = el("span").class("told").attr("aria-hidden", "true").text_from(told);
    el("li").child(if node.nick.get_untracked() == nick {
        el("div").class("item").child(state_sign(state)).child(name).child(el("span").class("you").text("you"))
    } else {
        el("button")
            .class("item")
            .attr("type", "button")
            .attr("aria-haspopup", "dialog")
            .child(state_sign(state))
            .child(name)
            .child(told)
            .on("click", move |_| node.open_person(&nick))
    })
}

/// A state as a shape with a colour, and as a word for those who hear it.
pub(super) fn state_sign(state: impl Fn() -> Option<State> + 'static) -> Part {
    switch(state, |state| match state {
        // As little as is known.
        None => el("span").class("sign").attr("aria-hidden", "true").text("@"),
        Some(state) => {
            let word = word(*state);
            el("span")
                .class(&format!("state {word}"))
                .attr("title", word)
                .child(el("span").class("unseen").text(word).text(": "))
        }
    })
}

/// A state, for people, and as a class in people.css.
pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Online => "online",
        State::Away => "away",
        State::Reconnecting => "reconnecting",
        State::Offline => "offline",
    }
}
