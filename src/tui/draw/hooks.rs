//! The webhooks layer: registrations above, what came in below.

use jiff::Timestamp;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    age,
    layers::{Cx, Line},
    put, why,
};
use crate::{
    domain::{
        ReasonKind,
        hooks::{Delivery, RotationPhase, RotationView},
    },
    tui::{
        desk::{HooksLayer, ShownHook},
        layout, text,
        theme::Token,
    },
};

/// Columns of the layer where there is room.
const WIDE: u16 = 130;

/// A registration's address without what opens the door.
pub(in crate::tui) fn address(hook: &ShownHook) -> String {
    hook.host.as_ref().map_or_else(|| "address not known".into(), |host| format!("{}/…", text::strict(host)))
}

/// Which registration one is, in lines of a question.
pub(in crate::tui) fn about_hook(layer: &HooksLayer, hook: &ShownHook, now: Timestamp) -> Vec<String> {
    vec![hook_words(layer, hook), last_event(hook, now)]
}

fn last_event(hook: &ShownHook, now: Timestamp) -> String {
    match &hook.row.last {
        Some((at, event)) => {
            let event = event.as_deref().map_or("one that could not be opened".into(), text::clean);
            format!("last event {event}, {}", ago(&age(*at, now)))
        }
        None if hook.row.ours => "no event came in at its door".into(),
        None => "what it delivers is not seen here".into(),
    }
}

impl Cx<'_> {
    pub(super) fn hooks(&self, layer: &HooksLayer, buf: &mut Buffer) {
        let area = layout::middle(self.model, WIDE, u16::MAX);
        let inner = self.open(area, "Webhooks", buf);
        if inner.is_empty() {
            return;
        }
        let width = usize::from(inner.width.saturating_sub(2)).max(1);
        let (above, selected) = self.registrations(layer, width);
        // What came in has at least a third of the layer.
        let most = (inner.height * 2 / 3).max(inner.height.saturating_sub(layer.known.deliveries.len() as u16 + 2));
        let height = (above.len() as u16).min(most);
        let upper = Rect { height, ..inner };
        self.lines(upper, (selected + 4).saturating_sub(usize::from(height)), &above, buf);
        let lower = Rect { y: inner.y + height, height: inner.height - height, ..inner };
        self.deliveries(layer, lower, buf);
    }

    /// The lines above, and at which the selected registration stands.
    fn registrations(&self, layer: &HooksLayer, width: usize) -> (Vec<Line>, usize) {
        let mut lines: Vec<Line> = Vec::new();
        if let Some(rotation) = &layer.known.rotation {
            lines.extend(self.rotation(rotation, width));
        }
        for (vendor, listed) in &layer.listed {
            // A vendor that has no list is no trouble.
            if let Err(reason) = listed
                && reason.kind != ReasonKind::Unsupported
            {
                let words = format!("{vendor} did not list its registrations: {}", why(reason));
                lines.extend(text::wrap(&words, width).into_iter().map(|l| (l, Token::Warning)));
            }
        }
        if !layer.known.receiver {
            let words = "No receiver is configured here: registrations can lead elsewhere only.";
            lines.extend(text::wrap(words, width).into_iter().map(|l| (l, Token::Dim)));
        }
        let shown = layer.shown();
        if shown.is_empty() {
            let asked = layer.known.vendors.iter().any(|(v, _)| !layer.listed.contains_key(v));
            let words =
                if asked { "asking the vendor for its registrations …" } else { "Nothing is registered; n adds." };
            lines.push((words.into(), Token::Dim));
        }
        let mut at = lines.len();
        let mark = format!("{} ", self.hook_mark(!layer.below));
        let selected = layer.at();
        for (i, hook) in shown.iter().enumerate() {
            let here = i == selected;
            if here {
                at = lines.len();
            }
            lines.push((
                format!("{}{}", if here { &mark } else { "  " }, hook_words(layer, hook)),
                if here { Token::Strong } else { Token::Text },
            ));
            lines.push((format!("    {}", last_event(hook, self.model.now)), Token::Dim));
            if here {
                let words = match hook.events.is_empty() {
                    true if silent(layer, hook) => format!("{} offers no list of registrations", hook.row.vendor),
                    true => "events: not known".to_owned(),
                    false => format!("events: {}", text::clean(&hook.events.join(", "))),
                };
                let wrapped = text::wrap(&words, width.saturating_sub(4).max(1));
                lines.extend(wrapped.into_iter().map(|l| (format!("    {l}"), Token::Dim)));
            }
        }
        (lines, at)
    }

    /// What stands before the selected row of a list. What a key acts on is marked in the list that the keys are not in, too.
    fn hook_mark(&self, has_the_keys: bool) -> &'static str {
        match (has_the_keys, self.model.setting.plain) {
            (true, true) => ">",
            (true, false) => "▸",
            (false, true) => "-",
            (false, false) => "▹",
        }
    }

    fn rotation(&self, rotation: &RotationView, width: usize) -> Vec<Line> {
        let since = self.time(rotation.begun_at);
        let (words, token) = match &rotation.phase {
            RotationPhase::NotAsked => {
                ("interrupted before the second was asked for: c goes on, X gives it up".to_owned(), Token::Warning)
            }
            RotationPhase::Registering(state) => {
                (format!("the second is being registered ({state}): X gives it up"), Token::Active)
            }
            RotationPhase::WaitingForFirstEvent => (
                "waiting for the first event at the second's door; the first stays open: X gives it up".to_owned(),
                Token::Active,
            ),
            RotationPhase::Arrived(at) => (
                format!(
                    "an event came in at the second's door at {}: c deletes the first, X gives it up",
                    self.time(*at)
                ),
                Token::Done,
            ),
            RotationPhase::Deleting => ("the first is being deleted".to_owned(), Token::Active),
            RotationPhase::Finished => ("finished: the first is gone; c puts this note away".to_owned(), Token::Done),
        };
        let words = format!("Exchange at {} since {since}: {words}", rotation.vendor);
        let mut lines: Vec<Line> = text::wrap(&words, width).into_iter().map(|l| (l, token)).collect();
        lines.push((String::new(), Token::Text));
        lines
    }

    fn deliveries(&self, layer: &HooksLayer, area: Rect, buf: &mut Buffer) {
        let deliveries = &layer.known.deliveries;
        if area.height < 2 {
            return;
        }
        let rule = if self.model.setting.plain { "-" } else { "─" };
        let title = format!("{rule}{rule} What came in · {} ", deliveries.len());
        let rest = usize::from(area.width).saturating_sub(text::width(&title));
        put(buf, area.x, area.y, &(title + &rule.repeat(rest)), area.width, self.look.theme.style(Token::LayerBorder));
        let list = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if deliveries.is_empty() {
            self.lines(list, 0, &[("Nothing came in yet.".into(), Token::Dim)], buf);
            return;
        }
        let height = usize::from(list.height);
        let selected = layer.delivery_at();
        let top = selected.map_or(0, |at| (at + 1).saturating_sub(height));
        let shown = layer.shown();
        let mark = self.hook_mark(layer.below);
        for (i, delivery) in deliveries.iter().enumerate().skip(top).take(height) {
            let y = list.y + (i - top) as u16;
            let here = Some(i) == selected;
            if here {
                put(buf, list.x, y, mark, 1, self.look.theme.style(Token::Marker));
            }
            let (words, token) = self.delivery(delivery, &shown);
            let token = if here && layer.below { Token::Strong } else { token };
            put(buf, list.x + 2, y, &words, list.width.saturating_sub(2), self.look.theme.style(token));
        }
    }

    fn delivery(&self, delivery: &Delivery, shown: &[ShownHook]) -> (String, Token) {
        let (event, token) = match &delivery.event {
            Some(Ok(event)) => (text::clean(event).into_owned(), Token::Text),
            Some(Err(why)) => (why.to_string(), Token::Warning),
            None => ("waits to be worked through".to_owned(), Token::Active),
        };
        let took = delivery.done_at.map_or_else(String::new, |done| {
            let millis = done.duration_since(delivery.at).as_millis().max(0);
            if millis < 1_000 {
                format!("{millis} ms")
            } else {
                format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
            }
        });
        let door = match shown.iter().find(|h| h.row.record == delivery.registration) {
            Some(hook) => hook.row.name.as_ref().map_or_else(String::new, |n| format!("at {}", text::strict(n))),
            None => String::new(),
        };
        let at = self.time(delivery.at);
        let vendor = delivery.vendor.as_str();
        if matches!(delivery.event, Some(Err(_))) {
            // Why it could not be opened matters more than how long that took to find out.
            return (format!("{at} {} {event}", text::fit(vendor, 6)), token);
        }
        (format!("{at} {} {} {} {door}", text::fit(vendor, 6), text::fit(&event, 30), text::fit(&took, 8)), token)
    }
}

