//! The five panes, row by row.

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{Look, age, empty, frame, put, words};
use crate::{
    domain::{
        session::Urgency,
        view::{AppointmentRow, Freshness, NoteRow, PatientRow, RoomFilter, RoomRow, SessionRow, Wait},
    },
    tui::{
        list::{Identified, List},
        model::{Model, Pane, room_name},
        text,
        theme::Token,
    },
};

/// Draws a pane; returns where the cursor belongs when the pane has the keys and wants one.
pub fn pane(model: &Model, look: &Look<'_>, pane: Pane, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let focused = pane == model.focus;
    let plain = model.setting.plain;
    let border = look.theme.style(if focused { Token::BorderFocused } else { Token::Border });
    let title = title(model, pane, usize::from(area.width.saturating_sub(4)));
    let name = look.theme.style(if focused { Token::BorderFocused } else { Token::Title });
    let inner = frame::frame(buf, area, &title, border, name, plain);
    if inner.is_empty() {
        return None;
    }
    let beside = if pane == Pane::Appointments { beside(model) } else { (0, 0) };
    let cx = Rows { model, look, inner, focused, beside };
    match pane {
        _ if model.total(pane) == 0 => cx.empty(pane, buf),
        Pane::Rooms => cx.rows(&model.rooms, buf, room),
        Pane::Appointments => cx.rows(&model.appointments, buf, appointment),
        Pane::Patients => cx.rows(&model.patients, buf, patient),
        Pane::Sessions => cx.rows(&model.sessions, buf, |cx, row| session(cx, row, begins_group(&model.sessions, row))),
        Pane::Notes => cx.rows(&model.notes, buf, note),
    }
    if model.filtering == Some(pane) {
        let before = format!(" {} {} · / ", pane.number(), pane.name());
        let at = area.x + 1 + (text::width(&before) + text::width(&text::clean(model.filter(pane)))) as u16;
        return Some(Position::new(at.min(area.right().saturating_sub(2)), area.y));
    }
    if plain && focused {
        return cursor_of(model, pane, inner);
    }
    None
}

/// The cells that the rooms and the providers of the appointments at hand take.
fn beside(model: &Model) -> (usize, usize) {
    let widest = |of: fn(&AppointmentRow) -> &str, most: usize| {
        model.appointments.held().iter().map(|r| text::width(of(r))).max().unwrap_or(0).clamp(8, most)
    };
    (widest(room_of, 20), widest(|r| &r.provider, 24))
}

/// In plain mode the cursor stands on the selected row, where a screen reader reads.
fn cursor_of(model: &Model, pane: Pane, inner: Rect) -> Option<Position> {
    let (selected, top) = match pane {
        Pane::Rooms => (model.rooms.selected(), model.rooms.top()),
        Pane::Appointments => (model.appointments.selected(), model.appointments.top()),
        Pane::Patients => (model.patients.selected(), model.patients.top()),
        Pane::Sessions => (model.sessions.selected(), model.sessions.top()),
        Pane::Notes => (model.notes.selected(), model.notes.top()),
    };
    let y = inner.y + u16::try_from(selected.checked_sub(top)?).ok()?;
    (model.selected_row(pane).is_some() && y < inner.bottom()).then_some(Position::new(inner.x, y))
}

fn title(model: &Model, pane: Pane, cells: usize) -> String {
    let mut parts = vec![format!("{} {}", pane.number(), pane.name())];
    if model.missing(pane) && model.filtering != Some(pane) {
        parts.push("none selected".into());
    }
    if model.filtering == Some(pane) || !model.filter(pane).is_empty() {
        parts.push(format!("/ {}", text::clean(model.filter(pane))));
    }
    match pane {
        Pane::Rooms => {}
        Pane::Appointments => {
            match &model.scope.patient {
                Some((_, name)) => parts.push(text::clean(name).into_owned()),
                None => {
                    let day = model.shown_day();
                    parts.push(if day == model.today() {
                        "today".into()
                    } else {
                        day.strftime("%a %d %b").to_string()
                    });
                    match &model.scope.room {
                        RoomFilter::All => {}
                        RoomFilter::NoneKnown => parts.push("no room known".into()),
                        RoomFilter::Named(room) => parts.push(text::clean(room).into_owned()),
                    }
                }
            }
            parts.push(model.appointments.total().to_string());
        }
        Pane::Patients => parts.push(thousands(model.patients.total())),
        Pane::Sessions | Pane::Notes => {
            let scope = model.scope.appointment.as_ref().or(model.scope.patient.as_ref());
            if let Some((_, name)) = scope {
                parts.push(text::clean(name).into_owned());
            }
            if pane == Pane::Sessions {
                parts.extend(needing(&model.sessions));
            }
            if pane == Pane::Notes
                && let Some(work) = model.health.as_ref().map(|h| h.worklist).filter(|work| work.total() > 0)
            {
                parts.push(work.words());
            }
        }
    }
    text::truncate(&format!(" {} ", parts.join(" · ")), cells).into_owned()
}

