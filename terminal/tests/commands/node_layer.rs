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
    let (_calc, _deliveries) = place.node(Settings { nick, ..calc() }).await;
    let out = place.run(&["nodes"]).await.fine();
    let mut columns: Vec<Vec<&str>> = out.lines().map(|line| line.split("  ").collect()).collect();
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
    let (_calc, _deliveries) = place.node(calc()).await;
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
async fn a_call_prints_what_the_process_answers() {
    let place = Place::new().await;
    let (calc, _deliveries) = place.node(calc()).await;
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
    let (calc, _deliveries) = place.node(calc()).await;
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
    let (ana, _deliveries) = place.guest("ana").await;
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
