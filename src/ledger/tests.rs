use std::{
    fs,
    io::{self, BufRead, BufReader},
    process::{Command, Stdio},
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU64},
    },
};

use jiff::Timestamp;
use proptest::prelude::*;
use redb::{ReadableTable, StorageBackend, backends::FileBackend};
use zeroize::Zeroizing;

use super::*;
use crate::{
    domain::{
        DraftId, Entry, EntryId, EntryState, Fact, Intent, Kind, Raw, RecordId, Scheme, Source, Sourced, VendorId,
        VendorRef,
        audit::{AuditAct, AuditEvent},
        entry::Evidence,
        identity::{Ground, Link, Standing},
        inbox::{InboxItem, Undecodable},
        note::{Draft, NoteBody},
    },
    seal::{SystemEntropy, files},
};

const CHILD_PATH: &str = "WARDROOM_TEST_LEDGER";
const VENDOR: VendorId = VendorId::new("acme");
const SCHEME: Scheme = Scheme::new("id");

fn keys() -> Keys {
    Keys::from_bytes(Zeroizing::new([5; 32]))
}

fn open(path: &Path) -> Ledger {
    let (ledger, notices) = Ledger::open(path, &keys()).unwrap();
    assert_eq!(notices, []);
    ledger
}

fn fresh() -> (tempfile::TempDir, PathBuf, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/ledger.redb");
    let ledger = open(&path);
    (dir, path, ledger)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn name(kind: Kind, value: &str) -> VendorRef {
    VendorRef::new(VENDOR, kind, SCHEME, value)
}

fn event(second: i64) -> AuditEvent {
    AuditEvent { at: at(second), by: "keeper".into(), act: AuditAct::Saw { record: RecordId(second as u64) } }
}

fn entry(id: u64, appointment: u64) -> Entry {
    let intent = Intent::CancelAppointment { appointment: RecordId(appointment) };
    Entry::new(EntryId(id), VENDOR, intent, "keeper", at(id as i64))
}

fn draft(id: u64, version: u64, text: &str) -> Draft {
    Draft {
        id: DraftId(id),
        appointment: None,
        patient: None,
        session: None,
        body: NoteBody::Text(text.into()),
        scribe: None,
        scribed: crate::domain::scribed::Scribed::default(),
        saved_at: at(1),
        version,
        by: "keeper".into(),
        over: None,
    }
}

fn item(body: &str, second: i64) -> InboxItem {
    InboxItem {
        number: 0,
        vendor: VENDOR,
        registration: RecordId(1),
        at: at(second),
        headers: vec![("x-signature".into(), "sig".into())],
        body: Raw(body.into()),
        binary: false,
    }
}

fn done<T>(ledger: &Ledger, work: impl FnOnce(&mut Tx<'_>) -> Result<T, LedgerError> + Send + 'static) -> T
where
    T: Send + 'static,
{
    ledger.commit(work).unwrap()
}

#[test]
fn records_get_ids_that_are_never_used_twice_and_are_found_by_every_name() {
    let (_dir, path, ledger) = fresh();
    let first = done(&ledger, |tx| {
        let id = tx.allocate_record(Kind::Patient)?;
        assert_eq!(tx.put_ref(id, &name(Kind::Patient, "A-1"))?, Ok(()));
        assert_eq!(tx.put_ref(id, &name(Kind::Patient, "A-1"))?, Ok(()));
        assert_eq!(tx.put_ref(id, &name(Kind::Patient, "A-2"))?, Ok(()));
        assert_eq!(tx.record_of(&name(Kind::Patient, "A-2"))?, Some(id), "a transaction sees its own changes");
        Ok(id)
    });
    let failed: Result<RecordId, LedgerError> = ledger.commit(|tx| {
        tx.allocate_record(Kind::Patient)?;
        Err(LedgerError::Full)
    });
    assert!(failed.is_err());
    drop(ledger);
    let ledger = open(&path);
    assert_eq!(ledger.record_of(&name(Kind::Patient, "A-1")).unwrap(), Some(first));
    assert_eq!(ledger.record_of(&name(Kind::Session, "A-1")).unwrap(), None, "the kind is part of a name");
    let names = ledger.names(first).unwrap().unwrap();
    assert_eq!((names.kind, names.refs.len()), (Kind::Patient, 2));
    let second = done(&ledger, move |tx| {
        let id = tx.allocate_record(Kind::Room)?;
        assert_eq!(tx.put_ref(id, &name(Kind::Patient, "A-1"))?, Err(first));
        assert_eq!((tx.count_read(id)?, tx.count_read(id)?), (1, 2));
        Ok(id)
    });
    assert!(second > first);
    let numbers = ledger.numbers().unwrap();
    assert_eq!(
        numbers,
        [
            Numbered { id: first, kind: Kind::Patient, number: 0, gone: false },
            Numbered { id: second, kind: Kind::Room, number: 2, gone: false }
        ]
    );
    assert_eq!(ledger.number(RecordId(999)).unwrap(), None);
    assert_eq!(ledger.names_of_kind(Kind::Room).unwrap().len(), 1);
}

#[test]
fn the_few_of_a_kind_are_listed_in_ledgers_that_listed_none_too() {
    let (_dir, path, ledger) = fresh();
    let (first, second) = done(&ledger, |tx| {
        let first = tx.allocate_record(Kind::Webhook)?;
        tx.allocate_record(Kind::Patient)?;
        Ok((first, tx.put_new(Kind::Webhook, &[name(Kind::Webhook, "w")], 1)?))
    });
    let ids = |ledger: &Ledger| {
        ledger.names_of_kind(Kind::Webhook).unwrap().into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&ledger), [first, second]);
    // As one that was made before they were listed.
    done(&ledger, move |tx| {
        tx.forget_few(&[(Kind::Webhook, first), (Kind::Webhook, second)]);
        Ok(())
    });
    assert!(ids(&ledger).is_empty());
    drop(ledger);
    assert_eq!(ids(&open(&path)), [first, second]);
}

#[test]
fn two_records_that_were_one_become_one_with_all_names_and_facts() {
    let (_dir, _path, ledger) = fresh();
    let value = |text: &str| Sourced { value: text.to_owned(), source: Source::Read, at: at(1) };
    let (from, to) = done(&ledger, move |tx| {
        let (from, to) = (tx.allocate_record(Kind::Appointment)?, tx.allocate_record(Kind::Appointment)?);
        let _ = tx.put_ref(from, &name(Kind::Appointment, "seen"))?;
        let _ = tx.put_ref(to, &name(Kind::Appointment, "chosen"))?;
        tx.set_number(from, 7)?;
        let mut facts = tx.facts(from)?;
        facts.put(Fact::Room, value("old room"));
        facts.put(Fact::Episode, value("E-1"));
        tx.put_facts(from, &facts)?;
        let mut facts = tx.facts(to)?;
        facts.put(Fact::Room, value("new room"));
        tx.put_facts(to, &facts)?;
        tx.move_names(from, to)?;
        Ok((from, to))
    });
    assert_eq!(ledger.record_of(&name(Kind::Appointment, "seen")).unwrap(), Some(to));
    assert_eq!(ledger.names(from).unwrap().unwrap().refs, []);
    assert_eq!(ledger.number(to).unwrap(), Some(7));
    let facts = ledger.facts(to).unwrap();
    assert_eq!((facts.get(Fact::Room), facts.get(Fact::Episode)), (Some("new room"), Some("E-1")));
    assert_eq!(ledger.all_facts().unwrap().len(), 1);
}

#[test]
fn an_entry_moves_to_the_history_when_it_is_closed_and_is_found_in_both() {
    let (_dir, path, ledger) = fresh();
    done(&ledger, |tx| {
        assert_eq!((tx.allocate_entry()?, tx.allocate_entry()?), (EntryId(1), EntryId(2)));
        tx.put_entry(&entry(1, 10))?;
        tx.put_entry(&entry(2, 10))
    });
    let mut closed = entry(1, 10);
    closed.state = EntryState::Acked { at: at(3), evidence: Evidence::ReadBack };
    let put = closed.clone();
    done(&ledger, move |tx| tx.put_entry(&put));
    drop(ledger);
    let ledger = open(&path);
    assert_eq!(ledger.open_entries().unwrap(), [entry(2, 10)]);
    assert_eq!(ledger.closed_entries(10).unwrap(), [closed.clone()]);
    assert_eq!(ledger.entry(EntryId(1)).unwrap(), Some(closed));
    done(&ledger, |tx| {
        tx.put_entry(&entry(1, 10))?;
        tx.remove_entry(EntryId(2));
        Ok(())
    });
    assert_eq!(ledger.open_entries().unwrap(), [entry(1, 10)]);
    assert_eq!(ledger.closed_entries(10).unwrap(), []);
}

#[test]
fn an_older_draft_never_replaces_a_newer_and_filing_clears_it_in_the_same_commit() {
    let (_dir, _path, ledger) = fresh();
    done(&ledger, |tx| {
        assert!(tx.put_draft(&draft(1, 2, "second"))?);
        assert!(!tx.put_draft(&draft(1, 1, "first"))?);
        Ok(())
    });
    assert_eq!(ledger.drafts().unwrap(), [draft(1, 2, "second")]);
    done(&ledger, |tx| {
        tx.put_entry(&entry(1, 10))?;
        assert!(tx.remove_draft(DraftId(1))?);
        assert!(!tx.remove_draft(DraftId(1))?);
        tx.append_audit(&event(1))
    });
    assert_eq!(ledger.drafts().unwrap(), []);
    assert_eq!((ledger.open_entries().unwrap().len(), ledger.audit_len().unwrap()), (1, 1));
}

#[test]
fn links_are_found_from_both_ends() {
    let (_dir, _path, ledger) = fresh();
    let link = |a, b| Link::new(RecordId(a), RecordId(b), Standing::Proposed, vec![Ground::Mrn], at(1));
    done(&ledger, move |tx| {
        tx.put_link(&link(2, 1))?;
        tx.put_link(&link(2, 3))
    });
    assert_eq!(ledger.links_of(RecordId(2)).unwrap(), [link(1, 2), link(2, 3)]);
    assert_eq!(ledger.links_of(RecordId(3)).unwrap(), [link(2, 3)]);
    assert_eq!(ledger.all_links().unwrap().len(), 2);
    assert_eq!(ledger.link(RecordId(3), RecordId(2)).unwrap(), Some(link(2, 3)));
    done(&ledger, |tx| {
        tx.remove_link(RecordId(3), RecordId(2));
        Ok(())
    });
    assert_eq!(ledger.all_links().unwrap(), [link(1, 2)]);
}

#[test]
fn a_webhook_is_kept_once_and_leaves_the_inbox_when_it_is_done() {
    let (_dir, path, ledger) = fresh();
    let numbers = done(&ledger, |tx| {
        let ever = Timestamp::MIN;
        let other = InboxItem { registration: RecordId(2), ..item("body", 1) };
        Ok([
            tx.put_inbox(item("body", 1), ever)?,
            tx.put_inbox(item("body", 2), ever)?,
            tx.put_inbox(other, ever)?,
            tx.put_inbox(item("body", 100), at(50))?,
        ])
    });
    assert_eq!(numbers, [Some(1), None, Some(2), Some(3)]);
    drop(ledger);
    let ledger = open(&path);
    assert_eq!(ledger.inbox(2).unwrap().iter().map(|i| i.number).collect::<Vec<_>>(), [1, 2]);
    done(&ledger, |tx| {
        assert!(tx.mark_inbox_done(1, Ok(()))?);
        assert!(!tx.mark_inbox_done(1, Ok(()))?, "done twice is harmless");
        tx.mark_inbox_done(2, Err(Undecodable::Sealed))
    });
    assert_eq!(ledger.inbox(9).unwrap().len(), 1);
    assert_eq!(ledger.undecoded(9).unwrap()[0].why, Undecodable::Sealed);
    let again = done(&ledger, |tx| tx.put_inbox(item("body", 101), Timestamp::MIN));
    assert_eq!(again, None, "the hash outlives the body");
    done(&ledger, |tx| tx.prune_inbox(at(1000), at(1)));
    assert_eq!(ledger.undecoded(9).unwrap().len(), 1, "support may look at it for longer");
    done(&ledger, |tx| tx.prune_inbox(at(1000), at(1000)));
    assert_eq!(ledger.undecoded(9).unwrap(), []);
    assert!(done(&ledger, |tx| tx.put_inbox(item("body", 101), Timestamp::MIN)).is_some());
}

#[test]
fn settings_are_kept_under_hashed_names() {
    let (_dir, path, ledger) = fresh();
    done(&ledger, |tx| tx.put_setting("last window", &vec![1, 2, 3]));
    drop(ledger);
    let ledger = open(&path);
    assert_eq!(ledger.setting::<Vec<u8>>("last window").unwrap(), Some(vec![1, 2, 3]));
    assert!(matches!(ledger.setting::<String>("last window"), Err(LedgerError::Unreadable("settings"))));
    done(&ledger, |tx| {
        tx.remove_setting("last window");
        Ok(())
    });
    assert_eq!(ledger.setting::<Vec<u8>>("last window").unwrap(), None);
}

#[test]
fn commits_that_arrive_together_share_one_and_a_failing_or_panicking_one_takes_nothing_along() {
    let (_dir, _path, ledger) = fresh();
    let before = ledger.commits();
    let (release, held) = mpsc::channel::<()>();
    let (sender, results) = mpsc::channel();
    // Occupies the thread, so that the following ones wait together.
    let tell = sender.clone();
    ledger.submit(
        move |tx| {
            let _ = held.recv();
            tx.append_audit(&event(0))
        },
        move |result: Result<u64, LedgerError>| tell.send((0, result.is_ok())).unwrap(),
    );
    for number in 1..=20_u64 {
        let tell = sender.clone();
        ledger.submit(
            move |tx| {
                tx.put_entry(&entry(number, number))?;
                assert_ne!(number, 7, "this one panics");
                if number == 9 { Err(LedgerError::Full) } else { tx.append_audit(&event(number as i64)) }
            },
            move |result: Result<u64, LedgerError>| tell.send((number, result.is_ok())).unwrap(),
        );
    }
    drop(release);
    let told: Vec<_> = results.iter().take(21).collect();
    assert_eq!(told, (0..=20).map(|n| (n, n != 7 && n != 9)).collect::<Vec<_>>(), "in the order of submitting");
    assert!(ledger.commits() - before <= 2, "{}", ledger.commits() - before);
    let kept: Vec<u64> = ledger.open_entries().unwrap().iter().map(|e| e.id.0).collect();
    assert_eq!(kept, (1..=20).filter(|n| *n != 7 && *n != 9).collect::<Vec<_>>());
    assert_eq!(ledger.verify_audit().unwrap(), AuditReport { good: 19, faults: vec![] });
}

#[test]
fn many_threads_commit_at_once_and_nothing_is_lost() {
    let (_dir, _path, ledger) = fresh();
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..25 {
                    done(&ledger, |tx| {
                        let id = tx.allocate_entry()?;
                        tx.put_entry(&entry(id.0, id.0))
                    });
                }
            });
        }
    });
    assert_eq!(ledger.open_entries().unwrap().len(), 200);
    assert!(ledger.commits() < 200, "{} commits", ledger.commits());
}

