//! The rooms one is in, one's private conversations, and oneself.

use shared::transcript::Place;

use super::chat::Drawers;
use super::people::state_sign;
use crate::dialog::Dialog;
use crate::dom::{El, each, el, show, switch};
use crate::hue;
use crate::node::{Listed, Node};
use crate::notice::Notice;

pub(super) fn rooms(drawers: Drawers) -> [El; 4] {
    let node = Node::here();
    let hub = move || node.welcome.with(|welcome| welcome.as_ref().map(|welcome| welcome.node.clone()));
    let ephemeral = move || node.welcome.with(|welcome| welcome.as_ref().is_some_and(|welcome| welcome.ephemeral));

    let shut = el("button")
        .class("drawer-close quiet")
        .attr("type", "button")
        .text("Close")
        .on("click", move |_| drawers.shut());
    let head = el("div").class("rooms-head").child(el("p").class("wordmark").text("Hubbub")).child(shut);
    let go = el("button")
        .class("go-to")
        .attr("type", "button")
        .text("Go to… ")
        .child(el("kbd").attr("aria-hidden", "true").text("Ctrl K"))
        .on("click", move |_| node.open_palette());
    let search = el("button").attr("type", "button").text("Search").on("click", move |_| {
        drawers.shut();
        node.open_search(None);
    });
    let finder = el("div").class("finder").child(go).child(search);

    let all_rooms = other("+", "All rooms").on("click", move |_| node.pick_room());
    let anybody = other("+", "New conversation").on("click", move |_| node.pick_person());
    let invite = other("↗", "Invite someone").on("click", move |_| {
        drawers.shut();
        node.notice.set(Some(Notice::Invitation));
    });
    let console = other("›", "Console")
        .attr_from("aria-current", move || node.processes.open.get().then_some("true"))
        .on("click", move |_| node.open_console());
    let settings = other("✳", "Settings").on("click", move |_| node.open_dialog(Dialog::Settings));
    let places = el("div")
        .class("side-scroll")
        .child(show(ephemeral, || el("p").class("ephemeral").text("This hub keeps nothing: the log ends with it.")))
        .child(el("h2").attr("id", "rooms-title").text("Rooms"))
        .child(list(node, "rooms-title", false))
        .child(all_rooms)
        .child(el("h2").attr("id", "talks-title").text("Conversations"))
        .child(list(node, "talks-title", true))
        .child(anybody)
        .child(invite.class("item other apart"))
        .child(console)
        .child(settings);

    let names = el("div")
        .child(el("bdi").attr_from("class", move || hue::classes(&node.nick.get())).text_from(move || node.nick.get()))
        .child(el("p").class("machine").attr_from("title", hub).text_from(hub));
    let quit = el("button").class("quiet").attr("type", "button").text("Quit").on("click", move |_| node.quit());
    [head, finder, places, el("div").class("self").child(names).child(quit)]
}

/// A button below the rooms, in their shape.
fn other(sign: &str, name: &str) -> El {
    el("button")
        .class("item other")
        .attr("type", "button")
        .child(el("span").class("sign").attr("aria-hidden", "true").text(sign))
        .child(el("span").class("name").text(name))
}

/// The rooms, or the private conversations.
fn list(node: Node, title: &str, private: bool) -> El {
    let listed = move || {
        let mut listed = node.places.get();
        listed.retain(|listed| matches!(listed.place, Place::With(_)) == private);
        listed
    };
    let class = move || node.talk.as_of.get().map(|_| "adrift");
    el("ul").attr("aria-labelledby", title).attr_from("class", class).child(each(
        listed,
        |listed| listed.place.clone(),
        move |listed| place_item(node, listed),
    ))
}

fn place_item(node: Node, listed: &Listed) -> El {
    let (listed, place) = (listed.clone(), listed.place.clone());
    // What calls, what is unread beside it, and whether it is quiet here.
    let told = move || (node.told_unread(&listed), node.is_muted(&listed.place));
    let class = {
        let told = told.clone();
        move || match told() {
            (unread, _) if unread.count > 0 => "item has-unread",
            (_, true) => "item muted",
            _ => "item",
        }
    };
    let is_here = {
        let place = place.clone();
        move || (node.here.get() == place && !node.processes.open.get()).then_some("true")
    };
    let button = el("button").attr_from("class", class).attr("type", "button").attr_from("aria-current", is_here);
    let button = match &place {
        Place::Room(_) => button.child(el("span").class("sign").attr("aria-hidden", "true").text("#")),
        Place::With(nick) => {
            let nick = nick.clone();
            button.child(state_sign(move || {
                node.states.track();
                node.with_core(|core| core.transcript.state_of(&nick))
            }))
        }
    };
    let private = matches!(place, Place::With(_));
    let counts = switch(told, move |(unread, muted)| {
        // Each line is counted once: where all of them call, that is all there is to say.
        let rest = (unread.count > unread.mentions).then(|| count("unread", &unread.words(), " unread "));
        let calls = (unread.mentions > 0).then(|| {
            let what = match unread.mentions {
                _ if private => " unread",
                1 => " mention",
                _ => " mentions",
            };
            count("unread calls", &unread.mentions.to_string(), what)
        });
        let quiet = muted.then(|| el("span").class("told").text("muted "));
        el("span").class("counts").child(quiet).child(rest).child(calls)
    });
    let button = button
        .child(el("bdi").class("name").text(place.name()))
        .child(counts)
        .on("click", move |_| node.go(place.clone()));
    el("li").child(button)
}

/// How many there are, with what they are for those who only hear it.
fn count(class: &str, many: &str, what: &str) -> El {
    el("span").class(class).text(many).child(el("span").class("unseen").text(what))
}
