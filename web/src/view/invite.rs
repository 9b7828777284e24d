//! The link that lets others in, and a button that copies it on plain HTTP as well.

use crate::state::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, HtmlInputElement};

use crate::dom::{El, el};
use crate::invitation;
use crate::node::Node;
use crate::page::document;

pub(super) fn invite_link() -> Vec<El> {
    let told = Signal::new("");
    let field = el("input").attr("type", "text").attr("readonly", "").attr("aria-label", "Invitation link");
    let input: HtmlInputElement = field.handle();
    input.set_value(&Node::here().invitation());
    let field = field.on("focus", {
        let input = input.clone();
        move |_| input.select()
    });
    let copy = move |_| {
        input.select();
        // The asynchronous clipboard needs HTTPS, which a LAN has not; this old way does not.
        let page = document().unchecked_into::<HtmlDocument>();
        let copied = page.exec_command("copy").unwrap_or(false);
        told.set(if copied { "Copied." } else { "Selected: copy it with Ctrl+C." });
    };
    let button = el("button").attr("type", "button").text("Copy").on("click", copy);
    let mut parts = vec![
        el("div").class("invite").child(field).child(button),
        el("p").class("hint").attr("role", "status").text_from(move || told.get()),
    ];
    if invitation::is_local_only() {
        parts.push(el("p").class("hint").text(
            "This address leads to the hub from this device alone. Others need one of those that the hub printed when it started.",
        ));
    }
    parts
}