#[test]
fn a_view_does_not_change_while_it_is_held() {
    let (_dir, _path, ledger) = fresh();
    let view = ledger.view().unwrap();
    done(&ledger, |tx| tx.put_entry(&entry(1, 1)));
    assert_eq!((view.open_entries().unwrap().len(), ledger.open_entries().unwrap().len()), (0, 1));
}

fn audited(lines: i64) -> (tempfile::TempDir, PathBuf, Ledger) {
    let (dir, path, ledger) = fresh();
    for line in 1..=lines {
        done(&ledger, move |tx| tx.append_audit(&event(line)));
    }
    (dir, path, ledger)
}

fn faults(ledger: &Ledger) -> Vec<AuditFault> {
    ledger.verify_audit().unwrap().faults
}

fn key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

fn audit_rows(write: &redb::WriteTransaction) -> redb::Table<'_, &'static [u8], &'static [u8]> {
    write.open_table(Table::Audit.definition()).unwrap()
}

#[test]
fn deleting_reordering_and_truncating_audit_lines_is_detected() {
    let (_dir, _path, ledger) = audited(9);
    assert_eq!(faults(&ledger), []);
    assert_eq!(ledger.audit(2).unwrap().iter().map(|row| row.number).collect::<Vec<_>>(), [9, 8]);
    ledger.file.tamper(|write| drop(audit_rows(write).remove(&key(4)[..]).unwrap()));
    assert_eq!(faults(&ledger), [AuditFault::Missing { number: 4 }, AuditFault::Unlinked { number: 5 }]);
    // A line moved under another number does not even open.
    ledger.file.tamper(|write| {
        let mut rows = audit_rows(write);
        let moved = rows.get(&key(5)[..]).unwrap().unwrap().value().to_vec();
        rows.insert(&key(4)[..], moved.as_slice()).unwrap();
    });
    assert!(faults(&ledger).contains(&AuditFault::Missing { number: 4 }));
    let (_dir, _path, ledger) = audited(9);
    ledger.file.tamper(|write| drop(audit_rows(write).remove(&key(9)[..]).unwrap()));
    assert_eq!(faults(&ledger), [AuditFault::Missing { number: 9 }]);
    ledger.file.tamper(|write| {
        let mut meta = write.open_table(Table::Meta.definition()).unwrap();
        meta.remove(&b"audit head"[..]).unwrap();
    });
    assert!(faults(&ledger).contains(&AuditFault::Extra { number: 1 }));
}

