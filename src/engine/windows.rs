//! Who is told what changed. A window that is slow gets fewer, coarser words, never a silent loss.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::Notify;

use crate::domain::{
    EntryId,
    command::{Delta, Level, Message, Progress, Toast, Touched},
};

/// More different things than this are told as "anything may have changed".
const TOUCHED: usize = 512;
/// So many short messages wait for a window; after them only their number is told.
const TOASTS: usize = 32;
/// The progress of so many uploads waits for a window; that of the others is told when it goes on.
const UPLOADS: usize = 32;

/// All windows of an engine.
#[derive(Debug, Default)]
pub(super) struct Windows {
    open: Mutex<Vec<Weak<Queue>>>,
}

impl Windows {
    pub(super) fn subscribe(&self) -> Subscription {
        let queue = Arc::new(Queue::default());
        lock(&self.open).push(Arc::downgrade(&queue));
        Subscription { queue }
    }

    /// Tells every window what was touched.
    pub(super) fn touched(&self, touched: &[Touched]) {
        if !touched.is_empty() {
            self.each(|waiting| touched.iter().for_each(|t| waiting.touch(*t)));
        }
    }

    /// Tells every window that anything may have changed.
    pub(super) fn everything(&self) {
        self.each(Waiting::everything);
    }

    pub(super) fn say(&self, toast: &Toast) {
        self.each(|waiting| waiting.say(toast.clone()));
    }

    /// Tells every window how far an upload is.
    pub(super) fn progress(&self, progress: Progress) {
        self.each(|waiting| waiting.progress(progress));
    }

    fn each(&self, tell: impl Fn(&mut Waiting)) {
        lock(&self.open).retain(|queue| {
            let Some(queue) = queue.upgrade() else { return false };
            tell(&mut lock(&queue.waiting));
            queue.wake.notify_one();
            true
        });
    }
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    seq: u64,
    touched: Vec<Touched>,
    known: HashSet<Touched>,
    all: bool,
    toasts: VecDeque<Toast>,
    dropped: u32,
    uploads: BTreeMap<EntryId, Progress>,
}

impl Waiting {
    fn touch(&mut self, touched: Touched) {
        if let Touched::Entry(entry) = touched {
            // What was told of it before belongs to a state that it has left.
            self.uploads.remove(&entry);
        }
        if self.all || !self.known.insert(touched) {
            return;
        }
        self.touched.push(touched);
        if self.touched.len() > TOUCHED {
            self.everything();
        }
    }

    fn everything(&mut self) {
        self.all = true;
        self.touched.clear();
        self.known.clear();
    }

    fn progress(&mut self, progress: Progress) {
        if self.uploads.len() < UPLOADS || self.uploads.contains_key(&progress.entry) {
            self.uploads.insert(progress.entry, progress);
        }
    }

    fn say(&mut self, toast: Toast) {
        if self.toasts.len() < TOASTS {
            self.toasts.push_back(toast);
        } else {
            self.dropped += 1;
        }
    }

    fn next(&mut self) -> Option<Message> {
        if self.all || !self.touched.is_empty() {
            self.seq += 1;
            self.all = false;
            self.known.clear();
            return Some(Message::Delta(Delta { seq: self.seq, touched: std::mem::take(&mut self.touched) }));
        }
        if let Some((_, progress)) = self.uploads.pop_first() {
            return Some(Message::Progress(progress));
        }
        if let Some(toast) = self.toasts.pop_front() {
            return Some(Message::Toast(toast));
        }
        let dropped = std::mem::take(&mut self.dropped);
        (dropped > 0).then(|| {
            let text = format!("and {dropped} more messages that were not shown; the outbox has what needs you");
            Message::Toast(Toast { level: Level::Warning, text, entry: None })
        })
    }
}

/// One window's ear. What comes between two looks is told once.
#[derive(Debug)]
pub struct Subscription {
    queue: Arc<Queue>,
}

