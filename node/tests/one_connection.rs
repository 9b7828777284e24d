//! What a node makes of one connection, against a hub that says what the test wants.

#![allow(clippy::unwrap_used, reason = "a test that finds what it did not expect stops there")]

mod support;

use std::time::Duration;

use node::{Arrivals, Error, Node, Options};
use serde_json::json;
use shared::message::ToNode;
use support::{Script, said};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Connects a node to a hub that welcomes it and then acts as told.
async fn against<F>(options: Options, act: impl FnOnce(Script) -> F) -> (Node, Arrivals, JoinHandle<F::Output>)
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (connected, (script, _)) = tokio::join!(Node::connect(&address, options), Script::welcome(&listener));
    let (node, arrivals) = connected.unwrap();
    (node, arrivals, tokio::spawn(act(script)))
}

#[tokio::test]
async fn a_full_queue_loses_nothing() {
    let options = Options { queue: 4, ..Options::default() };
    let (node, mut arrivals, hub) = against(options, async |mut hub: Script| {
        for seq in 1..=1_000 {
            hub.send(said(seq)).await;
        }
        hub.answer().await;
    })
    .await;
    let asked = tokio::spawn(async move { node.leave("lobby").await });
    for expected in 1..=1_000 {
        let Some(ToNode::Entry(entry)) = arrivals.next().await else { panic!("entry {expected} is missing") };
        assert_eq!(entry.seq(), expected);
    }
    asked.await.unwrap().unwrap();
    hub.await.unwrap();
}

#[tokio::test]
async fn who_listens_to_nothing_is_still_answered() {
    let options = Options { queue: 1, ..Options::default() };
    let (node, arrivals, hub) = against(options, async |mut hub: Script| {
        for seq in 1..=1_000 {
            hub.send(said(seq)).await;
        }
        hub.answer().await;
        hub
    })
    .await;
    drop(arrivals);
    node.leave("lobby").await.unwrap();
    drop(hub);
}

#[tokio::test]
async fn a_request_ends_with_the_connection_and_tells_how() {
    let (node, mut arrivals, hub) = against(Options::default(), async |mut hub: Script| {
        hub.request().await;
        hub.close(4001).await;
    })
    .await;
    let Err(Error::Closed(closed)) = node.say("lobby", "hi").await else { panic!("it was closed") };
    assert_eq!((closed.code, closed.reason.as_str(), closed.may_return()), (4001, "so it is", true));
    assert_eq!(node.closed().await, closed);
    assert!(matches!(node.say("lobby", "hi").await, Err(Error::Closed(_))), "and so does any later one");
    assert!(arrivals.next().await.is_none());
    hub.await.unwrap();
}

#[tokio::test]
async fn an_answer_too_late_disturbs_nobody() {
    let options = Options { timeout: Duration::from_millis(100), ..Options::default() };
    let (node, _arrivals, hub) = against(options, async |mut hub: Script| {
        let late = hub.request().await.id().unwrap().to_owned();
        let id = hub.request().await.id().unwrap().to_owned();
        hub.send(json!({"type": "reply", "id": late, "ok": {}})).await;
        hub.send(json!({"type": "a message of a later version"})).await;
        hub.send(json!({"type": "reply", "id": id, "error": {"code": "not_in_room", "message": "No."}})).await;
        hub
    })
    .await;
    assert!(matches!(node.leave("lobby").await, Err(Error::Timeout)));
    let Err(Error::Refused(refusal)) = node.leave("lobby").await else { panic!("it was refused") };
    assert_eq!(refusal.message, "No.");
    drop(hub);
}

#[tokio::test]
async fn a_hub_that_falls_silent_is_given_up() {
    let (node, _arrivals, _hub) = against(Options::default(), async |hub: Script| {
        std::future::pending::<()>().await;
        drop(hub);
    })
    .await;
    tokio::time::pause(); // from here on, time passes when nothing else happens
    let closed = node.closed().await;
    assert_eq!((closed.code, closed.may_return()), (1006, true));
}

#[tokio::test]
async fn going_is_said() {
    let (node, _arrivals, hub) = against(Options::default(), Script::until_closed).await;
    let other = node.clone();
    node.close().await;
    assert_eq!(hub.await.unwrap(), Some(1000));
    assert!(matches!(other.list_rooms().await, Err(Error::Closed(_))));

    let (node, _arrivals, hub) = against(Options::default(), Script::until_closed).await;
    drop(node);
    assert_eq!(hub.await.unwrap(), Some(1000));
}
