//! What is said during a run: lines, and changes of lines, which are numbered with them. What has a text tells by
//! itself who said it.

use std::fmt;

use shared::entry::{Change, Changed, Details, Entry};
use shared::room::LOBBY;

use crate::asked::Asked;

/// The longest padding, in bytes: with it a line is about as long as a line may be.
const LONGEST: u64 = 16_000;

/// A line or a change of one: the client that asks for it, and its number among all that this client asks for, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) author: u16,
    pub(crate) number: u32,
}

/// Where a line is said. Rooms and nicks are numbered; room 0 is the lobby.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    Room(u8),
    Whisper { from: u16, to: u16 },
}

/// An id of a request, as a number that two ids hardly share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Id(pub(crate) u64);

/// An entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    pub(crate) seq: u64,
    pub(crate) line: Line,
    pub(crate) place: Place,
    pub(crate) id: Id,
}

impl Line {
    /// Its text: name and number, and padding that follows from them, mostly little.
    pub(crate) fn text(self) -> String {
        let Self { author, number } = self;
        let random = scatter(u64::from(author) << 32 | u64::from(number));
        let padding = match random % 1_000 {
            0..2 => random / 1_000 % LONGEST,
            2..20 => random / 1_000 % 3_000,
            _ => random / 1_000 % 60,
        };
        let mut text = format!("{author}.{number}.");
        text.extend((0..padding).map(|at| char::from(b'a' + (scatter(random ^ at) % 26) as u8)));
        text
    }

    /// The line with this text; none if nobody ever said that.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let line = Self { author: parts.next()?.parse().ok()?, number: parts.next()?.parse().ok()? };
        (line.text() == text).then_some(line)
    }
}

impl Place {
    /// The room with this name.
    pub(crate) fn room(name: &str) -> Option<Self> {
        if name == LOBBY { Some(Self::Room(0)) } else { Some(Self::Room(name.strip_prefix("room")?.parse().ok()?)) }
    }

    /// What a nick whispers to another.
    pub(crate) fn whisper(from: &str, to: &str) -> Option<Self> {
        let number = |nick: &str| nick.strip_prefix("nick")?.parse().ok();
        Some(Self::Whisper { from: number(from)?, to: number(to)? })
    }
}

/// The name of a room.
pub(crate) fn room_name(room: u8) -> String {
    if room == 0 { LOBBY.to_owned() } else { format!("room{room}") }
}

/// The name of a nick.
pub(crate) fn nick_name(nick: u16) -> String {
    format!("nick{nick}")
}

impl Id {
    /// FNV-1a.
    pub(crate) fn of(id: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        Self(id.bytes().fold(0xCBF2_9CE4_8422_2325, hash))
    }
}

impl Spoken {
    /// What an entry says; none if it is none of ours, or is not as it was said.
    pub(crate) fn of(entry: &Entry, asked: &Asked) -> Option<Self> {
        let id = Id::of(entry.id());
        let (line, _) = asked.get(id)?;
        let place = match entry {
            Entry::Said(said) => Place::room(&said.room)?,
            Entry::Whispered(whispered) => Place::whisper(&whispered.from, &whispered.to)?,
            Entry::Changed(Changed { room: Some(room), to: None, .. }) => Place::room(room)?,
            Entry::Changed(Changed { room: None, to: Some(to), from, .. }) => Place::whisper(from, to)?,
            Entry::Topic(_) | Entry::Changed(_) | Entry::Put(_) | Entry::Removed(_) => return None,
        };
        let text = entry.text();
        let as_said = match (entry, entry.details()) {
            (Entry::Changed(Changed { change: Change::Edited { text }, .. }), _) => {
                text.is_empty() || *text == line.text() // the former, once the line was taken back
            }
            (Entry::Changed(_), _) => true,
            (_, Some(Details { deleted: true, .. })) => text.is_empty(),
            (_, Some(Details { edited: Some(_), .. })) => {
                Line::of(text).is_some_and(|edit| edit.author == line.author && edit.number > line.number)
            }
            _ => text == line.text(),
        };
        as_said.then_some(Self { seq: entry.seq(), line, place, id })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of client {}", self.number, self.author)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(room) => f.write_str(&room_name(*room)),
            Self::Whisper { from, to } => write!(f, "{} to {}", nick_name(*from), nick_name(*to)),
        }
    }
}

/// SplitMix64's output function: neighbours become strangers.
fn scatter(number: u64) -> u64 {
    let z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_its_text_alone_and_only_as_it_was_said() {
        let lines = (0..2_000).map(|number| Line { author: 7, number });
        let mut longest = 0;
        for line in lines {
            let text = line.text();
            assert_eq!(Line::of(&text), Some(line));
            assert_eq!(Line::of(&format!("{text}x")), None);
            assert_eq!(shared::wire::trim_text(&text), Ok(text.as_str()), "it may be said, and is said as it is");
            longest = longest.max(text.len());
        }
        assert!(longest > 10_000, "some are long");
        assert_eq!(Line::of("hello"), None);
    }

    #[test]
    fn places_are_known_by_their_names() {
        for room in [0, 1, 17] {
            assert_eq!(Place::room(&room_name(room)), Some(Place::Room(room)));
        }
        assert_eq!(Place::room("den"), None);
        assert_eq!(Place::whisper(&nick_name(3), &nick_name(12)), Some(Place::Whisper { from: 3, to: 12 }));
    }
}
