//! What a person sees, one file a part.

#![allow(unreachable_pub, reason = "what `#[component]` writes is `pub`")]

mod chat;
mod composer;
mod connection;
mod invite;
mod join;
mod notice;
mod people;
mod room_picker;
mod rooms;
mod row;
mod scroll;
mod text;
mod transcript;

use leptos::prelude::*;

use crate::node::{Node, Screen};
use crate::viewport;

/// The whole window.
#[component]
pub(crate) fn App() -> impl IntoView {
    let node = Node::new();
    provide_context(node);
    node.listen();
    viewport::follow();
    Effect::new(move |_| document().set_title(&title(node)));
    node.start();
    view! {
        {move || match node.screen.get() {
            Screen::Opening => view! { <join::Opening/> }.into_any(),
            Screen::Join => view! { <join::Join/> }.into_any(),
            Screen::Chat => view! { <chat::Chat/> }.into_any(),
        }}
    }
}

/// `(3) lobby · Hubbub`
fn title(node: Node) -> String {
    if node.screen.get() != Screen::Chat {
        return "Hubbub".to_owned();
    }
    let unread: usize = node.places.get().iter().map(|listed| listed.unread.get()).sum();
    let here = node.here.get();
    let count = if unread > 0 { format!("({unread}) ") } else { String::new() };
    format!("{count}{} · Hubbub", here.name())
}
