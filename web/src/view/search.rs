//! The search: what is wanted, and what was found. In the place of the people; on a narrow screen in that of the talk.

use std::rc::Rc;

use shared::transcript::Place;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use super::dialog::roving;
use crate::dom::{El, each, effect, el, show};
use crate::node::{Listed, Node};
use crate::page::{before_next_paint, document};
use crate::searching::{Found, Stage, Told, Wanted};
use crate::state::untrack;
use crate::storage::sign;
use crate::tab_completion::candidates;
use crate::{calendar, clock, hue};

/// So near the end of the list more is asked for, in pixels: before a person gets there.
const NEAR_END: i32 = 400;

pub(super) fn search() -> El {
    let node = Node::here();
    let searching = node.searching;
    let field = el("input");
    let query: HtmlInputElement = field.handle();
    let field = field
        .attr("id", "search-for")
        .attr("type", "search")
        .attr("autocomplete", "off")
        .attr("autocapitalize", "none")
        .attr("enterkeyhint", "search")
        .attr("maxlength", "256")
        .attr("aria-describedby", "search-told")
        .attr("placeholder", "Words, or parts of them")
        .value_from(move || searching.wanted.get().query)
        .on("input", {
            let query = query.clone();
            move |_| node.want(|wanted| wanted.query = query.value())
        });
    // The keyboard goes to what is wanted, or back to the result that was opened.
    effect(move || {
        searching.focus.track();
        if searching.stage.get_untracked() != Some(Stage::Results) {
            return;
        }
        let query = query.clone();
        before_next_paint(move || {
            let opened = searching.opened.get_untracked().and_then(|seq| document().get_element_by_id(&id(seq)));
            match opened.and_then(|opened| opened.dyn_into::<HtmlElement>().ok()) {
                // A part that cannot be focused is no reason to stop.
                Some(opened) => drop(opened.focus()),
                None => {
                    drop(query.focus());
                    query.select();
                }
            }
        });
    });
    effect(move || node.gone_while_searching(&node.here.get()));
    effect(move || {
        searching.ask.track();
        untrack(|| node.search_now());
    });

    let only = el("input").attr("type", "checkbox");
    let checked: HtmlInputElement = only.handle();
    let only = only.on("change", {
        let checked = checked.clone();
        move |_| {
            let here = node.here.get_untracked();
            node.want(|wanted| wanted.only = checked.checked().then_some(here));
        }
    });
    effect(move || checked.set_checked(searching.wanted.with(|wanted| wanted.only.is_some())));
    // While it is chosen, the place it was chosen for; else the one it would be.
    let place = move || searching.wanted.with(|wanted| wanted.only.clone()).unwrap_or_else(|| node.here.get());
    let scope = el("label")
        .class("choice")
        .child(only)
        .child(el("span").text("Only in ").child(el("bdi").text_from(move || sign(&place()))));
    let from = text(node, "search-from", "Said by", "text", |wanted| &mut wanted.from);
    from.handle::<Element>().query_selector("input").ok().flatten().map(|field| field.set_attribute("list", "nicks"));
    let known = each(move || nicks(node), String::clone, |nick| el("option").attr("value", nick));
    let from = from.child(el("datalist").attr("id", "nicks").child(known));
    let since = text(node, "search-since", "From", "date", |wanted| &mut wanted.since);
    let until = text(node, "search-until", "To", "date", |wanted| &mut wanted.until);
    let narrower = el("details")
        .child(el("summary").text("By person and date"))
        .child(from)
        .child(el("div").class("dates").child(since).child(until));
    let form = el("form")
        .attr("role", "search")
        .on("submit", move |event| {
            event.prevent_default();
            node.search_now();
        })
        .child(el("div").class("field").child(el("label").attr("for", "search-for").text("Search for")).child(field))
        .child(scope)
        .child(narrower);
    let told = el("p")
        .class("hint")
        .attr("id", "search-told")
        .attr("role", "status")
        .text_from(move || words(&searching.told.get(), searching.wanted.with(|wanted| wanted.only.is_some())));
    let list = el("ol").attr("aria-label", "Results").child(each(
        move || searching.found.get(),
        // Another query marks other parts of a line.
        |found| (found.line.seq(), Rc::as_ptr(&found.query).addr()),
        move |found| row(node, found),
    ));
    let more = move || matches!(searching.told.get(), Told::Found { more: true, .. });
    let more = show(more, move || {
        el("button")
            .class("further")
            .attr("type", "button")
            .text("Older results")
            .on("click", move |_| node.search_further())
    });
    let results = el("div").class("side-scroll").child(told).child(list).child(more);
    let scrolled: HtmlElement = results.handle();
    let results = results.on("scroll", move |_| {
        if scrolled.scroll_height() - scrolled.scroll_top() - scrolled.client_height() < NEAR_END {
            node.search_further();
        }
    });
    let shut = el("button").class("quiet").attr("type", "button").text("Close").on("click", move |_| node.end_search());
    let head = el("div").class("search-head").child(el("h2").text("Search")).child(shut);
    let panel = el("section")
        .class("side search")
        .attr("id", "search")
        .attr("aria-label", "Search")
        .child(head)
        .child(form)
        .child(results);
    roving(panel, "#search-for, .found")
}

