//! What is written is sent when it is meant to be sent, and commands are understood.

use e2e::keys::{CONTROL, ENTER, ESCAPE, SHIFT, TAB};
use e2e::{Person, Role, eventually, play, play_with};
use serde_json::{Value, json};

async fn stands(person: &Person, text: &str) {
    eventually(format_args!("“{text}” stands in the composer"), async || {
        Ok((person.has_written("Message").await == text).then_some(()))
    })
    .await;
}

#[test]
fn enter_sends_and_shift_enter_breaks_the_line() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.writes("a haiku:").await;
        for line in ["an old silent pond", "a frog jumps in"] {
            ana.browser.press(&[SHIFT, ENTER]).await;
            ana.browser.type_keys(line).await;
        }
        stands(&ana, "a haiku:\nan old silent pond\na frog jumps in").await;
        assert_eq!(bob.talk().await, []);
        ana.browser.press(&[ENTER]).await;
        stands(&ana, "").await;
        bob.sees("ana", "a haiku:\nan old silent pond\na frog jumps in").await;

        ana.writes("and the button").await;
        ana.browser.click(Role::Button, "Send").await;
        bob.sees("ana", "and the button").await;
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()), "one types on");
    });
}

#[test]
fn an_empty_line_does_nothing() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        for nothing in ["", "   ", "\n\n"] {
            ana.fills_in("Message", nothing).await;
            ana.browser.press(&[ENTER]).await;
        }
        ana.fills_in("Message", "").await;
        ana.says("something").await;
        ana.sees("ana", "something").await;
        assert_eq!(ana.talk().await.len(), 1);
        assert_eq!(ana.warnings().await, [""; 0]);
    });
}

#[test]
fn enter_in_the_middle_of_an_input_methods_word_is_not_ours() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.click(Role::Textbox, "Message").await;
        // As Chromium has it: the keys are the input method's, and said to be so.
        let composed = json!({ "text": "にほん", "selectionStart": 3, "selectionEnd": 3 });
        ana.browser.devtools("Input.imeSetComposition", composed).await;
        let enter =
            |code: u32| json!({ "type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": code });
        ana.browser.devtools("Input.dispatchKeyEvent", enter(229)).await;
        ana.browser.devtools("Input.dispatchKeyEvent", enter(13)).await;
        ana.browser.insert("日本").await;
        stands(&ana, "日本").await;

        // As Safari has it: the word has ended when the Enter that ended it comes, with a code of no key.
        ana.browser
            .eval::<Value>(
                "const field = document.activeElement;
                field.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, data: '日本' }));
                field.dispatchEvent(new KeyboardEvent('keydown',
                    { key: 'Enter', code: 'Enter', keyCode: 229, which: 229, bubbles: true, cancelable: true }));",
                Vec::new(),
            )
            .await;
        stands(&ana, "日本").await;
        assert_eq!(ana.talk().await, []);

        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "日本").await;
        assert_eq!(ana.talk().await.len(), 1);
    });
}

#[test]
fn tab_completes_commands_and_nicks() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let _bob = stage.hub().native("bob").await;
        let _bea = stage.hub().native("Bea").await;
        ana.sees_person("bob", "online").await;
        ana.sees_person("Bea", "online").await;

        ana.writes("/us").await;
        ana.browser.press(&[TAB]).await;
        stands(&ana, "/users ").await;
        ana.fills_in("Message", "/pm bo").await;
        ana.browser.press(&[TAB]).await;
        stands(&ana, "/pm bob ").await;

        // Round and round.
        ana.fills_in("Message", "b").await;
        let mut offered = Vec::new();
        for _ in 0..3 {
            ana.browser.press(&[TAB]).await;
            offered.push(ana.has_written("Message").await);
        }
        assert_ne!(offered[0], offered[1]);
        assert_eq!(offered[0], offered[2]);
        let mut sorted = offered[..2].to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, ["Bea: ", "bob: "]);

        // The cursor is behind what was completed, also where what stands before it is no ASCII.
        ana.fills_in("Message", "schön 🙂 bo").await;
        ana.browser.press(&[TAB]).await;
        ana.browser.type_keys("ist da").await;
        stands(&ana, "schön 🙂 bob ist da").await;

        // After Escape, and where there is nothing to complete, Tab leaves the field.
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.press(&[TAB]).await;
        assert_eq!(ana.browser.focused().await, ("button".to_owned(), "Emoji".to_owned()));
        ana.fills_in("Message", "").await;
        ana.browser.press(&[TAB]).await;
        assert_eq!(ana.browser.focused().await, ("button".to_owned(), "Emoji".to_owned()));
    });
}

