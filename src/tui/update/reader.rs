//! What keys and answers do in the reader.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Effect, Purpose, Wish, acts, fit, look, sessions};
use crate::{
    domain::{
        Command, Delta, Kind, Query, Question, Reason, RecordId, Request,
        command::{Level, Touched},
        scribe::{SessionText, TextKind},
        session::{Session, doing::texts_of},
        stream::{StreamAct, StreamId, StreamState, StreamView},
        view::{Detail, Told},
    },
    tui::{
        action::Action,
        draw,
        forms::AboutSession,
        layers::{Asked, Layer},
        model::{Model, Motion},
        reader::{Page, ReaderLayer},
    },
};

/// Does an action that belongs here; `None` for every other, and when something else is on top.
pub(super) fn act(model: &mut Model, action: Action) -> Option<Vec<Effect>> {
    let layer = layer(model)?;
    Some(match action {
        Action::Filter => {
            layer.typing = true;
            layer.reading.seek(String::new());
            Vec::new()
        }
        Action::FindNext | Action::FindPrevious => {
            if layer.reading.needle().is_empty() {
                return Some(acts::nothing_there(model, "nothing is looked for yet; / begins"));
            }
            if !layer.reading.next(action == Action::FindNext) {
                return Some(acts::nothing_there(model, "it is not in this text"));
            }
            Vec::new()
        }
        Action::NextPane | Action::PreviousPane => {
            layer.reading.turn(action == Action::NextPane);
            Vec::new()
        }
        Action::Right => turn(model, true),
        Action::Left => turn(model, false),
        Action::Back if !layer.reading.needle().is_empty() => {
            layer.reading.seek(String::new());
            Vec::new()
        }
        Action::Refresh => ask(model),
        Action::StopWriting => stop(model),
        _ => return None,
    })
}

/// The reader when it is on top.
fn layer(model: &mut Model) -> Option<&mut ReaderLayer> {
    match model.layers.last_mut()? {
        Layer::Reader(layer) => Some(layer),
        _ => None,
    }
}

/// The reader of a session, wherever it stands.
fn of(model: &mut Model, session: RecordId) -> Option<&mut ReaderLayer> {
    model.layers.iter_mut().find_map(|layer| match layer {
        Layer::Reader(layer) if layer.session == session => Some(&mut **layer),
        _ => None,
    })
}

/// Opens the reader on what a session came to, and reads that anew meanwhile.
pub(super) fn open(model: &mut Model, detail: &Detail, session: &Session) -> Vec<Effect> {
    let layer = ReaderLayer::new(detail.id, session.vendor, Page::Summary);
    push(model, layer, detail, session);
    ask(model)
}

/// Opens the reader on what was written last of a session while this window watched.
pub(super) fn watch(model: &mut Model, detail: &Detail) -> Vec<Effect> {
    let stream = model.streams.get(&detail.id).copied();
    match (stream, sessions::session_of(detail)) {
        (Some(stream), Some(session)) => {
            push(model, ReaderLayer::new(detail.id, session.vendor, Page::Stream(stream)), detail, session);
            vec![look(model, Wish::Stream(stream))]
        }
        _ => Vec::new(),
    }
}

fn push(model: &mut Model, mut layer: ReaderLayer, detail: &Detail, session: &Session) {
    model.layers.retain(|l| !matches!(l, Layer::Reader(_)));
    pages(&mut layer, model.streams.get(&detail.id).copied(), session);
    let about = sessions::about(model, detail, session);
    fill(&mut layer, &about, session);
    model.layers.push(Layer::Reader(Box::new(layer)));
    fit(model);
}

/// What can be read of a session: what was written while one watched stands last.
fn pages(layer: &mut ReaderLayer, stream: Option<StreamId>, session: &Session) {
    layer.pages = vec![Page::Summary];
    layer.pages.extend(texts_of(session).iter().map(|kind| Page::Text(*kind)));
    layer.pages.extend(stream.map(Page::Stream));
}

/// Tells the layer what the session is now.
fn fill(layer: &mut ReaderLayer, about: &AboutSession, session: &Session) {
    layer.about = about.patient.line();
    layer.standing.clone_from(&about.standing);
    if layer.page != Page::Summary {
        return;
    }
    if let Some(summary) = session.summary.as_ref().filter(|s| !s.is_empty()) {
        layer.reading.take(&summary.parts());
        if layer.asked == Asked::Asking {
            layer.asked = Asked::Told;
        }
    } else {
        layer.reading.take(&[]);
    }
}

