//! The data key, what is derived from it, and the sealing itself.

use std::{fmt, sync::Arc};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{AeadInOut, KeyInit},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Entropy, NoEntropy, SystemEntropy};

/// Bytes of a data key and of every key derived from it.
pub const KEY_LEN: usize = 32;
/// Bytes of a nonce of XChaCha20: long enough to be drawn at random for every value.
const NONCE_LEN: usize = 24;
/// Bytes of a Poly1305 tag.
const TAG_LEN: usize = 16;
/// The first byte of everything sealed; a change of the cipher changes it.
const FORMAT: u8 = 1;
/// How much longer a sealed value is than its content: format, nonce and tag.
pub const SEALED_OVERHEAD: usize = 1 + NONCE_LEN + TAG_LEN;

/// The keyed hash that stands for a record's name.
pub type RecordKey = [u8; 16];

/// The value does not open: damaged, moved, of another key, or of another schema version. Which of these cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open under this key in this place")]
pub struct NotOpened;

/// Where a sealed value stands. It opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table, or the file's purpose.
    pub table: &'a str,
    /// The key under which it stands, as stored.
    pub key: &'a [u8],
    /// The store's schema version.
    pub version: u32,
}

/// The data key. Everything else is derived from it; wiped from memory when dropped.
#[derive(Clone)]
pub struct Keys {
    root: Zeroizing<[u8; KEY_LEN]>,
    entropy: Arc<dyn Entropy>,
}

impl Keys {
    /// A fresh data key from `entropy`, which also gives every nonce from then on.
    ///
    /// # Errors
    /// When the source does not answer.
    pub fn generate(entropy: Arc<dyn Entropy>) -> Result<Self, NoEntropy> {
        let mut root = Zeroizing::new([0; KEY_LEN]);
        entropy.fill(&mut *root)?;
        Ok(Self { root, entropy })
    }

    /// A data key that was kept, with the system's random source for nonces.
    pub fn from_bytes(root: Zeroizing<[u8; KEY_LEN]>) -> Self {
        Self { root, entropy: Arc::new(SystemEntropy) }
    }

    pub(super) fn root(&self) -> &[u8; KEY_LEN] {
        &self.root
    }

    pub(super) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    /// A key for one purpose. Knowing it tells nothing of the data key or of another purpose's key.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; KEY_LEN]> {
        let mut derived = Zeroizing::new([0; KEY_LEN]);
        let mut mac = keyed(&self.root);
        mac.update(b"wardroom subkey 1\0");
        mac.update(purpose.as_bytes());
        derived.copy_from_slice(&mac.finalize().into_bytes());
        derived
    }

    /// Tells whether two data keys are the same without giving either away. A store keeps it in the clear, so that
    /// "this is another key" and "this is damaged" can be told apart.
    pub fn fingerprint(&self) -> [u8; 8] {
        let full = self.derive("fingerprint");
        let mut short = [0; 8];
        short.copy_from_slice(&full[..8]);
        short
    }

    /// What one store seals and hashes with.
    pub fn sealer(&self, store: &'static str) -> Sealer {
        let seal = self.derive(&format!("{store}/seal"));
        let names = self.derive(&format!("{store}/names"));
        let chain = self.derive(&format!("{store}/chain"));
        Sealer {
            cipher: XChaCha20Poly1305::new((&*seal).into()),
            names: keyed(&names),
            chain: keyed(&chain),
            store,
            entropy: Arc::clone(&self.entropy),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Seals and opens the values of one store and hashes the names in it. Cheap to clone; its keys are wiped when dropped.
#[derive(Clone)]
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    names: Hmac<Sha256>,
    chain: Hmac<Sha256>,
    store: &'static str,
    entropy: Arc<dyn Entropy>,
}

impl Sealer {
    /// Seals `plain` for `place` under a fresh random nonce.
    ///
    /// # Errors
    /// Only when the random source does not answer.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, NoEntropy> {
        let mut nonce = [0; NONCE_LEN];
        self.entropy.fill(&mut nonce)?;
        let mut sealed = Vec::with_capacity(SEALED_OVERHEAD + plain.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let nonce = XNonce::from(nonce);
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce, &self.bound(place), sealed[1 + NONCE_LEN..].as_mut().into())
            // The cipher refuses only contents beyond 256 GiB, which no memory holds.
            .map_err(|_| NoEntropy)?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    /// [`NotOpened`] when a single bit of value or place differs.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let len = sealed.len().checked_sub(SEALED_OVERHEAD).ok_or(NotOpened)?;
        let mut plain = Zeroizing::new(vec![0; len]);
        self.open_into(place, sealed, &mut plain)?;
        Ok(plain)
    }

    /// As [`Sealer::open`], into `plain`, which must be exactly as long as the content. What it holds after an error is
    /// of no use.
    ///
    /// # Errors
    /// [`NotOpened`] when a single bit of value or place differs, or the length.
    pub fn open_into(&self, place: &Place<'_>, sealed: &[u8], plain: &mut [u8]) -> Result<(), NotOpened> {
        if sealed.len() != plain.len() + SEALED_OVERHEAD || sealed[0] != FORMAT {
            return Err(NotOpened);
        }
        let (nonce, rest) = sealed[1..].split_at(NONCE_LEN);
        let (content, tag) = rest.split_at(plain.len());
        let nonce = XNonce::try_from(nonce).map_err(|_| NotOpened)?;
        let tag = chacha20poly1305::Tag::try_from(tag).map_err(|_| NotOpened)?;
        plain.copy_from_slice(content);
        self.cipher.decrypt_inout_detached(&nonce, &self.bound(place), plain.into(), &tag).map_err(|_| NotOpened)
    }

    /// The keyed hash under which `name` stands in `table`. The same name gives the same hash in one table of one data
    /// directory, and another everywhere else.
    pub fn record_key(&self, table: &str, name: &[u8]) -> RecordKey {
        let mut mac = self.names.clone();
        mac.update(&(table.len() as u64).to_be_bytes());
        mac.update(table.as_bytes());
        mac.update(name);
        let full = mac.finalize().into_bytes();
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        short
    }

    /// A keyed MAC over `parts`, each with its length, for a chain of rows that nobody without the key can continue.
    pub fn chain_mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.chain.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Every part with its length: no two places give the same bytes.
    fn bound(&self, place: &Place<'_>) -> Vec<u8> {
        let mut bound = Vec::with_capacity(32 + self.store.len() + place.table.len() + place.key.len());
        for part in [self.store.as_bytes(), place.table.as_bytes(), place.key] {
            bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bound.extend_from_slice(part);
        }
        bound.extend_from_slice(&place.version.to_be_bytes());
        bound
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer({} …)", self.store)
    }
}

fn keyed(key: &[u8; KEY_LEN]) -> Hmac<Sha256> {
    // HMAC pads a short key with zeros itself; doing it here takes the constructor that cannot fail.
    let mut block = Zeroizing::new([0; 64]);
    block[..KEY_LEN].copy_from_slice(key);
    <Hmac<Sha256> as hmac::KeyInit>::new((&*block).into())
}
