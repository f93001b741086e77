//! The rules a field's content must keep: the vendors' own where they publish them, and what common sense adds to keep a slip of
//! the finger from reaching them. Each says what is wrong in a person's words.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, TimeZone},
};

/// The range in which Solo takes a duration, in seconds (teladoc-solo.txt, Create Appointment).
pub(super) const DURATION: std::ops::RangeInclusive<u32> = 1..=86_400;

/// Solo's `birthDate`: `YYYY-MM-DD`, a day that exists and is not to come.
pub(super) fn birth_date(text: &str, today: Date) -> Result<(), String> {
    let date = date(text)?;
    if date > today {
        return Err("a birth date cannot be in the future".into());
    }
    if date.year() < today.year() - 150 {
        return Err("more than 150 years ago: is the year right?".into());
    }
    Ok(())
}

/// `YYYY-MM-DD`, a day that exists.
pub(super) fn date(text: &str) -> Result<Date, String> {
    let wrong = || "must read YYYY-MM-DD, as 1971-04-03".to_owned();
    let mut parts = text.split('-');
    let (Some(y), Some(m), Some(d), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(wrong());
    };
    let number = |part: &str, length: usize| {
        (part.len() == length && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i16>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(y, 4), number(m, 2), number(d, 2)) else { return Err(wrong()) };
    Date::new(year, month as i8, day as i8).map_err(|_| "there is no such day".to_owned())
}

/// Whether a text is written like a date, in whichever order.
pub(super) fn looks_like_a_date(text: &str) -> bool {
    let parts: Vec<&str> = text.trim().split(['-', '/', '.']).collect();
    let sizes: Vec<usize> =
        parts.iter().map(|p| if p.bytes().all(|b| b.is_ascii_digit()) { p.len() } else { 0 }).collect();
    matches!(sizes.as_slice(), [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 4 | 2])
}

/// Solo's `deceasedAt`: `2020-03-31 10:12 AM`.
pub(super) fn deceased_at(text: &str) -> Result<DateTime, String> {
    let wrong = || "must read YYYY-MM-DD HH:MM AM or PM, as 2020-03-31 10:12 AM".to_owned();
    let mut parts = text.split(' ');
    let (Some(day), Some(time), Some(half), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(wrong());
    };
    let day = date(day).map_err(|problem| if problem.starts_with("there") { problem } else { wrong() })?;
    let (hour, minute) = time.split_once(':').ok_or_else(wrong)?;
    let digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i8>().ok()).flatten()
    };
    let (hour, minute) = (digits(hour).ok_or_else(wrong)?, digits(minute).ok_or_else(wrong)?);
    if !(1..=12).contains(&hour) {
        return Err("with AM and PM the hour is 01 to 12".into());
    }
    let hour = match half {
        "AM" => hour % 12,
        "PM" => hour % 12 + 12,
        _ => return Err(wrong()),
    };
    let time = Time::new(hour, minute, 0, 0).map_err(|_| "minutes are 00 to 59".to_owned())?;
    Ok(DateTime::from_parts(day, time))
}

/// The rule between `deceased` and `deceasedAt` (teladoc-solo.txt, Create Patient): required with one, refused without; and
/// neither before the birth nor to come.
pub(super) fn death(deceased: Option<bool>, at: &str, born: Option<Date>, now: DateTime) -> Result<(), String> {
    let at = at.trim();
    match (deceased == Some(true), at.is_empty()) {
        (true, true) => Err("required when deceased: YYYY-MM-DD HH:MM AM or PM".into()),
        (false, true) => Ok(()),
        (false, false) => Err("only allowed when deceased".into()),
        (true, false) => {
            let at = deceased_at(at)?;
            if at > now {
                return Err("cannot be in the future".into());
            }
            if born.is_some_and(|born| at.date() < born) {
                return Err("before the birth date".into());
            }
            Ok(())
        }
    }
}

