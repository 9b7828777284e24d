//! A line of the talk that is chosen: it stays the same one, and the view stays where it is.

use super::*;
use crate::screen::choice::{Step, refusal};
use crate::screen::keys::Deed;

impl World {
    fn choose_in_view(&mut self) -> bool {
        let here = self.lobby();
        self.state.choose_in_view(here, "dora")
    }

    /// The line before the chosen one, or the one behind it.
    fn choose_next(&mut self, before: bool) -> bool {
        let here = self.lobby();
        self.state.choose_next(here, "dora", before)
    }

    fn chosen(&self) -> Option<u64> {
        self.state.choice.as_ref().map(|choice| choice.seq)
    }

    /// The talk's rows that stand out, without what stands before their text.
    fn marked(&mut self, columns: u16, rows: u16) -> Vec<String> {
        let buffer = self.draw(columns, rows);
        let Rect { x, y, width, height } = self.state.talk;
        let stands_out = |row: &u16| (x..x + width).all(|x| buffer[(x, *row)].modifier.contains(Modifier::REVERSED));
        let said = text(&buffer);
        (y..y + height).filter(stands_out).map(|row| said[usize::from(row)].trim_end().to_owned()).collect()
    }

    /// The texts of the talk as they are drawn: whose the first is, is told anew on each screen.
    fn talk(&mut self) -> Vec<String> {
        self.rows(80, 24)[1..22].iter().map(|row| row.chars().skip(33).collect()).collect()
    }

    fn delete(&mut self, of: u64) {
        let change = shared::entry::Changed {
            seq: self.seq + 1,
            at: 1_795_320_000_000,
            from: "ana".to_owned(),
            id: "d".to_owned(),
            room: Some("lobby".to_owned()),
            to: None,
            of,
            change: shared::entry::Change::Deleted,
        };
        self.hear(Entry::Changed(change));
    }
}

#[test]
fn the_newest_line_in_view_is_chosen_and_stands_out_without_colours_too() {
    for colours in [true, false] {
        let mut world = World::with_lines(50);
        world.state.theme = Theme::with_colours(colours);
        assert!(world.choose_in_view());
        let marked = world.marked(80, 24);
        assert!(marked.len() == 1 && marked[0].contains("line 50."), "{marked:?}");
        let here = world.lobby();
        world.state.leave_choice(Some(here), "dora");
        world.state.scroll(here, "dora", -20);
        world.rows(80, 24);
        assert!(world.choose_in_view());
        assert!(world.marked(80, 24)[0].contains("line 30."));
    }
}

#[test]
fn where_nothing_was_said_nothing_is_chosen() {
    let mut world = World::new();
    world.rows(80, 24);
    assert!(!world.choose_in_view() && world.chosen().is_none());
}

#[test]
fn what_was_jumped_to_is_chosen_before_what_is_newer() {
    let mut world = World::with_lines(100);
    let here = world.lobby();
    world.state.go_to_line(here, "dora", 51);
    world.rows(80, 24);
    assert!(world.choose_in_view());
    assert_eq!(world.chosen(), Some(51));
}

#[test]
fn the_choice_goes_from_line_to_line_and_the_view_follows_no_farther_than_it_must() {
    let mut world = World::with_lines(50);
    world.choose_in_view();
    let before = world.talk();
    for line in (30..50).rev() {
        assert!(world.choose_next(true));
        assert_eq!(world.chosen(), Some(line));
        assert_eq!(world.talk(), before, "line {line} is in view");
    }
    assert!(world.choose_next(true));
    let after = world.talk();
    assert_eq!(after[1..], before[..20], "one line came in above");
    assert_eq!(world.marked(80, 24).len(), 1);
    while world.choose_next(true) {}
    assert_eq!(world.chosen(), Some(1));
    assert!(has(&world.marked(80, 24), "line 1."));
    while world.choose_next(false) {}
    assert_eq!((world.chosen(), world.talk()), (Some(50), before));
}

#[test]
fn a_screen_at_a_time_every_line_is_in_view_once_at_least() {
    let mut world = World::with_lines(120);
    let here = world.lobby();
    world.choose_in_view();
    let mut seen = std::collections::BTreeSet::new();
    let mut at = world.chosen();
    loop {
        let _ = world.rows(80, 24);
        seen.extend(world.state.keys.iter().cloned());
        world.state.choose_by_page(here, "dora", true);
        if world.chosen() == at {
            break;
        }
        at = world.chosen();
    }
    assert_eq!((at, seen.len()), (Some(1), 120));
    world.state.choose_last(here, "dora", false);
    assert!(world.chosen() == Some(120) && has(&world.marked(80, 24), "line 120."));
    world.state.choose_last(here, "dora", true);
    assert!(world.chosen() == Some(1) && has(&world.marked(80, 24), "line 1."));
}

