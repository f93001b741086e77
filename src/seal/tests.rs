use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::Arc,
};

use proptest::prelude::*;

use super::*;

const CHEAP: PassphraseCost = PassphraseCost { memory_kib: 64, passes: 1, lanes: 1 };

fn entropy() -> Arc<dyn Entropy> {
    Arc::new(SystemEntropy)
}

fn keys() -> Keys {
    Keys::generate(entropy()).unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_same_bytes(plain: Vec<u8>, key: Vec<u8>, version: u32) {
        let sealer = keys().sealer("test");
        let place = Place { table: "t", key: &key, version };
        let sealed = sealer.seal(&place, &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + SEALED_OVERHEAD);
        prop_assert_eq!(&*sealer.open(&place, &sealed).unwrap(), &plain);
    }

    #[test]
    fn a_single_changed_bit_or_a_cut_keeps_it_closed(plain: Vec<u8>, at: prop::sample::Index, bit in 0..8u8) {
        let sealer = keys().sealer("test");
        let place = Place { table: "t", key: b"k", version: 1 };
        let mut sealed = sealer.seal(&place, &plain).unwrap();
        let cut = at.index(sealed.len());
        prop_assert_eq!(sealer.open(&place, &sealed[..cut]), Err(NotOpened));
        sealed[at.index(plain.len() + SEALED_OVERHEAD)] ^= 1 << bit;
        prop_assert_eq!(sealer.open(&place, &sealed), Err(NotOpened));
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes: Vec<u8>) {
        let place = Place { table: "t", key: b"k", version: 1 };
        prop_assert_eq!(keys().sealer("test").open(&place, &bytes), Err(NotOpened));
    }
}

#[test]
fn a_value_moved_to_another_place_does_not_open() {
    let keys = keys();
    let cache = keys.sealer("cache");
    let home = Place { table: "typed", key: b"one", version: 1 };
    let sealed = cache.seal(&home, b"content").unwrap();
    for elsewhere in [
        Place { key: b"two", ..home },
        Place { table: "raw", ..home },
        Place { version: 2, ..home },
        // The same bytes, cut at another place.
        Place { table: "typedo", key: b"ne", ..home },
    ] {
        assert_eq!(cache.open(&elsewhere, &sealed), Err(NotOpened));
    }
    assert_eq!(keys.sealer("ledger").open(&home, &sealed), Err(NotOpened));
    assert!(cache.open(&home, &sealed).is_ok());
}

#[test]
fn the_same_content_is_never_sealed_to_the_same_bytes() {
    let sealer = keys().sealer("test");
    let place = Place { table: "t", key: b"k", version: 1 };
    assert_ne!(sealer.seal(&place, b"x").unwrap(), sealer.seal(&place, b"x").unwrap());
}

#[test]
fn record_keys_differ_by_table_store_and_data_key() {
    let keys = keys();
    let sealer = keys.sealer("cache");
    let key = sealer.record_key("typed", b"r1");
    assert_eq!(key, sealer.clone().record_key("typed", b"r1"));
    assert_ne!(key, sealer.record_key("raw", b"r1"));
    assert_ne!(key, keys.sealer("ledger").record_key("typed", b"r1"));
    assert_ne!(key, self::keys().sealer("cache").record_key("typed", b"r1"));
    // Known answer, so that a change of the derivation does not go unnoticed: it would orphan every stored record.
    let fixed = Keys::from_bytes(zeroize::Zeroizing::new([7; KEY_LEN])).sealer("cache");
    assert_eq!(hex(&fixed.record_key("typed", b"r1")), "416f1e4afb3355ef9d38d0f88e12fc37");
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn debug_shows_no_key() {
    let root = zeroize::Zeroizing::new([0x41; KEY_LEN]);
    let keys = Keys::from_bytes(root);
    let shown = format!("{keys:?} {:?} {:?}", keys.sealer("x"), Unlock::Passphrase(b"open sesame", CHEAP));
    assert_eq!(shown, "Keys(…) Sealer(x …) Passphrase(…)");
}

#[test]
fn a_key_file_is_made_once_private_and_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/key");
    let (made, fresh) = load_or_create(&path, Unlock::KeyFile, &entropy()).unwrap();
    assert!(fresh);
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let (read, fresh) = load_or_create(&path, Unlock::KeyFile, &entropy()).unwrap();
    assert!(!fresh);
    assert_eq!(made.root(), read.root());
    assert!(matches!(
        create(&path, &keys(), Unlock::KeyFile),
        Err(KeyError::File(FileError { kind: FileErrorKind::Exists, .. }))
    ));
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_key_file_that_others_can_reach_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    create(&path, &keys(), Unlock::KeyFile).unwrap();
    chmod(&path, 0o640);
    let error = load(&path, Unlock::KeyFile).unwrap_err();
    assert!(matches!(&error, KeyError::File(FileError { kind: FileErrorKind::ReadableByOthers(_), .. })));
    assert!(error.to_string().contains("chmod go="), "{error}");
    chmod(&path, 0o620);
    assert!(matches!(
        load(&path, Unlock::KeyFile),
        Err(KeyError::File(FileError { kind: FileErrorKind::WritableByOthers(_), .. }))
    ));
}

