//! Places that keep quiet: what is unread there is not counted in public. Mentions still are. Kept by this browser.

use shared::letters::fold;
use shared::transcript::Place;

use crate::node::{Listed, Node, Unread};
use crate::state::*;
use crate::storage;

/// So many places are kept as muted; those of longest ago speak again.
const MAX_MUTED: usize = 200;

/// The places that are muted.
#[derive(Clone, Copy)]
pub(crate) struct Muting {
    /// As [`storage`] names them.
    places: Signal<Vec<String>>,
}

impl Muting {
    pub(crate) fn new() -> Self {
        Self { places: Signal::new(storage::muted()) }
    }

    /// Another tab of this browser has muted something, or no longer does.
    pub(crate) fn reload(self) {
        self.places.change(storage::muted());
    }
}

impl Node {
    /// Whether a place keeps quiet; followed.
    pub(crate) fn is_muted(self, place: &Place) -> bool {
        let name = key(place);
        self.muting.places.with(|places| places.contains(&name))
    }

    /// Has a place keep quiet, or speak again.
    pub(crate) fn mute(self, place: &Place, quiet: bool) {
        let name = key(place);
        self.muting.places.update(|places| {
            places.retain(|other| *other != name);
            if quiet {
                places.push(name);
                let over = places.len().saturating_sub(MAX_MUTED);
                places.drain(..over);
            }
            storage::keep_muted(places);
        });
    }

    /// What a place has to say of itself in public: all that is unread, or of a muted one the mentions alone. Followed.
    pub(crate) fn told_unread(self, listed: &Listed) -> Unread {
        let unread = listed.unread.get();
        if self.is_muted(&listed.place) { Unread { count: unread.mentions, more: false, ..unread } } else { unread }
    }
}

fn key(place: &Place) -> String {
    fold(&storage::sign(place))
}
