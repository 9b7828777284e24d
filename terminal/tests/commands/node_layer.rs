//! `hubbub nodes`, `ping`, `call`, `get`, `put`, `watch`: the processes and the store of all nodes, for scripts.

use node::{Received, Settings};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::place::{Place, end_of};

fn calc() -> Settings {
    Settings { node: Some("calc".into()), kind: Some("bot".into()), ..Settings::default() }
}

#[tokio::test]
async fn nodes_are_listed_but_for_the_one_that_asks() {
    let place = Place::new().await;
    let nick = Some("ana".to_owned());
    let (_calc, _deliveries) = place.hub.node(Settings { nick, ..calc() }).await;
    let out = place.run(&["nodes"]).await.fine();
    let at = |line: &str, part: &str| line.find(part).unwrap_or_else(|| panic!("{part}: {out}"));
    let since: Vec<usize> = out.lines().map(|line| at(line, " 20")).collect();
    assert!(since.iter().all(|column| *column == since[0]), "in columns: {out}");
    let mut columns: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    columns.sort();
    assert_eq!(columns[0][..3], ["calc@test", "bot", "ana"]);
    assert_eq!(columns[1][..3], ["hub@test", "hub", "-"]);
    assert_eq!(columns.len(), 2, "{out}");
    let out = place.run(&["nodes", "--json"]).await.fine();
    let nodes: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let calc = nodes.iter().find(|node| node["node"] == "calc@test").unwrap();
    assert_eq!((&calc["nick"], &calc["kind"], &calc["processes"]), (&json!("ana"), &json!("bot"), &json!(true)));
}

#[tokio::test]
async fn a_node_that_is_there_answers_pong_and_another_pang() {
    let place = Place::new().await;
    let (_calc, _deliveries) = place.hub.node(calc()).await;
    for node in ["calc", "calc@test", "hub"] {
        let out = place.run(&["ping", node]).await.fine();
        assert!(out.starts_with("pong ") && out.ends_with(" ms\n"), "{out}");
    }
    for node in ["nobody", "calc@elsewhere", "no name at all"] {
        let ran = place.run(&["ping", node]).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, "pang\n"), "{node}: {ran:?}");
    }
}

#[tokio::test]
async fn who_pings_a_nick_hears_where_its_node_is() {
    let place = Place::new().await;
    let carla = Settings { node: Some("den-2".into()), nick: Some("carla".into()), ..calc() };
    let (_carla, _deliveries) = place.hub.node(carla).await;
    let ran = place.run(&["ping", "Carla"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, "pang\n"), "{ran:?}");
    assert_eq!(ran.err, "hubbub: Carla is a nick, at the node den-2@test: name that.\n");
}