/// The session was read anew.
pub(super) fn looked(model: &mut Model, detail: &Detail) -> Vec<Effect> {
    if let Some(session) = sessions::session_of(detail) {
        let about = sessions::about(model, detail, session);
        if let Some(layer) = of(model, detail.id) {
            fill(layer, &about, session);
        }
    }
    Vec::new()
}

/// Asks the vendor for what is shown.
fn ask(model: &mut Model) -> Vec<Effect> {
    let Some(layer) = layer(model) else { return Vec::new() };
    let session = layer.session;
    match layer.page {
        Page::Summary => {
            layer.asked = Asked::Asking;
            vec![Effect::Start(Purpose::Summary(session), Request::Ask(Question::Summary { session }))]
        }
        Page::Text(what) => {
            layer.asked = Asked::Asking;
            let question = Question::SessionTexts { session, what };
            vec![Effect::Start(Purpose::Texts(session, what), Request::Ask(question))]
        }
        Page::Stream(stream) => vec![look(model, Wish::Stream(stream))],
    }
}

/// To the page beside the one that is shown.
fn turn(model: &mut Model, forward: bool) -> Vec<Effect> {
    let Some(layer) = layer(model) else { return Vec::new() };
    let at = layer.pages.iter().position(|page| *page == layer.page).unwrap_or(0);
    let to = if forward { at + 1 } else { at.wrapping_sub(1) };
    let Some(page) = layer.pages.get(to).copied() else { return Vec::new() };
    layer.turn_to(page);
    let session = layer.session;
    match page {
        // What is known of it is shown at once, and read anew.
        Page::Summary => {
            let mut effects = vec![look(model, Wish::Reading(session))];
            effects.extend(ask(model));
            effects
        }
        _ => ask(model),
    }
}

/// The vendor told the summary anew, or did not: what is known stays on the screen.
pub(super) fn summary_told(model: &mut Model, session: RecordId, told: &Result<Told, Reason>) -> Vec<Effect> {
    if let Some(layer) = of(model, session).filter(|layer| layer.page == Page::Summary) {
        layer.asked = match told {
            Ok(_) => Asked::Told,
            Err(reason) => Asked::Failed(reason.clone()),
        };
    }
    vec![look(model, Wish::Reading(session))]
}

/// The vendor told a session's texts, or did not.
pub(super) fn texts_told(
    model: &mut Model,
    session: RecordId,
    what: TextKind,
    told: &Result<Told, Reason>,
) -> Vec<Effect> {
    let Some(layer) = of(model, session).filter(|layer| layer.page == Page::Text(what)) else { return Vec::new() };
    layer.asked = match told {
        Ok(Told::Texts(texts)) => {
            let sections: Vec<_> = texts.iter().filter_map(section).collect();
            layer.reading.take(&sections);
            Asked::Told
        }
        Ok(_) => Asked::Told,
        Err(reason) => Asked::Failed(reason.clone()),
    };
    Vec::new()
}

fn section(text: &SessionText) -> Option<(String, String)> {
    let named = !text.id.is_empty() || !text.title.is_empty();
    match text.text.trim().is_empty() {
        true if named => Some((text.title.clone(), "(nothing of it is there yet; U reads it again)".into())),
        true => None,
        false => Some((text.title.clone(), text.text.clone())),
    }
}

/// Something is being written: its text is shown as it comes.
pub(super) fn begun(model: &mut Model, stream: StreamId, about: Option<AboutSession>) -> Vec<Effect> {
    let Some(about) = about else { return Vec::new() };
    model.streams.insert(about.session, stream);
    model.layers.retain(|l| !matches!(l, Layer::Reader(_)));
    let mut layer = ReaderLayer::new(about.session, about.vendor, Page::Stream(stream));
    layer.about = about.patient.line();
    layer.standing = about.standing;
    model.layers.push(Layer::Reader(Box::new(layer)));
    fit(model);
    // The pages beside it are known once the session was looked at.
    vec![look(model, Wish::Stream(stream)), look(model, Wish::Pages(about.session))]
}

/// What else can be read of the session whose stream is shown.
pub(super) fn paged(model: &mut Model, detail: &Detail) -> Vec<Effect> {
    let stream = model.streams.get(&detail.id).copied();
    if let Some(session) = sessions::session_of(detail)
        && let Some(layer) = of(model, detail.id)
    {
        pages(layer, stream, session);
    }
    Vec::new()
}

/// The query for more of a stream.
pub(super) fn query(model: &Model, stream: StreamId) -> Query {
    let from = model.layers.iter().find_map(|layer| match layer {
        Layer::Reader(layer) if layer.page == Page::Stream(stream) => Some(layer.from()),
        _ => None,
    });
    Query::Stream { stream, from: from.unwrap_or(0) }
}

