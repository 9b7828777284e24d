//! Code in colours: one lexer over small tables of what languages have in common. It knows no grammar, and where
//! it is wrong a word has another colour.

mod languages;

use super::cost::looked_at;
use super::cut::{between, find, find_str, first, from, last, up_to};
use languages::{Kind, LANGUAGES, Language};

/// Pieces that code is cut into; what is behind them is one more. Each is a node to draw.
pub const MAX_TOKENS: usize = 5_000;

/// Pieces that one step of a lexer may add, and those of the end.
const STEP: usize = 4;

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Plain,
    Comment,
    /// With its quotation marks.
    Text,
    Number,
    /// Of HTML the name of an element, of CSS a rule.
    Keyword,
    /// A line that a diff adds.
    Added,
    /// A line that a diff takes away.
    Removed,
}

/// The code in pieces, which are the whole of it when joined; neighbours differ in their token. The language is the
/// first word of what stands behind a fence, as people write it: `rust`, `rs`, `RS`. One that is not known gives one
/// plain piece.
pub fn highlight<'a>(language: &str, code: &'a str) -> Vec<(Token, &'a str)> {
    let mut lexer = Lexer { code, at: 0, from: 0, token: Token::Plain, pieces: Vec::new(), initials: [0; 32] };
    let name = language.split([' ', '\t', ',', '{']).next().unwrap_or_default();
    let known = |language: &&Language| language.names.split(' ').any(|known| known.eq_ignore_ascii_case(name));
    if let Some(language) = LANGUAGES.iter().find(known).filter(|_| !name.is_empty()) {
        lexer.index(language.keywords);
        match language.kind {
            Kind::Diff => lexer.diff(),
            Kind::Tags => lexer.tags(language),
            Kind::Words => {
                while lexer.goes_on() {
                    lexer.word(language);
                }
            }
        }
    }
    lexer.finish()
}

struct Lexer<'a> {
    code: &'a str,
    /// In bytes: what is read up to here.
    at: usize,
    /// Where the piece begins that is being read, and what it is.
    from: usize,
    token: Token,
    pieces: Vec<(Token, &'a str)>,
    /// Where the keywords with this initial begin among those of the language, in bytes.
    initials: [usize; 32],
}

impl<'a> Lexer<'a> {
    fn goes_on(&self) -> bool {
        self.at < self.code.len() && self.pieces.len() + STEP < MAX_TOKENS
    }

    fn rest(&self) -> &'a str {
        from(self.code, self.at)
    }

    /// So many bytes more are of this sort.
    fn take(&mut self, token: Token, length: usize) {
        if token != self.token {
            if self.at > self.from {
                self.pieces.push((self.token, between(self.code, self.from, self.at)));
            }
            (self.from, self.token) = (self.at, token);
        }
        self.at += length;
    }

    fn finish(mut self) -> Vec<(Token, &'a str)> {
        self.take(Token::Plain, self.code.len() - self.at);
        if self.at > self.from {
            self.pieces.push((self.token, from(self.code, self.from)));
        }
        self.pieces
    }

    /// Keywords with the same initial, in either case, stand together.
    fn index(&mut self, keywords: &str) {
        let bytes = keywords.as_bytes();
        for (at, byte) in bytes.iter().enumerate().rev() {
            if at == 0 || bytes[at - 1] == b' ' {
                self.initials[usize::from(byte % 32)] = at;
            }
        }
    }

    fn is_keyword(&self, language: &Language, word: &str) -> bool {
        let initial = |word: &str| word.as_bytes().first().map_or(0, |byte| byte % 32);
        let wanted = initial(word);
        for keyword in from(language.keywords, self.initials[usize::from(wanted)]).split(' ') {
            looked_at(keyword.len());
            if initial(keyword) != wanted {
                break;
            }
            if keyword == word || language.any_case && keyword.eq_ignore_ascii_case(word) {
                return true;
            }
        }
        false
    }

    /// Takes whatever comes next in a language of words.
    fn word(&mut self, language: &Language) {
        let rest = self.rest();
        let before = last(up_to(self.code, self.at));
        let Some(first) = first(rest) else { return };

        if let Some(length) = comment(language, rest, before) {
            self.take(Token::Comment, length);
        } else if language.quotes.contains(first)
            && !(first == '\'' && before.is_some_and(in_word) && language.bare_words)
        {
            match text(language, rest, first) {
                Some(length) => self.take(Token::Text, length),
                None => self.take(Token::Plain, 1),
            }
        } else if first.is_ascii_digit() {
            self.take(Token::Number, number(rest));
        } else if in_word(first) || language.sigils.contains(first) {
            let head = first.len_utf8();
            let length = head + find(from(rest, head), &|c| !in_word(c) && !language.joins.contains(c));
            looked_at(length);
            let word = up_to(rest, length);
            let is_keyword = if language.sigils.contains(first) { length > 1 } else { self.is_keyword(language, word) };
            self.take(if is_keyword { Token::Keyword } else { Token::Plain }, length);
        } else {
            self.take(Token::Plain, first.len_utf8());
        }
    }

    /// HTML and its like: names and texts are inside of tags alone.
    fn tags(&mut self, language: &Language) {
        let mut inside = false;
        while self.goes_on() {
            let rest = self.rest();
            if let Some(length) = comment(language, rest, None) {
                self.take(Token::Comment, length);
            } else if inside {
                if rest.starts_with('>') {
                    inside = false;
                }
                let quote = first(rest).filter(|c| language.quotes.contains(*c));
                match quote.and_then(|quote| text(language, rest, quote)) {
                    Some(length) => self.take(Token::Text, length),
                    None => self.take(Token::Plain, first(rest).map_or(1, char::len_utf8)),
                }
            } else {
                let slash = usize::from(rest.starts_with("</"));
                let name = rest.strip_prefix('<').map(|behind| from(behind, slash)).unwrap_or_default();
                if name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?')) {
                    let length = find(name, &|c| !in_word(c) && !"!?-:.".contains(c));
                    looked_at(length);
                    self.take(Token::Plain, 1 + slash);
                    self.take(Token::Keyword, length);
                    inside = true;
                } else {
                    let head = first(rest).map_or(1, char::len_utf8);
                    let length = head + find(from(rest, head), &|c| c == '<');
                    looked_at(length);
                    self.take(Token::Plain, length);
                }
            }
        }
    }

    /// A line is what its first sign says.
    fn diff(&mut self) {
        while self.goes_on() {
            let rest = self.rest();
            let length = rest.len().min(find(rest, &|c| c == '\n') + 1);
            let token = match rest.as_bytes().first() {
                Some(b'+') => Token::Added,
                Some(b'-') => Token::Removed,
                Some(b'@') => Token::Comment,
                _ => Token::Plain,
            };
            looked_at(length);
            self.take(token, length);
        }
    }
}

