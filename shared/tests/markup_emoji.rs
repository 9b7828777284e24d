//! Emoji: which texts are one, and how one is found by its name.

use shared::emoji::{BASIC, Emoji, MAX_NAMES, MAX_REACTION, Table, leading, valid_reaction};

const FILE: &str = "👍\t+1 thumbsup thumbs_up\tPeople\n👎\t-1 thumbsdown\tPeople\n😄\tsmile grinning_face\tSmileys\n\
    😺\tsmiley_cat grinning_cat\tAnimals\n🐈\tcat\tAnimals\n";

fn names(found: &[Emoji<'_>]) -> Vec<String> {
    found.iter().map(|found| format!("{}{}", found.emoji, found.name)).collect()
}

#[test]
fn one_emoji_is_a_reaction() {
    for text in ["👍", "❤️", "❤", "☕", "1️⃣", "#⃣", "🇩🇪", "👋🏽", "🕵🏻‍♂️", "👨‍👩‍👧‍👦", "👩‍❤️‍💋‍👨", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴", "©️", "🫠", "🏻"]
    {
        assert!(valid_reaction(text), "{text} {:?}", text.chars().collect::<Vec<_>>());
    }
    for (_, emoji) in BASIC {
        assert!(valid_reaction(emoji), "{emoji}");
    }
}

#[test]
fn anything_else_is_none() {
    for text in [
        "",
        " ",
        "👍 ",
        "👍👍",
        "+1",
        ":joy:",
        "a",
        "1",
        "#",
        "é",
        "\u{FE0F}",
        "\u{200D}",
        "\u{20E3}",
        "🇩",
        "🇩a",
        "👍\u{200D}",
        "👍\u{FE0F}\u{FE0F}",
        "👍\u{E0061}\u{E007F}",
        "🏴\u{E0061}",
        "🏴\u{E007F}",
        "🏴\u{E0061}\u{E0061}\u{E0061}\u{E0061}\u{E0061}\u{E0061}\u{E0061}\u{E007F}",
        "\u{202E}👍",
        "<b>",
        "王",
    ] {
        assert!(!valid_reaction(text), "{text} {:?}", text.chars().collect::<Vec<_>>());
    }
    let long = "👨\u{200D}".repeat(5) + "👨";
    assert!(leading(&long) == long.len() && long.len() > MAX_REACTION && !valid_reaction(&long));
    let endless = "👨\u{200D}".repeat(1_000);
    assert!(leading(&endless) < 100);
}

#[test]
fn an_emoji_is_found_by_any_of_its_names() {
    let table = Table::parse(FILE);
    for name in ["+1", "thumbsup", "thumbs_up"] {
        assert_eq!(table.get(name), Some("👍"));
    }
    assert_eq!(table.get("cat"), Some("🐈"));
    for name in ["", "ca", "cat ", "👍", "People"] {
        assert_eq!(table.get(name), None, "{name}");
    }
}

#[test]
fn the_beginning_of_a_name_comes_before_that_of_a_word_in_it() {
    let table = Table::parse(FILE);
    assert_eq!(names(&table.complete("cat", 9)), ["🐈cat", "😺smiley_cat"]);
    assert_eq!(names(&table.complete("thumbs", 9)), ["👍thumbsup", "👎thumbsdown"]);
    assert_eq!(names(&table.complete("UP", 9)), ["👍thumbs_up"]);
    assert_eq!(names(&table.complete("s", 1)), ["😄smile"]);
    assert_eq!(names(&table.complete("é", 9)), [""; 0]);
}

#[test]
fn a_search_finds_what_has_all_the_words() {
    let table = Table::parse(FILE);
    assert_eq!(names(&table.search("grin")), ["😄smile", "😺smiley_cat"]);
    assert_eq!(names(&table.search(" Cat  grinning ")), ["😺smiley_cat"]);
    assert_eq!(names(&table.search("dog")), [""; 0]);
    assert_eq!(table.search("").len(), 5);
}

#[test]
fn groups_are_in_the_order_of_the_file() {
    let table = Table::parse(FILE);
    let groups = table.groups();
    let sizes: Vec<_> = groups.iter().map(|(group, emoji)| (*group, emoji.len())).collect();
    assert_eq!(sizes, [("People", 2), ("Smileys", 1), ("Animals", 2)]);
}

#[test]
fn before_the_file_has_come_there_are_the_usual_ones() {
    let table = Table::default();
    for (name, emoji) in BASIC {
        assert_eq!(table.get(name), Some(emoji));
    }
    assert_eq!(table.groups().len(), 1);
}

#[test]
fn a_file_that_is_none_gives_what_can_be_read_of_it() {
    for text in ["", "\n\t\t\n", "a\tb", "a\tb\tc\td", "\tb\tc", "a\t \tc", "<html>"] {
        let table = Table::parse(text);
        assert!(table.groups().is_empty() && table.get("b").is_none(), "{text:?}");
    }
    let many: String = (0..2 * MAX_NAMES).map(|n| format!("👍\tn{n}\tg\n")).collect();
    let table = Table::parse(&many);
    assert_eq!(table.get(&format!("n{}", MAX_NAMES - 1)), Some("👍"));
    assert_eq!(table.get(&format!("n{MAX_NAMES}")), None);
    assert_eq!(table.get("none"), None);
}
