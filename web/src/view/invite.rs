//! The link that lets others in: to copy, on plain HTTP as well, or to be scanned.

use web_sys::{HtmlElement, HtmlInputElement};

use crate::copying::copy;
use crate::dom::{El, el, switch};
use crate::invitation::{Addresses, own_address};
use crate::node::Node;
use crate::page::Timeout;
use crate::qr;
use crate::state::*;

/// Only loopback leads to the hub: it was told so, or there is nothing else.
const ALONE: &str =
    "This link works on this device alone: the hub listens nowhere else, or the device is in no network.";

const UNKNOWN: &str = "This link works on this device alone. Others need one of those that the hub printed when it \
                       started.";

/// So long the button says that it has copied, in milliseconds.
const SAID: i32 = 2_000;

pub(super) fn invitation() -> El {
    let node = Node::here();
    node.ask_addresses();
    let parts = switch(
        move || (node.addresses.get(), node.invite().is_some()),
        move |(addresses, _)| {
            let link = node.invite()?.link;
            match addresses {
                Addresses::Own(address) => Some(link(node, address, &[], None)),
                Addresses::Told(told) => Some(match told.split_first() {
                    Some((address, others)) => link(node, address, others, None),
                    None => link(node, &own_address(), &[], Some(ALONE)),
                }),
                Addresses::Unknown => Some(link(node, &own_address(), &[], Some(UNKNOWN))),
                Addresses::Asked => None,
            }
        },
    );
    el("div").class("invitation").child(parts)
}

/// The link to this address of the hub, the `others` named beside it. One that leads nobody here has no code to scan.
pub(super) fn link(node: Node, address: &str, others: &[String], flaw: Option<&str>) -> El {
    let link = node.invitation(address);
    let code = if flaw.is_none() { qr::symbol(&link) } else { None };

    let told = Signal::new("");
    let back = Signal::new(None);
    let field = el("input").attr("type", "text").attr("readonly", "").attr("aria-label", "Invitation link");
    let input: HtmlInputElement = field.handle();
    input.set_value(&link);
    let field = field.on("focus", {
        let input = input.clone();
        move |_| input.select()
    });
    let line = el("div").class("invite");
    let within: HtmlElement = line.handle();
    let name = move || if told.get().is_empty() { "Copy link" } else { "Copied" };
    let button = el("button").attr("type", "button").text_from(name).on("click", move |_| {
        if copy(&link, &within) {
            told.set("The link is copied.");
            back.set(Some(Timeout::new(SAID, move || told.set(""))));
        } else {
            // A field that cannot be focused is selected all the same, and may be copied by hand.
            let _ = input.focus();
            input.select();
        }
    });

    let code = code.map(|code| {
        let side = code.side().to_string();
        let picture = el("img")
            .attr("alt", "QR code of the invitation link")
            .attr("width", &side)
            .attr("height", &side)
            .attr("src", &code.picture());
        let mut hints = el("div").child(el("p").text("Or scan this with a phone on the same network."));
        if !others.is_empty() {
            let bare = |link: &String| link.trim_start_matches("http://").trim_end_matches('/').to_owned();
            let others: Vec<String> = others.iter().map(bare).collect();
            hints = hints.child(el("p").text("The hub also answers at ").text(&others.join(", ")).text("."));
        }
        el("div").class("scan hint").child(picture).child(hints)
    });
    el("div")
        .child(line.child(field).child(button))
        .child(el("p").class("unseen").attr("role", "status").text_from(move || told.get()))
        .child(flaw.map(|flaw| el("p").class("hint").text(flaw)))
        .child(code)
}
