//! Who is writing.

use super::Conversation;
use crate::letters::fold;
use crate::transcript::MAX_TYPING;
use crate::wire::TYPING_LASTS;

/// Those who are writing, in the order in which they began, each with the time until which that is believed.
#[derive(Clone, Debug, Default)]
pub(super) struct Typing(Vec<(String, u64)>);

impl Conversation {
    /// Who is writing here, in the order in which they began.
    pub fn typing(&self, now: u64) -> Vec<&str> {
        self.typing.0.iter().filter(|(_, until)| *until > now).map(|(nick, _)| nick.as_str()).collect()
    }

    /// When the next of them is not any more.
    pub(in crate::transcript) fn typing_ends(&self, now: u64) -> Option<u64> {
        self.typing.0.iter().map(|(_, until)| *until).filter(|until| *until > now).min()
    }

    /// `nick` is writing. Whether that is news.
    pub(in crate::transcript) fn types(&mut self, now: u64, nick: &str) -> bool {
        let Typing(typing) = &mut self.typing;
        typing.retain(|(_, until)| *until > now);
        let until = now + TYPING_LASTS;
        let key = fold(nick);
        match typing.iter().position(|(other, _)| fold(other) == key) {
            Some(known) => typing[known].1 = until,
            None if typing.len() < MAX_TYPING => {
                typing.push((nick.to_owned(), until));
                return true;
            }
            None => {}
        }
        false
    }

    /// `nick` has said something, and so is writing no more. Whether that is news.
    pub(in crate::transcript) fn stops_typing(&mut self, nick: &str) -> bool {
        let Typing(typing) = &mut self.typing;
        let before = typing.len();
        if before > 0 {
            let key = fold(nick);
            typing.retain(|(other, _)| fold(other) != key);
        }
        typing.len() < before
    }

    /// Nobody is heard any more.
    pub(super) fn nobody_types(&mut self) {
        self.typing = Typing::default();
    }
}
