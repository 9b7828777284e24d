//! A program that goes wrong takes nobody along: not the page, not the others.

use e2e::play;

#[test]
fn programs_that_go_past_a_bound_end_with_its_name_and_the_engine_goes_on() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.goes_to_the_console().await;
        for (line, limit) in [
            ("loop { }", "limit operations"),
            ("fn f(n) { f(n + 1) } f(0)", "limit depth"),
            ("let s = \"x\"; loop { s += s; }", "limit size"),
            ("loop { print(\"x\") }", "limit"),
        ] {
            ana.runs(line).await;
            ana.is_shown("fault", limit).await;
            assert_eq!(ana.runs_to_the_end("1 + 41").await[0].text, "42", "after {line}");
            ana.browser.press(&[e2e::keys::CONTROL, 'l']).await;
        }
        ana.browser.goto_fragment("#/room/lobby").await;
        ana.says("still here").await;
        ana.sees("ana", "still here").await;
    });
}

#[test]
fn a_worker_that_is_gone_ends_its_processes_and_another_takes_its_place() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        // The page's own Workers are out of reach: this one can be ended.
        ana.browser
            .eval::<()>(
                "const Own = Worker; window.Worker = class extends Own { constructor(at) { super(at); window.engine = this; } }",
                Vec::new(),
            )
            .await;
        ana.goes_to_the_console().await;
        ana.runs_to_the_end("factorial(\"fact\")").await;
        assert_eq!(ana.runs_to_the_end("call(\"fact\", 5)").await[0].text, "[120,0]");
        ana.browser.eval::<()>("window.engine.terminate()", Vec::new()).await;
        // Nothing is heard of it any more.
        let ended = ana.runs_to_the_end("call(\"fact\", 5)").await;
        assert!(ended[0].text.contains("the engine was ended"), "{ended:?}");
        assert_eq!(ana.runs_to_the_end("try_call(\"fact\", 5).error.code").await[0].text, "no_such_process");
        assert_eq!(ana.runs_to_the_end("1 + 41").await[0].text, "42");
    });
}

#[test]
fn an_engine_that_does_not_come_is_said_to_be_missing_and_looked_for_again() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.goes_to_the_console().await;
        // As if the hub had none for bob.
        bob.browser
            .eval::<()>(
                "const Own = Worker; window.engine = '/no-such-engine.js'; \
                 window.Worker = class extends Own { constructor(at) { super(window.engine ?? at); } }",
                Vec::new(),
            )
            .await;
        bob.browser.expect_error("no-such-engine.js");
        let runs = format!("rpc(\"{}\", || 6 * 7)", bob.node().await);
        ana.runs(&runs).await;
        bob.answers_who_asks("ana", "Always for ana").await;
        ana.is_shown("fault", "could not be loaded").await;
        for _ in 0..3 {
            let missing = ana.runs_to_the_end(&runs).await;
            assert!(missing[0].text.contains("could not be loaded"), "{missing:?}");
        }
        // It is there again, and nobody has to say so at bob's prompt.
        bob.browser.eval::<()>("window.engine = undefined", Vec::new()).await;
        assert_eq!(ana.runs_to_the_end(&runs).await[0].text, "42");
    });
}
