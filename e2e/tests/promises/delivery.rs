//! Who sends a line can see whom it has reached.

use e2e::{play, play_with};

#[test]
fn a_line_reaches_all_and_says_so() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let _bob = stage.guest("bob").await;
        let _carl = stage.guest("carl").await;
        ana.sees_person("carl", "online").await;
        ana.says("can you all hear me?").await;
        ana.sees_mark("Reached all 3").await;
        // The last one's mark speaks for those before.
        ana.says("good").await;
        ana.sees_mark("Reached all 3").await;
        assert_eq!(ana.marks().await.len(), 1);
    });
}

#[test]
fn who_does_not_get_to_it_is_named() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        ana.says("good morning").await;
        ana.sees_mark("Reached all 2").await;
        // His page gets the next line, and then to nothing else for a while, as on a device that is too slow.
        let busy = "
            const log = document.querySelector('[role=log]');
            new MutationObserver((_, watch) => {
                if (!log.textContent.includes('are you awake?')) return;
                watch.disconnect();
                const end = Date.now() + 12_000;
                while (Date.now() < end) {}
            }).observe(log, { childList: true, subtree: true })";
        bob.browser.eval::<()>(busy, Vec::new()).await;
        ana.says("are you awake?").await;
        ana.sees_mark("Reached 1 of 2: bob").await;
        ana.sees_mark("bob asleep for").await;
        bob.sees("ana", "are you awake?").await;
        ana.looks_at_mark("Reached").await;
        ana.sees_mark("Reached all 2").await;
    });
}

#[test]
fn who_reconnects_is_named_too() {
    play_with(&["--lease", "60s"], async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        bob.opens("about:blank").await;
        ana.says("where are you?").await;
        ana.sees_mark("Reached 1 of 2: bob reconnecting for").await;
        bob.browser.page().back().await.expect("the page before");
        bob.sees("ana", "where are you?").await;
        // Nobody need look: his return is told.
        ana.sees_mark("Reached all 2").await;
    });
}

#[test]
fn a_whisper_says_whether_it_waits() {
    play_with(&["--lease", "1s"], async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.sees_person("bob", "online").await;
        ana.says("/pm bob psst").await;
        ana.is_in("bob").await;
        ana.sees_mark("Reached bob").await;
        bob.says("/quit").await;
        ana.goes_to("lobby").await;
        ana.misses("bob").await;
        ana.goes_to("bob").await;
        ana.says("for later").await;
        ana.sees_mark("Kept until bob comes").await;
    });
}

#[test]
fn each_own_line_tells_when_asked() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("the first").await;
        let first = ana.sees("ana", "the first").await;
        ana.says("the second").await;
        ana.sees_mark("Reached all 2").await;
        bob.sees("ana", "the second").await;
        let click = "document.querySelector(`[data-seq='${arguments[0]}'] time`).click()";
        ana.browser.eval::<()>(click, vec![first.into()]).await;
        let both = ["Reached all 2", "Reached all 2"];
        e2e::eventually("both lines tell", async || Ok((ana.marks().await == both).then_some(()))).await;
        let mark = ("button".to_owned(), "Reached all 2".to_owned());
        e2e::eventually("the asked mark has the focus", async || {
            Ok((ana.browser.focused().await == mark).then_some(()))
        })
        .await;
    });
}
