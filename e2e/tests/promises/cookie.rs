//! Nobody gets in without the cookie, and everybody who has it does.

use e2e::{Role, play, play_with};
use serde_json::json;

#[test]
fn it_is_asked_for_refused_in_words_and_put_right_without_a_reload() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(&stage.hub().page()).await;
        ana.browser.the(Role::Textbox, "Cookie").await;
        assert_eq!(ana.warnings().await, [""; 0], "nothing is wrong yet");
        let () = ana.browser.eval("window.loaded = 'once'", Vec::new()).await;

        ana.fills_in("Cookie", "open sesame").await;
        ana.asks_for("ana").await;
        let words = ana.is_warned("cookie").await;
        assert!(words.contains("invitation link"), "what to do: {words}");
        assert_eq!(ana.has_written("Cookie").await, "open sesame", "the field keeps its text");
        assert_eq!(ana.has_written("Nick").await, "ana");
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Cookie".to_owned()));

        ana.fills_in("Cookie", &stage.hub().cookie()).await;
        ana.browser.click(Role::Button, "Join").await;
        ana.is_in("lobby").await;
        ana.says("I am in").await;
        ana.sees("ana", "I am in").await;
        let loaded: String = ana.browser.eval("return window.loaded", Vec::new()).await;
        assert_eq!(loaded, "once");
    });
}

#[test]
fn the_whole_link_may_be_pasted() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(&stage.hub().page()).await;
        ana.fills_in("Cookie", stage.hub().link()).await;
        ana.joins_as("ana").await;
    });
}

#[test]
fn the_link_may_be_opened_in_the_tab_that_asks_for_the_cookie() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(&stage.hub().page()).await;
        ana.browser.the(Role::Textbox, "Cookie").await;
        // A browser takes this for the same page, and loads nothing.
        ana.opens(stage.hub().link()).await;
        ana.browser.none(Role::Textbox, "Cookie").await;
        assert_eq!(ana.browser.address().await, stage.hub().page());
        ana.joins_as("ana").await;
    });
}

#[test]
fn a_right_link_asks_for_nothing_and_does_not_stay_in_the_address_bar() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens("about:blank").await;
        ana.opens(stage.hub().link()).await;
        ana.browser.the(Role::Textbox, "Nick").await;
        assert_eq!(ana.browser.address().await, stage.hub().page());
        ana.is_told("answers").await;
        assert!(ana.browser.find(Role::Textbox, "Cookie").await.is_none());
        ana.joins_as("ana").await;
        assert_eq!(
            ana.browser.address().await,
            format!("{}#/room/lobby", stage.hub().page()),
            "where one is, and no more"
        );

        // Nor is it where Back leads to.
        let cookie = stage.hub().cookie();
        let history = ana.browser.devtools("Page.getNavigationHistory", json!({})).await;
        for entry in history["entries"].as_array().expect("entries") {
            let url = entry["url"].as_str().expect("an address");
            assert!(!url.contains(&cookie), "{url}");
        }

        // The browser knows it from now on.
        ana.opens("about:blank").await;
        ana.opens(&stage.hub().page()).await;
        ana.is_in("lobby").await;
    });
}

#[test]
fn a_link_with_an_old_cookie_asks_for_the_new_one() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(&format!("{}#cookie=of-last-year", stage.hub().page())).await;
        ana.browser.the(Role::Textbox, "Cookie").await;
        ana.is_warned("cookie").await;
        ana.fills_in("Cookie", &stage.hub().cookie()).await;
        ana.joins_as("ana").await;
        assert_eq!(ana.warnings().await, [""; 0]);
    });
}

#[test]
fn guessing_is_slowed_down_and_said_so() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(&stage.hub().page()).await;
        ana.browser.the(Role::Textbox, "Cookie").await;
        // Ten are free and one comes back each six seconds, which on a busy machine is time for a few more.
        let warned = "return [...document.querySelectorAll('[role=alert]')]
            .some(alert => alert.textContent.includes('Too many wrong cookies'))";
        for guess in 0..30 {
            ana.fills_in("Cookie", &format!("guess {guess}")).await;
            ana.asks_for("ana").await;
            ana.browser.until("an answer", "return !document.querySelector('form [aria-busy=true]')").await;
            if ana.browser.eval(warned, Vec::new()).await {
                assert!(guess >= 10, "after {guess} guesses already");
                return;
            }
        }
        panic!("thirty guesses, and never slowed down");
    });
}

#[test]
fn an_open_hub_asks_for_none() {
    play_with(&["--open"], async |stage| {
        assert_eq!(stage.hub().link(), stage.hub().page());
        let ana = stage.guest("ana").await;
        ana.says("no questions asked").await;
        ana.sees("ana", "no questions asked").await;
    });
}
