//! "Log in again": a standing word about a vendor's account.

use super::*;
use crate::domain::{
    EntryState, Evidence,
    inbox::AccountWord,
    note::{Attempt, FilingState, Note, NoteBody},
};

const OUT: AccountWord = AccountWord::LoginRequired;
const ENDS: AccountWord = AccountWord::PasswordEnds;

fn stands(t: &ForTests) -> Option<(AccountWord, Timestamp)> {
    let Answer::Health(health) = t.engine.look(&Query::Health) else { panic!() };
    health.vendors.iter().find(|v| v.vendor == SOLO).unwrap().account
}

fn says(t: &ForTests, word: AccountWord) -> Timestamp {
    t.clock.advance_millis(1_000);
    let at = t.now();
    Store::account(&t.engine, SOLO, word, at);
    at
}

fn done(t: &ForTests) -> Reply {
    t.engine.execute(Command::AccountDone { vendor: SOLO }, "amira")
}

#[test]
fn a_word_about_an_account_stands_over_a_restart_until_a_person_says_that_it_is_over() {
    let mut t = Engine::for_tests().unwrap();
    assert!(matches!(done(&t), Reply::Refused(_)), "nothing stands");
    says(&t, ENDS);
    let at = says(&t, OUT);
    says(&t, ENDS);
    assert_eq!(stands(&t), Some((OUT, at)), "that it is signed out outweighs the rest");
    for clean in [true, false] {
        t = t.reopen(clean).unwrap();
        assert_eq!(stands(&t), Some((OUT, at)));
        assert_eq!(t.engine.signed_out(), [SOLO]);
    }
    t.clock.advance_millis(1_000);
    assert_eq!(done(&t), Reply::Done);
    assert_eq!((stands(&t), t.engine.signed_out()), (None, Vec::new()));
    Store::account(&t.engine, SOLO, OUT, at);
    assert_eq!(stands(&t), None, "the same word told once more is over already");
    assert!(says(&t, OUT) > at && stands(&t).is_some());
}

/// How the vendor ends what left at `sent_at`.
fn completed(sent_at: Timestamp) -> Observation {
    let note = Note {
        appointment: None,
        patient: None,
        body: NoteBody::Text(String::new()),
        state: FilingState::Completed,
        job: None,
        filed_at: None,
        attempt: Attempt { sent_at: Some(sent_at), ..Attempt::default() },
        origin: None,
    };
    let name = format!("900@{}", sent_at.as_millisecond());
    told(vec![VendorRef::new(COBALT, Kind::Note, Scheme::new("filing"), name)], Record::Note(Box::new(note)))
}

#[test]
fn a_note_that_left_after_the_word_and_arrived_ends_it_and_one_of_before_does_not() {
    for (after, evidence) in [(false, Source::Webhook), (true, Source::Webhook), (true, Source::Read)] {
        let t = Engine::for_tests().unwrap();
        let (entry, record) = t.filed();
        let mut said = None;
        if after {
            said = Some(says(&t, OUT));
        }
        let sent = t.goes_out(entry, record);
        let said = said.unwrap_or_else(|| says(&t, OUT));
        t.engine.apply(vec![completed(sent)], evidence, None).unwrap();
        let seen = Store::entry(&t.engine, entry).unwrap().state;
        assert!(matches!(seen, EntryState::Seen { evidence: Evidence::Webhook | Evidence::ReadBack, .. }));
        assert_eq!(stands(&t), (!after).then_some((OUT, said)));
    }
}
