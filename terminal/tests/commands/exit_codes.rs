//! How the commands end where something is wrong: one sentence, and a code that `--help` tells.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use shared::wire::close;
use tokio::net::TcpListener;

use super::place::{Place, ended};
use super::script::Script;

/// All that need a hub, called as they should be.
const COMMANDS: [&[&str]; 8] = [
    &["say", "hi"],
    &["tail"],
    &["nodes"],
    &["ping", "hub"],
    &["call", "message_server@@hub", r#"{"type":"list_rooms"}"#],
    &["get", "a"],
    &["put", "a", "1"],
    &["watch"],
];

/// Those of them that need a nick.
const NAMED: [&str; 3] = ["say", "tail", "put"];

#[tokio::test]
async fn no_hub_is_told() {
    let place = Place::new().await;
    for command in COMMANDS {
        let mut hubbub = place.hubbub([&["-n", "bob"], command].concat());
        hubbub.env("HUBBUB_SERVER", "127.0.0.1:1");
        let words = ended(hubbub).await.failed(3);
        assert!(words.contains("127.0.0.1:1"), "{command:?}: {words}");
    }
}

#[tokio::test]
async fn a_wrong_cookie_is_told_and_none_is_asked_for() {
    let place = Place::new().await;
    let there = place.hub.link().split_once('#').unwrap().0.to_owned();
    for (command, link) in
        COMMANDS.into_iter().zip([there.clone(), format!("{there}#cookie=wrong")].into_iter().cycle())
    {
        let mut hubbub = place.hubbub([&["-n", "bob"], command].concat());
        hubbub.env("HUBBUB_SERVER", link);
        let words = ended(hubbub).await.failed(4);
        assert!(words.contains("cookie"), "{command:?}: {words}");
    }
}

#[tokio::test]
async fn a_nick_is_asked_of_those_that_speak_and_of_nobody_else() {
    let place = Place::new().await;
    let (_ana, _deliveries) = place.hub.guest("ana").await;
    for command in COMMANDS.into_iter().filter(|command| NAMED.contains(&command[0])) {
        let words = place.run(command).await.failed(5);
        assert_eq!(words, "A nick is needed for this: give one with -n.", "{command:?}");
        let words = place.run(&[&["-n", "ana"], command].concat()).await.failed(5);
        assert!(words.contains("nick"), "{command:?}: {words}");
        let words = place.run(&[&["-n", "server"], command].concat()).await.failed(5);
        assert!(words.contains("server"), "{command:?}: {words}");
    }
    place.run(&["nodes"]).await.fine();
    place.run(&["ping", "hub"]).await.fine();
    let rooms = place.run(&["call", "message_server@@hub", r#"{"type":"list_rooms"}"#]).await.fine();
    assert!(rooms.contains("lobby"), "{rooms}");
}

#[tokio::test]
async fn what_is_not_understood_is_told() {
    let place = Place::new().await;
    for wrong in [
        &["say", "-r", "den", "-t", "bob", "hi"][..],
        &["tail", "--after", "now"],
        &["put"],
        &["put", "a", "1", "--if", "-1"],
        &["ping"],
        &["generate", "pdf"],
        &["nodes", "--all"],
    ] {
        let ran = place.run(wrong).await;
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.starts_with("error: "), "{ran:?}");
    }
    let ran = place.run(&["-s", "den", "den"]).await;
    assert!(ran.code == 2 && ran.err.contains("as an argument and by --server"), "{ran:?}");
    let ran = place.run(&[place.hub.link(), place.hub.link()]).await;
    let cookie = place.hub.link().split_once("cookie=").unwrap().1;
    assert!(ran.code == 2 && ran.err.contains("cookie=…") && !ran.err.contains(cookie), "{ran:?}");
    let ran = place.run(&["call", "liar@@\u{9b}31mred\n\u{1b}]0;x", "x"]).await;
    assert!(ran.code == 2 && !ran.err.replace('\n', "").contains(char::is_control), "{ran:?}");
}

#[tokio::test]
async fn a_hub_that_goes_away_in_between_is_told_from_one_that_refuses() {
    let place = Place::new().await;
    for (closed, code) in [(None, 3), (Some(close::TOO_MANY_COOKIES), 4), (Some(close::VERSION), 6)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut hubbub = place.hubbub(["ping", "hub"]);
        let child = hubbub.env("HUBBUB_SERVER", listener.local_addr().unwrap().to_string()).spawn().unwrap();
        let (mut script, _) = Script::welcome(&listener).await;
        script.request().await;
        drop(listener);
        if let Some(closed) = closed {
            script.close(closed).await;
        }
        drop(script);
        let ended = child.wait_with_output().await.unwrap();
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
    }
    // What a hub refuses it has not gone for.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut hubbub = place.hubbub(["ping", "hub"]);
    let child = hubbub.env("HUBBUB_SERVER", listener.local_addr().unwrap().to_string()).spawn().unwrap();
    let (mut script, _) = Script::welcome(&listener).await;
    let id = script.request().await.id().unwrap().to_owned();
    script.send(json!({"type": "reply", "id": id, "error": {"code": "unavailable", "message": "Not now."}})).await;
    assert_eq!(script.until_closed().await, Some(1000));
    assert_eq!(child.wait_with_output().await.unwrap().status.code(), Some(1));
}

#[tokio::test]
async fn what_others_could_read_is_not_used() {
    let place = Place::new().await;
    place.run(&["say", "-n", "bob", "hi"]).await.fine();
    let file = place.config.path().join("hubs.json");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    for command in COMMANDS {
        let words = place.run(command).await.failed(7);
        assert!(words.contains("chmod 600"), "{command:?}: {words}");
    }
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    place.run(&["say", "again"]).await.fine();
}

#[tokio::test]
async fn a_hub_on_the_command_line_counts_before_the_one_in_the_environment() {
    let place = Place::new().await;
    for arguments in
        [&["-s", place.hub.link(), "nodes"][..], &["nodes", "-s", place.hub.link()], &[place.hub.link(), "nodes"]]
    {
        let mut hubbub = place.hubbub(arguments);
        hubbub.env("HUBBUB_SERVER", "127.0.0.1:1");
        ended(hubbub).await.fine();
    }
}

#[tokio::test]
async fn a_variable_that_is_empty_says_nothing() {
    let place = Place::new().await;
    place.run(&["say", "-n", "bob", "hi"]).await.fine();
    let mut hubbub = place.hubbub(["say", "again"]);
    hubbub.env("HUBBUB_SERVER", "").env("HUBBUB_NICK", "");
    ended(hubbub).await.fine();
}

#[tokio::test]
async fn output_that_cannot_be_written_is_a_failure() {
    let place = Place::new().await;
    let mut hubbub = place.hubbub(["nodes"]);
    // `output` would put a pipe there.
    let child = hubbub.stdout(File::options().write(true).open("/dev/full").unwrap()).spawn().unwrap();
    let ran = child.wait_with_output().await.unwrap();
    let err = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{err}");
    assert!(err.starts_with("hubbub: The output cannot be written"), "{err}");
}

#[tokio::test]
async fn output_that_nobody_reads_is_none() {
    let place = Place::new().await;
    for command in [&["nodes"][..], &["ping", "hub"], &["generate", "man"]] {
        let mut child = place.hubbub(command).spawn().unwrap();
        drop(child.stdout.take());
        let ran = child.wait_with_output().await.unwrap();
        assert_eq!((ran.status.code(), ran.stderr.len()), (Some(0), 0), "{command:?}");
    }
}

#[tokio::test]
async fn each_command_tells_its_codes_and_shows_examples() {
    let place = Place::new().await;
    for command in COMMANDS.map(|command| command[0]).into_iter().chain(["hubs", "generate"]) {
        let help = place.run(&[command, "--help"]).await.fine();
        let example = format!("  hubbub {command}");
        assert!(help.contains("Examples:\n") && help.contains("Exit codes:\n"), "{help}");
        assert!(help.lines().any(|line| line.contains(example.trim())), "{help}");
        for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 143] {
            assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{code} "))), "{code}: {help}");
        }
    }
}
