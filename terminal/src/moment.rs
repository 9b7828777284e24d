//! Times of the log as they are shown: in this machine's time zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-11-22 04:00:12`; of a time that no calendar has, its milliseconds.
pub fn local(at: u64) -> String {
    shown(at, "%F %T")
}

/// `2026-11-22`.
pub fn day(at: u64) -> String {
    shown(at, "%F")
}

/// `04:00`.
pub fn time(at: u64) -> String {
    shown(at, "%H:%M")
}

/// `at` is in milliseconds since 1970 UTC.
fn shown(at: u64, format: &str) -> String {
    in_zone(at, format, TimeZone::system())
}

fn in_zone(at: u64, format: &str, zone: TimeZone) -> String {
    let moment = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    match moment {
        Some(moment) => moment.to_zoned(zone).strftime(format).to_string(),
        None => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_as_that_zone_s_clocks_do() {
        assert_eq!(in_zone(1_795_176_000_000, "%F %T", TimeZone::UTC), "2026-11-20 12:00:00");
        let east = TimeZone::fixed(jiff::tz::offset(5));
        assert_eq!(in_zone(1_795_176_000_000, "%F %H:%M", east), "2026-11-20 17:00");
    }

    #[test]
    fn a_time_beyond_every_calendar_is_shown_all_the_same() {
        assert_eq!(local(u64::MAX), u64::MAX.to_string());
    }
}