#[test]
fn of_a_line_longer_than_the_screen_the_nearer_end_is_seen() {
    let mut world = World::with_lines(1);
    let words: String = (0..400).map(|number| format!("word{number} ")).collect();
    world.say("lobby", "ana", &words);
    world.say("lobby", "ana", "last");
    world.rows(40, 12);
    world.choose_in_view();
    world.choose_next(true);
    assert!(has(&world.rows(40, 12), "word399"), "from below");
    world.choose_next(true);
    world.choose_next(false);
    let rows = world.rows(40, 12);
    assert!(has(&rows, "word0 ") && !has(&rows, "word399"), "from above: {rows:#?}");
}

#[test]
fn what_is_said_meanwhile_moves_neither_the_choice_nor_the_view() {
    let mut world = World::with_lines(50);
    world.choose_in_view();
    world.choose_next(true);
    let before = world.talk();
    for _ in 0..300 {
        world.say("lobby", "bob", "more");
    }
    assert_eq!((world.chosen(), world.talk()), (Some(49), before));
    assert!(world.marked(80, 24)[0].contains("line 49."));
    let here = world.lobby();
    assert!(world.state.leave_choice(Some(here), "dora"), "the end was followed, and is again");
}

#[test]
fn a_choice_that_ends_where_nothing_came_follows_the_end_again() {
    let mut world = World::with_lines(50);
    world.choose_in_view();
    assert_ne!(world.state.position, Position::End);
    let here = world.lobby();
    world.state.leave_choice(Some(here), "dora");
    assert_eq!((world.chosen(), &world.state.position), (None, &Position::End));
}

#[test]
fn older_lines_that_come_above_move_neither() {
    let mut world = World::new();
    for seq in 101..=110 {
        world.hear(Entry::Said(line(seq, "lobby", "ana", &format!("line {seq}."))));
    }
    world.rows(80, 24);
    world.choose_in_view();
    while world.choose_next(true) {}
    assert_eq!(world.chosen(), Some(101));
    let request = world.here.history("h".to_owned(), Some(101), None, 50);
    let entries = (51..=100).map(|seq| Entry::Said(line(seq, "lobby", "bob", &format!("older {seq}."))));
    let page = Page { entries: entries.collect(), more: true };
    world.deliver(&Delivery::Answered { request, answer: Ok(Response::Page(page)) });
    let rows = world.rows(80, 24);
    assert!(rows[21].contains("line 110."), "{rows:#?}");
    assert!(world.marked(80, 24)[0].contains("line 101."));
    assert!(world.choose_next(true));
    assert_eq!(world.chosen(), Some(100));
}

#[test]
fn a_chosen_line_that_is_deleted_stays_chosen_and_what_was_asked_of_it_is_withdrawn() {
    let mut world = World::with_lines(5);
    world.choose_in_view();
    world.choose_next(true);
    world.state.choice.as_mut().unwrap().step = Step::Deleting;
    assert!(has(&world.rows(80, 24), "Delete this line for everyone? y/N"));
    world.delete(4);
    let here = world.lobby();
    world.state.settle_choice(Some(here));
    assert_eq!(world.chosen(), Some(4));
    assert!(matches!(world.state.choice.as_ref().unwrap().step, Step::Choosing));
    assert!(has(&world.rows(80, 24), "This line was deleted meanwhile."));
    world.state.hint = None;
    let rows = world.rows(80, 24);
    assert!(rows[22].starts_with(" Esc back"), "nothing can be done to it: {rows:#?}");
    assert!(has(&world.marked(80, 24), "(deleted)"));
}

#[test]
fn a_line_that_is_held_no_more_is_not_chosen() {
    let mut world = World::with_lines(5);
    world.choose_in_view();
    let welcome = Welcome { node: "dora@den.local".to_owned(), epoch: "another".to_owned(), ..Welcome::default() };
    world.deliver(&Delivery::Welcomed { welcome, new_log: true });
    let here = world.transcript.get(&world.here).cloned();
    world.state.settle_choice(here.as_ref());
    assert!(world.chosen().is_none());
    assert!(world.state.hint.as_ref().is_some_and(|words| words.contains("not here any more")));
}

