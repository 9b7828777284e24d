//! What is there only at times, or is now this and now that.

use web_sys::{Comment, Element};

use super::element::append;
use super::owned::{Shown, follow};
use super::{Child, El};
use crate::page::document;
use crate::state::Owner;

/// A part of the page that comes and goes.
pub(crate) struct Part {
    update: Box<dyn FnMut(&mut Slot)>,
}

/// `part`, while `when` says so.
pub(crate) fn show(when: impl Fn() -> bool + 'static, part: impl Fn() -> El + 'static) -> Part {
    switch(when, move |shown| shown.then(&part))
}

/// What `part` makes of `key`, made anew whenever that is another one.
pub(crate) fn switch<K: PartialEq + 'static, P: Into<Option<El>>>(
    key: impl Fn() -> K + 'static,
    part: impl Fn(&K) -> P + 'static,
) -> Part {
    let mut shown = None;
    let update = move |slot: &mut Slot| {
        let now = Some(key());
        if now != shown {
            slot.fill(&mut || now.as_ref().and_then(|key| part(key).into()));
            shown = now;
        }
    };
    Part { update: Box::new(update) }
}

/// What `part` makes of `value`, made anew whenever a signal that `value` reads was set, be it to what it was:
/// what is said again has to be heard again.
pub(crate) fn again<V: 'static, P: Into<Option<El>>>(
    value: impl Fn() -> V + 'static,
    part: impl Fn(&V) -> P + 'static,
) -> Part {
    let update = move |slot: &mut Slot| {
        let value = value();
        slot.fill(&mut || part(&value).into());
    };
    Part { update: Box::new(update) }
}

impl Child for Part {
    fn put_into(mut self, parent: &Element) {
        let Some(owner) = Owner::current() else { return };
        let mut slot = Slot { place: place(parent), owner, shown: None };
        follow(Box::new(move || (self.update)(&mut slot)));
    }
}

/// Where the part stands, or would.
struct Slot {
    place: Comment,
    owner: Owner,
    shown: Option<Shown>,
}

impl Slot {
    fn fill(&mut self, build: &mut dyn FnMut() -> Option<El>) {
        // The old one first: two elements of one id are never in the page.
        self.shown = None;
        self.shown = Shown::build(&self.owner, build);
        if let Some(shown) = &self.shown {
            put_before(&self.place, &shown.element);
        }
    }
}

/// A mark at the end of `parent`, before which something will stand.
pub(super) fn place(parent: &Element) -> Comment {
    let place = document().create_comment("");
    append(parent, &place);
    place
}

pub(super) fn put_before(next: &web_sys::Node, element: &Element) {
    if let Some(parent) = next.parent_node() {
        // Fails only where the parent lies within the element.
        let _ = parent.insert_before(element, Some(next));
    }
}