#[test]
fn a_ledger_put_back_from_an_older_copy_is_detected() {
    let (dir, path, ledger) = audited(3);
    drop(ledger);
    let copy = dir.path().join("copy");
    fs::copy(&path, &copy).unwrap();
    let ledger = open(&path);
    done(&ledger, |tx| tx.append_audit(&event(4)));
    drop(ledger);
    fs::copy(&copy, &path).unwrap();
    let (ledger, notices) = Ledger::open(&path, &keys()).unwrap();
    let rolled_back = AuditFault::RolledBack { here: 3, beside: 4 };
    assert_eq!(notices, [Notice::Audit(rolled_back.clone())]);
    assert_eq!(faults(&ledger), [rolled_back]);
    // Other lines under the same numbers: the chain is whole, but it is another one.
    done(&ledger, |tx| tx.append_audit(&event(99)));
    let rewritten = AuditFault::Rewritten { number: 4 };
    assert_eq!(faults(&ledger), std::slice::from_ref(&rewritten));
    drop(ledger);
    let (ledger, notices) = Ledger::open(&path, &keys()).unwrap();
    assert_eq!(notices, [Notice::Audit(rewritten)], "it does not vanish with the next line");
    ledger.accept_audit_end().unwrap();
    drop(ledger);
    drop(open(&path));
    fs::remove_file(path.with_file_name("ledger.redb.head")).unwrap();
    let (_, notices) = Ledger::open(&path, &keys()).unwrap();
    assert_eq!(notices, [Notice::Audit(AuditFault::NoWitness)]);
}

