//! Rooms are there for whoever enters them, and are told apart as nicks are.

use crate::support::{TestHub, refused};
use serde_json::json;
use shared::message::ErrorCode;

#[tokio::test]
async fn joining_tells_who_is_there_and_leaving_ends_it() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    let joined = ana.joins("garden").await;
    assert_eq!((joined.room.as_str(), joined.topic, joined.users.len()), ("garden", None, 1));
    let mut users: Vec<_> = bob.joins("garden").await.users.into_iter().map(|user| user.nick).collect();
    users.sort();
    assert_eq!(users, ["ana", "bob"]);

    ana.hears_joined("garden", "bob").await;
    ana.says("garden", "first").await;
    bob.hears_text("first").await;
    bob.leave("garden").await.unwrap();
    ana.hears_left("garden", "bob").await;
    ana.says("garden", "second").await;
    let fence = ana.says("lobby", "fence").await;
    bob.hears_seq(fence).await;
    assert_eq!(bob.texts_in("garden"), ["first"]);
    assert_eq!(refused(bob.leave("garden").await), ErrorCode::NotInRoom);
    assert_eq!(refused(bob.say("garden", "hi").await), ErrorCode::NotInRoom);

    bob.joins("garden").await;
    ana.says("garden", "third").await;
    bob.hears_text("third").await;
}

#[tokio::test]
async fn the_lobby_may_be_left_and_entered_again() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    ana.hears_joined("lobby", "bob").await; // who comes and goes within a moment is not told of
    bob.leave("lobby").await.unwrap();
    ana.hears_left("lobby", "bob").await;
    ana.says("lobby", "unheard").await;
    bob.joins("lobby").await;
    let fence = ana.says("lobby", "heard").await;
    bob.hears_seq(fence).await;
    assert_eq!(bob.texts_in("lobby"), ["heard"]);
}

#[tokio::test]
async fn joining_twice_is_joining_once() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    ana.joins("garden").await;
    assert_eq!(ana.joins("garden").await.users.len(), 1);
    ana.says("garden", "once").await;
    let fence = ana.says("garden", "fence").await;
    ana.hears_seq(fence).await;
    assert_eq!(ana.texts_in("garden"), ["once", "fence"]);
    ana.leave("garden").await.unwrap();
    assert_eq!(refused(ana.say("garden", "hi").await), ErrorCode::NotInRoom);
}

#[tokio::test]
async fn the_list_of_rooms_counts_nicks() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let phone = hub.second_node_of(&ana).await;
    let bob = hub.guest("bob").await;
    ana.joins("garden").await;
    phone.joins("garden").await;
    phone.joins("Attic").await;
    let _ = bob;

    let mut rooms: Vec<_> =
        hub.node().await.list_rooms().await.unwrap().rooms.into_iter().map(|r| (r.room, r.users)).collect();
    rooms.sort();
    let expected = [("Attic".to_owned(), 1), ("garden".to_owned(), 1), ("lobby".to_owned(), 2)];
    assert_eq!(rooms, expected);
}

#[tokio::test]
async fn case_and_the_sign_make_no_other_room() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let bob = hub.guest("bob").await;
    assert_eq!(ana.joins("Lobby").await.room, "lobby");
    assert_eq!(ana.joins("#LOBBY").await.room, "lobby");
    assert_eq!(ana.joins("#Garden").await.room, "Garden", "as its first visitor wrote it");
    assert_eq!(bob.joins("garden").await.room, "Garden");
    let seq = bob.says("GARDEN", "one room").await;
    ana.hears_seq(seq).await;
    assert_eq!(ana.texts_in("Garden"), ["one room"]);
    ana.leave("gArDeN").await.unwrap();
    assert_eq!(hub.node().await.list_users(Some("garden")).await.unwrap().users.len(), 1);
}

#[tokio::test]
async fn what_looks_like_a_room_is_not_another() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    ana.joins("garden").await;
    ana.joins("Bill").await;
    for alike in
        ["gаrden" /* Cyrillic а */, "lоbby" /* Cyrillic о */, "#lοbby" /* Greek ο */, "BiIl", "1obby"]
    {
        let refusal = crate::support::refusal(ana.join(alike).await);
        assert_eq!(refusal.code, ErrorCode::RoomInvalid, "{alike}: {refusal:?}");
    }
    // Also when nobody is there any more, since its history is.
    ana.says("garden", "a line").await;
    ana.leave("garden").await.unwrap();
    assert_eq!(refused(ana.join("gаrden" /* Cyrillic а */).await), ErrorCode::RoomInvalid);
    let hub = hub.restart().await;
    let bob = hub.guest("bob").await;
    assert_eq!(refused(bob.join("gаrden" /* Cyrillic а */).await), ErrorCode::RoomInvalid);
    assert_eq!(bob.joins("GARDEN").await.room, "garden");
}

#[tokio::test]
async fn a_rooms_name_can_be_read_and_typed() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let long = "x".repeat(33);
    for (what, room) in [
        ("empty", ""),
        ("only the sign", "#"),
        ("two signs", "##garden"),
        ("a space", "the garden"),
        ("a control character", "gar\u{7}den"),
        ("zero width", "gar\u{200b}den"),
        ("turned round", "gar\u{202e}den"),
        ("only combining", "\u{301}"),
        ("a slash", "a/b"),
        ("33 characters", &*long),
    ] {
        assert_eq!(refused(ana.join(room).await), ErrorCode::RoomInvalid, "{what}");
    }
    for room in ["#rust", "日本語", "a.b-c_d", &"x".repeat(32)] {
        assert_eq!(ana.joins(room).await.room, room.trim_start_matches('#'));
    }
}

#[tokio::test]
async fn a_room_that_is_left_while_its_first_line_is_under_way_stays() {
    let hub = TestHub::start_unlimited().await;
    let mut ana = hub.raw_guest("ana").await;
    // Whether the line is still under way when she leaves is up to the disk: in one of so many rooms it is.
    for number in 0..30 {
        let room = format!("den-{number}");
        ana.json(&json!({ "type": "join", "id": format!("j{number}"), "room": room })).await;
        ana.ok(&format!("j{number}")).await;
        let (id, text) = (format!("s{number}"), "the first and the last");
        let first = match number % 2 {
            0 => json!({ "type": "say", "id": id, "room": room, "text": text }),
            _ => json!({ "type": "topic", "id": id, "room": room, "topic": text }),
        };
        let leave = json!({ "type": "leave", "id": format!("l{number}"), "room": room });
        ana.json(&first).await;
        ana.json(&leave).await;
        ana.ok(&id).await;
        ana.ok(&format!("l{number}")).await;
    }
    let bob = hub.guest("bob").await;
    let rooms = bob.list_rooms().await.unwrap().rooms;
    for number in 0..30 {
        let room = rooms.iter().find(|room| room.room == format!("den-{number}"));
        let topic = (number % 2 == 1).then(|| "the first and the last".to_owned());
        assert_eq!(room.map(|room| room.topic.clone()), Some(topic), "den-{number}");
    }
}
