//! Which names may be had, and which two are one.

#![cfg(feature = "identity")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use proptest::prelude::*;
use shared::name::{Likeness, MAX_CHARS, NameError, check};
use shared::nick::{Nick, NickError};
use shared::node::{NodeError, NodeName, is_local};
use shared::process::{Address, Target};
use shared::room::RoomName;

fn nick(raw: &str) -> Nick {
    Nick::parse(raw).unwrap_or_else(|error| panic!("{raw:?}: {error}"))
}

fn refused(raw: &str) -> NameError {
    match Nick::parse(raw) {
        Err(NickError::Invalid(error)) => error,
        other => panic!("{raw:?} gives {other:?}"),
    }
}

fn alike(one: &str, other: &str) -> bool {
    let (one, other) = (nick(one).likeness(), nick(other).likeness());
    assert_eq!(one.resembles(&other), other.resembles(&one));
    one.resembles(&other)
}

#[test]
fn names_of_all_scripts_are_names() {
    for name in [
        "dr00",
        "Ana",
        "jean-luc",
        "o.k_7",
        "x",
        "Nguyễn", // Vietnamese, composed
        "Tuấn.Anh",
        "שלום",   // Hebrew
        "שָׁלוֹם",   // pointed
        "अनुष्का",  // Devanagari
        "สมชาย",  // Thai
        "น้ำผึ้ง",   // with stacked vowels and tones
        "王小明", // Chinese
        "たなか", // Japanese
        "タナカ",
        "田中さん",
        "محمد",    // Arabic
        "مُحَمَّد",    // with vowel points
        "އަހްމަދު",    // Thaana
        "فاطمة٣",  // with an Arabic-Indic digit
        "Ελένη",   // Greek
        "Дмитрий", // Cyrillic
        "Սարգիս",  // Armenian
        "ქეთევან", // Georgian
        "김철수",  // Hangul
        "Åsa",
        "Þór",
        "ñandú",
        "Çağlar",
        "İpek",
    ] {
        let kept = nick(name);
        assert_eq!(nick(kept.as_str()), kept, "a name that was kept is kept as it is");
    }
}

#[test]
fn what_cannot_be_seen_or_turns_the_line_is_no_name() {
    for (raw, what) in [
        ("a\u{200B}na", "zero width space"),
        ("ana\u{200D}", "zero width joiner"),
        ("a\u{202E}na", "right-to-left override"),
        ("\u{2066}ana\u{2069}", "isolates"),
        ("\u{FEFF}ana", "byte order mark"),
        ("ana\u{AD}", "soft hyphen"),
        ("\u{2800}\u{2800}", "blank braille"),
        ("\u{3164}", "Hangul filler"),
        ("a\u{115F}na", "Hangul filler, leading"),
        ("a\u{E0041}na", "tag"),
        ("a\u{FE0F}na", "variation selector"),
        ("a\u{0}na", "null"),
        ("a\u{1B}na", "escape"),
        ("👋", "emoji"),
        ("ana❤", "emoji"),
        ("👨\u{200D}👩\u{200D}👧", "emoji sequence"),
        ("a\u{E000}", "private use"),
        ("☃", "symbol"),
    ] {
        assert_eq!(refused(raw), NameError::Character, "{what}");
    }
}

#[test]
fn each_fault_is_named() {
    assert_eq!(refused(""), NameError::Empty);
    assert_eq!(refused(" \t\n"), NameError::Empty);
    assert_eq!(refused("an na"), NameError::Space);
    assert_eq!(refused("an\u{A0}na"), NameError::Space);
    assert_eq!(refused("an\u{3000}na"), NameError::Space);
    for sign in ['/', '#', '@', ':', ','] {
        assert_eq!(refused(&format!("a{sign}b")), NameError::Sign(sign));
    }
    assert_eq!(refused("a＠b"), NameError::Sign('@'), "a full-width one is one");
    assert_eq!(refused("---"), NameError::NoLetter);
    assert_eq!(refused("..."), NameError::NoLetter);
    assert_eq!(refused("\u{301}\u{302}"), NameError::NoLetter, "only combining marks");
    assert_eq!(refused("\u{301}ana"), NameError::NoLetter, "a mark with nothing to stand on");
    assert_eq!(refused(&format!("z{}", "\u{301}".repeat(20))), NameError::Marks);
    assert_eq!(refused(&"x".repeat(33)), NameError::TooLong(33));
    assert_eq!(refused(&"茶".repeat(33)), NameError::TooLong(33));
    assert_eq!(refused(&"x".repeat(60_000)), NameError::TooLong(60_000));
    assert_eq!(nick(&"茶".repeat(32)).as_str().chars().count(), MAX_CHARS, "characters are counted, not bytes");
}