#[test]
fn another_owner_another_key_and_a_newer_schema_are_told_apart_and_nothing_is_changed() {
    let (_dir, path, ledger) = fresh();
    let in_use = Ledger::open(&path, &keys()).unwrap_err();
    assert_eq!(in_use.kind(), LedgerErrorKind::InUse);
    done(&ledger, |tx| tx.put_entry(&entry(1, 1)));
    drop(ledger);
    let other = Keys::generate(Arc::new(SystemEntropy)).unwrap();
    let error = Ledger::open(&path, &other).unwrap_err();
    assert!(matches!(error, LedgerError::OtherKey(_)));
    let ledger = open(&path);
    assert_eq!(ledger.open_entries().unwrap().len(), 1);
    ledger.file.tamper(|write| {
        let mut meta = write.open_table(Table::Meta.definition()).unwrap();
        let mut schema = meta.get(&b"\0schema"[..]).unwrap().unwrap().value().to_vec();
        schema[..4].copy_from_slice(&9_u32.to_be_bytes());
        meta.insert(&b"\0schema"[..], schema.as_slice()).unwrap();
    });
    drop(ledger);
    let error = Ledger::open(&path, &keys()).unwrap_err();
    assert!(matches!(error, LedgerError::NewerSchema { found: 9, known: 1, .. }));
    assert!(error.to_string().contains("kept unchanged"));
    assert!(path.exists());
}

