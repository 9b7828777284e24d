//! A private message is heard by the nodes of its two nicks, by all of them, and by no other.

use crate::support::{TestHub, eventually, refused};
use node::Talk;
use shared::entry::Entry;
use shared::message::ErrorCode;

#[tokio::test]
async fn only_the_two_hear_it_on_all_their_nodes() {
    let hub = TestHub::start().await;
    let dr00 = hub.guest("dr00").await;
    let drs_phone = hub.second_node_of(&dr00).await;
    let bob = hub.guest("bob").await;
    let bobs_phone = hub.second_node_of(&bob).await;
    let eve = hub.guest("eve").await;

    let sent = dr00.private_message_as("w1", "bob", "  psst ").await.unwrap();
    assert_eq!(sent.delivered, Some(2), "both of bob's nodes");
    for node in [&dr00, &drs_phone, &bob, &bobs_phone] {
        node.hears_seq(sent.seq).await;
        let whispers = node.whispers_heard();
        assert_eq!(whispers.len(), 1);
        let heard = &whispers[0];
        assert_eq!(
            (heard.seq, heard.from.as_str(), heard.to.as_str(), heard.id.as_str(), heard.text.as_str()),
            (sent.seq, "dr00", "bob", "w1", "psst")
        );
    }
    let fence = eve.says("lobby", "fence").await;
    eve.hears_seq(fence).await;
    assert_eq!(eve.entries().len(), 1, "eve hears nothing of it");
}

#[tokio::test]
async fn a_room_in_common_is_not_needed() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    ana.leave("lobby").await.unwrap();
    let sent = ana.whispers("bob", "over here").await;
    assert_eq!(sent.delivered, Some(1));
    bob.hears_seq(sent.seq).await;
}

#[tokio::test]
async fn it_is_kept_for_who_is_not_here() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let mut bob = hub.guest("bob").await;
    let token = bob.token().to_owned();
    bob.disconnect().await.unwrap();

    let first = ana.whispers("bob", "call me").await;
    assert_eq!(first.delivered, Some(0));
    bob.takes("bob", Some(&token)).await;
    assert_eq!(
        bob.connected().conversations.iter().map(|c| (c.with.as_str(), c.seq)).collect::<Vec<_>>(),
        [("ana", first.seq)]
    );
    bob.close().await;

    eventually("bob's node is gone", async || {
        let sent = ana.whispers("bob", "are you there?").await;
        (sent.delivered == Some(0)).then_some(())
    })
    .await;

    let hub = hub.restart().await;
    let mut bob = hub.node().await;
    bob.takes("bob", Some(&token)).await;
    let kept = bob.whole_history(Talk::With("ana")).await;
    assert_eq!((kept[0].seq(), kept[0].from(), kept[0].text()), (first.seq, "ana", "call me"));
    assert!(kept.len() >= 2 && kept.iter().all(|entry| matches!(entry, Entry::Whispered(_))));
}

#[tokio::test]
async fn a_nick_that_nobody_holds_gets_no_letters() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    for to in ["nobody-here", "server", "", "two words", "\u{202e}bob"] {
        assert_eq!(refused(ana.private_message(to, "hello?").await), ErrorCode::NoSuchNick, "{to:?}");
    }
    assert_eq!(hub.node().await.welcome().seq, 0, "nothing was kept");
}

#[tokio::test]
async fn case_does_not_matter_and_the_nick_is_told_as_its_owner_writes_it() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("Bob").await;
    let sent = ana.whispers("bOB", "hi").await;
    bob.hears_seq(sent.seq).await;
    assert_eq!(bob.whispers_heard()[0].to, "Bob");
    assert_eq!(ana.whole_history(Talk::With("BOB")).await.len(), 1);
}

#[tokio::test]
async fn one_may_whisper_to_oneself() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let phone = hub.second_node_of(&ana).await;
    let sent = ana.whispers("ana", "milk, eggs").await;
    let fence = ana.says("lobby", "fence").await;
    for node in [&ana, &phone] {
        node.hears_seq(fence).await;
        assert_eq!(node.whispers_heard().iter().map(|w| w.seq).collect::<Vec<_>>(), [sent.seq], "once on each node");
    }
    assert_eq!(ana.whole_history(Talk::With("ana")).await.len(), 1);
}

#[tokio::test]
async fn connecting_tells_the_conversations_the_latest_first() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let cid = hub.guest("cid").await;
    let _eve = hub.guest("eve").await;
    bob.whispers("ana", "1").await;
    ana.whispers("cid", "2").await;
    let with_bob = ana.whispers("bob", "3").await.seq;
    let with_cid = cid.whispers("ana", "4").await.seq;
    cid.whispers("bob", "not ana's").await;

    let phone = hub.second_node_of(&ana).await;
    let conversations: Vec<_> = phone.connected().conversations.iter().map(|c| (c.with.as_str(), c.seq)).collect();
    assert_eq!(conversations, [("cid", with_cid), ("bob", with_bob)]);
}

#[tokio::test]
async fn an_empty_or_too_long_whisper_is_refused_as_a_line_is() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let _bob = hub.guest("bob").await;
    assert_eq!(refused(ana.private_message("bob", " \n").await), ErrorCode::TextEmpty);
    assert_eq!(refused(ana.private_message("bob", &"x".repeat(16 * 1024 + 1)).await), ErrorCode::TextTooLong);
}
