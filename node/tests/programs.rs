//! The programs of the texts that Hubbub comes from, across native nodes and the hub: what they print, and where; and what
//! the others see when a node goes in the middle of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

mod world;

use std::sync::Arc;

use node::{Client, Program, Programs, Spawned};
use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::process::{Limit, Reason};
use world::{World, at, in_time};

/// One of the programs that come with Hubbub.
fn example(name: &str) -> Program {
    Program::example(name).unwrap()
}

/// A node that runs the programs that come with Hubbub for everyone.
async fn open(world: &World, name: &str) -> Client {
    let node = world.node(name).await;
    node.run_programs(Programs::Examples);
    node
}

/// The next lines, each behind the local name of the node that printed it.
async fn lines(spawned: &mut Spawned, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.len() < count {
        let printed = in_time(spawned.output.next()).await.unwrap();
        lines.push(format!("{}: {}", printed.from.node.local(), printed.text));
    }
    lines
}

#[tokio::test]
async fn what_runs_elsewhere_prints_here_and_names_the_node_that_runs_it() {
    let world = World::start().await;
    let (one, _two) = (world.node("one").await, open(&world, "two").await);
    for (node, full) in [("hub", "hub@test"), ("two", "two@test"), ("one", "one@test")] {
        let mut hello = one.spawn(node, example("hello")).await.unwrap();
        assert_eq!(hello.address.node.to_string(), full);
        assert_eq!(lines(&mut hello, 1).await, [format!("{node}: hello from {full}")]);
        assert_eq!(in_time(hello.ended).await, Reason::Normal);
        assert_eq!(one.rpc(node, example("hello")).await, Ok(json!(full)), "and what it returns is here as well");
    }
    // By a further node: all that it and its own print is here.
    let mut hello = one.spawn("hub", example("hello").with(["two"])).await.unwrap();
    let expected = ["two: hello from two@test", "two: hello from two@test", "hub: it ran on two@test"];
    assert_eq!(lines(&mut hello, 3).await, expected);
    assert_eq!(in_time(hello.ended).await, Reason::Normal);
}

#[tokio::test]
async fn ping_pong_on_two_machines() {
    let world = World::start().await;
    let (one, two) = (world.node("one").await, world.node("two").await);
    let mut pong = two.spawn("two", example("pong")).await.unwrap();
    let mut ping = one.spawn("one", example("ping").with(["two"])).await.unwrap();
    let expected =
        ["one: Ping received pong", "one: Ping received pong", "one: Ping received pong", "one: Ping finished"];
    assert_eq!(lines(&mut ping, 4).await, expected);
    let expected =
        ["two: Pong received ping", "two: Pong received ping", "two: Pong received ping", "two: Pong finished"];
    assert_eq!(lines(&mut pong, 4).await, expected);
    assert_eq!((in_time(ping.ended).await, in_time(pong.ended).await), (Reason::Normal, Reason::Normal));
}

#[tokio::test]
async fn ping_pong_begun_by_one_call_prints_where_the_call_was_made() {
    let world = World::start().await;
    let (one, _two) = (world.node("one").await, open(&world, "two").await);
    for elsewhere in ["two", "hub"] {
        let mut start = one.spawn("one", example("start").with([elsewhere])).await.unwrap();
        let mut printed = lines(&mut start, 8).await;
        assert_eq!(in_time(start.ended).await, Reason::Normal);
        printed.sort_unstable();
        let mut expected = vec!["one: Ping finished".to_owned(), format!("{elsewhere}: Pong finished")];
        expected.extend(vec!["one: Ping received pong".to_owned(); 3]);
        expected.extend(vec![format!("{elsewhere}: Pong received ping"); 3]);
        expected.sort_unstable();
        assert_eq!(printed, expected);
    }
}

#[tokio::test]
async fn a_factorial_server_crashes_alone_and_is_started_anew() {
    let world = World::start().await;
    let one = world.node("one").await;
    for node in ["one", "hub"] {
        let mut factorials = one.spawn(node, example("factorials")).await.unwrap();
        let printed = lines(&mut factorials, 8).await;
        let printed: Vec<_> = printed.iter().map(|line| line.split_once(": ").unwrap().1).collect();
        assert_eq!(printed[..3], ["[120, 0]", "[120, 1]", "[6, 0]"], "{node}");
        assert!(printed[3].contains("line"), "the reason names the line: {}", printed[3]);
        assert_eq!(printed[4..], ["another process: true", "[120, 0]", "[24, 1]", "[6, 0]"], "{node}");
        assert_eq!(in_time(factorials.ended).await, Reason::Normal);
    }
}

