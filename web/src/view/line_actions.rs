//! What can be done with a line: a bar beside the line that is pointed at, touched, or has the focus.
//!
//! There is one bar for all lines. It stands in the log, behind the lines, so that it moves along with them; a screen
//! reader that reads out what comes into the log is told to pass over it.

mod buttons;
mod keys;

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, FocusEvent, HtmlElement, PointerEvent};

use super::transcript::focus_in_place;
use crate::dom::{Child, El, effect, el, on_document, switch};
use crate::node::Node;
use crate::page::{Timeout, before_next_paint, document, has_keyboard};
use crate::state::*;

/// Nearer to the upper edge than this the bar does not come, in pixels: it is that high with a finger.
const EDGE: i32 = 48;

/// What is open below the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Panel {
    Shut,
    React,
    More,
}

/// What can be done with a line depends on this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    seq: u64,
    own: bool,
    deleted: bool,
}

#[derive(Clone)]
struct Bar {
    node: Node,
    log: HtmlElement,
    bar: HtmlElement,
    /// Beside which line it stands.
    at: Signal<Option<u64>>,
    panel: Signal<Panel>,
    /// What was just done, in words.
    told: Signal<&'static str>,
    hush: Signal<Option<Timeout>>,
    /// What had the focus last, the line or something in it: where that is drawn anew it gets the focus back.
    focused: Rc<RefCell<Option<(u64, Element)>>>,
}

/// Puts the bar into the log that is in `body`.
pub(super) fn line_actions(node: Node, body: El) -> El {
    let log = body.handle::<Element>().query_selector("[role=log]").ok().flatten();
    let Some(log) = log.and_then(|log| log.dyn_into::<HtmlElement>().ok()) else { return body };
    let whole = el("div").class("actions").attr("aria-live", "off");
    let bar = Bar {
        node,
        log: log.clone(),
        bar: whole.handle(),
        at: Signal::new(None),
        panel: Signal::new(Panel::Shut),
        told: Signal::new(""),
        hush: Signal::new(None),
        focused: Rc::default(),
    };
    let facts = {
        let bar = bar.clone();
        move || bar.facts()
    };
    let shown = {
        let bar = bar.clone();
        switch(facts, move |facts| facts.map(|facts| bar.view(facts)))
    };
    let told = bar.told;
    // Also when the line is pointed at no longer.
    let words = el("p").class("done").attr("role", "status").text_from(move || told.get());
    whole.child(shown).child(words).put_into(&log);
    bar.follow();
    bar.listen(body)
}

impl Bar {
    fn facts(&self) -> Option<Facts> {
        self.node.talk.rows.track();
        let seq = self.at.get()?;
        let line = self.node.line(seq).filter(|line| line.is_line())?;
        let own = self.node.with_core(|core| core.transcript.me() == Some(line.from()));
        Some(Facts { seq, own, deleted: line.details().is_some_and(|details| details.deleted) })
    }

    fn follow(&self) {
        effect({
            let bar = self.clone();
            move || {
                bar.node.talk.rows.track();
                bar.panel.track();
                bar.at.track();
                // What they were asked from may be drawn anew by now.
                bar.node.changing.deleting.track();
                bar.node.changing.picking.track();
                let bar = bar.clone();
                // Once the lines are where they go.
                before_next_paint(move || bar.settle());
            }
        });
        effect({
            let bar = self.clone();
            move || {
                bar.node.here.track();
                bar.leave();
            }
        });
        // What is elsewhere is pointed at.
        on_document("pointerdown", {
            let bar = self.clone();
            move |event| {
                if !target(&event).is_some_and(|target| bar.log.contains(Some(&target))) {
                    bar.leave();
                }
            }
        });
    }

    fn listen(&self, body: El) -> El {
        let with = |heard: fn(&Self, &Event)| {
            let bar = self.clone();
            move |event: Event| heard(&bar, &event)
        };
        body.on("pointerover", with(Self::pointed_at))
            .on("pointerleave", with(Self::left))
            .on("click", with(Self::clicked))
            .on("focusin", with(Self::focus_came))
            .on("focusout", with(Self::focus_went))
            .on("keydown", with(|bar, event| bar.key(event.unchecked_ref())))
    }

