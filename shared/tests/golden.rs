//! A sample of every message, in a file of its own under `golden/`: decoded it is the value written
//! here, encoded this is what stands in the file. A message without a sample does not compile, or
//! fails; so does a file that nothing uses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use shared::entry::{Change, Changed, Details, Entry, File, Put, Reaction, Removed, Said, Topic, Whispered};
use shared::message::{
    Answer, Behind, Connected, Conversation, Cursors, Done, Down, ErrorCode, FileRef, Hello, Incoming, Joined, Json,
    NodeInfo, Nodes, NodesChanged, Outcome, Outgoing, Page, Pairs, Person, Pinged, Presence, Refusal, Reply, RoomInfo,
    Rooms, Sent, State, ToHub, ToNode, Unreachable, User, Users, Welcome, Why,
};
use shared::process::Signal;
use shared::session::Response;
use shared::store::Pair;
use shared::transcript::Place;
use shared::wire;

/// The name of a value's variant, and the names of all variants. One that is missing here does not compile.
macro_rules! variants {
    ($name:ident, $all:ident, $of:ident: $($variant:ident)*) => {
        fn $name(value: &$of) -> &'static str {
            match value {
                $($of::$variant { .. } => stringify!($variant),)*
            }
        }
        const $all: &[&str] = &[$(stringify!($variant)),*];
    };
}

variants!(to_hub, TO_HUB, ToHub: Hello Ack Connect Disconnect Join Leave Say PrivateMessage Edit Delete React Topic Typing
    State Who ListUsers ListRooms ListNodes Ping History Read Cursors Search Signal Put Remove Store);
variants!(to_node, TO_NODE, ToNode: Welcome Synced Reply Presence Read Typing Signal Unreachable Down Nodes
    Error Entry);
variants!(entry, ENTRIES, Entry: Said Whispered Topic Put Removed Changed);
variants!(change, CHANGES, Change: Edited Deleted Reacted);
variants!(response, RESPONSES, Response: Connected Joined Done Sent Users Person Rooms Nodes Pinged Page Cursors
    Pairs);
variants!(error_code, ERROR_CODES, ErrorCode: BadMessage NickInUse NickNotAllowed NickInvalid NotConnected RoomInvalid
    NotInRoom TextEmpty TextTooLong NoSuchNick RateLimited QueryEmpty NoSuchEntry NotYours ReactionInvalid NoSuchFile
    KeyInvalid ValueTooLong VersionConflict StoreFull Unavailable
    NoSuchNode NoSuchProcess NodeDown Timeout Exited NotAllowed Declined Busy Unknown);
variants!(state, STATES, State: Online Away Reconnecting Offline);
variants!(answer, ANSWERS, Answer: Pong Pang);

/// No hub sends these. All but the last are what nodes answer each other, inside of signals; `unknown` is what a code of
/// a later version is read as.
const NOT_OF_THE_HUB: [&str; 9] =
    ["NoSuchNode", "NoSuchProcess", "NodeDown", "Timeout", "Exited", "NotAllowed", "Declined", "Busy", "Unknown"];

/// 2026-11-20, 12:00 UTC.
const AT: u64 = 1_795_176_000_000;

fn text(text: &str) -> String {
    text.to_owned()
}

fn some(words: &str) -> Option<String> {
    Some(text(words))
}

