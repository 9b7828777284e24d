//! What was found: the newest first, each with where and by whom it was said.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use shared::entry::Entry;
use shared::letters::fold;
use shared::markup::plain;

use super::super::ink::{Ink, line, padded, width};
use super::super::outlook::{Outlook, name};
use super::super::state::Finder;
use super::super::theme::Theme;
use super::super::wrap::{Ends, wrap};
use super::put;
use crate::moment;

/// Lines that a hit takes.
const LINES: u16 = 2;

/// Characters of a hit that are looked at for its words.
const LONGEST: usize = 2_000;

/// Draws them.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, theme: Theme, finder: &Finder, outlook: &Outlook<'_>) {
    let columns = usize::from(area.width);
    let Some(found) = outlook.found else {
        let words = "Type what to look for, and Enter: words or parts of words, in all your rooms.";
        tell(frame, area, &Ink::new(words, theme.aside()));
        return;
    };
    if let Some(words) = &found.refused
        && found.hits.is_empty()
    {
        tell(frame, area, &Ink::new(words, theme.wrong()));
        return;
    }
    let summary = match (found.asked, found.hits.len(), found.more) {
        (true, 0, _) => "Searching…".to_owned(),
        (_, 0, _) => "Nothing has these words.".to_owned(),
        (_, 1, false) => "1 line has these words; Enter opens it.".to_owned(),
        (_, count, false) => format!("{count} lines have these words; Enter opens one."),
        (_, count, true) => format!("The newest {count} lines that have these words; Enter opens one."),
    };
    put(frame.buffer_mut(), area, 0, &line(padded(vec![Ink::new(&summary, theme.aside())], columns, theme.text())));
    let fit = usize::from(area.height.saturating_sub(1) / LINES).max(1);
    let from = (finder.chosen + 1).saturating_sub(fit);
    for (at, hit) in found.hits.iter().enumerate().skip(from).take(fit) {
        let chosen = at == finder.chosen;
        let base = if chosen { theme.chosen() } else { theme.text() };
        let (aside, nick) = if chosen { (base, base) } else { (theme.aside(), theme.nick(hit.from())) };
        let place = outlook.transcript.place_of(hit).map(|place| name(&place)).unwrap_or_default();
        let when = format!("{} {} ", moment::day(hit.at()), moment::time(hit.at()));
        let mark = if chosen { "› " } else { "  " };
        let about = vec![
            Ink::new(mark, base),
            Ink::new(&when, aside),
            Ink::new(&place, base.patch(theme.strong())),
            Ink::new(" ", base),
            Ink::new(hit.from(), nick),
        ];
        let row = 1 + u16::try_from(at - from).unwrap_or(u16::MAX).saturating_mul(LINES);
        put(frame.buffer_mut(), area, row, &line(padded(about, columns, base)));
        let mut words = vec![Ink::new("    ", theme.text())];
        words.extend(snippet(hit, &found.query, columns.saturating_sub(4), theme));
        put(frame.buffer_mut(), area, row + 1, &line(padded(words, columns, theme.text())));
    }
}

/// A sentence in the place of what is found.
fn tell(frame: &mut Frame<'_>, area: Rect, words: &Ink) {
    let columns = usize::from(area.width);
    for (row, words) in (0..area.height).zip(wrap(std::slice::from_ref(words), columns, columns, Ends::Words)) {
        put(frame.buffer_mut(), area, row, &line(words));
    }
}

/// The part of a line that has the words, with them marked.
fn snippet(hit: &Entry, query: &str, columns: usize, theme: Theme) -> Vec<Ink> {
    let text = plain(hit.text(), LONGEST);
    let file = hit.details().and_then(|details| details.files.first());
    let text = file.filter(|_| text.is_empty()).map_or(text, |file| file.name.clone());
    let wanted: Vec<String> = query.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect();
    let found = wanted.iter().filter_map(|word| position(&text, word)).min_by_key(|(start, _)| *start);
    let Some((start, end)) = found else {
        return vec![Ink::new(&text, theme.text())];
    };
    // Where they stand too far behind for this line, a third of it is before the words.
    let before: Vec<usize> = text[..start].char_indices().map(|(at, _)| at).collect();
    let far = width(&text[..end]) + columns / 8 > columns;
    let first = before.len().checked_sub(columns / 3).filter(|_| far);
    let from = first.and_then(|first| before.get(first).copied()).unwrap_or(0);
    let dots = if from > 0 { "…" } else { "" };
    let plain: Style = theme.text();
    vec![
        Ink::new(dots, plain),
        Ink::new(&text[from..start], plain),
        Ink::new(&text[start..end], theme.news().underlined()),
        Ink::new(&text[end..], plain),
    ]
}

/// Where a text has a word, as bytes.
fn position(text: &str, word: &str) -> Option<(usize, usize)> {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let length = word.chars().count();
    ends.iter().enumerate().find_map(|(at, start)| {
        // Some letters are spelled by two, or two by one: the shortest part that has the word is it.
        let most = (at + length + 2).min(ends.len() - 1);
        let end = ends[(at + 1).min(ends.len() - 1)..=most].iter().find(|end| fold(&text[*start..**end]) == word)?;
        Some((*start, *end))
    })
}