/// More of a stream came, or there is no such stream any more.
pub(super) fn heard(model: &mut Model, stream: StreamId, view: Option<Box<StreamView>>) -> Vec<Effect> {
    let shown = model.layers.iter_mut().find_map(|layer| match layer {
        Layer::Reader(layer) if layer.page == Page::Stream(stream) => Some(&mut **layer),
        _ => None,
    });
    let Some(layer) = shown else { return Vec::new() };
    let Some(view) = view else {
        if layer.stream.is_none() {
            layer.asked = Asked::Told;
            model.tell(Level::Warning, "this text is not held any more; what was kept of it stands in the session");
        }
        return Vec::new();
    };
    let ended = |state: &StreamState| *state != StreamState::Flowing;
    let before = layer.stream.as_ref().is_some_and(|s| ended(&s.state));
    let (what, state) = (view.what.clone(), view.state.clone());
    if layer.hear(*view) {
        return vec![look(model, Wish::Stream(stream))];
    }
    if !before && let StreamState::Broken(reason) = &state {
        let text = format!("The {what} broke off: {}. What came until then stays here.", draw::why(reason));
        model.tell(Level::Warning, text);
    }
    Vec::new()
}

/// Asks the vendor's answer to be read no further. What came stays.
fn stop(model: &mut Model) -> Vec<Effect> {
    let flows = |layer: &ReaderLayer| layer.stream.as_ref().is_some_and(|s| s.state == StreamState::Flowing);
    let Some(layer) = layer(model).filter(|layer| flows(layer)) else {
        return acts::nothing_there(model, "nothing is being written");
    };
    let Page::Stream(stream) = layer.page else { return Vec::new() };
    let command = Command::Stream { act: StreamAct::Stop { stream } };
    vec![Effect::Start(Purpose::Word("stopped; what came stays"), Request::Do(command))]
}

/// What is asked for anew because of a change.
pub(super) fn wishes(model: &Model, delta: &Delta) -> Vec<Wish> {
    let all = delta.touched.is_empty();
    let mut wishes = Vec::new();
    for layer in &model.layers {
        let Layer::Reader(layer) = layer else { continue };
        let session = Touched::Record(Kind::Session, layer.session);
        if all || delta.touched.contains(&session) {
            wishes.push(Wish::Reading(layer.session));
        }
        if let Page::Stream(stream) = layer.page
            && (all || delta.touched.contains(&Touched::Stream(stream)))
        {
            wishes.push(Wish::Stream(stream));
        }
    }
    wishes
}

/// Moves in the reader; `None` when something else is on top.
pub(super) fn motion(model: &mut Model, motion: Motion) -> Option<Vec<Effect>> {
    let reading = &mut layer(model)?.reading;
    // A line of the screen before stays in sight, so that one finds where one was.
    let page = reading.height().saturating_sub(1).max(1) as isize;
    let to = match motion {
        Motion::Step(by) => reading.top().saturating_add_signed(by),
        Motion::Page(by) => reading.top().saturating_add_signed(by * page),
        Motion::First => 0,
        Motion::Last => usize::MAX,
    };
    reading.go(to);
    Some(Vec::new())
}

/// A key while what is looked for is typed.
pub(super) fn find_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let Some(layer) = layer(model) else { return Vec::new() };
    let mut needle = layer.reading.needle().to_owned();
    match key.code {
        KeyCode::Enter => {
            layer.typing = false;
            return Vec::new();
        }
        KeyCode::Down => {
            layer.reading.next(true);
            return Vec::new();
        }
        KeyCode::Up => {
            layer.reading.next(false);
            return Vec::new();
        }
        KeyCode::Esc => {
            layer.typing = false;
            needle.clear();
        }
        KeyCode::Backspace => drop(needle.pop()),
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => needle.clear(),
        KeyCode::Char(c) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
            if needle.chars().count() < 200 {
                needle.push(c);
            }
        }
        _ => return Vec::new(),
    }
    layer.reading.seek(needle);
    Vec::new()
}

/// A text was pasted while what is looked for is typed.
pub(super) fn paste(layer: &mut ReaderLayer, text: &str) {
    if layer.typing {
        let typed: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        let needle = format!("{}{typed}", layer.reading.needle());
        layer.reading.seek(needle);
    }
}

/// Whom the reader is about, for the title of what is opened over it.
pub(super) fn title(layer: &ReaderLayer) -> String {
    layer.about.split(" · ").next().unwrap_or_default().to_owned()
}