/// An e-mail address as far as its form tells: no vendor publishes a rule.
pub(super) fn email(text: &str) -> Result<(), String> {
    let Some((name, host)) = text.rsplit_once('@') else { return Err("must hold one @".into()) };
    if name.is_empty() || name.contains('@') {
        return Err("must hold one name before one @".into());
    }
    let labels = host.split('.').all(|l| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-'));
    if !host.contains('.') || !labels {
        return Err("must hold a host like example.org after the @".into());
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>')) {
        return Err("holds a character that no address has".into());
    }
    Ok(())
}

/// A phone number as people write it: no vendor publishes a rule.
pub(super) fn phone(text: &str) -> Result<(), String> {
    let (number, extension) = match text.to_ascii_lowercase().split_once(['x', '#']) {
        Some((number, extension)) => (number.to_owned(), Some(extension.trim().to_owned())),
        None => (text.to_owned(), None),
    };
    if number.chars().any(|c| !(c.is_ascii_digit() || " +-()./".contains(c))) {
        return Err("digits, spaces and + - ( ) . / only; an extension after x".into());
    }
    if number.trim_start().chars().skip(1).any(|c| c == '+') {
        return Err("a + stands only at the beginning".into());
    }
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if !(3..=15).contains(&digits) {
        return Err(format!("{digits} digits; a phone number has 3 to 15"));
    }
    if extension.is_some_and(|e| e.is_empty() || !e.bytes().all(|b| b.is_ascii_digit())) {
        return Err("an extension has digits only".into());
    }
    Ok(())
}

/// A duration in seconds from `15`, `15m`, `1h`, `1h30`, `1h 30m` or `90s`; a bare number means minutes.
pub(super) fn duration(text: &str) -> Result<u32, String> {
    let wrong = || "must be minutes, or like 1h30 or 90s".to_owned();
    let text: String = text.to_ascii_lowercase().split_whitespace().collect();
    let (mut seconds, mut number, mut unit) = (0_u64, String::new(), 60);
    let add = |seconds: u64, number: &str, unit: u64| -> Result<u64, String> {
        let number: u64 = number.parse().ok().filter(|_| unit > 0).ok_or_else(wrong)?;
        number.checked_mul(unit).and_then(|s| s.checked_add(seconds)).ok_or_else(wrong)
    };
    for c in text.chars() {
        let (worth, next) = match c {
            '0'..='9' => {
                number.push(c);
                continue;
            }
            // What follows hours are minutes, what follows minutes are seconds.
            'h' if unit == 60 && seconds == 0 => (3_600, 60),
            'm' if unit >= 60 => (60, 1),
            's' => (1, 0),
            _ => return Err(wrong()),
        };
        seconds = add(seconds, &number, worth)?;
        number.clear();
        unit = next;
    }
    if !number.is_empty() {
        seconds = add(seconds, &number, unit)?;
    } else if text.is_empty() {
        return Err(wrong());
    }
    match u32::try_from(seconds) {
        Ok(seconds) if DURATION.contains(&seconds) => Ok(seconds),
        _ => Err("must be 1 second to 24 hours".into()),
    }
}

/// A duration as [`duration`] reads it.
pub(super) fn duration_words(seconds: u32) -> String {
    match seconds {
        s if s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s > 3_600 && s % 60 == 0 => format!("{}h{:02}", s / 3_600, s % 3_600 / 60),
        s if s % 60 == 0 => format!("{}", s / 60),
        s => format!("{s}s"),
    }
}

/// A time of day from `14:30`, `1430`, `9`, `9.15`, `2:30pm`.
pub(super) fn time_of_day(text: &str) -> Result<Time, String> {
    let wrong = || "must be a time like 14:30 or 2:30pm".to_owned();
    let text: String = text.to_ascii_lowercase().split_whitespace().collect();
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(t), _) => (t, Some(0)),
        (_, Some(t)) => (t, Some(12)),
        _ => (text.as_str(), None),
    };
    let (hour, minute) = match digits.split_once([':', '.']) {
        Some((_, minute)) if minute.len() != 2 => return Err(wrong()),
        Some(parts) => parts,
        None if (3..=4).contains(&digits.len()) && digits.is_ascii() => digits.split_at(digits.len() - 2),
        None => (digits, "00"),
    };
    let number = |part: &str| {
        ((1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<i8>().ok())
            .flatten()
            .ok_or_else(wrong)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return Err("with am and pm the hour is 1 to 12".into()),
        Some(half) => hour % 12 + half,
        None => hour,
    };
    Time::new(hour, minute, 0, 0).map_err(|_| "there is no such time of day".to_owned())
}

