//! The lines of a text: which of them are quotes, lists and code, and what stands in those.

use super::cost::looked_at;
use super::cut::{find, first, from, up_to};
use super::inlines::Paragraph;
use super::{Block, MAX_DEPTH, MAX_MENTIONS};

/// Columns that a line of an item is moved in by, at least. Two do, whatever the item's mark.
const INDENT: usize = 2;

/// Columns before a mark that still let it be one. More would be the inside of something.
pub(super) const MARGIN: usize = 3;

/// Digits of an item's number: what a browser can count from.
pub(super) const MAX_DIGITS: usize = 9;

/// Reads a text from its first line to its last.
pub(super) struct Reader<'a> {
    source: &'a str,
    /// How many more may be made.
    mentions: usize,
}

/// What an item begins with.
#[derive(Clone, Copy)]
struct Marker {
    /// None for a bullet.
    number: Option<u32>,
    /// Spaces before it.
    margin: usize,
    /// All of it, with the spaces before and behind, in bytes.
    width: usize,
}

/// Three or more of one sign.
#[derive(Clone, Copy)]
struct Fence<'a> {
    sign: char,
    length: usize,
    /// Spaces before it.
    indent: usize,
    language: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, mentions: MAX_MENTIONS }
    }

    pub(super) fn read(mut self) -> Vec<Block<'a>> {
        let lines: Vec<&str> = self.source.lines().collect();
        self.blocks(&lines, 0)
    }

    /// What these lines are, `depth` quotes and lists deep. Each line is read once at each depth.
    fn blocks(&mut self, lines: &[&'a str], depth: usize) -> Vec<Block<'a>> {
        let mut blocks = Vec::new();
        let mut at = 0;
        while let Some(&line) = lines.get(at) {
            looked_at(line.len());
            if is_blank(line) {
                at += 1;
            } else if let Some(fence) = fence(line).filter(|_| at + 1 < lines.len()) {
                let end = lines[at + 1..].iter().position(|line| ends(line, fence)).map_or(lines.len(), |n| at + 1 + n);
                let code: Vec<&str> = lines[at + 1..end].iter().map(|line| moved_out(line, fence.indent)).collect();
                blocks.push(Block::Code { language: fence.language, code: code.join("\n") });
                at = end + 1;
            } else if depth < MAX_DEPTH && unquoted(line, false).is_some() {
                let mut quoted = Vec::new();
                while let Some(inner) = lines.get(at).and_then(|line| unquoted(line, !quoted.is_empty())) {
                    looked_at(inner.len());
                    quoted.push(inner);
                    at += 1;
                }
                blocks.push(Block::Quote(self.blocks(&quoted, depth + 1)));
            } else if let Some(first) = marker(line).filter(|_| depth < MAX_DEPTH) {
                let end = at + list_length(&lines[at..], first);
                blocks.push(self.list(&lines[at..end], first, depth));
                at = end;
            } else {
                let mut paragraph = Paragraph::new(self.source, &mut self.mentions);
                let start = at;
                while let Some(line) = lines.get(at)
                    && !is_blank(line)
                    && (at == start || !interrupts(line, depth))
                {
                    looked_at(2 * line.len());
                    paragraph.line(line, at > start);
                    at += 1;
                }
                blocks.push(Block::Paragraph(paragraph.finish()));
            }
        }
        blocks
    }

    /// Lines of which each is of an item, the first with its mark.
    fn list(&mut self, lines: &[&'a str], first: Marker, depth: usize) -> Block<'a> {
        let mut items = Vec::new();
        let mut item = Vec::new();
        let mut width = first.width;
        for line in lines {
            looked_at(line.len());
            match marker(line).filter(|marker| marker.margin < first.margin + INDENT) {
                Some(marker) => {
                    if !item.is_empty() {
                        items.push(self.blocks(&item, depth + 1));
                        item.clear();
                    }
                    width = marker.width;
                    item.push(from(line, width));
                }
                None => item.push(moved_out(line, width)),
            }
        }
        items.push(self.blocks(&item, depth + 1));
        Block::List { start: first.number, items }
    }
}

/// How many lines a list has that begins with the first.
fn list_length(lines: &[&str], first: Marker) -> usize {
    let mut length = 1;
    for (at, line) in lines.iter().enumerate().skip(1) {
        looked_at(line.len());
        if is_blank(line) {
            continue; // what follows decides
        }
        let same_kind = |marker: Marker| marker.number.is_some() == first.number.is_some();
        if indent(line) < first.margin + INDENT && !marker(line).is_some_and(same_kind) {
            break;
        }
        length = at + 1;
    }
    length
}

/// Whether a line ends a paragraph that it follows. A year at the start of a line is no list (CommonMark 0.31,
/// section 5.2).
fn interrupts(line: &str, depth: usize) -> bool {
    fence(line).is_some()
        || depth < MAX_DEPTH
            && (unquoted(line, false).is_some()
                || marker(line).is_some_and(|marker| matches!(marker.number, None | Some(1))))
}

/// What is behind these signs at the start of a line.
fn behind<'a>(line: &'a str, signs: &str) -> &'a str {
    from(line, find(line, &|c| !signs.contains(c)))
}

fn is_blank(line: &str) -> bool {
    find(line, &|c| !c.is_whitespace()) == line.len()
}

/// Columns before what a line holds; a tab is four.
fn indent(line: &str) -> usize {
    line.bytes()
        .map_while(|b| [(b' ', 1), (b'\t', 4)].into_iter().find(|(space, _)| *space == b))
        .map(|(_, width)| width)
        .sum()
}

/// The line without up to so many columns of space at its start.
fn moved_out(line: &str, columns: usize) -> &str {
    let mut left = columns;
    let end = line.bytes().position(|b| {
        let width = if b == b'\t' { 4 } else { 1 };
        let stays = !matches!(b, b' ' | b'\t') || left == 0;
        left = left.saturating_sub(width);
        stays
    });
    from(line, end.unwrap_or(line.len()))
}

fn fence(line: &str) -> Option<Fence<'_>> {
    let indent = indent(line);
    let inner = behind(line, " \t");
    let sign = first(inner).filter(|sign| matches!(sign, '`' | '~') && indent <= MARGIN)?;
    let language = from(inner, find(inner, &|c| c != sign));
    let length = inner.len() - language.len();
    // One line of code between fences is not the start of more.
    let opens = length >= 3 && !language.contains(sign);
    opens.then_some(Fence { sign, length, indent, language: language.trim() })
}

