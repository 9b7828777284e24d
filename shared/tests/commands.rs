//! What a person types, and what Tab makes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use proptest::prelude::*;
use shared::command::{COMMANDS, Candidates, Command, complete, parse};
use shared::message::ToHub;
use shared::transcript::Place;

fn read(line: &str) -> Command {
    parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).unwrap_or_else(|| panic!("{line} is nothing"))
}

fn say(text: &str) -> Command {
    Command::Say { text: text.to_owned() }
}

fn pm(to: &str, text: &str) -> Command {
    Command::PrivateMessage { to: to.to_owned(), text: text.to_owned() }
}

fn topic(topic: Option<&str>) -> Command {
    Command::Topic { topic: topic.map(str::to_owned) }
}

fn error(line: &str) -> String {
    parse(line).expect_err(line).to_string()
}

#[test]
fn each_command_is_read() {
    assert_eq!(read("/help"), Command::Help);
    assert_eq!(read("/join den"), Command::Join { room: "den".to_owned() });
    assert_eq!(read("/join"), Command::Join { room: "lobby".to_owned() });
    assert_eq!(read("/leave"), Command::Leave);
    assert_eq!(read("/users"), Command::Users);
    assert_eq!(read("/pm bob hi"), pm("bob", "hi"));
    assert_eq!(read("/nodes"), Command::Nodes);
    assert_eq!(read("/ping tab-7f3a@den"), Command::Ping { node: "tab-7f3a@den".to_owned() });
    assert_eq!(read("/quit"), Command::Quit);
    assert_eq!(read("/topic Tea  at four "), topic(Some("Tea  at four")));
    assert_eq!(read("/topic -"), topic(Some("")));
    assert_eq!(read("/topic"), topic(None), "only shown");
    assert_eq!(read("/who @bob"), Command::Who { nick: "bob".to_owned() });
    assert_eq!(read("/search two words"), Command::Search { query: "two words".to_owned() });
    assert_eq!(COMMANDS.len(), 11, "a new command is to be read here as well");
}

#[test]
fn all_else_is_said() {
    assert_eq!(read("hi /pm bob"), say("hi /pm bob"), "a command stands at the line's start");
    assert_eq!(read("  hi  "), say("hi"));
    assert_eq!(read("1/2"), say("1/2"));
    assert_eq!(read("two\nlines"), say("two\nlines"));
    assert_eq!(read("//pm bob hi"), say("/pm bob hi"));
    assert_eq!(read("//"), say("/"));
    assert_eq!(read("///"), say("//"));
    for line in ["", " ", "\n\t "] {
        assert_eq!(parse(line), Ok(None));
    }
}

#[test]
fn spaces_and_capitals_do_not_hinder() {
    assert_eq!(read(" /pm bob hi"), pm("bob", "hi"), "a space slipped in before it tells nobody the secret");
    assert_eq!(read("/PM  Bob   two  words "), pm("Bob", "two  words"));
    assert_eq!(read("/Join\tden"), Command::Join { room: "den".to_owned() });
    assert_eq!(read("/pm @bob hi"), pm("bob", "hi"));
    assert_eq!(read("/pm bob two\nlines"), pm("bob", "two\nlines"));
    assert_eq!(read("/pm bob\nhi"), pm("bob", "hi"));
    assert_eq!(read("/pm bob //x"), pm("bob", "//x"), "only a line's own start is special");
    assert_eq!(read("/pm\u{a0}安娜 こんにちは"), pm("安娜", "こんにちは"));
}

#[test]
fn what_lacks_something_is_told_what() {
    assert_eq!(error("/pm"), "/pm needs a nick and a message: /pm <nick> <message>");
    assert_eq!(error("/pm @"), "/pm needs a nick and a message: /pm <nick> <message>");
    assert_eq!(error("/pm bob "), "/pm needs a message: /pm <nick> <message>");
    assert_eq!(error("/ping"), "/ping needs the name of a node: /ping <node>");
    for line in ["/leave now", "/join den attic", "/ping a b", "/quit all", "/help me", "/nodes x", "/users lobby"] {
        assert!(error(line).starts_with("There is too much behind /"), "{}", error(line));
    }
}

