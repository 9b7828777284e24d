//! Which entries of a room are still to be shown: each once, by `seq`, without a gap. Pure.

use shared::entry::Entry;

/// How far a room was shown. What was missed is read in pages, as a script may begin anywhere and a connection may come
/// back after days; what is heard while pages are read is passed over, since a later page has it, and not kept.
#[derive(Debug)]
pub(super) struct Reading {
    /// All up to here was shown, or is not wanted.
    shown: u64,
    /// Entries after `shown` may be missing.
    is_behind: bool,
    /// The newest entry that was passed over.
    passed_over: u64,
    /// What that was when the last page was asked for: what came after it that page need not have.
    owed: u64,
}

impl Reading {
    /// Of all that comes after that entry.
    pub(super) fn new(after: u64) -> Self {
        Self { shown: after, is_behind: true, passed_over: 0, owed: 0 }
    }

    /// An entry was heard. Whether it is to be shown now.
    pub(super) fn hear(&mut self, seq: u64) -> bool {
        if self.is_behind {
            self.passed_over = self.passed_over.max(seq);
            return false;
        }
        let is_new = seq > self.shown;
        self.shown = self.shown.max(seq);
        is_new
    }

    /// The connection was gone, and something may have been missed.
    pub(super) fn catch_up(&mut self) {
        self.is_behind = true;
    }

    /// The entry after which a page is wanted, if one is.
    pub(super) fn page_after(&self) -> Option<u64> {
        self.is_behind.then_some(self.shown)
    }

    /// That page is asked for.
    pub(super) fn asked(&mut self) {
        self.owed = self.passed_over;
    }

    /// The page came, oldest first. What of it is to be shown.
    pub(super) fn read(&mut self, entries: Vec<Entry>, more: bool) -> Vec<Entry> {
        let before = self.shown;
        let news: Vec<Entry> = entries.into_iter().filter(|entry| entry.seq() > before).collect();
        self.shown = news.last().map_or(before, Entry::seq);
        let is_last = !more && self.passed_over <= self.shown;
        // A page that lacks what it should have ends it: a faulty hub must not be asked for ever.
        let leads_nowhere = self.shown == before && (more || self.owed > before);
        if is_last || leads_nowhere {
            self.is_behind = false;
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::entry::Said;

    use super::*;

    fn entries(seqs: impl IntoIterator<Item = u64>) -> Vec<Entry> {
        seqs.into_iter().map(|seq| Entry::Said(Said { seq, ..Said::default() })).collect()
    }

    fn seqs(entries: &[Entry]) -> Vec<u64> {
        entries.iter().map(Entry::seq).collect()
    }

    #[test]
    fn what_is_heard_while_pages_come_is_in_a_later_page() {
        let mut reading = Reading::new(3);
        assert_eq!(reading.page_after(), Some(3));
        assert!(!reading.hear(9), "something may be missing before it");
        assert_eq!(seqs(&reading.read(entries([4, 6]), true)), [4, 6]);
        assert_eq!(seqs(&reading.read(entries([8]), false)), [8]);
        assert_eq!(reading.page_after(), Some(8), "the page was read before 9 was there");
        assert_eq!(seqs(&reading.read(entries([9]), false)), [9]);
        assert_eq!(reading.page_after(), None);
        assert!(!reading.hear(9), "it was in the page");
        assert!(reading.hear(10));
    }

    #[test]
    fn a_hub_whose_pages_lead_nowhere_is_not_asked_for_ever() {
        for (page, more) in [(vec![2, 3], true), (vec![], false)] {
            let mut reading = Reading::new(3);
            reading.hear(9);
            reading.asked();
            assert!(reading.read(entries(page), more).is_empty());
            assert_eq!(reading.page_after(), None);
        }
    }

    /// What happens between hub and reader, as it may come.
    #[derive(Clone, Copy, Debug)]
    enum Happens {
        /// An entry is said, and told to whoever listens.
        Said,
        /// The same, but the telling is lost with the connection, which then comes back.
        SaidAway,
        /// The hub reads the page that was asked for.
        PageRead,
        /// That page arrives.
        PageComes,
    }

    proptest! {
        #[test]
        fn each_entry_is_shown_once_in_order_and_none_is_left_out(
            first in 0_u64..5,
            steps in prop::collection::vec(
                prop_oneof![
                    3 => Just(Happens::Said),
                    1 => Just(Happens::SaidAway),
                    3 => Just(Happens::PageRead),
                    3 => Just(Happens::PageComes),
                ],
                0..60,
            ),
        ) {
            let (mut reading, mut shown, mut head) = (Reading::new(0), Vec::new(), first);
            let mut page: Option<(Vec<Entry>, bool)> = None;
            let read = |after: u64, head: u64| {
                let last = head.min(after + 2); // pages of two entries
                (entries(after + 1..=last), last < head)
            };
            // In the end everything comes to rest.
            let rest = [Happens::PageRead, Happens::PageComes].into_iter().cycle().take(200);
            for step in steps.into_iter().chain(rest) {
                match step {
                    Happens::Said => {
                        head += 1;
                        if reading.hear(head) {
                            shown.push(head);
                        }
                    }
                    Happens::SaidAway => {
                        head += 1;
                        page = None;
                        reading.catch_up();
                    }
                    Happens::PageRead => {
                        if let (None, Some(after)) = (&page, reading.page_after()) {
                            reading.asked();
                            page = Some(read(after, head));
                        }
                    }
                    Happens::PageComes => {
                        if let Some((entries, more)) = page.take() {
                            shown.extend(seqs(&reading.read(entries, more)));
                        }
                    }
                }
            }
            prop_assert_eq!(shown, (1..=head).collect::<Vec<_>>());
        }
    }
}
