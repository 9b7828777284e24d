//! Lines that name a person are counted for them beside the unread ones, until they are read.

use crate::support::{Tab, TestHub, TestNode};
use node::Talk;

/// How many lines of a room are unread, and how many of them name this person, as a new node of theirs is told.
async fn counts(hub: &TestHub, tab: &Tab, room: &str) -> (u32, u32) {
    let mut fresh = hub.further_tab_of(&tab.connected().nick, Some(&tab.token())).await;
    let joined = fresh.joins(room).await;
    if room == "lobby" {
        let connected = fresh.connected();
        assert_eq!((connected.unread, connected.mentions), (joined.unread, joined.mentions));
    }
    (joined.unread, joined.mentions)
}

async fn says_all(node: &TestNode, room: &str, texts: &[&str]) -> u64 {
    let mut last = 0;
    for text in texts {
        last = node.says(room, text).await;
    }
    last
}

#[tokio::test]
async fn lines_that_name_a_person_are_counted_until_they_are_read() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let mut bob = hub.tab_of("Bob").await;
    assert_eq!(counts(&hub, &bob, "lobby").await, (0, 0));
    let first = says_all(&ana, "lobby", &["@bob?", "nobody"]).await;
    says_all(&ana, "lobby", &["well, @BOB.", "@bob and @bob again", "and @bobby, bob, x@bob.local, `@bob`"]).await;
    assert_eq!(counts(&hub, &bob, "lobby").await, (5, 3));
    bob.reads_room("lobby", first).await;
    assert_eq!(counts(&hub, &bob, "lobby").await, (3, 2));
    let hub = hub.restart().await;
    assert_eq!(counts(&hub, &bob, "lobby").await, (3, 2));
    let mut bob = hub.further_tab_of("bob", Some(&bob.token())).await;
    bob.reads_room("lobby", u64::MAX >> 1).await;
    assert_eq!(counts(&hub, &bob, "lobby").await, (0, 0));
}

#[tokio::test]
async fn ones_own_lines_other_rooms_and_nicks_that_nobody_has_do_not_count() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let mut bob = hub.tab_of("bob").await;
    bob.joins("den").await;
    ana.joins("den").await;
    bob.says("lobby", "@bob is me").await;
    says_all(&ana, "den", &["@bob", "@zoe"]).await;
    says_all(&ana, "lobby", &["@everyone", "@zoe"]).await;
    assert_eq!(counts(&hub, &bob, "lobby").await, (2, 0));
    assert_eq!(counts(&hub, &bob, "den").await, (2, 1));
    // Who comes under the name later was not meant.
    let zoe = hub.tab_of("zoe").await;
    assert_eq!(counts(&hub, &zoe, "lobby").await, (0, 0));
}

#[tokio::test]
async fn who_is_away_is_named_all_the_same_and_edits_name_nobody() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.tab_of("bob").await;
    let token = bob.token();
    bob.close().await;
    let said = ana.says("lobby", "@bob?").await;
    let plain = ana.says("lobby", "nobody").await;
    ana.edit(Talk::Room("lobby"), said, "never mind").await.unwrap();
    ana.edit(Talk::Room("lobby"), plain, "@bob!").await.unwrap();
    let bob = hub.further_tab_of("bob", Some(&token)).await;
    assert_eq!(counts(&hub, &bob, "lobby").await, (2, 1));
}