#[test]
fn an_unknown_command_names_the_nearest() {
    for (line, nearest) in [
        ("/halp", "/help"),
        ("/h", "/help"),
        ("/msg bob hi", "/pm <nick> <message>"),
        ("/mp bob hi", "/pm <nick> <message>"),
        ("/jion den", "/join [room]"),
        ("/exit", "/quit"),
        ("/quti", "/quit"),
        ("/pign x", "/ping <node>"),
        ("/user", "/users"),
        ("/usr/bin is full", "/users"),
        ("/node", "/nodes"),
        ("/LEAV", "/leave"),
    ] {
        let words = error(line);
        assert!(words.contains(&format!("the nearest is {nearest}.")), "{line}: {words}");
        assert!(words.ends_with("begin with //"));
    }
    assert!(error("/").contains("such as /help"));
    assert!(error(&format!("/{}", "x".repeat(60_000))).len() < 200);
}

#[test]
fn a_command_is_a_request_for_the_place_one_looks_at() {
    let (lobby, bob) = (Place::Room("lobby".to_owned()), Place::With("bob".to_owned()));
    let request = |line: &str, here: &Place| read(line).request(here, "1".to_owned());
    let id = || "1".to_owned();
    let room = || "lobby".to_owned();
    assert_eq!(request("hi", &lobby), Some(lobby.say(id(), "hi".to_owned())));
    let whisper = Some(bob.say(id(), "hi".to_owned()));
    assert_eq!(request("hi", &bob), whisper);
    assert_eq!(request("/pm bob hi", &lobby), whisper);
    assert_eq!(request("/leave", &lobby), Some(ToHub::Leave { id: id(), room: room() }));
    assert_eq!(request("/leave", &bob), None);
    assert_eq!(request("/users", &lobby), Some(ToHub::ListUsers { id: id(), room: Some(room()) }));
    assert_eq!(request("/users", &bob), Some(ToHub::ListUsers { id: id(), room: None }));
    assert_eq!(request("/join", &bob), Some(ToHub::Join { id: id(), room: room() }));
    assert_eq!(request("/nodes", &lobby), Some(ToHub::ListNodes { id: id(), follow: None }));
    assert_eq!(request("/ping hub@den", &lobby), Some(ToHub::Ping { id: id(), node: "hub@den".to_owned() }));
    assert_eq!(request("/quit", &lobby), Some(ToHub::Disconnect { id: id() }));
    assert_eq!(request("/help", &lobby), None);
    let topic = |topic: &str| Some(ToHub::Topic { id: id(), room: room(), topic: topic.to_owned() });
    assert_eq!(request("/topic Tea", &lobby), topic("Tea"));
    assert_eq!(request("/topic -", &lobby), topic(""));
    assert_eq!((request("/topic", &lobby), request("/topic Tea", &bob)), (None, None));
    assert_eq!(request("/who bob", &lobby), Some(ToHub::Who { id: id(), nick: "bob".to_owned() }));
    assert!(
        matches!(request("/search tea", &bob), Some(ToHub::Search { query, room: None, with: None, .. }) if query == "tea")
    );
}

// --- Tab ---

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What Tab makes of a line whose cursor is at the `|`.
fn tab(line: &str) -> Vec<String> {
    let cursor = line.find('|').unwrap();
    let line = line.replace('|', "");
    let (nicks, rooms, nodes) =
        (names(&["bob", "Bobby", "ana", "Åsa", "安娜"]), names(&["lobby", "den"]), names(&["hub@den", "tab-1@den"]));
    let candidates = Candidates { nicks: &nicks, rooms: &rooms, nodes: &nodes };
    let Some(completion) = complete(&line, cursor, &candidates) else { return Vec::new() };
    (0..completion.replacements.len())
        .map(|turn| {
            let (mut line, cursor) = completion.apply(&line, turn);
            line.insert(cursor, '|');
            line
        })
        .collect()
}

#[test]
fn tab_completes_nicks() {
    assert_eq!(tab("bo|"), ["bob: |", "Bobby: |"]);
    assert_eq!(tab("BOBB|"), ["Bobby: |"]);
    assert_eq!(tab("  a|"), ["  ana: |"]);
    assert_eq!(tab("hi bo|"), ["hi bob |", "hi Bobby |"]);
    assert_eq!(tab("hi @bo|"), ["hi @bob |", "hi @Bobby |"]);
    assert_eq!(tab("å|"), ["Åsa: |"]);
    assert_eq!(tab("hi 安|"), ["hi 安娜 |"]);
    assert_eq!(tab("an| how are you"), ["ana| how are you"], "what follows is kept, and its space is enough");
    assert_eq!(tab("hi an|x"), ["hi ana |x"]);
    assert_eq!(tab("xyz|"), [""; 0]);
}

