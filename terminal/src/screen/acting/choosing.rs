//! A line of the talk that is chosen, and what is done to it.

use ratatui::layout::Position as Point;
use shared::transcript::Key;

use super::typing::edit;
use super::{Intent, Screen};
use crate::screen::choice::{self, Step};
use crate::screen::composer::Composer;
use crate::screen::keys::{Deed, deed};

impl Screen {
    /// Chooses the newest line in view.
    pub(super) fn choose_in_view(&mut self) {
        let chosen = self.chat.conversation().is_some_and(|here| self.state.choose_in_view(here, self.chat.me()));
        if !chosen {
            self.state.hint = Some("No line is in view that could be chosen.".to_owned());
        }
    }

    /// Chooses the line that was clicked.
    pub(super) fn choose_at(&mut self, at: Point) -> bool {
        let Some(key) = self.state.row_at(at).cloned() else { return false };
        let Some(here) = self.chat.conversation() else { return false };
        self.state.hint = None;
        match key {
            Key::Line(seq) if here.holds(seq) => self.state.choose(here, self.chat.me(), seq),
            Key::Pending { .. } => {
                self.state.hint = Some("The hub has not taken this line yet: nothing can be done to it.".to_owned());
            }
            _ => self.state.hint = Some("This is no line: nothing can be done to it.".to_owned()),
        }
        true
    }

    /// The keys while a line is chosen.
    pub(super) fn in_choice(&mut self, intent: Intent) {
        match self.state.choice.as_ref().map(|choice| &choice.step) {
            Some(Step::Choosing) => self.in_choosing(intent),
            Some(Step::Deleting) => self.delete_or_not(matches!(intent, Intent::Type('y' | 'Y'))),
            Some(Step::Reacting(_)) => self.in_reacting(intent),
            None => {}
        }
    }

    fn in_choosing(&mut self, intent: Intent) {
        match intent {
            Intent::Up => self.choose_next(true),
            Intent::Down => self.choose_next(false),
            Intent::PageUp | Intent::PageDown => {
                if let Some(here) = self.chat.conversation() {
                    self.state.choose_by_page(here, self.chat.me(), intent == Intent::PageUp);
                }
            }
            Intent::First | Intent::Oldest | Intent::Last | Intent::Newest => {
                if let Some(here) = self.chat.conversation() {
                    let oldest = matches!(intent, Intent::First | Intent::Oldest);
                    self.state.choose_last(here, self.chat.me(), oldest);
                }
            }
            Intent::ScrollUp => self.scroll(-1),
            Intent::ScrollDown => self.scroll(1),
            Intent::Choose => self.choose_in_view(),
            intent => match deed_of(intent) {
                Some(deed) => self.begin(deed),
                None => self.state.hint = Some("A line is chosen. Esc goes back to typing.".to_owned()),
            },
        }
    }

    fn choose_next(&mut self, before: bool) {
        let Some(here) = self.chat.conversation() else { return };
        if !self.state.choose_next(here, self.chat.me(), before) {
            let words = match before {
                true if here.more() && self.chat.online() => "Older lines are on their way.",
                true if here.more() => "Older lines are not here, and the hub does not answer.",
                true => "This is the oldest line.",
                false => "This is the newest line.",
            };
            self.state.hint = Some(words.to_owned());
        }
    }

    fn begin(&mut self, deed: Deed) {
        let (Some(here), Some(choice)) = (self.chat.conversation(), &mut self.state.choice) else { return };
        let seq = choice.seq;
        let Some(row) = choice.row(here) else { return };
        if let Some(words) = choice::refusal(deed, &row, here, self.chat.me()) {
            self.state.hint = Some(words);
            return;
        }
        if self.state.draft.editing().is_some() && matches!(deed, Deed::Reply | Deed::Edit) {
            // Its new text would be lost, or said as an answer.
            self.state.hint = Some("You are editing a line: Esc, and end that first.".to_owned());
            return;
        }
        match deed {
            Deed::Reply => {
                self.state.draft.reply(Some(seq));
                self.leave_to_type();
            }
            Deed::Edit => {
                self.state.draft.edit(seq, row.text());
                self.leave_to_type();
            }
            Deed::Delete => choice.step = Step::Deleting,
            Deed::React => choice.step = Step::Reacting(Composer::default()),
        }
    }

