//! The line of the talk that is chosen, what is about to be done to it, and what can be. No terminal in here, and no hub.

use std::sync::Arc;

use shared::emoji::{BASIC, valid_reaction};
use shared::entry::Entry;
use shared::letters::fold;
use shared::transcript::{Conversation, Item};

use super::composer::Composer;
use super::keys::Deed;

/// Emoji that a digit reacts with, as many as the browser offers at a click.
pub(super) const AT_HAND: usize = 6;

/// A line that is chosen.
#[derive(Debug)]
pub(super) struct Choice {
    /// It stays the same one whatever comes or goes round it.
    pub seq: u64,
    pub step: Step,
    /// The end was followed when choosing began, and is again when it ends.
    pub followed: bool,
}

/// How far one is with it.
#[derive(Debug)]
pub(super) enum Step {
    Choosing,
    /// It is asked whether to delete it.
    Deleting,
    /// An emoji is being typed.
    Reacting(Composer),
}

impl Choice {
    /// The line itself, or the topic.
    pub(super) fn row(&self, here: &Conversation) -> Option<Arc<Entry>> {
        here.items_between(self.seq, self.seq).items.into_iter().find_map(|item| match item {
            Item::Line(row) => Some(row),
            Item::Hole { .. } | Item::Notice(_) | Item::Pending(_) => None,
        })
    }
}

/// Why something cannot be done to a row, in words; none where it can.
pub(super) fn refusal(deed: Deed, row: &Entry, here: &Conversation, me: &str) -> Option<String> {
    let words = if !row.is_line() {
        "That is the room's topic, not a line: /topic changes it."
    } else if row.details().is_some_and(|details| details.deleted) {
        "This line was deleted: nothing can be done to it."
    } else if !here.joined() {
        let room = here.place().name();
        return Some(format!("You have left {room}. Type /join {room} to do that."));
    } else {
        match deed {
            Deed::Reply | Deed::React => return None,
            Deed::Edit | Deed::Delete if is_mine(row, me) => return None,
            Deed::Edit => "Only who said a line can edit it.",
            Deed::Delete => "Only who said a line can delete it.",
        }
    };
    Some(words.to_owned())
}

/// Whether this person has said a line.
pub(super) fn is_mine(row: &Entry, me: &str) -> bool {
    row.is_line() && fold(row.from()) == fold(me)
}

/// Whether this person has reacted so to a line.
pub(super) fn has_reacted(line: &Entry, emoji: &str, me: &str) -> bool {
    let me = fold(me);
    line.details().is_some_and(|details| {
        let alike = details.reactions.iter().filter(|reaction| reaction.emoji == emoji);
        alike.flat_map(|reaction| &reaction.nicks).any(|nick| fold(nick) == me)
    })
}

/// The emoji of a digit, which counts from 1.
pub(super) fn at_hand(digit: char) -> Option<&'static str> {
    let number = usize::try_from(digit.to_digit(10)?).ok()?.checked_sub(1)?;
    BASIC.iter().take(AT_HAND).nth(number).map(|(_, emoji)| *emoji)
}

/// The emoji that somebody means: itself, or the name of one that is used often, with colons or without.
pub(super) fn meant(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if valid_reaction(typed) {
        return Some(typed.to_owned());
    }
    let name = typed.trim_matches(':').to_ascii_lowercase();
    BASIC.iter().find(|(known, _)| *known == name).map(|(_, emoji)| (*emoji).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_meant_by_itself_by_its_digit_or_by_its_name() {
        assert_eq!((at_hand('1'), at_hand('6')), (Some("👍"), Some("👀")));
        assert_eq!((at_hand('0'), at_hand('7'), at_hand('x')), (None, None, None));
        for typed in [" 🎉 ", "tada", ":tada:", ":Tada"] {
            assert_eq!(meant(typed).as_deref(), Some("🎉"), "{typed}");
        }
        for none in ["", "hi", "🎉🎉", ":nosuch:"] {
            assert_eq!(meant(none), None, "{none}");
        }
    }
}
