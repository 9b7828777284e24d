//! What is typed arrives once, whatever happens to the hub, the tab or the page meanwhile.

use e2e::keys::{ENTER, UP};
use e2e::{Door, Person, Role, Stage, eventually, play, play_with};

use crate::lines::{does, stands};

/// What Chromium's console says of a socket that is turned away, or finds no hub.
const NO_HUB: &str = "WebSocket connection to";

const LOST: &str = "The connection to the hub is lost";

async fn typed(person: &Person, texts: &[&str]) {
    for text in texts {
        person.says(text).await;
        person.reads(text).await;
    }
}

/// What `of` has said as `person` reads it, once all of it is there.
async fn arrives(person: &Person, of: &str, texts: &[&str]) {
    if let Some(last) = texts.last() {
        person.sees(of, last).await;
    }
    let said: Vec<String> =
        person.lines().await.into_iter().filter(|line| line.from == of).map(|line| line.text).collect();
    assert_eq!(said, texts, "each once, in the order in which they were typed");
}

async fn behind_a_door(stage: &mut Stage) -> (Door, Person, Person) {
    let door = Door::before(stage.hub_mut()).await;
    let ana = stage.person("ana").await;
    ana.browser.expect_error(NO_HUB);
    ana.opens(&door.link(stage.hub())).await;
    ana.joins_as("ana").await;
    ana.is_connected().await;
    let bob = stage.guest("bob").await;
    (door, ana, bob)
}

#[test]
fn it_survives_the_tab_and_the_hub() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        for person in [&ana, &bob] {
            person.browser.expect_error(NO_HUB);
        }
        stage.hub_mut().stop();
        ana.is_told(LOST).await;
        typed(&ana, &["first", "second"]).await;
        ana.browser.to_new_tab().await;
        stage.hub_mut().start_again();

        ana.opens(&stage.hub().page()).await;
        ana.is_in("lobby").await;
        arrives(&bob, "ana", &["first", "second"]).await;
        arrives(&ana, "ana", &["first", "second"]).await;
        // And is not sent by the tab after that.
        ana.browser.reload().await;
        ana.is_connected().await;
        ana.says("third").await;
        arrives(&bob, "ana", &["first", "second", "third"]).await;
    });
}

#[test]
fn a_page_loaded_while_the_hub_is_away_is_a_chat_all_the_same() {
    play(async |stage| {
        let (door, ana, bob) = behind_a_door(stage).await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        bob.says("/join cellar").await;
        bob.is_in("cellar").await;
        door.shut();
        ana.is_told(LOST).await;
        typed(&ana, &["before the reload"]).await;
        ana.browser.reload().await;
        eventually("the page asks for the hub", async || Ok(door.has_refused().then_some(()))).await;

        ana.has_places(&["lobby", "cellar"]).await;
        ana.reads("Reconnecting in").await;
        assert!(ana.browser.find(Role::Textbox, "Nick").await.is_none(), "nobody is asked who they are");
        ana.goes_to("cellar").await;
        ana.reads("before the reload").await;
        ana.reads("1 line waits").await;
        typed(&ana, &["after the reload"]).await;
        ana.reads("2 lines wait").await;

        door.open();
        ana.is_connected().await;
        arrives(&bob, "ana", &["before the reload", "after the reload"]).await;
        arrives(&ana, "ana", &["before the reload", "after the reload"]).await;
    });
}

#[test]
fn the_composer_is_never_out_of_reach() {
    play(async |stage| {
        let (door, ana, _bob) = behind_a_door(stage).await;
        let ready = "
            const field = document.querySelector('textarea');
            return !field.disabled && !field.readOnly && !document.querySelector('[type=submit]').disabled";
        door.shut();
        ana.is_told(LOST).await;
        ana.browser.until("one can write while the hub is away", ready).await;
        ana.browser.reload().await;
        ana.browser.the(Role::Textbox, "Message").await;
        ana.browser.until("and on a page that has not met it yet", ready).await;
        ana.writes("half a thou").await;
        ana.browser.reload().await;
        ana.browser.the(Role::Textbox, "Message").await;
        assert_eq!(ana.has_written("Message").await, "half a thou");
    });
}

#[test]
fn who_quits_finds_it_waiting() {
    play(async |stage| {
        let (door, ana, bob) = behind_a_door(stage).await;
        door.shut();
        ana.is_told(LOST).await;
        typed(&ana, &["one", "two"]).await;
        ana.says("/quit").await;
        ana.is_told("2 lines wait for your return").await;
        door.open();
        ana.browser.reload().await;
        ana.browser.click(Role::Button, "Join").await;
        ana.is_in("lobby").await;
        arrives(&bob, "ana", &["one", "two"]).await;
    });
}

