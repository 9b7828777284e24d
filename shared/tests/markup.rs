//! What a text is made of: the marks people write, and what stays as it was typed.

use shared::markup::{
    Block, Inline, Mention, host, is_long, mentions, mentions_nick, only_emoji, parse, plain, spellings,
};

/// A tree in short: `bold(…)`, one pair of brackets for each node, so that an expectation can be read.
fn shown(text: &str) -> String {
    blocks(&parse(text))
}

fn blocks(list: &[Block<'_>]) -> String {
    let one = |block: &Block<'_>| match block {
        Block::Paragraph(pieces) => format!("p({})", inlines(pieces)),
        Block::Code { language, code } => format!("code[{language}]({code})"),
        Block::Quote(inner) => format!("quote({})", blocks(inner)),
        Block::List { start, items } => {
            let items: Vec<String> = items.iter().map(|item| format!("item({})", blocks(item))).collect();
            format!("list{}({})", start.map_or(String::new(), |start| start.to_string()), items.join(" "))
        }
    };
    list.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn inlines(pieces: &[Inline<'_>]) -> String {
    let one = |piece: &Inline<'_>| match piece {
        Inline::Text(text) => (*text).to_owned(),
        Inline::Break => "⏎".to_owned(),
        Inline::Bold(inner) => format!("b({})", inlines(inner)),
        Inline::Italic(inner) => format!("i({})", inlines(inner)),
        Inline::Strike(inner) => format!("s({})", inlines(inner)),
        Inline::Code(code) => format!("c({code})"),
        Inline::Url(target) => format!("url({target})"),
        Inline::Link { target, words } => format!("link[{target}]({})", inlines(words)),
        Inline::Mention(mention) => format!("@({})", mention.name),
        Inline::Shortcode(name) => format!("emoji({name})"),
    };
    pieces.iter().map(one).collect()
}

/// What one line without blocks is made of.
fn line(text: &str) -> String {
    match parse(text).as_slice() {
        [Block::Paragraph(pieces)] => inlines(pieces),
        other => panic!("{text:?} is {}", blocks(other)),
    }
}

#[track_caller]
fn stays(text: &str) {
    assert_eq!(line(text), text);
}

#[test]
fn marks_make_bold_italic_and_struck() {
    for (typed, expected) in [
        ("**a** b", "b(a) b"),
        ("__a__", "b(a)"),
        ("*a* _b_", "i(a) i(b)"),
        ("~~a~~", "s(a)"),
        ("***a***", "i(b(a))"),
        ("***a** b*", "i(b(a) b)"),
        ("**a *b***", "b(a i(b))"),
        ("*a **b** c*", "i(a b(b) c)"),
        ("**_~~a~~_**", "b(i(s(a)))"),
        ("**a*b**", "b(a*b)"),
        ("un*believ*able", "uni(believ)able"),
        ("(**a**)", "(b(a))"),
        ("**über**_alles_", "b(über)i(alles)"),
        ("*one\ntwo*", "i(one⏎two)"),
    ] {
        assert_eq!(line(typed), expected, "{typed}");
    }
}

#[test]
fn a_mark_without_its_other_half_stays_as_typed() {
    for text in [
        "*a",
        "a*",
        "**a",
        "**a*",
        "*a**",
        "x * a *x",
        "a ** b ** c",
        "~a~",
        "~~a",
        "~~~~",
        "****",
        "*****a*****",
        "_",
        "__",
        "a_b_c",
        "snake_case_name",
        "_a_b",
        "__init__.py and __main__.py",
        "2*3*4",
        "2 * 3 * 4",
        "**kwargs, **args",
        "5 ** 2",
        "¯\\_(ツ)_/¯",
        "*\u{A0}a*",
        "a**\n**b",
    ] {
        let expected = text.replace('\n', "⏎");
        if text.starts_with("__init__") {
            // Markdown has it so: a dot ends a word.
            assert_eq!(line(text), "b(init).py and b(main).py");
        } else {
            assert_eq!(line(text), expected, "{text}");
        }
    }
}

#[test]
fn scripts_without_spaces_need_none_round_marks() {
    assert_eq!(line("这是**重要**的"), "这是b(重要)的");
    assert_eq!(line("这是**重要：**的"), "这是b(重要：)的");
    assert_eq!(line("**「はい」**と言う"), "b(「はい」)と言う");
}

#[test]
fn code_holds_whatever_stands_in_it() {
    for (typed, expected) in [
        ("`a *b* @c`", "c(a *b* @c)"),
        ("``a ` b``", "c(a ` b)"),
        ("`` `a` ``", "c(`a`)"),
        ("` `", "c( )"),
        ("`\\`", "c(\\)"),
        ("*a `b* c`", "*a c(b* c)"),
        ("``` a ```", "c(a)"),
        ("`a`b`", "c(a)b`"),
        ("`a\nb`", "`a⏎b`"),
        ("``a`", "``a`"),
    ] {
        assert_eq!(line(typed), expected, "{typed}");
    }
}

#[test]
fn a_backslash_makes_a_mark_plain() {
    for (typed, expected) in [
        (r"\*a\*", "*a*"),
        (r"2\*3\*4", "2*3*4"),
        (r"\_a\_ \`b\` \~~c\~~", "_a_ `b` ~~c~~"),
        (r"\[a](http://b)", "[a](url(http://b))"),
        (r"\@ana \:smile:", "@ana :smile:"),
        (r"\<http://a>", "<url(http://a)>"),
        (r"\> a", "> a"),
        (r"\- a", "- a"),
        (r"1\. a", "1. a"),
    ] {
        assert_eq!(line(typed), expected, "{typed}");
    }
}

#[test]
fn names_of_files_keep_their_backslashes() {
    for text in [r"\\nas\films\new", r"C:\Users\ana\.ssh", r"..\..\a-b", r"src\_private", r"node_modules\@types", r"a\"]
    {
        stays(text);
    }
}

#[test]
fn links_stand_between_text() {
    for (typed, expected) in [
        (
            "see http://a.example/x?y=1#z and https://b.example",
            "see url(http://a.example/x?y=1#z) and url(https://b.example)",
        ),
        ("(http://a.example).", "(url(http://a.example))."),
        ("http://a.example/b_(c), d", "url(http://a.example/b_(c)), d"),
        ("http://[::1]:4000/", "url(http://[::1]:4000/)"),
        ("看 http://a.example/。", "看 url(http://a.example/)。"),
        ("看http://a.example/。", "看url(http://a.example/)。"),
        ("HTTPS://A.example", "url(HTTPS://A.example)"),
        ("http://http://a http://b.c/ö?ü…", "url(http://http://a) url(http://b.c/ö?ü)…"),
        ("**http://a.example**", "b(url(http://a.example))"),
        ("*http://a.example/_b_c*", "i(url(http://a.example/_b_c))"),
        ("https://a.example/@ana", "url(https://a.example/@ana)"),
        ("<https://a.example/x,y.>", "url(https://a.example/x,y.)"),
        ("mailto:ana@den.local.", "url(mailto:ana@den.local)."),
        ("http://a.example/\u{202E}moc", "url(http://a.example/)\u{202E}moc"),
        ("[http://a.example/]", "[url(http://a.example/)]"),
    ] {
        assert_eq!(line(typed), expected, "{typed}");
    }
}

#[test]
fn words_may_be_links() {
    for (typed, expected) in [
        ("[the *plan*](https://a.example/p)", "link[https://a.example/p](the i(plan))"),
        ("[a](HTTP://b.example/c_(d))!", "link[HTTP://b.example/c_(d)](a)!"),
        ("[mail](mailto:ana@den.local)", "link[mailto:ana@den.local](mail)"),
        ("**[a](http://b.example)**", "b(link[http://b.example](a))"),
        ("[a [b](http://c.example) d](http://e.example)", "[a link[http://c.example](b) d](url(http://e.example))"),
        ("[`a`](http://b.example)", "link[http://b.example](c(a))"),
        ("a [1] and [2]", "a [1] and [2]"),
        ("[*a](http://b.example)*", "link[http://b.example](*a)*"),
    ] {
        assert_eq!(line(typed), expected, "{typed}");
    }
}

#[test]
fn a_link_leads_to_http_https_or_mailto_and_else_it_is_none() {
    for target in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "javascript://a.example/%0aalert(1)",
        "java\u{0}script:alert(1)",
        "java\tscript:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "%6Aavascript:alert(1)",
        "\u{1}javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://a.example",
        "//a.example",
        "/a",
        "a.example",
        "www.a.example",
        "http:a.example",
        "http:/a.example",
        "http://",
        "http:///x",
        "http://?",
        "https://\u{202E}a",
        "hhttp://a.example",
        "blob:http-x",
        "mailto:",
        "mailto:ana",
        "mailto:@den",
        "mailto:ana@",
        "",
        "#",
    ] {
        for text in [target.to_owned(), format!("[a]({target})"), format!("<{target}>"), format!("x {target} y")] {
            let shown = line(if text.is_empty() { "x" } else { &text });
            assert!(!shown.contains("url(") && !shown.contains("link["), "{text:?} is {shown}");
        }
    }
    // What is allowed may stand in what is not: it is the only part of it that leads anywhere.
    assert_eq!(line("[a](javascript:http://b.example)"), "[a](javascript:url(http://b.example))");
    assert_eq!(line("[a](http://b.example\"onclick=)"), "[a](url(http://b.example)\"onclick=)");
    assert_eq!(line("[a](http://b.example c)"), "[a](url(http://b.example) c)");
}

#[test]
fn words_that_are_an_address_lead_to_its_host() {
    assert_eq!(line("[http://a.example](http://a.example/x)"), "link[http://a.example/x](http://a.example)");
    assert_eq!(
        line("[https://bank.example](https://evil.example)"),
        "[url(https://bank.example)](url(https://evil.example))"
    );
    assert_eq!(line("[**https://bank.example**](https://bank.example@evil.example)").matches("url(").count(), 2);
}

#[test]
fn a_link_has_something_to_click_at() {
    for words in ["", " ", "\u{200B}"] {
        let shown = line(&format!("[{words}](http://a.example)"));
        assert!(!shown.contains("link["), "{shown}");
    }
}

#[test]
fn the_host_is_where_a_browser_goes() {
    for (target, expected) in [
        ("https://a.example/b", "a.example"),
        ("https://A.example:4000?b", "A.example:4000"),
        ("http://bank.example@evil.example/", "evil.example"),
        ("http://a:b@c@evil.example#x", "evil.example"),
        (r"http://evil.example\@bank.example", "evil.example"),
        ("http://[::1]:4000/", "[::1]:4000"),
        ("mailto:ana@den.local?subject=x", "ana@den.local"),
        ("", ""),
    ] {
        assert_eq!(host(target), expected, "{target}");
    }
}

#[test]
fn nobody_writes_html_or_pictures_or_headings() {
    for text in [
        "<script>alert(1)</script>",
        "<b>a</b>",
        "<!-- a -->",
        "&lt;b&gt; &amp; &#x41;",
        "# a",
        "a\n===",
        "---",
        "***",
        "| a | b |\n|---|---|",
        "![a](b.png)",
        "<img src=x onerror=alert(1)>",
        "[a]: b",
    ] {
        assert_eq!(line(text), text.replace('\n', "⏎"));
    }
    assert_eq!(line("![a](http://b.example/c.png)"), "![a](url(http://b.example/c.png))");
}

#[test]
fn an_at_mentions_whoever_it_names() {
    for (typed, expected) in [
        ("hi @ana", "hi @(ana)"),
        ("@ana: hi", "@(ana): hi"),
        ("@ana, @bob. (@eve) @dan!", "@(ana), @(bob). (@(eve)) @(dan)!"),
        ("**@ana**", "b(@(ana))"),
        ("_@ana_", "i(@(ana))"),
        ("@ana_ @jean-luc @o.k_7", "@(ana_) @(jean-luc) @(o.k_7)"),
        ("@王小明 @Дмитрий @أحمد", "@(王小明) @(Дмитрий) @(أحمد)"),
        ("你好@王", "你好@(王)"),
        ("@ana's", "@(ana's)"),
        ("[@ana](http://a.example)", "link[http://a.example](@(ana))"),
        ("> @ana", ""),
    ] {
        if expected.is_empty() {
            assert_eq!(shown(typed), "quote(p(@(ana)))");
        } else {
            assert_eq!(line(typed), expected, "{typed}");
        }
    }
}

#[test]
fn an_at_in_an_address_or_in_code_mentions_nobody() {
    for text in [
        "ana@den.local",
        "a/@b",
        "@@ana",
        "@",
        "@ ana",
        "@.",
        "@_",
        "`@ana`",
        "```\n@ana\n```",
        r"\@ana",
        "http://a.example/@b",
    ] {
        assert_eq!(mentions(text).count(), 0, "{text}");
    }
    for text in ["@here", "@everyone", "@ALL!", "@channel"] {
        stays(text);
    }
    let long = format!("@{}", "a".repeat(33));
    stays(&long);
}

#[test]
fn a_mention_may_have_the_sentence_at_its_end() {
    assert_eq!(mentions("@ana. and @Bob!? `@eve`").collect::<Vec<_>>(), ["ana.", "Bob!?"]);
    assert_eq!(spellings("ana.!").collect::<Vec<_>>(), ["ana.!", "ana.", "ana"]);
    for nick in ["ana", "ANA", "ana.", "ana.!"] {
        assert!(mentions_nick("hi @Ana.!", nick), "{nick}");
    }
    for nick in ["an", "ana!", "hi", ""] {
        assert!(!mentions_nick("hi @Ana.!", nick), "{nick}");
    }
    assert!(mentions_nick("_@ana_", "ana") && mentions_nick("_@ana_", "ana_"));
    assert!(mentions_nick("@ÉVA", "éva"));
    assert!(!mentions_nick("ana", "ana"), "a name alone calls nobody");
    let Some(Block::Paragraph(pieces)) = parse("@ana.").pop() else { panic!("one paragraph") };
    assert_eq!(pieces, [Inline::Mention(Mention { name: "ana", run: "ana." }), Inline::Text(".")]);
}

#[test]
fn mentions_of_one_text_are_few() {
    let many = "@ana ".repeat(200);
    assert_eq!(mentions(&many).count(), shared::markup::MAX_MENTIONS);
    assert_eq!(line(&many).matches("@(ana)").count(), shared::markup::MAX_MENTIONS);
}

#[test]
fn names_between_colons_may_be_emoji() {
    for (typed, expected) in [
        (":joy: :+1::100:", "emoji(joy) emoji(+1)emoji(100)"),
        ("**:joy:**", "b(emoji(joy))"),
        ("10:30:45", "10:30:45"),
        ("std::vec::Vec", "std::vec::Vec"),
        (":) :-) :JOY: ::: :_: a:joy:", ":) :-) :JOY: ::: :_: a:joy:"),
    ] {
        assert_eq!(line(typed), expected, "{typed}");
    }
}

#[test]
fn fences_hold_code() {
    for (typed, expected) in [
        ("```rust\nfn a() {}\n\n  b\n```", "code[rust](fn a() {}\n\n  b)"),
        ("~~~\n```\n~~~", "code[](```)"),
        ("````\n```\n````", "code[](```)"),
        ("a\n```\nb\n```\nc", "p(a) code[](b) p(c)"),
        ("```\nnot ended", "code[](not ended)"),
        ("```\n```", "code[]()"),
        ("  ```\n  a\n   b\n  ```", "code[](a\n b)"),
        ("> ```sh\n> a\n> ```\nb", "quote(code[sh](a)) p(b)"),
        ("- ```\n  a\n  ```", "list(item(code[](a)))"),
        ("```\r\na\r\n```", "code[](a)"),
        ("```a```", "p(c(a))"),
        ("~~~a~~~", "p(~~~a~~~)"),
        ("```", "p(```)"),
        ("a\n~~~", "p(a) p(~~~)"),
    ] {
        assert_eq!(shown(typed), expected, "{typed}");
    }
}

#[test]
fn quotes_hold_what_they_quote() {
    for (typed, expected) in [
        ("> a\n> b\nc", "quote(p(a⏎b)) p(c)"),
        ("> a\n>\n> b", "quote(p(a) p(b))"),
        (">> a\n> b", "quote(quote(p(a)) p(b))"),
        ("a\n> b", "p(a) quote(p(b))"),
        ("> **a\nb**", "quote(p(**a)) p(b**)"),
        (">_<", "p(>_<)"),
        (">", "p(>)"),
        (">:(", "p(>:()"),
        ("a > b", "p(a > b)"),
    ] {
        assert_eq!(shown(typed), expected, "{typed}");
    }
}

#[test]
fn lists_hold_items() {
    for (typed, expected) in [
        ("- a\n- b", "list(item(p(a)) item(p(b)))"),
        ("* a\n- b", "list(item(p(a)) item(p(b)))"),
        ("3. a\n4. b", "list3(item(p(a)) item(p(b)))"),
        ("1) a", "list1(item(p(a)))"),
        ("- a\n  - b\n  - c\n- d", "list(item(p(a) list(item(p(b)) item(p(c)))) item(p(d)))"),
        ("1. a\n   - b\n  - c", "list1(item(p(a) list(item(p(b)) item(p(c)))))"),
        ("  - a\n  - b", "list(item(p(a)) item(p(b)))"),
        ("- a\n  more\n\n  b\n\n- c\nd", "list(item(p(a⏎more) p(b)) item(p(c))) p(d)"),
        ("- a\n1. b", "list(item(p(a))) list1(item(p(b)))"),
        ("a\n- b", "p(a) list(item(p(b)))"),
        ("a\n1. b", "p(a) list1(item(p(b)))"),
        ("I was born in\n1986. A good year", "p(I was born in⏎1986. A good year)"),
        ("- > a\n- b", "list(item(quote(p(a))) item(p(b)))"),
        ("-a\n*b*\n1.5", "p(-a⏎i(b)⏎1.5)"),
        ("-", "p(-)"),
        ("- *a\n- b*", "list(item(p(*a)) item(p(b*)))"),
        ("999999999. a", "list999999999(item(p(a)))"),
        ("9999999999. a", "p(9999999999. a)"),
        ("-\ta\n\tb", "list(item(p(a⏎b)))"),
    ] {
        assert_eq!(shown(typed), expected, "{typed}");
    }
}

#[test]
fn lines_and_paragraphs_are_kept() {
    assert_eq!(shown("a\nb\n\n\nc"), "p(a⏎b) p(c)");
    assert_eq!(shown("a  b\n  c"), "p(a  b⏎  c)");
    assert_eq!(shown(""), "");
    assert_eq!(shown(" \n\t\n"), "");
}

#[test]
fn what_follows_text_is_one_piece_with_it() {
    assert_eq!(parse("a *b **c [d ~~e _f"), [Block::Paragraph(vec![Inline::Text("a *b **c [d ~~e _f")])]);
}

#[test]
fn a_text_fits_on_one_line_without_its_marks() {
    for (typed, expected) in [
        ("**a** `b`\n\n> c\n- d\n- e", "a b c d e"),
        ("[the plan](http://a.example) http://b.example @ana. :joy:", "the plan http://b.example @ana. :joy:"),
        ("```rust\nfn a() {\n}\n```", "fn a() { }"),
        ("  a \t\u{A0} b  ", "a b"),
        ("a\u{202E}b\u{7}c\u{2066}", "abc"),
        ("", ""),
    ] {
        assert_eq!(plain(typed, 100), expected, "{typed}");
    }
    assert_eq!(plain("abcd", 4), "abcd");
    assert_eq!(plain("abcde", 4), "abc…");
    assert_eq!(plain("ab cde", 4), "ab…");
    assert_eq!(plain("äöüß€", 4), "äöü…");
    assert_eq!(plain("abc", 0), "");
}

#[test]
fn a_long_text_is_one_of_many_lines_or_many_characters() {
    assert!(!is_long(&"a\n".repeat(20)) && is_long(&"a\n".repeat(21)));
    assert!(!is_long(&"é".repeat(2_000)) && is_long(&"é".repeat(2_001)));
}

#[test]
fn a_few_emoji_alone_are_only_emoji() {
    for text in ["👍", "👍👎", " 🎉 🎉 🎉 ", "❤️", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👋🏽", "☕\n☕"]
    {
        assert!(only_emoji(text), "{text}");
    }
    for text in
        ["", " ", "👍👍👍👍", "a👍", "👍a", "1", "#", "🇩", "\u{FE0F}", "\u{200D}", "👍\u{200D}", ":joy:", "1\u{FE0F}"]
    {
        assert!(!only_emoji(text), "{text}");
    }
}
