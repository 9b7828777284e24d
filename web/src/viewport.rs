//! How much of the window an on-screen keyboard leaves. Most browsers shrink the page by themselves
//! (`interactive-widget` in index.html); Safari only says so through `visualViewport`.

use crate::page::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::HtmlElement;

/// A difference in height below this many pixels is a toolbar's, not a keyboard's.
const KEYBOARD: f64 = 80.0;

/// The window's height, in CSS pixels.
pub(crate) fn window_height() -> usize {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default() as usize
}

/// Keeps `--view-height` (style/layout.css) as high as what can be seen, while a keyboard is up.
pub(crate) fn follow() {
    let Some(viewport) = window().visual_viewport() else { return };
    let resized = Closure::<dyn Fn()>::new({
        let viewport = viewport.clone();
        move || {
            let Some(root) = document().document_element().and_then(|root| root.dyn_into::<HtmlElement>().ok()) else {
                return;
            };
            let whole = window_height() as f64;
            // Zooming in with two fingers shrinks the viewport as well, and is not to be answered.
            let keyboard = viewport.scale() < 1.01 && whole - viewport.height() > KEYBOARD;
            // Setting a property of this element's own style cannot fail in a way that matters.
            let _ = if keyboard {
                // Whole pixels: the code that writes fractions is ten kilobytes.
                root.style().set_property("--view-height", &format!("{}px", viewport.height() as i32))
            } else {
                root.style().remove_property("--view-height").map(drop)
            };
            if keyboard {
                // Safari scrolls the page to show the field; with the height set it need not.
                window().scroll_to_with_x_and_y(0.0, 0.0);
            }
        }
    });
    viewport.set_onresize(Some(resized.as_ref().unchecked_ref()));
    // It lives as long as the page.
    resized.forget();
}
