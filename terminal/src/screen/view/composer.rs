//! Where one types.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::super::choice::Step;
use super::super::composer::Composer;
use super::super::ink::{Ink, cut, line, line_width, width};
use super::super::outlook::{Outlook, name};
use super::super::rows::quoted;
use super::super::state::{Over, State};
use super::super::wrap::{Ends, wrap};
use super::choice::{chosen, told};
use super::put;

/// What stands before the first line.
fn prompt(state: &State, outlook: &Outlook<'_>, columns: u16) -> String {
    let most = usize::from(columns) / 4;
    match &state.over {
        Some(Over::Search(_)) => "search: ".to_owned(),
        _ if is_reacting(state) => "react: ".to_owned(),
        _ if state.draft.editing().is_some() => "edit: ".to_owned(),
        _ if columns < 40 => "> ".to_owned(),
        _ => format!("{}> ", cut(&name(outlook.here), most)),
    }
}

fn is_reacting(state: &State) -> bool {
    chosen(state).is_some_and(|choice| matches!(choice.step, Step::Reacting(_)))
}

/// What keys go to.
fn typed(state: &State) -> &Composer {
    match (&state.over, chosen(state).map(|choice| &choice.step)) {
        (Some(Over::Search(finder)), _) => &finder.query,
        (_, Some(Step::Reacting(emoji))) => emoji,
        _ => &state.draft.composer,
    }
}

/// The line that what is typed answers, above it.
fn answered(state: &State, outlook: &Outlook<'_>, columns: u16) -> Option<Ink> {
    let to = state.draft.replying().filter(|_| state.over.is_none() && !is_reacting(state))?;
    let line = outlook.conversation().and_then(|here| here.line(to));
    let words = line.map_or_else(|| format!("an earlier line (#{to})"), |line| quoted(line));
    Some(Ink::new(&cut(&format!("reply to {words}"), usize::from(columns)), state.theme.quote()))
}

/// What is told of the chosen line, in lines of so many columns.
fn told_of_chosen(state: &State, outlook: &Outlook<'_>, columns: u16) -> Option<Vec<Vec<Ink>>> {
    let words = told(chosen(state)?, state, outlook)?;
    Some(wrap(&[words], usize::from(columns), usize::from(columns), Ends::Words))
}

/// Columns beside the prompt.
fn columns_of_text(prompt: &str, columns: u16) -> usize {
    usize::from(columns).saturating_sub(width(prompt))
}

/// How many lines what is typed takes. What is told of a chosen line stands in their place, so that choosing moves nothing
/// where there is room for it.
pub(super) fn height(state: &State, outlook: &Outlook<'_>, columns: u16) -> u16 {
    let room = columns_of_text(&prompt(state, outlook, columns), columns);
    let (lines, _) = typed(state).shown(room, state.theme.text());
    let lines = lines.len() + usize::from(answered(state, outlook, columns).is_some());
    let told = told_of_chosen(state, outlook, columns).map_or(0, |lines| lines.len());
    u16::try_from(lines.max(told)).unwrap_or(u16::MAX)
}

/// Draws what is typed, as much of it as there is room for, with the cursor.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &mut State, outlook: &Outlook<'_>) {
    if let Some(told) = told_of_chosen(state, outlook, area.width) {
        return draw_told(frame, area, state, &told);
    }
    let mut area = area;
    if let Some(words) = answered(state, outlook, area.width).filter(|_| area.height > 1) {
        put(frame.buffer_mut(), area, 0, &line([words]));
        area = Rect { y: area.y + 1, height: area.height - 1, ..area };
    }
    let prompt = prompt(state, outlook, area.width);
    state.composer_columns = columns_of_text(&prompt, area.width);
    let (lines, (row, column)) = typed(state).shown(state.composer_columns, state.theme.text());
    let first = (row + 1).saturating_sub(usize::from(area.height));
    let space = " ".repeat(width(&prompt));
    for (at, words) in (0..area.height).zip(lines.into_iter().skip(first)) {
        let before = if usize::from(at) + first == 0 { &prompt } else { &space };
        put(frame.buffer_mut(), area, at, &line([Ink::new(before, state.theme.strong()), words]));
    }
    if matches!(state.over, Some(Over::Help(_) | Over::Places(_))) {
        return; // nothing is typed there
    }
    let x = area.x.saturating_add(u16::try_from(width(&prompt) + column).unwrap_or(u16::MAX));
    let y = area.y.saturating_add(u16::try_from(row - first).unwrap_or(u16::MAX));
    frame.set_cursor_position(Position { x: x.min(area.right().saturating_sub(1)), y });
}

fn draw_told(frame: &mut Frame<'_>, area: Rect, state: &State, told: &[Vec<Ink>]) {
    for (row, words) in (0..area.height).zip(told) {
        put(frame.buffer_mut(), area, row, &line(words.iter().cloned()));
    }
    // Where something is asked the answer is typed behind it.
    let asked = chosen(state).is_some_and(|choice| matches!(choice.step, Step::Deleting));
    if let Some(last) = told.last().filter(|_| asked) {
        let row = told.len().min(usize::from(area.height)).saturating_sub(1);
        let x = area.x.saturating_add(u16::try_from(line_width(last) + 1).unwrap_or(u16::MAX));
        let y = area.y.saturating_add(u16::try_from(row).unwrap_or(u16::MAX));
        frame.set_cursor_position(Position { x: x.min(area.right().saturating_sub(1)), y });
    }
}
