//! Somebody else wants to run a program on this tab: may they?

use std::rc::Rc;

use crate::dom::{El, each, el, show, switch};
use crate::hue;
use crate::processes::consent::{Decided, Decision};
use crate::processes::host::{Answer, Host, Question};
use crate::state::*;

/// The strip with the question, while there is one. It never takes the focus.
pub(super) fn consent(host: &'static Host) -> El {
    el("div").class("consents").attr("aria-live", "polite").child(switch(
        move || host.questions.with(|questions| questions.first().cloned()),
        move |question| question.as_ref().map(|question| strip(host, question)),
    ))
}

fn strip(host: &'static Host, question: &Rc<Question>) -> El {
    let open = Signal::new(false);
    let who = el("bdi").class("who").text(&question.who);
    let button = |words: &str, answer: Answer| {
        let number = question.number;
        el("button").attr("type", "button").text(words).on("click", move |_| host.answer(number, answer))
    };
    let show_button = el("button")
        .attr("type", "button")
        .attr_from("aria-expanded", move || open.get())
        .text("Show")
        .on("click", move |_| open.set(!open.get_untracked()));
    // Who has no nick is nobody that something could always hold for.
    let always = question.nick.as_ref().map(|nick| button(&["Always for ", nick].concat(), Answer::Always));
    let never = question.nick.as_ref().map(|_| button("Never", Answer::Never));
    let source = {
        let question = Rc::clone(question);
        show(
            move || open.get(),
            move || {
                let args = (question.args != "[]")
                    .then(|| el("p").class("hint").text("With ").child(el("code").text(&question.args)));
                el("div").class("consent-source").child(args).child(
                    el("pre")
                        .attr("tabindex", "0")
                        .attr("aria-label", "The program")
                        .child(el("code").text(&question.source)),
                )
            },
        )
    };
    el("div")
        .class("consent")
        .attr("role", "alertdialog")
        .attr("aria-labelledby", "consent-words")
        .attr("aria-describedby", "consent-hint")
        .child(
            el("p")
                .attr("id", "consent-words")
                .child(who)
                .text(" wants to run a program on this tab: ")
                .child(el("bdi").class("machine").text(&question.program))
                .text(&format!(", {} bytes.", question.source.len())),
        )
        .child(el("p").class("hint").attr("id", "consent-hint").text(
            "It can send messages, print, and read the store. It cannot see what is said in the chat, nor speak as you.",
        ))
        .child(source)
        .child(
            el("div")
                .class("buttons")
                .child(show_button)
                .child(button("Once", Answer::Once))
                .child(always)
                .child(button("No", Answer::No))
                .child(never),
        )
}

/// Whom the person has given or refused that for good, to be taken back.
pub(super) fn consented(host: &'static Host) -> El {
    let decided = each(
        move || host.decisions.with(|decisions| decisions.all().to_vec()),
        Clone::clone,
        move |decided: &Decided| {
            let words = match decided.decision {
                Decision::Always => "may always run programs here",
                Decision::Never => "may never run programs here",
            };
            let taken_back = decided.clone();
            let back = el("button")
                .class("quiet")
                .attr("type", "button")
                .attr("aria-label", &["Ask again about ", &decided.nick].concat())
                .text("Ask again")
                .on("click", move |_| host.take_back(&taken_back));
            el("li")
                .child(
                    el("span")
                        .child(el("bdi").class(hue::classes(&decided.nick)).text(&decided.nick))
                        .text(" ")
                        .text(words),
                )
                .child(back)
        },
    );
    el("div")
        .class("consented")
        .child(el("ul").attr("aria-label", "Who may run programs on this tab").child(decided))
        .child(show(
            move || host.decisions.with(|decisions| decisions.all().is_empty()),
            || el("p").class("hint").text("Whoever wants to run a program on your tab asks you each time."),
        ))
}
