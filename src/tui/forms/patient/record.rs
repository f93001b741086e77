//! The record as the form says it: each field is written where it belongs, what has no field stays as it was.

use super::{
    Field, OWN, PatientForm, Said,
    entries::{remove, write_lines},
};
use crate::{
    domain::patient::{Address, EmailGroup, Gender, HumanName, Patient, Telecom},
    tui::forms::sheet::Sheet,
};

impl PatientForm {
    /// Whether the record shares its address, and with whom, as the form says it.
    pub(super) fn group(&self) -> (Option<bool>, Option<EmailGroup>) {
        let linked = flag(self.sheet.text(Field::Linked));
        let said = |field| self.sheet.text(field).trim().to_owned();
        let group = EmailGroup { kind: said(Field::GroupType), name: said(Field::GroupName) };
        let held = self.base.email_group.clone();
        let same = held.clone().map_or((String::new(), String::new()), |g| (g.kind, g.name))
            == (group.kind.clone(), group.name.clone());
        if linked == self.base.linked_by_email && same {
            return (linked, held);
        }
        let named = !group.kind.is_empty() || !group.name.is_empty();
        (linked, (linked == Some(true) && named).then_some(group))
    }

    /// The record as the form says it; what it has no field for is as it was.
    pub(super) fn mine(&self) -> Patient {
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
        for (said, ..) in Said::ALL {
            let own = self.sheet.text(Field::Said(said)) == OWN;
            self.put(if own { Field::Own(said) } else { Field::Said(said) }, said.of(&mut mine));
        }
        self.put(Field::Account, &mut mine.account_number);
        (mine.linked_by_email, mine.email_group) = self.group();
        mine.family_member = flag(self.sheet.text(Field::Family));
        let gone = self.entries.contacts(&mut mine.contacts, &self.sheet);
        remove(&mut mine.contacts, gone);
        mine.active = flag(self.sheet.text(Field::Active));
        mine.deceased = flag(self.sheet.text(Field::Deceased));
        self.put(Field::DeceasedAt, &mut mine.deceased_at);
        mine
    }

    fn put(&self, field: Field, slot: &mut Option<String>) {
        put(&self.sheet, field, slot);
    }

    fn write_name(&self, mine: &mut Patient) {
        let fields = [Field::First, Field::Middle, Field::Last, Field::NameUse, Field::Alias];
        let typed = fields.iter().any(|f| *f != Field::NameUse && !self.sheet.text(*f).trim().is_empty());
        let known = name_at(mine);
        let mut name = match known {
            Some(i) => Some(mine.names[i].clone()),
            None => typed.then(HumanName::default),
        };
        if let Some(name) = &mut name {
            let [first, middle, last, usage, alias] = fields;
            // Its whole name has no field here: it follows the parts.
            write_name(&self.sheet, [first, middle, last, usage, alias, Field::Head], name, known.is_some());
        }
        let mut gone = self.entries.names(&mut mine.names, None, &self.sheet);
        match (known, name) {
            (Some(i), Some(name)) => mine.names[i] = name,
            // The name that is shown for the patient comes first.
            (None, Some(name)) => mine.names.insert(0, name),
            _ => {}
        }
        gone.retain(|at| Some(*at) != known);
        remove(&mut mine.names, gone);
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
            Some(at) => {
                self.put(Field::Email, &mut mine.telecom[at].value);
                self.put(Field::EmailUse, &mut mine.telecom[at].usage);
            }
            None if email.is_empty() => {}
            None => {
                let mut new = Telecom { system: Some("email".into()), ..Telecom::default() };
                self.put(Field::Email, &mut new.value);
                self.put(Field::EmailUse, &mut new.usage);
                mine.telecom.push(new);
            }
        }
        gone.extend(self.entries.telecoms(&mut mine.telecom, None, &self.sheet));
        remove(&mut mine.telecom, gone);
    }

    fn write_address(&self, mine: &mut Patient) {
        let lines: Vec<&str> = (0..)
            .map_while(|i| self.sheet.row(Field::Street(i)).map(|_| self.sheet.text(Field::Street(i)).trim()))
            .collect();
        let fields = [Field::Apartment, Field::City, Field::State, Field::PostalCode, Field::Country];
        let known = address_at(mine);
        let said = lines.iter().any(|l| !l.is_empty());
        let typed = said || fields.iter().any(|f| !self.sheet.text(*f).trim().is_empty());
        let address = match known {
            Some(i) => Some(mine.addresses[i].clone()),
            None => typed.then(Address::default),
        };
        let address = address.map(|mut address| {
            write_lines(&mut address.line, &lines);
            self.put(Field::Apartment, &mut address.apartment);
            self.put(Field::City, &mut address.city);
            self.put(Field::State, &mut address.state);
            self.put(Field::PostalCode, &mut address.postal_code);
            self.put(Field::Country, &mut address.country);
            self.put(Field::AddressUse, &mut address.usage);
            address
        });
        let gone = self.entries.addresses(&mut mine.addresses, &self.sheet);
        match (known, address) {
            (Some(i), Some(address)) => mine.addresses[i] = address,
            (None, Some(address)) => mine.addresses.insert(0, address),
            _ => {}
        }
        remove(&mut mine.addresses, gone);
    }
}

/// Writes a field's text where it differs from what stands there; an emptied one is taken away.
pub(super) fn put(sheet: &Sheet<Field>, field: Field, slot: &mut Option<String>) {
    let typed = sheet.text(field);
    let was = slot.as_deref().unwrap_or_default();
    if typed == was || typed.trim() == was {
        return;
    }
    *slot = Some(typed.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
}

/// Writes first, middle and last name, use, alias and whole name. Solo keeps the whole name in `family`: it follows the
/// parts where it was just that or is new, and otherwise is as it is typed, where it has a field.
pub(super) fn write_name(sheet: &Sheet<Field>, fields: [Field; 6], name: &mut HumanName, known: bool) {
    let [first, middle, last, usage, alias, whole] = fields;
    let old = [name.whole(false), name.whole(true)];
    let family = name.family.clone().unwrap_or_default();
    put(sheet, first, &mut name.first);
    put(sheet, middle, &mut name.middle);
    put(sheet, last, &mut name.last);
    put(sheet, usage, &mut name.usage);
    put(sheet, alias, &mut name.alias);
    let typed = sheet.text(whole).trim();
    if whole != Field::Head && !typed.is_empty() && typed != family.trim() {
        name.family = Some(typed.to_owned());
    } else if !known || (!family.is_empty() && family == old[0]) {
        name.family = Some(name.whole(false)).filter(|f| !f.is_empty());
    } else if !family.is_empty() && family == old[1] {
        name.family = Some(name.whole(true));
    }
}

pub(super) fn said_of(sheet: &Sheet<Field>, field: Field) -> &str {
    sheet.text(field).trim()
}

pub(super) fn flag(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The name that is shown for the patient: the usual one, or the first.
pub(super) fn name_at(patient: &Patient) -> Option<usize> {
    let usual = patient.names.iter().position(|n| n.usage.as_deref() == Some("usual"));
    usual.or((!patient.names.is_empty()).then_some(0))
}

pub(super) fn address_at(patient: &Patient) -> Option<usize> {
    let home = patient.addresses.iter().position(|a| a.usage.as_deref() == Some("home"));
    home.or((!patient.addresses.is_empty()).then_some(0))
}

pub(super) fn email_at(patient: &Patient) -> Option<usize> {
    let filled = |t: &Telecom| t.value.as_deref().is_some_and(|v| !v.is_empty());
    patient.telecom.iter().position(|t| t.system.as_deref() == Some("email") && filled(t))
}
