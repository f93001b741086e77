//! The form for an episode of care, new or known.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, PatientIdentity, Step,
    choice::{Item, Pick},
    plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Intent, RecordId,
        episode::{EpisodeStatus, EpisodeTerms},
    },
    tui::theme::Theme,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Name,
    Type,
    From,
    To,
    Status,
    Objective,
    Reason,
}

const ALL: [Field; 7] =
    [Field::Name, Field::Type, Field::From, Field::To, Field::Status, Field::Objective, Field::Reason];

/// What is written in the end.
#[derive(Clone)]
enum What {
    Create { patient: RecordId },
    Change { episode: RecordId, base: Box<EpisodeTerms> },
}

/// See the module.
#[derive(Clone)]
pub(super) struct EpisodeForm {
    what: What,
    sheet: Sheet<Field>,
    given: EpisodeTerms,
}

impl EpisodeForm {
    /// For a new one. `types` are those of the patient's other episodes, which the vendor certainly takes.
    pub fn create(patient: RecordId, about: &PatientIdentity, types: &[String], cx: &FormContext<'_>) -> Self {
        let terms = EpisodeTerms { from: cx.today().to_string(), ..EpisodeTerms::default() };
        Self::with(What::Create { patient }, about, terms, types)
    }

    pub fn edit(episode: RecordId, about: &PatientIdentity, base: EpisodeTerms) -> Self {
        Self::with(What::Change { episode, base: Box::new(base.clone()) }, about, base, &[])
    }

    fn with(what: What, about: &PatientIdentity, given: EpisodeTerms, types: &[String]) -> Self {
        let mut statuses: Vec<Item> =
            EpisodeStatus::KNOWN.iter().map(|s| Item::new(s.as_str(), status_words(s))).collect();
        if let EpisodeStatus::Verbatim(word) = &given.status {
            statuses.push(Item::plain(word));
        }
        let mut kind = Row::line(Field::Type, "Type", &given.kind)
            .named(&["type"])
            .hint("one of those that the practice has set up at Solo")
            .required();
        kind.remark = (!types.is_empty()).then(|| format!("used before: {}", types.join(", ")));
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let sheet = Sheet::new(vec![
            Row::note(Field::Patient, "Patient", about.line()),
            Row::line(Field::Name, "Name", &given.name).named(&["name"]).required(),
            kind,
            Row::line(Field::From, "From", &given.from).named(&["from"]).hint("YYYY-MM-DD").required(),
            Row::line(Field::To, "To", &text(&given.to)).named(&["to"]).hint("YYYY-MM-DD, empty while open"),
            Row::pick(Field::Status, "Status", Pick::new(statuses, given.status.as_str()))
                .named(&["status"])
                .required(),
            Row::long(Field::Objective, "Objective", &text(&given.objective), 3).named(&["objective"]),
            Row::long(Field::Reason, "Why not finished", &text(&given.reason_incomplete), 3)
                .named(&["reasonIncomplete"])
                .hint("only where it ended before its objective"),
        ]);
        let mut form = Self { what, sheet, given };
        form.check();
        form
    }

    fn check(&mut self) {
        for field in [Field::Name, Field::Type] {
            let problem = rule::required(self.sheet.text(field)).err();
            self.sheet.judge(field, problem);
        }
        // What stands at the vendor in another form is not for this person to mend.
        let as_given = |field: Field, given: &str| self.sheet.text(field) == given && !given.is_empty();
        let changed = matches!(self.what, What::Change { .. });
        let (kept_from, kept_to) = (
            as_given(Field::From, &self.given.from),
            as_given(Field::To, self.given.to.as_deref().unwrap_or_default()),
        );
        let from = rule::date(self.sheet.text(Field::From).trim());
        let to_text = self.sheet.text(Field::To).trim();
        let to = if to_text.is_empty() { Ok(None) } else { rule::date(to_text).map(Some) };
        let order = match (&from, &to) {
            (Ok(from), Ok(Some(to))) if to < from => Some("before the first day".to_owned()),
            _ => None,
        };
        self.sheet.judge(Field::From, from.err().filter(|_| !(changed && kept_from)));
        self.sheet.judge(Field::To, to.err().filter(|_| !(changed && kept_to)).or(order));
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.check();
    }

    fn terms(&self) -> EpisodeTerms {
        let text = |field: Field| self.sheet.text(field).trim().to_owned();
        let optional = |field: Field| Some(text(field)).filter(|t| !t.is_empty());
        EpisodeTerms {
            name: text(Field::Name),
            kind: text(Field::Type),
            from: text(Field::From),
            to: optional(Field::To),
            status: EpisodeStatus::from(self.sheet.text(Field::Status)),
            objective: optional(Field::Objective),
            reason_incomplete: optional(Field::Reason),
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        let terms = self.terms();
        Step::Submit(Box::new(match &self.what {
            What::Create { patient } => {
                Intent::CreateEpisode { episode: RecordId::UNASSIGNED, patient: *patient, terms }
            }
            What::Change { base, .. } if **base == terms => return Step::Say("Nothing was changed.".into()),
            What::Change { episode, base } => {
                Intent::UpdateEpisode { episode: *episode, base: base.clone(), mine: Box::new(terms) }
            }
        }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        let given = |field: Field| match field {
            Field::Name => self.given.name.as_str(),
            Field::Type => &self.given.kind,
            Field::From => &self.given.from,
            Field::To => self.given.to.as_deref().unwrap_or_default(),
            Field::Status => self.given.status.as_str(),
            Field::Objective => self.given.objective.as_deref().unwrap_or_default(),
            Field::Reason => self.given.reason_incomplete.as_deref().unwrap_or_default(),
            Field::Patient => "",
        };
        ALL.iter().any(|f| self.sheet.text(*f) != given(*f))
    }

    pub fn title(&self) -> String {
        match self.what {
            What::Create { .. } => "Begin an episode of care".into(),
            What::Change { .. } => "Change an episode of care".into(),
        }
    }

    pub fn word(&self) -> &'static str {
        "episode"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = HINTS.to_vec();
        if self.sheet.here() == Some(Field::Status) {
            hints.push(("left/right", "choose"));
        }
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}

/// A status as people say it.
pub(in crate::tui) fn status_words(status: &EpisodeStatus) -> &str {
    match status {
        EpisodeStatus::Planning => "being planned",
        EpisodeStatus::Waitlist => "on a waiting list",
        EpisodeStatus::Active => "active",
        EpisodeStatus::OnHold => "on hold",
        EpisodeStatus::Finished => "finished",
        EpisodeStatus::Canceled => "called off",
        EpisodeStatus::Verbatim(word) => word,
    }
}
