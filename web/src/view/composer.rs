//! Where one writes.

use leptos::ev::KeyboardEvent;
use leptos::html::Textarea;
use leptos::prelude::*;
use shared::transcript::Place;
use web_sys::{HtmlElement, HtmlTextAreaElement};

use super::connection::StandingLine;
use crate::node::Node;
use crate::{hue, storage};
use crate::tab_completion::{Typed, candidates};

/// What browsers report for a key that an input method has swallowed.
const SWALLOWED: u32 = 229;

#[component]
pub(super) fn Composer() -> impl IntoView {
    let node = Node::here();
    let field = NodeRef::<Textarea>::new();
    let typed = StoredValue::new(Typed::default());

    // Another place: what was begun there.
    Effect::new(move |_| {
        let here = node.here.get();
        let Some(field) = field.get() else { return };
        field.set_value(&storage::draft(&here).unwrap_or_default());
        fit(&field);
        typed.update_value(Typed::touched);
        if has_keyboard() {
            // A field that cannot be focused is no reason to stop.
            let _ = field.focus();
        }
    });

    let changed = move || {
        if let Some(field) = field.get_untracked() {
            fit(&field);
            let text = field.value();
            if text.starts_with("/ping ") && node.nodes.with_untracked(Vec::is_empty) {
                node.learn_nodes();
            }
            storage::keep_draft(&node.here.get_untracked(), &text);
        }
    };
    let send = move || {
        let Some(field) = field.get_untracked() else { return };
        let place = node.here.get_untracked();
        if node.enter(&field.value()) {
            storage::keep_draft(&place, "");
            // It may have led to another place, whose draft stands there by now.
            if node.here.get_untracked() == place {
                field.set_value("");
                fit(&field);
            }
            typed.update_value(Typed::touched);
        }
    };
    let key = move |event: KeyboardEvent| {
        if event.is_composing() || event.key_code() == SWALLOWED {
            return;
        }
        let plain = !event.shift_key() && !event.ctrl_key() && !event.alt_key() && !event.meta_key();
        match event.key().as_str() {
            "Enter" if plain => {
                event.prevent_default();
                send();
            }
            "Tab" if plain => {
                let Some(field) = field.get_untracked() else { return };
                let cursor = field.selection_start().ok().flatten().unwrap_or_default();
                let completed = typed
                    .try_update_value(|typed| typed.complete(&field.value(), cursor, &candidates(node)))
                    .flatten();
                if let Some((text, cursor)) = completed {
                    event.prevent_default();
                    field.set_value(&text);
                    // The cursor lies within the text just set.
                    let _ = field.set_selection_range(cursor, cursor);
                    changed();
                }
            }
            "Escape" => typed.update_value(Typed::let_go),
            // A key that only changes what others mean.
            "Shift" | "Control" | "Alt" | "Meta" => {}
            _ => typed.update_value(Typed::touched),
        }
    };
    let placeholder = move || match node.here.get() {
        Place::Room(room) => format!("Write to {room}"),
        Place::With(nick) => format!("Write to {nick} alone"),
    };

    view! {
        <form
            class="composer"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <p class="prompt" aria-hidden="true"><bdi class=move || hue::classes(&node.nick.get())>{node.nick}</bdi></p>
            <div class="composer-box">
                <label class="unseen" for="message">"Message"</label>
                <textarea
                    id="message"
                    rows="1"
                    autocomplete="off"
                    enterkeyhint="send"
                    aria-describedby="message-keys"
                    placeholder=placeholder
                    node_ref=field
                    on:input=move |_| {
                        typed.update_value(Typed::touched);
                        changed();
                    }
                    on:keydown=key
                ></textarea>
                // The field keeps the focus, and a phone its keyboard.
                <button class="send primary" type="submit" on:mousedown=move |event| event.prevent_default()>
                    "Send"
                </button>
            </div>
            <p class="unseen" id="message-keys">
                "Enter sends, Shift and Enter begin a new line. Tab completes commands and nicks; to leave the field with Tab, press Escape first."
            </p>
            <StandingLine/>
        </form>
    }
}

/// As high as its text; composer.css sets the limits.
fn fit(field: &HtmlTextAreaElement) {
    let style = HtmlElement::style(field);
    // A height that cannot be set leaves a field that scrolls.
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", field.scroll_height()));
}

/// Whether focusing a field does not throw an on-screen keyboard over the talk.
fn has_keyboard() -> bool {
    !window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
}
