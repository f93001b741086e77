//! What a patient has several of: further names, phones and e-mails, addresses, contacts with names and phones of their
//! own. Each is a heading that opens, and that is taken off and put back.

use super::{
    Field, NAME_USES, PHONE_USES,
    record::{put, write_name},
};
use crate::{
    domain::patient::{Address, Contact, HumanName, Patient, Telecom},
    tui::forms::{
        choice::{Item, Pick},
        rule,
        sheet::{Control, Row, Sheet},
    },
};

/// Names an entry as long as the form is open.
pub(super) type Id = u16;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Name,
    Telecom,
    Address,
    Contact,
}

/// A field of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Use,
    First,
    Middle,
    Last,
    Alias,
    Whole,
    System,
    Value,
    /// A line of an address.
    Line(usize),
    Apartment,
    City,
    State,
    PostalCode,
    Country,
}

/// The parts of a name in the order of [`write_name`].
const NAME: [Part; 6] = [Part::First, Part::Middle, Part::Last, Part::Use, Part::Alias, Part::Whole];

/// One thing of a list.
#[derive(Clone)]
struct Entry {
    id: Id,
    thing: Thing,
    /// The contact whose it is.
    parent: Option<Id>,
    /// Where it stands in the list as it was read; `None` for a new one.
    from: Option<usize>,
    /// A person took it off.
    gone: bool,
    open: bool,
}

/// See the module.
#[derive(Clone, Default)]
pub(super) struct Entries {
    all: Vec<Entry>,
    next: Id,
}

impl Entries {
    /// The rows of everything but what stands on the form's first part (by their places in the lists).
    pub fn of(
        &mut self,
        base: &Patient,
        (name, telecom, address): (Option<usize>, &[usize], Option<usize>),
    ) -> Vec<Row<Field>> {
        let mut rows = vec![Row::head(Field::Head, "Other names")];
        for (i, held) in base.names.iter().enumerate().filter(|(i, _)| Some(*i) != name) {
            rows.extend(self.name(held, None, Some(i)));
        }
        rows.push(add(Thing::Name, None));
        rows.push(Row::head(Field::Head, "Other phones and e-mail addresses"));
        for (i, held) in base.telecom.iter().enumerate().filter(|(i, _)| !telecom.contains(i)) {
            rows.extend(self.telecom(held, None, Some(i)));
        }
        rows.push(add(Thing::Telecom, None));
        rows.push(Row::head(Field::Head, "Other addresses"));
        for (i, held) in base.addresses.iter().enumerate().filter(|(i, _)| Some(*i) != address) {
            rows.extend(self.address(held, Some(i)));
        }
        rows.push(add(Thing::Address, None));
        rows.push(Row::head(Field::Head, "Contacts"));
        for (i, held) in base.contacts.iter().enumerate() {
            rows.extend(self.contact(held, Some(i)));
        }
        rows.push(add(Thing::Contact, None));
        rows
    }

    fn entry(&mut self, thing: Thing, parent: Option<Id>, from: Option<usize>) -> (Id, Vec<Row<Field>>) {
        let id = self.next;
        self.next += 1;
        self.all.push(Entry { id, thing, parent, from, gone: false, open: from.is_none() });
        let label = format!("{}{}", if parent.is_some() { "  " } else { "" }, word(thing));
        let row =
            Row::act(Field::Entry(id), label, "").hint("enter opens or closes it, x takes it off or puts it back");
        (id, vec![row])
    }

    fn name(&mut self, held: &HumanName, parent: Option<Id>, from: Option<usize>) -> Vec<Row<Field>> {
        let (id, mut rows) = self.entry(Thing::Name, parent, from);
        let line = |part, label, held: &Option<String>| {
            Row::line(Field::Part(id, part), label, held.as_deref().unwrap_or_default())
        };
        rows.extend([
            line(Part::First, "  First name", &held.first),
            line(Part::Middle, "  Middle name", &held.middle),
            line(Part::Last, "  Last name", &held.last),
            Row::pick(Field::Part(id, Part::Use), "  Name is", Pick::optional(&NAME_USES, held.usage.as_deref())),
            line(Part::Alias, "  Alias", &held.alias),
            line(Part::Whole, "  Whole name", &held.family)
                .hint("made of the parts where it was just that, or is empty"),
        ]);
        rows
    }

