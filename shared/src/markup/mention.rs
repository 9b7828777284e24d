//! Who is mentioned in a text. The hub counts them and browsers show them: both by what [`parse`] finds.

use super::class::{Class, class};
use super::cost::looked_at;
use super::cut::{find, last, up_to};
use super::{Block, Inline, Mention, parse};
use crate::letters::fold;
use crate::name::MAX_CHARS;

/// Words that mean everybody elsewhere. Here they mean nobody, and nobody may be called so.
const NOBODY: [&str; 4] = ["here", "everyone", "all", "channel"];

/// The runs behind an `@`, outside of code and links, in their order: each as far as a nick could reach,
/// so that `@ana.` gives `ana.`; [`spellings`] tells which nicks it may stand for. At most [`super::MAX_MENTIONS`].
pub fn mentions(text: &str) -> impl Iterator<Item = &str> {
    let mut found = Vec::new();
    // Most texts have none, and need not be read for it.
    if text.contains('@') {
        in_blocks(&parse(text), &mut found);
    }
    found.into_iter()
}

/// Whether a text mentions this nick; case does not count.
pub fn mentions_nick(text: &str, nick: &str) -> bool {
    let nick = fold(nick);
    mentions(text).any(|run| spellings(run).any(|name| fold(name) == nick))
}

/// What a run may stand for, the longest first: itself, and what is left without the signs at its end, one by
/// one. `ana.!` may be three nicks: who knows them decides.
pub fn spellings(run: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(run);
    std::iter::from_fn(move || {
        let name = next?;
        let last = last(name).filter(|c| ends_sentence(*c) || *c == '_');
        next = last.map(|c| up_to(name, name.len() - c.len_utf8()));
        next = next.filter(|shorter| !shorter.is_empty());
        Some(name)
    })
}

/// What is mentioned by an `@` between these two; `behind` begins behind it.
pub(super) fn at_sign<'a>(before: Option<char>, behind: &'a str) -> Option<Mention<'a>> {
    // An address (`ana@den`, `https://x/@ana`) mentions nobody, nor does `\@ana`.
    if class(before) == Class::Word || before.is_some_and(|c| "@/\\.+-%=#:".contains(c)) {
        return None;
    }
    let run = up_to(behind, find(behind, &|c| !may_be_in_nick(c)));
    looked_at(run.len());
    let mut name = run.trim_end_matches(ends_sentence);
    if before == Some('_') {
        name = name.trim_end_matches('_'); // `_@ana_` is ana in italics
    }
    looked_at(run.len() - name.len());
    let chars = name.chars().take(MAX_CHARS + 1).count();
    let is_name = name.chars().take(MAX_CHARS).any(|c| class(Some(c)) != Class::Sign);
    if chars > MAX_CHARS || !is_name || NOBODY.iter().any(|word| word.eq_ignore_ascii_case(name)) {
        return None;
    }
    // No nick is longer, whatever follows.
    let longest = run.char_indices().nth(MAX_CHARS).map_or(run.len(), |(at, _)| at);
    Some(Mention { name, run: up_to(run, longest) })
}

/// Of what nicks may have, all but the signs that marks and brackets are made of.
fn may_be_in_nick(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_graphic() && !"/#@:,*`~<>()[]\"\\".contains(c)
    } else {
        matches!(class(Some(c)), Class::Word | Class::Wide)
    }
}

fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | ';' | '\'' | '|' | '}')
}

fn in_blocks<'a>(blocks: &[Block<'a>], found: &mut Vec<&'a str>) {
    for block in blocks {
        match block {
            Block::Paragraph(line) => in_line(line, found),
            Block::Quote(blocks) => in_blocks(blocks, found),
            Block::List { items, .. } => {
                for blocks in items {
                    in_blocks(blocks, found);
                }
            }
            Block::Code { .. } => {}
        }
    }
}

fn in_line<'a>(line: &[Inline<'a>], found: &mut Vec<&'a str>) {
    for piece in line {
        match piece {
            Inline::Mention(mention) => found.push(mention.run),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) | Inline::Link { words: inner, .. } => {
                in_line(inner, found);
            }
            Inline::Text(_) | Inline::Break | Inline::Code(_) | Inline::Url(_) | Inline::Shortcode(_) => {}
        }
    }
}