fn payload() -> Json {
    Json::raw(r#"{"type":"send","from":"k3fq.7","to":"pong","message":["ping",1]}"#)
}

fn put() -> Entry {
    let (from, id, key) = (text("ana"), text("7f3a-1"), text("users/ana"));
    Entry::Put(Put { seq: 63, at: AT, from, id, key, value: json!({ "tea": true }) })
}

fn removed() -> Entry {
    Entry::Removed(Removed { seq: 64, at: AT, from: text("hub"), id: text("7f3a-1"), key: text("users/ana") })
}

fn samples_to_hub() -> Vec<(&'static str, ToHub)> {
    let id = || text("7f3a-1");
    let history = ToHub::History { id: id(), room: None, with: None, before: None, after: None, limit: None };
    let search = ToHub::Search {
        id: id(),
        query: text("kettle"),
        room: None,
        with: None,
        from: None,
        since: None,
        until: None,
        before: None,
        limit: None,
    };
    let of = |change: fn(&mut ToHub)| {
        let mut history = history.clone();
        change(&mut history);
        history
    };
    vec![
        (
            "hello",
            ToHub::Hello(Hello {
                version: 1,
                cookie: some("pOQ2c0okie"),
                node: some("tab-7f3a"),
                kind: some("tab"),
                ..Hello::default()
            }),
        ),
        ("hello_bare", ToHub::Hello(Hello { version: 1, ..Hello::default() })),
        (
            "hello_resuming",
            ToHub::Hello(Hello {
                version: 1,
                node: some("tab-7f3a"),
                session: some("s3ss10n"),
                after: Some(41),
                ..Hello::default()
            }),
        ),
        (
            "hello_of_a_node_with_processes",
            ToHub::Hello(Hello { version: 1, node: some("calc"), processes: true, store: true, ..Hello::default() }),
        ),
        ("signal", ToHub::Signal(Outgoing { to: text("tab-2@den.local"), first: true, signal: payload() })),
        ("signal_later", ToHub::Signal(Outgoing { to: text("hub"), first: false, signal: payload() })),
        ("put", ToHub::Put { id: id(), key: text("users/ana"), value: Json::raw(r#"{"tea":true}"#), version: None }),
        ("put_if", ToHub::Put { id: id(), key: text("users/ana"), value: Json::raw("5"), version: Some(62) }),
        ("remove", ToHub::Remove { id: id(), key: text("users/ana"), version: None }),
        ("store", ToHub::Store { id: id(), follow: None, after: None, prefix: None }),
        (
            "store_page_and_follow",
            ToHub::Store { id: id(), follow: Some(true), after: some("users/ana"), prefix: some("users/") },
        ),
        ("list_nodes_and_follow", ToHub::ListNodes { id: id(), follow: Some(true) }),
        ("ack", ToHub::Ack { seq: 57 }),
        ("connect", ToHub::Connect { id: id(), nick: text("dr00"), token: None }),
        ("connect_with_token", ToHub::Connect { id: id(), nick: text("dr00"), token: some("t0k3n") }),
        ("disconnect", ToHub::Disconnect { id: id() }),
        ("join", ToHub::Join { id: id(), room: text("den") }),
        ("leave", ToHub::Leave { id: id(), room: text("den") }),
        ("say", Place::Room(text("lobby")).say(id(), text("hi, Åsa\nand “all” 👋"))),
        (
            "say_in_answer_with_a_file",
            Place::Room(text("lobby")).say_with(id(), text("this one"), Some(41), vec![file_ref()]),
        ),
        ("private_message", Place::With(text("bob")).say(id(), text("psst"))),
        ("private_message_with_a_file", Place::With(text("bob")).say_with(id(), text(""), None, vec![file_ref()])),
        ("edit_in_a_room", Place::Room(text("lobby")).edit(id(), 58, text("hi all"))),
        ("edit_with_a_nick", Place::With(text("bob")).edit(id(), 60, text("pssst"))),
        ("delete_in_a_room", Place::Room(text("lobby")).delete(id(), 58)),
        ("delete_with_a_nick", Place::With(text("bob")).delete(id(), 60)),
        ("react_in_a_room", Place::Room(text("lobby")).react(id(), 58, text("👍"), true)),
        ("react_with_a_nick_no_more", Place::With(text("bob")).react(id(), 60, text("👍"), false)),
        ("topic", ToHub::Topic { id: id(), room: text("den"), topic: text("Tea at four") }),
        ("typing_in_a_room", ToHub::Typing { room: some("lobby"), to: None }),
        ("typing_to_a_nick", ToHub::Typing { room: None, to: some("bob") }),
        ("state", ToHub::State { state: State::Away }),
        ("who", ToHub::Who { id: id(), nick: text("ana") }),
        ("list_users", ToHub::ListUsers { id: id(), room: None }),
        ("list_users_of_a_room", ToHub::ListUsers { id: id(), room: some("lobby") }),
        ("list_rooms", ToHub::ListRooms { id: id() }),
        ("list_nodes", ToHub::ListNodes { id: id(), follow: None }),
        ("ping", ToHub::Ping { id: id(), node: text("tab-7f3a@den.local") }),
        (
            "history_of_a_room",
            of(|history| {
                let ToHub::History { room, .. } = history else { return };
                *room = some("lobby");
            }),
        ),
        (
            "history_before",
            of(|history| {
                let ToHub::History { room, before, limit, .. } = history else { return };
                (*room, *before, *limit) = (some("lobby"), Some(58), Some(200));
            }),
        ),
        (
            "history_after",
            of(|history| {
                let ToHub::History { room, after, limit, .. } = history else { return };
                (*room, *after, *limit) = (some("lobby"), Some(41), Some(200));
            }),
        ),
        (
            "history_with_a_nick",
            of(|history| {
                let ToHub::History { with, .. } = history else { return };
                *with = some("bob");
            }),
        ),
        ("read_of_a_room", ToHub::Read { id: id(), room: some("lobby"), with: None, seq: 57 }),
        ("read_with_a_nick", ToHub::Read { id: id(), room: None, with: some("bob"), seq: 60 }),
        ("cursors_of_a_room", ToHub::Cursors { id: id(), room: some("lobby"), with: None }),
        ("cursors_with_a_nick", ToHub::Cursors { id: id(), room: None, with: some("bob") }),
        ("search", search.clone()),
        (
            "search_in_a_room",
            ToHub::Search {
                id: id(),
                query: text("茶"),
                room: some("lobby"),
                with: None,
                from: some("ana"),
                since: Some(AT),
                until: Some(AT + 86_400_000),
                before: Some(58),
                limit: Some(20),
            },
        ),
        ("search_with_a_nick", {
            let mut search = search;
            if let ToHub::Search { with, .. } = &mut search {
                *with = some("bob");
            }
            search
        }),
    ]
}

fn said() -> Entry {
    Entry::Said(Said {
        seq: 58,
        at: AT,
        room: text("lobby"),
        from: text("dr00"),
        id: text("7f3a-1"),
        text: text("hi"),
        details: None,
    })
}

fn whispered() -> Entry {
    Entry::Whispered(Whispered {
        seq: 60,
        at: AT + 9_000,
        from: text("dr00"),
        to: text("bob"),
        id: text("7f3a-3"),
        text: text("psst"),
        details: None,
    })
}

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn file_ref() -> FileRef {
    FileRef { hash: text(HASH), name: text("den.png") }
}

fn topic() -> Entry {
    let (room, from, id) = (text("den"), text("dr00"), text("7f3a-4"));
    Entry::Topic(Topic { seq: 61, at: AT + 10_000, room, from, id, topic: text("Tea at four") })
}

fn changed(change: Change) -> Entry {
    let (from, id) = (text("dr00"), text("7f3a-5"));
    Entry::Changed(Changed { seq: 62, at: AT + 11_000, room: some("lobby"), to: None, from, id, of: 58, change })
}

fn changed_privately() -> Entry {
    let (from, id, change) = (text("dr00"), text("7f3a-6"), Change::Edited { text: text("pssst") });
    Entry::Changed(Changed { seq: 65, at: AT + 12_000, room: None, to: some("bob"), from, id, of: 60, change })
}

/// A line as it is read after much has become of it.
fn said_and_changed() -> Entry {
    let file = File {
        hash: text(HASH),
        name: text("den.png"),
        size: 20_480,
        kind: text("image/png"),
        width: Some(640),
        height: Some(480),
    };
    let reaction = Reaction { emoji: text("👍"), nicks: vec![text("ana"), text("bob")], count: 2 };
    let details = Details {
        reply_to: Some(41),
        files: vec![file],
        changed: Some(64),
        edited: Some(AT + 11_000),
        deleted: false,
        reactions: vec![reaction],
    };
    let (room, from, id) = (text("lobby"), text("dr00"), text("7f3a-1"));
    Entry::Said(Said { seq: 58, at: AT, room, from, id, text: text("hi all"), details: details.boxed() })
}

fn whispered_and_deleted() -> Entry {
    let details = Details { changed: Some(66), deleted: true, ..Details::default() };
    let (from, to, id) = (text("dr00"), text("bob"), text("7f3a-3"));
    Entry::Whispered(Whispered { seq: 60, at: AT + 9_000, from, to, id, text: text(""), details: details.boxed() })
}

fn user(nick: &str, state: State, nodes: u32) -> User {
    User { nick: text(nick), state, nodes }
}

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        hub: text("hub@den.local"),
        node: text("tab-7f3a@den.local"),
        session: text("s3ss10n"),
        epoch: text("3p0ch"),
        seq: 57,
        resumed: false,
        nick: None,
        rooms: Vec::new(),
        ephemeral: false,
        max_upload: Some(26_214_400),
        owner: None,
        store_since: 0,
    }
}

fn samples_of_entries_and_signals() -> Vec<(&'static str, ToNode)> {
    vec![
        ("welcome", ToNode::Welcome(welcome())),
        (
            "welcome_resumed",
            ToNode::Welcome(Welcome {
                resumed: true,
                nick: some("dr00"),
                owner: Some(17),
                store_since: 12,
                rooms: vec![text("den"), text("lobby")],
                ..welcome()
            }),
        ),
        ("welcome_ephemeral", ToNode::Welcome(Welcome { seq: 0, ephemeral: true, ..welcome() })),
        ("synced", ToNode::Synced { seq: 57 }),
        ("said", ToNode::Entry(said())),
        ("said_and_changed", ToNode::Entry(said_and_changed())),
        ("whispered", ToNode::Entry(whispered())),
        ("whispered_and_deleted", ToNode::Entry(whispered_and_deleted())),
        ("topic", ToNode::Entry(topic())),
        ("edited", ToNode::Entry(changed(Change::Edited { text: text("hi all") }))),
        ("edited_with_a_nick", ToNode::Entry(changed_privately())),
        ("deleted", ToNode::Entry(changed(Change::Deleted))),
        ("reacted", ToNode::Entry(changed(Change::Reacted { emoji: text("👍"), on: true }))),
        ("typing_in_a_room", ToNode::Typing { room: some("lobby"), to: None, from: text("ana") }),
        ("typing_to_a_nick", ToNode::Typing { room: None, to: some("dr00"), from: text("ana") }),
        (
            "presence",
            ToNode::Presence(Presence {
                room: text("lobby"),
                joined: vec![text("bob")],
                left: Vec::new(),
                states: [(text("ana"), State::Away)].into(),
                count: None,
            }),
        ),
        (
            "presence_counted",
            ToNode::Presence(Presence { room: text("hall"), count: Some(312), ..Presence::default() }),
        ),
        ("read_of_a_room", ToNode::Read { room: some("lobby"), with: None, seq: 57 }),
        ("read_with_a_nick", ToNode::Read { room: None, with: some("bob"), seq: 60 }),
        (
            "signal",
            ToNode::Signal(Incoming {
                from: text("tab-7f3a@den.local"),
                nick: some("ana"),
                owner: Some(17),
                signal: json!({ "type": "send", "from": "k3fq.7", "to": "pong", "message": ["ping", 1] }),
            }),
        ),
        (
            "signal_of_a_node_without_nick",
            ToNode::Signal(Incoming {
                from: text("calc@den.local"),
                nick: None,
                owner: None,
                signal: json!({ "type": "ping", "ref": 3 }),
            }),
        ),
        ("unreachable", ToNode::Unreachable(Unreachable { node: text("tab-9@den.local"), why: Why::NoSuchNode })),
        ("down", ToNode::Down(Down { node: text("tab-2@den.local"), why: Why::Disconnected })),
        (
            "nodes",
            ToNode::Nodes(NodesChanged {
                here: vec![NodeInfo {
                    node: text("tab-2@den.local"),
                    nick: some("bob"),
                    kind: text("tab"),
                    since: AT,
                    processes: true,
                }],
                gone: vec![text("tab-9@den.local")],
                count: None,
            }),
        ),
        ("nodes_counted", ToNode::Nodes(NodesChanged { count: Some(1204), ..NodesChanged::default() })),
        ("put", ToNode::Entry(put())),
        ("removed", ToNode::Entry(removed())),
        ("error", ToNode::Error(Refusal::new(ErrorCode::BadMessage, "The frame has no `type`."))),
    ]
}

fn samples_of_answers() -> Vec<(&'static str, Response)> {
    let everyone = vec![
        user("ana", State::Online, 2),
        user("bob", State::Away, 1),
        user("carl", State::Reconnecting, 0),
        user("dr00", State::Offline, 0),
    ];
    vec![
        (
            "reply_connected",
            Response::Connected(Connected {
                nick: text("dr00"),
                token: text("t0k3n"),
                room: text("lobby"),
                topic: None,
                users: vec![user("ana", State::Online, 1), user("dr00", State::Online, 1)],
                count: 2,
                read: 41,
                unread: 16,
                mentions: 2,
                conversations: vec![Conversation { with: text("bob"), seq: 41, read: 40, unread: 1 }],
                owner: 17,
            }),
        ),
        (
            "reply_joined",
            Response::Joined(Joined {
                room: text("den"),
                topic: some("Tea at four"),
                users: vec![user("dr00", State::Online, 1)],
                count: 1,
                read: 57,
                unread: 0,
                mentions: 0,
            }),
        ),
        ("reply_done", Response::Done),
        ("reply_sent", Response::Sent(Sent { seq: 58, delivered: None })),
        ("reply_sent_privately", Response::Sent(Sent { seq: 60, delivered: Some(0) })),
        ("reply_users", Response::Users(Users { users: everyone })),
        (
            "reply_person",
            Response::Person(Person {
                nick: text("ana"),
                state: State::Away,
                seen: None,
                nodes: vec![NodeInfo {
                    node: text("tab-09c1@den.local"),
                    nick: some("ana"),
                    kind: text("tab"),
                    since: AT,
                    processes: true,
                }],
            }),
        ),
        (
            "reply_person_who_is_away",
            Response::Person(Person { nick: text("bob"), state: State::Offline, seen: Some(AT), nodes: Vec::new() }),
        ),
        (
            "reply_rooms",
            Response::Rooms(Rooms {
                rooms: vec![
                    RoomInfo { room: text("den"), topic: some("Tea at four"), users: 1 },
                    RoomInfo { room: text("lobby"), topic: None, users: 2 },
                ],
            }),
        ),
        (
            "reply_nodes",
            Response::Nodes(Nodes {
                nodes: vec![
                    NodeInfo { node: text("hub@den.local"), nick: None, kind: text("hub"), since: AT, processes: true },
                    NodeInfo {
                        node: text("tab-7f3a@den.local"),
                        nick: some("dr00"),
                        kind: text("tab"),
                        since: AT + 5_000,
                        processes: false,
                    },
                ],
            }),
        ),
        ("reply_pong", Response::Pinged(Pinged { answer: Answer::Pong, ms: 3 })),
        ("reply_pang", Response::Pinged(Pinged { answer: Answer::Pang, ms: 5_000 })),
        (
            "reply_cursors",
            Response::Cursors(Cursors {
                nodes: 5,
                behind: vec![Behind {
                    node: text("tab-09c1@den.local"),
                    nick: text("ana"),
                    seq: 57,
                    state: State::Reconnecting,
                    since: AT - 120_000,
                }],
            }),
        ),
        (
            "reply_store",
            Response::Pairs(Pairs {
                seq: 63,
                pairs: vec![Pair { key: text("users/bob"), value: json!({ "tea": true }), version: 40 }],
                more: true,
            }),
        ),
        ("reply_page", Response::Page(Page { entries: vec![said(), whispered()], more: true })),
    ]
}

fn samples_of_refusals() -> Vec<(&'static str, Refusal)> {
    let new = Refusal::new;
    vec![
        ("refused_bad_message", new(ErrorCode::BadMessage, "Not a message of this protocol: missing field `room`.")),
        (
            "refused_nick_in_use",
            Refusal::until(ErrorCode::NickInUse, "The nick “ana” is taken. Choose another.", AT + 86_400_000),
        ),
        ("refused_nick_not_allowed", new(ErrorCode::NickNotAllowed, "The nick “server” is reserved. Choose another.")),
        ("refused_nick_invalid", new(ErrorCode::NickInvalid, "This nick is empty.")),
        ("refused_not_connected", new(ErrorCode::NotConnected, "Connect with a nick first.")),
        ("refused_room_invalid", new(ErrorCode::RoomInvalid, "This room's name is empty.")),
        ("refused_not_in_room", new(ErrorCode::NotInRoom, "You are not in “den”. Join it first.")),
        ("refused_text_empty", new(ErrorCode::TextEmpty, "The message is empty.")),
        (
            "refused_text_too_long",
            new(ErrorCode::TextTooLong, "The message is 20000 bytes long; at most 16384 fit. Send it in parts."),
        ),
        ("refused_no_such_nick", new(ErrorCode::NoSuchNick, "Nobody is called “bbo”.")),
        (
            "refused_rate_limited",
            Refusal::until(ErrorCode::RateLimited, "You send faster than this hub allows. Wait a moment.", AT + 50),
        ),
        ("refused_query_empty", new(ErrorCode::QueryEmpty, "There is nothing to search for.")),
        ("refused_no_such_entry", new(ErrorCode::NoSuchEntry, "There is no line 58 here, or it was deleted.")),
        ("refused_not_yours", new(ErrorCode::NotYours, "This line is another's. You can change your own.")),
        ("refused_reaction_invalid", new(ErrorCode::ReactionInvalid, "A reaction is one emoji.")),
        ("refused_no_such_file", new(ErrorCode::NoSuchFile, "No file of this hash is kept here. Upload it first.")),
        (
            "refused_key_invalid",
            new(ErrorCode::KeyInvalid, "This key is empty. A key is 1 to 200 bytes without control characters."),
        ),
        (
            "refused_value_too_long",
            new(ErrorCode::ValueTooLong, "The value is 20000 bytes of JSON; at most 16384 fit."),
        ),
        (
            "refused_version_conflict",
            new(ErrorCode::VersionConflict, "“users/ana” has version 63, not 62. Read it again."),
        ),
        ("refused_store_full", new(ErrorCode::StoreFull, "The store holds 10000 keys, as many as it may.")),
        ("refused_unavailable", new(ErrorCode::Unavailable, "The hub's disk is full; nothing was changed.")),
    ]
}

fn samples_to_node() -> Vec<(&'static str, ToNode)> {
    let reply = |outcome| ToNode::Reply(Reply { id: text("7f3a-1"), outcome });
    let answers = samples_of_answers().into_iter().map(|(name, answer)| (name, reply(Outcome::Ok(value_of(&answer)))));
    let refusals = samples_of_refusals().into_iter().map(|(name, refusal)| (name, reply(Outcome::Error(refusal))));
    samples_of_entries_and_signals().into_iter().chain(answers).chain(refusals).collect()
}

fn value_of(answer: &Response) -> Value {
    fn json<T: Serialize>(ok: &T) -> Value {
        serde_json::to_value(ok).unwrap()
    }
    match answer {
        Response::Connected(ok) => json(ok),
        Response::Joined(ok) => json(ok),
        Response::Done => json(&Done {}),
        Response::Sent(ok) => json(ok),
        Response::Users(ok) => json(ok),
        Response::Person(ok) => json(ok),
        Response::Rooms(ok) => json(ok),
        Response::Nodes(ok) => json(ok),
        Response::Pinged(ok) => json(ok),
        Response::Page(ok) => json(ok),
        Response::Cursors(ok) => json(ok),
        Response::Pairs(ok) => json(ok),
    }
}

// --- the files ---

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn read(kind: &str, name: &str) -> String {
    let path = folder(kind).join(format!("{name}.json"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Both ways: the file decoded is the sample, the sample encoded is what stands in the file.
fn check<M: Serialize + PartialEq + Debug, E: Debug>(
    kind: &str,
    samples: &[(&'static str, M)],
    decode: fn(&str) -> Result<M, E>,
) {
    for (name, sample) in samples {
        let file = read(kind, name);
        assert_eq!(decode(&file).as_ref().ok(), Some(sample), "{kind}/{name}.json decodes to something else");
        let encoded: Value = serde_json::from_str(&wire::encode(sample)).unwrap();
        let expected: Value = serde_json::from_str(&file).unwrap();
        assert_eq!(encoded, expected, "{kind}/{name}.json is not what this is encoded to");
    }
    let used: BTreeSet<String> = samples.iter().map(|(name, _)| format!("{name}.json")).collect();
    assert_eq!(used.len(), samples.len(), "two samples of one name");
    let files = fs::read_dir(folder(kind)).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(files.collect::<BTreeSet<_>>(), used, "files under golden/{kind}, and those that are used");
}

fn covers<'a>(what: impl Iterator<Item = &'a str>, all: &[&'a str]) {
    let have: BTreeSet<&str> = what.collect();
    let missing: Vec<_> = all.iter().filter(|name| !have.contains(**name)).collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
}

#[test]
fn messages_to_the_hub_are_as_in_their_files() {
    check("to_hub", &samples_to_hub(), wire::decode_to_hub);
    // What is partly written by hand.
    for (name, sample) in samples_to_hub() {
        let encoded: Value = serde_json::from_str(&wire::encode_request(&sample)).unwrap();
        assert_eq!(encoded, serde_json::from_str::<Value>(&read("to_hub", name)).unwrap(), "{name}");
    }
}

#[test]
fn messages_to_nodes_are_as_in_their_files() {
    check("to_node", &samples_to_node(), wire::decode_to_node);
}

#[test]
fn every_message_has_a_sample() {
    let (hub, node) = (samples_to_hub(), samples_to_node());
    covers(hub.iter().map(|(_, sample)| to_hub(sample)), TO_HUB);
    covers(node.iter().map(|(_, sample)| to_node(sample)), TO_NODE);
    covers([said(), whispered(), topic(), put(), removed(), changed(Change::Deleted)].iter().map(entry), ENTRIES);
    let changes = node.iter().filter_map(|(_, sample)| match sample {
        ToNode::Entry(Entry::Changed(changed)) => Some(change(&changed.change)),
        _ => None,
    });
    covers(changes, CHANGES);
    let answers = samples_of_answers();
    covers(answers.iter().map(|(_, sample)| response(sample)), RESPONSES);
    let users = answers.iter().filter_map(|(_, sample)| match sample {
        Response::Users(users) => Some(users.users.iter().map(|user| state(&user.state))),
        _ => None,
    });
    covers(users.flatten(), STATES);
    let pings = answers.iter().filter_map(|(_, sample)| match sample {
        Response::Pinged(pinged) => Some(answer(&pinged.answer)),
        _ => None,
    });
    covers(pings, ANSWERS);
    let codes = samples_of_refusals();
    covers(codes.iter().map(|(_, refusal)| error_code(&refusal.code)).chain(NOT_OF_THE_HUB), ERROR_CODES);
}

#[test]
fn refusals_are_in_files_named_after_their_codes() {
    for (name, refusal) in samples_of_refusals() {
        let code = serde_json::to_value(refusal.code).unwrap();
        assert_eq!(name.strip_prefix("refused_"), code.as_str());
    }
}

/// The fast way past a JSON tree writes the same.
#[test]
fn replies_encoded_at_once_are_the_same() {
    for (name, answer) in samples_of_answers() {
        let encoded = match &answer {
            Response::Connected(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Joined(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Done => wire::encode_ok("7f3a-1", &Done {}),
            Response::Sent(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Users(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Person(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Rooms(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Nodes(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Pinged(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Page(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Cursors(ok) => wire::encode_ok("7f3a-1", ok),
            Response::Pairs(ok) => wire::encode_ok("7f3a-1", ok),
        };
        let encoded: Value = serde_json::from_str(&encoded).unwrap();
        assert_eq!(encoded, serde_json::from_str::<Value>(&read("to_node", name)).unwrap(), "{name}");
    }
}

/// What `docs/protocol.md` shows as frames are frames, and what it shows as payloads of signals are signals.
#[test]
fn the_documentation_shows_real_messages() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md");
    let docs = fs::read_to_string(docs).unwrap();
    let mut shown = 0;
    let mut payloads = false;
    for line in docs.lines() {
        if line.starts_with('#') {
            payloads = line == "### What processes say";
        }
        let (to_hub, frame) = match line.strip_prefix("→ ") {
            Some(frame) => (true, frame),
            None => (false, line.strip_prefix("← ").unwrap_or(line)),
        };
        if !frame.starts_with("{\"type\"") {
            continue;
        }
        shown += 1;
        if payloads {
            let written: Value = serde_json::from_str(frame).unwrap();
            let signal = Signal::read(written.clone()).unwrap_or_else(|error| panic!("{frame}: {error}"));
            assert_eq!(serde_json::to_value(signal).unwrap(), written);
        } else if to_hub {
            wire::decode_to_hub(frame).unwrap_or_else(|error| panic!("{frame}: {error}"));
        } else {
            wire::decode_to_node(frame).unwrap_or_else(|error| panic!("{frame}: {error}"));
        }
    }
    assert!(shown > 5, "the examples have moved: {shown} found");
}
