//! What lies over the panes. Keys go to the top one first.

use super::{
    action::Context,
    compare::CompareLayer,
    desk::{AssistanceLayer, HooksLayer, ReportLayer},
    editor::Editor,
    forms::Form,
    lines::Lines,
    list::List,
    picture::Picture,
    reader::ReaderLayer,
    timeline::TimelineLayer,
    triage::TriageLayer,
    worklist::WorklistLayer,
};
use crate::domain::{
    Command, DraftId, Entry, EntryId, Intent, Kind, Raw, Reason, RecordId,
    care::{EpisodeList, EpisodeRow, FileList, FileRow},
    command::Decision,
    dispute::Disputed,
    view::{Detail, LinkRow, OutboxRow},
};

/// A layer.
#[derive(Debug)]
pub enum Layer {
    /// Everything known of a record, beside the list.
    Detail(DetailLayer),
    /// The queued writes.
    Outbox(OutboxLayer),
    /// What the keys do.
    Help {
        /// The first line shown.
        scroll: usize,
    },
    /// Everything that can be done, by name.
    Palette(PaletteLayer),
    /// A form.
    Form(Box<Form>),
    /// A note being written.
    Editor(Box<Editor>),
    /// Links into a visit.
    VisitLinks(VisitLinksLayer),
    /// Links and proposals between vendors' records.
    Links(LinksLayer),
    /// A choice among a few things; a question with yes and no is one too.
    Choice(ChoiceLayer),
    /// Webhook registrations and what came in.
    Hooks(Box<HooksLayer>),
    /// Requests for assistance.
    Assistance(AssistanceLayer),
    /// Reports.
    Report(Box<ReportLayer>),
    /// The files of an appointment.
    Files(FilesLayer),
    /// The episodes of a patient.
    Episodes(EpisodesLayer),
    /// What happened to something.
    Timeline(Box<TimelineLayer>),
    /// Sessions that somebody should look at.
    Triage(Box<TriageLayer>),
    /// What a session came to, to be read.
    Reader(Box<ReaderLayer>),
    /// Vendors, receiver, stores.
    Health,
    /// The messages of this window.
    Log {
        /// Messages skipped from the end.
        back: usize,
    },
    /// What is to be finished.
    Worklist(Box<WorklistLayer>),
    /// Two texts of a note.
    Compare(Box<CompareLayer>),
}

/// See [`Layer::Detail`].
#[derive(Debug)]
pub struct DetailLayer {
    /// Which record.
    pub record: RecordId,
    /// What is known, once it was answered.
    pub detail: Option<Box<Detail>>,
    /// The vendor's body, when it is shown.
    pub raw: Option<Option<Raw>>,
    /// The same, wrapped.
    pub read: Lines,
    /// The first line shown.
    pub scroll: usize,
}

impl DetailLayer {
    /// The session that it is about, if it is about one.
    pub fn session(&self) -> Option<RecordId> {
        let of = |detail: &Detail| (detail.kind == Kind::Session).then_some(detail.id);
        self.detail.as_deref().and_then(of)
    }
}

/// See [`Layer::Outbox`].
#[derive(Debug, Default)]
pub struct OutboxLayer {
    /// The queue.
    pub list: List<OutboxRow>,
    /// Also what is finished.
    pub finished: bool,
    /// The write that is explained, whole.
    pub explained: Option<Box<Entry>>,
    /// The first line of the explanation shown.
    pub scroll: usize,
}

/// See [`Layer::Palette`].
#[derive(Debug, Default)]
pub struct PaletteLayer {
    /// What was typed.
    pub text: String,
    /// Which of the matching lines.
    pub selected: usize,
}

