//! A room of 100,000 lines: how the page scrolls through all of it, and what it then holds in memory.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use super::browser::Browser;
use super::watch::{Seen, Watch, metric};
use crate::report::{Bound, Figure, Unit, count, short};

/// What is wanted, of the slowest way through the room. A browser makes 60 at most.
const FRAMES: Bound = Bound::AtLeast(55.0);

/// What is wanted of the page's memory with all of the room in it, in MB.
const MEMORY: Bound = Bound::AtMost(150.0);

/// Notches of the wheel, one after the other as the browser takes them, and what each is in pixels.
const NOTCHES: usize = 600;
const NOTCH: i32 = 120;

/// Pixels from frame to frame of one fling after the other, each of which begins fast and runs out: 80,000 pixels a
/// second are ten times what a thumb gives a page. Nobody reads so fast, but all of the room is passed in minutes.
const FLING: &str = "speed = speed < 450 ? 1350 : speed * 0.97";

/// How long a way may take, and how often it is looked whether it is over.
const PATIENCE: Duration = Duration::from_secs(900);
const LOOK: Duration = Duration::from_millis(500);

/// Takes down which lines were put into the page, until the end of the room that lies there, or until it is enough; and
/// moves the view with every frame by so many pixels, if any.
const SCROLL: &str = "
    const log = document.querySelector('[role=log]'), lines = log.querySelector('.lines');
    const drawn = new Uint8Array(NEWEST + 1);
    const note = row => row.dataset?.seq && (drawn[row.dataset.seq] = 1);
    lines.childNodes.forEach(note);
    const watch = new MutationObserver(all => all.forEach(change => change.addedNodes.forEach(note)));
    watch.observe(lines, { childList: true });
    const way = window.way = { enough: false, stood: 0, rows: 0, lines: null };
    const at_end = WAY < 0
        ? () => log.scrollTop <= 0 && document.querySelector('.beginning')
        : () => log.scrollTop + log.clientHeight >= log.scrollHeight - 1 && !document.querySelector('.below');
    let speed = 0;
    const step = () => {
        way.rows = Math.max(way.rows, lines.childElementCount);
        if (way.enough || at_end()) {
            watch.disconnect();
            way.lines = drawn.reduce((sum, one) => sum + one, 0);
            return;
        }
        const before = log.scrollTop, by = SPEED;
        if (by) {
            log.scrollTop = before + WAY * by;
            if (log.scrollTop === before) way.stood++;
        }
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);";

/// One way through the room, or a part of it.
#[derive(Deserialize)]
struct Way {
    /// Frames in which there was nothing further: lines were on their way.
    stood: usize,
    /// Rows in the page at most.
    rows: usize,
    /// Lines that were in the page at one time or another.
    lines: usize,
}

#[derive(Clone, Copy)]
enum Direction {
    Up = -1,
    Down = 1,
}

#[derive(Clone, Copy)]
enum By {
    Wheel,
    Flings,
}

/// The ways, one after the other: up to the beginning and down to the end, and back a part of it at either.
const WAYS: [(&str, Direction, By); 5] = [
    ("up from the end, by the wheel", Direction::Up, By::Wheel),
    ("up to the beginning, by flings", Direction::Up, By::Flings),
    ("down from the beginning, by the wheel", Direction::Down, By::Wheel),
    ("up again, by the wheel", Direction::Up, By::Wheel),
    ("down to the end, by flings", Direction::Down, By::Flings),
];

