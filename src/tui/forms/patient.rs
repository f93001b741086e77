//! The form for a patient's demographics, new or known.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, PatientIdentity, Step,
    choice::{Item, Pick},
    rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Intent, RecordId,
        patient::{Address, Gender, HumanName, Patient, Telecom},
    },
    tui::theme::Theme,
};

/// The uses that the vendor documents show; others are kept as they are.
const NAME_USES: [&str; 3] = ["usual", "official", "maiden"];
const PHONE_USES: [&str; 3] = ["home", "work", "mobile"];

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
    Street,
    Apartment,
    City,
    State,
    PostalCode,
    Country,
    Language,
    Race,
    Ethnicity,
    MaritalStatus,
    Active,
    Deceased,
    DeceasedAt,
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
                .hint("a first or a last name is needed")
                .required(),
            Row::line(Field::Middle, "Middle name", &text(&name.middle)),
            Row::line(Field::Last, "Last name", &text(&name.last)).hint("a first or a last name is needed").required(),
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
        let yes_no = |value: Option<bool>| {
            let items = vec![Item::new("", "–"), Item::new("true", "yes"), Item::new("false", "no")];
            Pick::new(items, value.map_or("", |v| if v { "true" } else { "false" }))
        };
        rows.extend([
            Row::line(Field::Email, "E-mail", &email.unwrap_or_default()).named(&["email"]),
            Row::line(Field::Street, "Street", address.line.first().map_or("", String::as_str))
                .named(&["addresses", "address"]),
            Row::line(Field::Apartment, "Apartment", &text(&address.apartment)),
            Row::line(Field::City, "City", &text(&address.city)),
            Row::line(Field::State, "State", &text(&address.state)),
            Row::line(Field::PostalCode, "Postal code", &text(&address.postal_code)),
            Row::line(Field::Country, "Country", &text(&address.country)),
            Row::line(Field::Language, "Language", &text(&base.preferred_language)).named(&["preferred_language"]),
            Row::line(Field::Race, "Race", &text(&base.race)),
            Row::line(Field::Ethnicity, "Ethnicity", &text(&base.ethnicity)),
            Row::line(Field::MaritalStatus, "Marital status", &text(&base.marital_status)),
            Row::pick(Field::Active, "Active", yes_no(base.active)),
            Row::pick(Field::Deceased, "Deceased", yes_no(base.deceased)),
            Row::line(Field::DeceasedAt, "Deceased at", &text(&base.deceased_at))
                .named(&["deceased_at"])
                .hint("like 2020-03-31 10:12 AM"),
        ]);
        let mut form = Self { patient, base, partial, sheet: Sheet::new(rows), phones };
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
        for (field, other) in [(Field::First, Field::Last), (Field::Last, Field::First)] {
            let enough = kept || !said_of(&self.sheet, other).is_empty();
            if let Some(row) = self.sheet.row_mut(field) {
                row.required = !enough;
                row.hint = if enough { "" } else { "a first or a last name is needed" };
            }
        }
        let here = self.sheet.here() == Some(Field::DeceasedAt);
        if let Some(row) = self.sheet.row_mut(Field::DeceasedAt) {
            row.hidden = deceased != Some(true) && at.is_empty() && !here;
        }
    }

    /// The record as the form says it; what it has no field for is as it was.
    fn mine(&self) -> Patient {
        let mut mine = self.base.clone();
        self.write_name(&mut mine);
        self.put(Field::BirthDate, &mut mine.birth_date);
        self.put(Field::Mrn, &mut mine.mrn);
        let gender = self.sheet.text(Field::Gender);
        if mine.gender.as_ref().map_or("", Gender::as_str) != gender {
            mine.gender = (!gender.is_empty()).then(|| gender.into());
        }
        self.write_telecom(&mut mine);
        self.write_address(&mut mine);
        self.put(Field::Language, &mut mine.preferred_language);
        self.put(Field::Race, &mut mine.race);
        self.put(Field::Ethnicity, &mut mine.ethnicity);
        self.put(Field::MaritalStatus, &mut mine.marital_status);
        mine.active = flag(self.sheet.text(Field::Active));
        mine.deceased = flag(self.sheet.text(Field::Deceased));
        self.put(Field::DeceasedAt, &mut mine.deceased_at);
        mine
    }

    /// Writes a field's text where it differs from what stands there; an emptied one is taken away.
    fn put(&self, field: Field, slot: &mut Option<String>) {
        let typed = self.sheet.text(field);
        let was = slot.as_deref().unwrap_or_default();
        if typed == was || typed.trim() == was {
            return;
        }
        *slot = Some(typed.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
    }

    fn write_name(&self, mine: &mut Patient) {
        let typed = [Field::First, Field::Middle, Field::Last].iter().any(|f| !self.sheet.text(*f).trim().is_empty());
        let known = name_at(mine);
        let mut name = match known {
            Some(i) => mine.names[i].clone(),
            None if typed => HumanName::default(),
            None => return,
        };
        let old = [name.whole(false), name.whole(true)];
        self.put(Field::First, &mut name.first);
        self.put(Field::Middle, &mut name.middle);
        self.put(Field::Last, &mut name.last);
        self.put(Field::NameUse, &mut name.usage);
        // Solo keeps the whole name in `family`; it follows where it was just that.
        let family = name.family.clone().unwrap_or_default();
        if known.is_none() || (!family.is_empty() && family == old[0]) {
            name.family = Some(name.whole(false));
        } else if !family.is_empty() && family == old[1] {
            name.family = Some(name.whole(true));
        }
        match known {
            Some(i) => mine.names[i] = name,
            None => mine.names.push(name),
        }
    }

    fn write_telecom(&self, mine: &mut Patient) {
        let mut gone = Vec::new();
        for (i, at) in self.phones.iter().enumerate() {
            let number = self.sheet.text(Field::Phone(i)).trim();
            match at {
                Some(at)
                    if number.is_empty() && self.base.telecom[*at].value.as_deref().is_some_and(|v| !v.is_empty()) =>
                {
                    gone.push(*at);
                }
                Some(at) => {
                    self.put(Field::Phone(i), &mut mine.telecom[*at].value);
                    self.put(Field::PhoneUse(i), &mut mine.telecom[*at].usage);
                }
                None if number.is_empty() => {}
                None => {
                    let mut phone = Telecom { system: Some("phone".into()), ..Telecom::default() };
                    self.put(Field::Phone(i), &mut phone.value);
                    self.put(Field::PhoneUse(i), &mut phone.usage);
                    mine.telecom.push(phone);
                }
            }
        }
        let email = self.sheet.text(Field::Email).trim();
        match email_at(&self.base) {
            Some(at) if email.is_empty() => gone.push(at),
            Some(at) => self.put(Field::Email, &mut mine.telecom[at].value),
            None if email.is_empty() => {}
            None => mine.telecom.push(Telecom {
                usage: Some("home".into()),
                system: Some("email".into()),
                value: Some(email.to_owned()),
            }),
        }
        gone.sort_unstable();
        for at in gone.into_iter().rev() {
            mine.telecom.remove(at);
        }
    }

    fn write_address(&self, mine: &mut Patient) {
        let fields = [Field::Street, Field::Apartment, Field::City, Field::State, Field::PostalCode, Field::Country];
        let known = address_at(mine);
        let typed = fields.iter().any(|f| !self.sheet.text(*f).trim().is_empty());
        let mut address = match known {
            Some(i) => mine.addresses[i].clone(),
            None if typed => Address { usage: Some("home".into()), ..Address::default() },
            None => return,
        };
        let mut street = address.line.first().cloned();
        self.put(Field::Street, &mut street);
        match (street, address.line.first_mut()) {
            (Some(street), Some(first)) => *first = street,
            (Some(street), None) => address.line.push(street),
            // A second line stays the second.
            (None, Some(first)) => first.clear(),
            (None, None) => {}
        }
        self.put(Field::Apartment, &mut address.apartment);
        self.put(Field::City, &mut address.city);
        self.put(Field::State, &mut address.state);
        self.put(Field::PostalCode, &mut address.postal_code);
        self.put(Field::Country, &mut address.country);
        match known {
            Some(i) => mine.addresses[i] = address,
            None => mine.addresses.push(address),
        }
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        super::plain_key!(self, key, cx)
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

    sheet_form!();

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
        let mut hints = HINTS.to_vec();
        hints.push(("left/right", "choose"));
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}

fn said_of(sheet: &Sheet<Field>, field: Field) -> &str {
    sheet.text(field).trim()
}

fn flag(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The name that is shown for the patient: the usual one, or the first.
fn name_at(patient: &Patient) -> Option<usize> {
    let usual = patient.names.iter().position(|n| n.usage.as_deref() == Some("usual"));
    usual.or((!patient.names.is_empty()).then_some(0))
}

fn address_at(patient: &Patient) -> Option<usize> {
    let home = patient.addresses.iter().position(|a| a.usage.as_deref() == Some("home"));
    home.or((!patient.addresses.is_empty()).then_some(0))
}

fn email_at(patient: &Patient) -> Option<usize> {
    let filled = |t: &Telecom| t.value.as_deref().is_some_and(|v| !v.is_empty());
    patient.telecom.iter().position(|t| t.system.as_deref() == Some("email") && filled(t))
}
