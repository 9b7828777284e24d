//! Times in words and figures. Pure: the time zone is passed in, as minutes east of UTC.

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Date {
    year: i64,
    /// 1 to 12.
    month: usize,
    /// 1 to 31.
    day: i64,
}

/// The day `days` after 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn date(days: i64) -> Date {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year, month: usize::try_from(month).unwrap_or(1), day }
}

fn weekday(days: i64) -> &'static str {
    // 1970-01-01 was a Thursday.
    WEEKDAYS[usize::try_from((days + 3).rem_euclid(7)).unwrap_or(0)]
}

/// Milliseconds since 1970 on the clock on the wall.
fn on_the_wall(at: u64, minutes_east: i32) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX / 2) + i64::from(minutes_east) * 60_000
}

/// `09:05`.
pub(crate) fn time(at: u64, minutes_east: i32) -> String {
    let minutes = on_the_wall(at, minutes_east).div_euclid(60_000).rem_euclid(24 * 60);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `Today`, `Yesterday`, `Friday, 20 November`; with the year where it is another one.
pub(crate) fn day(days: i64, today: i64) -> String {
    match today - days {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ => {
            let Date { year, month, day } = date(days);
            let year = if year == date(today).year { String::new() } else { format!(" {year}") };
            format!("{}, {day} {}{year}", weekday(days), MONTHS[month - 1])
        }
    }
}

/// As short as can be: `09:05` of today, `20 Nov`, `20 Nov 2025` of another year.
pub(crate) fn stamp(at: u64, now: u64, minutes_east: i32) -> String {
    let [days, today] = [at, now].map(|at| on_the_wall(at, minutes_east).div_euclid(86_400_000));
    if days == today {
        return time(at, minutes_east);
    }
    let Date { year, month, day } = date(days);
    let year = if year == date(today).year { String::new() } else { format!(" {year}") };
    format!("{day} {}{year}", &MONTHS[month - 1][..3])
}

/// `Friday, 20 November 2026, 09:05`.
pub(crate) fn full(at: u64, minutes_east: i32) -> String {
    let days = on_the_wall(at, minutes_east).div_euclid(86_400_000);
    let Date { year, month, day } = date(days);
    format!("{}, {day} {} {year}, {}", weekday(days), MONTHS[month - 1], time(at, minutes_east))
}

/// `2026-11-20T08:05Z`, for `<time datetime>`.
pub(crate) fn machine(at: u64) -> String {
    let Date { year, month, day } = date(on_the_wall(at, 0).div_euclid(86_400_000));
    format!("{year:04}-{month:02}-{day:02}T{}Z", time(at, 0))
}

/// How long something takes: `4 s`, `12 min`, `5 h`, `2 days`. Never shorter than it is.
pub(crate) fn span(milliseconds: u64) -> String {
    if milliseconds < MINUTE {
        format!("{} s", milliseconds.div_ceil(1_000))
    } else if milliseconds < HOUR {
        format!("{} min", milliseconds.div_ceil(MINUTE))
    } else if milliseconds <= 2 * DAY {
        format!("{} h", milliseconds.div_ceil(HOUR))
    } else {
        format!("{} days", milliseconds.div_ceil(DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-11-20T23:30:00Z, a Friday.
    const LATE: u64 = 1_795_217_400_000;
    const FRIDAY: i64 = 20_777;

    #[test]
    fn the_zone_moves_time_and_day() {
        assert_eq!(time(LATE, 0), "23:30");
        assert_eq!(time(LATE, 60), "00:30");
        assert_eq!(time(LATE, -210), "20:00");
        assert_eq!(full(LATE, 0), "Friday, 20 November 2026, 23:30");
        assert_eq!(full(LATE, 60), "Saturday, 21 November 2026, 00:30");
        assert_eq!(machine(LATE), "2026-11-20T23:30Z");
    }

    #[test]
    fn days_are_named_as_people_name_them() {
        assert_eq!(day(FRIDAY, FRIDAY), "Today");
        assert_eq!(day(FRIDAY - 1, FRIDAY), "Yesterday");
        assert_eq!(day(FRIDAY - 2, FRIDAY), "Wednesday, 18 November");
        assert_eq!(day(FRIDAY + 1, FRIDAY), "Saturday, 21 November");
        assert_eq!(day(FRIDAY - 365, FRIDAY), "Thursday, 20 November 2025");
    }

    #[test]
    fn a_stamp_is_as_short_as_can_be() {
        let days = |days| days * DAY;
        assert_eq!(stamp(LATE, LATE + 60_000, 0), "23:30");
        assert_eq!(stamp(LATE, LATE + HOUR, 0), "20 Nov");
        assert_eq!(stamp(LATE - days(365), LATE, 0), "20 Nov 2025");
    }

    #[test]
    fn leap_days_and_ends_of_years() {
        assert_eq!(date(0), Date { year: 1970, month: 1, day: 1 });
        assert_eq!(date(-1), Date { year: 1969, month: 12, day: 31 });
        assert_eq!(date(11_016), Date { year: 2000, month: 2, day: 29 });
        assert_eq!(date(11_017), Date { year: 2000, month: 3, day: 1 });
    }

    #[test]
    fn spans_round_up() {
        assert_eq!(span(0), "0 s");
        assert_eq!(span(3_001), "4 s");
        assert_eq!(span(61_000), "2 min");
        assert_eq!(span(23 * HOUR + 1), "24 h");
        assert_eq!(span(50 * HOUR), "3 days");
    }
}
