//! A session's way through its vendor as stations, with the one where it stands.

use super::{Session, Stage};

/// How far a session is from a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// It was there, or beyond.
    Passed,
    /// It stands there.
    Here,
    /// It is to come.
    Ahead,
    /// Nobody told whether it was there.
    Untold,
}

/// A session's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The stations in their order.
    pub stations: Vec<(&'static str, Passing)>,
    /// Where it stands off that way, in the vendor's own word.
    pub aside: Option<String>,
}

/// Noa's words on the usual way (noa-notes.txt names statuses, FACTS lists the twelve).
const NOA: [&str; 8] =
    ["New", "Recording", "Recorded", "Transcribing", "Transcribed", "Analyzing", "Summarized", "Verified"];

/// The stations that all vendors have.
const COMMON: [(&str, Stage); 5] = [
    ("new", Stage::Created),
    ("recording", Stage::Recording),
    ("processing", Stage::Processing),
    ("note ready", Stage::Ready),
    ("approved", Stage::Approved),
];

/// The way of a session. A vendor whose words are known is shown by them, any other one by the stations that all have.
pub fn way(session: &Session) -> Way {
    if session.vendor.as_str() == "noa" && session.stage != Stage::Gone {
        return noa(session);
    }
    // Where nobody tells of an approval there is no such station.
    let told = session.stage == Stage::Approved || session.summary.as_ref().is_some_and(|s| s.approved.is_some());
    let stations = &COMMON[..COMMON.len() - usize::from(!told)];
    match stations.iter().position(|(_, stage)| *stage == session.stage) {
        Some(here) => along(stations.iter().map(|(word, _)| *word), Some(here), None),
        None => along(stations.iter().map(|(word, _)| *word), None, Some(aside(session))),
    }
}

fn noa(session: &Session) -> Way {
    let at = |word: &str| NOA.iter().position(|station| station.eq_ignore_ascii_case(word));
    let status = session.status.as_str();
    if let Some(here) = at(status) {
        return along(NOA, Some(here), None);
    }
    if status.eq_ignore_ascii_case("EmptySummaryVerified") {
        let mut stations = NOA;
        stations[NOA.len() - 1] = "EmptySummaryVerified";
        return along(stations, Some(NOA.len() - 1), None);
    }
    if status.is_empty() {
        // Our own start that was not answered yet.
        return along(NOA, (session.stage == Stage::Created).then_some(0), None);
    }
    let mut way = along(NOA, None, Some(aside(session)));
    // An interruption ends a recording; an expired session never had one (FACTS). Of any other nobody tells how far it came.
    let certain = match session.stage {
        Stage::Interrupted => 2,
        Stage::Expired => 1,
        _ => 0,
    };
    for station in &mut way.stations[..certain] {
        station.1 = Passing::Passed;
    }
    if certain > 0 {
        for station in &mut way.stations[certain..] {
            station.1 = Passing::Ahead;
        }
    }
    way
}

fn along(words: impl IntoIterator<Item = &'static str>, here: Option<usize>, aside: Option<String>) -> Way {
    let passing = |at: usize| match here {
        None => Passing::Untold,
        Some(here) if at < here => Passing::Passed,
        Some(here) if at == here => Passing::Here,
        Some(_) => Passing::Ahead,
    };
    let stations = words.into_iter().enumerate().map(|(at, word)| (word, passing(at))).collect();
    Way { stations, aside }
}

/// The vendor's own word, or ours where it said none or has the session no more.
fn aside(session: &Session) -> String {
    match session.stage {
        Stage::Gone if session.status.is_empty() => session.stage.word().to_owned(),
        Stage::Gone => format!("{}, last seen {}", session.stage.word(), session.status),
        stage if session.status.is_empty() => stage.word().to_owned(),
        _ => session.status.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::VendorId, session::Summary};

    fn session(vendor: &str, status: &str, stage: Stage) -> Session {
        let vendor = VendorId::new(if vendor == "noa" { "noa" } else { "heidi" });
        Session { status: status.into(), stage, ..Session::blank(vendor) }
    }

    fn drawn(way: &Way) -> String {
        let letter = |passing: &Passing| match passing {
            Passing::Passed => '+',
            Passing::Here => '*',
            Passing::Ahead => '-',
            Passing::Untold => '?',
        };
        let stations: String = way.stations.iter().map(|(_, p)| letter(p)).collect();
        way.aside.as_ref().map_or(stations.clone(), |aside| format!("{stations} {aside}"))
    }

    #[test]
    fn each_of_noas_twelve_words_has_its_place() {
        for (status, stage, expected) in [
            ("New", Stage::Created, "*-------"),
            ("Recording", Stage::Recording, "+*------"),
            ("Recorded", Stage::Processing, "++*-----"),
            ("Transcribing", Stage::Processing, "+++*----"),
            ("Transcribed", Stage::Processing, "++++*---"),
            ("Analyzing", Stage::Processing, "+++++*--"),
            ("Summarized", Stage::Ready, "++++++*-"),
            ("Verified", Stage::Approved, "+++++++*"),
            ("EmptySummaryVerified", Stage::Empty, "+++++++*"),
            ("Interrupted", Stage::Interrupted, "++------ Interrupted"),
            ("Expired", Stage::Expired, "+------- Expired"),
            ("Failed", Stage::Failed, "???????? Failed"),
            ("Pondering", Stage::Unknown, "???????? Pondering"),
            ("", Stage::Created, "*-------"),
        ] {
            assert_eq!(drawn(&way(&session("noa", status, stage))), expected, "{status}");
        }
        let empty = way(&session("noa", "EmptySummaryVerified", Stage::Empty));
        assert_eq!(empty.stations.last().unwrap().0, "EmptySummaryVerified");
    }

    #[test]
    fn a_vendor_that_tells_of_no_approval_has_no_such_station() {
        let ready = session("heidi", "CREATED", Stage::Ready);
        assert_eq!(drawn(&way(&ready)), "+++*");
        let told = Session { summary: Some(Summary { approved: Some(false), ..Summary::default() }), ..ready };
        assert_eq!(drawn(&way(&told)), "+++*-");
    }

    #[test]
    fn a_word_that_nobody_knows_and_a_session_that_is_gone_are_said() {
        assert_eq!(drawn(&way(&session("heidi", "DREAMING", Stage::Unknown))), "???? DREAMING");
        let gone = way(&session("noa", "Summarized", Stage::Gone));
        assert_eq!(gone.aside.as_deref(), Some("gone at the vendor, last seen Summarized"));
    }
}
