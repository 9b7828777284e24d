//! A node that is alive answers `pong`; for any other the hub says `pang`.

use crate::support::{Heard, Peer, TestHub, eventually, passes};
use serde_json::json;
use shared::message::Answer;

#[tokio::test]
async fn whoever_is_alive_answers() {
    let hub = TestHub::start().await;
    let asker = hub.node().await;
    let asked = hub.named_node(Some("tab-7f3a")).await;
    let hubs_name = asker.welcome().hub.clone();
    for node in [&*asked.welcome().node, "tab-7f3a", &*asker.welcome().node, &*hubs_name, "hub"] {
        let pinged = asker.ping(node).await.unwrap();
        assert_eq!(pinged.answer, Answer::Pong, "{node}");
        assert!(pinged.ms < 5_000, "{node} took {} ms", pinged.ms);
    }
}

#[tokio::test]
async fn nobody_answers_for_who_is_not_there() {
    let hub = TestHub::start().await;
    let asker = hub.node().await;
    let gone = hub.named_node(Some("gone")).await;
    let name = gone.welcome().node.clone();
    gone.close().await;
    eventually("the node is gone", async || (asker.ping(&name).await.unwrap().answer == Answer::Pang).then_some(()))
        .await;
    for unknown in ["nobody", "gone", "nobody@nowhere", "hub@elsewhere", "", "two words", "@", "\u{202e}"] {
        assert_eq!(asker.ping(unknown).await.unwrap().answer, Answer::Pang, "{unknown:?}");
    }
}

#[tokio::test]
async fn who_is_back_answers_again() {
    let hub = TestHub::start().await;
    let asker = hub.node().await;
    let tab = hub.named_tab(Some("tab")).await;
    let memory = tab.close().await;
    assert_eq!(asker.ping("tab").await.unwrap().answer, Answer::Pang, "it may be back, but is not there");
    let mut tab = memory.resume().await;
    let (pinged, ()) = tokio::join!(asker.ping("tab"), tab.pinged(true));
    assert_eq!(pinged.unwrap().answer, Answer::Pong);
}

#[tokio::test]
async fn a_node_that_keeps_silent_is_not_taken_for_alive() {
    let hub = TestHub::start().await;
    let asker = hub.node().await;
    let mut silent = hub.raw().await;
    silent.json(&json!({"type": "hello", "version": 1, "cookie": hub.cookie(), "node": "silent"})).await;
    silent.message().await; // the welcome; from here on it reads nothing and answers nothing
    assert_eq!(asker.ping("silent").await.unwrap().answer, Answer::Pang);
}

/// The hub's own node asks it; gives the number that a `pong` has to carry.
async fn is_asked(peer: &mut Peer) -> u64 {
    match peer.hears().await {
        Heard::Signal(from, signal) if from == "hub@test" && signal["type"] == "ping" => {
            signal["ref"].as_u64().unwrap_or_else(|| panic!("a ref in {signal}"))
        }
        other => panic!("expected a ping of the hub, not {other:?}"),
    }
}

#[tokio::test]
async fn who_has_processes_answers_by_itself() {
    let hub = TestHub::start().await;
    let asker = hub.node().await;
    let mut tab = hub.peer("tab").await;
    let answer = async {
        let number = is_asked(&mut tab).await;
        tab.begins("hub", &json!({"type": "pong", "ref": number})).await;
    };
    let (pinged, ()) = tokio::join!(asker.ping("tab"), answer);
    assert_eq!(pinged.unwrap().answer, Answer::Pong);
}

/// A browser's socket answers the WebSocket's pings also while the page does not come to anything.
#[tokio::test]
async fn a_page_that_hangs_is_not_taken_for_alive() {
    let hub = TestHub::start().await;
    let asker = hub.node().await;
    let mut tab = hub.peer("tab").await;
    let hangs = async {
        is_asked(&mut tab).await;
        passes(std::time::Duration::from_secs(6)).await;
    };
    let (pinged, ()) = tokio::join!(asker.ping("tab"), hangs);
    assert_eq!(pinged.unwrap().answer, Answer::Pang);
}

#[tokio::test]
async fn the_websockets_own_ping_is_answered_too() {
    let hub = TestHub::start().await;
    let mut socket = hub.raw_welcomed().await;
    socket.ping(b"are you there?").await;
    assert_eq!(socket.pong().await, b"are you there?");
}
