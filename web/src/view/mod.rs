//! What a person sees, one file a part.

mod attach;
mod attachments;
mod chat;
mod composer;
mod connection;
mod console;
mod console_consent;
mod console_nodes;
mod console_picture;
mod console_programs;
mod console_prompt;
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

use js_sys::Array;
use web_sys::CssStyleSheet;

use crate::attention;
use crate::chunks::{Invite, More, Processes};
use crate::dom::{Part, effect, switch};
use crate::node::{Node, Screen, Unread};
use crate::page::document;
use crate::processes::host::Host;
use crate::state::*;
use crate::viewport;

/// The views that are fetched when they are first wanted ([`crate::chunks`]); nothing else may name them.
pub(crate) static MORE: More = More {
    dialog: dialog::content,
    search: search::search,
    search_answered: Node::search_answered,
    emoji_picker: emoji_picker::picker,
    deleting: deleting::question,
    viewer: viewer::window,
    fenced: text::fenced,
    listed: notice::listed,
    sound: attention::sound,
    tray: attach::files,
    attach: Node::attach,
    detach_all: Node::detach_all,
    uploads_go_on: Node::uploads_go_on,
    say_with_files: Node::say_with_files,
};

pub(crate) static INVITE: Invite = Invite { link: invite::link };

pub(crate) static PROCESSES: Processes = Processes {
    host: Host::of,
    delivered: |node, delivery| Host::of(node).delivered(delivery),
    console: |node| console::console(Host::of(node)),
    consent: |node| console::consent_in_talk(Host::of(node)),
    consented: |node| console_consent::consented(Host::of(node)),
};

/// What those of [`MORE`] look like.
const STYLES: &str = concat!(
    include_str!("../../style/dialog.css"),
    include_str!("../../style/emoji.css"),
    include_str!("../../style/search.css"),
    include_str!("../../style/palette.css"),
    include_str!("../../style/settings.css"),
);

/// What those of [`PROCESSES`] look like.
const PROCESSES_STYLES: &str =
    concat!(include_str!("../../style/console.css"), include_str!("../../style/console_nodes.css"));

/// Has the page look so, where those views are about to be built.
pub(crate) fn wear_more() {
    wear(STYLES);
}

/// The same for [`PROCESSES`].
pub(crate) fn wear_processes() {
    wear(PROCESSES_STYLES);
}

fn wear(styles: &str) {
    // A browser that knows no such sheets shows the views without.
    if let Ok(sheet) = CssStyleSheet::new()
        && sheet.replace_sync(styles).is_ok()
    {
        let worn = document().adopted_style_sheets();
        document().set_adopted_style_sheets(&worn.concat(&Array::of1(&sheet)));
    }
}

/// The whole window.
pub(crate) fn app() -> Part {
    let node = Node::new();
    provide_context(node);
    node.settings.with_untracked(|settings| settings.apply());
    node.listen();
    node.watch_idle();
    node.watch_installing();
    node.keep_badge();
    node.follow_chunks();
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
    let here = if node.processes.open.get() { "Console" } else { here.name() };
    let count = if unread.count > 0 { format!("({}) ", unread.words()) } else { String::new() };
    format!("{count}{here} · Hubbub")
}
