//! The model on a buffer. Never mutates, waits, or works for rows that are off the screen.

mod assistance;
mod care;
mod compare;
mod detail;
mod empty;
mod frame;
mod help;
mod hooks;
mod layers;
mod panes;
mod queue;
mod reader;
mod report;
mod session;
mod timeline;
mod triage;
mod words;
mod worklist;

pub(in crate::tui) use assistance::who_lies_there;
pub(in crate::tui) use care::visit_words;
pub(in crate::tui) use compare::compare_size;
pub(in crate::tui) use detail::{detail_end, raw_lines, raw_size};
pub(in crate::tui) use help::help_end;
pub(in crate::tui) use hooks::{about_hook, address};
use jiff::Timestamp;
pub(in crate::tui) use queue::explained_end;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};
pub(in crate::tui) use reader::reader_size;
pub(in crate::tui) use report::report_rows;
pub(in crate::tui) use session::standing_words;
pub(in crate::tui) use timeline::{opened_lines, opened_size, timeline_rows};
pub(in crate::tui) use triage::{called, missed_end, triage_rows};
pub(in crate::tui) use worklist::worklist_rows;

use super::{
    action::Action,
    keymap::Keymap,
    layers::Layer,
    layout,
    model::{Model, Pane},
    painter::Frame,
    picture::plate::Plate,
    text,
    theme::{Theme, Token},
};
use crate::domain::{
    command::Level,
    inbox::AccountWord,
    view::{VendorHealth, VendorState},
    worklist::Class,
};

/// What drawing needs beside the model.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Colours by meaning.
    pub theme: &'a Theme,
    /// For hints and help.
    pub keymap: &'a Keymap,
}

/// Draws the whole window; where the terminal shows pictures as they are, without half blocks below the one on top.
pub fn frame(model: &Model, look: &Look<'_>) -> Frame {
    let (mut cells, cursor) = draw(model, look);
    let picture = model.layers.last().and_then(Layer::picture).filter(|_| model.setting.pictures.graphic());
    let plate = picture.and_then(|picture| Plate::lift(picture, &mut cells, look.theme, cursor));
    Frame { cells, cursor, plate }
}

/// Draws the whole window and says where the cursor is.
pub fn draw(model: &Model, look: &Look<'_>) -> (Buffer, Option<Position>) {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    let mut buf = Buffer::empty(area);
    if area.is_empty() {
        return (buf, None);
    }
    header(model, look, &mut buf);
    tabs(model, look, &mut buf);
    let mut cursor = None;
    // What nothing is seen of is not worked for.
    let whole = model
        .layers
        .iter()
        .rposition(|l| matches!(l, Layer::Timeline(_) | Layer::Report(_) | Layer::Editor(_) | Layer::Compare(_)));
    let panes = if whole.is_none() { layout::panes(model) } else { Vec::new() };
    for (pane, area) in panes {
        let at = panes::pane(model, look, pane, area, &mut buf);
        if pane == model.focus && model.layers.is_empty() {
            cursor = at;
        }
    }
    for layer in model.layers.iter().skip(whole.unwrap_or(0)) {
        cursor = layers::layer(model, look, layer, &mut buf);
    }
    footer(model, look, &mut buf);
    toasts(model, look, &mut buf);
    (buf, cursor)
}

/// Writes a text that is clean already, cut to the area; returns the cells used.
pub(super) fn put(buf: &mut Buffer, x: u16, y: u16, text: &str, cells: u16, style: Style) -> u16 {
    if cells == 0 || !buf.area.contains(Position::new(x, y)) {
        return 0;
    }
    let cells = cells.min(buf.area.right().saturating_sub(x));
    let cut = text::truncate(text, usize::from(cells));
    // Most text needs no look for clusters.
    if !cut.chars().all(|c| text::alone(c).is_some()) {
        buf.set_stringn(x, y, &cut, usize::from(cells), style);
        return text::width(&cut) as u16;
    }
    let mut at = x;
    for (c, wide) in cut.chars().filter_map(|c| Some((c, text::alone(c)? as u16))) {
        if let Some(cell) = buf.cell_mut((at, y)) {
            cell.set_char(c).set_style(style);
        }
        // Nothing of what stood here may show under the rest of a wide character.
        for covered in at + 1..at + wide {
            if let Some(cell) = buf.cell_mut((covered, y)) {
                cell.reset();
            }
        }
        at += wide;
    }
    at - x
}

