//! The one table of what a key can do. Keymap, footer hints, help, palette and `docs/KEYS.md` are all made from it.

use std::fmt::Write as _;

/// Where an action applies. A key is looked up from the top layer down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Everywhere outside text fields.
    Global,
    /// The rooms pane.
    Rooms,
    /// The appointments pane.
    Appointments,
    /// The patients pane.
    Patients,
    /// The sessions pane.
    Sessions,
    /// The notes pane.
    Notes,
    /// The outbox layer.
    Outbox,
    /// The details of something.
    Detail,
    /// The links into a visit.
    VisitLinks,
    /// The webhooks layer.
    Webhooks,
    /// The layer of requests for assistance.
    Assistance,
    /// The reports layer.
    Reports,
    /// The files of an appointment.
    Files,
    /// The episodes of a patient.
    Episodes,
    /// What happened to something.
    Timeline,
    /// Sessions that somebody should look at.
    Triage,
    /// What a session came to, being read.
    Reader,
    /// How vendors, receiver and stores do.
    Health,
    /// What is to be finished.
    Worklist,
    /// Two texts of a note beside each other.
    Compare,
}

impl Context {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 20] = [
        Self::Global,
        Self::Rooms,
        Self::Appointments,
        Self::Patients,
        Self::Sessions,
        Self::Notes,
        Self::Outbox,
        Self::Detail,
        Self::VisitLinks,
        Self::Webhooks,
        Self::Assistance,
        Self::Reports,
        Self::Files,
        Self::Episodes,
        Self::Timeline,
        Self::Triage,
        Self::Reader,
        Self::Health,
        Self::Worklist,
        Self::Compare,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Rooms => "Rooms",
            Self::Appointments => "Appointments",
            Self::Patients => "Patients",
            Self::Sessions => "Sessions",
            Self::Notes => "Notes",
            Self::Outbox => "Outbox",
            Self::Detail => "Details",
            Self::VisitLinks => "Links into a visit",
            Self::Webhooks => "Webhooks",
            Self::Assistance => "Requests for assistance",
            Self::Reports => "Reports",
            Self::Files => "Files",
            Self::Episodes => "Episodes of care",
            Self::Timeline => "What happened",
            Self::Triage => "Triage",
            Self::Reader => "Reading a session",
            Self::Health => "Vendors, receiver, stores",
            Self::Worklist => "Worklist",
            Self::Compare => "Comparing a note",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// Its name in a keymap.
    pub name: &'static str,
    /// A word or two for the footer.
    pub hint: &'static str,
    /// One line.
    pub doc: &'static str,
    /// The chords that come with wardroom.
    pub keys: &'static [&'static str],
    /// Where it applies.
    pub contexts: &'static [Context],
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $variant:ident, $name:literal, $hint:literal, [$($key:literal),*], [$($context:ident),*];)*) => {
        /// What a key, or a line of the palette, can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[doc = $doc])+ $variant,)*
        }

        /// The table.
        pub const TABLE: &[Entry] = &[
            $(Entry {
                action: Action::$variant,
                name: $name,
                hint: $hint,
                doc: concat!($($doc),+),
                keys: &[$($key),*],
                contexts: &[$(Context::$context),*],
            },)*
        ];
    };
}

