use super::*;
use crate::domain::settings::Value;

#[test]
fn times_are_read_in_every_form_that_the_vendors_write() {
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let noon = "2026-03-04T10:00:00Z".parse::<Timestamp>().unwrap();
    for text in ["2026-03-04T10:00:00Z", "2026-03-04T12:00:00+02:00", "2026-03-04T12:00:00.000000", "1772618400"] {
        assert_eq!(moment(text, &zone), Some(noon), "{text}");
    }
    assert_eq!(moment("1772618400000", &zone), Some(noon));
    assert_eq!(moment("tomorrow", &zone), None);
}

#[test]
fn a_link_leads_to_the_vendor_s_own_domain_or_nowhere() {
    let base = "https://integration.notes.pl.vendor.example/api/v1/";
    for good in ["https://recorder.vendor.example/r?t=1", "https://vendor.example/", "https://app.other.example/"] {
        assert!(link_may_be_shown(good, base, &["other.example".into()]), "{good}");
    }
    for bad in [
        "http://recorder.vendor.example/",
        "https://evilvendor.example/",
        "https://vendor.example@evil.example/",
        "https://me@vendor.example/",
        "http://127.0.0.1/",
        "javascript:alert(1)",
    ] {
        assert!(!link_may_be_shown(bad, base, &[]), "{bad}");
    }
    assert!(link_may_be_shown("http://127.0.0.1:9/x", "http://127.0.0.1:8/api", &[]));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_when_it_was_refused() {
    let cell = TokenCell::default();
    let at = |s: i64| Timestamp::from_second(s).unwrap();
    let fresh = |name: &'static str, ends: i64| {
        move || async move { Ok(Token { secret: Secret::new(name), ends: Some(at(ends)) }) }
    };
    let margin = Duration::from_secs(60);
    assert_eq!(cell.get(at(0), margin, None, fresh("a", 100)).await.unwrap().expose(), "a");
    assert_eq!(cell.get(at(39), margin, None, fresh("b", 500)).await.unwrap().expose(), "a");
    assert_eq!(cell.get(at(40), margin, None, fresh("b", 500)).await.unwrap().expose(), "b");
    let stale = Secret::new("a");
    assert_eq!(cell.get(at(41), margin, Some(&stale), fresh("c", 500)).await.unwrap().expose(), "b");
    let refused = Secret::new("b");
    assert_eq!(cell.get(at(41), margin, Some(&refused), fresh("c", 500)).await.unwrap().expose(), "c");
}

/// A table as the configuration hands it over: every default, and something under each required key.
fn table(keys: &[Key], more: &[(&'static str, Value)]) -> Values {
    let mut values = Values::default();
    for key in keys {
        let text = key.default.unwrap_or("given");
        let value = match key.kind {
            _ if key.default.is_none() && !key.required => continue,
            KeyKind::Integer { min, max } => {
                let number: i64 = text.parse().unwrap();
                assert!((min..=max).contains(&number), "{}", key.name);
                Value::Integer(number)
            }
            KeyKind::Bool => Value::Bool(text.parse().unwrap()),
            KeyKind::Secret => Value::Secret(Secret::new(text)),
            KeyKind::Choice(words) => {
                assert!(words.contains(&text), "{}", key.name);
                Value::Text(text.into())
            }
            _ => Value::Text(text.into()),
        };
        values.put(key.name, value);
    }
    for (key, value) in more {
        values.put(key, value.clone());
    }
    values
}

#[test]
fn the_defaults_of_the_table_are_those_of_the_settings() {
    use crate::vendor::{clinic, cobalt, heidi, noa};
    let secret = || Secret::new("given");
    let same = |one: &HttpSettings, other: &HttpSettings| {
        assert_eq!(
            (one.connect_time, one.whole_time, one.answer_limit, &one.proxy),
            (other.connect_time, other.whole_time, other.answer_limit, &other.proxy)
        );
    };
    let (read, plain) = (
        noa::NoaSettings::from_values(&table(noa::KEYS, &[])).unwrap(),
        noa::NoaSettings::new("given", "given", secret()),
    );
    same(&read.http, &plain.http);
    assert_eq!(
        (read.concurrency, &read.paths.sign_in, &read.paths.status, &read.paths.summary, read.session_life),
        (plain.concurrency, &plain.paths.sign_in, &plain.paths.status, &plain.paths.summary, plain.session_life)
    );
    assert_eq!((&read.stages, &read.authorization_header), (&plain.stages, &plain.authorization_header));
    let (read, plain) = (
        cobalt::CobaltSettings::from_values(&table(cobalt::KEYS, &[])).unwrap(),
        cobalt::CobaltSettings::new("https://api.usecobalt.com", secret(), secret(), secret()),
    );
    same(&read.http, &plain.http);
    assert_eq!(read.http.base_url, plain.http.base_url);
    assert_eq!(
        (read.concurrency, read.note_form, read.one_note_at_a_time, read.patience, read.rotate_secret),
        (plain.concurrency, plain.note_form, plain.one_note_at_a_time, plain.patience, plain.rotate_secret)
    );
    let (read, plain) = (
        clinic::ClinicSettings::from_values(&table(clinic::KEYS, &[])).unwrap(),
        clinic::ClinicSettings::new("given", secret()),
    );
    same(&read.http, &plain.http);
    assert_eq!(
        (read.concurrency, read.list_notes, read.list_pages, read.list_page_size, read.token_header),
        (plain.concurrency, plain.list_notes, plain.list_pages, plain.list_page_size, plain.token_header)
    );
    let token = [("token", Value::Secret(secret()))];
    let (read, plain) = (
        heidi::HeidiSettings::from_values(&table(heidi::KEYS, &token)).unwrap(),
        heidi::HeidiSettings::new("given", heidi::HeidiAuth::Token(secret())),
    );
    same(&read.http, &plain.http);
    assert_eq!(
        (read.concurrency, &read.visit_schemes, read.list_pages, read.list_page_size),
        (plain.concurrency, &plain.visit_schemes, plain.list_pages, plain.list_page_size)
    );
}

#[test]
fn a_table_that_cannot_be_used_names_its_key() {
    use crate::vendor::{heidi, noa};
    let key = |more: &[(&'static str, Value)]| {
        heidi::HeidiSettings::from_values(&table(heidi::KEYS, more)).err().map(|(key, _)| key)
    };
    let secret = || Value::Secret(Secret::new("given"));
    assert_eq!(key(&[]), Some("api_key"));
    assert_eq!(key(&[("api_key", secret())]), Some("email"));
    let user = [
        ("api_key", secret()),
        ("email", Value::Text("a@practice.example".into())),
        ("third_party_internal_id", Value::Text("7".into())),
    ];
    assert_eq!(key(&user), None);
    let words = |meaning: &str| Value::Map([("Dreaming".to_owned(), meaning.to_owned())].into());
    let noa = |meaning| noa::NoaSettings::from_values(&table(noa::KEYS, &[("stages", words(meaning))]));
    assert_eq!(noa("Failed").unwrap().stage("dreaming"), Stage::Failed);
    assert_eq!(noa("asleep").unwrap_err().0, "stages");
    let schemes = [("visit_schemes", Value::List(vec!["much too long for a scheme".into()]))];
    assert_eq!(noa::NoaSettings::from_values(&table(noa::KEYS, &schemes)).unwrap_err().0, "visit_schemes");
}
