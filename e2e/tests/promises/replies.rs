//! An answer says what it answers, and leads there.

use e2e::keys::{ENTER, ESCAPE};
use e2e::{Person, Role, eventually, play, play_with};
use node::Talk;

use crate::lines::{does, stands};

/// What stands above the lines that are answers.
async fn quotes(person: &Person) -> Vec<String> {
    let script = "return [...document.querySelectorAll('[role=log] .quote')].map(quote => quote.textContent)";
    person.browser.eval(script, Vec::new()).await
}

pub(crate) async fn sees_quotes(person: &Person, wanted: &[&str]) {
    eventually(format_args!("{} sees the quotes {wanted:?}", person.name), async || {
        Ok((quotes(person).await == wanted).then_some(()))
    })
    .await;
}

#[test]
fn an_answer_stands_below_what_it_answers() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("who takes the **late** shift?\nIt begins at ten.").await;
        let seq = bob.sees("ana", "who takes the late shift?\nIt begins at ten.").await;
        ana.says("and who the early one?").await;
        bob.sees("ana", "and who the early one?").await;
        does(&bob, seq, "Reply").await;
        bob.reads("Replying to ana: who takes the late shift? It begins at ten.").await;
        assert_eq!(bob.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));
        bob.browser.type_keys("I do").await;
        bob.browser.press(&[ENTER]).await;
        for person in [&ana, &bob] {
            person.sees("bob", "I do").await;
            sees_quotes(person, &["In answer to ana: who takes the late shift? It begins at ten."]).await;
        }
        bob.reads_no_more("Replying to").await;
        // What is said next answers nothing.
        bob.says("gladly").await;
        ana.sees("bob", "gladly").await;
        assert_eq!(quotes(&ana).await.len(), 1);

        // What becomes of the line is told where it is quoted.
        does(&ana, seq, "Edit").await;
        ana.fills_in("Message", "who takes the night shift?").await;
        ana.browser.press(&[ENTER]).await;
        sees_quotes(&bob, &["In answer to ana: who takes the night shift?"]).await;
        does(&ana, seq, "Delete").await;
        let question = ana.browser.within(Role::Dialog, "Delete this line for everyone?");
        question.click(Role::Button, "Delete").await;
        sees_quotes(&bob, &["In answer to ana: a line that was deleted"]).await;
    });
}

#[test]
fn an_answer_that_was_begun_can_be_given_up_and_each_place_keeps_its_own() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.hub().native("bob").await;
        let seq = bob.say("lobby", "hello?").await.expect("a line said").seq;
        ana.sees("bob", "hello?").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.goes_to("lobby").await;
        does(&ana, seq, "Reply").await;
        ana.browser.type_keys("wait").await;
        ana.goes_to("cellar").await;
        stands(&ana, "").await;
        ana.reads_no_more("Replying to").await;
        ana.goes_to("lobby").await;
        stands(&ana, "wait").await;
        ana.reads("Replying to bob: hello?").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.reads_no_more("Replying to").await;
        stands(&ana, "wait").await;
        ana.browser.press(&[ENTER]).await;
        ana.sees("ana", "wait").await;
        assert_eq!(quotes(&ana).await, [""; 0]);
    });
}

#[test]
fn a_quote_leads_to_its_line_however_far_up() {
    play_with(&["--rate-limit", "off"], async |stage| {
        let (node, said) = stage.flooded("bob", 400).await;
        node.say_with(Talk::Room("lobby"), "about that", Some(said[9]), Vec::new()).await.expect("a line said");
        let ana = stage.guest("ana").await;
        ana.sees("bob", "about that").await;
        sees_quotes(&ana, &["In answer to a line further up"]).await;
        ana.browser.click(Role::Button, "In answer to a line further up").await;
        ana.sees("bob", "line 10").await;
        ana.browser
            .until(
                "the line is in sight",
                &format!(
                    "const line = document.querySelector(`[data-seq='{}']`), log = document.querySelector('[role=log]');
                    const box = line?.getBoundingClientRect(), view = log.getBoundingClientRect();
                    return box && box.top >= view.top - 1 && box.bottom <= view.bottom + 1;",
                    said[9]
                ),
            )
            .await;
    });
}
