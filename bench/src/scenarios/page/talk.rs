//! What a tab takes: lines that come faster than anybody reads, and scrolling through them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Deserialize;
use shared::room::LOBBY;

use super::browser::Browser;
use crate::bench::Bench;
use crate::crowd::{Crowd, Patience};
use crate::guests;
use crate::heard::{Heard, understand};
use crate::hub::Hub;
use crate::line::Say;
use crate::report::{Bound, Figure, Unit, short};

/// Those who speak, by turns.
const SPEAKERS: usize = 8;

/// Lines a second that a tab has to take without becoming sluggish.
const RATE: u64 = 2_000;

/// For how long they come so, in seconds; the second with `--quick`.
const SECONDS: (u64, u64) = (5, 2);

/// Lines that come as fast as the hub takes them; the second with `--quick`.
const FLOOD: (u64, u64) = (20_000, 5_000);

/// Lines of a flood that are under way at a time: the hub is kept busy, and nobody falls behind.
const WINDOW: u64 = 512;

/// How long one task of the page may take, in milliseconds: what keeps it longer is felt (W3C Long Tasks).
const LONGEST_TASK: Bound = Bound::AtMost(50.0);

/// As people write them.
const LINE: &str = "What one says in a line is mostly this long, give or take a word";

/// Takes down every frame, and every task that is felt, from now on.
const WATCH: &str = "
    window.seen = { frames: [], tasks: [], on: true };
    window.watching ??= new PerformanceObserver(list =>
        list.getEntries().forEach(task => window.seen.tasks.push(task.duration)));
    window.watching.observe({ type: 'longtask' });
    const seen = window.seen;
    let before = performance.now();
    const frame = () => {
        const now = performance.now();
        seen.frames.push(now - before);
        before = now;
        if (seen.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);";

/// What was taken down, once nothing more is.
const SEEN: &str = "
    window.seen.on = false;
    window.watching.takeRecords().forEach(task => window.seen.tasks.push(task.duration));
    return { frames: window.seen.frames, tasks: window.seen.tasks };";

/// Takes the time, in milliseconds since 1970, at which the line with this `seq` stands in the page.
const WAIT: &str = "
    window.drawn = null;
    const look = () => {
        const newest = [...document.querySelectorAll('[data-seq]')].at(-1);
        if (newest && +newest.dataset.seq >= SEQ) window.drawn = Date.now();
        else requestAnimationFrame(look);
    };
    look();";

/// Scrolls up by a notch of the wheel with every frame, through some thousand lines.
const SCROLL: &str = "
    const log = document.querySelector('[role=log]');
    window.scrolled = 0;
    const step = () => {
        log.scrollTop -= 120;
        if (++window.scrolled < 300) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);";

#[derive(Deserialize)]
struct Seen {
    /// Milliseconds from each frame to the next.
    frames: Vec<f64>,
    /// Milliseconds of each task over 50.
    tasks: Vec<f64>,
}

impl Seen {
    fn longest_task(&self) -> f64 {
        self.tasks.iter().copied().fold(0.0, f64::max)
    }

    /// In milliseconds; `share` of all frames are at most as long.
    fn frame(&self, share: f64) -> f64 {
        let mut frames = self.frames.clone();
        frames.sort_by(f64::total_cmp);
        let place = (frames.len() as f64 * share) as usize;
        frames.get(place.min(frames.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// For a person to read.
    fn note(&self) -> String {
        let (middle, high) = (self.frame(0.5), self.frame(0.95));
        let frames = format!("{} frames: p50 {} ms, p95 {} ms", self.frames.len(), short(middle), short(high));
        match self.tasks.len() {
            0 => frames,
            tasks => format!("{frames}; {tasks} tasks over 50 ms"),
        }
    }
}

/// The tab stands in the lobby.
pub(super) fn measure(bench: &Bench, speakers: &mut Speakers, browser: &Browser) -> Result<Vec<Figure>> {
    browser.run::<()>(WATCH)?;
    let steady = bench.pick(SECONDS.0, SECONDS.1) * RATE;
    speakers.say_by_the_clock(steady)?;
    let behind = speakers.until_drawn(browser)?;
    let seen: Seen = browser.run(SEEN)?;

    let flood = bench.pick(FLOOD.0, FLOOD.1);
    let begun = now();
    speakers.flood(flood)?;
    speakers.until_drawn(browser)?;
    let took: f64 = browser.run("return window.drawn")?;
    let rate = flood as f64 * 1000.0 / (took - begun).max(1.0);

    browser.run::<()>(WATCH)?;
    browser.run::<()>(SCROLL)?;
    browser.until::<bool>("it has scrolled", "return window.scrolled >= 300")?;
    let scrolled: Seen = browser.run(SEEN)?;
    let drawn: usize = browser.run("return document.querySelectorAll('[data-seq]').length")?;

    let frames = format!("lines that come at {RATE}/s");
    Ok(vec![
        Figure::plain(format!("{frames}, longest task of the page"), seen.longest_task(), Unit::Milliseconds)
            .wanting(LONGEST_TASK)
            .noting(seen.note()),
        Figure::plain(format!("{frames}, from the last one said to it drawn"), behind, Unit::Milliseconds),
        Figure::plain("lines that a tab takes", rate, Unit::LinesPerSecond).noting(format!("a flood of {flood}")),
        Figure::plain("scrolling up, p95 of a frame", scrolled.frame(0.95), Unit::Milliseconds)
            .noting(format!("{}; {drawn} lines drawn then", scrolled.note())),
    ])
}

/// Native nodes in the lobby.
pub(super) struct Speakers {
    crowd: Crowd,
    say: Say,
    said: u64,
    /// The `seq` of the newest line heard.
    newest: u64,
}

impl Speakers {
    pub(super) fn gather(hub: &Hub) -> Result<Self> {
        let (mut crowd, newest) = guests::welcome(hub, SPEAKERS)?;
        guests::take_nicks(&mut crowd)?;
        Ok(Self { crowd, say: Say::new(LOBBY, LINE), said: 0, newest })
    }

    /// So many lines at the rate.
    fn say_by_the_clock(&mut self, lines: u64) -> Result<()> {
        let (begun, first) = (Instant::now(), self.newest);
        let goal = self.said + lines;
        let base = self.said;
        while self.said < goal {
            let due = base + begun.elapsed().as_millis() as u64 * RATE / 1000;
            self.speak(due.min(goal))?;
            self.hear(Duration::from_millis(2))?;
        }
        self.hear_up_to(first + lines)
    }

    /// So many lines as fast as they are taken.
    pub(super) fn flood(&mut self, lines: u64) -> Result<()> {
        let (first, base) = (self.newest, self.said);
        let mut patience = Patience::new();
        while self.newest < first + lines {
            let heard = self.newest - first;
            self.speak((base + heard + WINDOW).min(base + lines))?;
            patience.spend(self.hear(patience.left()?)?);
        }
        Ok(())
    }

    fn speak(&mut self, until: u64) -> Result<()> {
        let mut bytes = Vec::new();
        while self.said < until {
            bytes.clear();
            self.say.add(self.said, &mut bytes);
            self.crowd.send((self.said % SPEAKERS as u64) as usize, &bytes)?;
            self.said += 1;
        }
        Ok(())
    }

    fn hear_up_to(&mut self, seq: u64) -> Result<()> {
        let mut patience = Patience::new();
        while self.newest < seq {
            let wait = patience.left().with_context(|| format!("line {} came, line {seq} did not", self.newest))?;
            patience.spend(self.hear(wait)?);
        }
        Ok(())
    }

    fn hear(&mut self, wait: Duration) -> Result<usize> {
        let newest = &mut self.newest;
        self.crowd.turn(wait, &mut |_, text| {
            if let Heard::Line { seq } = understand(text)? {
                *newest = (*newest).max(seq);
            }
            Ok(())
        })
    }

    /// Waits until the tab has drawn all; how long that took from now, in milliseconds.
    fn until_drawn(&self, browser: &Browser) -> Result<f64> {
        let begun = now();
        browser.run::<()>(&WAIT.replace("SEQ", &self.newest.to_string()))?;
        let drawn: f64 = browser.until("all lines are drawn", "return window.drawn")?;
        Ok((drawn - begun).max(0.0))
    }
}

/// Milliseconds since 1970 UTC, which the browser counts by the same clock.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}
