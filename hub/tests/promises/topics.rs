//! What a room is about: anyone in it may say, everyone in it hears, and it stays until it is said otherwise.

use crate::support::{TestHub, TestNode, refused};
use node::{Span, Talk};
use shared::entry::Entry;
use shared::message::ErrorCode;
use shared::wire::MAX_TOPIC;

async fn listed(node: &TestNode, room: &str) -> Option<String> {
    let rooms = node.list_rooms().await.unwrap().rooms;
    rooms.into_iter().find(|info| info.room == room).unwrap().topic
}

#[tokio::test]
async fn a_topic_is_heard_in_the_room_and_told_to_whoever_comes() {
    let hub = TestHub::start().await;
    let (ana, bob, eve) = (hub.guest("ana").await, hub.guest("bob").await, hub.guest("eve").await);
    ana.joins("Den").await;
    bob.joins("den").await;
    let seq = bob.topic("#DEN", "  Tea at four\nsharp ").await.unwrap().seq;
    let Entry::Topic(topic) = ana.hears_seq(seq).await else { panic!() };
    assert_eq!((topic.room.as_str(), topic.from.as_str(), topic.topic.as_str()), ("Den", "bob", "Tea at four sharp"));
    assert_eq!(eve.joins("den").await.topic.as_deref(), Some("Tea at four sharp"));
    assert_eq!(listed(&eve, "Den").await.as_deref(), Some("Tea at four sharp"));
    let page = eve.history(Talk::Room("den"), Span::Newest, 50).await.unwrap().entries;
    assert_eq!(page, [Entry::Topic(topic)]);

    bob.topic("den", "").await.unwrap();
    assert_eq!(eve.joins("den").await.topic, None);
    assert_eq!(listed(&eve, "Den").await, None);
    ana.topic("lobby", "Everyone").await.unwrap();
    assert_eq!(hub.guest("zoe").await.connected().topic.as_deref(), Some("Everyone"));
}

#[tokio::test]
async fn a_topic_outlives_the_hub_and_keeps_its_room() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    ana.joins("den").await;
    ana.topic("den", "Tea").await.unwrap();
    ana.leave("den").await.unwrap();
    assert_eq!(listed(&ana, "den").await.as_deref(), Some("Tea"));
    let hub = hub.restart().await;
    let bob = hub.guest("bob").await;
    assert_eq!(listed(&bob, "den").await.as_deref(), Some("Tea"));
    assert_eq!(bob.joins("den").await.topic.as_deref(), Some("Tea"));
}

#[tokio::test]
async fn a_topic_is_said_by_those_in_the_room_and_is_short() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    assert_eq!(refused(ana.topic("den", "Tea").await), ErrorCode::NotInRoom);
    assert_eq!(refused(ana.topic("lobby", &"x".repeat(MAX_TOPIC + 1)).await), ErrorCode::TextTooLong);
    ana.topic("lobby", &"x".repeat(MAX_TOPIC)).await.unwrap();
    let nameless = hub.node().await;
    assert_eq!(refused(nameless.topic("lobby", "Tea").await), ErrorCode::NotConnected);
    let script = "<script>alert(1)</script>\u{7}";
    ana.topic("lobby", script).await.unwrap();
    assert_eq!(listed(&ana, "lobby").await.as_deref(), Some("<script>alert(1)</script>"), "as text, without controls");
}
