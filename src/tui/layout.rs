//! Where things stand at each size: five panes when wide, three when medium, one with a tab bar when narrow.

use ratatui::layout::Rect;

use super::{
    forms::{Form, FormContext},
    layers::ChoiceLayer,
    model::{Model, Pane},
    text,
};

/// From so many columns on, all five panes stand side by side.
pub const WIDE: u16 = 140;
/// From so many columns on, three.
pub const MEDIUM: u16 = 100;

/// Columns of the help layer where there is room.
pub const HELP: u16 = 150;

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

/// The tabs of a narrow window, each with its cells.
pub fn tab_cells(model: &Model) -> Vec<(Pane, Rect)> {
    let Some(area) = tabs(model) else { return Vec::new() };
    let mut x = area.x + 1;
    let cells = |pane: Pane| {
        let width = text::width(&tab_words(model, pane)) as u16;
        let cells = Rect::new(x, area.y, width.min(area.right().saturating_sub(x)), 1);
        x = x.saturating_add(width + 2);
        (pane, cells)
    };
    Pane::ALL.into_iter().map(cells).collect()
}

/// What a tab says.
pub fn tab_words(model: &Model, pane: Pane) -> String {
    let name = if model.size.0 >= 66 { pane.name() } else { &pane.name()[..4] };
    let mark = if pane == model.focus && model.setting.plain { "*" } else { "" };
    format!("{mark}{} {name}", pane.number())
}

/// What is inside the frame of a pane or layer.
pub fn inside(area: Rect, plain: bool) -> Rect {
    if plain {
        return Rect::new(area.x, area.y.saturating_add(1), area.width, area.height.saturating_sub(1));
    }
    area.inner(ratatui::layout::Margin::new(1, 1))
}

/// Where a form lies.
pub fn form(model: &Model, form: &Form, cx: &FormContext<'_>) -> Rect {
    let width = FORM.min(body(model).width);
    middle(model, width, form.height(width, cx))
}

/// What lies between header and footer.
pub fn body(model: &Model) -> Rect {
    let (width, height) = model.size;
    let top = header(model.size).height + tabs(model).map_or(0, |t| t.height);
    let bottom = footer(model.size).height;
    Rect::new(0, top.min(height), width, height.saturating_sub(top + bottom))
}

/// All that is not footer: for what needs the whole screen.
pub fn above_footer(model: &Model) -> Rect {
    let (width, height) = model.size;
    Rect::new(0, 0, width, height.saturating_sub(footer(model.size).height))
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

/// What stands above the items of a choice, wrapped. Long values are cut rather than push the items off a small screen.
pub fn choice_head(model: &Model, layer: &ChoiceLayer) -> Vec<String> {
    let width = usize::from(middle(model, 72, 1).width.saturating_sub(4)).max(1);
    layer.lines.iter().flat_map(|line| text::wrap(line, width).into_iter().take(4)).collect()
}

/// Where a choice stands.
pub fn choice(model: &Model, layer: &ChoiceLayer) -> Rect {
    let height = choice_head(model, layer).len() + layer.items.len() + 3;
    middle(model, 72, u16::try_from(height).unwrap_or(u16::MAX))
}

/// The first line of a choice that is shown in so many rows, so that the selected item is among them; `head` lines stand
/// above the items.
pub fn choice_top(layer: &ChoiceLayer, head: usize, rows: u16) -> usize {
    let rows = usize::from(rows).max(1);
    let lines = head + layer.items.len();
    (head + layer.selected + 1).saturating_sub(rows).min(lines.saturating_sub(rows))
}

/// Where the palette stands, tall enough for so many lines.
pub fn palette(model: &Model, lines: usize) -> Rect {
    middle(model, 100, u16::try_from(lines + 3).unwrap_or(u16::MAX))
}

/// The first line of the palette that is shown below what is typed, in so many rows.
pub fn palette_top(selected: usize, rows: u16) -> usize {
    (selected + 1).saturating_sub(usize::from(rows.saturating_sub(1)).max(1))
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
