//! Own lines that are not on the hub's disk.

use std::collections::VecDeque;

use shared::session::Line;

/// What the hub has not answered yet, as far as it was delivered, and what was given up with the nick that it was to be
/// said as.
#[derive(Default)]
pub(super) struct Unsaid {
    /// In the order in which they were typed. The session bounds how many that are.
    under_way: VecDeque<Line>,
    given_up: Vec<Line>,
}

impl Unsaid {
    pub(super) fn add(&mut self, line: Line) {
        self.under_way.push_back(line);
    }

    /// All of them, the oldest first.
    pub(super) fn lines(&self) -> Vec<Line> {
        self.given_up.iter().chain(&self.under_way).cloned().collect()
    }

    /// How many are not answered.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// It was answered: it is said, or never will be.
    pub(super) fn settle(&mut self, id: &str) {
        self.take(id);
    }

    /// It was not said, and may be the next time.
    pub(super) fn give_up(&mut self, id: &str) {
        let line = self.take(id);
        self.given_up.extend(line);
    }

    /// What was given up is forgotten: it was somebody else's to say.
    pub(super) fn forget_given_up(&mut self) {
        self.given_up.clear();
    }

    /// What was given up.
    pub(super) fn take_given_up(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.given_up)
    }

    /// Answers come in the order of the lines but for what the session itself refuses.
    fn take(&mut self, id: &str) -> Option<Line> {
        let at = self.under_way.iter().position(|line| line.id() == id)?;
        self.under_way.remove(at)
    }
}
