//! The form for a patient's demographics, new or known: what the front desk needs most first, the rest in sections below.

mod entries;
mod record;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use self::{
    entries::{Entries, Id, Part, Thing, yes_no},
    record::{address_at, email_at, flag, name_at, said_of},
};
use super::{
    Came, FormContext, HINTS, PatientIdentity, Step,
    choice::{Item, Pick},
    rule,
    sheet::{Row, Sheet},
};
use crate::{
    domain::{
        Intent, RecordId,
        patient::{EmailGroup, Gender, Patient},
    },
    tui::theme::Theme,
};

/// Why neither of the two is marked as one that must be filled in.
const ONE_NAME: &str = "one of first and last name is needed";

/// The uses that the vendor documents show; others are kept as they are.
const NAME_USES: [&str; 3] = ["usual", "official", "maiden"];
const PHONE_USES: [&str; 3] = ["home", "work", "mobile"];

/// Stands for a word of one's own in a list of words.
const OWN: &str = "\u{1}";

/// What is said of a person in words. No list is published (teladoc-solo.txt shows one word of each), so the words offered
/// are those of its example and of the lists that United States records use, and any other may be typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Language,
    Race,
    Ethnicity,
    Marital,
}

impl Said {
    const ALL: [(Self, &'static str, &'static [&'static str]); 4] = [
        (
            Self::Language,
            "Language",
            &["English", "Spanish", "French", "German", "Portuguese", "Mandarin", "Arabic", "Russian", "Vietnamese"],
        ),
        (
            Self::Race,
            "Race",
            &[
                "American Indian or Alaska Native",
                "Asian",
                "Black or African American",
                "Native Hawaiian or Other Pacific Islander",
                "White",
            ],
        ),
        (Self::Ethnicity, "Ethnicity", &["Hispanic or Latino", "not Hispanic or Latino"]),
        (
            Self::Marital,
            "Marital status",
            &["single", "married", "domestic partner", "separated", "divorced", "widowed"],
        ),
    ];

    /// Where it stands in the record.
    fn of(self, patient: &mut Patient) -> &mut Option<String> {
        match self {
            Self::Language => &mut patient.preferred_language,
            Self::Race => &mut patient.race,
            Self::Ethnicity => &mut patient.ethnicity,
            Self::Marital => &mut patient.marital_status,
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Language => &["preferred_language"],
            Self::Race => &["race"],
            Self::Ethnicity => &["ethnicity"],
            Self::Marital => &["marital_status"],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    First,
    Middle,
    Last,
    NameUse,
    BirthDate,
    Gender,
    Mrn,
    /// By its place among the phones of the form.
    Phone(usize),
    PhoneUse(usize),
    Email,
    EmailUse,
    /// A line of the address.
    Street(usize),
    Apartment,
    City,
    State,
    PostalCode,
    Country,
    AddressUse,
    Said(Said),
    /// In words of one's own.
    Own(Said),
    Active,
    Deceased,
    DeceasedAt,
    Alias,
    Account,
    Linked,
    GroupType,
    GroupName,
    Family,
    Head,
    /// A thing of which there are several, opened and closed here.
    Entry(Id),
    Part(Id, Part),
    /// One more of these, of the patient or of a contact.
    Add(Thing, Option<Id>),
}

impl Field {
    /// Of which entry it is.
    fn entry(self) -> Option<Id> {
        match self {
            Self::Entry(id) | Self::Part(id, _) | Self::Add(_, Some(id)) => Some(id),
            _ => None,
        }
    }
}

/// See the module.
#[derive(Clone)]
pub(super) struct PatientForm {
    /// `None` for a new one.
    patient: Option<RecordId>,
    base: Patient,
    /// Whether `base` is only what an import told.
    partial: bool,
    sheet: Sheet<Field>,
    /// Where the form's phones stand in the record; `None` for the one that may be added.
    phones: Vec<Option<usize>>,
    entries: Entries,
}

impl PatientForm {
    pub fn create(cx: &FormContext<'_>) -> Self {
        Self::with(None, Patient { active: Some(true), ..Patient::default() }, false, cx)
    }

    pub fn edit(patient: RecordId, base: Patient, partial: bool, cx: &FormContext<'_>) -> Self {
        Self::with(Some(patient), base, partial, cx)
    }

    fn with(patient: Option<RecordId>, base: Patient, partial: bool, cx: &FormContext<'_>) -> Self {
        let name = name_at(&base).and_then(|i| base.names.get(i)).cloned().unwrap_or_default();
        let address = address_at(&base).and_then(|i| base.addresses.get(i)).cloned().unwrap_or_default();
        let email = email_at(&base).and_then(|i| base.telecom[i].value.clone());
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let mut phones: Vec<Option<usize>> = base
            .telecom
            .iter()
            .enumerate()
            .filter(|(_, t)| t.system.as_deref() == Some("phone"))
            .map(|(i, _)| Some(i))
            .collect();
        phones.push(None);
        let mut rows = vec![
            Row::line(Field::First, "First name", &text(&name.first))
                .named(&["firstName", "names", "name"])
                .hint(ONE_NAME),
            Row::line(Field::Middle, "Middle name", &text(&name.middle)),
            Row::line(Field::Last, "Last name", &text(&name.last)).hint(ONE_NAME),
            Row::pick(
                Field::NameUse,
                "Name is",
                Pick::optional(
                    &NAME_USES,
                    Some(name.usage.as_deref().unwrap_or(if base.names.is_empty() { "usual" } else { "" })),
                ),
            ),
            Row::line(Field::BirthDate, "Birth date", &text(&base.birth_date))
                .named(&["birth_date"])
                .hint("YYYY-MM-DD, like 1971-04-03"),
            Row::pick(
                Field::Gender,
                "Gender",
                Pick::optional(&["male", "female", "other", "unknown"], base.gender.as_ref().map(Gender::as_str)),
            ),
            Row::line(Field::Mrn, "MRN", &text(&base.mrn)).hint("the practice's own number; no rule is published"),
        ];
        for (i, at) in phones.iter().enumerate() {
            let held = at.and_then(|at| base.telecom.get(at));
            let number = held.and_then(|t| t.value.clone()).unwrap_or_default();
            let label = match (i, held) {
                (0, _) => "Phone",
                (_, Some(_)) => "Another phone",
                (_, None) => "One more phone",
            };
            rows.push(Row::line(Field::Phone(i), label, &number).named(if i == 0 {
                &["telecom", "phone"]
            } else {
                &[]
            }));
            let usage = held.map_or(Some("mobile"), |t| t.usage.as_deref());
            rows.push(Row::pick(Field::PhoneUse(i), "  is", Pick::optional(&PHONE_USES, usage)));
        }
        let usage = email_at(&base).map_or(Some("home"), |i| base.telecom[i].usage.as_deref());
        rows.push(Row::line(Field::Email, "E-mail", &email.unwrap_or_default()).named(&["email"]));
        rows.push(Row::pick(Field::EmailUse, "  is", Pick::optional(&PHONE_USES, usage)));
        for i in 0..(address.line.len() + 1).max(2) {
            let (label, names): (_, &[_]) = match i {
                0 => ("Street".to_owned(), &["addresses", "address"]),
                _ => (format!("  line {}", i + 1), &[]),
            };
            rows.push(Row::line(Field::Street(i), label, address.line.get(i).map_or("", String::as_str)).named(names));
        }
        let usage = if address_at(&base).is_some() { address.usage.as_deref() } else { Some("home") };
        rows.extend([
            Row::line(Field::Apartment, "Apartment", &text(&address.apartment)),
            Row::line(Field::City, "City", &text(&address.city)),
            Row::line(Field::State, "State", &text(&address.state)),
            Row::line(Field::PostalCode, "Postal code", &text(&address.postal_code)),
            Row::line(Field::Country, "Country", &text(&address.country)),
            Row::pick(Field::AddressUse, "Address is", Pick::optional(&["home", "work"], usage)),
            Row::head(Field::Head, "About the person"),
        ]);
        for (said, label, known) in Said::ALL {
            let held = said.of(&mut base.clone()).clone().filter(|t| !t.is_empty());
            let mut items = vec![Item::new("", "–")];
            items.extend(known.iter().map(|k| Item::plain(k)));
            if let Some(held) = held.as_deref().filter(|h| !known.contains(h)) {
                items.push(Item::plain(held));
            }
            items.push(Item::new(OWN, "other, in words …"));
            let pick = Pick::new(items, held.as_deref().unwrap_or_default());
            let hint = "no list is published: choose, or say it in words of your own";
            rows.push(Row::pick(Field::Said(said), label, pick).named(said.names()).hint(hint));
            rows.push(Row::line(Field::Own(said), "  in words", "").hidden_if(true));
        }
        rows.extend([
            Row::pick(Field::Active, "Active", yes_no(base.active)),
            Row::pick(Field::Deceased, "Deceased", yes_no(base.deceased)),
            Row::line(Field::DeceasedAt, "Deceased at", &text(&base.deceased_at))
                .named(&["deceased_at"])
                .hint("like 2020-03-31 10:12 AM"),
            Row::line(Field::Alias, "Alias", &text(&name.alias)).hint("another name the person goes by"),
            Row::line(Field::Account, "Account number", &text(&base.account_number))
                .named(&["account_number"])
                .hint("the vendor calls it deprecated"),
        ]);
        let mut entries = Entries::default();
        let mut shown: Vec<usize> = phones.iter().copied().flatten().collect();
        shown.extend(email_at(&base));
        rows.extend(entries.of(&base, (name_at(&base), &shown, address_at(&base))));
        let group = |part: fn(&EmailGroup) -> &str| base.email_group.as_ref().map_or("", part).to_owned();
        rows.extend([
            Row::head(Field::Head, "A shared e-mail address"),
            Row::pick(Field::Linked, "Shares e-mail", yes_no(base.linked_by_email))
                .named(&["linked_by_email"])
                .hint("yes when a family or group has one e-mail address together"),
            Row::line(Field::GroupType, "Group type", &group(|g| &g.kind))
                .named(&["email_group", "e-mail group"])
                .hint("like family"),
            Row::line(Field::GroupName, "Group name", &group(|g| &g.name)),
            Row::pick(Field::Family, "Family member", yes_no(base.family_member))
                .hint("the vendor calls it deprecated: it adds the patient to a family that may share an address"),
        ]);
        let mut form = Self { patient, base, partial, sheet: Sheet::new(rows), phones, entries };
        form.entries.show(&mut form.sheet);
        form.judge(cx);
        form
    }

    fn judge(&mut self, cx: &FormContext<'_>) {
        let said = |field: Field| self.sheet.text(field).trim().to_owned();
        let optional = |text: &str, rule: &dyn Fn(&str) -> Result<(), String>| {
            if text.is_empty() { None } else { rule(text).err() }
        };
        let mut found = Vec::new();
        let kept = name_at(&self.base)
            .and_then(|i| self.base.names.get(i))
            .is_some_and(|n| [&n.family, &n.alias].into_iter().flatten().any(|t| !t.trim().is_empty()));
        let nameless = said(Field::First).is_empty() && said(Field::Last).is_empty();
        // No vendor requires a name; a patient without any could not be told from others.
        found.push((Field::Last, (nameless && !kept).then(|| "a first or last name is required".to_owned())));
        let birth = said(Field::BirthDate);
        // What the vendor holds may break the rule already; that hinders no other change.
        let same = |text: &str, was: Option<&str>| was.is_some_and(|was| was.trim() == text);
        let wrong = if same(&birth, self.base.birth_date.as_deref()) {
            None
        } else {
            optional(&birth, &|t| rule::birth_date(t, cx.today()))
        };
        found.push((Field::BirthDate, wrong));
        for (i, at) in self.phones.iter().enumerate() {
            let number = said(Field::Phone(i));
            let was = at.and_then(|at| self.base.telecom[at].value.as_deref());
            found.push((Field::Phone(i), if same(&number, was) { None } else { optional(&number, &rule::phone) }));
        }
        let mrn = said(Field::Mrn);
        // No rule is published, but a date has slipped into the wrong field.
        let slipped = !same(&mrn, self.base.mrn.as_deref()) && rule::looks_like_a_date(&mrn);
        let email = said(Field::Email);
        let was = email_at(&self.base).and_then(|i| self.base.telecom[i].value.as_deref());
        found.push((Field::Email, if same(&email, was) { None } else { optional(&email, &rule::email) }));
        let deceased = flag(&said(Field::Deceased));
        let at = said(Field::DeceasedAt);
        let now = cx.now.to_zoned(cx.zone.clone()).datetime();
        found.push((Field::DeceasedAt, rule::death(deceased, &at, rule::date(&birth).ok(), now).err()));
        for (field, problem) in found {
            self.sheet.judge(field, problem);
        }
        if let Some(row) = self.sheet.row_mut(Field::Mrn) {
            row.remark = slipped.then(|| "this looks like a date: does it belong into another field?".into());
        }
        // With one of the two the other may stay empty.
        let names = [Field::First, Field::Last];
        let enough = kept || names.iter().any(|field| !said_of(&self.sheet, *field).is_empty());
        for field in names {
            if let Some(row) = self.sheet.row_mut(field) {
                row.hint = if enough { "" } else { ONE_NAME };
            }
        }
        let here = self.sheet.here() == Some(Field::DeceasedAt);
        if let Some(row) = self.sheet.row_mut(Field::DeceasedAt) {
            row.hidden = deceased != Some(true) && at.is_empty() && !here;
        }
        for (said, ..) in Said::ALL {
            let own = self.sheet.text(Field::Said(said)) == OWN;
            let missing = own && self.sheet.text(Field::Own(said)).trim().is_empty();
            if let Some(row) = self.sheet.row_mut(Field::Own(said)) {
                row.hidden = !own;
                row.problem = missing.then(|| "say it in words, or choose one above".into());
            }
        }
        self.judge_group();
        self.entries.judge(&mut self.sheet, &self.base);
    }

    /// Solo: type and name of the group are needed when the record shares its address, and only then.
    fn judge_group(&mut self) {
        let shares = flag(self.sheet.text(Field::Linked)) == Some(true);
        let touched = self.group() != (self.base.linked_by_email, self.base.email_group.clone());
        for field in [Field::GroupType, Field::GroupName] {
            let missing = shares && touched && self.sheet.text(field).trim().is_empty();
            if let Some(row) = self.sheet.row_mut(field) {
                row.hidden = !shares;
                row.required = shares;
                row.problem = missing.then(|| "required when the record shares its e-mail address".into());
            }
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let sheet = &mut self.sheet;
        match (key.code, sheet.here()) {
            (KeyCode::PageDown, _) if plain => drop(sheet.turn_section(false)),
            (KeyCode::PageUp, _) if plain => drop(sheet.turn_section(true)),
            (KeyCode::Enter | KeyCode::Char(' '), Some(Field::Entry(id))) => self.entries.toggle(id, sheet),
            (KeyCode::Char('x') | KeyCode::Delete, Some(Field::Entry(id))) => self.entries.take_off(id, sheet),
            (KeyCode::Enter | KeyCode::Char(' '), Some(Field::Add(thing, of))) => self.entries.add(thing, of, sheet),
            (KeyCode::Enter, _) => {
                self.judge(cx);
                self.entries.open_broken(&mut self.sheet);
                return if self.sheet.go_to_broken() { Step::Stay } else { self.submit(cx) };
            }
            _ => {
                return match self.sheet.key(key, cx.today()) {
                    Came::Esc => Step::Esc,
                    Came::Changed(_) => {
                        self.judge(cx);
                        Step::Stay
                    }
                    _ => Step::Stay,
                };
            }
        }
        self.judge(cx);
        Step::Stay
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        let mine = self.mine();
        let Some(patient) = self.patient else {
            return Step::Submit(Box::new(Intent::CreatePatient {
                patient: RecordId::UNASSIGNED,
                chosen_id: String::new(),
                content: Box::new(mine),
            }));
        };
        if mine == self.base {
            return Step::Say("Nothing was changed.".into());
        }
        Step::Submit(Box::new(Intent::UpdatePatient {
            patient,
            base: Box::new(self.base.clone()),
            mine: Box::new(mine),
            partial: self.partial,
        }))
    }

    super::sheet_form!();

    pub fn dirty(&self) -> bool {
        self.mine() != self.base
    }

    pub fn title(&self) -> String {
        match self.patient {
            Some(_) => format!("Edit {}", PatientIdentity::from(&self.base).line()),
            None => "New patient".into(),
        }
    }

    pub fn word(&self) -> &'static str {
        if self.patient.is_some() { "edit patient" } else { "create patient" }
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = match self.sheet.here() {
            Some(Field::Entry(_)) => {
                vec![("enter", "open"), ("x", "take off"), ("tab", "next field"), ("esc", "close")]
            }
            Some(Field::Add(..)) => vec![("enter", "add"), ("tab", "next field"), ("esc", "close")],
            _ => {
                let mut hints = HINTS.to_vec();
                hints.push(("left/right", "choose"));
                hints
            }
        };
        hints.push(("pgdn", "next section"));
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
