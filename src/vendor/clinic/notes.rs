//! Reading session notes, which administrators may.

use std::collections::HashSet;

use crate::{
    domain::{
        entry::{Reason, ReasonKind},
        ids::{Kind, VendorRef},
        record::Observation,
        view::NoteFilter,
    },
    vendor::{
        http::{Call, Reply, reason_of, unreadable},
        trail::{Fields, Trail, Unread},
    },
};

use super::{Clinic, scheme, unsupported, wire};

impl Clinic {
    /// A read through the administrators' paths. `None` is an empty list.
    async fn as_admin(&self, call: Call, trail: &mut Trail) -> Result<Option<Reply>, Unread> {
        let result = trail.carry(&*self.transport, &self.call(call)).await;
        match result {
            Ok(reply) if reply.success() => Ok(Some(reply)),
            Ok(reply) if Self::complaint(&reply).is_some_and(|said| said.contains(&self.settings.empty_words)) => {
                Ok(None)
            }
            // Whether the token may do nothing or only not this cannot be told apart; the first write says so.
            Ok(reply) if reply.status == 403 || self.refuses_token(&reply) => {
                let reason = Reason { kind: ReasonKind::Unsupported, ..reason_of(&reply) };
                Err((reason, None))
            }
            Ok(reply) => Err((reason_of(&reply), reply.retry_after)),
            Err(e) => Err((e.reason(), None)),
        }
    }

    /// All session notes that an administrator sees, up to the bound.
    pub(super) async fn list(&self, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        if !self.settings.list_notes {
            return Ok(Vec::new());
        }
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        for page in 1..=self.settings.list_pages {
            let call = Call::get("v1/admin/clinic/session_notes", &[])
                .query("page", page.to_string())
                .query("page_size", self.settings.list_page_size.to_string());
            let Some(reply) = self.as_admin(call, trail).await? else { break };
            let unread = |reason| (reason, None);
            let fields = Fields::of(&reply).map_err(unread)?;
            let items = fields
                .list(&["session_notes"])
                .ok_or_else(|| unread(unreadable(&reply, "the answer has no list of session notes")))?;
            let notes: Vec<Observation> = items.iter().filter_map(|item| wire::session_note(item.get())).collect();
            // A page that repeats what is known already will be followed by more of them.
            let fresh: Vec<Observation> = notes.into_iter().filter(|o| seen.insert(o.refs.clone())).collect();
            let nothing_new = fresh.is_empty();
            all.extend(fresh);
            let pages = fields.part(&["pagination"]).and_then(|p| p.whole(&["total_pages"]));
            if nothing_new || pages.is_none_or(|pages| i64::from(page) >= pages) {
                break;
            }
        }
        Ok(all)
    }

    /// One page of the list, as somebody asks for it.
    pub(super) async fn page(&self, wanted: &NoteFilter, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        if !self.settings.list_notes {
            return Err((unsupported(), None));
        }
        let size = Some(wanted.page_size).filter(|size| *size > 0).unwrap_or(self.settings.list_page_size);
        let mut call = Call::get("v1/admin/clinic/session_notes", &[])
            .query("page", wanted.page.max(1).to_string())
            .query("page_size", size.to_string());
        let direction = wanted.sort_by.is_some().then(|| if wanted.ascending { "ASC" } else { "DESC" }.to_owned());
        let asked = [
            ("sort_by", &wanted.sort_by),
            ("sort_dir", &direction),
            ("search", &wanted.search),
            ("provider_id", &wanted.provider),
            ("patient_id", &wanted.patient),
            ("status", &wanted.status),
        ];
        for (name, value) in asked {
            if let Some(value) = value {
                call = call.query(name, value.as_str());
            }
        }
        let Some(reply) = self.as_admin(call, trail).await? else { return Ok(Vec::new()) };
        let unread = |reason| (reason, None);
        let items = Fields::of(&reply).map_err(unread)?.list(&["session_notes"]);
        let items = items.ok_or_else(|| unread(unreadable(&reply, "the answer has no list of session notes")))?;
        Ok(items.iter().filter_map(|item| wire::session_note(item.get())).collect())
    }

    pub(super) async fn read(&self, about: &VendorRef, trail: &mut Trail) -> Result<Vec<Observation>, Unread> {
        if about.kind != Kind::SessionNote || about.scheme != scheme::SESSION_NOTE || !self.settings.list_notes {
            return Err((unsupported(), None));
        }
        let call = Call::get("v1/admin/clinic/session_notes/{id}", &[("id", &about.value)]);
        let missing = || (Reason::new(ReasonKind::NotFound, "there is no such session note"), None);
        let reply = self.as_admin(call, trail).await?.ok_or_else(missing)?;
        let mut observation =
            wire::single(&reply.body).ok_or_else(|| (unreadable(&reply, "the answer holds no session note"), None))?;
        observation.refs.retain(|r| r != about);
        observation.refs.insert(0, about.clone());
        Ok(vec![observation])
    }
}
