//! What holds of every text, whatever somebody types into it.

use proptest::prelude::*;
use shared::emoji::{Table, leading, valid_reaction};
use shared::markup::{
    Block, Inline, MAX_DEPTH, MAX_OPEN, Token, highlight, host, is_long, mentions, mentions_nick, only_emoji, parse,
    plain,
};

/// What a person sees of a tree, in order, with where links lead behind their words; and what there is to count.
#[derive(Default)]
struct Seen {
    text: String,
    nodes: usize,
    deepest: usize,
    targets: Vec<String>,
    runs: Vec<String>,
}

impl Seen {
    fn of(text: &str) -> Self {
        let mut seen = Self::default();
        seen.blocks(&parse(text), 0);
        seen
    }

    fn blocks(&mut self, blocks: &[Block<'_>], depth: usize) {
        assert!(depth <= MAX_DEPTH);
        for block in blocks {
            self.nodes += 1;
            match block {
                Block::Paragraph(pieces) => self.pieces(pieces, 0),
                Block::Code { language, code } => {
                    self.text.push_str(language);
                    self.text.push_str(code);
                }
                Block::Quote(inner) => self.blocks(inner, depth + 1),
                Block::List { items, .. } => items.iter().for_each(|item| {
                    self.nodes += 1;
                    self.blocks(item, depth + 1);
                }),
            }
        }
    }

    fn pieces(&mut self, pieces: &[Inline<'_>], depth: usize) {
        self.deepest = self.deepest.max(depth);
        for piece in pieces {
            self.nodes += 1;
            match piece {
                Inline::Text(text) => {
                    assert!(!text.is_empty());
                    self.text.push_str(text);
                }
                Inline::Code(text) => self.text.push_str(text),
                Inline::Break => self.text.push('\n'),
                Inline::Bold(inner) | Inline::Italic(inner) | Inline::Strike(inner) => {
                    assert!(!inner.is_empty(), "a mark round nothing");
                    self.pieces(inner, depth + 1);
                }
                Inline::Url(target) => {
                    self.text.push_str(target);
                    self.targets.push((*target).to_owned());
                }
                Inline::Link { target, words } => {
                    self.pieces(words, depth + 1);
                    self.text.push_str(target);
                    self.targets.push((*target).to_owned());
                }
                Inline::Mention(mention) => {
                    assert!(mention.run.starts_with(mention.name));
                    self.text.push_str(mention.name);
                    self.runs.push(mention.run.to_owned());
                }
                Inline::Shortcode(name) => self.text.push_str(name),
            }
        }
    }
}

/// Letters alone: digits may be an item's number, and signs may be marks.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// Texts that are full of what means something, and of what nearly does.
fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(vec![
            "*",
            "**",
            "***",
            "_",
            "__",
            "~~",
            "~",
            "`",
            "``",
            "```",
            "~~~",
            "```rs\n",
            "\n",
            "\n\n",
            "> ",
            ">",
            "- ",
            "* ",
            "1. ",
            "7) ",
            "  ",
            "\t",
            "\\",
            "[",
            "]",
            "](",
            "(",
            ")",
            "](http://a.b)",
            "[x](https://c.d/e)",
            "<",
            ">",
            "<https://f.g>",
            "http://h.i",
            "HTTPS://j",
            "mailto:k@l",
            "mailto:",
            "://",
            "javascript:",
            "@",
            "@ana",
            "@ana.",
            " @Éva!",
            ":",
            ":joy:",
            ":+1:",
            "::",
            "!",
            ".",
            "a",
            "b c",
            "é",
            "王",
            "。",
            "👍",
            "❤️",
            "\u{200D}",
            "\u{202E}",
            "\u{0}",
            "\r\n",
            "0",
            "42",
            "&amp;",
            "<b>",
            "¯\\_(ツ)_/¯",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,3}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_letter_is_lost_and_none_is_added(text in texts()) {
        prop_assert_eq!(letters(&Seen::of(&text).text), letters(&text));
    }

    #[test]
    fn a_tree_has_no_more_nodes_than_its_text_has_bytes(text in texts()) {
        let seen = Seen::of(&text);
        // An item of a list takes two bytes at least, and is three nodes: item, paragraph, text.
        prop_assert!(seen.nodes <= 2 * text.len() + 2, "{} nodes of {} bytes", seen.nodes, text.len());
        prop_assert!(seen.deepest <= 2 * MAX_OPEN + 1);
    }

    #[test]
    fn links_lead_to_http_https_or_mailto_alone(text in texts()) {
        for target in Seen::of(&text).targets {
            let folded = target.to_ascii_lowercase();
            prop_assert!(["http://", "https://", "mailto:"].iter().any(|scheme| folded.starts_with(scheme)), "{target:?}");
            prop_assert!(!target.chars().any(|c| c.is_control() || c.is_whitespace() || "<>\"`\u{202E}".contains(c)), "{target:?}");
            prop_assert!(!host(&target).is_empty() || target.contains('@') , "{target:?}");
        }
    }

    #[test]
    fn who_is_mentioned_is_who_is_shown_as_mentioned(text in texts()) {
        let runs = Seen::of(&text).runs;
        prop_assert_eq!(mentions(&text).collect::<Vec<_>>(), runs.iter().map(String::as_str).collect::<Vec<_>>());
        for run in &runs {
            prop_assert!(mentions_nick(&text, run));
        }
        prop_assert_eq!(mentions_nick(&text, "ana"), runs.iter().any(|run| run.to_lowercase().trim_end_matches(['.', '!', '?', ';', '\'', '|', '}', '_']) == "ana"));
    }

    #[test]
    fn a_text_on_one_line_is_one_line_and_no_longer_than_asked(text in texts(), limit in 0_usize..40) {
        let line = plain(&text, limit);
        prop_assert!(line.chars().count() <= limit.max(1));
        prop_assert!(!line.contains(char::is_control));
        prop_assert_eq!(line.trim(), line.as_str());
    }

    #[test]
    fn pieces_of_code_are_the_code(
        language in prop::sample::select(vec!["rust", "c", "js", "go", "python", "ruby", "elixir", "erlang", "sh", "sql", "html", "css", "json", "diff", "lisp", "x"]),
        code in "[a-z0-9'\"`/*#<>!\\-+@$ \n\\\\é.]{0,80}|\\PC{0,20}",
    ) {
        let pieces = highlight(language, &code);
        prop_assert_eq!(pieces.iter().map(|(_, piece)| *piece).collect::<String>(), code.as_str());
        prop_assert!(pieces.iter().all(|(_, piece)| !piece.is_empty()));
        prop_assert!(pieces.windows(2).all(|pair| pair[0].0 != pair[1].0), "neighbours differ");
        prop_assert!(language != "x" || pieces.iter().all(|(token, _)| *token == Token::Plain));
    }

    #[test]
    fn an_emoji_ends_where_a_character_does(text in "[👍❤\u{FE0F}\u{200D}🏽🇩🇪1#\u{20E3}🏴\u{E0067}\u{E007F}a ]{0,12}") {
        let length = leading(&text);
        prop_assert!(text.is_char_boundary(length));
        prop_assert_eq!(valid_reaction(&text[..length]), (1..=32).contains(&length));
        let _ = (only_emoji(&text), is_long(&text));
    }

    #[test]
    fn any_file_is_read(text in "([a-z👍]{0,3}[\t\n ]){0,20}|\\PC{0,40}", name in "[a-z]{0,3}") {
        let table = Table::parse(&text);
        let shown: usize = table.groups().iter().map(|(_, emoji)| emoji.len()).sum();
        prop_assert_eq!(table.search("").len(), shown);
        prop_assert!(table.get(&name).is_none_or(|emoji| table.complete(&name, 99).iter().any(|found| found.emoji == emoji)));
    }
}