#[test]
fn ends_are_trimmed_and_widths_and_forms_made_one() {
    assert_eq!(nick("  ana \n").as_str(), "ana");
    assert_eq!(nick("ａｎａ"), nick("ana"), "full-width letters are plain ones");
    assert_eq!(nick("e\u{301}ric"), nick("éric"), "composed or not, it is one nick");
    assert_eq!(nick("e\u{301}ric").as_str(), "\u{e9}ric");
    assert_eq!(nick("Ana").as_str(), "Ana", "shown as it was chosen");
    assert_eq!(nick("น้ำ"), nick("น้\u{e4d}\u{e32}"), "one vowel, in one character or in two");
}

#[test]
fn what_looks_the_same_is_the_same() {
    for (one, other) in [
        ("ana", "ANA"),
        ("ana", "Ana"),
        ("ana", "аna"), // Cyrillic а
        ("ana", "аnа"),
        ("ANA", "АNА"), // Cyrillic capitals
        ("ana", "АNА"),
        ("IAN", "lan"),
        ("Ian", "lan"),
        ("ian", "IAN"),
        ("rn", "m"),
        ("corn", "com"),
        ("b0b", "bob"),
        ("B0B", "bob"),
        ("bob", "bοb"), // Greek omicron
        ("l0l", "lol"),
        ("ana", "ａｎａ"),
        ("éric", "e\u{301}ric"),
        ("क्ष", "क्\u{200D}ष"), // an invisible joiner, which Devanagari may have
        ("straße", "STRAßE"),
        ("scope", "ѕсоре"), // Cyrillic throughout
    ] {
        assert!(alike(one, other), "{one} beside {other}");
    }
}

#[test]
fn what_looks_different_is_different() {
    for (one, other) in [
        ("ana", "anna"),
        ("ana", "aná"),
        ("bob", "rob"),
        ("bob", "bob2"),
        ("jean-luc", "jeanluc"),
        ("王小明", "王大明"),
        ("Дмитрий", "Dmitry"),
        ("たなか", "タナカ"),
        ("שלום", "שלומית"),
        ("x", "y"),
    ] {
        assert!(!alike(one, other), "{one} beside {other}");
    }
}

#[test]
fn nobody_is_called_like_the_system() {
    for name in [
        "server",
        "Server",
        "SERVER",
        "hub",
        "system",
        "admin",
        "root",
        "everyone",
        "all",
        "message_server",
        "ｓｅｒｖｅｒ",
        "ѕуѕtеm", // Cyrillic
        "аdmin",
        "rооt",
        "hսb",
        "ALL",
        "a11",
        "aII",
        "adrnin",
    ] {
        assert!(matches!(Nick::parse(name), Err(NickError::Reserved(_))), "{name}");
    }
    for name in ["serverina", "hubert", "system7", "hall"] {
        nick(name);
    }
    let words = Nick::parse("server").unwrap_err().to_string();
    assert!(words.contains("“server”") && words.contains("Choose another"), "{words}");
}

#[test]
fn errors_are_sentences() {
    for raw in ["", "a b", "a/b", "👋", "---", &"x".repeat(33)] {
        let words = Nick::parse(raw).unwrap_err().to_string();
        assert!(words.starts_with("This nick ") && words.ends_with('.'), "{words}");
    }
}

#[test]
fn rooms_follow_the_rules_of_nicks() {
    let room = |raw: &str| RoomName::parse(raw).unwrap_or_else(|error| panic!("{raw:?}: {error}"));
    assert_eq!(room("#den"), room("den"));
    assert_eq!(room(" den "), room("den"));
    assert_eq!(room("Lobby").key(), RoomName::lobby().key());
    assert_eq!(room("#LOBBY").key(), RoomName::lobby().key());
    assert!(room("lоbby").likeness().resembles(&RoomName::lobby().likeness()), "with a Cyrillic о");
    for raw in ["", "#", "##den", "a b", "a\u{202E}b", "👋", &"x".repeat(33)] {
        let words = RoomName::parse(raw).unwrap_err().to_string();
        assert!(words.starts_with("This room's name "), "{words}");
    }
}

