//! The window of someone who is in: rooms, the talk, people.

use std::cell::Cell;

use crate::state::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::attach::drop_target;
use super::composer::composer;
use super::deleting::deleting;
use super::dialog::dialogs;
use super::emoji_picker::emoji_picker;
use super::keys::obey_keys;
use super::line_actions::line_actions;
use super::menu::place_menu;
use super::notice::notices;
use super::people::people;
use super::rooms::rooms;
use super::search::way_back;
use super::topic::title;
use super::transcript::transcript;
use super::typing::typing;
use super::viewer::viewer;
use crate::chunks::later;
use crate::dom::{El, effect, el, on_window, show, switch};
use crate::node::Node;
use crate::searching::Stage;

/// On a narrow screen the lists at the sides are drawers; at most one is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawer {
    Rooms,
    People,
}

impl Drawer {
    fn name(self) -> &'static str {
        match self {
            Self::Rooms => "rooms",
            Self::People => "people",
        }
    }
}

/// Which drawer is open.
#[derive(Clone, Copy)]
pub(super) struct Drawers {
    open: Signal<Option<Drawer>>,
}

impl Drawers {
    pub(super) fn shut(self) {
        if self.open.get_untracked().is_some() {
            self.open.set(None);
        }
    }
}

pub(super) fn chat() -> El {
    let node = Node::here();
    let open = Signal::new(None);
    let drawers = Drawers { open };
    obey_keys(node, move || open.get_untracked().is_none());
    let stage = node.searching.stage;

    let rooms_side = el("nav")
        .class("side rooms")
        .attr("id", "rooms")
        .attr("tabindex", "-1")
        .attr("aria-label", "Rooms and conversations")
        .child(rooms(drawers));
    let people_side = el("aside")
        .class("side people")
        .attr("id", "people")
        .attr("tabindex", "-1")
        .attr("aria-label", "Who is here")
        .child(people(drawers));
    let unread_elsewhere = move || {
        let here = node.here.get();
        node.places.get().iter().filter(|listed| listed.place != here).any(|listed| node.told_unread(listed).count > 0)
    };
    let rooms_button = drawer_button(drawers, Drawer::Rooms).text("Rooms").child(show(unread_elsewhere, || {
        el("span").class("unread-dot").child(el("span").class("unseen").text(", unread lines"))
    }));
    let people_button = drawer_button(drawers, Drawer::People)
        .text("People ")
        .child(el("span").class("count").text_from(move || node.talk.count.get()));

    // The keyboard goes into a drawer that opens, and back to its button when it shuts.
    let [rooms_ref, people_ref, rooms_button_ref, people_button_ref] =
        [&rooms_side, &people_side, &rooms_button, &people_button].map(El::handle::<HtmlElement>);
    let before = Cell::new(None);
    effect(move || {
        let now = open.get();
        let focused = match (before.replace(now), now) {
            (_, Some(Drawer::Rooms)) => &rooms_ref,
            (_, Some(Drawer::People)) => &people_ref,
            (Some(Drawer::Rooms), None) => &rooms_button_ref,
            (Some(Drawer::People), None) => &people_button_ref,
            (None, None) => return,
        };
        // A part that cannot be focused leaves the focus where it is.
        let _ = focused.focus();
    });
    on_window("keydown", move |event| {
        if event.unchecked_into::<KeyboardEvent>().key() == "Escape" {
            drawers.shut();
        }
    });
    // Going somewhere is what a drawer was opened for.
    effect(move || {
        node.here.track();
        drawers.shut();
    });

    let head =
        el("header").class("talk-head").child(rooms_button).child(title()).child(place_menu()).child(people_button);
    let back = show(move || stage.get() == Some(Stage::Line), move || way_back(node));
    let talk = el("main")
        .class("talk")
        .attr_from("inert", move || open.get().map(|_| ""))
        .child(head)
        .child(line_actions(node, el("div").class("talk-body").child(back).child(transcript()).child(notices())))
        .child(emoji_picker(node))
        .child(deleting(node))
        .child((viewer(node), drop_target(node)))
        .child(typing())
        // It comes when somebody wants to run a program here; nobody waits for it.
        .child(switch(
            move || node.processes_here(false).is_some(),
            move |_| node.processes_at_hand().map(|processes| (processes.consent)(node)),
        ))
        .child(composer())
        .child(switch(
            move || node.processes.open.get() && node.processes_here(true).is_some(),
            move |open| node.processes_at_hand().filter(|_| *open).map(|processes| (processes.console)(node)),
        ));
    let scrim = el("button")
        .class("scrim")
        .attr("type", "button")
        .attr("tabindex", "-1")
        .attr("aria-hidden", "true")
        .on("click", move |_| drawers.shut());
    el("div")
        .class("chat")
        .attr_from("data-drawer", move || open.get().map(Drawer::name))
        .attr_from("data-console", move || {
            (node.processes.open.get() && node.processes_here(true).is_some()).then_some("")
        })
        .attr_from("data-search", move || stage.get().filter(|_| node.more().is_some()).map(Stage::name))
        .child(rooms_side)
        .child(talk)
        .child(people_side)
        .child(later(node, move || stage.get().map(|_| ()), |more, ()| (more.search)()))
        .child(scrim)
        .child(dialogs())
}

fn drawer_button(drawers: Drawers, drawer: Drawer) -> El {
    let open = drawers.open;
    el("button")
        .class(match drawer {
            Drawer::Rooms => "drawer-button for-rooms quiet",
            Drawer::People => "drawer-button for-people quiet",
        })
        .attr("type", "button")
        .attr("aria-controls", drawer.name())
        .attr_from("aria-expanded", move || open.get() == Some(drawer))
        .on("click", move |_| open.set(Some(drawer)))
}
