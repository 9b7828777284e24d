//! What stands over the talk: the help page, and searching.

use ratatui::layout::Rect;

use super::typing::edit;
use super::{Finder, Intent, Over, Screen};
use crate::screen::composer::Composer;
use crate::screen::state::{HelpPage, Return};
use crate::screen::view;

impl Screen {
    pub(super) fn in_help(&mut self, intent: Intent) {
        let Rect { width, height, .. } = self.state.talk;
        let length = view::help_length(self.state.theme, usize::from(width));
        let last = length.saturating_sub(usize::from(height));
        let page = self.state.page().unsigned_abs();
        let Some(Over::Help(HelpPage { from, .. })) = &mut self.state.over else { return };
        *from = match intent {
            Intent::Up | Intent::ScrollUp => from.saturating_sub(1),
            Intent::Down | Intent::ScrollDown => *from + 1,
            Intent::PageUp => from.saturating_sub(page),
            Intent::PageDown | Intent::Type(' ') => *from + page,
            Intent::First | Intent::Oldest => 0,
            Intent::Last | Intent::Newest => last,
            // Any other key goes back to the talk.
            _ => {
                self.state.over = None;
                return;
            }
        }
        .min(last);
    }

    /// All places, or back from them to the talk.
    pub(super) fn begin_places(&mut self) {
        let shown = matches!(self.state.over, Some(Over::Places(_)));
        let places = self.chat.places();
        let here = places.iter().position(|(place, ..)| place.is(self.chat.here())).unwrap_or(0);
        self.chat.forget_found();
        self.state.over = (!shown).then_some(Over::Places(here));
    }

    pub(super) fn in_places(&mut self, intent: Intent) {
        let places = self.chat.places();
        let page = self.state.page().unsigned_abs();
        let Some(Over::Places(chosen)) = &mut self.state.over else { return };
        *chosen = match intent {
            Intent::Up | Intent::ScrollUp => chosen.saturating_sub(1),
            Intent::Down | Intent::ScrollDown => *chosen + 1,
            Intent::PageUp => chosen.saturating_sub(page),
            Intent::PageDown => *chosen + page,
            Intent::First | Intent::Oldest => 0,
            Intent::Last | Intent::Newest => places.len(),
            Intent::Say => {
                let place = places.get(*chosen).map(|(place, ..)| place.clone());
                self.state.over = None;
                if let Some(place) = place {
                    self.go(&place);
                }
                return;
            }
            // As on the help page, any other key goes back.
            _ => {
                self.state.over = None;
                return;
            }
        }
        .min(places.len().saturating_sub(1));
    }

    pub(super) fn begin_search(&mut self) {
        if !matches!(self.state.over, Some(Over::Search(_))) {
            self.chat.forget_found();
            if self.state.choice.is_some() {
                self.leave_choice();
            }
            self.state.over = Some(Over::Search(Finder::default()));
        }
    }

    /// What was searched for by a command, to be searched for otherwise as well.
    pub(super) fn show_found(&mut self) {
        let query = self.chat.found().map_or_else(Composer::default, |found| Composer::holding(&found.query));
        self.state.over = Some(Over::Search(Finder { query, chosen: 0 }));
    }

    pub(super) fn in_search(&mut self, intent: Intent) {
        let hits = self.chat.found().map_or(0, |found| found.hits.len());
        let page = usize::from(self.state.talk.height / 2).max(1);
        let columns = self.state.composer_columns;
        let Some(Over::Search(finder)) = &mut self.state.over else { return };
        let last = hits.saturating_sub(1);
        match intent {
            Intent::Say => {
                let query = finder.query.text().trim().to_owned();
                let known = self
                    .chat
                    .found()
                    .is_some_and(|found| query.is_empty() || (found.query == query && found.refused.is_none()));
                if !known && !query.is_empty() {
                    finder.chosen = 0;
                    if let Err(words) = self.chat.search(&query) {
                        self.state.hint = Some(words);
                    }
                } else {
                    let chosen = finder.chosen;
                    self.open_hit(chosen);
                }
                return;
            }
            Intent::Up | Intent::ScrollUp => finder.chosen = finder.chosen.saturating_sub(1),
            Intent::Down | Intent::ScrollDown => finder.chosen = (finder.chosen + 1).min(last),
            Intent::PageUp => finder.chosen = finder.chosen.saturating_sub(page),
            Intent::PageDown => finder.chosen = (finder.chosen + page).min(last),
            intent => edit(&mut finder.query, intent, columns),
        }
        if finder.chosen + page >= hits {
            self.chat.search_more();
        }
    }

    /// Opens a hit in its place.
    pub(super) fn open_hit(&mut self, number: usize) {
        let hit = self.chat.found().and_then(|found| found.hits.get(number));
        let Some((seq, place)) = hit.and_then(|hit| Some((hit.seq(), self.chat.transcript().place_of(hit)?))) else {
            return;
        };
        self.state.over = None;
        let from = self.chat.here().clone();
        let before = Return { place: from.clone(), position: self.state.position.clone() };
        // The words searched for are typed no more.
        self.chat.forget_found();
        self.chat.jump(&place, seq);
        self.arrived(&from);
        self.state.back.get_or_insert(before);
    }
}