/// How many sessions need somebody: they stand first, so those that are held tell it as far as they reach.
fn needing(list: &List<SessionRow>) -> Option<String> {
    list.at(0)?;
    let count = list.held().iter().take_while(|row| row.urgency == Urgency::NeedsMe).count();
    let more = count == list.held().len() && count < list.total();
    match (count, more) {
        (0, _) => None,
        (1, false) => Some("1 needs you".into()),
        (n, false) => Some(format!("{n} need you")),
        (n, true) => Some(format!("{n}+ need you")),
    }
}

fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

struct Rows<'a> {
    model: &'a Model,
    look: &'a Look<'a>,
    inner: Rect,
    focused: bool,
    /// The cells that the rooms and the providers of appointments take.
    beside: (usize, usize),
}

/// One cell run of a row.
type Part = (String, Token);

impl Rows<'_> {
    fn empty(&self, pane: Pane, buf: &mut Buffer) {
        let (inner, cells) = (self.inner, self.inner.width.saturating_sub(1));
        let sentences = empty::sentences(self.model, self.look.keymap, pane);
        let lines = sentences.iter().flat_map(|sentence| text::wrap(sentence, usize::from(cells)));
        for (y, line) in (inner.y..inner.bottom()).zip(lines) {
            put(buf, inner.x + 1, y, &line, cells, self.style(Token::Dim));
        }
    }

    fn rows<T: Identified>(&self, list: &List<T>, buf: &mut Buffer, parts: impl Fn(&Cx<'_>, &T) -> Vec<Part>) {
        let inner = self.inner;
        let plain = self.model.setting.plain;
        let cx = Cx {
            now: self.model.minute(),
            zone: &self.model.setting.zone,
            rooms: &self.model.all_rooms,
            beside: self.beside,
            width: usize::from(inner.width.saturating_sub(1)),
            plain,
            days: self.model.scope.patient.is_some(),
        };
        for (place, row) in list.visible() {
            let y = inner.y + (place - list.top()) as u16;
            if y >= inner.bottom() {
                break;
            }
            if list.is_selected(place) {
                let token = if self.focused { Token::Marker } else { Token::MarkerIdle };
                put(buf, inner.x, y, if plain { ">" } else { "▸" }, 1, self.style(token));
            }
            let mut x = inner.x + 1;
            for (words, token) in parts(&cx, row) {
                let room = inner.right().saturating_sub(x);
                if room == 0 {
                    break;
                }
                x += put(buf, x, y, &words, room, self.style(token));
            }
        }
    }

    fn style(&self, token: Token) -> Style {
        self.look.theme.style(token)
    }
}

/// What a row's drawing needs.
struct Cx<'a> {
    now: Timestamp,
    zone: &'a TimeZone,
    /// For the thresholds of waits.
    rooms: &'a [RoomRow],
    /// The cells that the rooms and the providers of appointments take.
    beside: (usize, usize),
    width: usize,
    plain: bool,
    /// The rows are of more than one day, so a time needs its date.
    days: bool,
}