    fn telecom(&mut self, held: &Telecom, parent: Option<Id>, from: Option<usize>) -> Vec<Row<Field>> {
        let (id, mut rows) = self.entry(Thing::Telecom, parent, from);
        let system = held.system.as_deref().or(from.is_none().then_some("phone"));
        let usage = held.usage.as_deref().or(from.is_none().then_some("home"));
        rows.extend([
            Row::pick(Field::Part(id, Part::System), "  Kind", Pick::optional(&["phone", "email"], system)),
            Row::line(Field::Part(id, Part::Value), "  Number or mail", held.value.as_deref().unwrap_or_default()),
            Row::pick(Field::Part(id, Part::Use), "  is", Pick::optional(&PHONE_USES, usage)),
        ]);
        rows
    }

    fn address(&mut self, held: &Address, from: Option<usize>) -> Vec<Row<Field>> {
        let (id, mut rows) = self.entry(Thing::Address, None, from);
        let usage = held.usage.as_deref().or(from.is_none().then_some("work"));
        for i in 0..(held.line.len() + 1).max(2) {
            let text = held.line.get(i).map_or("", String::as_str);
            rows.push(Row::line(Field::Part(id, Part::Line(i)), format!("  Line {}", i + 1), text));
        }
        let line = |part, label, held: &Option<String>| {
            Row::line(Field::Part(id, part), label, held.as_deref().unwrap_or_default())
        };
        rows.extend([
            line(Part::Apartment, "  Apartment", &held.apartment),
            line(Part::City, "  City", &held.city),
            line(Part::State, "  State", &held.state),
            line(Part::PostalCode, "  Postal code", &held.postal_code),
            line(Part::Country, "  Country", &held.country),
            Row::pick(Field::Part(id, Part::Use), "  Address is", Pick::optional(&["home", "work"], usage)),
        ]);
        rows
    }

    fn contact(&mut self, held: &Contact, from: Option<usize>) -> Vec<Row<Field>> {
        let (id, mut rows) = self.entry(Thing::Contact, None, from);
        for (i, name) in held.names.iter().enumerate() {
            rows.extend(self.name(name, Some(id), Some(i)));
        }
        if from.is_none() {
            rows.extend(self.name(&HumanName { usage: Some("usual".into()), ..HumanName::default() }, Some(id), None));
        }
        rows.push(add(Thing::Name, Some(id)));
        for (i, telecom) in held.telecom.iter().enumerate() {
            rows.extend(self.telecom(telecom, Some(id), Some(i)));
        }
        if from.is_none() {
            rows.extend(self.telecom(&Telecom::default(), Some(id), None));
        }
        rows.push(add(Thing::Telecom, Some(id)));
        rows
    }

    /// Puts a new thing before the row that adds one, and the keys into its first field.
    pub fn add(&mut self, thing: Thing, parent: Option<Id>, sheet: &mut Sheet<Field>) {
        let Some(at) = sheet.rows.iter().position(|r| r.id == Field::Add(thing, parent)) else { return };
        let rows = match thing {
            Thing::Name => self.name(&HumanName::default(), parent, None),
            Thing::Telecom => self.telecom(&Telecom::default(), parent, None),
            Thing::Address => self.address(&Address::default(), None),
            Thing::Contact => self.contact(&Contact::default(), None),
        };
        let first = rows.iter().position(|r| matches!(r.id, Field::Part(..))).unwrap_or(0);
        sheet.rows.splice(at..at, rows);
        sheet.at = at + first;
        self.show(sheet);
    }

