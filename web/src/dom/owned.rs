//! What lives as long as the part of the page that it was made in: effects, listeners, whatever is kept.

use std::any::Any;

use crate::state::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, EventTarget};

use super::El;
use crate::page::{document, window};

/// Keeps `thing` until the part that is being built goes.
pub(crate) fn keep(thing: impl Any) {
    keep_boxed(Box::new(thing));
}

fn keep_boxed(thing: Box<dyn Any>) {
    StoredValue::new_local(thing);
}

/// Runs `run` once the part that is being built stands in the page, and again whenever a signal that it read
/// has changed.
pub(crate) fn effect(run: impl Fn() + 'static) {
    effect_boxed(Box::new(run));
}

fn effect_boxed(run: Box<dyn Fn()>) {
    Effect::new(move |_: Option<()>| run());
}

/// The same, but at once: for what writes to the page.
pub(super) fn follow(mut run: Box<dyn FnMut()>) {
    keep(RenderEffect::new(move |_: Option<()>| run()));
}

/// Hears what happens to the window while the part that is being built is there.
pub(crate) fn on_window(event: &'static str, heard: impl Fn(Event) + 'static) {
    listen(&window(), event, Box::new(heard));
}

/// Hears what happens to the document while the part that is being built is there.
pub(crate) fn on_document(event: &'static str, heard: impl Fn(Event) + 'static) {
    listen(&document(), event, Box::new(heard));
}

/// Hears what happens to `target` while the part that is being built is there.
pub(super) fn listen(target: &EventTarget, event: &'static str, heard: Box<dyn Fn(Event)>) {
    let heard = Closure::wrap(heard);
    // Fails for nothing that is given here.
    let _ = target.add_event_listener_with_callback(event, heard.as_ref().unchecked_ref());
    keep(Listener { target: target.clone(), event, heard });
}

/// Some events come after their element has gone, and would then reach a function that is no more.
struct Listener {
    target: EventTarget,
    event: &'static str,
    heard: Closure<dyn Fn(Event)>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let heard = self.heard.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.event, heard);
    }
}

/// One element with all that belongs to it; dropped, it leaves the page.
pub(super) struct Shown {
    pub(super) element: Element,
    owner: Owner,
}

impl Shown {
    /// Builds it under an owner of its own, below `outer`.
    pub(super) fn build(outer: &Owner, build: &mut dyn FnMut() -> Option<El>) -> Option<Self> {
        let owner = outer.child();
        match owner.with(|| untrack(build)) {
            Some(el) => Some(Self { element: el.into_element(), owner }),
            None => {
                owner.cleanup();
                None
            }
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.element.remove();
        self.owner.cleanup();
    }
}
