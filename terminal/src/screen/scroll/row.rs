//! A view that keeps its place though it is at the end, and one that moves no farther than it must to show a row.

use shared::transcript::Key;

use super::{Anchor, Laid, Position, Rows, Setting, look};

/// The same view, held where it is: what comes below the end does not move it.
pub(in super::super) fn pinned(setting: &Setting<'_>, laid: &mut Laid, from: &Position, height: usize) -> Position {
    match from {
        Position::At(_) => from.clone(),
        Position::End => Rows::gather(setting, laid, from, height + 1).map_or(Position::End, |rows| rows.anchored()),
    }
}

/// The view nearest to another in which a line is seen whole, or as much of it as there is room for.
pub(in super::super) fn showing(
    setting: &Setting<'_>,
    laid: &mut Laid,
    from: &Position,
    seq: u64,
    height: usize,
) -> Position {
    let sight = look(setting, laid, from, height);
    let wanted = Key::Line(seq);
    let anchor = Position::At(Anchor { key: wanted.clone(), near: seq, hidden: 0 });
    let Some(mut rows) = Rows::gather(setting, laid, &anchor, height + 1) else {
        return from.clone();
    };
    let lines = rows.height(rows.bottom);
    let seen = sight.keys.iter().filter(|key| **key == wanted).count();
    if seen >= lines.min(height) {
        return pinned(setting, laid, from, height);
    }
    let first = sight.keys.iter().find_map(|key| match key {
        Key::Line(seq) => Some(*seq),
        _ => None,
    });
    // Who comes from below sees the end of what is longer than the screen, who comes from above its start.
    if first.is_some_and(|first| seq <= first) {
        rows.down(height.saturating_sub(lines));
    } else {
        rows.up(lines.saturating_sub(height));
    }
    rows.fill(height);
    rows.anchored()
}
