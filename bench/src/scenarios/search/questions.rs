//! What is searched for, and what must be found.

use shared::message::ToHub;

use super::{Library, QUIET, guest_of};
use crate::guests::nick;
use crate::words::{self, WORDS, chance, character, word};

/// Entries of a page.
pub(super) const ENTRIES: u32 = 50;

/// What is asked in one way or another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    VeryCommon,
    Common,
    Rare,
    Absent,
    Part,
    TwoLetters,
    OneCharacter,
    TwoCharacters,
    Several,
    Quoted,
    OldPage,
    QuietRoom,
    Person,
    Period,
}

/// A search, as it is asked and as a look at every line would answer it.
pub(super) struct Question {
    /// All of which a line must have.
    pub(super) needles: Vec<String>,
    quoted: bool,
    room: Option<&'static str>,
    /// The number of the guest who said it.
    from: Option<usize>,
    /// Milliseconds since 1970.
    since: Option<u64>,
    until: Option<u64>,
    pub(super) before: Option<u64>,
}

impl Kind {
    pub(super) const ALL: [Self; 14] = [
        Self::VeryCommon,
        Self::Common,
        Self::Rare,
        Self::Absent,
        Self::Part,
        Self::TwoLetters,
        Self::OneCharacter,
        Self::TwoCharacters,
        Self::Several,
        Self::Quoted,
        Self::OldPage,
        Self::QuietRoom,
        Self::Person,
        Self::Period,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::VeryCommon => "one of the ten most common words",
            Self::Common => "a common word",
            Self::Rare => "a rare word",
            Self::Absent => "a word that nobody said, of common parts",
            Self::Part => "a part of a word",
            Self::TwoLetters => "two letters",
            Self::OneCharacter => "one Chinese character",
            Self::TwoCharacters => "two Chinese characters",
            Self::Several => "three common words",
            Self::Quoted => "two words together, in quotes",
            Self::OldPage => "a common word, before some entry",
            Self::QuietRoom => "a common word, in a room of one line in a thousand",
            Self::Person => "a common word, of a person who said one line in a hundred",
            Self::Period => "a common word, in a tenth of the time",
        }
    }

    /// One of this kind, another for each number.
    pub(super) fn question(self, number: u64, library: &Library) -> Question {
        let pick = |most: u64| chance(number, self as u64 + 1_000) % most;
        let common = || word(50 + pick(200));
        let needle = match self {
            Self::VeryCommon => word(pick(10)),
            Self::Rare => word(WORDS / 2 + pick(WORDS / 2)),
            Self::Absent => word(WORDS + pick(WORDS / 2)),
            Self::Part => {
                let word = word(1_000 + pick(4_000));
                word.chars().skip(1).take(4).collect()
            }
            Self::TwoLetters => {
                let letter = |place| char::from(b'a' + (chance(number, place) % 26) as u8);
                [letter(1), letter(2)].iter().collect()
            }
            Self::OneCharacter => character(pick(3_000)).to_string(),
            Self::TwoCharacters => [character(pick(100)), character(chance(number, 3) % 1_000)].iter().collect(),
            Self::Quoted => {
                let line = words::text(library.lines() as u64 / 2 + pick(1_000));
                line.split(' ').take(2).collect::<Vec<_>>().join(" ")
            }
            _ => common(),
        };
        let mut question = Question {
            needles: vec![needle],
            quoted: matches!(self, Self::Quoted),
            room: None,
            from: None,
            since: None,
            until: None,
            before: None,
        };
        match self {
            Self::Several => question.needles.extend([word(pick(50)), word(20 + chance(number, 4) % 100)]),
            Self::OldPage => question.before = Some(1 + pick(library.lines() as u64)),
            Self::QuietRoom => question.room = Some(QUIET),
            Self::Person => question.from = Some(1),
            Self::Period => (question.since, question.until) = library.period(),
            _ => {}
        }
        question
    }
}

impl Question {
    pub(super) fn request(&self) -> ToHub {
        let words = self.needles.join(" ");
        ToHub::Search {
            id: "search".to_owned(),
            query: if self.quoted { format!("\"{words}\"") } else { words },
            room: self.room.map(str::to_owned),
            with: None,
            from: self.from.map(nick),
            since: self.since,
            until: self.until,
            before: self.before,
            limit: Some(ENTRIES),
        }
    }

    /// The answer, by a look at every line: `seq`s, the newest first. None of one by time, as the hub's clock is its own.
    pub(super) fn answer(&self, library: &Library) -> Option<Vec<u64>> {
        if self.since.is_some() || self.until.is_some() {
            return None;
        }
        let has = |line: u64| {
            let text = words::text(line);
            self.needles.iter().all(|needle| text.contains(needle))
        };
        let mut found: Vec<u64> = library
            .said()
            .filter(|(line, seq)| {
                self.room.is_none_or(|room| library.room_of(*line) == room)
                    && self.from.is_none_or(|from| guest_of(*line) == from)
                    && self.before.is_none_or(|before| *seq < before)
                    && has(*line)
            })
            .map(|(_, seq)| seq)
            .collect();
        found.sort_unstable_by(|one, other| other.cmp(one));
        found.truncate(ENTRIES as usize);
        Some(found)
    }
}
