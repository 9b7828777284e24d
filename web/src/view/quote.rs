//! The line that another answers, in one line above it, which leads there.

use crate::changing::Quoted;
use crate::dom::{El, el, switch};
use crate::hue;
use crate::node::Node;

/// What stands above a line that answers the one at `of`.
pub(super) fn quote(node: Node, of: u64) -> El {
    let place = node.here.get_untracked();
    el("button")
        .class("quote")
        .attr("type", "button")
        .child(el("span").class("unseen").text("In answer to "))
        .child(quoted(node, of))
        .on("click", move |_| node.open_at(&place, of))
}

/// Who said the line at `of`, and what, on one line.
pub(super) fn quoted(node: Node, of: u64) -> impl crate::dom::Child {
    switch(
        move || node.quoted(of),
        |quoted| match quoted {
            Quoted::Line { from, words } => el("span")
                .class("quoted")
                .child(el("bdi").class(hue::classes(from)).text(from))
                .text(": ")
                .child(el("bdi").text(words)),
            Quoted::Deleted { from } => el("span")
                .class("quoted gone")
                .child(el("bdi").class(hue::classes(from)).text(from))
                .text(": a line that was deleted"),
            Quoted::FurtherUp => el("span").class("quoted gone").text("a line further up"),
        },
    )
}
