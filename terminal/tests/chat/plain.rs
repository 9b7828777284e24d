//! What is printed, and what lines do.

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdout;
use tokio::time::timeout;

use crate::place::{Place, heard};
use crate::support::WITHIN;

#[tokio::test]
async fn the_session_of_the_original_goes_as_it_went_then() {
    let place = Place::new().await;
    let mut ana = place.begin("ana", &["--plain", "-s", place.hub.link(), "-n", "ana"]);
    ana.expects("Connected").await;
    ana.expects("* Joined the chatroom *").await;
    ana.expects("* Users in the room: ana *").await;
    ana.expects("* Type /help for options *").await;

    let mut bob = place.begin("bob", &["--plain", "-s", place.hub.link(), "-n", "bob"]);
    bob.expects("Connected").await;
    bob.expects("* Joined the chatroom *").await;
    bob.expects("* Users in the room: ana:bob *").await;
    bob.expects("* Type /help for options *").await;
    ana.expects("server> bob has joined").await;

    bob.types("hello").await;
    ana.expects("server> bob: hello").await;
    ana.types("").await;
    ana.types("hi bob").await;
    bob.expects("server> ana: hi bob").await;
    bob.types("/pm ana psst").await;
    ana.expects("server> bob: (psst)").await;
    ana.types("/users").await;
    ana.expects("* Users in the room: ana:bob *").await;

    bob.types("/leave").await;
    bob.expects("You have left lobby. Type /join lobby to come back.").await;
    ana.expects("server> bob has left").await;
    bob.types("/join").await;
    bob.expects("* Joined the chatroom *").await;
    bob.expects("* Users in the room: ana:bob *").await;
    ana.expects("server> bob has joined").await;

    bob.types("/quit").await;
    assert_eq!(bob.ends().await.fine(), Vec::<String>::new());
    ana.expects("server> bob has left").await;
    assert_eq!(ana.says_and_ends(b"").await.fine(), Vec::<String>::new());
}

#[tokio::test]
async fn the_prompt_stands_in_a_pipe_as_well_and_each_line_on_a_line_of_its_own() {
    let place = Place::new().await;
    let mut ana = place.command("ana", &["--plain", place.hub.link(), "-n", "ana"]).spawn().unwrap();
    let mut out = ana.stdout.take().unwrap();
    let mut printed = String::new();
    reads(&mut out, &mut printed, "* Type /help for options *\nana@test> ").await;
    let (bob, _deliveries) = place.hub.guest("bob").await;
    reads(&mut out, &mut printed, "ana@test> \nserver> bob has joined\nana@test> ").await;
    bob.say("lobby", "hi").await.unwrap();
    reads(&mut out, &mut printed, "ana@test> \nserver> bob: hi\nana@test> ").await;
    ana.stdin.take().unwrap().write_all(b"hi yourself\n/users\n/quit\n").await.unwrap();
    reads(&mut out, &mut printed, "ana@test> \n* Users in the room: ana:bob *\nana@test> \n").await;
    assert!(ana.wait().await.unwrap().success());
    out.read_to_string(&mut printed).await.unwrap();
    assert!(printed.ends_with("ana@test> \n") && !printed.contains("hi yourself"), "{printed:?}");
}

