//! What a change makes of a line: what the hub makes of it.

use crate::entry::{Change, Changed, Details, Entry, Reaction};
use crate::letters::fold;
use crate::wire::MAX_REACTORS;

/// The latest change that is in a line.
pub(super) fn as_of(line: &Entry) -> u64 {
    line.details().and_then(|details| details.changed).unwrap_or(0)
}

/// Makes a line what an entry made of it.
pub(super) fn apply(line: &mut Entry, changed: &Changed) {
    alter(line, &changed.from, changed.at, &changed.change);
    if let Some(details) = details_of(line) {
        details.changed = Some(changed.seq);
    }
}

fn details_of(line: &mut Entry) -> Option<&mut Details> {
    match line {
        Entry::Said(said) => Some(said.details.get_or_insert_default()),
        Entry::Whispered(whispered) => Some(whispered.details.get_or_insert_default()),
        Entry::Topic(_) | Entry::Changed(_) | Entry::Put(_) | Entry::Removed(_) => None,
    }
}

/// Makes a line what `from` made of it, as the hub does. What was taken back stays so.
pub(super) fn alter(line: &mut Entry, from: &str, at: u64, change: &Change) {
    let Some(details) = details_of(line).filter(|details| !details.deleted) else {
        return;
    };
    let text = match change {
        Change::Edited { text } => {
            details.edited = Some(at);
            text.as_str()
        }
        Change::Deleted => {
            details.deleted = true;
            details.edited = None;
            details.files.clear();
            details.reactions.clear();
            ""
        }
        Change::Reacted { emoji, on } => {
            react(&mut details.reactions, emoji, from, *on);
            return;
        }
    };
    match line {
        Entry::Said(said) => text.clone_into(&mut said.text),
        Entry::Whispered(whispered) => text.clone_into(&mut whispered.text),
        Entry::Topic(_) | Entry::Changed(_) | Entry::Put(_) | Entry::Removed(_) => {}
    }
}

fn react(reactions: &mut Vec<Reaction>, emoji: &str, from: &str, on: bool) {
    let at = match reactions.iter().position(|reaction| reaction.emoji == emoji) {
        Some(at) => at,
        None if on => {
            reactions.push(Reaction { emoji: emoji.to_owned(), nicks: Vec::new(), count: 0 });
            reactions.len() - 1
        }
        None => return,
    };
    let Reaction { nicks, count, .. } = &mut reactions[at];
    let key = fold(from);
    match nicks.iter().position(|nick| fold(nick) == key) {
        Some(_) if on => {}
        Some(named) => {
            nicks.remove(named);
            *count = count.saturating_sub(1);
        }
        None if on => {
            if nicks.len() < MAX_REACTORS {
                nicks.push(from.to_owned());
            }
            *count = count.saturating_add(1);
        }
        // One of those that are only counted.
        None if *count as usize > nicks.len() => *count -= 1,
        None => {}
    }
    if *count == 0 {
        reactions.remove(at);
    }
}
