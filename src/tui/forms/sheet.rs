//! What all forms share: rows of fields with labels, one of which has the keys; what is broken is said below its field.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::civil::Date;

use super::{
    area::Area,
    choice::{Day, Did, Marks, Pick},
    line::Line,
    timeline::Timeline,
};

/// What a row holds.
#[derive(Clone)]
pub(super) enum Control {
    /// A text.
    Line(Line),
    /// Paragraphs.
    Area(Box<Area>),
    /// One of several.
    Pick(Pick),
    /// Several of several.
    Marks(Marks),
    /// A day.
    Day(Day),
    /// Something to be read; the keys pass it.
    Note(String),
    /// Something that Enter does; its text says what or to what.
    Act(String),
    /// The beginning of a section; the keys pass it.
    Head,
    /// Free and taken time of a day; the keys pass it.
    Timeline(Timeline),
}

/// A labelled field.
#[derive(Clone)]
pub(super) struct Row<F> {
    /// Which.
    pub id: F,
    /// What stands before it.
    pub label: String,
    /// Its content.
    pub control: Control,
    /// Which rule is broken.
    pub problem: Option<String>,
    /// What was said of the form as it was submitted: it holds until something is changed.
    refused: Option<String>,
    /// A remark that breaks no rule.
    pub remark: Option<String>,
    /// How it is filled in, shown while it has the keys and nothing else is to be said.
    pub hint: &'static str,
    /// Whether a person was here or tried to submit, so that a broken rule may be shown.
    pub visited: bool,
    /// Whether something was typed or chosen here.
    pub touched: bool,
    /// Nothing is submitted without it; marked with a star.
    pub required: bool,
    /// Not shown and passed by the keys.
    pub hidden: bool,
    /// By which names a refusal may speak of it.
    pub names: &'static [&'static str],
}

/// What a key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came<F> {
    /// To nothing but a drawing.
    Nothing,
    /// A field's content changed.
    Changed(F),
    /// The keys went from this field to another.
    Left(F),
    /// Enter was pressed in a field.
    Enter(F),
    /// Esc was pressed.
    Esc,
}

/// The rows of a form.
#[derive(Clone)]
pub(super) struct Sheet<F> {
    pub rows: Vec<Row<F>>,
    pub at: usize,
}

impl<F: Copy + PartialEq> Sheet<F> {
    pub fn new(rows: Vec<Row<F>>) -> Self {
        let mut sheet = Self { rows, at: 0 };
        sheet.at = sheet.rows.iter().position(Row::takes_keys).unwrap_or(0);
        sheet
    }

    pub fn row(&self, id: F) -> Option<&Row<F>> {
        self.rows.iter().find(|r| r.id == id)
    }

    pub fn row_mut(&mut self, id: F) -> Option<&mut Row<F>> {
        self.rows.iter_mut().find(|r| r.id == id)
    }

    /// The field that has the keys.
    pub fn here(&self) -> Option<F> {
        self.rows.get(self.at).map(|r| r.id)
    }

    /// The content of a text or pick, as it stands.
    pub fn text(&self, id: F) -> &str {
        match self.row(id).map(|r| &r.control) {
            Some(Control::Line(line)) => line.text(),
            Some(Control::Area(area)) => area.text(),
            Some(Control::Pick(pick)) => pick.value(),
            _ => "",
        }
    }

    pub fn pick(&self, id: F) -> Option<&Pick> {
        match self.row(id).map(|r| &r.control) {
            Some(Control::Pick(pick)) => Some(pick),
            _ => None,
        }
    }

    /// What is marked.
    pub fn marked(&self, id: F) -> Vec<String> {
        match self.row(id).map(|r| &r.control) {
            Some(Control::Marks(marks)) => marks.values(),
            _ => Vec::new(),
        }
    }

    pub fn day(&self, id: F) -> Option<Date> {
        match self.row(id).map(|r| &r.control) {
            Some(Control::Day(day)) => Some(day.date),
            _ => None,
        }
    }

    /// Says what is wrong with a field, or that nothing is.
    pub fn judge(&mut self, id: F, problem: Option<String>) {
        if let Some(row) = self.row_mut(id) {
            row.problem = problem;
        }
    }

