//! A page that was put to sleep has missed nothing when it wakes.

use e2e::{Person, play_with};
use futures_util::future::try_join_all;
use node::Node;

/// Said faster than a person may.
const UNLIMITED: [&str; 2] = ["--rate-limit", "off"];

/// More than any queue holds.
const MANY: usize = 5_000;

/// Under way at once.
const AT_ONCE: usize = 50;

/// Says them all, and gives each with its place in the log.
async fn say_many(node: &Node, many: usize) -> Vec<(u64, String)> {
    let mut said = Vec::new();
    for from in (1..=many).step_by(AT_ONCE) {
        let texts: Vec<String> =
            (from..(from + AT_ONCE).min(many + 1)).map(|number| format!("line {number}")).collect();
        let sent = try_join_all(texts.iter().map(|text| node.say("lobby", text))).await.expect("lines said");
        said.extend(sent.into_iter().map(|sent| sent.seq).zip(texts));
    }
    said
}

/// All that bob said from that position on, as the person reads it on scrolling up.
async fn heard(person: &Person, from: u64) -> Vec<(u64, String)> {
    let lines = person.reads_back_to(from).await;
    lines.into_iter().filter(|line| line.from == "bob").map(|line| (line.seq, line.text)).collect()
}

#[test]
fn a_tab_that_slept_while_five_thousand_lines_passed_shows_exactly_those() {
    play_with(&UNLIMITED, async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.sees_person("bob", "online").await;
        bob.say("lobby", "good night").await.expect("a line said");
        let before = ana.sees("bob", "good night").await;

        ana.browser.freeze().await;
        let said = say_many(&bob, MANY).await;
        ana.browser.wake().await;

        let last = said.last().expect("many lines").1.clone();
        ana.sees("bob", &last).await;
        let mut all = vec![(before, "good night".to_owned())];
        all.extend(said);
        assert!(heard(&ana, before).await == all, "each once, in the log’s order, and no other");
        ana.is_connected().await;
        assert!(!ana.has_on_page("may be missing").await);
        // And one can go on at once.
        ana.says("good morning").await;
        ana.sees("ana", "good morning").await;
    });
}

#[test]
fn a_hub_that_is_started_again_meanwhile_makes_no_difference() {
    play_with(&UNLIMITED, async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.browser.expect_error("WebSocket connection to");
        ana.sees_person("bob", "online").await;
        let mut said = say_many(&bob, 3).await;
        ana.sees("bob", "line 3").await;
        ana.browser.freeze().await;
        said.extend(say_many(&bob, 300).await);
        stage.hub_mut().kill();
        stage.hub_mut().start_again();
        ana.browser.wake().await;
        ana.sees("bob", "line 300").await;
        assert_eq!(heard(&ana, said[0].0).await, said, "all of it");
    });
}
