//! Whatever happens to sockets, frames, time and replies: every line gets into the log once, in
//! order, and everything said is seen. Scripts of such happenings are run against the `model` hub.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use std::collections::BTreeMap;

use model::{World, settings};
use proptest::prelude::*;
use shared::entry::Entry;
use shared::message::{ErrorCode, Refusal, ToHub};
use shared::session::{BACKOFF_MAX, Delivery, MAX_UNSENT, Phase, Response};
use shared::transcript::{PendingState, Place};

const ROOMS: [&str; 3] = ["lobby", "den", "attic"];

#[derive(Clone, Debug)]
enum Event {
    Say(usize),
    Whisper,
    Join(usize),
    Leave(usize),
    List,
    Open,
    HubReads(usize),
    NodeReads(usize),
    Cut(u16),
    Wait { ms: u64, punctual: bool },
    Online,
    Offline,
    Visible,
    Refuse(ErrorCode, Option<u64>),
    OtherSays(usize),
    OtherWhispers,
    ReplyFirst(bool),
    Garbage(String),
}

fn event(leaving: bool) -> impl Strategy<Value = Event> {
    let code = prop::sample::select(vec![1000, 1006, 1011, 4001, 4002, 4399, 4409, 1008]);
    let refusal = prop::sample::select(vec![
        ErrorCode::RateLimited,
        ErrorCode::Unavailable,
        ErrorCode::NotInRoom,
        ErrorCode::RateLimited,
    ]);
    prop_oneof![
        6 => (0..ROOMS.len()).prop_map(Event::Say),
        2 => Just(Event::Whisper),
        1 => (0..ROOMS.len()).prop_map(Event::Join),
        1 => (0..ROOMS.len()).prop_map(move |room| if leaving { Event::Leave(room) } else { Event::Join(room) }),
        1 => Just(Event::List),
        5 => Just(Event::Open),
        10 => (1..5usize).prop_map(Event::HubReads),
        10 => (1..5usize).prop_map(Event::NodeReads),
        3 => code.prop_map(Event::Cut),
        4 => (0..70_000u64, any::<bool>()).prop_map(|(ms, punctual)| Event::Wait { ms, punctual }),
        1 => Just(Event::Online),
        1 => Just(Event::Offline),
        1 => Just(Event::Visible),
        2 => (refusal, prop::option::of(0..30_000u64)).prop_map(|(code, until)| Event::Refuse(code, until)),
        4 => (0..ROOMS.len()).prop_map(Event::OtherSays),
        2 => Just(Event::OtherWhispers),
        1 => any::<bool>().prop_map(Event::ReplyFirst),
        1 => "[\\{\\}\\[\\]\":a-z0-9,]{0,40}".prop_map(Event::Garbage),
    ]
}

/// Runs a script, then lets everything come to rest.
fn run(script: &[Event]) -> World {
    let mut world = World::new(settings());
    for (step, event) in script.iter().enumerate() {
        match event {
            Event::Say(room) => drop(world.say(ROOMS[*room], &format!("line {step}"))),
            Event::Whisper => drop(world.whisper("bob", &format!("line {step}"))),
            Event::Join(room) => drop(world.ask(|id| ToHub::Join { id, room: ROOMS[*room].to_owned() })),
            Event::Leave(room) => drop(world.ask(|id| ToHub::Leave { id, room: ROOMS[*room].to_owned() })),
            Event::List => drop(world.ask(|id| ToHub::ListRooms { id })),
            Event::Open => drop(world.open()),
            Event::HubReads(frames) => drop(world.hub_reads(*frames)),
            Event::NodeReads(frames) => drop(world.node_reads(*frames)),
            Event::Cut(code) => drop(world.cut(*code)),
            Event::Wait { ms, punctual } => world.wait(*ms, *punctual),
            Event::Online => {
                world.session.online(world.now);
                world.drive();
            }
            Event::Offline => {
                world.session.offline(world.now);
                world.drive();
            }
            Event::Visible => {
                world.session.visible(world.now);
                world.drive();
            }
            Event::Refuse(code, until) => {
                let until = until.map(|ms| world.now + ms);
                let refusal = Refusal { code: *code, message: "No.".to_owned(), until };
                world.hub.refusals.push_back(refusal);
            }
            Event::OtherSays(room) => drop(world.other_says(Some(ROOMS[*room]), &format!("other {step}"))),
            Event::OtherWhispers => drop(world.other_says(None, &format!("other {step}"))),
            Event::ReplyFirst(first) => world.hub.reply_first = *first,
            Event::Garbage(frame) => {
                if let Some(socket) = world.socket() {
                    world.receive(socket, frame);
                }
            }
        }
        assert!(world.session.unsent() <= MAX_UNSENT);
        if let Phase::Waiting { until, .. } = world.session.phase() {
            assert!(until <= world.now + BACKOFF_MAX);
        }
    }
    world.settle();
    world
}

