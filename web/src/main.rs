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
//! | [`reaching`] | how far one's own lines have got |
//! | [`waking`] | what the device and the page tell: network, sleep, going and coming back |
//! | [`view`] | what a person sees, one file a part |
//! | [`dom`], [`state`] | what the views are built with, and the signals they follow |
//! | [`rows`], [`reach`], [`links`], [`hue`], [`calendar`], [`notice`] | pure: how things are shown |
//! | [`page`], [`storage`], [`invitation`], [`clock`], [`viewport`] | the browser: its page and timers, what it keeps, its address, time and size |

mod calendar;
mod clock;
mod dom;
mod drawing;
mod driver;
mod hue;
mod invitation;
mod links;
mod message_handler;
mod node;
mod notice;
mod outbox;
mod page;
mod reach;
mod reaching;
mod rows;
mod socket;
mod state;
mod storage;
mod tab_completion;
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