    /// Marks the field that a refusal names; whether there is one. No rule of the form's own takes that back: it is over as
    /// soon as something is changed or submitted again.
    pub fn blame(&mut self, refusal: &str) -> bool {
        let Some((id, why)) = self.named(refusal) else { return false };
        self.forgive();
        if let Some(row) = self.row_mut(id) {
            (row.problem, row.refused) = (Some(why.clone()), Some(why));
        }
        self.show_broken()
    }

    /// What was refused is another form now.
    fn forgive(&mut self) {
        for row in &mut self.rows {
            // A rule of the form's own may have found something else since.
            if row.refused.take().is_some_and(|why| row.problem == Some(why)) {
                row.problem = None;
            }
        }
    }

    /// Whether a field that is shown must be filled in.
    pub fn requires(&self) -> bool {
        self.rows.iter().any(|r| r.required && !r.hidden)
    }

    /// Gives a field the keys.
    pub fn go(&mut self, id: F) {
        if let Some(at) = self.rows.iter().position(|r| r.id == id && r.takes_keys()) {
            self.leave();
            self.at = at;
        }
    }

    /// Before a form is submitted: shows every broken rule and goes to the first; whether there is one. What was refused may
    /// be tried again.
    pub fn go_to_broken(&mut self) -> bool {
        self.forgive();
        self.show_broken()
    }

    fn show_broken(&mut self) -> bool {
        for row in &mut self.rows {
            row.visited = true;
        }
        match self.rows.iter().position(|r| r.problem.is_some() && !r.hidden) {
            Some(at) => {
                self.at = at;
                true
            }
            None => false,
        }
    }

    /// The next section, or the one before: the first field after its heading. Whether there is one.
    pub fn turn_section(&mut self, back: bool) -> bool {
        let starts = |i: usize, row: &Row<F>| i == 0 || (!row.hidden && matches!(row.control, Control::Head));
        let first = |from: usize| (from..self.rows.len()).find(|i| self.rows[*i].takes_keys());
        let mut fields: Vec<usize> =
            self.rows.iter().enumerate().filter(|(i, row)| starts(*i, row)).filter_map(|(i, _)| first(i)).collect();
        fields.dedup();
        let to =
            if back { fields.iter().rev().find(|at| **at < self.at) } else { fields.iter().find(|at| **at > self.at) };
        let Some(to) = to.copied() else { return false };
        self.leave();
        self.at = to;
        true
    }

    fn leave(&mut self) {
        if let Some(row) = self.rows.get_mut(self.at) {
            row.visited = true;
        }
    }

    fn next(&mut self, back: bool, around: bool) -> bool {
        let count = self.rows.len();
        let mut at = self.at;
        for _ in 0..count {
            at = match (back, at) {
                (true, 0) if around => count - 1,
                (false, at) if at + 1 == count && around => 0,
                (true, 0) => return false,
                (false, at) if at + 1 >= count => return false,
                (true, at) => at - 1,
                (false, at) => at + 1,
            };
            if self.rows[at].takes_keys() {
                self.leave();
                self.at = at;
                return true;
            }
        }
        false
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent, today: Date) -> Came<F> {
        if key.kind == KeyEventKind::Release {
            return Came::Nothing;
        }
        let Some(from) = self.here() else {
            return if key.code == KeyCode::Esc { Came::Esc } else { Came::Nothing };
        };
        let back = match key.code {
            KeyCode::Esc => return Came::Esc,
            // In paragraphs a new line, as the hint says.
            KeyCode::Enter
                if key.modifiers.contains(KeyModifiers::ALT)
                    && matches!(self.rows[self.at].control, Control::Area(_)) =>
            {
                None
            }
            KeyCode::Enter => return Came::Enter(from),
            KeyCode::BackTab => Some(true),
            KeyCode::Tab => Some(key.modifiers.contains(KeyModifiers::SHIFT)),
            _ => None,
        };
        if let Some(back) = back {
            return if self.next(back, true) { Came::Left(from) } else { Came::Nothing };
        }
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let did = match &mut self.rows[self.at].control {
            Control::Line(line) => match line.key(key) {
                Some(true) => Did::Changed,
                Some(false) => Did::Took,
                None => Did::Nothing,
            },
            Control::Area(area) => match area.key(key) {
                Some(true) => Did::Changed,
                Some(false) => Did::Took,
                None => Did::Nothing,
            },
            Control::Pick(pick) if plain => pick.key(key.code),
            Control::Marks(marks) if plain => marks.key(key.code),
            Control::Day(day) if plain => day.key(key.code, today),
            _ => Did::Nothing,
        };
        match (did, key.code) {
            (Did::Changed, _) => {
                let row = &mut self.rows[self.at];
                row.remark = None;
                row.touched = true;
                self.forgive();
                Came::Changed(from)
            }
            (Did::Nothing, KeyCode::Up) if self.next(true, false) => Came::Left(from),
            (Did::Nothing, KeyCode::Down) if self.next(false, false) => Came::Left(from),
            _ => Came::Nothing,
        }
    }

