//! The lines of one paragraph: marks that find their other half, and all that stands in a line by itself.

use super::blocks::{MARGIN, MAX_DIGITS};
use super::class::{Class, class, is_hidden, is_word};
use super::cost::looked_at;
use super::cut::{between, find, first, from, last, up_to};
use super::{Inline, MAX_OPEN, mention, target};

/// The longest name of an emoji, in bytes: the longest there is has 43.
const MAX_SHORTCODE: usize = 48;

/// The longest run of marks that means anything, in signs: bold and italic at once.
const MAX_RUN: usize = 3;

/// Fences of a piece of code longer than this, in signs, are text. One is looked for to the end of the line in vain
/// only if no other of its length follows, so this bounds how often a line is read.
const MAX_FENCE: usize = 31;

/// Its backslash is an arm.
const SHRUG: &str = r"¯\_(ツ)_/¯";

/// What began and has not ended.
struct Frame<'a> {
    /// As typed: what it is if nothing ends it. Those that are used up are gone.
    marks: &'a str,
    content: Vec<Inline<'a>>,
}

/// Reads a paragraph line by line.
pub(super) struct Paragraph<'a, 'm> {
    /// The whole text, which every line is cut from.
    source: &'a str,
    /// The first has no marks and never ends; at most [`MAX_OPEN`] behind it.
    frames: Vec<Frame<'a>>,
    /// How many more may be made.
    mentions: &'m mut usize,
}

impl<'a, 'm> Paragraph<'a, 'm> {
    pub(super) fn new(source: &'a str, mentions: &'m mut usize) -> Self {
        Self { source, frames: vec![Frame { marks: "", content: Vec::new() }], mentions }
    }

