//! The form of a webhook registration.

use std::collections::BTreeSet;

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, HINTS, Step,
    choice::{Item, Pick},
    plain_key,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{Command, RecordId, Secret, VendorId, hooks::HookAct},
    tui::{desk::ShownHook, theme::Theme},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Vendor,
    Stands,
    Where,
    Address,
    Events,
    Others,
}

const HERE: &str = "here";
const ELSEWHERE: &str = "elsewhere";

/// See the module.
#[derive(Clone)]
pub(super) struct HookForm {
    sheet: Sheet<Field>,
    registration: Option<RecordId>,
    vendors: Vec<(VendorId, Vec<String>)>,
    given: Vec<String>,
}

fn marks(known: &[String], chosen: &[String]) -> Vec<(String, bool)> {
    let mut items: Vec<(String, bool)> = known.iter().map(|e| (e.clone(), chosen.contains(e))).collect();
    // One that no document names stays as it is until somebody unmarks it.
    items.extend(chosen.iter().filter(|e| !known.contains(e)).map(|e| (e.clone(), true)));
    items
}

impl HookForm {
    pub fn add(vendors: Vec<(VendorId, Vec<String>)>, receiver: bool) -> Self {
        let items = vendors.iter().map(|(v, _)| Item::plain(v.as_str())).collect();
        let mut places = vec![Item::new(ELSEWHERE, "another address")];
        if receiver {
            places.insert(0, Item::new(HERE, "the receiver here, under a fresh secret path"));
        }
        let known = vendors.first().map(|(_, e)| e.clone()).unwrap_or_default();
        let sheet = Sheet::new(vec![
            Row::pick(Field::Vendor, "Vendor", Pick::new(items, "")).hidden_if(vendors.len() < 2),
            Row::note(Field::Stands, "Address", "").hidden_if(true),
            Row::pick(Field::Where, "Deliver to", Pick::new(places, "")),
            Row::line(Field::Address, "Address", "").named(&["endpoint", "url"]).hint("https://…").required(),
            Row::marks(Field::Events, "Events", marks(&known, &known)).hint("space marks").required(),
            Row::line(Field::Others, "Further events", "")
                .hint("words of the vendor's that are not listed, with spaces"),
        ]);
        Self::whole(sheet, None, vendors)
    }

    pub fn change(hook: &ShownHook, known: &[String]) -> Self {
        let mut places = vec![Item::new(ELSEWHERE, "another address")];
        if hook.row.ours {
            places.insert(0, Item::new(HERE, "as it is"));
        }
        let sheet = Sheet::new(vec![
            Row::pick(Field::Vendor, "Vendor", Pick::new(vec![Item::plain(hook.row.vendor.as_str())], ""))
                .hidden_if(true),
            Row::note(Field::Stands, "Stands at", crate::tui::draw::address(hook)),
            Row::pick(Field::Where, "Deliver to", Pick::new(places, "")),
            Row::line(Field::Address, "Address", "")
                .named(&["endpoint", "url"])
                .hint("whole: the vendor's list does not tell its path")
                .required(),
            Row::marks(Field::Events, "Events", marks(known, &hook.events)).hint("space marks").required(),
            Row::line(Field::Others, "Further events", "")
                .hint("words of the vendor's that are not listed, with spaces"),
        ]);
        let vendors = vec![(hook.row.vendor, known.to_vec())];
        Self::whole(sheet, Some(hook.row.record), vendors)
    }

    fn whole(sheet: Sheet<Field>, registration: Option<RecordId>, vendors: Vec<(VendorId, Vec<String>)>) -> Self {
        let mut form = Self { sheet, registration, vendors, given: Vec::new() };
        form.check();
        form.sheet.at = form.sheet.rows.iter().position(Row::takes_keys).unwrap_or(0);
        form.given = form.state();
        form
    }

    fn state(&self) -> Vec<String> {
        let mut state = self.events();
        state.push(self.sheet.text(Field::Where).to_owned());
        state.push(self.sheet.text(Field::Address).to_owned());
        state
    }

    /// What is marked and what was typed, each once, in this order.
    fn events(&self) -> Vec<String> {
        let typed = self.sheet.text(Field::Others).split([' ', ',']).filter(|w| !w.is_empty()).map(str::to_owned);
        let mut seen = BTreeSet::new();
        self.sheet.marked(Field::Events).into_iter().chain(typed).filter(|e| seen.insert(e.clone())).collect()
    }

    fn elsewhere(&self) -> bool {
        self.sheet.text(Field::Where) == ELSEWHERE
    }

    fn check(&mut self) {
        let elsewhere = self.elsewhere();
        if let Some(row) = self.sheet.row_mut(Field::Address) {
            row.hidden = !elsewhere;
        }
        let address = self.sheet.text(Field::Address).trim();
        let host = ["https://", "http://"].iter().find_map(|s| address.strip_prefix(s));
        let broken = elsewhere && host.is_none_or(|rest| rest.is_empty() || rest.starts_with('/'));
        let problem = broken.then(|| "an address begins with https:// and a host".to_owned());
        self.sheet.judge(Field::Address, problem);
        let none = self.events().is_empty().then(|| "a registration is for one event at least".to_owned());
        self.sheet.judge(Field::Events, none);
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        self.check();
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&self, _: &FormContext<'_>) -> Step {
        if self.registration.is_some() && !self.dirty() {
            return Step::Say("Nothing was changed.".into());
        }
        let address = self.elsewhere().then(|| Secret::new(self.sheet.text(Field::Address).trim()));
        let events = self.events();
        let name = self.sheet.text(Field::Vendor);
        let vendor = self.vendors.iter().find(|(v, _)| v.as_str() == name).or(self.vendors.first()).map(|(v, _)| *v);
        let act = match (self.registration, vendor) {
            (Some(registration), _) => HookAct::Change { registration, address, events },
            (None, Some(vendor)) => HookAct::Add { vendor, address, events },
            (None, None) => return Step::Say("no configured vendor takes webhook registrations".into()),
        };
        Step::Do("saved; the vendor is told as soon as it can be reached", Box::new(Command::Hook { act }))
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        self.state() != self.given
    }

    pub fn title(&self) -> String {
        match self.registration {
            Some(_) => "Change a webhook registration".into(),
            None => "Register for webhooks".into(),
        }
    }

    pub fn word(&self) -> &'static str {
        "webhook"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = HINTS.to_vec();
        hints.push(("space", "mark"));
        hints
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}