#[test]
fn changes_of_lines_survive_the_tab_as_well() {
    play(async |stage| {
        let (door, ana, bob) = behind_a_door(stage).await;
        bob.says("cake at four").await;
        let cake = ana.sees("bob", "cake at four").await;
        ana.says("a secret").await;
        let secret = ana.sees("ana", "a secret").await;
        ana.says("secnod").await;
        bob.sees("ana", "secnod").await;
        door.shut();
        ana.is_told(LOST).await;
        ana.browser.click(Role::Textbox, "Message").await;
        ana.browser.press(&[UP]).await;
        stands(&ana, "secnod").await;
        ana.fills_in("Message", "second").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "second").await;
        does(&ana, cake, "React").await;
        ana.browser.click(Role::Button, "🎉").await;
        does(&ana, secret, "Delete").await;
        ana.browser.within(Role::Dialog, "Delete this line for everyone?").click(Role::Button, "Delete").await;
        ana.reads("3 lines wait").await;

        ana.browser.reload().await;
        ana.reads("3 lines wait").await;
        door.open();
        ana.is_connected().await;
        for person in [&ana, &bob] {
            person.sees("ana", "second").await;
            person.reads("This line was deleted.").await;
            assert!(!person.has_on_page("secnod").await && !person.has_on_page("a secret").await);
        }
        bob.browser.the(Role::Button, "🎉, ana; press to add yours").await;
        ana.reads_no_more("wait").await;

        // And they are not made once more by the page after that.
        ana.browser.click(Role::Button, "🎉, you; press to take yours back").await;
        bob.browser.none(Role::Button, "🎉, ana; press to add yours").await;
        ana.browser.reload().await;
        ana.is_connected().await;
        ana.says("all done").await;
        bob.sees("ana", "all done").await;
        assert!(bob.browser.find(Role::Button, "🎉, ana; press to add yours").await.is_none());
    });
}

#[test]
fn changes_of_a_log_that_is_gone_touch_no_line_of_the_next_and_say_so() {
    // With a cookie of its own it would ask for another one after its return.
    play_with(&["--ephemeral", "--cookie", "correct horse battery staple"], async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.expect_error(NO_HUB);
        ana.says("the first line of all").await;
        let seq = ana.sees("ana", "the first line of all").await;
        stage.hub_mut().stop();
        ana.is_told(LOST).await;
        does(&ana, seq, "React").await;
        ana.browser.click(Role::Button, "🎉").await;
        ana.reads("1 line waits").await;
        ana.browser.to_new_tab().await;
        stage.hub_mut().start_again();
        let bob = stage.hub().native("bob").await;
        let reply = bob.say("lobby", "another first line").await.expect("a line said");
        assert_eq!(reply.seq, seq, "the same number in another log");

        ana.opens(&stage.hub().page()).await;
        ana.is_warned("The hub has begun a new log, and the line is not in it.").await;
        ana.is_connected().await;
        ana.sees("bob", "another first line").await;
        assert!(ana.browser.find(Role::Button, "🎉, you; press to take yours back").await.is_none());
        ana.reads_no_more("1 line waits").await;
    });
}

#[test]
fn two_tabs_that_have_it_do_not_say_it_twice() {
    play(async |stage| {
        let (door, ana, bob) = behind_a_door(stage).await;
        door.shut();
        ana.is_told(LOST).await;
        typed(&ana, &["once"]).await;
        let page = ana.browser.page();
        let first = page.window().await.expect("a tab");
        let second = page.new_window(true).await.expect("a second tab").handle;
        page.switch_to_window(second).await.expect("the second tab");
        ana.opens(&door.page()).await;
        // What another tab of hers typed waits here, too.
        ana.reads("1 line waits").await;
        door.open();
        ana.is_connected().await;
        arrives(&ana, "ana", &["once"]).await;
        page.switch_to_window(first).await.expect("the first tab");
        ana.is_connected().await;
        arrives(&ana, "ana", &["once"]).await;
        bob.says("I have read it").await;
        ana.sees("bob", "I have read it").await;
        arrives(&bob, "ana", &["once"]).await;
    });
}

#[test]
fn what_the_hub_refuses_stays_with_the_reason_until_one_decides() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        for text in ["call me", "never mind"] {
            ana.says(&format!("/pm nemo {text}")).await;
            ana.is_in("nemo").await;
            ana.reads(text).await;
        }
        ana.is_warned("Not sent").await;
        ana.browser.reload().await;
        ana.is_connected().await;
        ana.goes_to("nemo").await;
        ana.is_warned("Not sent").await;
        ana.reads("call me").await;
        ana.reads("never mind").await;

        let nemo = stage.hub().native("nemo").await;
        ana.browser.click(Role::Button, "Try again").await;
        ana.sees("ana", "call me").await;
        ana.browser.click(Role::Button, "Remove").await;
        ana.browser.none(Role::Button, "Remove").await;
        ana.browser.reload().await;
        ana.is_connected().await;
        ana.goes_to("nemo").await;
        ana.sees("ana", "call me").await;
        assert_eq!(ana.talk().await.len(), 1);
        assert!(!ana.has_on_page("never mind").await);
        drop(nemo);
    });
}
