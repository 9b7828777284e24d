//! A room of very many lines is read as easily as a small one: the page holds those near what one reads, and nothing
//! jumps, is missing, or comes twice.

use std::collections::BTreeSet;

use e2e::{Person, Role, eventually, play_with};

/// Said faster than a person may.
const UNLIMITED: [&str; 2] = ["--rate-limit", "off"];

/// Far more than are in the page at once.
const MANY: usize = 1_000;

/// Rows that may be in the page: twice what is drawn at the end of a window of that height, and some notices.
const MOST_ROWS: usize = 260;

/// Pixels that the wheel turns by: less than what is drawn ahead.
const TURN: i64 = 900;

/// The lines in the page, checked.
async fn drawn(person: &Person) -> Vec<u64> {
    let lines: Vec<u64> = person.lines().await.into_iter().map(|line| line.seq).collect();
    assert!(lines.is_sorted_by(|one, next| one < next), "in order, and each once");
    assert!(lines.len() <= MOST_ROWS, "{} rows in the page", lines.len());
    lines
}

#[test]
fn all_of_it_is_read_up_and_down_again() {
    play_with(&UNLIMITED, async |stage| {
        let (_bob, said) = stage.flooded("bob", MANY).await;
        let ana = stage.guest("ana").await;
        ana.sees("bob", &format!("line {MANY}")).await;
        let log = ana.browser.the(Role::Log, "lobby").await;
        let mut seen = BTreeSet::new();
        eventually("the first line", async || {
            let lines = drawn(&ana).await;
            seen.extend(lines.iter().copied());
            ana.browser.wheel(&log, -TURN).await;
            Ok((lines.first() == Some(&said[0])).then_some(()))
        })
        .await;
        assert_eq!(seen.iter().copied().collect::<Vec<_>>(), said, "on the way up");
        seen.clear();
        eventually("the last line", async || {
            let lines = drawn(&ana).await;
            seen.extend(lines.iter().copied());
            ana.browser.wheel(&log, TURN).await;
            Ok((lines.last() == said.last()).then_some(()))
        })
        .await;
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), said, "on the way down");
    });
}

#[test]
fn the_button_leads_from_far_up_to_the_newest_line() {
    play_with(&UNLIMITED, async |stage| {
        let (bob, said) = stage.flooded("bob", MANY).await;
        let ana = stage.guest("ana").await;
        ana.sees("bob", &format!("line {MANY}")).await;
        let log = ana.browser.the(Role::Log, "lobby").await;
        eventually("lines far up", async || {
            ana.browser.wheel(&log, -4_000).await;
            Ok(drawn(&ana).await.first().is_some_and(|first| *first < said[MANY / 2]).then_some(()))
        })
        .await;
        bob.say("lobby", "the latest").await.expect("a line said");
        ana.browser.click(Role::Button, "1 new below").await;
        ana.sees("bob", "the latest").await;
        ana.has_unread("lobby", 0).await;
        assert!(ana.browser.find(Role::Button, "To the newest line").await.is_none());
        drawn(&ana).await;
    });
}
