//! The page as the browser gives it, and its timers. A timer ends when it is dropped.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Document, Window};

pub(crate) fn window() -> Window {
    // This client runs in a page and nowhere else.
    web_sys::window().unwrap_throw()
}

pub(crate) fn document() -> Document {
    window().document().unwrap_throw()
}

/// Whether focusing a field does not throw an on-screen keyboard over the talk.
pub(crate) fn has_keyboard() -> bool {
    !window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
}

/// Calls something once, later.
pub(crate) struct Timeout {
    number: i32,
    _ring: Closure<dyn Fn()>,
}

impl Timeout {
    /// After so many milliseconds.
    pub(crate) fn new(milliseconds: i32, ring: impl Fn() + 'static) -> Self {
        let ring = Closure::wrap(Box::new(ring) as Box<dyn Fn()>);
        let function = ring.as_ref().unchecked_ref();
        // A page that is being torn down has no timers any more, and needs none.
        let number = window().set_timeout_with_callback_and_timeout_and_arguments_0(function, milliseconds);
        Self { number: number.unwrap_or_default(), _ring: ring }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        window().clear_timeout_with_handle(self.number);
    }
}

/// Calls something again and again.
pub(crate) struct Interval {
    number: i32,
    _tick: Closure<dyn Fn()>,
}

impl Interval {
    /// Every so many milliseconds.
    pub(crate) fn new(milliseconds: i32, tick: impl Fn() + 'static) -> Self {
        let tick = Closure::wrap(Box::new(tick) as Box<dyn Fn()>);
        let function = tick.as_ref().unchecked_ref();
        let number = window().set_interval_with_callback_and_timeout_and_arguments_0(function, milliseconds);
        Self { number: number.unwrap_or_default(), _tick: tick }
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        window().clear_interval_with_handle(self.number);
    }
}

/// Calls `draw` once, before the browser paints the next time.
pub(crate) fn before_next_paint(draw: impl FnOnce() + 'static) {
    let draw = Closure::once_into_js(draw);
    let _ = window().request_animation_frame(draw.unchecked_ref());
}
