//! Ids that follow from a number and the seed alone, both ways: an appointment's aggregate id, a patient's id in the other
//! systems of the vendor. Nothing has to be kept for them, and worlds that were founded earlier have them too.

use crate::sandbox::wire::{derived, hex};
use crate::sandbox::world::World;

/// What an id speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// An appointment by its SAID: the aggregate id.
    Appointment,
    /// A patient by its SPID: the id in virtual nursing and in the perfect answer.
    Patient,
    /// An archived appointment by its SAID: the external id it came with.
    External,
}

impl Of {
    const fn label(self) -> &'static str {
        match self {
            Self::Appointment => "solo aggregate",
            Self::Patient => "solo patient",
            Self::External => "solo external",
        }
    }
}

/// The last group of a UUID holds 48 bits.
const GROUP: u64 = (1 << 48) - 1;

fn mask(world: &World, of: Of) -> u64 {
    let bytes = derived(world, of.label());
    bytes.iter().take(6).fold(0, |n, b| (n << 8) | u64::from(*b))
}

/// The UUID of this number.
pub(super) fn uuid(world: &World, of: Of, number: i64) -> String {
    let id = hex(&derived(world, &format!("{} {number}", of.label()))[..10]);
    let last = (number as u64 & GROUP) ^ mask(world, of);
    format!("{}-{}-4{}-8{}-{last:012x}", &id[..8], &id[8..12], &id[13..16], &id[17..20])
}

/// The number whose UUID this is.
pub(super) fn number(world: &World, of: Of, id: &str) -> Option<i64> {
    let last = u64::from_str_radix(id.get(24..)?, 16).ok()?;
    let number = i64::try_from((last ^ mask(world, of)) & GROUP).ok()?;
    (uuid(world, of, number) == id).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_back_to_its_number_and_no_other_text_does() {
        let world = World::found(5, 3, "2026-11-21T15:00:00Z".parse().unwrap());
        for n in [1, 500_017, 3_100_021] {
            let id = uuid(&world, Of::Appointment, n);
            assert_eq!((id.len(), number(&world, Of::Appointment, &id)), (36, Some(n)));
            assert_eq!(number(&world, Of::Patient, &id), None, "it is of one kind only");
            let forged = format!("0{}", &id[1..]);
            assert!(forged == id || number(&world, Of::Appointment, &forged).is_none());
        }
        for none in ["", "1", "é", "zzzzzzzz-zzzz-4zzz-8zzz-zzzzzzzzzzzz", "00000000-0000-4000-8000-+00000000000"] {
            assert_eq!(number(&world, Of::Appointment, none), None, "{none}");
        }
    }
}
