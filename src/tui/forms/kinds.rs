//! Which forms there are, and how each is begun.

use super::{
    AboutSession, Form, FormContext, LinkedVisit, PatientIdentity,
    account::AccountForm,
    attach::AttachForm,
    booking::BookingForm,
    cancel::CancelForm,
    consult::ConsultForm,
    context::ContextForm,
    context_link::ContextLinkForm,
    doctor::DoctorForm,
    document::DocumentForm,
    episode::EpisodeForm,
    hook::HookForm,
    look_up::LookUpForm,
    patient::PatientForm,
    place::PlaceForm,
    report::ReportForm,
    scribe::ScribeForm,
    session::SessionForm,
    supervision::{AboutNote, SupervisionForm},
    visit_note::VisitNoteForm,
    write::{WriteForm, Writing},
};
use crate::{
    domain::{
        EntryId, Intent, Reason, RecordId, VendorId,
        appointment::{Appointment, Terms},
        consult::Consult,
        episode::EpisodeTerms,
        note::{Addendum, SignOff, VisitNote},
        patient::Patient,
        session::Session,
        view::Detail,
    },
    tui::desk::ShownHook,
};

/// A form, by what it is for.
#[derive(Clone)]
pub(super) enum Kind {
    Patient(PatientForm),
    Booking(BookingForm),
    Cancel(CancelForm),
    Scribe(ScribeForm),
    VisitNote(VisitNoteForm),
    Supervision(SupervisionForm),
    LookUp(LookUpForm),
    ContextLink(ContextLinkForm),
    Hook(HookForm),
    Place(PlaceForm),
    Report(ReportForm),
    Attach(AttachForm),
    Document(DocumentForm),
    Episode(EpisodeForm),
    Consult(ConsultForm),
    Context(ContextForm),
    Session(SessionForm),
    Write(WriteForm),
    Doctor(DoctorForm),
    Account(AccountForm),
}

/// Runs the same call on whichever form it is.
macro_rules! each {
    ($kind:expr, $form:ident => $what:expr) => {
        match $kind {
            Kind::Patient($form) => $what,
            Kind::Booking($form) => $what,
            Kind::Cancel($form) => $what,
            Kind::Scribe($form) => $what,
            Kind::VisitNote($form) => $what,
            Kind::Supervision($form) => $what,
            Kind::LookUp($form) => $what,
            Kind::ContextLink($form) => $what,
            Kind::Hook($form) => $what,
            Kind::Place($form) => $what,
            Kind::Report($form) => $what,
            Kind::Attach($form) => $what,
            Kind::Document($form) => $what,
            Kind::Episode($form) => $what,
            Kind::Consult($form) => $what,
            Kind::Context($form) => $what,
            Kind::Session($form) => $what,
            Kind::Write($form) => $what,
            Kind::Doctor($form) => $what,
            Kind::Account($form) => $what,
        }
    };
}
pub(super) use each;