/// Whether the vendor cannot be asked for its registrations, so that nothing more is to come.
fn silent(layer: &HooksLayer, hook: &ShownHook) -> bool {
    matches!(layer.listed.get(&hook.row.vendor), Some(Err(reason)) if reason.kind == ReasonKind::Unsupported)
}

fn hook_words(layer: &HooksLayer, hook: &ShownHook) -> String {
    let whose = match layer.known.rotation.as_ref().filter(|_| hook.row.ours) {
        Some(r) if r.old == hook.row.record => "ours, the first",
        Some(r) if r.new == Some(hook.row.record) => "ours, the second",
        _ if hook.row.ours => "ours",
        _ => "somebody else's",
    };
    let (listed, silent) = (layer.listed.get(&hook.row.vendor), silent(layer, hook));
    let count = match hook.events.len() {
        0 if silent => "events not told".to_owned(),
        0 => "events not known".to_owned(),
        1 => "1 event".to_owned(),
        n => format!("{n} events"),
    };
    let mut words = format!("{} {} · {whose} · {count}", text::fit(hook.row.vendor.as_str(), 6), address(hook));
    match (&hook.row.pending, hook.listed) {
        (Some(pending), _) => words.extend([" · ", pending]),
        // That it has none is said below the selected one.
        (None, None) if silent => {}
        (None, None) if listed.is_some() => words.push_str(" · not listed"),
        (None, None) => words.push_str(" · not listed yet"),
        _ => {}
    }
    words
}

fn ago(age: &str) -> String {
    if age == "now" { "just now".into() } else { format!("{age} ago") }
}
