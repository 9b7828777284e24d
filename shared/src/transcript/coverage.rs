//! Which stretches of the log are known whole at one place, and so where something is missing.

/// The end of a stretch that goes on with whatever is said next.
pub(super) const OPEN: u64 = u64::MAX;

/// Stretches of `seq`, both ends included, in which every entry of the place that there is is held.
/// Invariant: ascending, and between two of them lies at least one `seq`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    spans: Vec<(u64, u64)>,
}

impl Coverage {
    /// From `low` to `high` nothing is missing.
    pub(super) fn add(&mut self, low: u64, high: u64) {
        if low > high {
            return;
        }
        let mut merged = (low, high);
        self.spans.retain(|&(from, to)| {
            let apart = to.saturating_add(1) < merged.0 || merged.1.saturating_add(1) < from;
            if !apart {
                merged = (merged.0.min(from), merged.1.max(to));
            }
            apart
        });
        let place = self.spans.partition_point(|span| span.1 < merged.0);
        self.spans.insert(place, merged);
    }

    /// Something was said at `seq` just now, on a connection that brings all that is said: it is
    /// part of the open stretch, or begins one.
    pub(super) fn hear(&mut self, seq: u64) {
        self.add(seq, if self.is_open() { seq } else { OPEN });
    }

    /// Whether it reaches the present.
    pub(super) fn is_open(&self) -> bool {
        self.spans.last().is_some_and(|span| span.1 == OPEN)
    }

    /// From now on things are said unheard; up to `seq` all was heard.
    pub(super) fn close(&mut self, seq: u64) {
        if let Some(last) = self.spans.last_mut()
            && last.1 == OPEN
        {
            last.1 = seq;
            self.spans.retain(|(from, to)| from <= to);
        }
    }

    /// Nothing was said between the last stretch and the present.
    pub(super) fn reopen(&mut self) {
        if let Some(last) = self.spans.last_mut() {
            last.1 = OPEN;
        }
    }

    /// The last `seq` of the last stretch; none without one.
    pub(super) fn high(&self) -> Option<u64> {
        self.spans.last().map(|span| span.1)
    }

    /// The first `seq` of the first stretch; none without one.
    pub(super) fn low(&self) -> Option<u64> {
        self.spans.first().map(|span| span.0)
    }

    /// What lies before `seq` was dropped.
    pub(super) fn clip_below(&mut self, seq: u64) {
        self.spans.retain(|span| span.1 >= seq);
        if let Some(first) = self.spans.first_mut() {
            first.0 = first.0.max(seq);
        }
    }

    /// What lies behind `seq` was dropped.
    pub(super) fn clip_above(&mut self, seq: u64) {
        self.spans.retain(|span| span.0 <= seq);
        if let Some(last) = self.spans.last_mut() {
            last.1 = last.1.min(seq);
        }
    }

    /// The positions behind which something is, or may be, missing, where `latest` is the newest known
    /// to exist: all of them, if that is [`OPEN`], which says that nobody knows.
    pub(super) fn holes(&self, latest: u64) -> Vec<u64> {
        let mut ends: Vec<u64> = self.spans.iter().map(|span| span.1).collect();
        if ends.last().is_some_and(|end| latest <= *end) {
            ends.pop();
        }
        ends
    }
}