/// The way back to the results, where there is no room for both.
pub(super) fn way_back(node: Node) -> El {
    el("button").class("back-to-results").attr("type", "button").text("Back to results").on("click", move |_| {
        node.search_back();
    })
}

/// Those who may be looked for: who spoke last, who is here, oneself, and with whom one talks in private.
fn nicks(node: Node) -> Vec<String> {
    node.talk.people.track();
    let mut nicks = candidates(node).nicks;
    nicks.push(node.nick.get());
    for Listed { place, .. } in node.places.get() {
        if let Place::With(nick) = place
            && !nicks.contains(&nick)
        {
            nicks.push(nick);
        }
    }
    nicks
}

fn text(node: Node, id: &'static str, label: &str, kind: &str, part: fn(&mut Wanted) -> &mut String) -> El {
    let field = el("input").attr("id", id).attr("type", kind).attr("autocomplete", "off");
    let input: HtmlInputElement = field.handle();
    let field = field
        .value_from(move || part(&mut node.searching.wanted.get()).clone())
        .on("input", move |_| node.want(|wanted| *part(wanted) = input.value()));
    el("div").class("field").child(el("label").attr("for", id).text(label)).child(field)
}

fn words(told: &Told, only_here: bool) -> String {
    match told {
        Told::Nothing => "Any part of a word is found, in any script. “Words in quotes” stand together.".to_owned(),
        Told::Asking => "Searching…".to_owned(),
        Told::Found { count: 0, .. } if only_here => {
            "Nothing found here. Try fewer words, or search everywhere.".to_owned()
        }
        Told::Found { count: 0, .. } => "Nothing found. Try fewer words, or a part of one.".to_owned(),
        Told::Found { count: 1, more: false } => "1 result".to_owned(),
        Told::Found { count, more } => format!("{count}{} results", if *more { " newest" } else { "" }),
        Told::Failed(words) => words.clone(),
    }
}

fn id(seq: u64) -> String {
    format!("found-{seq}")
}

fn row(node: Node, found: &Rc<Found>) -> El {
    let (line, found) = (&found.line, found.clone());
    let (seq, at) = (line.seq(), line.at());
    let east = clock::minutes_east(at);
    let is_open = move || (node.searching.opened.get() == Some(seq)).then_some("true");
    let head = el("span")
        .class("found-head")
        .child(el("bdi").class(hue::classes(line.from())).text(line.from()))
        .text(" ")
        .child(el("span").class("found-in").child(el("bdi").text(&sign(&found.place))))
        .text(" ")
        .child(el("time").attr("datetime", &calendar::machine(at)).text(&calendar::stamp(at, clock::now(), east)));
    let text =
        found.query.excerpt(line.text()).into_iter().fold(el("bdi").class("found-text"), |text, (words, hit)| {
            if hit { text.child(el("mark").text(words)) } else { text.text(words) }
        });
    let button = el("button")
        .class("found")
        .attr("type", "button")
        .attr("id", &id(seq))
        .attr_from("aria-current", is_open)
        .child(head)
        .text(" ")
        .child(text);
    el("li").child(button.on("click", {
        let found = found.clone();
        move |_| node.open_found(&found)
    }))
}
