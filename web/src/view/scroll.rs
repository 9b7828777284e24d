//! Where the view of a transcript stands: at its end, or at the line one reads. Whatever comes,
//! goes or changes its height above or below, that stays where it is.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, ResizeObserver};

use crate::dom::keep;

/// Nearer to the end than this many pixels is at the end: a line and a half.
const NEAR_END: i32 = 36;

/// Nearer to the beginning than this many pixels older lines are fetched: before one gets there.
const NEAR_TOP: i32 = 600;

/// The position, kept by watching the height of the lines and of the view.
#[derive(Clone)]
pub(super) struct Scroll {
    view: HtmlElement,
    held: Rc<RefCell<Held>>,
}

struct Held {
    /// The view follows the end.
    at_end: bool,
    /// The line at the top of the view, and how far below the view's top it begins.
    anchor: Option<(Element, f64)>,
    /// How far the view's top is above the end, should the anchor be drawn anew.
    above_end: i32,
    /// Where the view stood when it was last put somewhere, or found there.
    top: i32,
}

/// Where the view stands after it was scrolled.
pub(super) struct Stand {
    pub(super) at_end: bool,
    pub(super) near_top: bool,
    /// The `seq` of the line at the top of the view.
    pub(super) top: Option<u64>,
}

impl Scroll {
    /// Keeps the place of `lines`, the only child of `view`. `settled` is called after the
    /// position was put right, with it.
    pub(super) fn keep(view: HtmlElement, lines: &HtmlElement, settled: impl Fn(Stand) + 'static) -> Self {
        let held = Held { at_end: true, anchor: None, above_end: 0, top: 0 };
        let scroll = Self { view, held: Rc::new(RefCell::new(held)) };
        // Heights are reported after layout and before anything is painted: nothing is seen to jump.
        let changed = Closure::<dyn Fn()>::new({
            let scroll = scroll.clone();
            move || {
                scroll.put_right();
                settled(scroll.stand());
            }
        });
        if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
            observer.observe(&scroll.view);
            observer.observe(lines);
            keep(Observed { observer, _changed: changed });
        }
        scroll
    }

    /// The person (or this) has scrolled.
    pub(super) fn scrolled(&self) -> Stand {
        let view = &self.view;
        let top = view.scroll_top();
        let above_end = view.scroll_height() - top;
        let at_end = above_end - view.client_height() <= NEAR_END || {
            // Lines have come, or grown, since it was put at the end, and it was not put right yet: nobody who wants
            // to leave the end moves down.
            let held = self.held.borrow();
            held.at_end && top >= held.top
        };
        let anchor = if at_end { None } else { first_in_view(view) };
        *self.held.borrow_mut() = Held { at_end, anchor, above_end, top };
        self.stand()
    }

    /// To the newest line, and stay there.
    pub(super) fn to_end(&self) {
        let mut held = self.held.borrow_mut();
        held.at_end = true;
        held.anchor = None;
        drop(held);
        self.put_right();
    }

    fn put_right(&self) {
        let (view, mut held) = (&self.view, self.held.borrow_mut());
        if held.at_end {
            view.set_scroll_top(view.scroll_height());
        } else if let Some((anchor, below_top)) = &held.anchor
            && anchor.is_connected()
        {
            let moved = below(view, anchor) - below_top;
            if moved.abs() >= 1.0 {
                view.set_scroll_top(view.scroll_top() + moved.round() as i32);
            }
        } else {
            view.set_scroll_top(view.scroll_height() - held.above_end);
        }
        held.top = view.scroll_top();
    }

    fn stand(&self) -> Stand {
        let held = self.held.borrow();
        let top = held.anchor.as_ref().and_then(|(anchor, _)| anchor.get_attribute("data-seq")?.parse().ok());
        Stand { at_end: held.at_end, near_top: self.view.scroll_top() < NEAR_TOP, top }
    }
}

/// The browser reports heights for as long as this is kept.
struct Observed {
    observer: ResizeObserver,
    _changed: Closure<dyn Fn()>,
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// How far an element begins below the view's top, in pixels.
fn below(view: &HtmlElement, element: &Element) -> f64 {
    element.get_bounding_client_rect().top() - view.get_bounding_client_rect().top()
}

/// The first line of the log that begins in the view. Lines are in order, so it is found by halving.
fn first_in_view(view: &HtmlElement) -> Option<(Element, f64)> {
    let lines = view.query_selector_all("[data-seq]").ok()?;
    let at = |index| lines.item(index).and_then(|line| line.dyn_into::<Element>().ok());
    let (mut low, mut high) = (0, lines.length());
    while low < high {
        let middle = low + (high - low) / 2;
        if below(view, &at(middle)?) < 0.0 {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let line = at(low.min(lines.length().checked_sub(1)?))?;
    let below_top = below(view, &line);
    Some((line, below_top))
}
