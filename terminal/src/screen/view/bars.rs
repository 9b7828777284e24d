//! The line above the talk, and that below it.

use ratatui::Frame;
use ratatui::layout::Rect;
use shared::transcript::{Conversation, Place};
use shared::wire::MAX_TEXT;

use super::super::ink::{Ink, cut, line, line_width, padded, width};
use super::super::outlook::{Outlook, name};
use super::super::scroll::Position;
use super::super::state::{Over, State};
use super::super::wrap::{Ends, wrap};
use super::choice::{chosen, offers};
use super::help_length;
use super::put;

/// Where one is and what it is about. Where there is no room for the rooms themselves: what is unread in others.
pub(super) fn head(frame: &mut Frame<'_>, area: Rect, narrow: bool, state: &State, outlook: &Outlook<'_>) {
    let (theme, columns) = (state.theme, usize::from(area.width));
    let head = theme.head();
    let here = outlook.conversation();
    let aside = head.patch(theme.aside());
    let right = if narrow { elsewhere(outlook) } else { who_is_here(outlook) };
    let right = cut(&right, columns / 2);
    let mut words = vec![Ink::new(&cut(&name(outlook.here), columns / 2), head.patch(theme.strong()))];
    if here.is_some_and(|here| !here.joined()) {
        words.push(Ink::new(" (left)", aside));
    }
    let room = columns.saturating_sub(line_width(&words) + width(&right) + 2);
    if let Some(topic) = here.and_then(|here| here.topic()).filter(|_| room > 2) {
        words.push(Ink::new("  ", aside));
        words.push(Ink::new(&cut(topic, room - 2), aside));
    }
    let mut words = padded(words, columns.saturating_sub(width(&right)), aside);
    words.push(Ink::new(&right, head.patch(if narrow { theme.strong() } else { theme.aside() })));
    put(frame.buffer_mut(), area, 0, &line(words));
}

fn who_is_here(outlook: &Outlook<'_>) -> String {
    match (outlook.here, outlook.conversation()) {
        (Place::With(nick), _) => {
            outlook.transcript.state_of(nick).map(super::people::word).unwrap_or_default().to_owned()
        }
        (Place::Room(_), Some(here)) if here.joined() => match here.count() {
            1 => "1 person".to_owned(),
            count => format!("{count} people"),
        },
        _ => String::new(),
    }
}

/// `3 unread elsewhere, 1 for you`
fn elsewhere(outlook: &Outlook<'_>) -> String {
    let others = outlook.places.iter().filter(|(place, _, _)| !place.is(outlook.here));
    let (unread, mentions) =
        others.fold((0, 0), |(unread, mentions), (_, more, names)| (unread + more, mentions + names));
    match (unread, mentions) {
        (0, _) => String::new(),
        (unread, 0) => format!("+{unread} elsewhere"),
        (unread, mentions) => format!("+{unread}, @{mentions} elsewhere"),
    }
}

/// How the connection is, always; what is wrong with the last key; who is writing; what is below.
pub(super) fn status(frame: &mut Frame<'_>, area: Rect, state: &State, outlook: &Outlook<'_>) {
    let (bar, columns) = (state.theme.bar(), usize::from(area.width));
    let mut rows = status_rows(state, outlook, area.width);
    // Where there is no room for all of it, the last row says so.
    let last = usize::from(area.height).saturating_sub(1).min(rows.len() - 1);
    if rows.len() > last + 1 {
        let rest: Vec<String> = rows.drain(last..).map(|row| row.iter().map(Ink::text).collect()).collect();
        rows.push(vec![Ink::new(&cut(&rest.concat(), columns), bar.patch(state.theme.strong()))]);
    }
    let mut right = notes(state, outlook);
    // What is wrong is told whole where there is room for one of both.
    if (outlook.trouble.is_some() || state.hint.is_some() || chosen(state).is_some())
        && line_width(&rows[last]) + width(&right) > columns
    {
        right.clear();
    }
    for (row, words) in (0..area.height).zip(rows) {
        let right = if usize::from(row) == last { right.as_str() } else { "" };
        let mut words = padded(words, columns.saturating_sub(width(right)), bar);
        words.push(Ink::new(right, bar.patch(state.theme.strong())));
        put(frame.buffer_mut(), area, row, &line(words));
    }
}