impl Cx<'_> {
    fn fresh(&self, fresh: &Freshness) -> Part {
        let (glyph, token) = words::source(fresh, self.plain);
        let words = if fresh.stale { format!("{glyph} old") } else { format!("{glyph} {}", age(fresh.at, self.now)) };
        (text::fit(&words, 5), if fresh.stale { Token::Warning } else { token })
    }

    fn time(&self, at: Timestamp) -> String {
        let format = if self.days { "%d %b %H:%M" } else { "%H:%M" };
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// Six cells: how long, and a mark when it is too long, for those who see no colours.
    fn wait(&self, wait: Option<Wait>, thresholds: (u16, u16)) -> Part {
        let Some(wait) = wait else { return ("    – ".into(), Token::Dim) };
        let minutes = self.now.duration_since(wait.since).as_mins().max(0);
        let (token, mark) = if minutes >= i64::from(thresholds.1) {
            (Token::Alarm, "!")
        } else if minutes >= i64::from(thresholds.0) {
            (Token::Warning, " ")
        } else {
            (Token::Text, " ")
        };
        let at_least = match (wait.at_least, self.plain) {
            (false, _) => "",
            (true, true) => ">",
            (true, false) => "≥",
        };
        (format!("{:>5}{mark}", format!("{at_least}{}", short(minutes))), token)
    }

    /// Minutes after which a wait in this room is amber and red.
    fn thresholds(&self, room: Option<&str>) -> (u16, u16) {
        let of = |wanted: &RoomFilter| self.rooms.iter().find(|r| r.filter == *wanted);
        room.and_then(|name| of(&RoomFilter::Named(name.to_owned())))
            .or_else(|| of(&RoomFilter::All))
            .map_or((15, 30), |r| r.thresholds)
    }
}

fn short(minutes: i64) -> String {
    if minutes < 100 { format!("{minutes}m") } else { format!("{}h", minutes / 60) }
}

fn room(cx: &Cx<'_>, row: &RoomRow) -> Vec<Part> {
    let name = room_name(&row.filter);
    let trend = if cx.plain || row.trend.is_empty() { String::new() } else { sparkline(&row.trend, 4) };
    let tail = 3 + 7 + if trend.is_empty() { 0 } else { 4 };
    let wait = match row.longest {
        Some(_) => cx.wait(row.longest, row.thresholds),
        None => ("      ".into(), Token::Dim),
    };
    let waiting = if row.waiting == 0 { Token::Dim } else { Token::Waiting };
    vec![
        (text::fit(name, cx.width.saturating_sub(tail).max(4)), Token::Text),
        (format!("{:>3}", row.waiting), waiting),
        (" ".into(), Token::Text),
        wait,
        (trend, Token::Chart),
    ]
}

/// The last values as bars of eight heights.
pub fn sparkline(values: &[u16], cells: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = &values[values.len().saturating_sub(cells)..];
    let most = last.iter().copied().max().unwrap_or(0).max(1);
    last.iter().map(|v| BARS[usize::from(*v) * 7 / usize::from(most)]).collect()
}

fn appointment(cx: &Cx<'_>, row: &AppointmentRow) -> Vec<Part> {
    let word = words::appointment(&row.status, row.video.as_ref());
    let time = row.start.map_or_else(|| "--:--".to_owned(), |s| cx.time(s));
    let closed = row.status.closed();
    let name = if row.patient_name.is_empty() { "(not read yet)" } else { &row.patient_name };
    let name_token = if closed || row.patient_name.is_empty() { Token::Dim } else { Token::Strong };
    let thresholds = cx.thresholds(row.room.as_ref().map(|(name, _)| name.as_str()));
    let status_cells = 17;
    // time, name, status, wait, freshness; then room and provider where there is space. They get what they need, and the
    // name all that is left.
    let base = text::width(&time) + 1 + 1 + status_cells + 6 + 1 + 5;
    let spare = cx.width.saturating_sub(base);
    let (room_cells, provider_cells) = cx.beside;
    let beside = 1 + room_cells + 1 + provider_cells;
    let more = spare >= 24 + beside;
    let name_cells = if more { spare - beside } else { spare.max(6) };
    let mut parts = vec![
        (format!("{time} "), if closed { Token::Dim } else { Token::Text }),
        (text::fit(name, name_cells), name_token),
        (" ".into(), Token::Text),
        (text::fit(&word.text(cx.plain), status_cells), word.token),
        cx.wait(row.wait, thresholds),
        (" ".into(), Token::Text),
        cx.fresh(&row.fresh),
    ];
    if more {
        parts.push((" ".into(), Token::Text));
        parts.push((text::fit(room_of(row), room_cells), Token::Dim));
        parts.push((" ".into(), Token::Text));
        parts.push((text::fit(&row.provider, provider_cells), Token::Dim));
    }
    parts
}

fn room_of(row: &AppointmentRow) -> &str {
    row.room.as_ref().map_or("no room known", |(name, _)| name.as_str())
}

