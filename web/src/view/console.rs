//! The console, in the place of the talk: the nodes as a picture and as a table, the prompt, programs.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::console_consent::consent;
use super::console_nodes::nodes;
use super::console_picture::picture;
use super::console_programs::programs;
use super::console_prompt::prompt;
use crate::console::Part;
use crate::dom::{El, effect, el, show, switch};
use crate::node::Node;
use crate::page::{document, has_keyboard};
use crate::processes::host::Host;

pub(super) fn console(host: &'static Host) -> El {
    let node = host.node;
    let console = &host.console;
    let part = console.part;
    host.watch_nodes();

    let shut = el("button")
        .class("quiet")
        .attr("type", "button")
        .text("Back to the talk")
        .on("click", move |_| node.shut_console());
    let head = el("header")
        .class("console-head")
        .child(el("h1").text("Console"))
        .child(el("p").class("topic").attr("id", "console-told").text_from(move || console.sentence.get()))
        .child(el("div").class("parts").attr("role", "group").attr("aria-label", "What is shown").child([
            part_button(host, Part::Prompt, "Prompt"),
            part_button(host, Part::Nodes, "Nodes"),
            part_button(host, Part::Programs, "Programs"),
        ]))
        .child(shut);
    let beside = switch(
        move || part.get() == Part::Programs,
        move |is_programs| if *is_programs { programs(host) } else { nodes(host) },
    );
    let troubled = show(
        move || host.trouble.with(Option::is_some),
        move || {
            el("div")
                .class("console-trouble")
                .attr("role", "status")
                .child(el("p").text_from(move || host.trouble.get()))
                .child(
                    el("button")
                        .class("quiet")
                        .attr("type", "button")
                        .text("Close")
                        .on("click", move |_| host.trouble.set(None)),
                )
        },
    );
    // Whoever comes here wants to say something.
    effect(move || {
        if node.processes.open.get() && has_keyboard() {
            focus_prompt();
        }
    });
    el("section")
        .class("console")
        .attr("aria-label", "Console")
        .attr_from("data-part", move || part.get().name())
        .child(head)
        .child(el("div").class("console-nodes").child(picture(host)))
        .child(el("div").class("console-beside").child(beside))
        .child(el("div").class("console-talk").child(troubled).child(prompt(host)).child(consent(host)))
}

/// The strip alone, above the composer.
pub(super) fn consent_in_talk(host: &'static Host) -> El {
    el("div").class("consent-in-talk").child(consent(host))
}

/// Puts the keyboard into the prompt.
pub(super) fn focus_prompt() {
    let field = document().get_element_by_id("prompt").and_then(|field| field.dyn_into::<HtmlElement>().ok());
    if let Some(field) = field {
        // A field that cannot be focused is no reason to stop.
        let _ = field.focus();
    }
}

fn part_button(host: &'static Host, part: Part, words: &str) -> El {
    let shown = host.console.part;
    el("button")
        .class(match part {
            Part::Prompt => "quiet narrow-only",
            Part::Nodes | Part::Programs => "quiet",
        })
        .attr("type", "button")
        .attr_from("aria-pressed", move || shown.get() == part)
        .text(words)
        .on("click", move |_| shown.change(part))
}

impl Node {
    /// Back to where one talks.
    fn shut_console(self) {
        self.go(self.here.get_untracked());
    }
}
