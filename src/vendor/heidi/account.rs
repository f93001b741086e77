//! The Heidi account that an API user acts for: which one is linked, and linking one.

use serde_json::json;

use crate::{
    domain::{
        entry::{Reason, ReasonKind},
        scribe::{Account, AccountAct},
    },
    vendor::{
        http::{Call, Method, answered, reason_of, unreadable},
        trail::{Fields, Trail, Unread},
    },
};

use super::Heidi;

/// Members of these answers that name a person.
const CONCEALED: &[&str] = &["ehr_email", "email"];

impl Heidi {
    /// Carries out what is wanted of the account.
    pub(super) async fn account(&self, act: &AccountAct, trail: &mut Trail) -> Result<Account, Unread> {
        match act {
            AccountAct::Show => self.access(trail).await,
            AccountAct::Link(id) => self.link(id.trim(), trail).await,
            AccountAct::Unlink => self.unlink(trail).await,
        }
    }

    async fn access(&self, trail: &mut Trail) -> Result<Account, Unread> {
        let call = Call::get("users/linked-account/access", &[]).conceal(CONCEALED);
        let reply = answered(self.carry(&call, trail).await?)?;
        let fields = Fields::of(&reply).map_err(|reason| (reason, None))?;
        let linked = fields.flag(&["is_linked", "linked"]);
        let account = fields.part(&["account"]).map(|part| read(&part)).unwrap_or_default();
        match (linked, fields.flag(&["is_valid", "valid"])) {
            (None, None) if account.id.is_none() => {
                Err((unreadable(&reply, "the answer does not tell whether an account is linked"), None))
            }
            (linked, valid) => Ok(Account { valid, linked: linked.unwrap_or(account.id.is_some()), ..account }),
        }
    }

    /// Links an account. What stands there is read before, so that a second try does no harm, and after a lost answer.
    async fn link(&self, id: &str, trail: &mut Trail) -> Result<Account, Unread> {
        let is_it = |account: &Account| account.linked && account.id.as_deref() == Some(id);
        if id.is_empty() {
            return Err((
                Reason::new(ReasonKind::Invalid, "say which account: the id that Heidi's settings show"),
                None,
            ));
        }
        let before = self.access(trail).await?;
        if is_it(&before) {
            return Ok(before);
        }
        if before.linked {
            let text = "another Heidi account is linked; unlink that one first";
            return Err((Reason::new(ReasonKind::AlreadyThere, text), None));
        }
        let call = Call::post("users/linked-account", &[]).json(&json!({ "kinde_user_id": id })).conceal(CONCEALED);
        match self.carry(&call, trail).await? {
            Ok(reply) if (400..500).contains(&reply.status) => Err((reason_of(&reply), reply.retry_after)),
            Ok(reply) if reply.success() => {
                let told = Fields::read(&reply.body).map(|top| read(&top.part(&["account"]).unwrap_or(top)));
                let told = told.filter(|account| account.id.is_some()).unwrap_or_default();
                Ok(Account { linked: true, id: told.id.clone().or_else(|| Some(id.to_owned())), ..told })
            }
            lost => match self.access(trail).await {
                Ok(account) if is_it(&account) => Ok(account),
                // It says that it is not linked: the first failure is why.
                Ok(_) => Err(answered(lost).err().unwrap_or_else(|| (unread(), None))),
                Err(_) => Err((unread(), None)),
            },
        }
    }

    async fn unlink(&self, trail: &mut Trail) -> Result<Account, Unread> {
        let call = Call::new(Method::Delete, "users/linked-account:unlink", &[]);
        match self.carry(&call, trail).await? {
            Ok(reply) if reply.success() => Ok(Account::default()),
            Ok(reply) if super::work::no_linked_user(&reply) => Ok(Account::default()),
            Ok(reply) if (400..500).contains(&reply.status) => Err((reason_of(&reply), reply.retry_after)),
            lost => match self.access(trail).await {
                Ok(account) if !account.linked => Ok(account),
                Ok(_) => Err(answered(lost).err().unwrap_or_else(|| (unread(), None))),
                Err(_) => Err((unread(), None)),
            },
        }
    }
}

fn read(fields: &Fields) -> Account {
    Account {
        valid: None,
        linked: false,
        id: fields.text(&["user_id", "kinde_user_id", "id"]),
        emr: fields.text(&["ehr_provider"]),
        email: fields.text(&["ehr_email", "email"]),
        person: fields.text(&["ehr_user_id"]),
    }
}

fn unread() -> Reason {
    let text = "the answer was lost and how it stands could not be read; look again before you try once more";
    Reason::new(ReasonKind::ConnectionLost, text)
}
