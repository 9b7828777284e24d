//! What was said here.

use shared::transcript::Place;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, FocusOptions, HtmlElement};

use super::invite::invitation;
use super::row::row_view;
use super::scroll::{Hole, Scroll, Stand};
use super::welcome::{is_first, welcome};
use crate::dom::{Child, El, Part, each, effect, el, show, switch};
use crate::node::{Node, Unread};
use crate::page::{document, has_keyboard};
use crate::rows::Row;

pub(super) fn transcript() -> impl Child {
    let node = Node::here();
    let talk = node.talk;

    let settle = move |stand: Stand| {
        node.looks(stand.at_end, stand.top, stand.bottom);
        if stand.near_top && (!stand.at_end || stand.fits) && talk.more.get_untracked() {
            node.older();
        } else if stand.near_bottom && talk.cut.get_untracked() {
            node.draw_later();
        }
        if let Some(Hole { after, next, above }) = stand.hole {
            node.fill_in_view(after, next, above);
        }
    };
    let rows = each(move || talk.rows.get(), Row::key, move |row| row_view(node, row));
    let lines = el("div").class("lines").child(top(node)).child(rows);
    let view = el("div")
        .attr_from("class", move || if talk.at_end.get() { "transcript" } else { "transcript apart" })
        .attr("role", "log")
        .attr("aria-live", "polite")
        .attr_from("aria-label", move || node.here.get().name().to_owned())
        // What was said before is not news to be read out.
        .attr_from("aria-busy", move || talk.loading.get() || talk.quiet.get())
        .attr("tabindex", "0");
    let scroll = Scroll::keep(view.handle(), &lines.handle(), move || talk.cut.get_untracked(), settle);
    let view = view
        .child(lines)
        .on("scroll", {
            let scroll = scroll.clone();
            move |_| settle(scroll.scrolled())
        })
        .on("click", move |event| {
            if let Some(seq) = own_line(&event) {
                node.mark(Some(seq));
            }
        });
    effect({
        let scroll = scroll.clone();
        move || {
            talk.to_end.track();
            scroll.to_end();
        }
    });
    // Where as much has come at one side as has gone at the other, the height tells nothing.
    effect({
        let scroll = scroll.clone();
        move || {
            talk.rows.track();
            settle(scroll.redrawn());
        }
    });
    effect(move || {
        if let Some(line) = talk.to_line.get().and_then(|seq| scroll.to_line(seq)) {
            point_out(&line);
        }
    });

    let below = move || match node.places.get().iter().find(|listed| listed.place == node.here.get()) {
        Some(listed) => match listed.unread.get() {
            Unread { count: 0, .. } => "To the newest line".to_owned(),
            unread => format!("{} new below", unread.words()),
        },
        None => String::new(),
    };
    let to_end = move |_| {
        node.go_to_end();
        focus_message();
    };
    let button = move || el("button").class("below").attr("type", "button").text_from(below).on("click", to_end);
    let to_new = move || {
        el("button")
            .class("to-new")
            .attr("type", "button")
            .text("Jump to the first unread")
            .on("click", move |_| node.go_to_new())
    };
    (view, (show(move || !talk.at_end.get(), button), show(move || talk.new_above.get(), to_new)))
}

/// Shows which line is meant, to the eye and to the keyboard.
fn point_out(line: &HtmlElement) {
    const MEANT: &str = "meant";
    let classes = line.class_list();
    // Taken off first, so that the same line is pointed out once more.
    let _ = classes.remove_1(MEANT);
    let _ = line.get_bounding_client_rect();
    let _ = classes.add_1(MEANT);
    let _ = line.set_attribute("tabindex", "-1");
    focus_in_place(line);
}

/// Gives a part the focus without moving what one reads.
pub(super) fn focus_in_place(part: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // A part that cannot be focused is no reason to stop.
    let _ = part.focus_with_options(&options);
}

/// The line of one's own whose time was clicked on; with a finger, which cannot be made to hover, the whole of it.
fn own_line(event: &Event) -> Option<u64> {
    let clicked: Element = event.target()?.dyn_into().ok()?;
    let asks = if has_keyboard() { ".own .when" } else { ".own :not(a)" };
    clicked.closest(asks).ok()??.closest("[data-seq]").ok()??.get_attribute("data-seq")?.parse().ok()
}

/// The button goes away with the click; one who typed goes on typing.
fn focus_message() {
    let field = document().get_element_by_id("message").and_then(|field| field.dyn_into::<HtmlElement>().ok());
    if let Some(field) = field {
        // A field that cannot be focused is no reason to stop.
        let _ = field.focus();
    }
}

/// What stands above the oldest line.
fn top(node: Node) -> Part {
    let talk = node.talk;
    let above = move || {
        if talk.more.get() {
            Above::More
        } else if talk.rows.with(|rows| rows.iter().all(|row| row.seq().is_none())) {
            if is_first(node) { Above::Welcome } else { Above::Nothing(node.here.get()) }
        } else {
            Above::Beginning(node.here.get())
        }
    };
    switch(above, move |above| match above {
        Above::More => el("p").class("older").text_from(move || talk.loading.get().then_some("Loading older lines…")),
        Above::Beginning(place) => {
            let words = match place {
                Place::Room(room) => format!("This is where {room} begins."),
                Place::With(nick) => format!("Here begins what you and {nick} say to each other."),
            };
            el("div").class("beginning").child(el("div").child(el("p").text(&words)))
        }
        Above::Nothing(place) => el("div").class("beginning alone").child(nothing_yet(place)),
        Above::Welcome => el("div").class("beginning alone").child(welcome(node)),
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Above {
    /// There may be older lines.
    More,
    /// The first line of the place stands below.
    Beginning(Place),
    /// There is no line at all.
    Nothing(Place),
    /// Nor is there one anywhere on the hub.
    Welcome,
}

/// What to do where nobody has said anything.
fn nothing_yet(place: &Place) -> El {
    match place {
        Place::Room(room) => el("div")
            .child(el("h2").text(&format!("Nothing has been said in {room} yet")))
            .child(el("p").text("Write the first line below: everyone who comes later will find it here."))
            .child(el("p").text("To bring others in, send them this link."))
            .child(invitation()),
        Place::With(nick) => el("div").child(el("h2").text(&format!("You and {nick}"))).child(
            el("p")
                .text("Nothing has been said yet. What you write here only ")
                .child(el("bdi").text(nick))
                .text(" can read, now or on coming back."),
        ),
    }
}
