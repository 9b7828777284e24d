//! The screen is given back as it was, however the program ends, and when it waits in the background.

use std::path::Path;

use rustix::process::{Signal, kill_process};

use crate::grammar::{SCREEN, assert_tame};
use crate::place::{Home, Place, said_by};
use crate::support::PROGRAM;
use pty::{CTRL_C, CTRL_Z, Size, Terminal, USUAL, rows};

/// What a person or the system does to end the program.
type WayOut = fn(&Terminal);

/// Waits until the view is there, and knows who is.
fn is_in(terminal: &Terminal) {
    terminal.until("the full screen", |screen| screen.alternate_screen().then_some(()));
    terminal.sees("lobby");
    terminal.sees("online");
}

/// A shell in which the program was begun, as ana, and its view is there.
fn in_a_shell(place: &Place) -> Terminal {
    let mut environment = place.home.environment();
    environment.push(("PS1", "shell> ".to_owned()));
    environment.push(("HUBBUB_SERVER", place.hub.link().to_owned()));
    let terminal = Terminal::start(Path::new("/bin/sh"), ["-i"], environment, USUAL).unwrap();
    terminal.sees("shell>");
    terminal.enters(&format!("{PROGRAM} -n ana"));
    is_in(&terminal);
    terminal
}

fn assert_given_back(terminal: &Terminal) {
    assert_eq!(terminal.left_behind(), [""; 0], "{}", terminal.screen());
    assert!(terminal.is_cooked(), "lines are edited and echoed again");
    let bytes = terminal.bytes();
    let text = String::from_utf8_lossy(&bytes);
    for (on, off) in [("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?2004h", "\x1b[?2004l")] {
        assert!(text.rfind(off) > text.rfind(on), "{off:?} comes last");
    }
    assert!(text.rfind("\x1b[?25h") >= text.rfind("\x1b[?25l"), "the cursor is shown");
    assert_tame(&bytes, SCREEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_out_gives_the_screen_back() {
    let place = Place::open().await;
    let ways: [(&str, WayOut, u32); 4] = [
        ("/quit", |ana| ana.enters("/quit"), 0),
        ("Ctrl-C", |ana| ana.types(CTRL_C), 130),
        ("SIGTERM", |ana| ana.signal(Signal::TERM), 143),
        ("SIGHUP", |ana| ana.signal(Signal::HUP), 143),
    ];
    for (number, (way, out, code)) in ways.into_iter().enumerate() {
        let nick = format!("ana{number}");
        let ana = place.chat_at(&Home::new(), USUAL, &nick, &[]);
        is_in(&ana);
        ana.types("half a line");
        ana.sees("half a line");
        if code == 0 || code == 130 {
            // What is half written is not what is meant to be said.
            ana.types(&"\x7f".repeat("half a line".len()));
            ana.sees_no_more("half a line");
        }
        out(&ana);
        assert_eq!(ana.ends(), code, "{way}");
        assert_given_back(&ana);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn line_mode_ends_by_signals_with_the_same_codes() {
    let place = Place::open().await;
    for (number, (signal, code)) in
        [(Signal::TERM, 143), (Signal::HUP, 143), (Signal::INT, 130)].into_iter().enumerate()
    {
        let ana = place.chat_at(&Home::new(), USUAL, &format!("ana{number}"), &["--plain"]);
        ana.wrote("/help for options");
        ana.signal(signal);
        assert_eq!(ana.ends(), code, "{signal:?}");
        assert_eq!(ana.left_behind(), [""; 0]);
        assert!(ana.is_cooked());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resizing_down_to_nothing_and_back_loses_no_line_and_no_key() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = place.chat_at(&place.home, Size(200, 50), "ana", &[]);
    is_in(&ana);
    bob.say("lobby", "said in a wide room").await.unwrap();
    ana.sees("said in a wide room");
    for size in
        [Size(10, 3), Size(1, 1), Size(40, 12), Size(10, 3), Size(200, 50), Size(80, 24), Size(200, 2), Size(3, 60)]
    {
        ana.resize(size);
    }
    bob.say("lobby", "said in no room at all").await.unwrap();
    ana.types("typed");
    ana.resize(Size(200, 50));
    ana.sees("said in a wide room");
    ana.sees("said in no room at all");
    ana.sees("typed");
    ana.types(" and sent\r");
    assert_eq!(said_by(&bob, "ana", 1).await, ["typed and sent"]);
    ana.sees("typed and sent");
    ana.resize(Size(40, 12));
    ana.until("all of it in 40 columns", |screen| {
        let said = rows(screen);
        (said.contains("typed and sent") && said.lines().all(|row| row.chars().count() <= 40)).then_some(())
    });
    ana.enters("/quit");
    assert_eq!(ana.ends(), 0);
    assert_given_back(&ana);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_background_the_shell_has_its_screen_and_in_front_the_view_is_whole_again() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let terminal = in_a_shell(&place);
    terminal.types("half");
    terminal.sees("half");
    terminal.types(CTRL_Z);
    terminal.until("the shell's screen", |screen| {
        (!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()).then_some(())
    });
    terminal.sees("Stopped");
    terminal.enters("echo still $((40 + 2))");
    terminal.sees("still 42");
    bob.say("lobby", "said meanwhile").await.unwrap();
    terminal.enters("fg");
    terminal.until("the view again", |screen| screen.alternate_screen().then_some(()));
    terminal.sees("said meanwhile");
    terminal.sees("half");
    terminal.types(" and half\r");
    terminal.sees("half and half");
    terminal.enters("/quit");
    terminal.until("the shell again", |screen| (!screen.alternate_screen()).then_some(()));
    terminal.enters("echo code $?");
    terminal.sees("code 0");
    terminal.enters("exit");
    terminal.ends();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_the_program_from_elsewhere_gives_the_shell_its_screen_as_well() {
    let place = Place::open().await;
    let terminal = in_a_shell(&place);
    kill_process(terminal.foreground().unwrap(), Signal::TSTP).unwrap();
    terminal.sees("Stopped");
    assert_eq!(terminal.left_behind(), [""; 0], "{}", terminal.screen());
    terminal.enters("fg");
    is_in(&terminal);
    terminal.enters("/quit");
    terminal.until("the shell again", |screen| (!screen.alternate_screen()).then_some(()));
    terminal.enters("exit");
    terminal.ends();
}