/// See [`Layer::VisitLinks`].
#[derive(Debug)]
pub struct VisitLinksLayer {
    /// Whose links.
    pub appointment: RecordId,
    /// Who comes, for the title.
    pub about: String,
    /// Label and URL, or why there are none; `None` while they are asked for.
    pub links: Option<Result<Vec<(String, String)>, Reason>>,
    /// Which.
    pub selected: usize,
    /// How the selected one is shown.
    pub shown: LinkAs,
    /// The provider's Teams link, or why there is none; `None` while it is asked for.
    pub teams: Option<Result<Vec<(String, String)>, Reason>>,
    /// The context-aware links that were made here.
    pub made: Vec<(String, String)>,
    /// The visit's id at the practice or else at its vendor, and when it begins: what a context-aware link names.
    pub visit: (String, Option<jiff::Timestamp>),
    /// The link that is copied once that is on record.
    pub copying: Option<String>,
}

/// How a link is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkAs {
    /// As text in the list of links.
    Text,
    /// As a QR code.
    Code,
    /// As text on a screen of its own.
    Alone,
}

impl VisitLinksLayer {
    /// Before anything was answered.
    pub fn new(appointment: RecordId, about: String) -> Self {
        Self {
            appointment,
            about,
            links: None,
            selected: 0,
            shown: LinkAs::Text,
            teams: None,
            made: Vec::new(),
            visit: (String::new(), None),
            copying: None,
        }
    }

    /// Shows the selected link this way, or as text again.
    pub fn turn(&mut self, to: LinkAs) {
        self.shown = if self.shown == to { LinkAs::Text } else { to };
    }

    /// Label and URL of everything that can be chosen.
    pub fn all(&self) -> Vec<&(String, String)> {
        let told = [&self.links, &self.teams].into_iter().flatten().flatten().flatten();
        told.chain(&self.made).collect()
    }
}

/// See [`Layer::Links`].
#[derive(Debug)]
pub struct LinksLayer {
    /// Of which record.
    pub record: RecordId,
    /// The links and proposals.
    pub rows: Vec<LinkRow>,
    /// Which.
    pub selected: usize,
    /// The draft that waits to be filed until a link is confirmed.
    pub then_file: Option<DraftId>,
}

/// How a question stands whose earlier answer is on the screen meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The vendor is being asked.
    Asking,
    /// It told.
    Told,
    /// It did not: what is shown is what was known before.
    Failed(Reason),
}

/// See [`Layer::Files`].
#[derive(Debug)]
pub struct FilesLayer {
    /// Of which appointment.
    pub appointment: RecordId,
    /// What is known.
    pub list: Option<Box<FileList>>,
    /// Whether that is being read again.
    pub asked: Asked,
    /// Which file.
    pub selected: Option<RecordId>,
    /// The picture in a file, or why it cannot be shown.
    pub picture: Option<(RecordId, Result<Picture, String>)>,
}

impl Layer {
    /// Where its keys are looked up before those that apply everywhere, if it has keys of its own. Everything that asks what
    /// a key means in a layer, or tells it, asks here.
    pub fn context(&self) -> Option<Context> {
        match self {
            Self::Detail(_) => Some(Context::Detail),
            Self::Outbox(_) => Some(Context::Outbox),
            Self::VisitLinks(_) => Some(Context::VisitLinks),
            Self::Hooks(_) => Some(Context::Webhooks),
            Self::Assistance(_) => Some(Context::Assistance),
            Self::Report(_) => Some(Context::Reports),
            Self::Files(_) => Some(Context::Files),
            Self::Episodes(_) => Some(Context::Episodes),
            Self::Timeline(_) => Some(Context::Timeline),
            Self::Triage(_) => Some(Context::Triage),
            Self::Reader(_) => Some(Context::Reader),
            Self::Health => Some(Context::Health),
            Self::Worklist(_) => Some(Context::Worklist),
            Self::Compare(_) => Some(Context::Compare),
            Self::Help { .. }
            | Self::Palette(_)
            | Self::Form(_)
            | Self::Editor(_)
            | Self::Links(_)
            | Self::Choice(_)
            | Self::Log { .. } => None,
        }
    }

