//! Tabs are nodes: they call each other, and learn what became of a call.

use e2e::{Stage, play};

/// Two people at their consoles, and the local name of the second's node.
async fn two(stage: &mut Stage) -> (e2e::Person, e2e::Person, String) {
    let ana = stage.guest("ana").await;
    let bob = stage.guest("bob").await;
    for person in [&ana, &bob] {
        person.goes_to_the_console().await;
    }
    let bobs = bob.node().await.split('@').next().unwrap_or_default().to_owned();
    (ana, bob, bobs)
}

#[test]
fn one_tab_pings_another_and_calls_its_processes() {
    play(async |stage| {
        let (ana, bob, bobs) = two(stage).await;
        let pinged = ana.runs_to_the_end(&format!("ping(\"{bobs}\")")).await;
        assert!(pinged[0].text.contains("pong") || pinged[0].voice == "value", "{pinged:?}");

        bob.runs_to_the_end("factorial(\"fact\")").await;
        for before in 0..2 {
            let answer = ana.runs_to_the_end(&format!("call(\"fact@@{bobs}\", 5)")).await;
            assert_eq!((&*answer[0].voice, &*answer[0].text), ("value", &*format!("[120,{before}]")));
        }
        // A process is called as it is from its own node.
        let own = bob.runs_to_the_end("call(\"fact\", 3)").await;
        assert_eq!(own[0].text, "[6,2]");
    });
}

#[test]
fn what_cannot_be_reached_is_told_by_its_name() {
    play(async |stage| {
        let (ana, _bob, bobs) = two(stage).await;
        let nobody = ana.runs_to_the_end(&format!("try_call(\"nobody@@{bobs}\", 1).error.code")).await;
        assert_eq!(nobody[0].text, "no_such_process");
        let nowhere = ana.runs_to_the_end("try_call(\"pong@@tab-none\", 1).error.code").await;
        assert_eq!(nowhere[0].text, "no_such_node");
        let handler = ana.runs_to_the_end(&format!("try_call(\"message_handler@@{bobs}\", 1).error.code")).await;
        assert_eq!(handler[0].text, "bad_message");
        // A call to oneself waits for itself.
        let own = ana.runs_to_the_end("try_call(self(), 1, 200).error.code").await;
        assert_eq!(own[0].text, "timeout");
    });
}

#[test]
fn a_call_to_a_tab_that_is_killed_ends_and_a_monitor_tells_of_it_once() {
    play(async |stage| {
        let (ana, bob, bobs) = two(stage).await;
        // A process that never answers.
        bob.runs_to_the_end("factorial(\"fact\")").await;
        ana.runs(&format!("monitor(\"fact@@{bobs}\"); receive(20000).reason.code")).await;
        ana.is_shown("ran", "monitor(").await;
        ana.runs(&format!("try_call(\"message_handler@@{bobs}\", 1).error.code")).await;
        ana.is_shown("value", "bad_message").await;
        bob.browser.kill();
        ana.is_shown("value", "node_down").await;
        let gone = ana.runs_to_the_end(&format!("try_call(\"fact@@{bobs}\", 5).error.code")).await;
        assert!(["node_down", "no_such_node"].contains(&&*gone[0].text), "{gone:?}");
        let told = ana.output().await.iter().filter(|said| said.text == "node_down").count();
        assert!(told <= 2, "the monitor told once, the call once");
        assert_eq!(ana.runs_to_the_end("1 + 41").await[0].text, "42", "and all goes on");
    });
}
