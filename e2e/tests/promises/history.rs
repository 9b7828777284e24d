//! Older lines come when they are wanted, and the view stays where it is.

use std::collections::BTreeSet;

use e2e::keys::{HOME, SHIFT, TAB};
use e2e::{Person, Role, Stage, eventually, play_with};
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::json;

/// Said faster than a person may.
const UNLIMITED: [&str; 2] = ["--rate-limit", "off"];

/// Several pages of history.
const MANY: usize = 260;

/// More than is drawn at a time.
const FLOOD: usize = 1_000;

/// Lines of it that are under way at once.
const AT_ONCE: usize = 50;

/// Scrolls to so much of the way down. From then on, where the line first in view is in each frame, as it was
/// painted: looked at in a task of its own behind the frame's, since within it things may still be put right.
/// (A line is where the figures of its time are: what is drawn above them, the heading of a day or the space at the
/// head of a block, goes when older lines come before it.)
const FOLLOW: &str = "
    const log = document.querySelector('[role=log]');
    log.scrollTop = (log.scrollHeight - log.clientHeight) * arguments[0];
    const edge = log.getBoundingClientRect().top;
    const place = line => {
        const figures = document.createRange();
        figures.selectNodeContents(line.querySelector('time'));
        return figures.getBoundingClientRect().top - edge;
    };
    const { seq } = [...log.querySelectorAll('[data-seq]')].find(line => place(line) >= 0).dataset;
    const top = () => {
        const line = log.querySelector(`[data-seq='${seq}']`);
        return line ? place(line) : null;
    };
    window.followed = { start: top(), tops: [] };
    const painted = new MessageChannel();
    painted.port1.onmessage = () => window.followed.tops.push(top());
    const frame = () => { painted.port2.postMessage(0); requestAnimationFrame(frame); };
    requestAnimationFrame(frame);";

#[derive(Debug, Deserialize)]
struct Followed {
    start: f64,
    /// None where the line was not on the page at all.
    tops: Vec<Option<f64>>,
}

/// More stops of Tab than there are between the composer and the log.
const STOPS: usize = 10;

/// Pixels that rounding may move a line by.
const STILL: f64 = 2.0;

async fn stays(person: &Person) {
    let Followed { start, tops } = person.browser.eval("return window.followed", Vec::new()).await;
    assert!(tops.len() > 2, "some frames were painted");
    for top in &tops {
        let top = top.expect("the line read stays on the page");
        assert!((top - start).abs() <= STILL, "the line at {start} px was painted at {top} px: {tops:?}");
    }
}

/// A lobby in which bob has said much before ana came.
async fn long_talk(stage: &mut Stage) -> (node::Node, Person) {
    let bob = stage.hub().native("bob").await;
    for number in 1..=MANY {
        // Of different heights, as lines are.
        let more = if number % 7 == 0 { "\nand a second line".repeat(number % 3 + 1) } else { String::new() };
        bob.say("lobby", &format!("line {number}{more}")).await.expect("a line said");
    }
    let ana = stage.guest("ana").await;
    ana.sees("bob", &format!("line {MANY}")).await;
    (bob, ana)
}

#[test]
fn scrolling_up_loads_older_lines_and_nothing_jumps() {
    play_with(&UNLIMITED, async |stage| {
        let (_bob, ana) = long_talk(stage).await;
        let before = ana.lines().await;
        assert!(before.len() < MANY, "a page, not all of it: {}", before.len());
        assert_at_end(&ana).await;

        ana.browser.eval::<()>(FOLLOW, vec![json!(0.03)]).await;
        eventually("older lines", async || Ok((ana.lines().await.len() > before.len()).then_some(()))).await;
        ana.browser.until("some frames with them", "return window.followed.tops.length > 30").await;
        stays(&ana).await;
        let after = ana.lines().await;
        assert!(after.ends_with(&before), "what was there stays there");

        // On to the very first, as one does who reads all of it.
        let log = ana.browser.the(Role::Log, "lobby").await;
        let mut seen: BTreeSet<u64> = after.iter().map(|line| line.seq).collect();
        eventually("the first line", async || {
            ana.browser.wheel(&log, -2_000).await;
            let lines = ana.lines().await;
            assert!(lines.is_sorted_by(|one, next| one.seq < next.seq), "in order, and each once");
            seen.extend(lines.iter().map(|line| line.seq));
            Ok(lines.first().filter(|line| line.text == "line 1").map(drop))
        })
        .await;
        let all: BTreeSet<u64> = (1..=MANY as u64).collect();
        assert_eq!(all.difference(&seen).copied().collect::<Vec<_>>(), [0; 0], "all of it");
        let beginning = "return document.querySelector('[role=log]').innerText.includes('where lobby begins')";
        ana.browser.until("the talk says where it begins", beginning).await;
    });
}

