//! Somebody at a terminal: questions, the prompt, and what of it is not shown.

use std::path::Path;

use crate::place::Place;
use crate::support::PROGRAM;
use pty::{CTRL_C, CTRL_D, Size, Terminal};

/// The quit character.
const CTRL_BACKSLASH: &str = "\x1c";

fn terminal(place: &Place, folder: &str, arguments: &[&str]) -> Terminal {
    let folder = place.folder(folder);
    let environment = [("HUBBUB_CONFIG", folder.as_os_str()), ("TERM", "xterm".as_ref()), ("TZ", "UTC".as_ref())];
    let arguments = [&["--plain"], arguments].concat();
    Terminal::start(Path::new(PROGRAM), arguments, environment, Size(100, 30)).unwrap()
}

/// All that was written, as text.
fn written(terminal: &Terminal) -> String {
    String::from_utf8(terminal.bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_asked_for_and_the_cookie_is_not_shown() {
    let place = Place::new().await;
    let ana = terminal(&place, "ana", &[&place.address()]);
    ana.sees("Nick:");
    ana.enters("ana");
    ana.sees(&format!("Cookie or link for {}:", place.address()));
    ana.enters("wrong");
    // Only behind the question what is typed is not shown.
    ana.until("the question again", |screen| {
        let shown = screen.contents();
        (shown.contains("The cookie is wrong.") && shown.matches("Cookie or link for").count() == 2).then_some(())
    });
    ana.enters(place.hub.cookie());
    ana.sees("ana@test>");
    ana.enters("/quit");
    assert_eq!(ana.ends(), 0);
    assert!(!written(&ana).contains(place.hub.cookie()), "{}", written(&ana));
    // The next time nothing is missing.
    let ana = terminal(&place, "ana", &[]);
    ana.sees("@test>");
    ana.types(CTRL_D);
    assert_eq!(ana.ends(), 0);
    assert!(!written(&ana).contains("Nick:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cookie_that_is_asked_for_is_tried() {
    let place = Place::new().await;
    let ana = terminal(&place, "ana", &["-n", "ana", &place.address()]);
    for times in 1..=3 {
        ana.until(format!("question {times}"), |screen| {
            (screen.contents().matches("Cookie or link for").count() == times).then_some(())
        });
        ana.enters("wrong");
    }
    assert_eq!(ana.ends(), 4);
    assert!(written(&ana).contains("That was not the hub's cookie either."), "{}", written(&ana));
    assert_eq!(written(&ana).matches("Cookie or link for").count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nick_that_is_not_to_be_had_is_asked_for_again_in_the_hubs_words() {
    let place = Place::new().await;
    let (_bob, _deliveries) = place.hub.guest("bob").await;
    let ana = terminal(&place, "ana", &[place.hub.link()]);
    ana.sees("Nick:");
    ana.enters("server");
    ana.sees("reserved");
    ana.enters("bob");
    ana.sees("has this nick");
    ana.enters("ana");
    ana.sees("* Users in the room: ana:bob *");
    ana.sees("@test>");
    ana.types(CTRL_C);
    assert_eq!(ana.ends(), 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_at_a_question_the_terminal_shows_again_what_is_typed() {
    let place = Place::new().await;
    for stops in [CTRL_C, CTRL_BACKSLASH] {
        let ana = terminal(&place, "ana", &["-n", "ana", &place.address()]);
        ana.sees(&format!("Cookie or link for {}:", place.address()));
        ana.types(stops);
        assert_eq!(ana.ends(), 130);
        assert!(ana.is_cooked());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_while_the_prompt_stands_goes_below_it() {
    let place = Place::new().await;
    let (bob, _deliveries) = place.hub.guest("bob").await;
    let ana = terminal(&place, "ana", &["-n", "ana", place.hub.link()]);
    ana.sees("ana@test>");
    bob.say("lobby", "hi").await.unwrap();
    ana.wrote("ana@test> \r\nserver> bob: hi\r\nana@test> ");
    ana.enters("hi yourself");
    ana.wrote("hi yourself\r\nana@test> ");
    ana.enters("/users");
    ana.wrote("/users\r\n* Users in the room: ana:bob *\r\nana@test> ");
    ana.enters("/quit");
    assert_eq!(ana.ends(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unread_stands_before_the_first_prompt() {
    let place = Place::new().await;
    let (bob, _deliveries) = place.hub.guest("bob").await;
    place.says("ana", b"").await.fine();
    bob.say("lobby", "you missed this").await.unwrap();
    bob.private_message("ana", "and this").await.unwrap();
    let ana = terminal(&place, "ana", &[]);
    ana.wrote("* Type /help for options *\r\nserver> bob: you missed this\r\nserver> bob: (and this)\r\nana");
    ana.types(CTRL_D);
    assert_eq!(ana.ends(), 0);
    // It was read.
    let ana = terminal(&place, "ana", &[]);
    ana.wrote("* Type /help for options *\r\nana");
    ana.types(CTRL_D);
    assert_eq!(ana.ends(), 0);
}
