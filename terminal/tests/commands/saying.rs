//! `hubbub say`.

use std::time::Duration;

use node::{Client, Deliveries, Settings};
use rustix::process::Signal;
use serde_json::json;
use shared::entry::Entry;
use shared::message::{State, ToHub};
use shared::session::{Delivery, Response};
use shared::transcript::Place as Talk;
use shared::wire::MAX_TEXT;
use tokio::net::TcpListener;

use super::place::Place;
use super::script::Script;

async fn texts(client: &Client, room: &str) -> Vec<String> {
    let page = client.history(&Talk::Room(room.to_owned()), None, None, 200).await.unwrap();
    page.entries.iter().map(|entry| format!("{}: {}", entry.from(), entry.text())).collect()
}

async fn users(client: &Client, room: &str) -> Vec<(String, State, u32)> {
    let Response::Users(users) = client.ask(|id| ToHub::ListUsers { id, room: Some(room.to_owned()) }).await.unwrap()
    else {
        panic!("no list")
    };
    users.users.into_iter().map(|user| (user.nick, user.state, user.nodes)).collect()
}

async fn heard(deliveries: &mut Deliveries) -> Entry {
    loop {
        if let Delivery::Heard(entry) = deliveries.next().await.unwrap() {
            return entry;
        }
    }
}

#[tokio::test]
async fn what_is_said_is_in_the_log_when_the_command_ends() {
    let place = Place::new().await;
    assert_eq!(place.run(&["say", "-n", "bob", "the", "build  is", "green"]).await.fine(), "");
    assert_eq!(place.run(&["say", "/help is no command here"]).await.fine(), "", "the nick is remembered");
    let (ana, _deliveries) = place.hub.guest("ana").await;
    assert_eq!(texts(&ana, "lobby").await, ["bob: the build  is green", "bob: /help is no command here"]);
}

#[tokio::test]
async fn nobody_hears_of_a_visit_to_a_room_that_leaves_a_line_there() {
    // Longer than a program takes to come and go on a machine that has other work.
    let place = Place::with(|config| config.limits.presence = Duration::from_secs(10)).await;
    let (ana, mut deliveries) = place.hub.guest("ana").await;
    ana.join("den").await.unwrap();
    place.run(&["say", "-n", "bob", "-r", "#Den", "psst"]).await.fine();
    assert_eq!(users(&ana, "den").await, [("ana".to_owned(), State::Online, 1)]);
    assert_eq!(users(&ana, "lobby").await, [("ana".to_owned(), State::Online, 1)]);
    // Presence is told in order: before carol's nobody else's was.
    let (carol, _carols) = place.hub.guest("carol").await;
    carol.join("den").await.unwrap();
    let (mut line, mut came) = (None, Vec::new());
    while !came.contains(&("den".to_owned(), "carol".to_owned())) {
        match deliveries.next().await.unwrap() {
            Delivery::Heard(entry) => line = Some(entry),
            Delivery::Presence(presence) => {
                let nicks = [presence.joined, presence.left, presence.states.into_keys().collect()].concat();
                came.extend(nicks.into_iter().map(|nick| (presence.room.clone(), nick)));
            }
            _ => {}
        }
    }
    assert!(came.iter().all(|(_, nick)| nick != "bob"), "{came:?}");
    assert_eq!(line.unwrap().text(), "psst");
}

#[tokio::test]
async fn a_nick_that_is_there_already_stays_where_it_is() {
    let place = Place::new().await;
    place.run(&["say", "-n", "bob", "one"]).await.fine();
    let settings = Settings { nick: Some("bob".into()), token: Some(place.token()), ..Settings::default() };
    let (bob, mut deliveries) = place.hub.node(settings).await;
    bob.join("den").await.unwrap();
    place.run(&["say", "-r", "den", "two"]).await.fine();
    assert_eq!(heard(&mut deliveries).await.text(), "two");
    assert_eq!(users(&bob, "den").await, [("bob".to_owned(), State::Online, 1)]);
    assert_eq!(users(&bob, "lobby").await, [("bob".to_owned(), State::Online, 1)]);
}

