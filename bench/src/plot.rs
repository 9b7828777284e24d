//! Charts as SVG: a few lines of markup, which a crate for plots would bring fonts and canvases to write.

mod axis;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

pub(crate) use axis::{Axis, Scale};

use crate::report::short;

/// The picture, in CSS pixels.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 560.0;

/// Where the lines are drawn in it: left, top, right, bottom.
const PLOT: [f64; 4] = [84.0, 124.0, 876.0, 496.0];

/// What is written on the axes may come no nearer to each other than this, in pixels.
const LABEL_WIDTH: f64 = 52.0;
const LABEL_HEIGHT: f64 = 32.0;

/// More points than these are a curve, and not marked one by one.
const MARKED: usize = 16;

/// Fonts that are there, or look like those that are.
const FONT: &str = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif";

/// A chart.
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    /// What one has to know to read it.
    pub(crate) subtitle: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
}

/// One line of it.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) stroke: Stroke,
    pub(crate) points: Vec<(f64, f64)>,
}

/// How a line looks: the hub's colours are strong, the limit's are dashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stroke {
    Hub,
    OtherHub,
    ThirdHub,
    Limit,
    OtherLimit,
    ThirdLimit,
}

impl Stroke {
    fn colour(self) -> &'static str {
        match self {
            Self::Hub | Self::Limit => "#1f5fbf",
            Self::OtherHub | Self::OtherLimit => "#c2410c",
            Self::ThirdHub | Self::ThirdLimit => "#15803d",
        }
    }

    fn dashes(self) -> &'static str {
        match self {
            Self::Hub | Self::OtherHub | Self::ThirdHub => "",
            Self::Limit | Self::OtherLimit | Self::ThirdLimit => r#" stroke-dasharray="6 4""#,
        }
    }
}

