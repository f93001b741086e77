//! The question before an appointment is called off.

use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    FormContext, PatientIdentity, Step,
    paint::{put, wrap},
};
use crate::{
    domain::{Intent, RecordId, appointment::Appointment},
    tui::theme::{Theme, Token},
};

/// See the module.
#[derive(Clone)]
pub(super) struct CancelForm {
    appointment: RecordId,
    about: PatientIdentity,
    start: Option<Timestamp>,
    room: Option<String>,
    reasons: Vec<String>,
    status: String,
}

impl CancelForm {
    pub fn new(appointment: RecordId, about: PatientIdentity, what: &Appointment) -> Self {
        Self {
            appointment,
            about,
            start: what.start,
            room: what.room.as_ref().map(|r| r.value.clone()),
            reasons: what.reasons.clone(),
            status: what.status.to_string(),
        }
    }

    pub fn key(&mut self, key: KeyEvent, _: &FormContext<'_>) -> Step {
        match key.code {
            KeyCode::Enter | KeyCode::Char('y' | 'Y') => {
                Step::Submit(Box::new(Intent::CancelAppointment { appointment: self.appointment }))
            }
            KeyCode::Esc | KeyCode::Char('n' | 'N' | 'q') => Step::Esc,
            _ => Step::Stay,
        }
    }

    pub fn paste(&mut self, _: &str, _: &FormContext<'_>) {}

    pub fn blame(&mut self, _: &str) -> bool {
        false
    }

    pub fn dirty(&self) -> bool {
        false
    }

    pub fn title(&self) -> String {
        "Cancel this appointment?".into()
    }

    pub fn word(&self) -> &'static str {
        "cancel"
    }

    pub fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("enter", "cancel it"), ("esc", "leave it")]
    }

    pub fn requires(&self) -> bool {
        false
    }

    pub fn height(&self, columns: u16, cx: &FormContext<'_>) -> u16 {
        self.lines(usize::from(columns), cx).len() as u16
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme, cx: &FormContext<'_>) -> Option<Position> {
        let lines = self.lines(usize::from(area.width).max(1), cx);
        for (y, (line, token)) in (area.y..area.bottom()).zip(&lines) {
            put(buf, area.x, y, area.width, line, theme.style(*token));
        }
        None
    }

    fn lines(&self, columns: usize, cx: &FormContext<'_>) -> Vec<(String, Token)> {
        let when = self.start.map_or("no start time known".into(), |at| {
            at.to_zoned(cx.zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string()
        });
        let room = self.room.as_deref().unwrap_or("no room known");
        let mut parts =
            vec![(self.about.line(), Token::Strong), (format!("{when} · {room} · {}", self.status), Token::Strong)];
        if !self.reasons.is_empty() {
            parts.push((self.reasons.join("; "), Token::Text));
        }
        parts.push((
            "The cancellation is saved here and sent to the clinic's system. Until it is sent, u takes it back; after that the time \
             may be given to somebody else and a new appointment must be booked."
                .into(),
            Token::Dim,
        ));
        parts.push(("enter cancels the appointment · esc leaves it as it is".into(), Token::Key));
        parts.into_iter().flat_map(|(text, token)| wrap(&text, columns).into_iter().map(move |l| (l, token))).collect()
    }
}
