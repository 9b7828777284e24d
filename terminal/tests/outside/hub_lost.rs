//! When the hub goes this is said, and nothing is lost by it: what is typed meanwhile arrives once, and what was said
//! meanwhile is read. (A hub that is killed is for the tests beside browsers, which have one as a process.)

use std::io::Write;

use crate::place::{Home, Place, ended, said_by, words};
use pty::{USUAL, rows};

#[tokio::test(flavor = "multi_thread")]
async fn both_views_say_so_come_back_and_lose_nothing() {
    let mut place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let home = Home::new();
    let ana = place.chat("ana", &[]);
    let carl = place.chat_at(&home, USUAL, "carl", &["--plain"]);
    carl.wrote("/help for options");
    ana.sees("3 people");
    bob.say("lobby", "before").await.unwrap();
    ana.sees("before");
    carl.wrote("server> bob: before");

    place.hub.stop().await;
    ana.until("words on the lost connection", |screen| says_lost(&rows(screen)).then_some(()));
    carl.until("words on the lost connection", |screen| says_lost(&rows(screen)).then_some(()));
    ana.enters("typed while it was away");
    carl.enters("and I as well");
    ana.sees("typed while it was away");

    place.hub.start().await;
    ana.sees("and I as well");
    carl.wrote("server> ana: typed while it was away");
    bob.say("lobby", "after").await.unwrap();
    carl.wrote("server> bob: after");
    ana.sees("after");
    ana.until("no words on a lost connection", |screen| (!says_lost(&rows(screen))).then_some(()));
    for nick in ["ana", "carl"] {
        assert_eq!(said_by(&bob, nick, 1).await.len(), 1, "each line once");
    }
    for terminal in [ana, carl] {
        terminal.enters("/quit");
        assert_eq!(terminal.ends(), 0);
    }
}

fn says_lost(screen: &str) -> bool {
    let screen = screen.to_lowercase();
    ["lost", "reconnecting", "not connected", "is away"].iter().any(|word| screen.contains(word))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_no_hub_took_is_not_said_to_be_sent() {
    let mut place = Place::open().await;
    place.hub.stop().await;
    let output = place.asks(&["say", "-n", "ana", "hi"]);
    assert_eq!(output.status.code(), Some(3), "{}", words(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_hears_after_a_restart_what_was_missed_once() {
    let mut place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    bob.say("lobby", "one").await.unwrap();
    let command = place.with_link(&["tail", "-n", "ana", "--after", "0"]);
    let tail = place.home.terminal(USUAL, &command.iter().map(String::as_str).collect::<Vec<_>>());
    tail.wrote("one");
    place.hub.stop().await;
    place.hub.start().await;
    bob.say("lobby", "two").await.unwrap();
    tail.wrote("two");
    let text = String::from_utf8_lossy(&tail.bytes()).into_owned();
    assert_eq!((text.matches("one").count(), text.matches("two").count()), (1, 1), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_stops_while_line_mode_reads_a_pipe_ends_nothing_before_all_was_said() {
    let mut place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let mut ana = place.home.piped(&[place.hub.link(), "-n", "ana", "--plain"]);
    let mut input = ana.stdin.take().unwrap();
    input.write_all(b"first\n").unwrap();
    said_by(&bob, "ana", 1).await;
    place.hub.stop().await;
    input.write_all(b"second\n").unwrap();
    drop(input);
    place.hub.start().await;
    let output = ended(ana);
    assert_eq!(output.status.code(), Some(0), "{}", words(&output));
    assert_eq!(said_by(&bob, "ana", 2).await, ["first", "second"]);
}
