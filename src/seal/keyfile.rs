//! The file that holds the data key, in the clear for its owner or wrapped by a passphrase.

use std::{path::Path, sync::Arc};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::{Entropy, FileError, FileErrorKind, KEY_LEN, Keys, NoEntropy, Place, cipher::Sealer, files};

/// What this program writes.
const VERSION: u32 = 1;
/// A key file is a few hundred bytes.
const LIMIT: u64 = 16 * 1024;
const SALT_LEN: usize = 16;
/// The dearest wrap that is still tried: a planted file must not take all memory or an hour.
const MOST: PassphraseCost = PassphraseCost { memory_kib: 4 * 1024 * 1024, passes: 64, lanes: 16 };

/// Why there is no data key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file or its directory is not private, is missing, or cannot be read or written.
    #[error("key file: {0}")]
    File(#[from] FileError),
    /// Not a key file, or cut short.
    #[error("key file {0}: not a key file of wardroom's; nothing was changed")]
    Malformed(std::path::PathBuf),
    /// Made by a later version of this program.
    #[error(
        "key file {path}: made by a newer wardroom (format {found}, this one knows {VERSION}); nothing was changed"
    )]
    Newer {
        /// The file.
        path: std::path::PathBuf,
        /// Its format.
        found: u32,
    },
    /// It is wrapped by a passphrase and none was given.
    #[error("key file {0}: a passphrase is needed")]
    PassphraseNeeded(std::path::PathBuf),
    /// The passphrase does not open it (or the file was changed; that cannot be told apart).
    #[error("key file {0}: the passphrase does not open it")]
    WrongPassphrase(std::path::PathBuf),
    /// The passphrase's cost parameters are out of range.
    #[error("key file {0}: its passphrase settings are out of range")]
    Cost(std::path::PathBuf),
    /// The random source does not answer.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// How a data key is kept, and what opens it again.
#[derive(Clone, Copy)]
pub enum Unlock<'a> {
    /// By the file alone, which only its owner can read.
    KeyFile,
    /// By a passphrase through Argon2id. The cost is used when a file is made; an existing one carries its own.
    Passphrase(&'a [u8], PassphraseCost),
}

impl std::fmt::Debug for Unlock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::KeyFile => "KeyFile",
            Self::Passphrase(..) => "Passphrase(…)",
        })
    }
}

/// How a key file is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrapKind {
    /// Not at all: its mode protects it.
    KeyFile,
    /// By a passphrase, which must be asked for.
    Passphrase,
}

/// What Argon2id costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassphraseCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for PassphraseCost {
    /// The second recommended option of RFC 9106: 64 MiB, three passes, four lanes.
    fn default() -> Self {
        Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 }
    }
}

#[derive(Serialize, Deserialize)]
struct Shape {
    /// Says what the file is to a person who finds it.
    wardroom_key: u32,
    #[serde(flatten)]
    wrap: Wrapped,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "wrap", rename_all = "snake_case")]
enum Wrapped {
    KeyFile {
        key: Hidden,
    },
    Passphrase {
        kdf: String,
        #[serde(flatten)]
        cost: PassphraseCost,
        salt: String,
        sealed: String,
    },
}

/// Base64 text that is wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Hidden(String);

