//! Lists: however the vendor names the next page, and wherever it ends.

use proptest::prelude::*;

use super::*;

async fn surveyed(script: &Script) -> Vec<String> {
    let told = heidi(script).survey(date(2026, 3, 4)).await.result.unwrap();
    told.into_iter().map(|o| o.refs[0].value.clone()).collect()
}

#[tokio::test]
async fn pages_are_followed_however_the_vendor_names_them() {
    let one = |id: &str| [listed(id, "1", SENT)];
    let script = Script::new()
        .answer(200, page(&one("a"), &json!(null), true))
        .answer(200, page(&one("b"), &json!(7), true))
        .answer(200, page(&one("c"), &json!("https://x.example/sessions?page=9&page_size=50"), true))
        .answer(200, page(&one("d"), &json!(null), false));
    assert_eq!(surveyed(&script).await, ["a", "b", "c", "d"]);
    let line = |page: &str| format!("GET /sessions/linked-user?page_size=50{page}");
    assert_eq!(script.lines(), [line(""), line("&page=2"), line("&page=7"), line("&page=9")]);
}

#[tokio::test]
async fn a_list_that_repeats_itself_empties_or_never_ends_is_left() {
    let one = |id: &str| [listed(id, "1", SENT)];
    let repeats = (0..20).fold(Script::new(), |s, _| s.answer(200, page(&one("a"), &json!(null), true)));
    assert_eq!(surveyed(&repeats).await, ["a"]);
    assert_eq!(repeats.calls().len(), 2);
    let empties =
        Script::new().answer(200, page(&one("a"), &json!(null), true)).answer(200, page(&[], &json!(3), true));
    assert_eq!(surveyed(&empties).await, ["a"]);
    let circles = (0..20).fold(Script::new(), |s, n| s.answer(200, page(&one(&format!("s{n}")), &json!(2), true)));
    assert_eq!(surveyed(&circles).await.len(), 2);
    let endless = (0..20).fold(Script::new(), |s, n| s.answer(200, page(&one(&format!("s{n}")), &json!(null), true)));
    assert_eq!(surveyed(&endless).await.len(), 10);
}

/// A list as a vendor may page it: which sessions a page has and how it says that there is more.
fn pages() -> impl Strategy<Value = Vec<(Vec<u8>, serde_json::Value, bool)>> {
    let next = prop_oneof![
        Just(json!(null)),
        (0_u8..9).prop_map(|n| json!(n)),
        Just(json!("cursor")),
        Just(json!("https://x.example/sessions?page=3")),
        Just(json!({"odd": true})),
    ];
    prop::collection::vec((prop::collection::vec(any::<u8>(), 0..6), next, any::<bool>()), 0..20)
}

proptest! {
    #[test]
    fn whatever_the_vendor_says_of_its_pages_the_list_ends_and_names_nobody_twice(pages in pages()) {
        let script = pages.iter().fold(Script::new(), |script, (ids, next, more)| {
            let sessions: Vec<_> = ids.iter().map(|id| listed(&id.to_string(), "1", SENT)).collect();
            script.answer(200, page(&sessions, next, *more))
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let told = runtime.block_on(heidi(&script).survey(date(2026, 3, 4))).result;
        prop_assert!(script.calls().len() <= 10);
        if let Ok(told) = told {
            let mut names: Vec<_> = told.iter().map(|o| &o.refs[0].value).collect();
            let all = names.len();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), all);
            let first = pages.first().map_or(0, |(ids, ..)| ids.iter().collect::<std::collections::HashSet<_>>().len());
            prop_assert!(all >= first, "the first page is always told");
        }
    }
}
