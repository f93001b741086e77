//! What a person wants to happen at a vendor.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    appointment::Terms,
    assistance::Place,
    attachment::FileToAttach,
    consult::Consult,
    doctor::Doctor,
    document::DocumentBody,
    episode::EpisodeTerms,
    ids::{Kind, RecordId, VendorId},
    note::{NoteBody, QuestionAnswer, SignOffChange},
    origin::Origin,
    patient::Patient,
    scribe::{Manner, SessionChange},
    session::{Before, Redo, SessionParameters},
    signature::Signature,
};

/// One write that a person asked for. It names records by our ids only; the vendor's ids are looked up at the moment of
/// sending, so that a record made offline carries its real id by then.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "intent")]
pub enum Intent {
    /// Make a patient.
    CreatePatient {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        patient: RecordId,
        /// The id we choose for it at the vendor (Solo requires one), so that a lost answer can be looked up.
        chosen_id: String,
        /// Its demographics.
        content: Box<Patient>,
    },
    /// Change a patient's demographics. Only top-level fields in which `mine` differs from `base` are sent.
    UpdatePatient {
        /// Whom.
        patient: RecordId,
        /// What the person saw when they began.
        base: Box<Patient>,
        /// What they want it to be.
        mine: Box<Patient>,
        /// Whether `base` was only a part of the record (an import): what it lacks was not known, rather than empty.
        #[serde(default)]
        partial: bool,
    },
    /// Book an appointment.
    Book {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        appointment: RecordId,
        /// For whom.
        patient: RecordId,
        /// In which waiting room, by name.
        room: String,
        /// When and why. `external_id` is always filled before it is saved, so that a lost answer can be looked up.
        terms: Terms,
        /// In which episode of care.
        #[serde(default)]
        episode: Option<RecordId>,
    },
    /// Move or change an appointment. Only fields in which `mine` differs from `base` are sent.
    ChangeAppointment {
        /// Which.
        appointment: RecordId,
        /// What the person saw.
        base: Terms,
        /// What they want.
        mine: Terms,
    },
    /// Cancel an appointment.
    CancelAppointment {
        /// Which.
        appointment: RecordId,
    },
    /// Answer questions of a visit note.
    AnswerVisitNote {
        /// Of which visit.
        appointment: RecordId,
        /// The template's name.
        template: String,
        /// The answers.
        answers: Vec<QuestionAnswer>,
    },
    /// Start a scribe session for an appointment.
    StartSession {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        session: RecordId,
        /// With which vendor.
        vendor: VendorId,
        /// For which visit.
        appointment: RecordId,
        /// How.
        parameters: SessionParameters,
    },
    /// Have a session's summary made anew. The vendor works on it for a while, and a doctor must approve it again.
    RedoSession {
        /// Of which session.
        session: RecordId,
        /// At which vendor.
        vendor: VendorId,
        /// How.
        how: Redo,
        /// What the person saw.
        before: Before,
    },
    /// Make a doctor known at a facility.
    RegisterDoctor {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        doctor: RecordId,
        /// Who.
        content: Doctor,
    },
    /// Change the name of a doctor at a facility.
    UpdateDoctor {
        /// Which; [`RecordId::UNASSIGNED`] for one that was registered elsewhere, then a record is made.
        doctor: RecordId,
        /// Who.
        content: Doctor,
    },
    /// File a note into the EMR.
    FileNote {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        note: RecordId,
        /// Under which EMR appointment.
        emr_appointment: RecordId,
        /// Whom it is about.
        patient: Option<RecordId>,
        /// The text.
        body: NoteBody,
        /// What it was made from; filled from the draft that it clears when it is saved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Box<Origin>>,
    },
    /// Ask for an addendum to a session note.
    RequestAddendum {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        addendum: RecordId,
        /// The session note, by the clinic's number.
        session_note: String,
        /// What is asked for.
        instructions: String,
        /// Whoever asks may sign it.
        #[serde(default)]
        signature: Option<Signature>,
    },
    /// Have the vendor send webhooks to our receiver.
    RegisterWebhook {
        /// The registration; [`RecordId::UNASSIGNED`] until saved.
        registration: RecordId,
        /// At which vendor.
        vendor: VendorId,
        /// Where to, with the registration's own path secret in it. Never shown or logged whole.
        endpoint: String,
        /// Which events, in the vendor's words.
        events: Vec<String>,
    },
    /// Change where a registration's deliveries go, or which events it is for.
    UpdateWebhook {
        /// Which.
        registration: RecordId,
        /// At which vendor.
        vendor: VendorId,
        /// Where to, with the registration's own path secret in it. Never shown or logged whole.
        endpoint: String,
        /// Which events, in the vendor's words.
        events: Vec<String>,
    },
    /// Have the vendor forget a registration.
    DeleteWebhook {
        /// Which.
        registration: RecordId,
        /// At which vendor.
        vendor: VendorId,
    },
    /// Begin an episode of care.
    CreateEpisode {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        episode: RecordId,
        /// Whose.
        patient: RecordId,
        /// What it is.
        terms: EpisodeTerms,
    },
    /// Change an episode of care. What the vendor requires is always sent beside what differs.
    UpdateEpisode {
        /// Which.
        episode: RecordId,
        /// What the person saw.
        base: Box<EpisodeTerms>,
        /// What they want.
        mine: Box<EpisodeTerms>,
    },
    /// Put an appointment into an episode of care, or into none.
    AssignEpisode {
        /// Which appointment.
        appointment: RecordId,
        /// Into which; none takes it out.
        episode: Option<RecordId>,
    },
    /// Put a file on an appointment.
    AttachFile {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        attachment: RecordId,
        /// On which appointment.
        appointment: RecordId,
        /// Which file. Its tag is always drawn before it is saved, so that a lost answer can be looked up.
        file: Box<FileToAttach>,
    },
    /// Take a file off an appointment.
    DeleteAttachment {
        /// Which.
        attachment: RecordId,
        /// Off which appointment, to say whose file it is; older queues do not tell it.
        #[serde(default)]
        appointment: Option<RecordId>,
    },
    /// Add a document to a patient's record.
    AddDocument {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        document: RecordId,
        /// Whose.
        patient: RecordId,
        /// What it says.
        body: DocumentBody,
    },
    /// Ask for assistance at a bed.
    RequestAssistance {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        request: RecordId,
        /// Where.
        place: Place,
    },
    /// Call a request for assistance off.
    CancelAssistance {
        /// Which.
        request: RecordId,
        /// Where it was asked for; the vendor knows it by these words only.
        place: Place,
    },
    /// Ask for a consult. Nothing lets it be read again: a lost answer is for a person.
    AskConsult {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        consult: RecordId,
        /// What is asked.
        content: Box<Consult>,
    },
    /// Change a scribe session, or add to its context.
    ChangeSession {
        /// Which.
        session: RecordId,
        /// At which vendor.
        vendor: VendorId,
        /// What of it.
        change: Box<SessionChange>,
    },
    /// Say which of the vendor's own patients a scribe session is about.
    AssignProfile {
        /// Which session.
        session: RecordId,
        /// At which vendor.
        vendor: VendorId,
        /// The vendor's id of the patient.
        profile: String,
    },
    /// Have a document written from a scribe session.
    WriteDocument {
        /// From which session.
        session: RecordId,
        /// At which vendor.
        vendor: VendorId,
        /// How.
        manner: Manner,
    },
    /// Answer an addendum. One of response and signature at least.
    AnswerAddendum {
        /// Which.
        addendum: RecordId,
        /// Its session note, by the clinic's number: the vendor wants both.
        session_note: String,
        /// What is answered.
        response: Option<String>,
        /// Whoever answers may sign it.
        signature: Option<Signature>,
    },
    /// Sign a session note off.
    SignOff {
        /// The new record; [`RecordId::UNASSIGNED`] until saved.
        sign_off: RecordId,
        /// The session note, by the clinic's number.
        session_note: String,
        /// What the reviewer says.
        instructions: Option<String>,
        /// When it was or is to be reviewed.
        review_date: Timestamp,
        /// The reviewer's.
        signature: Signature,
    },
    /// Change a sign-off.
    ChangeSignOff {
        /// Which.
        sign_off: RecordId,
        /// Its session note, by the clinic's number: the vendor wants both.
        session_note: String,
        /// What of it.
        change: Box<SignOffChange>,
    },
}

