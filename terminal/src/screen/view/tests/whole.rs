//! What somebody new to it looks for is on the screen, whole.

use super::*;

/// All that the rows say, however it is broken into them.
fn words(rows: &[String]) -> String {
    rows.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

const REFUSAL: &str = "There is no command /nope; the nearest is /nodes. To say it as it is, begin with //";

#[test]
fn what_is_wrong_is_told_whole_and_the_end_of_the_talk_stays_in_view() {
    let mut world = World::with_lines(60);
    world.state.hint = Some(REFUSAL.to_owned());
    for (columns, rows) in [(80, 24), (40, 12)] {
        let rows = world.rows(columns, rows);
        assert!(words(&rows).contains(REFUSAL) && has(&rows, "line 60."), "{rows:#?}");
    }
    world.state.hint = None;
    world.trouble = Some(REFUSAL.to_owned());
    assert!(words(&world.rows(40, 12)).contains(REFUSAL));
}

#[test]
fn where_there_is_no_room_for_all_of_it_one_sees_that() {
    let mut world = World::with_lines(60);
    world.state.hint = Some(REFUSAL.to_owned());
    let rows = world.rows(20, 6);
    assert!(rows[4].starts_with(" There is no") && rows[4].ends_with('…'), "{rows:#?}");
    assert!(has(&rows, "line 60."), "{rows:#?}");
}

#[test]
fn what_is_well_takes_one_row() {
    let mut world = World::with_lines(60);
    world.typing = vec!["somebody with a long name".to_owned()];
    let rows = world.rows(40, 12);
    assert!(rows[10].starts_with(" online · synced to #60") && rows[9].contains("line 60."), "{rows:#?}");
}

#[test]
fn who_asks_by_a_command_sees_the_commands_first_and_how_to_see_more() {
    let mut world = World::new();
    world.state.over = Some(Over::Help(HelpPage { commands_first: true, from: 0 }));
    let rows = world.rows(80, 24);
    assert!(rows[1].contains("Commands") && has(&rows, "/quit"), "{rows:#?}");
    assert!(rows[22].ends_with("PageDown: more · Esc: back"), "{rows:#?}");
    let length = help_length(world.state.theme, usize::from(world.state.talk.width));
    let from = length - usize::from(world.state.talk.height);
    world.state.over = Some(Over::Help(HelpPage { commands_first: true, from }));
    assert!(world.rows(80, 24)[22].ends_with("PageUp: more · Esc: back"));
    world.state.over = Some(Over::Help(HelpPage::default()));
    assert!(!has(&world.rows(200, 100), "more ·"), "all of it is there");
}

#[test]
fn whoever_speaks_is_named_on_each_screen() {
    let mut world = World::with_lines(60);
    let named = |rows: &[String]| rows.iter().filter(|row| row.contains(" ana  ")).count();
    let rows = world.rows(80, 24);
    assert!(named(&rows) == 1 && rows[1].contains(" ana ") && rows[1].contains("line 40."), "{rows:#?}");
    let here = world.lobby();
    world.state.scroll(here, "dora", -7);
    let rows = world.rows(80, 24);
    assert!(named(&rows) == 1 && rows[1].contains(" ana ") && rows[1].contains("line 33."), "{rows:#?}");
}

#[test]
fn the_first_line_that_begins_on_the_screen_is_the_one_that_is_named() {
    let mut world = World::with_lines(1);
    world.say("lobby", "ana", &"long ".repeat(40));
    for number in 3..=22 {
        world.say("lobby", "ana", &format!("line {number}."));
    }
    let rows = world.rows(80, 24);
    assert!(rows[1].contains("long") && !rows[1].contains(" ana "), "{rows:#?}");
    assert!(rows[2].contains(" ana ") && rows[2].contains("line 3."), "{rows:#?}");
}

#[test]
fn all_places_are_listed_where_they_have_no_part_of_the_screen() {
    let mut world = World::new();
    world.join("dev");
    world.say("dev", "bob", "@dora unread");
    world.state.over = Some(Over::Places(1));
    let rows = world.rows(40, 12);
    assert!(has(&rows, "1 #lobby") && has(&rows, "2›#dev") && has(&rows, "@1"), "{rows:#?}");
    assert!(has(&rows, "Enter: there"), "{rows:#?}");
}
