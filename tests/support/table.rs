//! The tables of `docs/VENDORS.md`.

use std::{collections::BTreeMap, fs};

/// The rows of one vendor's table: method and path with every parameter as `{}`, and the commands that the row names.
pub fn rows(vendor: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/VENDORS.md")).unwrap();
    let heading = format!("## {vendor}");
    let mut rows = BTreeMap::new();
    let part = text.lines().skip_while(|l| *l != heading).skip(1).take_while(|l| !l.starts_with("## "));
    for line in part {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some(endpoint) = cells.get(1).and_then(|c| c.strip_prefix('`')?.strip_suffix('`')) else { continue };
        if !["GET /", "PUT /", "POST /", "PATCH /", "DELETE /"].iter().any(|m| endpoint.starts_with(m)) {
            continue;
        }
        let parts = endpoint.split('/').map(|p| if p.starts_with('{') { "{}" } else { p });
        let told = rows.insert(parts.collect::<Vec<_>>().join("/"), cells[4].to_owned());
        assert!(told.is_none(), "{endpoint} stands in the table twice");
    }
    assert!(!rows.is_empty(), "there is no table for {vendor}");
    rows
}

/// Whether a path that was sent is of this form.
pub fn fits(form: &str, path: &str) -> bool {
    let (form, path): (Vec<&str>, Vec<&str>) = (form.split('/').collect(), path.split('/').collect());
    form.len() == path.len() && form.iter().zip(path).all(|(f, p)| *f == "{}" || *f == p)
}
