//! A file that comes piece by piece: nobody else can read it, and its name stands only once it is whole.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A file on its way. Dropped before [`PrivateFile::finish`] it leaves nothing behind.
pub(super) struct PrivateFile {
    file: File,
    part: PathBuf,
    whole: PathBuf,
}

impl PrivateFile {
    /// Begins a file beside where it will stand. What a killed process left there is replaced.
    pub(super) fn create(path: &Path) -> Result<Self, String> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        match fs::remove_file(&part) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(trouble(&part, &e)),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        let file = file.map_err(|e| trouble(&part, &e))?;
        Ok(Self { file, part, whole: path.to_owned() })
    }

    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), String> {
        self.file.write_all(piece).map_err(|e| trouble(&self.part, &e))
    }

    /// Gives it its name, unless another file has taken that meanwhile.
    pub(super) fn finish(self) -> Result<(), String> {
        self.file.sync_all().map_err(|e| trouble(&self.part, &e))?;
        // A link never replaces what stands there; the drop takes the other name away.
        fs::hard_link(&self.part, &self.whole).map_err(|e| trouble(&self.whole, &e))
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.part));
    }
}

fn trouble(path: &Path, e: &io::Error) -> String {
    let why = match e.kind() {
        io::ErrorKind::StorageFull => "the disk is full; nothing of it was kept".to_owned(),
        io::ErrorKind::PermissionDenied => "this directory cannot be written to".to_owned(),
        io::ErrorKind::AlreadyExists => "there is a file of this name already".to_owned(),
        kind => kind.to_string(),
    };
    format!("{}: {why}", path.display())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_reads_it_and_its_name_stands_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.zip");
        let mut file = PrivateFile::create(&path).unwrap();
        file.write(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "something was left");

        let mut file = PrivateFile::create(&path).unwrap();
        file.write(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

        let file = PrivateFile::create(&path).unwrap();
        assert!(file.finish().unwrap_err().contains("already"), "a file was replaced");
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }
}
