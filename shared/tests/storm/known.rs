//! What can be known of one place, told by sets of positions rather than by stretches.

use std::collections::{BTreeMap, BTreeSet};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mine,
    Theirs,
    /// A line of another's that names us.
    Naming,
    Topic,
    /// Of some line, and so no row.
    Change,
}

impl Kind {
    /// Whether it is unread until it is read.
    pub(crate) fn counts(self) -> bool {
        matches!(self, Self::Theirs | Self::Naming)
    }
}

#[derive(Default)]
pub(crate) struct Known {
    /// Whatever was said at these positions, if it was said here, is held.
    whole: BTreeSet<u64>,
    /// So it is from here on up to what was heard, and all that follows is still to be heard.
    open: Option<u64>,
    suspended: Option<u64>,
    /// The rows held, and what they are.
    pub(crate) lines: BTreeMap<u64, Kind>,
    /// What follows the last line could not be had, or was said while we had left.
    pub(crate) cut: bool,
    /// As far as the client knows we are there.
    pub(crate) joined: bool,
    /// The newest entry known to exist.
    latest: u64,
    /// All up to here is read; none while the place is not listed.
    pub(crate) read: Option<u64>,
    /// The hub, or the person, has said so.
    told: bool,
    /// The lines known to be unread, held or not.
    pub(crate) unread: BTreeSet<u64>,
    /// What others said up to here is known to be among them; and perhaps what they said `beyond`.
    counted: u64,
    beyond: bool,
    /// When something last came of this place, everything since what was read was held.
    pub(crate) exact: bool,
    /// It was read up to somewhere among lines that are not held, so that nobody knows how many are left.
    pub(crate) vague: bool,
    /// So many lines that the hub has counted without saying so were heard again: the connection was lost right
    /// after the count came.
    pub(crate) twice: usize,
}

impl Known {
    pub(crate) fn list(&mut self, read: u64) {
        if self.read.is_none() {
            (self.read, self.counted) = (Some(read), read);
        }
    }

    // --- what is held ---

    pub(crate) fn open(&mut self, from: u64, heard: u64) {
        let from = self.open.map_or(from, |open| open.min(from));
        self.open = Some(from);
        self.heard_to(heard);
    }

    /// All up to here was heard.
    pub(crate) fn heard_to(&mut self, seq: u64) {
        if let Some(from) = self.open {
            self.whole.extend(from..=seq);
        }
    }

    pub(crate) fn go_deaf(&mut self) {
        self.suspended = self.open.take();
    }

    pub(crate) fn resume(&mut self) {
        self.open = self.suspended.take();
        if self.open.is_some() {
            self.recount();
        }
    }

    pub(crate) fn not_resumed(&mut self) {
        self.suspended = None;
    }

    pub(crate) fn nothing_after(&mut self, latest: u64, heard: u64) {
        if let Some(newest) = self.whole.last().filter(|newest| latest.max(self.latest) <= **newest) {
            self.open(newest + 1, heard);
        }
    }

    pub(crate) fn hear(&mut self, seq: u64, kind: Kind, live: bool) {
        self.whole.insert(seq);
        if live {
            self.open(seq, seq);
        }
        if kind != Kind::Change {
            self.lines.insert(seq, kind);
        }
        self.latest = self.latest.max(seq);
        if seq > self.counted {
            (self.counted, self.beyond) = (seq, false);
            if kind.counts() && self.read < Some(seq) && !self.unread.insert(seq) {
                self.twice += 1;
            }
        }
        self.look();
    }

