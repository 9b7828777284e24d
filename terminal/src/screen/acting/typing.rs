//! The talk's keys: scrolling, and what is typed.

use shared::command::{self, Command};
use shared::transcript::PendingState;

use super::{Intent, Over, Screen};
use crate::screen::composer::Composer;
use crate::screen::scroll::Position;
use crate::screen::state::{Completing, HelpPage};

impl Screen {
    pub(super) fn scroll(&mut self, by: isize) {
        if matches!(self.state.over, Some(Over::Help(_))) {
            for _ in 0..by.unsigned_abs() {
                self.in_help(if by < 0 { Intent::ScrollUp } else { Intent::ScrollDown });
            }
        } else if matches!(self.state.over, Some(Over::Places(_))) {
            self.in_places(if by < 0 { Intent::ScrollUp } else { Intent::ScrollDown });
        } else if self.state.over.is_some() {
            self.in_search(if by < 0 { Intent::ScrollUp } else { Intent::ScrollDown });
        } else if let Some(here) = self.chat.conversation() {
            self.state.scroll(here, self.chat.me(), by);
            if self.state.position == Position::End {
                self.go_to_end();
            }
        }
    }

    pub(super) fn in_talk(&mut self, intent: Intent) {
        let empty = self.state.draft.composer.is_empty();
        let columns = self.state.composer_columns.saturating_sub(1);
        match intent {
            Intent::Say => self.say(),
            Intent::Complete => self.complete(),
            Intent::Choose => self.choose_in_view(),
            Intent::PageUp => self.scroll(-self.state.page()),
            Intent::PageDown => self.scroll(self.state.page()),
            Intent::ScrollUp => self.scroll(-1),
            Intent::ScrollDown => self.scroll(1),
            Intent::First if empty => self.go_to_oldest(),
            Intent::Last if empty => self.go_to_end(),
            Intent::Oldest => self.go_to_oldest(),
            Intent::Newest => self.go_to_end(),
            Intent::Up if empty && self.state.draft.editing().is_none() => self.edit_last(),
            Intent::Up if self.state.draft.composer.up(columns) => {}
            Intent::Down if self.state.draft.composer.down(columns) => {}
            Intent::Up | Intent::HistoryBack if self.state.draft.editing().is_none() => {
                self.state.history.back(&mut self.state.draft.composer);
            }
            Intent::Down | Intent::HistoryOn if self.state.draft.editing().is_none() => {
                self.state.history.on(&mut self.state.draft.composer);
            }
            intent => {
                edit(&mut self.state.draft.composer, intent, columns);
                // Who writes a command is writing to nobody.
                let writes = matches!(intent, Intent::Type(_)) && !self.state.draft.composer.text().starts_with('/');
                if writes && self.state.draft.editing().is_none() {
                    self.chat.typing();
                }
            }
        }
    }

    pub(super) fn go_to_oldest(&mut self) {
        if let Some(here) = self.chat.conversation() {
            self.state.go_to_oldest(here, self.chat.me());
        }
    }

    /// The last own line, to be edited; one that was refused, to be said otherwise.
    pub(super) fn edit_last(&mut self) {
        let refused = self.chat.conversation().and_then(|here| here.pending().last());
        let refused = refused.filter(|line| matches!(line.state, PendingState::Failed(_))).map(|line| line.id.clone());
        if let Some((text, reply_to)) = refused.and_then(|id| self.chat.dismiss(&id)) {
            self.state.draft.composer = Composer::holding(&text);
            if reply_to.is_some() {
                self.state.draft.reply(reply_to);
            }
            return;
        }
        match self.chat.own_last() {
            Some((seq, text)) => self.state.draft.edit(seq, &text),
            None => self.state.hint = Some("You have said nothing here yet that could be edited.".to_owned()),
        }
    }

    pub(super) fn say(&mut self) {
        let line = self.state.draft.composer.text().to_owned();
        let from = self.chat.here().clone();
        let (editing, replying) = (self.state.draft.editing(), self.state.draft.replying());
        let command = command::parse(&line);
        let says = editing.is_none() && matches!(command, Ok(Some(Command::Say { .. })));
        let mut same = false;
        let done = match (editing, command) {
            (Some(seq), _) if line.trim().is_empty() => return self.ask_to_delete(seq),
            (Some(seq), _) => {
                same = self.chat.conversation().and_then(|here| here.line(seq)).is_some_and(|it| it.text() == line);
                if same { Ok(()) } else { self.chat.edit(seq, &line) }
            }
            (None, Ok(Some(Command::Help))) => {
                self.state.over = Some(Over::Help(HelpPage { commands_first: true, from: 0 }));
                Ok(())
            }
            (None, Ok(Some(Command::Say { text }))) => match replying {
                Some(to) => self.chat.reply(to, &text),
                None => self.chat.enter(&line),
            },
            (None, _) => self.chat.enter(&line),
        };
        match done {
            Ok(()) => {
                let line = self.state.draft.take();
                if says {
                    self.state.draft.reply(None);
                }
                if !line.trim().is_empty() {
                    // The text of an edit as well: the hub may refuse it.
                    if !same {
                        self.state.history.add(line);
                    }
                    if editing.is_none() && self.state.position != Position::End {
                        self.go_to_end();
                    }
                }
                if self.chat.found().is_some_and(|found| found.asked) && self.state.over.is_none() {
                    self.show_found();
                }
                self.arrived(&from);
            }
            // What was typed stays, to be mended.
            Err(words) => self.state.hint = Some(words),
        }
    }

    pub(super) fn complete(&mut self) {
        let composer = &mut self.state.draft.composer;
        if let Some(completing) = &mut self.state.completing {
            completing.turn += 1;
        } else {
            let line = composer.text().to_owned();
            if line.trim_start().starts_with("/ping") {
                self.chat.learn_nodes();
            }
            let completion = self.chat.complete(&line, composer.cursor());
            self.state.completing = completion.map(|completion| Completing { line, completion, turn: 0 });
        }
        if let Some(Completing { line, completion, turn }) = &self.state.completing {
            let (text, cursor) = completion.apply(line, *turn);
            composer.set(text, cursor);
        }
    }
}

/// What a key does to what is typed, anywhere.
pub(super) fn edit(composer: &mut Composer, intent: Intent, columns: usize) {
    match intent {
        Intent::Type(letter) => composer.insert(letter),
        Intent::LineBreak => composer.insert('\n'),
        Intent::Left => composer.left(),
        Intent::Right => composer.right(),
        Intent::WordLeft => composer.word_left(),
        Intent::WordRight => composer.word_right(),
        Intent::LineStart | Intent::First => composer.line_start(),
        Intent::LineEnd | Intent::Last => composer.line_end(),
        Intent::Up => drop(composer.up(columns)),
        Intent::Down => drop(composer.down(columns)),
        Intent::DeleteBack => composer.delete_back(),
        Intent::DeleteOn => composer.delete_on(),
        Intent::DeleteWordBack => composer.delete_word_back(),
        Intent::DeleteWordOn => composer.delete_word_on(),
        Intent::DeleteToStart => composer.delete_to_start(),
        Intent::DeleteToEnd => composer.delete_to_end(),
        Intent::PutBack => composer.put_back(),
        _ => {}
    }
}
