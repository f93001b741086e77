//! What a scribe writes while one watches, on standard output as it comes.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use serde_json::json;

use super::super::{CliError, attach, desk::Desk, print::json_line, reason};
use crate::{
    domain::{
        Command, Query, Reply,
        stream::{StreamAct, StreamState, StreamView, StreamWish},
        view::Answer,
    },
    tui::text,
};

/// The longest line that is shown in one go, in bytes: the firewall for text looks at no more at a time.
const LINE: usize = 8 * 1024;

/// Has it written and follows it to its end. What came stands on standard output, however it ends.
pub fn follow(desk: &Desk<'_>, wish: StreamWish, json: bool) -> Result<ExitCode, CliError> {
    let act = StreamAct::Start { wish: Box::new(wish) };
    let stream = match desk.link.execute(Command::Stream { act })? {
        Reply::Stream { stream } => stream,
        Reply::Refused(refusal) => return Err(CliError::Refused(refusal)),
        _ => return Err(CliError::Unexpected),
    };
    let out = &mut io::stdout().lock();
    let (mut from, mut broken_line) = (0, false);
    let last = loop {
        let heard = desk.bell.rings();
        let Answer::Stream(view) = desk.link.look(&Query::Stream { stream, from })? else {
            return Err(CliError::Unexpected);
        };
        let view = view.ok_or_else(|| CliError::NotFound(stream.to_string()))?;
        if !view.text.is_empty() {
            if let Err(error) = part(out, &view, json) {
                // Nobody reads on.
                desk.link.execute(Command::Stream { act: StreamAct::Stop { stream } })?;
                return Err(error.into());
            }
            broken_line = !view.text.ends_with('\n');
        }
        from = view.next();
        if view.ends() {
            break view;
        }
        if view.text.is_empty() {
            // A change may be told late by an engine that is busy: looking now and then costs nothing.
            desk.bell.wait(heard, Duration::from_millis(500));
        }
    };
    if broken_line && !json {
        writeln!(out)?;
    }
    end(out, &last, json)
}

fn part(out: &mut impl Write, view: &StreamView, json: bool) -> io::Result<()> {
    if json {
        json_line(out, &json!({ "stream": view.id.to_string(), "from": view.from, "text": view.text }))?;
    } else {
        plain(out, &view.text)?;
    }
    out.flush()
}

/// A text with its line breaks, everything else that a terminal could act on shown as a visible escape.
pub fn plain(out: &mut impl Write, text: &str) -> io::Result<()> {
    for line in text.split_inclusive('\n') {
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line.strip_suffix('\r').unwrap_or(line), "\n"),
            None => (line, ""),
        };
        let (mut rest, mut at) = (line, 0);
        while !rest.is_empty() {
            let (from, piece) = crate::domain::stream::part(line, at, LINE);
            at = from + piece.len() as u64;
            rest = rest.get(piece.len()..).unwrap_or_default();
            write!(out, "{}", text::clean_before(&piece.replace('\t', "  "), rest.chars().next()))?;
        }
        write!(out, "{end}")?;
    }
    Ok(())
}

fn end(out: &mut impl Write, view: &StreamView, json: bool) -> Result<ExitCode, CliError> {
    if json {
        let (word, why) = match &view.state {
            StreamState::Flowing | StreamState::Done { .. } => ("done", None),
            StreamState::Stopped => ("stopped", None),
            StreamState::Broken(reason) => ("broken", Some(reason)),
        };
        let unread = if let StreamState::Done { unread } = view.state { unread } else { 0 };
        let object = json!({
            "stream": view.id.to_string(),
            "state": word,
            "bytes": view.whole,
            "unread": unread,
            "reason": why,
        });
        json_line(out, &object)?;
    }
    out.flush()?;
    let said = match &view.state {
        StreamState::Flowing | StreamState::Done { unread: 0 } => return Ok(ExitCode::SUCCESS),
        StreamState::Done { unread } => {
            attach::say(&[format!("{unread} pieces of the {} could not be read and are missing", view.what)]);
            return Ok(ExitCode::SUCCESS);
        }
        StreamState::Stopped => format!("the {} was stopped; what came stands above", view.what),
        StreamState::Broken(why) if view.whole == 0 => format!("no {}: {}", view.what, reason(why)),
        StreamState::Broken(why) => {
            format!("the {} is not whole: {}; what came until then stands above", view.what, reason(why))
        }
    };
    attach::say(&[said]);
    Ok(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines_and_nothing_reaches_the_terminal() {
        let mut out = Vec::new();
        let long = "ä".repeat(3 * LINE);
        plain(&mut out, &format!("Plan:\r\n\trest\u{1b}[2J\n{long}\nend")).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines[3]), ("Plan:", "end"));
        assert!(lines[1].starts_with("  rest") && !text.contains('\u{1b}'), "{:?}", lines[1]);
        assert_eq!(lines[2], long);
    }
}