    /// Opens or closes an entry; one that is opened has the keys in its first field.
    pub fn toggle(&mut self, id: Id, sheet: &mut Sheet<Field>) {
        let Some(entry) = self.all.iter_mut().find(|e| e.id == id && !e.gone) else { return };
        entry.open = !entry.open;
        let open = entry.open;
        self.show(sheet);
        if open && let Some(next) = sheet.rows.iter().skip(sheet.at + 1).position(Row::takes_keys) {
            sheet.at += next + 1;
        }
    }

    /// Takes an entry off, or puts it back; a new one is dropped.
    pub fn take_off(&mut self, id: Id, sheet: &mut Sheet<Field>) {
        let Some(entry) = self.all.iter_mut().find(|e| e.id == id) else { return };
        if entry.from.is_some() {
            entry.gone = !entry.gone;
            entry.open = false;
        } else {
            self.all.retain(|e| e.id != id && e.parent != Some(id));
            let left: Vec<Id> = self.all.iter().map(|e| e.id).collect();
            sheet.rows.retain(|row| row.id.entry().is_none_or(|id| left.contains(&id)));
            sheet.at = sheet.at.min(sheet.rows.len().saturating_sub(1));
            if !sheet.rows.get(sheet.at).is_some_and(Row::takes_keys) {
                sheet.at = (0..sheet.at).rev().find(|i| sheet.rows[*i].takes_keys()).unwrap_or(0);
            }
        }
        self.show(sheet);
    }

    fn get(&self, id: Id) -> Option<&Entry> {
        self.all.iter().find(|e| e.id == id)
    }

    /// Hides what is closed and says in each heading what it holds.
    pub fn show(&self, sheet: &mut Sheet<Field>) {
        let open = |id: Id| self.get(id).is_some_and(|e| e.open && !e.gone);
        for row in &mut sheet.rows {
            row.hidden = match row.id {
                Field::Part(id, _) => !(open(id) && self.get(id).and_then(|e| e.parent).is_none_or(open)),
                Field::Entry(id) => self.get(id).and_then(|e| e.parent).is_some_and(|parent| !open(parent)),
                Field::Add(_, Some(parent)) => !open(parent),
                _ => continue,
            };
        }
        for entry in &self.all {
            let words = match (entry.gone, self.summary(entry, sheet)) {
                (true, words) => format!("✕ {words} · is taken off"),
                (false, words) if words.is_empty() => format!("{} (empty)", mark(entry)),
                (false, words) => format!("{} {words}", mark(entry)),
            };
            if let Some(row) = sheet.row_mut(Field::Entry(entry.id)) {
                row.control = Control::Act(words);
            }
        }
    }

    fn summary(&self, entry: &Entry, sheet: &Sheet<Field>) -> String {
        let said = |part| sheet.text(Field::Part(entry.id, part)).trim().to_owned();
        let joined =
            |parts: &[String], by: &str| parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(by);
        match entry.thing {
            Thing::Name => {
                let name = self.name_of(entry, HumanName::default(), sheet).display();
                joined(&[name, said(Part::Use)], " · ")
            }
            Thing::Telecom => joined(&[said(Part::Value), said(Part::Use), said(Part::System)], " · "),
            Thing::Address => {
                let parts = [Part::Line(0), Part::Line(1), Part::Apartment, Part::PostalCode, Part::City, Part::Use];
                joined(&parts.map(said), ", ")
            }
            Thing::Contact => {
                let inner = self.all.iter().filter(|e| e.parent == Some(entry.id) && !e.gone);
                let name = |e: &Entry| match e.thing {
                    Thing::Name => self.name_of(e, HumanName::default(), sheet).display(),
                    _ => sheet.text(Field::Part(e.id, Part::Value)).trim().to_owned(),
                };
                joined(&inner.map(name).collect::<Vec<_>>(), " · ")
            }
        }
    }