/// Reads until all that was printed ends like this.
async fn reads(out: &mut ChildStdout, printed: &mut String, end: &str) {
    let reading = async {
        while !printed.ends_with(end) {
            let mut bytes = [0; 256];
            let read = out.read(&mut bytes).await.unwrap();
            assert_ne!(read, 0, "it ended after {printed:?}, before {end:?}");
            printed.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
    };
    let in_time = timeout(WITHIN, reading).await.is_ok();
    assert!(in_time, "{printed:?} does not end like {end:?}");
}

#[tokio::test]
async fn a_line_said_in_a_pipe_is_on_the_hubs_disk_at_the_end() {
    let place = Place::new().await;
    let (_bob, mut deliveries) = place.hub.guest("bob").await;
    let lines: Vec<String> = (1..=30).map(|number| format!("line {number}")).collect();
    place.says("ana", lines.join("\n").as_bytes()).await.fine();
    let wanted: Vec<String> = lines.iter().map(|line| format!("ana: {line}")).collect();
    assert_eq!(heard(&mut deliveries, 30).await, wanted);
}

#[tokio::test]
async fn commands_in_a_pipe_are_obeyed_in_their_order() {
    let place = Place::new().await;
    let (_bob, mut deliveries) = place.hub.guest("bob").await;
    let input = b"in the lobby\n/topic tea\n/topic\n/join dev\nin dev\n/topic\n/leave\nin the lobby again\n/users\n";
    let ran = place.says("ana", input).await;
    assert_eq!(
        ran.fine(),
        [
            "lobby is about: tea",
            "* Joined #dev *",
            "* Users in the room: ana *",
            "dev is about nothing in particular. Type /topic and words to say what.",
            "You have left dev. Type /join dev to come back.",
            "* You are in #lobby *",
            "* Users in the room: ana:bob *",
        ]
    );
    assert_eq!(heard(&mut deliveries, 2).await, ["ana: in the lobby", "ana: in the lobby again"]);
}

#[tokio::test]
async fn what_is_said_elsewhere_says_where() {
    let place = Place::new().await;
    let (bob, _deliveries) = place.hub.guest("bob").await;
    bob.join("dev").await.unwrap();
    let mut ana = place.chat("ana").await;
    ana.types("/join dev").await;
    ana.expects("* Joined #dev *").await;
    ana.expects("* Users in the room: ana:bob *").await;
    bob.say("lobby", "far").await.unwrap();
    bob.say("dev", "near").await.unwrap();
    ana.expects("server #lobby> bob: far").await;
    ana.expects("server> bob: near").await;
    assert_eq!(ana.says_and_ends(b"/leave\n").await.fine()[1], "* You are in #lobby *");
}

#[tokio::test]
async fn what_becomes_of_a_line_is_told() {
    let place = Place::new().await;
    let (bob, _deliveries) = place.hub.guest("bob").await;
    let mut ana = place.chat("ana").await;
    let seq = bob.say("lobby", "frist").await.unwrap().seq;
    ana.expects("server> bob: frist").await;
    let lobby = shared::transcript::Place::Room("lobby".to_owned());
    bob.ask(|id| lobby.edit(id, seq, "first".to_owned())).await.unwrap();
    ana.expects("server> bob edited: first").await;
    bob.ask(|id| lobby.react(id, seq, "👍".to_owned(), true)).await.unwrap();
    ana.expects("server> bob 👍 bob: first").await;
    bob.ask(|id| lobby.delete(id, seq)).await.unwrap();
    ana.expects("server> bob deleted a line").await;
    let topic = "tea".to_owned();
    bob.ask(|id| shared::message::ToHub::Topic { id, room: "lobby".to_owned(), topic }).await.unwrap();
    ana.expects("server> bob set the topic: tea").await;
    ana.says_and_ends(b"").await.fine();
}

#[tokio::test]
async fn nobody_speaks_as_somebody_else_or_to_the_terminal() {
    let place = Place::new().await;
    let (bob, _deliveries) = place.hub.guest("bob").await;
    let mut ana = place.chat("ana").await;
    bob.say("lobby", "hi\nserver> carl: I am a fool\x1b]0;title\x07").await.unwrap();
    ana.expects("server> bob: hi").await;
    ana.expects("  server> carl: I am a fool␛]0;title␇").await;
    ana.says_and_ends(b"").await.fine();
}

#[tokio::test]
async fn what_is_refused_is_said_and_shows_in_the_code() {
    let place = Place::new().await;
    let ran = place.says("ana", b"/pm nobody hi\n/nonsense\n").await;
    ran.failed(1, "nobody");
    assert!(ran.err.contains("There is no command /nonsense"), "{}", ran.err);
}

#[tokio::test]
async fn input_that_is_not_utf_8_ends_it_and_what_stands_before_is_said() {
    let place = Place::new().await;
    let (bob, mut deliveries) = place.hub.guest("bob").await;
    let ran = place.says("ana", b"before\n\xff\xfe\nbehind\n").await;
    ran.failed(8, "Line 2 of the input is not UTF-8.");
    bob.say("lobby", "the end").await.unwrap();
    assert_eq!(heard(&mut deliveries, 2).await, ["ana: before", "bob: the end"]);
}

#[tokio::test]
async fn a_line_too_long_to_be_said_is_refused_and_the_next_is_not() {
    let place = Place::new().await;
    let (_bob, mut deliveries) = place.hub.guest("bob").await;
    let input = [vec![b'x'; 100_000], b"\nshort\n".to_vec()].concat();
    place.says("ana", &input).await.failed(1, "Line 1 is longer than the 16 KiB that can be said");
    assert_eq!(heard(&mut deliveries, 1).await, ["ana: short"]);
}

#[tokio::test]
async fn who_stops_reading_ends_it_quietly() {
    let place = Place::new().await;
    let mut ana = place.begin("ana", &["--plain", "-n", "ana", "-s", place.hub.link()]);
    ana.expects("Connected").await;
    // The input stays open: it is the output's end that ends it.
    assert_eq!(ana.ends_unread().await, (0, String::new()));
}

#[tokio::test]
async fn a_signal_is_a_departure_in_good_order() {
    let place = Place::new().await;
    let mut ana = place.chat("ana").await;
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
        let bob = place.chat("bob").await;
        ana.expects("server> bob has joined").await;
        bob.signal(signal);
        assert_eq!(bob.ends().await.code, code);
        ana.expects("server> bob has left").await;
    }
    ana.says_and_ends(b"").await.fine();
}

#[tokio::test]
async fn a_hub_that_comes_back_brings_what_was_missed() {
    let mut place = Place::new().await;
    let mut ana = place.chat("ana").await;
    let (bob, _deliveries) = place.hub.guest("bob").await;
    ana.expects("server> bob has joined").await;
    place.hub.stop().await;
    ana.expects("* Connection lost, trying again *").await;
    // Said without a hub: it is kept until there is one.
    let said = bob.say("lobby", "while you were away");
    ana.types("me too").await;
    place.hub.start().await;
    said.await.unwrap();
    let (mut connected, mut missed) = (false, false);
    while !(connected && missed) {
        match ana.line().await.as_str() {
            "* Connected again *" => connected = true,
            "server> bob: while you were away" => missed = true,
            other => assert!(other.ends_with(" has joined") || other.ends_with(" has left"), "{other}"),
        }
    }
    assert_eq!(ana.says_and_ends(b"").await.code, 0);
}

#[tokio::test]
async fn another_log_than_before_is_told_as_what_becomes_of_the_connection_is() {
    let mut place = Place::new().await;
    let mut ana = place.chat("ana").await;
    place.hub.stop().await;
    ana.expects("* Connection lost, trying again *").await;
    place.hub.start_anew().await;
    let told = [ana.line().await, ana.line().await];
    let log = "* The hub has a new log, perhaps a backup. Lines may be missing. *";
    assert!(told.iter().any(|line| line == log) && told.iter().any(|line| line == "* Connected again *"), "{told:?}");
    assert_eq!(ana.says_and_ends(b"").await.fine(), [""; 0]);
}
