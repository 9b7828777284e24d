//! A hub that pings and does not read costs a node no more memory than is set aside for a connection, and what the node has
//! to say is said as soon as the hub reads.

#![allow(clippy::unwrap_used, reason = "a test that finds what it did not expect stops there")]

mod support;

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use node::{Client, Node, Options, Settings};
use shared::message::ToNode;
use shared::session::Delivery;
use support::{Script, said};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(60);

/// Answered one by one, they are several times what the system keeps of a connection nobody reads from.
const PINGS: u32 = 150_000;

/// What the system is asked to keep at the hub's end of such a connection, in bytes.
const KEPT: u32 = 4 * 1024;

/// A listener whose connections take little that is not read.
fn listener() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(KEPT).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(8).unwrap()
}

fn ping(number: u32) -> Bytes {
    let mut payload = vec![0; 125];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    payload.into()
}

/// Pings and does not read; then says a line. Once that has arrived it reads, until there are a line and the answer to the
/// latest ping: how many were answered.
async fn floods(mut hub: Script, arrived: oneshot::Receiver<()>) -> u32 {
    for number in 0..PINGS {
        hub.socket.feed(Message::Ping(ping(number))).await.unwrap();
    }
    hub.send(said(1)).await;
    arrived.await.unwrap();
    let (mut pongs, mut latest, mut line) = (0, false, false);
    while !(latest && line) {
        match hub.socket.next().await.unwrap().unwrap() {
            Message::Pong(payload) => (pongs, latest) = (pongs + 1, payload == ping(PINGS - 1)),
            Message::Text(text) => line |= text.contains("after the flood"), // beside what a session says by itself
            _ => {}
        }
    }
    pongs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_keeps_few_answers_to_pings_and_all_that_it_says() {
    let listener = listener();
    let settings = Settings { nick: Some("ana".to_owned()), ..Settings::default() };
    let link = format!("http://{}", listener.local_addr().unwrap());
    let (client, mut deliveries) = Client::start(&link, settings).unwrap();
    let (mut hub, _) = Script::welcome(&listener).await;
    hub.grant_nick().await;
    let (arrived, reads) = oneshot::channel();
    let hub = tokio::spawn(floods(hub, reads));
    let heard = async { while !matches!(deliveries.next().await, Some(Delivery::Heard(_))) {} };
    timeout(DEADLINE, heard).await.unwrap();
    let _answer = client.say("lobby", "after the flood");
    arrived.send(()).unwrap();
    let pongs = timeout(DEADLINE, hub).await.unwrap().unwrap();
    assert!(pongs < PINGS / 2, "{pongs} answers waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_does_a_node() {
    let listener = listener();
    let link = format!("http://{}", listener.local_addr().unwrap());
    let hub = tokio::spawn(async move { Script::welcome(&listener).await.0 });
    let (node, mut arrivals) = Node::connect(&link, Options { timeout: DEADLINE, ..Options::default() }).await.unwrap();
    let (arrived, reads) = oneshot::channel();
    let hub = tokio::spawn(floods(hub.await.unwrap(), reads));
    let heard = async { while !matches!(arrivals.next().await, Some(ToNode::Entry(_))) {} };
    timeout(DEADLINE, heard).await.unwrap();
    let said = tokio::spawn(async move { node.say("lobby", "after the flood").await });
    arrived.send(()).unwrap();
    let pongs = timeout(DEADLINE, hub).await.unwrap().unwrap();
    said.abort();
    assert!(pongs < PINGS / 2, "{pongs} answers waited");
}
