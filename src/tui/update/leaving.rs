//! Layers that go, and what the engine holds only as long as one of them is open.

use super::{Effect, Purpose};
use crate::{
    domain::{Command, Request, report::ReportAct},
    tui::{layers::Layer, model::Model},
};

/// Takes the top layer away.
pub(super) fn top(model: &mut Model) -> Vec<Effect> {
    let at = model.layers.len().saturating_sub(1);
    from(model, at)
}

/// Takes all layers away.
pub(super) fn all(model: &mut Model) -> Vec<Effect> {
    from(model, 0)
}

/// The window is about to end: what it draws may stay, what the engine holds for it may not.
pub(super) fn ending(model: &mut Model) -> Vec<Effect> {
    let reports: Vec<Layer> = model.layers.extract_if(.., |l| matches!(l, Layer::Report(_))).collect();
    given_back(&reports)
}

fn from(model: &mut Model, at: usize) -> Vec<Effect> {
    given_back(&model.layers.split_off(at))
}

/// What a report says is in the engine's memory only while somebody looks at it.
fn given_back(gone: &[Layer]) -> Vec<Effect> {
    let open = |layer: &Layer| match layer {
        // One from the disk may lie over one of the vendor's.
        Layer::Report(report) if report.view.table.is_some() => 1 + usize::from(report.view.below),
        _ => 0,
    };
    let close = || Command::Report { act: Box::new(ReportAct::Close) };
    let most = gone.iter().map(open).max().unwrap_or_default();
    (0..most).map(|_| Effect::Start(Purpose::Quiet, Request::Do(close()))).collect()
}