    pub(crate) fn page(
        &mut self,
        lines: &[(u64, Kind)],
        more: bool,
        (before, after): (Option<u64>, Option<u64>),
        live: bool,
        (given, heard): (u64, u64),
    ) {
        let (first, last) = (lines.first().map(|line| line.0), lines.last().map(|line| line.0));
        let given = given.max(self.latest).max(last.unwrap_or(0));
        let from = if more { first.unwrap() } else { 0 };
        let newest = match (before, after) {
            (Some(before), _) => {
                // Numbers not given yet say nothing.
                self.whole.extend(from..before.clamp(1, given + 1));
                None
            }
            (None, Some(after)) if after > given => None,
            (None, Some(after)) => {
                self.whole.extend(after + 1..last.unwrap_or(0) + 1);
                (!more).then_some(after + 1)
            }
            (None, None) => {
                self.whole.extend(last.iter().flat_map(|last| from..=*last));
                Some(from)
            }
        };
        if let Some(from) = newest.filter(|_| live) {
            self.open(from, heard);
        }
        self.lines.extend(lines.iter().copied().filter(|(_, kind)| *kind != Kind::Change));
        self.latest = self.latest.max(last.unwrap_or(0));
        self.look();
    }

    pub(crate) fn no_page(&mut self) {
        self.cut |= self.read.is_some() && self.open.is_none();
    }

    fn last(&self) -> u64 {
        self.lines.last_key_value().map_or(0, |(seq, _)| *seq)
    }

    /// Whether all from here to the present is held, or still to be heard.
    fn is_open_from(&self, from: u64) -> bool {
        self.open.is_some_and(|open| self.is_whole(from..open))
    }

    fn is_whole(&self, mut range: std::ops::Range<u64>) -> bool {
        range.all(|seq| self.whole.contains(&seq))
    }

    /// Whether something is, or may be, missing between two lines.
    pub(crate) fn is_hole(&self, line: u64, next: u64) -> bool {
        let next = self.open.map_or(next, |open| next.min(open));
        !self.is_whole(line + 1..next)
    }

    /// Whether what follows the last line is shown to be missing.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut && self.joined && !self.is_open_from(self.last())
    }

    /// Whether something is missing before the first line, and not everything.
    pub(crate) fn is_hole_before(&self, first: u64) -> bool {
        self.whole.first().is_some_and(|known| self.is_hole(*known, first))
    }

    /// Whether there may be something before all that is known.
    pub(crate) fn more(&self) -> bool {
        self.whole.first().copied().into_iter().chain(self.open).min().is_none_or(|low| low > 1)
    }

    // --- what is unread ---

    pub(crate) fn was_read(&mut self, (read, unread): (u64, BTreeSet<u64>), counted: u64, beyond: bool) {
        let here = self.read.filter(|_| self.told).unwrap_or(0);
        (self.counted, self.beyond) = (counted.max(self.latest), beyond);
        if !beyond {
            self.latest = self.latest.max(counted);
        }
        self.unread = unread;
        (self.told, self.read) = (true, Some(read));
        (self.vague, self.twice) = (false, 0);
        if here > read {
            self.is_read(here);
        } else {
            self.recount();
        }
    }

    pub(crate) fn is_read(&mut self, seq: u64) {
        if let Some(read) = self.read.filter(|read| seq > *read) {
            let held = self.is_whole(read + 1..seq + 1) && !(self.beyond && seq > self.counted);
            self.vague |= !held && !self.unread.is_empty();
            (self.told, self.read) = (true, Some(seq));
            self.unread = self.unread.split_off(&(seq + 1));
            self.recount();
        }
    }

    fn look(&mut self) {
        self.cut &= !self.is_open_from(self.last());
        self.recount();
    }

    fn recount(&mut self) {
        self.exact = self.is_exact();
        if self.exact {
            (self.counted, self.beyond) = (self.counted.max(self.latest), false);
            (self.vague, self.twice) = (false, 0);
            self.unread.extend(self.others());
        }
    }

    /// The lines of others held that are unread.
    pub(crate) fn others(&self) -> BTreeSet<u64> {
        let after = self.read.unwrap_or(0) + 1;
        self.lines.range(after..).filter(|(_, kind)| kind.counts()).map(|(seq, _)| *seq).collect()
    }

    /// Whether everything since what was read is held, as far as was heard.
    fn is_exact(&self) -> bool {
        let from = self.read.unwrap_or(0) + 1;
        let next = self.counted.max(self.latest) + 1;
        self.is_whole(from..next) && (!self.beyond || self.is_open_from(next.max(from)))
    }
}