/// Part of a name. Any letter that is not ASCII is: no language here has another use for it.
fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// How long the comment is that this begins with.
fn comment(language: &Language, rest: &str, before: Option<char>) -> Option<usize> {
    let mut lines = language.line_comments.split(' ').filter(|mark| !mark.is_empty());
    // `$#` and `a#b` are none: behind these a space must have been.
    let apart = !language.bare_words || before.is_none_or(char::is_whitespace);
    let length = if apart && lines.any(|mark| rest.starts_with(mark)) {
        find(rest, &|c| c == '\n')
    } else {
        let (begin, end) = language.comment.split_once(' ')?;
        let inner = rest.strip_prefix(begin)?;
        begin.len() + find_str(inner, end).map_or(inner.len(), |at| at + end.len())
    };
    looked_at(length);
    Some(length)
}

/// How long the text is that begins with this quotation mark; none if the mark has another meaning.
fn text(language: &Language, rest: &str, quote: char) -> Option<usize> {
    let three = if quote == '"' { "\"\"\"" } else { "'''" };
    if language.triple && quote != '`' && rest.starts_with(three) {
        let end = find_str(from(rest, 3), three).map_or(rest.len(), |at| at + 6);
        looked_at(end);
        return Some(end);
    }
    if language.chars && quote == '\'' {
        return character(rest);
    }
    let many_lines = language.many_lines || quote == '`';
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        looked_at(1);
        if c == '\n' && !many_lines {
            return Some(at);
        }
        if !escaped && c == quote {
            return Some(at + 1);
        }
        escaped = !escaped && c == '\\';
    }
    Some(rest.len())
}

/// A character with its quotation marks, in bytes: `'\u{10FFFF}'`.
const MAX_CHARACTER: usize = 12;

/// How long the character is that begins here; a lifetime, a label or a word with an apostrophe is none.
fn character(rest: &str) -> Option<usize> {
    let first = first(from(rest, 1))?;
    let after = 1 + first.len_utf8();
    if first == '\\' {
        let end = rest.bytes().take(MAX_CHARACTER).skip(after + 1).position(|b| b == b'\'')?;
        return Some(after + 1 + end + 1);
    }
    from(rest, after).starts_with('\'').then_some(after + 1)
}

/// How long the number is that this begins with.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let goes_on = |at: usize| match bytes.get(at) {
        Some(b) if b.is_ascii_alphanumeric() || *b == b'_' => true,
        // `1.5`, but neither `1..5` nor `1.max(5)`.
        Some(b'.') => bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        _ => false,
    };
    let length = (1..).take_while(|at| goes_on(*at)).count() + 1;
    looked_at(length);
    length
}
