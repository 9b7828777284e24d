//! What is pasted is text: nothing of it is sent before the person sends it, and nothing in it is a key.

use crate::grammar::{SCREEN, assert_tame};
use crate::place::{Place, said, said_by, words};
use pty::ENTER;

/// How many lines.
const LINES: usize = 1_000;

fn thousand() -> String {
    (1..=LINES).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pasted_lines_are_one_line_to_be_sent() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = place.chat("ana", &[]);
    ana.sees("2 people");
    ana.until("paste in brackets", |screen| screen.bracketed_paste().then_some(()));
    // A command in it is text as well; line ends come as terminals send them.
    let text = format!("to be read:\n/quit\n{}", thousand());
    ana.pastes(&text.replace('\n', "\r"));
    ana.sees("line 1000");
    bob.say("lobby", "nothing was said yet").await.unwrap();
    ana.sees("nothing was said yet");
    assert_eq!(said(&bob).await, [("bob".to_owned(), "nothing was said yet".to_owned())]);
    ana.types(ENTER);
    let all = said_by(&bob, "ana", 1).await;
    assert_eq!(all, [text]);
    ana.enters("/quit");
    assert_eq!(ana.ends(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_end_a_paste_is_no_key() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = place.chat("ana", &[]);
    ana.sees("2 people");
    ana.pastes("a\x1b[31m\u{9b}31mb\x07\u{202e}c");
    ana.sees("a");
    ana.types(ENTER);
    let all = said_by(&bob, "ana", 1).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_tame(&ana.bytes(), SCREEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn line_mode_says_each_line_of_its_input_in_order() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let output = place.home.runs(&[place.hub.link(), "-n", "ana", "--plain"], format!("{}\n", thousand()).as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    let all: Vec<String> = said(&bob).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(all, thousand().lines().collect::<Vec<_>>());
}
