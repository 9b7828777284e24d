//! A text as words: on one line, its length, and whether it is emoji alone.

use super::class::turns;
use super::{Block, Inline, parse};
use crate::emoji;

/// A text of more lines than this is folded: about what a phone shows at once.
pub const FOLDED_LINES: usize = 20;

/// A text of more characters than this is folded: as much as twenty full lines of a wide window.
pub const FOLDED_CHARS: usize = 2_000;

/// So many emoji and nothing else are drawn larger.
pub const LARGE_EMOJI: usize = 3;

/// The text without its marks, on one line, for what has no room for more: at most so many characters, the last
/// of which says if something is missing. Signs that turn the direction of text are left out.
pub fn plain(text: &str, max_chars: usize) -> String {
    let mut line = Line { text: String::new(), left: max_chars, cut: max_chars == 0, space: false };
    line.blocks(&parse(text));
    line.text
}

/// Whether a text is so long that it is shown folded.
pub fn is_long(text: &str) -> bool {
    text.lines().nth(FOLDED_LINES).is_some() || text.chars().nth(FOLDED_CHARS).is_some()
}

/// Whether a text is one to [`LARGE_EMOJI`] emoji, with spaces between them or none, and nothing else.
pub fn only_emoji(text: &str) -> bool {
    let mut rest = text.trim();
    for _ in 0..LARGE_EMOJI {
        match emoji::leading(rest) {
            0 => return false,
            length => rest = rest[length..].trim_start(),
        }
        if rest.is_empty() {
            return true;
        }
    }
    false
}

/// A line that is being filled.
struct Line {
    text: String,
    /// In characters.
    left: usize,
    /// It has no room for what came last.
    cut: bool,
    /// Something that keeps words apart came before what comes next.
    space: bool,
}

impl Line {
    fn blocks(&mut self, blocks: &[Block<'_>]) {
        for block in blocks {
            if self.cut {
                return;
            }
            self.space = true;
            match block {
                Block::Paragraph(pieces) => self.pieces(pieces),
                Block::Code { code, .. } => self.add(code),
                Block::Quote(blocks) => self.blocks(blocks),
                Block::List { items, .. } => items.iter().for_each(|item| self.blocks(item)),
            }
        }
    }

    fn pieces(&mut self, pieces: &[Inline<'_>]) {
        for piece in pieces {
            match piece {
                Inline::Text(text) | Inline::Code(text) | Inline::Url(text) => self.add(text),
                Inline::Break => self.space = true,
                Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => self.pieces(inner),
                Inline::Link { words, .. } => self.pieces(words),
                Inline::Mention(mention) => {
                    self.add("@");
                    self.add(mention.name);
                }
                Inline::Shortcode(name) => {
                    self.add(":");
                    self.add(name);
                    self.add(":");
                }
            }
        }
    }

    fn add(&mut self, text: &str) {
        for c in text.chars() {
            if self.cut {
                return;
            }
            if c.is_whitespace() {
                self.space = true;
            } else if !c.is_control() && !turns(c) {
                if self.space && !self.text.is_empty() {
                    self.put(' ');
                }
                self.space = false;
                self.put(c);
            }
        }
    }

    fn put(&mut self, c: char) {
        if self.cut {
            return;
        }
        if self.left == 0 {
            self.cut = true;
            self.text.pop();
            self.text.truncate(self.text.trim_end().len());
            self.text.push('…');
            return;
        }
        self.left -= 1;
        self.text.push(c);
    }
}
