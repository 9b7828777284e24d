//! The first minutes: a hub in whose log nothing stands yet explains itself.

use shared::transcript::Place;

use super::invite::invitation;
use crate::dom::{El, el};
use crate::node::Node;

/// Whether one looks at a room of a hub whose log is empty. The first line ends that for good.
pub(super) fn is_first(node: Node) -> bool {
    let is_room = node.here.with(|here| matches!(here, Place::Room(_)));
    let empty = node.welcome.with(|welcome| welcome.as_ref().is_some_and(|welcome| welcome.seq == 0));
    is_room && empty && node.seq.get() == 0
}

pub(super) fn welcome(node: Node) -> El {
    let (hub, ephemeral) = node.welcome.with_untracked(|welcome| {
        let welcome = welcome.as_ref();
        let hub = welcome.map_or("", |welcome| &welcome.hub);
        let host = hub.split_once('@').map_or(hub, |(_, host)| host);
        (host.to_owned(), welcome.is_some_and(|welcome| welcome.ephemeral))
    });
    let machine = || el("span").class("machine").text(&hub);
    let whose = el("p").text("Hubbub is a chat that belongs to this network: the hub and its log are on ");
    let whose = whose.child(machine()).text(", and what you write goes nowhere else.");
    let kept = el("p").text(if ephemeral {
        "This hub keeps nothing: what is written is gone when it stops."
    } else {
        "What is written is kept on that machine's disk, so that whoever comes later can read it."
    });
    el("div")
        .child(el("h2").text("Welcome to Hubbub"))
        .child(whose)
        .child(kept)
        .child(el("p").text("Bring others in with this link, then write the first line below."))
        .child(invitation())
}
