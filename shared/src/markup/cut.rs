//! Parts of a text. Slicing and searching as the language has them are compiled anew for each place they are written
//! at, with a check, a message and a place in the source: some sixty bytes that every browser downloads. These exist
//! once, and never panic: what is not there is empty.

#[inline(never)]
pub(super) fn between(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

pub(super) fn from(text: &str, start: usize) -> &str {
    between(text, start, text.len())
}

pub(super) fn up_to(text: &str, end: usize) -> &str {
    between(text, 0, end)
}

#[inline(never)]
pub(super) fn first(text: &str) -> Option<char> {
    text.chars().next()
}

#[inline(never)]
pub(super) fn last(text: &str) -> Option<char> {
    text.chars().next_back()
}

/// Where the first such character is, in bytes; the length of the text if there is none.
#[inline(never)]
pub(super) fn find(text: &str, is_it: &dyn Fn(char) -> bool) -> usize {
    text.char_indices().find(|(_, c)| is_it(*c)).map_or(text.len(), |(at, _)| at)
}

/// Where the first such word is, in bytes.
#[inline(never)]
pub(super) fn find_str(text: &str, word: &str) -> Option<usize> {
    text.find(word)
}
