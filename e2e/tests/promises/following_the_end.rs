//! What is new is where one left off, and nobody is taken from what they read.

use e2e::{Person, Role, eventually, play_with};

/// Said faster than a person may.
const UNLIMITED: [&str; 2] = ["--rate-limit", "off"];

/// The line before which new ones are said to begin, if any is.
const NEW: &str = "
    const mark = document.querySelector('[role=log] .new');
    return mark ? Number(mark.closest('[data-seq]').dataset.seq) : null;";

async fn new_from(person: &Person) -> Option<u64> {
    person.browser.eval(NEW, Vec::new()).await
}

async fn sees_new_from(person: &Person, wanted: Option<u64>) {
    eventually(format_args!("{} sees that {wanted:?} is new", person.name), async || {
        Ok((person.browser.try_eval::<Option<u64>>(NEW, Vec::new()).await? == wanted).then_some(()))
    })
    .await;
}

#[test]
fn the_first_unread_line_is_marked_until_one_goes() {
    play_with(&UNLIMITED, async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        bob.say("lobby", "read").await.expect("a line said");
        ana.sees("bob", "read").await;
        assert_eq!(new_from(&ana).await, None, "who looks on sees nothing as new");
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        let first = bob.say("lobby", "one").await.expect("a line said").seq;
        bob.say("lobby", "two").await.expect("a line said");
        ana.has_unread("lobby", 2).await;
        ana.goes_to("lobby").await;
        sees_new_from(&ana, Some(first)).await;
        ana.has_unread("lobby", 0).await;
        bob.say("lobby", "three").await.expect("a line said");
        ana.sees("bob", "three").await;
        assert_eq!(new_from(&ana).await, Some(first), "it stays though all is read");
        ana.says("hello").await;
        ana.sees("ana", "hello").await;
        sees_new_from(&ana, None).await;
    });
}

#[test]
fn what_came_while_nobody_looked_is_marked() {
    play_with(&UNLIMITED, async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.sees_person("bob", "online").await;
        ana.browser.hide().await;
        let first = bob.say("lobby", "one").await.expect("a line said").seq;
        bob.say("lobby", "two").await.expect("a line said");
        ana.has_title("(2)").await;
        ana.browser.unhide().await;
        ana.has_unread("lobby", 0).await;
        sees_new_from(&ana, Some(first)).await;
    });
}

#[test]
fn who_missed_very_much_is_led_to_where_it_began() {
    play_with(&UNLIMITED, async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        bob.say("lobby", "read").await.expect("a line said");
        ana.sees("bob", "read").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        // So that nothing of the lobby is held any more.
        ana.browser.reload().await;
        ana.is_in("cellar").await;
        let texts: Vec<String> = (1..=400).map(|number| format!("line {number}")).collect();
        let said = stage.hub().flood(&bob, "lobby", &texts).await;
        ana.has_news_in("lobby").await;
        ana.goes_to("lobby").await;
        ana.browser.click(Role::Button, "Jump to the first unread").await;
        sees_new_from(&ana, Some(said[0])).await;
        ana.sees("bob", "line 1").await;
        ana.browser.none(Role::Button, "Jump to the first unread").await;
    });
}
