//! What the commands about session notes, addendums and sign-offs share: how they are named and listed, and where a signature
//! comes from.

use std::{io::Write as _, path::PathBuf};

use clap::Args;

use super::{CliError, desk::Desk, input, print::json_line};
use crate::{
    domain::{
        Command, Kind, Query, RecordId, Reply, VendorRef,
        signature::{Signature, SignatureAct},
        view::{Answer, Detail, NoteItem, NoteRow, RowSet, Rows, Window},
    },
    tui::signature::png,
    vendor::clinic::{CLINIC, scheme},
};

/// Where a signature comes from.
#[derive(Debug, Args)]
pub struct Signing {
    /// Sign with the signature that you keep under this name
    #[arg(long, value_name = "NAME", conflicts_with = "signature_file")]
    pub signature: Option<String>,
    /// Sign with this PNG file
    #[arg(long, value_name = "PNG")]
    pub signature_file: Option<PathBuf>,
}

impl Signing {
    /// The signature, where one is given.
    pub fn read(&self, desk: &Desk<'_>) -> Result<Option<Signature>, CliError> {
        match (&self.signature, &self.signature_file) {
            (Some(name), _) => match desk.link.execute(take(name))? {
                Reply::Signature(kept) => Ok(Some(kept.signature)),
                Reply::Refused(_) => Err(CliError::wrong(
                    "--signature",
                    "you keep none of this name; `wardroom signatures list` shows yours",
                )),
                _ => Err(CliError::Unexpected),
            },
            (None, Some(path)) => {
                png::file(path).map(Some).map_err(|bad| CliError::wrong("--signature-file", bad.to_string()))
            }
            (None, None) => Ok(None),
        }
    }
}

fn take(name: &str) -> Command {
    Command::Signature { act: Box::new(SignatureAct::Take { name: name.to_owned() }) }
}

/// A text that is typed or stands in a file.
#[derive(Debug, Args)]
pub struct Words {
    /// The text
    #[arg(long, conflicts_with = "text_file")]
    pub text: Option<String>,
    /// The text, from a file; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub text_file: Option<PathBuf>,
}

impl Words {
    /// The text, where one is given.
    pub fn read(&self) -> Result<Option<String>, CliError> {
        match (&self.text, &self.text_file) {
            (Some(text), _) => Ok(Some(text.clone())),
            (None, Some(path)) => input::text("--text-file", path).map(|text| Some(text.trim_end().to_owned())),
            (None, None) => Ok(None),
        }
    }
}

/// The record that a person names by the clinic's number or by wardroom's own id. What no list tells becomes known by its
/// number; an addendum and a sign-off with that of their session note.
pub fn numbered(desk: &Desk<'_>, kind: Kind, given: &str, of: Option<&str>) -> Result<RecordId, CliError> {
    if let Ok(record) = given.parse() {
        return if desk.detail(record)?.kind == kind { Ok(record) } else { Err(CliError::NotFound(given.to_owned())) };
    }
    let scheme = match kind {
        Kind::SessionNote => scheme::SESSION_NOTE,
        Kind::Addendum => scheme::ADDENDUM,
        _ => scheme::SIGN_OFF,
    };
    let number = given.strip_prefix(&format!("{CLINIC}:{scheme}:")).unwrap_or(given).trim();
    let known = desk.link.look(&Query::Find { reference: VendorRef::new(CLINIC, kind, scheme, number) })?;
    if let Answer::Found(Some(record)) = known {
        return Ok(record);
    }
    let whole = number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() && !number.starts_with('0');
    if !whole {
        let wanted = "wardroom's own id like r12, or the clinic's number";
        return Err(CliError::BadId { given: crate::tui::text::clean(given).into_owned(), wanted });
    }
    if kind != Kind::SessionNote && of.is_none() {
        let rule = format!("{} {number} was not made here; say of which session note with --note", kind.word());
        return Err(CliError::Bare(rule));
    }
    let of = of.map(|note| note_number(desk, note)).transpose()?;
    match desk.link.execute(Command::Adopt { kind, number: number.to_owned(), of })? {
        Reply::Known { record } => Ok(record),
        Reply::Refused(refusal) => Err(CliError::Refused(refusal)),
        _ => Err(CliError::Unexpected),
    }
}

/// The clinic's number of a session note that a person names by it or by wardroom's own id.
pub fn note_number(desk: &Desk<'_>, given: &str) -> Result<String, CliError> {
    let Ok(record) = given.parse::<RecordId>() else {
        return Ok(given.strip_prefix(&format!("{CLINIC}:{}:", scheme::SESSION_NOTE)).unwrap_or(given).to_owned());
    };
    let detail = desk.detail(record)?;
    let number = detail.refs.iter().find(|r| r.vendor == CLINIC && r.kind == Kind::SessionNote);
    number.map(|r| r.value.clone()).ok_or_else(|| CliError::NotFound(given.to_owned()))
}

/// An addendum or a sign-off with everything known of it.
pub fn named(desk: &Desk<'_>, kind: Kind, given: &str, of: Option<&str>) -> Result<Box<Detail>, CliError> {
    desk.detail(numbered(desk, kind, given, of)?)
}

/// Lists what is known of a kind.
pub fn listed(desk: &Desk<'_>, kind: Kind, text: &str, limit: u32, json: bool) -> Result<(), CliError> {
    let window = Window { offset: 0, limit: u32::MAX };
    let query = Query::Notes { appointment: None, patient: None, text: text.to_owned(), window };
    let Answer::Rows(Rows { rows: RowSet::Notes(mut rows), .. }) = desk.link.look(&query)? else {
        return Err(CliError::Unexpected);
    };
    rows.retain(|row| of_kind(row) == Some(kind));
    let total = rows.len();
    rows.truncate(limit as usize);
    let shown = rows.len();
    let out = &mut std::io::stdout().lock();
    if json {
        return Ok(rows.iter().try_for_each(|row| json_line(out, row))?);
    }
    super::list::table(&RowSet::Notes(rows), &desk.here).write(out)?;
    if shown < total {
        writeln!(out, "… {} more (--limit)", total - shown)?;
    }
    Ok(())
}

fn of_kind(row: &NoteRow) -> Option<Kind> {
    match row.item {
        NoteItem::SessionNote(_) => Some(Kind::SessionNote),
        NoteItem::Addendum { .. } => Some(Kind::Addendum),
        NoteItem::SignOff(_) => Some(Kind::SignOff),
        NoteItem::Draft | NoteItem::Filed(_) => None,
    }
}
