//! Which part of the screen stands where.

use ratatui::layout::Rect;

/// From so many columns on the rooms have a part of their own.
const WITH_ROOMS: u16 = 60;

/// From so many columns on the people have one.
const WITH_PEOPLE: u16 = 100;

/// Lines of what is wrong: the longest refusals take two of 80 columns.
const MOST_STATUS: u16 = 3;

/// Where everything stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub head: Rect,
    /// With a rule at its right edge.
    pub rooms: Option<Rect>,
    pub talk: Rect,
    pub people: Option<Rect>,
    pub status: Rect,
    pub composer: Rect,
    /// There is room for the talk alone: the head tells of other places.
    pub narrow: bool,
}

impl Layout {
    /// For a screen of at least [`super::LEAST`]; composer and status have as many of their lines as there is room for.
    pub(super) fn of(area: Rect, composer_lines: u16, status_lines: u16) -> Self {
        let composer_lines = composer_lines.clamp(1, (area.height / 3).max(1));
        let status_lines = status_lines.clamp(1, (area.height / 4).clamp(1, MOST_STATUS));
        let heights = [area.height - composer_lines - status_lines, status_lines, composer_lines];
        let [above, status, composer] = down(area, heights);
        let narrow = area.width < WITH_ROOMS;
        let rooms_columns = if narrow { 0 } else { (area.width / 5).clamp(16, 26) };
        let people_columns = if area.width < WITH_PEOPLE { 0 } else { (area.width / 6).clamp(18, 30) };
        let rooms = Rect { width: rooms_columns, ..above };
        let people = Rect { x: above.right() - people_columns, width: people_columns, ..above };
        // One column is free on both sides of the rules.
        let left = rooms.right() + u16::from(!narrow);
        let right = if people_columns == 0 { above.right() } else { people.x - 2 };
        let middle = Rect { x: left, width: right - left, ..above };
        let [head, talk] = down(middle, [1, above.height - 1]);
        Self {
            head,
            rooms: (!narrow).then_some(rooms),
            talk,
            people: (people_columns > 0).then_some(people),
            status,
            composer,
            narrow,
        }
    }
}

/// Parts of these heights, from above.
fn down<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut y = area.y;
    heights.map(|height| {
        let part = Rect { y, height, ..area };
        y += height;
        part
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_width_has_what_it_has_room_for() {
        let of = |columns, rows| Layout::of(Rect::new(0, 0, columns, rows), 1, 1);
        let narrow = of(40, 12);
        assert!(narrow.rooms.is_none() && narrow.people.is_none() && narrow.talk.width == 40);
        let usual = of(80, 24);
        assert!(usual.rooms.is_some() && usual.people.is_none() && usual.talk.width >= 60);
        let wide = of(200, 50);
        assert!(wide.people.is_some() && wide.talk.width >= 130);
    }

    proptest! {
        #[test]
        fn no_part_covers_another(columns in 20..300_u16, rows in 6..100_u16, typed in 0..200_u16, told in 0..9_u16) {
            let layout = Layout::of(Rect::new(0, 0, columns, rows), typed, told);
            let parts = [Some(layout.head), layout.rooms, Some(layout.talk), layout.people, Some(layout.status), Some(layout.composer)];
            let parts: Vec<Rect> = parts.into_iter().flatten().collect();
            for (at, one) in parts.iter().enumerate() {
                prop_assert!(one.right() <= columns && one.bottom() <= rows && one.area() > 0, "{layout:?}");
                prop_assert!(parts[at + 1..].iter().all(|other| one.intersection(*other).area() == 0), "{layout:?}");
            }
            prop_assert!(layout.talk.height >= 1 && layout.talk.width >= 20);
        }
    }
}