impl Chart {
    /// Writes it to `folder/name.svg`.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> Result<()> {
        let path = folder.join(format!("{name}.svg"));
        fs::write(&path, self.svg()).with_context(|| format!("writing {}", path.display()))
    }

    /// The picture. Points that a logarithmic axis cannot show are left out.
    fn svg(&self) -> String {
        let [left, top, right, bottom] = PLOT;
        let shown: Vec<Vec<(f64, f64)>> = self
            .lines
            .iter()
            .map(|line| line.points.iter().copied().filter(|(x, y)| self.x.shows(*x) && self.y.shows(*y)).collect())
            .collect();
        let (xs, ys) = shown.iter().flatten().copied().unzip::<f64, f64, Vec<f64>, Vec<f64>>();
        let x = self.x.over(&xs, [left, right], LABEL_WIDTH);
        let y = self.y.over(&ys, [bottom, top], LABEL_HEIGHT);

        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" font-family=\"{FONT}\" font-size=\"13\" fill=\"#1f2937\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
        );
        text(&mut svg, 24.0, 32.0, r#"font-size="18" font-weight="600""#, self.title);
        text(&mut svg, 24.0, 53.0, r##"fill="#6b7280""##, &self.subtitle);
        self.legend(&mut svg);

        for tick in y.ticks() {
            let at = y.place(tick);
            rule(&mut svg, [left, at, right, at], "#e5e7eb");
            text(&mut svg, left - 8.0, at + 4.5, r#"text-anchor="end""#, &label(tick));
        }
        for tick in x.ticks() {
            let at = x.place(tick);
            rule(&mut svg, [at, top, at, bottom], "#f3f4f6");
            rule(&mut svg, [at, bottom, at, bottom + 5.0], "#6b7280");
            text(&mut svg, at, bottom + 20.0, r#"text-anchor="middle""#, &label(tick));
        }
        rule(&mut svg, [left, bottom, right, bottom], "#6b7280");
        let middle = f64::midpoint(left, right);
        text(&mut svg, middle, HEIGHT - 20.0, r#"text-anchor="middle""#, self.x.label);
        let middle = f64::midpoint(top, bottom);
        let turned = format!(r#"text-anchor="middle" transform="rotate(-90 24 {middle})""#);
        text(&mut svg, 24.0, middle, &turned, self.y.label);

        for (line, points) in self.lines.iter().zip(&shown) {
            let (colour, dashes) = (line.stroke.colour(), line.stroke.dashes());
            let places: Vec<_> = points.iter().map(|(at, value)| (x.place(*at), y.place(*value))).collect();
            let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let path = path.join(" ");
            let _ = writeln!(
                svg,
                r#"<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.2" stroke-linejoin="round"{dashes}/>"#
            );
            if places.len() <= MARKED {
                for ((x, y), (at, value)) in places.iter().zip(points) {
                    let said = escaped(&format!("{}: {} at {}", line.name, short(*value), label(*at)));
                    let _ = writeln!(
                        svg,
                        r#"<circle cx="{x:.1}" cy="{y:.1}" r="4" fill="{colour}"><title>{said}</title></circle>"#
                    );
                }
            }
        }
        svg + "</svg>\n"
    }

    /// The names of the lines, above them, in as many rows as they need.
    fn legend(&self, svg: &mut String) {
        let (mut left, mut top) = (PLOT[0], 78.0);
        for line in &self.lines {
            // Wide enough for the fonts named above.
            let width = 36.0 + 7.4 * line.name.chars().count() as f64 + 22.0;
            if left + width > WIDTH {
                (left, top) = (PLOT[0], top + 22.0);
            }
            let (colour, dashes, right) = (line.stroke.colour(), line.stroke.dashes(), left + 28.0);
            let _ = writeln!(
                svg,
                r#"<line x1="{left}" y1="{top}" x2="{right}" y2="{top}" stroke="{colour}" stroke-width="2.6"{dashes}/>"#
            );
            text(svg, left + 36.0, top + 4.5, "", &line.name);
            left += width;
        }
    }
}

fn rule(svg: &mut String, [x1, y1, x2, y2]: [f64; 4], colour: &str) {
    let _ = writeln!(svg, r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"/>"#);
}

fn text(svg: &mut String, x: f64, y: f64, attributes: &str, text: &str) {
    let _ = writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}" {attributes}>{}</text>"#, escaped(text));
}

/// The value of a tick: without zeros that say nothing.
fn label(value: f64) -> String {
    let label = if value.abs() >= 1_000.0 { short(value) } else { format!("{value:.3}") };
    if label.contains('.') { label.trim_end_matches('0').trim_end_matches('.').to_owned() } else { label }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> Chart {
        Chart {
            title: "Cost & N",
            subtitle: "medians <of 5>".to_owned(),
            x: Axis { label: "people", scale: Scale::Log },
            y: Axis { label: "µs", scale: Scale::Log },
            lines: vec![Line { name: "the hub".to_owned(), stroke: Stroke::Hub, points }],
        }
    }

    fn marks(svg: &str) -> usize {
        svg.matches("<circle").count()
    }

    #[test]
    fn every_point_is_inside_the_plot() {
        let svg = chart(vec![(1.0, 4.3), (100.0, 0.07), (8_000.0, 5.9)]).svg();
        assert_eq!(marks(&svg), 3);
        for circle in svg.split("<circle ").skip(1) {
            let number = |name: &str| -> f64 {
                let (_, value) = circle.split_once(&format!("{name}=\"")).expect("an attribute");
                value.split('"').next().and_then(|value| value.parse().ok()).expect("a number")
            };
            let [left, top, right, bottom] = PLOT;
            assert!((left..=right).contains(&number("cx")) && (top..=bottom).contains(&number("cy")), "{circle}");
        }
    }

    #[test]
    fn what_a_logarithm_cannot_show_is_left_out() {
        assert_eq!(marks(&chart(vec![(0.0, 1.0), (10.0, 0.0), (10.0, 1.0)]).svg()), 1);
        assert_eq!(marks(&chart(Vec::new()).svg()), 0);
    }

    #[test]
    fn names_are_text_and_not_markup() {
        let svg = chart(vec![(1.0, 1.0)]).svg();
        assert!(svg.contains("Cost &amp; N") && svg.contains("medians &lt;of 5&gt;"), "{svg}");
    }

    #[test]
    fn ticks_are_labelled_as_one_would_write_them() {
        assert_eq!([0.05, 0.5, 10.0, 1_000.0, 0.0].map(label), ["0.05", "0.5", "10", "1,000", "0"]);
    }
}
