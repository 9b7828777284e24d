//! Others see how someone is, without noise: a page loaded again is no news, and no ghosts stay.

use e2e::{Person, play, play_with};
use serde_json::Value;

/// From now on, what the page tells of anybody's coming and going, where it can be seen.
const WATCH: &str = "
    window.told = [];
    const words = /reconnecting|has left|has joined|have left|have joined/g;
    const look = () => {
        for (const part of [document.querySelector('[role=log]'), document.querySelector('aside ul')]) {
            const seen = [...part.querySelectorAll('p, span')]
                .filter(it => it.checkVisibility({ visibilityProperty: true }) && !it.classList.contains('unseen'))
                .map(it => it.textContent).join(' ');
            window.told.push(...(seen.match(words) ?? []));
        }
        requestAnimationFrame(look);
    };
    look();";

async fn node_of(person: &Person, nick: &str) -> String {
    person.says("/nodes").await;
    let nodes = person.is_told(&format!("tab of {nick}")).await;
    let lines: Vec<&str> = nodes.lines().collect();
    let at = lines.iter().position(|line| line.contains(&format!("tab of {nick}"))).expect("just told");
    lines[at - 1].to_owned()
}

#[test]
fn a_page_that_is_loaded_again_is_the_same_node_and_no_news() {
    play(async |stage| {
        let bob = stage.guest("bob").await;
        let ana = stage.guest("ana").await;
        bob.sees_person("ana", "online").await;
        let node = node_of(&bob, "ana").await;
        // What came before is told already.
        bob.says("hello").await;
        ana.sees("bob", "hello").await;
        ana.says("hello bob").await;
        bob.sees("ana", "hello bob").await;
        let before: Vec<String> = {
            let _: Value = bob.browser.eval(WATCH, Vec::new()).await;
            bob.browser.eval("return window.told", Vec::new()).await
        };

        for text in ["once", "twice"] {
            ana.browser.reload().await;
            ana.is_connected().await;
            ana.says(text).await;
            bob.sees("ana", text).await;
        }
        bob.sees_person("ana", "online").await;
        let mut told: Vec<String> = bob.browser.eval("return window.told", Vec::new()).await;
        // On a busy machine loading takes so long that “reconnecting” is the truth meanwhile.
        told.retain(|words| !before.contains(words) && words != "reconnecting");
        assert_eq!(told, [""; 0], "nobody left and nobody joined");
        assert_eq!(node_of(&bob, "ana").await, node);
    });
}

#[test]
fn a_copy_of_the_tab_is_a_node_of_its_own() {
    play(async |stage| {
        let bob = stage.guest("bob").await;
        let ana = stage.guest("ana").await;
        let page = ana.browser.page();
        let first = page.window().await.expect("a tab");
        // It takes the session's storage along, as a tab does that is duplicated.
        let _: Value = ana.browser.eval("window.open(location.href)", Vec::new()).await;
        let tabs = page.windows().await.expect("tabs");
        let second = tabs.into_iter().find(|tab| *tab != first).expect("a second tab");
        page.switch_to_window(second).await.expect("the second tab");
        ana.is_connected().await;
        ana.says("from the copy").await;
        bob.sees("ana", "from the copy").await;
        page.switch_to_window(first).await.expect("the first tab");
        ana.sees("ana", "from the copy").await;
        ana.is_connected().await;
        ana.says("from the first").await;
        bob.sees("ana", "from the first").await;
        assert_eq!(bob.people().await.len(), 2, "one ana");
    });
}

#[test]
fn who_vanishes_is_reconnecting_for_the_lease_and_then_gone() {
    play_with(&["--lease", "4s"], async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        bob.opens("about:blank").await;
        ana.sees_person("bob", "reconnecting").await;
        ana.reads("reconnecting").await;
        let left = "return document.querySelector('[role=log]').innerText.includes('bob has left')";
        assert!(!ana.browser.eval::<bool>(left, Vec::new()).await, "not yet");
        ana.misses("bob").await;
        assert_eq!(ana.people().await.len(), 1, "no ghost");

        bob.opens(&stage.hub().page()).await;
        bob.is_in("lobby").await;
        ana.sees_person("bob", "online").await;
    });
}

#[test]
fn without_a_connection_people_are_known_as_of_then() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let _bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        for person in [&ana, &_bob] {
            person.browser.expect_error("WebSocket connection to");
        }
        stage.hub_mut().stop();
        ana.reads("As of ").await;
        assert_eq!(ana.people().await.len(), 2);
        stage.hub_mut().start_again();
        ana.is_connected().await;
        let fresh = "return !document.body.innerText.includes('As of ')";
        ana.browser.until("people are known as they are", fresh).await;
        ana.sees_person("bob", "online").await;
    });
}
