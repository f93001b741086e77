//! The layer that tells what happened to something. Plain data.

use super::lines::Lines;
use crate::domain::timeline::{About, Event, EventId, Filter, Glance, Opened, Story};

/// See [`super::layers::Layer::Timeline`].
#[derive(Debug)]
pub struct TimelineLayer {
    /// Of what.
    pub about: About,
    /// Whom or what that is, for the title.
    pub title: String,
    /// The story, once it was told; `Some(None)` when nothing is known.
    pub story: Option<Option<Box<Story>>>,
    /// Words that an event's line must contain.
    pub text: String,
    /// They are being typed.
    pub typing: bool,
    /// The places in the story of the events that the filter leaves.
    fitting: Vec<usize>,
    /// Which of them is selected.
    selected: usize,
    /// The first of them that is shown.
    top: usize,
    /// So many are shown.
    height: usize,
    /// The first of two events between which a difference is wanted.
    pub marked: Option<EventId>,
    /// What was opened, or is being opened.
    pub glance: Option<Glance>,
    /// What there is to read of it; see [`TimelineLayer::show`].
    pub opened: Option<Box<Opened>>,
    /// The same, wrapped.
    pub read: Lines,
}

impl TimelineLayer {
    /// Before anything was told.
    pub fn new(about: About, title: String) -> Self {
        Self {
            about,
            title,
            story: None,
            text: String::new(),
            typing: false,
            fitting: Vec::new(),
            selected: 0,
            top: 0,
            height: 1,
            marked: None,
            glance: None,
            opened: None,
            read: Lines::default(),
        }
    }

    /// Every event that is told.
    pub fn events(&self) -> &[Event] {
        self.story.as_ref().and_then(Option::as_ref).map_or(&[], |story| &story.events)
    }

    /// Takes the story over. The selection stays on its event; the first time it is the last one, where things stand.
    pub fn take(&mut self, story: Option<Box<Story>>) {
        let first = self.story.is_none();
        let stood = self.current().map(|event| event.id);
        self.story = Some(story);
        self.refit(stood);
        if first {
            self.go(usize::MAX);
        }
    }

    /// Another filter: the selection stays on its event where that fits, or goes to the last that does.
    pub fn refilter(&mut self) {
        let stood = self.current().map(|event| event.id);
        self.refit(stood);
    }

    fn refit(&mut self, stood: Option<EventId>) {
        let filter = Filter { sorts: Vec::new(), text: self.text.clone() };
        let events = self.events();
        let fitting: Vec<usize> = (0..events.len()).filter(|at| filter.fits(&events[*at])).collect();
        let place = stood.and_then(|id| fitting.iter().position(|at| events[*at].id == id));
        self.fitting = fitting;
        self.go(place.unwrap_or(usize::MAX));
    }

    /// How many events the filter leaves.
    pub fn count(&self) -> usize {
        self.fitting.len()
    }

    /// The place of the selected event among them.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// The first shown place.
    pub fn top(&self) -> usize {
        self.top
    }

    /// So many rows are shown.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The selected event.
    pub fn current(&self) -> Option<&Event> {
        self.events().get(*self.fitting.get(self.selected)?)
    }

    /// The events on the screen with their places.
    pub fn visible(&self) -> impl Iterator<Item = (usize, &Event)> {
        let events = self.events();
        let shown = self.fitting.iter().enumerate().skip(self.top).take(self.height);
        shown.filter_map(|(place, at)| Some((place, events.get(*at)?)))
    }

    /// Moves to a place. At the edge the view jumps by a part of a page, as in any list.
    pub fn go(&mut self, place: usize) {
        self.selected = place.min(self.fitting.len().saturating_sub(1));
        let jump = (self.height / 3).max(1);
        let last_top = self.fitting.len().saturating_sub(self.height);
        if self.selected < self.top {
            self.top = self.selected.saturating_sub(jump - 1);
        } else if self.selected >= self.top + self.height {
            self.top = (self.selected + jump).saturating_sub(self.height);
        }
        self.top = self.top.min(last_top);
    }

    /// Sets how many rows are shown.
    pub fn set_height(&mut self, rows: usize) {
        self.height = rows.max(1);
        self.go(self.selected);
    }

    /// Takes what there is to read over. It stays where it was scrolled to when only its values came.
    pub fn show(&mut self, opened: Box<Opened>) {
        self.opened = Some(opened);
        self.read.forget();
    }

    /// Closes what was opened. Tells whether anything was.
    pub fn shut(&mut self) -> bool {
        self.read = Lines::default();
        self.glance.take().is_some() | self.opened.take().is_some()
    }
}