actions! {
    /// Down one row.
    Down, "down", "down", ["j", "down"], [Global];
    /// Up one row.
    Up, "up", "up", ["k", "up"], [Global];
    /// To the pane on the left.
    Left, "left", "left", ["h", "left"], [Global];
    /// To the pane on the right.
    Right, "right", "right", ["l", "right"], [Global];
    /// Down a screenful.
    PageDown, "page-down", "page", ["pgdn", "space", "ctrl-d"], [Global];
    /// Up a screenful.
    PageUp, "page-up", "page up", ["pgup", "ctrl-u"], [Global];
    /// To the first row.
    First, "first", "first", ["g", "home"], [Global];
    /// To the last row.
    Last, "last", "last", ["G", "end"], [Global];
    /// To the rooms.
    FocusRooms, "focus-rooms", "rooms", ["1"], [Global];
    /// To the appointments.
    FocusAppointments, "focus-appointments", "appointments", ["2"], [Global];
    /// To the patients.
    FocusPatients, "focus-patients", "patients", ["3"], [Global];
    /// To the sessions.
    FocusSessions, "focus-sessions", "sessions", ["4"], [Global];
    /// To the notes.
    FocusNotes, "focus-notes", "notes", ["5"], [Global];
    /// To the next pane.
    NextPane, "next-pane", "next pane", ["tab"], [Global];
    /// To the previous pane.
    PreviousPane, "previous-pane", "previous pane", ["backtab"], [Global];
    /// Open what is selected.
    Open, "open", "open", ["enter"], [Global];
    /// One step back: close the top layer, clear the filter, widen what the panes show.
    Back, "back", "back", ["esc"], [Global];
    /// Filter the rows of this pane.
    Filter, "filter", "filter", ["/"], [Global];
    /// Find a patient from anywhere.
    FindAnywhere, "find", "find", ["F", "ctrl-f"], [Global];
    /// Everything that can be done, by name.
    Palette, "palette", "palette", [":", "ctrl-p"], [Global];
    /// What the keys do.
    Help, "help", "help", ["?"], [Global];
    /// Give this pane the whole window, or take it back.
    Zoom, "zoom", "zoom", ["z"], [Global];
    /// The queued writes.
    Outbox, "outbox", "outbox", ["o"], [Global];
    /// How each vendor does, the receiver and the stores.
    Health, "health", "vendors", ["w"], [Global];
    /// The messages of this window.
    Log, "log", "messages", ["M"], [Global];
    /// Take the last queued write back, if nothing was sent of it yet.
    WithdrawLast, "withdraw-last", "withdraw", ["u"], [Global];
    /// The board of the day before.
    DayBefore, "day-before", "day before", ["["], [Global];
    /// The board of the day after.
    DayAfter, "day-after", "day after", ["]"], [Global];
    /// The board of today.
    Today, "today", "today", ["T"], [Global];
    /// Close the window. Queued writes stay queued.
    Quit, "quit", "quit", ["q", "ctrl-c"], [Global];
    /// Step out to the shell; `fg` comes back.
    Suspend, "suspend", "suspend", ["ctrl-z"], [Global];
    /// Use the mouse in the window, or leave it to the terminal.
    Mouse, "mouse", "mouse", ["m"], [Global];
    /// Draw the whole window again.
    Redraw, "redraw", "redraw", ["ctrl-l"], [Global];
    /// Make a new patient.
    NewPatient, "new-patient", "new patient", ["n"], [Rooms, Appointments, Patients];
    /// Write a new note for the visit or patient at hand.
    NewNote, "new-note", "new note", ["n"], [Sessions, Notes];
    /// Look a patient up by patient id, SPID or HSID.
    LookUp, "look-up", "look up", ["I"], [Rooms, Appointments, Patients];
    /// Edit the patient.
    EditPatient, "edit-patient", "edit", ["e"], [Patients, Appointments];
    /// Edit the draft.
    EditNote, "edit-note", "edit", ["e"], [Notes];
    /// Book an appointment for the patient at hand.
    Book, "book", "book", ["b"], [Rooms, Appointments, Patients];
    /// Move the appointment to another time.
    Reschedule, "reschedule", "reschedule", ["r"], [Appointments];
    /// Cancel the appointment.
    Cancel, "cancel", "cancel", ["x"], [Appointments];
    /// The links into the visit, or to a session's recorder and summary, as text and QR code.
    VisitLinks, "visit-links", "links", ["v"], [Appointments, Sessions];
    /// Start a scribe session for the appointment.
    StartScribe, "start-scribe", "scribe", ["s"], [Appointments];
    /// Answer the questions of the visit note.
    VisitNote, "visit-note", "visit note", ["V"], [Appointments];
    /// Say in which waiting room the appointment is, where no vendor tells.
    SetRoom, "set-room", "set room", ["R"], [Appointments];
    /// The files on the appointment.
    Files, "files", "files", ["A"], [Appointments];
    /// Put the appointment into an episode of care, or take it out of one.
    AssignEpisode, "assign-episode", "episode", ["E"], [Appointments];
    /// The patient's episodes of care.
    Episodes, "episodes", "episodes", ["E"], [Patients];
    /// Add a document to the patient's record.
    AddDocument, "add-document", "document", ["d"], [Patients];
    /// Ask for a consult for the patient (perfect answer).
    AskConsult, "ask-consult", "consult", ["c"], [Patients];
    /// Put a file on the appointment.
    AddFile, "add-file", "add", ["a", "n"], [Files];
    /// Delete the file, or take back one that was not sent yet.
    DeleteFile, "delete-file", "delete", ["x"], [Files];
    /// Show the picture in a file that was sent from here, or hide it.
    ShowPicture, "show-picture", "picture", ["p"], [Files];
    /// Begin an episode of care.
    NewEpisode, "new-episode", "new", ["n"], [Episodes];
    /// Change the episode of care.
    EditEpisode, "edit-episode", "edit", ["e"], [Episodes];
    /// Read what the session came to; what was said and other documents where its vendor has them.
    ReadSummary, "read-summary", "read", ["r"], [Sessions];
    /// Make a note draft of the session's summary; what the scribe wrote stays marked in it.
    DraftFromSummary, "draft-from-summary", "draft", ["d"], [Sessions];
    /// Have the session's note written anew and watch it being written (Heidi).
    WriteNote, "write-note", "write note", ["s"], [Sessions];
    /// Ask about the session or its note and watch the answer being written (Heidi).
    AskScribe, "ask-scribe", "ask", ["a"], [Sessions];
    /// Say what else the note is written from: context notes, earlier sessions (Heidi).
    Context, "session-context", "context", ["c"], [Sessions];
    /// Have a document written from the session (Heidi).
    WriteDocument, "write-document", "document", ["D"], [Sessions];
    /// Change what the vendor holds of the session (Heidi).
    EditSession, "edit-session", "edit", ["e"], [Sessions];
    /// Say which of the vendor's own patients the session is about (Heidi).
    AssignProfile, "assign-profile", "profile", ["i"], [Sessions];
    /// The text of the session that is being written, or was written last while this window watched.
    WatchStream, "watch", "watch", ["p"], [Sessions];
    /// To the next place of what is looked for.
    FindNext, "find-next", "next", ["n"], [Reader];
    /// To the place before of what is looked for.
    FindPrevious, "find-previous", "previous", ["N"], [Reader];
    /// Read no further what is being written; what came stays.
    StopWriting, "stop-writing", "stop", ["x"], [Reader];
    /// Have the session's summary written anew from what was recorded; a doctor must approve it again.
    Regenerate, "regenerate", "regenerate", ["R"], [Sessions];
    /// Bring the original text of the session's summary back; a doctor must approve it again.
    Recover, "recover", "recover", ["O"], [Sessions];
    /// File the note into the EMR, or again one that failed there.
    FileNote, "file-note", "file", ["f"], [Notes];
    /// Ask for an addendum to a session note, or answer the selected addendum.
    Addendum, "addendum", "addendum", ["a"], [Notes];
    /// Sign a session note off, or change the selected sign-off.
    SignOff, "sign-off", "sign off", ["S"], [Notes];
    /// Throw the draft away.
    DropDraft, "drop-draft", "drop", ["D"], [Notes];
    /// Confirm that two vendors' records are the same, or say that they are not.
    Links, "links", "same as…", ["="], [Appointments, Patients, Sessions, Notes, Detail];
    /// What happened to it: requests, webhooks, polls, changes and what people did, in one order.
    Timeline, "timeline", "what happened", ["t"], [Appointments, Sessions, Notes, Outbox, Detail, Triage];
    /// Show the values that are masked. That you looked is kept in the audit log.
    RevealValues, "reveal-values", "values", ["R"], [Timeline];
    /// Mark an event; on a second one, show what differs between the two.
    MarkState, "mark-state", "mark, compare", ["d"], [Timeline];
    /// Read it again from its vendor, now.
    Refresh, "refresh", "read again", ["U"],
        [Appointments, Patients, Sessions, Notes, Detail, Webhooks, Assistance, Files, Episodes, Timeline, Triage];
    /// The vendor's own words: the raw body.
    Raw, "raw", "raw", ["J"], [Appointments, Patients, Sessions, Notes, Detail];
    /// Try the queued write again now.
    Retry, "retry", "retry", ["r"], [Outbox];
    /// Take the queued write back.
    Withdraw, "withdraw", "withdraw", ["x"], [Outbox];
    /// Decide about a write whose outcome cannot be found out, or settle a conflict.
    Decide, "decide", "decide", ["d"], [Outbox];
    /// Copy the link through the terminal, where that is configured.
    CopyLink, "copy-link", "copy", ["y"], [VisitLinks];
    /// Show the link alone from edge to edge, to be selected with the mouse.
    LinkAlone, "link-alone", "link alone", ["a"], [VisitLinks];
    /// Make a link that opens the visit for somebody who comes from another program.
    ContextLink, "context-link", "context link", ["c"], [VisitLinks];
    /// Also show what is finished, or hide it.
    Finished, "finished", "finished", ["a"], [Outbox];
    /// Stop the first fill or the import that is under way; what came so far stays.
    StopFilling, "stop-filling", "stop filling", ["x"], [Health];
    /// Register a doctor at a facility with the scribe (Noa).
    RegisterDoctor, "register-doctor", "register doctor", ["n"], [Health];
    /// Change the name of a doctor at a facility (Noa).
    ChangeDoctor, "change-doctor", "change doctor", ["e"], [Health];
    /// The account behind the scribe: which one is linked, another one, or none (Heidi).
    LinkedAccount, "linked-account", "account", ["a"], [Health];
    /// Say that somebody has logged in again where a vendor asked for it: notes are sent from then on.
    AccountDone, "account-done", "logged in again", ["L"], [Health];
    /// Webhook registrations, what came in, and exchanging a registration.
    Webhooks, "webhooks", "webhooks", ["W"], [Global];
    /// Requests for assistance at beds: virtual nursing and sitting.
    Assistance, "assistance", "beds", ["N"], [Global];
    /// Reports: an encounter report as a table; the data dump saved to a file or imported.
    Reports, "reports", "reports", ["P"], [Global];
    /// Register for webhooks.
    AddHook, "add-webhook", "add", ["n"], [Webhooks];
    /// Change a registration's address or events.
    EditHook, "edit-webhook", "edit", ["e"], [Webhooks];
    /// Have the vendor forget a registration.
    DeleteHook, "delete-webhook", "delete", ["x"], [Webhooks];
    /// Exchange a registration for a fresh one without losing a delivery.
    RotateHook, "rotate-webhook", "rotate", ["r"], [Webhooks];
    /// Go on with the exchange of a registration.
    GoOn, "go-on", "go on", ["c"], [Webhooks];
    /// Give the exchange of a registration up.
    GiveUp, "give-up", "give up", ["X"], [Webhooks];
    /// Work a webhook that came in through once more.
    Replay, "replay-webhook", "replay", ["p"], [Webhooks];
    /// Ask for somebody at a bed.
    AskAssistance, "ask-assistance", "ask", ["n"], [Assistance];
    /// Look whether a request stands at a bed.
    FindAssistance, "find-assistance", "look at a bed", ["i"], [Assistance];
    /// Call a request off.
    CancelAssistance, "cancel-assistance", "call off", ["x"], [Assistance];
    /// Order an encounter report and open it as a table.
    OrderReport, "order-report", "order", ["n"], [Reports];
    /// Save the data dump of some days to a file.
    SaveDump, "save-dump", "save dump", ["d"], [Reports];
    /// Open an encounter report that lies on the disk.
    OpenReport, "open-report", "open", ["O"], [Reports];
    /// Import a data dump that lies on the disk into the cache.
    ImportDump, "import-dump", "import dump", ["i"], [Reports];
    /// Stop the report under way.
    StopReport, "stop-report", "stop", ["x"], [Reports];
    /// The scribe sessions that somebody should look at, by cause.
    Triage, "triage", "triage", ["!"], [Global];
    /// Do what is safe about the session, or about all of the cause, once you agreed to how many.
    RetryStuck, "unstick", "try again", ["r"], [Triage];
    /// Do what is safe about all listed sessions, once you agreed to how many.
    RetryAllStuck, "unstick-all", "try all again", ["a"], [Triage];
    /// Begin nothing more of what is being tried again.
    StopRetry, "stop-unsticking", "stop", ["x"], [Triage];
    /// What could not be done when it was tried last, and why; or back to the list.
    NotDone, "not-done", "not done", ["n"], [Triage];
    /// Sort by the first column shown: upwards, downwards, as it came.
    SortReport, "sort-report", "sort", ["s"], [Reports];
    /// What is to be finished, across all vendors: unsigned, to co-sign, sent back, failed, unresolved.
    Worklist, "worklist", "worklist", ["K"], [Global];
    /// Sort the worklist by something else.
    SortWorklist, "sort-worklist", "sort", ["s"], [Worklist];
    /// Turn the worklist's order round.
    ReverseWorklist, "reverse-worklist", "reverse", ["r"], [Worklist];
    /// Compare what a scribe wrote, what stands in the note, and what its vendor accepted.
    Compare, "compare", "compare", ["C"], [Notes];
    /// To the next change.
    NextChange, "next-change", "next change", ["n"], [Compare];
    /// To the change before.
    PreviousChange, "previous-change", "previous", ["N"], [Compare];
    /// Side by side, or in one text.
    CompareBeside, "compare-beside", "beside, inline", ["v"], [Compare];
    /// The next two of the note's texts.
    ComparePair, "compare-pair", "other texts", ["c", "tab"], [Compare];
}