#[tokio::test]
async fn one_person_alone_hears_what_is_for_them() {
    let place = Place::new().await;
    let (ana, mut deliveries) = place.hub.guest("ana").await;
    place.run(&["say", "-n", "bob", "--to", "ana", "psst"]).await.fine();
    assert!(matches!(heard(&mut deliveries).await, Entry::Whispered(line) if line.text == "psst"));
    assert!(texts(&ana, "lobby").await.is_empty());
    let words = place.run(&["say", "-t", "nobody", "psst"]).await.failed(1);
    assert!(words.contains("“nobody”"), "{words}");
}

#[tokio::test]
async fn a_text_may_come_through_a_pipe() {
    let place = Place::new().await;
    place.run_with(&["say", "-n", "bob"], "naïve\n  two lines\n\n".as_bytes()).await.fine();
    place.run_with(&["say", "-"], b"three").await.fine();
    let (ana, _deliveries) = place.hub.guest("ana").await;
    assert_eq!(texts(&ana, "lobby").await, ["bob: naïve\n  two lines", "bob: three"]);
}

#[tokio::test]
async fn what_cannot_be_said_is_not_said() {
    let place = Place::new().await;
    let words = place.run_with(&["say", "-n", "bob"], b"caf\xe9 au lait").await.failed(8);
    assert!(words.contains("UTF-8") && words.contains("byte 4"), "{words}");
    let words = place.run_with(&["say", "-n", "bob"], b" \n").await.failed(1);
    assert!(words.contains("empty"), "{words}");
    place.run(&["say", "-n", "bob", ""]).await.failed(1);
    let words = place.run_with(&["say", "-n", "bob"], "é".repeat(MAX_TEXT).as_bytes()).await.failed(1);
    assert!(words.contains("16384") && words.contains("32768"), "{words}");
    let words = place.run(&["say", "-n", "bob", "-r", "a b", "hi"]).await.failed(1);
    assert!(words.contains("room"), "{words}");
    let (ana, _deliveries) = place.hub.guest("ana").await;
    assert!(texts(&ana, "lobby").await.is_empty());
}

/// The program at a hub that does what the test wants.
async fn scripted(place: &Place, listener: &TcpListener, arguments: &[&str]) -> (tokio::process::Child, Script) {
    let address = listener.local_addr().unwrap().to_string();
    let child = place.hubbub(arguments).env("HUBBUB_SERVER", address).spawn().unwrap();
    let (mut script, _) = Script::welcome(listener).await;
    script.grant_nick().await;
    (child, script)
}

#[tokio::test]
async fn a_line_whose_answer_was_lost_is_sent_again_with_the_same_id() {
    let place = Place::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (child, mut script) = scripted(&place, &listener, &["say", "-n", "bob", "once"]).await;
    let first = script.line().await;
    drop(script);
    let (mut script, hello) = Script::welcome(&listener).await;
    assert_eq!(hello.session.as_deref(), Some("s"));
    script.grant_nick().await;
    let second = script.line().await;
    assert_eq!((&second, second.1.as_str()), (&first, "once"));
    script.acknowledge(&second.0, 7).await;
    assert!(matches!(script.request().await, ToHub::Disconnect { .. }));
    drop(script);
    let ran = child.wait_with_output().await.unwrap();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
}

#[tokio::test]
async fn a_hub_that_does_not_answer_leaves_it_open_whether_it_was_said() {
    let place = Place::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (child, mut script) = scripted(&place, &listener, &["say", "-n", "bob", "perhaps"]).await;
    script.line().await;
    let (ended, closed) = tokio::join!(child.wait_with_output(), script.until_closed());
    let ended = ended.unwrap();
    assert_eq!((ended.status.code(), closed), (Some(3), Some(1000)));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("may have been said"), "{ended:?}");
}

#[tokio::test]
async fn a_signal_ends_it_and_it_tells_that_the_line_may_have_been_said() {
    let place = Place::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (child, mut script) = scripted(&place, &listener, &["say", "-n", "bob", "perhaps"]).await;
    script.line().await;
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::INT).unwrap();
    let answers = async {
        let ToHub::Disconnect { id } = script.request().await else { panic!("it leaves") };
        script.send(json!({"type": "reply", "id": id, "ok": {}})).await;
        script.until_closed().await
    };
    let (ended, closed) = tokio::join!(child.wait_with_output(), answers);
    let ended = ended.unwrap();
    assert_eq!((ended.status.code(), closed), (Some(130), Some(1000)));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("may have been said"), "{ended:?}");
}