#[test]
fn only_what_a_line_allows_is_offered_and_the_rest_says_why_not() {
    let mut world = World::with_lines(1);
    world.say("lobby", "dora", "mine");
    let topic = Topic {
        seq: 3,
        at: 1,
        room: "lobby".to_owned(),
        from: "ana".to_owned(),
        id: "t".to_owned(),
        topic: "lunch".to_owned(),
    };
    world.hear(Entry::Topic(topic));
    world.rows(80, 24);
    world.choose_in_view();
    assert!(world.rows(80, 24)[22].starts_with(" Esc back  "));
    world.choose_next(true);
    for (columns, rows) in [(80, 24), (40, 12)] {
        let status = world.rows(columns, rows)[usize::from(rows) - 2].clone();
        for key in ["r reply", "e edit", "d delete", "+ react", "Esc back"] {
            assert!(status.contains(key), "{columns} columns: {status:?}");
        }
    }
    world.choose_next(true);
    assert!(world.rows(80, 24)[22].starts_with(" r reply  + react  Esc back"));
    let here = world.lobby();
    let why = |seq, deed| {
        let items = here.items_between(seq, seq).items;
        let row = items.iter().find_map(|item| match item {
            shared::transcript::Item::Line(row) => Some(row),
            _ => None,
        });
        refusal(deed, row.unwrap(), here, "Dora")
    };
    assert_eq!((why(2, Deed::Edit), why(2, Deed::Delete), why(1, Deed::React)), (None, None, None));
    assert!(why(1, Deed::Edit).unwrap().contains("Only who said"));
    assert!(why(3, Deed::Reply).unwrap().contains("topic"));
}

#[test]
fn how_far_an_own_line_has_got_stands_where_one_types_and_what_was_typed_comes_back() {
    let mut world = World::with_lines(1);
    world.state.draft.composer = Composer::holding("half a thou");
    world.say("lobby", "dora", "mine");
    world.rows(40, 12);
    world.choose_in_view();
    world.reach = Some("Reached 4 of 5: ana asleep for 2 min".to_owned());
    assert!(world.rows(40, 12)[11].starts_with("Reached 4 of 5: ana asleep for 2 min"));
    world.trouble = Some("Connection lost, trying again in 3 s".to_owned());
    assert!(has(&world.rows(40, 12), "Connection lost, trying again in 3 s"), "its state is always told");
    let here = world.lobby();
    world.state.leave_choice(Some(here), "dora");
    assert!(world.rows(40, 12)[11].ends_with("half a thou"));
}

#[test]
fn what_is_answered_stands_above_what_is_typed() {
    let mut world = World::new();
    let asked = world.say("lobby", "bob", &format!("shall we **go**? {}", "really ".repeat(30)));
    world.state.draft.reply(Some(asked));
    world.state.draft.composer = Composer::holding("yes");
    for (columns, rows) in [(80, 24), (40, 12), (20, 6)] {
        let screen = world.rows(columns, rows);
        assert!(screen[usize::from(rows) - 2].starts_with("reply to bob: sha"), "{screen:#?}");
        assert!(screen[usize::from(rows) - 1].ends_with("yes"), "{screen:#?}");
    }
    world.delete(asked);
    assert!(has(&world.rows(80, 24), "reply to bob: (deleted)"));
}

#[test]
fn the_emoji_at_hand_fit_forty_columns() {
    let mut world = World::with_lines(1);
    world.choose_in_view();
    world.state.choice.as_mut().unwrap().step = Step::Reacting(Composer::holding(":wa"));
    let rows = world.rows(40, 12);
    assert!(rows[10].contains("1 👍 2 👎 3 ❤ 4 😂 5 🎉 6 👀 Esc back"), "{rows:#?}");
    assert!(rows[11].starts_with("react: :wa"));
}

#[test]
fn what_was_clicked_is_the_row_that_stands_there() {
    let mut world = World::with_lines(3);
    let at = |row| ratatui::layout::Position { x: 30, y: row };
    assert_eq!(world.state.row_at(at(21)), Some(&shared::transcript::Key::Line(3)), "the lowest row of the talk");
    assert_eq!(world.state.row_at(at(20)), Some(&shared::transcript::Key::Line(2)));
    assert_eq!((world.state.row_at(at(2)), world.state.row_at(at(22))), (None, None), "free, and the line below");
    world.state.over = Some(Over::Help(HelpPage::default()));
    assert_eq!(world.state.row_at(at(21)), None);
}

#[test]
fn nothing_of_a_chosen_line_reaches_the_terminal_unclean() {
    let mut world = World::new();
    world.hear(Entry::Said(line(1, "lobby", &format!("ana{NASTY}"), NASTY)));
    world.rows(80, 24);
    world.choose_in_view();
    world.state.draft.reply(Some(1));
    let reach = format!("Reached 1 of 2: eve{NASTY} not yet");
    for (reach, chosen) in [(Some(reach), true), (None, true), (None, false)] {
        world.reach = reach;
        if !chosen {
            world.state.choice = None;
        }
        for (columns, rows) in [(40, 12), (80, 24), (200, 60)] {
            let buffer = world.draw(columns, rows);
            let unclean = |c: char| c.is_control() || c == '\u{202e}';
            assert!(buffer.content.iter().all(|cell| !cell.symbol().chars().any(unclean)));
        }
    }
}
