//! Every system of the texts that this comes from runs here, from a browser, in one line.

use e2e::{Person, Stage, play};

struct Three {
    ana: Person,
    bob: Person,
    zoe: Person,
    /// The local names of bob's and zoe's nodes.
    bobs: String,
    zoes: String,
}

/// Three people at their consoles; the other two let ana run programs.
async fn three(stage: &mut Stage) -> Three {
    let [ana, bob, zoe] = [stage.guest("ana").await, stage.guest("bob").await, stage.guest("zoe").await];
    for person in [&ana, &bob, &zoe] {
        person.goes_to_the_console().await;
    }
    let local = |name: String| name.split('@').next().unwrap_or_default().to_owned();
    let (bobs, zoes) = (local(bob.node().await), local(zoe.node().await));
    for (person, node) in [(&bob, &bobs), (&zoe, &zoes)] {
        ana.runs(&format!("rpc(\"{node}\", || 42)")).await;
        person.answers_who_asks("ana", "Always for ana").await;
        ana.is_shown("value", "42").await;
        ana.browser.press(&[e2e::keys::CONTROL, 'l']).await;
    }
    Three { ana, bob, zoe, bobs, zoes }
}

fn texts(said: &[e2e::person::Said]) -> Vec<&str> {
    said.iter().filter(|said| said.voice == "printed").map(|said| &*said.text).collect()
}

#[test]
fn ping_pong_on_two_machines_begun_by_one_call_prints_where_the_call_was_made() {
    play(async |stage| {
        let Three { ana, bob, bobs, .. } = three(stage).await;
        let said = ana.runs_to_the_end(&format!("start(\"{bobs}\")")).await;
        let one = ["Pong received ping", "Ping received pong"];
        let expected: Vec<&str> =
            one.iter().cycle().take(6).copied().chain(["Ping finished", "Pong finished"]).collect();
        assert_eq!(texts(&said), expected);
        let from =
            |words: &str| said.iter().find(|said| said.text == words).map(|said| said.from.clone()).unwrap_or_default();
        assert!(from("Pong received ping").ends_with(&bobs), "{said:?}");
        assert!(!from("Ping received pong").ends_with(&bobs), "{said:?}");
        assert_eq!(bob.printed().await, [""; 0], "nothing of it appears where it ran");
    });
}

#[test]
fn ping_pong_in_its_first_version_is_found_by_its_name_from_the_other_node() {
    play(async |stage| {
        let Three { ana, bob, bobs, .. } = three(stage).await;
        bob.runs_to_the_end("pong()").await;
        ana.runs(&format!("spawn(node(), \"ping\", [\"{bobs}\"])")).await;
        ana.is_shown("printed", "Ping finished").await;
        assert_eq!(
            ana.printed().await,
            ["Ping received pong", "Ping received pong", "Ping received pong", "Ping finished"]
        );
        bob.is_shown("printed", "Pong finished").await;
        assert_eq!(
            bob.printed().await,
            ["Pong received ping", "Pong received ping", "Pong received ping", "Pong finished"]
        );
    });
}

#[test]
fn two_processes_count_up_and_one_learns_that_nothing_comes() {
    play(async |stage| {
        let Three { ana, .. } = three(stage).await;
        ana.runs("ping_pong(ping_pong((), 2), 2)").await;
        ana.is_shown("printed", "time-out").await;
        let printed = ana.printed().await;
        assert_eq!(printed[..4], ["ping 1", "pong 2", "ping 3", "pong 4"], "{printed:?}");
    });
}

#[test]
fn a_crash_in_one_factorial_server_is_its_own_and_its_supervisor_starts_it_anew() {
    play(async |stage| {
        let Three { ana, .. } = three(stage).await;
        let said = ana.runs_to_the_end("factorials()").await;
        let printed = texts(&said);
        assert_eq!(printed[..3], ["[120, 0]", "[120, 1]", "[6, 0]"], "{printed:?}");
        assert!(printed[3].contains("line") || printed[3].contains('-'), "why it crashed: {printed:?}");
        assert_eq!(printed[4..], ["another process: true", "[120, 0]", "[24, 1]", "[6, 0]"]);
    });
}

#[test]
fn what_is_put_on_one_node_is_got_on_all_and_stays_when_one_is_killed() {
    play(async |stage| {
        let Three { ana, bob, zoe, bobs, zoes } = three(stage).await;
        let said = ana.runs_to_the_end(&format!("map_session(\"{bobs}\", \"{zoes}\")")).await;
        let printed = texts(&said);
        assert_eq!(printed[0], "a is 5 here");
        assert_eq!(printed[1], format!("b is {bobs} on {bobs}, and {bobs} here"));
        assert_eq!(printed[2], format!("b is {zoes} on {zoes}, and {zoes} here"));
        bob.browser.kill();
        assert_eq!(zoe.runs_to_the_end("get(\"a\")").await[0].text, "5");
        ana.runs_to_the_end("put(\"a\", 6)").await;
        assert_eq!(ana.runs_to_the_end(&format!("get(\"{zoes}\", \"a\")")).await[0].text, "6");
        // A page that begins fetches the map from the others.
        zoe.browser.reload().await;
        zoe.goes_to_the_console().await;
        zoe.runs("watch(\"a\"); if get(\"a\") != 6 { receive(20000); } get(\"a\")").await;
        zoe.is_shown("value", "6").await;
    });
}

