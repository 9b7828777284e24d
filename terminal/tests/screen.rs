//! The full screen as a person has it: at a pseudo-terminal, on a real hub, by its keys.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

#[path = "outside/place.rs"]
#[allow(dead_code, reason = "this uses its own part of it")]
mod place;
mod support;

use std::time::{Duration, Instant};

use node::Client;
use place::{Home, Place};
use pty::{CTRL_Z, ENTER, ESCAPE, PAGE_UP, Size, TAB, Terminal, UP, rows};
use rustix::process::Signal;
use shared::message::ToHub;
use shared::session::Response;
use support::TestHub;

const HOME: &str = "\x1b[H";
const END: &str = "\x1b[F";
const F1: &str = "\x1bOP";
const F2: &str = "\x1bOQ";
const ALT_ENTER: &str = "\x1b\r";
const CTRL_F: &str = "\x06";
const CTRL_L: &str = "\x0c";
const CTRL_N: &str = "\x0e";
const CTRL_P: &str = "\x10";
const CTRL_W: &str = "\x17";
const FOCUS_LOST: &str = "\x1b[O";
const FOCUS_GAINED: &str = "\x1b[I";

/// Between two looks at what tells nobody when it changes.
const LOOK: Duration = Duration::from_millis(20);

/// So long a hub keeps the nick of one whose connection was lost: longer than any test waits.
const LEASE: Duration = Duration::from_secs(60 * 60);

/// Somebody at the full screen, in the lobby.
fn at_screen(place: &Place, nick: &str) -> Terminal {
    let terminal = place.chat(nick, &[]);
    terminal.sees("online · synced to #");
    terminal
}

