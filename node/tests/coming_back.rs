//! What a client makes of many connections, against a hub that says what the test wants.

#![allow(clippy::unwrap_used, reason = "a test that finds what it did not expect stops there")]

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use node::{Client, Deliveries, Error, Settings};
use serde_json::json;
use shared::message::{ErrorCode, ToHub};
use shared::session::{Delivery, Phase};
use shared::transcript::Place;
use support::{Script, said};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(30);

async fn start(queue: usize) -> (Client, Deliveries, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings { nick: Some("ana".to_owned()), ..Settings::default() };
    let link = format!("http://{}/#cookie=swordfish", listener.local_addr().unwrap());
    let (client, deliveries) = Client::start_with_queue(&link, settings, queue).unwrap();
    (client, deliveries, listener)
}

/// The same with its first connection made, and its nick its own.
async fn connected(queue: usize) -> (Client, Deliveries, TcpListener, Script) {
    let (client, deliveries, listener) = start(queue).await;
    let (mut hub, _) = Script::welcome(&listener).await;
    hub.grant_nick().await;
    assert!(client.online().await);
    (client, deliveries, listener, hub)
}

/// Milliseconds since 1970 UTC.
fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

async fn phase(client: &Client, wanted: impl FnMut(&Phase) -> bool) -> Phase {
    let mut phase = client.phase();
    timeout(DEADLINE, phase.wait_for(wanted)).await.unwrap().unwrap().clone()
}

#[tokio::test]
async fn it_shows_the_cookie_of_its_link() {
    let (_client, _deliveries, listener) = start(8).await;
    let (_hub, hello) = Script::welcome(&listener).await;
    assert_eq!(hello.cookie.as_deref(), Some("swordfish"));
}

#[tokio::test]
async fn a_line_is_sent_again_under_its_id_until_it_is_acknowledged() {
    let (client, _deliveries, listener, mut hub) = connected(64).await;
    let answer = client.say("lobby", "hi");
    let (id, _) = hub.line().await;
    drop(hub);
    for _ in 0..2 {
        client.look();
        let (mut hub, _) = Script::welcome(&listener).await;
        hub.grant_nick().await;
        assert_eq!(hub.line().await, (id.clone(), "hi".to_owned()));
    }
    client.look();
    let (mut hub, _) = Script::welcome(&listener).await;
    hub.grant_nick().await;
    hub.line().await;
    hub.acknowledge(&id, 7).await;
    assert_eq!(answer.await.unwrap().seq, 7);
}

