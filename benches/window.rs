//! What one frame costs: the full board drawn, and painted to bytes. FIGURES.md wants a key on the screen in 0.8 ms.
#![allow(clippy::expect_used, reason = "a benchmark that cannot begin may say so loudly")]

use divan::{Bencher, black_box};
use jiff::Timestamp;
use wardroom::{
    domain::{
        RecordId, Source,
        appointment::AppointmentStatus,
        view::{AppointmentRow, Freshness, PatientRow, RowSet, Rows},
    },
    tui::{
        draw::{Look, draw},
        keymap::Keymap,
        model::{Model, Motion, Pane, Setting},
        painter::Painter,
        theme::{Depth, Theme},
        update,
    },
};

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

fn main() {
    divan::main();
}

fn now() -> Timestamp {
    "2026-11-21T14:32:10Z".parse().expect("a time")
}

/// A window whose board and patients are full of invented people.
fn board(size: (u16, u16)) -> Model {
    let mut model = Model::new(Setting { user: "amira".into(), ..Setting::default() }, now(), size);
    update::fit(&mut model);
    let fresh = Freshness { source: Source::Read, at: now(), stale: false, pending: false, attention: false };
    let name = |n: u64| format!("{}, Ifeoma {n}", ["Okoro", "Lindqvist", "Satō", "田所"][n as usize % 4]);
    let patients = (0..180).map(|n| PatientRow {
        id: RecordId(n),
        name: name(n),
        birth_date: "1971-04-03".into(),
        gender: "F".into(),
        mrn: format!("M-{n:06}"),
        phone: "+1 580 555 0100".into(),
        perhaps_same: None,
        inactive: false,
        fresh,
    });
    let appointments = (0..180).map(|n| AppointmentRow {
        id: RecordId(1000 + n),
        start: Some(now()),
        duration: Some(900),
        patient: Some(RecordId(n)),
        patient_name: name(n),
        provider: "Farrow, Nadia".into(),
        room: Some(("Telehealth A".into(), Source::Own)),
        status: AppointmentStatus::ExamReady,
        video: None,
        wait: None,
        reasons: "cough".into(),
        fresh,
    });
    model.patients.answer(Rows { total: 100_000, offset: 0, rows: RowSet::Patients(patients.collect()) });
    model.appointments.answer(Rows { total: 180, offset: 0, rows: RowSet::Appointments(appointments.collect()) });
    model
}

fn look() -> (Theme, Keymap) {
    (Theme::load("dark", Depth::True).expect("a theme"), Keymap::default())
}

#[divan::bench(args = SIZES)]
fn draw_full_board(bencher: Bencher, size: (u16, u16)) {
    let (model, (theme, keymap)) = (board(size), look());
    bencher.bench_local(|| draw(black_box(&model), &Look { theme: &theme, keymap: &keymap }));
}

#[divan::bench(args = SIZES)]
fn draw_and_paint_all(bencher: Bencher, size: (u16, u16)) {
    let (model, (theme, keymap)) = (board(size), look());
    bencher.bench_local(|| {
        let (frame, cursor) = draw(black_box(&model), &Look { theme: &theme, keymap: &keymap });
        Painter::new().paint(frame, cursor)
    });
}

/// A key's whole way but for engine and terminal: move, draw, paint the difference.
#[divan::bench(args = SIZES)]
fn move_one_row(bencher: Bencher, size: (u16, u16)) {
    let (mut model, (theme, keymap), mut painter) = (board(size), look(), Painter::new());
    model.focus = Pane::Patients;
    update::fit(&mut model);
    let mut down = true;
    bencher.bench_local(|| {
        model.move_in(Pane::Patients, Motion::Step(if down { 1 } else { -1 }));
        down = !down;
        let (frame, cursor) = draw(black_box(&model), &Look { theme: &theme, keymap: &keymap });
        painter.paint(frame, cursor)
    });
}
