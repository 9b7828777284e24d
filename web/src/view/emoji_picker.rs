//! All emoji, by group and by name, in a window over the page.

use shared::emoji::Emoji;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement, HtmlElement, HtmlInputElement, KeyboardEvent};

use crate::changing::Picking;
use crate::chunks::later;
use crate::dom::{Child, El, effect, el, show, switch};
use crate::emoji::{Fetched, at_hand};
use crate::node::Node;
use crate::state::*;
use crate::storage;

/// Where a button has its emoji: not as text, since it has a name.
const EMOJI: &str = "data-emoji";

/// Emoji in a row, as in emoji.css.
const COLUMNS: isize = 8;

/// Emoji that are used most: three rows.
const OFTEN: usize = 24;

/// Found emoji that are shown, at most: who sees so many writes another letter.
const FOUND: usize = 200;

pub(super) fn emoji_picker(node: Node) -> impl Child {
    later(node, move || node.changing.picking.get(), move |more, picking| (more.emoji_picker)(node, *picking))
}

pub(super) fn picker(node: Node, picking: Picking) -> El {
    node.fetch_emoji();
    let sought = Signal::new(String::new());
    // None are those that are used most.
    let group = Signal::new(None::<String>);
    // The name of the one that is pointed at or has the focus.
    let name = Signal::new(String::new());

    let dialog = el("dialog").class("emoji-picker").attr("aria-label", "Emoji");
    let window: HtmlDialogElement = dialog.handle();
    let choose = {
        let window = window.clone();
        move |emoji: &str| {
            // Gives the focus back first.
            window.close();
            match picking {
                Picking::Text => {
                    node.used_emoji(emoji);
                    node.changing.inserted.set(emoji.to_owned());
                }
                Picking::Line(seq) => node.react_or_not(seq, emoji),
            }
        }
    };
    let field = el("input");
    let input: HtmlInputElement = field.handle();
    let field = field
        .attr("type", "search")
        .attr("aria-label", "Search emoji")
        .attr("placeholder", "Search")
        .attr("autocomplete", "off")
        .attr("enterkeyhint", "done")
        .on("input", move |_| sought.set(input.value()));
    let grid = el("div").class("emoji-grid").attr("role", "group").attr_from("aria-label", move || {
        if sought.get().trim().is_empty() {
            group.get().unwrap_or_else(|| "Often used".to_owned())
        } else {
            "Found".to_owned()
        }
    });
    let cells: HtmlElement = grid.handle();
    let shown = switch(
        move || (sought.get(), group.get(), node.emoji.fetched.get()),
        move |(sought, group, _)| cells_of(node, sought, group.as_deref()),
    );
    let point = move |event: Event| {
        name.set(cell(&event).and_then(|cell| cell.get_attribute("aria-label")).unwrap_or_default());
    };
    let grid = grid
        .child(shown)
        .on("click", {
            let choose = choose.clone();
            move |event| {
                if let Some(emoji) = cell(&event).and_then(|cell| cell.get_attribute(EMOJI)) {
                    choose(&emoji);
                }
            }
        })
        .on("pointerover", point)
        .on("focusin", point);
    let keys = {
        let dialog = window.clone();
        move |event: KeyboardEvent| key(&event, &dialog, &cells, &choose)
    };
    let shut = {
        let window = window.clone();
        move |_| window.close()
    };
    let failed = move || node.emoji.fetched.get() == Fetched::Failed;
    let sorry = || {
        el("p")
            .class("note")
            .attr("role", "alert")
            .text("The hub did not give out all emoji. These are the most common ones.")
    };
    let outside = window.clone();
    effect(move || {
        // Fails only for one that is open already.
        let _ = window.show_modal();
    });
    dialog
        .on_key(keys)
        .on("close", move |_| node.changing.picking.set(None))
        .on("click", move |event| {
            // What is behind it belongs to it.
            if event.target().is_some_and(|target| target.dyn_ref::<HtmlDialogElement>() == Some(&outside)) {
                outside.close();
            }
        })
        .child(
            el("div").class("emoji-head").child(field).child(
                el("button")
                    .class("quiet icon icon-close")
                    .attr("type", "button")
                    .attr("aria-label", "Close")
                    .on("click", shut),
            ),
        )
        .child(groups(node, group, sought))
        .child(show(failed, sorry))
        .child(el("div").class("emoji-cells").child(grid))
        .child(el("p").class("emoji-name").attr("aria-hidden", "true").text_from(move || name.get()))
}

