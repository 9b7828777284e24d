//! What someone sees of the talk, and what the client tells them.

use std::collections::BTreeMap;

use serde_json::json;

use super::Person;
use crate::{Role, eventually};

/// Those lines of the log that are drawn, without days and times and what can be pressed: `[seq, "nick: text"]`. What
/// nobody said (a topic) is none.
const LINES: &str = "
    const log = document.querySelector('[role=log]');
    return [...log.querySelectorAll('[data-seq]')].map(line => {
        const copy = line.cloneNode(true);
        copy.querySelectorAll('h2, time, button, small, .new').forEach(part => part.remove());
        return [Number(line.dataset.seq), copy.textContent];
    }).filter(([, words]) => words.includes(': ') && !words.includes(' set the topic: '));";

/// Scrolls up and further up until the line with that `seq` is drawn, for some frames at most. The lines that were drawn
/// on the way, in their order and each once, and whether that one was.
const UP: &str = "
    const log = document.querySelector('[role=log]');
    const seen = new Map();
    const look = () => {
        let before = 0;
        for (const line of log.querySelectorAll('[data-seq]')) {
            const seq = Number(line.dataset.seq);
            if (seq <= before) throw new Error(`#${seq} is drawn behind #${before}`);
            before = seq;
            if (seen.has(seq)) continue;
            const copy = line.cloneNode(true);
            copy.querySelectorAll('h2, time, button, small, .new').forEach(part => part.remove());
            seen.set(seq, copy.textContent);
        }
        return seen.has(arguments[0]);
    };
    return new Promise(done => {
        let frames = 0;
        const up = () => {
            const found = look();
            if (found || ++frames > 60) return done([[...seen].filter(([, words]) => words.includes(': ')), found]);
            log.scrollTop = 0;
            requestAnimationFrame(up);
        };
        up();
    });";

/// Scrolls the log to so much of the way down.
const SCROLL: &str = "
    const log = document.querySelector('[role=log]');
    log.scrollTop = (log.scrollHeight - log.clientHeight) * arguments[0];";

/// The position in the log of the first line that is in sight, whole or in part; and how far its head is below the
/// upper edge, in pixels.
const TOP: &str = "
    const log = document.querySelector('[role=log]');
    const edge = log.getBoundingClientRect().top;
    for (const line of log.querySelectorAll('[data-seq]')) {
        const { top, bottom } = line.getBoundingClientRect();
        if (bottom > edge + 1) return [Number(line.dataset.seq), top - edge];
    }
    return null;";

/// The words in all places of a role that are not hidden.
const WORDS: &str = "
    return [...document.querySelectorAll(`[role=${arguments[0]}]`)]
        .map(place => place.innerText.trim())
        .filter(words => words !== '');";

/// One line of the log, as drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub seq: u64,
    pub from: String,
    pub text: String,
}

impl Person {
    /// Waits until the talk of that room, or with that nick, is what is shown.
    pub async fn is_in(&self, place: &str) {
        self.browser.the(Role::Log, place).await;
    }

    /// All lines drawn, in their order on the page.
    pub async fn lines(&self) -> Vec<Line> {
        let found = eventually("a page with a log on it", async || {
            self.browser.try_eval::<Vec<(u64, String)>>(LINES, Vec::new()).await.map(Some)
        });
        found.await.into_iter().map(line).collect()
    }

    /// Scrolls up, as one does who reads what was missed, until the line at that position of the log is drawn. Gives all
    /// lines that were drawn on the way, in the log's order.
    pub async fn reads_back_to(&self, seq: u64) -> Vec<Line> {
        let mut read = BTreeMap::new();
        let mut found = false;
        while !found {
            // A long way may take long: what has to come in time is the next piece of it.
            let before = read.len();
            eventually(format_args!("{} finds line #{seq} further up", self.name), async || {
                let (lines, there): (Vec<(u64, String)>, bool) = self.browser.try_eval(UP, vec![json!(seq)]).await?;
                read.extend(lines);
                found = there;
                Ok((found || read.len() > before).then_some(()))
            })
            .await;
        }
        read.into_iter().map(line).collect()
    }

    /// Scrolls the log to so much of the way down: 0 is its upper end, 1 its lower.
    pub async fn scrolls_to(&self, part: f64) {
        self.browser.eval::<()>(SCROLL, vec![json!(part)]).await;
    }

    /// The first line of the log that is in sight, by its position, and how far its head is below the upper edge, in
    /// pixels.
    ///
    /// # Panics
    /// If no line is in sight.
    pub async fn top_line(&self) -> (u64, f64) {
        self.browser.eval::<Option<(u64, f64)>>(TOP, Vec::new()).await.expect("a line in sight")
    }

