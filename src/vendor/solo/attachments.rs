//! Files on an appointment. Solo takes them, lists them and deletes them; the document has no way to get one back.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    domain::{
        attachment::{Attachment, Attachments, FileToAttach, FileTrouble, Mime},
        entry::{Errand, Evidence, Finding, Outcome, Probe, Reason, ReasonKind},
        ids::{Kind, RecordId, VendorRef},
        patient::redacted_debug,
        record::{Observation, Pointer, Raw, Record},
    },
    vendor::http::{FileBody, Method, Progress, Reply, outcome_of, read, unreadable},
};

use super::{
    SOLO, Solo, Trail, Unread, not_yet,
    probe::{nameless, untold},
    scheme,
    writes::{acked, appointment_name, before_sending},
};

/// How long reading a file from the disk may take: it may lie on a share that hangs.
const DISK_TIME: Duration = Duration::from_secs(30);

/// A file as the vendor tells it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAttachment {
    #[serde(deserialize_with = "read::text")]
    id: Option<String>,
    #[serde(deserialize_with = "read::text")]
    title: Option<String>,
    #[serde(deserialize_with = "read::text")]
    mime_type: Option<String>,
    #[serde(deserialize_with = "read::whole")]
    size: Option<i64>,
    #[serde(deserialize_with = "read::text")]
    uploaded_at: Option<String>,
    #[serde(deserialize_with = "read::flag")]
    deleted: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireList {
    #[serde(deserialize_with = "read::list")]
    attachments: Vec<Box<RawValue>>,
}

redacted_debug!(WireAttachment);

impl WireAttachment {
    fn into_domain(self, said: &str) -> Attachment {
        Attachment {
            appointment: Some(visit(said)),
            title: self.title.unwrap_or_default(),
            mime: self.mime_type.as_deref().map(Mime::from),
            size: self.size.and_then(|n| u64::try_from(n).ok()),
            uploaded_at: self.uploaded_at.and_then(|t| t.parse::<Timestamp>().ok()),
            deleted: self.deleted == Some(true),
        }
    }
}

fn visit(said: &str) -> Pointer {
    Pointer::Vendor(VendorRef::new(SOLO, Kind::Appointment, scheme::APPOINTMENT, said))
}

/// A file's name: it can only be addressed below its appointment, so both ids belong to it.
fn name(said: &str, id: &str) -> VendorRef {
    VendorRef::new(SOLO, Kind::Attachment, scheme::ATTACHMENT, format!("{said}/{id}"))
}

fn observation(said: &str, id: &str, attachment: Attachment, raw: &str) -> Observation {
    Observation {
        refs: vec![name(said, id)],
        record: Some(Record::Attachment(Box::new(attachment))),
        facts: Vec::new(),
        raw: Raw(raw.to_owned()),
        complete: true,
    }
}

/// Checks a file by the vendor's rules, as far as that needs no disk.
pub fn check(file: &FileToAttach, most: u64) -> Result<(), String> {
    if file.title.trim().is_empty() || file.title.chars().any(char::is_control) {
        return Err("title: the file needs a name without control characters".into());
    }
    let trouble = if file.size == 0 {
        FileTrouble::Empty
    } else if file.size > most {
        FileTrouble::TooLarge(most)
    } else if !Mime::KNOWN.contains(&file.mime) {
        FileTrouble::NotTaken
    } else if !file.path.is_absolute() {
        FileTrouble::Relative
    } else {
        return Ok(());
    };
    Err(format!("file: {trouble}"))
}

/// Reads the file and says whether it still is what it was.
async fn unchanged(file: &FileToAttach) -> Result<(), String> {
    let (path, most) = (file.path.clone(), file.size);
    let reading = tokio::task::spawn_blocking(move || describe(&path, most));
    let Ok(Ok(now)) = tokio::time::timeout(DISK_TIME, reading).await else {
        return Err("the file could not be read in time".into());
    };
    match now {
        Ok(now) if now.sha256 == file.sha256 && file.mime.fits(&now.mime) => Ok(()),
        Ok(_) | Err(FileTrouble::TooLarge(_) | FileTrouble::Empty | FileTrouble::NotTaken) => {
            Err("the file was changed after it was chosen; choose it again".into())
        }
        Err(trouble) => Err(trouble.to_string()),
    }
}

/// Describes a file on this machine, whose name becomes its title. Special files are not opened: a pipe would hang.
///
/// # Errors
/// See [`FileTrouble`].
pub fn describe(path: &Path, most: u64) -> Result<FileToAttach, FileTrouble> {
    let unreadable = |e: std::io::Error| FileTrouble::Unreadable(e.kind());
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(FileTrouble::NotTaken);
    }
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let title = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    FileToAttach::describe(path.to_path_buf(), &title, file, most)
}

impl Solo {
    /// Get Appointment Attachments: the list, and each file.
    pub(super) async fn attachments(&self, said: &str, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        let (reply, files) = self.files(said, trail).await?;
        let mut list = Attachments { appointment: Some(visit(said)), files: Vec::new() };
        let mut observations = Vec::new();
        for (id, file, raw) in files {
            list.files.push((Pointer::Vendor(name(said, &id)), file.clone()));
            observations.push(observation(said, &id, file, &raw));
        }
        observations.insert(
            0,
            Observation {
                refs: vec![VendorRef::new(SOLO, Kind::Attachments, scheme::ATTACHMENTS, said)],
                record: Some(Record::Attachments(Box::new(list))),
                facts: Vec::new(),
                raw: Raw(reply.text()),
                complete: true,
            },
        );
        Ok(observations)
    }

