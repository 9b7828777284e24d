//! Which line of the talk is chosen, and what of the talk is seen for that.

use shared::transcript::{Conversation, Key};

use super::super::choice::{Choice, Step};
use super::super::scroll::{self, Position};
use super::State;

impl State {
    /// Chooses a line or a topic, and shows it.
    pub(in super::super) fn choose(&mut self, conversation: &Conversation, me: &str, seq: u64) {
        let followed = match &self.choice {
            Some(choice) => choice.followed,
            None => self.position == Position::End,
        };
        self.choice = Some(Choice { seq, step: Step::Choosing, followed });
        (self.sought, self.completing) = (None, None);
        let setting = self.setting(conversation, me);
        let height = usize::from(self.talk.height);
        self.position = scroll::showing(&setting, &mut self.laid, &self.position, seq, height);
    }

    /// Chooses the newest line in view, or the one that was jumped to. Whether there is one.
    pub(in super::super) fn choose_in_view(&mut self, conversation: &Conversation, me: &str) -> bool {
        let sought = self.sought.filter(|seq| self.in_view().any(|seen| seen == *seq));
        let seq = sought.or_else(|| self.in_view().next_back()).filter(|seq| conversation.holds(*seq));
        if let Some(seq) = seq {
            self.choose(conversation, me, seq);
        }
        seq.is_some()
    }

    /// Chooses the line before the chosen one, or the one behind it. Whether there is one.
    pub(in super::super) fn choose_next(&mut self, conversation: &Conversation, me: &str, before: bool) -> bool {
        let Some(Choice { seq, .. }) = self.choice else { return false };
        let window =
            if before { conversation.items_before(seq, 1) } else { conversation.items_from(seq.saturating_add(1), 1) };
        let next = window.items.iter().find_map(scroll::entry_of);
        if let Some(next) = next {
            self.choose(conversation, me, next);
        }
        next.is_some()
    }

    /// Moves by a screen, and chooses the line at that edge of it.
    pub(in super::super) fn choose_by_page(&mut self, conversation: &Conversation, me: &str, before: bool) {
        self.scroll(conversation, me, if before { -self.page() } else { self.page() });
        self.sight(conversation, me);
        let edge = if before { self.in_view().next() } else { self.in_view().next_back() };
        if let Some(seq) = edge {
            self.choose(conversation, me, seq);
        }
    }

    /// The oldest line that is held, or the newest.
    pub(in super::super) fn choose_last(&mut self, conversation: &Conversation, me: &str, oldest: bool) {
        let window = if oldest { conversation.items_from(0, 1) } else { conversation.items_newest(1) };
        if let Some(seq) = window.items.iter().find_map(scroll::entry_of) {
            self.choose(conversation, me, seq);
        }
    }

    /// Lines and topics in view, each as often as it has lines of the screen.
    fn in_view(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.keys.iter().filter_map(|key| match key {
            Key::Line(seq) => Some(*seq),
            _ => None,
        })
    }

    /// Looks whether the chosen line is still what it was: one that is held no more is not chosen either, and what was
    /// asked about one that was deleted since needs no answer.
    pub(in super::super) fn settle_choice(&mut self, conversation: Option<&Conversation>) {
        let Some(choice) = &mut self.choice else { return };
        let row = conversation.filter(|here| here.holds(choice.seq));
        let Some(here) = row else {
            self.choice = None;
            self.hint = Some("The line that you chose is not here any more.".to_owned());
            return;
        };
        let deleted = here.line(choice.seq).and_then(|line| line.details()).is_some_and(|details| details.deleted);
        if deleted && !matches!(choice.step, Step::Choosing) {
            choice.step = Step::Choosing;
            self.hint = Some("This line was deleted meanwhile.".to_owned());
        }
    }

    /// No line is chosen any more, and the view may follow the end where it is there. Whether it followed it before.
    pub(in super::super) fn leave_choice(&mut self, conversation: Option<&Conversation>, me: &str) -> bool {
        let followed = self.choice.take().is_some_and(|choice| choice.followed);
        if let Some(here) = conversation {
            self.scroll(here, me, 0);
        }
        followed
    }
}