#[test]
fn a_damaged_file_is_set_aside_with_its_name_in_the_error_and_told_of_at_every_start() {
    for (round, damage) in [0_usize, 1, 2].into_iter().enumerate() {
        let (_dir, path, ledger) = fresh();
        done(&ledger, |tx| tx.put_draft(&draft(1, 1, "text")));
        drop(ledger);
        let whole = fs::read(&path).unwrap();
        let broken = match damage {
            0 => b"this is no ledger at all".to_vec(),
            1 => whole[..whole.len() / 3].to_vec(),
            _ => whole.iter().enumerate().map(|(i, b)| if i > 512 { b ^ 0x5a } else { *b }).collect(),
        };
        fs::write(&path, &broken).unwrap();
        let error = Ledger::open(&path, &keys()).unwrap_err();
        let LedgerError::Damaged { kept, .. } = &error else { panic!("round {round}: {error}") };
        assert!(error.to_string().contains(&kept.display().to_string()));
        let kept_bytes = fs::read(kept).unwrap();
        assert!(kept_bytes.len() >= broken.len() && !path.exists());
        for _ in 0..2 {
            let (_, notices) = Ledger::open(&path, &keys()).unwrap();
            assert_eq!(notices, [Notice::EarlierDamaged(vec![kept.clone()])]);
        }
    }
}

