//! The clipboard, on plain HTTP as well.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, HtmlElement, HtmlTextAreaElement};

use crate::page::document;

/// Copies a text. False where the browser does not let a page do so. The asynchronous clipboard needs HTTPS, which a
/// LAN has not; this old way does not. It selects the text in a field, which stands in `within` for that moment: one
/// may copy out of a dialog, and nothing outside of that can be selected then. The focus goes back to where it was.
pub(crate) fn copy(text: &str, within: &HtmlElement) -> bool {
    let page = document();
    let focused = page.active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
    let Ok(field) = page.create_element("textarea") else { return false };
    let field: HtmlTextAreaElement = field.unchecked_into();
    field.set_value(text);
    field.set_class_name("unseen");
    // Fails only where the field already holds `within`, as it cannot.
    let _ = within.append_child(&field);
    field.select();
    let copied = page.unchecked_into::<HtmlDocument>().exec_command("copy").unwrap_or(false);
    field.remove();
    if let Some(focused) = focused {
        // What cannot be focused any more is no reason to stop.
        let _ = focused.focus();
    }
    copied
}