/// Every request ended once; the lines among them are in the log as their answers say, in order.
fn check_lines(world: &World) {
    let mut in_log: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in world.hub.log.iter().filter(|entry| entry.from() == model::ME) {
        assert_eq!(in_log.insert(entry.id(), entry.seq()), None, "a line is in the log twice");
    }
    let mut last = 0;
    for id in &world.asked {
        let answers = world.answers(id);
        assert_eq!(answers.len(), 1, "{id} has {} answers", answers.len());
        match (answers[0], in_log.get(id.as_str())) {
            (Ok(Response::Sent(sent)), seq) => {
                assert_eq!(Some(&sent.seq), seq);
                assert!(sent.seq > last, "a line overtook another");
                last = sent.seq;
            }
            (_, seq) => assert_eq!(seq, None, "{id} was refused, and is in the log"),
        }
    }
}

/// Where the transcript shows no hole there is none.
fn check_transcript(world: &World, never_left: bool) {
    for place in world.transcript.places() {
        let conversation = world.transcript.get(&place).unwrap();
        let held: Vec<u64> = conversation.lines().map(|line| line.seq()).collect();
        assert!(held.is_sorted_by(|a, b| a < b));
        let rest = world.session.rooms().any(|room| room == place.name()) || matches!(place, Place::With(_));
        if never_left && rest {
            assert!(conversation.holes().is_empty(), "{place:?}");
        }
        if let (Some(first), true, true) = (held.first(), conversation.holes().is_empty(), rest) {
            let said = world.hub.log.iter().filter(|entry| match (entry, &place) {
                (Entry::Said(said), Place::Room(room)) => said.room == *room,
                (Entry::Whispered(_), Place::With(_)) => true,
                _ => false,
            });
            let said: Vec<u64> = said.map(Entry::seq).filter(|seq| seq >= first).collect();
            assert_eq!(held, said, "{place:?}");
        }
        for pending in conversation.pending() {
            assert!(matches!(pending.state, PendingState::Failed(_)) || !rest, "{pending:?} never arrived");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_gets_into_the_log_once_and_in_order(script in prop::collection::vec(event(true), 0..80)) {
        let world = run(&script);
        check_lines(&world);
        check_transcript(&world, false);
    }

    #[test]
    fn who_stays_misses_nothing(script in prop::collection::vec(event(false), 0..80)) {
        let world = run(&script);
        check_lines(&world);
        check_transcript(&world, true);
    }

    /// Frames of no sense, of another's sense, and real ones at the wrong time.
    #[test]
    fn no_frame_makes_it_panic(frames in prop::collection::vec(frame(), 0..40), waits in prop::collection::vec(0..90_000u64, 40)) {
        let mut world = World::new(settings());
        world.flow();
        for (frame, wait) in frames.iter().zip(waits) {
            if let Some(socket) = world.socket() {
                world.receive(socket, frame);
            }
            world.wait(wait, wait % 2 == 0);
            world.open();
        }
        let heard = world.deliveries.iter().filter(|told| matches!(told, Delivery::Welcomed { .. })).count();
        prop_assert!(heard >= 1);
    }
}

fn frame() -> impl Strategy<Value = String> {
    let id = (0..9u32).prop_map(|n| format!("{}-{n}", "07".repeat(12)));
    let samples = prop::sample::select(vec![
        r#"{"type":"welcome","version":1,"hub":"h","node":"n","session":"s","epoch":"e","seq":18446744073709551615,"resumed":true,"nick":"x"}"#,
        r#"{"type":"said","seq":18446744073709551615,"at":18446744073709551615,"room":"lobby","from":"x","id":"1","text":"t"}"#,
        r#"{"type":"said","seq":0,"at":0,"room":"","from":"","id":"","text":""}"#,
        r#"{"type":"whispered","seq":5,"at":0,"from":"dr00","to":"dr00","id":"1","text":"t"}"#,
        r#"{"type":"synced","seq":18446744073709551615}"#,
        r#"{"type":"presence","room":"lobby","joined":["x","x"],"left":["x","dr00"],"states":{"y":"away"}}"#,
        r#"{"type":"presence","room":"lobby","count":4294967295}"#,
        r#"{"type":"error","code":"what","message":""}"#,
    ]);
    let answers = prop::sample::select(vec![
        r#""ok":{"nick":"","token":"","room":"","topic":null,"users":[],"conversations":[{"with":"","seq":18446744073709551615}]}"#,
        r#""ok":{"room":"lobby","topic":"t","users":[{"nick":"a","state":"online","nodes":4294967295}],"count":4294967295}"#,
        r#""ok":{"entries":[],"more":true}"#,
        r#""ok":{"entries":[{"type":"said","seq":18446744073709551615,"at":0,"room":"r","from":"f","id":"i","text":"t"}],"more":true}"#,
        r#""ok":{"seq":18446744073709551615}"#,
        r#""ok":{}"#,
        r#""error":{"code":"rate_limited","message":"","until":18446744073709551615}"#,
        r#""error":{"code":"nick_in_use","message":""}"#,
        r#""ok":{},"error":{}"#,
    ]);
    prop_oneof![
        any::<String>(),
        samples.prop_map(str::to_owned),
        (id, answers).prop_map(|(id, answer)| format!(r#"{{"type":"reply","id":"{id}",{answer}}}"#)),
    ]
}
