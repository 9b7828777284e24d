//! What becomes of lines that could not be said, and of a script that could not do what it was to do.

use std::fs::OpenOptions;

use serde_json::Value;

use crate::place::{Place, Program, Ran, heard};
use crate::support::{FalseHub, connected, refused};

/// Lets ana in once, goes away at her first line, and does not know her when she is back.
fn forgets_her(connection: usize, asked: &Value) -> Option<Value> {
    match asked["type"].as_str() {
        Some("connect") if connection % 2 == 1 => Some(connected("ana")),
        Some("connect") => Some(refused("nick_in_use", "Someone else has this nick now.")),
        Some("say") => None,
        _ => Some(refused("no_such_entry", "There is nothing here.")),
    }
}

/// Is there, and takes no line.
fn takes_nothing(_: usize, asked: &Value) -> Option<Value> {
    Some(match asked["type"].as_str() {
        Some("connect") => connected("ana"),
        Some("say") => refused("unavailable", "The disk is full."),
        _ => refused("no_such_entry", "There is nothing here."),
    })
}

async fn says_at(place: &Place, hub: &FalseHub, folder: &str, input: &[u8]) -> Ran {
    place.begin(folder, &["--plain", "-n", "ana", "-s", &hub.address.to_string()]).says_and_ends(input).await
}

fn texts(place: &Place, folder: &str, hub: &FalseHub) -> Vec<String> {
    let lines = &place.remembered(folder)["hubs"][hub.address.to_string()]["identities"][0]["lines"];
    let texts = lines.as_array().into_iter().flatten().map(|line| line["request"]["text"].as_str().unwrap().to_owned());
    texts.collect()
}

#[tokio::test]
async fn lines_outlive_the_loss_of_their_nick() {
    let place = Place::new().await;
    let hub = FalseHub::replying(forgets_her).await;
    let ran = says_at(&place, &hub, "ana", b"one\ntwo\n").await;
    ran.failed(5, "Someone else has this nick now.");
    let kept = "2 lines were not said. They are kept, and said the next time you join the hub.";
    assert!(ran.err.contains(kept) && ran.err.lines().count() == 1, "{}", ran.err);
    assert_eq!(texts(&place, "ana", &hub), ["one", "two"]);
    // Those that were kept already are not gone the next time either.
    let ran = says_at(&place, &hub, "ana", b"three\n").await;
    ran.failed(5, "Someone else has this nick now.");
    assert_eq!(texts(&place, "ana", &hub), ["one", "two", "three"]);
}

#[tokio::test]
async fn a_hub_that_takes_no_lines_is_not_waited_for_for_ever() {
    let place = Place::new().await;
    let hub = FalseHub::replying(takes_nothing).await;
    let (at_the_end, before) = tokio::join!(
        says_at(&place, &hub, "one", b"one\ntwo\n"),
        says_at(&place, &hub, "two", b"one\n/users\ntwo\nthree\n")
    );
    let words = "is there, but 2 lines were not on its disk in time. They are kept";
    at_the_end.failed(1, words);
    assert!(!at_the_end.err.contains("Nothing was done"), "{}", at_the_end.err);
    before.failed(1, "is there, but 1 line was not on its disk in time. It is kept");
    assert!(before.err.contains("Nothing was done from line 2 of the input on."), "{}", before.err);
    assert_eq!(texts(&place, "one", &hub), ["one", "two"]);
}

#[tokio::test]
async fn what_stands_before_what_is_not_utf_8_is_said_or_that_it_was_not() {
    let mut place = Place::new().await;
    let mut ana = place.chat("ana").await;
    place.hub.stop().await;
    ana.expects("* Connection lost, trying again *").await;
    let ran = ana.says_and_ends(b"before\n\xff\n").await;
    ran.failed(8, "Line 2 of the input is not UTF-8. Nothing behind it was said. 1 line was not said. It is kept");
}

#[tokio::test]
async fn nothing_is_said_elsewhere_than_where_a_script_was_to_go() {
    let place = Place::new().await;
    let (bob, mut deliveries) = place.hub.guest("bob").await;
    for join in ["/join no/room", "/join two rooms"] {
        let input = format!("before {join}\n{join}\nfor that room alone\n");
        let ran = place.says("ana", input.as_bytes()).await;
        ran.failed(1, "Nothing behind line 2 was said.");
        assert_eq!(ran.err.lines().count(), 2, "why stands before it: {}", ran.err);
    }
    bob.say("lobby", "the end").await.unwrap();
    let wanted = ["ana: before /join no/room", "ana: before /join two rooms", "bob: the end"];
    assert_eq!(heard(&mut deliveries, 3).await, wanted);
}

#[tokio::test]
async fn a_script_s_commands_wait_for_the_hub() {
    let mut place = Place::new().await;
    let mut ana = place.chat("ana").await;
    place.hub.stop().await;
    ana.expects("* Connection lost, trying again *").await;
    ana.types("/join dev").await;
    ana.types("in dev").await;
    place.hub.start().await;
    let out = ana.says_and_ends(b"").await.fine();
    assert!(out.contains(&"* Joined #dev *".to_owned()), "{out:?}");
    let bob = place.begin("bob", &["--plain", "-n", "bob", place.hub.link()]);
    let out = bob.says_and_ends(b"/join dev\n/search in dev\n").await.fine();
    assert!(out.last().is_some_and(|line| line == "* 1 line has that *"), "{out:?}");
}

#[tokio::test]
async fn a_script_that_was_read_to_its_end_does_not_wait_for_ever_for_a_hub_that_is_gone() {
    let mut place = Place::new().await;
    let mut ana = place.chat("ana").await;
    place.hub.stop().await;
    ana.expects("* Connection lost, trying again *").await;
    let ran = ana.says_and_ends(b"/users\nbye\n").await;
    ran.failed(3, "went away. Nothing was done from line 1 of the input on.");
}

#[tokio::test]
async fn an_output_that_cannot_be_written_is_a_failure() {
    let place = Place::new().await;
    let mut command = place.command("ana", &["--plain", "-n", "ana", place.hub.link()]);
    command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let ran = Program::of(command).ends().await;
    ran.failed(1, "The output cannot be written: ");
}
