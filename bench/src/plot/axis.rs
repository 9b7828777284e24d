//! Axes: what values they span, where a value lies, and which are written beside them.

/// An axis of a chart.
pub(crate) struct Axis {
    /// What it shows, and its unit.
    pub(crate) label: &'static str,
    pub(crate) scale: Scale,
}

/// How values become distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From zero on.
    Linear,
    Log,
}

impl Axis {
    /// Whether the value has a place on it.
    pub(super) fn shows(&self, value: f64) -> bool {
        value.is_finite() && (self.scale == Scale::Linear || value > 0.0)
    }

    /// The axis over these values, from one pixel to another; what is written beside it is at least `apart` pixels
    /// from each other.
    pub(super) fn over(&self, values: &[f64], [from, to]: [f64; 2], apart: f64) -> Span {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (least, most) = match self.scale {
            _ if values.is_empty() => (1.0, 10.0),
            Scale::Linear => {
                let most = most.max(f64::MIN_POSITIVE);
                let step = round(most / ((to - from).abs() / apart).floor().max(1.0)).1;
                (0.0, step * (most / step * (1.0 - SLACK)).ceil())
            }
            Scale::Log => (round(least).0, round(most).1.max(round(least).0 * 2.0)),
        };
        Span { scale: self.scale, least, most, from, to, apart }
    }
}

/// By how much arithmetic may be wrong, as a share.
const SLACK: f64 = 1e-9;

/// What an axis shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    scale: Scale,
    least: f64,
    most: f64,
    /// Pixels.
    from: f64,
    to: f64,
    apart: f64,
}

impl Span {
    /// The pixel of a value.
    pub(super) fn place(&self, value: f64) -> f64 {
        let Self { least, most, from, to, .. } = *self;
        let share = match self.scale {
            Scale::Linear => (value - least) / (most - least),
            Scale::Log => (value / least).ln() / (most / least).ln(),
        };
        from + share * (to - from)
    }

    /// The values to be written beside it.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => {
                let most = ((self.to - self.from).abs() / self.apart).floor().max(1.0);
                let step = round((self.most - self.least) / most).1;
                let count = (self.most / step * (1.0 + SLACK)).floor() as u32;
                (0..=count).map(|tick| f64::from(tick) * step).collect()
            }
            Scale::Log => {
                // Of each decade all of 1, 2, 5 if there is room for it, or the decades alone.
                let near = (self.place(self.least * 2.0) - self.place(self.least)).abs() < self.apart;
                let leading: &[f64] = if near { &[1.0] } else { &[1.0, 2.0, 5.0] };
                let decades = self.least.log10().floor() as i32..=self.most.log10().ceil() as i32;
                let ticks = decades.flat_map(|decade| leading.iter().map(move |digit| digit * 10_f64.powi(decade)));
                let slack = 1.0 + SLACK;
                ticks.filter(|tick| *tick * slack >= self.least && *tick <= self.most * slack).collect()
            }
        }
    }
}

/// Of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … the two next to a value that is greater than zero: below and above.
fn round(value: f64) -> (f64, f64) {
    let decade = 10_f64.powf(value.log10().floor());
    let leading = value / decade;
    let whole = leading.round();
    let (below, above) = match leading {
        // What is such a number but for the arithmetic counts as it.
        _ if (leading - whole).abs() < SLACK && [1.0, 2.0, 5.0, 10.0].contains(&whole) => (whole, whole),
        leading if leading < 2.0 => (1.0, 2.0),
        leading if leading < 5.0 => (2.0, 5.0),
        _ => (5.0, 10.0),
    };
    (decade * below, decade * above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(scale: Scale, values: &[f64], pixels: f64) -> Vec<f64> {
        let axis = Axis { label: "", scale };
        axis.over(values, [0.0, pixels], 50.0).ticks().iter().map(|tick| (tick * 1e6).round() / 1e6).collect()
    }

    #[test]
    fn a_logarithmic_axis_begins_and_ends_with_a_round_number() {
        assert_eq!(ticks(Scale::Log, &[0.07, 5.3], 700.0), [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]);
        assert_eq!(ticks(Scale::Log, &[1.0, 8_000.0], 500.0), [1.0, 10.0, 100.0, 1_000.0, 10_000.0]);
        assert_eq!(ticks(Scale::Log, &[3.0], 500.0), [2.0, 5.0], "one value");
    }

    #[test]
    fn a_linear_axis_begins_at_zero() {
        assert_eq!(ticks(Scale::Linear, &[5.2, 13.1], 200.0), [0.0, 5.0, 10.0, 15.0], "and ends above the last value");
        assert_eq!(ticks(Scale::Linear, &[0.3, 1.0], 300.0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    }

    #[test]
    fn values_lie_between_the_ends() {
        let axis = Axis { label: "", scale: Scale::Log };
        let span = axis.over(&[1.0, 100.0], [0.0, 200.0], 50.0);
        assert_eq!([1.0, 10.0, 100.0].map(|value| span.place(value).round()), [0.0, 100.0, 200.0]);
        let upwards = axis.over(&[1.0, 100.0], [200.0, 0.0], 50.0);
        assert_eq!(upwards.place(1.0).round(), 200.0);
    }
}