/// The moment at which a clock on the wall shows a time, and a remark when it shows it twice that day.
pub(super) fn moment(day: Date, time: Time, zone: &TimeZone) -> Result<(Timestamp, Option<&'static str>), String> {
    let ambiguous = zone.to_ambiguous_timestamp(DateTime::from_parts(day, time));
    let remark = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { .. } => {
            return Err("the clocks are set forward over this time on that day".into());
        }
        AmbiguousOffset::Fold { .. } => Some("this time comes twice on that day: the first is taken"),
    };
    let at = ambiguous.earlier().map_err(|_| "this day is out of range".to_owned())?;
    Ok((at, remark))
}

/// The first moment of a day and the first of the next.
pub(super) fn bounds(day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let next = day.checked_add(1.day()).ok()?;
    let start = |day: Date| day.to_zoned(zone.clone()).ok()?.start_of_day().ok().map(|z| z.timestamp());
    Some((start(day)?, start(next)?))
}

/// The clinic's number of a session note, a JSON integer on the wire (clinic-session-notes.txt), without leading zeros.
pub(super) fn note_number(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("required".into());
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err("digits only: the clinic numbers its session notes".into());
    }
    match text.trim_start_matches('0') {
        "" => Err("must be at least 1".into()),
        // A number of any length is one.
        number => Ok(number.to_owned()),
    }
}

/// Solo's ids stand in the path of a request.
pub(super) fn in_path(text: &str) -> Result<(), String> {
    if matches!(text, "." | "..") || text.chars().any(|c| c == '/' || c == '\\' || c.is_control()) {
        return Err("must not have slashes or be only dots".into());
    }
    Ok(())
}

