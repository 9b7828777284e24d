//! Nobody runs a program on another's tab unless its person says so.

use e2e::{Person, Role, Stage, play};

/// ana at her console; bob in the lobby, and his node.
async fn ana_and_bob(stage: &mut Stage) -> (Person, Person, String) {
    let ana = stage.guest("ana").await;
    let bob = stage.guest("bob").await;
    ana.goes_to_the_console().await;
    let node = bob.node().await;
    (ana, bob, node)
}

#[test]
fn whoever_is_asked_sees_what_is_to_run_and_is_not_taken_from_what_they_write() {
    play(async |stage| {
        let (ana, bob, node) = ana_and_bob(stage).await;
        bob.writes("half a line").await;
        ana.runs(&format!("rpc(\"{node}\", |x| x * 2, [21])")).await;
        bob.reads("ana wants to run a program on this tab: function").await;
        assert!(bob.writes_in("message").await, "the keyboard stays where it was");
        assert_eq!(bob.has_written("Message").await, "half a line");
        bob.meets_no_barrier_anywhere("the question").await;
        bob.browser.click(Role::Button, "Show").await;
        bob.reads("x * 2").await;
        bob.reads("[21]").await;
        bob.browser.click(Role::Button, "Once").await;
        ana.is_shown("value", "42").await;
    });
}

#[test]
fn once_is_once_and_always_is_for_that_nick() {
    play(async |stage| {
        let (ana, bob, node) = ana_and_bob(stage).await;
        for answer in ["Once", "Always for ana"] {
            ana.runs(&format!("rpc(\"{node}\", |x| x * 2, [21])")).await;
            bob.answers_who_asks("ana", answer).await;
            ana.is_shown("value", "42").await;
            ana.browser.press(&[e2e::keys::CONTROL, 'l']).await;
        }
        assert_eq!(ana.runs_to_the_end(&format!("rpc(\"{node}\", || 7)")).await[0].text, "7", "nobody is asked again");
        // It is taken back in the settings.
        bob.browser.click(Role::Button, "Settings").await;
        bob.browser.click(Role::Button, "Ask again about ana").await;
        bob.browser.none(Role::Button, "Ask again about ana").await;
    });
}

#[test]
fn no_is_told_and_never_ends_it() {
    play(async |stage| {
        let (ana, bob, node) = ana_and_bob(stage).await;
        for answer in ["No", "Never"] {
            ana.runs(&format!("rpc(\"{node}\", || 1)")).await;
            bob.answers_who_asks("ana", answer).await;
            ana.is_shown("fault", "said no").await;
            ana.browser.press(&[e2e::keys::CONTROL, 'l']).await;
        }
        let refused = ana.runs_to_the_end(&format!("rpc(\"{node}\", || 1)")).await;
        assert!(refused[0].text.contains("said no"), "{refused:?}");
        bob.browser.none(Role::Button, "Once").await;
    });
}

#[test]
fn a_storm_of_spawns_is_one_question_at_a_time_and_never_ends_all_of_them() {
    play(async |stage| {
        let (ana, bob, node) = ana_and_bob(stage).await;
        // None of these lines waits for the others.
        ana.runs(&format!("for n in 0..20 {{ spawn(node(), |there| rpc(there, || 1), [\"{node}\"]) }}")).await;
        bob.answers_who_asks("ana", "Never").await;
        bob.browser.none(Role::Button, "Once").await;
        bob.says("still here").await;
        bob.sees("bob", "still here").await;
    });
}

#[test]
fn a_guest_has_none_of_ones_rights() {
    play(async |stage| {
        let (ana, bob, node) = ana_and_bob(stage).await;
        // A program that another runs here may neither put nor speak as its person.
        let says =
            "try_call(\"message_server@@hub\", #{ type: \"say\", room: \"lobby\", text: \"I am bob\" }).error.code";
        let puts = "try_call(\"map_server\", #{ put: \"programs/x\", value: 1 }).error.code";
        ana.runs(&format!("rpc(\"{node}\", || {says} + \" \" + {puts})")).await;
        bob.answers_who_asks("ana", "Once").await;
        ana.is_shown("value", "not_allowed not_allowed").await;
        bob.says("nobody else").await;
        bob.sees("bob", "nobody else").await;
        assert!(!bob.talk().await.iter().any(|(_, text)| text == "I am bob"));
    });
}
