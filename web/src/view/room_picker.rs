//! All rooms of the hub, and the way into another or a new one; and likewise everybody, to write to one alone.

use shared::letters::fold;
use shared::message::State;
use shared::transcript::{Conversation, Place};
use web_sys::HtmlInputElement;

use super::dialog::{focused, head, roving};
use super::people::{state_sign, word};
use crate::dom::{El, again, each, el, switch};
use crate::node::Node;
use crate::state::*;

/// One that can be chosen.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Choice {
    place: Place,
    topic: Option<String>,
    told: String,
}

pub(super) fn picker(node: Node, people: bool) -> El {
    let directory = node.directory;
    let typed = Signal::new(String::new());
    let field = el("input");
    let input: HtmlInputElement = field.handle();
    let enter = move |event: web_sys::Event| {
        event.prevent_default();
        let name = typed.get_untracked();
        let name = name.trim().trim_start_matches(['#', '@']);
        if name.is_empty() {
            let what =
                if people { "Type a nick, or choose one below." } else { "Type a room’s name, or choose one below." };
            directory.error.set(Some(what.to_owned()));
        } else if people {
            let known = |choices: &[Choice]| {
                let exact = choices.iter().find(|choice| fold(choice.place.name()) == fold(name));
                exact.or(choices.first()).map(|choice| choice.place.clone())
            };
            let place = shown(node, people, name).as_deref().and_then(known);
            write_to(node, place.unwrap_or_else(|| Place::With(name.to_owned())));
        } else {
            directory.error.set(None);
            node.enter_room(name.to_owned());
        }
    };
    let field = focused(field)
        .attr("id", "picked")
        .attr("type", "text")
        .attr("autocomplete", "off")
        .attr("autocapitalize", "none")
        .attr("spellcheck", "false")
        .attr("enterkeyhint", "go")
        .attr("aria-describedby", "picker-error picker-hint")
        .attr_from("aria-invalid", move || directory.error.get().is_some())
        .on("input", move |_| {
            directory.error.set(None);
            typed.set(input.value());
        });
    let error = again(
        move || directory.error.get(),
        |words| words.as_deref().map(|words| el("p").class("field-error").attr("role", "alert").text(words)),
    );
    let (title, label, button, hint) = if people {
        ("New conversation", "Nick", "Write", "Only the two of you see what is said there.")
    } else {
        ("Rooms", "Room name", "Enter room", "Type to find a room. A name that nobody has used yet makes a new one.")
    };
    let form = el("form")
        .attr("novalidate", "")
        .on("submit", enter)
        .child(el("div").class("field").child(el("label").attr("for", "picked").text(label)).child(field))
        .child(el("button").class("primary").attr("type", "submit").text(button))
        .child(el("div").attr("id", "picker-error").child(error))
        .child(el("p").class("hint").attr("id", "picker-hint").text(hint));
    let count = move || shown(node, people, &typed.get()).map(|choices| choices.len());
    let list = el("ul").attr("aria-label", if people { "Everybody" } else { "All rooms" }).child(each(
        move || shown(node, people, &typed.get()).unwrap_or_default(),
        Clone::clone,
        move |choice| row(node, choice),
    ));
    let none = switch(count, move |count| {
        match count {
            None if directory.error.with(Option::is_some) => None,
            None => Some("Asking the hub…"),
            Some(0) if people => {
                Some("Nobody of that name is here now. Write all the same: it is kept until they come.")
            }
            Some(0) => Some("There is no room of that name yet."),
            Some(_) => None,
        }
        .map(|words| el("p").class("none").text(words))
    });
    let body = el("div")
        .class("dialog-body")
        .child(head(node, title))
        .child(form)
        .child(el("div").class("picker-list").child(list).child(none));
    roving(body, "#picked, .picker-list .item")
}

/// Those whose name has what was typed; none until the hub has said.
fn shown(node: Node, people: bool, typed: &str) -> Option<Vec<Choice>> {
    let typed = fold(typed.trim().trim_start_matches(['#', '@']));
    let mut choices = Vec::new();
    if people {
        let me = fold(&node.nick.get());
        for user in node.directory.users.get()? {
            let told = if user.state == State::Online { String::new() } else { word(user.state).to_owned() };
            if fold(&user.nick) != me {
                choices.push(Choice { place: Place::With(user.nick), topic: None, told });
            }
        }
    } else {
        for room in node.directory.rooms.get()? {
            let many = match room.users {
                0 => "nobody here".to_owned(),
                1 => "1 person".to_owned(),
                many => format!("{many} people"),
            };
            let place = Place::Room(room.room);
            let joined = node.with_core(|core| core.transcript.get(&place).is_some_and(Conversation::joined));
            let told = if joined { format!("joined, {many}") } else { many };
            choices.push(Choice { place, topic: room.topic.filter(|topic| !topic.is_empty()), told });
        }
    }
    choices.retain(|choice| fold(choice.place.name()).contains(&typed));
    Some(choices)
}

fn row(node: Node, choice: &Choice) -> El {
    let Choice { place, topic, told } = choice.clone();
    let button = el("button").class("item").attr("type", "button");
    let button = match &place {
        Place::Room(_) => button.child(el("span").class("sign").attr("aria-hidden", "true").text("#")),
        Place::With(nick) => {
            let users = node.directory.users.get_untracked().unwrap_or_default();
            let state = users.iter().find(|user| user.nick == *nick).map(|user| user.state);
            button.child(state_sign(move || state))
        }
    };
    let mut words = el("span").class("name").child(el("bdi").text(place.name()));
    if let Some(topic) = topic {
        words = words.child(el("bdi").class("topic").text(&topic));
    }
    el("li").child(button.child(words).child(el("span").class("told").text(&told)).on("click", move |_| match &place {
        Place::Room(room) => {
            node.enter_room(room.clone());
        }
        Place::With(_) => write_to(node, place.clone()),
    }))
}

fn write_to(node: Node, place: Place) {
    node.shut_dialog();
    node.go(place);
}
