//! Tab in the composer: completes, goes round the candidates, or lets go of the focus.

use shared::command::{Candidates, Completion, complete};

use crate::node::Node;

/// Lines that are looked through for those who spoke last: some hours of a lively room.
const LATELY: usize = 300;

/// What Tab has to know of what was typed.
#[derive(Default)]
pub(crate) struct Typed {
    /// A round through the candidates, begun by the first Tab.
    round: Option<Round>,
    /// After Escape the next Tab moves the focus.
    free: bool,
}

struct Round {
    /// As it was before the first Tab.
    line: String,
    completion: Completion,
    /// How often Tab was pressed since the first.
    turn: usize,
}

impl Typed {
    /// Something else was typed, or the cursor moved.
    pub(crate) fn touched(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn let_go(&mut self) {
        *self = Self { round: None, free: true };
    }

    /// What Tab makes of the text, and where it puts the cursor; none if it is to move the focus.
    /// Cursors are counted as browsers count them, in units of UTF-16.
    pub(crate) fn complete(&mut self, text: &str, cursor: u32, names: &Names) -> Option<(String, u32)> {
        if self.free {
            return None;
        }
        let round = match self.round.take() {
            Some(round) => Round { turn: round.turn + 1, ..round },
            None => {
                let completion = complete(text, bytes(text, cursor), &names.candidates())?;
                Round { line: text.to_owned(), completion, turn: 0 }
            }
        };
        let (text, cursor) = round.completion.apply(&round.line, round.turn);
        self.round = Some(round);
        let cursor = units(&text, cursor);
        Some((text, cursor))
    }
}

/// What can be completed here and now.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) nicks: Vec<String>,
    pub(crate) rooms: Vec<String>,
    pub(crate) nodes: Vec<String>,
}

impl Names {
    fn candidates(&self) -> Candidates<'_> {
        Candidates { nicks: &self.nicks, rooms: &self.rooms, nodes: &self.nodes }
    }
}

/// Who spoke last comes first, then who else is here.
pub(crate) fn candidates(node: Node) -> Names {
    let here = node.here.get_untracked();
    let me = node.nick.get_untracked();
    let (speakers, rooms) = node.with_core(|core| {
        let speakers: Vec<String> = core
            .transcript
            .get(&here)
            .map(|known| known.lines().rev().take(LATELY).map(|line| line.from().to_owned()).collect())
            .unwrap_or_default();
        let rooms = core.session.rooms().map(str::to_owned).collect();
        (speakers, rooms)
    });
    let present =
        node.talk.people.with_untracked(|people| people.iter().map(|user| user.nick.clone()).collect::<Vec<_>>());
    let mut nicks = Vec::new();
    for nick in speakers.into_iter().chain(present) {
        if nick != me && !nicks.contains(&nick) {
            nicks.push(nick);
        }
    }
    let nodes = node.nodes.with_untracked(|nodes| nodes.iter().map(|node| node.node.clone()).collect());
    Names { nicks, rooms, nodes }
}

/// The byte offset of a cursor counted in units of UTF-16.
pub(crate) fn bytes(text: &str, cursor: u32) -> usize {
    let mut units = 0;
    for (index, c) in text.char_indices() {
        if units >= cursor as usize {
            return index;
        }
        units += c.len_utf16();
    }
    text.len()
}

/// The cursor, in units of UTF-16, of a byte offset.
pub(crate) fn units(text: &str, offset: usize) -> u32 {
    let units = text.get(..offset).unwrap_or(text).encode_utf16().count();
    u32::try_from(units).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names { nicks: vec!["bob".to_owned(), "bea".to_owned()], ..Names::default() }
    }

    #[test]
    fn tab_goes_round() {
        let mut typed = Typed::default();
        let first = typed.complete("b", 1, &names());
        let second = typed.complete(&first.clone().unwrap().0, first.clone().unwrap().1, &names());
        let third = typed.complete(&second.clone().unwrap().0, second.clone().unwrap().1, &names());
        assert_ne!(first, second);
        assert_eq!(first, third);
    }

    #[test]
    fn after_escape_tab_moves_on() {
        let mut typed = Typed::default();
        typed.let_go();
        assert_eq!(typed.complete("b", 1, &names()), None);
        typed.touched();
        assert!(typed.complete("b", 1, &names()).is_some());
    }

    #[test]
    fn cursors_are_counted_in_units_of_utf_16() {
        assert_eq!(bytes("a🙂ö", 0), 0);
        assert_eq!(bytes("a🙂ö", 3), 5);
        assert_eq!(bytes("a🙂ö", 4), 7);
        assert_eq!(bytes("a🙂ö", 99), 7);
        assert_eq!(units("a🙂ö", 5), 3);
        assert_eq!(units("a🙂ö", 7), 4);
    }
}