    /// All lines drawn, as those who said them and what they said.
    pub async fn talk(&self) -> Vec<(String, String)> {
        self.lines().await.into_iter().map(|line| (line.from, line.text)).collect()
    }

    /// Waits for a line, and gives its position in the log.
    pub async fn sees(&self, from: &str, text: &str) -> u64 {
        eventually(format_args!("{} sees the line “{from}: {text}”", self.name), async || {
            let line = self.lines().await.into_iter().find(|line| line.from == from && line.text == text);
            Ok(line.map(|line| line.seq))
        })
        .await
    }

    /// Waits until the words that anyone can see hold `part`.
    pub async fn reads(&self, part: &str) {
        let script = "return document.body.innerText.includes(arguments[0])";
        eventually(format_args!("{} reads “{part}”", self.name), async || {
            Ok(self.browser.try_eval::<bool>(script, vec![json!(part)]).await?.then_some(()))
        })
        .await;
    }

    /// Waits until no line drawn is this one.
    pub async fn sees_no_more(&self, from: &str, text: &str) {
        eventually(format_args!("{} no longer sees the line “{from}: {text}”", self.name), async || {
            let lines = self.lines().await;
            Ok((!lines.iter().any(|line| line.from == from && line.text == text)).then_some(()))
        })
        .await;
    }

    /// Waits until the words that anyone can see no longer hold `part`.
    pub async fn reads_no_more(&self, part: &str) {
        let script = "return !document.body.innerText.includes(arguments[0])";
        eventually(format_args!("{} no longer reads “{part}”", self.name), async || {
            Ok(self.browser.try_eval::<bool>(script, vec![json!(part)]).await?.then_some(()))
        })
        .await;
    }

    /// Waits for a title in the tab that holds `part`; gives all of it.
    pub async fn has_title(&self, part: &str) -> String {
        eventually(format_args!("{} has “{part}” in the tab’s title", self.name), async || {
            Ok(Some(self.browser.title().await).filter(|title| title.contains(part)))
        })
        .await
    }

    /// Waits until the line below the composer says that there is a connection.
    pub async fn is_connected(&self) {
        self.browser.the(Role::Button, "Connected").await;
    }

    /// What the marks beside this person's own lines tell, as a screen reader reads them.
    pub async fn marks(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('[role=log] [data-seq] .mark')].map(mark => mark.ariaLabel)";
        self.browser.eval(script, Vec::new()).await
    }

    /// Waits for a mark that tells what `part` says; gives all of it.
    pub async fn sees_mark(&self, part: &str) -> String {
        eventually(format_args!("{} sees a mark that tells “{part}”", self.name), async || {
            Ok(self.marks().await.into_iter().find(|words| words.contains(part)))
        })
        .await
    }

    /// Looks at the mark that now tells what `part` says.
    pub async fn looks_at_mark(&self, part: &str) {
        let mark = self.sees_mark(part).await;
        self.browser.click(Role::Button, &mark).await;
    }

    /// Whether a text is anywhere on the page, hidden or not.
    pub async fn has_on_page(&self, text: &str) -> bool {
        self.browser.eval("return document.documentElement.innerHTML.includes(arguments[0])", vec![json!(text)]).await
    }

    /// Waits for something that the client says by the way, in words that hold `part`; gives them all.
    pub async fn is_told(&self, part: &str) -> String {
        self.words("status", part).await
    }

    /// Waits for something that the client says went wrong, in words that hold `part`; gives them all.
    pub async fn is_warned(&self, part: &str) -> String {
        self.words("alert", part).await
    }

    /// Waits until the client has fetched what nobody has wanted yet; it does so some time after one has come in.
    pub async fn has_fetched_ahead(&self) {
        let script = "
            const names = performance.getEntriesByType('resource').map(entry => entry.name);
            return names.some(name => name.endsWith('/emoji.txt'));";
        self.browser.until("what may be wanted later to be fetched", script).await;
    }

    /// What the client says went wrong.
    pub async fn warnings(&self) -> Vec<String> {
        self.browser.eval(WORDS, vec![json!("alert")]).await
    }

    async fn words(&self, role: &str, part: &str) -> String {
        eventually(format_args!("{} reads “{part}” in a {role}", self.name), async || {
            let words: Vec<String> = self.browser.try_eval(WORDS, vec![json!(role)]).await?;
            Ok(words.into_iter().find(|words| words.contains(part)))
        })
        .await
    }
}

/// A line out of its words, `nick: text`.
fn line((seq, words): (u64, String)) -> Line {
    let (from, text) = words.split_once(": ").expect("a line says who said it");
    Line { seq, from: from.to_owned(), text: text.to_owned() }
}
