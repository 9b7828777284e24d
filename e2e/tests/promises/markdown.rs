//! What people write is set as they mean it.

use e2e::{Person, Role, eventually, play, play_with};
use fantoccini::Locator;
use serde_json::{Value, json};

/// The text of each element in the log that fits, in their order.
async fn parts(person: &Person, selector: &str) -> Vec<String> {
    let script =
        "return [...document.querySelectorAll('[role=log] .text ' + arguments[0])].map(part => part.textContent)";
    person.browser.eval(script, vec![json!(selector)]).await
}

/// Waits until those are there.
async fn has(person: &Person, selector: &str, texts: &[&str]) {
    eventually(format_args!("{selector} is {texts:?}"), async || {
        Ok((parts(person, selector).await == texts).then_some(()))
    })
    .await;
}

#[test]
fn marks_are_drawn_and_not_seen() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("**bold** *italic* ~~gone~~ `code` snake_case_stays 2*3*4 \\*star\\*").await;
        for person in [&ana, &bob] {
            person.sees("ana", "bold italic gone code snake_case_stays 2*3*4 *star*").await;
            has(person, "strong", &["bold"]).await;
            has(person, "em", &["italic"]).await;
            has(person, "s", &["gone"]).await;
            has(person, "p code", &["code"]).await;
        }
        ana.says("> a quote\n> of two lines\n\n- one\n- two\n\n3. three\n4. four").await;
        has(&bob, "blockquote p", &["a quote\nof two lines"]).await;
        has(&bob, "ul > li", &["one", "two"]).await;
        has(&bob, "ol[start='3'] > li", &["three", "four"]).await;
        // A reload draws the same.
        bob.browser.reload().await;
        has(&bob, "ol[start='3'] > li", &["three", "four"]).await;
    });
}

#[test]
fn fenced_code_is_lit_and_can_be_copied() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let code = "// greets\nfn main() {\n    println!(\"**hi** {}\", 42);\n}";
        ana.says(&format!("look:\n```rust\n{code}\n```")).await;
        has(&ana, "pre", &[code]).await;
        has(&ana, ".tok-comment", &["// greets"]).await;
        has(&ana, ".tok-string", &["\"**hi** {}\""]).await;
        has(&ana, ".tok-number", &["42"]).await;
        assert_eq!(parts(&ana, "strong").await, [""; 0]);
        ana.browser
            .eval::<()>(
                "document.addEventListener('copy', () => { window.copied = document.activeElement.value }, { once: true })",
                Vec::new(),
            )
            .await;
        let pre = ana.browser.page().find(Locator::Css("[role=log] pre")).await.expect("the code");
        ana.browser.hover(&pre).await;
        ana.browser.click(Role::Button, "Copy code").await;
        ana.browser.the(Role::Button, "Copied code").await;
        let copied: String = ana.browser.eval("return window.copied", Vec::new()).await;
        assert_eq!(copied, code);
    });
}

#[test]
fn links_lead_to_the_web_and_say_where() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("[my bank](https://evil.example/x) <https://a.example> http://b.example. mailto:bob@c.example").await;
        has(&ana, "a", &["my bank", "https://a.example", "http://b.example", "mailto:bob@c.example"]).await;
        has(&ana, "small", &[" (evil.example)"]).await;
        for no in [
            "[x](javascript:obeyed=1)",
            "[x](JaVaScRiPt:obeyed=1)",
            "[x](&#106;avascript:obeyed=1)",
            "[x](java\tscript:obeyed=1)",
            "[x](\u{1}javascript:obeyed=1)",
            "[x](data:text/html,<script>obeyed=1</script>)",
            "[x](vbscript:obeyed=1)",
            "[x](//evil.example)",
            "[x](file:///etc/passwd)",
            "<javascript:obeyed=1>",
            "![x](http://evil.example/pixel.png)",
        ] {
            ana.says(no).await;
        }
        ana.reads("pixel.png").await;
        let targets: Vec<String> = ana
            .browser
            .eval("return [...document.querySelectorAll('[role=log] a')].map(a => a.href)", Vec::new())
            .await;
        for target in &targets {
            let fine = ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme));
            assert!(fine, "{target}");
        }
        let pictures = ana.browser.page().find_all(Locator::Css("[role=log] img")).await.expect("an answer");
        assert!(pictures.is_empty());
        let rels: Vec<(String, String)> = ana
            .browser
            .eval("return [...document.querySelectorAll('[role=log] a')].map(a => [a.rel, a.target])", Vec::new())
            .await;
        assert!(rels.iter().all(|(rel, target)| rel == "noopener noreferrer" && target == "_blank"), "{rels:?}");
        let obeyed: Value = ana.browser.eval("return window.obeyed ?? null", Vec::new()).await;
        assert!(obeyed.is_null());
    });
}

#[test]
fn emoji_have_names_and_alone_they_are_large() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says(":tada: and :crab: and :no_such_thing: at 12:30:45").await;
        ana.sees("ana", "🎉 and 🦀 and :no_such_thing: at 12:30:45").await;
        ana.says("🎉🦀").await;
        ana.sees("ana", "🎉🦀").await;
        let large: Vec<String> = ana
            .browser
            .eval(
                "return [...document.querySelectorAll('[role=log] .large')].map(text => text.textContent)",
                Vec::new(),
            )
            .await;
        assert_eq!(large, ["🎉🦀"]);
    });
}

#[test]
fn who_is_mentioned_sees_it() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("@Bob, look! And `@bob` is code").await;
        has(&bob, ".mention.mine", &["@Bob"]).await;
        has(&ana, ".mention", &["@Bob"]).await;
        has(&ana, ".mention.mine", &[]).await;
        let marked = "return document.querySelectorAll('.line.mentions-me').length";
        assert_eq!(bob.browser.eval::<u32>(marked, Vec::new()).await, 1);
        assert_eq!(ana.browser.eval::<u32>(marked, Vec::new()).await, 0);
    });
}

#[test]
fn a_text_made_to_be_hard_costs_nobody_anything() {
    play_with(&["--rate-limit", "off"], async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.hub().native("bob").await;
        ana.browser
            .eval::<()>(
                "window.longest = 0;
                new PerformanceObserver(list => {
                    for (const task of list.getEntries()) longest = Math.max(longest, task.duration);
                }).observe({ entryTypes: ['longtask'] })",
                Vec::new(),
            )
            .await;
        let all = 16 * 1024;
        for bomb in [
            "*".repeat(all),
            "[".repeat(all),
            "> ".repeat(all / 2),
            "`".repeat(all - 1),
            "*a* ".repeat(all / 4),
            "[a](http://b.c)".repeat(all / 15),
            ":a:".repeat(all / 3),
            "@a ".repeat(all / 3),
            "- \n".repeat(all / 3),
            format!("```js\n{}", "a 1 ".repeat(4_000)),
            "\u{202e}(".repeat(all / 4),
        ] {
            bob.say("lobby", &bomb).await.expect("a line said");
        }
        bob.say("lobby", "the end").await.expect("a line said");
        ana.sees("bob", "the end").await;
        let longest: f64 = ana.browser.eval("return window.longest", Vec::new()).await;
        // Some fifty times what they take, on a machine that does other things beside.
        assert!(longest < 1_000.0, "{longest} ms");
        ana.says("I am still here").await;
        ana.sees("ana", "I am still here").await;
        ana.sees_all_of("bombs").await;
    });
}