#[tokio::test]
async fn a_server_written_in_rhai_is_called_from_rust() {
    let world = World::start().await;
    let one = world.node("one").await;
    let _server = one.spawn("hub", example("factorial").registered("factorial")).await.unwrap();
    assert_eq!(one.call(&at("factorial@@hub"), 5).await, Ok(json!([120, 0])));
    assert_eq!(one.call(&at("factorial@@hub"), 5).await, Ok(json!([120, 1])));
    let fault = one.call(&at("factorial@@hub"), "hello").await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::Exited);
    assert!(matches!(fault.reason, Some(Reason::Error(ref words)) if words.contains("line")), "{fault:?}");
}

#[tokio::test]
async fn the_map_is_the_same_on_three_nodes() {
    let world = World::start().await;
    let (one, _two) = (world.guest("one", "ana").await, world.node("two").await);
    let mut session = one.spawn("one", example("map_session").with(["two", "hub"])).await.unwrap();
    let expected = ["one: a is 5 here", "one: b is two on two, and two here", "one: b is hub on hub, and hub here"];
    assert_eq!(lines(&mut session, 3).await, expected);
    assert_eq!(in_time(session.ended).await, Reason::Normal);

    // The texts' own server, on one node.
    let _server = one.spawn("hub", example("map_server").with(["my_map"])).await.unwrap();
    assert_eq!(one.call(&at("my_map@@hub"), json!(["put", "a", 5])).await, Ok(json!("ok")));
    assert_eq!(one.call(&at("my_map@@hub"), json!(["get", "a"])).await, Ok(json!(5)));
}

#[tokio::test]
async fn a_node_that_is_lost_in_the_middle_is_seen_and_the_others_go_on() {
    let world = World::start().await;
    let (one, two) = (world.node("one").await, open(&world, "two").await);
    let mut start = one.spawn("one", example("start").with(["two"])).await.unwrap();
    let monitor = one.monitor_node("two").unwrap();
    assert_eq!(lines(&mut start, 1).await.len(), 1, "it is under way");
    two.stop().await;
    assert_eq!(in_time(monitor).await, Reason::NodeDown);
    // Ping may have been done by then; who had not ends, and so does all of it.
    assert_eq!(in_time(start.ended).await, Reason::Normal);

    // A server on it that was being called, and a program that was to come back.
    let two = open(&world, "third").await;
    let forever = "fn main(args) { receive(); }";
    two.run_programs(Programs::All);
    let lost = one.spawn("third", Program::new("forever", forever)).await.unwrap();
    let one_again = one.clone();
    let value = tokio::spawn(async move { one_again.rpc("third", Program::new("forever", forever)).await });
    one.ping("third").await.unwrap();
    two.stop().await;
    assert_eq!(in_time(lost.ended).await, Reason::NodeDown);
    assert_eq!(in_time(value).await.unwrap().unwrap_err().code, ErrorCode::NodeDown);
}

#[tokio::test]
async fn a_node_runs_for_others_what_it_was_told_to_and_nothing_else() {
    let world = World::start().await;
    let (ana, bob) = (world.guest("one", "ana").await, world.guest("two", "bob").await);
    let further = world.further("three", &ana).await;
    let own = Program::new("own", "fn main(args) { node() }");
    let refused =
        async |asker: &Client, program: &Program| asker.rpc("one", program.clone()).await.err().map(|fault| fault.code);
    let no = Some(ErrorCode::NotAllowed);

    assert_eq!(refused(&bob, &example("hello")).await, no, "nothing, before it was told");
    ana.run_programs(Programs::Examples);
    assert_eq!((refused(&bob, &example("hello")).await, refused(&bob, &own).await), (None, no));
    ana.run_programs(Programs::Own);
    assert_eq!((refused(&further, &own).await, refused(&bob, &own).await), (None, no));
    ana.run_programs(Programs::Ask(Arc::new(|who, _| who.nick.as_deref() == Some("bob"))));
    assert_eq!((refused(&further, &own).await, refused(&bob, &own).await), (no, None));
    ana.run_programs(Programs::All);
    assert_eq!(refused(&bob, &own).await, None);
    ana.run_programs(Programs::None);
    assert_eq!(refused(&bob, &own).await, no);
    assert_eq!(refused(&ana, &own).await, None, "what it runs for itself needs no leave");
}

