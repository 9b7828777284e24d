//! What is for one person reaches that one, now or later, and nobody else.

use e2e::{Role, play, play_with};

#[test]
fn a_third_person_notices_nothing() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        let carl = stage.guest("carl").await;

        ana.says("/pm bob the key is under the mat").await;
        ana.is_in("bob").await;
        ana.sees("ana", "the key is under the mat").await;
        bob.has_unread("ana", 1).await;
        bob.goes_to("ana").await;
        bob.sees("ana", "the key is under the mat").await;
        bob.has_unread("ana", 0).await;
        bob.says("found it").await;
        // Who said it may see it in its place last of all.
        for person in [&ana, &bob] {
            person.sees("bob", "found it").await;
        }
        assert_eq!(ana.talk().await, bob.talk().await);

        // Everyone hears in one order: had anything of it come to carl, it would be there before this line.
        ana.goes_to("lobby").await;
        ana.says("lunch?").await;
        carl.sees("ana", "lunch?").await;
        carl.has_places(&["lobby"]).await;
        assert_eq!(carl.talk().await, [("ana".to_owned(), "lunch?".to_owned())]);
        for secret in ["under the mat", "found it"] {
            assert!(!carl.has_on_page(secret).await, "carl’s page holds “{secret}”");
        }
    });
}

#[test]
fn a_person_s_card_opens_the_conversation() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        ana.browser.click(Role::Button, "online: bob").await;
        ana.browser.click(Role::Button, "Write to bob").await;
        ana.is_in("bob").await;
        ana.says("just us").await;
        bob.has_unread("ana", 1).await;
    });
}

#[test]
fn it_waits_for_one_who_has_left() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        bob.says("/quit").await;
        bob.browser.the(Role::Button, "Join").await;
        ana.misses("bob").await;

        ana.says("/pm bob call me when you are back").await;
        ana.is_told("bob is not here now").await;

        // His nick still stands in the field.
        bob.browser.click(Role::Button, "Join").await;
        bob.is_in("lobby").await;
        bob.has_unread("ana", 1).await;
        bob.goes_to("ana").await;
        bob.sees("ana", "call me when you are back").await;
    });
}

#[test]
fn it_waits_for_one_whose_page_is_closed() {
    play_with(&["--lease", "2s"], async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        bob.opens("about:blank").await;
        ana.misses("bob").await;
        ana.says("/pm bob are you asleep?").await;
        ana.is_told("bob is not here now").await;

        bob.opens(&stage.hub().page()).await;
        bob.is_in("lobby").await;
        bob.has_unread("ana", 1).await;
        bob.goes_to("ana").await;
        bob.sees("ana", "are you asleep?").await;
        ana.says("good morning").await;
        bob.sees("ana", "good morning").await;
        let talk = bob.talk().await;
        assert_eq!(talk.len(), 2, "each line once: {talk:?}");
    });
}

#[test]
fn nobody_of_that_name_is_said_in_words() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/pm nemo hello?").await;
        let words = ana.is_warned("nemo").await;
        assert!(words.contains(' '), "a sentence: {words}");
    });
}
