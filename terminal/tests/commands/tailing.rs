//! `hubbub tail`.

use rustix::process::Signal;
use shared::message::ToHub;
use shared::transcript::Place as Talk;

use super::place::{Place, end_of};

async fn say_all(client: &node::Client, room: &str, lines: impl IntoIterator<Item = String>) {
    for line in lines {
        client.say(room, &line).await.unwrap();
    }
}

fn lines(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
    range.map(|number| format!("line {number}"))
}

#[tokio::test]
async fn everything_comes_from_the_beginning_and_then_what_is_said() {
    let place = Place::new().await;
    let (ana, _deliveries) = place.hub.guest("ana").await;
    drop(_deliveries);
    ana.join("den").await.unwrap();
    // More than one page, and fewer than the hub takes of one person at once.
    say_all(&ana, "den", (0..90).map(|number| format!("{number} {}", "long ".repeat(1_000)))).await;
    let line = ana.say("den", "a mistake").await.unwrap();
    let den = Talk::Room("den".to_owned());
    ana.ask(|id| den.edit(id, line.seq, "no mistake".to_owned())).await.unwrap();
    ana.ask(|id| ToHub::Topic { id, room: "den".to_owned(), topic: "Tea".to_owned() }).await.unwrap();

    let mut tail = place.begin(&["tail", "-n", "bob", "-r", "den", "--json", "--after", "0"]);
    let mut seen = Vec::new();
    for number in 0..90 {
        let entry = tail.json().await;
        assert!(entry["text"].as_str().unwrap().starts_with(&format!("{number} ")), "{number}");
        seen.push(entry["seq"].as_u64().unwrap());
    }
    for (kind, text) in [("said", "no mistake"), ("edited", "no mistake")] {
        let entry = tail.json().await;
        assert_eq!((entry["type"].as_str(), entry["text"].as_str()), (Some(kind), Some(text)));
        seen.push(entry["seq"].as_u64().unwrap());
    }
    let topic = tail.json().await;
    assert_eq!((topic["type"].as_str(), topic["topic"].as_str()), (Some("topic"), Some("Tea")));
    seen.push(topic["seq"].as_u64().unwrap());
    for line in lines(0..5) {
        let said = ana.say("den", &line).await.unwrap();
        let entry = tail.json().await;
        assert_eq!((entry["seq"].as_u64(), entry["room"].as_str()), (Some(said.seq), Some("den")));
        seen.push(said.seq);
    }
    assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
    tail.signal(Signal::TERM);
    assert_eq!(tail.end().await, (143, String::new()));

    let after = seen[93].to_string();
    let mut tail = place.begin(&["tail", "-r", "den", "--json", "--after", &after]);
    assert_eq!(tail.json().await["seq"], seen[94], "it goes on behind what is named");
    tail.signal(Signal::INT);
    assert_eq!(tail.end().await, (130, String::new()));
}

#[tokio::test]
async fn people_see_who_says_what_and_when() {
    let place = Place::new().await;
    let (ana, _deliveries) = place.hub.guest("ana").await;
    ana.say("lobby", "before").await.unwrap();
    let mut tail = place.begin(&["tail", "-n", "bob", "--after", "0"]);
    assert!(tail.line().await.ends_with(" ana: before"));
    ana.say("lobby", "hello\x1b[2J\ntwo\u{9b}31m\u{202e}").await.unwrap();
    let line = tail.line().await;
    let (time, line) = line.split_at("2026-11-22 04:00:12".len());
    assert!(time.bytes().filter(u8::is_ascii_digit).count() == 14 && time.contains(' '), "{time}");
    assert_eq!(line, " ana: hello␛[2J");
    assert_eq!(tail.line().await, "  two\u{fffd}31m\u{fffd}");
    drop(ana.ask(|id| ToHub::Topic { id, room: "lobby".to_owned(), topic: "Tea".to_owned() }).await);
    assert!(tail.line().await.ends_with(" * ana set the topic: Tea"));
}