#[tokio::test]
async fn what_breaks_a_bound_ends_with_its_name_and_nobody_else_does() {
    let world = World::start().await;
    let one = world.node("one").await;
    let _bystander = one.spawn("one", example("factorial").registered("bystander")).await.unwrap();
    for (source, limit) in [
        ("fn main(args) { loop { } }", Limit::Operations),
        ("fn f(n) { f(n + 1) } fn main(args) { f(0) }", Limit::Depth),
        ("fn main(args) { let a = [0]; loop { a += a; } }", Limit::Size),
    ] {
        let reason = one.rpc("one", Program::new("bad", source)).await.unwrap_err().reason;
        // A machine that is busy with other things gets to the end of its time first.
        let ends = [limit, Limit::Time].map(|limit| Some(Reason::Limit(limit)));
        assert!(ends.contains(&reason), "{source}: {reason:?}");
    }
    assert_eq!(one.call(&at("bystander@@one"), 5).await, Ok(json!([120, 0])));

    let crashed = one.spawn("one", Program::new("bad", "fn init(args) { 1 + () }")).await.unwrap_err();
    assert_eq!(crashed.code, ErrorCode::Exited);
    assert!(matches!(crashed.reason, Some(Reason::Error(_))), "{crashed:?}");
    let unread = one.spawn("one", Program::new("bad", "fn init(args) {")).await.unwrap_err();
    assert!(matches!(unread.reason, Some(Reason::Error(_))), "{unread:?}");
}

#[tokio::test]
async fn only_those_who_may_end_a_process() {
    let world = World::start().await;
    let (ana, bob) = (world.guest("one", "ana").await, world.guest("two", "bob").await);
    let further = world.further("three", &ana).await;
    let server = ana.spawn("hub", example("factorial").registered("hers")).await.unwrap();
    bob.exit(&server.address, Reason::Killed).unwrap();
    assert_eq!(bob.call(&at("hers@@hub"), 5).await, Ok(json!([120, 0])), "it is not his");
    let by_name = bob.exit(&at("hers@@hub"), Reason::Killed).unwrap_err();
    assert_eq!(by_name.code, ErrorCode::BadMessage, "names are known where they are alone");
    further.exit(&server.address, Reason::Killed).unwrap();
    assert_eq!(in_time(server.ended).await, Reason::Killed, "her other node may");
    assert_eq!(bob.call(&at("hers@@hub"), 5).await.unwrap_err().code, ErrorCode::NoSuchProcess);
}

#[tokio::test]
async fn a_program_of_somebody_else_speaks_and_writes_for_nobody() {
    let world = World::start().await;
    let (ana, bob) = (world.guest("one", "ana").await, world.guest("two", "bob").await);
    ana.run_programs(Programs::All);
    let says = "fn main(args) { call(\"message_server@@hub\", #{ type: \"say\", room: \"lobby\", text: \"hi\" }) }";
    let puts = "fn main(args) { put(\"a\", 1) }";
    let asks = "fn main(args) { call(\"map_server@@one\", #{ put: \"a\", value: 1 }) }";
    for source in [says, puts, asks] {
        let fault = bob.rpc("one", Program::new("guest", source)).await.unwrap_err();
        let words = format!("{fault:?}");
        assert!(words.contains("may not") || words.contains("Nobody"), "{source}: {words}");
    }
    // Her own do.
    let said = ana.rpc("one", Program::new("own", says)).await.unwrap();
    assert!(said["seq"].as_u64() > Some(0), "{said}");
    assert!(ana.rpc("one", Program::new("own", puts)).await.unwrap().as_u64() > said["seq"].as_u64());
    assert_eq!(bob.call(&at("map_server@@one"), json!({ "get": "a" })).await.unwrap()["value"], json!(1));
}

#[tokio::test]
async fn a_program_sees_the_nodes_and_watches_the_store() {
    let world = World::start().await;
    let ana = world.guest("one", "ana").await;
    let names = ana.rpc("one", Program::new("names", "fn main(args) { nodes() }")).await.unwrap();
    let names: Vec<_> = names.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(names, ["hub@test", "one@test"]);
    let watches = "fn init(args) { watch(\"w/\"); print(\"watching\"); } fn handle(state, from, m) { print(m); state }";
    let mut watching = ana.spawn("one", Program::new("watches", watches)).await.unwrap();
    assert_eq!(lines(&mut watching, 1).await, ["one: watching"]);
    ana.store().put("w/a", 5).await.unwrap();
    let line = lines(&mut watching, 1).await.remove(0);
    assert!(line.contains("w/a") && line.contains('5'), "{line}");
}
