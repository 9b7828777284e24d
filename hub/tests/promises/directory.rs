//! Whoever follows the list of nodes need not ask again: it hears who comes, who goes, and who is otherwise.

use std::collections::BTreeMap;

use crate::support::{Peer, RawSocket, TestHub, passes};
use serde_json::{Value, json};
use shared::message::{NodesChanged, ToHub, ToNode};
use shared::wire;

/// A node that follows the list, and what it knows of it.
struct Follower {
    peer: Peer,
    nodes: BTreeMap<String, Value>,
}

impl Follower {
    async fn new(hub: &TestHub, name: &str) -> Self {
        let mut peer = hub.peer(name).await;
        let nodes = by_name(&ask(peer.socket(), Some(true)).await);
        Self { peer, nodes }
    }

    /// The next change, which is folded in.
    async fn hears(&mut self) -> NodesChanged {
        loop {
            if let ToNode::Nodes(changed) = self.peer.socket().message().await {
                for node in &changed.here {
                    self.nodes.insert(node.node.clone(), json!(node));
                }
                for name in &changed.gone {
                    self.nodes.remove(name);
                }
                return changed;
            }
        }
    }

    /// Reads on until the list is like that.
    async fn knows(&mut self, is_so: impl Fn(&BTreeMap<String, Value>) -> bool) {
        while !is_so(&self.nodes) {
            self.hears().await;
        }
    }
}

/// Asks for the list, and says whether to follow it, or nothing of that.
async fn ask(socket: &mut RawSocket, follow: Option<bool>) -> Value {
    socket.text(&wire::encode(&ToHub::ListNodes { id: "list".to_owned(), follow })).await;
    socket.ok("list").await
}

fn by_name(list: &Value) -> BTreeMap<String, Value> {
    let nodes = list["nodes"].as_array().into_iter().flatten();
    nodes.map(|node| (node["node"].as_str().unwrap_or_default().to_owned(), node.clone())).collect()
}

#[tokio::test]
async fn the_list_follows_by_itself() {
    let hub = TestHub::start().await;
    let mut follower = Follower::new(&hub, "follower").await;
    let mut tab = hub.peer("tab").await;
    follower.knows(|nodes| nodes.get("tab@test").is_some_and(|tab| tab["processes"] == true)).await;
    tab.socket().takes("Ana").await;
    follower.knows(|nodes| nodes["tab@test"]["nick"] == "Ana").await;
    tab.socket().json(&json!({"type": "disconnect", "id": "1"})).await;
    follower.knows(|nodes| nodes["tab@test"]["nick"] == Value::Null).await;
    let session = tab.session().to_owned();
    drop(tab);
    follower.knows(|nodes| !nodes.contains_key("tab@test")).await;

    // It is back, and has no processes any more.
    let mut plain = hub.raw().await;
    plain.json(&json!({"type": "hello", "version": 1, "cookie": hub.cookie(), "session": session})).await;
    follower.knows(|nodes| nodes.get("tab@test").is_some_and(|tab| tab["processes"] == Value::Null)).await;

    let mut asker = hub.raw_welcomed().await;
    follower.knows(|nodes| nodes.len() == 4).await;
    assert_eq!(follower.nodes, by_name(&ask(&mut asker, None).await), "as whoever asks is told");
}

/// At most four times a second, however many come and go.
#[tokio::test]
async fn what_happens_within_a_moment_is_told_at_once() {
    let hub = TestHub::start().await;
    let mut follower = Follower::new(&hub, "follower").await;
    passes(std::time::Duration::from_secs(1)).await;
    let before = std::time::Instant::now();
    let mut crowd = Vec::new();
    for n in 0..20 {
        crowd.push(hub.peer(&format!("n{n}")).await);
        drop(hub.peer(&format!("passing{n}")).await);
    }
    let mut told = 0;
    while follower.nodes.len() < 22 || follower.nodes.keys().any(|name| name.starts_with("passing")) {
        follower.hears().await;
        told += 1;
    }
    let moments = before.elapsed().as_millis() / 250 + 2;
    assert!(told <= moments, "{told} times in {moments} moments");
}

#[tokio::test]
async fn it_ends_when_it_is_asked_to_and_with_the_connection() {
    let hub = TestHub::start().await;
    let mut witness = Follower::new(&hub, "witness").await;
    let mut former = Follower::new(&hub, "former").await;
    let other = Follower::new(&hub, "other").await;
    ask(former.peer.socket(), None).await; // as it was
    let first = hub.peer("first").await;
    former.knows(|nodes| nodes.contains_key(first.name())).await;
    ask(former.peer.socket(), Some(false)).await;
    let mut again = other.peer.again(&hub.way()).await;
    let mut later = hub.peer("later").await;
    let _ = ask(later.socket(), None).await;
    witness.knows(|nodes| nodes.contains_key(later.name())).await;
    for socket in [former.peer.socket(), again.socket(), later.socket()] {
        socket.json(&json!({"type": "list_rooms", "id": "fence"})).await;
        loop {
            match socket.message().await {
                ToNode::Nodes(changed) => panic!("told unasked: {changed:?}"),
                ToNode::Reply(reply) if reply.id == "fence" => break,
                _ => {}
            }
        }
    }
}
