//! What languages have in common, and in what they differ.

pub(super) enum Kind {
    /// Words, texts, numbers and comments.
    Words,
    /// HTML and its like.
    Tags,
    Diff,
}

/// A family of languages. Lists are words with a space between them.
pub(super) struct Language {
    /// What people write behind a fence.
    pub(super) names: &'static str,
    pub(super) kind: Kind,
    /// Those with the same initial together, in either case.
    pub(super) keywords: &'static str,
    /// Whether keywords may be written in capitals.
    pub(super) any_case: bool,
    /// What begins a comment up to the end of the line.
    pub(super) line_comments: &'static str,
    /// What begins and what ends a comment of any length.
    pub(super) comment: &'static str,
    /// Signs that a text begins and ends with.
    pub(super) quotes: &'static str,
    /// Whether a text may go on in another line.
    pub(super) many_lines: bool,
    /// Whether three quotation marks begin a text of many lines.
    pub(super) triple: bool,
    /// Whether `'` is for one character.
    pub(super) chars: bool,
    /// Whether text stands there without quotation marks: `'` inside of a word is nothing then, and a comment
    /// begins behind a space.
    pub(super) bare_words: bool,
    /// Signs that make a keyword of the word behind them.
    pub(super) sigils: &'static str,
    /// Signs that are part of words.
    pub(super) joins: &'static str,
}

/// With what most have.
const COMMON: Language = Language {
    names: "",
    kind: Kind::Words,
    keywords: "",
    any_case: false,
    line_comments: "",
    comment: "",
    quotes: "\"'",
    many_lines: false,
    triple: false,
    chars: false,
    bare_words: false,
    sigils: "",
    joins: "",
};

/// With the comments of C.
const LIKE_C: Language = Language { line_comments: "//", comment: "/* */", ..COMMON };

/// Of the languages that write braces. One list for all is half of what one for each would be; what is a keyword
/// in one of them and a common name in another (`data`, `map`, `of`) is left out.
const OF_BRACES: &str = "abstract as async auto await bool boolean break byte case catch chan char class const constexpr continue crate debugger declare default defer delete do double dyn else enum explicit export extends extension extern fallthrough false final finally float fn for foreach fun func function go goto guard if impl implements import in inline instanceof int interface internal lateinit let long loop match mod move mut mutable namespace native new nil noexcept null nullptr operator override package private protected protocol pub public readonly record return sealed select self Self short signed sizeof static string struct super suspend switch synchronized template this throw throws trait true try type typealias typedef typename typeof undefined union unsafe unsigned use using val var virtual void volatile when where while with yield";

/// Of those that write words in their place.
const OF_WORDS: &str = "after alias and as assert async await begin break case catch class cond continue def defimpl defmacro defmodule defp defstruct del do elif else elseif elsif end ensure except False false finally fn for from function global if import in is lambda let local loop match module new next nil None nonlocal not of or pass private puts quote raise receive redo repeat require rescue retry return self super then True true try undef unless until use when while with xor yield";

pub(super) static LANGUAGES: [Language; 13] = [
    Language { names: "rust rs", keywords: OF_BRACES, many_lines: true, chars: true, ..LIKE_C },
    Language {
        names: "c h cpp c++ cc hpp cs c# csharp java scala go golang kotlin kt swift dart zig",
        keywords: OF_BRACES,
        quotes: "\"'`",
        triple: true,
        chars: true,
        sigils: "#@",
        ..LIKE_C
    },
    Language {
        names: "js javascript jsx ts typescript tsx mjs php",
        keywords: OF_BRACES,
        quotes: "\"'`",
        joins: "$",
        ..LIKE_C
    },
    Language {
        names: "python py ruby rb elixir ex exs",
        keywords: OF_WORDS,
        line_comments: "#",
        triple: true,
        sigils: "@",
        joins: "?!",
        ..COMMON
    },
    Language { names: "erlang erl", keywords: OF_WORDS, line_comments: "%", ..COMMON },
    Language { names: "lua", keywords: OF_WORDS, line_comments: "--", ..COMMON },
    Language {
        names: "sh shell bash zsh console fish make makefile dockerfile",
        keywords: "alias break case cd continue do done echo elif else esac eval exec exit export false fi for function if in local read return set shift source sudo then trap true unset until while",
        line_comments: "#",
        many_lines: true,
        bare_words: true,
        sigils: "$",
        joins: "-",
        ..COMMON
    },
    Language {
        names: "sql sqlite postgres postgresql mysql",
        keywords: "all alter and as asc begin between by case check commit constraint create cross default delete desc distinct drop else end exists explain foreign from full group having if in index inner insert into is join key left like limit not null offset on or order outer primary references returning right rollback select set table then transaction trigger union unique update using values view when where with",
        any_case: true,
        line_comments: "--",
        comment: "/* */",
        many_lines: true,
        ..COMMON
    },
    Language { names: "html xml svg vue", kind: Kind::Tags, comment: "<!-- -->", many_lines: true, ..COMMON },
    Language { names: "css scss less", comment: "/* */", sigils: "@", joins: "-", ..COMMON },
    Language {
        names: "json jsonc json5 toml yaml yml ini conf env",
        keywords: "false no null off on true yes",
        line_comments: "# ; //",
        triple: true,
        bare_words: true,
        joins: "-",
        ..COMMON
    },
    Language { names: "diff patch", kind: Kind::Diff, ..COMMON },
    Language {
        names: "lisp clojure clj scheme elisp",
        keywords: "and cond def define defmacro defn defun do else fn if lambda let let* letrec loop nil not ns or progn quote setq unless when",
        line_comments: ";",
        quotes: "\"",
        many_lines: true,
        joins: "-*?!><=/+",
        ..COMMON
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_with_one_initial_stand_together() {
        for language in &LANGUAGES {
            let initials: Vec<u8> = language
                .keywords
                .bytes()
                .zip(language.keywords.bytes().skip(1))
                .filter(|(before, _)| *before == b' ')
                .map(|(_, initial)| initial.to_ascii_lowercase())
                .collect();
            assert!(initials.is_sorted(), "{}", language.names);
        }
    }
}