impl Drop for Hidden {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Reads the data key at `path`, or makes one there if there is none. Tells whether it was made.
///
/// A caller that finds stores beside a missing key file must not call this: a fresh key opens none of them.
pub fn load_or_create(path: &Path, unlock: Unlock<'_>, entropy: &Arc<dyn Entropy>) -> Result<(Keys, bool), KeyError> {
    match load(path, unlock) {
        Err(KeyError::File(error)) if error.is_missing() => {}
        other => return other.map(|keys| (keys, false)),
    }
    let keys = Keys::generate(Arc::clone(entropy))?;
    match create(path, &keys, unlock) {
        Ok(()) => Ok((keys, true)),
        // Another process was faster: its key counts.
        Err(KeyError::File(FileError { kind: FileErrorKind::Exists, .. })) => load(path, unlock).map(|k| (k, false)),
        Err(error) => Err(error),
    }
}

/// Writes `keys` to a new file. An existing one is never replaced.
pub fn create(path: &Path, keys: &Keys, unlock: Unlock<'_>) -> Result<(), KeyError> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        files::private_dir(dir)?;
    }
    let wrap = match unlock {
        Unlock::KeyFile => Wrapped::KeyFile { key: Hidden(BASE64_STANDARD.encode(keys.root())) },
        Unlock::Passphrase(passphrase, cost) => {
            let mut salt = [0; SALT_LEN];
            keys.entropy().fill(&mut salt)?;
            let stretched = stretch(path, passphrase, cost, &salt)?;
            let sealed = stretched.seal(&place(&salt), keys.root())?;
            Wrapped::Passphrase {
                kdf: "argon2id".to_owned(),
                cost,
                salt: BASE64_STANDARD.encode(salt),
                sealed: BASE64_STANDARD.encode(sealed),
            }
        }
    };
    let shape = Shape { wardroom_key: VERSION, wrap };
    let mut text = Zeroizing::new(serde_json::to_vec(&shape).map_err(|_| KeyError::Malformed(path.to_owned()))?);
    text.push(b'\n');
    Ok(files::write_new(path, &text)?)
}

/// Tells whether a passphrase must be asked for.
pub fn inspect(path: &Path) -> Result<WrapKind, KeyError> {
    Ok(match read(path)?.wrap {
        Wrapped::KeyFile { .. } => WrapKind::KeyFile,
        Wrapped::Passphrase { .. } => WrapKind::Passphrase,
    })
}

/// Reads the data key at `path`. A key file that others can read or write is refused.
pub fn load(path: &Path, unlock: Unlock<'_>) -> Result<Keys, KeyError> {
    let malformed = || KeyError::Malformed(path.to_owned());
    let root = match read(path)?.wrap {
        Wrapped::KeyFile { key } => Zeroizing::new(BASE64_STANDARD.decode(&key.0).map_err(|_| malformed())?),
        Wrapped::Passphrase { kdf, cost, salt, sealed } => {
            let Unlock::Passphrase(passphrase, _) = unlock else {
                return Err(KeyError::PassphraseNeeded(path.to_owned()));
            };
            let salt = BASE64_STANDARD.decode(salt).map_err(|_| malformed())?;
            let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| malformed())?;
            if kdf != "argon2id" || salt.len() != SALT_LEN {
                return Err(malformed());
            }
            let stretched = stretch(path, passphrase, cost, &salt)?;
            stretched.open(&place(&salt), &sealed).map_err(|_| KeyError::WrongPassphrase(path.to_owned()))?
        }
    };
    let mut key = Zeroizing::new([0; KEY_LEN]);
    if root.len() != KEY_LEN {
        return Err(malformed());
    }
    key.copy_from_slice(&root);
    Ok(Keys::from_bytes(key))
}

fn read(path: &Path) -> Result<Shape, KeyError> {
    #[derive(Deserialize)]
    struct Head {
        wardroom_key: u32,
    }
    let text = files::read_private(path, LIMIT)?;
    let malformed = || KeyError::Malformed(path.to_owned());
    let head: Head = serde_json::from_slice(&text).map_err(|_| malformed())?;
    if head.wardroom_key > VERSION {
        return Err(KeyError::Newer { path: path.to_owned(), found: head.wardroom_key });
    }
    serde_json::from_slice(&text).map_err(|_| malformed())
}

fn stretch(path: &Path, passphrase: &[u8], cost: PassphraseCost, salt: &[u8]) -> Result<Sealer, KeyError> {
    let out_of_range = || KeyError::Cost(path.to_owned());
    if cost.memory_kib > MOST.memory_kib || cost.passes > MOST.passes || cost.lanes > MOST.lanes {
        return Err(out_of_range());
    }
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_LEN)).map_err(|_| out_of_range())?;
    let mut stretched = Zeroizing::new([0; KEY_LEN]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, &mut *stretched)
        .map_err(|_| out_of_range())?;
    Ok(Keys::from_bytes(stretched).sealer("keyfile"))
}

fn place(salt: &[u8]) -> Place<'_> {
    Place { table: "data key", key: salt, version: VERSION }
}
