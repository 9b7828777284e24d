//! What became of lines: edited, taken back, reacted to, by anyone; and by oneself before the log has it.
//!
//! Pages and what is heard overtake one another, so that a change may come before an earlier one, or before its line.
//! A line that changes is therefore shown as its base (the line as it was last read from the log, with some changes
//! in it), with the changes known that are not in that, by `seq`, and then one's own that are on their way.

use std::sync::Arc;

use super::Conversation;
use super::altering::{alter, apply, as_of};
use super::trimming::{weight, weight_of_change};
use crate::entry::{self, Changed, Entry};
use crate::letters::fold;
use crate::message::ToHub;
use crate::transcript::MAX_CHANGES;
use crate::transcript::few::Few;

/// A change of one's own that is not (yet) an entry: its line is shown as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingChange {
    /// The request's id.
    pub id: String,
    /// The line's `seq`.
    pub of: u64,
    pub change: entry::Change,
    /// When it was asked for, in milliseconds since 1970 UTC.
    pub at: u64,
    /// On disk under this `seq`; its entry is on the way.
    pub seq: Option<u64>,
    /// The nick it is asked for as.
    from: String,
}

impl PendingChange {
    /// What a request changes, if it changes a line.
    pub(in crate::transcript) fn of(request: &ToHub, from: &str, at: u64) -> Option<Self> {
        let (id, of, change) = match request {
            ToHub::Edit { id, of, text, .. } => (id, of, entry::Change::Edited { text: text.trim().to_owned() }),
            ToHub::Delete { id, of, .. } => (id, of, entry::Change::Deleted),
            ToHub::React { id, of, emoji, on, .. } => {
                (id, of, entry::Change::Reacted { emoji: emoji.clone(), on: *on })
            }
            _ => return None,
        };
        Some(Self { id: id.clone(), of: *of, change, at, seq: None, from: from.to_owned() })
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Changing {
    /// By `seq`; at most [`MAX_CHANGES`].
    #[expect(clippy::vec_box, reason = "beyond the bound all of them move up with each that comes")]
    made: Vec<Box<Changed>>,
    /// One's own, in the order in which they were asked for.
    pending: Vec<PendingChange>,
    /// Of the lines held that those speak of.
    bases: Few<u64, Arc<Entry>>,
}

impl Changing {
    fn touches(&self, line: u64) -> bool {
        self.made.iter().any(|change| change.of == line) || self.pending.iter().any(|change| change.of == line)
    }
}

impl Conversation {
    /// One's own change of a line that the log does not have yet; the latest, where there are several.
    pub fn pending_change(&self, line: u64) -> Option<&PendingChange> {
        self.changing.pending.iter().rev().find(|change| change.of == line)
    }

    /// A line was changed. Whether it is shown otherwise.
    pub(super) fn change(&mut self, changed: &Changed) -> bool {
        self.exists(changed.seq);
        let Changing { made, pending, bases } = &mut self.changing;
        let waited = pending.len();
        let mine = self.me.as_ref().is_some_and(|me| *me == fold(&changed.from));
        pending.retain(|own| !(mine && own.id == changed.id));
        let (waited, alone) = (pending.len() < waited, pending.iter().all(|own| own.of != changed.of));
        let base = bases.get(&changed.of).or_else(|| self.rows.get(&changed.of)).map(Arc::clone);
        if base.as_deref().is_some_and(|line| as_of(line) >= changed.seq) {
            return waited && self.refold(changed.of, true);
        }
        let at = made.partition_point(|other| other.seq < changed.seq);
        if made.get(at).is_some_and(|other| other.seq == changed.seq) {
            return waited && self.refold(changed.of, true);
        }
        let last = made[at..].iter().all(|other| other.of != changed.of);
        made.insert(at, Box::new(changed.clone()));
        self.bytes += weight_of_change(changed);
        let shown = match base {
            // What waits for a line of which nothing is held.
            None => false,
            Some(base) if last && alone && !waited => {
                self.set_base(changed.of, base);
                self.alter_row(changed)
            }
            Some(_) => self.refold(changed.of, waited),
        };
        self.forget_changes();
        shown
    }

    /// The same without a look at what came before: that is in the row already.
    fn alter_row(&mut self, changed: &Changed) -> bool {
        let Some(row) = self.rows.get_mut(&changed.of) else {
            return false;
        };
        self.bytes -= weight(row);
        // A row that somebody has drawn stays as it is, and this becomes another.
        apply(Arc::make_mut(row), changed);
        self.bytes += weight(row);
        true
    }

    /// A line as it was first read here, where it changed since.
    pub(super) fn original(&self, line: u64) -> Option<&Arc<Entry>> {
        self.changing.bases.get(&line).or_else(|| self.rows.get(&line))
    }

    /// Makes a row anew of all that is known of it, where a line is held. Whether it is another then, as it is when
    /// what is on its way is `marked` otherwise.
    pub(super) fn refold(&mut self, line: u64, marked: bool) -> bool {
        let Some(row) = self.rows.get(&line) else {
            return false;
        };
        let base = Arc::clone(self.changing.bases.get(&line).unwrap_or(row));
        let mut freed = 0;
        self.changing.made.retain(|change| {
            let kept = change.of != line || change.seq > as_of(&base);
            freed += if kept { 0 } else { weight_of_change(change) };
            kept
        });
        self.bytes -= freed;
        let mut now = Entry::clone(&base);
        for change in self.changing.made.iter().filter(|change| change.of == line) {
            apply(&mut now, change);
        }
        for own in self.changing.pending.iter().filter(|own| own.of == line) {
            alter(&mut now, &own.from, own.at, &own.change);
        }
        if self.changing.touches(line) {
            self.set_base(line, base);
        } else {
            self.drop_base(line);
        }
        let other = marked || self.rows.get(&line).is_none_or(|row| **row != now);
        if other {
            self.put_row(line, Arc::new(now));
        }
        other
    }

    /// A line was read from the log once more. Whether it is shown otherwise.
    pub(super) fn read_again(&mut self, line: &Entry) -> bool {
        let seq = line.seq();
        let held = self.changing.bases.get(&seq).or_else(|| self.rows.get(&seq));
        if held.is_none_or(|held| as_of(held) > as_of(line) || **held == *line) {
            return false;
        }
        self.set_base(seq, Arc::new(line.clone()));
        self.refold(seq, false)
    }

    fn set_base(&mut self, line: u64, base: Arc<Entry>) {
        self.drop_base(line);
        self.bytes += weight(&base);
        self.changing.bases.get_or_insert_with(line, || base);
    }

    fn drop_base(&mut self, line: u64) -> Option<Arc<Entry>> {
        let base = self.changing.bases.remove(&line)?;
        self.bytes -= weight(&base);
        Some(base)
    }

    /// Changes beyond what is kept: the oldest are in their lines for good, or forgotten.
    fn forget_changes(&mut self) {
        while self.changing.made.len() > MAX_CHANGES {
            let oldest = self.changing.made.remove(0);
            self.bytes -= weight_of_change(&oldest);
            if let Some(mut base) = self.drop_base(oldest.of)
                && self.changing.touches(oldest.of)
            {
                apply(Arc::make_mut(&mut base), &oldest);
                self.set_base(oldest.of, base);
            }
        }
    }

    /// A row is held no more.
    pub(super) fn forget_base(&mut self, line: u64) {
        self.drop_base(line);
    }

    pub(super) fn forget_all_changes(&mut self) {
        self.changing = Changing::default();
    }

    // --- one's own, on their way ---

    /// A change of one's own is on its way. Whether its line is shown otherwise.
    pub(in crate::transcript) fn changing(&mut self, change: PendingChange) -> bool {
        let Changing { made, pending, .. } = &mut self.changing;
        // It may be here already: taken up from an earlier visit, and sent by another node since.
        let made = made.iter().any(|made| made.id == change.id && fold(&made.from) == fold(&change.from));
        if made || pending.iter().any(|own| own.id == change.id) {
            return false;
        }
        let line = change.of;
        pending.push(change);
        self.refold(line, true)
    }

    /// What was taken up before anyone knew as whom it is asked for.
    pub(super) fn changing_as(&mut self, nick: &str) {
        for own in &mut self.changing.pending {
            if own.from.is_empty() {
                nick.clone_into(&mut own.from);
            }
        }
    }

    /// A change of one's own is on disk; all up to `heard` was heard. Whether its line is shown otherwise.
    pub(in crate::transcript) fn change_sent(&mut self, id: &str, seq: u64, heard: u64) -> bool {
        if let Some(own) = self.changing.pending.iter_mut().find(|own| own.id == id) {
            own.seq = Some(seq);
        }
        self.settle_changes(heard)
    }

    /// A change of one's own was refused. Whether its line is shown otherwise.
    pub(in crate::transcript) fn change_refused(&mut self, id: &str) -> bool {
        let own = self.changing.pending.iter().position(|own| own.id == id);
        own.is_some_and(|at| {
            let line = self.changing.pending.remove(at).of;
            self.refold(line, true)
        })
    }

    /// Takes away what is on its way no more: it has come, or its line is not held. Whether a line is shown
    /// otherwise.
    pub(super) fn settle_changes(&mut self, heard: u64) -> bool {
        let mut shown = false;
        let mut at = 0;
        while let Some(own) = self.changing.pending.get(at) {
            let line = own.of;
            let base = self.changing.bases.get(&line);
            let came = own
                .seq
                .is_some_and(|seq| base.is_none_or(|base| as_of(base) >= seq) || self.coverage.whole(seq, seq, heard));
            if came {
                self.changing.pending.remove(at);
                shown |= self.refold(line, true);
            } else {
                at += 1;
            }
        }
        shown
    }
}