    /// Whether one looks at a scribe's session in it: what can be done with one can be done there.
    pub fn about_session(&self) -> bool {
        match self {
            Self::Reader(_) => true,
            Self::Detail(detail) => detail.session().is_some(),
            _ => false,
        }
    }

    /// The picture that it shows.
    pub fn picture(&self) -> Option<&Picture> {
        match self {
            Self::Files(layer) => {
                let (id, picture) = layer.picture.as_ref()?;
                picture.as_ref().ok().filter(|_| layer.selected == Some(*id))
            }
            Self::Form(form) => form.picture(),
            _ => None,
        }
    }
}

impl FilesLayer {
    /// The selected file.
    pub fn current(&self) -> Option<&FileRow> {
        self.list.as_ref()?.rows.iter().find(|r| Some(r.id) == self.selected)
    }

    /// The rows by identity.
    pub fn rows(&self) -> Vec<RecordId> {
        self.list.iter().flat_map(|l| &l.rows).map(|r| r.id).collect()
    }
}

/// See [`Layer::Episodes`].
#[derive(Debug)]
pub struct EpisodesLayer {
    /// Whose.
    pub patient: RecordId,
    /// The appointment that is to be put into one.
    pub appointment: Option<RecordId>,
    /// What is known.
    pub list: Option<Box<EpisodeList>>,
    /// Whether that is being read again.
    pub asked: Asked,
    /// Which episode.
    pub selected: Option<RecordId>,
}

impl EpisodesLayer {
    /// The selected episode.
    pub fn current(&self) -> Option<&EpisodeRow> {
        self.list.as_ref()?.rows.iter().find(|r| Some(r.id) == self.selected)
    }

    /// The rows by identity.
    pub fn rows(&self) -> Vec<RecordId> {
        self.list.iter().flat_map(|l| &l.rows).map(|r| r.id).collect()
    }
}

/// See [`Layer::Choice`].
#[derive(Debug)]
pub struct ChoiceLayer {
    /// What is asked.
    pub title: String,
    /// What a person should know before choosing.
    pub lines: Vec<String>,
    /// What can be chosen.
    pub items: Vec<(String, Choice)>,
    /// Which.
    pub selected: usize,
}

/// A conflict on its way to being settled, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settling {
    /// Which write.
    pub entry: EntryId,
    /// What it wants, in words.
    pub what: &'static str,
    /// The fields in question.
    pub fields: Vec<Disputed>,
    /// So many are decided.
    pub decided: usize,
    /// Of those, the ones that stay as the person wants them.
    pub keep_mine: Vec<String>,
}

impl Settling {
    /// The next fields, so many, decided one way.
    #[must_use]
    pub fn decide(&self, fields: usize, mine: bool) -> Self {
        let mut next = self.clone();
        let decided = self.fields.iter().skip(self.decided).take(fields);
        if mine {
            next.keep_mine.extend(decided.map(|d| d.field.clone()));
        }
        next.decided = (self.decided + fields).min(self.fields.len());
        next
    }
}

/// What a chosen item does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Nothing.
    No,
    /// Decide about a write.
    Decide(EntryId, Decision),
    /// Go on settling a conflict.
    Settle(Box<Settling>),
    /// Say in which room an appointment is.
    Room(RecordId, String),
    /// Say that two records are not the same after all.
    Unlink(RecordId, RecordId),
    /// Throw a draft away.
    DropDraft(DraftId),
    /// Book for a patient.
    BookFor(RecordId),
    /// Take a write back.
    Withdraw(EntryId),
    /// Put an appointment into an episode, or into none.
    Assign {
        /// Which appointment.
        appointment: RecordId,
        /// Into which.
        episode: Option<RecordId>,
    },
    /// Open the form of a refused write again.
    AskAgain(EntryId),
    /// Close the window.
    Quit,
    /// Queue this write, and say so.
    Submit(&'static str, Box<Intent>),
    /// Do this, and say so.
    Do(&'static str, Box<Command>),
    /// Go on with this open draft.
    ShowDraft(DraftId),
}