impl Subscription {
    /// Tells this window alone.
    pub(super) fn say(&self, toast: &Toast) {
        lock(&self.queue.waiting).say(toast.clone());
        self.queue.wake.notify_one();
    }

    /// What is waiting, if anything is: a [`Message::Delta`], a [`Message::Progress`] or a [`Message::Toast`].
    pub fn try_next(&self) -> Option<Message> {
        lock(&self.queue.waiting).next()
    }

    /// The next [`Message::Delta`], [`Message::Progress`] or [`Message::Toast`]. Dropping the future loses nothing.
    pub async fn next(&self) -> Message {
        loop {
            let woken = self.queue.wake.notified();
            if let Some(message) = self.try_next() {
                return message;
            }
            woken.await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EntryId, Kind, RecordId};

    fn record(n: u64) -> Touched {
        Touched::Record(Kind::Patient, RecordId(n))
    }

    fn delta(window: &Subscription) -> Option<(u64, Vec<Touched>)> {
        match window.try_next() {
            Some(Message::Delta(delta)) => Some((delta.seq, delta.touched)),
            _ => None,
        }
    }

    #[test]
    fn what_comes_between_two_looks_is_told_once_and_counted() {
        let windows = Windows::default();
        let window = windows.subscribe();
        windows.touched(&[record(1), record(2)]);
        windows.touched(&[record(1), Touched::Entry(EntryId(4))]);
        assert_eq!(delta(&window), Some((1, vec![record(1), record(2), Touched::Entry(EntryId(4))])));
        assert_eq!(delta(&window), None);
        windows.touched(&[record(1)]);
        assert_eq!(delta(&window), Some((2, vec![record(1)])));
    }

    #[test]
    fn a_window_that_lags_is_told_to_look_at_everything() {
        let windows = Windows::default();
        let (slow, quick) = (windows.subscribe(), windows.subscribe());
        for n in 0..2_000 {
            windows.touched(&[record(n)]);
            assert_eq!(delta(&quick), Some((n + 1, vec![record(n)])));
        }
        assert_eq!(delta(&slow), Some((1, vec![])));
        assert_eq!(delta(&slow), None);
    }

    #[test]
    fn of_an_upload_only_the_last_progress_waits_and_none_outlives_its_state() {
        let windows = Windows::default();
        let window = windows.subscribe();
        let at = |entry, done| Progress { entry: EntryId(entry), done, whole: 100 };
        (0..=100).for_each(|done| windows.progress(at(1, done)));
        assert_eq!(window.try_next(), Some(Message::Progress(at(1, 100))));
        assert_eq!(window.try_next(), None);
        windows.progress(at(1, 100));
        windows.touched(&[Touched::Entry(EntryId(1))]);
        windows.progress(at(2, 3));
        assert!(matches!(window.try_next(), Some(Message::Delta(_))));
        assert_eq!(window.try_next(), Some(Message::Progress(at(2, 3))));
        assert_eq!(window.try_next(), None);
        (0..10_000).for_each(|entry| windows.progress(at(entry, 1)));
        assert_eq!(std::iter::from_fn(|| window.try_next()).count(), UPLOADS);
    }

    #[test]
    fn messages_that_do_not_fit_are_counted() {
        let windows = Windows::default();
        let window = windows.subscribe();
        for n in 0..40 {
            windows.say(&Toast { level: Level::Info, text: n.to_string(), entry: None });
        }
        let told: Vec<_> = std::iter::from_fn(|| window.try_next()).collect();
        assert_eq!(told.len(), 33);
        assert!(matches!(told.last(), Some(Message::Toast(t)) if t.text.starts_with("and 8 more")));
    }

    #[tokio::test]
    async fn a_waiting_window_is_woken() {
        let windows = Arc::new(Windows::default());
        let window = windows.subscribe();
        let task = tokio::spawn(async move { window.next().await });
        windows.everything();
        assert!(matches!(task.await, Ok(Message::Delta(d)) if d.touched.is_empty()));
    }
}
