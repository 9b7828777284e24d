//! What was measured, as pictures.

use std::path::Path;

use anyhow::Result;

use super::stage::Measured;
use super::{BURST, CHARTED};
use crate::plot::{Axis, Chart, Line, Scale, Stroke};
use crate::rounds::Rounds;
use crate::statistics::median;

const COST: &str = "CPU a delivery, µs";

/// Writes them all.
pub(super) fn write(folder: &Path, all: &[Measured], paced: Option<&(Rounds, Rounds)>) -> Result<()> {
    let of = |window: usize| -> Vec<&Measured> { all.iter().filter(|measured| measured.window == window).collect() };
    let people = |measured: &Measured| measured.people as f64;
    let costs = |title, subtitle: &str, window| Chart {
        title,
        subtitle: subtitle.to_owned(),
        x: Axis { label: "N, people who hear each line", scale: Scale::Log },
        y: Axis { label: COST, scale: Scale::Log },
        lines: lines(&of(window), people),
    };
    let subtitle = "64-byte texts, one room; the hub's log is on disk before anyone hears a line. Medians.";
    costs("What a lone line costs", subtitle, 1).write(folder, "cost-of-lone-lines")?;
    costs("What 32 lines at once cost", subtitle, BURST).write(folder, "cost-of-bursts")?;
    let charted: Vec<&Measured> = all.iter().filter(|measured| measured.people == CHARTED).collect();
    Chart {
        title: "What a delivery costs when many lines are under way",
        subtitle: "64-byte texts, 1,000 people in one room. Medians.".to_owned(),
        x: Axis { label: "w, lines under way", scale: Scale::Log },
        y: Axis { label: COST, scale: Scale::Log },
        lines: lines(&charted, |measured| measured.window as f64),
    }
    .write(folder, "cost-by-window")?;

    let mut times = Vec::new();
    let mut add = |name: &str, strokes: [Stroke; 2], hub: &Rounds, limit: &Rounds| {
        for (who, stroke, rounds) in [("hub", strokes[0], hub), ("limit", strokes[1], limit)] {
            let points = rounds.latencies.distribution().into_iter().map(|(ms, share)| (ms, share * 100.0));
            times.push(Line { name: format!("{who}, {name}"), stroke, points: points.collect() });
        }
    };
    if let Some((hub, limit)) = paced {
        add("20 lines/s", [Stroke::ThirdHub, Stroke::ThirdLimit], hub, limit);
    }
    for measured in charted {
        match measured.window {
            1 => add("lone lines", [Stroke::Hub, Stroke::Limit], &measured.hub, &measured.each),
            BURST => {
                let limit = measured.batched.as_ref().unwrap_or(&measured.each);
                add("32 at once", [Stroke::OtherHub, Stroke::OtherLimit], &measured.hub, limit);
            }
            _ => {}
        }
    }
    Chart {
        title: "From the sender to each receiver",
        subtitle: "64-byte texts, 1,000 people in one room; with the driver's own time to read them.".to_owned(),
        x: Axis { label: "within so many milliseconds", scale: Scale::Log },
        y: Axis { label: "share of deliveries, %", scale: Scale::Linear },
        lines: times,
    }
    .write(folder, "latency")
}

/// The hub and both limits, at places that the measured talk says.
fn lines<'a>(all: &[&'a Measured], at: impl Fn(&Measured) -> f64) -> Vec<Line> {
    let line = |name: &str, stroke, of: &dyn Fn(&'a Measured) -> Option<&'a Rounds>| {
        let points = all.iter().filter_map(|&measured| Some((at(measured), median(&of(measured)?.costs))));
        Line { name: name.to_owned(), stroke, points: points.collect() }
    };
    let mut lines = vec![
        line("the hub", Stroke::Hub, &|measured| Some(&measured.hub)),
        line("the limit, one send each", Stroke::OtherLimit, &|measured| Some(&measured.each)),
    ];
    let batched = line("the limit, batched", Stroke::ThirdLimit, &|measured| measured.batched.as_ref());
    if !batched.points.is_empty() {
        lines.push(batched);
    }
    lines
}
