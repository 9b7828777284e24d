//! The talk: the rows of the transcript that are in view.

use ratatui::Frame;
use ratatui::layout::Rect;
use shared::transcript::Key;

use super::super::ink::{Ink, line};
use super::super::outlook::Outlook;
use super::super::state::State;
use super::put;

/// Draws it; a talk of a few lines stands at the lower edge, above what is typed.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &mut State, outlook: &Outlook<'_>) {
    let Some(here) = outlook.conversation() else { return };
    let sight = state.sight(here, outlook.me);
    let free = area.height.saturating_sub(u16::try_from(sight.lines.len()).unwrap_or(u16::MAX));
    let marked = state.choice.as_ref().map(|choice| choice.seq).or(state.sought).map(Key::Line);
    let of_rows = sight.keys.iter().zip(&sight.rules);
    for (row, (mut words, (key, rule))) in (free..).zip(sight.lines.into_iter().zip(of_rows)) {
        let marked = !rule && marked.as_ref() == Some(key);
        if marked {
            // Colours of its own would be as loud as all of it should be.
            words.spans.iter_mut().for_each(|span| span.style = state.theme.sought());
        }
        put(frame.buffer_mut(), area, row, &words);
        if marked {
            let whole = Rect { y: area.y + row, height: 1, ..area };
            frame.buffer_mut().set_style(whole, state.theme.sought());
        }
    }
    if sight.keys.is_empty() && !here.more() {
        let words = Ink::new("Nothing has been said here yet.", state.theme.aside());
        put(frame.buffer_mut(), area, area.height.saturating_sub(1), &line([words]));
    } else if free > 0 && outlook.loading {
        put(frame.buffer_mut(), area, free - 1, &line([Ink::new("Loading…", state.theme.aside())]));
    }
}
