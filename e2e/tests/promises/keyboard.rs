//! Nobody needs a mouse.

use e2e::keys::{CONTROL, ENTER, ESCAPE, SHIFT, TAB};
use e2e::{Person, Role, play};

/// More stops than a page has.
const STOPS: usize = 40;

/// Presses Tab (or Shift and Tab) until something of that role, whose name begins so, has the focus. Everything
/// passed on the way shows that it has it.
async fn tabs_to(person: &Person, back: bool, role: &str, name: &str) {
    let mut passed = Vec::new();
    for _ in 0..STOPS {
        let focused = person.browser.focused().await;
        if focused.0 == role && focused.1.starts_with(name) {
            return;
        }
        passed.push(focused);
        if back {
            person.browser.press(&[SHIFT, TAB]).await;
        } else {
            person.browser.press(&[TAB]).await;
        }
        let seen: bool = person
            .browser
            .eval(
                "const at = document.activeElement;
                if (at === document.body) return true;
                const style = getComputedStyle(at), around = getComputedStyle(at.parentElement);
                const outlined = style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
                const box = at.getBoundingClientRect();
                return (outlined(style) || outlined(around) || style.boxShadow !== 'none' || around.boxShadow !== 'none')
                    && box.width > 0 && box.right > 0 && box.left < innerWidth;",
                Vec::new(),
            )
            .await;
        assert!(seen, "what has the focus shows it: {:?}", person.browser.focused().await);
    }
    panic!("Tab leads to no {role} {name}, but to {passed:?}");
}

#[test]
fn joining_sending_and_changing_rooms() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.person("ana").await;
        ana.opens(stage.hub().link()).await;
        ana.browser.the(Role::Textbox, "Nick").await;
        tabs_to(&ana, false, "textbox", "Nick").await;
        ana.browser.type_keys("ana").await;
        tabs_to(&ana, false, "button", "Join").await;
        ana.browser.press(&[' ']).await;
        ana.is_in("lobby").await;

        // Where one writes is where one is.
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));
        ana.browser.type_keys("no mouse").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "no mouse").await;
        ana.browser.type_keys("/join cellar").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("cellar").await;
        bob.say("lobby", "nor a cat").await.expect("a line said");
        ana.has_unread("lobby", 1).await;

        tabs_to(&ana, true, "button", "lobby").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("lobby").await;
        ana.sees("bob", "nor a cat").await;
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));

        tabs_to(&ana, false, "button", "online: bob").await;
        ana.browser.press(&[' ']).await;
        ana.browser.the(Role::Dialog, "bob").await;
        tabs_to(&ana, false, "button", "Write to bob").await;
        ana.browser.press(&[' ']).await;
        ana.is_in("bob").await;
        ana.browser.type_keys("psst").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "psst").await;
    });
}

#[test]
fn dialogs_open_and_close() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        tabs_to(&ana, true, "button", "All rooms").await;
        ana.browser.press(&[ENTER]).await;
        ana.browser.the(Role::Dialog, "Rooms").await;
        tabs_to(&ana, false, "textbox", "Room name").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Dialog, "Rooms").await;
        assert_eq!(ana.browser.focused().await.1, "All rooms", "back where one was");

        ana.browser.press(&[ENTER]).await;
        ana.browser.the(Role::Dialog, "Rooms").await;
        tabs_to(&ana, false, "textbox", "Room name").await;
        ana.browser.type_keys("attic").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("attic").await;
    });
}

#[test]
fn a_phone_with_a_keyboard_opens_its_drawers() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.browser.resize(e2e::browser::PHONE).await;
        tabs_to(&ana, true, "button", "Rooms").await;
        ana.browser.press(&[ENTER]).await;
        tabs_to(&ana, false, "button", "lobby").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("lobby").await;
        // The drawer shuts, and takes its buttons along.
        ana.browser.rests().await;

        tabs_to(&ana, true, "button", "People").await;
        ana.browser.press(&[ENTER]).await;
        ana.browser.the(Role::List, "People").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::List, "People").await;
        assert!(ana.browser.focused().await.1.starts_with("People"), "back where one was");
    });
}

#[test]
fn all_shortcuts_are_listed() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        // While one writes it is a sign like any other.
        ana.browser.type_keys("what?").await;
        assert_eq!(ana.has_written("Message").await, "what?");
        ana.browser.none(Role::Dialog, "Keyboard shortcuts").await;
        ana.browser.press(&[CONTROL, '/']).await;
        ana.browser.the(Role::Dialog, "Keyboard shortcuts").await;
        ana.meets_no_barrier_anywhere("the keyboard map").await;
        ana.can_make_it_larger("the keyboard map").await;
        ana.reads("Next unread place").await;
        ana.reads("Begin a new line").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Dialog, "Keyboard shortcuts").await;
        assert_eq!(ana.browser.focused().await.1, "Message", "back where one was");

        tabs_to(&ana, true, "log", "lobby").await;
        ana.browser.press(&['?']).await;
        ana.browser.the(Role::Dialog, "Keyboard shortcuts").await;
        // Behind a dialog nothing is obeyed.
        ana.browser.press(&[CONTROL, 'k']).await;
        ana.browser.the(Role::Dialog, "Keyboard shortcuts").await;
    });
}

#[test]
fn single_keys_can_be_turned_off_and_do_nothing_then() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.click(Role::Button, "Settings").await;
        ana.browser.click(Role::Checkbox, "Single-key shortcuts").await;
        ana.meets_no_barrier("the settings").await;
        ana.browser.click(Role::Button, "Close").await;
        ana.browser.none(Role::Dialog, "Settings").await;
        ana.browser.reload().await;
        ana.is_in("lobby").await;
        tabs_to(&ana, true, "log", "lobby").await;
        ana.browser.press(&[CONTROL, '/']).await;
        ana.browser.the(Role::Dialog, "Keyboard shortcuts").await;
        let keys = "return [...document.querySelectorAll('dialog[open] dd')]
            .map(keys => keys.textContent).filter(keys => keys.includes('/'))";
        assert_eq!(ana.browser.eval::<Vec<String>>(keys, Vec::new()).await, ["Ctrl/"]);
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Dialog, "Keyboard shortcuts").await;
        ana.browser.press(&['?']).await;
        // What comes after it has been obeyed.
        ana.browser.press(&[CONTROL, 'k']).await;
        ana.browser.the(Role::Dialog, "Go to").await;
        ana.browser.none(Role::Dialog, "Keyboard shortcuts").await;
    });
}

#[test]
fn everything_that_is_offered_can_be_done_without_a_mouse() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let menu = [("Set topic", "Topic"), ("All rooms", "Rooms"), ("New conversation", "New conversation")];
        for (deed, dialog) in menu.into_iter().chain([("Settings", "Settings"), ("shortcuts", "Keyboard shortcuts")]) {
            ana.browser.press(&[CONTROL, 'k']).await;
            ana.browser.the(Role::Dialog, "Go to").await;
            ana.browser.type_keys(deed).await;
            ana.browser.press(&[ENTER]).await;
            ana.browser.the(Role::Dialog, dialog).await;
            ana.browser.none(Role::Dialog, "Go to").await;
            ana.browser.press(&[ESCAPE]).await;
            ana.browser.none(Role::Dialog, dialog).await;
            assert_eq!(ana.browser.focused().await.1, "Message", "back where one was, from {dialog}");
        }
    });
}
