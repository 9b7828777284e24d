//! The way between bytes and messages: every message survives it, and no bytes break it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use shared::entry::{Change, Changed, Details, Entry, File, Put, Reaction, Removed, Said, Topic, Whispered};
use shared::message::{
    Down, ErrorCode, FileRef, Hello, Incoming, Json, NodesChanged, Outcome, Outgoing, Presence, Refusal, Reply, State,
    ToHub, ToNode, Unreachable, Welcome, Why,
};
use shared::transcript::Place;
use shared::wire::{self, DecodeError, MAX_FRAME, MAX_ID, MAX_TEXT, close};

fn words() -> impl Strategy<Value = String> {
    ".{0,24}"
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(words())
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof!["[!-~]{1,64}", "\\PC{1,16}"]
}

fn to_hub() -> impl Strategy<Value = ToHub> {
    let hello = (any::<(u32, bool, bool)>(), maybe(), maybe(), maybe(), maybe(), any::<Option<u64>>()).prop_map(
        |((version, processes, store), cookie, node, kind, session, after)| {
            ToHub::Hello(Hello { version, cookie, node, kind, session, after, processes, store })
        },
    );
    let history = (id(), maybe(), maybe(), any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<u32>>())
        .prop_map(|(id, room, with, before, after, limit)| ToHub::History { id, room, with, before, after, limit });
    let where_searched = (maybe(), maybe(), maybe());
    let when_searched = (any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<u64>>());
    let search = (id(), words(), where_searched, when_searched, any::<Option<u32>>()).prop_map(
        |(id, query, (room, with, from), (since, until, before), limit)| ToHub::Search {
            id,
            query,
            room,
            with,
            from,
            since,
            until,
            before,
            limit,
        },
    );
    let place = || prop_oneof![words().prop_map(Place::Room), words().prop_map(Place::With)];
    let file = (id(), words()).prop_map(|(hash, name)| FileRef { hash, name });
    let line = (id(), place(), any::<String>(), any::<Option<u64>>(), vec(file, 0..3))
        .prop_map(|(id, place, text, reply_to, files)| place.say_with(id, text, reply_to, files));
    let change =
        (id(), place(), any::<u64>(), any::<String>(), 0..4).prop_map(|(id, place, of, text, kind)| match kind {
            0 => place.edit(id, of, text),
            1 => place.delete(id, of),
            kind => place.react(id, of, text, kind == 2),
        });
    prop_oneof![
        hello,
        (id(), words(), maybe()).prop_map(|(id, nick, token)| ToHub::Connect { id, nick, token }),
        id().prop_map(|id| ToHub::Disconnect { id }),
        (id(), words()).prop_map(|(id, room)| ToHub::Join { id, room }),
        (id(), words()).prop_map(|(id, room)| ToHub::Leave { id, room }),
        line,
        change,
        (id(), words(), any::<String>()).prop_map(|(id, room, topic)| ToHub::Topic { id, room, topic }),
        (maybe(), maybe()).prop_map(|(room, to)| ToHub::Typing { room, to }),
        select(vec![State::Online, State::Away]).prop_map(|state| ToHub::State { state }),
        (id(), words()).prop_map(|(id, nick)| ToHub::Who { id, nick }),
        (id(), maybe()).prop_map(|(id, room)| ToHub::ListUsers { id, room }),
        id().prop_map(|id| ToHub::ListRooms { id }),
        (id(), any::<Option<bool>>()).prop_map(|(id, follow)| ToHub::ListNodes { id, follow }),
        (words(), any::<bool>(), tree())
            .prop_map(|(to, first, signal)| { ToHub::Signal(Outgoing { to, first, signal: Json::of(&signal) }) }),
        (id(), words(), tree(), any::<Option<u64>>()).prop_map(|(id, key, value, version)| ToHub::Put {
            id,
            key,
            value: Json::of(&value),
            version
        }),
        (id(), words(), any::<Option<u64>>()).prop_map(|(id, key, version)| ToHub::Remove { id, key, version }),
        (id(), any::<Option<bool>>(), maybe(), maybe()).prop_map(|(id, follow, after, prefix)| ToHub::Store {
            id,
            follow,
            after,
            prefix
        }),
        (id(), words()).prop_map(|(id, node)| ToHub::Ping { id, node }),
        history,
        search,
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let parts = || (any::<u64>(), any::<u64>(), words(), words(), id(), any::<String>());
    prop_oneof![
        (parts(), details()).prop_map(|((seq, at, room, from, id, text), details)| {
            Entry::Said(Said { seq, at, room, from, id, text, details })
        }),
        (parts(), details()).prop_map(|((seq, at, to, from, id, text), details)| {
            Entry::Whispered(Whispered { seq, at, from, to, id, text, details })
        }),
        (parts(), tree())
            .prop_map(|((seq, at, from, id, key, _), value)| { Entry::Put(Put { seq, at, from, id, key, value }) }),
        parts().prop_map(|(seq, at, from, id, key, _)| Entry::Removed(Removed { seq, at, from, id, key })),
        parts().prop_map(|(seq, at, room, from, id, topic)| Entry::Topic(Topic { seq, at, room, from, id, topic })),
        (parts(), maybe(), any::<u64>(), change()).prop_map(|((seq, at, from, to, id, _), room, of, change)| {
            let to = room.is_none().then_some(to);
            Entry::Changed(Changed { seq, at, room, to, from, id, of, change })
        }),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<String>().prop_map(|text| Change::Edited { text }),
        Just(Change::Deleted),
        (words(), any::<bool>()).prop_map(|(emoji, on)| Change::Reacted { emoji, on }),
    ]
}

fn details() -> impl Strategy<Value = Option<Box<Details>>> {
    let file = (id(), words(), any::<u64>(), words(), any::<Option<(u32, u32)>>()).prop_map(
        |(hash, name, size, kind, pixels)| {
            let (width, height) = pixels.unzip();
            File { hash, name, size, kind, width, height }
        },
    );
    let reaction = (words(), vec(words(), 0..3), any::<u32>());
    let reaction = reaction.prop_map(|(emoji, nicks, count)| Reaction { emoji, nicks, count });
    let numbers = (any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<u64>>());
    (numbers, vec(file, 0..3), any::<bool>(), vec(reaction, 0..3)).prop_map(
        |((reply_to, changed, edited), files, deleted, reactions)| {
            Details { reply_to, files, changed, edited, deleted, reactions }.boxed()
        },
    )
}

fn refusal() -> impl Strategy<Value = Refusal> {
    let code = select(vec![
        ErrorCode::BadMessage,
        ErrorCode::NickInUse,
        ErrorCode::NickNotAllowed,
        ErrorCode::NickInvalid,
        ErrorCode::NotConnected,
        ErrorCode::RoomInvalid,
        ErrorCode::NotInRoom,
        ErrorCode::TextEmpty,
        ErrorCode::TextTooLong,
        ErrorCode::NoSuchNick,
        ErrorCode::RateLimited,
        ErrorCode::QueryEmpty,
        ErrorCode::NoSuchEntry,
        ErrorCode::NotYours,
        ErrorCode::ReactionInvalid,
        ErrorCode::NoSuchFile,
        ErrorCode::Unavailable,
    ]);
    (code, words(), any::<Option<u64>>()).prop_map(|(code, message, until)| Refusal { code, message, until })
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        words().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(words(), inner, 0..4).prop_map(|fields| fields.into_iter().collect::<Value>()),
        ]
    })
}