    fn name_of(&self, entry: &Entry, mut name: HumanName, sheet: &Sheet<Field>) -> HumanName {
        let fields = NAME.map(|part| Field::Part(entry.id, part));
        write_name(sheet, fields, &mut name, entry.from.is_some());
        name
    }

    /// The broken rules of the entries that are shown.
    pub fn judge(&self, sheet: &mut Sheet<Field>, base: &Patient) {
        for entry in self.all.iter().filter(|e| e.thing == Thing::Telecom) {
            let held = match entry.parent.map(|parent| self.get(parent).and_then(|p| p.from)) {
                None => Some(&base.telecom),
                Some(from) => from.and_then(|i| base.contacts.get(i)).map(|c| &c.telecom),
            };
            let held = entry.from.and_then(|i| held?.get(i)).and_then(|t| t.value.as_deref());
            let value = Field::Part(entry.id, Part::Value);
            let typed = sheet.text(value).trim().to_owned();
            let off = entry.gone || entry.parent.and_then(|p| self.get(p)).is_some_and(|p| p.gone);
            let problem = if off || typed.is_empty() || held.is_some_and(|h| h.trim() == typed) {
                None
            } else {
                match sheet.text(Field::Part(entry.id, Part::System)) {
                    "phone" => rule::phone(&typed).err(),
                    "email" => rule::email(&typed).err(),
                    _ => None,
                }
            };
            sheet.judge(value, problem);
        }
        self.show(sheet);
    }

    /// Opens what hides a broken rule, so that the keys can go there.
    pub fn open_broken(&mut self, sheet: &mut Sheet<Field>) {
        let broken: Vec<Id> = sheet.rows.iter().filter(|r| r.problem.is_some()).filter_map(|r| r.id.entry()).collect();
        for id in broken {
            let parent = self.get(id).and_then(|e| e.parent);
            for entry in self.all.iter_mut().filter(|e| e.id == id || Some(e.id) == parent) {
                entry.open = true;
            }
        }
        self.show(sheet);
    }

    /// Writes names into a list; the places that are taken off are told.
    pub fn names(&self, list: &mut Vec<HumanName>, parent: Option<Id>, sheet: &Sheet<Field>) -> Vec<usize> {
        self.write(list, Thing::Name, parent, |entry, held| {
            let name = self.name_of(entry, held, sheet);
            let bare = HumanName { usage: None, ..name.clone() } == HumanName::default();
            (name, bare)
        })
    }

    /// The same with phones and e-mail addresses; one whose value was emptied is taken off.
    pub fn telecoms(&self, list: &mut Vec<Telecom>, parent: Option<Id>, sheet: &Sheet<Field>) -> Vec<usize> {
        let filled = |t: &Telecom| t.value.as_deref().is_some_and(|v| !v.is_empty());
        let mut emptied = Vec::new();
        let mut gone = self.write(list, Thing::Telecom, parent, |entry, held| {
            let (was, mut telecom) = (filled(&held), held);
            put(sheet, Field::Part(entry.id, Part::System), &mut telecom.system);
            put(sheet, Field::Part(entry.id, Part::Value), &mut telecom.value);
            put(sheet, Field::Part(entry.id, Part::Use), &mut telecom.usage);
            let bare = !filled(&telecom);
            if was && bare {
                emptied.extend(entry.from);
            }
            (telecom, bare)
        });
        gone.extend(emptied);
        gone
    }

