//! A nick belongs to one person, and so does what looks like it.

use e2e::{Role, play};

#[test]
fn a_taken_nick_and_its_look_alikes_are_refused_in_words() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let third = stage.person("third").await;
        third.opens(stage.hub().link()).await;

        // The same; in capitals; with a Cyrillic а.
        for taken in ["ana", "ANA", "аna"] {
            third.asks_for(taken).await;
            let words = third.is_warned("Someone else has this nick").await;
            assert!(words.contains("falls free"), "how long it is taken: {words}");
            assert_eq!(third.has_written("Nick").await, taken, "the field keeps its text");
            assert_eq!(third.browser.focused().await, ("textbox".to_owned(), "Nick".to_owned()));
        }
        assert_eq!(ana.people().await.len(), 1, "ana notices nothing of it");

        third.joins_as("carl").await;
        assert_eq!(third.warnings().await, [""; 0]);
        third.says("hello").await;
        ana.sees("carl", "hello").await;
    });
}

#[test]
fn what_is_no_nick_is_refused_in_words() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(stage.hub().link()).await;
        for (nick, part) in [
            ("", "Choose a nick"),
            ("ana maria", "space"),
            ("ana\u{202e}", "invisible"),
            ("\u{2800}", "invisible"),
            ("a/b", "/"),
            ("server", "server"),
            ("a123456789012345678901234567890123", "34 characters"),
        ] {
            ana.asks_for(nick).await;
            ana.is_warned(part).await;
            assert_eq!(ana.has_written("Nick").await, nick);
        }
        ana.joins_as("ana").await;
    });
}

#[test]
fn who_comes_back_has_the_nick_again_and_another_browser_has_not() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/quit").await;
        ana.is_told("Good-bye, ana").await;
        let other = stage.person("other").await;
        other.opens(stage.hub().link()).await;
        other.asks_for("ana").await;
        other.is_warned("Someone else has this nick").await;
        ana.browser.click(Role::Button, "Join").await;
        ana.is_in("lobby").await;
    });
}
