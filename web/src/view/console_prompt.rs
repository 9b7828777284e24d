//! The prompt, and above it what was run and printed.

use std::cell::RefCell;
use std::rc::Rc;

use shared::command::Completion;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement, KeyboardEvent};

use crate::console::output::{Output, Said, Voice};
use crate::console::prompt::{History, complete, is_whole};
use crate::dom::{El, each, effect, el, show};
use crate::page::{before_next_paint, has_keyboard};
use crate::processes::host::Host;
use crate::state::*;
use crate::tab_completion::{bytes, units};

/// Lines of a field, at most: what is longer is scrolled.
const MAX_ROWS: usize = 8;

/// Names that are shown to choose from.
const MAX_CHOICES: usize = 12;

/// This near to the end counts as there, in pixels.
const NEAR_END: i32 = 24;

/// A round of Tab through what fits.
struct Round {
    line: String,
    completion: Completion,
    turn: usize,
}

pub(super) fn prompt(host: &'static Host) -> El {
    let console = &host.console;
    let field = el("textarea");
    let area: HtmlTextAreaElement = field.handle();
    let typed = Signal::new(String::new());
    let round: Rc<RefCell<Option<Round>>> = Rc::default();
    let free = Signal::new(false);
    let told = Signal::new(None::<String>);

    let put = {
        let area = area.clone();
        move |text: &str, cursor: Option<u32>| {
            area.set_value(text);
            if let Some(cursor) = cursor {
                // A field that has no selection keeps its cursor at the end.
                let _ = area.set_selection_range(cursor, cursor);
            }
            typed.set(text.to_owned());
        }
    };
    effect({
        let put = put.clone();
        move || {
            let inserted = console.inserted.get();
            if !inserted.is_empty() {
                put(&inserted, None);
            }
        }
    });
    let run: Rc<dyn Fn()> = {
        let (area, put, round) = (area.clone(), put.clone(), Rc::clone(&round));
        Rc::new(move || {
            let line = area.value();
            if line.trim().is_empty() {
                return;
            }
            round.replace(None);
            told.set(None);
            put("", None);
            host.run(&line);
        })
    };
    let key = {
        let (area, run, round) = (area.clone(), Rc::clone(&run), Rc::clone(&round));
        move |event: KeyboardEvent| {
            if event.is_composing() {
                return;
            }
            let key = event.key();
            if key != "Tab" && round.borrow_mut().take().is_some() {
                told.set(None);
            }
            let text = area.value();
            let cursor = area.selection_start().ok().flatten().unwrap_or_default();
            let plain = !event.shift_key() && !event.alt_key() && !event.ctrl_key() && !event.meta_key();
            match key.as_str() {
                "Enter" if plain && is_whole(&text) => run(),
                "Tab" if plain && !free.get_untracked() => {
                    let Some((line, at)) = turn(host, &round, &text, bytes(&text, cursor), told) else { return };
                    let at = units(&line, at);
                    put(&line, Some(at));
                }
                "Escape" => {
                    free.set(true);
                    return;
                }
                "ArrowUp" if plain && !text.get(..bytes(&text, cursor)).unwrap_or_default().contains('\n') => {
                    let Some(line) = console.history.quietly(|history| history.back(&text)) else { return };
                    put(&line, None);
                }
                "ArrowDown" if plain && !text.get(bytes(&text, cursor)..).unwrap_or_default().contains('\n') => {
                    let Some(line) = console.history.quietly(History::forward) else { return };
                    put(&line, None);
                }
                // With something selected it copies.
                "c" if event.ctrl_key() && !event.shift_key() && nothing_selected(&area) => host.interrupt(),
                "l" if event.ctrl_key() => console.output.update(Output::clear),
                _ => {
                    free.change(false);
                    return;
                }
            }
            event.prevent_default();
        }
    };
    let field = field
        .attr("id", "prompt")
        .attr_from("rows", move || typed.with(|typed| typed.matches('\n').count() + 1).min(MAX_ROWS))
        .attr("autocomplete", "off")
        .attr("autocapitalize", "none")
        .attr("spellcheck", "false")
        .attr("enterkeyhint", "go")
        .attr("aria-describedby", "prompt-keys")
        .attr("placeholder", "nodes()")
        .on("input", {
            let area = area.clone();
            move |_| {
                typed.set(area.value());
                console.history.quietly(History::touched);
            }
        })
        .on_key(key);
    let send = el("button")
        .class("primary send")
        .attr("type", "submit")
        .text("Run")
        .on("mousedown", |event| event.prevent_default());
    let stop = show(
        move || console.running.get() > 0,
        move || {
            el("button")
                .attr("type", "button")
                .text("End")
                .attr("aria-label", "End what runs")
                .on("click", move |_| host.interrupt())
        },
    );
    let form = el("form")
        .class("console-prompt")
        .on("submit", move |event| {
            event.prevent_default();
            run();
        })
        .child(el("span").class("sign").attr("aria-hidden", "true").text("›"))
        .child(el("label").class("unseen").attr("for", "prompt").text("Prompt"))
        .child(field)
        .child(stop)
        .child(send);
    let hint = el("p").class("console-keys hint").attr("role", "status").text_from(move || told.get());
    el("div").class("console-lines").child(output(host)).child(form).child(hint).child(
        el("p").class("unseen").attr("id", "prompt-keys").text(
            "Enter runs the line, Shift and Enter break it. Tab completes; to leave the field with Tab, press Escape \
             first. The arrow keys go back to earlier lines, Control and C end what runs.",
        ),
    )
}

