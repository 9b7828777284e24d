//! What Tab makes of an unfinished word.

use super::COMMANDS;
use crate::letters::fold;

/// What may be completed; the likeliest first (those who spoke last).
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidates<'a> {
    pub nicks: &'a [String],
    pub rooms: &'a [String],
    pub nodes: &'a [String],
}

/// What Tab may put in the place of `start..end` of the line: byte offsets, on char boundaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub start: usize,
    pub end: usize,
    /// With what follows the word: `: ` behind a nick at the line's start, else a space. Never empty.
    pub replacements: Vec<String>,
}

/// What Tab does at `cursor`, a byte offset (one inside a char counts as before it; one behind the
/// end as at the end; a browser counts UTF-16 units and must convert). Letters match in either case.
/// None where there is nothing to complete, so that Tab may move the focus.
pub fn complete(line: &str, cursor: usize, candidates: &Candidates<'_>) -> Option<Completion> {
    let mut end = cursor.min(line.len());
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let before = &line[..end];
    let start = before.rfind(char::is_whitespace).map_or(0, |space| space + char_len(before, space));
    let word = &before[start..];
    let ahead = before[..start].trim();
    let nothing_follows = !line[end..].starts_with(char::is_whitespace);
    let space = if nothing_follows { " " } else { "" };

    let mut replacements = Vec::new();
    let mut add = |prefix: &str, typed: &str, names: &mut dyn Iterator<Item = &str>, behind: &str| {
        for name in names {
            let replacement = format!("{prefix}{name}{behind}");
            if begins_with(name, typed) && !replacements.contains(&replacement) {
                replacements.push(replacement);
            }
        }
    };
    let mut nicks = candidates.nicks.iter().map(String::as_str);
    let mut rooms = candidates.rooms.iter().map(String::as_str);
    let mut nodes = candidates.nodes.iter().map(String::as_str);
    let argument_of = ahead.strip_prefix('/').map(str::to_ascii_lowercase);
    match argument_of.as_deref() {
        Some("pm" | "who") => match word.strip_prefix('@') {
            Some(typed) => add("@", typed, &mut nicks, space),
            None => add("", word, &mut nicks, space),
        },
        Some("join") => match word.strip_prefix('#') {
            Some(typed) => add("#", typed, &mut rooms, space),
            None => add("", word, &mut rooms, space),
        },
        Some("ping") => add("", word, &mut nodes, space),
        // In an empty place Tab belongs to the one who moves about by keyboard.
        _ if word.is_empty() => {}
        _ if ahead.is_empty() && word.starts_with('/') => {
            add("/", &word[1..], &mut COMMANDS.iter().map(|spec| spec.name), space);
        }
        _ => match (word.strip_prefix('#'), word.strip_prefix('@')) {
            (Some(typed), _) => add("#", typed, &mut rooms, space),
            (None, Some(typed)) => add("@", typed, &mut nicks, space),
            (None, None) if ahead.is_empty() && nothing_follows => add("", word, &mut nicks, ": "),
            (None, None) => add("", word, &mut nicks, space),
        },
    }
    (!replacements.is_empty()).then_some(Completion { start, end, replacements })
}

impl Completion {
    /// The line and the cursor after the `turn`th Tab (from 0; it goes round), made of the line as
    /// it was before the first. Cursor: a byte offset on a char boundary.
    pub fn apply(&self, line: &str, turn: usize) -> (String, usize) {
        let turn = turn.checked_rem(self.replacements.len()).unwrap_or(0);
        let replacement = self.replacements.get(turn).map_or("", String::as_str);
        let before = line.get(..self.start).unwrap_or(line);
        let behind = line.get(self.end..).unwrap_or("");
        (format!("{before}{replacement}{behind}"), before.len() + replacement.len())
    }
}

fn char_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// Whether a name begins with what was typed, in either case.
fn begins_with(name: &str, typed: &str) -> bool {
    fold(name).starts_with(&fold(typed))
}