    async fn files(&self, said: &str, trail: &mut Trail) -> Result<(Reply, Vec<(String, Attachment, String)>), Unread> {
        let call = self.get("qapi/v1/appointments/{id}/attachments", &[("id", said)]);
        let reply = self.success(call, trail).await?;
        let list: WireList = reply.object().map_err(|e| (e, None))?;
        let files = list
            .attachments
            .iter()
            .filter_map(|raw| {
                let mut wire: WireAttachment = read::unlisted(raw)?;
                let id = wire.id.take().filter(|id| !id.is_empty())?;
                Some((id, wire.into_domain(said), raw.get().to_owned()))
            })
            .collect();
        Ok((reply, files))
    }

    /// Reads one file's description: it stands in its appointment's list.
    pub(super) async fn attachment(&self, about: &VendorRef, trail: &mut Trail) -> Result<Observation, Unread> {
        let (said, id) = parts(&about.value).ok_or_else(|| (not_yet("not the name of a file"), None))?;
        let (reply, files) = self.files(said, trail).await?;
        let found = files.into_iter().find(|(own, _, _)| own == id);
        let (_, file, raw) = found.ok_or_else(|| {
            let gone = Reason { kind: ReasonKind::NotFound, ..unreadable(&reply, "the list does not have it") };
            (gone, None)
        })?;
        Ok(observation(said, id, file, &raw))
    }

    /// Upload attachment to appointment: the file's bytes as they are.
    pub(super) async fn attach(
        &self,
        errand: &Errand,
        appointment: RecordId,
        file: &FileToAttach,
        progress: Progress,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let about = appointment_name(errand, appointment)?;
        let said = about.value.as_str();
        unchanged(file).await.map_err(|why| Outcome::Rejected(Reason::new(ReasonKind::Invalid, why)))?;
        let call = self
            .call(Method::Post, "qapi/v1/appointments/{id}/attachments", &[("id", said)])
            .query("fileName", file.sent_title())
            .file(FileBody {
                path: file.path.clone(),
                length: file.size,
                sha256: file.sha256.clone(),
                content_type: file.mime.as_str().to_owned(),
                progress,
            });
        let reply = outcome_of(self.carry(call, trail).await, Probe::List)?;
        let mut told: WireAttachment = reply.object().map_err(|e| Outcome::Unknown(Probe::List, e))?;
        let Some(id) = told.id.take().filter(|id| !id.is_empty()) else {
            return Err(Outcome::Unknown(Probe::List, unreadable(&reply, "no attachment id")));
        };
        trail.observations.push(observation(said, &id, told.into_domain(said), &reply.text()));
        Ok(acked(&reply))
    }

    pub(super) async fn find_attachment(
        &self,
        errand: &Errand,
        appointment: RecordId,
        file: &FileToAttach,
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let about = appointment_name(errand, appointment).map_err(nameless)?;
        let (_, files) = self.files(&about.value, trail).await.map_err(untold)?;
        let title = file.sent_title();
        let found = files.into_iter().find(|(_, f, _)| f.title == title && f.size == Some(file.size));
        let Some((id, file, raw)) = found else { return Ok(Finding::Absent) };
        trail.observations.push(observation(&about.value, &id, file, &raw));
        Ok(Finding::Present)
    }

    /// Delete appointment attachment. What is not there any more needs no deleting.
    pub(super) async fn delete_attachment(
        &self,
        errand: &Errand,
        attachment: RecordId,
        trail: &mut Trail,
    ) -> Result<Outcome, Outcome> {
        let about = file_name(errand, attachment).ok_or_else(|| Outcome::NotYet(no_file_id()))?;
        let (said, id) = parts(&about.value).ok_or_else(|| Outcome::NotYet(no_file_id()))?;
        let (_, files) = self.files(said, trail).await.map_err(before_sending)?;
        match files.into_iter().find(|(own, _, _)| own == id) {
            Some((_, file, _)) if !file.deleted => {}
            Some((_, file, raw)) => {
                trail.observations.push(observation(said, id, file, &raw));
                return Ok(Outcome::Acked(Evidence::ReadBack));
            }
            None => return Ok(Outcome::Acked(Evidence::ReadBack)),
        }
        let place = "qapi/v1/appointments/{id}/attachments/{attachment}";
        let call = self.call(Method::Delete, place, &[("id", said), ("attachment", id)]);
        let reply = outcome_of(self.carry(call, trail).await, Probe::Compare)?;
        Ok(acked(&reply))
    }

    pub(super) async fn compare_deletion(
        &self,
        errand: &Errand,
        attachment: RecordId,
        trail: &mut Trail,
    ) -> Result<Finding, Finding> {
        let about = file_name(errand, attachment).ok_or_else(|| Finding::CannotTell(no_file_id()))?;
        let (said, id) = parts(&about.value).ok_or_else(|| Finding::CannotTell(no_file_id()))?;
        let (_, files) = self.files(said, trail).await.map_err(untold)?;
        let there = files.iter().any(|(own, file, _)| own == id && !file.deleted);
        Ok(if there { Finding::Absent } else { Finding::Present })
    }
}

/// SAID and file id.
fn parts(name: &str) -> Option<(&str, &str)> {
    name.split_once('/').filter(|(said, id)| !said.is_empty() && !id.is_empty())
}

fn file_name(errand: &Errand, attachment: RecordId) -> Option<VendorRef> {
    let value = errand.known(attachment)?.name(SOLO, scheme::ATTACHMENT)?;
    Some(VendorRef::new(SOLO, Kind::Attachment, scheme::ATTACHMENT, value))
}

fn no_file_id() -> Reason {
    not_yet("the file has no id at Solo yet")
}
