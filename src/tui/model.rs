//! All that the window shows, as plain data. Focus lives here; routing never depends on what was drawn.

use std::{collections::VecDeque, time::Duration};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    layers::Layer,
    list::{Identified, List},
};
use crate::domain::{
    RecordId, VendorId,
    command::{Level, Toast},
    view::{AppointmentRow, Health, NoteRow, PatientRow, Query, RoomFilter, RoomRow, RowId, SessionRow, Window},
};

/// The five panes, in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    /// 1
    Rooms,
    /// 2
    Appointments,
    /// 3
    Patients,
    /// 4
    Sessions,
    /// 5
    Notes,
}

impl Pane {
    /// In the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Rooms, Self::Appointments, Self::Patients, Self::Sessions, Self::Notes];

    /// The pane's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rooms => "Rooms",
            Self::Appointments => "Appointments",
            Self::Patients => "Patients",
            Self::Sessions => "Sessions",
            Self::Notes => "Notes",
        }
    }

    /// The key that goes there.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// The pane so many places further, round and round.
    #[must_use]
    pub fn turn(self, by: isize) -> Self {
        let at = (self as isize + by).rem_euclid(Self::ALL.len() as isize);
        Self::ALL[at as usize]
    }
}

/// Which part of the day's work the panes show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Appointments of this room.
    pub room: RoomFilter,
    /// Appointments, sessions and notes of this patient.
    pub patient: Option<(RecordId, String)>,
    /// Sessions and notes of this appointment.
    pub appointment: Option<(RecordId, String)>,
}

/// What a person wants to be reminded of for a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The message.
    pub toast: Toast,
    /// When it came.
    pub at: Timestamp,
    /// It tells of something begun and not done yet.
    pub begun: bool,
}

/// How long a toast stands.
pub const TOAST_STANDS: Duration = Duration::from_secs(6);

/// How long a selection rests before the panes that follow it change.
pub const REST: Duration = Duration::from_millis(150);

/// So many messages are kept for the log layer.
pub const LOG_KEPT: usize = 500;

/// What does not change while the window is open.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The clinic's time zone.
    pub zone: TimeZone,
    /// Who sits here.
    pub user: String,
    /// The facility's id offered for scribe sessions.
    pub facility: Option<String>,
    /// The doctor's id offered for scribe sessions.
    pub doctor: Option<String>,
    /// Vendors that can scribe.
    pub scribes: Vec<VendorId>,
    /// Screen readers and serial lines: no boxes, ASCII only.
    pub plain: bool,
    /// Links may be copied through the terminal.
    pub clipboard: bool,
    /// What the demo can do to its sandbox; empty outside the demo.
    pub demo: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            user: String::new(),
            facility: None,
            doctor: None,
            scribes: Vec::new(),
            plain: false,
            clipboard: false,
            demo: false,
        }
    }
}

/// The window's whole state.
#[derive(Debug)]
pub struct Model {
    /// What does not change.
    pub setting: Setting,
    /// The present minute, moved by ticks.
    pub now: Timestamp,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Where keys go when no layer is open.
    pub focus: Pane,
    /// The focused pane has the whole window.
    pub zoomed: bool,
    /// The day on the board; the clinic's today unless a person turned to another.
    pub day: Option<Date>,
    /// What the panes are narrowed to.
    pub scope: Scope,
    /// A selection that has not rested yet: in which pane, and when it will have.
    pub resting: Option<(Pane, Timestamp)>,
    /// The filter of each pane, in the order of [`Pane::ALL`].
    pub filters: [String; 5],
    /// A filter is being typed in this pane.
    pub filtering: Option<Pane>,
    /// 1
    pub rooms: List<RoomRow>,
    /// 2
    pub appointments: List<AppointmentRow>,
    /// 3
    pub patients: List<PatientRow>,
    /// 4
    pub sessions: List<SessionRow>,
    /// 5
    pub notes: List<NoteRow>,
    /// What lies over the panes, the last on top.
    pub layers: Vec<Layer>,
    /// Vendors, queue, receiver.
    pub health: Option<Box<Health>>,
    /// Messages that still stand.
    pub toasts: VecDeque<Shown>,
    /// All messages, newest last.
    pub log: VecDeque<Shown>,
    /// Requests under way, with what their answer is for.
    pub waiting: Vec<(u64, super::update::Purpose)>,
    /// The patient of the draft that was begun last.
    pub about: Option<PatientRow>,
    /// The engine is being reached: nothing is known yet.
    pub opening: bool,
    /// The engine cannot be reached: what is shown may be old.
    pub lost: bool,
    /// The mouse works in the window.
    pub mouse: bool,
    /// The window is to close.
    pub quitting: bool,
}