impl Action {
    /// Its row of the table.
    pub fn entry(self) -> &'static Entry {
        // The macro writes one row for each variant in the same order.
        &TABLE[self as usize]
    }
}

/// `docs/KEYS.md`.
pub fn document() -> String {
    let mut out = String::from(
        "# Keys\n\nMade from the action table in `src/tui/action.rs`; a test keeps it fresh. Everything works without Ctrl and Alt.\n\
         A keymap of one's own stands in the configuration under `[window]`: `keys = { book = [\"B\"] }`. The palette (`:`) \
         does everything by name.\n",
    );
    for context in Context::ALL {
        let _ = write!(out, "\n## {}\n\n| keys | name | what it does |\n| --- | --- | --- |\n", context.name());
        for entry in TABLE.iter().filter(|e| e.contexts.contains(&context)) {
            let keys = entry.keys.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(" ");
            let _ = writeln!(out, "| {keys} | {} | {} |", entry.name, entry.doc.trim());
        }
    }
    for (name, keys) in super::editor::KEYS {
        let _ = write!(out, "\n## {name}\n\n| keys | what it does |\n| --- | --- |\n");
        for (keys, doc) in *keys {
            let keys = keys.split(' ').map(|k| format!("`{k}`")).collect::<Vec<_>>().join(" ");
            let _ = writeln!(out, "| {keys} | {doc} |");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_finds_its_own_row() {
        for entry in TABLE {
            assert_eq!(entry.action.entry().name, entry.name);
        }
    }

    #[test]
    fn every_action_works_without_ctrl_and_alt_or_has_another_way() {
        for entry in TABLE {
            let plain = entry.keys.iter().any(|k| !k.starts_with("ctrl-") && !k.starts_with("alt-"));
            assert!(plain || matches!(entry.action, Action::Suspend | Action::Redraw), "{}", entry.name);
        }
    }

    #[test]
    fn the_document_of_keys_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/KEYS.md");
        if std::env::var_os("WARDROOM_WRITE_DOCS").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        let stands = std::fs::read_to_string(path).unwrap_or_default();
        assert!(stands == document(), "docs/KEYS.md is old; WARDROOM_WRITE_DOCS=1 cargo test writes it");
    }
}