#[tokio::test]
async fn what_is_said_without_a_hub_is_said_when_there_is_one_in_order() {
    let (client, _deliveries, listener) = start(64).await;
    for text in ["one", "two", "three"] {
        drop(client.say("lobby", text));
    }
    let (mut hub, _) = Script::welcome(&listener).await;
    hub.grant_nick().await;
    for (seq, expected) in (1..).zip(["one", "two", "three"]) {
        let (id, text) = hub.line().await;
        assert_eq!(text, expected);
        hub.acknowledge(&id, seq).await;
    }
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_at_once() {
    let (client, _deliveries, _listener) = start(8).await;
    assert_eq!(client.say("lobby", "  ").await.unwrap_err().code, ErrorCode::TextEmpty);
    assert_eq!(client.join("den").await.unwrap_err().code, ErrorCode::Unavailable);
}

#[tokio::test]
async fn full_deliveries_stop_the_reading_and_lose_nothing() {
    let (client, mut deliveries, _listener, mut hub) = connected(2).await;
    let sending = tokio::spawn(async move {
        for seq in 1..=1_000 {
            hub.send(said(seq)).await;
        }
        let ToHub::ListRooms { id } = hub.request().await else { panic!("rooms are asked for") };
        hub.send(json!({"type": "reply", "id": id, "ok": {"rooms": []}})).await;
        hub
    });
    let mut rooms = client.ask(|id| ToHub::ListRooms { id });
    // Its answer is behind lines that nobody has taken yet.
    assert!(timeout(Duration::from_millis(50), &mut rooms).await.is_err());
    assert!(client.position().seq < 100, "{} lines were read before anybody took one", client.position().seq);
    let mut heard = 0;
    while heard < 1_000 {
        if let Some(Delivery::Heard(entry)) = deliveries.next().await {
            heard += 1;
            assert_eq!(entry.seq(), heard);
        }
    }
    drop(deliveries); // who listens to nothing is still answered
    rooms.await.unwrap();
    drop(sending.await.unwrap());
}

#[tokio::test]
async fn replaced_it_stays_away_until_told_to_return() {
    let (client, _deliveries, listener, mut hub) = connected(64).await;
    drop(client.say("lobby", "still to be said"));
    hub.close(4409).await;
    phase(&client, |phase| matches!(phase, Phase::Refused { .. })).await;
    assert!(!client.online().await);
    assert!(timeout(Duration::from_millis(600), listener.accept()).await.is_err(), "it is not wanted back");
    client.retry();
    let (mut hub, _) = Script::welcome(&listener).await;
    hub.grant_nick().await;
    assert_eq!(hub.line().await.1, "still to be said");
}

#[tokio::test]
async fn no_hub_is_waited_for_and_a_look_cuts_the_wait_short() {
    let (client, _deliveries, listener) = start(8).await;
    let address = listener.local_addr().unwrap();
    drop(Script::accept(&listener).await);
    drop(listener);
    // The oftener in vain the longer it waits: until that is long also where the machine is busy with other things.
    let mut phases = client.phase();
    let until = timeout(DEADLINE, async {
        loop {
            let phase = phases.borrow_and_update().clone();
            if let Phase::Waiting { until, .. } = phase {
                if until > now() + 5_000 {
                    return until;
                }
                client.look();
            }
            phases.changed().await.unwrap();
        }
    });
    let until = until.await.expect("it waits for long");
    let listener = TcpListener::bind(address).await.unwrap();
    client.look();
    timeout(DEADLINE, listener.accept()).await.unwrap().unwrap();
    assert!(now() < until, "it comes before it would have");
}

#[tokio::test]
async fn what_one_left_over_the_next_one_says() {
    let (client, _deliveries, listener, mut hub) = connected(64).await;
    drop(client.say("lobby", "one"));
    drop(client.private_message("bob", "two"));
    let (id, _) = hub.line().await;
    tokio::join!(hub.until_closed(), client.stop());
    let left = client.unsent_lines();
    let texts = left.iter().map(|line| match &line.request {
        ToHub::Say { text, .. } | ToHub::PrivateMessage { text, .. } => text.as_str(),
        other => panic!("not a line: {other:?}"),
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["one", "two"]);

    let (nick, token) = client.nick().unwrap();
    let session = Some(client.position().session);
    let settings = Settings { nick: Some(nick), token: Some(token), session, lines: left, ..Settings::default() };
    let (_client, _deliveries) = Client::start(&listener.local_addr().unwrap().to_string(), settings).unwrap();
    let (mut hub, hello) = Script::welcome(&listener).await;
    assert_eq!((hello.session.as_deref(), hello.after), (Some("s"), None));
    hub.grant_nick().await;
    assert_eq!(hub.line().await, (id, "one".to_owned()));
}

#[tokio::test]
async fn what_was_read_is_told() {
    let (client, _deliveries, _listener, mut hub) = connected(64).await;
    client.read(&Place::With("bob".to_owned()), 7);
    assert!(matches!(hub.request().await, ToHub::Read { with: Some(with), seq: 7, .. } if with == "bob"));
}

#[tokio::test]
async fn going_is_said_and_told_to_who_still_waits() {
    let (client, mut deliveries, _listener, mut hub) = connected(64).await;
    let answer = client.say("lobby", "hi");
    hub.line().await;
    let (code, ()) = tokio::join!(hub.until_closed(), client.stop());
    assert_eq!(code, Some(1000));
    assert_eq!(answer.await.unwrap_err().code, ErrorCode::Unavailable);
    assert_eq!(client.say("lobby", "and now?").await.unwrap_err().code, ErrorCode::Unavailable);
    while deliveries.next().await.is_some() {}

    let (client, _deliveries, _listener, hub) = connected(64).await;
    drop(client);
    assert_eq!(hub.until_closed().await, Some(1000));
}

#[tokio::test]
async fn why_there_is_no_connection_is_told() {
    let (client, _deliveries, listener, mut hub) = connected(8).await;
    assert!(client.failure().is_none());
    hub.close(4001).await;
    phase(&client, |phase| matches!(phase, Phase::Waiting { .. })).await;
    let failure = client.failure().unwrap();
    assert!(matches!(&*failure, Error::Closed(closed) if closed.code == 4001), "{failure}");

    drop((listener, hub));
    let mut phases = client.phase();
    let unreachable = async {
        while !matches!(client.failure().as_deref(), Some(Error::Unreachable { .. })) {
            client.look();
            phases.changed().await.unwrap();
        }
    };
    timeout(DEADLINE, unreachable).await.unwrap();
}

#[tokio::test]
async fn a_hub_of_another_version_is_known_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, _deliveries) =
        Client::start(&listener.local_addr().unwrap().to_string(), Settings::default()).unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let words = "This hub speaks the WebSocket subprotocol hubbub.v7 only.";
    let answer = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{words}", words.len());
    stream.write_all(answer.as_bytes()).await.unwrap();
    phase(&client, |phase| matches!(phase, Phase::Waiting { .. })).await;
    let failure = client.failure().unwrap();
    assert!(matches!(&*failure, Error::Version { words: said, .. } if said == words), "{failure}");
}