#[test]
fn tab_completes_commands_and_what_they_take() {
    assert_eq!(tab("/p|"), ["/pm |", "/ping |"]);
    assert_eq!(tab("/J|"), ["/join |"]);
    assert_eq!(tab("/|").len(), COMMANDS.len());
    assert_eq!(tab("hi /p|"), [""; 0], "a command stands at the line's start");
    assert_eq!(tab("/pm bo|"), ["/pm bob |", "/pm Bobby |"]);
    assert_eq!(tab("/pm |").len(), 5);
    assert_eq!(tab("/pm bob an|"), ["/pm bob ana |"]);
    assert_eq!(tab("/join |"), ["/join lobby |", "/join den |"]);
    assert_eq!(tab("/join #d|"), ["/join #den |"]);
    assert_eq!(tab("see #lo|"), ["see #lobby |"]);
    assert_eq!(tab("/PING t|"), ["/PING tab-1@den |"]);
    assert_eq!(tab("/who @an|"), ["/who @ana |"]);
    assert_eq!(tab("/topic an|"), ["/topic ana |"], "its words are words");
}

#[test]
fn tab_in_an_empty_place_is_left_to_the_keyboard() {
    for line in ["|", "hi |", "|hi", " |"] {
        assert_eq!(tab(line), [""; 0], "{line:?}");
    }
}

#[test]
fn tab_goes_round() {
    let nicks = names(&["bob", "bo", "bob"]);
    let completion = complete("b", 1, &Candidates { nicks: &nicks, ..Candidates::default() }).unwrap();
    assert_eq!(completion.replacements, ["bob: ", "bo: "], "each once, the likeliest first");
    let turns: Vec<String> = (0..5).map(|turn| completion.apply("b", turn).0).collect();
    assert_eq!(turns, ["bob: ", "bo: ", "bob: ", "bo: ", "bob: "]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_makes_it_panic(line in any::<String>()) {
        let _ = parse(&line);
        let _ = parse(&format!("/{line}"));
        let _ = parse(&format!("/pm {line}"));
    }

    /// What is said is what was typed: only ends and one leading slash are ever taken away.
    #[test]
    fn nothing_typed_is_lost(line in any::<String>()) {
        match parse(&line) {
            Ok(None) => prop_assert!(line.trim().is_empty()),
            Ok(Some(Command::Say { text })) => {
                let escaped = format!("/{text}");
                prop_assert!(line.trim() == text || line.trim() == escaped);
            }
            _ => prop_assert!(line.trim().starts_with('/')),
        }
    }

    /// Any line can be said.
    #[test]
    fn a_slash_more_says_any_command(line in "/\\PC{0,30}") {
        let text = line.trim().to_owned();
        prop_assert_eq!(parse(&format!("/{line}")), Ok(Some(Command::Say { text })));
    }

    /// Any cursor in any line: boundaries hold, and all but the word is kept.
    #[test]
    fn tab_respects_characters(line in "[ab/#@ äß安👋\\u{301}pmjoin]{0,20}", cursor in 0..90usize, turn in any::<usize>()) {
        let nicks = names(&["äbc", "安娜", "a\u{301}b", "ab", "ß", "İx"]);
        let candidates = Candidates { nicks: &nicks, rooms: &nicks, nodes: &nicks };
        if let Some(completion) = complete(&line, cursor, &candidates) {
            prop_assert!(completion.start <= completion.end && completion.end <= cursor.min(line.len()));
            prop_assert!(line.is_char_boundary(completion.start) && line.is_char_boundary(completion.end));
            prop_assert!(!completion.replacements.is_empty());
            let (new, at) = completion.apply(&line, turn);
            prop_assert!(new.is_char_boundary(at));
            prop_assert!(new.starts_with(&line[..completion.start]) && new.ends_with(&line[completion.end..]));
            prop_assert_eq!(&new[at..], &line[completion.end..]);
        }
    }
}
