//! Which hub, with which cookie, as whom; and what is said where that fails.

use std::path::Path;

use pty::{Terminal, USUAL};

use crate::place::{Place, Ran};
use crate::support::{FalseHub, Nobody, PROGRAM};

async fn tried(place: &Place, arguments: &[&str]) -> Ran {
    place.begin("fresh", &[&["--plain"], arguments].concat()).ends().await
}

#[tokio::test]
async fn no_hub_is_3_with_its_reason() {
    let place = Place::new().await;
    let nobody = Nobody::new();
    let gone = nobody.address.to_string();
    tried(&place, &["-n", "ana", &gone]).await.failed(3, &format!("No hub can be reached at {gone}"));
    tried(&place, &["-n", "ana", "https://den"]).await.failed(3, "A hub speaks http, not https.");
}

#[tokio::test]
async fn another_web_server_is_3() {
    let place = Place::new().await;
    let server = FalseHub::web("404 Not Found", "").await;
    let there = server.address.to_string();
    tried(&place, &["-n", "ana", &there]).await.failed(3, "does not let this node in as a hub would");
}

#[tokio::test]
async fn a_hub_that_speaks_another_subprotocol_is_6() {
    let place = Place::new().await;
    let hub = FalseHub::web("400 Bad Request", "This hub speaks the WebSocket subprotocol hubbub.v7 only.").await;
    let there = hub.address.to_string();
    tried(&place, &["-n", "ana", &there]).await.failed(6, "speaks another version of the protocol");
}

#[tokio::test]
async fn no_cookie_and_a_wrong_one_are_4() {
    let place = Place::new().await;
    tried(&place, &["-n", "ana", &place.address()]).await.failed(4, "This hub wants a cookie.");
    let wrong = format!("http://{}/#cookie=wrong", place.address());
    tried(&place, &["-n", "ana", &wrong]).await.failed(4, "The cookie is wrong.");
}

#[tokio::test]
async fn no_nick_and_one_that_is_not_to_be_had_are_5() {
    let place = Place::new().await;
    tried(&place, &[place.hub.link()]).await.failed(5, "A nick is needed");
    tried(&place, &["-n", "server", place.hub.link()]).await.failed(5, "reserved");
    let (_ana, _deliveries) = place.hub.guest("ana").await;
    tried(&place, &["-n", "ana", place.hub.link()]).await.failed(5, "Someone else has this nick");
}

#[tokio::test]
async fn a_cookie_given_for_one_address_goes_to_no_other() {
    let place = Place::new().await;
    place.says("ana", b"").await.fine();
    // The same hub by another name is another address.
    let port = place.hub.address().port();
    let elsewhere = format!("localhost:{port}");
    let ran = place.begin("ana", &["--plain", "-n", "ana", &elsewhere]).ends().await;
    ran.failed(4, "This hub wants a cookie.");
}

#[tokio::test]
async fn where_the_hub_of_last_time_does_not_answer_a_script_goes_nowhere_else() {
    let mut place = Place::new().await;
    place.says("ana", b"").await.fine();
    place.hub.stop().await;
    let ran = place.begin("ana", &["--plain"]).says_and_ends(b"for that hub alone\n").await;
    let words = format!("hubbub: The hub of last time, {}, does not answer. Name one with -s.\n", place.address());
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

#[tokio::test(flavor = "multi_thread")]
async fn a_nick_that_nobody_can_have_is_said_to_be_none_before_the_cookie_is_asked_for() {
    let place = Place::new().await;
    let environment = [("HUBBUB_CONFIG", place.folder("fresh").display().to_string()), ("TERM", "xterm".to_owned())];
    let begin =
        |arguments: &[&str]| Terminal::start(Path::new(PROGRAM), arguments, environment.clone(), USUAL).unwrap();
    let (address, cookie) = (place.address(), place.hub.cookie().to_owned());

    let typed = begin(&[&address, "--plain"]);
    typed.sees("Nick:");
    typed.enters("ana smith");
    typed.sees("This nick has a space in it; use letters, digits, dots, - and _.\nNick:");
    typed.enters("server");
    typed.sees("is reserved");
    assert!(!typed.screen().contains("Cookie"), "{}", typed.screen());
    typed.enters("ana");
    typed.sees("Cookie or link for");
    typed.enters(&cookie);
    typed.sees("* Joined the chatroom *");
    typed.enters("/quit");
    assert_eq!(typed.ends(), 0);

    let named = begin(&[&address, "--plain", "-n", "bob smith"]);
    named.sees("This nick has a space in it; use letters, digits, dots, - and _.\nNick:");
}