fn header(model: &Model, look: &Look<'_>, buf: &mut Buffer) {
    let area = layout::header(model.size);
    let width = usize::from(area.width);
    let right = state(model, width);
    let right_cells: usize = right.iter().map(|(t, _)| text::width(t) + 2).sum();
    let now = model.now.to_zoned(model.setting.zone.clone());
    let clinic = model.health.as_ref().map_or("", |h| h.clinic.as_str());
    let (clinic, day, time) = (text::clean(clinic), now.strftime("%a %d %b"), now.strftime("%H:%M"));
    // What fits beside the state, which matters more than the name of the house.
    let lefts = [
        format!(" wardroom  {clinic}  {day} {time}"),
        format!(" {clinic}  {day} {time}"),
        format!(" wardroom  {day} {time}"),
        format!(" wardroom {time}"),
        format!(" {time}"),
    ];
    let left = lefts.iter().find(|l| text::width(l) + 2 + right_cells <= width).unwrap_or(&lefts[4]);
    let used = put(buf, area.x, area.y, left, area.width, look.theme.style(Token::Header));
    let mut x = (area.x + used + 2).max(area.right().saturating_sub(right_cells as u16));
    for (words, token) in right {
        let room = area.right().saturating_sub(x);
        x += put(buf, x, area.y, &words, room, look.theme.style(token)) + 2;
    }
}

/// Engine, vendors, queue and who sits here, with as many words as the header has room for.
fn state(model: &Model, width: usize) -> Vec<(String, Token)> {
    let mut parts: Vec<(String, Token)> = Vec::new();
    if model.lost {
        parts.push(("! no engine".into(), Token::Alarm));
    }
    let plain = model.setting.plain;
    if model.opening {
        parts.push((if plain { "opening..." } else { "opening …" }.into(), Token::Info));
    }
    let Some(health) = &model.health else { return parts };
    let (names, whole) = match width {
        110.. => (usize::MAX, true),
        60.. => (2, true),
        _ => (0, false),
    };
    for vendor in &health.vendors {
        let (glyph, token) = vendor_glyph(vendor, model.now, plain);
        // Where there is no room for all, only those in trouble are named.
        let well = matches!(vendor.state, VendorState::Up | VendorState::Untried);
        if whole || !well {
            let name: String = vendor.vendor.as_str().chars().take(names.max(2)).collect();
            parts.push((format!("{name} {glyph}"), token));
        }
    }
    for vendor in health.vendors.iter().filter(|v| v.signed_out()) {
        let words = if whole { AccountWord::LoginRequired.words(&vendor.label) } else { "login".to_owned() };
        parts.push((format!("! {}", text::clean(&words)), Token::Alarm));
    }
    let arrows = if plain { "queue" } else { "⇅" };
    parts.push(match health.queued {
        0 => (format!("{arrows} 0"), Token::Dim),
        n if whole => (format!("{arrows} {n} queued"), Token::Warning),
        n => (format!("{arrows} {n}"), Token::Warning),
    });
    match health.attention {
        0 => {}
        1 if whole => parts.push(("! 1 needs you".into(), Token::Alarm)),
        n if whole => parts.push((format!("! {n} need you"), Token::Alarm)),
        n => parts.push((format!("! {n}"), Token::Alarm)),
    }
    // What went wrong with notes or came back; the rest stands above the notes.
    let work = health.worklist;
    let wrong = work.failed + work.unresolved + work.sent_back;
    if wrong > 0 && width >= 110 {
        let words: Vec<String> = [Class::Failed, Class::Unresolved, Class::SentBack]
            .into_iter()
            .filter(|class| work.count(*class) > 0)
            .map(|class| format!("{} {}", work.count(class), class.word()))
            .collect();
        parts.push((format!("notes: {}", words.join(", ")), Token::Warning));
    }
    if width >= 100 && !model.setting.user.is_empty() {
        parts.push((text::clean(&model.setting.user).into_owned(), Token::Dim));
    }
    parts
}

