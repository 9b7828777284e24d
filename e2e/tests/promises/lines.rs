//! What was said can be changed, taken back, copied, and unfolded.

use e2e::browser::PHONE;
use e2e::keys::{DOWN, ENTER, ESCAPE, SHIFT, TAB, UP};
use e2e::{Person, Role, eventually, play};
use fantoccini::Locator;
use node::Talk;
use serde_json::json;

const LOBBY: Talk<'static> = Talk::Room("lobby");

/// Points at a line with the mouse, until the bar is beside it.
pub(crate) async fn points_at(person: &Person, seq: u64) {
    eventually(format_args!("{} points at #{seq}", person.name), async || {
        let words = format!("[data-seq='{seq}'] .said");
        let line = person.browser.page().find(Locator::Css(&words)).await?;
        person.browser.try_hover(&line).await?;
        Ok(person.browser.find(Role::Button, "More").await.map(drop))
    })
    .await;
}

/// Does with a line what the bar beside it, or its menu, offers under this name.
pub(crate) async fn does(person: &Person, seq: u64, name: &str) {
    points_at(person, seq).await;
    if matches!(name, "Delete" | "Copy text" | "Copy link") {
        person.browser.click(Role::Button, "More").await;
    }
    person.browser.click(Role::Button, name).await;
}

/// Waits until that stands in the composer.
pub(crate) async fn stands(person: &Person, text: &str) {
    eventually(format_args!("“{text}” stands in the composer"), async || {
        Ok((person.has_written("Message").await == text).then_some(()))
    })
    .await;
}

/// Waits until the keyboard is at what has that role and a name that begins so.
pub(crate) async fn is_at(person: &Person, role: &str, name: &str) {
    eventually(format_args!("the keyboard is at {role} {name}"), async || {
        let (focused, called) = person.browser.focused().await;
        Ok((focused == role && called.starts_with(name)).then_some(()))
    })
    .await;
}

#[test]
fn one_s_own_line_is_edited_for_everyone() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("helo bob").await;
        let seq = ana.sees("ana", "helo bob").await;
        bob.sees("ana", "helo bob").await;

        // What was being written waits, and comes back.
        ana.writes("and another thing").await;
        does(&ana, seq, "Edit").await;
        stands(&ana, "helo bob").await;
        ana.reads("Editing your line").await;
        ana.fills_in("Message", "hello bob").await;
        ana.browser.press(&[ENTER]).await;
        stands(&ana, "and another thing").await;
        for person in [&ana, &bob] {
            assert_eq!(person.sees("ana", "hello bob").await, seq, "it is the same line");
            person.reads("(edited").await;
            assert_eq!(person.talk().await.len(), 1);
        }
        bob.browser.reload().await;
        bob.sees("ana", "hello bob").await;
        bob.reads("(edited").await;

        // Escape leaves all as it was.
        does(&ana, seq, "Edit").await;
        stands(&ana, "hello bob").await;
        ana.browser.type_keys(" and all").await;
        ana.browser.press(&[ESCAPE]).await;
        stands(&ana, "and another thing").await;
        ana.sees("ana", "hello bob").await;
    });
}

#[test]
fn up_in_an_empty_field_edits_the_last_line() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("first").await;
        ana.says("secnod").await;
        ana.sees("ana", "secnod").await;
        bob.says("hi").await;
        ana.sees("bob", "hi").await;
        ana.browser.press(&[UP]).await;
        stands(&ana, "secnod").await;
        ana.fills_in("Message", "second").await;
        ana.browser.press(&[ENTER]).await;
        bob.sees("ana", "second").await;
        stands(&ana, "").await;
        // With something written, Up is the cursor's.
        ana.writes("words").await;
        ana.browser.press(&[UP]).await;
        stands(&ana, "words").await;
    });
}