#[test]
fn a_row_that_does_not_open_never_hides_the_others() {
    let (_dir, _path, ledger) = fresh();
    done(&ledger, |tx| {
        tx.put_entry(&entry(1, 1))?;
        tx.put_entry(&entry(2, 2))
    });
    ledger.file.tamper(|write| {
        let mut rows = write.open_table(Table::Outbox.definition()).unwrap();
        let moved = rows.get(&key(1)[..]).unwrap().unwrap().value().to_vec();
        rows.insert(&key(2)[..], moved.as_slice()).unwrap();
    });
    assert_eq!(ledger.open_entries().unwrap(), [entry(1, 1)]);
    assert_eq!(ledger.unreadable(), 1);
    assert!(matches!(ledger.entry(EntryId(2)), Err(LedgerError::Unreadable("outbox"))));
}

#[test]
fn a_planted_name_is_found_in_no_file() {
    let (dir, _path, ledger) = fresh();
    let planted = "Quillon Marrowby MRN-77";
    done(&ledger, move |tx| {
        let id = tx.allocate_record(Kind::Patient)?;
        let _ = tx.put_ref(id, &name(Kind::Patient, planted))?;
        tx.put_draft(&draft(1, 1, planted))?;
        tx.put_inbox(item(planted, 1), Timestamp::MIN)?;
        tx.put_setting(planted, planted)?;
        tx.append_audit(&AuditEvent { by: planted.into(), ..event(1) })
    });
    drop(ledger);
    let data = dir.path().join("data");
    let mut looked = 0;
    for file in fs::read_dir(&data).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap();
        assert!(memchr::memmem::find(&bytes, b"Quillon").is_none(), "{:?}", file.path());
        assert!(memchr::memmem::find(&bytes, b"MRN-77").is_none());
        assert!(files::read_private(&file.path(), u64::MAX - 1).is_ok(), "{:?} is private", file.path());
        looked += 1;
    }
    assert_eq!(looked, 2);
}

/// A disk that can be full: what lies within the file as it is can be written, nothing beyond.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    full: Arc<AtomicBool>,
    room: AtomicU64,
}

impl Disk {
    fn check(&self, end: u64) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) && end > self.room.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room.fetch_max(end, Ordering::SeqCst);
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if len > self.file.len()? {
            self.check(len)?;
        }
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check(offset + data.len() as u64)?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