/// How many rows that takes: what is wrong is told whole.
pub(super) fn status_height(state: &State, outlook: &Outlook<'_>, columns: u16) -> u16 {
    u16::try_from(status_rows(state, outlook, columns).len()).unwrap_or(u16::MAX)
}

/// At least one.
fn status_rows(state: &State, outlook: &Outlook<'_>, columns: u16) -> Vec<Vec<Ink>> {
    let words = status_words(state, outlook, usize::from(columns));
    let wrong = state.hint.is_some() || (outlook.trouble.is_some() && chosen(state).is_none());
    let space = Ink::new(" ", state.theme.bar());
    if !wrong || line_width(&words) <= usize::from(columns) {
        return vec![words];
    }
    let room = usize::from(columns.saturating_sub(1));
    let mut rows = wrap(&words[1..], room, room, Ends::Words);
    rows.iter_mut().for_each(|row| row.insert(0, space.clone()));
    rows
}

/// In one row, however long; the first column is free.
fn status_words(state: &State, outlook: &Outlook<'_>, columns: usize) -> Vec<Ink> {
    let theme = state.theme;
    let bar = theme.bar();
    let strong = bar.patch(theme.strong());
    let mut words = vec![Ink::new(" ", bar)];
    match &outlook.trouble {
        Some(trouble) => words.push(Ink::new(trouble, strong)),
        None => words.push(Ink::new("online", bar)),
    }
    if outlook.trouble.is_none() {
        words.push(Ink::new(&format!(" · synced to #{}", outlook.synced), bar));
    }
    if outlook.unsent > 0 && outlook.trouble.is_some() {
        words.push(Ink::new(&format!(" · {} to be said", outlook.unsent), bar));
    }
    if let Some(hint) = &state.hint {
        words = vec![Ink::new(" ", bar), Ink::new(hint, strong)];
    } else if let Some(choice) = chosen(state) {
        words = offers(choice, state, outlook, columns);
    } else if let Some(typing) = typing(outlook) {
        words.push(Ink::new(&format!(" · {typing}"), bar));
    } else if outlook.loading {
        words.push(Ink::new(" · loading", bar));
    }
    words
}

/// What stands at the right end.
fn notes(state: &State, outlook: &Outlook<'_>) -> String {
    let bytes = state.draft.composer.text().trim().len();
    if bytes > MAX_TEXT {
        return format!(" {} bytes too long ", bytes - MAX_TEXT);
    }
    if bytes > MAX_TEXT / 10 * 9 {
        return format!(" {} bytes left ", MAX_TEXT - bytes);
    }
    if state.choice.is_none() && state.draft.editing().is_some() {
        return " editing; Esc gives up ".to_owned();
    }
    if state.choice.is_none() && state.draft.replying().is_some() {
        return " replying; Esc gives up ".to_owned();
    }
    match (&state.over, &state.position) {
        (Some(Over::Help(page)), _) => {
            let length = help_length(state.theme, usize::from(state.talk.width));
            let more = match page.from + usize::from(state.talk.height) {
                below if below < length => " PageDown: more ·",
                _ if page.from > 0 => " PageUp: more ·",
                _ => "",
            };
            format!("{more} Esc: back ")
        }
        (Some(Over::Places(_)), _) => " Enter: there · Esc: back ".to_owned(),
        (Some(Over::Search(_)), _) => " Esc: back ".to_owned(),
        (None, Position::At(_)) => match outlook.conversation().map_or(0, Conversation::unread) {
            // What is chosen holds the view at the end, too.
            0 if state.choice.is_some() => String::new(),
            0 => " more below ↓ ".to_owned(),
            unread => format!(" {unread} new ↓ "),
        },
        (None, Position::End) => " F1 or /help ".to_owned(),
    }
}

fn typing(outlook: &Outlook<'_>) -> Option<String> {
    match outlook.typing.as_slice() {
        [] => None,
        [one] => Some(format!("{one} is writing")),
        [one, two] => Some(format!("{one} and {two} are writing")),
        [_, _, _, ..] => Some(format!("{} are writing", outlook.typing.len())),
    }
}