    /// Pastes into the field that has the keys; whether it changed.
    pub fn paste(&mut self, text: &str) -> Option<F> {
        let row = self.rows.get_mut(self.at)?;
        let changed = match &mut row.control {
            Control::Line(line) => line.insert(text).then_some(row.id),
            Control::Area(area) => area.insert(text).then_some(row.id),
            _ => None,
        };
        if changed.is_some() {
            self.forgive();
        }
        changed
    }

    /// The field that a refusal names before a colon, by one of its names or its label.
    pub fn named(&self, refusal: &str) -> Option<(F, String)> {
        let (head, rest) = refusal.split_once(':')?;
        let head = simple(head);
        let row = self.rows.iter().find(|r| {
            !r.hidden && !head.is_empty() && (simple(&r.label) == head || r.names.iter().any(|n| simple(n) == head))
        })?;
        Some((row.id, rest.trim().to_owned()))
    }
}

/// Letters and digits only, so that `birth_date`, `birthDate` and `Birth date` are one.
fn simple(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl<F> Row<F> {
    fn with(id: F, label: impl Into<String>, control: Control) -> Self {
        Self {
            id,
            label: label.into(),
            control,
            problem: None,
            refused: None,
            remark: None,
            hint: "",
            visited: false,
            touched: false,
            required: false,
            hidden: false,
            names: &[],
        }
    }

    pub fn line(id: F, label: impl Into<String>, text: &str) -> Self {
        Self::with(id, label, Control::Line(Line::new(text)))
    }

    /// A text that is not shown.
    pub fn secret(id: F, label: impl Into<String>) -> Self {
        let mut line = Line::new("");
        line.masked = true;
        // It grows without leaving copies behind.
        line.reserve();
        Self::with(id, label, Control::Line(line))
    }

    /// A text that takes several rows of the screen.
    pub fn long(id: F, label: impl Into<String>, text: &str, rows: u16) -> Self {
        let mut line = Line::new(text);
        line.rows = rows;
        Self::with(id, label, Control::Line(line))
    }

    /// Paragraphs, in so many rows of the screen at most; alt-enter begins a new line.
    pub fn paragraphs(id: F, label: impl Into<String>, text: &str, rows: u16) -> Self {
        Self::with(id, label, Control::Area(Box::new(Area::new(text, rows))))
    }

    pub fn pick(id: F, label: impl Into<String>, pick: Pick) -> Self {
        Self::with(id, label, Control::Pick(pick))
    }

    pub fn marks(id: F, label: impl Into<String>, items: Vec<(String, bool)>) -> Self {
        Self::with(id, label, Control::Marks(Marks { items, at: 0 }))
    }

    pub fn day(id: F, label: impl Into<String>, date: Date) -> Self {
        Self::with(id, label, Control::Day(Day { date }))
    }

    pub fn note(id: F, label: impl Into<String>, text: impl Into<String>) -> Self {
        Self::with(id, label, Control::Note(text.into()))
    }

    /// A row on which Enter does something.
    pub fn act(id: F, label: impl Into<String>, text: impl Into<String>) -> Self {
        Self::with(id, label, Control::Act(text.into()))
    }

    /// The heading of a section.
    pub fn head(id: F, label: impl Into<String>) -> Self {
        Self::with(id, label, Control::Head)
    }

    pub fn timeline(id: F, label: impl Into<String>, timeline: Timeline) -> Self {
        Self::with(id, label, Control::Timeline(timeline))
    }

    pub fn named(mut self, names: &'static [&'static str]) -> Self {
        self.names = names;
        self
    }

    pub fn hint(mut self, hint: &'static str) -> Self {
        self.hint = hint;
        self
    }

    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub fn hidden_if(mut self, hidden: bool) -> Self {
        self.hidden = hidden;
        self
    }

    /// Whether the keys stop here.
    pub fn takes_keys(&self) -> bool {
        !self.hidden && !matches!(self.control, Control::Note(_) | Control::Head | Control::Timeline(_))
    }
}