/// After so many seconds without an answer nobody knows how a vendor does that was not asked since.
const QUIET: i64 = 120;

/// Whether what was known of a vendor is so old that it says nothing about now. Nothing wakes for this: ages are drawn
/// whenever the screen is.
pub(super) fn quiet(vendor: &VendorHealth, now: jiff::Timestamp) -> bool {
    vendor.state == VendorState::Up && vendor.last_ok.is_none_or(|at| now.duration_since(at).as_secs() > QUIET)
}

/// How a vendor does, in one cell.
pub(super) fn vendor_glyph(vendor: &VendorHealth, now: jiff::Timestamp, plain: bool) -> (&'static str, Token) {
    let state = if quiet(vendor, now) { VendorState::Untried } else { vendor.state };
    match (state, plain) {
        (VendorState::Up, false) => ("●", Token::Done),
        (VendorState::Troubled, false) => ("◐", Token::Warning),
        (VendorState::Down, false) => ("○", Token::Alarm),
        (VendorState::Refuses, false) => ("✕", Token::Alarm),
        (VendorState::Untried, false) => ("·", Token::Dim),
        (VendorState::Up, true) => ("up", Token::Done),
        (VendorState::Troubled, true) => ("slow", Token::Warning),
        (VendorState::Down, true) => ("down", Token::Alarm),
        (VendorState::Refuses, true) => ("refused", Token::Alarm),
        (VendorState::Untried, true) => ("?", Token::Dim),
    }
}

fn tabs(model: &Model, look: &Look<'_>, buf: &mut Buffer) {
    for (pane, area) in layout::tab_cells(model) {
        let token = if pane == model.focus { Token::BorderFocused } else { Token::Dim };
        put(buf, area.x, area.y, &layout::tab_words(model, pane), area.width, look.theme.style(token));
    }
}

fn footer(model: &Model, look: &Look<'_>, buf: &mut Buffer) {
    let area = layout::footer(model.size);
    if area.is_empty() {
        return;
    }
    let mut x = area.x + 1;
    let right = area.right();
    let mut hints = hints(model, look.keymap);
    let need = |(keys, hint): &(String, String)| (text::width(keys) + text::width(hint) + 3) as u16;
    // Who has no room for all keys finds the others by help and palette, so these stay.
    let stays = |hint: &str| matches!(hint, "help" | "palette" | "quit");
    let staying = hints.iter().rev().take_while(|(_, hint)| stays(hint)).count();
    while x + hints.iter().map(need).sum::<u16>() > right && hints.len() > staying {
        hints.remove(hints.len() - staying - 1);
    }
    for (keys, hint) in hints {
        x += put(buf, x, area.y, &keys, right.saturating_sub(x), look.theme.style(Token::Key)) + 1;
        x += put(buf, x, area.y, &hint, right.saturating_sub(x), look.theme.style(Token::Hint)) + 2;
    }
    // The keys come first: what came in last is shown where they leave room.
    if let Some((at, vendor, event)) = model.health.as_ref().and_then(|h| h.last_webhook.as_ref()) {
        let at = at.to_zoned(model.setting.zone.clone()).strftime("%H:%M:%S").to_string();
        let words = format!("{at} webhook {vendor} {} ", text::clean(event));
        let from = area.right().saturating_sub(text::width(&words) as u16);
        if from > x {
            put(buf, from, area.y, &words, area.right() - from, look.theme.style(Token::Dim));
        }
    }
}

