//! Rooms are entered, left and entered again, and nothing in them goes unnoticed.

use e2e::keys::{DOWN, ENTER, ESCAPE};
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

        bob.browser.click(Role::Button, "All rooms").await;
        let dialog = bob.browser.within(Role::Dialog, "Rooms");
        dialog.the(Role::Button, "lobby joined, 2 people").await;
        bob.meets_no_barrier_anywhere("all rooms").await;
        dialog.click(Role::Button, "workshop 1 person").await;
        bob.is_in("workshop").await;
        bob.browser.none(Role::Dialog, "Rooms").await;
        ana.sees_person("bob", "online").await;
    });
}

#[test]
fn a_few_letters_find_a_room_and_a_new_name_makes_one() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        for room in ["workshop", "works-council", "kitchen"] {
            bob.join(room).await.expect("a room");
        }
        bob.topic("kitchen", "Who took the mugs?").await.expect("a topic");
        let ana = stage.guest("ana").await;
        ana.browser.click(Role::Button, "All rooms").await;
        let dialog = ana.browser.within(Role::Dialog, "Rooms");
        dialog.the(Role::Button, "kitchen Who took the mugs? 1 person").await;
        ana.browser.type_keys("WORK").await;
        dialog.none(Role::Button, "kitchen Who took the mugs? 1 person").await;
        dialog.the(Role::Button, "workshop 1 person").await;
        // The arrow leads from the field into the list.
        ana.browser.press(&[DOWN]).await;
        ana.browser.press(&[DOWN]).await;
        assert_eq!(ana.browser.focused().await.1, "workshop 1 person");
        ana.browser.press(&[ENTER]).await;
        ana.is_in("workshop").await;

        ana.browser.click(Role::Button, "All rooms").await;
        ana.browser.the(Role::Dialog, "Rooms").await;
        ana.browser.type_keys("a/b").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_warned("/").await;
        ana.fills_in("Room name", "#attic").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("attic").await;
        ana.browser.none(Role::Dialog, "Rooms").await;
    });
}

#[test]
fn the_menu_of_a_room_leaves_it() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.browser.click(Role::Button, "Room menu").await;
        assert_eq!(ana.browser.focused().await.1, "Set topic", "the keyboard is in the menu");
        ana.meets_no_barrier_anywhere("the menu of a room").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Button, "Leave room").await;
        assert_eq!(ana.browser.focused().await.1, "Room menu", "back where it was");

        ana.browser.press(&[ENTER]).await;
        ana.browser.click(Role::Button, "Leave room").await;
        ana.is_in("lobby").await;
        ana.has_places(&["lobby"]).await;
    });
}

#[test]
fn a_conversation_is_begun_with_anybody_and_closed_again() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let _carl = stage.hub().native("carl").await;
        bob.leave("lobby").await.expect("left");
        let ana = stage.guest("ana").await;
        ana.browser.click(Role::Button, "New conversation").await;
        let dialog = ana.browser.within(Role::Dialog, "New conversation");
        dialog.the(Role::Button, "online: carl").await;
        ana.meets_no_barrier_anywhere("everybody").await;
        // Also those who are in none of one's rooms.
        ana.browser.type_keys("bo").await;
        dialog.none(Role::Button, "online: carl").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("bob").await;
        ana.reads("online · only you and bob see this").await;
        ana.has_places(&["lobby", "bob"]).await;

        ana.browser.click(Role::Button, "Conversation menu").await;
        ana.browser.click(Role::Button, "Close conversation").await;
        ana.is_in("lobby").await;
        ana.has_places(&["lobby"]).await;
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
