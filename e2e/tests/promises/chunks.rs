//! What is seldom wanted is fetched when it is, and nobody waits for it in vain.

use e2e::keys::{CONTROL, ESCAPE};
use e2e::{Role, play};

#[test]
fn what_cannot_be_fetched_is_told_of_and_can_be_tried_again() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.expect_error("WebSocket connection to");
        ana.browser.expect_error("Failed to fetch");
        ana.browser.expect_error("Failed to load resource");
        stage.hub_mut().stop();
        ana.browser.press(&[CONTROL, 'k']).await;
        ana.is_warned("The hub did not give out a part of this page").await;
        ana.browser.none(Role::Dialog, "Go to").await;

        stage.hub_mut().start_again();
        ana.is_connected().await;
        ana.browser.press(&[CONTROL, 'k']).await;
        ana.browser.the(Role::Dialog, "Go to").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.says("still here").await;
        ana.sees("ana", "still here").await;
    });
}

#[test]
fn nothing_in_sight_moves_or_changes_when_they_come() {
    const IN_SIGHT: &str = "
        return [...document.querySelectorAll('button, kbd, h1, h2, .row')].map(part => {
            const { x, y, width, height } = part.getBoundingClientRect();
            const before = getComputedStyle(part, '::before').content;
            return [part.textContent, x, y, width, height, before].join(' ');
        });";

    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let said = bob.say("lobby", "tea?").await.expect("a line said").seq;
        bob.react(node::Talk::Room("lobby"), said, "👍", true).await.expect("a reaction");
        let ana = stage.guest("ana").await;
        ana.sees("bob", "tea?").await;
        ana.sees_person("bob", "online").await;
        let before: Vec<String> = ana.browser.eval(IN_SIGHT, Vec::new()).await;
        ana.has_fetched_ahead().await;
        let after: Vec<String> = ana.browser.eval(IN_SIGHT, Vec::new()).await;
        assert_eq!(before, after);
    });
}

#[test]
fn what_nobody_has_wanted_yet_is_there_when_the_hub_is_not() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.has_fetched_ahead().await;
        ana.browser.expect_error("WebSocket connection to");
        stage.hub_mut().stop();
        ana.is_told("The connection to the hub is lost").await;
        ana.browser.press(&[CONTROL, 'k']).await;
        ana.browser.the(Role::Dialog, "Go to").await;
    });
}