/// Whether the line ends what this fence began.
fn ends(line: &str, opened: Fence<'_>) -> bool {
    fence(line)
        .is_some_and(|fence| fence.sign == opened.sign && fence.length >= opened.length && fence.language.is_empty())
}

/// What is quoted in a line. Of a face (`>_<`) nothing is: it takes a space behind the marks. A mark alone goes on
/// with a quote.
fn unquoted(line: &str, goes_on: bool) -> Option<&str> {
    let inner = behind(line, " ");
    if line.len() - inner.len() > MARGIN {
        return None;
    }
    let quoted = inner.strip_prefix('>')?;
    let after_marks = behind(quoted, ">");
    let quotes = after_marks.starts_with([' ', '\t']) || goes_on && after_marks.is_empty();
    quotes.then(|| quoted.strip_prefix(' ').unwrap_or(quoted))
}

fn marker(line: &str) -> Option<Marker> {
    let inner = behind(line, " ");
    let margin = line.len() - inner.len();
    let digits = inner.bytes().take(MAX_DIGITS + 1).take_while(u8::is_ascii_digit).count();
    let mark = inner.as_bytes().get(digits)?;
    let number = match mark {
        b'.' | b')' if (1..=MAX_DIGITS).contains(&digits) => Some(up_to(inner, digits).parse().ok()?),
        b'-' | b'*' if digits == 0 => None,
        _ => return None,
    };
    let rest = from(inner, digits + 1);
    let held = behind(rest, " \t");
    let is_item = margin <= MARGIN && held.len() < rest.len() && !is_blank(held);
    is_item.then_some(Marker { number, margin, width: line.len() - held.len() })
}
