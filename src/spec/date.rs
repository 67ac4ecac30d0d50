//! Days, of which specs may say when something was written. There is no clock anywhere: a day is what its author says.

use std::fmt;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// `2026-01-31`; `None` for anything else, and for days that there never are.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = |part: &str, count: usize| {
            let is_plain = part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_plain { part.parse::<u16>().ok() } else { None }
        };
        let [year, month, day] = *text.split('-').collect::<Vec<_>>() else { return None };
        let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => return None,
        };
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        (1..=days).contains(&day).then_some(Self { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn only_days_are_days() {
        for day in ["2026-01-31", "2024-02-29", "2000-02-29", "1999-12-01"] {
            assert_eq!(Date::parse(day).unwrap().to_string(), day);
        }
        for other in [
            "2026-02-29",
            "1900-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-10",
            "2026-1-31",
            "31.1.2026",
            "",
            "2026-01-00",
            "+026-01-01",
        ] {
            assert_eq!(Date::parse(other), None, "{other}");
        }
    }
}
