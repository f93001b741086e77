//! Where things stand at each size: five panes when wide, three when medium, one with a tab bar when narrow.

use ratatui::layout::Rect;

use super::model::{Model, Pane};

/// From so many columns on, all five panes stand side by side.
pub const WIDE: u16 = 140;
/// From so many columns on, three.
pub const MEDIUM: u16 = 100;

/// Columns of a form where there is room.
pub const FORM: u16 = 90;

/// The header line.
pub fn header(size: (u16, u16)) -> Rect {
    Rect::new(0, 0, size.0, size.1.min(1))
}

/// The tab bar of a narrow window.
pub fn tabs(model: &Model) -> Option<Rect> {
    (narrow(model) && model.size.1 >= 4).then(|| Rect::new(0, 1, model.size.0, 1))
}

/// The footer line.
pub fn footer(size: (u16, u16)) -> Rect {
    if size.1 < 3 { Rect::new(0, size.1, size.0, 0) } else { Rect::new(0, size.1 - 1, size.0, 1) }
}

/// What lies between header and footer.
pub fn body(model: &Model) -> Rect {
    let (width, height) = model.size;
    let top = header(model.size).height + tabs(model).map_or(0, |t| t.height);
    let bottom = footer(model.size).height;
    Rect::new(0, top.min(height), width, height.saturating_sub(top + bottom))
}

/// One pane and a tab bar.
pub fn narrow(model: &Model) -> bool {
    model.size.0 < MEDIUM || model.size.1 < 18
}

/// The panes on the screen with their areas, borders included.
pub fn panes(model: &Model) -> Vec<(Pane, Rect)> {
    let body = body(model);
    if body.is_empty() {
        return Vec::new();
    }
    if model.zoomed || narrow(model) {
        return vec![(model.focus, body)];
    }
    let (x, y, w, h) = (body.x, body.y, body.width, body.height);
    let half = h / 2;
    if w >= WIDE {
        let left = (w / 5).clamp(26, 38);
        let right = (w / 4).clamp(34, 52);
        let middle = w - left - right;
        return vec![
            (Pane::Rooms, Rect::new(x, y, left, half)),
            (Pane::Patients, Rect::new(x, y + half, left, h - half)),
            (Pane::Appointments, Rect::new(x + left, y, middle, h)),
            (Pane::Sessions, Rect::new(x + left + middle, y, right, half)),
            (Pane::Notes, Rect::new(x + left + middle, y + half, right, h - half)),
        ];
    }
    // Three: the board in the middle of attention, and the two that belong to what has the keys.
    let side = w / 3;
    let (upper, lower) = match model.focus {
        Pane::Sessions | Pane::Notes => (Pane::Sessions, Pane::Notes),
        _ => (Pane::Rooms, Pane::Patients),
    };
    vec![
        (upper, Rect::new(x, y, side, half)),
        (lower, Rect::new(x, y + half, side, h - half)),
        (Pane::Appointments, Rect::new(x + side, y, w - side, h)),
    ]
}

/// How many rows a pane of this area shows.
pub fn rows_in(area: Rect, plain: bool) -> usize {
    let frame = if plain { 1 } else { 2 };
    usize::from(area.height.saturating_sub(frame))
}

/// Where a layer over the panes stands: beside the list where there is room, all of the body otherwise.
pub fn side(model: &Model) -> Rect {
    let body = body(model);
    if body.width >= WIDE {
        let width = body.width / 2;
        Rect::new(body.x + body.width - width, body.y, width, body.height)
    } else if body.width >= MEDIUM {
        let width = body.width * 2 / 3;
        Rect::new(body.x + body.width - width, body.y, width, body.height)
    } else {
        body
    }
}

/// A layer in the middle with at most this size.
pub fn middle(model: &Model, width: u16, height: u16) -> Rect {
    let body = body(model);
    let (w, h) = (width.min(body.width), height.min(body.height));
    Rect::new(body.x + (body.width - w) / 2, body.y + (body.height - h) / 2, w, h)
}

/// How many rows the outbox layer shows.
pub fn layer_rows(model: &Model) -> usize {
    rows_in(outbox(model), model.setting.plain)
}

/// Where the outbox layer stands.
pub fn outbox(model: &Model) -> Rect {
    let body = body(model);
    middle(model, 150.min(body.width), body.height)
}