#[test]
fn a_symbolic_link_is_not_followed_to_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    create(&real, &keys(), Unlock::KeyFile).unwrap();
    let link = dir.path().join("link");
    symlink(&real, &link).unwrap();
    let error = load_or_create(&link, Unlock::KeyFile, &entropy()).unwrap_err();
    assert!(matches!(error, KeyError::File(FileError { kind: FileErrorKind::Symlink, .. })), "{error}");
}

#[test]
fn damaged_and_newer_key_files_are_told_apart_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    for (text, newer) in [
        ("", false),
        ("{}", false),
        (r#"{"wardroom_key":1,"wrap":"key_file","key":"c2hvcnQ="}"#, false),
        (r#"{"wardroom_key":1,"wrap":"other"}"#, false),
        (r#"{"wardroom_key":2,"wrap":"hardware"}"#, true),
    ] {
        let _ = std::fs::remove_file(&path);
        files::write_new(&path, text.as_bytes()).unwrap();
        match load_or_create(&path, Unlock::KeyFile, &entropy()) {
            Err(KeyError::Newer { found: 2, .. }) => assert!(newer),
            Err(KeyError::Malformed(_)) => assert!(!newer),
            other => panic!("{text}: {other:?}"),
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn a_passphrase_opens_its_key_file_and_another_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let keys = keys();
    create(&path, &keys, Unlock::Passphrase(b"correct horse", CHEAP)).unwrap();
    assert_eq!(inspect(&path).unwrap(), WrapKind::Passphrase);
    assert!(matches!(load(&path, Unlock::KeyFile), Err(KeyError::PassphraseNeeded(_))));
    assert!(matches!(load(&path, Unlock::Passphrase(b"wrong", CHEAP)), Err(KeyError::WrongPassphrase(_))));
    let opened = load(&path, Unlock::Passphrase(b"correct horse", PassphraseCost::default())).unwrap();
    assert_eq!(opened.root(), keys.root());
    let text = std::fs::read_to_string(&path).unwrap();
    let dear = text.replace("\"memory_kib\":64", "\"memory_kib\":4294967295");
    assert_ne!(text, dear);
    std::fs::write(&path, dear).unwrap();
    assert!(matches!(load(&path, Unlock::Passphrase(b"correct horse", CHEAP)), Err(KeyError::Cost(_))));
}

#[test]
fn a_parent_that_others_can_write_to_is_refused_unless_it_is_sticky() {
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("open");
    std::fs::create_dir(&open).unwrap();
    for (bits, refused) in [(0o770, true), (0o757, true), (0o1777, false), (0o755, false)] {
        chmod(&open, bits);
        let result = files::private_dir(&open.join("data"));
        assert_eq!(
            matches!(result, Err(FileError { kind: FileErrorKind::WritableByOthers(_), .. })),
            refused,
            "{bits:o}: {result:?}"
        );
    }
}

#[test]
fn an_open_directory_of_ours_is_closed_while_empty_and_refused_when_somebody_may_have_planted_something() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    chmod(&data, 0o777);
    files::private_dir(&data).unwrap();
    assert_eq!(mode(&data), 0o700);
    std::fs::write(data.join("planted"), "x").unwrap();
    chmod(&data, 0o775);
    assert!(matches!(files::private_dir(&data), Err(FileError { kind: FileErrorKind::WritableByOthers(_), .. })));
    let link = dir.path().join("link");
    symlink(&data, &link).unwrap();
    assert!(matches!(files::private_dir(&link), Err(FileError { kind: FileErrorKind::Symlink, .. })));
    // For root its own links cannot be told from the system's, which are followed among the parents.
    if !rustix::process::geteuid().is_root() {
        let below = files::private_dir(&link.join("below"));
        assert!(matches!(below, Err(FileError { kind: FileErrorKind::Symlink, .. })));
    }
}

#[test]
fn an_atomic_write_replaces_whole_and_a_planted_link_is_replaced_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let victim = dir.path().join("victim");
    std::fs::write(&victim, "mine").unwrap();
    symlink(&victim, &path).unwrap();
    files::write_atomic(&path, b"one").unwrap();
    files::write_atomic(&path, b"two").unwrap();
    assert_eq!(&**files::read_private(&path, 100).unwrap(), b"two");
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
    assert!(matches!(files::read_private(&path, 2), Err(FileError { kind: FileErrorKind::TooLarge(2), .. })));
    std::fs::write(dir.path().join(".file.00.tmp"), "left by a crash").unwrap();
    files::sweep_temporaries(dir.path());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn what_is_set_aside_keeps_its_content_and_never_replaces_an_earlier_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    for content in ["a", "b"] {
        std::fs::write(&path, content).unwrap();
        files::set_aside(&path, "damaged").unwrap();
    }
    let kept = files::set_aside_earlier(&path, "damaged");
    let contents: Vec<_> = kept.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect();
    assert_eq!(contents, ["a", "b"]);
}
