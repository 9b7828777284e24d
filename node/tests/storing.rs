//! The replicated store as native nodes have it: local reads, durable puts, the same copy everywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

mod world;

use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::session::Phase;
use world::{World, at, in_time};

#[tokio::test]
async fn what_one_puts_the_others_have() {
    let world = World::start().await;
    let (ana, bob) = (world.guest("one", "ana").await, world.guest("two", "bob").await);
    let (here, there) = (ana.store(), bob.store());
    assert!(in_time(here.ready()).await && in_time(there.ready()).await);
    let mut watch = there.watch("users/");

    let version = here.put("users/ana", json!({ "tea": true })).await.unwrap();
    let pair = here.get("users/ana").expect("what was put is there for whoever put it");
    assert_eq!((pair.value, pair.version), (json!({ "tea": true }), version));
    let change = in_time(watch.next()).await.unwrap();
    assert_eq!(
        (change.key.as_str(), change.value, change.version),
        ("users/ana", Some(json!({ "tea": true })), version)
    );
    assert_eq!(there.get("users/ana").unwrap().version, version);

    here.put("other", 1).await.unwrap();
    there.remove("users/ana").await.unwrap();
    let change = in_time(watch.next()).await.unwrap();
    assert_eq!((change.key.as_str(), change.value), ("users/ana", None), "other keys are not told of");
    assert_eq!(there.list("").into_iter().map(|pair| pair.key).collect::<Vec<_>>(), ["other"]);
    assert_eq!(there.get("users/ana"), None);
}

#[tokio::test]
async fn a_node_that_starts_later_has_the_whole() {
    let world = World::start().await;
    let early = world.guest("early", "ana").await;
    let store = early.store();
    for number in 0..450 {
        store.put(&format!("key/{number:03}"), number).await.unwrap();
    }
    let late = world.node("late").await.store();
    assert!(in_time(late.ready()).await);
    assert_eq!(late.list("key/").len(), 450);
    assert_eq!(late.digest(), store.digest());
}

#[tokio::test]
async fn a_put_on_condition_is_refused_where_the_version_is_another() {
    let world = World::start().await;
    let store = world.guest("one", "ana").await.store();
    let version = store.put_if("a", 1, 0).await.unwrap();
    assert_eq!(store.put_if("a", 2, 0).await.unwrap_err().code, ErrorCode::VersionConflict);
    let later = store.put_if("a", 2, version).await.unwrap();
    assert!(later > version);
    assert_eq!(store.put_if("a", 3, version).await.unwrap_err().code, ErrorCode::VersionConflict);
    assert_eq!(store.get("a").unwrap().value, json!(2));
}

#[tokio::test]
async fn bounds_are_refused_by_name_and_nothing_is_written() {
    let world = World::start().await;
    let store = world.guest("one", "ana").await.store();
    assert!(in_time(store.ready()).await);
    assert_eq!(store.put("", 1).await.unwrap_err().code, ErrorCode::KeyInvalid);
    assert_eq!(store.put(&"k".repeat(201), 1).await.unwrap_err().code, ErrorCode::KeyInvalid);
    assert_eq!(store.put("long", "v".repeat(17_000)).await.unwrap_err().code, ErrorCode::ValueTooLong);
    assert_eq!(store.list(""), []);
    let nobody = world.node("two").await.store();
    assert_eq!(nobody.put("a", 1).await.unwrap_err().code, ErrorCode::NotConnected);
}

#[tokio::test]
async fn what_is_here_is_read_without_the_hub_and_what_was_put_meanwhile_arrives_once() {
    let world = World::start().await;
    let ana = world.guest("one", "ana").await;
    let store = ana.store();
    let before = store.put("a", 1).await.unwrap();
    let down = world.stop().await;
    in_time(ana.phase().wait_for(|phase| *phase != Phase::Online)).await.unwrap();
    assert_eq!(store.get("a").unwrap().version, before);
    let put = tokio::spawn({
        let store = store.clone();
        async move { store.put("a", 2).await }
    });
    while ana.unsent() == 0 {
        tokio::task::yield_now().await;
    }
    let world = down.start().await;
    let version = in_time(put).await.unwrap().unwrap();
    assert!(version > before);
    let late = world.node("late").await.store();
    assert!(in_time(late.ready()).await);
    assert_eq!(late.get("a").unwrap().value, json!(2));
    assert_eq!(late.digest(), store.digest());
}

#[tokio::test]
async fn the_map_server_of_any_node_answers() {
    let world = World::start().await;
    let (ana, bob) = (world.guest("one", "ana").await, world.node("two").await);
    let version = ana.store().put("a", 5).await.unwrap();
    for node in ["hub", "one", "two"] {
        let server = at(&format!("map_server@@{node}"));
        let waited = bob.call(&server, json!({ "wait": "a", "version": version })).await;
        assert_eq!(waited, Ok(json!({ "version": version })), "{node}");
        let got = bob.call(&server, json!({ "get": "a" })).await;
        assert_eq!(got, Ok(json!({ "value": 5, "version": version })), "{node}");
        assert_eq!(bob.call(&server, json!({ "get": "b" })).await, Ok(json!({ "version": 0 })), "{node}");
        assert_eq!(bob.call(&server, json!({ "list": "a" })).await.unwrap()[0]["value"], json!(5), "{node}");
        let fault = bob.call(&server, Value::Null).await.unwrap_err();
        assert_eq!(fault.code, ErrorCode::BadMessage, "{node}");
        let fault = bob.call(&server, json!({ "put": "a", "value": 6 })).await.unwrap_err();
        assert_eq!(fault.code, ErrorCode::NotAllowed, "{node}: nobody puts in another's name");
    }
    // Another node of the same person may.
    let further = world.further("three", &ana).await;
    let put = further.call(&at("map_server@@one"), json!({ "put": "a", "value": 6, "if": version })).await.unwrap();
    assert!(put["version"].as_u64() > Some(version), "{put}");
    let conflict = further.call(&at("map_server@@one"), json!({ "delete": "a", "if": version })).await.unwrap_err();
    assert_eq!(conflict.code, ErrorCode::VersionConflict);
}

#[tokio::test]
async fn the_removal_of_what_was_not_there_ends_as_well() {
    let world = World::start().await;
    let store = world.guest("one", "ana").await.store();
    assert!(in_time(store.ready()).await);
    // Whether the hub writes it or refuses it.
    let _ = in_time(store.remove("nothing")).await;
    store.put("a", 1).await.unwrap();
    let (one, other) = tokio::join!(in_time(store.remove("a")), in_time(store.remove("a")));
    assert!(one.is_ok() || other.is_ok());
}