/// What Tab makes of the line, and where the cursor then is, in bytes.
fn turn(
    host: &'static Host,
    round: &RefCell<Option<Round>>,
    text: &str,
    cursor: usize,
    told: Signal<Option<String>>,
) -> Option<(String, usize)> {
    let next = match round.borrow_mut().take() {
        Some(round) => Round { turn: round.turn + 1, ..round },
        None => Round { line: text.to_owned(), completion: complete(text, cursor, &host.known())?, turn: 0 },
    };
    let made = next.completion.apply(&next.line, next.turn);
    let fits = &next.completion.replacements;
    told.set((fits.len() > 1).then(|| {
        let shown: Vec<&str> = fits.iter().take(MAX_CHOICES).map(|name| name.trim_end_matches(['(', '"'])).collect();
        let more = if fits.len() > MAX_CHOICES { " …" } else { "" };
        [&shown.join("  "), more].concat()
    }));
    round.replace(Some(next));
    Some(made)
}

fn nothing_selected(area: &HtmlTextAreaElement) -> bool {
    let end = |end: Result<Option<u32>, _>| end.ok().flatten();
    end(area.selection_start()) == end(area.selection_end())
}

fn output(host: &'static Host) -> El {
    let console = &host.console;
    let rows =
        each(move || console.output.with(|output| output.lines().to_vec()), |said| said.number, move |said| line(said));
    let log = el("div")
        .class("output")
        .attr("role", "log")
        .attr("aria-live", "polite")
        .attr("aria-label", "Output")
        .attr("tabindex", "0");
    let view: HtmlElement = log.handle();
    let follows = Rc::new(std::cell::Cell::new(true));
    effect({
        let (view, follows) = (view.clone(), Rc::clone(&follows));
        move || {
            console.output.track();
            if follows.get() {
                let view = view.clone();
                before_next_paint(move || view.set_scroll_top(view.scroll_height()));
            }
        }
    });
    log.on("scroll", move |_| {
        follows.set(view.scroll_height() - view.scroll_top() - view.client_height() < NEAR_END);
    })
    // A click beside the text leads to where one types, as in a terminal.
    .on("click", move |event| {
        let beside = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        if has_keyboard() && beside.is_some_and(|part| part.class_list().contains("output")) {
            super::console::focus_prompt();
        }
    })
    .child(show(move || console.output.with(|output| output.lines().is_empty()), move || first_lines(host)))
    .child(rows)
}

/// What to try, where nothing was said yet.
fn first_lines(host: &'static Host) -> El {
    let hub = host.hub();
    let examples = [
        ("nodes()".to_owned(), "who is there"),
        (["ping(\"", &hub, "\")"].concat(), "is it there, and how far"),
        ("factorials()".to_owned(), "three servers under a supervisor"),
        (["spawn(\"", &hub, "\", \"hello\")"].concat(), "a program on the hub, its output here"),
        ("put(\"tea\", 5)".to_owned(), "for everybody, and kept"),
    ];
    let rows = examples.map(|(line, told)| {
        let button =
            el("button").class("try").attr("type", "button").child(el("code").text(&line)).on("click", move |_| {
                host.console.inserted.set(line.clone());
                super::console::focus_prompt();
            });
        el("li").child(button).child(el("span").class("told").text(told))
    });
    el("div")
        .class("first-lines")
        .child(el("p").text("Here you talk to nodes and their processes. Some lines to begin with:"))
        .child(el("ul").child(rows))
}

fn line(said: &Said) -> El {
    let class = match said.voice {
        Voice::Ran => "said ran",
        Voice::Value => "said value",
        Voice::Printed => "said printed",
        Voice::Fault => "said fault",
        Voice::Note => "said note",
    };
    let from = said.from.as_deref().map(|from| {
        // The process, and the node it is on.
        let (process, node) = from.split_once("@@").unwrap_or(("", from));
        let node = crate::console::facts::local(node);
        let words = if process.is_empty() { node.to_owned() } else { [process, " on ", node].concat() };
        el("bdi").class("from").text(&words)
    });
    el("div").class(class).child(from).child(el("span").class("words").attr("dir", "auto").text(&said.text))
}
