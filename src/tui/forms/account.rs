//! The scribe's account that the practice's credentials act for: which one it is, another one, or none.

use crossterm::event::KeyEvent;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Came, FormContext, FormEvent, Step,
    choice::{Item, Pick},
    plain_key, rule,
    sheet::{Row, Sheet},
    sheet_form,
};
use crate::{
    domain::{
        Question, Reason, VendorId,
        scribe::{Account, AccountAct},
        view::Told,
    },
    tui::{text, theme::Theme},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Linked,
    Told,
    Act,
    Account,
}

/// See the module.
#[derive(Clone)]
pub(super) struct AccountForm {
    vendor: VendorId,
    sheet: Sheet<Field>,
    asking: bool,
}

impl AccountForm {
    pub fn new(vendor: VendorId) -> Self {
        let acts = vec![
            Item::new("show", "look again"),
            Item::new("link", "link this account"),
            Item::new("unlink", "link none any more"),
        ];
        let sheet = Sheet::new(vec![
            Row::note(Field::Linked, "Linked", "being asked …"),
            Row::note(
                Field::Told,
                "",
                "The list of sessions is that of the linked account; without one there is no list.",
            ),
            Row::pick(Field::Act, "Do", Pick::new(acts, "")),
            Row::line(Field::Account, "Account", "")
                .hint("its id at the vendor")
                .named(&["account", "user_id"])
                .required()
                .hidden_if(true),
        ]);
        Self { vendor, sheet, asking: false }
    }

    /// Asks at once which account is linked.
    pub fn opened(&mut self) -> FormEvent {
        self.asking = true;
        FormEvent::Ask(Question::Account { vendor: self.vendor, act: AccountAct::Show })
    }

    fn judge(&mut self, _: &FormContext<'_>) {
        let link = self.sheet.text(Field::Act) == "link";
        if let Some(row) = self.sheet.row_mut(Field::Account) {
            row.hidden = !link;
        }
        let missing = if link { rule::required(self.sheet.text(Field::Account)).err() } else { None };
        self.sheet.judge(Field::Account, missing);
    }

    pub fn key(&mut self, key: KeyEvent, cx: &FormContext<'_>) -> Step {
        plain_key!(self, key, cx)
    }

    fn submit(&mut self, _: &FormContext<'_>) -> Step {
        if self.asking {
            return Step::Say("Still asking …".into());
        }
        let act = match self.sheet.text(Field::Act) {
            "link" => AccountAct::Link(self.sheet.text(Field::Account).trim().to_owned()),
            "unlink" => AccountAct::Unlink,
            _ => AccountAct::Show,
        };
        self.asking = true;
        self.say("being asked …".into());
        Step::Ask(Question::Account { vendor: self.vendor, act })
    }

    fn say(&mut self, words: String) {
        if let Some(row) = self.sheet.row_mut(Field::Linked) {
            row.control = super::sheet::Control::Note(words);
        }
    }

    pub fn told(&mut self, told: &Result<Told, Reason>) -> FormEvent {
        self.asking = false;
        self.say(match told {
            Ok(Told::Account(account)) => words(account),
            Ok(_) => "the answer tells of no account".into(),
            Err(reason) => format!("not known: {}", crate::tui::draw::why(reason)),
        });
        FormEvent::Stay
    }

    sheet_form!();

    pub fn dirty(&self) -> bool {
        !self.sheet.text(Field::Account).trim().is_empty() && self.sheet.text(Field::Act) == "link"
    }

    pub fn title(&self) -> String {
        format!("The account behind {}", self.vendor)
    }

    pub fn word(&self) -> &'static str {
        "account"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "do it"), ("left/right", "choose"), ("tab", "next field"), ("esc", "close")]
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        self.sheet.draw(area, buf, theme, cx.today())
    }
}

fn words(account: &Account) -> String {
    let known = [
        ("account", &account.id),
        ("practice's system", &account.emr),
        ("e-mail", &account.email),
        ("person", &account.person),
    ];
    let known: Vec<String> = known
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", text::strict(value.as_ref()?))))
        .collect();
    let refused = if account.valid == Some(false) { "; the vendor does not take the credentials" } else { "" };
    if account.linked {
        format!("{}{refused}", if known.is_empty() { "one is linked".into() } else { known.join(" · ") })
    } else {
        format!("no account is linked; \"link this account\" links one{refused}")
    }
}
