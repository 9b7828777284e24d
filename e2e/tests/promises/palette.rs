//! A few letters lead anywhere.

use e2e::keys::{CONTROL, DOWN, ENTER, ESCAPE, UP};
use e2e::{Person, Role, play};

async fn opens_the_palette(person: &Person) {
    person.browser.press(&[CONTROL, 'k']).await;
    person.browser.the(Role::Dialog, "Go to").await;
}

/// The offers, in their order, and the one that Enter takes.
async fn offers(person: &Person) -> (Vec<String>, String) {
    let script = "
        const name = row => row ? row.querySelector('bdi').textContent : '';
        const rows = [...document.querySelectorAll('[role=option]')];
        return [rows.map(name), name(document.getElementById(
            document.activeElement.getAttribute('aria-activedescendant')))];";
    person.browser.eval(script, Vec::new()).await
}

/// Types, and waits until that is the first offer.
async fn finds(person: &Person, typed: &str, first: &str) {
    person.browser.type_keys(typed).await;
    let script = format!("return document.querySelector('[role=option] bdi')?.textContent === '{first}'");
    person.browser.until(&format!("{first} is offered first for {typed}"), &script).await;
}

#[test]
fn it_leads_to_rooms_people_and_deeds() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        bob.join("boiler-room").await.expect("a room");
        let ana = stage.guest("ana").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;

        opens_the_palette(&ana).await;
        finds(&ana, "lob", "lobby").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("lobby").await;
        ana.browser.none(Role::Dialog, "Go to").await;
        assert_eq!(ana.browser.focused().await.1, "Message");

        // A room that one is not in is entered.
        opens_the_palette(&ana).await;
        finds(&ana, "boil", "boiler-room").await;
        ana.meets_no_barrier_anywhere("the palette").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("boiler-room").await;

        opens_the_palette(&ana).await;
        finds(&ana, "@b", "bob").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("bob").await;

        opens_the_palette(&ana).await;
        finds(&ana, "clcon", "Close conversation").await;
        ana.browser.press(&[ENTER]).await;
        ana.has_places(&["lobby", "boiler-room", "cellar"]).await;

        opens_the_palette(&ana).await;
        ana.browser.type_keys("nothing is called so").await;
        ana.is_told("Nothing is called so").await;
        ana.browser.press(&[ENTER]).await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Dialog, "Go to").await;
        assert_eq!(ana.browser.focused().await.1, "Message", "back where one was");
    });
}

#[test]
fn what_is_unread_is_offered_first_and_the_arrows_choose() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        for room in ["attic", "cellar"] {
            ana.says(&format!("/join {room}")).await;
            ana.is_in(room).await;
            bob.join(room).await.expect("a room");
        }
        ana.goes_to("lobby").await;
        bob.say("cellar", "unread").await.expect("a line");
        bob.say("attic", "@ana unread and for you").await.expect("a line");
        ana.has_unread("cellar", 1).await;
        ana.has_unread("attic", 1).await;

        opens_the_palette(&ana).await;
        let (all, chosen) = offers(&ana).await;
        assert_eq!(all[..3], ["attic", "cellar", "lobby"]);
        assert_eq!(chosen, "attic");
        ana.browser.press(&[DOWN]).await;
        assert_eq!(offers(&ana).await.1, "cellar");
        ana.browser.press(&[UP]).await;
        ana.browser.press(&[UP]).await;
        assert_eq!(offers(&ana).await.1, *all.last().expect("offers"), "round the end");
        ana.browser.press(&[DOWN]).await;
        ana.browser.press(&[DOWN]).await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("cellar").await;

        // The same keys shut it.
        opens_the_palette(&ana).await;
        ana.browser.press(&[CONTROL, 'k']).await;
        ana.browser.none(Role::Dialog, "Go to").await;
    });
}

#[test]
fn a_finger_finds_it_as_well() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.browser.resize(e2e::browser::PHONE).await;
        ana.browser.click(Role::Button, "Rooms").await;
        ana.browser.rests().await;
        ana.browser.click(Role::Button, "Go to…").await;
        ana.browser.the(Role::Dialog, "Go to").await;
        ana.browser.click(Role::Option, "lobby").await;
        ana.is_in("lobby").await;
        ana.browser.none(Role::List, "Rooms").await;
    });
}
