//! What a person sees, one file a part.

mod chat;
mod composer;
mod connection;
mod invite;
mod join;
mod mark;
mod notice;
mod people;
mod room_picker;
mod rooms;
mod row;
mod scroll;
mod text;
mod transcript;

use std::cell::RefCell;

use crate::state::*;

use crate::dom::{Part, effect, switch};
use crate::node::{Node, Screen, Unread};
use crate::page::document;
use crate::viewport;

/// The whole window.
pub(crate) fn app() -> Part {
    let node = Node::new();
    provide_context(node);
    node.listen();
    viewport::follow();
    let written = RefCell::new(String::new());
    effect(move || {
        // A browser tells its windows of every title that is written, be it the same one.
        let title = title(node);
        if *written.borrow() != title {
            document().set_title(&title);
            written.replace(title);
        }
    });
    node.start();
    switch(
        move || node.screen.get(),
        |screen| match screen {
            Screen::Join => join::join(),
            Screen::Chat => chat::chat(),
        },
    )
}

/// `(3) lobby · Hubbub`
fn title(node: Node) -> String {
    if node.screen.get() != Screen::Chat {
        return "Hubbub".to_owned();
    }
    let unread = node.places.get().iter().map(|listed| listed.unread.get()).fold(Unread::default(), |sum, unread| {
        Unread { count: sum.count + unread.count, more: sum.more || unread.more }
    });
    let here = node.here.get();
    let count = if unread.count > 0 { format!("({}) ", unread.words()) } else { String::new() };
    format!("{count}{} · Hubbub", here.name())
}
