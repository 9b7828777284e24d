//! The rooms one is in, one's private conversations, and oneself.

use shared::transcript::Place;

use super::chat::Drawers;
use super::people::state_sign;
use crate::dom::{El, each, el, show, switch};
use crate::hue;
use crate::node::{Listed, Node};
use crate::notice::Notice;

pub(super) fn rooms(drawers: Drawers) -> [El; 3] {
    let node = Node::here();
    let hub = move || node.welcome.with(|welcome| welcome.as_ref().map(|welcome| welcome.node.clone()));
    let ephemeral = move || node.welcome.with(|welcome| welcome.as_ref().is_some_and(|welcome| welcome.ephemeral));

    let shut = el("button")
        .class("drawer-close quiet")
        .attr("type", "button")
        .text("Close")
        .on("click", move |_| drawers.shut());
    let head = el("div").class("rooms-head").child(el("p").class("wordmark").text("Hubbub")).child(shut);

    let class = move || node.talk.as_of.get().map(|_| "adrift");
    let list = el("ul").attr("aria-labelledby", "rooms-title").attr_from("class", class).child(each(
        move || node.places.get(),
        |listed| listed.place.clone(),
        move |listed| room_item(node, listed),
    ));
    let others = other("+", "Other rooms").on("click", move |_| node.pick_room());
    let invite = other("↗", "Invite someone").on("click", move |_| {
        drawers.shut();
        node.notice.set(Some(Notice::Invitation));
    });
    let places = el("div")
        .class("side-scroll")
        .child(show(ephemeral, || el("p").class("ephemeral").text("This hub keeps nothing: the log ends with it.")))
        .child(el("h2").attr("id", "rooms-title").text("Rooms"))
        .child(list)
        .child(others)
        .child(invite);

    let names = el("div")
        .child(el("bdi").attr_from("class", move || hue::classes(&node.nick.get())).text_from(move || node.nick.get()))
        .child(el("p").class("machine").attr_from("title", hub).text_from(hub));
    let quit = el("button").class("quiet").attr("type", "button").text("Quit").on("click", move |_| node.quit());
    [head, places, el("div").class("self").child(names).child(quit)]
}

/// A button below the rooms, in their shape.
fn other(sign: &str, name: &str) -> El {
    el("button")
        .class("item other")
        .attr("type", "button")
        .child(el("span").class("sign").attr("aria-hidden", "true").text(sign))
        .child(el("span").class("name").text(name))
}

fn room_item(node: Node, listed: &Listed) -> El {
    let Listed { place, unread } = listed.clone();
    let class = {
        let unread = unread.clone();
        move || if unread.get().count > 0 { "item has-unread" } else { "item" }
    };
    let is_here = {
        let place = place.clone();
        move || (node.here.get() == place).then_some("true")
    };
    let button = el("button").attr_from("class", class).attr("type", "button").attr_from("aria-current", is_here);
    let name = place.name().to_owned();
    let private = matches!(place, Place::With(_));
    let button = if private {
        let nick = name.clone();
        button.child(state_sign(move || {
            node.states.track();
            node.with_core(|core| core.transcript.state_of(&nick))
        }))
    } else {
        button.child(el("span").class("sign").attr("aria-hidden", "true").text("#"))
    };
    let unread = switch(
        move || unread.get(),
        |unread| {
            (unread.count > 0).then(|| {
                el("span").class("unread").text(&unread.words()).child(el("span").class("unseen").text(" unread"))
            })
        },
    );
    let button =
        button.child(el("bdi").class("name").text(&name)).child(unread).on("click", move |_| node.go(place.clone()));
    let item = el("li").child(button);
    if private { item.class("with") } else { item }
}
