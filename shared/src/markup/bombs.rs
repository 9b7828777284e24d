//! Texts made to cost more than they are worth.

use super::{Block, MAX_DEPTH, MAX_OPEN, MAX_TOKENS, cost, highlight, mentions, parse, plain};
use crate::wire::MAX_TEXT;

/// Bytes that may be looked at for each byte of a text: each depth of quotes and lists, and each length of a fence
/// that has no other half, is one look at most.
const LOOKS: usize = 60;

/// What is written over and over.
const PARTS: [&str; 60] = [
    "*",
    "**",
    "***",
    "_",
    "__",
    "~~",
    "*a",
    "a*",
    "*a ",
    "_a ",
    "**a *b ",
    "*a_b~~c ",
    "a**b*c",
    "`",
    "``` ",
    "`a``b```c",
    "[",
    "]",
    "[]",
    "[a](",
    "](",
    "[a](http://b",
    "[a](http://b]",
    "[a](http://b)",
    "[http://a](http://b)",
    "[ ](http://b)",
    "[[a](http://b",
    "((",
    ")",
    "http://",
    "http://a)",
    "http://a",
    "xhttp://a",
    "!http://a!",
    "mailto:",
    "!mailto:a",
    "mailto:a@b",
    "!mailto:a@",
    "<",
    "<http://a",
    "<http://a>",
    "@",
    "@a",
    "@a.",
    "@. ",
    ":",
    ":a",
    ":a:",
    ">",
    "> ",
    "> - ",
    "- ",
    "- a\n",
    "- a\n  ",
    "1. ",
    "\\",
    "\\*",
    "```\n",
    "~~~ a\n",
    "a",
];

/// The longest text that this is written in.
fn bomb(part: &str) -> String {
    part.repeat(MAX_TEXT / part.len())
}

/// Texts whose parts are of use to each other only once.
fn pairs() -> Vec<String> {
    let half = MAX_TEXT / 2;
    let mut texts: Vec<String> = Vec::new();
    for (first, last) in [
        ("*a ", " a*"),
        ("[", "](http://a)"),
        ("[http://b", "](http://a)"),
        ("**a *", "***"),
        ("http://a(", ")"),
        ("http://a", ")"),
        ("1", "\\."),
        ("- a\n", "\n"),
        ("> ", ">"),
        ("`", "``"),
        ("> > > > > > ", "*"),
        (" ", "> a\n"),
        ("\t", "- a\n"),
        ("@a", "."),
        ("[ ", "](http://a)"),
        ("- a\n  - b\n    - c\n", "      d\n"),
    ] {
        texts.push(first.repeat(half / first.len()) + &last.repeat(half / last.len()));
    }
    // Fences of every length, none of which has another half.
    texts.push((1..180).map(|length| "`".repeat(length) + "a").collect());
    texts.push((1..180).rev().map(|length| "`".repeat(length) + "a").collect());
    // Ever deeper items.
    texts.push((0..180).map(|depth| " ".repeat(2 * depth) + "- a\n").collect());
    texts
}

#[test]
fn what_reading_costs_grows_with_the_text_and_not_with_its_square() {
    for text in PARTS.into_iter().map(bomb).chain(pairs()) {
        for cost in [cost::of(|| parse(&text)), cost::of(|| plain(&text, 100)), cost::of(|| mentions(&text).count())] {
            let begin: String = text.chars().take(20).collect();
            assert!(cost <= LOOKS * text.len(), "{begin:?}… looks {} times at each byte", cost / text.len());
        }
    }
}

#[test]
fn colouring_costs_no_more() {
    // A name is compared with the keywords of its initial: that is the most that one takes.
    const KEYWORDS: usize = 120;
    for part in [
        "/*", "/* ", "\"", "'", "`", "\"\"\"", "'\\", "<", "<a ", "</", "<!--", "--", "#", "@", "1.", "a ", "s ",
        "ab ", "+\n", "$", "é",
    ] {
        let code = bomb(part);
        for language in ["rust", "c", "js", "go", "python", "sh", "sql", "html", "css", "yaml", "diff", "lisp"] {
            let mut pieces = 0;
            let cost = cost::of(|| pieces = highlight(language, &code).len());
            assert!(
                cost <= KEYWORDS * code.len(),
                "{language}: {part:?} looks {} times at each byte",
                cost / code.len()
            );
            assert!(pieces <= MAX_TOKENS);
        }
    }
}

#[test]
fn quotes_and_lists_stand_in_each_other_to_a_bound() {
    for part in ["> ", "- ", "> - ", "1. "] {
        let text = part.repeat(100) + "a";
        let mut depth = 0;
        let mut blocks = parse(&text);
        loop {
            blocks = match blocks.pop() {
                Some(Block::Quote(inner)) => inner,
                Some(Block::List { mut items, .. }) => items.pop().unwrap(),
                _ => break,
            };
            depth += 1;
        }
        assert_eq!(depth, MAX_DEPTH, "{part}");
    }
}

#[test]
fn too_many_open_marks_leave_the_newest_open() {
    let text = "*a ".repeat(MAX_OPEN) + "**b**";
    let Some(Block::Paragraph(pieces)) = parse(&text).pop() else { panic!("one paragraph") };
    assert_eq!(pieces.len(), 2, "all that is not bold is one piece of text: {pieces:?}");
}
