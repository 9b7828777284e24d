//! Nicks and emoji are offered while one writes.

use e2e::keys::{DOWN, ENTER, ESCAPE, TAB, UP};
use e2e::{Person, Role, eventually, play};

use crate::lines::stands;

/// Waits until exactly those are offered, the chosen one in brackets.
async fn is_offered(person: &Person, wanted: &[&str]) {
    let script = "return [...document.querySelectorAll('[role=listbox] [role=option]')]
        .map(option => option.ariaSelected === 'true' ? `[${option.textContent}]` : option.textContent)";
    eventually(format_args!("{} is offered {wanted:?}", person.name), async || {
        let offered: Vec<String> = person.browser.try_eval(script, Vec::new()).await?;
        Ok((offered == wanted).then_some(()))
    })
    .await;
}

#[test]
fn nicks_are_offered_behind_an_at_sign() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let anton = stage.hub().native("Anton").await;
        let _bob = stage.hub().native("bob").await;
        ana.sees_person("Anton", "online").await;
        ana.sees_person("bob", "online").await;
        ana.browser.click(Role::Textbox, "Message").await;
        ana.browser.type_keys("hi @a").await;
        is_offered(&ana, &["[@Anton]"]).await;
        ana.meets_no_barrier_in_any_light("offers").await;
        ana.browser.press(&[ENTER]).await;
        stands(&ana, "hi @Anton ").await;
        is_offered(&ana, &[]).await;
        // Anyone at all, with the arrows.
        ana.browser.type_keys("and @").await;
        is_offered(&ana, &["[@Anton]", "@bob"]).await;
        ana.browser.press(&[DOWN]).await;
        is_offered(&ana, &["@Anton", "[@bob]"]).await;
        let active: String =
            ana.browser.eval("return document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).textContent", Vec::new()).await;
        assert_eq!(active, "@bob");
        ana.browser.press(&[UP]).await;
        ana.browser.press(&[DOWN]).await;
        ana.browser.press(&[TAB]).await;
        stands(&ana, "hi @Anton and @bob ").await;
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));
        // Escape takes the offer away, and Enter sends then.
        ana.browser.type_keys("@b").await;
        is_offered(&ana, &["[@bob]"]).await;
        ana.browser.press(&[ESCAPE]).await;
        is_offered(&ana, &[]).await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "hi @Anton and @bob @b").await;
        anton.say("lobby", "hello").await.expect("a line said");
        // A name that is whole already is sent by one Enter.
        ana.says("@anton good morning @bob").await;
        ana.sees("ana", "@anton good morning @bob").await;
    });
}

#[test]
fn a_click_takes_an_offer() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let _bob = stage.hub().native("bob").await;
        ana.sees_person("bob", "online").await;
        ana.browser.click(Role::Textbox, "Message").await;
        ana.browser.type_keys("@").await;
        is_offered(&ana, &["[@bob]"]).await;
        ana.browser.click(Role::Option, "@bob").await;
        stands(&ana, "@bob ").await;
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));
    });
}

#[test]
fn emoji_are_offered_behind_a_colon_and_two_letters() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.click(Role::Textbox, "Message").await;
        ana.browser.type_keys("so :t").await;
        is_offered(&ana, &[]).await;
        ana.browser.type_keys("ad").await;
        eventually("emoji are offered", async || Ok(ana.browser.find(Role::Listbox, "Emoji").await)).await;
        ana.browser.press(&[ENTER]).await;
        stands(&ana, "so 🎉").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "so 🎉").await;
        // What is no emoji offers none.
        ana.browser.type_keys("at 12:30 http://x.example").await;
        is_offered(&ana, &[]).await;
    });
}
