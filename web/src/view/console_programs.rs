//! Programs: the examples, the person's own, those that others have published; and where one writes one.

use shared::process::limits::MAX_SOURCE;
use web_sys::{HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement};

use super::console::focus_prompt;
use crate::console::Part;
use crate::dom::{El, each, el, show, switch};
use crate::processes::host::Host;
use crate::processes::own::Program;
use crate::state::*;

const BEGUN: &str = "fn main(args) {\n    print(\"hello from \" + node());\n}\n";

/// What is open to be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    name: String,
    source: String,
    /// One's own, which may be changed in its place.
    own: bool,
}

pub(super) fn programs(host: &'static Host) -> El {
    let open = Signal::new(None::<Open>);
    host.want_examples();
    el("div").class("programs").child(switch(
        move || open.get(),
        move |opened| match opened {
            Some(opened) => editor(host, opened, open),
            None => lists(host, open),
        },
    ))
}

fn lists(host: &'static Host, open: Signal<Option<Open>>) -> El {
    let item = move |name: &str, source: &str, told: &str, own: bool| {
        let opened = Open { name: name.to_owned(), source: source.to_owned(), own };
        let button = el("button")
            .class("item quiet")
            .attr("type", "button")
            .child(el("span").class("sign").attr("aria-hidden", "true").text("λ"))
            .child(el("bdi").class("name machine").text(name))
            .child(el("span").class("told").text(told));
        el("li").child(button.on("click", move |_| open.set(Some(opened.clone()))))
    };
    let own = each(
        move || host.own.with(|own| own.all().to_vec()),
        Clone::clone,
        move |program| item(&program.name, &program.source, "", true),
    );
    let published = each(
        move || {
            host.stored.track();
            host.published()
        },
        Clone::clone,
        move |program| item(&program.name, &program.source, &program.by, false),
    );
    let examples = each(
        move || host.examples.get(),
        Clone::clone,
        move |program| item(&program.name, &program.source, &first_words(&program.source), false),
    );
    let fresh = el("button").attr("type", "button").text("New program").on("click", move |_| {
        open.set(Some(Open { name: String::new(), source: BEGUN.to_owned(), own: true }));
    });
    el("div")
        .class("program-lists")
        .child(fresh)
        .child(el("h2").text("Yours"))
        .child(show(
            move || host.own.with(|own| own.all().is_empty()),
            || el("p").class("hint").text("What you save is kept by this browser, and run by its name at the prompt."),
        ))
        .child(el("ul").attr("aria-label", "Your programs").child(own))
        .child(el("h2").text("Examples"))
        .child(el("ul").attr("aria-label", "Examples").child(examples))
        .child(el("h2").text("Published by others"))
        .child(el("p").class("hint").text("Read one before you run it: “Copy to mine” makes it yours."))
        .child(el("ul").attr("aria-label", "Published programs").child(published))
}

fn editor(host: &'static Host, opened: &Open, open: Signal<Option<Open>>) -> El {
    let told = Signal::new(None::<String>);
    let name_field = el("input");
    let name: HtmlInputElement = name_field.handle();
    let source_field = el("textarea");
    let source: HtmlTextAreaElement = source_field.handle();
    name.set_value(&opened.name);
    source.set_value(&opened.source);
    let own = opened.own;
    name.set_read_only(!own);
    source.set_read_only(!own);
    let name_field = name_field
        .attr("id", "program-name")
        .attr("type", "text")
        .attr("autocomplete", "off")
        .attr("autocapitalize", "none")
        .attr("spellcheck", "false");
    let source_field = source_field
        .attr("id", "program-source")
        .attr("rows", "14")
        .attr("maxlength", &MAX_SOURCE.to_string())
        .attr("autocapitalize", "none")
        .attr("spellcheck", "false");
    let save = {
        let (name, source) = (name.clone(), source.clone());
        move || match host.keep_program(name.value().trim(), Some(&source.value())) {
            Ok(()) => {
                told.set(Some("Saved.".to_owned()));
                true
            }
            Err(words) => {
                told.set(Some(words));
                false
            }
        }
    };
    let places = el("select").attr("aria-label", "Node to run on");
    let place: HtmlSelectElement = places.handle();
    let places = places.child(each(
        move || host.console.shown.get(),
        |shown| shown.node.clone(),
        move |shown| {
            let words =
                if host.is_own(&shown.node) { [&shown.node, " (this tab)"].concat() } else { shown.node.clone() };
            el("option").attr("value", &shown.node).text(&words)
        },
    ));
    place.set_value(&host.name());
    let run = {
        let (name, save) = (name.clone(), save.clone());
        move || {
            if own && !save() {
                return;
            }
            let (node, name) = (place.value(), name.value());
            if node.is_empty() || host.is_own(&node) {
                host.run(&["spawn(\"", name.trim(), "\")"].concat());
            } else {
                host.run(&["spawn(\"", &node, "\", \"", name.trim(), "\")"].concat());
            }
            host.console.part.set(Part::Prompt);
            focus_prompt();
        }
    };
    let button = |words: &str| el("button").attr("type", "button").text(words);
    let copy = {
        let (name, source) = (name.clone(), source.clone());
        move |_| {
            open.set(Some(Open { name: name.value(), source: source.value(), own: true }));
        }
    };
    let publish = {
        let (name, source, save) = (name.clone(), source.clone(), save.clone());
        move |_| {
            if save() {
                host.publish(name.value().trim(), &source.value());
                told.set(Some("Published: everybody can read it, and copy it.".to_owned()));
            }
        }
    };
    let delete = {
        let name = name.clone();
        move |_| {
            // Letting go of one is never refused.
            let _ = host.keep_program(name.value().trim(), None);
            open.set(None);
        }
    };
    let deeds = if own {
        el("div").class("buttons").child([
            button("Save").on("click", move |_| {
                save();
            }),
            button("Publish").on("click", publish),
            button("Delete").on("click", delete),
        ])
    } else {
        el("div").class("buttons").child(button("Copy to mine").on("click", copy))
    };
    // What others wrote runs only once it is one's own; examples are what they are everywhere.
    let is_example = |examples: &Vec<Program>| examples.iter().any(|example| example.source == opened.source);
    let runs = own || host.examples.with_untracked(is_example);
    let run_row = runs.then(|| {
        el("div")
            .class("run-on")
            .child(places)
            .child(button("Run program").class("primary").on("click", move |_| run()))
    });
    el("div")
        .class("program-editor")
        .child(
            el("button")
                .class("quiet back")
                .attr("type", "button")
                .text("All programs")
                .on("click", move |_| open.set(None)),
        )
        .child(el("div").class("field").child(el("label").attr("for", "program-name").text("Name")).child(name_field))
        .child(
            el("div")
                .class("field grows")
                .child(el("label").attr("for", "program-source").text("Program"))
                .child(source_field),
        )
        .child(run_row)
        .child(deeds)
        .child(el("p").class("hint").attr("role", "status").text_from(move || told.get()))
}

/// What a program says of itself in its first line.
fn first_words(source: &str) -> String {
    let line = source.lines().next().unwrap_or_default();
    let words = line.trim_start_matches('/').trim();
    if line.starts_with("//") {
        let end = words.find(['.', ':', ';']).unwrap_or(words.len());
        words[..end].to_owned()
    } else {
        String::new()
    }
}
