//! A text as nodes: never as HTML, whatever it holds.

use crate::dom::{El, el};
use crate::links::{Piece, split};

/// What someone said, its links made to be followed.
pub(super) fn said(text: &str) -> El {
    split(text).into_iter().fold(el("bdi").class("text"), |said, piece| match piece {
        Piece::Plain(words) => said.text(words),
        Piece::Link(address) => said.child(
            el("a").attr("href", address).attr("target", "_blank").attr("rel", "noopener noreferrer").text(address),
        ),
    })
}
