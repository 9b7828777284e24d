//! The browser client: this tab's node, and what a person sees of it.
//!
//! In the order in which data flows:
//!
//! | module | what it holds |
//! |---|---|
//! | [`socket`] | the WebSocket |
//! | [`driver`] | does what `shared::session` wants done |
//! | [`message_handler`], [`drawing`] | what arrives, into the transcript and from there into signals |
//! | [`node`], [`visit`], [`wishes`] | this tab's node as the views know it: those signals, and what a person wants |
//! | [`outbox`] | the lines that wait for the hub, kept by the browser |
//! | [`extent`], [`loading`] | which rows are in the page; the pages of the log that are missing there |
//! | [`jump`], [`route`] | going to places and lines; their addresses |
//! | [`reaching`] | how far one's own lines have got |
//! | [`waking`] | what the device and the page tell: network, sleep, going and coming back |
//! | [`attention`], [`idle`] | what calls the person; whether one is there |
//! | [`settings`] | how the person wants it |
//! | [`installing`] | the client as an app of its own, opened while the hub is away |
//! | [`keyboard`], [`dialog`] | what a person can do by keys and by name; the window that asks |
//! | [`searching`], [`directory`] | what was said, all rooms, everybody: what the hub is asked for |
//! | [`stepping`], [`muting`] | going through the places; which of them keep quiet |
//! | [`changing`], [`emoji`] | what a person does to lines; the names of emoji |
//! | [`attaching`], [`uploading`], [`files`] | what goes with lines, on its way to the hub (pure: what comes next of it) and there |
//! | [`processes`] | this tab's processes, the copy of the store, the Worker in which programs run |
//! | [`console`] | the picture of the nodes, the prompt |
//! | [`view`] | what a person sees, one file a part |
//! | [`chunks`] | what of it is fetched only when it is first wanted |
//! | [`dom`], [`state`] | what the views are built with, and the signals they follow |
//! | [`rows`], [`reach`], [`hits`], [`palette`], [`suggesting`], [`formatting`], [`hue`], [`calendar`], [`notice`], [`qr`] | pure: how things are shown |
//! | [`page`], [`storage`], [`copying`], [`invitation`], [`clock`], [`viewport`] | the browser: its page and timers, what it keeps, its address, time and size |

mod attaching;
mod attention;
mod calendar;
mod changing;
mod chunks;
mod clock;
mod console;
mod copying;
mod dialog;
mod directory;
mod dom;
mod drawing;
mod driver;
mod emoji;
mod extent;
mod files;
mod formatting;
mod hits;
mod hue;
mod idle;
mod installing;
mod invitation;
mod jump;
mod keyboard;
mod loading;
mod message_handler;
mod muting;
mod node;
mod notice;
mod outbox;
mod page;
mod palette;
mod processes;
mod qr;
mod reach;
mod reaching;
mod route;
mod rows;
mod searching;
mod settings;
mod socket;
mod state;
mod stepping;
mod storage;
mod suggesting;
mod tab_completion;
mod uploading;
mod view;
mod viewport;
mod visit;
mod waking;
mod wishes;

use crate::page::document;

fn main() {
    dom::mount(view::app);
    if let Some(loading) = document().get_element_by_id("loading") {
        loading.remove();
    }
}