/// The keys that matter most where the focus is.
fn hints(model: &Model, keymap: &Keymap) -> Vec<(String, String)> {
    use Action as A;
    let fixed = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, h)| ((*k).to_owned(), (*h).to_owned())).collect();
    let actions: &[Action] = match model.layers.last() {
        Some(Layer::Form(form)) => return fixed(&form.hints()),
        Some(Layer::Editor(editor)) => return fixed(&editor.hints()),
        Some(Layer::Palette(_)) => {
            return fixed(&[("type", "to search"), ("↑↓", "choose"), ("enter", "do it"), ("esc", "close")]);
        }
        Some(Layer::Choice(_)) => return fixed(&[("↑↓", "choose"), ("enter", "take it"), ("esc", "leave it")]),
        Some(Layer::Links(_)) => return fixed(&[("enter", "confirm, or take back"), ("esc", "close")]),
        Some(Layer::VisitLinks(_)) => {
            let mut hints = fixed(&[("↑↓", "choose"), ("enter", "QR code")]);
            hints.extend(words_of(&[A::LinkAlone, A::CopyLink, A::ContextLink], keymap));
            hints.extend(fixed(&[("esc", "close")]));
            return hints;
        }
        Some(Layer::Outbox(outbox)) if outbox.explained.is_some() => {
            &[A::Back, A::Retry, A::Withdraw, A::Decide, A::Help]
        }
        Some(Layer::Outbox(_)) => &[A::Open, A::Retry, A::Withdraw, A::Decide, A::Finished, A::Back, A::Help],
        Some(Layer::Hooks(hooks)) if hooks.below => &[A::Replay, A::NextPane, A::Refresh, A::Back, A::Help],
        Some(Layer::Hooks(_)) => &[
            A::AddHook,
            A::EditHook,
            A::DeleteHook,
            A::RotateHook,
            A::GoOn,
            A::GiveUp,
            A::NextPane,
            A::Replay,
            A::Refresh,
            A::Back,
            A::Help,
        ],
        Some(Layer::Assistance(_)) => {
            &[A::AskAssistance, A::FindAssistance, A::CancelAssistance, A::Refresh, A::Back, A::Help]
        }
        Some(Layer::Report(report)) if report.typing => {
            return fixed(&[("type", "to filter"), ("enter", "keep"), ("esc", "clear")]);
        }
        Some(Layer::Report(report)) if report.view.table.is_some() => {
            &[A::Filter, A::SortReport, A::Left, A::Right, A::OrderReport, A::OpenReport, A::Back, A::Help]
        }
        Some(Layer::Report(_)) => {
            &[A::OrderReport, A::OpenReport, A::SaveDump, A::ImportDump, A::StopReport, A::Back, A::Help]
        }
        Some(Layer::Detail(detail)) if detail.session().is_some() => {
            &[A::ReadSummary, A::DraftFromSummary, A::Back, A::Down, A::Timeline, A::Refresh, A::Raw, A::Help]
        }
        Some(Layer::Detail(_)) => &[A::Back, A::Down, A::Raw, A::Refresh, A::Links, A::Help],
        Some(Layer::Reader(layer)) if layer.typing => {
            return fixed(&[("type", "to find"), ("enter", "keep"), ("esc", "clear")]);
        }
        Some(Layer::Reader(layer)) => return reader_hints(layer, keymap),
        Some(Layer::Files(_)) => &[A::AddFile, A::DeleteFile, A::ShowPicture, A::Open, A::Refresh, A::Back, A::Help],
        Some(Layer::Episodes(layer)) if layer.appointment.is_some() => {
            let mut hints = fixed(&[("enter", "put it into this one")]);
            hints.extend(words_of(&[A::NewEpisode, A::EditEpisode, A::Refresh, A::Back, A::Help], keymap));
            return hints;
        }
        Some(Layer::Episodes(_)) => &[A::Open, A::NewEpisode, A::EditEpisode, A::Refresh, A::Back, A::Help],
        Some(Layer::Timeline(layer)) if layer.typing => {
            return fixed(&[("type", "to filter"), ("enter", "keep"), ("esc", "clear")]);
        }
        Some(Layer::Timeline(layer)) if layer.opened.is_some() => &[A::RevealValues, A::Down, A::Back, A::Help],
        Some(Layer::Timeline(_)) => &[A::Open, A::MarkState, A::RevealValues, A::Filter, A::Refresh, A::Back, A::Help],
        Some(Layer::Triage(layer)) if layer.missed => &[A::NotDone, A::Down, A::Back, A::Help],
        Some(Layer::Triage(_)) => &[
            A::Open,
            A::Timeline,
            A::RetryStuck,
            A::RetryAllStuck,
            A::StopRetry,
            A::NotDone,
            A::Refresh,
            A::Back,
            A::Help,
        ],
        Some(Layer::Worklist(_)) => &[A::Open, A::SortWorklist, A::ReverseWorklist, A::Down, A::Back, A::Help],
        Some(Layer::Compare(_)) => {
            &[A::NextChange, A::PreviousChange, A::CompareBeside, A::ComparePair, A::Down, A::Back, A::Help]
        }
        Some(Layer::Health) if model.health.as_ref().is_some_and(|h| h.vendors.iter().any(|v| v.account.is_some())) => {
            &[A::AccountDone, A::StopFilling, A::LinkedAccount, A::Back, A::Help]
        }
        Some(Layer::Health) if model.health.as_ref().is_some_and(|h| h.filling.is_some()) => {
            &[A::StopFilling, A::RegisterDoctor, A::ChangeDoctor, A::LinkedAccount, A::Back, A::Help]
        }
        Some(Layer::Health) if !model.setting.scribes.is_empty() => {
            &[A::RegisterDoctor, A::ChangeDoctor, A::LinkedAccount, A::Back, A::Help]
        }
        Some(Layer::Health) => &[A::Back, A::Help],
        Some(Layer::Help { .. } | Layer::Log { .. }) => &[A::Back, A::Down],
        None if model.filtering.is_some() => {
            return fixed(&[("type", "to filter"), ("↑↓", "move"), ("enter", "keep"), ("esc", "clear")]);
        }
        None => match model.focus {
            Pane::Rooms => &[A::Open, A::Book, A::NewPatient, A::Outbox, A::Help, A::Palette, A::Quit],
            Pane::Appointments => &[
                A::Open,
                A::Book,
                A::Reschedule,
                A::Cancel,
                A::VisitLinks,
                A::StartScribe,
                A::VisitNote,
                A::Outbox,
                A::Help,
                A::Palette,
                A::Quit,
            ],
            Pane::Patients => {
                &[A::Filter, A::Open, A::Book, A::NewPatient, A::EditPatient, A::Outbox, A::Help, A::Palette, A::Quit]
            }
            Pane::Sessions => {
                // Each scribe has its own.
                let own: &[Action] = match model.sessions.current().map(|row| row.vendor.as_str()) {
                    Some("heidi") => &[A::WriteNote, A::Context],
                    Some(_) => &[A::VisitLinks, A::Regenerate],
                    None => &[],
                };
                let (first, last) =
                    ([A::Open, A::ReadSummary, A::DraftFromSummary], [A::Outbox, A::Help, A::Palette, A::Quit]);
                return words_of(&[&first, own, &[A::Timeline], &last].concat(), keymap);
            }
            Pane::Notes => &[
                A::Open,
                A::NewNote,
                A::FileNote,
                A::Addendum,
                A::SignOff,
                A::DropDraft,
                A::Outbox,
                A::Help,
                A::Palette,
                A::Quit,
            ],
        },
    };
    words_of(actions, keymap)
}

