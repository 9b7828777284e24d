//! A page that is loaded again is where it was.

use e2e::{Person, Role, play};

/// Counts the moments at which somebody is asked for a nick, from a page's very first on.
const WATCH: &str = "
    window.asked = 0;
    const asks = () => [...document.querySelectorAll('label')].some(label => label.textContent.trim() === 'Nick');
    new MutationObserver(() => { if (asks()) window.asked += 1; }).observe(document, { childList: true, subtree: true });";

async fn asked(person: &Person) -> u32 {
    person.browser.eval("return window.asked", Vec::new()).await
}

#[test]
fn nick_rooms_and_talk_are_there_again_and_nothing_is_asked() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("before").await;
        bob.sees("ana", "before").await;
        bob.says("so it is").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.goes_to("lobby").await;
        ana.sees("bob", "so it is").await;
        let talk = ana.lines().await;

        ana.browser.devtools("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({ "source": WATCH })).await;
        ana.browser.reload().await;
        ana.is_in("lobby").await;
        ana.sees("bob", "so it is").await;
        assert_eq!(ana.lines().await, talk);
        ana.has_places(&["lobby", "cellar"]).await;
        assert_eq!(asked(&ana).await, 0, "nobody is asked for a nick, not even for a moment");

        ana.says("after").await;
        bob.sees("ana", "after").await;
        bob.sees_person("ana", "online").await;
        assert_eq!(bob.people().await.len(), 2, "no ghost of ana");
        ana.sees("ana", "after").await;
        assert_eq!(ana.lines().await, bob.lines().await);

        // Who quits is asked: the watch was awake.
        ana.says("/quit").await;
        ana.browser.the(Role::Textbox, "Nick").await;
        assert!(asked(&ana).await > 0);
    });
}

#[test]
fn who_comes_back_with_the_button_back_is_there_again() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        bob.says("/join cellar").await;
        bob.is_in("cellar").await;
        bob.opens("about:blank").await;
        ana.sees_person("bob", "reconnecting").await;
        ana.says("while you were out").await;
        // The browser has kept the page as it was, and shows that.
        bob.browser.page().back().await.expect("the page before");
        bob.is_in("cellar").await;
        ana.sees_person("bob", "online").await;
        bob.has_unread("lobby", 1).await;
        bob.goes_to("lobby").await;
        bob.sees("ana", "while you were out").await;
        bob.says("here I am").await;
        ana.sees("bob", "here I am").await;
        bob.sees("bob", "here I am").await;
        assert_eq!(bob.talk().await.len(), 2, "each line once");
    });
}

#[test]
fn what_was_written_and_not_sent_is_there_again() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.writes("half a thou").await;
        ana.browser.reload().await;
        ana.is_in("lobby").await;
        assert_eq!(ana.has_written("Message").await, "half a thou");
    });
}

#[test]
fn what_was_read_stays_read_and_what_was_not_does_not() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        bob.says("/join cellar").await;
        bob.is_in("cellar").await;
        ana.says("unread").await;
        bob.has_unread("lobby", 1).await;
        bob.goes_to("lobby").await;
        bob.has_unread("lobby", 0).await;
        bob.goes_to("cellar").await;
        ana.says("as yet unread").await;
        bob.has_unread("lobby", 1).await;

        bob.opens("about:blank").await;
        bob.opens(&stage.hub().page()).await;
        bob.is_in("lobby").await;
        bob.sees("ana", "as yet unread").await;
        bob.has_unread("cellar", 0).await;
    });
}

#[test]
fn after_quit_it_asks_again_and_remembers_the_nick() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/quit").await;
        ana.is_told("Good-bye, ana").await;
        ana.browser.reload().await;
        ana.browser.the(Role::Button, "Join").await;
        assert_eq!(ana.has_written("Nick").await, "ana");
    });
}

#[test]
fn a_second_tab_is_another_node_of_the_same_nick() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        let page = ana.browser.page();
        let first = page.window().await.expect("a tab");
        let second = page.new_window(true).await.expect("a second tab").handle;
        page.switch_to_window(second).await.expect("the second tab");
        ana.opens(&stage.hub().page()).await;
        ana.is_in("lobby").await;
        ana.says("from my second tab").await;
        bob.sees("ana", "from my second tab").await;
        assert_eq!(bob.people().await.len(), 2, "one ana");

        page.switch_to_window(first).await.expect("the first tab");
        ana.sees("ana", "from my second tab").await;
        assert_eq!(ana.talk().await.len(), 1);
        bob.says("/nodes").await;
        let nodes = bob.is_told("tab of ana").await;
        assert_eq!(nodes.matches("tab of ana").count(), 2, "{nodes}");
    });
}
