//! Pages of the log, asked for as the person gets to where they are missing.

use shared::entry::Entry;
use shared::message::Page;
use shared::session::Phase;
use shared::transcript::wants_more;
use shared::wire::{DEFAULT_PAGE, MAX_PAGE};

use crate::driver::Asked;
use crate::extent::Wish;
use crate::node::Node;
use crate::rows::MORE_ROWS;
use crate::wishes::with_id;

/// What is being loaded of a hole.
#[derive(Default)]
pub(crate) struct Filling {
    /// The hole that is asked about, by the position it is behind and the first line after it.
    asked: Option<(u64, Option<u64>)>,
    /// One that could not be filled: a person may try it again.
    failed: Option<u64>,
    /// One before whose next line there are changes alone, so that it can be filled from above only.
    barren: Option<u64>,
}

impl Node {
    /// Shows older lines: those held that are not in the page, else a page of the hub's.
    pub(crate) fn older(self) {
        if !self.draw_older() {
            self.load_older();
        }
    }

    /// Asks for the page before the oldest line held.
    pub(crate) fn load_older(self) {
        if self.talk.loading.get_untracked() || self.phase.get_untracked() != Phase::Online {
            return;
        }
        let here = self.here.get_untracked();
        // The id is put in by the session.
        let request = self.with_core(|core| {
            let known = core.transcript.get(&here)?;
            // What is seen at once is a page of the least size; who reads on is to wait seldom.
            Some((known.older(String::new())?, if known.fresh() { DEFAULT_PAGE } else { MAX_PAGE }))
        });
        if let Some((request, limit)) = request {
            self.talk.loading.set(true);
            if !self.ask(Asked::Older(here), |id| with_id(request, id, limit)) {
                self.talk.loading.set(false);
            }
        }
    }

    /// A page of older lines has come to where one is.
    pub(crate) fn older_came(self, page: &Page) {
        self.talk.loading.set(false);
        if wants_more(page) {
            // It held little but changes of other lines.
            self.load_older();
        } else {
            // Drawn in one frame with what it changes of the row that was the first.
            self.order_window(Wish::Up(MORE_ROWS));
        }
    }

    /// Loads the newest page of a place seen for the first time.
    pub(crate) fn load_first(self) {
        let here = self.here.get_untracked();
        let fresh =
            self.with_core(|core| core.transcript.get(&here).is_some_and(|known| known.fresh() && known.joined()));
        if fresh {
            self.load_older();
        }
    }

    /// Loads the newest page where the end was dropped for what the person read further up.
    pub(crate) fn load_newest(self) {
        let here = self.here.get_untracked();
        let cut = self.with_core(|core| {
            let known = core.transcript.get(&here)?;
            known.holes().last().copied().filter(|hole| known.newest().is_some_and(|newest| *hole >= newest))
        });
        if cut.is_some() {
            self.ask(Asked::Older(here.clone()), |id| here.history(id, None, None, DEFAULT_PAGE));
        }
    }

    /// Asks for the lines behind a hole, because a person wants them.
    pub(crate) fn fill(self, after: u64) {
        self.with_core(|core| core.filling = Filling::default());
        self.fill_from(after, None);
    }

    /// A hole is in view, or nearly: `after` is the position it is behind, `next` the first line after it. It is filled
    /// from the side at which the person reads.
    pub(crate) fn fill_in_view(self, after: u64, next: Option<u64>, from_below: bool) {
        let idle = self.with_core(|core| core.filling.asked.is_none() && core.filling.failed != Some(after));
        if idle && self.phase.get_untracked() == Phase::Online {
            let barren = self.with_core(|core| core.filling.barren == next);
            self.fill_from(after, next.filter(|_| from_below && !barren));
        }
    }

    fn fill_from(self, after: u64, before: Option<u64>) {
        let here = self.here.get_untracked();
        let request = self.with_core(|core| {
            let known = core.transcript.get(&here)?;
            Some(match before {
                Some(before) => here.history(String::new(), Some(before), None, MAX_PAGE),
                None => known.missing(String::new(), after),
            })
        });
        if let Some(request) = request {
            self.with_core(|core| core.filling.asked = Some((after, before)));
            if !self.ask(Asked::Hole(here), |id| with_id(request, id, MAX_PAGE)) {
                self.filled(None);
            }
        }
    }

    /// The page for a hole was answered; none where it was refused.
    pub(crate) fn filled(self, page: Option<&Page>) {
        self.with_core(|core| {
            let Some((after, before)) = core.filling.asked.take() else { return };
            core.filling.failed = page.is_none().then_some(after);
            let lines = page.is_some_and(|page| page.entries.iter().any(Entry::is_line));
            core.filling.barren = before.filter(|_| !lines);
        });
        self.order_rows();
    }
}
