//! The first fill: the days around the present one, a month at a time from the inside to the outside, so that what is
//! needed first is there first. The ledger keeps how many months are on the disk; an engine that was ended or killed in the
//! middle goes on there.

use jiff::{Span, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    engine::Engine,
    ledger::{LedgerError, Read as _},
};

/// Days that are asked for at once.
const DAYS: i64 = 30;
/// The setting under which the ledger keeps how far the fill is.
const FILL: &str = "first fill";

/// How far a first fill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The day on which it was begun.
    pub(super) today: Date,
    /// So many days back and ahead of it are wanted.
    pub(super) days: i64,
    /// So many parts are read and on the disk.
    pub(super) done: u32,
}

impl Mark {
    /// The next part, both days included; `None` when all is read.
    pub(super) fn part(&self) -> Option<(Date, Date)> {
        let (ring, ahead) = (i64::from(self.done / 2), self.done.is_multiple_of(2));
        let (near, far) = (ring * DAYS + 1, ((ring + 1) * DAYS).min(self.days));
        if near > self.days {
            return None;
        }
        let day = |days: i64| self.today.checked_add(Span::new().days(days)).ok();
        match (ahead, ring) {
            // The present day comes with the first.
            (true, 0) => Some((self.today, day(far)?)),
            (true, _) => Some((day(near)?, day(far)?)),
            (false, _) => Some((day(-far)?, day(-near)?)),
        }
    }

    /// As it is when the next part is read.
    pub(super) fn next(self) -> Self {
        Self { done: self.done + 1, ..self }
    }
}

/// Where the first fill stands that was not finished.
pub(super) fn mark(engine: &Engine) -> Option<Mark> {
    match engine.ledger().setting(FILL) {
        Ok(mark) => mark,
        Err(error) => {
            tracing::error!(%error, "how far the first fill is cannot be read");
            None
        }
    }
}

/// Keeps how far it is, or that it is through, once the cache has written everything that was read. Tells whether it is
/// kept. Blocks.
pub(super) fn keep(engine: &Engine, mark: Mark) -> bool {
    let kept = engine.cache_written().then(|| {
        engine.ledger().commit(move |tx| -> Result<(), LedgerError> {
            match mark.part() {
                Some(_) => tx.put_setting(FILL, &mark)?,
                None => tx.remove_setting(FILL),
            }
            Ok(())
        })
    });
    match kept {
        Some(Ok(())) => true,
        Some(Err(error)) => {
            tracing::warn!(%error, "it could not be kept how far the first fill is");
            false
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_read_once_and_the_nearest_first() {
        let today: Date = "2026-03-02".parse().unwrap();
        for days in [1, 29, 30, 31, 90, 365] {
            let mut mark = Mark { today, days, done: 0 };
            let mut read: Vec<Date> = Vec::new();
            let mut farthest = 0;
            while let Some((from, to)) = mark.part() {
                let mut day = from;
                while day <= to {
                    read.push(day);
                    day = day.tomorrow().unwrap();
                }
                let far = [from, to].map(|day| (day - today).get_days().abs()).into_iter().max().unwrap();
                assert!(far >= farthest, "{days}: {from} to {to} comes too late");
                farthest = far;
                mark = mark.next();
            }
            assert_eq!(read.first(), Some(&today));
            read.sort_unstable();
            let whole = read.windows(2).all(|two| two[0].tomorrow().unwrap() == two[1]);
            assert!(whole && read.len() as i64 == 2 * days + 1, "{days}: {} days", read.len());
        }
    }

    #[test]
    fn how_far_it_is_outlives_the_engine_and_goes_with_the_last_part() {
        let t = Engine::for_tests().unwrap();
        let begun = Mark { today: "2026-03-02".parse().unwrap(), days: 40, done: 0 };
        assert_eq!(mark(&t.engine), None);
        assert!(keep(&t.engine, begun.next()));
        let t = t.reopen(false).unwrap();
        let on = mark(&t.engine).unwrap();
        assert_eq!(on, begun.next());
        assert!(keep(&t.engine, on.next().next().next()));
        assert_eq!(mark(&t.engine), None, "it would be read again at every start");
    }
}
