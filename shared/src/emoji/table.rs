//! The names of emoji, and how one is found.

use super::BASIC;

/// Names that are found by [`Table::get`]; those behind them are not. There are about 3,500.
pub const MAX_NAMES: usize = 6_000;

/// A power of two, so that at most three in four are taken.
const SLOTS: usize = 8_192;

/// An emoji and the first of its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji<'a> {
    pub emoji: &'a str,
    pub name: &'a str,
}

/// Every emoji with its names, in the order in which a picker shows them.
#[derive(Debug)]
pub struct Table {
    /// As it came: a line an emoji, `emoji<TAB>name name…<TAB>group`. Lines that are not so are passed over.
    text: String,
    /// Where each name begins and how long it is, in bytes, and where its line begins: at the place that its hash
    /// says, or at one of those behind it. Texts may hold thousands of names.
    slots: Vec<Slot>,
}

/// One without a length is free.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    line: u32,
    name: u32,
    length: u32,
}

/// One line of the table.
#[derive(Clone, Copy)]
struct Row<'a> {
    emoji: &'a str,
    names: &'a str,
    group: &'a str,
}

impl Default for Table {
    /// Of [`BASIC`] alone.
    fn default() -> Self {
        let mut text = String::new();
        for (name, emoji) in BASIC {
            for part in [emoji, "\t", name, "\tBasic\n"] {
                text.push_str(part);
            }
        }
        Self::parse(&text)
    }
}

impl Table {
    /// Reads the file that the hub serves.
    pub fn parse(text: &str) -> Self {
        let mut table = Self { text: text.to_owned(), slots: vec![Slot::default(); SLOTS] };
        let place = |part: &str| u32::try_from(part.as_ptr().addr() - text.as_ptr().addr()).unwrap_or(u32::MAX);
        let mut left = MAX_NAMES;
        for row in rows(text) {
            for name in row.names.split(' ').filter(|name| !name.is_empty()) {
                let slot = table.slot(name);
                if left == 0 || table.slots[slot].length > 0 {
                    continue; // the first of two with one name has it
                }
                left -= 1;
                let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
                table.slots[slot] = Slot { line: place(row.emoji), name: place(name), length };
            }
        }
        table
    }

    /// The emoji of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let slot = self.slots[self.slot(name)];
        let line = &self.text[slot.line as usize..];
        (slot.length > 0).then(|| line.split('\t').next().unwrap_or_default())
    }

    /// What a person may mean who began to write a name: first those that begin so, then those in which a later
    /// word does. Each emoji once, with the name that fits.
    pub fn complete(&self, prefix: &str, limit: usize) -> Vec<Emoji<'_>> {
        let mut found: Vec<Emoji<'_>> = Vec::new();
        for whole in [true, false] {
            for row in rows(&self.text) {
                if found.len() >= limit {
                    return found;
                }
                let mut names = row.names.split(' ');
                let fits = |name: &&str| if whole { begins(name, prefix) } else { has_word(name, prefix) };
                if let Some(name) = names.find(fits)
                    && !found.iter().any(|other| other.emoji == row.emoji)
                {
                    found.push(Emoji { emoji: row.emoji, name });
                }
            }
        }
        found
    }

    /// Those in whose names each of these words begins one; all of them for no word at all.
    pub fn search(&self, words: &str) -> Vec<Emoji<'_>> {
        let fits =
            |row: &Row<'_>| words.split_whitespace().all(|word| row.names.split(' ').any(|name| has_word(name, word)));
        rows(&self.text).filter(fits).map(Row::shown).collect()
    }

    /// The groups, each with its emoji.
    pub fn groups(&self) -> Vec<(&str, Vec<Emoji<'_>>)> {
        let mut groups: Vec<(&str, Vec<Emoji<'_>>)> = Vec::new();
        for row in rows(&self.text) {
            match groups.last_mut() {
                Some((group, emoji)) if *group == row.group => emoji.push(row.shown()),
                _ => groups.push((row.group, vec![row.shown()])),
            }
        }
        groups
    }

    /// Where a name is, or would be. There is always a free slot, since not all of them are ever taken.
    fn slot(&self, name: &str) -> usize {
        // FNV-1a, 32 bits.
        let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let mut at = (hash ^ (hash >> 15)) as usize % SLOTS;
        loop {
            let Slot { name: start, length, .. } = self.slots[at];
            if length == 0 || &self.text.as_bytes()[start as usize..(start + length) as usize] == name.as_bytes() {
                return at;
            }
            at = (at + 1) % SLOTS;
        }
    }
}

impl<'a> Row<'a> {
    fn shown(self) -> Emoji<'a> {
        Emoji { emoji: self.emoji, name: self.names.split(' ').next().unwrap_or_default() }
    }
}

fn rows(text: &str) -> impl Iterator<Item = Row<'_>> {
    text.lines().filter_map(|line| {
        let mut parts = line.split('\t');
        let (Some(emoji), Some(names), Some(group), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        (!emoji.is_empty() && !names.trim().is_empty()).then_some(Row { emoji, names: names.trim(), group })
    })
}

fn begins(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
}

/// Whether one of the words that a name is made of begins so.
fn has_word(name: &str, prefix: &str) -> bool {
    begins(name, prefix) || name.match_indices(['_', '-']).any(|(at, _)| begins(&name[at + 1..], prefix))
}
