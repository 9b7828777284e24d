//! The way in: a nick, and the cookie where the link had none.

use crate::state::*;
use web_sys::HtmlInputElement;

use super::connection::{Standing, retry, standing};
use crate::dom::{El, again, effect, el, show, switch};
use crate::node::Node;

pub(super) fn join() -> El {
    let node = Node::here();
    let form = node.join;

    let nick = field("nick", form.nick, form.nick_error).attr("autocomplete", "nickname");
    let nick_field: HtmlInputElement = nick.handle();
    let nick =
        el("div").class("field").child(el("label").attr("for", "nick").text("Nick")).child(nick).child(below_field(
            "nick-below",
            form.nick_error,
            "How others see you. It becomes yours: this browser keeps the key to it.",
        ));
    // It comes and goes, and has to be followed.
    let cookie_field = Signal::new(None::<HtmlInputElement>);
    let cookie = show(
        move || form.cookie_wanted.get(),
        move || {
            let cookie = field("cookie", form.cookie, form.cookie_error).attr("autocomplete", "off");
            cookie_field.set(Some(cookie.handle()));
            el("div").class("field").child(el("label").attr("for", "cookie").text("Cookie")).child(cookie).child(below_field(
                "cookie-below",
                form.cookie_error,
                "This hub lets in who knows its cookie. It stands at the end of the invitation link; the whole link will do.",
            ))
        },
    );

    // What is wrong is where one goes next.
    effect(move || {
        let (wrong_nick, cookie_wanted) = (form.nick_error.get().is_some(), form.cookie_wanted.get());
        let wrong_cookie = form.cookie_error.get().is_some();
        let to_cookie = !wrong_nick && (wrong_cookie || (cookie_wanted && !form.nick.get_untracked().is_empty()));
        // A field that cannot be focused is no reason to stop.
        let _ = match cookie_field.get() {
            Some(cookie) if to_cookie && cookie_wanted => cookie.focus(),
            _ => nick_field.focus(),
        };
    });

    let farewell =
        again(move || form.farewell.get(), |words| words.as_deref().map(|words| el("p").class("farewell").text(words)));
    let button = el("button")
        .class("primary")
        .attr("type", "submit")
        .attr_from("aria-busy", move || form.busy.get())
        .text("Join");
    let submit = move |event: web_sys::Event| {
        event.prevent_default();
        node.join();
    };
    let sheet = el("div")
        .class("join-sheet")
        .child(el("h1").class("wordmark").text("Hubbub"))
        .child(el("p").class("lead").text("A chat for this network. What is said here stays here."))
        .child(el("div").attr("role", "status").child(farewell))
        .child(el("form").attr("novalidate", "").on("submit", submit).child(nick).child(cookie).child(button));
    el("main").class("join").child(sheet).child(reaching(el("div").class("join-foot")))
}

fn field(name: &'static str, value: Signal<String>, error: Signal<Option<String>>) -> El {
    let field = el("input");
    let input: HtmlInputElement = field.handle();
    field
        .attr("id", name)
        .attr("name", name)
        .attr("type", "text")
        .attr("autocapitalize", "none")
        .attr("spellcheck", "false")
        .attr("enterkeyhint", "go")
        .attr("aria-describedby", &format!("{name}-below"))
        .attr_from("aria-invalid", move || error.get().is_some())
        .value_from(move || value.get())
        .on("input", move |_| value.set(input.value()))
}

/// What to know of a field, or what is wrong with it.
fn below_field(id: &'static str, error: Signal<Option<String>>, hint: &'static str) -> El {
    el("div").class("below-field").attr("id", id).child(again(
        move || error.get(),
        move |error| match error {
            Some(words) => el("p").class("field-error").attr("role", "alert").text(words),
            None => el("p").class("hint").text(hint),
        },
    ))
}

/// How far the hub is from here, at the end of `parent`.
fn reaching(parent: El) -> El {
    let node = Node::here();
    let told = standing(node);
    let words = move || {
        let told = told();
        let welcome = node.welcome.get().filter(|_| told == Standing::Well);
        (told, welcome)
    };
    let status = switch(words, |(told, welcome)| match told {
        Standing::Well => welcome.as_ref().map(|welcome| {
            let host = welcome.hub.split_once('@').map_or(welcome.hub.as_str(), |(_, host)| host);
            let answers = el("p").text("The hub ").child(el("span").class("machine").text(host)).text(" answers.");
            if welcome.ephemeral { answers.text(" It keeps nothing: the log ends with it.") } else { answers }
        }),
        Standing::Idle => None,
        Standing::Under(words) => Some(el("p").text(words)),
        Standing::Trouble(words) => Some(el("p").text("No connection. ").text(words)),
        Standing::Lost(words) => Some(el("p").class("field-error").attr("role", "alert").text(words)),
    });
    parent.child(el("div").attr("role", "status").child(status)).child(retry(node))
}
