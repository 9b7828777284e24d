//! The rooms and private conversations, with what is unread there.

use ratatui::Frame;
use ratatui::layout::Rect;
use shared::transcript::Place;

use super::super::ink::{Ink, line, padded, width};
use super::super::outlook::{Outlook, name};
use super::super::state::{State, Target};
use super::put;

/// Draws them; where there are too many for the height, those round the one that is looked at.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &mut State, outlook: &Outlook<'_>) {
    let theme = state.theme;
    let columns = usize::from(area.width.saturating_sub(1));
    let head = vec![Ink::new(outlook.hub, theme.head().patch(theme.aside()))];
    put(frame.buffer_mut(), area, 0, &line(padded(head, columns, theme.head().patch(theme.aside()))));
    let below =
        Rect { y: area.y + 1, width: area.width.saturating_sub(1), height: area.height.saturating_sub(1), ..area };
    let at = outlook.places.iter().position(|(place, _, _)| place.is(outlook.here)).unwrap_or(0);
    list(frame, below, at, state, outlook);
}

/// The list alone, with one of them marked.
pub(super) fn list(frame: &mut Frame<'_>, list: Rect, at: usize, state: &mut State, outlook: &Outlook<'_>) {
    let theme = state.theme;
    let columns = usize::from(list.width);
    let height = usize::from(list.height);
    let from = (at + 1).saturating_sub(height.max(1) / 2 + height % 2).min(outlook.places.len().saturating_sub(height));
    for (row, (number, (place, unread, mentions))) in (0..list.height).zip(outlook.places.iter().enumerate().skip(from))
    {
        let here = number == at;
        let left = outlook.transcript.get(place).is_some_and(|known| !known.joined());
        let count = match (unread, mentions) {
            (0, _) => String::new(),
            (unread, 0) => format!(" {unread} "),
            (unread, mentions) if unread == mentions => format!(" @{mentions} "),
            (unread, mentions) => format!(" @{mentions} {unread} "),
        };
        let (base, name_style) = match (here, *unread > 0, left) {
            (true, _, _) => (theme.chosen(), theme.chosen()),
            (_, true, _) => (theme.text(), theme.strong()),
            (_, _, true) => (theme.aside(), theme.aside()),
            _ => (theme.text(), theme.text()),
        };
        // The number that Alt takes there.
        let key = if number < 9 { (number + 1).to_string() } else { " ".to_owned() };
        let mark = if here { "›" } else { " " };
        let mut words = vec![Ink::new(&format!("{key}{mark}"), if here { base } else { theme.aside() })];
        if let Place::With(nick) = place {
            let sign = outlook.transcript.state_of(nick).map_or("", super::people::sign);
            words.push(Ink::new(&format!("{}{sign}", name(place)), name_style));
        } else {
            words.push(Ink::new(&name(place), name_style));
        }
        let mut words = padded(words, columns.saturating_sub(width(&count)), base);
        words.push(Ink::new(&count, if *mentions > 0 { base.patch(theme.news()) } else { base.patch(theme.strong()) }));
        put(frame.buffer_mut(), list, row, &line(words));
        state.targets.push(Target { area: Rect { y: list.y + row, height: 1, ..list }, place: place.clone() });
    }
}
