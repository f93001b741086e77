//! The forms of reports: order one, open one that lies on the disk; save the data dump, import one.

use crossterm::event::KeyEvent;
use jiff::{Timestamp, ToSpan, civil::Date};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, Step, plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Command, Secret,
        report::{ReportAct, ReportOrder},
    },
    tui::theme::Theme,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    From,
    To,
    Preset,
    Password,
    Again,
    Path,
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Order,
    Dump,
    Open,
    Import,
}

/// See the module.
#[derive(Clone)]
pub(super) struct ReportForm {
    sheet: Sheet<Field>,
    what: What,
    given: Vec<String>,
}

const TEXTS: [Field; 4] = [Field::Preset, Field::Password, Field::Again, Field::Path];

impl ReportForm {
    pub fn order(cx: &FormContext<'_>) -> Self {
        Self::new(What::Order, "", cx)
    }

    pub fn dump(cx: &FormContext<'_>) -> Self {
        Self::new(What::Dump, "", cx)
    }

    pub fn open(cx: &FormContext<'_>) -> Self {
        Self::new(What::Open, "", cx)
    }

    /// `saved`: the dump that was saved last, where one was.
    pub fn import(saved: &str, cx: &FormContext<'_>) -> Self {
        Self::new(What::Import, saved, cx)
    }

    fn new(what: What, saved: &str, cx: &FormContext<'_>) -> Self {
        let today = cx.today();
        let from = today.checked_sub(7.days()).unwrap_or(today);
        let path = match what {
            What::Order => format!("~/encounters-{today}.zip"),
            What::Dump => format!("~/data-dump-{today}.csv"),
            What::Open | What::Import => saved.to_owned(),
        };
        let order = what == What::Order;
        let open = matches!(what, What::Open | What::Import);
        let note = match what {
            What::Order => "The report stays locked with this password on the disk; nobody here keeps the password.",
            What::Dump => "The file is not locked: it holds patients' data, and only you can read it.",
            What::Open => "What it says is in memory only while you look at it.",
            What::Import => {
                "Patients and appointments go into the cache; what was read from the vendor itself is not replaced. It can be \
                 stopped, and goes on from there when the same file is imported again."
            }
        };
        let sheet = Sheet::new(vec![
            Row::day(Field::From, "From", from).hidden_if(open),
            Row::day(Field::To, "To", today).hidden_if(open),
            Row::line(Field::Preset, "Preset", "")
                .named(&["presetId"])
                .hint("the id of a preset of the vendor's web application")
                .required()
                .hidden_if(!order),
            Row::line(Field::Path, path_label(what), &path)
                .named(&["save to", "path", "file"])
                .hint("a whole path")
                .required(),
            Row::secret(Field::Password, "Password").required().hidden_if(matches!(what, What::Dump | What::Import)),
            Row::secret(Field::Again, "Once more").required().hidden_if(!order),
            Row::note(Field::Note, "", note),
        ]);
        let mut form = Self { sheet, what, given: Vec::new() };
        form.check();
        form.given = TEXTS.iter().map(|f| form.sheet.text(*f).to_owned()).collect();
        form
    }

    fn check(&mut self) {
        let days = self.sheet.day(Field::From).zip(self.sheet.day(Field::To));
        let backwards = !matches!(self.what, What::Open | What::Import) && days.is_some_and(|(from, to)| to < from);
        self.sheet.judge(Field::To, backwards.then(|| "must not be before the first day".to_owned()));
        let missing = |sheet: &Sheet<Field>, field| {
            let shown = sheet.row(field).is_some_and(|r| !r.hidden);
            shown.then(|| rule::required(sheet.text(field)).err()).flatten()
        };
        for field in [Field::Preset, Field::Password] {
            let problem = missing(&self.sheet, field);
            self.sheet.judge(field, problem);
        }
        let path = self.sheet.text(Field::Path).trim();
        let whole = path.starts_with('/') || path.starts_with("~/");
        self.sheet.judge(Field::Path, (!whole).then(|| "a whole path begins with / or ~/".to_owned()));
        let differs = self.what == What::Order && self.sheet.text(Field::Password) != self.sheet.text(Field::Again);
        self.sheet.judge(Field::Again, differs.then(|| "this is not the same password".to_owned()));
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.check();
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&self, cx: &FormContext<'_>) -> Step {
        let path = self.sheet.text(Field::Path).trim().to_owned();
        let password = Secret::new(self.sheet.text(Field::Password));
        let days = self.sheet.day(Field::From).zip(self.sheet.day(Field::To));
        if self.what == What::Import {
            let command = Command::Import { file: path.into(), as_of: None };
            return Step::Do("the import begins; w shows how far it is", Box::new(command));
        }
        let (word, act) = match (self.what, days) {
            (What::Open, _) => ("the report is being opened", ReportAct::Open { path, password }),
            (What::Dump, Some((from, to))) => ("the data dump is on its way", ReportAct::Dump { from, to, path }),
            (What::Order, Some((from, to))) => match span(from, to, cx) {
                Some((from, to)) => {
                    let preset = self.sheet.text(Field::Preset).trim().to_owned();
                    let order = ReportOrder { from, to, preset, password };
                    ("the report is ordered; this window shows how far it is", ReportAct::Order { order, path })
                }
                None => return Step::Say("these days cannot be meant".into()),
            },
            (What::Import, _) | (_, None) => return Step::Say("these days cannot be meant".into()),
        };
        Step::Do(word, Box::new(Command::Report { act: Box::new(act) }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        TEXTS.iter().zip(&self.given).any(|(f, given)| self.sheet.text(*f) != given)
    }

    pub fn title(&self) -> String {
        match self.what {
            What::Order => "Order an encounter report",
            What::Dump => "Save the data dump",
            What::Open => "Open an encounter report",
            What::Import => "Import a data dump",
        }
        .into()
    }

    pub fn word(&self) -> &'static str {
        "report"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = vec![(
            "enter",
            match self.what {
                What::Order => "order",
                What::Dump => "save",
                What::Open => "open",
                What::Import => "import",
            },
        )];
        hints.extend(&HINTS[1..]);
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}

fn path_label(what: What) -> &'static str {
    match what {
        What::Order | What::Dump => "Save to",
        What::Open => "Report",
        What::Import => "Data dump",
    }
}

/// From the beginning of the first day to the last second of the last, by the clinic's clock.
fn span(from: Date, to: Date, cx: &FormContext<'_>) -> Option<(Timestamp, Timestamp)> {
    let start = |day: Date| day.to_zoned(cx.zone.clone()).ok().map(|z| z.timestamp());
    let end = start(to.checked_add(1.day()).ok()?)?.checked_sub(1.second()).ok()?;
    Some((start(from)?, end))
}
