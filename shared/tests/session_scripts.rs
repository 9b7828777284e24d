//! Whatever happens to sockets, frames, time, replies and the hub: every line gets into the log once, in
//! order, and everything said is received, once. Scripts of such happenings are run against the `model` hub.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod model;

use std::collections::BTreeSet;

use model::{World, settings};
use proptest::prelude::*;
use shared::entry::Entry;
use shared::message::{ErrorCode, Refusal, State, ToHub};
use shared::session::{BACKOFF_MAX, Delivery, Line, MAX_UNSENT, Phase, Response};
use shared::transcript::{PendingState, Place};

const ROOMS: [&str; 3] = ["lobby", "den", "attic"];
const KEYS: [&str; 5] = ["a", "b", "users/ana", "users/bob", "z"];

#[derive(Clone, Debug)]
enum Event {
    Say(usize),
    Whisper,
    Join(usize),
    Leave(usize),
    Read(usize),
    /// A line of a room is edited, taken back or reacted to, or the room gets a topic.
    Change(usize, usize, prop::sample::Index),
    Typing(usize),
    State(bool),
    List,
    /// A key is put or removed, if its version is the one that the copy here has.
    Put {
        key: usize,
        value: Option<u64>,
        conditional: bool,
    },
    KeepStore,
    OtherPuts(usize, Option<u64>),
    /// The hub forgets which keys were removed.
    ForgetRemovals,
    /// Another tab left a line; or is saying it just now, too.
    Adopt {
        room: usize,
        said: bool,
    },
    Open,
    HubReads(usize),
    /// The hub goes on with connections that the node has given up, and the node hears of them late.
    HubReadsOn,
    Late,
    NodeReads(usize),
    Cut(u16),
    CutHere(u16),
    FallSilent,
    Lag(bool),
    Commit,
    Restart {
        lose: bool,
    },
    Forget,
    FallBehind,
    NewLog,
    Reload {
        with_secret: bool,
    },
    Wait {
        ms: u64,
        punctual: bool,
    },
    /// All that is under way arrives.
    Flow,
    /// The next attempt is made, and so many frames go each way.
    Return(usize),
    Online,
    Offline,
    Visible,
    Refuse(ErrorCode, Option<u64>),
    OtherSays(usize),
    OtherWhispers,
    ReplyFirst(bool),
    Garbage(String),
}

/// What may happen in a script, beside what happens in all of them.
#[derive(Clone, Copy)]
struct May {
    leave: bool,
    begin_anew: bool,
}

fn event(may: May) -> impl Strategy<Value = Event> {
    let May { leave, begin_anew } = may;
    let code = || prop::sample::select(vec![1000, 1006, 1011, 4001, 4002, 4399, 4408, 4409, 1008]);
    let refusal = prop::sample::select(vec![
        ErrorCode::RateLimited,
        ErrorCode::Unavailable,
        ErrorCode::NotInRoom,
        ErrorCode::RateLimited,
    ]);
    let person = prop_oneof![
        8 => (0..ROOMS.len()).prop_map(Event::Say),
        3 => Just(Event::Whisper),
        2 => (0..ROOMS.len()).prop_map(Event::Join),
        2 => (0..ROOMS.len()).prop_map(move |room| if leave { Event::Leave(room) } else { Event::Join(room) }),
        3 => (0..ROOMS.len()).prop_map(Event::Read),
        4 => (0..ROOMS.len(), 0..4usize, any::<prop::sample::Index>()).prop_map(|(room, what, line)| Event::Change(room, what, line)),
        2 => (0..ROOMS.len()).prop_map(Event::Typing),
        1 => any::<bool>().prop_map(Event::State),
        1 => Just(Event::List),
        4 => (0..KEYS.len(), prop::option::weighted(0.7, 0..9u64), any::<bool>())
            .prop_map(|(key, value, conditional)| Event::Put { key, value, conditional }),
        1 => Just(Event::KeepStore),
        4 => (0..KEYS.len(), prop::option::weighted(0.7, 0..9u64)).prop_map(|(key, value)| Event::OtherPuts(key, value)),
        1 => (0..ROOMS.len(), any::<bool>()).prop_map(|(room, said)| Event::Adopt { room, said }),
        5 => (0..ROOMS.len()).prop_map(Event::OtherSays),
        3 => Just(Event::OtherWhispers),
    ];
    let flow = prop_oneof![
        6 => Just(Event::Open),
        11 => (1..5usize).prop_map(Event::HubReads),
        11 => (1..5usize).prop_map(Event::NodeReads),
        1 => any::<bool>().prop_map(Event::Lag),
        3 => Just(Event::Commit),
        5 => (0..70_000u64, any::<bool>()).prop_map(|(ms, punctual)| Event::Wait { ms, punctual }),
        3 => (0..700u64, any::<bool>()).prop_map(|(ms, punctual)| Event::Wait { ms, punctual }),
        1 => any::<bool>().prop_map(Event::ReplyFirst),
        3 => Just(Event::Flow),
        4 => (0..8usize).prop_map(Event::Return),
    ];
    let trouble = prop_oneof![
        3 => code().prop_map(Event::Cut),
        3 => code().prop_map(Event::CutHere),
        2 => Just(Event::HubReadsOn),
        1 => Just(Event::Late),
        1 => Just(Event::FallSilent),
        2 => any::<bool>().prop_map(|lose| Event::Restart { lose }),
        1 => Just(Event::Forget),
        1 => Just(Event::FallBehind),
        1 => Just(Event::ForgetRemovals),
        1 => any::<bool>().prop_map(move |with_secret| match begin_anew {
            true => Event::Reload { with_secret },
            false => Event::Late,
        }),
        1 => Just(if begin_anew { Event::NewLog } else { Event::Visible }),
        1 => Just(Event::Online),
        1 => Just(Event::Offline),
        1 => Just(Event::Visible),
        2 => (refusal, prop::option::of(0..30_000u64)).prop_map(|(code, until)| Event::Refuse(code, until)),
        1 => "[\\{\\}\\[\\]\":a-z0-9,]{0,40}".prop_map(Event::Garbage),
    ];
    prop_oneof![4 => person, 8 => flow, 2 => trouble]
}