    /// The same with addresses.
    pub fn addresses(&self, list: &mut Vec<Address>, sheet: &Sheet<Field>) -> Vec<usize> {
        self.write(list, Thing::Address, None, |entry, mut address| {
            let field = |part| Field::Part(entry.id, part);
            let lines: Vec<&str> = (0..)
                .map_while(|i| sheet.row(field(Part::Line(i))).map(|_| sheet.text(field(Part::Line(i))).trim()))
                .collect();
            write_lines(&mut address.line, &lines);
            put(sheet, field(Part::Apartment), &mut address.apartment);
            put(sheet, field(Part::City), &mut address.city);
            put(sheet, field(Part::State), &mut address.state);
            put(sheet, field(Part::PostalCode), &mut address.postal_code);
            put(sheet, field(Part::Country), &mut address.country);
            put(sheet, field(Part::Use), &mut address.usage);
            let bare = Address { usage: None, ..address.clone() } == Address::default();
            (address, bare)
        })
    }

    /// The same with contacts and what each of them has.
    pub fn contacts(&self, list: &mut Vec<Contact>, sheet: &Sheet<Field>) -> Vec<usize> {
        self.write(list, Thing::Contact, None, |entry, mut contact| {
            let gone = self.names(&mut contact.names, Some(entry.id), sheet);
            remove(&mut contact.names, gone);
            let gone = self.telecoms(&mut contact.telecom, Some(entry.id), sheet);
            remove(&mut contact.telecom, gone);
            let bare = contact == Contact::default();
            (contact, bare)
        })
    }

    /// Writes each entry of a list; a new one that holds nothing is left out. The places that are taken off.
    fn write<T: Default + Clone>(
        &self,
        list: &mut Vec<T>,
        thing: Thing,
        parent: Option<Id>,
        mut one: impl FnMut(&Entry, T) -> (T, bool),
    ) -> Vec<usize> {
        let mut gone = Vec::new();
        for entry in self.all.iter().filter(|e| e.thing == thing && e.parent == parent) {
            match entry.from {
                Some(at) if entry.gone => gone.push(at),
                Some(at) => {
                    if let Some(held) = list.get_mut(at) {
                        *held = one(entry, held.clone()).0;
                    }
                }
                None => {
                    let (new, bare) = one(entry, T::default());
                    if !bare {
                        list.push(new);
                    }
                }
            }
        }
        gone
    }
}

/// Takes these places out of a list.
pub(super) fn remove<T>(list: &mut Vec<T>, mut gone: Vec<usize>) {
    gone.sort_unstable();
    gone.dedup();
    for at in gone.into_iter().rev().filter(|at| *at < list.len()).collect::<Vec<_>>() {
        list.remove(at);
    }
}

/// Writes the lines of an address: each in its place, so that a second line stays the second.
pub(super) fn write_lines(held: &mut Vec<String>, typed: &[&str]) {
    for (i, line) in typed.iter().enumerate() {
        match held.get_mut(i) {
            Some(held) if held.trim() == *line => {}
            Some(held) => (*line).clone_into(held),
            None if line.is_empty() => {}
            None => {
                held.resize(i, String::new());
                held.push((*line).to_owned());
            }
        }
    }
}

fn mark(entry: &Entry) -> &'static str {
    if entry.open { "▾" } else { "▸" }
}

fn word(thing: Thing) -> &'static str {
    match thing {
        Thing::Name => "Name",
        Thing::Telecom => "Phone, mail",
        Thing::Address => "Address",
        Thing::Contact => "Contact",
    }
}

fn add(thing: Thing, parent: Option<Id>) -> Row<Field> {
    let what = match thing {
        Thing::Name => "+ a name",
        Thing::Telecom => "+ a phone or e-mail address",
        Thing::Address => "+ an address",
        Thing::Contact => "+ a contact",
    };
    Row::act(Field::Add(thing, parent), "", what).hint("enter adds one")
}

/// Yes, no, or nothing said.
pub(super) fn yes_no(value: Option<bool>) -> Pick {
    let mut items = vec![Item::new("true", "yes"), Item::new("false", "no")];
    if value.is_none() {
        // What was told cannot be untold: another answer can only be the other one.
        items.insert(0, Item::new("", "–"));
    }
    Pick::new(items, value.map_or("", |v| if v { "true" } else { "false" }))
}
