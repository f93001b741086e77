//! Texts that the editor puts in: snippets by a short name, templates by the type of a visit. From a file of their own, each
//! problem told with its line.

use std::{collections::BTreeMap, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::read::{Problem, Problems};
use crate::domain::note::{NoteBody, Soap};

/// Bytes that one text may have.
const LONGEST: usize = 64 * 1024;

/// What comes with wardroom, and shows what such a file holds.
pub const BUILT_IN: &str = include_str!("texts.toml");

/// A template: what a new note of some visits begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Words of which one stands in what the visit is for.
    pub visits: Vec<String>,
    /// The texts.
    pub body: NoteBody,
}

/// Snippets and templates by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts {
    /// What `.name` and tab become.
    pub snippets: BTreeMap<String, String>,
    /// What a note begins with.
    pub templates: BTreeMap<String, Template>,
}

impl Texts {
    /// What comes with wardroom.
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN, Path::new("texts.toml")).unwrap_or_default()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Every problem found, each with file, line and key.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        let text = std::fs::read_to_string(path).map_err(|e| Problems::unreadable(path, &e))?;
        Self::parse(&text, path)
    }

    /// Reads a text; `path` is only for the problems' wording.
    ///
    /// # Errors
    /// As [`Texts::load`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, Problems> {
        let mut reader = Reader { text, problems: Vec::new() };
        let texts = reader.texts();
        if reader.problems.is_empty() {
            return Ok(texts);
        }
        reader.problems.sort_by_key(|p| p.line);
        Err(Problems { path: path.into(), problems: reader.problems })
    }

    /// The template for a visit, by what it is for; the first by name where several fit.
    pub fn template_for(&self, reasons: &[String]) -> Option<&Template> {
        let reasons: Vec<String> = reasons.iter().map(|reason| reason.to_lowercase()).collect();
        let fits = |word: &String| {
            let word = word.to_lowercase();
            reasons.iter().any(|reason| reason.contains(&word))
        };
        self.templates.values().find(|template| template.visits.iter().any(fits))
    }
}

type Node<'t> = Spanned<DeValue<'t>>;

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn texts(&mut self) -> Texts {
        let mut texts = Texts::default();
        let table = match DeTable::parse(self.text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                self.problem(error.span().map(|s| s.start), "", error.message());
                return texts;
            }
        };
        for (name, node) in &table {
            let at = name.span().start;
            match (&**name.get_ref(), node.get_ref()) {
                ("snippets", DeValue::Table(snippets)) => {
                    for (name, node) in snippets {
                        let key = format!("snippets.{}", name.get_ref());
                        if self.named(name.get_ref(), name.span().start, &key)
                            && let Some(text) = self.text_of(node, &key)
                        {
                            texts.snippets.insert(name.get_ref().to_string(), text);
                        }
                    }
                }
                ("templates", DeValue::Table(templates)) => {
                    for (name, node) in templates {
                        let key = format!("templates.{}", name.get_ref());
                        if self.named(name.get_ref(), name.span().start, &key)
                            && let Some(template) = self.template(node, &key)
                        {
                            texts.templates.insert(name.get_ref().to_string(), template);
                        }
                    }
                }
                ("snippets" | "templates", _) => self.problem(Some(at), name.get_ref(), "must be a table"),
                (other, _) => self.problem(Some(at), other, "no such table; there are snippets and templates.NAME"),
            }
        }
        texts
    }

    fn named(&mut self, name: &str, at: usize, key: &str) -> bool {
        let good =
            !name.is_empty() && name.len() <= 40 && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        if !good {
            self.problem(Some(at), key, "the name must be letters, digits, - and _, at most 40");
        }
        good
    }

    fn template(&mut self, node: &Node<'_>, key: &str) -> Option<Template> {
        let DeValue::Table(table) = node.get_ref() else {
            self.problem(Some(node.span().start), key, "must be a table");
            return None;
        };
        let before = self.problems.len();
        let mut visits = Vec::new();
        let mut soap: [Option<String>; 4] = [const { None }; 4];
        let mut whole = None;
        for (name, node) in table {
            let key = format!("{key}.{}", name.get_ref());
            match &**name.get_ref() {
                "visits" => visits = self.visits(node, &key),
                "text" => whole = self.text_of(node, &key),
                other => match ["subjective", "objective", "assessment", "plan"].iter().position(|part| *part == other)
                {
                    Some(part) => soap[part] = self.text_of(node, &key),
                    None => self.problem(
                        Some(name.span().start),
                        &key,
                        "no such key; there are visits, subjective, objective, assessment and plan, or text",
                    ),
                },
            }
        }
        let parts = soap.iter().any(Option::is_some);
        if parts == whole.is_some() && self.problems.len() == before {
            self.problem(Some(node.span().start), key, "must have either a text or the parts of a SOAP note");
        }
        if self.problems.len() > before {
            return None;
        }
        let [subjective, objective, assessment, plan] = soap.map(Option::unwrap_or_default);
        let body = match whole {
            Some(text) => NoteBody::Text(text),
            None => NoteBody::Soap(Soap { subjective, objective, assessment, plan }),
        };
        Some(Template { visits, body })
    }

    fn visits(&mut self, node: &Node<'_>, key: &str) -> Vec<String> {
        let words = match node.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(word) if !word.trim().is_empty() => Some(word.trim().to_owned()),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        };
        words.unwrap_or_else(|| {
            self.problem(Some(node.span().start), key, "must be a list of words");
            Vec::new()
        })
    }

    fn text_of(&mut self, node: &Node<'_>, key: &str) -> Option<String> {
        let what = match node.get_ref() {
            DeValue::String(text) if text.len() > LONGEST => "is longer than 64 KB",
            DeValue::String(text) if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') => {
                "holds a control character"
            }
            DeValue::String(text) if fields_are_open(text) => "has a field that is not closed: {{name}}",
            DeValue::String(text) => return Some(text.trim_end_matches('\n').to_owned()),
            _ => "must be text in quotes",
        };
        self.problem(Some(node.span().start), key, what);
        None
    }

    fn problem(&mut self, at: Option<usize>, key: &str, message: &str) {
        let line =
            at.map(|at| memchr::memchr_iter(b'\n', &self.text.as_bytes()[..at.min(self.text.len())]).count() + 1);
        self.problems.push(Problem { line, key: key.into(), message: message.into() });
    }
}

