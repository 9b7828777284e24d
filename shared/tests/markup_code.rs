//! Code in colours.

use shared::markup::{MAX_TOKENS, Token, highlight};

/// The pieces that are not plain, in short.
fn colours(language: &str, code: &str) -> String {
    let pieces = highlight(language, code);
    assert_eq!(pieces.iter().map(|(_, piece)| *piece).collect::<String>(), code);
    let one = |(token, piece): &(Token, &str)| match token {
        Token::Plain => None,
        Token::Comment => Some(format!("c({piece})")),
        Token::Text => Some(format!("t({piece})")),
        Token::Number => Some(format!("n({piece})")),
        Token::Keyword => Some(format!("k({piece})")),
        Token::Added => Some(format!("add({piece})")),
        Token::Removed => Some(format!("del({piece})")),
    };
    pieces.iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_language_has_its_words_texts_numbers_and_comments() {
    for (language, code, expected) in [
        ("rust", "fn a<'a>(b: &'a str) { 'x'; '\\''; \"y\" } // z", "k(fn) t('x') t('\\'') t(\"y\") c(// z)"),
        ("rs", "0x1F 1_000u64 1.5e3 0..9 x2 /* a\nb */ fnord", "n(0x1F) n(1_000u64) n(1.5e3) n(0) n(9) c(/* a\nb */)"),
        ("c++", "#include <a>\nint b = 'c';", "k(#include) k(int) t('c')"),
        ("java", "@Override public int a", "k(@Override) k(public) k(int)"),
        ("js", "const a$b = `x\n${y}` + 'it\\'s'", "k(const) t(`x\n${y}`) t('it\\'s')"),
        ("ts", "type A = \"b", "k(type) t(\"b)"),
        ("go", "func a() { 'b' }", "k(func) t('b')"),
        ("kotlin", "val a = \"\"\"b\n\"c\" \"\"\"", "k(val) t(\"\"\"b\n\"c\" \"\"\")"),
        ("swift", "guard let a", "k(guard) k(let)"),
        ("python", "@a\ndef b(): '''c\nd''' # e", "k(@a) k(def) t('''c\nd''') c(# e)"),
        ("ruby", "def a?; @b end", "k(def) k(@b) k(end)"),
        ("elixir", "@doc \"\"\"\na\n\"\"\"\ndef b, do: 1 # c", "k(@doc) t(\"\"\"\na\n\"\"\") k(def) k(do) n(1) c(# c)"),
        ("erlang", "case A of % b", "k(case) k(of) c(% b)"),
        ("sh", "if [ $# -gt 1 ]; then echo it's \"$a\" # b", "k(if) n(1) k(then) k(echo) t(\"$a\") c(# b)"),
        ("bash", "$HOME git-if", "k($HOME)"),
        (
            "sql",
            "SELECT a from b -- c\nwhere d = 'e''f'",
            "k(SELECT) k(from) c(-- c) k(where) t('e'f')".replace("'e'f'", "'e''f'").as_str(),
        ),
        ("html", "<!-- a --><a href=\"b\">it's 1</a>", "c(<!-- a -->) k(a) t(\"b\") k(a)"),
        ("css", "@media { a { margin-top: 1.5em /* b */ } }", "k(@media) n(1.5em) c(/* b */)"),
        ("json", "{\"a\": [1, true, null]}", "t(\"a\") n(1) k(true) k(null)"),
        ("yaml", "a: it's # b\nc#d: yes", "c(# b) k(yes)"),
        ("toml", "a = \"b\" # c", "t(\"b\") c(# c)"),
        ("ini", "; a\n[b]\nc=1", "c(; a) n(1)"),
        ("diff", "@@ -1 +1 @@\n-a\n-b\n+c\n d", "c(@@ -1 +1 @@\n) del(-a\n-b\n) add(+c\n)"),
        ("lisp", "(let* ((a 'b)) ; c", "k(let*) c(; c)"),
        ("lua", "local a -- b", "k(local) c(-- b)"),
    ] {
        assert_eq!(colours(language, code), expected, "{language}");
    }
}

#[test]
fn a_language_is_known_by_its_first_word_in_either_case() {
    for language in ["RUST", "rust,ignore", "rust title=a", "rust{1}"] {
        assert_eq!(colours(language, "fn"), "k(fn)", "{language}");
    }
    for language in ["", " ", "brainfuck", "ru", "rust2"] {
        assert_eq!(highlight(language, "fn 1"), [(Token::Plain, "fn 1")], "{language}");
    }
    assert_eq!(highlight("rust", ""), []);
}

#[test]
fn what_does_not_end_goes_on_to_the_end() {
    for (language, code) in
        [("c", "/* a"), ("js", "`a\n"), ("python", "\"\"\"a\n"), ("html", "<!-- a"), ("rust", "\"a\\")]
    {
        assert_eq!(highlight(language, code).len(), 1, "{code}");
    }
}

#[test]
fn code_is_cut_into_a_bounded_number_of_pieces() {
    for (language, code) in [("rust", "1 "), ("diff", "+a\n-b\n"), ("html", "<a>"), ("c", "\"\"a")] {
        let code = code.repeat(20_000);
        let pieces = highlight(language, &code);
        assert!(pieces.len() <= MAX_TOKENS && pieces.len() > MAX_TOKENS - 10, "{language}: {}", pieces.len());
        assert_eq!(pieces.iter().map(|(_, piece)| *piece).collect::<String>(), code);
    }
}
