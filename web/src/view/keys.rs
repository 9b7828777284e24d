//! The keyboard: what is pressed is obeyed, and all that can be pressed is listed.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::dialog::{focused, head};
use crate::dialog::Dialog;
use crate::dom::{El, el, on_window};
use crate::keyboard::{DEEDS, Deed, GROUPS, Pressed, deed_of};
use crate::node::Node;
use crate::page::{document, window};

/// Obeys the keyboard for as long as the part that is being built is there. It has to be built before the parts that
/// hear Escape themselves: what they would close is theirs to close.
pub(super) fn obey_keys(node: Node, at_rest: impl Fn() -> bool + 'static) {
    on_window("keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        if event.default_prevented() || event.is_composing() {
            return;
        }
        let (key, code) = (event.key(), event.code());
        if key == "Escape" {
            if node.does_without() {
                event.prevent_default();
                return;
            }
            let nothing_open = at_rest() && !is_dialog_open() && node.notice.with_untracked(Option::is_none);
            if nothing_open && node.search_back() {
                event.prevent_default();
            }
            return;
        }
        let pressed = Pressed {
            key: &key,
            code: &code,
            ctrl: event.ctrl_key() || event.meta_key(),
            alt: event.alt_key(),
            shift: event.shift_key(),
        };
        let signs = is_field(&event) || node.settings.with_untracked(|settings| settings.no_single_keys);
        let Some(run) = deed_of(pressed, signs) else { return };
        // A browser would make something else of it.
        event.prevent_default();
        if !is_dialog_open() {
            run(node);
        } else if node.dialog.with_untracked(|dialog| *dialog == Some(Dialog::Palette)) {
            // Whoever presses its keys again wants it away.
            node.shut_dialog();
        }
    });
}

fn is_dialog_open() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}

/// Whether the key was pressed where one types.
fn is_field(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.matches("input, textarea, select").unwrap_or(false))
}

/// The keyboard map.
pub(super) fn keys(node: Node) -> El {
    let groups = GROUPS.map(|(group, name)| {
        let listed = DEEDS.iter().filter(|deed| deed.group == group && !deed.keys.is_empty());
        let list = listed
            .fold(el("dl"), |list, deed| list.child(el("dt").text(deed.name)).child(strokes(node, el("dd"), deed)));
        el("section").child(el("h3").text(name)).child(list)
    });
    let body =
        el("div").class("keys-body").attr("tabindex", "-1").child(groups).child(el("p").class("hint").text(
            "The browser’s own find sees the lines that are drawn, which are the newest. Search finds all of them.",
        ));
    el("div").class("dialog-body").child(head(node, "Keyboard shortcuts")).child(focused(body))
}

/// The keys of a deed, as they are printed on the keys.
pub(super) fn strokes(node: Node, within: El, deed: &Deed) -> El {
    let single = !node.settings.with_untracked(|settings| settings.no_single_keys);
    let mac = window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac"));
    deed.keys(single).enumerate().fold(within, |within, (at, keys)| {
        let within = if at > 0 { within.text(" or ") } else { within };
        keys.split_inclusive('+').filter(|key| !key.is_empty()).fold(within, |within, key| {
            let key = if key.len() > 1 { key.trim_end_matches('+') } else { key };
            let shown = match key {
                "Ctrl" if mac => "⌘",
                "ArrowUp" => "Up",
                "ArrowDown" => "Down",
                "ArrowLeft" => "Left",
                "ArrowRight" => "Right",
                "PageUp" => "Page up",
                "PageDown" => "Page down",
                "Escape" => "Esc",
                other => other,
            };
            within.child(el("kbd").text(shown))
        })
    })
}