#[test]
fn the_commands_of_the_original_chat_are_understood() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let _bob = stage.hub().native("bob").await;
        ana.sees_person("bob", "online").await;

        ana.says("/help").await;
        let help = ana.is_told("Commands").await;
        for command in
            ["/help", "/join [room]", "/leave", "/users", "/pm <nick> <message>", "/nodes", "/ping <node>", "/quit"]
        {
            assert!(help.contains(command), "{command} is missing in: {help}");
        }
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.until("Escape takes it away", "return !document.body.innerText.includes('Lists the nodes')").await;

        ana.says("/users").await;
        let users = ana.is_told("2 people in lobby").await;
        assert!(users.contains("ana") && users.contains("bob"), "{users}");

        ana.says("/nodes").await;
        let nodes = ana.is_told("hub@den.local").await;
        assert!(nodes.contains("terminal of bob") && nodes.contains("tab of ana"), "{nodes}");

        ana.says("/ping hub@den.local").await;
        ana.is_told("pong").await;
        let bobs = nodes.lines().collect::<Vec<_>>();
        let bobs = bobs.iter().position(|line| line.contains("terminal of bob")).map(|at| bobs[at - 1]);
        ana.says(&format!("/ping {}", bobs.expect("bob’s node above what it is"))).await;
        ana.is_told("pong").await;
        ana.says("/ping nobody@den.local").await;
        ana.is_told("pang").await;

        ana.says("/quit").await;
        ana.is_told("Good-bye, ana").await;
        ana.browser.the(Role::Button, "Join").await;
    });
}

#[test]
fn what_is_no_command_is_said_and_stays_to_be_put_right() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        for (wrong, right) in [
            ("/jion cellar", "/join"),
            ("/pm", "a nick and a message"),
            ("/pm bob", "a message"),
            ("/ping", "the name of a node"),
            ("/leave now", "too much"),
            ("/", "/help"),
        ] {
            ana.fills_in("Message", wrong).await;
            ana.browser.press(&[ENTER]).await;
            ana.is_warned(right).await;
            assert_eq!(ana.has_written("Message").await, wrong);
        }
        // A slash can be said all the same.
        ana.fills_in("Message", "//etc/hosts").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "/etc/hosts").await;
        assert_eq!(ana.talk().await.len(), 1, "nothing of the rest was said to the room");
    });
}

#[test]
fn a_text_that_is_too_long_is_refused_in_words_and_kept() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let long = "0123456789abcdef".repeat(1024);
        ana.says(&long).await;
        ana.sees("ana", &long[..1_000]).await;
        ana.browser.click(Role::Button, "Show all").await;
        ana.sees("ana", &long).await;
        let longer = format!("{long}!");
        ana.says(&longer).await;
        let words = ana.is_warned("16").await;
        assert!(words.contains("KiB") || words.contains("long"), "{words}");
        assert_eq!(ana.has_written("Message").await, longer);
    });
}

#[test]
fn who_writes_faster_than_the_hub_allows_loses_nothing() {
    play_with(&["--rate-limit", "3"], async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        // Fifteen at once, then three a second.
        let lines: Vec<String> = (1..=24).map(|number| format!("line {number}")).collect();
        ana.browser.click(Role::Textbox, "Message").await;
        for line in &lines {
            ana.browser.insert(line).await;
            ana.browser.press(&[ENTER]).await;
        }
        bob.sees("ana", "line 24").await;
        let heard: Vec<String> = bob.lines().await.into_iter().map(|line| line.text).collect();
        assert_eq!(heard, lines);
        assert_eq!(ana.warnings().await, [""; 0], "it sorts itself out, and nobody need know");
    });
}

#[test]
fn each_place_keeps_what_was_begun_there() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.writes("for the cellar").await;
        ana.goes_to("lobby").await;
        stands(&ana, "").await;
        ana.writes("for the lobby").await;
        ana.goes_to("cellar").await;
        stands(&ana, "for the cellar").await;
        ana.goes_to("lobby").await;
        stands(&ana, "for the lobby").await;
    });
}

#[test]
fn the_keys_for_bold_and_italic_mark_what_is_selected() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.writes("loud").await;
        ana.browser.press(&[CONTROL, 'a']).await;
        ana.browser.press(&[CONTROL, 'b']).await;
        stands(&ana, "**loud**").await;
        ana.browser.press(&[CONTROL, 'i']).await;
        stands(&ana, "***loud***").await;
        ana.browser.press(&[CONTROL, 'b']).await;
        stands(&ana, "*loud*").await;
        // The browser's own undo knows of it.
        ana.browser.press(&[CONTROL, 'z']).await;
        stands(&ana, "***loud***").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "loud").await;
    });
}

#[test]
fn the_field_grows_with_its_text_up_to_a_part_of_the_window() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let height = async || {
            ana.browser
                .eval::<f64>("return document.getElementById('message').getBoundingClientRect().height", Vec::new())
                .await
        };
        let one = height().await;
        ana.writes("1\n2\n3\n4").await;
        assert!(height().await > 3.0 * one / 2.0);
        ana.writes(&"more\n".repeat(100)).await;
        let window: f64 = ana.browser.eval("return innerHeight", Vec::new()).await;
        let all = height().await;
        assert!(all <= 0.4 * window + 1.0 && all > 0.3 * window, "{all} of {window}");
        let code = "if x {\n\treturn `y`;\n}";
        ana.fills_in("Message", code).await;
        stands(&ana, code).await;
    });
}