/// Whether a text has a field that begins and does not end in its line.
fn fields_are_open(text: &str) -> bool {
    text.lines().any(|line| line.matches("{{").count() != line.matches("}}").count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_wardroom_is_good_and_claims_nothing_about_anybody() {
        let texts = Texts::parse(BUILT_IN, Path::new("texts.toml")).unwrap();
        assert_eq!(texts.snippets["bp"], "BP {{systolic}}/{{diastolic}} mmHg, pulse {{pulse}}/min");
        assert!(texts.snippets.values().all(|text| text.contains("{{")));
        assert!(!texts.templates.is_empty() && texts.template_for(&["Cough".into()]).is_none());
    }

    #[test]
    fn a_template_is_for_visits_whose_reason_has_one_of_its_words() {
        let text = "[templates.control]\nvisits = [\"follow-up\", \"Control\"]\nplan = \"Back in {{weeks}} weeks.\"";
        let texts = Texts::parse(text, Path::new("t.toml")).unwrap();
        let plan = |reasons: &[&str]| {
            let reasons: Vec<String> = reasons.iter().map(|r| (*r).to_owned()).collect();
            texts.template_for(&reasons).map(|t| t.body.clone())
        };
        assert_eq!(plan(&["cough", "BP control, yearly"]), plan(&["FOLLOW-UP"]));
        assert!(matches!(plan(&["follow-up"]), Some(NoteBody::Soap(soap)) if soap.plan == "Back in {{weeks}} weeks."));
        assert_eq!(plan(&["cough"]), None);
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let table: &[(&str, &str)] = &[
            ("[snippets]\n\nbp = 3", "t.toml:3: snippets.bp: must be text in quotes"),
            (
                "[snippets]\n\"b p\" = \"x\"",
                "t.toml:2: snippets.b p: the name must be letters, digits, - and _, at most 40",
            ),
            ("[snippets]\nbp = \"{{a}/{{b}}\"", "t.toml:2: snippets.bp: has a field that is not closed: {{name}}"),
            ("[snippets]\nbp = \"a\\u001b[31m\"", "t.toml:2: snippets.bp: holds a control character"),
            ("\n[texts]\nbp = \"x\"", "t.toml:2: texts: no such table; there are snippets and templates.NAME"),
            ("snippets = 3", "t.toml:1: snippets: must be a table"),
            ("[templates.a]\nvisits = \"x\"\ntext = \"x\"", "t.toml:2: templates.a.visits: must be a list of words"),
            (
                "[templates.a]\nvisits = []\nplans = \"x\"\ntext = \"x\"",
                "t.toml:3: templates.a.plans: no such key; there are visits, subjective, objective, assessment and plan, or text",
            ),
            (
                "[templates.a]\ntext = \"x\"\nplan = \"y\"",
                "t.toml:1: templates.a: must have either a text or the parts of a SOAP note",
            ),
        ];
        for (text, told) in table {
            assert_eq!(Texts::parse(text, Path::new("t.toml")).unwrap_err().to_string(), *told);
        }
        let two = Texts::parse("[snippets]\nb = 1\n[x]\na = 2", Path::new("t.toml")).unwrap_err().to_string();
        assert_eq!(two.lines().count(), 2, "{two}");
    }
}
