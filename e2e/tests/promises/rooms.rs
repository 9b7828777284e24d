//! Rooms are entered, left and entered again, and nothing in them goes unnoticed.

use e2e::keys::ENTER;
use e2e::{Role, eventually, play};

#[test]
fn a_further_room_is_made_counted_left_and_entered_again() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;

        bob.says("/join cellar").await;
        bob.is_in("cellar").await;
        bob.has_places(&["lobby", "cellar"]).await;
        assert_eq!(bob.people().await.len(), 1, "nobody else is in the cellar");

        ana.says("one").await;
        ana.says("two").await;
        bob.has_unread("lobby", 2).await;
        eventually("the title counts them", async || {
            Ok(bob.browser.page().title().await?.starts_with("(2) ").then_some(()))
        })
        .await;
        bob.goes_to("lobby").await;
        bob.sees("ana", "two").await;
        bob.has_unread("lobby", 0).await;

        ana.says("/join #Cellar").await;
        ana.is_in("cellar").await;
        ana.says("dark in here").await;
        bob.has_unread("cellar", 1).await;
        bob.goes_to("cellar").await;
        bob.sees_person("ana", "online").await;
        assert_eq!(bob.talk().await, [("ana".to_owned(), "dark in here".to_owned())], "each room has its own talk");

        bob.says("/leave").await;
        bob.is_in("lobby").await;
        bob.has_places(&["lobby"]).await;
        bob.is_told("You have left cellar").await;
        ana.misses("bob").await;
        ana.says("gone already?").await;
        ana.sees("ana", "gone already?").await;

        bob.says("/join cellar").await;
        bob.is_in("cellar").await;
        bob.sees("ana", "gone already?").await;
        ana.sees_person("bob", "online").await;
        bob.says("only the wine").await;
        ana.sees("bob", "only the wine").await;
    });
}

#[test]
fn the_lobby_too_can_be_left_and_entered_again() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        ana.says("/leave").await;
        ana.is_told("You have left lobby").await;
        bob.misses("ana").await;

        ana.says("is anyone there?").await;
        ana.is_warned("You have left lobby").await;
        assert_eq!(ana.has_written("Message").await, "is anyone there?", "what was written stays");
        bob.says("as if she had never been").await;
        bob.sees("bob", "as if she had never been").await;

        ana.fills_in("Message", "/join").await;
        ana.browser.press(&[ENTER]).await;
        bob.sees_person("ana", "online").await;
        ana.sees("bob", "as if she had never been").await;
        ana.says("back again").await;
        bob.sees("ana", "back again").await;
    });
}

#[test]
fn all_rooms_can_be_chosen_from() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("/join workshop").await;
        ana.is_in("workshop").await;

        bob.browser.click(Role::Button, "Other rooms").await;
        bob.browser.the(Role::Dialog, "Other rooms").await;
        bob.browser.click(Role::Button, "workshop 1 person").await;
        bob.is_in("workshop").await;
        bob.browser.none(Role::Dialog, "Other rooms").await;
        ana.sees_person("bob", "online").await;
    });
}

#[test]
fn who_comes_and_goes_is_said_in_the_talk() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        let noted = "return document.querySelector('[role=log]').innerText.includes('bob has joined')";
        ana.browser.until("the talk says that bob came", noted).await;
        bob.says("/quit").await;
        let noted = "return !document.querySelector('[role=log]').innerText.includes('bob has joined')
            || document.querySelector('[role=log]').innerText.includes('bob has left')";
        ana.browser.until("the talk says that bob went", noted).await;
    });
}

#[test]
fn what_is_no_room_is_refused_in_words() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/join a/b").await;
        ana.is_warned("/").await;
        // Cyrillic о.
        ana.fills_in("Message", "/join lоbby").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_warned("lobby").await;
        ana.is_in("lobby").await;
    });
}