#[tokio::test]
async fn json_holds_nothing_that_a_terminal_would_obey() {
    let place = Place::new().await;
    let (ana, _deliveries) = place.hub.guest("ana").await;
    let text = "a\x1b[2J\u{7f}\u{9b}2J\u{202e}é";
    ana.say("lobby", text).await.unwrap();
    let mut tail = place.begin(&["tail", "-n", "bob", "--json", "--after", "0"]);
    let line = tail.line().await;
    assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line}");
    assert!(line.contains('é'));
    let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(entry["text"], text);
}

#[tokio::test]
async fn nothing_is_missed_or_told_twice_where_the_hub_goes_and_comes() {
    let mut place = Place::new().await;
    let (ana, deliveries) = place.hub.guest("ana").await;
    drop(deliveries);
    ana.join("den").await.unwrap();
    let mut tail = place.begin(&["tail", "-n", "bob", "-r", "den", "--json", "--after", "0"]);
    say_all(&ana, "den", lines(0..3)).await;
    for line in lines(0..3) {
        assert_eq!(tail.json().await["text"], line);
    }
    for round in 1..3 {
        place.hub.stop().await;
        place.hub.start().await;
        say_all(&ana, "den", lines(round * 10..round * 10 + 3)).await;
        for line in lines(round * 10..round * 10 + 3) {
            assert_eq!(tail.json().await["text"], line);
        }
    }
    tail.signal(Signal::INT);
    let (code, err) = tail.end().await;
    assert_eq!((code, err.matches("is lost").count(), err.matches("is back").count()), (130, 2, 2), "{err}");
}

#[tokio::test]
async fn another_log_is_told_of_and_followed() {
    let mut place = Place::new().await;
    let (ana, _deliveries) = place.hub.guest("ana").await;
    say_all(&ana, "lobby", lines(0..3)).await;
    let mut tail = place.begin(&["tail", "-n", "bob", "--json", "--after", "0"]);
    for line in lines(0..3) {
        assert_eq!(tail.json().await["text"], line);
    }
    ana.stop().await;
    place.hub.stop().await;
    place.hub.start_anew().await;
    let (carol, _carols) = place.hub.guest("carol").await;
    carol.say("lobby", "anew").await.unwrap();
    let entry = tail.json().await;
    assert_eq!((entry["seq"].as_u64(), entry["text"].as_str()), (Some(1), Some("anew")));
    tail.signal(Signal::INT);
    let (_, err) = tail.end().await;
    assert!(err.contains("another log"), "{err}");

    // A position that only another log can have is none of this one.
    let mut tail = place.begin(&["tail", "-n", "bob", "--json", "--after", "3000"]);
    assert_eq!(tail.json().await["text"], "anew");
    tail.signal(Signal::INT);
    let (_, err) = tail.end().await;
    assert!(err.contains("3000"), "{err}");
}

#[tokio::test]
async fn who_reads_may_go_away_although_nothing_is_said() {
    let place = Place::new().await;
    let (ana, _deliveries) = place.hub.guest("ana").await;
    ana.say("lobby", "hi").await.unwrap();
    let mut tail = place.begin(&["tail", "-n", "bob", "--after", "0"]);
    assert!(tail.line().await.ends_with(" ana: hi"));
    assert_eq!(end_of(tail.stop_reading()).await, (0, String::new()));
}

#[tokio::test]
async fn a_signal_ends_it_although_what_it_prints_is_not_read() {
    let place = Place::new().await;
    let (ana, deliveries) = place.hub.guest("ana").await;
    drop(deliveries);
    // Far more than a pipe takes.
    say_all(&ana, "lobby", (0..40).map(|_| "long ".repeat(3_000))).await;
    let mut tail = place.begin(&["tail", "-n", "bob", "--after", "0"]);
    tail.line().await;
    tail.signal(Signal::TERM);
    assert_eq!(tail.end_unread().await, (143, String::new()));
}

#[tokio::test]
async fn a_room_that_cannot_be_is_refused() {
    let place = Place::new().await;
    let words = place.run(&["tail", "-n", "bob", "-r", "a b"]).await.failed(1);
    assert!(words.contains("room"), "{words}");
}
