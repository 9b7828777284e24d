//! What is being typed at a place, and what for: to be said, to answer a line, or to be a line's new text.

use super::composer::Composer;

/// What is being typed at a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub composer: Composer,
    /// The line that what is said next answers.
    replying: Option<u64>,
    editing: Option<Editing>,
}

/// A line of one's own that is given another text.
#[derive(Clone, Debug)]
struct Editing {
    of: u64,
    /// What was being typed before, which is gone on with behind the edit.
    before: Composer,
}

impl Draft {
    /// Nothing is typed, and nothing begun.
    pub(super) fn is_empty(&self) -> bool {
        self.composer.is_empty() && self.replying.is_none() && self.editing.is_none()
    }

    /// The line that is being edited.
    pub(super) fn editing(&self) -> Option<u64> {
        self.editing.as_ref().map(|editing| editing.of)
    }

    /// The line that what is typed answers: no edit does.
    pub(super) fn replying(&self) -> Option<u64> {
        self.replying.filter(|_| self.editing.is_none())
    }

    /// What is typed is a line's new text from now on, which begins as its old one. Only one line is edited at a time.
    pub(super) fn edit(&mut self, of: u64, text: &str) {
        let before = match self.editing.take() {
            Some(editing) => editing.before,
            None => std::mem::take(&mut self.composer),
        };
        self.composer = Composer::holding(text);
        self.editing = Some(Editing { of, before });
    }

    /// What is typed answers that line, or none.
    pub(super) fn reply(&mut self, to: Option<u64>) {
        self.replying = to;
    }

    /// Gives up an edit with its text, or an answer without it. Whether there was either.
    pub(super) fn give_up(&mut self) -> bool {
        match self.editing.take() {
            Some(editing) => {
                self.composer = editing.before;
                true
            }
            None => self.replying.take().is_some(),
        }
    }

    /// What is typed was taken as what it is for, and is given; what waited for an edit to end is typed on.
    pub(super) fn take(&mut self) -> String {
        let text = self.composer.take();
        if let Some(editing) = self.editing.take() {
            self.composer = editing.before;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Draft {
        Draft { composer: Composer::holding(text), ..Draft::default() }
    }

    #[test]
    fn what_was_typed_waits_for_the_end_of_an_edit_however_it_ends() {
        let ends: [fn(&mut Draft) -> bool; 2] = [|draft| draft.take() == "as it was", Draft::give_up];
        for end in ends {
            let mut draft = typed("half a thou");
            draft.reply(Some(3));
            draft.edit(7, "as it was");
            assert_eq!((draft.editing(), draft.replying(), draft.composer.text()), (Some(7), None, "as it was"));
            assert!(end(&mut draft));
            assert_eq!((draft.editing(), draft.replying(), draft.composer.text()), (None, Some(3), "half a thou"));
        }
    }

    #[test]
    fn an_answer_that_is_given_up_keeps_its_words() {
        let mut draft = typed("well,");
        draft.reply(Some(3));
        assert!(draft.give_up() && !draft.give_up());
        assert_eq!((draft.replying(), draft.composer.text()), (None, "well,"));
    }

    #[test]
    fn another_line_edited_takes_the_place_of_the_first() {
        let mut draft = typed("mine");
        draft.edit(7, "one");
        draft.edit(8, "two");
        assert_eq!(draft.take(), "two");
        assert_eq!(draft.composer.text(), "mine");
    }
}
