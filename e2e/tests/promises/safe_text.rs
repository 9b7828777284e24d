//! What somebody writes is shown, and never obeyed.

use e2e::{Person, Role, play};
use fantoccini::Locator;
use serde_json::{Value, json};

/// Each would set `window.obeyed` if any part of the page took it for more than text. (What the content security
/// policy had to stop would fail the test by the console as well.)
const TRICKS: [&str; 9] = [
    "<script>window.obeyed = 1</script>",
    "<img src=x onerror=\"window.obeyed = 1\">",
    "<svg onload=window.obeyed=1>",
    "\"><iframe srcdoc=\"<script>parent.obeyed=1</script>\"></iframe>",
    "<b>bold</b> &lt;i&gt; &amp; <style>body { display: none }</style>",
    "javascript:window.obeyed=1",
    "JavaScript://example.org/%0Awindow.obeyed=1",
    "http://example.org/\"onmouseover=\"window.obeyed=1",
    "data:text/html,<script>parent.obeyed=1</script>",
];

/// Nicks and rooms that their rules allow.
const ODD_NAME: &str = "<img\u{3f}src=x&onerror=obeyed=1>";

async fn obeyed(person: &Person) -> bool {
    !person.browser.eval::<Value>("return window.obeyed ?? null", Vec::new()).await.is_null()
}

#[test]
fn markup_and_scripts_are_text() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        for trick in TRICKS {
            ana.says(trick).await;
        }
        for person in [&ana, &bob] {
            for trick in TRICKS {
                person.sees("ana", trick).await;
            }
            assert!(!obeyed(person).await);
        }
        // A page that is loaded again reads the same from its history.
        bob.browser.reload().await;
        bob.sees("ana", TRICKS[8]).await;
        assert!(!obeyed(&bob).await);

        // What looks like a link leads to the web or nowhere, and tells nobody where it stood.
        for link in bob.browser.page().find_all(Locator::Css("[role=log] a")).await.expect("the links") {
            let href = link.attr("href").await.expect("its target").unwrap_or_default();
            assert!(href.starts_with("http://") || href.starts_with("https://"), "{href}");
            let rel = link.attr("rel").await.expect("its relation").unwrap_or_default();
            assert!(rel.contains("noopener") && rel.contains("noreferrer"), "{href} is {rel}");
        }
    });
}

#[test]
fn a_link_can_be_followed() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("look at https://example.org/a_(b)?c=d&e#f, it is good").await;
        ana.sees("ana", "look at https://example.org/a_(b)?c=d&e#f, it is good").await;
        let link = ana.browser.page().find(Locator::Css("[role=log] a")).await.expect("a link");
        let href = link.attr("href").await.expect("its target");
        assert_eq!(href.as_deref(), Some("https://example.org/a_(b)?c=d&e#f"));
    });
}

#[test]
fn names_are_text_wherever_they_stand() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let odd = stage.hub().native(ODD_NAME).await;
        ana.sees_person(ODD_NAME, "online").await;
        odd.say("lobby", "I am only a name").await.expect("a line said");
        ana.sees(ODD_NAME, "I am only a name").await;
        ana.says("/users").await;
        ana.is_told(ODD_NAME).await;
        odd.private_message("ana", "and here").await.expect("a line said");
        ana.has_unread(ODD_NAME, 1).await;
        ana.goes_to(ODD_NAME).await;
        ana.sees(ODD_NAME, "and here").await;

        ana.says(&format!("/join {ODD_NAME}")).await;
        ana.browser.the(Role::Log, ODD_NAME).await;
        assert!(ana.browser.page().title().await.expect("a title").contains(ODD_NAME));
        assert!(!obeyed(&ana).await);
    });
}

#[test]
fn a_text_that_runs_the_other_way_moves_nothing_but_itself() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("plain").await;
        ana.says("\u{202e}reversed").await;
        ana.says("שלום לכולם").await;
        ana.sees("ana", "שלום לכולם").await;
        let times: Vec<f64> = ana
            .browser
            .eval("return [...document.querySelectorAll('[role=log] time')].map(time => time.getBoundingClientRect().right)", Vec::new())
            .await;
        assert_eq!(times.len(), 3);
        assert!(
            times.iter().all(|right| (right - times[0]).abs() < 1.0),
            "the times stand below each other: {times:?}"
        );
    });
}

#[test]
fn a_page_may_do_nothing_that_it_need_not() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        // What follows is forbidden, and said to be so.
        ana.browser.expect_error("Content Security Policy");
        let tried: Vec<String> = {
            let script = "
                const done = arguments[arguments.length - 1];
                const element = (name, attributes) =>
                    document.body.append(Object.assign(document.createElement(name), attributes));
                const forbidden = [];
                document.addEventListener('securitypolicyviolation', event => {
                    forbidden.push(event.effectiveDirective);
                    if (new Set(forbidden).size === 5) done([...new Set(forbidden)].sort());
                });
                element('script', { textContent: 'window.obeyed = 1' });
                element('img', { src: 'http://elsewhere.example/pixel' });
                element('iframe', { src: 'http://elsewhere.example/' });
                element('style', { textContent: 'body { display: none }' });
                fetch('http://elsewhere.example/').catch(() => {});";
            let value = ana.browser.page().execute_async(script, vec![json!(null)]).await;
            serde_json::from_value(value.expect("a script that runs")).expect("directives")
        };
        assert_eq!(tried, ["connect-src", "frame-src", "img-src", "script-src-elem", "style-src-elem"]);
        assert!(!obeyed(&ana).await);
    });
}
