//! Where an exchange of registrations stands, from what came in.

use super::*;
use crate::domain::inbox::Undecodable;

const OLD: RecordId = RecordId(1);
const NEW: RecordId = RecordId(2);

fn phase(events: Vec<Option<Result<String, Undecodable>>>) -> RotationPhase {
    let at = |second| Timestamp::from_second(second).unwrap();
    let vendor = VendorId::new("solo");
    let endpoint = Secret::new("https://clinic.example/hook/solo/new");
    let rotation = Rotation { old: OLD, vendor, endpoint: endpoint.clone(), events: Vec::new(), begun_at: at(1) };
    let doors = [
        Door { record: OLD, endpoint: Secret::new("https://clinic.example/hook/solo/old") },
        Door { record: NEW, endpoint },
    ];
    let deliveries: Vec<Delivery> = events
        .into_iter()
        .enumerate()
        .map(|(n, event)| Delivery {
            number: n as u64,
            vendor,
            registration: NEW,
            at: at(n as i64 + 10),
            done_at: event.is_some().then(|| at(n as i64 + 11)),
            event,
        })
        .rev()
        .collect();
    view(&rotation, &doors, &[], &deliveries).phase
}

/// The first registration may be the only one whose key is known.
#[test]
fn only_an_event_that_could_be_opened_lets_the_first_registration_go() {
    let opened = || Some(Ok("patient:updated".to_owned()));
    for closed in [vec![], vec![None], vec![Some(Err(Undecodable::NoKey))], vec![None, Some(Err(Undecodable::Sealed))]]
    {
        assert!(matches!(phase(closed.clone()), RotationPhase::WaitingForFirstEvent), "{closed:?}");
        let then = [closed, vec![opened()]].concat();
        assert!(matches!(phase(then), RotationPhase::Arrived(_)));
    }
}