/// Something must stand there.
pub(super) fn required(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("required".into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn birth_dates() {
        let today = day("2026-11-21");
        for good in ["1971-04-03", "2026-11-21", "2024-02-29", "1900-01-01"] {
            assert_eq!(birth_date(good, today), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("1971-4-3", "must read"),
            ("03.04.1971", "must read"),
            ("1971-04-03T00:00", "must read"),
            ("+971-04-03", "must read"),
            ("2023-02-29", "no such day"),
            ("1971-13-01", "no such day"),
            ("2026-11-22", "future"),
            ("1071-04-03", "150 years"),
        ] {
            assert!(birth_date(bad, today).unwrap_err().contains(why), "{bad}");
        }
    }

    #[test]
    fn dates_are_told_from_numbers_of_records() {
        for date in ["31/12/1980", "1980-12-31", "1.6.80"] {
            assert!(looks_like_a_date(date), "{date}");
        }
        for number in ["M-88", "100000535", "RL-1-2", "", "12-345-6789"] {
            assert!(!looks_like_a_date(number), "{number}");
        }
    }

    #[test]
    fn the_moment_of_death_has_solos_form() {
        assert_eq!(deceased_at("2020-03-31 10:12 AM").unwrap().to_string(), "2020-03-31T10:12:00");
        assert_eq!(deceased_at("2020-03-31 12:05 AM").unwrap().to_string(), "2020-03-31T00:05:00");
        assert_eq!(deceased_at("2020-03-31 12:05 PM").unwrap().to_string(), "2020-03-31T12:05:00");
        assert_eq!(deceased_at("2020-03-31 11:59 PM").unwrap().to_string(), "2020-03-31T23:59:00");
        for bad in [
            "2020-03-31",
            "2020-03-31 22:12",
            "2020-03-31 13:12 PM",
            "2020-03-31 00:12 AM",
            "2020-03-31 10:60 AM",
            "2020-03-31 10:12 am",
            "2020-02-30 10:12 AM",
            "2020-03-31  10:12 AM",
            "2020-03-31 +1:12 AM",
        ] {
            assert!(deceased_at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_moment_of_death_is_required_with_deceased_and_refused_without() {
        let now = "2026-11-21T14:00:00".parse().unwrap();
        let born = Some(day("1950-01-01"));
        let at = "2020-03-31 10:12 AM";
        assert_eq!(death(Some(true), at, born, now), Ok(()));
        assert_eq!(death(Some(false), "", born, now), Ok(()));
        assert_eq!(death(None, " ", born, now), Ok(()));
        assert_eq!(death(Some(true), "", born, now).unwrap_err(), "required when deceased: YYYY-MM-DD HH:MM AM or PM");
        assert_eq!(death(Some(false), at, born, now).unwrap_err(), "only allowed when deceased");
        assert_eq!(death(None, at, born, now).unwrap_err(), "only allowed when deceased");
        assert!(death(Some(true), "2026-11-21 02:01 PM", born, now).unwrap_err().contains("future"));
        assert!(death(Some(true), "1949-12-31 11:00 PM", born, now).unwrap_err().contains("before the birth"));
    }

    #[test]
    fn addresses_and_numbers() {
        for good in ["a@example.org", "a.b+c@sub.example.org"] {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a",
            "@example.org",
            "a@b@example.org",
            "a@example",
            "a@.org",
            "a b@example.org",
            "a@example.",
            "a@-x.org",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
        for good in ["+1 (555) 010-0199", "030/5550123", "555.0100", "112", "+44 20 5550 0100 x12", "555-0100 #4"] {
            assert_eq!(phone(good), Ok(()), "{good}");
        }
        for bad in ["", "12", "call me", "1+2345", "++12345", "1234567890123456", "555 0100 x", "555 0100 x1a"] {
            assert!(phone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_keep_solos_range() {
        for (text, seconds) in [
            ("15", 900),
            ("15m", 900),
            ("1h", 3_600),
            ("1h30", 5_400),
            ("1h 30m", 5_400),
            ("90s", 90),
            ("1m30", 90),
            ("24h", 86_400),
            ("1440", 86_400),
            ("1s", 1),
        ] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
            assert_eq!(duration(&duration_words(seconds)), Ok(seconds), "{text}");
        }
        for bad in ["", "0", "x", "h", "1441", "24h1", "1h1h", "1s1", "-5", "1.5", "99999999999999999999", "24h 1s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_of_day() {
        for (text, expected) in [
            ("14:30", "14:30:00"),
            ("1430", "14:30:00"),
            ("930", "09:30:00"),
            ("9", "09:00:00"),
            ("9.15", "09:15:00"),
            ("2:30pm", "14:30:00"),
            ("12am", "00:00:00"),
            ("12 pm", "12:00:00"),
            ("0:05", "00:05:00"),
        ] {
            assert_eq!(time_of_day(text).unwrap().to_string(), expected, "{text}");
        }
        for bad in ["", "25:00", "14:60", "14:3", "0pm", "13pm", "noon", "14:30:00", "-1", "é30", "1é0"] {
            assert!(time_of_day(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_refused_and_one_that_comes_twice_is_said() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |d: &str, t: &str| moment(day(d), t.parse().unwrap(), &zone);
        assert_eq!(at("2026-11-21", "14:30:00").unwrap().0.to_string(), "2026-11-21T19:30:00Z");
        assert!(at("2026-03-08", "02:30:00").unwrap_err().contains("forward"));
        let (first, remark) = at("2026-11-01", "01:30:00").unwrap();
        assert_eq!(first.to_string(), "2026-11-01T05:30:00Z");
        assert!(remark.is_some());
        let (start, end) = bounds(day("2026-11-01"), &zone).unwrap();
        assert_eq!(end.duration_since(start).as_hours(), 25);
    }

    #[test]
    fn a_session_notes_number_has_digits_only() {
        assert_eq!(note_number("46"), Ok("46".into()));
        assert_eq!(note_number("007"), Ok("7".into()));
        let long = "9".repeat(40);
        assert_eq!(note_number(&long), Ok(long.clone()), "a number of any length is one");
        for bad in ["", "0", "000", "46a", "-4", "4.6", "٤٦"] {
            assert!(note_number(bad).is_err(), "{bad}");
        }
    }
}
