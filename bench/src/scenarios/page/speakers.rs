//! Those who speak in the lobby, where the tab is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use shared::room::LOBBY;
use shared::transcript::Place;
use shared::wire;

use super::browser::Browser;
use crate::crowd::{Crowd, Patience};
use crate::guests;
use crate::heard::{Heard, understand};
use crate::hub::Hub;
use crate::line::id;
use crate::socket::add_frame;
use crate::words;

/// How many.
const SPEAKERS: u64 = 8;

/// Whoever begins to speak says so many lines at most, one after the other.
const IN_A_ROW: u64 = 4;

/// Lines of a flood that are under way at a time: the hub is kept busy, and nobody falls behind.
const WINDOW: u64 = 512;

/// How long one waits for a line at a time, while lines are said by the clock.
const TURN: Duration = Duration::from_millis(2);

/// How often it is looked whether they are to speak again.
const STAY: Duration = Duration::from_millis(100);

/// Takes the time, in milliseconds since 1970, at which the line with this `seq` stands in the page.
const WAIT: &str = "
    window.drawn = null;
    const look = () => {
        const newest = [...document.querySelectorAll('[data-seq]')].at(-1);
        if (newest && +newest.dataset.seq >= SEQ) window.drawn = Date.now();
        else requestAnimationFrame(look);
    };
    look();";

/// Native nodes in the lobby.
pub(super) struct Speakers {
    crowd: Crowd,
    said: u64,
    /// The `seq` of the newest line heard.
    newest: u64,
}

impl Speakers {
    pub(super) fn gather(hub: &Hub) -> Result<Self> {
        let (mut crowd, newest) = guests::welcome(hub, usize::try_from(SPEAKERS)?)?;
        guests::take_nicks(&mut crowd)?;
        Ok(Self { crowd, said: 0, newest })
    }

    /// The `seq` of the newest line.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// So many lines, at so many a second.
    pub(super) fn say_by_the_clock(&mut self, lines: u64, rate: u64) -> Result<()> {
        let (begun, first) = (Instant::now(), self.newest);
        let (base, goal) = (self.said, self.said + lines);
        while self.said < goal {
            let due = base + begun.elapsed().as_millis() as u64 * rate / 1000;
            self.speak(due.min(goal))?;
            self.hear(TURN)?;
        }
        let mut patience = Patience::new();
        while self.newest < first + lines {
            let wait = patience.left().with_context(|| format!("line {} came and no more", self.newest))?;
            patience.spend(self.hear(wait)?);
        }
        Ok(())
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

    /// They keep their connections while something else is measured.
    pub(super) fn stay_for<T: Send>(&mut self, measure: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let staying = scope.spawn(|| -> Result<()> {
                while !over.load(Ordering::Relaxed) {
                    self.crowd.idle(STAY)?;
                }
                Ok(())
            });
            let measured = measure();
            over.store(true, Ordering::Relaxed);
            staying.join().ok().context("the speakers fell")??;
            measured
        })
    }

    fn speak(&mut self, until: u64) -> Result<()> {
        let mut bytes = Vec::new();
        while self.said < until {
            bytes.clear();
            let line = self.said;
            add_frame(wire::encode(&Place::Room(LOBBY.to_owned()).say(id(line), text(line))), &mut bytes);
            self.crowd.send(usize::try_from(speaker(line))?, &bytes)?;
            self.said += 1;
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
    pub(super) fn until_drawn(&self, browser: &Browser) -> Result<f64> {
        let begun = now();
        browser.run::<()>(&WAIT.replace("SEQ", &self.newest.to_string()))?;
        let drawn: f64 = browser.until("all lines are drawn", "return window.drawn")?;
        Ok((drawn - begun).max(0.0))
    }
}

/// Who says the line of this number: sometimes the one who said the last one.
fn speaker(line: u64) -> u64 {
    let turn = line / IN_A_ROW;
    let (long, first) = (words::chance(turn, 1).is_multiple_of(2), words::chance(turn, 2));
    if long { first % SPEAKERS } else { (first + line % IN_A_ROW) % SPEAKERS }
}

/// What the line of this number says: words, and one in five with more than words.
fn text(line: u64) -> String {
    let words = words::text(line);
    match line % 35 {
        4 => format!("{words} https://example.org/{line}/{}", words::word(line % 500)),
        9 => format!("**{words}**, and `{}`", words::word(line % 800)),
        14 => format!("@guest-{:05} {words}", line % SPEAKERS),
        19 => format!("> {words}\n\n{}", words::text(line + 1)),
        24 => format!("- {words}\n- {}\n- {}", words::text(line + 1), words::text(line + 2)),
        29 => format!("```rust\nfn {0}() -> u64 {{\n    {line} // {0}\n}}\n```", words::word(line % 700)),
        34 => format!("{words} :tada:"),
        _ => words,
    }
}

/// Milliseconds since 1970 UTC, which the browser counts by the same clock.
pub(super) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_speaks_and_some_say_several_lines() {
        let speakers: Vec<u64> = (0..2_000).map(speaker).collect();
        assert!((0..SPEAKERS).all(|one| speakers.contains(&one)));
        let in_a_row = speakers.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!((200..1_500).contains(&in_a_row), "{in_a_row}");
    }

    #[test]
    fn lines_are_taken_by_a_hub() {
        assert!((0..2_000).map(text).all(|text| !text.trim().is_empty() && text.len() < wire::MAX_TEXT));
    }
}
