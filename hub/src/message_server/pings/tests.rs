use shared::message::{Hello, ToHub};

use super::super::stage::{Actor, Came, Stage};
use super::*;

async fn pings(asker: &mut Actor, node: &str) {
    let ping = ToHub::Ping { id: "ping".to_owned(), node: node.to_owned() };
    assert!(asker.seat.request(ping).0.is_ok());
}

async fn pinged(asker: &mut Actor) -> Sign {
    loop {
        if let Came::Own(Parcel::Reply(reply)) = asker.next().await {
            match reply.result {
                Ok(Answer::Pinged(Pinged { answer, .. })) => return answer,
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_node_with_processes_answers_a_ping_itself_once_the_hub_can_ask_it() {
    let stage = Stage::set();
    let (mut asker, mut tab) = (stage.actor("asker").await, stage.actor("tab").await);
    pings(&mut asker, "tab").await;
    let token = loop {
        if let Came::Own(Parcel::Probe(token)) = tab.next().await {
            break token;
        }
    };
    assert!(tab.seat.alive(token).is_ok());
    assert_eq!(pinged(&mut asker).await, Sign::Pong, "its socket is asked");

    let (voice, mut ear) = stage.handle.hub_node().await;
    for (alive, answer) in [(true, Sign::Pong), (false, Sign::Pang)] {
        pings(&mut asker, "tab@test").await;
        let token = match ear.hear().await {
            Some(Heard::Ping { token, node }) if node.to_string() == "tab@test" => token,
            other => panic!("{other:?}"),
        };
        voice.pinged(token + 1, Some(true)).await; // nobody waits for that
        voice.pinged(token, Some(alive)).await;
        assert_eq!(pinged(&mut asker).await, answer);
        voice.pinged(token, Some(true)).await; // nor for this any more
    }
    pings(&mut asker, "tab").await;
    let Some(Heard::Ping { token, .. }) = ear.hear().await else { panic!("it was not asked") };
    voice.pinged(token, None).await;
    let asked = loop {
        if let Came::Own(Parcel::Probe(asked)) = tab.next().await {
            break asked;
        }
    };
    assert!(asked == token && tab.seat.alive(token).is_ok());
    assert_eq!(pinged(&mut asker).await, Sign::Pong, "where the hub is short of something, the socket is asked");
    pings(&mut asker, "tab").await;
    assert!(matches!(ear.hear().await, Some(Heard::Ping { .. })));
    drop(tab);
    assert_eq!(pinged(&mut asker).await, Sign::Pang, "who has gone need not be waited for");

    let socket_only = Hello { node: Some("plain".to_owned()), ..Hello::default() };
    let mut plain = stage.enter(socket_only).await;
    pings(&mut asker, "plain").await;
    assert!(matches!(plain.next().await, Came::Own(Parcel::Probe(_))));
}
