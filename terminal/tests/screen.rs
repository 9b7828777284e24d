//! The full screen as a person has it: at a pseudo-terminal, on a real hub, by its keys.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

#[path = "outside/place.rs"]
#[allow(dead_code, reason = "this uses its own part of it")]
mod place;
#[path = "outside/pty.rs"]
mod pty;

use std::io::Read;
use std::time::{Duration, Instant};

use place::{Home, Place};
use portable_pty::{CommandBuilder, native_pty_system};
use pty::{ENTER, ESCAPE, PAGE_UP, TAB, Terminal, UP, USUAL, rows};

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
    ana.sees(" line 1 of many");
    let talk =
        |screen: &str| screen.lines().take(22).map(|row| row.chars().skip(16).collect()).collect::<Vec<String>>();
    let before = talk(&ana.screen());
    bob.say("lobby", "said far below").await.unwrap();
    ana.sees("1 new ↓");
    assert_eq!(talk(&ana.screen()), before);
    ana.types(END);
    ana.sees("said far below");
    ana.sees("F1: help");
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
    ana.sees("Alt+Enter");
    ana.types(END);
    ana.sees("/quit");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_gone_ends_the_program() {
    let place = Place::open().await;
    let home = Home::new();
    let pair = native_pty_system().openpty(USUAL.into()).unwrap();
    let mut command = CommandBuilder::new(place::program());
    command.args(["-n", "ana", "-s", &place.link()]);
    command.env_clear();
    for (name, value) in home.environment() {
        command.env(name, value);
    }
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&bytes).contains("synced to") {
        let count = reader.read(&mut buffer).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&buffer[..count]);
    }
    // Its window is closed.
    drop((reader, pair.master));
    let deadline = Instant::now() + pty::DEADLINE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it is still there");
        }
        tokio::time::sleep(LOOK).await;
    }
}