#[test]
fn node_names_and_addresses_have_two_parts() {
    let name: NodeName = "tab-7f3a@den.local".parse().unwrap();
    assert_eq!((name.local(), name.host(), name.to_string().as_str()), ("tab-7f3a", "den.local", "tab-7f3a@den.local"));
    let address = Address::new("message_handler", name.clone()).unwrap();
    assert_eq!(address.to_string(), "message_handler@@tab-7f3a@den.local");
    for written in ["message_handler@@tab-7f3a@den.local", "{message_handler, tab-7f3a@den.local}"] {
        assert_eq!(written.parse::<Address>(), Ok(address.clone()), "{written}");
    }
    let near: Address = "k3fq.7@@tab-2".parse().unwrap();
    assert!(matches!(near.target, Target::Pid(_)) && near.to_string() == "k3fq.7@@tab-2", "{near:?}");
    assert_eq!(near.node.on("den.local").to_string(), "tab-2@den.local");
    for (raw, error) in [
        ("pong", NodeError::Address),
        ("pong@tab-2@den", NodeError::Address),
        ("p ng@@tab-2@den", NodeError::Process),
        ("@@tab-2@den", NodeError::Process),
        ("k3fq.@@tab-2@den", NodeError::Process),
        ("k3fq.07@@tab-2@den", NodeError::Process),
        ("k3fq.+7@@tab-2@den", NodeError::Process),
        ("K3fq.7@@tab-2@den", NodeError::Process),
        ("k3fq.99999999999999999999@@tab-2@den", NodeError::Process),
        ("pong@@", NodeError::Local),
        ("pong@@tab-2@", NodeError::Host),
        ("{pong, tab-2@den", NodeError::Address),
    ] {
        assert_eq!(raw.parse::<Address>(), Err(error), "{raw}");
    }
    for (raw, error) in [
        ("tab", NodeError::NoHost),
        ("@den", NodeError::Local),
        ("t b@den", NodeError::Local),
        ("täb@den", NodeError::Local),
        ("tab@", NodeError::Host),
        ("tab@den@den", NodeError::Host),
    ] {
        assert_eq!(raw.parse::<NodeName>(), Err(error), "{raw}");
    }
    assert_eq!(Address::new("a b", name), Err(NodeError::Process));
    assert!(is_local(&"x".repeat(32)) && !is_local(&"x".repeat(33)) && !is_local(""));
    for host in ["192.168.1.10", "[fe80::1]", "den.local:4000"] {
        assert!(NodeName::new("tab", host).is_ok(), "{host}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What passes, passes again unchanged, is short, and has no way to hide or to turn.
    #[test]
    fn a_checked_name_is_safe(raw in "\\PC{0,40}") {
        if let Ok(name) = check(&raw) {
            prop_assert_eq!(check(&name), Ok(name.clone()));
            prop_assert!((1..=MAX_CHARS).contains(&name.chars().count()));
            prop_assert!(!name.chars().any(|c| c.is_control() || c.is_whitespace() || "/#@:,".contains(c)));
            prop_assert!(Likeness::of(&name).resembles(&Likeness::of(&name)));
        }
    }

    /// Case never makes two of one.
    #[test]
    fn case_does_not_count(raw in "[a-zA-ZäöüßéñÀ-Þа-яА-Яα-ω0-9]{1,12}") {
        let Ok(name) = check(&raw) else { return Ok(()) };
        for other in [name.to_uppercase(), name.to_lowercase()] {
            // ß and the like have no capital of one letter; only what stays the same but for case counts.
            if other.to_lowercase() == name.to_lowercase() {
                prop_assert!(Likeness::of(&name).resembles(&Likeness::of(&other)), "{} {}", name, other);
            }
        }
    }

    #[test]
    fn no_name_makes_it_panic(raw in any::<String>()) {
        let _ = Nick::parse(&raw);
        let _ = RoomName::parse(&raw);
        let _ = raw.parse::<NodeName>();
    }
}