/// Runs a script, then lets everything come to rest.
fn run(script: &[Event]) -> World {
    let mut world = World::new(settings());
    for (step, event) in script.iter().enumerate() {
        happen(&mut world, step, event);
        assert!(world.session.unsent() <= MAX_UNSENT);
        if let Phase::Waiting { until, .. } = world.session.phase() {
            assert!(until <= world.now + BACKOFF_MAX);
        }
    }
    world.settle();
    world
}

fn happen(world: &mut World, step: usize, event: &Event) {
    match event {
        Event::Say(room) => drop(world.say(ROOMS[*room], &format!("line {step}"))),
        Event::Whisper => drop(world.whisper("bob", &format!("line {step}"))),
        Event::Join(room) => drop(world.ask(|id| ToHub::Join { id, room: ROOMS[*room].to_owned() })),
        Event::Leave(room) => drop(world.ask(|id| ToHub::Leave { id, room: ROOMS[*room].to_owned() })),
        Event::Read(room) => world.has_read(&Place::Room(ROOMS[*room].to_owned())),
        Event::Change(room, what, line) => change(world, ROOMS[*room], *what, line),
        Event::Typing(room) => world.typing(&Place::Room(ROOMS[*room].to_owned())),
        Event::State(away) => world.state(if *away { State::Away } else { State::Online }),
        Event::List => drop(world.ask(|id| ToHub::ListRooms { id })),
        Event::Put { key, value, conditional } => {
            let key = KEYS[*key];
            let version = conditional.then(|| world.store.0.version(key));
            drop(match value {
                Some(value) => world.put(key, *value, version),
                None => world.remove(key, version),
            });
        }
        Event::KeepStore => world.keep_store(),
        Event::OtherPuts(key, value) => world.other_puts(KEYS[*key], *value),
        Event::ForgetRemovals => world.hub.store_since = world.hub.head(),
        Event::Adopt { room, said } => {
            let place = Place::Room(ROOMS[*room].to_owned());
            let request = place.say(format!("left-{step}"), format!("line {step}"));
            let line = Line { request, at: world.now - 1, epoch: world.session.position().epoch.clone() };
            if *said {
                world.say_elsewhere(&line);
            }
            world.adopt(vec![line.clone(), line]);
        }
        Event::Open => drop(world.open()),
        Event::HubReads(frames) => drop(world.hub_reads(*frames)),
        Event::HubReadsOn => world.hub_reads_on(),
        Event::Late => world.late(),
        Event::NodeReads(frames) => drop(world.node_reads(*frames)),
        Event::Cut(code) => drop(world.cut(*code)),
        Event::CutHere(code) => drop(world.cut_here(*code)),
        Event::FallSilent => world.fall_silent(),
        Event::Lag(lags) => world.hub.lags = *lags,
        Event::Commit => drop(world.hub.commit(true)),
        Event::Restart { lose } => world.hub.restart(*lose),
        Event::Forget => world.hub.forget(),
        Event::FallBehind => world.hub.fall_behind(),
        Event::NewLog => world.new_log(),
        Event::Reload { with_secret } => world.reload(*with_secret),
        Event::Wait { ms, punctual } => world.wait(*ms, *punctual),
        Event::Flow => world.flow(),
        Event::Return(frames) => {
            world.wait(BACKOFF_MAX, true);
            world.open();
            for _ in 0..*frames {
                world.hub_reads(1);
                world.node_reads(1);
            }
        }
        Event::Online => world.network(true),
        Event::Offline => world.network(false),
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
}

fn change(world: &mut World, name: &str, what: usize, line: &prop::sample::Index) {
    let room = Place::Room(name.to_owned());
    let said = |entry: &&Entry| matches!(entry, Entry::Said(said) if said.room == name);
    let lines: Vec<u64> = world.hub.log.iter().filter(said).map(Entry::seq).collect();
    if lines.is_empty() {
        return;
    }
    let of = *line.get(&lines);
    let _ = world.ask(|id| match what {
        0 => room.edit(id, of, "other words".to_owned()),
        1 => room.delete(id, of),
        2 => room.react(id, of, "👍".to_owned(), true),
        _ => ToHub::Topic { id, room: name.to_owned(), topic: "Tea".to_owned() },
    });
}

/// Every request ended once; the lines among them are in the log as their answers say, in the order in which
/// they were typed.
fn check_lines(world: &World) {
    for (at, entry) in world.hub.log.iter().enumerate() {
        let twice = world.hub.log[..at].iter().any(|other| other.id() == entry.id());
        assert!(!twice, "{} is in the log twice", entry.id());
    }
    // Lines keep their order, and so do puts and removals.
    let mut last = [("", 0); 2];
    for id in &world.asked {
        let Some((epoch, answer)) = world.record.ended.get(id) else { panic!("{id} has no answer") };
        let logged = world.record.log(&world.hub, epoch).iter().find(|entry| entry.id() == id);
        let seq = logged.map(Entry::seq);
        match answer {
            Ok(Response::Sent(sent)) => {
                assert_eq!(Some(sent.seq), seq, "{id} is not where its answer says");
                let last = &mut last
                    [usize::from(logged.is_some_and(|entry| matches!(entry, Entry::Put(_) | Entry::Removed(_))))];
                if !world.said_elsewhere.contains(id) {
                    assert!(last.0 != epoch || sent.seq > last.1, "{id} overtook another");
                    *last = (epoch, sent.seq);
                }
            }
            _ => assert_eq!(seq, None, "{id} was refused, and is in the log"),
        }
    }
}

/// What the hub was told is true, and all that there was to tell.
fn check_told(world: &World) {
    assert_eq!((world.session.phase(), world.session.unsent()), (Phase::Online, 0));
    world.record.check(&world.hub);
    let position = world.session.position();
    assert_eq!(position.epoch, world.hub.epoch);
    let rooms: BTreeSet<&str> = world.session.rooms().collect();
    assert_eq!(rooms, world.hub.rooms(&position.session), "the hub has us elsewhere");
    assert!(rooms.iter().all(|room| world.record.knows(room)), "nobody said who is in {rooms:?}");
    assert!(position.seq >= world.record.last_heard(), "the position is behind what was heard");
    assert!(world.nothing_to_acknowledge(), "something came and was never acknowledged");
    for (place, seq) in &world.record.reads {
        assert_eq!(world.hub.read.get(place), Some(seq), "{place:?} was read, and the hub does not know");
    }
}

/// The copy of the store is the hub's, once it was asked for.
fn check_store(world: &World) {
    if world.session.has_store() {
        assert_eq!(world.store.0.digest(), world.hub.store().digest(), "{:?}", world.store.0);
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
        for line in conversation.lines().filter(|_| rest) {
            let own = conversation.pending_change(line.seq());
            let arrived = |seq: Option<u64>| seq.is_some_and(|seq| world.record.came_after(&place, seq));
            assert!(own.is_none_or(|own| arrived(own.seq)), "{own:?} never arrived");
        }
        for pending in conversation.pending() {
            let fine = match pending.state {
                PendingState::Failed(_) => true,
                // What was said before this node came is seen with an older page.
                PendingState::Sent { seq } => world.record.came_after(&place, seq),
                PendingState::Waiting => false,
            };
            assert!(fine || !rest, "{pending:?} never arrived");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_gets_into_the_log_once_and_everything_said_is_received(
        script in prop::collection::vec(event(May { leave: true, begin_anew: true }), 0..120)
    ) {
        let mut world = run(&script);
        check_lines(&world);
        check_told(&world);
        check_transcript(&world, false);
        check_store(&world);
        world.keep_store();
        world.settle();
        prop_assert!(world.session.has_store() && world.whole.is_here());
        check_store(&world);
    }

    #[test]
    fn who_stays_sees_no_hole(
        script in prop::collection::vec(event(May { leave: false, begin_anew: false }), 0..120)
    ) {
        let world = run(&script);
        check_lines(&world);
        check_told(&world);
        check_transcript(&world, true);
        check_store(&world);
    }

    /// Frames of no sense, of another's sense, and real ones at the wrong time.
    #[test]
    fn no_frame_makes_it_panic(frames in prop::collection::vec(frame(), 0..40), waits in prop::collection::vec(0..90_000u64, 40)) {
        let mut world = World::new(settings());
        world.honest = false;
        world.keep_store();
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
        r#"{"type":"put","seq":18446744073709551615,"at":0,"from":"x","id":"1","key":"","value":[[[]]]}"#,
        r#"{"type":"removed","seq":0,"at":0,"from":"x","id":"1","key":"a"}"#,
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
        r#""ok":{"seq":18446744073709551615,"pairs":[],"more":true}"#,
        r#""ok":{"seq":1,"pairs":[{"key":"","value":null,"version":18446744073709551615}],"more":true}"#,
    ]);
    prop_oneof![
        any::<String>(),
        samples.prop_map(str::to_owned),
        (id, answers).prop_map(|(id, answer)| format!(r#"{{"type":"reply","id":"{id}",{answer}}}"#)),
    ]
}