/// The tab stands at the end of the lobby, which has `lines` lines up to `newest`.
pub(super) fn measure(browser: &Browser, lines: usize, newest: u64) -> Result<Vec<Figure>> {
    let mut passed = Vec::new();
    let mut slowest = f64::INFINITY;
    let (mut rows, mut down) = (0, 0);
    for (name, direction, by) in WAYS {
        let (way, seen) = scroll(browser, newest, direction, by).context(name)?;
        slowest = slowest.min(seen.frames_per_second());
        (rows, down) = (rows.max(way.rows), way.lines);
        let mut note = format!("{} lines; worst second {}; ", count(way.lines), short(seen.worst_second()));
        if way.stood > 0 {
            note += &format!("waited for lines in {} frames; ", way.stood);
        }
        note += &seen.note();
        passed.push(Figure::plain(format!("  {name}"), seen.frames_per_second(), Unit::FramesPerSecond).noting(note));
    }
    ensure!(down >= lines, "{down} of {lines} lines were in the page on the way down");
    let all = count(lines);
    let scrolling = format!("{all} lines: scrolling, the slowest way");
    let mut figures = vec![
        Figure::bounded(scrolling, slowest, Unit::FramesPerSecond, FRAMES)
            .noting(format!("at most {rows} rows in the page"))
            .headlined("scrolling through 100,000 lines, up and down"),
    ];
    figures.extend(passed);
    figures.push(Memory::taken(browser)?.figure(format!("{all} lines: memory with all of them in the tab")));
    Ok(figures)
}

fn scroll(browser: &Browser, newest: u64, direction: Direction, by: By) -> Result<(Way, Seen)> {
    let way = direction as i32;
    let script = SCROLL.replace("NEWEST", &newest.to_string()).replace("WAY", &way.to_string());
    let watch = Watch::begin(browser)?;
    match by {
        By::Flings => browser.run::<()>(&script.replace("SPEED", FLING))?,
        By::Wheel => {
            browser.run::<()>(&script.replace("SPEED", "0"))?;
            for _ in 0..NOTCHES {
                browser.turn_wheel(way * NOTCH)?;
            }
            browser.run::<()>("window.way.enough = true")?;
        }
    }
    let over = "return window.way.lines === null ? null : window.way";
    let way = browser.until_within(PATIENCE, LOOK, "it has scrolled", over)?;
    Ok((way, watch.end()?))
}

/// What the page holds, in bytes.
struct Memory {
    /// The JavaScript heap as it is, garbage and all.
    heap: f64,
    /// The same without garbage.
    kept: f64,
    /// What the WebAssembly modules have taken, which is never given back.
    wasm: f64,
    /// Nodes of the document.
    nodes: f64,
}

impl Memory {
    fn taken(browser: &Browser) -> Result<Self> {
        let (heap, nodes) = (metric(browser, "JSHeapUsedSize")?, metric(browser, "Nodes")?);
        browser.command("HeapProfiler.collectGarbage", &json!({}))?;
        let kept = metric(browser, "JSHeapUsedSize")?;
        Ok(Self { heap, kept, wasm: wasm_memory(browser)?, nodes })
    }

    fn figure(&self, name: String) -> Figure {
        let mb = |bytes: f64| Unit::MB.show(bytes / 1e6);
        let parts = format!(
            "JavaScript heap {} ({} without garbage), WebAssembly memory {}; {} nodes",
            mb(self.heap),
            mb(self.kept),
            mb(self.wasm),
            short(self.nodes)
        );
        Figure::bounded(name, (self.heap + self.wasm) / 1e6, Unit::MB, MEMORY)
            .noting(parts)
            .headlined("heap and WebAssembly memory of a tab with 100,000 lines")
    }
}

/// Has the pages that are opened from now on keep hold of their WebAssembly memories, for [`Memory::taken`]. DevTools can
/// look for them as well, which has crashed a tab.
pub(super) fn watch_memories(browser: &Browser) -> Result<()> {
    const KEEP: &str = "
        window.memories = new Set();
        for (const name of ['instantiate', 'instantiateStreaming']) {
            const real = WebAssembly[name];
            WebAssembly[name] = async (...args) => {
                const made = await real.apply(WebAssembly, args);
                const shared = Object.values((made.instance ?? made).exports);
                shared.filter(one => one instanceof WebAssembly.Memory).forEach(memory => memories.add(memory));
                return made;
            };
        }";
    browser.command("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": KEEP })).map(drop)
}

fn wasm_memory(browser: &Browser) -> Result<f64> {
    let bytes: f64 = browser.run("return [...memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0)")?;
    anyhow::ensure!(bytes > 0.0, "the page has no memory");
    Ok(bytes)
}
