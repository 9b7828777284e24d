//! What cannot be done is said in one sentence, and by a code.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::grammar::{PIPE, SCREEN, assert_tame};
use crate::place::{Home, Place, ended, words};
use crate::support::{FalseHub, Nobody, welcome};
use pty::{Size, USUAL};

/// The codes that `--help` lists.
const NO_HUB: i32 = 3;
const COOKIE: i32 = 4;
const NICK: i32 = 5;
const VERSION: i32 = 6;
const REMEMBERED: i32 = 7;
const INPUT: i32 = 8;

/// Each way in.
const WAYS: [&[&str]; 4] = [&["--plain", "-n", "ana"], &["say", "-n", "ana", "hi"], &["nodes"], &["tail", "-n", "ana"]];

/// That way into this hub. What is said may go on to the end of the line, so the hub stands before it.
fn at<'a>(hub: &'a str, way: &[&'a str]) -> Vec<&'a str> {
    [&way[..1], &["-s", hub], &way[1..]].concat()
}

/// One sentence on standard error, with `part` in it, and nothing on standard output that somebody might take for an answer.
fn assert_refused(what: &str, output: &Output, code: i32, part: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{what}: {:?}", words(output));
    let said = said.trim_end();
    assert!(said.contains(part), "{what} names {part:?}: {said:?}");
    assert!(said.lines().count() == 1 && said.split(' ').count() > 3, "{what}: one sentence: {said:?}");
    assert_tame(&output.stderr, PIPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_hub_is_every_way_in_says_so() {
    let nobody = Nobody::new();
    let free = nobody.address.to_string();
    for way in WAYS {
        let home = Home::new();
        assert_refused(way[0], &home.runs(&at(&free, way), b""), NO_HUB, &free);
    }
    // And at a terminal, where the screen is left as it was.
    let home = Home::new();
    let ana = home.terminal(USUAL, &[&free, "-n", "ana"]);
    assert_eq!(ana.ends(), 3);
    assert_eq!(ana.left_behind(), [""; 0]);
    ana.wrote(&free);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_is_wrong_or_missing_is_told_from_a_hub_that_is_not_there() {
    let place = Place::open().await;
    let host = place.hub.address().to_string();
    for link in [format!("http://{host}/#cookie=swordfish"), host] {
        for way in WAYS {
            let output = Home::new().runs(&at(&link, way), b"");
            assert_refused(&format!("{way:?}"), &output, COOKIE, "cookie");
            assert!(!words(&output).contains("swordfish"), "no secret is repeated: {}", words(&output));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_hub_is_said_to_be_none() {
    let server = FalseHub::web("404 Not Found", "what do you want?").await;
    let host = server.address.to_string();
    for way in WAYS {
        assert_refused(way[0], &Home::new().runs(&at(&host, way), b""), NO_HUB, "hub");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_tells_and_tells_before_it_lets_anybody_in_is_none() {
    let flood = |_: usize, _: &Value| {
        let said =
            |seq| json!({"type": "said", "seq": seq, "at": 0, "room": "lobby", "from": "eve", "id": "i", "text": "hi"});
        Some((1..=5_000).map(said).collect())
    };
    let hub = FalseHub::answering(welcome("hub@eve", "ana@eve"), flood).await;
    let host = hub.address.to_string();
    let way = ["--plain", "-n", "ana"];
    assert_refused("a flood", &Home::new().runs(&at(&host, &way), b""), NO_HUB, "as a hub would");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_of_another_version_is_said_to_be_one() {
    let speaks = "This hub speaks the WebSocket subprotocol hubbub.v2 only.";
    for hub in
        [FalseHub::closing(4406, "this hub speaks version 2").await, FalseHub::web("400 Bad Request", speaks).await]
    {
        let host = hub.address.to_string();
        for way in WAYS {
            assert_refused(way[0], &Home::new().runs(&at(&host, way), b""), VERSION, "version");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hub_says_in_refusing_reaches_no_terminal_unclean() {
    for code in [4401, 4406, 4429, 4499] {
        let hub = FalseHub::closing(code, "\x1b]0;owned\x07 \u{9b}31m\nand\r\u{202e}so").await;
        let host = hub.address.to_string();
        for way in WAYS {
            let output = Home::new().runs(&at(&host, way), b"");
            assert!(!output.status.success());
            assert_tame(words(&output).as_bytes(), PIPE);
        }
        if code != 4401 {
            // At a terminal one would be asked for the cookie.
            let home = Home::new();
            let ana = home.terminal(USUAL, &[&host, "-n", "ana", "--plain"]);
            assert_ne!(ana.ends(), 0);
            assert_tame(&ana.bytes(), SCREEN);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_s_nick_is_not_had() {
    let place = Place::open().await;
    let _ana = place.other("tab", "ana").await;
    let link = place.hub.link();
    for way in [WAYS[0], WAYS[1]] {
        assert_refused(way[0], &Home::new().runs(&at(link, way), b""), NICK, "nick");
    }
    let reserved = Home::new().runs(&at(link, &["say", "-n", "server", "hi"]), b"");
    assert_refused("server", &reserved, NICK, "nick");
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_is_not_utf_8_is_not_said() {
    let place = Place::open().await;
    let link = place.hub.link();
    let eve = place.other("tab", "eve").await;
    let latin = b"gr\xfc\xdf dich\n";
    let said = Home::new().runs(&at(link, &["say", "-n", "ana"]), latin);
    assert_refused("say", &said, INPUT, "UTF-8");
    let chat = Home::new().runs(&at(link, WAYS[0]), latin);
    assert_eq!(chat.status.code(), Some(INPUT), "{}", words(&chat));
    assert!(String::from_utf8_lossy(&chat.stderr).contains("UTF-8"), "{}", words(&chat));
    let place = shared::transcript::Place::Room("lobby".to_owned());
    let page = eve.history(&place, None, None, 50).await.unwrap();
    assert!(page.entries.is_empty(), "{:?}", page.entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_the_output_may_go_away() {
    let place = Place::open().await;
    let eve = place.other("tab", "eve").await;
    for number in 0..200 {
        eve.say("lobby", &format!("line {number}: {}", "x".repeat(1_000))).await.unwrap();
    }
    let link = place.hub.link();
    let ways: [&[&str]; 3] = [
        &["tail", "-n", "ana", "--after", "0"],
        &["tail", "-n", "ana", "--after", "0", "--json"],
        &["--plain", "-n", "ana"],
    ];
    for way in ways {
        let mut child = place.home.piped(&at(link, way));
        let mut some = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        // The chat writes again when it hears something.
        eve.say("lobby", "once more").await.unwrap();
        eve.say("lobby", "and once more").await.unwrap();
        let stdin = child.stdin.take();
        let output = ended(child);
        drop(stdin);
        assert_eq!(output.status.code(), Some(0), "{way:?}: {}", words(&output));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{way:?} ends quietly");
    }
    let mut child = Home::new().piped(&at(link, &["nodes"]));
    drop(child.stdout.take());
    let output = ended(child);
    assert_eq!((output.status.code(), words(&output).as_str()), (Some(0), ""));
}

/// All files of a folder, and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_is_for_its_owner_alone_and_must_be_whole() {
    let place = Place::open().await;
    let said = place.home.runs(&at(place.hub.link(), &["say", "-n", "ana", "hi"]), b"");
    assert!(said.status.success(), "{}", words(&said));
    let remembered = files(&place.home.config());
    assert!(!remembered.is_empty(), "hub, nick and token are remembered");
    for file in &remembered {
        let mode = fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    // By the address alone, as who one was: cookie, nick and token are remembered.
    let host = place.hub.address().to_string();
    let again = place.home.runs(&["say", "-s", &host, "again"], b"");
    assert!(again.status.success(), "{}", words(&again));

    let file = remembered.iter().find(|file| fs::read_to_string(file).unwrap().contains("ana")).unwrap();
    let secret = place.hub.cookie();
    let whole = fs::read(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let refused = |what: &str| {
        for way in WAYS {
            let output = place.home.runs(&at(&host, way), b"");
            assert_refused(what, &output, REMEMBERED, name);
            assert!(!words(&output).contains(secret), "{what}: no secret is told");
        }
    };
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    refused("others can read it");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"\xff\xfe\x00", b"[]", b"\x1b]0;owned\x07"] {
        fs::write(file, damaged).unwrap();
        refused("it is damaged");
        assert_eq!(fs::read(file).unwrap(), damaged, "what a person may want to mend is left alone");
    }
    fs::write(file, whole).unwrap();
    assert!(place.home.runs(&["say", "-s", &host, "and again"], b"").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_of_ten_by_three_is_too_small_for_the_view_and_not_for_line_mode() {
    let place = Place::open().await;
    let small = Size(10, 3);
    let view = place.chat_at(&place.home, small, "ana", &[]);
    assert_eq!(view.ends(), 8);
    assert_eq!(view.left_behind(), [""; 0]);
    let plain = place.chat_at(&Home::new(), small, "bob", &["--plain"]);
    plain.wrote("Connected");
    plain.enters("/quit");
    assert_eq!(plain.ends(), 0);
}