#[tokio::test]
async fn a_call_prints_what_the_process_answers() {
    let place = Place::new().await;
    let (calc, _deliveries) = place.hub.node(calc()).await;
    calc.serve("factorial", async |received: Received| {
        let n = received.message.as_u64().ok_or("A whole number, please.\x1b[2J")?;
        Ok(json!((1..=n).product::<u64>()))
    })
    .unwrap();
    calc.serve("echo", async |received: Received| Ok(received.message)).unwrap();
    calc.serve("crash", async |_: Received| panic!("so it is")).unwrap();
    calc.serve("deaf", async |_: Received| std::future::pending().await).unwrap();

    assert_eq!(place.run(&["call", "factorial@@calc", "5"]).await.fine(), "120\n");
    assert_eq!(place.run(&["call", "echo@@calc@test", "hi there"]).await.fine(), "hi there\n");
    assert_eq!(place.run(&["call", "echo@@calc", "-5"]).await.fine(), "-5\n");
    assert_eq!(
        place.run(&["call", "echo@@calc", r#"{"b":[1,null],"a":"x\n\u009b"}"#]).await.fine(),
        "{\"a\":\"x\\n\\u009b\",\"b\":[1,null]}\n"
    );
    assert_eq!(place.run(&["call", "echo@@calc", r#""two\nlines\u001b[2J""#]).await.fine(), "two\nlines␛[2J\n");
    let out = place.run(&["call", "--json", "echo@@calc", r#""two\nlines\u001b[2J""#]).await.fine();
    assert_eq!(out, "\"two\\nlines\\u001b[2J\"\n");

    for (arguments, part) in [
        (&["factorial@@calc", "hello"][..], "A whole number, please.␛[2J"),
        (&["nobody@@calc", "5"], "nobody"),
        (&["factorial@@nobody", "5"], "nobody"),
        (&["crash@@calc", "5"], "ended before it answered"),
        (&["deaf@@calc", "5", "--within", "0.1"], ""),
    ] {
        let ran = place.run(&[&["call"], arguments].concat()).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
        assert!(ran.err.contains(part) && ran.err.lines().count() == 1, "{ran:?}");
    }
    for arguments in [["call", "factorial", "5"], ["call", "a b@@calc", "5"]] {
        assert_eq!(place.run(&arguments).await.code, 2);
    }
    assert_eq!(place.run(&["call", "echo@@calc", "5", "--within", "61"]).await.code, 2);
}

#[tokio::test]
async fn what_is_put_is_got_from_any_node() {
    let place = Place::new().await;
    let (calc, _deliveries) = place.hub.node(calc()).await;
    let store = calc.store();
    assert!(store.ready().await);
    let put = async |arguments: &[&str]| place.run(&[&["put", "-n", "bob"], arguments].concat()).await;
    let version: u64 = put(&["users/ana", r#"{"tea":true}"#]).await.fine().trim().parse().unwrap();
    assert_eq!(place.run(&["get", "users/ana"]).await.fine(), "{\"tea\":true}\n");
    place
        .run(&["call", "map_server@@calc", &json!({"wait": "users/ana", "version": version}).to_string()])
        .await
        .fine();
    assert_eq!(place.run(&["get", "users/ana", "calc"]).await.fine(), "{\"tea\":true}\n");

    put(&["users/ana/name", "Ana\x1b[2J"]).await.fine();
    assert_eq!(place.run(&["get", "users/ana/name"]).await.fine(), "Ana␛[2J\n");
    assert_eq!(place.run(&["get", "--json", "users/ana/name"]).await.fine(), "\"Ana\\u001b[2J\"\n");
    put(&["nothing", "null"]).await.fine();
    assert_eq!(place.run(&["get", "nothing"]).await.fine(), "null\n");

    let words = place.run(&["get", "users/an"]).await.failed(1);
    assert!(words.contains("“users/an”"), "{words}");
    place.run(&["get", "users/bob", "calc"]).await.failed(1);
    let words = place.run(&["get", "users/ana", "nobody"]).await.failed(1);
    assert!(words.contains("nobody"), "{words}");
}

#[tokio::test]
async fn a_value_may_come_through_a_pipe() {
    let place = Place::new().await;
    place.run_with(&["put", "-n", "bob", "head", "-"], b"{\"tea\": true}\n").await.fine();
    assert_eq!(place.run(&["get", "head"]).await.fine(), "{\"tea\":true}\n");
    place.run_with(&["put", "head"], "naïve\n  two lines\r\n\n".as_bytes()).await.fine();
    assert_eq!(place.run(&["get", "--json", "head"]).await.fine(), "\"naïve\\n  two lines\"\n");
    // Nothing is no value, unless that is what is said.
    let words = place.run_with(&["put", "head"], b"\n").await.failed(1);
    assert!(words.contains("standard input is empty"), "{words}");
    let words = place.run_with(&["put", "head"], b"caf\xe9").await.failed(8);
    assert!(words.contains("Nothing was put"), "{words}");
    assert_eq!(place.run(&["get", "head"]).await.fine(), "naïve\n  two lines\n");
    place.run(&["put", "head", ""]).await.fine();
    assert_eq!(place.run(&["get", "--json", "head"]).await.fine(), "\"\"\n");
}

#[tokio::test]
async fn a_value_that_is_too_long_is_told_in_words_for_people() {
    let place = Place::new().await;
    let words = place.run_with(&["put", "-n", "bob", "long"], &[b'a'; 70_000]).await.failed(1);
    assert_eq!(words, "This is longer than the 64 KiB that can go at once. Send it in parts.");
}

#[tokio::test]
async fn a_put_with_a_condition_is_done_once() {
    let place = Place::new().await;
    let put = async |arguments: &[&str]| place.run(&[&["put", "-n", "bob"], arguments].concat()).await;
    let version = put(&["leader", "den", "--if", "0"]).await.fine();
    let words = put(&["leader", "attic", "--if", "0"]).await.failed(1);
    assert!(words.contains(version.trim()), "which version it has: {words}");
    put(&["leader", "attic", "--if", version.trim()]).await.fine();
    assert_eq!(place.run(&["get", "leader"]).await.fine(), "attic\n");
    put(&["", "x"]).await.failed(1);
}

#[tokio::test]
async fn a_watch_prints_what_is_there_and_what_becomes_of_it() {
    let place = Place::new().await;
    let (ana, _deliveries) = place.hub.guest("ana").await;
    let store = ana.store();
    let first = store.put("users/ana", json!({"tea": true})).await.unwrap();
    store.put("other", 1).await.unwrap();
    let mut plain = place.begin(&["watch", "users/"]);
    let mut as_json = place.begin(&["watch", "--json", "users/"]);
    assert_eq!(plain.line().await, format!(r#"users/ana = {{"tea":true}}  #{first}"#));
    assert_eq!(as_json.json().await, json!({"key": "users/ana", "value": {"tea": true}, "version": first}));
    let second = store.put("users/bob", "hi\nthere\u{9b}").await.unwrap();
    assert_eq!(plain.line().await, format!(r#"users/bob = "hi\nthere\u009b"  #{second}"#));
    assert_eq!(as_json.json().await, json!({"key": "users/bob", "value": "hi\nthere\u{9b}", "version": second}));
    store.put("other", 2).await.unwrap();
    store.remove("users/ana").await.unwrap();
    assert_eq!(plain.line().await, "users/ana removed");
    assert_eq!(as_json.json().await, json!({"key": "users/ana", "version": 0}));
    as_json.signal(Signal::INT);
    assert_eq!(as_json.end().await, (130, String::new()));
    assert_eq!(end_of(plain.stop_reading()).await, (0, String::new()), "nobody reads, and nothing more changes");
}

#[tokio::test]
async fn a_watch_tells_that_the_hub_is_lost_and_back() {
    let mut place = Place::new().await;
    let (ana, deliveries) = place.hub.guest("ana").await;
    drop(deliveries);
    let store = ana.store();
    store.put("a", 1).await.unwrap();
    let mut watch = place.begin(&["watch"]);
    assert!(watch.line().await.starts_with("a = 1  #"));
    place.hub.stop().await;
    place.hub.start().await;
    store.put("a", 2).await.unwrap();
    assert!(watch.line().await.starts_with("a = 2  #"));
    watch.signal(Signal::INT);
    let told = "hubbub: The connection to the hub is lost; it is tried again.\nhubbub: The hub is back.\n";
    assert_eq!(watch.end().await, (130, told.to_owned()));
}
