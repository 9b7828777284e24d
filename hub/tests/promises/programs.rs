//! The hub is a node with processes: it answers calls, and runs the programs that its operator lets it run.

use crate::support::{DEADLINE, TestHub, eventually};
use hub::config::Programs;
use node::{Client, Options, Program, Settings, Spawned};
use serde_json::{Value, json};
use shared::message::{Answer, ErrorCode};
use shared::process::{Address, Fault, Limit, Reason};
use tokio::time::timeout;

/// A program that is none of those that come with the hub.
const OWN: &str = "fn main(args) { node() }";

/// A program that stays until somebody ends it.
const IDLE: &str = "fn init(args) { () } fn handle(state, from, message) { reply(from, message); state }";

fn example(name: &str) -> Program {
    let example = engine::examples::EXAMPLES.iter().find(|example| example.name == name).unwrap();
    Program::new(example.name, example.source)
}

async fn client(hub: &TestHub, settings: Settings) -> Client {
    let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie());
    let (client, _) = Client::start(&link, settings).unwrap();
    assert!(timeout(DEADLINE, client.online()).await.unwrap());
    client
}

async fn nobody(hub: &TestHub) -> Client {
    client(hub, Settings::default()).await
}

async fn guest(hub: &TestHub, nick: &str) -> Client {
    client(hub, Settings { nick: Some(nick.to_owned()), ..Settings::default() }).await
}

fn at(address: &str) -> Address {
    address.parse().unwrap()
}

async fn line(spawned: &mut Spawned) -> String {
    timeout(DEADLINE, spawned.output.next()).await.unwrap().unwrap().text
}

#[track_caller]
fn refused(result: Result<Value, Fault>) -> String {
    let fault = result.unwrap_err();
    assert_eq!(fault.code, ErrorCode::NotAllowed, "{fault}");
    assert!(fault.message.contains("--programs"), "it says what would change it: {fault}");
    fault.message
}

#[tokio::test]
async fn by_default_it_runs_the_programs_that_come_with_it_byte_for_byte_and_no_others() {
    let hub = TestHub::start().await;
    let asker = nobody(&hub).await;
    assert_eq!(asker.rpc("hub", example("hello")).await, Ok(json!("hub@test")));
    refused(asker.rpc("hub", Program::new("own", OWN)).await);
    let hello = engine::examples::EXAMPLES.iter().find(|example| example.name == "hello").unwrap();
    refused(asker.rpc("hub", Program::new("hello", &format!("{} ", hello.source))).await);
    assert_eq!(asker.spawn("hub", Program::new("own", OWN)).await.map(drop).unwrap_err().code, ErrorCode::NotAllowed);
}

#[tokio::test]
async fn an_operator_may_want_none_of_them_or_all_that_anyone_writes() {
    let none = TestHub::start_with(|config| config.programs = Programs::None).await;
    let asker = nobody(&none).await;
    refused(asker.rpc("hub", example("hello")).await);
    assert!(asker.call(&at("node@@hub"), "stats").await.is_ok(), "it is a node all the same");

    let all = TestHub::start_with(|config| config.programs = Programs::All).await;
    assert_eq!(nobody(&all).await.rpc("hub", Program::new("own", OWN)).await, Ok(json!("hub@test")));
}

#[tokio::test]
async fn what_a_program_on_the_hub_prints_appears_at_the_asker_alone() {
    let hub = TestHub::start().await;
    let (one, two) = (nobody(&hub).await, nobody(&hub).await);
    let mut ones = one.spawn("hub", example("hello")).await.unwrap();
    let mut twos = two.spawn("hub", example("hello")).await.unwrap();
    assert_eq!(line(&mut ones).await, "hello from hub@test");
    assert_eq!(line(&mut twos).await, "hello from hub@test");
    assert_eq!(timeout(DEADLINE, ones.ended).await.unwrap(), Reason::Normal);
}