fn patient(cx: &Cx<'_>, row: &PatientRow) -> Vec<Part> {
    let born = if row.birth_date.is_empty() { "-" } else { &row.birth_date };
    let mut parts = Vec::new();
    let wide = cx.width >= 60;
    let tail = 11 + 2 + if wide { 14 + 16 + 6 } else { 0 };
    let name_token = if row.inactive { Token::Off } else { Token::Strong };
    let same = if row.perhaps_same.is_some() { "≈" } else { "" };
    parts.push((text::fit(&format!("{}{same}", row.name), cx.width.saturating_sub(tail).clamp(6, 64)), name_token));
    parts.push((text::fit(&format!(" {born}"), 11), Token::Text));
    parts.push((text::fit(&format!(" {}", row.gender), 2), Token::Text));
    if wide {
        parts.push((text::fit(&format!(" {}", row.mrn), 14), Token::Dim));
        parts.push((text::fit(&format!(" {}", row.phone), 16), Token::Dim));
        parts.push((" ".into(), Token::Text));
        parts.push(cx.fresh(&row.fresh));
    }
    parts
}

/// From so many columns on a session's group and doctor have columns of their own.
const WITH_GROUP: usize = 66;

/// Whether a row is the first of its group on the screen.
fn begins_group(list: &List<SessionRow>, row: &SessionRow) -> bool {
    let mut before = None;
    for (_, other) in list.visible() {
        if other.id == row.id {
            break;
        }
        before = Some(other.urgency);
    }
    before != Some(row.urgency)
}

fn session(cx: &Cx<'_>, row: &SessionRow, begins: bool) -> Vec<Part> {
    let word = words::session(row.stage, &row.status);
    let since = row.since.map_or_else(String::new, |s| age(s, cx.now));
    let wide = cx.width >= WITH_GROUP;
    let state = if wide { 20 } else { 14 };
    let (group, doctor) = if wide { (12, 12) } else { (0, 0) };
    let tail = 6 + state + 5 + 5 + group + doctor;
    let name = if row.patient_name.is_empty() { "–" } else { &row.patient_name };
    let mut parts = Vec::new();
    if wide {
        let token = if row.urgency == Urgency::NeedsMe { Token::Waiting } else { Token::Dim };
        parts.push((text::fit(if begins { row.urgency.word() } else { "" }, group), token));
    }
    parts.extend([
        (text::fit(row.vendor.as_str(), 6), Token::Dim),
        (text::fit(name, cx.width.saturating_sub(tail).max(4)), Token::Strong),
        (text::fit(&format!(" {}", word.text(cx.plain)), state), word.token),
        (format!("{since:>4} "), Token::Dim),
        cx.fresh(&row.fresh),
    ]);
    if wide {
        parts.push((text::fit(&format!(" {}", row.doctor), doctor), Token::Dim));
    }
    parts
}

fn note(cx: &Cx<'_>, row: &NoteRow) -> Vec<Part> {
    let word = words::note(&row.item);
    let owner = row.vendor.map_or_else(|| "here".to_owned(), |v| v.to_string());
    let state_cells = if cx.width < 44 { 14 } else { 18 };
    let cells = cx.width.saturating_sub(7 + state_cells + 5).max(4);
    let (about, token) = if row.about.is_empty() {
        (nobody_known(&row.number, cells), Token::Dim)
    } else {
        (text::fit(&row.about, cells), Token::Strong)
    };
    vec![
        (text::fit(&owner, 7), Token::Dim),
        (about, token),
        (text::fit(&format!(" {}", word.text(cx.plain)), state_cells), word.token),
        (format!("{:>4}", age(row.at, cx.now)), Token::Dim),
    ]
}

/// Numbers differ at their ends, so that is where they are shown when there is no room for all of one.
fn nobody_known(number: &str, cells: usize) -> String {
    let digits = text::clean(number);
    let count = digits.chars().count();
    if count <= cells {
        let whole = format!("{digits} no patient known");
        let whole = whole.trim_start();
        // Half the words would only stand in the way.
        return text::fit(if text::width(whole) <= cells || count == 0 { whole } else { &digits }, cells);
    }
    let end: String = digits.chars().skip(count - cells.saturating_sub(1)).collect();
    text::fit(&format!("…{end}"), cells)
}
