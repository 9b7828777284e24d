//! Terminals and browsers are in one chat, as if they were the same.

use std::path::PathBuf;

use e2e::terminal::View;
use e2e::{Stage, eventually, play};
use pty::{Size, Terminal, USUAL};

/// Wide enough for rooms, talk and people beside each other.
const WIDE: Size = Size(160, 40);

/// A folder in which a terminal's program keeps what it remembers.
struct Homes(tempfile::TempDir);

impl Homes {
    fn new() -> Self {
        Self(tempfile::Builder::new().prefix("hubbub-homes-").tempdir().expect("a temporary directory"))
    }

    fn of(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Someone at the full screen, who is in.
fn at_full_screen(stage: &Stage, homes: &Homes, nick: &str) -> Terminal {
    let terminal = stage.hub().terminal(&homes.of(nick), View::Full, WIDE, &["-n", nick]);
    terminal.until("the full screen", |screen| screen.alternate_screen().then_some(()));
    terminal.sees("lobby");
    terminal.sees(nick);
    terminal
}

/// Someone in line mode, who is in.
fn in_line_mode(stage: &Stage, homes: &Homes, nick: &str) -> Terminal {
    let terminal = stage.hub().terminal(&homes.of(nick), View::Lines, USUAL, &["-n", nick]);
    terminal.sees("* Type /help for options *");
    terminal
}

#[test]
fn the_session_that_all_this_comes_from_typed_into_two_terminals_beside_a_browser() {
    play(async |stage| {
        let homes = Homes::new();
        let ana = stage.guest("ana").await;

        // The first says who they are when they are asked, as it was in the original.
        let bob = stage.hub().terminal(&homes.of("bob"), View::Lines, USUAL, &[]);
        bob.until("to be asked for a nick", |screen| screen.contents().to_lowercase().contains("nick").then_some(()));
        bob.enters("bob");
        bob.sees("Connected");
        bob.sees("* Joined the chatroom *");
        bob.until("who is there", |screen| {
            let words = screen.contents();
            let users = words.split("* Users in the room: ").nth(1)?.split(" *").next()?.to_owned();
            let mut users: Vec<&str> = users.split(':').collect();
            users.sort_unstable();
            (users == ["ana", "bob"]).then_some(())
        });
        bob.sees("* Type /help for options *");
        ana.sees_person("bob", "online").await;

        let carl = at_full_screen(stage, &homes, "carl");
        bob.sees("server> carl has joined");
        carl.sees("ana");
        carl.sees("bob");
        ana.sees_person("carl", "online").await;

        // Each says something, and each hears it.
        ana.says("hello from a browser").await;
        bob.sees("server> ana: hello from a browser");
        carl.sees("hello from a browser");
        bob.enters("hello from a terminal");
        ana.sees("bob", "hello from a terminal").await;
        carl.sees("hello from a terminal");
        carl.enters("hello from a full screen");
        ana.sees("carl", "hello from a full screen").await;
        bob.sees("server> carl: hello from a full screen");
        assert!(!bob.screen().contains("server> bob:"), "one's own line is not said twice: {}", bob.screen());

        // An empty line does nothing; then who is here, and what there is.
        bob.enters("");
        bob.enters("/users");
        bob.until("a list of all three", |screen| {
            let words = screen.contents();
            words
                .lines()
                .rev()
                .take(6)
                .any(|line| ["ana", "bob", "carl"].iter().all(|nick| line.contains(nick)))
                .then_some(())
        });
        bob.enters("/help");
        for command in ["/join", "/leave", "/users", "/pm", "/quit"] {
            bob.sees(command);
        }

        // Between two.
        bob.enters("/pm carl the key is under the mat");
        carl.sees("bob");
        carl.enters("/pm bob found it");
        bob.sees("server> carl: (found it)");
        ana.says("/pm bob and mine?").await;
        bob.sees("server> ana: (and mine?)");
        assert!(!ana.has_on_page("under the mat").await && !ana.has_on_page("found it").await, "it is between two");
        assert!(!carl.screen().contains("and mine?"));

        // Leaving, and joining again.
        ana.goes_to("lobby").await;
        bob.enters("/leave");
        ana.misses("bob").await;
        bob.enters("/join");
        ana.sees_person("bob", "online").await;
        ana.says("welcome back").await;
        bob.sees("server> ana: welcome back");

        // And going.
        carl.enters("/quit");
        assert_eq!(carl.ends(), 0);
        assert!(carl.left_behind().is_empty(), "{:?}", carl.left_behind());
        bob.sees("server> carl has left");
        ana.misses("carl").await;
        bob.enters("/quit");
        assert_eq!(bob.ends(), 0);
        ana.misses("bob").await;
        let said: Vec<(String, String)> = ana.talk().await;
        let texts = ["hello from a browser", "hello from a terminal", "hello from a full screen", "welcome back"];
        assert_eq!(said.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), texts);
    });
}

#[test]
fn a_nick_comes_back_to_the_terminal_it_was_given_to_and_to_no_other() {
    play(async |stage| {
        let homes = Homes::new();
        let first = in_line_mode(stage, &homes, "dora");
        first.enters("/quit");
        assert_eq!(first.ends(), 0);

        // Nothing is asked: the nick, and what proves that it is hers, were kept.
        let again = stage.hub().terminal(&homes.of("dora"), View::Lines, USUAL, &[]);
        again.sees("* Users in the room: dora *");
        let full = stage.hub().terminal(&homes.of("dora"), View::Full, WIDE, &[]);
        full.sees("dora");
        full.enters("the same person twice");
        let ana = stage.guest("ana").await;
        ana.sees("dora", "the same person twice").await;

        let thief = stage.hub().terminal(&homes.of("thief"), View::Lines, USUAL, &["-n", "dora"]);
        // Asked for another nick: not let in as her.
        thief.sees("Someone else has this nick");
        ana.says("who is here?").await;
        again.sees("server> ana: who is here?");
        assert!(!thief.screen().contains("who is here?"), "{}", thief.screen());
        for terminal in [&again, &full] {
            terminal.enters("/quit");
            assert_eq!(terminal.ends(), 0);
        }
    });
}

#[test]
fn a_hub_that_is_killed_loses_nobody_a_line() {
    play(async |stage| {
        let homes = Homes::new();
        let bob = in_line_mode(stage, &homes, "bob");
        let carl = at_full_screen(stage, &homes, "carl");
        bob.sees("server> carl has joined");
        for number in 1..=20 {
            bob.enters(&format!("line {number}"));
        }
        carl.sees("line 20");
        stage.hub_mut().kill();
        for terminal in [&bob, &carl] {
            terminal.until("words on the lost connection", |screen| {
                let words = screen.contents().to_lowercase();
                ["lost", "reconnecting", "not connected", "is away"]
                    .iter()
                    .any(|word| words.contains(word))
                    .then_some(())
            });
        }
        bob.enters("typed without a hub");
        carl.enters("so was this");
        stage.hub_mut().start_again();
        carl.sees("typed without a hub");
        bob.sees("server> carl: so was this");

        let ana = stage.guest("ana").await;
        ana.sees("bob", "typed without a hub").await;
        let talk = eventually("all that was said, on a page", async || {
            let talk = ana.talk().await;
            Ok((talk.len() >= 22).then_some(talk))
        })
        .await;
        let mut wanted: Vec<String> = (1..=20).map(|number| format!("line {number}")).collect();
        wanted.push("typed without a hub".to_owned());
        let bobs: Vec<String> = talk.iter().filter(|(from, _)| from == "bob").map(|(_, text)| text.clone()).collect();
        assert_eq!(bobs, wanted, "each once, in the order typed");
        assert_eq!(talk.iter().filter(|(from, _)| from == "carl").count(), 1);
        for terminal in [&bob, &carl] {
            terminal.enters("/quit");
            assert_eq!(terminal.ends(), 0);
        }
    });
}