    /// Asks whether to delete a line, where it is here.
    pub(super) fn ask_to_delete(&mut self, seq: u64) {
        if let Some(here) = self.chat.conversation().filter(|here| here.line(seq).is_some()) {
            self.state.choose(here, self.chat.me(), seq);
            if let Some(choice) = &mut self.state.choice {
                choice.step = Step::Deleting;
            }
        } else {
            self.state.hint = Some("A line needs a text.".to_owned());
        }
    }

    fn delete_or_not(&mut self, yes: bool) {
        let Some(choice) = &mut self.state.choice else { return };
        choice.step = Step::Choosing;
        let seq = choice.seq;
        let edited = self.state.draft.editing() == Some(seq);
        if yes {
            match self.chat.delete(seq) {
                Ok(()) if edited => {
                    self.state.draft.give_up();
                }
                Ok(()) => {}
                Err(words) => self.state.hint = Some(words),
            }
        }
        // Who had left nothing of a line goes on with what they did.
        if edited {
            self.leave_choice();
        }
    }

    fn in_reacting(&mut self, intent: Intent) {
        let columns = self.state.composer_columns.saturating_sub(1);
        let Some(choice) = &mut self.state.choice else { return };
        let Step::Reacting(typed) = &mut choice.step else { return };
        let digit = match intent {
            Intent::Type(digit) if typed.is_empty() => choice::at_hand(digit),
            _ => None,
        };
        let emoji = match intent {
            Intent::Say => match choice::meant(typed.text()) {
                Some(emoji) => emoji,
                None if typed.text().trim().is_empty() => {
                    choice.step = Step::Choosing;
                    return;
                }
                None => {
                    self.state.hint = Some("That is no emoji. Its name will do as well, as :wave:".to_owned());
                    return;
                }
            },
            intent => match digit {
                Some(emoji) => emoji.to_owned(),
                None => return edit(typed, intent, columns),
            },
        };
        let seq = choice.seq;
        choice.step = Step::Choosing;
        let line = self.chat.conversation().and_then(|here| here.line(seq));
        let on = !line.is_some_and(|line| choice::has_reacted(line, &emoji, self.chat.me()));
        if let Err(words) = self.chat.react(seq, &emoji, on) {
            self.state.hint = Some(words);
        }
    }

    /// Out of what is asked about the chosen line, or of choosing. Whether one was in either.
    pub(super) fn back_from_choice(&mut self) -> bool {
        let Some(choice) = &mut self.state.choice else { return false };
        if matches!(choice.step, Step::Choosing) {
            self.leave_choice();
        } else if self.state.draft.editing() == Some(choice.seq) {
            self.delete_or_not(false);
        } else {
            choice.step = Step::Choosing;
        }
        true
    }

    /// Back to typing, and to the end where that was followed.
    pub(super) fn leave_choice(&mut self) {
        if self.state.leave_choice(self.chat.conversation(), self.chat.me()) {
            self.go_to_end();
        }
    }

    /// Back to typing something for the line, which stays in view.
    fn leave_to_type(&mut self) {
        self.state.leave_choice(self.chat.conversation(), self.chat.me());
    }

    /// Looks at how far the chosen line has got, if it is one's own; and whether it is there at all.
    pub(super) fn look_at_choice(&mut self) {
        self.state.settle_choice(self.chat.conversation());
        let chosen = self.state.choice.as_ref().map(|choice| choice.seq);
        let line = chosen.and_then(|seq| self.chat.conversation()?.line(seq));
        let own = line.filter(|line| choice::is_mine(line, self.chat.me())).map(|line| line.seq());
        self.chat.look_at_reach(own);
    }
}

fn deed_of(intent: Intent) -> Option<Deed> {
    match intent {
        Intent::Type(letter) => deed(letter),
        _ => None,
    }
}
