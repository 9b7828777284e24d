//! What of a row follows from the rows round it.

use std::sync::Arc;

use shared::entry::Entry;
use shared::transcript::{Item, continues};

use super::Setting;
use crate::moment;

/// What of a row depends on others than itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct Around {
    /// A new day begins with it.
    pub(super) day: Option<String>,
    /// What is new begins with it.
    pub(super) new: bool,
    /// It names who said it; others go on with what the line before began.
    pub(super) head: bool,
    /// The line it answers, where that is held.
    pub(super) answered: Option<Arc<Entry>>,
}

impl Around {
    /// Lines across that stand above it.
    pub(in super::super) fn rules(&self) -> usize {
        usize::from(self.day.is_some()) + usize::from(self.new)
    }
}

impl Setting<'_> {
    /// What a row depends on, that stands behind another.
    pub(in super::super) fn around(&self, before: Option<&Item>, item: &Item) -> Around {
        let day = at(item).map(moment::day).filter(|day| match before {
            Some(before) => at(before).is_some_and(|at| moment::day(at) != *day),
            None => !self.conversation.more(),
        });
        let answered = match item {
            Item::Line(entry) => entry.details().and_then(|details| details.reply_to),
            Item::Pending(pending) => pending.reply_to,
            _ => None,
        };
        let goes_on = match (before, item) {
            // In which hours a day begins is told by `day`.
            (Some(Item::Line(before)), Item::Line(line)) => continues(before, line, 0),
            (Some(Item::Pending(_)), Item::Pending(_)) => true,
            (Some(Item::Line(before)), Item::Pending(_)) => before.is_line() && before.from() == self.me,
            _ => false,
        };
        let new = matches!((item, self.new_from), (Item::Line(entry), Some(from)) if entry.seq() == from);
        Around {
            head: !goes_on || day.is_some() || new,
            day,
            new,
            answered: answered.and_then(|seq| self.conversation.line(seq).cloned()),
        }
    }
}

/// When a row was made, where one can tell.
fn at(item: &Item) -> Option<u64> {
    match item {
        Item::Line(entry) => Some(entry.at()),
        Item::Notice(notice) => Some(notice.at),
        Item::Pending(pending) => Some(pending.at),
        Item::Hole { .. } => None,
    }
}
