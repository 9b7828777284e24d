//! Where one types.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::super::ink::{Ink, cut, line, width};
use super::super::outlook::{Outlook, name};
use super::super::state::{Over, State};
use super::put;

/// What stands before the first line.
fn prompt(state: &State, outlook: &Outlook<'_>, columns: u16) -> String {
    let most = usize::from(columns) / 4;
    match &state.over {
        Some(Over::Search(_)) => "search: ".to_owned(),
        _ if state.editing.is_some() => "edit: ".to_owned(),
        _ if columns < 40 => "> ".to_owned(),
        _ => format!("{}> ", cut(&name(outlook.here), most)),
    }
}

/// Columns beside the prompt.
fn columns_of_text(prompt: &str, columns: u16) -> usize {
    usize::from(columns).saturating_sub(width(prompt))
}

/// How many lines what is typed takes.
pub(super) fn height(state: &State, outlook: &Outlook<'_>, columns: u16) -> u16 {
    let composer = match &state.over {
        Some(Over::Search(finder)) => &finder.query,
        _ => &state.composer,
    };
    let room = columns_of_text(&prompt(state, outlook, columns), columns);
    let (lines, _) = composer.shown(room, state.theme.text());
    u16::try_from(lines.len()).unwrap_or(u16::MAX)
}

/// Draws what is typed, as much of it as there is room for, with the cursor.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &mut State, outlook: &Outlook<'_>) {
    let prompt = prompt(state, outlook, area.width);
    state.composer_columns = columns_of_text(&prompt, area.width);
    let composer = match &state.over {
        Some(Over::Search(finder)) => &finder.query,
        _ => &state.composer,
    };
    let (lines, (row, column)) = composer.shown(state.composer_columns, state.theme.text());
    let first = (row + 1).saturating_sub(usize::from(area.height));
    let space = " ".repeat(width(&prompt));
    for (at, words) in (0..area.height).zip(lines.into_iter().skip(first)) {
        let before = if usize::from(at) + first == 0 { &prompt } else { &space };
        put(frame.buffer_mut(), area, at, &line([Ink::new(before, state.theme.strong()), words]));
    }
    if matches!(state.over, Some(Over::Help(_))) {
        return; // nothing is typed there
    }
    let x = area.x.saturating_add(u16::try_from(width(&prompt) + column).unwrap_or(u16::MAX));
    let y = area.y.saturating_add(u16::try_from(row - first).unwrap_or(u16::MAX));
    frame.set_cursor_position(Position { x: x.min(area.right().saturating_sub(1)), y });
}
