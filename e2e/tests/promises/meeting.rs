//! Two people meet, and read the same talk in the same order.

use e2e::{play, play_with};
use futures_util::future::join;

#[test]
fn two_people_meet_and_talk_both_ways() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        bob.sees_person("ana", "online").await;

        ana.says("hi, who is there?").await;
        bob.sees("ana", "hi, who is there?").await;
        bob.says("it is me, bob").await;
        ana.sees("bob", "it is me, bob").await;

        // Both at once, so that the hub has an order to decide.
        let anas = async {
            for number in 1..=8 {
                ana.says(&format!("ana’s number {number}")).await;
            }
        };
        let bobs = async {
            for number in 1..=8 {
                bob.says(&format!("bob’s number {number}")).await;
            }
        };
        join(anas, bobs).await;
        for person in [&ana, &bob] {
            person.sees("ana", "ana’s number 8").await;
            person.sees("bob", "bob’s number 8").await;
        }

        let lines = ana.lines().await;
        assert_eq!(lines, bob.lines().await, "both read the same");
        assert!(lines.is_sorted_by(|one, next| one.seq < next.seq), "in the log’s order: {lines:?}");
        assert_eq!(lines.len(), 18, "each line once: {lines:?}");
        for nick in ["ana", "bob"] {
            let said: Vec<&str> = lines.iter().filter(|line| line.from == nick).map(|line| &*line.text).collect();
            let typed: Vec<String> = (1..=8).map(|number| format!("{nick}’s number {number}")).collect();
            assert_eq!(said[1..], typed, "in the order in which {nick} typed them");
        }
    });
}

#[test]
fn who_comes_later_reads_what_was_said_before() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("I was first").await;
        ana.sees("ana", "I was first").await;
        let bob = stage.guest("bob").await;
        bob.sees("ana", "I was first").await;
        assert_eq!(bob.talk().await, ana.talk().await);
    });
}

#[test]
fn who_closes_the_page_is_seen_to_go() {
    play_with(&["--lease", "3s"], async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        bob.opens("about:blank").await;
        // For a while nobody can know whether he only changes from one page to the next.
        ana.sees_person("bob", "reconnecting").await;
        ana.misses("bob").await;
    });
}

#[test]
fn a_hub_that_keeps_nothing_says_so() {
    play_with(&["--ephemeral"], async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(stage.hub().link()).await;
        ana.is_told("keeps nothing").await;
        ana.joins_as("ana").await;
        let said = "return document.body.innerText.includes('keeps nothing')";
        ana.browser.until("it is said where one talks as well", said).await;
    });
}
