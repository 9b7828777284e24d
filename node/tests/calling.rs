//! Calls and casts between native nodes over a real hub: each ends in exactly one way, and order is kept.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that finds what it did not expect stops there")]

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use node::Received;
use serde_json::{Value, json};
use shared::message::ErrorCode;
use shared::process::Reason;
use shared::session::Phase;
use world::{World, at, in_time};

#[tokio::test]
async fn a_call_brings_what_the_handler_gives_back() {
    let world = World::start().await;
    let (calc, asker) = (world.node("calc").await, world.node("asker").await);
    calc.serve("factorial", async |received: Received| {
        let n = received.message.as_u64().ok_or("a whole number, please")?;
        Ok(json!((1..=n).product::<u64>()))
    })
    .unwrap();
    assert_eq!(asker.call(&at("factorial@@calc"), 5).await, Ok(json!(120)));
    assert_eq!(asker.call(&at("factorial@@calc@test"), 3).await, Ok(json!(6)), "by its full name as well");
    assert_eq!(calc.call(&at("factorial@@calc"), 4).await, Ok(json!(24)), "a neighbour is called as one far away");

    let fault = asker.call(&at("factorial@@calc"), "hello").await.unwrap_err();
    assert!(fault.message.contains("a whole number, please"), "{fault:?}");
}

#[tokio::test]
async fn the_callee_learns_from_the_hub_who_calls() {
    let world = World::start().await;
    let (server, asker) = (world.node("server").await, world.guest("asker", "ana").await);
    server
        .serve("who", async |received: Received| {
            Ok(json!({ "node": received.from.node, "nick": received.who.nick, "owned": received.who.owner.is_some() }))
        })
        .unwrap();
    let told = asker.call(&at("who@@server"), Value::Null).await.unwrap();
    assert_eq!(told, json!({ "node": "asker@test", "nick": "ana", "owned": true }));
    let told = world.node("nobody").await.call(&at("who@@server"), Value::Null).await.unwrap();
    assert_eq!(told, json!({ "node": "nobody@test", "nick": null, "owned": false }));
}

#[tokio::test]
async fn each_way_in_which_a_call_can_fail_has_its_name() {
    let world = World::start().await;
    let (server, asker) = (world.node("server").await, world.node("asker").await);
    let code = async |to: &str| asker.call_within(&at(to), 1, Duration::from_millis(300)).await.unwrap_err().code;

    assert_eq!(code("nobody@@server").await, ErrorCode::NoSuchProcess);
    assert_eq!(code("nobody@@nowhere").await, ErrorCode::NoSuchNode);
    assert_eq!(code("k3f7.7@@server").await, ErrorCode::NoSuchProcess, "a pid of an earlier life");

    let mut silent = server.register("silent").unwrap();
    let kept = tokio::spawn(async move { (silent.next().await, silent) });
    assert_eq!(code("silent@@server").await, ErrorCode::Timeout);
    let (received, silent) = kept.await.unwrap();

    // The answer that is too late is nobody's.
    received.unwrap().reply.unwrap().ok("late");
    assert_eq!(code("silent@@server").await, ErrorCode::Timeout);

    drop(silent);
    assert_eq!(code("silent@@server").await, ErrorCode::NoSuchProcess);
}

#[tokio::test]
async fn a_process_that_ends_before_it_answers_is_told_with_its_reason() {
    let world = World::start().await;
    let (server, asker) = (world.node("server").await, world.node("asker").await);

    let mut brief = server.register("brief").unwrap();
    tokio::spawn(async move {
        let _unanswered = brief.next().await;
        drop(brief);
    });
    let fault = asker.call(&at("brief@@server"), 1).await.unwrap_err();
    assert_eq!((fault.code, fault.reason), (ErrorCode::Exited, Some(Reason::Normal)));

    server.serve("clumsy", async |_: Received| -> Result<Value, String> { panic!("out of cheese") }).unwrap();
    let fault = asker.call(&at("clumsy@@server"), 1).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::Exited);
    assert!(matches!(fault.reason, Some(Reason::Error(_))), "{fault:?}");
    let fault = asker.call(&at("clumsy@@server"), 1).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::NoSuchProcess, "its name is free again");
}

#[tokio::test]
async fn a_call_that_is_let_go_of_without_an_answer_ends_at_the_caller() {
    let world = World::start().await;
    let (server, asker) = (world.node("server").await, world.node("asker").await);
    let mut mailbox = server.register("forgetful").unwrap();
    let answering = tokio::spawn(async move {
        drop(mailbox.next().await.unwrap());
        mailbox.next().await.unwrap().reply.unwrap().ok("second");
    });
    assert_eq!(asker.call(&at("forgetful@@server"), 1).await.unwrap_err().code, ErrorCode::Exited);
    assert_eq!(asker.call(&at("forgetful@@server"), 2).await, Ok(json!("second")), "the process goes on");
    answering.await.unwrap();
}