#[tokio::test]
async fn it_has_the_processes_that_the_protocol_names() {
    let hub = TestHub::start().await;
    let asker = nobody(&hub).await;
    let stats = asker.call(&at("node@@hub"), "stats").await.unwrap();
    let names: Vec<_> =
        stats["processes"].as_array().unwrap().iter().filter_map(|process| process["name"].as_str()).collect();
    assert_eq!(names, ["message_server", "map_server"]);
    let nodes = asker.nodes().await.unwrap();
    assert!(nodes.iter().any(|node| node.node == "hub@test" && node.processes), "{nodes:?}");
    assert!(asker.ping("hub").await.is_ok());

    // A call to the message server is one of the protocol's requests; the answer is what its reply holds.
    let rooms = asker.call(&at("message_server@@hub"), json!({ "type": "list_rooms" })).await.unwrap();
    assert_eq!(rooms["rooms"][0]["room"], json!("lobby"));
    let fault = asker.call(&at("message_server@@hub"), json!({ "type": "dance" })).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::BadMessage);
    let fault = asker.call(&at("message_server@@hub"), json!({ "type": "join", "room": "den" })).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::NotConnected, "with the rights of whoever asks");
    // Who sends it as a signal is told how it is done.
    let pid = stats["processes"][0]["pid"].as_str().unwrap();
    let fault = asker.call(&at(&format!("{pid}@@hub")), "hi").await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::BadMessage, "{fault}");
}

#[tokio::test]
async fn whether_a_node_with_processes_lives_it_says_itself() {
    let hub = TestHub::start().await;
    let (asked, asker) = (nobody(&hub).await, hub.node().await);
    assert_eq!(asker.ping(&asked.name().to_string()).await.unwrap().answer, Answer::Pong);
    // The socket of this one answers every ping; but nobody is there who would answer a signal.
    let options =
        Options { cookie: Some(hub.cookie()), name: Some("mute".to_owned()), processes: true, ..Options::default() };
    let (mute, _arrivals) = hub.connect(options).await.unwrap();
    assert_eq!(asker.ping(&mute.welcome().node).await.unwrap().answer, Answer::Pang);
}

#[tokio::test]
async fn its_own_processes_are_not_to_be_ended_or_replaced() {
    let hub = TestHub::start_with(|config| config.programs = Programs::All).await;
    let ana = guest(&hub, "ana").await;
    let stats = ana.call(&at("node@@hub"), "stats").await.unwrap();
    let pid_of = |name: &str| match stats["processes"].as_array().unwrap().iter().find(|it| it["name"] == name) {
        Some(process) => process["pid"].as_str().unwrap().to_owned(),
        // It is the first, and not listed.
        None => format!("{}.1", stats["creation"].as_str().unwrap()),
    };
    for name in ["node", "map_server", "message_server"] {
        ana.exit(&at(&format!("{}@@hub", pid_of(name))), Reason::Killed).unwrap();
        let refused = ana.spawn("hub", Program::new("own", IDLE).registered(name)).await.map(drop).unwrap_err();
        assert!(matches!(refused.code, ErrorCode::NotAllowed | ErrorCode::Busy), "{refused}");
    }
    assert_eq!(ana.call(&at("map_server@@hub"), json!({ "get": "a" })).await, Ok(json!({ "version": 0 })));
    assert!(ana.call(&at("node@@hub"), "stats").await.is_ok());
}

#[tokio::test]
async fn one_ends_ones_own_processes_there_and_nobody_elses() {
    let hub = TestHub::start_with(|config| config.programs = Programs::All).await;
    let (ana, bob) = (guest(&hub, "ana").await, guest(&hub, "bob").await);
    let idle = ana.spawn("hub", Program::new("idle", IDLE).registered("hers")).await.unwrap();
    bob.exit(&idle.address, Reason::Killed).unwrap();
    assert_eq!(bob.call(&at("hers@@hub"), 1).await, Ok(json!(1)));
    ana.exit(&idle.address, Reason::Killed).unwrap();
    assert_eq!(timeout(DEADLINE, idle.ended).await.unwrap(), Reason::Killed);
    assert_eq!(bob.call(&at("hers@@hub"), 1).await.unwrap_err().code, ErrorCode::NoSuchProcess);
}