impl std::fmt::Debug for Intent {
    /// What is wanted speaks of people, and a webhook's address opens a door.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Intent({} {})", self.word(), self.subject())
    }
}

impl Intent {
    /// The record that this write is about: its lane. Writes of one lane happen in the order in which they were saved.
    pub fn subject(&self) -> RecordId {
        match self {
            Self::CreatePatient { patient, .. } | Self::UpdatePatient { patient, .. } => *patient,
            Self::Book { appointment, .. }
            | Self::ChangeAppointment { appointment, .. }
            | Self::CancelAppointment { appointment }
            | Self::AnswerVisitNote { appointment, .. }
            | Self::AssignEpisode { appointment, .. } => *appointment,
            Self::StartSession { session, .. }
            | Self::RedoSession { session, .. }
            | Self::ChangeSession { session, .. }
            | Self::AssignProfile { session, .. }
            | Self::WriteDocument { session, .. } => *session,
            Self::RegisterDoctor { doctor, .. } | Self::UpdateDoctor { doctor, .. } => *doctor,
            Self::FileNote { note, .. } => *note,
            Self::RequestAddendum { addendum, .. } | Self::AnswerAddendum { addendum, .. } => *addendum,
            Self::SignOff { sign_off, .. } | Self::ChangeSignOff { sign_off, .. } => *sign_off,
            Self::RegisterWebhook { registration, .. }
            | Self::UpdateWebhook { registration, .. }
            | Self::DeleteWebhook { registration, .. } => *registration,
            Self::CreateEpisode { episode, .. } | Self::UpdateEpisode { episode, .. } => *episode,
            // A lane of its own: a file that hangs does not hold the appointment up.
            Self::AttachFile { attachment, .. } | Self::DeleteAttachment { attachment, .. } => *attachment,
            Self::AddDocument { document, .. } => *document,
            Self::RequestAssistance { request, .. } | Self::CancelAssistance { request, .. } => *request,
            Self::AskConsult { consult, .. } => *consult,
        }
    }