#[tokio::test]
async fn answers_may_come_in_another_order_than_calls() {
    let world = World::start().await;
    let (server, asker) = (world.node("server").await, world.node("asker").await);
    let mut mailbox = server.register("late").unwrap();
    let answering = tokio::spawn(async move {
        let first = mailbox.next().await.unwrap();
        let second = mailbox.next().await.unwrap();
        second.reply.unwrap().ok(second.message);
        first.reply.unwrap().ok(first.message);
    });
    let to = at("late@@server");
    let (one, two) = tokio::join!(asker.call(&to, 1), asker.call(&to, 2));
    assert_eq!((one, two), (Ok(json!(1)), Ok(json!(2))));
    answering.await.unwrap();
}

#[tokio::test]
async fn casts_keep_their_order_however_many_there_are() {
    const CASTS: u64 = 5_000;
    let world = World::start().await;
    let (server, sender) = (world.node("server").await, world.node("sender").await);
    let mut mailbox = server.register("counter").unwrap();
    let counting = tokio::spawn(async move {
        for expected in 0..CASTS {
            let received = mailbox.next().await.unwrap();
            assert_eq!((received.message, received.reply.is_some()), (json!(expected), false));
        }
    });
    let to = at("counter@@server");
    for number in 0..CASTS {
        sender.send(&to, number).await.unwrap();
    }
    in_time(counting).await.unwrap();
}

#[tokio::test]
async fn whoever_sends_faster_than_the_other_takes_waits() {
    let world = World::start().await;
    let (server, sender) = (world.node("server").await, world.node("sender").await);
    let mut mailbox = server.register("slow").unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let sending = tokio::spawn({
        let (sender, to, sent) = (sender.clone(), at("slow@@server"), Arc::clone(&sent));
        async move {
            for number in 0..3_000 {
                sender.send(&to, number).await.unwrap();
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    // Nobody takes: what may be on its way and in the mailbox fills up, and no more is sent. Pings go past all that.
    for _ in 0..20 {
        sender.ping("server").await.unwrap();
    }
    let before = sent.load(Ordering::Relaxed);
    assert!((256..1_500).contains(&before), "{before} were sent to a process that takes nothing");
    for expected in 0..3_000 {
        assert_eq!(in_time(mailbox.next()).await.unwrap().message, json!(expected));
    }
    in_time(sending).await.unwrap();
}

#[tokio::test]
async fn what_no_message_may_be_is_refused_where_it_is_said() {
    let world = World::start().await;
    let (server, sender) = (world.node("server").await, world.node("sender").await);
    let _mailbox = server.register("p").unwrap();
    let to = at("p@@server");
    assert_eq!(sender.send(&to, "x".repeat(40_000)).await.unwrap_err().code, ErrorCode::BadMessage);
    let deep = (0..100).fold(Value::Null, |inner, _| json!([inner]));
    assert_eq!(sender.call(&to, deep).await.unwrap_err().code, ErrorCode::BadMessage);
    for name in ["", "a b", "k3f9.7", &"x".repeat(65)] {
        assert_eq!(server.register(name).unwrap_err().code, ErrorCode::BadMessage, "{name}");
    }
    assert!(server.register("p").is_err(), "the name is taken");
    for name in ["node", "map_server", "message_handler", "message_server", "hub", "system", "console"] {
        assert!(server.register(name).is_err(), "{name} is not to be had");
    }
}

#[tokio::test]
async fn a_node_that_goes_in_the_middle_of_a_call_ends_it_once() {
    let world = World::start().await;
    let (server, asker) = (world.node("server").await, world.node("asker").await);
    let mut mailbox = server.register("held").unwrap();
    let to = at("held@@server");
    let call = tokio::spawn({
        let asker = asker.clone();
        async move { asker.call(&to, 1).await }
    });
    let _held = in_time(mailbox.next()).await.unwrap();
    server.stop().await;
    assert_eq!(in_time(call).await.unwrap().unwrap_err().code, ErrorCode::NodeDown);
    let code = asker.call(&at("held@@server"), 1).await.unwrap_err().code;
    assert_eq!(code, ErrorCode::NodeDown, "within its lease it is away");
}

#[tokio::test]
async fn without_a_hub_nobody_is_reached_and_neighbours_are() {
    let world = World::start().await;
    let node = world.node("lonely").await;
    node.serve("echo", async |received: Received| Ok(received.message)).unwrap();
    world.hub.stop().await;
    in_time(node.phase().wait_for(|phase| *phase != Phase::Online)).await.unwrap();
    assert_eq!(node.call(&at("echo@@hub"), 1).await.unwrap_err().code, ErrorCode::NodeDown);
    assert_eq!(node.call(&at("echo@@lonely"), 1).await, Ok(json!(1)));
}

#[tokio::test]
async fn answers_find_the_process_that_sent() {
    let world = World::start().await;
    let (one, two) = (world.node("one").await, world.node("two").await);
    let mut ping = one.register("ping").unwrap();
    let mut pong = two.register("pong").unwrap();
    let playing = tokio::spawn(async move {
        while let Some(received) = pong.next().await {
            if received.message == "finished" {
                return;
            }
            pong.send(&received.from, "pong").await.unwrap();
        }
    });
    for _ in 0..3 {
        ping.send(&at("pong@@two"), "ping").await.unwrap();
        assert_eq!(in_time(ping.next()).await.unwrap().message, "pong");
    }
    ping.send(&at("pong@@two"), "finished").await.unwrap();
    in_time(playing).await.unwrap();
}
