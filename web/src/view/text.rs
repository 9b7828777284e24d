//! A text as nodes: never as HTML, whatever it holds.

use shared::letters::fold;
use shared::markup::{self, Block, Inline, Token, highlight, host, parse, spellings};
use web_sys::HtmlElement;

use crate::copying::copy;
use crate::dom::{El, Part, el, switch};
use crate::emoji::basic;
use crate::node::Node;
use crate::page::Timeout;
use crate::state::*;
use crate::{calendar, clock};

/// Lines and characters shown of a text that is folded: fewer than make it so, so that unfolding it is worth a click.
/// No more than that is read, be the rest a bomb.
const SHOWN_LINES: usize = 12;
const SHOWN_CHARS: usize = 1_000;

/// So long a button says that it has copied, in milliseconds.
const SAID: i32 = 2_000;

/// What someone said, and whether it was edited at some time. A long text is folded; the line at `seq` stays unfolded
/// when it is drawn anew.
pub(super) fn said(node: Node, text: &str, edited: Option<u64>, seq: Option<u64>) -> El {
    if !markup::is_long(text) {
        return whole(node, text, edited);
    }
    let open = Signal::new(seq.is_some_and(|seq| node.is_unfolded(seq)));
    let text = text.to_owned();
    let drawn =
        switch(move || open.get(), move |open| whole(node, if *open { &text } else { beginning(&text) }, edited));
    let turn = move |_| {
        open.update(|open| *open = !*open);
        if let Some(seq) = seq {
            node.unfold(seq, open.get_untracked());
        }
    };
    let fold = el("button")
        .class("fold quiet")
        .attr("type", "button")
        .attr_from("aria-expanded", move || open.get())
        .text_from(move || if open.get() { "Show less" } else { "Show all" })
        .on("click", turn);
    el("div").child(drawn).child(fold)
}

/// The first lines of a text.
fn beginning(text: &str) -> &str {
    let lines = text.match_indices('\n').nth(SHOWN_LINES - 1).map_or(text.len(), |(at, _)| at);
    let chars = text.char_indices().nth(SHOWN_CHARS).map_or(text.len(), |(at, _)| at);
    &text[..lines.min(chars)]
}

fn whole(node: Node, text: &str, edited: Option<u64>) -> El {
    let end = edited.map(edited_at);
    let me = fold(&node.nick.get_untracked());
    let drawing = Drawing { node, me: &me };
    let class = if markup::only_emoji(text) { "text large" } else { "text" };
    let mut drawn = el("div").class(class);
    let blocks = parse(text);
    let (last, others) = match blocks.split_last() {
        // Its end stands in the last line.
        Some((Block::Paragraph(last), others)) => (Some(last), others),
        _ => (None, &blocks[..]),
    };
    drawn = drawing.blocks(drawn, others);
    let last = last.map(|last| drawing.pieces(paragraph(), last));
    match (last, end) {
        (Some(last), end) => drawn.child(last.child(end)),
        (None, Some(end)) => drawn.child(paragraph().child(end)),
        (None, None) => drawn,
    }
}

/// When it was edited stands in its title, and is heard.
fn edited_at(at: u64) -> El {
    let east = clock::minutes_east(at);
    let when = calendar::full(at, east);
    el("small")
        .class("edited")
        .attr("title", &when)
        .text(" (edited")
        .child(el("span").class("unseen").text(" on ").text(&when))
        .text(")")
}

/// Its direction is that of its own first letter.
fn paragraph() -> El {
    el("p").attr("dir", "auto")
}

/// What does not change within one text.
#[derive(Clone, Copy)]
struct Drawing<'a> {
    node: Node,
    /// The nick of whoever reads, folded.
    me: &'a str,
}

