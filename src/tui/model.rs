//! All that the window shows, as plain data. Focus lives here; routing never depends on what was drawn.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::{
    forms::FormId,
    layers::Layer,
    list::{Identified, List},
    picture::means::Means,
};
use crate::domain::{
    Delta, EntryId, RecordId, VendorId,
    command::{Level, Progress, Toast, Touched},
    stream::StreamId,
    view::{
        AppointmentRow, Health, Hiding, NoteRow, PatientRow, Query, RoomFilter, RoomRow, RowId, SessionRow, Window,
    },
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

/// So many errors stand at once until they are put away; older ones are in the log only.
pub const ERRORS_KEPT: usize = 20;

/// How long a message stands by itself: long enough to be read by somebody who looks up, and an error until a person puts
/// it away.
pub fn stands(level: Level) -> Option<SignedDuration> {
    match level {
        Level::Info => Some(SignedDuration::from_secs(6)),
        Level::Warning => Some(SignedDuration::from_secs(15)),
        Level::Error => None,
    }
}

/// How long a selection rests before the panes that follow it change.
pub const REST: Duration = Duration::from_millis(150);

/// The progress of so many uploads is kept.
const UPLOADS_KEPT: usize = 64;

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
    /// How pictures are shown.
    pub pictures: Means,
    /// What the demo can do to its sandbox; empty outside the demo.
    pub demo: bool,
    /// How notes are written.
    pub editor: super::editor::EditorSetting,
    /// What a note must have before it is filed.
    pub note: super::editor::NoteRules,
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
            pictures: Means::default(),
            demo: false,
            editor: super::editor::EditorSetting::default(),
            note: super::editor::NoteRules::default(),
        }
    }
}

/// What a form that is being saved makes: its row is shown and selected once it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Making {
    /// A patient.
    Patient,
    /// An appointment of this patient.
    Visit {
        /// Whose.
        patient: RecordId,
        /// Their name, as far as the window's rows tell.
        name: String,
    },
}

/// A row that is being brought onto the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Showing {
    /// In which pane.
    pub pane: Pane,
    /// Which row.
    pub row: RowId,
    /// What it is.
    pub made: Making,
}

/// What the engine was told is on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watched {
    /// The selected record of the focused pane.
    pub selected: Option<RecordId>,
    /// The records on the screen.
    pub visible: Vec<RecordId>,
}

