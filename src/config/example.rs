//! `config.example.toml`, made from the declared keys so that it documents every one of them.

use std::fmt::Write as _;

use super::{BUILT_IN, CLINIC, EDITOR, RECEIVER, SYNC, WINDOW};
use crate::domain::settings::{Key, KeyKind, VendorKeys};

/// The text of the example file.
pub fn example(vendors: &[VendorKeys]) -> String {
    let mut out = String::from(
        "# wardroom's configuration. Copy it to ~/.config/wardroom/config.toml and chmod 600 it.\n\
         # `wardroom config check` tells what is wrong with it, with line and key.\n\
         # A line with a value that is commented out shows the default or an example.\n\
         # Secrets are named, not written: { file = \"path\" }, { env = \"NAME\" } or { stdin = true }.\n",
    );
    table(&mut out, "clinic", "", CLINIC);
    table(&mut out, "window", "", WINDOW);
    table(&mut out, "editor", "", EDITOR);
    table(&mut out, "sync", "", SYNC);
    table(
        &mut out,
        "receiver",
        "The webhook receiver. Without this table nothing listens and vendors are only polled.",
        RECEIVER,
    );
    for vendor in vendors {
        table(&mut out, &format!("vendor.{}", vendor.name), vendor.label, vendor.keys);
    }
    out.push_str("\n# ---- a file of its own: what [editor] texts names ----\n");
    for line in BUILT_IN.lines() {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
    out
}

fn table(out: &mut String, name: &str, about: &str, keys: &[Key]) {
    out.push('\n');
    if !about.is_empty() {
        wrap(out, about);
    }
    let _ = writeln!(out, "[{name}]");
    for key in keys {
        wrap(out, key.doc);
        let comment = if key.required { "" } else { "# " };
        let shown = match (key.default, key.kind) {
            (Some(default), KeyKind::Integer { .. } | KeyKind::Bool) => default.to_owned(),
            (Some(default), KeyKind::List) => {
                let items =
                    default.split(',').map(|t| format!("\"{}\"", t.trim())).filter(|t| t.len() > 2).collect::<Vec<_>>();
                format!("[{}]", items.join(", "))
            }
            (_, KeyKind::Map | KeyKind::Lists) => "{}".to_owned(),
            (_, KeyKind::Secret) => {
                format!("{{ env = \"WARDROOM_{}_{}\" }}", name.trim_start_matches("vendor."), key.name)
                    .to_uppercase()
                    .replace("ENV", "env")
            }
            (Some(default), _) => format!("\"{default}\""),
            (None, KeyKind::Url) => "\"https://example.org\"".to_owned(),
            (None, KeyKind::Path) => "\"~/somewhere\"".to_owned(),
            (None, KeyKind::Integer { min, .. }) => min.to_string(),
            (None, KeyKind::Bool) => "false".to_owned(),
            (None, KeyKind::List) => "[]".to_owned(),
            (None, KeyKind::Choice(words)) => format!("\"{}\"", words.first().unwrap_or(&"")),
            (None, KeyKind::Text | KeyKind::Zone | KeyKind::Address) => "\"\"".to_owned(),
        };
        let _ = writeln!(out, "{comment}{} = {shown}", key.name);
    }
}

fn wrap(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + word.len() > 110 {
            out.push_str(&line);
            out.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}
