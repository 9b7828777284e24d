//! A screen reader reads out what is said, and not what was said before.

use e2e::{Person, Role, eventually, play_with};
use serde_json::json;

/// Notes of each line that comes into a page, from its very first on, whether the log was busy.
const LINES: &str = "
    window.came = [];
    new MutationObserver(changes => {
        for (const { addedNodes } of changes) for (const added of addedNodes) {
            if (!added.dataset?.seq) continue;
            window.came.push([Number(added.dataset.seq), added.closest('[role=log]')?.ariaBusy === 'true']);
        }
    }).observe(document, { childList: true, subtree: true });";

async fn is_quiet(person: &Person) {
    person.browser.until("it is quiet", "return document.querySelector('[role=log]').ariaBusy !== 'true'").await;
}

#[test]
fn lines_that_come_by_scrolling_or_by_going_elsewhere_come_while_the_log_is_busy_and_new_ones_do_not() {
    play_with(&["--rate-limit", "off"], async |stage| {
        let (bob, said) = stage.flooded("bob", 600).await;
        let ana = stage.person("ana").await;
        ana.browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": LINES })).await;
        ana.opens(stage.hub().link()).await;
        ana.joins_as("ana").await;
        ana.sees("bob", "line 600").await;
        let log = ana.browser.the(Role::Log, "lobby").await;
        eventually("the first line", async || {
            ana.browser.wheel(&log, -1_500).await;
            Ok(ana.lines().await.first().is_some_and(|first| first.seq == said[0]).then_some(()))
        })
        .await;
        ana.browser.click(Role::Button, "To the newest line").await;
        ana.sees("bob", "line 600").await;
        // A room in which nothing was said, and its first line.
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        bob.join("cellar").await.expect("a room");
        ana.reads("bob has joined").await;
        is_quiet(&ana).await;
        let first = bob.say("cellar", "the first").await.expect("a line said").seq;
        ana.sees("bob", "the first").await;
        ana.goes_to("lobby").await;
        ana.sees("bob", "line 600").await;
        is_quiet(&ana).await;
        let latest = bob.say("lobby", "the latest").await.expect("a line said").seq;
        ana.sees("bob", "the latest").await;

        let came: Vec<(u64, bool)> = ana.browser.eval("return window.came", Vec::new()).await;
        assert!(said.iter().all(|seq| came.iter().any(|(other, _)| other == seq)), "all were in the page");
        let mut read_out: Vec<u64> = came.iter().filter(|(_, busy)| !busy).map(|(seq, _)| *seq).collect();
        read_out.dedup();
        assert_eq!(read_out, [first, latest]);
    });
}