/// Waits until what is typed, with its prompt, is this.
fn typed(terminal: &Terminal, line: &str) {
    terminal.until(format_args!("“{line}” being typed"), |screen| {
        (rows(screen).lines().last() == Some(line)).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_seen_by_others_and_by_oneself_once() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = at_screen(&place, "ana");
    bob.say("lobby", "hello **ana**").await.unwrap();
    ana.sees("bob        hello ana");
    ana.types("hello");
    ana.types(ALT_ENTER);
    ana.types("bob");
    ana.types(ENTER);
    assert_eq!(place::said_by(&bob, "ana", 1).await, ["hello\nbob"]);
    ana.sees("ana        hello");
    ana.sees_no_more("(sending)");
    let screen = ana.screen();
    assert_eq!(screen.matches("hello").count(), 2, "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_goes_from_room_to_room_and_finds_what_is_unread_and_what_was_being_typed() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = at_screen(&place, "ana");
    ana.enters("/join dev");
    ana.sees("2›#dev");
    ana.types("half a li");
    ana.types("\x1b1");
    ana.sees("1›#lobby");
    typed(&ana, "#lobby>");
    bob.join("dev").await.unwrap();
    bob.say("dev", "first").await.unwrap();
    bob.say("dev", "@ana second").await.unwrap();
    ana.sees("@1 2 │");
    ana.types(CTRL_N);
    ana.sees("2›#dev");
    ana.sees("second");
    typed(&ana, "#dev> half a li");
    let screen = ana.screen();
    let row =
        |part: &str| screen.lines().position(|row| row.contains(part)).unwrap_or_else(|| panic!("{part}: {screen}"));
    assert!(row(" New ") < row("first"), "{screen}");
    ana.types(CTRL_P);
    ana.sees("1›#lobby");
    ana.sees_no_more("@1");
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_completes_and_up_edits_the_last_line() {
    let place = Place::open().await;
    let _bob = place.other("tab", "robert").await;
    let ana = at_screen(&place, "ana");
    ana.sees("2 people");
    ana.types("rob");
    ana.types(TAB);
    typed(&ana, "#lobby> robert:");
    ana.types("hi");
    ana.types(ENTER);
    ana.sees("ana        robert: hi");
    ana.sees_no_more("(sending)");
    ana.types(UP);
    typed(&ana, "edit: robert: hi");
    ana.types(CTRL_W);
    ana.types("good evening");
    ana.types(ENTER);
    ana.sees("robert: good evening (edited)");
    ana.types(UP);
    ana.sees("editing; Esc gives up");
    ana.types(ESCAPE);
    typed(&ana, "#lobby>");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_pages_back_to_the_first_line_and_nothing_jumps_when_more_is_said() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    for number in 1..=400 {
        drop(bob.say("lobby", &format!("line {number} of many")));
    }
    bob.say("lobby", "the last of many").await.unwrap();
    let ana = at_screen(&place, "ana");
    ana.sees("the last of many");
    // Where a page of the hub's has to come first, a key may find nothing to scroll to.
    let deadline = Instant::now() + pty::DEADLINE;
    while !ana.screen().contains("line 1 of many") {
        assert!(Instant::now() < deadline, "{}", ana.screen());
        ana.types(PAGE_UP);
        tokio::time::sleep(LOOK).await;
    }
    ana.types(HOME);
    // The first row of all: only behind it nothing more comes from above.
    ana.until("the rule of the first day", |screen| {
        rows(screen).lines().nth(1).is_some_and(|row| row.contains("──")).then_some(())
    });
    ana.sees(" line 1 of many");
    let talk =
        |screen: &str| screen.lines().take(22).map(|row| row.chars().skip(16).collect()).collect::<Vec<String>>();
    let before = talk(&ana.screen());
    bob.say("lobby", "said far below").await.unwrap();
    ana.sees("1 new ↓");
    assert_eq!(talk(&ana.screen()), before);
    ana.types(END);
    ana.sees("said far below");
    ana.sees("F1 or /help");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leads_to_a_line_in_its_place_and_back() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    bob.say("lobby", "the needle is here").await.unwrap();
    for number in 1..=300 {
        drop(bob.say("lobby", &format!("hay {number}.")));
    }
    bob.say("lobby", "the end").await.unwrap();
    let ana = at_screen(&place, "ana");
    ana.sees("the end");
    ana.types(CTRL_F);
    typed(&ana, "search:");
    ana.types("EEDL");
    ana.types(ENTER);
    ana.sees("1 line has these words");
    ana.types(ENTER);
    ana.sees("hay 1.");
    ana.sees("the needle is here");
    ana.sees("more below ↓");
    ana.types(ESCAPE);
    ana.sees("the end");
    ana.enters("/search hay");
    ana.sees("Enter opens one");
    typed(&ana, "search: hay");
    ana.types(ESCAPE);
    ana.sees("the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_page_comes_and_goes() {
    let place = Place::open().await;
    let ana = at_screen(&place, "ana");
    ana.types(F1);
    ana.sees("Alt+Enter");
    ana.types(ESCAPE);
    ana.sees_no_more("Alt+Enter");
    ana.enters("/help");
    ana.sees("/quit");
    ana.types(END);
    ana.sees("back to what you were typing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_elsewhere_is_called_by_the_bell_and_has_read_nothing() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = at_screen(&place, "ana");
    ana.types(FOCUS_LOST);
    ana.types("x"); // once it is there, so is what was typed before it
    typed(&ana, "#lobby> x");
    bob.say("lobby", "@ana, are you there?").await.unwrap();
    ana.wrote("\x07");
    ana.sees("@1");
    ana.types(FOCUS_GAINED);
    ana.sees(" New ");
    ana.sees_no_more("@1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mouse_scrolls_chooses_and_can_be_given_back() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    for number in 1..=60 {
        bob.say("lobby", &format!("line {number}.")).await.unwrap();
    }
    let ana = at_screen(&place, "ana");
    ana.sees("line 60.");
    ana.types("\x1b[<64;30;10M");
    ana.sees_no_more("line 60.");
    ana.sees("line 57.");
    ana.types("\x1b[<65;30;10M");
    ana.sees("line 60.");
    ana.enters("/join dev");
    ana.sees("2›#dev");
    ana.types("\x1b[<0;5;2M\x1b[<0;5;2m");
    ana.sees("1›#lobby");
    ana.types(F2);
    ana.wrote("\x1b[?1000l");
    ana.types(CTRL_L);
    ana.sees("1›#lobby");
}

/// A place where who does not leave in good order is here for as long as anybody waits.
async fn with_long_leases() -> Place {
    Place { hub: TestHub::with(|config| (config.lease, config.rate_limit) = (LEASE, None)).await, home: Home::new() }
}

/// Waits until nobody of that nick is here.
async fn has_left(asker: &Client, nick: &str) {
    place::eventually(&format!("{nick} has left"), async || {
        let answer = asker.ask(|id| ToHub::ListUsers { id, room: None }).await.unwrap();
        let Response::Users(users) = answer else { panic!("{answer:?}") };
        users.users.iter().all(|user| user.nick != nick).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_gone_ends_the_program_and_others_hear_it() {
    let place = with_long_leases().await;
    let bob = place.other("tab", "bob").await;
    // The cursor is hidden while help is shown.
    for (more, seen, keys, then) in [
        (&[] as &[&str], "synced to", "x", "#lobby> x"),
        (&[], "synced to", F1, "Alt+Enter"),
        (&["--plain"], "/help for options", "x", "x"),
    ] {
        let ana = place.chat("ana", more);
        ana.sees(seen);
        ana.types(keys);
        ana.sees(then);
        assert_eq!(ana.hangs_up().ends(), 143, "{more:?} {then}");
        has_left(&bob, "ana").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_kept_when_the_terminal_goes() {
    for (more, seen) in [(&[] as &[&str], "synced to"), (&["--plain"], "/help for options")] {
        let mut place = Place::open().await;
        let ana = place.chat("ana", more);
        ana.sees(seen);
        place.hub.stop().await;
        ana.until("words on the lost connection", |screen| {
            let screen = rows(screen);
            ["lost", "reconnecting", "is away"].iter().any(|word| screen.contains(word)).then_some(())
        });
        ana.enters("never to be lost");
        ana.sees("never to be lost");
        ana.enters("/help"); // once it is obeyed, so is what was typed before it
        ana.sees("/quit");
        assert_eq!(ana.hangs_up().ends(), 143, "{more:?}");
        let remembered = std::fs::read_to_string(place.home.config().join("hubs.json")).unwrap();
        assert!(remembered.contains("never to be lost"), "{more:?}: {remembered}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_takes_nothing_holds_up_nothing_else() {
    let place = with_long_leases().await;
    let bob = place.other("tab", "bob").await;
    let ana = at_screen(&place, "ana");
    // What is drawn anew fills all that holds it, many times over.
    ana.reads_no_more();
    ana.types(&CTRL_L.repeat(500));
    ana.enters("still here");
    assert_eq!(place::said_by(&bob, "ana", 1).await, ["still here"]);
    for number in 1..=300 {
        bob.say("lobby", &format!("{number} {}", "word ".repeat(200))).await.unwrap();
    }
    ana.types(CTRL_L);
    ana.enters("and here");
    assert_eq!(place::said_by(&bob, "ana", 2).await, ["still here", "and here"]);
    ana.signal(Signal::TERM);
    assert_eq!(ana.ends(), 143);
    has_left(&bob, "ana").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_no_shell_would_bring_back_does_not_stop() {
    let place = Place::open().await;
    let ana = at_screen(&place, "ana");
    ana.types(CTRL_Z);
    ana.sees("No shell is there");
    ana.types("x");
    typed(&ana, "#lobby> x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_without_a_size_is_told_what_to_do() {
    let place = Place::open().await;
    let ana = place.chat_at(&place.home, Size(0, 0), "ana", &[]);
    assert_eq!(ana.ends(), 8);
    ana.wrote("stty rows 24 cols 80");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_room_is_told_so_where_they_are_then() {
    let place = Place::open().await;
    let ana = at_screen(&place, "ana");
    ana.enters("/join dev");
    ana.sees("2›#dev");
    ana.enters("/leave");
    ana.sees("1›#lobby");
    ana.sees("You have left #dev.");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_waits_where_it_was_begun() {
    let place = Place::open().await;
    let ana = at_screen(&place, "ana");
    ana.enters("/join dev");
    ana.sees("2›#dev");
    ana.enters("as it was");
    ana.sees("ana        as it was");
    ana.sees_no_more("(sending)");
    ana.types(UP);
    typed(&ana, "edit: as it was");
    ana.types(", and more");
    ana.types("\x1b1");
    ana.sees("1›#lobby");
    typed(&ana, "#lobby>");
    ana.types("\x1b2");
    typed(&ana, "edit: as it was, and more");
    ana.types(ENTER);
    ana.sees("as it was, and more (edited)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_the_hub_refuses_shows_its_words() {
    let place = Place::open().await;
    let ana = at_screen(&place, "ana");
    ana.types(CTRL_F);
    typed(&ana, "search:");
    ana.pastes(&"word ".repeat(200));
    ana.types(ENTER);
    ana.sees("That is more than 256 characters");
    assert!(!ana.screen().contains("Nothing has"), "{}", ana.screen());
}
