//! A small kit that builds the page: elements, parts that come and go, lists.
//!
//! Leptos keeps the state (signals, effects, owners, contexts); its `view!` is not used. A typed view
//! is compiled anew for each place it is written at, once to build it and once more to rebuild it:
//! the views of this client came to 690 KB of wasm, 228 KB after brotli, where the same page without
//! them needs 36 KB. Here every closure is boxed where it enters the kit, so each function of the kit is
//! compiled once, and a view costs little more than the names it writes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`element`] | [`el`], [`svg`]: an element with its attributes, texts, listeners and children |
//! | [`part`] | [`show`], [`switch`] and [`again`]: what is there only at times |
//! | [`list`] | [`each`]: a row for each item, by key |
//! | [`keyed`] | pure: which rows stay, move, come |
//! | [`owned`] | what lives as long as the part it was made in |
//!
//! What always holds:
//! - A part that comes and goes, and each row, is one element (or none) with an owner of its own.
//!   It leaves the page first, then the owner is cleaned up: its effects stop, its listeners are taken off.
//! - Whatever says `_from` reads signals and is written again when they change, and only then; a value
//!   that comes out the same is not written.
//! - A part is built untracked: what it reads while it is built does not build it again. What it is built for
//!   is its key, compared by `==`.
//! - A row that keeps its key keeps its element. Rows that stay in order are not touched.
//! - Text is only ever set as text, and nothing writes a `style` attribute: the page's security policy
//!   allows neither scripts nor styles within it.

mod element;
mod keyed;
mod list;
mod owned;
mod part;

pub(crate) use element::{Child, El, el, svg};
pub(crate) use list::each;
pub(crate) use owned::{effect, keep, on_document, on_window};
pub(crate) use part::{Part, again, show, switch};

use leptos::mount::mount_to_body;

use crate::page::document;

/// Puts what `app` makes into the page, for as long as the page lives.
pub(crate) fn mount(app: fn() -> Part) {
    mount_to_body(move || {
        if let Some(body) = document().body() {
            app().put_into(&body);
        }
    });
}
