//! What was read is known on all of one's tabs, and to the hub for ever.

use e2e::{Person, Stage, play};
use fantoccini::wd::WindowHandle;

/// bob, with two tabs of one nick, both in the cellar, where he sees nothing of the lobby.
async fn bob_twice(stage: &mut Stage) -> (Person, [WindowHandle; 2]) {
    let bob = stage.guest("bob").await;
    bob.says("/join cellar").await;
    bob.is_in("cellar").await;
    let page = bob.browser.page();
    let first = page.window().await.expect("a tab");
    let second = page.new_window(true).await.expect("a second tab").handle;
    page.switch_to_window(second.clone()).await.expect("the second tab");
    bob.opens(&stage.hub().page()).await;
    bob.is_in("lobby").await;
    bob.goes_to("cellar").await;
    (bob, [first, second])
}

async fn look_at(bob: &Person, tab: &WindowHandle) {
    bob.browser.page().switch_to_window(tab.clone()).await.expect("a tab");
}

#[test]
fn two_tabs_agree() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let (bob, [first, second]) = bob_twice(stage).await;
        ana.says("one").await;
        ana.says("two").await;
        ana.says("/pm bob and for you").await;
        for tab in [&first, &second] {
            look_at(&bob, tab).await;
            bob.has_unread("lobby", 2).await;
            bob.has_unread("ana", 1).await;
        }
        bob.goes_to("lobby").await;
        bob.has_unread("lobby", 0).await;
        look_at(&bob, &first).await;
        bob.has_unread("lobby", 0).await;
        bob.has_unread("ana", 1).await;
        bob.goes_to("ana").await;
        look_at(&bob, &second).await;
        bob.has_unread("ana", 0).await;
    });
}

#[test]
fn it_survives_reloads_and_the_hubs_restart() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        for person in [&ana, &bob] {
            person.browser.expect_error("WebSocket connection to");
        }
        ana.says("read").await;
        bob.sees("ana", "read").await;
        bob.says("/join cellar").await;
        bob.is_in("cellar").await;
        ana.says("unread").await;
        ana.says("unread as well").await;
        bob.has_unread("lobby", 2).await;
        ana.says("/pm bob and you alone").await;
        ana.sees("ana", "and you alone").await;
        bob.has_unread("ana", 1).await;

        bob.browser.to_new_tab().await;
        stage.hub_mut().kill();
        stage.hub_mut().start_again();
        ana.is_connected().await;
        ana.says("and a third").await;
        ana.sees("ana", "and a third").await;
        bob.opens(&stage.hub().page()).await;
        bob.is_in("lobby").await;
        bob.sees("ana", "unread as well").await;
        bob.has_unread("lobby", 0).await;
        bob.has_unread("cellar", 0).await;
        bob.has_unread("ana", 2).await;
    });
}

#[test]
fn what_was_whispered_to_someone_away_is_there_and_counted_on_return() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        bob.says("/quit").await;
        ana.misses("bob").await;
        for text in ["one", "two", "three"] {
            ana.says(&format!("/pm bob {text}")).await;
            ana.sees("ana", text).await;
        }
        bob.browser.click(e2e::Role::Button, "Join").await;
        bob.is_in("lobby").await;
        bob.has_unread("ana", 3).await;
        bob.goes_to("ana").await;
        bob.sees("ana", "three").await;
        bob.has_unread("ana", 0).await;
        bob.browser.reload().await;
        bob.is_connected().await;
        bob.has_unread("ana", 0).await;
    });
}
