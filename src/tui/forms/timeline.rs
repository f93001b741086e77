//! A day as a bar: which time of a room is free, which is taken, and where what is being booked would lie.

use jiff::{Timestamp, tz::TimeZone};

/// From one moment to another, the second not included.
pub(super) type Span = (Timestamp, Timestamp);

/// See the module.
#[derive(Clone, Default)]
pub(super) struct Timeline {
    /// The bounds of the bar, on whole hours.
    bounds: Option<Span>,
    /// The moments at which an hour begins, with the hour by the clinic's clock.
    hours: Vec<(Timestamp, String)>,
    free: Vec<Span>,
    /// Whether it is only a write of ours that no vendor has acknowledged.
    taken: Vec<(Span, bool)>,
    chosen: Option<Span>,
}

/// Hours of the day that are shown even where nothing is known of them.
const OPEN: std::ops::Range<i8> = 8..18;

impl Timeline {
    /// A day (its bounds) with what is known of it.
    pub fn new(day: Span, zone: &TimeZone, free: Vec<Span>, taken: Vec<(Span, bool)>, chosen: Option<Span>) -> Self {
        let mut hours: Vec<(Timestamp, String)> = Vec::new();
        let mut at = day.0;
        while at < day.1 {
            hours.push((at, at.to_zoned(zone.clone()).strftime("%H").to_string()));
            let Ok(next) = at.checked_add(jiff::SignedDuration::from_hours(1)) else { break };
            at = next;
        }
        let spans = || free.iter().chain(taken.iter().map(|(span, _)| span)).chain(&chosen);
        let begins = |hour: &Timestamp| hour.checked_add(jiff::SignedDuration::from_hours(1)).unwrap_or(*hour);
        let wanted = |hour: &Timestamp| {
            OPEN.contains(&hour.to_zoned(zone.clone()).hour())
                || spans().any(|(from, to)| *from < begins(hour) && *to > *hour)
        };
        let first = hours.iter().position(|(at, _)| wanted(at));
        let last = hours.iter().rposition(|(at, _)| wanted(at));
        let bounds = match (first, last) {
            (Some(first), Some(last)) => {
                hours.truncate(last + 1);
                hours.drain(..first);
                let end = hours.last().map(|(at, _)| begins(at));
                hours.first().map(|(at, _)| *at).zip(end)
            }
            _ => None,
        };
        Self { bounds, hours, free, taken, chosen }
    }

    /// The hours, the bar below them, and what its signs mean.
    pub fn lines(&self, columns: usize) -> Vec<String> {
        let (Some((from, to)), Some(width)) = (self.bounds, columns.checked_sub(1).filter(|w| *w >= 12)) else {
            return vec![String::new(); 3];
        };
        let length = to.as_second() - from.as_second();
        let moment = |column: usize| from.as_second() + length * column as i64 / width as i64;
        let cell = |column: usize| (moment(column), moment(column + 1));
        let within = |span: &Span, (a, b): (i64, i64)| span.0.as_second() < b && span.1.as_second() > a;
        let bar: String = (0..width)
            .map(|column| {
                let here = cell(column);
                let there = || self.taken.iter().filter(|(span, _)| within(span, here));
                let taken = there().map(|(_, queued)| *queued).reduce(|a, b| a && b);
                let chosen = self.chosen.filter(|span| within(span, here));
                // A cell is coarser than a time: what only touches what is chosen is no clash.
                let clash = |(from, to): Span| there().any(|((a, b), _)| *a < to && *b > from);
                match (taken, chosen) {
                    (Some(_), Some(span)) if clash(span) => '!',
                    (_, Some(_)) => '=',
                    (Some(false), None) => '█',
                    (Some(true), None) => '▒',
                    (None, None) if self.free.iter().any(|span| within(span, here)) => '·',
                    (None, None) => ' ',
                }
            })
            .collect();
        let mut ruler = String::new();
        for (at, hour) in &self.hours {
            let column = ((at.as_second() - from.as_second()) * width as i64 / length.max(1)) as usize;
            if ruler.len() <= column && column + hour.len() <= width {
                ruler.push_str(&" ".repeat(column - ruler.len()));
                ruler.push_str(hour);
                ruler.push(' ');
            }
        }
        vec![ruler.trim_end().to_owned(), bar, "· free  █ taken  ▒ queued here  = this  ! on a taken time".into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-21T{time}:00Z").parse().unwrap()
    }

    fn day() -> Span {
        (at("00:00"), "2026-11-22T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn free_taken_queued_and_chosen_time_lie_where_their_hours_stand() {
        let free = vec![(at("09:00"), at("10:00"))];
        let taken = vec![((at("10:00"), at("11:00")), false), ((at("12:00"), at("13:00")), true)];
        let line = Timeline::new(day(), &TimeZone::UTC, free, taken, Some((at("10:30"), at("11:30"))));
        let lines = line.lines(41);
        assert_eq!(lines[0], "08  09  10  11  12  13  14  15  16  17");
        assert_eq!(lines[1].trim_end(), "    ····██!!==  ▒▒▒▒");
    }

    #[test]
    fn a_time_that_ends_where_another_begins_is_no_clash() {
        // 17 hours in 40 cells: one cell holds the end of what is chosen and the beginning of what is taken.
        let taken = vec![((at("17:00"), at("17:15")), false), ((at("23:00"), at("23:59")), false)];
        let line = Timeline::new(
            day(),
            &TimeZone::UTC,
            vec![(at("07:00"), at("08:00"))],
            taken,
            Some((at("16:45"), at("17:00"))),
        );
        for columns in 13..120 {
            let bar = &line.lines(columns)[1];
            assert!(bar.contains('=') && !bar.contains('!'), "{columns}: {bar}");
        }
    }

    #[test]
    fn the_bar_grows_to_what_is_known_and_fits_every_width() {
        let line = Timeline::new(day(), &TimeZone::UTC, vec![(at("06:30"), at("07:00"))], Vec::new(), None);
        assert!(line.lines(60)[0].starts_with("06 "));
        for columns in 0..200 {
            for shown in
                Timeline::new(day(), &TimeZone::UTC, Vec::new(), Vec::new(), None).lines(columns).iter().take(2)
            {
                assert!(crate::tui::text::width(shown) <= columns.max(1), "{columns}");
            }
        }
    }
}
