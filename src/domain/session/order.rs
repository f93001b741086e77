//! In which order sessions stand among each other.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{Stage, Urgency};
use crate::domain::ids::RecordId;

/// What of a session decides where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// What its status means.
    pub stage: Stage,
    /// A later read may find something else, as [`super::Session::may_change`] tells. A note that is ready and may change
    /// waits for a doctor; one whose vendor tells of no approval does not change by itself.
    pub may_change: bool,
    /// A queued write about it needs a person.
    pub attention: bool,
    /// Since when it stands there.
    pub since: Timestamp,
    /// Which one.
    pub id: RecordId,
}

/// Compares as people look at sessions: the smallest stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    urgency: Urgency,
    pressing: u8,
    since: Reverse<Timestamp>,
    id: Reverse<RecordId>,
}

impl Stand {
    /// Its group. A write that needs a person makes a session one's own business whatever its vendor says.
    pub fn urgency(&self) -> Urgency {
        if self.attention { Urgency::NeedsMe } else { self.stage.urgency() }
    }

    /// By group, in the first one by what waits least well, then the newest first.
    pub fn rank(&self) -> Rank {
        let pressing = match (self.urgency(), self.stage) {
            (Urgency::NeedsMe, _) if self.attention => 0,
            // Somebody may still sit in the room and be recorded again.
            (Urgency::NeedsMe, Stage::Interrupted) => 0,
            (Urgency::NeedsMe, Stage::Unknown) => 1,
            (Urgency::NeedsMe, _) if self.may_change => 2,
            (Urgency::NeedsMe, _) => 3,
            _ => 0,
        };
        Rank { urgency: self.urgency(), pressing, since: Reverse(self.since), id: Reverse(self.id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(id: u64, stage: Stage, minute: i64) -> Stand {
        let since = Timestamp::from_second(minute * 60).unwrap();
        Stand { stage, may_change: stage.live(), attention: false, since, id: RecordId(id) }
    }

    fn order(mut all: Vec<Stand>) -> Vec<u64> {
        all.sort_by_key(Stand::rank);
        all.iter().map(|s| s.id.0).collect()
    }

    #[test]
    fn groups_come_in_the_order_in_which_people_look_at_them() {
        let all = vec![
            stand(1, Stage::Failed, 9),
            stand(2, Stage::Approved, 9),
            stand(3, Stage::Recording, 9),
            stand(4, Stage::Ready, 1),
            stand(5, Stage::Expired, 10),
            stand(6, Stage::Empty, 10),
        ];
        assert_eq!(order(all), [4, 3, 6, 2, 5, 1]);
    }

    #[test]
    fn what_waits_least_well_stands_first_among_what_needs_somebody() {
        let awaited = Stand { may_change: true, ..stand(2, Stage::Ready, 5) };
        let all =
            vec![stand(1, Stage::Ready, 60), awaited, stand(3, Stage::Unknown, 4), stand(4, Stage::Interrupted, 3)];
        assert_eq!(order(all), [4, 3, 2, 1]);
    }

    #[test]
    fn a_write_that_needs_a_person_makes_any_session_ones_own_business() {
        let failed = Stand { attention: true, ..stand(1, Stage::Failed, 1) };
        assert_eq!(failed.urgency(), Urgency::NeedsMe);
        assert_eq!(order(vec![stand(2, Stage::Ready, 50), failed, stand(3, Stage::Created, 60)]), [1, 2, 3]);
    }

    #[test]
    fn the_newest_of_a_group_comes_first_and_two_of_one_moment_keep_their_places() {
        let all = vec![stand(1, Stage::Recording, 3), stand(2, Stage::Created, 7), stand(3, Stage::Processing, 3)];
        assert_eq!(order(all), [2, 3, 1]);
    }
}