#[test]
fn a_line_is_taken_back_once_that_is_confirmed() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("a secret").await;
        let seq = ana.sees("ana", "a secret").await;
        bob.sees("ana", "a secret").await;

        does(&ana, seq, "Delete").await;
        ana.browser.within(Role::Dialog, "Delete this line for everyone?").click(Role::Button, "Cancel").await;
        ana.browser.none(Role::Dialog, "Delete this line for everyone?").await;
        is_at(&ana, "article", "ana: a secret").await;
        assert_eq!(bob.talk().await, [("ana".to_owned(), "a secret".to_owned())]);

        does(&ana, seq, "Delete").await;
        let question = ana.browser.within(Role::Dialog, "Delete this line for everyone?");
        question.the(Role::Button, "Delete").await;
        ana.meets_no_barrier_in_any_light("the question").await;
        question.click(Role::Button, "Delete").await;
        for person in [&ana, &bob] {
            person.reads("This line was deleted.").await;
            assert!(!person.has_on_page("a secret").await, "{}", person.name);
        }
        is_at(&ana, "article", "ana: deleted").await;
        bob.browser.reload().await;
        bob.reads("This line was deleted.").await;
        assert!(!bob.has_on_page("a secret").await);

        // An edit that leaves nothing asks the same.
        ana.says("another").await;
        ana.sees("ana", "another").await;
        ana.browser.press(&[UP]).await;
        stands(&ana, "another").await;
        ana.fills_in("Message", "").await;
        ana.browser.press(&[ENTER]).await;
        ana.browser.within(Role::Dialog, "Delete this line for everyone?").click(Role::Button, "Delete").await;
        bob.reads_no_more("another").await;
        ana.browser.until("ana edits no more", "return !document.body.innerText.includes('Editing your line')").await;
    });
}

#[test]
fn another_s_line_can_be_answered_but_not_changed() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.hub().native("bob").await;
        ana.reads("bob has joined").await;
        let seq = bob.say("lobby", "mine").await.expect("a line said").seq;
        ana.sees("bob", "mine").await;
        points_at(&ana, seq).await;
        assert!(ana.browser.find(Role::Button, "Reply").await.is_some());
        assert!(ana.browser.find(Role::Button, "Edit").await.is_none());
        ana.browser.click(Role::Button, "More").await;
        ana.browser.the(Role::Button, "Copy text").await;
        assert!(ana.browser.find(Role::Button, "Delete").await.is_none());
        // And the hub would not have it either.
        let refused = stage.hub().native("carl").await.edit(LOBBY, seq, "stolen").await;
        assert!(refused.is_err());
        assert_eq!(ana.talk().await, [("bob".to_owned(), "mine".to_owned())]);
    });
}

#[test]
fn a_change_that_is_refused_says_so_and_the_old_text_stands() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("here for now").await;
        let seq = ana.sees("ana", "here for now").await;
        ana.is_connected().await;
        // Another tab of hers takes it back while this one hears nothing.
        ana.browser.expect_error("WebSocket connection to");
        does(&ana, seq, "Edit").await;
        stands(&ana, "here for now").await;
        let long = "x".repeat(16 * 1024 + 1);
        ana.fills_in("Message", &long).await;
        ana.browser.press(&[ENTER]).await;
        ana.is_warned("16").await;
        ana.sees("ana", "here for now").await;
        assert_eq!(ana.has_written("Message").await, long, "and what was written is kept");
    });
}

