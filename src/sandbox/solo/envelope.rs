//! Solo's envelope: base64 of an 8-byte salt, of a 16-byte IV and of the AES-256-CBC ciphertext, one after the other. The key
//! is the SHA-256 of the secret's text followed by the salt.

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Length of the base64 of the salt.
const SALT_TEXT: usize = 12;
/// Length of the base64 of the IV.
const IV_TEXT: usize = 24;

fn key(secret: &str, salt: [u8; 8]) -> [u8; 32] {
    Sha256::new().chain_update(secret.as_bytes()).chain_update(salt).finalize().into()
}

/// Seals `plain` under the text of `secret`.
pub(super) fn seal(secret: &str, salt: [u8; 8], iv: [u8; 16], plain: &[u8]) -> String {
    let cipher = cbc::Encryptor::<Aes256>::new(&key(secret, salt).into(), &iv.into());
    let sealed = cipher.encrypt_padded_vec::<Pkcs7>(plain);
    [STANDARD.encode(salt), STANDARD.encode(iv), STANDARD.encode(sealed)].concat()
}

/// Opens an envelope; `None` when it is none or was sealed under another secret (about 1 wrong secret in 256 is not noticed).
pub(super) fn open(secret: &str, envelope: &str) -> Option<Vec<u8>> {
    let salt = STANDARD.decode(envelope.get(..SALT_TEXT)?).ok()?.try_into().ok()?;
    let iv: [u8; 16] = STANDARD.decode(envelope.get(SALT_TEXT..SALT_TEXT + IV_TEXT)?).ok()?.try_into().ok()?;
    let sealed = STANDARD.decode(envelope.get(SALT_TEXT + IV_TEXT..)?).ok()?;
    let cipher = cbc::Decryptor::<Aes256>::new(&key(secret, salt).into(), &iv.into());
    cipher.decrypt_padded_vec::<Pkcs7>(&sealed).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINK: &str = "BizXKL9L4EQ=YuhTK5qXNtOCmbuaHMq5tA==DUPdvDCZPiSUf0Jumt/Mr/wVWv+mr6Vzj5LnKUQtTPc=";
    const HOOK: &str = "BizXKL9L4EQ=YuhTK5qXNtOCmbuaHMq5tA==N35WvVINkLSL5jBptt0mVsHQuyXqAPI0WAN5Bj+JsagH04QfweVB7zrcv68GLoCVlfUd8cdnczW/TfEPyYH15Q==";

    fn salt_and_iv() -> ([u8; 8], [u8; 16]) {
        let salt = STANDARD.decode(&LINK[..12]).unwrap().try_into().unwrap();
        (salt, STANDARD.decode(&LINK[12..36]).unwrap().try_into().unwrap())
    }

    #[test]
    fn the_golden_vectors_hold_both_ways() {
        let (salt, iv) = salt_and_iv();
        for (secret, plain, envelope) in [
            ("some secret", r#"{"visit":"12345","user":"1234"}"#, LINK),
            ("39VNjjSpgoUWMbUhVCjAoQ==", r#"{"event":"appointment:scheduled","data":{"appointmentId":1}}"#, HOOK),
        ] {
            assert_eq!(seal(secret, salt, iv, plain.as_bytes()), envelope);
            assert_eq!(open(secret, envelope).unwrap(), plain.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_again(secret in ".*", plain: Vec<u8>, salt: [u8; 8], iv: [u8; 16]) {
            prop_assert_eq!(open(&secret, &seal(&secret, salt, iv, &plain)), Some(plain));
        }

        #[test]
        fn garbage_is_no_envelope_and_no_panic(text in ".{0,80}") {
            let _ = open("secret", &text);
        }
    }
}