#[test]
fn who_reads_older_lines_is_not_taken_to_the_new_ones() {
    play_with(&UNLIMITED, async |stage| {
        let (bob, ana) = long_talk(stage).await;
        ana.browser.eval::<()>(FOLLOW, vec![json!(0.5)]).await;
        for number in 1..=3 {
            bob.say("lobby", &format!("news {number}")).await.expect("a line said");
        }
        ana.sees("bob", "news 3").await;
        ana.browser.until("some frames with it", "return window.followed.tops.length > 30").await;
        stays(&ana).await;
        ana.has_unread("lobby", 3).await;

        ana.browser.click(Role::Button, "3 new below").await;
        ana.browser.until("the end", AT_END).await;
        ana.has_unread("lobby", 0).await;
    });
}

#[test]
fn who_reads_older_lines_is_not_moved_by_a_reconnect() {
    play_with(&UNLIMITED, async |stage| {
        let (bob, ana) = long_talk(stage).await;
        ana.browser.expect_error("WebSocket connection to");
        ana.browser.eval::<()>(FOLLOW, vec![json!(0.5)]).await;
        drop(bob);
        stage.hub_mut().kill();
        ana.is_told("The connection to the hub is lost").await;
        stage.hub_mut().start_again();
        let carl = stage.hub().native("carl").await;
        for number in 1..=300 {
            carl.say("lobby", &format!("news {number}")).await.expect("a line said");
        }
        ana.has_unread("lobby", 300).await;
        ana.browser.until("some frames with it", "return window.followed.tops.length > 30").await;
        stays(&ana).await;
        assert!(!ana.has_on_page("may be missing").await);
    });
}

#[test]
fn who_is_at_the_end_stays_there() {
    play_with(&UNLIMITED, async |stage| {
        let (bob, ana) = long_talk(stage).await;
        for number in 1..=40 {
            bob.say("lobby", &format!("news {number}")).await.expect("a line said");
        }
        ana.sees("bob", "news 40").await;
        assert_at_end(&ana).await;
        // A window that gets lower, as when a phone's keyboard comes.
        ana.browser.resize((1280, 420)).await;
        assert_at_end(&ana).await;
    });
}

#[test]
fn who_follows_a_flood_stays_at_its_end_and_finds_all_of_it_further_up() {
    play_with(&UNLIMITED, async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.sees_person("bob", "online").await;
        let mut said = Vec::new();
        for from in (0..FLOOD).step_by(AT_ONCE) {
            let texts: Vec<String> = (from..from + AT_ONCE).map(|number| format!("line {number}")).collect();
            let sent = try_join_all(texts.iter().map(|text| bob.say("lobby", text))).await.expect("lines said");
            said.extend(sent.into_iter().map(|sent| sent.seq));
        }
        ana.sees("bob", &format!("line {}", FLOOD - 1)).await;
        assert_at_end(&ana).await;
        let drawn = ana.lines().await.len();
        assert!(drawn < 200, "some screens of it are drawn, not {drawn} lines");

        let mut seen = BTreeSet::new();
        let log = ana.browser.the(Role::Log, "lobby").await;
        eventually("the first line of it", async || {
            let lines: Vec<u64> = ana.lines().await.into_iter().map(|line| line.seq).collect();
            assert!(lines.is_sorted_by(|one, next| one < next), "each once and in order");
            seen.extend(lines);
            ana.browser.wheel(&log, -2_000).await;
            Ok(seen.contains(&said[0]).then_some(()))
        })
        .await;
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), said, "all of it");
    });
}

#[test]
fn the_keyboard_scrolls_too() {
    play_with(&UNLIMITED, async |stage| {
        let (_bob, ana) = long_talk(stage).await;
        let held = ana.lines().await.len();
        ana.browser.click(Role::Textbox, "Message").await;
        for _ in 0..STOPS {
            if ana.browser.focused().await.0 == "log" {
                break;
            }
            ana.browser.press(&[SHIFT, TAB]).await;
        }
        assert_eq!(ana.browser.focused().await, ("log".to_owned(), "lobby".to_owned()));
        ana.browser.press(&[HOME]).await;
        eventually("older lines", async || Ok((ana.lines().await.len() > held).then_some(()))).await;
    });
}

#[test]
fn coming_back_to_a_room_shows_its_end() {
    play_with(&UNLIMITED, async |stage| {
        let (_bob, ana) = long_talk(stage).await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.goes_to("lobby").await;
        ana.sees("bob", &format!("line {MANY}")).await;
        assert_at_end(&ana).await;
    });
}

/// The newest line is in sight, whole.
const AT_END: &str = "
    const log = document.querySelector('[role=log]');
    const last = [...log.querySelectorAll('[data-seq]')].at(-1);
    const [box, line] = [log.getBoundingClientRect(), last.getBoundingClientRect()];
    return line.bottom <= box.bottom + 1 && line.top >= box.top - 1;";

async fn assert_at_end(person: &Person) {
    person.browser.until("the newest line is in sight", AT_END).await;
}
