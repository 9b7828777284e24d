//! Which rows are seen: the place of a screen in a talk. It is held by the row at its lower edge, so what comes above or
//! below moves nothing, and only the rows that are seen are laid out.

mod row;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use ratatui::text::Line;
use shared::transcript::{Conversation, Item, Key};

pub(super) use self::row::{pinned, showing};
use super::rows::{Around, Setting};

/// Lines of the screen that are kept for being drawn again: those of many screens, about a megabyte.
const KEPT: usize = 4_000;

/// Where in a talk the screen is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Position {
    /// At its end, wherever that will be.
    #[default]
    End,
    At(Anchor),
}

/// The row at the lower edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    key: Key,
    /// The line or topic that it is, or stands behind.
    near: u64,
    /// So many of its lines are below the edge.
    hidden: usize,
}

impl Position {
    /// The line that is looked at, while not the end is followed.
    pub(super) fn held(&self) -> Option<u64> {
        match self {
            Self::End => None,
            Self::At(anchor) => Some(anchor.near),
        }
    }
}

/// Rows as they were laid out last.
#[derive(Default)]
pub(super) struct Laid {
    columns: usize,
    rows: HashMap<Key, (Item, Around, Rc<[Line<'static>]>)>,
    lines: usize,
}

impl Laid {
    fn row(&mut self, setting: &Setting<'_>, before: Option<&Item>, item: &Item) -> Rc<[Line<'static>]> {
        if self.columns != setting.columns || self.lines > KEPT {
            *self = Self { columns: setting.columns, ..Self::default() };
        }
        let around = setting.around(before, item);
        let key = item.key();
        if let Some((known, known_around, lines)) = self.rows.get(&key)
            && same(known, item)
            && *known_around == around
        {
            return Rc::clone(lines);
        }
        let lines: Rc<[Line<'static>]> = setting.row(item, &around).into();
        self.lines += lines.len();
        if let Some((_, _, old)) = self.rows.insert(key, (item.clone(), around, Rc::clone(&lines))) {
            self.lines -= old.len();
        }
        lines
    }

    /// How many of a row's lines are rules above it, where it was laid out.
    fn rules(&self, key: &Key) -> usize {
        self.rows.get(key).map_or(0, |(_, around, _)| around.rules())
    }

    /// Another talk is looked at.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Whether two rows of one key look the same; see [`Key`].
fn same(one: &Item, other: &Item) -> bool {
    match (one, other) {
        (Item::Line(one), Item::Line(other)) => Arc::ptr_eq(one, other),
        (one, other) => one == other,
    }
}

/// What is seen.
#[derive(Default)]
pub(super) struct Sight {
    /// At most as many as asked for, from above.
    pub lines: Vec<Line<'static>>,
    /// For each of them the row that it is of, and whether it is a rule above it.
    pub keys: Vec<Key>,
    pub rules: Vec<bool>,
    /// The screen shows all that is held above it, or soon will.
    pub near_top: bool,
    /// Behind these lines are missing that would be seen.
    pub holes: Vec<u64>,
}

/// The rows round a position, as far as they are needed.
struct Rows<'a, 'b> {
    setting: &'a Setting<'b>,
    laid: &'a mut Laid,
    items: Vec<Item>,
    /// More are held above and below.
    above: bool,
    below: bool,
    /// The row at the lower edge, and how many of its lines are below it.
    bottom: usize,
    hidden: usize,
}

impl<'a, 'b> Rows<'a, 'b> {
    /// With so many lines of the log above the position and below it; none where nothing is held.
    fn gather(setting: &'a Setting<'b>, laid: &'a mut Laid, position: &Position, count: usize) -> Option<Self> {
        let conversation = setting.conversation;
        let (items, above, below, bottom, hidden) = match position {
            Position::End => {
                let window = conversation.items_newest(count);
                let last = window.items.len().checked_sub(1)?;
                (window.items, window.above, false, last, 0)
            }
            Position::At(anchor) => {
                let (items, above, below) = round(conversation, anchor.near, count);
                let exact = items.iter().position(|item| item.key() == anchor.key);
                // A row that is another now stands where its line does.
                let nearest = || items.iter().rposition(|item| line_of(item).is_some_and(|seq| seq <= anchor.near));
                let bottom = exact.or_else(nearest).unwrap_or(0);
                (items, above, below, bottom, if exact.is_some() { anchor.hidden } else { 0 })
            }
        };
        (!items.is_empty()).then_some(Self { setting, laid, items, above, below, bottom, hidden })
    }

    fn row(&mut self, at: usize) -> Rc<[Line<'static>]> {
        let before = at.checked_sub(1).map(|before| &self.items[before]);
        self.laid.row(self.setting, before, &self.items[at])
    }

    /// The first line of a row with whose it is, where it does not say so and there is room beside it.
    fn named(&mut self, at: usize) -> Option<Line<'static>> {
        let before = at.checked_sub(1).map(|before| &self.items[before]);
        let named = self.setting.named_row(before, &self.items[at])?;
        (named.len() == self.height(at)).then(|| named.into_iter().next()).flatten()
    }

    fn height(&mut self, at: usize) -> usize {
        self.row(at).len()
    }

    /// Lines from the first row to the edge, counted up to `most`.
    fn lines_above(&mut self, most: usize) -> usize {
        let mut lines = self.height(self.bottom).saturating_sub(self.hidden);
        for at in (0..self.bottom).rev() {
            if lines >= most {
                break;
            }
            lines += self.height(at);
        }
        lines
    }

    fn up(&mut self, lines: usize) {
        self.hidden += lines;
        while self.bottom > 0 && self.hidden >= self.height(self.bottom) {
            self.hidden -= self.height(self.bottom);
            self.bottom -= 1;
        }
        self.hidden = self.hidden.min(self.height(self.bottom).saturating_sub(1));
    }

    fn down(&mut self, mut lines: usize) {
        while lines > 0 {
            let step = lines.min(self.hidden);
            self.hidden -= step;
            lines -= step;
            if lines > 0 {
                if self.bottom + 1 == self.items.len() {
                    return;
                }
                self.bottom += 1;
                self.hidden = self.height(self.bottom);
            }
        }
    }

    /// Nothing is left free above the first row, if there is enough to fill a screen.
    fn fill(&mut self, height: usize) {
        let lines = self.lines_above(height);
        if lines < height {
            self.down(height - lines);
        }
    }

    fn position(&self) -> Position {
        if self.bottom + 1 == self.items.len() && self.hidden == 0 && !self.below {
            return Position::End;
        }
        self.anchored()
    }

    /// The position by the row at the lower edge, though it may be the last.
    fn anchored(&self) -> Position {
        let near = self.items[..=self.bottom].iter().rev().find_map(line_of);
        let near = near.or_else(|| self.items.iter().find_map(line_of)).unwrap_or(0);
        Position::At(Anchor { key: self.items[self.bottom].key(), near, hidden: self.hidden })
    }
}

/// The rows round a line.
fn round(conversation: &Conversation, near: u64, count: usize) -> (Vec<Item>, bool, bool) {
    let before = conversation.items_before(near, count);
    let from = conversation.items_from(near, count);
    let above = before.above;
    let mut items = before.items;
    items.extend(from.items);
    (items, above, from.below)
}

fn line_of(item: &Item) -> Option<u64> {
    match item {
        Item::Line(entry) => Some(entry.seq()),
        Item::Hole { after } => Some(*after),
        Item::Notice(_) | Item::Pending(_) => None,
    }
}

/// The place in the log of a line or a topic.
pub(super) fn entry_of(item: &Item) -> Option<u64> {
    match item {
        Item::Line(entry) => Some(entry.seq()),
        Item::Hole { .. } | Item::Notice(_) | Item::Pending(_) => None,
    }
}

/// What is seen from a position on so many lines.
pub(super) fn look(setting: &Setting<'_>, laid: &mut Laid, position: &Position, height: usize) -> Sight {
    let Some(mut rows) = Rows::gather(setting, laid, position, height + 1) else {
        return Sight { near_top: true, ..Sight::default() };
    };
    let (mut lines, mut keys, mut holes) = (Vec::with_capacity(height), Vec::with_capacity(height), Vec::new());
    let mut rules = Vec::with_capacity(height);
    let mut hidden = rows.hidden;
    let mut begins = None;
    for at in (0..=rows.bottom).rev() {
        if let Item::Hole { after } = &rows.items[at] {
            holes.push(*after);
        }
        let key = rows.items[at].key();
        let row = rows.row(at);
        let above = rows.laid.rules(&key);
        for (number, line) in row.iter().enumerate().rev().skip(hidden) {
            if lines.len() == height {
                break;
            }
            lines.push(line.clone());
            keys.push(key.clone());
            rules.push(number < above);
            if number == 0 {
                begins = Some((lines.len(), at));
            }
        }
        hidden = 0;
        if lines.len() == height {
            break;
        }
    }
    // Who goes on and on is named on each screen: by the first row that begins there.
    if let Some((from_below, at)) = begins
        && let Some(named) = rows.named(at)
    {
        lines[from_below - 1] = named;
    }
    lines.reverse();
    keys.reverse();
    rules.reverse();
    Sight { lines, keys, rules, near_top: !rows.above, holes }
}

/// The position so many lines farther down, or up where that is negative, of a screen of some height.
pub(super) fn scrolled(setting: &Setting<'_>, laid: &mut Laid, from: &Position, by: isize, height: usize) -> Position {
    let lines = by.unsigned_abs();
    let Some(mut rows) = Rows::gather(setting, laid, from, height + lines + 1) else {
        return Position::End;
    };
    if by < 0 {
        rows.up(lines);
    } else {
        rows.down(lines);
    }
    rows.fill(height);
    rows.position()
}

/// The position in which a line stands in the middle of a screen.
pub(super) fn round_line(setting: &Setting<'_>, laid: &mut Laid, seq: u64, height: usize) -> Position {
    let anchor = Position::At(Anchor { key: Key::Line(seq), near: seq, hidden: 0 });
    scrolled(setting, laid, &anchor, isize::try_from(height / 2).unwrap_or(0), height)
}

/// The position of the oldest rows that are held.
pub(super) fn oldest(setting: &Setting<'_>, laid: &mut Laid, height: usize) -> Position {
    let window = setting.conversation.items_from(0, height + 1);
    let Some(first) = window.items.first() else {
        return Position::End;
    };
    let near = window.items.iter().find_map(line_of).unwrap_or(0);
    let anchor = Position::At(Anchor { key: first.key(), near, hidden: 0 });
    scrolled(setting, laid, &anchor, 0, height)
}
