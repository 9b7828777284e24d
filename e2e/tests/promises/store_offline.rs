//! The store is read where one is, also without the hub, and what is put then arrives once.

use e2e::person::Said;
use e2e::{eventually, play};

#[test]
fn without_the_hub_the_store_is_read_and_a_put_waits_and_arrives_once() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        for person in [&ana, &bob] {
            person.goes_to_the_console().await;
        }
        let version = number(&ana.runs_to_the_end("put(\"tea\", 5)").await);
        assert_eq!(bob.runs_to_the_end("get(\"tea\")").await[0].text, "5");
        // The engine of both runs by now.
        for person in [&ana, &bob] {
            person.browser.expect_error("WebSocket connection to");
            person.browser.expect_error("Failed to load resource");
        }
        ana.runs_to_the_end("put(\"pot\", 1)").await;
        stage.hub_mut().stop();
        assert_eq!(ana.runs_to_the_end("get(\"tea\")").await[0].text, "5");
        assert!(ana.runs_to_the_end("list(\"\")").await[0].text.contains("tea"));
        ana.runs("put(\"tea\", 6)").await;
        ana.is_shown("ran", "put(\"tea\", 6)").await;
        stage.hub_mut().start_again();
        let second = number(&ana.is_done().await);
        assert_eq!(ana.runs_to_the_end("get(\"pot\")").await[0].text, "1");
        assert!(second > version, "{second} {version}");
        eventually("bob’s copy to have it", async || {
            Ok((bob.runs_to_the_end("get(\"tea\")").await[0].text == "6").then_some(()))
        })
        .await;
        // Nothing was put in between: it arrived once.
        assert_eq!(number(&ana.runs_to_the_end("put(\"tea\", 7)").await), second + 1);
    });
}

#[test]
fn who_is_asked_before_they_have_the_store_waits_for_it_and_tells_nothing_of_before() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.goes_to_the_console().await;
        ana.runs_to_the_end("put(\"tea\", 5)").await;
        let asked = format!("get(\"{}\", \"tea\")", bob.node().await);
        // Nobody has wanted anything of processes on bob's tab until now.
        assert_eq!(ana.runs_to_the_end(&asked).await[0].text, "5");
        let address = bob.browser.address().await;
        bob.browser.goto("about:blank").await;
        ana.runs_to_the_end("put(\"tea\", 6)").await;
        bob.browser.goto(&address).await;
        bob.is_connected().await;
        let asked = format!("get(\"{}\", \"tea\")", bob.node().await);
        assert_eq!(ana.runs_to_the_end(&asked).await[0].text, "6", "and not what bob's browser had kept");
    });
}

/// The last value that was shown.
fn number(said: &[Said]) -> u64 {
    said.last().and_then(|said| said.text.parse().ok()).unwrap_or_else(|| panic!("a version: {said:?}"))
}
