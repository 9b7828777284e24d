//! The palette: a few letters, and one is there.

use shared::letters::fold;
use shared::transcript::Place;
use web_sys::{HtmlInputElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use super::dialog::focused;
use super::keys::strokes;
use crate::dom::{El, each, effect, el};
use crate::keyboard::DEEDS;
use crate::node::Node;
use crate::page::document;
use crate::palette::{Choice, Offer, meant, sign};
use crate::state::*;

pub(super) fn palette(node: Node) -> El {
    let typed = Signal::new(String::new());
    let at = Signal::new(0);
    let shown = Signal::new(Vec::new());
    effect(move || {
        let offers = meant(offers(node), &typed.get());
        at.set(0);
        shown.set(offers);
    });
    // The chosen one is in sight.
    effect(move || {
        let chosen = at.get();
        shown.track();
        if let Some(row) = document().get_element_by_id(&id(chosen)) {
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            row.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });

    let field = el("input");
    let input: HtmlInputElement = field.handle();
    let field = focused(field)
        .attr("type", "text")
        .attr("role", "combobox")
        .attr("aria-label", "Go to")
        .attr("aria-controls", "palette-list")
        .attr("aria-expanded", "true")
        .attr("aria-autocomplete", "list")
        .attr("autocomplete", "off")
        .attr("autocapitalize", "none")
        .attr("spellcheck", "false")
        .attr("enterkeyhint", "go")
        .attr("placeholder", "A room, a person, or what to do")
        .attr_from("aria-activedescendant", move || shown.with(|shown| !shown.is_empty()).then(|| id(at.get())))
        .on("input", move |_| typed.set(input.value()))
        .on_key(move |event| {
            if event.is_composing() {
                return;
            }
            let (count, now) = (shown.with_untracked(Vec::len), at.get_untracked());
            match event.key().as_str() {
                "ArrowDown" if count > 0 => at.set((now + 1) % count),
                "ArrowUp" if count > 0 => at.set((now + count - 1) % count),
                "Enter" => {
                    if let Some(offer) = shown.with_untracked(|shown| shown.get(now).cloned()) {
                        choose(node, &offer.choice);
                    }
                }
                _ => return,
            }
            event.prevent_default();
        });
    let rows = each(
        move || shown.get().into_iter().enumerate().collect::<Vec<_>>(),
        Clone::clone,
        move |(number, offer)| row(node, *number, offer, at),
    );
    let list = el("ul")
        .attr("id", "palette-list")
        .attr("role", "listbox")
        .attr("aria-label", "What can be chosen")
        // The field keeps the focus.
        .on("mousedown", |event| event.prevent_default())
        .child(rows);
    let none = move || shown.with(Vec::is_empty).then_some("Nothing is called so.");
    el("div")
        .class("dialog-body")
        .child(el("h2").class("unseen").attr("id", "dialog-title").text("Go to"))
        .child(field)
        .child(list)
        .child(el("p").class("hint").attr("role", "status").text_from(none))
}

fn id(number: usize) -> String {
    format!("offer-{number}")
}

fn row(node: Node, number: usize, offer: &Offer, at: Signal<usize>) -> El {
    let Offer { choice, name, told, .. } = offer;
    let told = match choice {
        Choice::Do(deed) => strokes(node, el("span").class("told"), &DEEDS[*deed]),
        _ => el("span").class("told").text(told),
    };
    let choice = choice.clone();
    el("li")
        .class("item")
        .attr("role", "option")
        .attr("id", &id(number))
        .attr_from("aria-selected", move || at.get() == number)
        .child(el("span").class("sign").attr("aria-hidden", "true").text(sign(&choice).encode_utf8(&mut [0; 4])))
        .child(el("bdi").class("name").text(name))
        .child(told)
        .on("click", move |_| choose(node, &choice))
}

fn choose(node: Node, choice: &Choice) {
    node.shut_dialog();
    match choice {
        Choice::Go(place) => node.go(place.clone()),
        Choice::Enter(room) => {
            node.enter_room(room.clone());
        }
        Choice::Do(deed) => {
            if let Some(run) = DEEDS[*deed].run {
                run(node);
            }
        }
    }
}

/// Places, people, rooms one is not in, and what can be done.
fn offers(node: Node) -> Vec<Offer> {
    let listed = node.places.get();
    let known = |place: &Place| listed.iter().any(|listed| same(&listed.place, place));
    let offer =
        |choice, name: &str, told: &str| Offer { choice, name: name.to_owned(), told: told.to_owned(), urgency: 0 };
    let mut offers = Vec::new();
    for listed in &listed {
        let unread = node.told_unread(listed);
        let urgency = u8::from(unread.count > 0) + u8::from(unread.mentions > 0);
        let told = if unread.count > 0 { format!("{} unread", unread.words()) } else { String::new() };
        let choice = Choice::Go(listed.place.clone());
        offers.push(Offer { urgency, ..offer(choice, listed.place.name(), &told) });
    }
    for user in node.directory.users.get().unwrap_or_default() {
        let place = Place::With(user.nick);
        if !known(&place) && fold(place.name()) != fold(&node.nick.get_untracked()) {
            offers.push(offer(Choice::Go(place.clone()), place.name(), "write to them alone"));
        }
    }
    for room in node.directory.rooms.get().unwrap_or_default() {
        if !known(&Place::Room(room.room.clone())) {
            offers.push(offer(Choice::Enter(room.room.clone()), &room.room, "not joined"));
        }
    }
    for (number, deed) in DEEDS.iter().enumerate().filter(|(_, deed)| (deed.offered)(node)) {
        offers.push(offer(Choice::Do(number), deed.name, ""));
    }
    offers
}

fn same(one: &Place, other: &Place) -> bool {
    matches!((one, other), (Place::Room(_), Place::Room(_)) | (Place::With(_), Place::With(_)))
        && fold(one.name()) == fold(other.name())
}