    /// The record that this write brings into being, with its kind.
    pub fn creates(&self) -> Option<(RecordId, Kind)> {
        match self {
            Self::CreatePatient { patient, .. } => Some((*patient, Kind::Patient)),
            Self::Book { appointment, .. } => Some((*appointment, Kind::Appointment)),
            Self::StartSession { session, .. } => Some((*session, Kind::Session)),
            Self::RegisterDoctor { doctor, .. } | Self::UpdateDoctor { doctor, .. } => Some((*doctor, Kind::Doctor)),
            Self::FileNote { note, .. } => Some((*note, Kind::Note)),
            Self::RequestAddendum { addendum, .. } => Some((*addendum, Kind::Addendum)),
            Self::SignOff { sign_off, .. } => Some((*sign_off, Kind::SignOff)),
            Self::RegisterWebhook { registration, .. } => Some((*registration, Kind::Webhook)),
            Self::CreateEpisode { episode, .. } => Some((*episode, Kind::Episode)),
            Self::AttachFile { attachment, .. } => Some((*attachment, Kind::Attachment)),
            Self::AddDocument { document, .. } => Some((*document, Kind::Document)),
            Self::RequestAssistance { request, .. } => Some((*request, Kind::Assistance)),
            Self::AskConsult { consult, .. } => Some((*consult, Kind::Consult)),
            Self::UpdatePatient { .. }
            | Self::ChangeAppointment { .. }
            | Self::CancelAppointment { .. }
            | Self::AnswerVisitNote { .. }
            | Self::UpdateWebhook { .. }
            | Self::DeleteWebhook { .. }
            | Self::UpdateEpisode { .. }
            | Self::AssignEpisode { .. }
            | Self::RedoSession { .. }
            | Self::DeleteAttachment { .. }
            | Self::CancelAssistance { .. }
            | Self::ChangeSession { .. }
            | Self::AssignProfile { .. }
            | Self::WriteDocument { .. }
            | Self::AnswerAddendum { .. }
            | Self::ChangeSignOff { .. } => None,
        }
    }

    /// Where the created record's id stands, so that it can be assigned.
    pub fn created_mut(&mut self) -> Option<&mut RecordId> {
        match self {
            Self::CreatePatient { patient, .. } => Some(patient),
            Self::Book { appointment, .. } => Some(appointment),
            Self::StartSession { session, .. } => Some(session),
            Self::RegisterDoctor { doctor, .. } | Self::UpdateDoctor { doctor, .. } => Some(doctor),
            Self::FileNote { note, .. } => Some(note),
            Self::RequestAddendum { addendum, .. } => Some(addendum),
            Self::SignOff { sign_off, .. } => Some(sign_off),
            Self::RegisterWebhook { registration, .. } => Some(registration),
            Self::CreateEpisode { episode, .. } => Some(episode),
            Self::AttachFile { attachment, .. } => Some(attachment),
            Self::AddDocument { document, .. } => Some(document),
            Self::RequestAssistance { request, .. } => Some(request),
            Self::AskConsult { consult, .. } => Some(consult),
            Self::UpdatePatient { .. }
            | Self::ChangeAppointment { .. }
            | Self::CancelAppointment { .. }
            | Self::AnswerVisitNote { .. }
            | Self::UpdateWebhook { .. }
            | Self::DeleteWebhook { .. }
            | Self::UpdateEpisode { .. }
            | Self::AssignEpisode { .. }
            | Self::RedoSession { .. }
            | Self::DeleteAttachment { .. }
            | Self::CancelAssistance { .. }
            | Self::ChangeSession { .. }
            | Self::AssignProfile { .. }
            | Self::WriteDocument { .. }
            | Self::AnswerAddendum { .. }
            | Self::ChangeSignOff { .. } => None,
        }
    }

