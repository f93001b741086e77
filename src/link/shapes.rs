//! The shapes of everything that crosses the link, beside the number that both ends compare: a window of another version
//! must be told so, not left with messages that it cannot read.
//!
//! Read from the sources, because nothing else shows all of them: each type that [`Request`](crate::domain::Request) or
//! [`Message`](crate::domain::Message) reaches by name, with its `serde` attributes. A type that writes its own `Serialize`
//! counts by its fields only, and ids that a macro makes do not count: they are numbers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::domain::command::PROTOCOL;

/// Everything below a folder that is no test.
fn sources(under: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// A definition that begins in this line: its type's name.
fn begins(line: &str) -> Option<&str> {
    let word = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let open = line.strip_prefix("    ").filter(|l| l.ends_with(" {") && l.starts_with(|c: char| c.is_uppercase()));
    let public = line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "));
    let alias = line.strip_prefix("pub type ");
    let rest = public.or(alias).or(open)?;
    Some(&rest[..word(rest)]).filter(|name| !name.is_empty())
}

/// Whether every bracket of a definition is closed.
fn balanced(definition: &str) -> bool {
    ["{}", "()", "[]"].iter().all(|pair| {
        let (open, close) = pair.split_at(1);
        definition.matches(open).count() == definition.matches(close).count()
    })
}

/// Each type with its definition on one line. Two of one name are both kept: which one is meant does not matter here.
fn definitions(text: &str, found: &mut BTreeMap<String, String>) {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let (mut attributes, mut in_macro) = (Vec::new(), false);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let code = line.trim();
        in_macro = (in_macro && line != "}") || line == "open_enum! {";
        if code.starts_with("//") {
            continue;
        }
        if code.starts_with("#[") {
            attributes.push(code.to_owned());
            continue;
        }
        let kept: Vec<String> = std::mem::take(&mut attributes);
        let Some(name) = begins(line).filter(|_| in_macro || !line.starts_with(' ')) else { continue };
        let mut whole: Vec<String> = kept.into_iter().filter(|a| a.starts_with("#[serde")).collect();
        let end = if in_macro { "    }" } else { "}" };
        let mut line = line;
        loop {
            let code = line.split(" // ").next().unwrap().trim();
            let comment = code.starts_with("//");
            if !comment {
                whole.push(code.to_owned());
            }
            // What a comment ends in ends no definition.
            if line == end || (!comment && code.ends_with(';')) {
                break;
            }
            line = lines.next().unwrap();
        }
        let whole = whole.join(" ");
        assert!(balanced(&whole), "a definition was not read to its end: {whole}");
        let definition = found.entry(name.to_owned()).or_default();
        if !definition.is_empty() {
            definition.push_str(" | ");
        }
        definition.push_str(&whole);
    }
}

/// The shapes, one type a line.
fn shapes(all: &BTreeMap<String, String>) -> String {
    let mut wanted = vec!["Request".to_owned(), "Message".to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        let Some(definition) = all.get(&name) else { continue };
        if seen.insert(name) {
            wanted.extend(definition.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
        }
    }
    let definitions: Vec<&str> = seen.iter().filter_map(|name| all.get(name)).map(String::as_str).collect();
    definitions.join("\n") + "\n"
}

#[test]
fn a_message_that_changes_its_shape_raises_the_number_of_the_messages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src/domain"), &mut files);
    files.sort();
    let mut all = BTreeMap::new();
    for file in &files {
        definitions(&fs::read_to_string(file).unwrap(), &mut all);
    }
    let now = shapes(&all);
    for known in
        ["enum Query ", "struct Progress ", "struct SentRow ", "enum Refusal ", "enum Place ", "struct VendorRef "]
    {
        assert!(now.contains(known), "{known}");
    }
    for variant in ["Stream { act", "Reveal { about", "ExportTimeline { about"] {
        assert!(now.contains(variant), "{variant} of Command");
    }
    let path = root.join("src/link/messages.txt");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let wanted = format!("protocol {PROTOCOL}\n{now}");
    if kept == wanted {
        return;
    }
    let (number, shapes) = kept.split_once('\n').unwrap_or_default();
    let raised = number != format!("protocol {PROTOCOL}") || shapes == now;
    assert!(
        raised,
        "what crosses the link has another shape than src/link/messages.txt says for {number}: raise PROTOCOL in \
         src/domain/command.rs"
    );
    assert!(
        std::env::var_os("WARDROOM_WRITE_DOCS").is_some(),
        "write src/link/messages.txt anew: WARDROOM_WRITE_DOCS=1 cargo test --lib link::shapes"
    );
    fs::write(path, wanted).unwrap();
}

#[test]
fn a_shape_is_a_type_with_its_fields_and_its_names_on_the_wire() {
    let text = "/// Doc.\n#[derive(Debug)]\n#[serde(rename_all = \"snake_case\")]\npub enum Message {\n    /// One;\n    \
                Told(Row),\n    /// Another, of which a line of its doc ends in a semicolon;\n    Last, // as here;\n}\n\n\
                pub struct Row {\n    /// Of whom.\n    pub whom: Id,\n}\nstruct Hidden {\n    x: u8,\n}\n\
                pub struct Id(pub u64);\nopen_enum! {\n    /// Doc.\n    Word {\n        /// One.\n        One = \
                \"one\",\n    }\n}\n";
    let mut all = BTreeMap::new();
    definitions(text, &mut all);
    assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), ["Id", "Message", "Row", "Word"]);
    assert_eq!(all["Word"], "Word { One = \"one\", }");
    let wanted = "pub struct Id(pub u64);\n#[serde(rename_all = \"snake_case\")] pub enum Message { Told(Row), Last, }\n\
                  pub struct Row { pub whom: Id, }\n";
    assert_eq!(shapes(&all), wanted);
}
