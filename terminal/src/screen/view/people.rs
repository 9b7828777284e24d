//! Who is here, and how they are.

use ratatui::Frame;
use ratatui::layout::Rect;
use shared::letters::fold;
use shared::message::{State as Being, User};
use shared::transcript::Place;

use super::super::ink::{Ink, line, padded};
use super::super::outlook::Outlook;
use super::super::state::{State, Target};
use super::put;

/// The word for how somebody is.
pub(super) fn word(state: Being) -> &'static str {
    match state {
        Being::Online => "online",
        Being::Away => "away",
        Being::Reconnecting => "reconnecting",
        Being::Offline => "offline",
    }
}

/// The sign for it behind a name; none of those who are there.
pub(super) fn sign(state: Being) -> &'static str {
    match state {
        Being::Online => "",
        Being::Away => " (away)",
        Being::Reconnecting => " (~)",
        Being::Offline => " (off)",
    }
}

/// Draws them: those who are there first.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &mut State, outlook: &Outlook<'_>) {
    let theme = state.theme;
    let columns = usize::from(area.width);
    let Some(here) = outlook.conversation() else { return };
    let mut people: Vec<&User> = here.people().collect();
    people.sort_by_cached_key(|user| (order(user.state), fold(&user.nick)));
    let count = here.count();
    let title = match outlook.here {
        Place::Room(_) if here.stale() => "People, as last known".to_owned(),
        Place::Room(_) => format!("People: {count}"),
        Place::With(_) => "In private".to_owned(),
    };
    let head = theme.head();
    let title = padded(vec![Ink::new(&title, head.patch(theme.strong()))], columns, head.patch(theme.aside()));
    put(frame.buffer_mut(), area, 0, &line(title));
    if let Place::With(nick) = outlook.here {
        let how = outlook.transcript.state_of(nick).map_or("not in your rooms", word);
        let words = [Ink::new(nick, theme.nick(nick)), Ink::new(&format!(" {how}"), theme.aside())];
        put(frame.buffer_mut(), area, 1, &line(padded(words.into(), columns, theme.text())));
        return;
    }
    let rows = usize::from(area.height.saturating_sub(1));
    let all = people.len() == count && count <= rows;
    let shown = if all { count } else { people.len().min(rows.saturating_sub(1)) };
    for (row, user) in (1..).zip(&people[..shown]) {
        let me = fold(&user.nick) == fold(outlook.me);
        let nick = if me { theme.strong() } else { theme.nick(&user.nick) };
        let (nick, mark) = if user.state == Being::Online { (nick, "• ") } else { (nick.patch(theme.aside()), "  ") };
        let mut words = vec![Ink::new(mark, theme.aside()), Ink::new(&user.nick, nick)];
        if me {
            words.push(Ink::new(" (you)", theme.aside()));
        }
        if user.state != Being::Online {
            words.push(Ink::new(&format!(" {}", word(user.state)), theme.aside()));
        }
        put(frame.buffer_mut(), area, row, &line(padded(words, columns, theme.text())));
        if !me {
            let area = Rect { y: area.y + row, height: 1, ..area };
            state.targets.push(Target { area, place: Place::With(user.nick.clone()) });
        }
    }
    if !all {
        let words = Ink::new(&format!("  and {} more", count.saturating_sub(shown)), theme.aside());
        put(frame.buffer_mut(), area, u16::try_from(shown + 1).unwrap_or(u16::MAX), &line([words]));
    }
}

fn order(state: Being) -> u8 {
    match state {
        Being::Online => 0,
        Being::Away => 1,
        Being::Reconnecting => 2,
        Being::Offline => 3,
    }
}