    pub(super) fn finish(mut self) -> Vec<Inline<'a>> {
        self.close_down_to(0);
        self.frames.pop().map(|frame| frame.content).unwrap_or_default()
    }

    /// Takes a line, without its end; another one went before it if `follows`.
    pub(super) fn line(&mut self, line: &'a str, follows: bool) {
        if follows {
            self.push(Inline::Break);
        }
        let bytes = line.as_bytes();
        let (mut at, mut text_from) = (0, 0);
        while let Some(&byte) = bytes.get(at) {
            let rest = from(line, at);
            let before = last(up_to(line, at));
            // What begins here and how long it is; or how far the text goes on.
            let (piece, length) = match byte {
                b'*' | b'_' | b'~' => {
                    let length = run(rest);
                    if length <= MAX_RUN && (byte != b'~' || length == 2) {
                        self.text(between(line, text_from, at));
                        let (opens, closes) = flanks(byte, before, first(from(rest, length)));
                        self.marks(up_to(rest, length), opens, closes);
                        text_from = at + length;
                    }
                    (None, length)
                }
                b'`' => code(rest),
                b'[' if before != Some('!') => {
                    self.text(between(line, text_from, at));
                    self.open(up_to(rest, 1));
                    text_from = at + 1;
                    (None, 1)
                }
                b']' => {
                    self.text(between(line, text_from, at));
                    let length = self.end_words(rest);
                    text_from = if length > 1 { at + length } else { at };
                    (None, length)
                }
                b'<' => match target::in_angles(from(rest, 1)) {
                    Some(target) => (Some(Inline::Url(target)), target.len() + 2),
                    None => (None, 1),
                },
                // Behind a letter it is the rest of a word, but where a script has no spaces.
                b'h' | b'H' | b'm' | b'M' if class(before) != Class::Word => match target::bare(rest) {
                    Some(target) => (Some(Inline::Url(target)), target.len()),
                    None => (None, 1),
                },
                b'@' => match mention::at_sign(before, from(rest, 1)) {
                    Some(mention) if *self.mentions > 0 => {
                        *self.mentions -= 1;
                        (Some(Inline::Mention(mention)), mention.name.len() + 1)
                    }
                    Some(_) | None => (None, 1),
                },
                // The second of two colons (`std::vec::Vec`) begins no name, but where a name ended with the first.
                b':' if class(before) != Class::Word && (before != Some(':') || text_from == at) => {
                    match shortcode(from(rest, 1)) {
                        Some(name) => (Some(Inline::Shortcode(name)), name.len() + 2),
                        None => (None, 1),
                    }
                }
                b'\\' if escapes(up_to(line, at), from(rest, 1)) => {
                    self.text(between(line, text_from, at));
                    text_from = at + 1;
                    (None, 2)
                }
                0xC2 if rest.starts_with(SHRUG) => (None, SHRUG.len()),
                _ => (None, first(rest).map_or(1, char::len_utf8)),
            };
            if let Some(piece) = piece {
                self.text(between(line, text_from, at));
                self.push(piece);
                text_from = at + length;
            }
            at += length;
        }
        self.text(from(line, text_from));
        // Words of a link do not go on in another line.
        self.forget_brackets();
    }

    /// Marks in a row: they end what they can, and begin something else with what is left of them.
    fn marks(&mut self, mut marks: &'a str, opens: bool, closes: bool) {
        while closes && !marks.is_empty() {
            let Some(index) = self.opened_by(marks) else { break };
            self.close_down_to(index);
            let frame = &mut self.frames[index];
            let used = if marks.len() >= 2 && frame.marks.len() >= 2 { 2 } else { 1 };
            let content = std::mem::take(&mut frame.content);
            frame.marks = up_to(frame.marks, frame.marks.len() - used);
            let spent = frame.marks.is_empty();
            let piece = match (marks.as_bytes().first(), used) {
                (Some(b'~'), _) => Inline::Strike(content),
                (_, 2) => Inline::Bold(content),
                _ => Inline::Italic(content),
            };
            marks = from(marks, used);
            if spent {
                self.frames.pop();
            }
            self.push(piece);
        }
        if opens {
            self.open(marks);
        } else {
            self.text(marks);
        }
    }

    /// The innermost that these marks can end. One star does not end two: what is no pair stays as typed.
    fn opened_by(&self, marks: &str) -> Option<usize> {
        (1..self.frames.len()).rev().find(|index| {
            let opened = self.frames[*index].marks;
            opened.as_bytes().first() == marks.as_bytes().first()
                && (opened.len() == marks.len() || opened.len() == MAX_RUN || marks.len() == MAX_RUN)
        })
    }

    /// Begins something. Where too much is open already, what was opened first is text from now on.
    fn open(&mut self, marks: &'a str) {
        if marks.is_empty() {
            return;
        }
        if self.frames.len() > MAX_OPEN {
            self.forget(1);
        }
        self.frames.push(Frame { marks, content: Vec::new() });
    }

    /// At a `]`: makes a link of the words before it if a target follows. The length of what is done with, in bytes;
    /// 1 is a bracket that is text.
    fn end_words(&mut self, rest: &'a str) -> usize {
        let Some(index) = (1..self.frames.len()).rev().find(|index| self.frames[*index].marks == "[") else { return 1 };
        let Some(target) = rest.strip_prefix("](").and_then(target::in_brackets) else {
            self.forget(index);
            return 1;
        };
        self.close_down_to(index);
        let content = &self.frames[index].content;
        if !is_seen(content) {
            self.forget(index);
            return 1;
        }
        if !is_honest(content, target::host(target)) {
            // No bracket before it makes a link of these words either; and none of them are read once more.
            self.forget_brackets();
            return 1;
        }
        let mut words = self.frames.pop().map(|frame| frame.content).unwrap_or_default();
        show_addresses_as_text(&mut words);
        self.push(Inline::Link { target, words });
        self.forget_brackets();
        target.len() + "]()".len()
    }

    /// Links hold no links, and do not go over the end of a line.
    fn forget_brackets(&mut self) {
        for index in (1..self.frames.len()).rev() {
            if self.frames[index].marks == "[" {
                self.forget(index);
            }
        }
    }

    /// Whatever is open inside of this one will not be ended.
    fn close_down_to(&mut self, index: usize) {
        while self.frames.len() > index + 1 {
            self.forget(self.frames.len() - 1);
        }
    }

    /// What began here is text.
    fn forget(&mut self, index: usize) {
        let frame = self.frames.remove(index);
        looked_at(frame.content.len());
        self.text_in(index - 1, frame.marks);
        let mut content = frame.content.into_iter();
        match content.next() {
            Some(Inline::Text(text)) => self.text_in(index - 1, text),
            Some(piece) => self.frames[index - 1].content.push(piece),
            None => {}
        }
        self.frames[index - 1].content.extend(content);
    }

    fn push(&mut self, piece: Inline<'a>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.content.push(piece);
        }
    }

    fn text(&mut self, text: &'a str) {
        self.text_in(self.frames.len() - 1, text);
    }

    /// Adds text; what follows other text becomes one piece with it.
    fn text_in(&mut self, index: usize, text: &'a str) {
        if text.is_empty() {
            return;
        }
        let place = |part: &str| part.as_ptr().addr() - self.source.as_ptr().addr();
        let content = &mut self.frames[index].content;
        match content.last_mut() {
            Some(Inline::Text(last)) if place(last) + last.len() == place(text) => {
                let start = place(last);
                *last = between(self.source, start, start + last.len() + text.len());
            }
            _ => content.push(Inline::Text(text)),
        }
    }
}

