//! The rows of a transcript as lines of the screen.

mod around;

use ratatui::text::Line;
use shared::entry::{Details, Entry, File, Reaction};
use shared::markup::plain;
use shared::transcript::{Conversation, Item, Notice, Pending, PendingState, What};

pub(super) use self::around::Around;
use super::ink::{Ink, cut, line, line_width, width};
use super::markup::Pen;
use super::theme::Theme;
use super::wrap::{Ends, LEAST, wrap};
use crate::moment;

/// From so many columns on, time and nick stand beside the text; on less, above it.
const BESIDE: usize = 56;

/// `12:34` and a space.
const TIME: usize = 6;

/// Columns of a nick beside the text; a longer one moves the first line of its text on.
const NICK: usize = 10;

/// So wide is a text at most: longer lines are hard to read.
const WIDEST: usize = 120;

/// Characters of a line that is answered.
const QUOTED: usize = 100;

/// Of so few who reacted all are named.
const NAMED: usize = 3;

/// What rows are drawn with.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub theme: Theme,
    pub me: &'a str,
    /// Columns there are.
    pub columns: usize,
    pub conversation: &'a Conversation,
    /// From this line on all was new when the place was opened.
    pub new_from: Option<u64>,
}

impl Setting<'_> {
    /// A row in lines that goes on with what the one before began, as if it began it; none of other rows.
    pub(super) fn named_row(&self, before: Option<&Item>, item: &Item) -> Option<Vec<Line<'static>>> {
        let around = self.around(before, item);
        (!around.head).then(|| self.row(item, &Around { head: true, ..around }))
    }

    /// A row in lines; at least one.
    pub(super) fn row(&self, item: &Item, around: &Around) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        lines.extend(around.day.as_deref().map(|day| self.rule(day, self.theme.aside())));
        if around.new {
            lines.push(self.rule("New", self.theme.news()));
        }
        match item {
            Item::Line(entry) if entry.is_line() => self.said(entry, around, &mut lines),
            Item::Line(entry) => self.topic(entry, &mut lines),
            Item::Hole { .. } => lines.push(self.rule("lines are missing here", self.theme.aside())),
            Item::Notice(notice) => self.notice(notice, &mut lines),
            Item::Pending(pending) => self.pending(pending, around, &mut lines),
        }
        lines.into_iter().map(line).collect()
    }

    fn said(&self, entry: &Entry, around: &Around, lines: &mut Vec<Vec<Ink>>) {
        let none = Details::default();
        let details = entry.details().unwrap_or(&none);
        let aside = self.theme.aside();
        let mut text = Vec::new();
        self.answered(details.reply_to, around, &mut text);
        let pen = Pen { theme: self.theme, me: self.me, base: self.theme.text() };
        text.extend(pen.text(entry.text(), self.text_columns()));
        if details.deleted {
            text.push(vec![Ink::new("(deleted)", aside)]);
        }
        if details.edited.is_some() {
            self.append(&mut text, Ink::new(" (edited)", aside));
        }
        text.extend(details.files.iter().flat_map(|file| self.file(&file.name, file.size, Some(file))));
        text.extend(self.reactions(&details.reactions));
        self.beside(entry.from(), entry.at(), around.head, text, lines);
    }

    fn pending(&self, pending: &Pending, around: &Around, lines: &mut Vec<Vec<Ink>>) {
        let aside = self.theme.aside();
        let mut text = Vec::new();
        self.answered(pending.reply_to, around, &mut text);
        let pen = Pen { theme: self.theme, me: self.me, base: aside };
        text.extend(pen.text(&pending.text, self.text_columns()));
        text.extend(pending.files.iter().flat_map(|file| self.file(&file.name, 0, None)));
        match &pending.state {
            PendingState::Waiting => self.append(&mut text, Ink::new(" (sending)", aside)),
            PendingState::Sent { .. } => {}
            PendingState::Failed(refusal) => {
                let words = Ink::new(&format!("! not said: {}", refusal.message), self.theme.wrong());
                text.extend(wrap(&[words], self.text_columns(), self.text_columns(), Ends::Words));
            }
        }
        self.beside(self.me, pending.at, around.head, text, lines);
    }

    /// The line that is answered, as a quote.
    fn answered(&self, reply_to: Option<u64>, around: &Around, text: &mut Vec<Vec<Ink>>) {
        let Some(seq) = reply_to else { return };
        let quote = self.theme.quote();
        let words = match &around.answered {
            Some(line) => quoted(line),
            None => format!("an earlier line (#{seq})"),
        };
        text.push(vec![Ink::new("> ", self.theme.aside()), Ink::new(&cut(&words, self.text_columns() - 2), quote)]);
    }

    fn file(&self, name: &str, size: u64, known: Option<&File>) -> Vec<Vec<Ink>> {
        let mut about = String::new();
        if let Some(file) = known {
            about = format!(" {}", size_in_words(size));
            if let (Some(width), Some(height)) = (file.width, file.height) {
                about.push_str(&format!(", {width}×{height}"));
            }
        }
        let words = [
            Ink::new("[file] ", self.theme.aside()),
            Ink::new(name, self.theme.strong()),
            Ink::new(&about, self.theme.aside()),
        ];
        wrap(&words, self.text_columns(), self.text_columns(), Ends::Words)
    }

    /// `👍 ana, bob  🎉 12`
    fn reactions(&self, reactions: &[Reaction]) -> Vec<Vec<Ink>> {
        let mut words = Vec::new();
        for reaction in reactions {
            if !words.is_empty() {
                words.push(Ink::new("  ", self.theme.aside()));
            }
            words.push(Ink::new(&reaction.emoji, self.theme.text()));
            let all_named = reaction.nicks.len() <= NAMED && reaction.nicks.len() == reaction.count as usize;
            let who = if all_named { reaction.nicks.join(", ") } else { reaction.count.to_string() };
            words.push(Ink::new(&format!(" {who}"), self.theme.aside()));
        }
        if words.is_empty() {
            return Vec::new();
        }
        wrap(&words, self.text_columns(), self.text_columns(), Ends::Words)
    }

    fn topic(&self, entry: &Entry, lines: &mut Vec<Vec<Ink>>) {
        let aside = self.theme.aside();
        let mut words = vec![Ink::new("* ", aside), Ink::new(entry.from(), self.theme.nick(entry.from()))];
        if entry.text().is_empty() {
            words.push(Ink::new(" has taken the topic away", aside));
        } else {
            words.push(Ink::new(" has set the topic: ", aside));
            words.push(Ink::new(entry.text(), self.theme.text()));
        }
        self.moved_in(entry.at(), &words, lines);
    }

    fn notice(&self, notice: &Notice, lines: &mut Vec<Vec<Ink>>) {
        let (mark, style) = match notice.what {
            What::Refused(_) => ("! ", self.theme.wrong()),
            What::Moved { .. } | What::Told(_) => ("", self.theme.aside()),
        };
        for (row, words) in notice.words().lines().enumerate() {
            let mark = if row == 0 { mark } else { "" };
            self.moved_in(notice.at, &[Ink::new(mark, style), Ink::new(words, style)], lines);
        }
    }

    /// What nobody says, where texts stand.
    fn moved_in(&self, at: u64, words: &[Ink], lines: &mut Vec<Vec<Ink>>) {
        let columns = self.text_columns();
        for (row, mut words) in wrap(words, columns, columns, Ends::Words).into_iter().enumerate() {
            if self.is_beside() {
                let time = if row == 0 { moment::time(at) } else { String::new() };
                let time = format!("{time:TIME$}{:width$}", "", width = NICK + 1);
                words.insert(0, Ink::new(&time, self.theme.aside()));
            }
            lines.push(words);
        }
    }

    /// A text with who said it, and when.
    fn beside(&self, from: &str, at: u64, head: bool, text: Vec<Vec<Ink>>, lines: &mut Vec<Vec<Ink>>) {
        let text = if text.is_empty() { vec![Vec::new()] } else { text };
        let aside = self.theme.aside();
        let nick = if from.eq_ignore_ascii_case(self.me) { self.theme.strong() } else { self.theme.nick(from) };
        if !self.is_beside() {
            if head {
                let room = self.columns.saturating_sub(TIME);
                lines.push(vec![Ink::new(&cut(from, room), nick), Ink::new(&format!(" {}", moment::time(at)), aside)]);
            }
            lines.extend(text);
            return;
        }
        for (row, mut words) in text.into_iter().enumerate() {
            let mut start = Vec::new();
            if row == 0 {
                start.push(Ink::new(&format!("{:TIME$}", moment::time(at)), aside));
            }
            if row == 0 && head {
                let name = cut(from, NICK);
                if width(from) > NICK {
                    // A name that is cut could be taken for another's: it stands on a line of its own.
                    start.push(Ink::new(&cut(from, self.columns.saturating_sub(TIME)), nick));
                    lines.push(std::mem::take(&mut start));
                    start.push(Ink::new(&" ".repeat(TIME + NICK + 1), aside));
                } else {
                    let fill = " ".repeat(NICK + 1 - width(&name));
                    start.push(Ink::new(&name, nick));
                    start.push(Ink::new(&fill, aside));
                }
            } else {
                let filled = if row == 0 { NICK + 1 } else { TIME + NICK + 1 };
                start.push(Ink::new(&" ".repeat(filled), aside));
            }
            start.append(&mut words);
            lines.push(start);
        }
    }

    fn is_beside(&self) -> bool {
        self.columns >= BESIDE
    }

    /// Columns that a text has.
    fn text_columns(&self) -> usize {
        let beside = if self.is_beside() { TIME + NICK + 1 } else { 0 };
        self.columns.saturating_sub(beside).clamp(LEAST, WIDEST)
    }

    /// Behind the last line, where there is room; else on one of its own.
    fn append(&self, text: &mut Vec<Vec<Ink>>, mark: Ink) {
        let room = self.text_columns();
        match text.last_mut() {
            Some(line) if line_width(line) + mark.width() <= room => line.push(mark),
            _ => text.push(vec![Ink::new(mark.text().trim_start(), mark.style())]),
        }
    }

    /// Words in the middle of a line across.
    fn rule(&self, words: &str, style: ratatui::style::Style) -> Vec<Ink> {
        let columns = self.columns.min(WIDEST + TIME + NICK + 1);
        let words = cut(words, columns.saturating_sub(4));
        let left = columns.saturating_sub(width(&words) + 2);
        let (before, behind) = ("─".repeat(left / 2), "─".repeat(left - left / 2));
        vec![Ink::new(&format!("{before} {words} {behind}"), style)]
    }
}

/// A line in a few words: `ana: shall we go?`
pub(super) fn quoted(line: &Entry) -> String {
    let details = line.details();
    let said = plain(line.text(), QUOTED);
    let said = match details.and_then(|details| details.files.first()) {
        _ if details.is_some_and(|details| details.deleted) => "(deleted)".to_owned(),
        Some(file) if said.is_empty() => file.name.clone(),
        _ => said,
    };
    format!("{}: {said}", line.from())
}

/// `1.2 MB`.
fn size_in_words(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1_000.0;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1_000.0;
        unit += 1;
    }
    if size < 9.95 { format!("{size:.1} {}", UNITS[unit]) } else { format!("{size:.0} {}", UNITS[unit]) }
}
