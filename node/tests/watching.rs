//! Monitors, pings and the list of nodes: every end is told exactly once, with its reason.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

mod world;

use node::{Client, Received, Settings};
use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::process::{Address, Reason};
use world::{World, at, in_time};

#[tokio::test]
async fn the_end_of_a_process_is_told_with_its_reason() {
    let world = World::start().await;
    let (server, watcher) = (world.node("server").await, world.node("watcher").await);
    let mailbox = server.register("brief").unwrap();
    let by_name = watcher.monitor(&at("brief@@server"));
    let by_pid = watcher.monitor(&Address::of(mailbox.pid(), server.name()));
    // Both are there before it ends, since signals keep their order.
    watcher.ping("server").await.unwrap();
    drop(mailbox);
    assert_eq!(in_time(by_name).await, Reason::Normal);
    assert_eq!(in_time(by_pid).await, Reason::Normal);

    server.serve("clumsy", async |_: Received| -> Result<Value, String> { panic!("oh") }).unwrap();
    let monitor = watcher.monitor(&at("clumsy@@server"));
    watcher.send(&at("clumsy@@server"), 1).await.unwrap();
    assert!(matches!(in_time(monitor).await, Reason::Error(_)));
}

#[tokio::test]
async fn what_is_dead_already_is_told_at_once() {
    let world = World::start().await;
    let (_server, watcher) = (world.node("server").await, world.node("watcher").await);
    assert_eq!(in_time(watcher.monitor(&at("nobody@@server"))).await, Reason::NoSuchProcess);
    assert_eq!(in_time(watcher.monitor(&at("nobody@@watcher"))).await, Reason::NoSuchProcess);
    assert_eq!(in_time(watcher.monitor(&at("nobody@@nowhere"))).await, Reason::NodeDown);
    assert_eq!(in_time(watcher.monitor_node("nowhere").unwrap()).await, Reason::NodeDown);
}

#[tokio::test]
async fn a_node_that_goes_is_down_for_all_who_watch_it_or_its_processes() {
    let world = World::start().await;
    let (server, watcher) = (world.node("server").await, world.node("watcher").await);
    let _mailbox = server.register("held").unwrap();
    let process = watcher.monitor(&at("held@@server"));
    let node = watcher.monitor_node("server").unwrap();
    watcher.ping("server").await.unwrap();
    server.stop().await;
    assert_eq!(in_time(process).await, Reason::NodeDown);
    assert_eq!(in_time(node).await, Reason::NodeDown);
}

#[tokio::test]
async fn the_loss_of_ones_own_connection_ends_every_monitor() {
    let world = World::start().await;
    let (server, watcher) = (world.node("server").await, world.node("watcher").await);
    let _mailbox = server.register("held").unwrap();
    let monitor = watcher.monitor(&at("held@@server"));
    watcher.ping("server").await.unwrap();
    let world = world.restart().await;
    assert_eq!(in_time(monitor).await, Reason::NodeDown);
    // And all of it can be had again, of the same process.
    assert!(in_time(watcher.online()).await && in_time(server.online()).await);
    let monitor = watcher.monitor(&at("held@@server"));
    watcher.ping("server").await.unwrap();
    drop(_mailbox);
    assert_eq!(in_time(monitor).await, Reason::Normal);
    drop(world);
}

#[tokio::test]
async fn only_the_node_itself_answers_a_ping() {
    let world = World::start().await;
    let (_one, two) = (world.node("one").await, world.node("two").await);
    for node in ["one", "one@test", "two", "hub", "hub@test"] {
        let time = two.ping(node).await.unwrap_or_else(|fault| panic!("{node}: {fault}"));
        assert!(time.as_secs() < 5, "{node} took {time:?}");
    }
    assert_eq!(two.ping("nowhere").await.unwrap_err().code, ErrorCode::NoSuchNode);
    assert_eq!(two.ping("not a name").await.unwrap_err().code, ErrorCode::BadMessage);
}

#[tokio::test]
async fn the_list_of_nodes_follows_by_itself() {
    let world = World::start().await;
    let watcher = world.node("watcher").await;
    let names = async || {
        let nodes = watcher.nodes().await.unwrap();
        nodes.into_iter().map(|node| node.node).collect::<Vec<_>>()
    };
    assert!(names().await.contains(&"hub@test".to_owned()));
    let mut nodes = watcher.follow_nodes();
    let is_there = |nodes: &Vec<shared::message::NodeInfo>, name: &str| nodes.iter().any(|node| node.node == name);
    in_time(nodes.wait_for(|nodes| is_there(nodes, "watcher@test"))).await.unwrap();

    let other = world.node("other").await;
    let seen = in_time(nodes.wait_for(|nodes| is_there(nodes, "other@test"))).await.unwrap().clone();
    assert!(seen.iter().any(|node| node.node == "other@test" && node.processes), "{seen:?}");
    drop(other);

    // Over a new connection as well.
    let world = world.restart().await;
    assert!(in_time(watcher.online()).await);
    let _third = world.node("third").await;
    in_time(nodes.wait_for(|nodes| is_there(nodes, "third@test"))).await.unwrap();
}

#[tokio::test]
async fn a_node_tells_what_runs_on_it() {
    let world = World::start().await;
    let (server, asker) = (world.node("server").await, world.node("asker").await);
    server.serve("echo", async |received: Received| Ok(received.message)).unwrap();
    let stats = asker.call(&at("node@@server"), "stats").await.unwrap();
    let names: Vec<_> =
        stats["processes"].as_array().unwrap().iter().filter_map(|process| process["name"].as_str()).collect();
    for name in ["map_server", "message_handler", "echo"] {
        assert!(names.contains(&name), "{name}: {stats}");
    }
    assert_eq!(stats["count"], json!(names.len()));
}

#[tokio::test]
async fn a_node_with_a_nick_follows_the_list_from_before_it_is_online() {
    let world = World::start().await;
    let settings = Settings { node: Some("early".to_owned()), nick: Some("ana".to_owned()), ..Settings::default() };
    let (client, _deliveries) = Client::start(&world.link(), settings).unwrap();
    let mut nodes = client.follow_nodes();
    let here = nodes.wait_for(|nodes| nodes.iter().any(|node| node.node == "early@test"));
    in_time(here).await.unwrap();
}
