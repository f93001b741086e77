//! `wardroom attachments list|add|delete`.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    CliError,
    args::Common,
    at_desk, attach,
    desk::Desk,
    input,
    print::{Table, json_line, moment},
    write::{Following, submit},
};
use crate::domain::{
    Intent, Kind, Question, Record, RecordId, VendorRef,
    attachment::{FileToAttach, MOST_BYTES},
};
use crate::vendor::solo::{SOLO, scheme};

/// Files on appointments.
#[derive(Debug, Args)]
pub struct Attachments {
    #[command(subcommand)]
    pub action: AttachmentsAction,
}

/// What to do with files.
#[derive(Debug, Subcommand)]
pub enum AttachmentsAction {
    /// The files of an appointment, as the vendor has them now
    List {
        /// Of which appointment
        appointment: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Put a PDF, PNG or JPEG on an appointment. The file must stay where it is until it is acknowledged
    Add {
        /// On which appointment
        appointment: String,
        /// Which file
        file: PathBuf,
        /// The name that people at the vendor see [default: the file's]
        #[arg(long)]
        title: Option<String>,
        #[command(flatten)]
        following: Following,
    },
    /// Take a file off an appointment
    Delete {
        /// Of which appointment
        appointment: String,
        /// The file, by the id that `attachments list` shows
        file: String,
        #[command(flatten)]
        following: Following,
    },
}

/// Carries a command about files out.
pub fn run(common: &Common, action: &AttachmentsAction) -> Result<ExitCode, CliError> {
    match action {
        AttachmentsAction::List { appointment, json } => at_desk(common, |desk| list(desk, appointment, *json)),
        AttachmentsAction::Add { appointment, file, title, following } => {
            let file = described(common, file, title.as_deref())?;
            at_desk(common, |desk| {
                let appointment = desk.record(Kind::Appointment, appointment)?;
                let attachment = RecordId::UNASSIGNED;
                submit(desk, Intent::AttachFile { attachment, appointment, file: Box::new(file) }, *following)
            })
        }
        AttachmentsAction::Delete { appointment, file, following } => at_desk(common, |desk| {
            let attachment = attachment(desk, appointment, file)?;
            let appointment = Some(desk.record(Kind::Appointment, appointment)?);
            submit(desk, Intent::DeleteAttachment { attachment, appointment }, *following)
        }),
    }
}

/// The file by its content, judged before anything else is done.
fn described(common: &Common, path: &std::path::Path, title: Option<&str>) -> Result<FileToAttach, CliError> {
    // An engine may run without a configuration that this command can read; it judges once more by its own.
    let most = attach::settle(common).ok().and_then(|settled| {
        let (_, values) = settled.config.vendors.iter().find(|(name, _)| *name == SOLO.as_str())?;
        u64::try_from(values.integer("attachment_bytes")?).ok()
    });
    input::file(path, title, most.unwrap_or(MOST_BYTES))
}

/// A file's record: by ours, or by the vendor's id below its appointment.
fn attachment(desk: &Desk<'_>, appointment: &str, file: &str) -> Result<RecordId, CliError> {
    if let Ok(record) = file.parse() {
        return Ok(record);
    }
    let detail = desk.detail(desk.record(Kind::Appointment, appointment)?)?;
    let said = detail.refs.iter().find(|r| r.vendor == SOLO && r.scheme == scheme::APPOINTMENT);
    let said = said.ok_or_else(|| CliError::wrong("appointment", "Solo's number for it is not known yet"))?;
    desk.named(&VendorRef::new(SOLO, Kind::Attachment, scheme::ATTACHMENT, format!("{}/{file}", said.value)))
}

fn list(desk: &Desk<'_>, appointment: &str, json: bool) -> Result<ExitCode, CliError> {
    let appointment = desk.record(Kind::Appointment, appointment)?;
    let detail = desk.applied(Question::Attachments { appointment }, Kind::Attachments)?;
    let Some(Record::Attachments(list)) = detail.shown else { return Err(CliError::Unexpected) };
    let out = &mut std::io::stdout().lock();
    let mut table = Table::new(&["ID", "SOLO'S ID", "NAME", "TYPE", "BYTES", "UPLOADED", ""]);
    for (own, file) in &list.files {
        let record = own.local().ok_or(CliError::Unexpected)?;
        let refs = desk.detail(record)?.refs;
        // The vendor's own part of the name stands behind the appointment's.
        let id = refs.iter().find(|r| r.scheme == scheme::ATTACHMENT).and_then(|r| r.value.rsplit('/').next());
        let id = id.unwrap_or_default();
        if json {
            let object = json!({
                "record": record.to_string(), "id": id, "title": file.title, "mime": file.mime, "size": file.size,
                "uploaded_at": file.uploaded_at, "deleted": file.deleted,
            });
            json_line(out, &object)?;
            continue;
        }
        table.row(vec![
            record.to_string(),
            id.to_owned(),
            file.title.clone(),
            file.mime.as_ref().map(ToString::to_string).unwrap_or_default(),
            file.size.map(|n| n.to_string()).unwrap_or_default(),
            file.uploaded_at.map(|t| moment(t, desk.here.now, &desk.here.zone)).unwrap_or_default(),
            if file.deleted { "deleted".into() } else { String::new() },
        ]);
    }
    if !json {
        table.write(out)?;
    }
    Ok(ExitCode::SUCCESS)
}
