//! People can show what they think of a line.

use std::time::{Duration, Instant};

use e2e::keys::{DOWN, ENTER, ESCAPE, RIGHT};
use e2e::{Role, play, play_with};
use futures_util::future::try_join_all;
use node::Talk;

use crate::lines::{does, is_at, points_at};

const LOBBY: Talk<'static> = Talk::Room("lobby");

#[test]
fn a_press_adds_one_s_own_and_another_takes_it_back() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("cake at four").await;
        let seq = bob.sees("ana", "cake at four").await;
        does(&bob, seq, "React").await;
        bob.browser.click(Role::Button, "🎉").await;
        let button = ana.browser.the(Role::Button, "🎉, bob; press to add yours").await;
        assert_eq!(button.attr("aria-pressed").await.expect("its state").as_deref(), Some("false"));
        let counts = "return [...document.querySelectorAll('.reaction .many')].map(many => many.dataset.many)";
        assert_eq!(ana.browser.eval::<Vec<String>>(counts, Vec::new()).await, ["1"]);
        let mine = bob.browser.the(Role::Button, "🎉, you; press to take yours back").await;
        assert_eq!(mine.attr("aria-pressed").await.expect("its state").as_deref(), Some("true"));

        ana.browser.click(Role::Button, "🎉, bob; press to add yours").await;
        ana.browser.the(Role::Button, "🎉, bob and you; press to take yours back").await;
        bob.browser.click(Role::Button, "🎉, you and ana; press to take yours back").await;
        ana.browser.the(Role::Button, "🎉, you; press to take yours back").await;
        bob.browser.the(Role::Button, "🎉, ana; press to add yours").await;
        // A reload shows the same.
        bob.browser.reload().await;
        bob.browser.the(Role::Button, "🎉, ana; press to add yours").await;
        ana.browser.click(Role::Button, "🎉, you; press to take yours back").await;
        bob.browser.none(Role::Button, "🎉, ana; press to add yours").await;
        assert_eq!(bob.talk().await, [("ana".to_owned(), "cake at four".to_owned())], "no line was added");
    });
}

#[test]
fn any_emoji_is_found_by_name_and_with_the_keyboard() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("what lives in the sea?").await;
        let seq = bob.sees("ana", "what lives in the sea?").await;
        does(&bob, seq, "React").await;
        bob.browser.click(Role::Button, "More emoji").await;
        bob.browser.the(Role::Dialog, "Emoji").await;
        bob.browser.click(Role::Button, "Food").await;
        bob.browser.the(Role::Button, "pizza").await;
        bob.meets_no_barrier_anywhere("all emoji").await;
        bob.browser.click(Role::Searchbox, "Search emoji").await;
        bob.browser.type_keys("octo").await;
        bob.browser.the(Role::Button, "octopus").await;
        bob.browser.press(&[ENTER]).await;
        ana.browser.the(Role::Button, "🐙, bob; press to add yours").await;
        bob.browser.none(Role::Dialog, "Emoji").await;
        is_at(&bob, "article", "ana: what lives in the sea?").await;

        // It is at hand from now on, also for what is written.
        bob.browser.click(Role::Button, "Emoji").await;
        bob.browser.the(Role::Dialog, "Emoji").await;
        bob.browser.press(&[DOWN]).await;
        assert_eq!(bob.browser.focused().await.1, "octopus");
        bob.browser.press(&[RIGHT]).await;
        bob.browser.press(&[ENTER]).await;
        assert_eq!(bob.has_written("Message").await, "👍");
        assert_eq!(bob.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));

        // Escape shuts it, and changes nothing.
        bob.browser.click(Role::Button, "Emoji").await;
        bob.browser.the(Role::Dialog, "Emoji").await;
        bob.browser.press(&[ESCAPE]).await;
        bob.browser.none(Role::Dialog, "Emoji").await;
        assert_eq!(bob.has_written("Message").await, "👍");
    });
}

#[test]
fn the_keyboard_stays_where_it_was_while_the_line_changes() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("cake at four").await;
        let seq = bob.sees("ana", "cake at four").await;
        does(&bob, seq, "React").await;
        bob.browser.click(Role::Button, "🎉").await;
        ana.browser.the(Role::Button, "🎉, bob; press to add yours").await;
        is_at(&bob, "article", "ana: cake at four").await;
        // From the button among the reactions, and back to it.
        bob.browser.click(Role::Button, "Add a reaction").await;
        bob.browser.the(Role::Dialog, "Emoji").await;
        bob.browser.type_keys("octopus").await;
        bob.browser.the(Role::Button, "octopus").await;
        bob.browser.press(&[ENTER]).await;
        ana.browser.the(Role::Button, "🐙, bob; press to add yours").await;
        is_at(&bob, "button", "Add a reaction").await;
        // A press on one of them leaves it where it is.
        ana.browser.click(Role::Button, "🐙, bob; press to add yours").await;
        is_at(&ana, "button", "🐙, bob and you; press to take yours back").await;
        // Whoever writes meanwhile goes on writing.
        bob.browser.click(Role::Textbox, "Message").await;
        ana.browser.press(&[ENTER]).await;
        bob.browser.the(Role::Button, "🐙, you; press to take yours back").await;
        bob.browser.type_keys("I go on").await;
        assert_eq!(bob.has_written("Message").await, "I go on");
    });
}

#[test]
fn a_reaction_to_a_line_that_was_deleted_meanwhile_is_refused_in_words() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.hub().native("bob").await;
        ana.reads("bob has joined").await;
        let seq = bob.say("lobby", "now you see me").await.expect("a line said").seq;
        ana.sees("bob", "now you see me").await;
        points_at(&ana, seq).await;
        ana.browser.click(Role::Button, "React").await;
        ana.browser.the(Role::Button, "👍").await;
        // The page hears nothing while its own reaction goes out: both happen in one step of its script.
        bob.delete(LOBBY, seq).await.expect("the line taken back");
        ana.reads("This line was deleted.").await;
        assert!(ana.browser.find(Role::Button, "React").await.is_none(), "a deleted line takes none");
        let refused = stage.hub().native("carl").await.react(LOBBY, seq, "👍", true).await;
        assert!(refused.is_err());
    });
}

#[test]
fn ten_thousand_reactions_do_not_stop_anyone() {
    play_with(&["--rate-limit", "off"], async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.hub().native("bob").await;
        let seq = bob.say("lobby", "react to this").await.expect("a line said").seq;
        ana.sees("bob", "react to this").await;
        let started = Instant::now();
        let emoji = ["👍", "🎉", "🚀", "👀", "🔥"];
        for turn in 0..100_usize {
            // On and off again, each a hundred at a time.
            let some = (0..100_usize)
                .map(|at| bob.react(LOBBY, seq, emoji[at % emoji.len()], (turn + at / emoji.len()).is_multiple_of(2)));
            try_join_all(some).await.expect("reactions");
            if turn % 10 == 0 {
                let asked = Instant::now();
                ana.fills_in("Message", &format!("still here {turn}")).await;
                assert_eq!(ana.has_written("Message").await, format!("still here {turn}"));
                assert!(asked.elapsed() < Duration::from_secs(5), "{:?} at turn {turn}", asked.elapsed());
            }
        }
        eprintln!("10,000 reactions in {:?}", started.elapsed());
        bob.react(LOBBY, seq, "🦀", true).await.expect("a reaction");
        ana.browser.the(Role::Button, "🦀, bob; press to add yours").await;
    });
}
