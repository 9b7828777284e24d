//! Asks before a line is taken back.

use web_sys::HtmlDialogElement;

use super::quote::quoted;
use crate::chunks::later;
use crate::dom::{Child, El, effect, el};
use crate::node::Node;

pub(super) fn deleting(node: Node) -> impl Child {
    later(node, move || node.changing.deleting.get(), move |more, of| (more.deleting)(node, *of))
}

pub(super) fn question(node: Node, of: u64) -> El {
    let dialog = el("dialog").class("question").attr("aria-labelledby", "question");
    let window: HtmlDialogElement = dialog.handle();
    let [shut, delete] = [window.clone(), window.clone()];
    effect(move || {
        // Fails only for one that is open already.
        let _ = window.show_modal();
    });
    let cancel =
        el("button").attr("type", "button").attr("autofocus", "").text("Cancel").on("click", move |_| shut.close());
    let delete = el("button").class("danger").attr("type", "button").text("Delete").on("click", move |_| {
        delete.close();
        node.delete_line(of);
    });
    dialog
        // Escape shuts this window, and nothing behind it.
        .on_key(|event| event.stop_propagation())
        .on("close", move |_| node.changing.deleting.set(None))
        .child(el("h2").attr("id", "question").text("Delete this line for everyone?"))
        .child(el("p").child(quoted(node, of)))
        .child(el("div").class("answers").child(cancel).child(delete))
}