    /// The records whose vendor ids must be known before this write can be sent.
    pub fn needs(&self) -> Vec<RecordId> {
        match self {
            Self::UpdatePatient { patient, .. }
            | Self::CreateEpisode { patient, .. }
            | Self::AddDocument { patient, .. } => vec![*patient],
            Self::Book { patient, episode, .. } => std::iter::once(*patient).chain(*episode).collect(),
            Self::AssignEpisode { appointment, episode } => std::iter::once(*appointment).chain(*episode).collect(),
            Self::UpdateEpisode { episode, .. } => vec![*episode],
            Self::DeleteAttachment { attachment, .. } => vec![*attachment],
            Self::UpdateWebhook { registration, .. } | Self::DeleteWebhook { registration, .. } => vec![*registration],
            Self::CancelAssistance { request, .. } => vec![*request],
            Self::ChangeSession { session, change, .. } => {
                std::iter::once(*session).chain(change.context_sessions.iter().flatten().copied()).collect()
            }
            Self::RedoSession { session, .. }
            | Self::AssignProfile { session, .. }
            | Self::WriteDocument { session, .. } => vec![*session],
            Self::ChangeAppointment { appointment, .. }
            | Self::CancelAppointment { appointment }
            | Self::AnswerVisitNote { appointment, .. }
            | Self::AttachFile { appointment, .. }
            | Self::StartSession { appointment, .. } => vec![*appointment],
            Self::FileNote { emr_appointment, .. } => vec![*emr_appointment],
            Self::AnswerAddendum { addendum, .. } => vec![*addendum],
            Self::ChangeSignOff { sign_off, .. } => vec![*sign_off],
            Self::CreatePatient { .. }
            | Self::RegisterDoctor { .. }
            | Self::UpdateDoctor { .. }
            | Self::RequestAddendum { .. }
            | Self::SignOff { .. }
            | Self::RegisterWebhook { .. }
            | Self::RequestAssistance { .. }
            | Self::AskConsult { .. } => Vec::new(),
        }
    }

    /// What is to happen, for a person, without personal data.
    pub fn word(&self) -> &'static str {
        match self {
            Self::CreatePatient { .. } => "create patient",
            Self::UpdatePatient { .. } => "edit patient",
            Self::Book { .. } => "book appointment",
            Self::ChangeAppointment { .. } => "change appointment",
            Self::CancelAppointment { .. } => "cancel appointment",
            Self::AnswerVisitNote { .. } => "answer visit note",
            Self::StartSession { .. } => "start scribe session",
            Self::RedoSession { how, .. } => how.word(),
            Self::RegisterDoctor { .. } => "register doctor",
            Self::UpdateDoctor { .. } => "change doctor",
            Self::FileNote { .. } => "file note",
            Self::RequestAddendum { .. } => "request addendum",
            Self::RegisterWebhook { .. } => "register webhook",
            Self::UpdateWebhook { .. } => "change webhook",
            Self::DeleteWebhook { .. } => "delete webhook",
            Self::CreateEpisode { .. } => "create episode",
            Self::UpdateEpisode { .. } => "change episode",
            Self::AssignEpisode { .. } => "assign episode",
            Self::AttachFile { .. } => "attach file",
            Self::DeleteAttachment { .. } => "delete attachment",
            Self::AddDocument { .. } => "add document",
            Self::RequestAssistance { .. } => "request assistance",
            Self::CancelAssistance { .. } => "cancel assistance",
            Self::AskConsult { .. } => "ask for consult",
            Self::ChangeSession { .. } => "change scribe session",
            Self::AssignProfile { .. } => "say who a session is about",
            Self::WriteDocument { .. } => "write document",
            Self::AnswerAddendum { .. } => "answer addendum",
            Self::SignOff { .. } => "sign off",
            Self::ChangeSignOff { .. } => "change sign-off",
        }
    }

    /// The clinic's number of the session note that this is about, so that it can be brought into its one form.
    pub fn session_note_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::RequestAddendum { session_note, .. }
            | Self::AnswerAddendum { session_note, .. }
            | Self::SignOff { session_note, .. }
            | Self::ChangeSignOff { session_note, .. } => Some(session_note),
            _ => None,
        }
    }

    /// The start time that a booking or a change asks for.
    pub fn start(&self) -> Option<Timestamp> {
        match self {
            Self::Book { terms, .. } | Self::ChangeAppointment { mine: terms, .. } => terms.start,
            _ => None,
        }
    }
}
