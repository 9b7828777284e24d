mod scripts;

use shared::message::{Hello, ToHub};

use super::super::hub_node::{Ear, Heard as HubHears};
use super::super::stage::{Actor, Heard, Stage, says};
use super::*;
use crate::outbox::Answer;

/// What the hub's own node hears next of signals.
async fn hears(ear: &mut Ear) -> Heard {
    match ear.hear().await.expect("it is the hub's own node") {
        HubHears::Signal(mail) => {
            let words: String = serde_json::from_str(mail.payload.as_str()).unwrap();
            Heard::signal(&mail.sender.origin.node.to_string(), &words)
        }
        HubHears::Unreachable(unreachable) => Heard::Unreachable(unreachable.node, unreachable.why),
        HubHears::Down(down) => Heard::Down(down.node, down.why),
        HubHears::Ping { .. } => panic!("nobody was asked"),
    }
}

async fn hub_has_processes(actor: &mut Actor) -> bool {
    match actor.asks(ToHub::ListNodes { id: "1".to_owned(), follow: None }).await {
        Answer::Nodes(nodes) => nodes.nodes[0].processes,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_hub_is_a_node_like_any_other_once_it_has_processes() {
    let stage = Stage::set();
    let mut tab = stage.actor("tab").await;
    tab.sends("hub", true, "too early");
    assert_eq!(tab.hears().await, Heard::unreachable("hub", Why::NoProcesses));
    assert!(!hub_has_processes(&mut tab).await);

    let (voice, mut ear) = stage.handle.hub_node().await;
    assert!(hub_has_processes(&mut tab).await);
    tab.sends("hub@test", true, "one");
    tab.sends("hub", false, "two");
    assert_eq!(hears(&mut ear).await, Heard::signal("tab@test", "one"));
    assert_eq!(hears(&mut ear).await, Heard::signal("tab@test", "two"));
    voice.signal(says("tab", false, "it has not opened its own direction")).await;
    voice.signal(says("tab", true, "three")).await;
    assert_eq!(tab.hears().await, Heard::signal("hub@test", "three"));
    voice.signal(says("nobody", true, "x")).await;
    assert_eq!(hears(&mut ear).await, Heard::unreachable("nobody", Why::NoSuchNode));

    let session = Some(tab.session.clone());
    let mut tab = stage.enter(Hello { session, processes: true, ..Hello::default() }).await;
    assert_eq!(hears(&mut ear).await, Heard::down("tab@test", Why::Disconnected));
    tab.sends("hub", true, "four");
    assert_eq!(hears(&mut ear).await, Heard::signal("tab@test", "four"));
    drop(ear);
    assert_eq!(tab.hears().await, Heard::down("hub@test", Why::Disconnected));
    assert!(!hub_has_processes(&mut tab).await);
}

#[tokio::test]
async fn another_of_the_hub_s_own_nodes_takes_over() {
    let stage = Stage::set();
    let mut tab = stage.actor("tab").await;
    let (_, mut former) = stage.handle.hub_node().await;
    tab.sends("hub", true, "one");
    assert_eq!(hears(&mut former).await, Heard::signal("tab@test", "one"));
    let (_, mut later) = stage.handle.hub_node().await;
    assert_eq!(tab.hears().await, Heard::down("hub@test", Why::Disconnected));
    assert!(matches!(former.hear().await, Some(HubHears::Down(_))));
    assert!(former.hear().await.is_none());
    drop(former);
    tab.sends("hub", true, "two");
    assert_eq!(hears(&mut later).await, Heard::signal("tab@test", "two"));
}

#[tokio::test]
async fn the_hub_s_own_node_is_not_flooded() {
    const MOST: usize = 512;
    let stage = Stage::set();
    let (_voice, mut ear) = stage.handle.hub_node().await;
    let mut tab = stage.actor("tab").await;
    let mut bystander = stage.actor("bystander").await;
    let mut sent = 0;
    let broken = loop {
        for _ in 0..100 {
            tab.sends("hub", sent == 0, &sent.to_string());
            sent += 1;
        }
        match tab.heard_by_now().await {
            heard if heard.is_empty() => assert!(sent <= MOST, "{sent}"),
            heard => break heard,
        }
    };
    assert_eq!(broken, [Heard::down("hub@test", Why::Full)]);
    tab.sends("hub", true, "anew");
    assert_eq!(tab.hears().await, Heard::unreachable("hub", Why::Full));
    bystander.sends("hub", true, "there is room for others");
    assert_eq!(bystander.heard_by_now().await, []);
    for n in 0..MOST {
        assert_eq!(hears(&mut ear).await, Heard::signal("tab@test", &n.to_string()));
    }
    assert_eq!(hears(&mut ear).await, Heard::down("tab@test", Why::Full));
    assert_eq!(hears(&mut ear).await, Heard::signal("bystander@test", "there is room for others"));
    tab.sends("hub", true, "now");
    assert_eq!(hears(&mut ear).await, Heard::signal("tab@test", "now"));
}

#[tokio::test]
async fn a_node_has_only_so_many_ties_and_a_place_is_free_when_one_breaks() {
    let stage = Stage::set();
    let mut hoarder = stage.actor("hoarder").await;
    let mut others = Vec::new();
    for n in 0..=MAX_TIES {
        others.push(stage.actor(&format!("n{n}")).await);
    }
    for n in 0..MAX_TIES {
        hoarder.sends(&format!("n{n}"), true, "hello");
        if n % 500 == 0 {
            assert_eq!(hoarder.heard_by_now().await, []);
        }
    }
    assert_eq!(hoarder.heard_by_now().await, []);
    let mut last = others.pop().unwrap();
    hoarder.sends(&format!("n{MAX_TIES}"), true, "one more");
    assert_eq!(hoarder.hears().await, Heard::unreachable(&format!("n{MAX_TIES}"), Why::TooManyTies));
    last.sends("hoarder", true, "me too");
    assert_eq!(last.hears().await, Heard::unreachable("hoarder", Why::TooManyTies));
    let first = others.swap_remove(0);
    first.sends("hoarder", true, "I am one of them");
    assert_eq!(hoarder.hears().await, Heard::signal("n0@test", "I am one of them"));
    drop(first);
    assert_eq!(hoarder.hears().await, Heard::down("n0@test", Why::Disconnected));
    last.sends("hoarder", true, "now");
    assert_eq!(hoarder.hears().await, Heard::signal(&format!("n{MAX_TIES}@test"), "now"));
}

/// Even while the older one still has something to say.
#[tokio::test]
async fn what_an_older_connection_says_is_passed_over() {
    let stage = Stage::set();
    let (former, mut other) = (stage.actor("tab").await, stage.actor("other").await);
    former.sends("other", true, "one");
    assert_eq!(other.hears().await, Heard::signal("tab@test", "one"));
    let session = Some(former.session.clone());
    let later = stage.enter(Hello { session, processes: true, ..Hello::default() }).await;
    assert_eq!(other.hears().await, Heard::down("tab@test", Why::Disconnected));
    former.sends("other", true, "of before");
    later.sends("other", true, "two");
    former.sends("other", false, "of before");
    assert_eq!(other.hears().await, Heard::signal("tab@test", "two"));
    drop(former); // its end is not the node's
    assert_eq!(other.heard_by_now().await, []);
    later.sends("other", false, "three");
    assert_eq!(other.hears().await, Heard::signal("tab@test", "three"));
}

#[tokio::test]
async fn idle_nodes_hold_nothing_of_ties_that_broke() {
    let stage = Stage::set();
    let (one, mut other) = (stage.actor("one").await, stage.actor("other").await);
    one.sends("other", true, "hello");
    assert_eq!(other.hears().await, Heard::signal("one@test", "hello"));
    drop(one);
    assert_eq!(other.hears().await, Heard::down("one@test", Why::Disconnected));
    other.sends("one", false, "nobody hears it");
    assert_eq!(other.heard_by_now().await, []);
}
