//! How long a visitor waits, in a real browser on this machine.

use anyhow::Result;
use serde_json::json;

use super::browser::Browser;
use crate::bench::Bench;
use crate::hub::Hub;
use crate::report::{Bound, Figure, Unit};
use crate::statistics::{median, spread};

/// What is wanted of a first visit, in milliseconds.
const USABLE: Bound = Bound::AtMost(400.0);

/// Visits of each kind; the second with `--quick`.
const VISITS: (usize, usize) = (15, 5);

/// The figures that decide.
const FIRST: &str = "first visit, until one can write a nick";
const KNOWN: &str = "known nick, until one can write a line";

/// Under which the visitor joins.
const NICK: &str = "visitor";

/// Takes the time, from the beginning of the navigation, at which one can write a nick or a line; both as soon as the
/// field stands in the page and takes input, which is looked for after every change of the page.
const WATCH: &str = "
    window.usable = {};
    const look = () => {
        for (const [name, field] of [['join', '.join-sheet input'], ['lobby', '#message']]) {
            const found = document.querySelector(field);
            if (found && !found.disabled && !usable[name]) usable[name] = performance.now();
        }
        if (document.querySelector('[data-seq]')) usable.lines ??= performance.now();
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });";

/// Joins as a person does who types a nick and presses Enter.
const JOIN: &str = "
    const nick = document.querySelector('.join-sheet input');
    nick.value = 'NICK';
    nick.dispatchEvent(new Event('input', { bubbles: true }));
    nick.form.requestSubmit();";

/// First visits with nothing kept, then visits of one who joined before.
pub(super) fn measure(bench: &Bench, hub: &Hub, browser: &Browser) -> Result<Vec<Figure>> {
    let visits = bench.pick(VISITS.0, VISITS.1);
    let page = format!("http://{}/", hub.authority());
    browser.command("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": WATCH }))?;
    let mut first = Vec::new();
    for _ in 0..visits {
        browser.go("about:blank")?;
        browser.command("Network.clearBrowserCache", &json!({}))?;
        browser.go(&page)?;
        first.push(browser.until("one can join", "return window.usable.join")?);
    }
    browser.run::<()>(&JOIN.replace("NICK", NICK))?;
    browser.until::<f64>("the lobby", "return window.usable.lobby")?;
    let (mut lobby, mut lines) = (Vec::new(), Vec::new());
    for _ in 0..visits {
        browser.go("about:blank")?;
        browser.go(&page)?;
        lines.push(browser.until("the lobby and its newest lines", "return window.usable.lines")?);
        lobby.push(browser.run("return window.usable.lobby")?);
    }
    let figure = |name: &str, times: &[f64]| Figure::plain(name, median(times), Unit::Milliseconds);
    let noted = |times: &[f64]| format!("{visits} visits: {}", spread(times));
    Ok(vec![
        figure(FIRST, &first).wanting(USABLE).noting(noted(&first)).headlined(FIRST),
        figure(KNOWN, &lobby).wanting(USABLE).noting(noted(&lobby)).headlined(KNOWN),
        figure("known nick, until the newest lines are drawn", &lines).noting(noted(&lines)),
    ])
}
