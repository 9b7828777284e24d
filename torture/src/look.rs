//! How lines look: what their changes make of them, to whoever hears those and to whoever reads the line.

use std::collections::BTreeSet;

use shared::entry::{Change, Details, Entry};

use crate::line::Id;

/// How a line is, beside who said it where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// The `seq` of the latest change that is in it.
    pub(crate) changed: u64,
    /// The text that it was given instead of its own.
    pub(crate) text: Option<Id>,
    pub(crate) deleted: bool,
    /// Emoji and nick.
    pub(crate) reactions: BTreeSet<(String, String)>,
}

/// Something that a client was told of how a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It was read, and is so.
    Line { seq: u64, look: Look },
    /// It was changed, by whom and how.
    Change { seq: u64, of: u64, by: String, change: Change },
}

impl Sight {
    /// What an entry tells of how a line is; none for a line that nothing has become of.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        if let Entry::Changed(changed) = entry {
            let (by, change) = (changed.from.clone(), changed.change.clone());
            return Some(Self::Change { seq: changed.seq, of: changed.of, by, change });
        }
        let Details { changed: Some(changed), edited, deleted, reactions, .. } = entry.details()? else { return None };
        let nicks = reactions.iter().flat_map(|kind| kind.nicks.iter().map(|nick| (kind.emoji.clone(), nick.clone())));
        let look = Look {
            changed: *changed,
            text: edited.map(|_| Id::of(entry.text())),
            deleted: *deleted,
            reactions: nicks.collect(),
        };
        Some(Self::Line { seq: entry.seq(), look })
    }

    /// The `seq` of the line that it is of.
    pub(crate) fn line(&self) -> u64 {
        match self {
            Self::Line { seq, .. } => *seq,
            Self::Change { of, .. } => *of,
        }
    }
}

impl Look {
    /// Takes in what was told; what is in it already changes nothing.
    pub(crate) fn take(&mut self, sight: &Sight) {
        match sight {
            Sight::Line { look, .. } if look.changed >= self.changed => *self = look.clone(),
            Sight::Change { seq, by, change, .. } if *seq > self.changed => {
                self.changed = *seq;
                match change {
                    Change::Edited { text } => self.text = Some(Id::of(text)),
                    Change::Deleted => *self = Self { changed: *seq, deleted: true, ..Self::default() },
                    Change::Reacted { emoji, on: true } => _ = self.reactions.insert((emoji.clone(), by.clone())),
                    Change::Reacted { emoji, on: false } => _ = self.reactions.remove(&(emoji.clone(), by.clone())),
                }
            }
            Sight::Line { .. } | Sight::Change { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(seq: u64, change: Change) -> Sight {
        Sight::Change { seq, of: 1, by: "nick1".to_owned(), change }
    }

    #[test]
    fn a_line_that_is_read_has_what_came_before_in_it() {
        let edit = change(5, Change::Edited { text: "x".to_owned() });
        let on = change(6, Change::Reacted { emoji: "👍".to_owned(), on: true });
        let off = change(7, Change::Reacted { emoji: "👍".to_owned(), on: false });
        let mut heard = Look::default();
        [&edit, &on].into_iter().for_each(|sight| heard.take(sight));
        let read = Sight::Line { seq: 1, look: heard.clone() };
        let mut late = Look::default();
        [&read, &edit, &on, &off, &read].into_iter().for_each(|sight| late.take(sight));
        heard.take(&off);
        assert_eq!(late, heard);
        heard.take(&change(8, Change::Deleted));
        assert_eq!(heard, Look { changed: 8, deleted: true, ..Look::default() });
    }
}
