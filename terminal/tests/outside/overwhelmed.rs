//! A hub that says more than can be worked off stops nobody: of its lists as much is taken as a hub has reason to tell, and
//! keys are taken between.

use serde_json::{Value, json};

use crate::place::{Home, words};
use crate::support::{FalseHub, connected, refused, welcome};
use pty::USUAL;

/// Of each sort of thing in a list: each of them compared with each other would take minutes.
const MANY: usize = 20_000;

/// A hub that gives this answer to whoever wants a nick, and says that behind it.
async fn hub(greeting: Value, and_then: Vec<Value>) -> FalseHub {
    FalseHub::answering(welcome("hub@test", "ana@test"), move |_, asked| {
        let mut outcome = match asked["type"].as_str().unwrap_or_default() {
            "connect" => greeting.clone(),
            "history" => json!({ "ok": { "entries": [], "more": false } }),
            "disconnect" => json!({ "ok": {} }),
            _ => refused("not_allowed", "No."),
        };
        if !asked["id"].is_string() {
            return Some(Vec::new());
        }
        outcome["type"] = "reply".into();
        outcome["id"] = asked["id"].clone();
        let behind = if asked["type"] == "connect" { and_then.as_slice() } else { &[] };
        Some([&[outcome], behind].concat())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_tens_of_thousands_of_conversations_and_people_is_one_answer() {
    let mut greeting = connected("ana");
    let with = |number: usize| json!({ "with": format!("n{number}"), "seq": 1, "read": 0, "unread": 1 });
    greeting["ok"]["conversations"] = (0..MANY).map(with).collect();
    let user = |number: usize| json!({ "nick": format!("n{number}"), "state": "online", "nodes": 1 });
    greeting["ok"]["users"] = (0..MANY).rev().map(user).collect();
    let hub = hub(greeting, Vec::new()).await;
    let host = hub.address.to_string();
    let chat = Home::new().runs(&["-s", &host, "-n", "ana", "--plain"], b"/quit\n");
    assert_eq!(chat.status.code(), Some(0), "{}", words(&chat));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_people_pour_in_without_end_the_full_screen_takes_keys() {
    let pours = |frame: usize| {
        let names: Vec<String> = (0..50).map(|number| format!("n{frame}-{number}")).collect();
        let states: Value = names.iter().map(|name| (name.clone(), Value::from("away"))).collect();
        json!({ "type": "presence", "room": "lobby", "joined": names, "left": [format!("x{frame}")], "states": states })
    };
    let mut poured: Vec<Value> = (0..400).map(pours).collect();
    let line = |seq: u64, text: &str| json!({ "type": "said", "seq": seq, "at": 1, "room": "lobby", "from": "bob", "id": text, "text": text });
    poured.push(line(1, "that was all"));
    let hub = hub(connected("ana"), poured).await;
    let ana = Home::new().terminal(USUAL, &["-s", &hub.address.to_string(), "-n", "ana"]);
    ana.sees("that was all");
    ana.sees("500 people");
    ana.types("here I am");
    ana.sees("here I am");
    ana.types("\x15");
    ana.enters("/quit");
    assert_eq!(ana.ends(), 0);
}
