//! The screen, part by part.

mod bars;
mod choice;
mod composer;
mod finder;
mod help;
mod layout;
mod people;
mod rooms;
mod talk;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

pub(super) use self::help::length as help_length;
use self::layout::Layout;
use super::ink::{Ink, line};
use super::outlook::Outlook;
use super::state::{Over, State};

/// The least screen that shows a talk: a few lines of it and one to type in.
pub(super) const LEAST: (u16, u16) = (20, 6);

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, state: &mut State, outlook: &Outlook<'_>) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(frame, area);
        return;
    }
    let composer_lines = composer::height(state, outlook, area.width);
    let layout = Layout::of(area, composer_lines, bars::status_height(state, outlook, area.width));
    state.targets.clear();
    bars::head(frame, layout.head, layout.narrow, state, outlook);
    if let Some(area) = layout.rooms {
        rooms::draw(frame, area, state, outlook);
        rule(frame.buffer_mut(), area, state);
    }
    if let Some(area) = layout.people {
        people::draw(frame, area, state, outlook);
    }
    state.talk = layout.talk;
    match &state.over {
        None => talk::draw(frame, layout.talk, state, outlook),
        Some(Over::Help(page)) => help::draw(frame, layout.talk, state.theme, *page),
        Some(Over::Search(finder)) => finder::draw(frame, layout.talk, state.theme, finder, outlook),
        Some(Over::Places(chosen)) => rooms::list(frame, layout.talk, *chosen, state, outlook),
    }
    if let Some(area) = layout.people {
        rule(frame.buffer_mut(), Rect { x: area.x.saturating_sub(2), width: 2, ..area }, state);
    }
    bars::status(frame, layout.status, state, outlook);
    composer::draw(frame, layout.composer, state, outlook);
}

/// A sentence in the place of all.
fn too_small(frame: &mut Frame<'_>, area: Rect) {
    let (columns, rows) = LEAST;
    let words = [Ink::new(&format!("Too small: {columns}×{rows} at least"), ratatui::style::Style::new())];
    let columns = usize::from(area.width);
    for (row, words) in (0..area.height).zip(super::wrap::wrap(&words, columns, columns, super::wrap::Ends::Words)) {
        put(frame.buffer_mut(), area, row, &line(words));
    }
}

/// The rule at the right edge of a part.
fn rule(buffer: &mut Buffer, area: Rect, state: &State) {
    let last = Rect { x: area.right().saturating_sub(1), width: 1, ..area };
    let bar = line([Ink::new("│", state.theme.aside())]);
    for row in 0..area.height {
        put(buffer, last, row, &bar);
    }
}

/// Draws a line in a row of an area.
fn put(buffer: &mut Buffer, area: Rect, row: u16, line: &Line<'_>) {
    if row < area.height {
        line.render(Rect { y: area.y + row, height: 1, ..area }, buffer);
    }
}
