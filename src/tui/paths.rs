//! Looking at what a typed path leads to. It may lie on a share that hangs, so it is done beside the window's loop.

use std::{
    fmt,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{picture::Picture, signature::png};
use crate::domain::{
    RecordId,
    attachment::{FileToAttach, FileTrouble, MOST_BYTES},
    signature::Signature,
};

/// So many entries of a folder are looked at.
const SCANNED: usize = 10_000;
/// So many of them are offered.
const OFFERED: usize = 200;

/// What is to be looked at.
#[derive(Clone, PartialEq, Eq)]
pub enum PathLook {
    /// What a person typed into the form on top.
    Typed {
        /// As it stands in the field.
        text: String,
        /// Whether a picture is to be decoded.
        picture: bool,
    },
    /// A file that was sent from here, to show it again.
    Sent {
        /// Which of the list.
        id: RecordId,
        /// As it was then.
        file: Box<FileToAttach>,
    },
    /// A signature's PNG file, for the form on top.
    Signature {
        /// Where it lies, as it was typed.
        text: String,
    },
}

impl fmt::Debug for PathLook {
    /// Paths name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathLook(…)")
    }
}

/// What was seen.
#[derive(Clone, PartialEq, Eq)]
pub enum Seen {
    /// To [`PathLook::Typed`].
    Typed(Box<Typed>),
    /// To [`PathLook::Sent`].
    Sent {
        /// Which.
        id: RecordId,
        /// The picture, or why there is none.
        picture: Result<Picture, String>,
    },
    /// To [`PathLook::Signature`].
    Signature(Result<Signature, String>),
}

impl fmt::Debug for Seen {
    /// Paths and pictures speak of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen(…)")
    }
}

/// What a typed path leads to.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed {
    /// What was typed.
    pub text: String,
    /// What it could be completed to, in order.
    pub names: Vec<String>,
    /// What is there.
    pub found: Found,
    /// What it shows, when it is a picture and was asked for.
    pub picture: Option<Result<Picture, String>>,
}

/// What is at a path.
#[derive(Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A folder.
    Folder,
    /// A file, or why it cannot be attached.
    File(Result<FileToAttach, FileTrouble>),
}

impl PathLook {
    /// Looks; may take as long as the disk takes.
    pub fn look(self) -> Seen {
        match self {
            Self::Typed { text, picture } => {
                let names = completions(&text);
                let (found, picture) = at(&text, picture);
                Seen::Typed(Box::new(Typed { text, names, found, picture }))
            }
            Self::Sent { id, file } => Seen::Sent { id, picture: shown(&file) },
            Self::Signature { text } => {
                let path = meant(&text).ok_or(png::BadFile::NoFile);
                Seen::Signature(path.and_then(|path| png::file(&path)).map_err(|bad| bad.to_string()))
            }
        }
    }
}

/// The path that a text means: `~` is the home folder, and what is relative begins where the window was started.
fn meant(text: &str) -> Option<PathBuf> {
    let path = match (text.strip_prefix("~/"), text, std::env::var_os("HOME")) {
        (Some(rest), _, Some(home)) => Path::new(&home).join(rest),
        (None, "~", Some(home)) => PathBuf::from(home),
        _ => PathBuf::from(text),
    };
    std::path::absolute(path).ok()
}

fn at(text: &str, wants_picture: bool) -> (Found, Option<Result<Picture, String>>) {
    let Some(path) = meant(text).filter(|_| !text.trim().is_empty()) else { return (Found::Nothing, None) };
    let meta = match fs::metadata(&path) {
        Ok(meta) => meta,
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return (Found::Nothing, None);
        }
        Err(e) => return (Found::File(Err(FileTrouble::Unreadable(e.kind()))), None),
    };
    if meta.is_dir() {
        return (Found::Folder, None);
    }
    // A pipe or device is not opened: it would hang.
    let described = if meta.is_file() { describe(path) } else { Err(FileTrouble::NotTaken) };
    let picture = match &described {
        Ok(file) if wants_picture && file.mime.picture() => Some(shown(file)),
        _ => None,
    };
    (Found::File(described), picture)
}

fn describe(path: PathBuf) -> Result<FileToAttach, FileTrouble> {
    let file = File::open(&path).map_err(|e| FileTrouble::Unreadable(e.kind()))?;
    let title = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    FileToAttach::describe(path, &title, file, MOST_BYTES)
}