/// Does the same with the list of whichever pane.
macro_rules! in_pane {
    ($model:ident, $pane:expr, $list:ident => $do:expr) => {
        match $pane {
            Pane::Rooms => {
                let $list = &$model.rooms;
                $do
            }
            Pane::Appointments => {
                let $list = &$model.appointments;
                $do
            }
            Pane::Patients => {
                let $list = &$model.patients;
                $do
            }
            Pane::Sessions => {
                let $list = &$model.sessions;
                $do
            }
            Pane::Notes => {
                let $list = &$model.notes;
                $do
            }
        }
    };
    (mut $model:ident, $pane:expr, $list:ident => $do:expr) => {
        match $pane {
            Pane::Rooms => {
                let $list = &mut $model.rooms;
                $do
            }
            Pane::Appointments => {
                let $list = &mut $model.appointments;
                $do
            }
            Pane::Patients => {
                let $list = &mut $model.patients;
                $do
            }
            Pane::Sessions => {
                let $list = &mut $model.sessions;
                $do
            }
            Pane::Notes => {
                let $list = &mut $model.notes;
                $do
            }
        }
    };
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
    /// A person moved the selection while they typed the filter: it stays on its row.
    pub picked: bool,
    /// 1, what its filter leaves.
    pub rooms: List<RoomRow>,
    /// Every room, whatever the filter.
    pub all_rooms: Vec<RoomRow>,
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
    /// Drafts that are open and not shown, the one hidden last at the end.
    pub shelf: Vec<super::editor::Editor>,
    /// Vendors, queue, receiver.
    pub health: Option<Box<Health>>,
    /// Messages that still stand.
    pub toasts: VecDeque<Shown>,
    /// All messages, newest last.
    pub log: VecDeque<Shown>,
    /// Requests under way, with what their answer is for.
    pub waiting: Vec<(u64, super::update::Purpose)>,
    /// What a form makes, once it is saved.
    pub making: Option<(FormId, Making)>,
    /// So many forms have a number.
    pub forms: u64,
    /// What was just made and is to be seen.
    pub showing: Option<Showing>,
    /// What the engine was told last.
    pub watched: Watched,
    /// The patient of the draft that was begun last.
    pub about: Option<PatientRow>,
    /// How far uploads are.
    pub uploads: BTreeMap<EntryId, Progress>,
    /// What hides the rows of panes that have none.
    pub hiding: BTreeMap<Pane, Vec<Hiding>>,
    /// The text of each session that was written last while this window watched.
    pub streams: BTreeMap<RecordId, StreamId>,
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
            picked: false,
            rooms: List::default(),
            all_rooms: Vec::new(),
            appointments: List::default(),
            patients: List::default(),
            sessions: List::default(),
            notes: List::default(),
            layers: Vec::new(),
            shelf: Vec::new(),
            health: None,
            toasts: VecDeque::new(),
            log: VecDeque::new(),
            waiting: Vec::new(),
            making: None,
            forms: 0,
            showing: None,
            watched: Watched::default(),
            about: None,
            uploads: BTreeMap::new(),
            hiding: BTreeMap::new(),
            streams: BTreeMap::new(),
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
        // The rooms come whole.
        pane != Pane::Rooms && in_pane!(self, pane, list => list.lacks())
    }

    /// Moves a pane's selection.
    pub fn move_in(&mut self, pane: Pane, motion: Motion) {
        in_pane!(mut self, pane, list => match motion {
            Motion::Step(by) => list.step(by),
            Motion::Page(by) => list.page(by),
            Motion::First => list.first(),
            Motion::Last => list.last(),
        });
    }

    /// Another list is about to be shown in a pane.
    pub fn reset(&mut self, pane: Pane) {
        in_pane!(mut self, pane, list => list.reset());
    }

    /// Whether a pane was asked for another list that has not come yet.
    pub fn anew(&self, pane: Pane) -> bool {
        in_pane!(self, pane, list => list.anew())
    }

    /// How long a pane's list is.
    pub fn total(&self, pane: Pane) -> usize {
        in_pane!(self, pane, list => list.total())
    }

    /// The first visible place of a pane.
    pub fn top(&self, pane: Pane) -> usize {
        in_pane!(self, pane, list => list.top())
    }

    /// The place in a pane where the mark stands, or where it stood when its row went.
    pub fn selected(&self, pane: Pane) -> usize {
        in_pane!(self, pane, list => list.selected())
    }

    /// Scrolls a pane without moving its selection.
    pub fn scroll(&mut self, pane: Pane, by: isize) {
        in_pane!(mut self, pane, list => list.scroll(by));
    }

    /// Selects the row at a place of a pane.
    pub fn go(&mut self, pane: Pane, place: usize) {
        in_pane!(mut self, pane, list => list.go(place));
    }

    /// The selected row of a pane.
    pub fn selected_row(&self, pane: Pane) -> Option<RowId> {
        in_pane!(self, pane, list => list.current().map(Identified::id))
    }

    /// The selected row of a pane, also when it is not in the list any more.
    pub fn sought_row(&self, pane: Pane) -> Option<RowId> {
        in_pane!(self, pane, list => list.sought().cloned())
    }

    /// Whether the selected row went from a pane, so that nothing is selected there until a person moves.
    pub fn missing(&self, pane: Pane) -> bool {
        in_pane!(self, pane, list => list.missing())
    }

    /// The place in a pane where the mark stands, or where it stood when its row went.
    pub fn selected_place(&self, pane: Pane) -> usize {
        in_pane!(self, pane, list => list.selected())
    }

    /// Has a pane select a row that stands at this place of the list that was asked for.
    pub fn expect(&mut self, pane: Pane, place: usize, row: RowId) {
        in_pane!(mut self, pane, list => list.expect(place, row));
    }

    /// Sets how many rows a pane shows.
    pub fn set_height(&mut self, pane: Pane, rows: usize) {
        in_pane!(mut self, pane, list => list.set_height(rows));
    }

    /// Takes the rooms over; those that the filter leaves are shown.
    pub fn take_rooms(&mut self, rows: Vec<RoomRow>) {
        let words = folded(self.filter(Pane::Rooms));
        let words: Vec<&str> = words.split_whitespace().collect();
        let fits = |row: &&RoomRow| {
            let name = folded(room_name(&row.filter));
            words.iter().all(|word| name.contains(word))
        };
        let shown: Vec<RoomRow> = rows.iter().filter(fits).cloned().collect();
        self.rooms.take(0, shown.len() as u32, shown);
        self.all_rooms = rows;
    }

    /// What is on the screen now.
    pub fn watching(&self) -> Watched {
        fn records<T: Identified>(list: &List<T>) -> impl Iterator<Item = RecordId> {
            list.visible().filter_map(|(_, row)| match row.id() {
                RowId::Record(id) => Some(id),
                _ => None,
            })
        }
        let mut visible = Vec::new();
        for (pane, _) in super::layout::panes(self) {
            in_pane!(self, pane, list => visible.extend(records(list)));
        }
        Watched { selected: self.selected_record(self.focus), visible }
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

    /// An upload went on.
    pub fn upload(&mut self, progress: Progress) {
        if self.uploads.len() >= UPLOADS_KEPT && !self.uploads.contains_key(&progress.entry) {
            self.uploads.pop_first();
        }
        self.uploads.insert(progress.entry, progress);
    }

    /// Writes changed their state: how far they were in the one before says nothing any more.
    pub fn uploads_went_on(&mut self, delta: &Delta) {
        for touched in &delta.touched {
            if let Touched::Entry(entry) = touched {
                self.uploads.remove(entry);
            }
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
        // Said again it stands once, from now on.
        self.toasts.retain(|t| t.toast != shown.toast);
        self.toasts.push_back(shown);
        // What goes by itself makes way first.
        while self.toasts.len() > 3 {
            let Some(at) = self.toasts.iter().position(|t| t.toast.level != Level::Error) else { break };
            self.toasts.remove(at);
        }
        while self.toasts.len() > ERRORS_KEPT {
            self.toasts.pop_front();
        }
    }

    /// When this message goes by itself, if it does.
    fn goes(shown: &Shown) -> Option<Timestamp> {
        stands(shown.toast.level).and_then(|s| shown.at.checked_add(s).ok())
    }

    /// Takes away what has stood long enough.
    pub fn toasts_go(&mut self) {
        let now = self.now;
        self.toasts.retain(|t| Self::goes(t).is_none_or(|at| at > now));
    }

    /// When the next message goes by itself.
    pub fn next_toast_goes(&self) -> Option<Timestamp> {
        self.toasts.iter().filter_map(Self::goes).min()
    }

    /// Puts the errors away that stand; whether there were any.
    pub fn put_errors_away(&mut self) -> bool {
        let before = self.toasts.len();
        self.toasts.retain(|t| t.toast.level != Level::Error);
        self.toasts.len() < before
    }

    /// Shows a message of the window's own.
    pub fn tell(&mut self, level: Level, text: impl Into<String>) {
        self.say(Toast { level, text: text.into(), entry: None });
    }
}

/// How a row of the rooms pane is called.
pub fn room_name(filter: &RoomFilter) -> &str {
    match filter {
        RoomFilter::All => "All",
        RoomFilter::NoneKnown => "no room known",
        RoomFilter::Named(name) => name,
    }
}

/// Text as people type it into a filter: neither case nor accents count.
fn folded(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
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
