//! What others write is shown, and never obeyed: whatever they put into texts, topics, names, values and answers, nothing
//! comes out of the program that a terminal obeys but what the view is drawn with.

use std::io::Read;
use std::process::Child;
use std::sync::mpsc;
use std::thread;

use node::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use shared::transcript::Place as Talk;

use crate::grammar::{PIPE, SCREEN, assert_tame};
use crate::place::{Home, Place, ended, is_here, words};
use crate::support::{FalseHub, WITHIN, welcome};
use pty::{PAGE_UP, Size, USUAL, rows};

/// Each means something to one terminal or another: titles, the clipboard, other screens and alphabets, answers typed in
/// the person's name, the end of a paste, keys that would run something, C1 controls, and what turns text round.
const TRICKS: [&str; 24] = [
    "\x1b]0;owned\x07",
    "\x1b]52;c;b3duZWQ=\x1b\\",
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[777;777H",
    "\x1b[?1049l\x1b[?25l\x1b[?1337h",
    "\x1b[8;66;166t\x1b[5m\x1b[8mhidden",
    "\x1b[6n\x1b[c\x1b[>c\x1b[21t",
    "\x1bP+q544e\x1b\\\x1b_x\x1b\\\x1b^y\x1b\\",
    "\x1bc\x1b(0lqk\x1b#8\x1b=",
    "\u{9b}31mred\u{9b}2J",
    "\u{9d}0;owned\u{9c}\u{90}q\u{9c}",
    "\x1b[200~/quit\r\x1b[201~",
    "\x07\x08\x08\x08\x0e\x0f\x05\x7f\x01\x02",
    "\rserver> ana: I owe mallory 100",
    "\nserver> ana: I owe mallory 200",
    "\r\nserver> ana: I owe mallory 300\r\n",
    "\u{2028}server> ana: I owe mallory 400\u{2029}",
    "\u{85}server> ana: I owe mallory 500\x0bserver> ana: 600\x0cserver> ana: 700",
    "\u{202e}txt.exe\u{202c}\u{202d}\u{202a}\u{202b}",
    "\u{2066}\u{2067}\u{2068}never ended",
    "\u{200f}\u{200e}\u{061c}\u{feff}\u{200b}\u{ad}",
    "\x1b\x1b\x1b[\x1b]",
    "\t\ttabs\tand\tmore",
    "nothing \0 at all",
];

/// Nothing that a person wrote begins a line as a line of another person's does.
fn assert_not_forged(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.split(['\n', '\r']) {
        let at = line.find("server> ana: ");
        assert!(at != Some(0), "nobody but ana speaks as ana: {line:?}");
    }
}

/// As much of that as the hub takes, of every kind that there is; then a line by which one knows that all of it is there.
async fn does_all_of_it(mallory: &Client) {
    for trick in TRICKS {
        let text = format!("a {trick} z");
        mallory.say("lobby", &text).await.unwrap();
        mallory.private_message("ana", &text).await.unwrap();
        topic(mallory, &text).await;
    }
    let every: String = (0..0xa0).filter_map(char::from_u32).collect();
    mallory.say("lobby", &format!("every {every} one")).await.unwrap();
    mallory.say("lobby", &"\x1b[31m".repeat(3_000)).await.unwrap();
    mallory.say("lobby", &"x".repeat(16 * 1024)).await.unwrap();
    mallory.say("lobby", &format!("z{}", "\u{301}".repeat(5_000))).await.unwrap();
    mallory.say("lobby", &"👨‍👩‍👧‍👦🏳️‍🌈".repeat(200)).await.unwrap();
    mallory.say("lobby", &"a\n".repeat(4_000)).await.unwrap();
    let edited = mallory.say("lobby", "soon otherwise").await.unwrap();
    edit(mallory, edited.seq, TRICKS[0]).await;
    mallory.say("lobby", "that was all").await.unwrap();
}

async fn topic(mallory: &Client, topic: &str) {
    let topic = topic.to_owned();
    mallory.ask(|id| shared::message::ToHub::Topic { id, room: "lobby".to_owned(), topic }).await.unwrap();
}

async fn edit(mallory: &Client, of: u64, text: &str) {
    let edit = Talk::Room("lobby".to_owned());
    let text = text.to_owned();
    mallory.ask(|id| edit.edit(id, of, text)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_full_screen_obeys_nobody_but_itself() {
    let place = Place::open().await;
    let mallory = place.other("evil", "mallory").await;
    let ana = place.chat("ana", &[]);
    ana.sees("2 people");
    does_all_of_it(&mallory).await;
    ana.sees("that was all");
    // Past all of it, and what was in the private conversation as well.
    for _ in 0..12 {
        ana.types(PAGE_UP);
    }
    ana.enters("/pm mallory enough");
    ana.until("the line, and an empty composer", |screen| {
        let words = rows(screen);
        (words.contains("enough") && words.lines().last().is_some_and(|last| !last.contains("enough"))).then_some(())
    });
    for _ in 0..12 {
        ana.types(PAGE_UP);
    }
    for size in [Size(40, 12), Size(200, 50)] {
        ana.resize(size);
    }
    ana.enters("/join lobby");
    mallory.say("lobby", "still there?").await.unwrap();
    ana.sees("still there?");
    ana.enters("/quit");
    assert_eq!(ana.ends(), 0);
    assert_tame(&ana.bytes(), SCREEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn line_mode_at_a_terminal_obeys_nobody_but_itself() {
    let place = Place::open().await;
    let mallory = place.other("evil", "mallory").await;
    let ana = place.chat("ana", &["--plain"]);
    ana.wrote("/help for options");
    does_all_of_it(&mallory).await;
    ana.wrote("that was all");
    ana.enters("/quit");
    assert_eq!(ana.ends(), 0);
    assert_tame(&ana.bytes(), SCREEN);
    assert_not_forged(&ana.bytes());
}

/// Waits until a program has written this, then ends it; all that it wrote.
fn reads_until(mut child: Child, part: &str) -> Vec<u8> {
    let mut output = child.stdout.take().unwrap();
    let (tell, read) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 64 * 1024];
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            // Once there is enough nobody listens.
            let _ = tell.send(buffer[..count].to_vec());
        }
    });
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(part) {
        let more = read.recv_timeout(WITHIN);
        bytes.extend(
            more.unwrap_or_else(|_| panic!("waited for {part:?}; it wrote {}", String::from_utf8_lossy(&bytes))),
        );
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let stdin = child.stdin.take();
    let rest = ended(child);
    drop(stdin);
    assert_tame(&rest.stderr, PIPE);
    while let Ok(more) = read.recv_timeout(WITHIN) {
        bytes.extend(more);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_into_a_pipe_holds_no_control_at_all() {
    let place = Place::open().await;
    let mallory = place.other("evil", "mallory").await;
    // Whispers wait for whom they are for.
    let chat = place.with_link(&["--plain", "-n", "ana"]);
    let chat: Vec<&str> = chat.iter().map(String::as_str).collect();
    let ana = place.home.piped(&chat);
    is_here(&mallory, "ana").await;
    does_all_of_it(&mallory).await;
    let bytes = reads_until(ana, "that was all");
    assert_tame(&bytes, PIPE);
    assert_not_forged(&bytes);

    for command in [&["tail", "-n", "ana", "--after", "0"][..], &["tail", "-n", "ana", "--after", "0", "--json"]] {
        let command = place.with_link(command);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let bytes = reads_until(place.home.piped(&command), "that was all");
        assert_tame(&bytes, PIPE);
        assert_not_forged(&bytes);
        let terminal = place.home.terminal(USUAL, &command);
        terminal.wrote("that was all");
        assert_tame(&terminal.bytes(), SCREEN);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_keys_and_answers_hold_none_either() {
    let place = Place::open().await;
    let mallory = place.other("evil", "mallory").await;
    mallory.serve("liar", async |_: node::Received| Ok(json!(TRICKS))).unwrap();
    mallory
        .serve("talker", async |_: node::Received| {
            Ok(json!(format!("{}{}", "x\x1b[31m".repeat(1_000), "y".repeat(20_000))))
        })
        .unwrap();
    mallory.serve("refuser", async |_: node::Received| -> Result<Value, String> { Err(TRICKS.concat()) }).unwrap();
    let store = mallory.store();
    for (number, trick) in TRICKS.into_iter().enumerate() {
        store.put(&format!("evil/{number}"), json!({ trick: [trick] })).await.unwrap();
        let plain: String = trick.chars().filter(|c| !c.is_control()).collect();
        store.put(&format!("evil/{number}/{plain}"), json!(trick)).await.unwrap();
    }
    let last = store.put("evil/last", "that was all").await.unwrap();
    assert!(last > 0);

    let mut asked: Vec<Vec<String>> = Vec::new();
    for number in 0..TRICKS.len() {
        asked.push(vec!["get".to_owned(), format!("evil/{number}")]);
    }
    for process in ["liar@@evil", "talker@@evil", "refuser@@evil", "nobody@@evil", "liar@@nowhere"] {
        asked.push(vec!["call".to_owned(), process.to_owned(), "{}".to_owned()]);
    }
    asked.push(vec!["nodes".to_owned()]);
    asked.push(vec!["nodes".to_owned(), "--json".to_owned()]);
    // What one types oneself comes from somewhere as well.
    for trick in TRICKS.iter().filter(|trick| !trick.contains('\0')) {
        asked.push(vec!["get".to_owned(), (*trick).to_owned()]);
        asked.push(vec!["ping".to_owned(), (*trick).to_owned()]);
        asked.push(vec!["call".to_owned(), format!("liar@@{trick}"), (*trick).to_owned()]);
    }
    for command in &asked {
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let output = place.asks(&command);
        assert!(!words(&output).is_empty() || command[0] == "get", "{command:?} says something");
        assert_tame(&output.stdout, PIPE);
        assert_tame(&output.stderr, PIPE);
        if command == ["call", "liar@@evil", "{}"] {
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(answer, json!(TRICKS), "and a program still reads what was answered");
        }
    }
    for more in [&["watch", "evil/"][..], &["watch", "evil/", "--json"]] {
        let command = place.with_link(more);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let child = place.home.piped(&command);
        // It tells what is there, or what comes; both end with this.
        let put = {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    for (number, trick) in TRICKS.into_iter().enumerate() {
                        store.put(&format!("evil/{number}"), json!({ trick: [trick] })).await.unwrap();
                    }
                    store.put("evil/last", "that was all").await.unwrap();
                }
            })
        };
        let bytes = tokio::task::spawn_blocking(move || reads_until(child, "that was all")).await.unwrap();
        put.abort();
        assert_tame(&bytes, PIPE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_lies_reaches_no_terminal_either() {
    const LIE: &str = "\x1b]0;owned\x07\u{9b}31m\n\u{202e}";
    let answer = |_: usize, asked: &Value| {
        let id = asked["id"].clone();
        let user = json!({ "nick": LIE, "state": LIE, "nodes": 1 });
        let entry = json!({ "type": "said", "seq": 5, "at": 1_795_176_000_000_u64, "room": LIE, "from": LIE, "id": LIE, "text": LIE });
        let ok = match asked["type"].as_str().unwrap_or_default() {
            "connect" => json!({
                "nick": LIE, "token": LIE, "room": LIE, "topic": LIE, "users": [user], "count": 1, "read": 0, "unread": 0,
                "conversations": [{ "with": LIE, "seq": 1, "read": 0, "unread": 1 }], "owner": 1,
            }),
            "history" => json!({ "entries": [entry], "more": false }),
            "list_nodes" => json!({ "nodes": [{ "node": LIE, "nick": LIE, "kind": LIE, "since": 1_u64 }] }),
            _ => {
                return Some(vec![
                    json!({ "type": "reply", "id": id, "error": { "code": "unavailable", "message": LIE } }),
                    entry,
                ]);
            }
        };
        Some(vec![json!({ "type": "reply", "id": id, "ok": ok }), entry])
    };
    for hub in ["hub@den.local".to_owned(), format!("hub@{LIE}")] {
        let liar = FalseHub::answering(welcome(&hub, &hub), answer).await;
        let host = liar.address.to_string();
        let ways: [&[&str]; 4] = [&["nodes"], &["nodes", "--json"], &["say", "-n", "ana", "hi"], &["ping", "evil"]];
        for way in ways {
            let output = Home::new().runs(&[way, &["-s", &host]].concat(), b"");
            assert_tame(&output.stdout, PIPE);
            assert_tame(&output.stderr, PIPE);
        }
        let plain = Home::new().runs(&["-s", &host, "-n", "ana", "--plain"], b"/users\n/topic\n/quit\n");
        assert_tame(&plain.stdout, PIPE);
        assert_tame(&plain.stderr, PIPE);
    }
}