impl Model {
    /// A window before anything is known.
    pub fn new(setting: Setting, now: Timestamp, size: (u16, u16)) -> Self {
        Self {
            setting,
            now,
            size,
            focus: Pane::Appointments,
            zoomed: false,
            day: None,
            scope: Scope::default(),
            resting: None,
            filters: Default::default(),
            filtering: None,
            rooms: List::default(),
            appointments: List::default(),
            patients: List::default(),
            sessions: List::default(),
            notes: List::default(),
            layers: Vec::new(),
            health: None,
            toasts: VecDeque::new(),
            log: VecDeque::new(),
            waiting: Vec::new(),
            about: None,
            opening: false,
            lost: false,
            mouse: false,
            quitting: false,
        }
    }

    /// The clinic's today.
    pub fn today(&self) -> Date {
        self.now.to_zoned(self.setting.zone.clone()).date()
    }

    /// The minute that ages are counted to. All of them change together when it does, so that a key is not followed by
    /// the ages of half the rows on the screen.
    pub fn minute(&self) -> Timestamp {
        Timestamp::from_second(self.now.as_second().div_euclid(60) * 60).unwrap_or(self.now)
    }

    /// The day on the board.
    pub fn shown_day(&self) -> Date {
        self.day.unwrap_or_else(|| self.today())
    }

    /// The filter of a pane.
    pub fn filter(&self, pane: Pane) -> &str {
        &self.filters[pane as usize]
    }

    /// What a pane asks the engine for.
    pub fn query(&self, pane: Pane) -> Query {
        let patient = self.scope.patient.as_ref().map(|(id, _)| *id);
        let appointment = self.scope.appointment.as_ref().map(|(id, _)| *id);
        let text = self.filter(pane).to_owned();
        match pane {
            Pane::Rooms => Query::Rooms { day: self.shown_day() },
            Pane::Appointments => Query::Appointments {
                // A patient's appointments are wanted whole, not only today's.
                day: patient.is_none().then(|| self.shown_day()),
                room: if patient.is_some() { RoomFilter::All } else { self.scope.room.clone() },
                patient,
                text,
                // A board that begins is opened where the day is, which may be far down.
                window: if self.appointments.anew() || self.appointments.total() == 0 {
                    ALL
                } else {
                    self.appointments.wanted()
                },
            },
            Pane::Patients => Query::Patients { search: text, window: self.patients.wanted() },
            Pane::Sessions => Query::Sessions { appointment, patient, text, window: self.sessions.wanted() },
            Pane::Notes => Query::Notes { appointment, patient, text, window: self.notes.wanted() },
        }
    }

    /// Whether the screen shows rows that a pane does not hold.
    pub fn lacks(&self, pane: Pane) -> bool {
        match pane {
            Pane::Rooms => false,
            Pane::Appointments => self.appointments.lacks(),
            Pane::Patients => self.patients.lacks(),
            Pane::Sessions => self.sessions.lacks(),
            Pane::Notes => self.notes.lacks(),
        }
    }

    /// Moves a pane's selection.
    pub fn move_in(&mut self, pane: Pane, motion: Motion) {
        fn go<T: super::list::Identified>(list: &mut List<T>, motion: Motion) {
            match motion {
                Motion::Step(by) => list.step(by),
                Motion::Page(by) => list.page(by),
                Motion::First => list.first(),
                Motion::Last => list.last(),
            }
        }
        match pane {
            Pane::Rooms => go(&mut self.rooms, motion),
            Pane::Appointments => go(&mut self.appointments, motion),
            Pane::Patients => go(&mut self.patients, motion),
            Pane::Sessions => go(&mut self.sessions, motion),
            Pane::Notes => go(&mut self.notes, motion),
        }
    }

