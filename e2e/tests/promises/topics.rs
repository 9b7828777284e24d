//! What a room is about is for everybody to see and to say.

use e2e::keys::{ENTER, ESCAPE};
use e2e::{Role, play};

#[test]
fn a_topic_is_set_seen_by_all_and_taken_away_again() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.browser.click(Role::Button, "Set topic").await;
        ana.browser.the(Role::Dialog, "Topic").await;
        ana.meets_no_barrier_anywhere("the topic").await;
        ana.browser.type_keys("never mind").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Dialog, "Topic").await;
        ana.browser.click(Role::Button, "Set topic").await;
        ana.browser.the(Role::Dialog, "Topic").await;
        ana.browser.type_keys("Lunch is at <b>one</b>").await;
        ana.browser.press(&[ENTER]).await;
        for person in [&ana, &bob] {
            person.browser.the(Role::Button, "Topic: Lunch is at <b>one</b>").await;
        }

        // What stands there is there to be changed.
        bob.browser.click(Role::Button, "Topic: Lunch is at <b>one</b>").await;
        bob.browser.the(Role::Dialog, "Topic").await;
        assert_eq!(bob.has_written("What lobby is about").await, "Lunch is at <b>one</b>");
        bob.browser.press(&[ESCAPE]).await;
        bob.browser.none(Role::Dialog, "Topic").await;
        bob.says("/topic Lunch is at two").await;
        ana.browser.the(Role::Button, "Topic: Lunch is at two").await;
        ana.browser.reload().await;
        ana.browser.the(Role::Button, "Topic: Lunch is at two").await;

        ana.browser.click(Role::Button, "Topic: Lunch is at two").await;
        ana.fills_in("What lobby is about", "").await;
        ana.browser.press(&[ENTER]).await;
        bob.browser.the(Role::Button, "Set topic").await;
    });
}

#[test]
fn one_that_is_too_long_is_refused_in_words() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/topic").await;
        ana.browser.the(Role::Dialog, "Topic").await;
        // 300 characters, 600 bytes.
        ana.browser.insert(&"é".repeat(300)).await;
        ana.browser.press(&[ENTER]).await;
        ana.reads("600 bytes").await;
        ana.browser.the(Role::Dialog, "Topic").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.says("/pm ana hm").await;
        ana.fills_in("Message", "/topic no").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_warned("A private conversation has no topic").await;
    });
}