/// What can be done where something is read.
fn reader_hints(layer: &super::reader::ReaderLayer, keymap: &Keymap) -> Vec<(String, String)> {
    use Action as A;
    let flows = layer.stream.as_ref().is_some_and(|s| s.state == crate::domain::stream::StreamState::Flowing);
    let mut actions = vec![A::Back];
    actions.extend(flows.then_some(A::StopWriting));
    if layer.reading.hits().is_some() {
        actions.extend([A::FindNext, A::FindPrevious]);
    }
    actions.extend([A::DraftFromSummary, A::PageDown]);
    let mut hints = words_of(&actions, keymap);
    for (action, words) in [(A::Filter, "find"), (A::NextPane, "next section")] {
        hints.extend(words_of(&[action], keymap).into_iter().map(|(keys, _)| (keys, words.to_owned())));
    }
    if layer.pages.len() > 1 {
        hints.push(("←→".into(), "transcript, documents".into()));
    }
    hints.extend(words_of(&[A::Help], keymap));
    hints
}

/// The first key and the word of each action that has a key.
fn words_of(actions: &[Action], keymap: &Keymap) -> Vec<(String, String)> {
    actions.iter().filter_map(|a| Some((keymap.chords(*a).first()?.clone(), a.entry().hint.to_owned()))).collect()
}