fn to_node() -> impl Strategy<Value = ToNode> {
    let welcome = (words(), words(), words(), words(), any::<(u32, u64, bool, bool, Option<u64>)>(), maybe()).prop_map(
        |(hub, node, session, epoch, (version, seq, resumed, ephemeral, max_upload), nick)| {
            ToNode::Welcome(Welcome {
                version,
                hub,
                node,
                session,
                epoch,
                seq,
                resumed,
                nick,
                rooms: Vec::new(),
                ephemeral,
                max_upload,
                owner: max_upload,
                store_since: seq / 2,
            })
        },
    );
    let outcome = prop_oneof![tree().prop_map(Outcome::Ok), refusal().prop_map(Outcome::Error)];
    let state = select(vec![State::Online, State::Away, State::Reconnecting, State::Offline]);
    let names = || vec(words(), 0..4);
    let presence =
        (words(), names(), names(), btree_map(words(), state, 0..4)).prop_map(|(room, joined, left, states)| {
            ToNode::Presence(Presence { room, joined, left, states, count: None })
        });
    prop_oneof![
        welcome,
        any::<u64>().prop_map(|seq| ToNode::Synced { seq }),
        (id(), outcome).prop_map(|(id, outcome)| ToNode::Reply(Reply { id, outcome })),
        presence,
        (words(), any::<u32>()).prop_map(|(room, count)| ToNode::Presence(Presence {
            room,
            count: Some(count),
            ..Presence::default()
        })),
        (words(), maybe(), any::<Option<u64>>(), tree())
            .prop_map(|(from, nick, owner, signal)| { ToNode::Signal(Incoming { from, nick, owner, signal }) }),
        words().prop_map(|node| ToNode::Unreachable(Unreachable { node, why: Why::NodeDown })),
        words().prop_map(|node| ToNode::Down(Down { node, why: Why::Disconnected })),
        (names(), any::<Option<u32>>())
            .prop_map(|(gone, count)| { ToNode::Nodes(NodesChanged { here: Vec::new(), gone, count }) }),
        refusal().prop_map(ToNode::Error),
        entry().prop_map(ToNode::Entry),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_node_sends_arrives(message in to_hub()) {
        prop_assert_eq!(wire::decode_to_hub(&wire::encode(&message)), Ok(message));
    }

    #[test]
    fn what_a_node_receives_was_sent(message in to_node()) {
        prop_assert_eq!(wire::decode_to_node(&wire::encode(&message)).ok(), Some(message));
    }

    #[test]
    fn a_reply_encoded_at_once_is_the_same(id in id(), ok in tree()) {
        let reply = ToNode::Reply(Reply { id: id.clone(), outcome: Outcome::Ok(ok.clone()) });
        prop_assert_eq!(wire::decode_to_node(&wire::encode_ok(&id, &ok)).ok(), Some(reply));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..512)) {
        harmless(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn no_tree_makes_it_panic(tree in tree(), kind in select(vec!["hello", "say", "reply", "said", "presence", "what"])) {
        harmless(&tree.to_string())?;
        if let Value::Object(mut fields) = tree {
            fields.insert("type".to_owned(), kind.into());
            harmless(&Value::Object(fields).to_string())?;
        }
    }

    #[test]
    fn no_damage_makes_it_panic(message in to_hub(), sent in to_node(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        for frame in [wire::encode(&message), wire::encode(&sent)] {
            let mut chars: Vec<char> = frame.chars().collect();
            let at = at.index(chars.len());
            harmless(&chars[..at].iter().collect::<String>())?;
            chars[at] = with;
            harmless(&chars.iter().collect::<String>())?;
        }
    }

    /// A text of any length is refused, or is what is said.
    #[test]
    fn texts_are_trimmed_and_bounded(text in "[ \\n]{0,3}\\PC{0,40}[ \\t]{0,3}", times in 1..2_000usize) {
        let text = text.repeat(times);
        match wire::trim_text(&text) {
            Ok(kept) => prop_assert!(kept == text.trim() && !kept.is_empty() && kept.len() <= MAX_TEXT),
            Err(wire::TextError::Empty) => prop_assert!(text.trim().is_empty()),
            Err(wire::TextError::TooLong(len)) => prop_assert!(len > MAX_TEXT && len == text.trim().len()),
        }
    }
}

/// Decoding gives a message or an error, and an error's words are no longer than a person reads.
fn harmless(frame: &str) -> Result<(), TestCaseError> {
    if let Err(error) = wire::decode_to_hub(frame) {
        prop_assert!(error.message.chars().count() < 300, "{}", error.message);
        prop_assert!(error.id.is_none_or(|id| (1..=MAX_ID).contains(&id.len())));
    }
    let _ = wire::decode_to_node(frame);
    Ok(())
}

fn error(frame: &str) -> DecodeError {
    wire::decode_to_hub(frame).expect_err(frame)
}

const UNUSABLE: &str = "`id` must be a string of 1 to 64 bytes.";

#[test]
fn a_missing_id_is_named() {
    for kind in ["connect", "say", "list_rooms", "whatever"] {
        let error = error(&json!({"type": kind, "nick": "x", "room": "x", "text": "x"}).to_string());
        assert_eq!((error.id, error.message), (None, format!("The `{kind}` request has no `id`.")));
    }
}

#[test]
fn an_unusable_id_is_named() {
    for id in [json!(""), json!("x".repeat(65)), json!("ä".repeat(33)), json!(1), json!(null), json!(["1"]), json!({})]
    {
        let error = error(&json!({"type": "list_rooms", "id": id}).to_string());
        assert_eq!((error.id, error.message.as_str()), (None, UNUSABLE), "{id}");
    }
    for id in ["x".to_owned(), "x".repeat(64), "ä".repeat(32)] {
        let message = wire::decode_to_hub(&json!({"type": "list_rooms", "id": id}).to_string());
        assert_eq!(message, Ok(ToHub::ListRooms { id }));
    }
}

#[test]
fn an_error_in_a_request_with_an_id_can_be_answered() {
    for (frame, word) in [
        (json!({"type": "say", "id": "7", "room": "lobby"}), "missing field `text`"),
        (json!({"type": "say", "id": "7", "room": 7, "text": "hi"}), "expected a string"),
        (json!({"type": "say", "id": "7", "room": "lobby", "text": null}), "expected a string"),
        (json!({"type": "history", "id": "7", "before": -1}), "Not a message"),
        (json!({"type": "history", "id": "7", "before": "58"}), "Not a message"),
        (json!({"type": "history", "id": "7", "limit": 1.5}), "Not a message"),
        (json!({"type": "fly", "id": "7"}), "unknown variant `fly`"),
        (json!({"type": ["say"], "id": "7"}), "Not a message"),
        (json!({"id": "7"}), "no `type`"),
    ] {
        let error = error(&frame.to_string());
        assert_eq!(error.id.as_deref(), Some("7"), "{frame}");
        assert!(error.message.contains(word), "{frame}: {}", error.message);
    }
}

#[test]
fn what_is_no_object_is_said_to_be_none() {
    for frame in ["", "hello", "{", "{\"type\":\"list_rooms\",\"id\":\"1\"", "\u{feff}{}", "nul", "'x'"] {
        assert!(error(frame).message.contains("not JSON"), "{frame}");
    }
    for frame in ["null", "7", "\"x\"", "[]", "[{\"type\":\"hello\"}]"] {
        let error = error(frame);
        assert_eq!((error.id, error.message.as_str()), (None, "A frame is one JSON object tagged by `type`."));
    }
    assert!(error("{}").message.contains("no `type`"));
    assert!(error(&"[".repeat(10_000)).message.contains("not JSON"), "depth is bounded");
}

#[test]
fn a_hello_needs_no_id_and_a_version() {
    assert!(wire::decode_to_hub(r#"{"type":"hello","version":1}"#).is_ok());
    let error = error(r#"{"type":"hello"}"#);
    assert!(error.id.is_none() && error.message.contains("missing field `version`"), "{}", error.message);
}

#[test]
fn unknown_fields_are_ignored_and_what_is_missing_is_as_if_null() {
    let message = wire::decode_to_hub(r#"{"colour":"red","id":"1","type":"list_users","room":null,"deep":{"x":[]}}"#);
    assert_eq!(message, Ok(ToHub::ListUsers { id: "1".to_owned(), room: None }));
    let said = r#"{"type":"said","seq":1,"at":2,"room":"r","from":"f","id":"i","text":"t","mood":"glad"}"#;
    assert!(matches!(wire::decode_to_node(said), Ok(ToNode::Entry(Entry::Said(_)))));
    let presence = wire::decode_to_node(r#"{"type":"presence","room":"hall","count":312}"#);
    assert!(matches!(presence, Ok(ToNode::Presence(presence)) if presence.joined.is_empty()));
}

#[test]
fn what_a_later_hub_says_is_no_message_and_a_later_code_is_unknown() {
    assert!(wire::decode_to_node(r#"{"type":"moon_rose","room":"lobby","from":"ana"}"#).is_err());
    let later = wire::decode_to_node(r#"{"type":"reply","id":"1","error":{"code":"moon_wrong","message":"Wait."}}"#);
    let Ok(ToNode::Reply(Reply { outcome: Outcome::Error(refusal), .. })) = later else { panic!("{later:?}") };
    assert_eq!((refusal.code, refusal.until), (ErrorCode::Unknown, None));
}

#[test]
fn words_of_the_sender_in_an_error_are_cut() {
    let error = error(&json!({"type": "x".repeat(10_000), "id": "1"}).to_string());
    assert!(error.message.len() < 600 && error.message.contains('…'));
}

#[test]
fn the_longest_text_fits_in_a_frame_unless_it_is_made_of_controls() {
    let frame = |text: String| wire::encode(&Place::Room("ä".repeat(32)).say("x".repeat(MAX_ID), text)).len();
    assert!(frame("x".repeat(MAX_TEXT)) < MAX_FRAME);
    assert!(frame("\"".repeat(MAX_TEXT)) < MAX_FRAME);
    assert!(frame("\n".repeat(MAX_TEXT)) < MAX_FRAME);
    assert!(frame("茶".repeat(MAX_TEXT / 3)) < MAX_FRAME);
    assert!(frame("\u{1}".repeat(MAX_TEXT)) > MAX_FRAME, "which is why a session looks at the frame as well");
}

#[test]
fn close_codes_say_whether_to_come_back() {
    for code in [1000, 1001, 1005, 1006, 1011, 1012, 1013, close::SHUTTING_DOWN, close::TOO_SLOW, 4399] {
        assert!(close::may_return(code), "{code}");
    }
    for code in [1002, 1003, 1007, 1008, 1009, 1010, 4400, 4499, 4999] {
        assert!(!close::may_return(code), "{code}");
    }
    for code in [close::COOKIE_WRONG, close::VERSION, close::NO_HELLO, close::REPLACED, close::TOO_MANY_COOKIES] {
        assert!(!close::may_return(code), "{code}");
    }
}
