//! How far a line of one's own has got: a small mark beside it, and the words for whoever looks.

use crate::dom::{El, effect, el};
use crate::node::Node;
use crate::reach::Sign;
use web_sys::HtmlElement;

/// The mark of the line at `seq`. Its words come up while it has the focus or the pointer.
pub(super) fn mark(node: Node, seq: u64) -> El {
    let class = move || match node.reach(seq).sign {
        Sign::Kept => "mark",
        Sign::Some => "mark some",
        Sign::All => "mark all",
    };
    let words = move || node.reach(seq).words;
    let look = move |_| node.look_at_reach();
    // The words are its name: what changes within a log would be read out, and a name is not.
    let button = el("button").attr("type", "button").attr_from("class", class).attr_from("aria-label", words);
    let field: HtmlElement = button.handle();
    if node.asked_about(seq) {
        // Once it stands in the page.
        effect(move || {
            // What cannot be focused shows its mark all the same.
            let _ = field.focus();
        });
    }
    button
        .on("focus", look)
        .on("pointerenter", look)
        .on("blur", move |_| {
            if node.asked_about(seq) {
                node.mark(None);
            }
        })
        .child(el("span").class("figures").attr_from("data-figures", move || node.reach(seq).figures))
        .child(el("span").class("reach").attr_from("data-words", words))
}
