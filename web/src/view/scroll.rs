//! Where the view of a transcript stands: at its end, or at the line one reads. Whatever comes,
//! goes or changes its height above or below, that stays where it is.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, NodeList, ResizeObserver};

use crate::dom::keep;

/// Nearer to the end than this many pixels is at the end: a line and a half.
const NEAR_END: i32 = 36;

/// Nearer to the edge of what is in the page than this many pixels more is put there: before one gets there.
const NEAR_EDGE: i32 = 1_200;

/// Holes so far from the view, in pixels, are filled: before one gets there.
const NEAR_HOLE: f64 = 1_500.0;

/// The position, kept by watching the height of the lines and of the view.
#[derive(Clone)]
pub(super) struct Scroll {
    view: HtmlElement,
    held: Rc<RefCell<Held>>,
    /// Whether rows at the end are not in the page: then its end is not the end.
    cut: Rc<dyn Fn() -> bool>,
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
    /// All rows are in sight at once: nothing can be scrolled.
    pub(super) fits: bool,
    pub(super) near_top: bool,
    pub(super) near_bottom: bool,
    /// The `seq` of the line at the top of the view.
    pub(super) top: Option<u64>,
    /// The `seq` of the last line that ends in the view.
    pub(super) bottom: Option<u64>,
    /// A hole in the view, or nearly.
    pub(super) hole: Option<Hole>,
}

/// Where lines are missing.
pub(super) struct Hole {
    /// The position that it is behind.
    pub(super) after: u64,
    /// The first line after it.
    pub(super) next: Option<u64>,
    /// It is above what the person reads.
    pub(super) above: bool,
}

impl Scroll {
    /// Keeps the place of `lines`, the only child of `view`. `settled` is called after the
    /// position was put right, with it.
    pub(super) fn keep(
        view: HtmlElement,
        lines: &HtmlElement,
        cut: impl Fn() -> bool + 'static,
        settled: impl Fn(Stand) + 'static,
    ) -> Self {
        let held = Held { at_end: true, anchor: None, above_end: 0, top: 0 };
        let scroll = Self { view, held: Rc::new(RefCell::new(held)), cut: Rc::new(cut) };
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
        let at_end = !(self.cut)()
            && (above_end - view.client_height() <= NEAR_END || {
                // Lines have come, or grown, since it was put at the end, and it was not put right yet: nobody who
                // wants to leave the end moves down.
                let held = self.held.borrow();
                held.at_end && top >= held.top
            });
        let anchor = if at_end { None } else { Lines::of(view).and_then(|lines| lines.first_in_view()) };
        *self.held.borrow_mut() = Held { at_end, anchor, above_end, top };
        self.stand()
    }

    /// Other rows stand in the page: puts the position right.
    pub(super) fn redrawn(&self) -> Stand {
        self.put_right();
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

    /// To a line, which then stands a third below the upper edge, and stays there. It, if it is in the page.
    pub(super) fn to_line(&self, seq: u64) -> Option<HtmlElement> {
        let line = self.view.query_selector(&["[data-seq='", &seq.to_string(), "']"].concat()).ok()??;
        {
            let mut held = self.held.borrow_mut();
            held.at_end = false;
            held.anchor = Some((line.clone(), f64::from(self.view.client_height() / 3)));
        }
        self.put_right();
        line.dyn_into().ok()
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
        let view = &self.view;
        let at_end = self.held.borrow().at_end;
        let scrolled = view.scroll_top();
        let lines = Lines::of(view);
        let top = lines.as_ref().and_then(Lines::first_in_view);
        let bottom = lines.as_ref().and_then(Lines::last_in_view);
        Stand {
            at_end,
            fits: view.scroll_height() - view.client_height() <= NEAR_END,
            near_top: scrolled < NEAR_EDGE,
            near_bottom: view.scroll_height() - scrolled - view.client_height() < NEAR_EDGE,
            top: top.and_then(|(line, _)| seq(&line)),
            bottom: bottom.and_then(|line| seq(&line)),
            hole: hole_in_view(view),
        }
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

fn seq(line: &Element) -> Option<u64> {
    line.get_attribute("data-seq")?.parse().ok()
}

/// The lines of the log that are in the page. They are in order, so that one is found by halving.
struct Lines<'a> {
    view: &'a HtmlElement,
    lines: NodeList,
}

impl<'a> Lines<'a> {
    fn of(view: &'a HtmlElement) -> Option<Self> {
        let lines = view.query_selector_all("[data-seq]").ok()?;
        Some(Self { view, lines })
    }

    fn at(&self, index: u32) -> Option<Element> {
        self.lines.item(index)?.dyn_into().ok()
    }

    /// How many lines come before the first that is not `before`.
    fn count(&self, before: &dyn Fn(&Element) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.lines.length());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.at(middle).is_some_and(|line| before(&line)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The first line that begins in the view, and how far below its top.
    fn first_in_view(&self) -> Option<(Element, f64)> {
        let first = self.count(&|line| below(self.view, line) < 0.0);
        let line = self.at(first.min(self.lines.length().checked_sub(1)?))?;
        let below_top = below(self.view, &line);
        Some((line, below_top))
    }

    /// The last line that ends in the view.
    fn last_in_view(&self) -> Option<Element> {
        let bottom = self.view.get_bounding_client_rect().bottom();
        let ended = self.count(&|line| line.get_bounding_client_rect().bottom() <= bottom + 1.0);
        self.at(ended.checked_sub(1)?)
    }
}

fn hole_in_view(view: &HtmlElement) -> Option<Hole> {
    let holes = view.query_selector_all("[data-after]").ok()?;
    let near = |hole: &Element| {
        let at = below(view, hole);
        at > -NEAR_HOLE && at < f64::from(view.client_height()) + NEAR_HOLE
    };
    let hole = (0..holes.length()).filter_map(|at| holes.item(at)?.dyn_into::<Element>().ok()).find(near)?;
    let mut next = None;
    let mut behind = hole.closest(".line").ok().flatten().and_then(|line| line.next_element_sibling());
    while let Some(line) = behind {
        next = seq(&line);
        behind = line.next_element_sibling().filter(|_| next.is_none());
    }
    let after = hole.get_attribute("data-after")?.parse().ok()?;
    Some(Hole { after, next, above: below(view, &hole) < f64::from(view.client_height() / 2) })
}