/// How many of the sign that it begins with stand at the start of a text.
fn run(text: &str) -> usize {
    let length = text.bytes().take_while(|byte| Some(byte) == text.as_bytes().first()).count();
    looked_at(length);
    length
}

/// Whether marks between these two may begin something, and whether they may end it (CommonMark 0.31, section 6.2).
/// In two things more is as people mean it: a script without spaces needs none round its marks, and a star between
/// two digits multiplies.
fn flanks(mark: u8, before: Option<char>, behind: Option<char>) -> (bool, bool) {
    let (left, right) = (class(before), class(behind));
    let opens = right != Class::Space && (right != Class::Sign || left != Class::Word);
    let closes = left != Class::Space && (left != Class::Sign || right != Class::Word);
    match mark {
        b'_' => (opens && (!closes || left == Class::Sign), closes && (!opens || right == Class::Sign)),
        b'*' if before.is_some_and(|c| c.is_ascii_digit()) && behind.is_some_and(|c| c.is_ascii_digit()) => {
            (false, false)
        }
        _ => (opens, closes),
    }
}

/// The code that a line begins with, or how long the fence is that is text.
fn code(text: &str) -> (Option<Inline<'_>>, usize) {
    let fence = run(text);
    if fence > MAX_FENCE {
        return (None, fence);
    }
    let mut at = fence;
    while at < text.len() {
        let end = at + find(from(text, at), &|c| c == '`');
        looked_at(end - at);
        let length = run(from(text, end));
        if length == fence {
            let code = between(text, fence, end);
            // A space at both ends lets code begin with a backtick.
            let inner = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' '));
            let code = inner.filter(|inner| !inner.trim().is_empty()).unwrap_or(code);
            return (Some(Inline::Code(code)), end + length);
        }
        at = end + length;
    }
    (None, fence)
}

/// The name of an emoji, if a colon stands behind it.
fn shortcode(text: &str) -> Option<&str> {
    let end =
        text.bytes().take(MAX_SHORTCODE + 1).position(|b| !matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'+' | b'-'));
    looked_at(MAX_SHORTCODE);
    let (name, behind) = text.split_at_checked(end?)?;
    (behind.starts_with(':') && name.bytes().any(|b| b.is_ascii_alphanumeric())).then_some(name)
}

/// Whether a backslash between these two makes the sign that `rest` begins with plain text. It does before marks
/// alone, and inside of words before those alone that count there, so that most names of files stay as they are.
fn escapes(before: &str, rest: &str) -> bool {
    let mut signs = rest.chars();
    let sign = signs.next();
    let in_word = last(before).is_some_and(is_word) && signs.next().is_some_and(is_word);
    match sign {
        Some('*' | '`' | '~' | '[' | ']') => true,
        Some('_' | '<' | '@' | ':') => !in_word,
        // At the start of a line it keeps a quote or a list from being one.
        Some('>' | '-') => before.len() <= MARGIN && before.trim_ascii_start().is_empty(),
        Some('.') => (1..=MAX_DIGITS).contains(&before.len()) && before.bytes().all(|b| b.is_ascii_digit()),
        _ => false,
    }
}

/// Whether there is anything to click at.
fn is_seen(words: &[Inline<'_>]) -> bool {
    words.iter().any(|piece| {
        looked_at(1);
        match piece {
            Inline::Text(text) | Inline::Code(text) => find(text, &|c| !is_hidden(c)) < text.len(),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => is_seen(inner),
            Inline::Link { words, .. } => is_seen(words),
            Inline::Url(_) | Inline::Mention(_) | Inline::Shortcode(_) => true,
            Inline::Break => false,
        }
    })
}

/// Whether words that are an address lead to the host that they name.
fn is_honest(words: &[Inline<'_>], host: &str) -> bool {
    words.iter().all(|piece| {
        looked_at(1);
        match piece {
            Inline::Url(shown) => target::host(shown).eq_ignore_ascii_case(host),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => is_honest(inner, host),
            // A link in a link: only the inner one is one.
            Inline::Link { .. } => false,
            Inline::Text(_) | Inline::Break | Inline::Code(_) | Inline::Mention(_) | Inline::Shortcode(_) => true,
        }
    })
}

fn show_addresses_as_text(words: &mut [Inline<'_>]) {
    for piece in words {
        match piece {
            Inline::Url(shown) => *piece = Inline::Text(shown),
            Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => show_addresses_as_text(inner),
            _ => {}
        }
    }
}
