//! Who somebody is, how they are, and how to reach them.

use e2e::keys::{ENTER, ESCAPE};
use e2e::{Role, play};

#[test]
fn a_person_s_card_tells_how_and_where_they_are() {
    play(async |stage| {
        let _bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.browser.click(Role::Button, "online: bob").await;
        let card = ana.browser.within(Role::Dialog, "bob");
        card.the(Role::List, "Nodes").await;
        ana.reads("Connected with one node").await;
        ana.reads(&format!("@{}", e2e::hub::NAME)).await;
        ana.meets_no_barrier_anywhere("a person").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Dialog, "bob").await;
        assert_eq!(ana.browser.focused().await.1, "online: bob", "back where one was");

        ana.browser.press(&[ENTER]).await;
        card.click(Role::Button, "Mention").await;
        assert_eq!(ana.browser.focused().await.1, "Message");
        assert_eq!(ana.has_written("Message").await, "@bob ");
        ana.browser.type_keys("tea?").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "@bob tea?").await;
    });
}

#[test]
fn who_is_gone_was_last_seen_some_time_ago() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.sees_person("bob", "online").await;
        bob.disconnect().await.expect("gone");
        ana.misses("bob").await;
        ana.says("/who bob").await;
        ana.browser.the(Role::Dialog, "bob").await;
        ana.reads("offline, last seen").await;
        ana.reads("Not connected now").await;
        ana.browser.click(Role::Button, "Write to bob").await;
        ana.is_in("bob").await;
        ana.reads("only you and bob see this").await;
        ana.reads("offline, last seen").await;

        ana.browser.click(Role::Button, "Conversation menu").await;
        ana.browser.click(Role::Button, "Who is this").await;
        ana.browser.the(Role::Dialog, "bob").await;
    });
}

#[test]
fn of_nobody_that_is_said() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/who nemo").await;
        ana.browser.the(Role::Dialog, "nemo").await;
        ana.reads("nemo").await;
        ana.is_told("nemo").await;
    });
}
