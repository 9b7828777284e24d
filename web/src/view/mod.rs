//! What a person sees, one file a part.

mod attach;
mod attachments;
mod chat;
mod composer;
mod connection;
mod deleting;
mod dialog;
mod emoji_picker;
mod installing;
mod invite;
mod join;
mod keys;
mod line_actions;
mod mark;
mod menu;
mod notice;
mod palette;
mod people;
mod person;
mod quote;
mod reactions;
mod room_picker;
mod rooms;
mod row;
mod scroll;
mod search;
mod settings;
mod text;
mod topic;
mod transcript;
mod typing;
mod viewer;
mod welcome;

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
    node.settings.with_untracked(|settings| settings.apply());
    node.listen();
    node.watch_idle();
    node.watch_installing();
    node.keep_badge();
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
    let unread = node.places.get().iter().fold(Unread::default(), |sum, listed| {
        let Unread { count, more, mentions } = listed.unread.get();
        // Of a muted place only what calls counts.
        let (count, more) = if node.is_muted(&listed.place) { (mentions, false) } else { (count, more) };
        Unread { count: sum.count + count, more: sum.more || more, mentions: sum.mentions + mentions }
    });
    let here = node.here.get();
    let count = if unread.count > 0 { format!("({}) ", unread.words()) } else { String::new() };
    format!("{count}{} · Hubbub", here.name())
}