#[test]
fn all_of_it_is_done_with_the_keyboard_alone() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        for text in ["first", "second", "third"] {
            bob.say("lobby", text).await.expect("a line said");
        }
        ana.sees("bob", "third").await;
        let log = ana.browser.the(Role::Log, "lobby").await;
        ana.browser.eval::<()>("arguments[0].focus()", vec![json!(log)]).await;
        ana.browser.press(&[UP]).await;
        let focused = ana.browser.focused().await;
        assert!(focused.0 == "article" && focused.1.starts_with("bob: third"), "{focused:?}");
        ana.browser.press(&[UP]).await;
        ana.browser.press(&[UP]).await;
        assert!(ana.browser.focused().await.1.starts_with("bob: first"));
        ana.browser.press(&[DOWN]).await;
        assert!(ana.browser.focused().await.1.starts_with("bob: second"));
        // Into the bar, along it, and out of it again.
        ana.browser.press(&[ENTER]).await;
        assert_eq!(ana.browser.focused().await, ("button".to_owned(), "React".to_owned()));
        ana.browser.press(&[DOWN]).await;
        assert_eq!(ana.browser.focused().await, ("button".to_owned(), "Reply".to_owned()));
        ana.browser.press(&[ESCAPE]).await;
        assert!(ana.browser.focused().await.1.starts_with("bob: second"));
        ana.browser.press(&[ENTER]).await;
        ana.browser.press(&[DOWN]).await;
        ana.browser.press(&[ENTER]).await;
        ana.reads("Replying to").await;
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));
        ana.browser.type_keys("without a mouse").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "without a mouse").await;

        // A line that is drawn anew keeps the focus.
        ana.browser.eval::<()>("arguments[0].focus()", vec![json!(log)]).await;
        ana.browser.press(&[UP]).await;
        let seq = ana.sees("ana", "without a mouse").await;
        bob.react(LOBBY, seq, "👍", true).await.expect("a reaction");
        ana.browser
            .until("the line keeps the focus", "return document.activeElement.querySelector('.reaction') !== null")
            .await;
        assert_eq!(ana.browser.focused().await.0, "article");
    });
}

#[test]
fn text_and_address_of_a_line_are_copied() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("some **bold** words").await;
        let seq = ana.sees("ana", "some bold words").await;
        for (name, copied) in
            [("Copy text", "some **bold** words".to_owned()), ("Copy link", format!("/#/room/lobby/{seq}"))]
        {
            ana.browser
                .eval::<()>(
                    "document.addEventListener('copy', () => { window.copied = document.activeElement.value }, { once: true })",
                    Vec::new(),
                )
                .await;
            does(&ana, seq, name).await;
            ana.is_told("Copied.").await;
            let got: String = ana.browser.eval("return window.copied", Vec::new()).await;
            assert!(got.ends_with(&copied), "{name}: {got}");
        }
    });
}

#[test]
fn a_long_text_is_folded_until_it_is_wanted() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        let text: Vec<String> = (1..=40).map(|number| format!("row {number} of many")).collect();
        ana.writes(&text.join("\n")).await;
        ana.browser.press(&[ENTER]).await;
        bob.reads("row 12 of many").await;
        assert!(!bob.has_on_page("row 30 of many").await);
        let all = bob.browser.the(Role::Button, "Show all").await;
        assert_eq!(all.attr("aria-expanded").await.expect("its state").as_deref(), Some("false"));
        bob.browser.click(Role::Button, "Show all").await;
        let seq = bob.sees("ana", &text.join("\n")).await;
        // It stays so when the line is drawn anew.
        ana.sees("ana", &text[..12].join("\n")).await;
        does(&ana, seq, "React").await;
        ana.browser.click(Role::Button, "👍").await;
        bob.browser.the(Role::Button, "👍, ana; press to add yours").await;
        bob.reads("row 40 of many").await;
        bob.browser.click(Role::Button, "Show less").await;
        bob.reads_no_more("row 40 of many").await;
    });
}

#[test]
fn a_word_without_end_stays_in_its_column() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.hub().native("bob").await;
        for word in
            ["x".repeat(16 * 1024), format!("`{}`", "y".repeat(900)), format!("http://den.local/{}", "z".repeat(900))]
        {
            bob.say("lobby", &word).await.expect("a line said");
        }
        ana.reads("zzzz").await;
        for size in [e2e::browser::WIDE, PHONE] {
            ana.browser.resize(size).await;
            ana.sees_all_of("long words").await;
        }
        ana.browser.click(Role::Button, "Show all").await;
        ana.sees_all_of("a word of 16 KiB").await;
    });
}

