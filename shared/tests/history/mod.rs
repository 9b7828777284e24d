//! A log with changes in it, and pages of it as a hub gives them: lines as they are when the page is read.

#![allow(dead_code, reason = "each of the tests uses its part")]

use proptest::prelude::*;
use shared::entry::{Change, Changed, Details, Entry, Reaction, Said, Topic};
use shared::message::Page;

pub(crate) const NICKS: [&str; 3] = ["ana", "bob", "dr00"];
const EMOJI: [&str; 3] = ["👍", "🎉", "茶"];

/// What is written to the log of one room: by whom, and what; changes are of one of the lines before.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    Line(usize),
    Topic(usize),
    Edit(prop::sample::Index, String),
    Delete(prop::sample::Index),
    React(usize, prop::sample::Index, usize, bool),
}

pub(crate) fn written() -> impl Strategy<Value = Written> {
    let nick = || 0..NICKS.len();
    let line = any::<prop::sample::Index>;
    prop_oneof![
        6 => nick().prop_map(Written::Line),
        1 => nick().prop_map(Written::Topic),
        3 => (line(), "[a-z]{1,3}").prop_map(|(line, text)| Written::Edit(line, text)),
        1 => line().prop_map(Written::Delete),
        6 => (nick(), line(), 0..EMOJI.len(), prop::bool::weighted(0.7))
            .prop_map(|(nick, line, emoji, on)| Written::React(nick, line, emoji, on)),
    ]
}

/// The log, its entries as they were written: only every second position is of this room.
pub(crate) fn log(room: &str, written: &[Written]) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    for (n, what) in (0..).zip(written) {
        let (seq, at) = (2 * n + 1, 1_000 + n);
        let lines: Vec<&Entry> = log.iter().filter(|entry| entry.is_line()).collect();
        let (from, of, change) = match what {
            Written::Line(from) | Written::Topic(from) => {
                let (room, from, id) = (room.to_owned(), NICKS[*from].to_owned(), format!("{}-{seq}", NICKS[*from]));
                let text = format!("#{seq}");
                log.push(match what {
                    Written::Topic(_) => Entry::Topic(Topic { seq, at, room, from, id, topic: text }),
                    _ => Entry::Said(Said { seq, at, room, from, id, text, details: None }),
                });
                continue;
            }
            _ if lines.is_empty() => continue,
            Written::Edit(line, text) => {
                let line = line.get(&lines);
                (line.from().to_owned(), line.seq(), Change::Edited { text: text.clone() })
            }
            Written::Delete(line) => {
                let line = line.get(&lines);
                (line.from().to_owned(), line.seq(), Change::Deleted)
            }
            Written::React(nick, line, emoji, on) => {
                let change = Change::Reacted { emoji: EMOJI[*emoji].to_owned(), on: *on };
                (NICKS[*nick].to_owned(), line.get(&lines).seq(), change)
            }
        };
        let id = format!("{from}-{seq}");
        // What changes nothing makes no entry.
        let deleted = |line: &Entry| line.details().is_some_and(|details| details.deleted);
        let now = as_of(&log, of, u64::MAX);
        let room = Some(room.to_owned());
        let entry = Entry::Changed(Changed { seq, at, room, to: None, from, id, of, change });
        let then = fold(&now, std::iter::once(&entry));
        if !deleted(&now) && (then.text(), reactions(&then)) != (now.text(), reactions(&now)) {
            log.push(entry);
        }
    }
    log
}

fn reactions(line: &Entry) -> Vec<Reaction> {
    line.details().map_or_else(Vec::new, |details| details.reactions.clone())
}

/// A line as it is once everything up to `moment` is written.
pub(crate) fn as_of(log: &[Entry], line: u64, moment: u64) -> Entry {
    let entry = log.iter().find(|entry| entry.seq() == line).expect("is in the log");
    fold(entry, log.iter().filter(|entry| entry.seq() <= moment))
}

/// What changes make of a line: by sets and searches, for it is a test's.
pub(crate) fn fold<'a>(line: &Entry, changes: impl Iterator<Item = &'a Entry>) -> Entry {
    let Entry::Said(mut said) = line.clone() else { return line.clone() };
    let mut details = said.details.take().map_or_else(Details::default, |details| *details);
    for entry in changes {
        let Entry::Changed(changed) = entry else { continue };
        if changed.of != said.seq || details.changed >= Some(changed.seq) {
            continue;
        }
        details.changed = Some(changed.seq);
        if details.deleted {
            continue;
        }
        match &changed.change {
            Change::Edited { text } => (said.text, details.edited) = (text.clone(), Some(changed.at)),
            Change::Deleted => {
                said.text = String::new();
                (details.deleted, details.edited, details.reactions) = (true, None, Vec::new());
            }
            Change::Reacted { emoji, on } => {
                let mut of_it = match details.reactions.iter().find(|reaction| reaction.emoji == *emoji) {
                    Some(reaction) => reaction.nicks.clone(),
                    None => {
                        details.reactions.push(Reaction { emoji: emoji.clone(), nicks: Vec::new(), count: 0 });
                        Vec::new()
                    }
                };
                let had = of_it.contains(&changed.from);
                if *on && !had {
                    of_it.push(changed.from.clone());
                } else if !*on {
                    of_it.retain(|nick| *nick != changed.from);
                }
                for reaction in details.reactions.iter_mut().filter(|reaction| reaction.emoji == *emoji) {
                    reaction.count = of_it.len() as u32;
                    reaction.nicks.clone_from(&of_it);
                }
                details.reactions.retain(|reaction| reaction.count > 0);
            }
        }
    }
    Entry::Said(Said { details: details.boxed(), ..said })
}

/// A page as a hub gives it that has written everything up to `moment`.
pub(crate) fn page(log: &[Entry], before: Option<u64>, after: Option<u64>, limit: usize, moment: u64) -> Page {
    let fits = |entry: &&Entry| {
        entry.seq() <= moment
            && before.is_none_or(|before| entry.seq() < before)
            && after.is_none_or(|after| entry.seq() > after)
    };
    let mut entries: Vec<Entry> = log.iter().filter(fits).map(|entry| as_of(log, entry.seq(), moment)).collect();
    let more = entries.len() > limit;
    if after.is_some() {
        entries.truncate(limit);
    } else {
        entries.drain(..entries.len().saturating_sub(limit));
    }
    Page { entries, more }
}
