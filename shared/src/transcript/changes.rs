//! What a delivery changed.

use super::Place;

/// What a delivery changed; draw this and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Places were added or removed, or follow in another order.
    pub places: bool,
    /// The changed places, each once.
    pub at: Vec<Change>,
}

/// What changed at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub place: Place,
    /// Lines, notices, pending lines or holes.
    pub lines: bool,
    /// Whether we are here, who else is, their states, their number, whether that is current, or the topic.
    pub people: bool,
    /// What is unread.
    pub unread: bool,
    /// Who is writing: [`super::Conversation::typing`].
    pub typing: bool,
    /// How far own lines have got: [`super::Conversation::reach`] and [`super::Conversation::unreached`].
    pub reach: bool,
}

impl Changes {
    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        !self.places && self.at.is_empty()
    }

    /// These and those.
    pub fn merge(&mut self, other: Self) {
        self.places |= other.places;
        for change in other.at {
            let mine = self.of(&change.place);
            mine.lines |= change.lines;
            mine.people |= change.people;
            mine.unread |= change.unread;
            mine.typing |= change.typing;
            mine.reach |= change.reach;
        }
    }

    pub(super) fn of(&mut self, place: &Place) -> &mut Change {
        let at = self.at.iter().position(|change| change.place == *place).unwrap_or_else(|| {
            self.at.push(Change {
                place: place.clone(),
                lines: false,
                people: false,
                unread: false,
                typing: false,
                reach: false,
            });
            self.at.len() - 1
        });
        &mut self.at[at]
    }
}
