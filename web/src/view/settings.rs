//! A person's choices: the look, and what may call them.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlInputElement, Notification, NotificationPermission};

use super::dialog::head;
use super::installing::install_choice;
use crate::attention;
use crate::dom::{El, el, switch};
use crate::node::Node;
use crate::settings::{Settings, Theme};
use crate::state::*;

pub(super) fn settings(node: Node) -> El {
    el("div").class("dialog-body").child(head(node, "Settings")).child(choices(node))
}

fn choices(node: Node) -> El {
    let themes = Theme::ALL.map(|theme| {
        radio(
            node,
            "theme",
            theme.words(),
            move |settings| settings.theme == theme,
            move |settings| {
                settings.theme = theme;
            },
        )
    });
    let densities = [("Comfortable", false), ("Compact", true)].map(|(words, compact)| {
        radio(
            node,
            "density",
            words,
            move |settings| settings.compact == compact,
            move |settings| {
                settings.compact = compact;
            },
        )
    });
    let sound = check("Play a sound", node.settings.get_untracked().sound, move |chosen| {
        change(node, move |settings| settings.sound = chosen);
        if chosen {
            // What it will be like.
            attention::sound();
        }
    });
    let single = !node.settings.get_untracked().no_single_keys;
    let single_keys = check("Single-key shortcuts", single, move |chosen| {
        change(node, move |settings| settings.no_single_keys = !chosen);
    });
    let withheld = Signal::new(attention::withheld());
    let notify = switch(
        move || withheld.get(),
        move |withheld| match withheld {
            Some(words) => el("p").class("hint").text(words),
            None => {
                let granted = Notification::permission() == NotificationPermission::Granted;
                let chosen = node.settings.get_untracked().notify && granted;
                check("Show notifications of this device", chosen, move |chosen| notify(node, chosen))
            }
        },
    );
    el("div")
        .class("choices")
        .child(group("Theme").child(themes))
        .child(group("Density").child(densities))
        .child(
            group("When someone mentions or whispers to you")
                .child(sound)
                .child(notify)
                .child(el("p").class("hint").text("Muted rooms stay silent, and so does a device you are not using.")),
        )
        .child(
            group("Keyboard").child(single_keys).child(
                el("p")
                    .class("hint")
                    .text("? shows the shortcuts where nothing is being written. Ctrl and / always show them."),
            ),
        )
        .child(install_choice(node))
        .child(switch(
            move || node.processes_here(true).is_some(),
            move |_| {
                let processes = node.processes_at_hand()?;
                Some(group("Programs of others").child((processes.consented)(node)))
            },
        ))
}

fn notify(node: Node, chosen: bool) {
    change(node, move |settings| settings.notify = chosen);
    if !chosen || Notification::permission() == NotificationPermission::Granted {
        return;
    }
    // It stays chosen when the person says yes; otherwise the dialog tells why not when it opens again.
    let answered = Closure::once_into_js(move |permission: wasm_bindgen::JsValue| {
        if permission.as_string().as_deref() != Some("granted") {
            change(node, |settings| settings.notify = false);
        }
    });
    let _ = Notification::request_permission_with_permission_callback(answered.unchecked_ref());
}

fn change(node: Node, change: impl FnOnce(&mut Settings)) {
    let mut settings = node.settings.get_untracked();
    change(&mut settings);
    node.choose(settings);
}

fn group(legend: &str) -> El {
    el("fieldset").child(el("legend").text(legend))
}

fn radio(
    node: Node,
    name: &str,
    words: &str,
    chosen: impl Fn(&Settings) -> bool,
    choose: impl Fn(&mut Settings) + 'static,
) -> El {
    let input = el("input").attr("type", "radio").attr("name", name);
    let element: HtmlInputElement = input.handle();
    element.set_checked(chosen(&node.settings.get_untracked()));
    labelled(input.on("change", move |_| change(node, &choose)), words)
}

fn check(words: &str, chosen: bool, choose: impl Fn(bool) + 'static) -> El {
    let input = el("input").attr("type", "checkbox");
    let element: HtmlInputElement = input.handle();
    element.set_checked(chosen);
    labelled(input.on("change", move |_| choose(element.checked())), words)
}

fn labelled(input: El, words: &str) -> El {
    el("label").class("choice").child(input).child(el("span").text(words))
}