    /// Another list is about to be shown in a pane.
    pub fn reset(&mut self, pane: Pane) {
        match pane {
            Pane::Rooms => self.rooms.reset(),
            Pane::Appointments => self.appointments.reset(),
            Pane::Patients => self.patients.reset(),
            Pane::Sessions => self.sessions.reset(),
            Pane::Notes => self.notes.reset(),
        }
    }

    /// The selected row of a pane.
    pub fn selected_row(&self, pane: Pane) -> Option<RowId> {
        match pane {
            Pane::Rooms => self.rooms.current().map(Identified::id),
            Pane::Appointments => self.appointments.current().map(Identified::id),
            Pane::Patients => self.patients.current().map(Identified::id),
            Pane::Sessions => self.sessions.current().map(Identified::id),
            Pane::Notes => self.notes.current().map(Identified::id),
        }
    }

    /// Puts a pane's selection on a place of the list that was asked for.
    pub fn await_at(&mut self, pane: Pane, place: usize) {
        match pane {
            Pane::Rooms => self.rooms.await_at(place),
            Pane::Appointments => self.appointments.await_at(place),
            Pane::Patients => self.patients.await_at(place),
            Pane::Sessions => self.sessions.await_at(place),
            Pane::Notes => self.notes.await_at(place),
        }
    }

    /// Sets how many rows a pane shows.
    pub fn set_height(&mut self, pane: Pane, rows: usize) {
        match pane {
            Pane::Rooms => self.rooms.set_height(rows),
            Pane::Appointments => self.appointments.set_height(rows),
            Pane::Patients => self.patients.set_height(rows),
            Pane::Sessions => self.sessions.set_height(rows),
            Pane::Notes => self.notes.set_height(rows),
        }
    }

    /// The record that is selected in a pane, if the selected row is one.
    pub fn selected_record(&self, pane: Pane) -> Option<RecordId> {
        match pane {
            Pane::Rooms => None,
            Pane::Appointments => self.appointments.current().map(|r| r.id),
            Pane::Patients => self.patients.current().map(|r| r.id),
            Pane::Sessions => self.sessions.current().map(|r| r.id),
            Pane::Notes => match self.notes.current().map(|r| &r.id) {
                Some(RowId::Record(id)) => Some(*id),
                _ => None,
            },
        }
    }

    /// The patient whom the selection is about.
    pub fn patient_at_hand(&self) -> Option<RecordId> {
        match self.focus {
            Pane::Patients => self.patients.current().map(|r| r.id),
            Pane::Appointments => self.appointments.current().and_then(|r| r.patient),
            _ => self.scope.patient.as_ref().map(|(id, _)| *id),
        }
    }

    /// The appointment that the selection is about.
    pub fn appointment_at_hand(&self) -> Option<RecordId> {
        match self.focus {
            Pane::Appointments => self.appointments.current().map(|r| r.id),
            Pane::Sessions => self.sessions.current().and_then(|r| r.appointment),
            _ => self.scope.appointment.as_ref().map(|(id, _)| *id),
        }
    }

    /// Shows a message and keeps it for the log.
    pub fn say(&mut self, toast: Toast) {
        self.show(Shown { toast, at: self.now, begun: false });
    }

    /// Says that something was begun whose end will show by itself.
    pub fn begin(&mut self, text: impl Into<String>) {
        let toast = Toast { level: Level::Info, text: text.into(), entry: None };
        self.show(Shown { toast, at: self.now, begun: true });
    }

    /// What was begun is done, or cannot be done: its message need not stand any longer.
    pub fn begun_is_over(&mut self) {
        self.toasts.retain(|t| !t.begun);
    }

    fn show(&mut self, shown: Shown) {
        self.log.push_back(shown.clone());
        if self.log.len() > LOG_KEPT {
            self.log.pop_front();
        }
        self.toasts.push_back(shown);
        while self.toasts.len() > 3 {
            self.toasts.pop_front();
        }
    }

    /// Shows a message of the window's own.
    pub fn tell(&mut self, level: Level, text: impl Into<String>) {
        self.say(Toast { level, text: text.into(), entry: None });
    }
}

/// How a selection moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// By rows.
    Step(isize),
    /// By screenfuls.
    Page(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// The whole of a list that is short.
pub const ALL: Window = Window { offset: 0, limit: 500 };