impl Drawing<'_> {
    fn blocks(self, parent: El, blocks: &[Block<'_>]) -> El {
        blocks.iter().fold(parent, |parent, block| {
            let block = match block {
                Block::Code { language, code } => return parent.child(self.code(language, code)),
                Block::Paragraph(pieces) => self.pieces(paragraph(), pieces),
                Block::Quote(blocks) => self.blocks(el("blockquote").attr("dir", "auto"), blocks),
                Block::List { start, items } => {
                    let list = match start {
                        Some(start) => el("ol").attr("start", &start.to_string()),
                        None => el("ul"),
                    };
                    items.iter().fold(list.attr("dir", "auto"), |list, item| list.child(self.blocks(el("li"), item)))
                }
            };
            parent.child(block)
        })
    }

    /// Without colours until what knows them is here.
    fn code(self, language: &str, code: &str) -> Part {
        let (node, language, code) = (self.node, language.to_owned(), code.to_owned());
        switch(
            move || node.more_by_the_way().is_some(),
            move |_| match node.more_at_hand() {
                Some(more) => (more.fenced)(&language, &code),
                None => block().child(el("pre").child(el("code").text(&code))),
            },
        )
    }

    fn pieces(self, parent: El, pieces: &[Inline<'_>]) -> El {
        pieces.iter().fold(parent, |parent, piece| match piece {
            Inline::Text(words) => parent.text(words),
            Inline::Break => parent.text("\n"),
            Inline::Bold(inner) => parent.child(self.pieces(el("strong"), inner)),
            Inline::Italic(inner) => parent.child(self.pieces(el("em"), inner)),
            Inline::Strike(inner) => parent.child(self.pieces(el("s"), inner)),
            Inline::Code(code) => parent.child(el("code").text(code)),
            Inline::Url(address) => parent.child(link(address).text(address)),
            Inline::Link { target, words } => {
                // The words may tell another place than that.
                let host = el("small").class("host").text(" (").child(el("bdi").text(host(target))).text(")");
                parent.child(self.pieces(link(target), words)).child(host)
            }
            Inline::Mention(mention) => {
                let mine = spellings(mention.run).any(|name| fold(name) == self.me);
                let class = if mine { "mention mine" } else { "mention" };
                parent.child(el("span").class(class).text("@").text(mention.name))
            }
            Inline::Shortcode(name) => match basic(name) {
                Some(emoji) => parent.text(emoji),
                None => parent.child(self.shortcode(name)),
            },
        })
    }

    /// What could be an emoji's name: becomes one if it is, once the names have come.
    fn shortcode(self, name: &str) -> El {
        let (node, name) = (self.node, name.to_owned());
        node.fetch_emoji();
        el("span").text_from(move || node.emoji_named(&name).unwrap_or_else(|| [":", &name, ":"].concat()))
    }
}

fn link(target: &str) -> El {
    el("a").attr("href", target).attr("target", "_blank").attr("rel", "noopener noreferrer")
}

/// What stands between fences.
fn block() -> El {
    el("div").class("code").attr("dir", "ltr")
}

/// The same in colours, and to be copied.
pub(super) fn fenced(language: &str, code: &str) -> El {
    let lines = highlight(language, code).into_iter().fold(el("code"), |lines, (token, words)| match class(token) {
        None => lines.text(words),
        Some(class) => lines.child(el("span").class(class).text(words)),
    });
    let whole = block();
    let within: HtmlElement = whole.handle();
    let (code, told) = (code.to_owned(), Signal::new("Copy"));
    let back = Signal::new(None);
    let copy_code = move |_| {
        told.set(if copy(&code, &within) { "Copied" } else { "Not allowed" });
        back.set(Some(Timeout::new(SAID, move || told.set("Copy"))));
    };
    let button = el("button")
        .attr("type", "button")
        .text_from(move || told.get())
        .child(el("span").class("unseen").text(" code"))
        .on("click", copy_code);
    whole.child(el("pre").child(lines)).child(button)
}

fn class(token: Token) -> Option<&'static str> {
    Some(match token {
        Token::Plain => return None,
        Token::Comment => "tok-comment",
        Token::Text => "tok-string",
        Token::Number => "tok-number",
        Token::Keyword => "tok-keyword",
        Token::Added => "tok-added",
        Token::Removed => "tok-removed",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_long_text_is_less_than_makes_it_long() {
        for long in ["é".repeat(16 * 1024), "row\n".repeat(500), "é\n".repeat(2_000)] {
            assert!(markup::is_long(&long));
            let shown = beginning(&long);
            assert!(!markup::is_long(shown) && shown.lines().count() <= SHOWN_LINES && !shown.ends_with('\n'));
        }
    }

    #[test]
    fn a_line_is_not_cut_where_it_need_not_be() {
        let rows: Vec<String> = (0..40).map(|row| format!("row {row}")).collect();
        assert_eq!(beginning(&rows.join("\n")), rows[..SHOWN_LINES].join("\n"));
    }
}