#[test]
fn a_finger_gets_at_it_as_well() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        let seq = bob.say("lobby", "touch me").await.expect("a line said").seq;
        ana.sees("bob", "touch me").await;
        ana.browser.resize(PHONE).await;
        let touch =
            json!({ "features": [{ "name": "pointer", "value": "coarse" }, { "name": "hover", "value": "none" }] });
        ana.browser.devtools("Emulation.setEmulatedMedia", touch).await;
        ana.browser.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true })).await;
        let at: (f64, f64) = ana
            .browser
            .eval(
                "const box = document.querySelector(`[data-seq='${arguments[0]}'] .said p`).getBoundingClientRect();
                return [box.left + 10, box.top + 10];",
                vec![json!(seq)],
            )
            .await;
        let point = json!([{ "x": at.0, "y": at.1 }]);
        ana.browser.devtools("Input.dispatchTouchEvent", json!({ "type": "touchStart", "touchPoints": point })).await;
        ana.browser.devtools("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] })).await;
        ana.browser.the(Role::Button, "Reply").await;
        ana.can_point_at_everything("the bar").await;
        ana.browser.click(Role::Button, "More").await;
        ana.browser.the(Role::Button, "Copy text").await;
        ana.sees_all_of("the menu").await;
        ana.can_point_at_everything("the menu").await;
    });
}

#[test]
fn the_bar_and_what_it_opens_bar_nobody() {
    play(async |stage| {
        let bob = stage.guest("bob").await;
        let ana = stage.guest("ana").await;
        bob.says("an **example** of `code` for @ana, see [the wiki](http://wiki.example/x)").await;
        ana.says("```rust\nfn main() { println!(\"hi {}\", 42); } // done\n```").await;
        ana.reads("println").await;
        let seq = ana.sees("bob", "an example of code for @ana, see the wiki").await;
        does(&ana, seq, "Reply").await;
        ana.browser.type_keys("fine").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "fine").await;
        does(&bob, seq, "React").await;
        bob.browser.click(Role::Button, "👍").await;
        ana.browser.the(Role::Button, "👍, bob; press to add yours").await;
        ana.meets_no_barrier_anywhere("lines of all kinds").await;
        points_at(&ana, seq).await;
        ana.meets_no_barrier_in_any_light("the bar").await;
        ana.browser.click(Role::Button, "React").await;
        ana.browser.the(Role::Button, "More emoji").await;
        ana.meets_no_barrier_in_any_light("quick reactions").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.click(Role::Button, "More").await;
        ana.browser.the(Role::Button, "Copy link").await;
        ana.meets_no_barrier_in_any_light("the menu").await;
        ana.browser.press(&[SHIFT, TAB]).await;
    });
}

#[test]
fn a_change_waits_for_the_hub_and_shows_that_it_does() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("befor").await;
        let seq = ana.sees("ana", "befor").await;
        ana.is_connected().await;
        ana.browser.expect_error("WebSocket connection to");
        ana.browser.expect_error("error occurred when fetching the script");
        stage.hub_mut().stop();
        ana.is_told("The connection to the hub is lost").await;
        does(&ana, seq, "Edit").await;
        ana.fills_in("Message", "before").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "before").await;
        ana.browser.until("it is on its way", "return document.querySelector('.row.changing') !== null").await;
        stage.hub_mut().start_again();
        ana.browser.until("it has arrived", "return document.querySelector('.row.changing') === null").await;
        let bob = stage.guest("bob").await;
        assert_eq!(bob.sees("ana", "before").await, seq);
    });
}

#[test]
fn a_topic_is_a_quiet_row_and_only_text() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.hub().native("bob").await;
        let hostile = "<img src=x onerror=obeyed=1> **not bold** javascript:obeyed=1";
        bob.topic("lobby", hostile).await.expect("a topic");
        ana.reads(&format!("bob set the topic: {hostile}")).await;
        bob.topic("lobby", "").await.expect("no topic");
        ana.reads("bob took the topic away").await;
        assert_eq!(ana.talk().await, [], "nobody said anything");
        let found: (bool, u32) = ana
            .browser
            .eval(
                "return ['obeyed' in window, document.querySelectorAll('[role=log] :is(img, strong, a)').length]",
                Vec::new(),
            )
            .await;
        assert_eq!(found, (false, 0));
    });
}
