//! Which hub, with which cookie, as whom; and what is said where that fails.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::place::{Place, Ran};

async fn tried(place: &Place, arguments: &[&str]) -> Ran {
    place.begin("fresh", &[&["--plain"], arguments].concat()).ends().await
}

#[tokio::test]
async fn no_hub_is_3_with_its_reason() {
    let place = Place::new().await;
    // A port that was free a moment ago.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    tried(&place, &["-n", "ana", &gone]).await.failed(3, &format!("No hub can be reached at {gone}"));
    tried(&place, &["-n", "ana", "https://den"]).await.failed(3, "A hub speaks http, not https.");
}

#[tokio::test]
async fn another_web_server_is_3() {
    let place = Place::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    tried(&place, &["-n", "ana", &there]).await.failed(3, "does not let this node in as a hub would");
    serving.abort();
}

#[tokio::test]
async fn a_hub_that_speaks_another_subprotocol_is_6() {
    let place = Place::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = listener.local_addr().unwrap().to_string();
    let words = "This hub speaks the WebSocket subprotocol hubbub.v7 only.";
    let answer = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{words}", words.len());
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    tried(&place, &["-n", "ana", &there]).await.failed(6, "speaks another version of the protocol");
    serving.abort();
}

#[tokio::test]
async fn no_cookie_and_a_wrong_one_are_4() {
    let place = Place::new().await;
    tried(&place, &["-n", "ana", &place.address]).await.failed(4, "This hub wants a cookie.");
    let wrong = format!("http://{}/#cookie=wrong", place.address);
    tried(&place, &["-n", "ana", &wrong]).await.failed(4, "The cookie is wrong.");
}

#[tokio::test]
async fn no_nick_and_one_that_is_not_to_be_had_are_5() {
    let place = Place::new().await;
    tried(&place, &[&place.link()]).await.failed(5, "A nick is needed");
    tried(&place, &["-n", "server", &place.link()]).await.failed(5, "reserved");
    let (_ana, _deliveries) = place.guest("ana").await;
    tried(&place, &["-n", "ana", &place.link()]).await.failed(5, "Someone else has this nick");
}

#[tokio::test]
async fn a_cookie_given_for_one_address_goes_to_no_other() {
    let place = Place::new().await;
    place.says("ana", b"").await.fine();
    // The same hub by another name is another address.
    let port = place.address.split_once(':').unwrap().1;
    let elsewhere = format!("localhost:{port}");
    let ran = place.begin("ana", &["--plain", "-n", "ana", &elsewhere]).ends().await;
    ran.failed(4, "This hub wants a cookie.");
}

#[tokio::test]
async fn where_the_hub_of_last_time_does_not_answer_a_script_goes_nowhere_else() {
    let mut place = Place::new().await;
    place.says("ana", b"").await.fine();
    place.stop_hub().await;
    let ran = place.begin("ana", &["--plain"]).says_and_ends(b"for that hub alone\n").await;
    let words = format!("hubbub: The hub of last time, {}, does not answer. Name one with -s.\n", place.address);
    assert_eq!((ran.code, ran.err), (3, words));
}

#[tokio::test]
async fn hub_and_nick_are_those_of_last_time_where_none_are_named() {
    let place = Place::new().await;
    place.says("ana", b"").await.fine();
    let mut again = place.begin("ana", &["--plain"]);
    again.expects("Connected").await;
    again.expects("* Joined the chatroom *").await;
    again.expects("* Users in the room: ana *").await;
    assert_eq!(again.says_and_ends(b"").await.fine(), ["* Type /help for options *"]);
}