#[tokio::test]
async fn programs_that_go_wild_end_and_the_chat_goes_on() {
    let hub = TestHub::start_with(|config| config.programs = Programs::All).await;
    let (wild, ana) = (guest(&hub, "wild").await, hub.guest("ana").await);
    let sources = [
        ("fn main(args) { loop { } }", Limit::Operations),
        ("fn f(n) { f(n + 1) } fn main(args) { f(0) }", Limit::Depth),
        ("fn main(args) { let a = [0]; loop { a += a; } }", Limit::Size),
        ("fn main(args) { for n in 0..300 { print(n); } }", Limit::Acts),
    ];
    for (source, limit) in sources {
        let fault = wild.rpc("hub", Program::new("wild", source)).await.unwrap_err();
        // A machine that is busy with other things gets to the end of its time first.
        let ends = [limit, Limit::Time].map(|limit| Some(Reason::Limit(limit)));
        assert!(fault.code == ErrorCode::Exited && ends.contains(&fault.reason), "{source}: {fault:?}");
        ana.say("lobby", source).await.unwrap();
    }
    let prints = "fn init(args) { after(0, 1); () } \
                  fn handle(state, from, m) { for n in 0..200 { print(n); } after(0, 1); state }";
    let prints = wild.spawn("hub", Program::new("wild", prints)).await.unwrap();
    assert_eq!(timeout(DEADLINE, prints.ended).await.unwrap(), Reason::Limit(Limit::Output));
    let calls_itself = "fn init(args) { register(\"loop\"); () } fn handle(s, from, m) { call(\"loop\", m, 100) }";
    let _calls_itself = wild.spawn("hub", Program::new("wild", calls_itself)).await.unwrap();
    let fault = wild.call(&at("loop@@hub"), 1).await.unwrap_err();
    assert!(fault.to_string().contains("time"), "a call to oneself waits for itself: {fault}");
    ana.say("lobby", "still here").await.unwrap();
}

#[tokio::test]
async fn one_owner_cannot_fill_it() {
    let hub = TestHub::start_with(|config| config.rate_limit = None).await;
    let (greedy, modest) = (guest(&hub, "greedy").await, guest(&hub, "modest").await);
    let mut held = Vec::new();
    let refused = loop {
        match greedy.spawn("hub", example("factorial")).await {
            Ok(spawned) => held.push(spawned),
            Err(fault) => break fault,
        }
        assert!(held.len() <= 1_000, "there is a bound");
    };
    assert_eq!((held.len(), refused.code), (1_000, ErrorCode::Busy), "{refused}");
    assert!(modest.spawn("hub", example("factorial")).await.is_ok());
    // Each that ends makes room.
    greedy.exit(&held[0].address, Reason::Killed).unwrap();
    eventually("room for one more", async || greedy.spawn("hub", example("factorial")).await.ok()).await;
}

#[tokio::test]
async fn a_program_there_watches_the_store_and_sees_the_nodes() {
    let hub = TestHub::start_with(|config| config.programs = Programs::All).await;
    let ana = guest(&hub, "ana").await;
    let watches = "fn init(args) { watch(\"w/\"); print(nodes()); } fn handle(state, from, m) { print(m); state }";
    let mut watching = ana.spawn("hub", Program::new("watches", watches)).await.unwrap();
    let nodes = line(&mut watching).await;
    assert!(nodes.contains("hub@test") && nodes.contains(&ana.name().to_string()), "{nodes}");
    ana.store().put("other", 1).await.unwrap();
    ana.store().put("w/a", 5).await.unwrap();
    let put = line(&mut watching).await;
    assert!(put.contains("w/a") && put.contains('5'), "{put}");
    ana.store().remove("w/a").await.unwrap();
    assert!(line(&mut watching).await.contains("w/a"));
    let gets = "fn main(args) { [get(\"other\"), list(\"o\")] }";
    let got = ana.rpc("hub", Program::new("gets", gets)).await.unwrap();
    assert_eq!(got[0], json!(1), "{got}");
}

#[tokio::test]
async fn what_runs_there_goes_on_when_its_asker_goes_and_ends_with_the_hub() {
    let hub = TestHub::start_with(|config| config.programs = Programs::All).await;
    let (ana, bob) = (guest(&hub, "ana").await, guest(&hub, "bob").await);
    let idle = ana.spawn("hub", Program::new("idle", IDLE).registered("idle")).await.unwrap();
    ana.stop().await;
    drop(idle);
    assert_eq!(bob.call(&at("idle@@hub"), 1).await, Ok(json!(1)));
    let monitor = bob.monitor(&at("idle@@hub"));
    bob.ping("hub").await.unwrap();
    let hub = hub.restart().await;
    assert_eq!(timeout(DEADLINE, monitor).await.unwrap(), Reason::NodeDown);
    assert!(timeout(DEADLINE, bob.online()).await.unwrap());
    assert_eq!(bob.call(&at("idle@@hub"), 1).await.unwrap_err().code, ErrorCode::NoSuchProcess);
    drop(hub);
}