/// The picture in a file that still is what it was.
fn shown(file: &FileToAttach) -> Result<Picture, String> {
    let gone = |why: &str| Err(why.to_owned());
    if !file.mime.picture() {
        return gone("only PNG and JPEG files are shown");
    }
    match fs::metadata(&file.path) {
        Ok(meta) if meta.is_file() && meta.len() <= MOST_BYTES => {}
        Ok(_) => return gone("the file was changed since it was sent"),
        Err(_) => return gone("the file is not there any more"),
    }
    let mut bytes = Vec::new();
    let read = File::open(&file.path).and_then(|f| f.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    if read.is_err() {
        return gone("the file cannot be read");
    }
    let now = FileToAttach::describe(file.path.clone(), "", bytes.as_slice(), MOST_BYTES);
    if !now.is_ok_and(|now| now.sha256 == file.sha256) {
        return gone("the file was changed since it was sent");
    }
    Picture::read(&bytes, &file.mime).map_err(|trouble| trouble.to_string())
}

/// Names in the folder of a text that begin like its last part, each as the text would then read; folders end with a slash.
/// What cannot be typed is left out, and hidden names unless a dot is typed.
fn completions(text: &str) -> Vec<String> {
    let (folder, begun) = match text.rfind('/') {
        Some(at) => text.split_at(at + 1),
        None if text == "~" => return vec!["~/".into()],
        None => ("", text),
    };
    let Some(place) = meant(if folder.is_empty() { "." } else { folder }) else { return Vec::new() };
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .take(SCANNED)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !begun.starts_with('.');
            if hidden || !name.starts_with(begun) || name.chars().any(super::text::suspicious) {
                return None;
            }
            let folder_there = fs::metadata(entry.path()).is_ok_and(|m| m.is_dir());
            Some(format!("{folder}{name}{}", if folder_there { "/" } else { "" }))
        })
        .collect();
    names.sort_unstable();
    names.truncate(OFFERED);
    names
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so loudly")]
mod tests {
    use super::*;
    use crate::tui::picture::tests::halves;

    fn typed(text: &str) -> Typed {
        match (PathLook::Typed { text: text.into(), picture: true }).look() {
            Seen::Typed(typed) => *typed,
            Seen::Sent { .. } | Seen::Signature(_) => panic!("another answer"),
        }
    }

    #[test]
    fn names_are_completed_folders_with_a_slash_and_hidden_ones_only_when_asked() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_str().unwrap();
        for name in ["scan-b.png", "scan-a.pdf", ".secret", "other"] {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        fs::create_dir(dir.path().join("scans")).unwrap();
        let of = |begun: &str| {
            typed(&format!("{root}/{begun}")).names.iter().map(|n| n[root.len() + 1..].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("sc"), ["scan-a.pdf", "scan-b.png", "scans/"]);
        assert_eq!(of("."), [".secret"]);
        assert_eq!(of("scans/"), Vec::<String>::new());
        assert_eq!(of("nowhere/x"), Vec::<String>::new());
    }

    #[test]
    fn a_path_leads_to_nothing_a_folder_or_a_file_by_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_str().unwrap();
        fs::write(dir.path().join("note.pdf"), b"no PDF").unwrap();
        fs::write(dir.path().join("photo.txt"), halves(20, 10)).unwrap();
        assert!(matches!(typed(&format!("{root}/gone.pdf")).found, Found::Nothing));
        assert!(matches!(typed(root).found, Found::Folder));
        assert!(matches!(typed(&format!("{root}/note.pdf")).found, Found::File(Err(FileTrouble::NotTaken))));
        let photo = typed(&format!("{root}/photo.txt"));
        let Found::File(Ok(file)) = photo.found else { panic!() };
        assert_eq!((file.title.as_str(), file.mime.as_str()), ("photo.txt", "image/png"));
        assert_eq!(photo.picture.unwrap().unwrap().whole(), (20, 10));
    }

    #[test]
    fn a_file_that_changed_since_it_was_sent_is_not_shown_in_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        fs::write(&path, halves(20, 10)).unwrap();
        let file = describe(path.clone()).unwrap();
        assert!(shown(&file).is_ok());
        fs::write(&path, halves(30, 10)).unwrap();
        assert_eq!(shown(&file), Err("the file was changed since it was sent".into()));
        fs::remove_file(&path).unwrap();
        assert_eq!(shown(&file), Err("the file is not there any more".into()));
    }
}
