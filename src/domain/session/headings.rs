//! Where the sections of a scribe's text begin. Some scribes tell sections, others one text with headings in it.

use super::Summary;

/// The longest line that can be a heading, in characters.
const LONGEST: usize = 48;

/// The heading that a line is: `# Plan`, `**Plan**`, or `Plan:` on a line of its own where a paragraph begins.
pub fn heading(line: &str, begins: bool) -> Option<&str> {
    let line = line.trim();
    if line.chars().nth(LONGEST).is_some() {
        return None;
    }
    let hashes = line.bytes().take_while(|b| *b == b'#').count();
    if (1..=6).contains(&hashes) {
        let rest = line[hashes..].strip_prefix(' ')?;
        return name(rest.trim_end_matches('#'));
    }
    let bold = |mark: &str| line.trim_end_matches(':').strip_prefix(mark)?.trim_end_matches(':').strip_suffix(mark);
    if let Some(inner) = bold("**").or_else(|| bold("__")) {
        return name(inner).filter(|inner| !inner.contains("**"));
    }
    let alone = line.strip_suffix(':')?;
    let sentence = alone.contains(['.', ':', ';', '?', '!', ',']);
    let named = alone.chars().next().is_some_and(char::is_alphabetic);
    if begins && named && !sentence { name(alone) } else { None }
}

fn name(text: &str) -> Option<&str> {
    let text = text.trim().trim_end_matches(':').trim();
    text.chars().any(char::is_alphanumeric).then_some(text)
}

/// The sections of a text, each with its title; what stands before the first heading has an empty one. A text without
/// headings is one section.
pub fn split(text: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = vec![(String::new(), String::new())];
    let mut begins = true;
    for line in text.lines() {
        if let Some(title) = heading(line, begins) {
            sections.push((title.to_owned(), String::new()));
            begins = true;
            continue;
        }
        begins = line.trim().is_empty();
        if let Some((_, body)) = sections.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    for (_, body) in &mut sections {
        let kept = body.trim_end().len();
        body.truncate(kept);
    }
    if sections.len() > 1 && sections[0].1.trim().is_empty() {
        sections.remove(0);
    }
    sections
}

impl Summary {
    /// Its sections as people read them: a section that holds headings of its own is taken apart at them. A text that stood
    /// before the first of them keeps the section's title.
    pub fn parts(&self) -> Vec<(String, String)> {
        let mut parts = Vec::new();
        for (title, text) in &self.sections {
            let mut inner = split(text);
            if inner.len() > 1 || inner.first().is_some_and(|(title, _)| !title.is_empty()) {
                if let Some(first) = inner.first_mut().filter(|(title, _)| title.is_empty()) {
                    first.0.clone_from(title);
                }
                parts.append(&mut inner);
            } else {
                parts.push((title.clone(), text.clone()));
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_what_reads_like_one() {
        for (line, expected) in [
            ("## Plan", Some("Plan")),
            ("**Assessment:**", Some("Assessment")),
            ("**Assessment**:", Some("Assessment")),
            ("Objective:", Some("Objective")),
            ("Objective: chest clear", None),
            ("She said, slowly:", None),
            ("#hashtag", None),
            ("- **bold** and more", None),
            ("**a** and **b**", None),
            ("2:", None),
            ("", None),
        ] {
            assert_eq!(heading(line, true), expected, "{line:?}");
        }
        assert_eq!(heading("Objective:", false), None, "in the middle of a paragraph it is a part of it");
        assert_eq!(heading("## Plan", false), Some("Plan"));
    }

    #[test]
    fn a_text_is_taken_apart_and_nothing_of_it_is_lost() {
        let text = "Seen by video.\n\nSubjective:\nCough.\nSince Monday:\nworse.\n\n# Plan\n- rest\n- tea\n";
        assert_eq!(
            split(text),
            [
                (String::new(), "Seen by video.".to_owned()),
                ("Subjective".into(), "Cough.\nSince Monday:\nworse.".into()),
                ("Plan".into(), "- rest\n- tea".into()),
            ]
        );
        assert_eq!(split("one text"), [(String::new(), "one text".to_owned())]);
    }

    #[test]
    fn a_section_without_headings_stays_as_its_vendor_told_it() {
        let told = |sections: &[(&str, &str)]| Summary {
            sections: sections.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            approved: None,
        };
        let plain = told(&[("Plan", "Rest.\n\nTea.")]);
        assert_eq!(plain.parts(), plain.sections);
        let parts = told(&[("Note", "Intro\n\nPlan:\nRest.")]).parts();
        assert_eq!(parts, told(&[("Note", "Intro"), ("Plan", "Rest.")]).sections);
    }
}
