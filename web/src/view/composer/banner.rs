//! What the text is for that one writes, where it is not simply said.

use crate::dom::{Child, El, el, switch};
use crate::node::Node;
use crate::view::quote::quoted;

pub(super) fn banner(node: Node) -> impl Child {
    // Which line, and whether it is edited: what is written meanwhile does not matter here.
    let begun = move || node.begun().map(|begun| (begun.of, begun.text.is_some()));
    switch(begun, move |begun| begun.map(|(of, edited)| shown(node, of, edited)))
}

fn shown(node: Node, of: u64, edited: bool) -> El {
    let words = el("p").class("words").attr("role", "status");
    let words =
        if edited { words.text("Editing your line") } else { words.text("Replying to ").child(quoted(node, of)) };
    let cancel = el("button")
        .class("quiet")
        .attr("type", "button")
        .text("Cancel")
        .on("mousedown", |event| event.prevent_default())
        .on("click", move |_| node.give_up(&node.here.get_untracked()));
    el("div").class("banner").child(words).child(cancel)
}