#[test]
fn a_function_runs_on_another_node_and_says_so_here() {
    play(async |stage| {
        let Three { ana, bob, bobs, .. } = three(stage).await;
        let said = ana.runs_to_the_end(&format!("hello(\"{bobs}\")")).await;
        let name = bob.node().await;
        let printed = texts(&said);
        assert!(printed.contains(&&*format!("hello from {name}")), "{printed:?}");
        assert!(printed.contains(&&*format!("it ran on {name}")), "{printed:?}");
        assert_eq!(bob.printed().await, [""; 0]);
    });
}

#[test]
fn a_tab_that_is_killed_in_the_middle_is_seen_to_be_down_by_the_others_who_go_on() {
    play(async |stage| {
        let Three { ana, bob, zoe, bobs, zoes } = three(stage).await;
        // Pong on bob's tab, watched from ana's and from zoe's. Who has printed has set its monitor before.
        ana.runs_to_the_end(&format!("let pong = spawn(\"{bobs}\", \"pong\")")).await;
        for watcher in [&ana, &zoe] {
            watcher
                .runs(&format!(
                    "let pong = address(\"pong\", \"{bobs}\"); monitor(pong); send(pong, \"ping\"); \
                     print(receive_like(\"pong\", 20000)); receive_like(#{{ down: int() }}, 20000).reason.code"
                ))
                .await;
            watcher.is_shown("printed", "pong").await;
        }
        bob.browser.kill();
        ana.is_shown("value", "node_down").await;
        zoe.is_shown("value", "node_down").await;
        let said = ana.runs_to_the_end(&format!("start(\"{zoes}\")")).await;
        assert_eq!(texts(&said).last(), Some(&"Pong finished"));
    });
}

#[test]
fn whatever_runs_on_a_tab_that_is_killed_whoever_began_it_is_told_and_goes_on() {
    // Each with what it prints once it is in the middle.
    const PROGRAMS: [(&str, &str, &str); 3] = [
        (
            "pong",
            "let there = spawn(TAB, \"pong\"); send(there, \"ping\"); print(receive_like(\"pong\", 20000));",
            "pong",
        ),
        ("factorial", "let there = spawn(TAB, \"factorial\"); print(call(there, 5));", "[120, 0]"),
        ("function", "let there = spawn(TAB, || { print(\"begun\"); receive(60000); });", "begun"),
    ];
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.goes_to_the_console().await;
        for (name, line, middle) in PROGRAMS {
            let victim = stage.guest(name).await;
            let tab = victim.node().await;
            let line = line.replace("TAB", &format!("\"{tab}\""));
            ana.runs(&format!(
                "{line} monitor(there); let down = receive_like(#{{ down: int() }}, 60000).reason.code; \
                 print(`{name}: ${{down}}, ${{try_call(there, 6).error.code}}`)"
            ))
            .await;
            victim.answers_who_asks("ana", "Once").await;
            ana.is_shown("printed", middle).await;
            victim.browser.kill();
            ana.is_shown("printed", &format!("{name}: node_down, node_down")).await;
        }
        let said = ana.runs_to_the_end("factorials()").await;
        assert_eq!(texts(&said)[..3], ["[120, 0]", "[120, 1]", "[6, 0]"]);
    });
}

#[test]
fn the_hub_runs_the_examples_and_its_output_appears_here() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.goes_to_the_console().await;
        let said = ana.runs_to_the_end("start(\"hub\")").await;
        let printed = texts(&said);
        let both = ["Pong received ping", "Ping received pong", "Ping finished", "Pong finished"];
        for (words, times) in both.into_iter().zip([3, 3, 1, 1]) {
            assert_eq!(printed.iter().filter(|line| **line == words).count(), times, "{words}: {printed:?}");
        }
        let said = ana.runs_to_the_end("hello(\"hub\")").await;
        assert!(texts(&said).iter().any(|line| line.starts_with("hello from hub@")), "{said:?}");
        let said = ana.runs_to_the_end("call(spawn(\"hub\", \"factorial\"), 5)").await;
        assert_eq!(said.last().map(|said| &*said.text), Some("[120,0]"));
        ana.runs("rpc(\"hub\", || 42)").await;
        ana.is_shown("fault", "--programs").await;
    });
}
