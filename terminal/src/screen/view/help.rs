//! The help page: all keys and all commands.

use ratatui::Frame;
use ratatui::layout::Rect;
use shared::command::COMMANDS;

use super::super::ink::{Ink, width};
use super::super::keys;
use super::super::state::HelpPage;
use super::super::theme::Theme;
use super::super::wrap::{Ends, wrap};
use super::put;

/// Draws the page from one of its lines on.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, theme: Theme, shown: HelpPage) {
    let lines = page(theme, usize::from(area.width), shown.commands_first);
    for (row, words) in (0..area.height).zip(lines.into_iter().skip(shown.from)) {
        put(frame.buffer_mut(), area, row, &super::line(words));
    }
}

/// How many lines it has in so many columns.
pub(in super::super) fn length(theme: Theme, columns: usize) -> usize {
    page(theme, columns, false).len()
}

fn page(theme: Theme, columns: usize, commands_first: bool) -> Vec<Vec<Ink>> {
    let mut parts: [(&str, Vec<(String, &str)>); 3] = [
        ("Keys", keys::help().map(|(key, words)| (key.to_owned(), words)).collect()),
        ("While a line is chosen", keys::help_with_chosen().collect()),
        ("Commands", COMMANDS.iter().map(|spec| (spec.usage(), spec.help)).collect()),
    ];
    if commands_first {
        parts.rotate_right(1);
    }
    let mut lines = Vec::new();
    for (head, part) in parts {
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        lines.push(vec![Ink::new(head, theme.strong())]);
        pairs(part, theme, columns, &mut lines);
    }
    lines
}

/// Names with their explanations beside them, or below where that is too narrow.
fn pairs(pairs: Vec<(String, &str)>, theme: Theme, columns: usize, lines: &mut Vec<Vec<Ink>>) {
    let widest = pairs.iter().map(|(name, _)| width(name)).max().unwrap_or(0) + 2;
    let beside = columns >= widest * 2;
    for (name, words) in pairs {
        let moved_in = if beside { widest } else { 2 };
        let room = columns.saturating_sub(moved_in);
        let mut explained = wrap(&[Ink::new(words, theme.text())], room, room, Ends::Words);
        for (row, words) in explained.iter_mut().enumerate() {
            let space = " ".repeat(moved_in.saturating_sub(if beside && row == 0 { width(&name) } else { 0 }));
            words.insert(0, Ink::new(&space, theme.text()));
        }
        if beside && let Some(first) = explained.first_mut() {
            first.insert(0, Ink::new(&name, theme.strong()));
        } else {
            lines.push(vec![Ink::new(&name, theme.strong())]);
        }
        lines.append(&mut explained);
    }
}
