//! Which stretches of the log are known whole at one place, and so where something is missing.

/// Stretches of `seq`, both ends included, in which every entry of the place that there is is held; and
/// perhaps one that grows with whatever is said next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    /// Ascending, and between two of them lies at least one `seq`.
    spans: Vec<(u64, u64)>,
    /// Everything from here on has come, or is coming. What has is no span yet. No span ends right before it.
    open: Option<u64>,
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
        if let Some(from) = self.open {
            self.open(from);
        }
    }

    /// From `from` on nothing is missing, and all that is said next comes.
    pub(super) fn open(&mut self, from: u64) {
        let mut from = self.open.map_or(from, |open| open.min(from));
        for span in self.spans.iter().rev() {
            if span.1.saturating_add(1) >= from {
                from = from.min(span.0);
            }
        }
        self.open = Some(from);
    }

    /// Where the stretch begins that grows with what is said, if there is one.
    pub(super) fn open_from(&self) -> Option<u64> {
        self.open
    }

    /// From now on things are said unheard; up to `seq` all was heard. Gives where the open stretch began.
    pub(super) fn close(&mut self, seq: u64) -> Option<u64> {
        let open = self.open.take();
        if let Some(from) = open {
            self.add(from, seq);
        }
        open
    }

    /// Nothing was said after `seq` so far, and all that is said next comes: so the last stretch goes on, if it
    /// reaches that far.
    pub(super) fn nothing_after(&mut self, seq: u64) {
        if let Some(&(from, to)) = self.spans.last()
            && seq <= to
        {
            self.open(from);
        }
    }

    /// Whether everything from `low` to `high` is held, where all up to `heard` was heard.
    pub(super) fn whole(&self, low: u64, high: u64, heard: u64) -> bool {
        let open = self.open.is_some_and(|open| open <= low);
        let low = if open { low.max(heard.saturating_add(1)) } else { low };
        low > high || self.spans.iter().any(|span| span.0 <= low && high <= span.1)
    }

    /// The first `seq` known; none where nothing is.
    pub(super) fn low(&self) -> Option<u64> {
        let first = self.spans.first().map(|span| span.0);
        self.open.map(|open| first.map_or(open, |first| first.min(open))).or(first)
    }

    /// What lies before `seq` was dropped.
    pub(super) fn clip_below(&mut self, seq: u64) {
        self.spans.retain(|span| span.1 >= seq);
        if let Some(first) = self.spans.first_mut() {
            first.0 = first.0.max(seq);
        }
        self.open = self.open.map(|open| open.max(seq));
    }

    /// What lies behind `seq` was dropped, of what was closed before.
    pub(super) fn clip_above(&mut self, seq: u64) {
        self.spans.retain(|span| span.0 <= seq);
        if let Some(last) = self.spans.last_mut() {
            last.1 = last.1.min(seq);
        }
    }

    /// The positions behind which something is, or may be, missing.
    pub(super) fn ends(&self) -> impl Iterator<Item = u64> {
        self.spans.iter().map(|span| span.1).filter(|end| self.open.is_none_or(|open| *end < open))
    }
}
