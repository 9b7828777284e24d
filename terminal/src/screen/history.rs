//! What was typed before, to be had again.

use std::collections::VecDeque;

use super::composer::Composer;

/// Lines typed before that are kept.
const HISTORY: usize = 100;

/// Lines typed before, the last one last; and where in them one is.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    lines: VecDeque<String>,
    /// The line shown, and what was typed before one went back to it.
    at: Option<(usize, String)>,
}

impl History {
    /// A line was said or obeyed.
    pub(super) fn add(&mut self, line: String) {
        self.at = None;
        if self.lines.back() == Some(&line) {
            return;
        }
        if self.lines.len() == HISTORY {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Another place is looked at: what is typed there has not been led to from here.
    pub(super) fn leave_off(&mut self) {
        self.at = None;
    }

    /// A line that was changed since it was shown is being typed, as one that never was in here.
    fn look_at(&mut self, composer: &Composer) {
        let shown = self.at.as_ref().and_then(|(at, _)| self.lines.get(*at));
        if shown.is_some_and(|shown| shown != composer.text()) {
            self.at = None;
        }
    }

    /// The line before the one shown.
    pub(super) fn back(&mut self, composer: &mut Composer) {
        self.look_at(composer);
        let at = self.at.as_ref().map_or(self.lines.len(), |(at, _)| *at);
        if let Some(before) = at.checked_sub(1) {
            let typed = self.at.take().map_or_else(|| composer.text().to_owned(), |(_, typed)| typed);
            *composer = Composer::holding(&self.lines[before]);
            self.at = Some((before, typed));
        }
    }

    /// The one after it; behind the last, what was typed before one went back.
    pub(super) fn on(&mut self, composer: &mut Composer) {
        self.look_at(composer);
        let Some((at, typed)) = self.at.take() else { return };
        match self.lines.get(at + 1) {
            Some(line) => {
                *composer = Composer::holding(line);
                self.at = Some((at + 1, typed));
            }
            None => *composer = Composer::holding(&typed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_before_comes_back() {
        let (mut history, mut composer) = (History::default(), Composer::holding("draft"));
        history.add("one".to_owned());
        history.add("two".to_owned());
        history.add("two".to_owned());
        let mut seen = Vec::new();
        for _ in 0..3 {
            history.back(&mut composer);
            seen.push(composer.text().to_owned());
        }
        for _ in 0..3 {
            history.on(&mut composer);
            seen.push(composer.text().to_owned());
        }
        assert_eq!(seen, ["two", "one", "one", "two", "draft", "draft"]);
    }

    #[test]
    fn what_was_typed_on_the_way_is_not_thrown_away() {
        let (mut history, mut composer) = (History::default(), Composer::default());
        history.add("one".to_owned());
        history.add("two".to_owned());
        history.back(&mut composer);
        history.back(&mut composer);
        composer = Composer::holding("something else altogether");
        history.on(&mut composer);
        assert_eq!(composer.text(), "something else altogether", "nothing is behind it");
        history.back(&mut composer);
        assert_eq!(composer.text(), "two", "it begins from the end");
        history.on(&mut composer);
        assert_eq!(composer.text(), "something else altogether");
    }
}
