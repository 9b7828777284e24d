//! What a text is made of: a safe part of Markdown, as a tree that a view draws node by node. Nothing here
//! makes HTML, and what is no mark stays text, as it was typed.
//!
//! | written | is |
//! |---|---|
//! | `**x**` `__x__`, `*x*` `_x_`, `~~x~~` | bold, italic, struck through |
//! | `` `x` ``, also between longer fences | code |
//! | ```` ``` ```` or `~~~` with a language, on lines of their own | fenced code |
//! | `> x`, `- x`, `* x`, `1. x` | quotes and lists, in each other up to [`MAX_DEPTH`] |
//! | `[words](target)`, `<https://…>`, `https://…`, `mailto:…` | links, to `http`, `https` and `mailto` alone |
//! | `@nick`, `:name:` | a mention; an emoji, if whoever draws it knows the name |
//! | `\*` | the sign itself |
//!
//! The rules are those of CommonMark 0.31 where people would miss them, without headings, tables, pictures, HTML and
//! references. A line ends where it was ended. The work is linear in the text, whatever it holds: what may stand
//! open at a time is bounded, and no search runs twice over the same bytes.

mod blocks;
#[cfg(test)]
mod bombs;
mod class;
mod cost;
mod cut;
mod highlight;
mod inlines;
mod mention;
mod target;
mod words;

pub use highlight::{MAX_TOKENS, Token, highlight};
pub use mention::{mentions, mentions_nick, spellings};
pub use target::host;
pub use words::{FOLDED_CHARS, FOLDED_LINES, LARGE_EMOJI, is_long, only_emoji, plain};

/// Quotes and lists in each other: deeper ones stay text. Nobody reads further in, and whoever draws recurs.
pub const MAX_DEPTH: usize = 6;

/// Marks that wait for their other half at a time; one more makes text of the first. Bounds how deep marks
/// stand in each other (twice this, since three stars are two marks), and how far back a mark is looked for.
pub const MAX_OPEN: usize = 8;

/// Mentions in one text, in pieces; those behind them are text. More would be a list, or a nuisance.
pub const MAX_MENTIONS: usize = 50;

/// A part of a text that stands on lines of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block<'a> {
    Paragraph(Vec<Inline<'a>>),
    Code {
        /// All that stands behind the fence; [`highlight`] looks at its first word. Often empty.
        language: &'a str,
        /// Its lines, without the marks of quotes and lists that it stands in, and without a last line end.
        code: String,
    },
    Quote(Vec<Block<'a>>),
    List {
        /// The number of the first item; none where items have bullets.
        start: Option<u32>,
        items: Vec<Vec<Block<'a>>>,
    },
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline<'a> {
    /// Never empty; two of them do not follow one another, but where a backslash was between them.
    Text(&'a str),
    /// A line ends here.
    Break,
    Bold(Vec<Inline<'a>>),
    Italic(Vec<Inline<'a>>),
    Strike(Vec<Inline<'a>>),
    Code(&'a str),
    /// An address, shown as it is.
    Url(&'a str),
    /// Words that lead somewhere. In them is neither a link nor an [`Inline::Url`]. They may tell another
    /// place than they lead to: show the [`host`] of the target beside them.
    Link {
        target: &'a str,
        words: Vec<Inline<'a>>,
    },
    Mention(Mention<'a>),
    /// The name between two colons, and nothing more is known of it than that it could be one: `100`, `joy`.
    Shortcode(&'a str),
}

/// An `@` with what may be a nick behind it. Nobody need have that nick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention<'a> {
    /// What is shown with the `@` before it; the rest of `run` follows as text.
    pub name: &'a str,
    /// As far as a nick could reach: `ana.` where `name` is `ana`. It is for [`spellings`].
    pub run: &'a str,
}

/// What a text is made of.
pub fn parse(text: &str) -> Vec<Block<'_>> {
    blocks::Reader::new(text).read()
}
