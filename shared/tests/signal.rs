//! What nodes say to each other, as it goes over the wire; and what a node and its engine say, as it goes to a Worker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use proptest::prelude::{Just, ProptestConfig, Strategy as Drawn, any, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::process::limits::{MAX_DEPTH, MAX_MESSAGE, MAX_SAID, MAX_WITHIN, check_message, measure};
use shared::process::supervisor::{Child, Plan, Restart, Strategy};
use shared::process::{
    Act, Address, Brought, CallRef, Cost, Event, Fault, Letter, Limit, Look, Pid, Reason, Scene, Signal, Spawn, Step,
    Stepped, Target, Then, Want,
};

fn pid(text: &str) -> Pid {
    text.parse().unwrap()
}

fn name(text: &str) -> Target {
    text.parse().unwrap()
}

/// One of each, as `docs/protocol.md` has it.
fn samples() -> Vec<(&'static str, Signal)> {
    let (from, to) = (pid("k3f9.7"), pid("m1aa.3"));
    let message = "Nothing is registered as “factorial” on tab-2@den.local.";
    let crash = Reason::error("Function not found: * (i64, string) (line 9)");
    let exited = Fault { code: ErrorCode::Exited, message: "It ended.".to_owned(), reason: Some(crash) };
    vec![
        (
            r#"{"type":"send","from":"k3f9.7","to":"pong","message":["ping",1]}"#,
            Signal::Send { from, to: name("pong"), message: json!(["ping", 1]), guest: false },
        ),
        (
            r#"{"type":"send","from":"k3f9.7","to":"m1aa.3","message":null,"guest":true}"#,
            Signal::Send { from, to: Target::Pid(to), message: Value::Null, guest: true },
        ),
        (
            r#"{"type":"call","ref":17,"from":"k3f9.7","to":"factorial","message":5,"within":5000}"#,
            Signal::Call { r#ref: 17, from, to: name("factorial"), message: json!(5), within: 5_000, guest: false },
        ),
        (
            r#"{"type":"answer","ref":17,"ok":{"before":0,"value":120}}"#,
            Signal::Answer { r#ref: 17, result: Ok(serde_json::from_str(r#"{"before":0,"value":120}"#).unwrap()) },
        ),
        (
            r#"{"type":"answer","ref":17,"error":{"code":"no_such_process","message":"Nothing is registered as “factorial” on tab-2@den.local."}}"#,
            Signal::Answer { r#ref: 17, result: Err(Fault::new(ErrorCode::NoSuchProcess, message)) },
        ),
        (
            r#"{"type":"answer","ref":17,"error":{"code":"exited","message":"It ended.","reason":{"code":"error","message":"Function not found: * (i64, string) (line 9)"}}}"#,
            Signal::Answer { r#ref: 17, result: Err(exited) },
        ),
        (r#"{"type":"ping","ref":3}"#, Signal::Ping { r#ref: 3 }),
        (r#"{"type":"pong","ref":3}"#, Signal::Pong { r#ref: 3 }),
        (
            r#"{"type":"monitor","ref":4,"from":"k3f9.7","to":"pong"}"#,
            Signal::Monitor { r#ref: 4, from, of: Some(name("pong")) },
        ),
        (r#"{"type":"monitor","ref":5,"from":"k3f9.7"}"#, Signal::Monitor { r#ref: 5, from, of: None }),
        (r#"{"type":"demonitor","ref":4}"#, Signal::Demonitor { r#ref: 4 }),
        (r#"{"type":"ended","ref":4,"reason":{"code":"normal"}}"#, Signal::Ended { r#ref: 4, reason: Reason::Normal }),
        (r#"{"type":"link","from":"k3f9.7","to":"m1aa.3"}"#, Signal::Link { from, to, guest: false }),
        (r#"{"type":"unlink","from":"k3f9.7","to":"m1aa.3"}"#, Signal::Unlink { from, to }),
        (
            r#"{"type":"exit","from":"k3f9.7","to":"m1aa.3","reason":{"code":"killed"}}"#,
            Signal::Exit { from, to, reason: Reason::Killed, guest: false },
        ),
        (
            r#"{"type":"print","from":"m1aa.3","to":"k3f9.7","text":"hello from tab-2@den.local"}"#,
            Signal::Print { from: to, to: from, text: "hello from tab-2@den.local".to_owned() },
        ),
        (r#"{"type":"took","count":64,"bytes":9120}"#, Signal::Took { count: 64, bytes: 9_120 }),
    ]
}

#[test]
fn each_signal_is_written_and_read_as_it_stands() {
    for (line, signal) in samples() {
        assert_eq!(signal.to_text(), line);
        assert_eq!(Signal::read(serde_json::from_str(line).unwrap()), Ok(signal));
    }
}

#[test]
fn each_reason_is_written_and_read_as_it_stands() {
    for (line, reason) in [
        (r#"{"code":"normal"}"#, Reason::Normal),
        (r#"{"code":"shutdown"}"#, Reason::Shutdown),
        (r#"{"code":"killed"}"#, Reason::Killed),
        (r#"{"code":"node_down"}"#, Reason::NodeDown),
        (r#"{"code":"no_such_process"}"#, Reason::NoSuchProcess),
        (r#"{"code":"error","message":"no"}"#, Reason::error("no")),
        (r#"{"code":"restarts"}"#, Reason::Restarts),
        (r#"{"code":"said","message":"enough"}"#, Reason::said("enough")),
        (r#"{"code":"limit","what":"operations"}"#, Reason::Limit(Limit::Operations)),
        (r#"{"code":"limit","what":"mailbox"}"#, Reason::Limit(Limit::Mailbox)),
        (r#"{"code":"limit","what":"lifetime"}"#, Reason::Limit(Limit::Lifetime)),
    ] {
        assert_eq!(serde_json::to_string(&reason).unwrap(), line);
        assert_eq!(serde_json::from_str::<Reason>(line).unwrap(), reason);
    }
    let later: Reason = serde_json::from_str(r#"{"code":"bored"}"#).unwrap();
    assert_eq!(later, Reason::said("bored"), "a later version's reason is an end all the same");
    assert_eq!(Reason::said(&"ä".repeat(MAX_SAID)), Reason::Said("ä".repeat(MAX_SAID / 2)));
}

/// There and back as one JSON text, as to a Web Worker.
fn crosses<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
}

#[test]
fn what_an_engine_is_asked_and_what_it_did_cross_as_json() {
    let to: Address = "pong@@tab-2@den.local".parse().unwrap();
    let near: Address = "k3f9.7@@tab-2".parse().unwrap();
    let node = to.node.clone();
    let spawn = Spawn {
        program: "pong".to_owned(),
        source: "fn init(args) {}".into(),
        args: vec![json!(1)],
        name: Some("pong".to_owned()),
        link: true,
        monitor: Some(3),
        leader: Some(near.clone()),
        rpc: true,
    };
    let fault = Fault::exited(Reason::Limit(Limit::Time));
    let letter = Letter {
        from: near.clone(),
        nick: Some("ana".to_owned()),
        owner: Some(7),
        call: Some(CallRef(9)),
        message: json!({ "type": "send" }),
    };
    let events = [
        Event::Answer { r#ref: 1, result: Ok(Value::Null) },
        Event::Answer { r#ref: 1, result: Err(fault.clone()) },
        Event::Ended { r#ref: 2, reason: Reason::said("enough") },
        Event::Exit { from: near.clone(), reason: Reason::Killed },
        Event::Timer { r#ref: 4, message: json!(["later"]) },
        Event::Stored { key: "a".to_owned(), value: None, version: 62 },
        Event::Stored { key: "a".to_owned(), value: Some(json!(5)), version: 63 },
    ];
    let brought = [
        Brought::Value(json!(5)),
        Brought::Fault(fault),
        Brought::Letter(letter.clone()),
        Brought::Event(events[0].clone()),
        Brought::Nothing,
    ];
    crosses(&Step::Init(spawn.clone()));
    crosses(&Step::Handle(letter));
    events.into_iter().for_each(|event| crosses(&Step::Event(event)));
    brought.into_iter().for_each(|with| crosses(&Step::Resume { now: 5, with }));
    crosses(&Scene { pid: pid("k3f9.7"), node: node.clone(), now: 1, seed: u64::MAX, own: true });

    let plan = Plan {
        strategy: Strategy::OneForAll,
        max_restarts: 1,
        within: 2,
        children: vec![Child { id: "a".to_owned(), spawn: spawn.clone(), restart: Restart::Transient, shutdown: 0 }],
    };
    let key = || "a".to_owned();
    for want in [
        Want::Call { to: to.clone(), message: json!({ "want": 1 }), within: 5 },
        Want::Ping { node: node.clone() },
        Want::Spawn { node: node.clone(), spawn: spawn.clone() },
        Want::Rpc { node: node.clone(), spawn },
        Want::Supervise { plan },
        Want::Put { key: key(), value: Value::Null, version: Some(0) },
        Want::Remove { key: key(), version: None },
        Want::Receive { until: None },
        Want::Receive { until: Some(5) },
        Want::Look(Look::Get { key: key() }),
        Want::Look(Look::List { prefix: key() }),
        Want::Look(Look::Whereis { name: key() }),
        Want::Look(Look::Nodes),
    ] {
        crosses(&Stepped { then: Then::Blocked(want), ..Stepped::of(Vec::new()) });
    }
    for then in
        [Then::Wait, Then::Return(json!({ "then": "wait" })), Then::Return(Value::Null), Then::Exit(Reason::Normal)]
    {
        crosses(&Stepped { then, ..Stepped::of(Vec::new()) });
    }
    let acts = vec![
        Act::Send { to: to.clone(), message: json!({ "act": "exit" }) },
        Act::Request { r#ref: 1, to: to.clone(), message: Value::Null, within: 5 },
        Act::Reply { call: CallRef(9), result: Ok(json!([120, 0])) },
        Act::Reply { call: CallRef(9), result: Err("no".to_owned()) },
        Act::Register { name: key() },
        Act::Monitor { r#ref: 1, of: to.clone() },
        Act::MonitorNode { r#ref: 1, node },
        Act::Demonitor { r#ref: 1 },
        Act::Link { to: near.clone() },
        Act::Unlink { to: near.clone() },
        Act::Exit { to: near, reason: Reason::error("no") },
        Act::Trap { on: true },
        Act::Print { text: key() },
        Act::After { r#ref: 1, ms: 5, message: json!(1) },
        Act::Cancel { r#ref: 1 },
        Act::Watch { prefix: key() },
    ];
    crosses(&Stepped { acts, then: Then::Wait, cost: Cost { operations: 1, micros: 2 } });
}

#[test]
fn a_calls_time_is_five_seconds_where_it_names_none_and_a_minute_at_most() {
    let within = |written: Value| {
        let mut call = json!({ "type": "call", "ref": 1, "from": "k3f9.7", "to": "pong", "message": 1 });
        call["within"] = written;
        match Signal::read(call) {
            Ok(Signal::Call { within, .. }) => within,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([within(Value::Null), within(json!(0)), within(json!(9_999_999))], [5_000, 1, MAX_WITHIN]);
}

#[test]
fn what_is_wrong_is_named() {
    for (payload, words) in [
        (json!({ "type": "send", "from": "nobody", "to": "pong" }), "from"),
        (json!({ "type": "send", "from": "k3f9.7", "to": "p o" }), "to"),
        (json!({ "type": "call", "from": "k3f9.7", "to": "pong" }), "ref"),
        (json!({ "type": "dance" }), "known type"),
        (json!([1]), "an object"),
        (json!({ "type": "ended", "ref": 1 }), "reason"),
    ] {
        let error = Signal::read(payload.clone()).unwrap_err();
        assert!(error.contains(words), "{payload}: {error}");
    }
}

#[test]
fn a_message_is_measured_by_its_json_and_its_depth() {
    for value in [json!(null), json!(true), json!(false), json!("a\"\\\n\u{1}ä"), json!([]), json!({}), json!([[], {}])]
    {
        let bytes = serde_json::to_string(&value).unwrap().len();
        assert!((bytes..=bytes + 3).contains(&measure(&value, 9).unwrap()), "{value}");
    }
    let deep = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    assert!(check_message(&deep(MAX_DEPTH)).is_ok());
    assert_eq!(check_message(&deep(MAX_DEPTH + 1)).unwrap_err().code, ErrorCode::BadMessage);
    assert!(check_message(&json!("x".repeat(MAX_MESSAGE - 2))).is_ok());
    assert_eq!(check_message(&json!("x".repeat(MAX_MESSAGE - 1))).unwrap_err().code, ErrorCode::BadMessage);
}

fn value() -> impl Drawn<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Whole tenths: what JSON writes in one way and reads as the same.
        (-1_000_000..1_000_000_i32).prop_map(|tenths| Value::from(f64::from(tenths) / 8.0)),
        ".{0,12}".prop_map(Value::from),
        prop_oneof![Just("send"), Just("k3f9.7"), Just("pong"), Just("call"), Just("normal")].prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::hash_map(
                prop_oneof![Just("type"), Just("ref"), Just("from"), Just("to"), Just("message"), Just("reason")]
                    .prop_map(str::to_owned),
                inner,
                0..6
            )
            .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn signal() -> impl Drawn<Value = Signal> {
    let pid = (any::<u32>(), any::<u64>()).prop_map(|(random, number)| {
        let creation = shared::process::Creation::new(random);
        Pid::new(creation, number)
    });
    let target = prop_oneof![pid.clone().prop_map(Target::Pid), "[A-Za-z0-9_-]{1,64}".prop_map(Target::Name)];
    let guest = any::<bool>();
    prop_oneof![
        (pid.clone(), target.clone(), value(), guest).prop_map(|(from, to, message, guest)| Signal::Send {
            from,
            to,
            message,
            guest
        }),
        (any::<u64>(), pid.clone(), target.clone(), value(), 1..=60_000_u32, guest).prop_map(
            |(r#ref, from, to, message, within, guest)| Signal::Call { r#ref, from, to, message, within, guest }
        ),
        (any::<u64>(), value()).prop_map(|(r#ref, value)| Signal::Answer { r#ref, result: Ok(value) }),
        (any::<u64>(), ".{0,40}").prop_map(|(r#ref, words)| Signal::Answer {
            r#ref,
            result: Err(Fault { reason: Some(Reason::error(&words)), ..Fault::new(ErrorCode::Exited, words) })
        }),
        (any::<u64>(), pid.clone(), proptest::option::of(target)).prop_map(|(r#ref, from, of)| Signal::Monitor {
            r#ref,
            from,
            of
        }),
        (pid.clone(), pid.clone(), guest).prop_map(|(from, to, guest)| Signal::Link { from, to, guest }),
        (pid.clone(), pid.clone(), ".{0,40}", guest).prop_map(|(from, to, words, guest)| Signal::Exit {
            from,
            to,
            reason: Reason::said(&words),
            guest
        }),
        (pid.clone(), pid, ".{0,40}").prop_map(|(from, to, text)| Signal::Print { from, to, text }),
        (any::<u32>(), any::<u32>()).prop_map(|(count, bytes)| Signal::Took { count, bytes }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_signal_is_read_as_it_was_written_and_weighs_the_same(signal in signal()) {
        let read = Signal::read(serde_json::from_str(&signal.to_text()).unwrap()).unwrap();
        prop_assert_eq!(read.weight(), signal.weight());
        prop_assert_eq!(read, signal);
    }

    #[test]
    fn whatever_comes_is_read_or_refused(payload in value()) {
        let _ = Signal::read(payload);
    }
}
