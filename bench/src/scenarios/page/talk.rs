//! What a tab takes: lines that come faster than anybody reads, while one types.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::browser::Browser;
use super::speakers::{Speakers, now};
use super::watch::{Watch, within};
use crate::bench::Bench;
use crate::report::{Bound, Figure, Unit, short};

/// Lines a second that a tab has to take without becoming sluggish.
const RATE: u64 = 2_000;

/// For how long they come so, in seconds; the second with `--quick`.
const SECONDS: (u64, u64) = (10, 3);

/// Lines that come as fast as the hub takes them; the second with `--quick`.
const FLOOD: (u64, u64) = (20_000, 5_000);

/// How long one task of the page may take, in milliseconds: what keeps it longer is felt.
const LONGEST_TASK: Bound = Bound::AtMost(50.0);

/// How long a letter may take from the key to the field, in milliseconds, of 95 in 100.
const ANSWER: Bound = Bound::AtMost(50.0);

/// From one key to the next: a fast typist's ten a second.
const PAUSE: Duration = Duration::from_millis(100);

/// What is typed, over and over.
const LETTERS: &str = "thequickbrownfoxjumpsoverthelazydog";

/// Takes down how long it takes from each key, as the browser dates it, to the end of the frame that shows its letter.
const ANSWERS: &str = "
    const field = document.querySelector('#message');
    window.answers = [];
    let pressed = 0;
    field.addEventListener('keydown', event => pressed = event.timeStamp);
    field.addEventListener('input', () => {
        const from = pressed;
        requestAnimationFrame(() => {
            const painted = new MessageChannel();
            painted.port1.onmessage = () => window.answers.push(performance.now() - from);
            painted.port2.postMessage(null);
        });
    });
    field.focus();";

const ANSWERED: &str = "
    const field = document.querySelector('#message'), text = field.value;
    field.value = '';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    return { text, answers: window.answers };";

#[derive(Deserialize)]
struct Typed {
    text: String,
    /// Milliseconds.
    answers: Vec<f64>,
}

/// The tab stands at the end of the lobby.
pub(super) fn measure(bench: &Bench, speakers: &mut Speakers, browser: &Browser) -> Result<Vec<Figure>> {
    browser.run::<()>(ANSWERS)?;
    let watch = Watch::begin(browser)?;
    let lines = bench.pick(SECONDS.0, SECONDS.1) * RATE;
    let over = AtomicBool::new(false);
    let (said, pressed) = thread::scope(|scope| {
        let typist = scope.spawn(|| type_until(browser, &over));
        let said = speakers.say_by_the_clock(lines, RATE);
        over.store(true, Ordering::Relaxed);
        (said, typist.join())
    });
    said?;
    let pressed = pressed.ok().context("the typist fell")??;
    let behind = speakers.until_drawn(browser)?;
    let seen = watch.end()?;
    let typed: Typed = browser.run(ANSWERED)?;
    ensure!(typed.text == pressed, "{pressed:?} was typed, and {:?} stands there", typed.text);
    ensure!(typed.answers.len() == pressed.len(), "{} of {} letters were shown", typed.answers.len(), pressed.len());

    let flood = bench.pick(FLOOD.0, FLOOD.1);
    let begun = now();
    speakers.flood(flood)?;
    speakers.until_drawn(browser)?;
    let took: f64 = browser.run("return window.drawn")?;
    let rate = flood as f64 * 1000.0 / (took - begun).max(1.0);

    let coming = format!("lines that come at {RATE}/s");
    let of = |share| short(within(&typed.answers, share));
    Ok(vec![
        Figure::bounded(
            format!("{coming}, longest task of the page"),
            seen.longest_task(),
            Unit::Milliseconds,
            LONGEST_TASK,
        )
        .noting(format!("0 where none is over 50 ms; {}", seen.note()))
        .headlined("2,000 lines/s into the open room: longest task over 50 ms"),
        Figure::bounded(
            format!("{coming}, from a key to its letter, p95"),
            within(&typed.answers, 0.95),
            Unit::Milliseconds,
            ANSWER,
        )
        .noting(format!("{} letters: p50 {}, longest {}", pressed.len(), of(0.5), of(1.0)))
        .headlined("the same, from a key to its letter in the composer, p95"),
        Figure::plain(format!("{coming}, from the last one said to it drawn"), behind, Unit::Milliseconds),
        Figure::plain("lines that a tab takes", rate, Unit::LinesPerSecond).noting(format!("a flood of {flood}")),
    ])
}

/// Types; what was typed.
fn type_until(browser: &Browser, over: &AtomicBool) -> Result<String> {
    let mut pressed = String::new();
    for letter in LETTERS.chars().cycle() {
        if over.load(Ordering::Relaxed) {
            break;
        }
        browser.press(letter)?;
        pressed.push(letter);
        thread::sleep(PAUSE);
    }
    Ok(pressed)
}
