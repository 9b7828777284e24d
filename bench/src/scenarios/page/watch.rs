//! What the page did with its time: every frame, and every task that is felt.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::browser::Browser;
use crate::report::{count, short};

/// Takes down every frame, and every task that is felt (W3C Long Tasks: over 50 ms), from now on.
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

/// The page is watched.
pub(super) struct Watch<'a> {
    browser: &'a Browser,
    /// CPU that its main thread had taken before, in seconds.
    taken: f64,
}

impl<'a> Watch<'a> {
    /// From now on.
    pub(super) fn begin(browser: &'a Browser) -> Result<Self> {
        // Times of tasks are told as CPU time then, which does not grow where others use the machine.
        browser.command("Performance.disable", &json!({}))?;
        browser.command("Performance.enable", &json!({ "timeDomain": "threadTicks" }))?;
        let taken = metric(browser, TASKS)?;
        browser.run::<()>(WATCH)?;
        Ok(Self { browser, taken })
    }

    /// What was seen.
    pub(super) fn end(self) -> Result<Seen> {
        let seen: Seen = self.browser.run(SEEN)?;
        Ok(Seen { cpu: (metric(self.browser, TASKS)? - self.taken) * 1000.0, ..seen })
    }
}

/// What the main thread of the page took for its tasks.
const TASKS: &str = "TaskDuration";

/// One of the browser's own figures of the page.
pub(super) fn metric(browser: &Browser, name: &str) -> Result<f64> {
    let metrics = browser.command("Performance.getMetrics", &json!({}))?;
    let metric = metrics["metrics"].as_array().and_then(|all| all.iter().find(|metric| metric["name"] == name));
    metric.and_then(|metric| metric["value"].as_f64()).with_context(|| format!("{name} in {metrics}"))
}

#[derive(Default, Deserialize)]
pub(super) struct Seen {
    /// Milliseconds from each frame to the next.
    pub(super) frames: Vec<f64>,
    /// Milliseconds of each task over 50.
    pub(super) tasks: Vec<f64>,
    /// Milliseconds of CPU of the page's main thread.
    #[serde(skip)]
    pub(super) cpu: f64,
}

impl Seen {
    pub(super) fn longest_task(&self) -> f64 {
        self.tasks.iter().copied().fold(0.0, f64::max)
    }

    /// In all the time; a browser makes 60 at most.
    pub(super) fn frames_per_second(&self) -> f64 {
        self.frames.len() as f64 * 1000.0 / self.frames.iter().sum::<f64>().max(1.0)
    }

    /// The frames of the second that had the fewest. Of less than one second, of all.
    pub(super) fn worst_second(&self) -> f64 {
        let mut worst = f64::INFINITY;
        let (mut first, mut length) = (0, 0.0);
        for (last, frame) in self.frames.iter().enumerate() {
            length += frame;
            while length - self.frames[first] >= 1000.0 {
                length -= self.frames[first];
                first += 1;
            }
            if length >= 1000.0 {
                worst = worst.min((last - first + 1) as f64 * 1000.0 / length);
            }
        }
        if worst.is_finite() { worst } else { self.frames_per_second() }
    }

    /// In milliseconds; `share` of all frames are at most as long.
    pub(super) fn frame(&self, share: f64) -> f64 {
        within(&self.frames, share)
    }

    /// For a person to read.
    pub(super) fn note(&self) -> String {
        let of = |share| short(self.frame(share));
        let cpu = short(self.cpu / self.frames.len().max(1) as f64);
        let mut note = format!(
            "{} frames: p50 {} ms, p95 {}, p99 {}, longest {}; {cpu} ms of CPU a frame",
            count(self.frames.len()),
            of(0.5),
            of(0.95),
            of(0.99),
            of(1.0),
        );
        if !self.tasks.is_empty() {
            note += &format!("; {} tasks over 50 ms, longest {}", self.tasks.len(), short(self.longest_task()));
        }
        note
    }
}

/// The least of the values that `share` of them are at most as great as. 0 of none.
pub(super) fn within(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_by_the_time_they_took() {
        let seen = Seen { frames: vec![20.0; 200], ..Seen::default() };
        assert_eq!([seen.frames_per_second(), seen.worst_second(), seen.frame(0.95)], [50.0, 50.0, 20.0]);
        assert_eq!(Seen::default().frames_per_second(), 0.0);
    }

    #[test]
    fn one_bad_second_is_found_among_good_ones() {
        let mut frames = vec![10.0; 300];
        frames.splice(150..200, [100.0; 5]);
        let seen = Seen { frames, ..Seen::default() };
        assert!(seen.worst_second() < 60.0, "{}", seen.worst_second());
        assert!(seen.frames_per_second() > 80.0);
        let short = Seen { frames: vec![100.0; 3], ..Seen::default() };
        assert_eq!(short.worst_second(), 10.0);
    }

    #[test]
    fn shares_of_frames_are_found_in_order() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!([within(&values, 0.0), within(&values, 0.95), within(&values, 1.0)], [1.0, 96.0, 100.0]);
        assert_eq!(within(&[], 0.5), 0.0);
    }
}