impl Form {
    /// For a new patient.
    pub fn create_patient(cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Patient(PatientForm::create(cx)))
    }

    /// For a patient's demographics as they are shown now; what the form has no field for is kept as it is. `partial`: only a
    /// part of the record was ever read, so what is empty is not known.
    pub fn edit_patient(patient: RecordId, base: Patient, partial: bool, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Patient(PatientForm::edit(patient, base, partial, cx)))
    }

    /// For a new appointment of a patient, in the first room of the context. Call [`Form::opened`] next.
    pub fn book(patient: RecordId, about: PatientIdentity, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Booking(BookingForm::book(patient, about, cx)))
    }

    /// For another time, duration or reason of an appointment; `room` is where it is and `patient` who comes, where that is
    /// known. Call [`Form::opened`] next.
    pub fn reschedule(
        appointment: RecordId,
        patient: Option<RecordId>,
        about: PatientIdentity,
        base: Terms,
        room: Option<&str>,
        cx: &FormContext<'_>,
    ) -> Self {
        Self::of(Kind::Booking(BookingForm::reschedule(appointment, patient, about, base, room, cx)))
    }

    /// To call an appointment off.
    pub fn cancel(appointment: RecordId, about: PatientIdentity, what: &Appointment) -> Self {
        Self::of(Kind::Cancel(CancelForm::new(appointment, about, what)))
    }

    /// To start a scribe session for a visit.
    pub fn start_scribe(appointment: RecordId, about: PatientIdentity, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Scribe(ScribeForm::new(appointment, about, cx)))
    }

    /// For what a scribe writes a session's note from beside the recording. Tell it of [`Form::earlier`] next, and of what
    /// [`Form::linked_before`] names.
    pub fn context(about: AboutSession, session: &Session, detail: &Detail) -> Self {
        Self::of(Kind::Context(ContextForm::new(about, session, detail)))
    }

    /// For what a scribe holds of a session.
    pub fn edit_session(about: AboutSession, session: &Session) -> Self {
        Self::of(Kind::Session(SessionForm::edit(about, session)))
    }

    /// To say which of the scribe's own patients a session is about.
    pub fn assign_profile(about: AboutSession) -> Self {
        Self::of(Kind::Session(SessionForm::profile(about)))
    }

    /// To have something written from a session.
    pub fn write(what: Writing, about: AboutSession) -> Self {
        Self::of(Kind::Write(WriteForm::new(what, about)))
    }

    /// To tell a scribe of a doctor, or of another name of theirs.
    pub fn doctor(vendor: VendorId, change: bool, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Doctor(DoctorForm::new(vendor, change, cx)))
    }

    /// For the account behind a scribe. Call [`Form::opened`] next.
    pub fn account(vendor: VendorId) -> Self {
        Self::of(Kind::Account(AccountForm::new(vendor)))
    }

    /// For the answers of a visit note as it was read.
    pub fn visit_note(appointment: RecordId, about: PatientIdentity, note: VisitNote) -> Self {
        Self::of(Kind::VisitNote(VisitNoteForm::new(appointment, about, note)))
    }

    /// To ask for an addendum to a session note that is known, or to one whose number is typed.
    pub fn request_addendum(note: Option<AboutNote>, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Supervision(SupervisionForm::ask(note, cx)))
    }

    /// To answer an addendum.
    pub fn answer_addendum(
        addendum: RecordId,
        asked: &Addendum,
        patient: PatientIdentity,
        cx: &FormContext<'_>,
    ) -> Self {
        Self::of(Kind::Supervision(SupervisionForm::answer(addendum, asked, patient, cx)))
    }

    /// To sign a session note off that is known, or one whose number is typed.
    pub fn sign_off(note: Option<AboutNote>, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Supervision(SupervisionForm::sign_off(note, cx)))
    }

    /// To change a sign-off.
    pub fn change_sign_off(sign_off: RecordId, base: &SignOff, patient: PatientIdentity, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Supervision(SupervisionForm::change(sign_off, base, patient, cx)))
    }

    /// To put right what the clinic refused of what was written about a session note; once it is saved the refused write is
    /// dropped.
    pub fn supervise_again(entry: EntryId, intent: &Intent, why: &Reason, cx: &FormContext<'_>) -> Option<Self> {
        let form = SupervisionForm::again(intent, why, cx)?;
        Some(Self { replaces: Some(entry), ..Self::of(Kind::Supervision(form)) })
    }

    /// To look a patient up by one of Solo's ways of naming one; what was searched for stands in it.
    pub fn look_up(searched: &str) -> Self {
        Self::of(Kind::LookUp(LookUpForm::new(searched)))
    }

    /// To make a link that opens a visit for somebody who comes from another program; `user` is who sits here.
    pub fn context_link(about: PatientIdentity, known: &LinkedVisit, user: &str, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::ContextLink(ContextLinkForm::new(about, known, user, cx)))
    }

    /// For a webhook registration; `receiver` tells whether one of our own can be made.
    pub fn add_hook(vendors: Vec<(VendorId, Vec<String>)>, receiver: bool) -> Self {
        Self::of(Kind::Hook(HookForm::add(vendors, receiver)))
    }

    /// For another address or other events of a registration; `known` are the events of the vendor's document.
    pub fn change_hook(hook: &ShownHook, known: &[String]) -> Self {
        Self::of(Kind::Hook(HookForm::change(hook, known)))
    }

    /// To ask for somebody at a bed.
    pub fn ask_assistance() -> Self {
        Self::of(Kind::Place(PlaceForm::new(false)))
    }

    /// To look whether a request stands at a bed.
    pub fn find_assistance() -> Self {
        Self::of(Kind::Place(PlaceForm::new(true)))
    }

    /// To order an encounter report.
    pub fn order_report(cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Report(ReportForm::order(cx)))
    }

    /// To save the data dump of some days.
    pub fn save_dump(cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Report(ReportForm::dump(cx)))
    }

    /// To open an encounter report that lies on the disk.
    pub fn open_report(cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Report(ReportForm::open(cx)))
    }

    /// To import a data dump that lies on the disk; `saved` is the one that was saved last.
    pub fn import_dump(saved: &str, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Report(ReportForm::import(saved, cx)))
    }

    /// To put a file on an appointment; `visit` says which one, in words.
    pub fn attach(appointment: RecordId, about: &PatientIdentity, visit: &str) -> Self {
        Self::of(Kind::Attach(AttachForm::new(appointment, about, visit)))
    }

    /// To add a document to a patient's record.
    pub fn add_document(patient: RecordId, about: &PatientIdentity, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Document(DocumentForm::new(patient, about, cx)))
    }

    /// For a new episode of care. `types` are those that the patient's other episodes have.
    pub fn create_episode(patient: RecordId, about: &PatientIdentity, types: &[String], cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Episode(EpisodeForm::create(patient, about, types, cx)))
    }

    /// For an episode of care as it is shown now.
    pub fn edit_episode(episode: RecordId, about: &PatientIdentity, base: EpisodeTerms) -> Self {
        Self::of(Kind::Episode(EpisodeForm::edit(episode, about, base)))
    }

    /// To ask for a consult for a patient.
    pub fn ask_consult(patient: &Patient, cx: &FormContext<'_>) -> Self {
        Self::of(Kind::Consult(ConsultForm::new(patient, cx)))
    }

    /// To ask anew for a consult that the vendor refused, what it said at the fields that it named.
    pub fn ask_consult_again(entry: EntryId, content: &Consult, why: &Reason, cx: &FormContext<'_>) -> Self {
        Self { replaces: Some(entry), ..Self::of(Kind::Consult(ConsultForm::again(content, why, cx))) }
    }
}
