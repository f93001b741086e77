//! Appointments and waiting rooms.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    open::open_enum,
    patient::redacted_debug,
    record::{Pointer, Sourced},
};

open_enum! {
    /// Solo's twelve appointment statuses (teladoc-solo.txt, Get Appointment).
    AppointmentStatus {
        /// In the book.
        Scheduled = "scheduled",
        /// The patient has come.
        Arrived = "arrived",
        /// Waits for intake.
        IntakeReady = "in progress.intake.ready",
        /// Intake goes on.
        IntakeProgress = "in progress.intake.progress",
        /// Waits for the exam.
        ExamReady = "in progress.exam.ready",
        /// With the provider.
        ExamProgress = "in progress.exam.progress",
        /// Waits for discharge.
        DischargeReady = "discharge.ready",
        /// Being discharged.
        DischargeProgress = "discharge.progress",
        /// Over.
        Completed = "completed",
        /// Over, waiting for the provider's signature.
        SignOff = "sign off",
        /// Called off.
        Cancelled = "cancelled",
        /// The patient never came.
        NoShow = "not showed up",
    }
}

impl AppointmentStatus {
    /// The patient is here and waits for somebody.
    pub fn waiting(&self) -> bool {
        matches!(self, Self::Arrived | Self::IntakeReady | Self::ExamReady | Self::DischargeReady)
    }

    /// Nothing more will happen by itself, so it need not be read again in turn. An unknown status may still move.
    pub fn closed(&self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::NoShow)
    }
}

open_enum! {
    /// Solo's seven video-call states (teladoc-solo.txt, Get Appointment).
    VideoStatus {
        /// Left without being seen.
        Lwbs = "LWBS",
        /// Ended early.
        Incomplete = "incomplete",
        /// Ended well.
        Complete = "complete",
        /// Being wrapped up.
        Finalizing = "finalizing",
        /// On hold.
        OnHold = "on hold",
        /// Going on.
        OnCall = "on call",
        /// The patient waits in the call.
        Waiting = "waiting",
    }
}

/// An appointment as the vendor tells it, with what only we know beside it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// When it begins.
    pub start: Option<Timestamp>,
    /// How long it lasts, in seconds (1 to 86,400).
    pub duration: Option<u32>,
    /// Why the patient comes.
    pub reasons: Vec<String>,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// The video call, once there is one.
    pub video: Option<VideoCall>,
    /// The practice's own id for it.
    pub external_id: Option<String>,
    /// Who comes.
    pub patient: Option<Pointer>,
    /// Who sees them.
    pub providers: Vec<Provider>,
    /// The waiting room by name. Solo's answers do not tell it: it is known from our own booking, an import or a person.
    #[serde(default)]
    pub room: Option<Sourced<String>>,
}

/// A video call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoCall {
    /// The vendor's id.
    pub id: String,
    /// Where it stands.
    pub status: VideoStatus,
}

/// Somebody who sees patients.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Provider {
    /// The vendor's id.
    pub id: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Given name.
    pub first: Option<String>,
    /// Middle name.
    pub middle: Option<String>,
    /// Family name.
    pub last: Option<String>,
}

/// A waiting room. Solo addresses them by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Room {
    /// The vendor's id.
    pub id: String,
    /// Its name, by which bookings and slots address it.
    pub name: String,
    /// Service line.
    pub service_line: Option<String>,
    /// Service type.
    pub service_type: Option<String>,
}

/// An appointment as the EMR behind Cobalt knows it. Its `id` is what a note is filed under.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EmrAppointment {
    /// When it begins.
    pub start: Option<Timestamp>,
    /// The patient's MRN in the EMR.
    pub patient_mrn: Option<String>,
    /// The patient's name, where the EMR tells it.
    pub patient_name: Option<String>,
    /// Length in minutes as the EMR tells it.
    pub duration: Option<u32>,
    /// Status in the EMR's words.
    pub status: Option<String>,
    /// The EMR's own id.
    pub ehr_appointment_id: Option<String>,
    /// The note that stands in the EMR, where it was asked for with the appointment.
    #[serde(default)]
    pub progress_note: Option<String>,
}

/// Which of the EMR's appointments are asked for. What is not given narrows nothing.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EmrWanted {
    /// The first day, in the clinic's zone.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// Of the patient with this MRN.
    pub mrn: Option<String>,
    /// Of patients in whose name this stands.
    pub name: Option<String>,
    /// Of patients with this telephone number.
    pub phone: Option<String>,
    /// At the office or over video, in the vendor's word.
    pub mode: Option<String>,
    /// With the notes that stand in the EMR.
    pub with_note: bool,
}

/// A free time in a waiting room's book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// When it begins.
    pub start: Timestamp,
    /// Its length in seconds.
    pub duration: u32,
}

/// What of an appointment a person may change at Solo besides cancelling it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// When it begins.
    pub start: Option<Timestamp>,
    /// How long, in seconds.
    pub duration: Option<u32>,
    /// Why.
    pub reasons: Vec<String>,
    /// The practice's own id.
    pub external_id: Option<String>,
    /// Encounter id. Solo takes it but never tells it.
    pub account_number: Option<String>,
}

impl Appointment {
    /// The part that a person may change.
    pub fn terms(&self) -> Terms {
        Terms {
            start: self.start,
            duration: self.duration,
            reasons: self.reasons.clone(),
            external_id: self.external_id.clone(),
            account_number: None,
        }
    }
}

impl Provider {
    /// `Family, Given` or the e-mail address.
    pub fn display_name(&self) -> String {
        let part = |p: &Option<String>| p.as_deref().filter(|p| !p.is_empty()).map(str::to_owned);
        match (part(&self.last), part(&self.first)) {
            (Some(last), Some(first)) => format!("{last}, {first}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => part(&self.email).unwrap_or_else(|| self.id.clone()),
        }
    }
}

redacted_debug!(Appointment, EmrAppointment, EmrWanted, Provider, Terms);