#[test]
fn a_full_disk_is_an_error_of_its_own_and_work_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.redb");
    let full = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&full);
    let opener: Opener = Arc::new(move |builder, file| {
        let room = AtomicU64::new(file.metadata().unwrap().len());
        let disk = Disk { file: FileBackend::new(file).unwrap(), full: Arc::clone(&flag), room };
        builder.create_with_backend(disk)
    });
    let (ledger, _) = Ledger::open_with(&path, &keys(), opener).unwrap();
    done(&ledger, |tx| tx.put_draft(&draft(1, 1, "before")));
    full.store(true, Ordering::SeqCst);
    let long = "x".repeat(8 << 20);
    let text = long.clone();
    let error = ledger.commit(move |tx| tx.put_draft(&draft(2, 1, &text))).unwrap_err();
    assert_eq!(error.kind(), LedgerErrorKind::Full, "{error}");
    assert!(error.to_string().contains("everything saved before is kept"));
    assert_eq!(ledger.drafts().unwrap(), [draft(1, 1, "before")], "reading goes on");
    full.store(false, Ordering::SeqCst);
    done(&ledger, move |tx| tx.put_draft(&draft(2, 1, &long)));
    drop(ledger);
    assert_eq!(open(&path).drafts().unwrap().len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The overlay of a transaction reads exactly as the file will after the commit.
    #[test]
    fn a_transaction_reads_what_will_be_committed(
        before in prop::collection::vec((1_u64..40, any::<bool>()), 0..20),
        within in prop::collection::vec((1_u64..40, any::<bool>()), 0..20),
        limit in 1_usize..8,
    ) {
        let (_dir, _path, ledger) = fresh();
        let apply = |tx: &mut Tx<'_>, steps: &[(u64, bool)]| {
            for (id, put) in steps {
                if *put { tx.put_entry(&entry(*id, *id))? } else { tx.remove_entry(EntryId(*id)) }
            }
            Ok::<_, LedgerError>(())
        };
        ledger.commit(move |tx| apply(tx, &before)).unwrap();
        let span = move |newest_first| Span { limit, newest_first, ..Span::ALL };
        let seen = ledger.commit(move |tx| {
            apply(tx, &within)?;
            Ok::<_, LedgerError>((
                tx.open_entries()?,
                tx.rows(Table::Outbox, &span(false))?,
                tx.rows(Table::Outbox, &span(true))?,
            ))
        }).unwrap();
        let rows = |newest_first| ledger.rows(Table::Outbox, &span(newest_first)).unwrap();
        prop_assert_eq!(seen, (ledger.open_entries().unwrap(), rows(false), rows(true)));
    }
}

/// Runs in the child process of the test below; does nothing otherwise.
#[test]
fn child_commits_until_killed() {
    let Some(path) = std::env::var_os(CHILD_PATH) else { return };
    let (ledger, _) = Ledger::open(Path::new(&path), &keys()).unwrap();
    loop {
        let id = done(&ledger, |tx| {
            let id = tx.allocate_entry()?;
            tx.put_entry(&entry(id.0, id.0))?;
            tx.append_audit(&event(id.0 as i64))?;
            Ok(id)
        });
        println!("saved {}", id.0);
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_shown_as_saved() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.redb");
    let mut saved = 0;
    for round in 1..=8_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["ledger::tests::child_commits_until_killed", "--exact", "--nocapture"])
            .env(CHILD_PATH, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines
            .map_while(Result::ok)
            .filter_map(|line| line.rsplit_once("saved ")?.1.parse::<u64>().ok())
            .take(5 + 7 * round as usize);
        saved = told.last().expect("the child commits");
        child.kill().unwrap();
        child.wait().unwrap();
        let (ledger, notices) = Ledger::open(&path, &keys()).unwrap();
        assert!(notices.iter().all(|n| *n == Notice::Repaired), "round {round}: {notices:?}");
        let entries = ledger.open_entries().unwrap();
        assert!(entries.len() as u64 >= saved, "round {round}: {} of {saved}", entries.len());
        assert!(entries.iter().zip(1..).all(|(e, id)| *e == entry(id, id)));
        assert_eq!(ledger.verify_audit().unwrap(), AuditReport { good: entries.len() as u64, faults: vec![] });
    }
    assert!(saved > 0);
}
