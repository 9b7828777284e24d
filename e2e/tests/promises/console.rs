//! Nodes and their processes are seen and spoken to by hand, and by keyboard alone.

use e2e::keys::{CONTROL, DOWN, ENTER, ESCAPE, SHIFT, TAB, UP};
use e2e::{Person, Role, play};

/// Opens the console by the palette.
async fn opens_the_console(person: &Person) {
    person.browser.press(&[CONTROL, 'k']).await;
    person.browser.the(Role::Dialog, "Go to").await;
    person.browser.type_keys("Console").await;
    person.browser.press(&[ENTER]).await;
    person.browser.the(Role::Region, "Console").await;
}

#[test]
fn it_has_an_address_and_the_way_back_leads_to_the_talk() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        opens_the_console(&ana).await;
        assert!(ana.browser.address().await.ends_with("#/console"));
        ana.has_title("Console").await;
        ana.browser.eval::<()>("history.back()", Vec::new()).await;
        ana.browser.none(Role::Region, "Console").await;
        ana.is_in("lobby").await;
        ana.browser.eval::<()>("history.forward()", Vec::new()).await;
        ana.browser.the(Role::Region, "Console").await;
        // A page that is loaded again is where it was.
        ana.browser.reload().await;
        ana.browser.the(Role::Region, "Console").await;
        ana.browser.click(Role::Button, "Back to the talk").await;
        ana.is_in("lobby").await;
        ana.says("still here").await;
        ana.sees("ana", "still here").await;
    });
}

#[test]
fn a_line_is_a_process_with_variables_that_stay_and_what_it_prints_says_where() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        opens_the_console(&ana).await;
        assert!(ana.writes_in("prompt").await, "one can type at once");
        assert_eq!(ana.runs_to_the_end("let tea = 40; tea + 2").await[0].text, "42");
        assert_eq!(ana.runs_to_the_end("tea").await[0].text, "40");
        let printed = ana.runs_to_the_end("print(\"hello\")").await;
        let node = ana.node().await;
        let local = node.split('@').next().unwrap_or_default();
        assert_eq!(printed[0].text, "hello");
        assert!(printed[0].from.ends_with(&format!(" on {local}")), "{printed:?}");
        let wrong = ana.runs_to_the_end("no_such_word(1)").await;
        assert_eq!(wrong[0].voice, "fault");
        assert!(wrong[0].text.contains("no_such_word"), "{wrong:?}");
        ana.meets_no_barrier_anywhere("the console with output").await;
        ana.can_make_it_larger("the console with output").await;
    });
}

#[test]
fn the_keyboard_goes_back_through_lines_completes_names_and_ends_what_runs() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        opens_the_console(&ana).await;
        ana.runs_to_the_end("1 + 1").await;
        ana.runs_to_the_end("2 + 2").await;
        ana.browser.type_keys("begun").await;
        for (key, stands) in [(UP, "2 + 2"), (UP, "1 + 1"), (UP, "1 + 1"), (DOWN, "2 + 2"), (DOWN, "begun")] {
            ana.browser.press(&[key]).await;
            assert_eq!(ana.has_written("Prompt").await, stands);
        }
        ana.fills_in("Prompt", "ping(\"hu").await;
        ana.browser.press(&[TAB]).await;
        let hub = format!("hub@{}", ana.node().await.split('@').nth(1).unwrap_or_default());
        assert_eq!(ana.has_written("Prompt").await, format!("ping(\"{hub}\""));
        ana.browser.type_keys(")").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_shown("value", "pong").await;

        // A line is broken where it is not whole, and by Shift and Enter where it is.
        ana.browser.type_keys("1 +").await;
        ana.browser.press(&[SHIFT, ENTER]).await;
        ana.browser.type_keys("41").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_shown("value", "42").await;
        ana.browser.type_keys("[").await;
        ana.browser.press(&[ENTER]).await;
        ana.browser.type_keys("7]").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_shown("value", "[7]").await;

        ana.runs("receive(60000)").await;
        ana.browser.the(Role::Button, "End what runs").await;
        ana.browser.press(&[CONTROL, 'c']).await;
        ana.is_shown("note", "Ended.").await;
        ana.browser.none(Role::Button, "End what runs").await;

        // Tab leaves the field after Escape, and nothing is a trap.
        ana.browser.type_keys("pi").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.press(&[TAB]).await;
        assert_eq!(ana.browser.focused().await.1, "Run");

        // The lines are there at the next visit.
        ana.browser.reload().await;
        ana.browser.the(Role::Textbox, "Prompt").await;
        ana.browser.click(Role::Textbox, "Prompt").await;
        ana.browser.press(&[UP]).await;
        assert_eq!(ana.has_written("Prompt").await, "receive(60000)");
    });
}

#[test]
fn a_program_of_ones_own_is_kept_run_by_its_name_and_read_by_others_before_they_run_it() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        opens_the_console(&ana).await;
        ana.browser.click(Role::Button, "Programs").await;
        ana.browser.click(Role::Button, "New program").await;
        ana.fills_in("Name", "double").await;
        ana.fills_in("Program", "fn main(args) { args[0] * 2 }").await;
        ana.browser.click(Role::Button, "Publish").await;
        ana.reads("Published").await;
        assert_eq!(ana.runs_to_the_end("rpc(node(), \"double\", [21])").await[0].text, "42");

        opens_the_console(&bob).await;
        bob.browser.click(Role::Button, "Programs").await;
        bob.browser.click(Role::Button, "double ana").await;
        bob.browser.none(Role::Button, "Run program").await;
        bob.browser.click(Role::Button, "Copy to mine").await;
        bob.browser.click(Role::Button, "Save").await;
        bob.reads("Saved.").await;
        assert_eq!(bob.runs_to_the_end("rpc(node(), \"double\", [4])").await[0].text, "8");
        bob.meets_no_barrier_anywhere("a program").await;
    });
}
