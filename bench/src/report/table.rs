//! Figures as tables for a terminal.

use super::{Figure, short};

/// All figures, with what explains them.
pub(crate) fn details(figures: &[Figure]) -> String {
    let head = ["figure", "measured", "the limit", "ratio", "wanted", "verdict", "note"];
    let row = |figure: &Figure| {
        let [limit, ratio] = beside(figure);
        let (measured, verdict) = (figure.unit.show(figure.measured), figure.verdict.to_string());
        [figure.name.clone(), measured, limit, ratio, wanted(figure), verdict, figure.note.clone()]
    };
    lined_up(head, [false, true, true, true, true, false, false], figures.iter().map(row))
}

/// Those that decide.
pub(crate) fn headlines(figures: &[Figure]) -> String {
    let head = ["what", "wanted", "ours", "the limit's", "ratio", "verdict"];
    let row = |figure: &Figure| {
        let [limit, ratio] = beside(figure);
        let (measured, verdict) = (figure.unit.show(figure.measured), figure.verdict.to_string());
        [figure.headline.to_owned(), wanted(figure), measured, limit, ratio, verdict]
    };
    let deciding = figures.iter().filter(|figure| !figure.headline.is_empty());
    lined_up(head, [false, true, true, true, true, false], deciding.map(row))
}

fn beside(figure: &Figure) -> [String; 2] {
    match figure.beside {
        Some(beside) => [figure.unit.show(beside.limit), short(beside.ratio)],
        None => Default::default(),
    }
}

fn wanted(figure: &Figure) -> String {
    figure.wanted.map_or_else(String::new, |bound| bound.show(figure.unit))
}

/// Rows under a head. Numbers stand to the right, so that sizes compare at a glance.
fn lined_up<const N: usize>(head: [&str; N], right: [bool; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = [head.map(str::to_owned)].into_iter().chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).zip(right);
        let cells = cells.map(|((cell, width), right)| match right {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text += &line(row);
        if index == 0 {
            text += &line(&widths.map(|width| "─".repeat(width)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::report::{Bound, Unit};

    use super::*;

    fn figures() -> [Figure; 3] {
        [
            Figure::plain("a figure", 5.0, Unit::Microseconds)
                .beside(4.0, 1.25)
                .wanting(Bound::TimesLimit(1.0))
                .headlined("what decides"),
            Figure::bounded("another", 5.0, Unit::KiB, Bound::AtMost(8.0)),
            Figure::plain("another, longer one", 123.0, Unit::KB).noting("of 5 files"),
        ]
    }

    #[test]
    fn the_table_lines_up() {
        let expected = "\
figure               measured  the limit  ratio       wanted  verdict         note
───────────────────  ────────  ─────────  ─────  ───────────  ──────────────  ──────────
a figure              5.00 µs    4.00 µs   1.25  ≤ 1 × limit  missed by 25 %
another              5.00 KiB                        ≤ 8 KiB  reached
another, longer one    123 KB                                                 of 5 files
";
        assert_eq!(details(&figures()), expected);
    }

    #[test]
    fn what_decides_stands_alone() {
        let expected = "\
what               wanted     ours  the limit's  ratio  verdict
────────────  ───────────  ───────  ───────────  ─────  ──────────────
what decides  ≤ 1 × limit  5.00 µs      4.00 µs   1.25  missed by 25 %
";
        assert_eq!(headlines(&figures()), expected);
    }
}