    fn pointed_at(&self, event: &Event) {
        let Some(target) = target(event) else { return };
        if by_mouse(event) && self.panel.get_untracked() == Panel::Shut && !self.holds(&target) {
            self.at.change(line_of(&target));
        }
    }

    fn left(&self, event: &Event) {
        if by_mouse(event) && self.panel.get_untracked() == Panel::Shut && !self.has_focus() {
            self.at.change(None);
        }
    }

    /// A finger cannot be made to hover.
    fn clicked(&self, event: &Event) {
        let Some(target) = target(event).filter(|_| !has_keyboard()) else { return };
        if matches!(target.closest("a, button"), Ok(None)) && !self.holds(&target) {
            self.panel.change(Panel::Shut);
            self.at.change(line_of(&target));
        }
    }

    fn focus_came(&self, event: &Event) {
        let Some(target) = target(event).filter(|target| !self.holds(target)) else { return };
        let line = line_of(&target);
        self.focused.replace(line.map(|seq| (seq, target.clone())));
        // A click into the log gives the log the focus, and the line keeps its bar.
        if let Some(seq) = line {
            self.panel.change(Panel::Shut);
            self.at.change(Some(seq));
        }
    }

    fn focus_went(&self, event: &Event) {
        let to = event.unchecked_ref::<FocusEvent>().related_target();
        let to = to.and_then(|to| to.dyn_into::<Element>().ok());
        if to.is_some_and(|to| !self.log.contains(Some(&to))) {
            self.leave();
        }
    }

    fn leave(&self) {
        self.panel.change(Panel::Shut);
        self.at.change(None);
    }

    fn element(&self, seq: u64) -> Option<Element> {
        self.log.query_selector(&format!("[data-seq='{seq}']")).ok()?
    }

    fn holds(&self, element: &Element) -> bool {
        self.bar.contains(Some(element))
    }

    fn has_focus(&self) -> bool {
        document().active_element().is_some_and(|active| self.holds(&active))
    }

    /// Gives a line that was drawn anew the focus that it had, or what was in it, unless that is elsewhere by now.
    fn give_back_focus(&self) {
        if document().active_element().is_some_and(|active| active.tag_name() != "BODY") {
            return;
        }
        let lost = self.focused.borrow().as_ref().filter(|(_, had)| !had.is_connected()).cloned();
        let Some((line, had)) = lost.and_then(|(seq, had)| Some((self.element(seq)?, had))) else { return };
        self.focused.replace(None);
        let again = match had.get_attribute("data-emoji") {
            Some(emoji) => Some(format!("[data-emoji='{emoji}']")),
            None => had.class_list().contains("add").then(|| ".add".to_owned()),
        };
        match again.and_then(|again| line.query_selector(&again).ok().flatten()) {
            Some(button) => focus_in_place(button.unchecked_ref()),
            None => self.stay_at(Some(&line)),
        }
    }

    /// Puts the bar where its line is now.
    fn settle(&self) {
        self.give_back_focus();
        let Some(seq) = self.at.get_untracked() else { return };
        let Some(line) = self.element(seq).and_then(|line| line.query_selector(".row").ok().flatten()) else {
            return self.leave();
        };
        let (row, view) = (line.get_bounding_client_rect(), self.log.get_bounding_client_rect());
        let top = (row.top() - view.top()) as i32;
        let style = self.bar.style();
        // Setting a property of this element's own style cannot fail in a way that matters.
        let _ = style.set_property("top", &format!("{}px", top.max(EDGE) + self.log.scroll_top()));
        // Where there is more room.
        let up = top > self.log.client_height() / 2;
        let _ = self.bar.class_list().toggle_with_force("up", up);
    }
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn by_mouse(event: &Event) -> bool {
    event.unchecked_ref::<PointerEvent>().pointer_type() != "touch"
}

/// The line that an element is in.
fn line_of(element: &Element) -> Option<u64> {
    element.closest("[data-seq]").ok()??.get_attribute("data-seq")?.parse().ok()
}

fn focus(element: &Option<HtmlElement>) {
    if let Some(element) = element {
        // What cannot be focused is no reason to stop.
        let _ = element.focus();
    }
}
