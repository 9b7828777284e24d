//! That another version is there, and the way to install this client.

use crate::dom::{El, Part, el, show, switch};
use crate::installing;
use crate::node::Node;
use crate::page::window;

/// A newer client is kept than the one that runs. What is typed is kept, so loading it anew costs nothing; but when is
/// for the person to say.
pub(super) fn renewed(node: Node) -> Part {
    let renewed = node.installing.renewed;
    // One notice at a time.
    show(
        move || renewed.get() && node.notice.with(Option::is_none),
        move || {
            let reload = el("button").attr("type", "button").text("Reload").on("click", |_| {
                // A page that cannot be loaded again goes on as it is.
                let _ = window().location().reload();
            });
            let later = el("button")
                .class("close quiet")
                .attr("type", "button")
                .attr("aria-label", "Later")
                .on("click", move |_| renewed.set(false));
            let words = el("div").class("words renewed").child(el("p").text("A new version is ready.")).child(reload);
            el("div").class("notice").child(words).child(later)
        },
    )
}

/// The part of the settings that tells of installing.
pub(super) fn install_choice(node: Node) -> El {
    let offered = move || node.installing.offer.with(Option::is_some);
    el("fieldset")
        .child(el("legend").text("As an app"))
        .child(switch(offered, move |offered| {
            offered.then(|| {
                el("button").attr("type", "button").text("Install Hubbub").on("click", move |_| node.install())
            })
        }))
        .child(el("p").class("hint").text(installing::words()))
}