/// A button for each group.
fn groups(node: Node, chosen: Signal<Option<String>>, sought: Signal<String>) -> impl Child {
    let button = move |name: &str, emoji: &str, group: Option<String>| {
        let this = group.clone();
        el("button")
            .class("quiet")
            .attr("type", "button")
            .attr("aria-label", name)
            .attr_from("aria-pressed", move || sought.get().trim().is_empty() && chosen.get() == this)
            .attr(EMOJI, emoji)
            .on("click", move |_| {
                sought.set(String::new());
                chosen.set(group.clone());
            })
    };
    switch(
        move || node.emoji.fetched.get(),
        move |_| {
            let row = el("div").class("emoji-groups").attr("role", "group").attr("aria-label", "Groups");
            let row = row.child(button("Often used", "🕘", None));
            node.emoji.table.with_untracked(|table| {
                table.groups().into_iter().fold(row, |row, (name, emoji)| {
                    let first = emoji.first().map_or("", |first| first.emoji);
                    row.child(button(name, first, Some(name.to_owned())))
                })
            })
        },
    )
}

/// What is shown: what was found, a group, or what is used most.
fn cells_of(node: Node, sought: &str, group: Option<&str>) -> El {
    let row = el("div").class("emoji-row");
    node.emoji.table.with_untracked(|table| {
        if !sought.trim().is_empty() {
            let found = table.search(&sought.trim().to_lowercase());
            if found.is_empty() {
                return row.child(el("p").class("note").attr("role", "status").text("No emoji is called that."));
            }
            return found.iter().take(FOUND).fold(row, one);
        }
        let groups = table.groups();
        match groups.iter().find(|(name, _)| Some(*name) == group) {
            Some((_, emoji)) => emoji.iter().fold(row, one),
            None => at_hand(&storage::emoji(), OFTEN).iter().fold(row, |row, emoji| {
                let known = groups.iter().flat_map(|(_, known)| known).find(|known| known.emoji == emoji);
                one(row, known.unwrap_or(&Emoji { emoji, name: "" }))
            }),
        }
    })
}

/// One emoji. Only the first can be reached by Tab, the others with the arrows.
fn one(row: El, emoji: &Emoji<'_>) -> El {
    let first = row.handle::<Element>().child_element_count() == 0;
    let words = emoji.name.replace('_', " ");
    row.child(
        el("button")
            .attr("type", "button")
            .attr("tabindex", if first { "0" } else { "-1" })
            .attr("aria-label", if words.is_empty() { emoji.emoji } else { &words })
            .attr(EMOJI, emoji.emoji),
    )
}

fn cell(event: &Event) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest("button").ok()?
}

fn key(event: &KeyboardEvent, dialog: &HtmlDialogElement, cells: &HtmlElement, choose: &dyn Fn(&str)) {
    // Escape shuts this window, and nothing behind it.
    event.stop_propagation();
    if event.is_composing() {
        return;
    }
    let Ok(buttons) = cells.query_selector_all("button") else { return };
    let button = |at: u32| buttons.item(at).and_then(|button| button.dyn_into::<HtmlElement>().ok());
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let at = (0..buttons.length()).find(|at| button(*at).is_some_and(|button| button.is_same_node(Some(&target))));
    let key = event.key();
    let to = match (&*key, at) {
        ("Enter", None) if target.has_attribute("placeholder") => {
            event.prevent_default();
            if let Some(emoji) = button(0).and_then(|first| first.get_attribute(EMOJI)) {
                choose(&emoji);
            }
            return;
        }
        ("ArrowDown", None) => Some(0),
        ("ArrowRight", Some(at)) => Some(at as isize + 1),
        ("ArrowLeft", Some(at)) => Some(at as isize - 1),
        ("ArrowDown", Some(at)) => Some(at as isize + COLUMNS),
        ("ArrowUp", Some(at)) => Some(at as isize - COLUMNS),
        ("Home", Some(_)) => Some(0),
        ("End", Some(_)) => Some(buttons.length() as isize - 1),
        _ => return,
    };
    event.prevent_default();
    match to.and_then(|to| u32::try_from(to).ok()).map(button) {
        // What cannot be focused is no reason to stop.
        Some(Some(cell)) => drop(cell.focus()),
        Some(None) => {}
        // Above the first row is the field.
        None => {
            let field =
                dialog.query_selector("input").ok().flatten().and_then(|field| field.dyn_into::<HtmlElement>().ok());
            field.map(|field| field.focus());
        }
    }
}
