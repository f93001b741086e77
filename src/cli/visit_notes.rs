//! `wardroom visit-notes show|answer`.

use std::{io::Write as _, process::ExitCode};

use clap::{Args, Subcommand};

use super::{
    CliError,
    desk::Desk,
    input,
    print::{json_line, moment},
    write::{Following, submit},
};
use crate::{
    domain::{
        Intent, Kind, Question, Record, RecordId,
        note::{QuestionAnswer, VisitNote},
    },
    tui::text,
};

/// Visit notes.
#[derive(Debug, Args)]
pub struct VisitNotes {
    #[command(subcommand)]
    pub action: VisitNotesAction,
}

/// What to do with a visit note.
#[derive(Debug, Subcommand)]
pub enum VisitNotesAction {
    /// Templates with their questions, comments and answers, as the vendor has them now
    Show {
        /// Of which appointment
        appointment: String,
        /// One object a line
        #[arg(long)]
        json: bool,
    },
    /// Answer questions of one template
    Answer {
        /// Of which appointment
        appointment: String,
        /// The template's name
        #[arg(long)]
        template: String,
        /// A question's id with its answer; a question that is given more than once has several
        #[arg(long = "answer", value_name = "QUESTION=ANSWER", required = true)]
        answers: Vec<String>,
        #[command(flatten)]
        following: Following,
    },
}

/// Carries a command about visit notes out.
pub fn run(desk: &Desk<'_>, action: &VisitNotesAction) -> Result<ExitCode, CliError> {
    match action {
        VisitNotesAction::Show { appointment, json } => {
            let note = read(desk, desk.record(Kind::Appointment, appointment)?)?;
            let out = &mut std::io::stdout().lock();
            if *json {
                json_line(out, &note)?;
            } else {
                human(desk, &note)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        VisitNotesAction::Answer { appointment, template, answers, following } => {
            let appointment = desk.record(Kind::Appointment, appointment)?;
            // The names by which a read back is compared; without them the answer is sent all the same.
            let note = match read(desk, appointment) {
                Ok(note) => Some(note),
                Err(CliError::NotTold(_)) => None,
                Err(other) => return Err(other),
            };
            let answers = given(note.as_ref(), template, answers)?;
            let intent = Intent::AnswerVisitNote { appointment, template: template.clone(), answers };
            submit(desk, intent, *following)
        }
    }
}

fn read(desk: &Desk<'_>, appointment: RecordId) -> Result<VisitNote, CliError> {
    let detail = desk.applied(Question::VisitNote { appointment }, Kind::VisitNote)?;
    match detail.shown {
        Some(Record::VisitNote(note)) => Ok(*note),
        _ => Err(CliError::Unexpected),
    }
}

/// The answers by question. What the visit's note does not ask is refused before it is saved.
fn given(note: Option<&VisitNote>, template: &str, given: &[String]) -> Result<Vec<QuestionAnswer>, CliError> {
    let part = note.map(|note| (note, note.parts.iter().find(|p| p.template == template)));
    if let Some((note, None)) = &part {
        let there: Vec<_> = note.parts.iter().map(|p| p.template.as_str()).collect();
        let there = text::clean(&there.join(", ")).into_owned();
        return Err(CliError::wrong("template", format!("the visit has none of this name; there are: {there}")));
    }
    let part = part.and_then(|(_, part)| part);
    let mut answers: Vec<QuestionAnswer> = Vec::new();
    for given in given {
        let (id, value) = input::pair("--answer", given)?;
        if let Some(answer) = answers.iter_mut().find(|a| a.id == id) {
            answer.values.push(value.to_owned());
            continue;
        }
        let question = part.and_then(|p| p.questions.iter().find(|q| q.id == id));
        // Where a template's questions could not be found, every id may be one.
        if question.is_none() && part.is_some_and(|p| !p.questions.is_empty()) {
            return Err(CliError::wrong("answer", format!("the template has no question {}", text::clean(id))));
        }
        let names = question.map(|q| vec![q.section.clone(), q.label.clone()]).unwrap_or_default();
        answers.push(QuestionAnswer { id: id.to_owned(), names, values: vec![value.to_owned()] });
    }
    Ok(answers)
}

fn human(desk: &Desk<'_>, note: &VisitNote) -> Result<(), CliError> {
    let out = &mut std::io::stdout().lock();
    let at = |t: Option<jiff::Timestamp>| t.map(|t| moment(t, desk.here.now, &desk.here.zone)).unwrap_or_default();
    for part in &note.parts {
        writeln!(out, "{}", text::clean(&part.template))?;
        for q in &part.questions {
            writeln!(out, "  {} / {}", text::clean(&q.section), text::clean(&q.label))?;
            let kind = q.kind.as_deref().unwrap_or("text");
            let options = if q.options.is_empty() { String::new() } else { format!(": {}", q.options.join(", ")) };
            writeln!(out, "    {} ({}{})", text::clean(&q.id), text::clean(kind), text::clean(&options))?;
        }
        for r in &part.responses {
            let (asked, said) = (r.question.join(" / "), r.response.join(", "));
            writeln!(out, "  answered {}: {} — {}", at(r.at), text::clean(&asked), text::clean(&said))?;
        }
        for c in &part.comments {
            let by = c.author.as_deref().unwrap_or("somebody");
            writeln!(out, "  comment {} by {}: {}", at(c.posted_at), text::clean(by), text::clean(&c.message))?;
        }
    }
    Ok(())
}