fn toasts(model: &Model, look: &Look<'_>, buf: &mut Buffer) {
    let body = layout::body(model);
    let width = body.width.min(72);
    // The editor's last rows say whether the draft is saved and what is wrong; elsewhere it is the border that stays whole.
    let reserved = match model.layers.last() {
        _ if body.height < 10 => 0,
        Some(Layer::Editor(_)) => 2,
        _ => u16::from(!model.setting.plain),
    };
    let mut bottom = body.bottom() - reserved;
    let errors = model.toasts.iter().filter(|t| t.toast.level == Level::Error).count();
    let mut told = false;
    for shown in model.toasts.iter().rev().take(3) {
        let token = match shown.toast.level {
            Level::Info => Token::Info,
            Level::Warning => Token::Warning,
            Level::Error => Token::Alarm,
        };
        let mut lines = text::wrap(&shown.toast.text, usize::from(width.saturating_sub(4)).max(1));
        lines.truncate(4);
        // An error does not go by itself, so the key is said that takes it away.
        if shown.toast.level == Level::Error && !std::mem::replace(&mut told, true) {
            lines.push(match errors {
                1 => "esc puts it away".into(),
                n => format!("esc puts all {n} errors away, M has them"),
            });
        }
        let height = lines.len() as u16;
        if bottom < body.y + height || width < 8 {
            return;
        }
        bottom -= height;
        let wide = lines.iter().map(|l| text::width(l)).max().unwrap_or(0) as u16 + 4;
        let x = body.right().saturating_sub(wide + 1);
        for (i, line) in lines.iter().enumerate() {
            let y = bottom + i as u16;
            put(buf, x, y, &" ".repeat(usize::from(wide)), wide, Style::reset());
            let mark = match shown.toast.level {
                Level::Info if shown.begun => "·",
                Level::Info => "✓",
                Level::Warning => "!",
                Level::Error => "✕",
            };
            if i == 0 {
                put(buf, x + 1, y, if model.setting.plain { "*" } else { mark }, 1, look.theme.style(token));
            }
            put(buf, x + 3, y, line, wide - 4, look.theme.style(token));
        }
    }
}

/// Why something did not go well: the class, and the vendor's own words where there are any.
pub(in crate::tui) fn why(reason: &crate::domain::Reason) -> String {
    let message = text::clean(&reason.message);
    if message.trim().is_empty() { reason.kind.word().into() } else { format!("{}: {message}", reason.kind.word()) }
}

/// An appointment's status in the board's own word.
pub(in crate::tui) fn standing(status: &crate::domain::appointment::AppointmentStatus) -> String {
    words::appointment(status, None).word
}

/// How long ago, as the screens say it: now, then minutes, hours, days.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(at).as_mins();
    match minutes {
        i64::MIN..=0 => "now".into(),
        1..=59 => format!("{minutes}m"),
        60..=1439 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / 1440),
    }
}

#[cfg(test)]
mod tests;
