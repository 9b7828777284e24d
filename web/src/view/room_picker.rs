//! All rooms of the hub, and the way into another or a new one.

use leptos::html::{Dialog, Input};
use leptos::prelude::*;
use shared::message::RoomInfo;

use crate::node::Node;

#[component]
pub(super) fn RoomPicker() -> impl IntoView {
    let node = Node::here();
    let picker = node.picker;
    let dialog = NodeRef::<Dialog>::new();
    let field = NodeRef::<Input>::new();
    let name = RwSignal::new(String::new());

    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if picker.open.get() {
            name.set(String::new());
            if !dialog.open() {
                // Fails only for one that is open already.
                let _ = dialog.show_modal();
            }
        } else {
            dialog.close();
        }
    });

    let enter = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        picker.error.set(None);
        let room = name.get_untracked().trim().trim_start_matches('#').to_owned();
        if room.is_empty() {
            picker.error.set(Some("Type a room’s name, or choose one below.".to_owned()));
        } else {
            node.enter_room(room);
        }
        if let Some(field) = field.get() {
            // A field that cannot be focused is no reason to stop.
            let _ = field.focus();
        }
    };

    view! {
        <dialog
            class="room-picker"
            aria-labelledby="picker-title"
            node_ref=dialog
            on:close=move |_| picker.open.set(false)
        >
            <div class="picker-head">
                <h2 id="picker-title">"Other rooms"</h2>
                <button class="quiet" type="button" on:click=move |_| picker.open.set(false)>"Close"</button>
            </div>
            <form novalidate on:submit=enter>
                <div class="field">
                    <label for="room">"Room name"</label>
                    <input
                        id="room"
                        type="text"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        enterkeyhint="go"
                        autofocus
                        aria-describedby="room-error room-hint"
                        aria-invalid=move || picker.error.get().is_some().to_string()
                        node_ref=field
                        prop:value=name
                        on:input=move |event| name.set(event_target_value(&event))
                    />
                </div>
                <button class="primary" type="submit">"Enter room"</button>
                <div id="room-error">
                    {move || picker.error.get().map(|words| view! { <p class="field-error" role="alert">{words}</p> })}
                </div>
                <p class="hint" id="room-hint">"A name that nobody has used yet makes a new room."</p>
            </form>
            <div class="picker-list">
                {move || match picker.rooms.get() {
                    None => view! { <p class="none">"Asking the hub for its rooms…"</p> }.into_any(),
                    Some(rooms) if rooms.is_empty() => view! { <p class="none">"There is no room yet."</p> }.into_any(),
                    Some(rooms) => view! {
                        <ul aria-label="All rooms">
                            {rooms.into_iter().map(|room| view! { <PickRoom room/> }).collect_view()}
                        </ul>
                    }.into_any(),
                }}
            </div>
        </dialog>
    }
}

#[component]
fn PickRoom(room: RoomInfo) -> impl IntoView {
    let node = Node::here();
    let RoomInfo { room, topic, users } = room;
    let many = match users {
        0 => "nobody here".to_owned(),
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    };
    let name = room.clone();
    view! {
        <li>
            <button class="item" type="button" on:click=move |_| { node.enter_room(name.clone()); }>
                <span class="sign" aria-hidden="true">"#"</span>
                <span class="name">
                    <bdi>{room}</bdi>
                    {topic.map(|topic| view! { <bdi class="topic">{topic}</bdi> })}
                </span>
                <span class="many">{many}</span>
            </button>
        </li>
    }
}
