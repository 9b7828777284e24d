//! A text as nodes: never as HTML, whatever it holds.

use leptos::prelude::*;

use crate::links::{Piece, split};

/// What someone said, its links made to be followed.
pub(super) fn said(text: &str) -> impl IntoView + use<> {
    split(text)
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(words) => words.to_owned().into_any(),
            Piece::Link(address) => view! {
                <a href=address.to_owned() target="_blank" rel="noopener noreferrer">{address.to_owned()}</a>
            }
            .into_any(),
        })
        .collect_view()
}
