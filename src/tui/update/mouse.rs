//! The mouse, where a person switched it on: a click selects, a click on what is selected opens, the wheel scrolls.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{Effect, acts, keys, lacking, palette, walk};
use crate::tui::{
    layers::Layer,
    layout,
    model::{Model, Motion},
};

/// Rows that one notch of the wheel scrolls.
const NOTCH: isize = 3;

pub(super) fn mouse(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    if !model.mouse {
        return Vec::new();
    }
    let at = Position::new(event.column, event.row);
    if let (MouseEventKind::Down(MouseButton::Left) | MouseEventKind::Drag(MouseButton::Left), Some(Layer::Form(_))) =
        (event.kind, model.layers.last())
    {
        touch_form(model, at, matches!(event.kind, MouseEventKind::Drag(_)));
        return Vec::new();
    }
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) if model.layers.is_empty() => click(model, at),
        MouseEventKind::Down(MouseButton::Left) => click_layer(model, at),
        MouseEventKind::ScrollDown => wheel(model, at, 1),
        MouseEventKind::ScrollUp => wheel(model, at, -1),
        _ => Vec::new(),
    }
}

/// Draws on what the form on top is signed on.
fn touch_form(model: &mut Model, at: Position, drawn: bool) {
    let rooms = keys::rooms_at_hand(model);
    let area = match model.layers.last() {
        Some(Layer::Form(form)) => layout::form(model, form, &keys::context(&model.setting, model.now, &rooms)),
        _ => return,
    };
    let cx = keys::context(&model.setting, model.now, &rooms);
    if let Some(Layer::Form(form)) = model.layers.last_mut() {
        form.touch(at, drawn, area, &cx);
    }
}

fn wheel(model: &mut Model, at: Position, by: isize) -> Vec<Effect> {
    match model.layers.last_mut() {
        None => {
            // The selection stays where it is: what the other panes follow does not change by looking around.
            if let Some((pane, _)) = layout::panes(model).into_iter().find(|(_, area)| area.contains(at)) {
                model.scroll(pane, by * NOTCH);
            }
            lacking(model)
        }
        Some(Layer::Palette(palette)) => {
            palette.selected = palette.selected.saturating_add_signed(by);
            let text = palette.text.clone();
            let last = palette::palette_lines(model, &text).len().saturating_sub(1);
            if let Some(Layer::Palette(palette)) = model.layers.last_mut() {
                palette.selected = palette.selected.min(last);
            }
            Vec::new()
        }
        Some(_) => walk::motion(model, Motion::Step(by * NOTCH)),
    }
}

fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    if let Some((pane, _)) = layout::tab_cells(model).into_iter().find(|(_, area)| area.contains(at)) {
        return walk::focus(model, pane);
    }
    let Some((pane, area)) = layout::panes(model).into_iter().find(|(_, area)| area.contains(at)) else {
        return Vec::new();
    };
    let inner = layout::inside(area, model.setting.plain);
    let place = inner.contains(at).then(|| model.top(pane) + usize::from(at.y - inner.y));
    let place = place.filter(|place| *place < model.total(pane));
    if let Some(place) = place
        && pane == model.focus
        && model.filtering.is_none()
        && place == model.selected(pane)
    {
        return acts::open(model);
    }
    let mut effects = walk::focus(model, pane);
    if let Some(place) = place {
        model.go(pane, place);
        walk::rest(model);
        effects.extend(lacking(model));
    }
    effects
}

fn click_layer(model: &mut Model, at: Position) -> Vec<Effect> {
    let plain = model.setting.plain;
    match model.layers.last() {
        Some(Layer::Choice(choice)) => {
            let inner = layout::inside(layout::choice(model, choice), plain);
            if !inner.contains(at) {
                return Vec::new();
            }
            let head = layout::choice_head(model, choice).len();
            let line = usize::from(at.y - inner.y) + layout::choice_top(choice, head, inner.height);
            match line.checked_sub(head).filter(|item| *item < choice.items.len()) {
                Some(item) => keys::take_choice(model, item),
                None => Vec::new(),
            }
        }
        Some(Layer::Palette(layer)) => {
            let lines = palette::palette_lines(model, &layer.text).len();
            let all = palette::palette_lines(model, "").len();
            let inner = layout::inside(layout::palette(model, all), plain);
            if !inner.contains(at) || at.y == inner.y {
                return Vec::new();
            }
            let line = usize::from(at.y - inner.y - 1) + layout::palette_top(layer.selected, inner.height);
            let again = line == layer.selected;
            if let Some(Layer::Palette(layer)) = model.layers.last_mut().filter(|_| line < lines) {
                layer.selected = line;
                if again {
                    return palette::choose(model);
                }
            }
            Vec::new()
        }
        Some(Layer::Outbox(outbox)) if outbox.explained.is_none() => {
            let inner = layout::inside(layout::outbox(model), plain);
            if !inner.contains(at) {
                return Vec::new();
            }
            let place = outbox.list.top() + usize::from(at.y - inner.y);
            if place >= outbox.list.total() {
                return Vec::new();
            }
            if place == outbox.list.selected() {
                return acts::open(model);
            }
            if let Some(Layer::Outbox(outbox)) = model.layers.last_mut() {
                outbox.list.go(place);
            }
            lacking(model)
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
