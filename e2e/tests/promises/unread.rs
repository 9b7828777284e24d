//! What was read is known on all of one's tabs, and to the hub for ever.

use e2e::keys::{ALT, DOWN, SHIFT, UP};
use e2e::{Person, Role, Stage, play};
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
        bob.browser.click(Role::Button, "Join").await;
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

#[test]
fn mentions_are_counted_apart() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        bob.says("/join cellar").await;
        bob.is_in("cellar").await;
        ana.says("one").await;
        ana.says("@bob two").await;
        ana.says("three").await;
        bob.has_listed("lobby", "with a mention", |lobby| (lobby.unread, lobby.mentions) == (3, 1)).await;
        // The hub has counted them as well.
        bob.browser.reload().await;
        bob.is_in("cellar").await;
        bob.has_listed("lobby", "as before", |lobby| (lobby.unread, lobby.mentions) == (3, 1)).await;
        ana.says("@BOB four").await;
        bob.has_listed("lobby", "with two mentions", |lobby| (lobby.unread, lobby.mentions) == (4, 2)).await;
        bob.goes_to("lobby").await;
        bob.has_listed("lobby", "as read", |lobby| (lobby.unread, lobby.mentions) == (0, 0)).await;
    });
}

#[test]
fn a_muted_room_speaks_of_mentions_alone() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        bob.browser.click(Role::Button, "Room menu").await;
        bob.browser.click(Role::Button, "Mute").await;
        bob.says("/join cellar").await;
        bob.is_in("cellar").await;
        ana.says("one").await;
        ana.says("two").await;
        ana.sees("ana", "two").await;
        ana.says("@bob come here").await;
        bob.has_listed("lobby", "muted, with a mention", |lobby| {
            lobby.muted && (lobby.unread, lobby.mentions) == (1, 1)
        })
        .await;
        bob.has_title("(1) ").await;
        bob.meets_no_barrier_in_any_light("a muted room").await;

        // This browser keeps it.
        bob.browser.reload().await;
        bob.is_in("cellar").await;
        ana.says("three").await;
        ana.says("@bob still there?").await;
        bob.has_listed("lobby", "muted still", |lobby| lobby.muted && lobby.unread == 2).await;
        bob.goes_to("lobby").await;
        bob.browser.click(Role::Button, "Room menu").await;
        bob.browser.click(Role::Button, "Unmute").await;
        bob.goes_to("cellar").await;
        ana.says("four").await;
        bob.has_listed("lobby", "as all others", |lobby| !lobby.muted && lobby.unread == 1).await;
    });
}

#[test]
fn what_is_not_looked_at_can_be_marked_as_read() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let (bob, [first, second]) = bob_twice(stage).await;
        ana.says("one").await;
        ana.says("/pm bob two").await;
        bob.has_unread("lobby", 1).await;
        bob.has_unread("ana", 1).await;
        bob.browser.press(&[e2e::keys::CONTROL, 'k']).await;
        bob.browser.the(Role::Dialog, "Go to").await;
        bob.browser.type_keys("mark all").await;
        bob.browser.press(&[e2e::keys::ENTER]).await;
        for tab in [&second, &first] {
            look_at(&bob, tab).await;
            bob.has_unread("lobby", 0).await;
            bob.has_unread("ana", 0).await;
        }
    });
}

#[test]
fn the_arrows_lead_to_what_is_unread() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        for room in ["attic", "cellar"] {
            for person in [&ana, &bob] {
                person.says(&format!("/join {room}")).await;
                person.is_in(room).await;
            }
        }
        ana.says("/pm bob psst").await;
        ana.goes_to("lobby").await;
        ana.says("hello").await;
        bob.has_unread("lobby", 1).await;
        bob.has_unread("ana", 1).await;
        // In the order of the list: lobby, attic, cellar, ana.
        bob.browser.press(&[ALT, SHIFT, DOWN]).await;
        bob.is_in("ana").await;
        bob.browser.press(&[ALT, SHIFT, DOWN]).await;
        bob.is_in("lobby").await;
        bob.has_unread("lobby", 0).await;
        bob.browser.press(&[ALT, DOWN]).await;
        bob.is_in("attic").await;
        bob.browser.press(&[ALT, UP]).await;
        bob.is_in("lobby").await;
        bob.browser.press(&[ALT, UP]).await;
        bob.is_in("ana").await;
    });
}
