//! The envelope in which Solo sends webhooks and takes linking arguments (teladoc-solo.txt, Context Aware Linking and
//! Webhooks): `base64(salt) + base64(iv) + base64(ciphertext)`, AES-256-CBC with PKCS#7 under
//! SHA-256(secret as text ‖ salt). There is no MAC: what comes out is a hint, never a fact.

use std::borrow::Cow;

use aes::Aes256;
use base64_simd::{AsOut, STANDARD};
use cbc::{
    Decryptor, Encryptor,
    cipher::{Block, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeLess};
use zeroize::{Zeroize, Zeroizing};

/// Characters of the salt in base64.
const SALT_TEXT: usize = 12;
/// Characters of salt and IV in base64.
const HEAD_TEXT: usize = 36;
/// The cipher's block in bytes.
const BLOCK: usize = 16;
/// The most blocks that are looked at: 64 KiB, far beyond an event that carries one id.
pub const MOST_BLOCKS: usize = 4096;

/// The envelope could not be opened. One error for every cause, so that nothing can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the envelope cannot be opened")]
pub struct Closed;

/// Opens an envelope with the key as text. The result is the padding-free plaintext; since about one wrong key in 256
/// leaves a valid padding, it is genuine only when it is also what was expected ([`open_json`]).
///
/// # Errors
/// [`Closed`] when it is not strict base64, has no or too many blocks, or its padding is wrong.
pub fn open(envelope: &str, key: &str) -> Result<Vec<u8>, Closed> {
    let (plain, length, valid) = decrypt(envelope, key)?;
    if valid.unwrap_u8() == 1 { Ok(cut(plain, length)) } else { Err(Closed) }
}

/// Opens an envelope that holds one JSON value. The plaintext is parsed whether its padding is valid or not, so that both
/// failures take the same steps.
///
/// # Errors
/// [`Closed`] in every case.
pub fn open_json<T: serde::de::DeserializeOwned>(envelope: &str, key: &str) -> Result<T, Closed> {
    let (plain, length, valid) = decrypt(envelope, key)?;
    let plain = cut(plain, length);
    let parsed = serde_json::from_slice(&plain).map_err(|_| Closed);
    if valid.unwrap_u8() == 1 { parsed } else { Err(Closed) }
}

/// Makes an envelope. Salt and IV must be fresh random bytes for each one.
pub fn seal(plain: &[u8], key: &str, salt: [u8; 8], iv: [u8; BLOCK]) -> String {
    let secret = derive(key, salt);
    let sealed = Encryptor::<Aes256>::new((&*secret).into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(plain);
    let mut envelope = String::with_capacity(HEAD_TEXT + sealed.len().div_ceil(3) * 4);
    STANDARD.encode_append(salt, &mut envelope);
    STANDARD.encode_append(iv, &mut envelope);
    STANDARD.encode_append(sealed, &mut envelope);
    envelope
}

/// The envelope in a webhook's body: the body itself, a JSON string, or an object whose only member is a string. What
/// is none of these is taken as it stands and fails to open.
pub fn in_body(body: &str) -> Cow<'_, str> {
    let body = body.trim();
    match body.as_bytes().first() {
        Some(b'"') => serde_json::from_str(body).map_or(Cow::Borrowed(body), Cow::Owned),
        Some(b'{') => match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(body) {
            Ok(members) if members.len() == 1 => match members.into_iter().next() {
                Some((_, serde_json::Value::String(text))) => Cow::Owned(text),
                _ => Cow::Borrowed(body),
            },
            _ => Cow::Borrowed(body),
        },
        _ => Cow::Borrowed(body),
    }
}

fn cut(mut plain: Vec<u8>, length: usize) -> Vec<u8> {
    plain.truncate(length);
    plain
}

/// Key = SHA-256 of the key's text and the salt.
fn derive(key: &str, salt: [u8; 8]) -> Zeroizing<[u8; 32]> {
    let mut digest = Sha256::new().chain_update(key.as_bytes()).chain_update(salt).finalize();
    let mut secret = Zeroizing::new([0; 32]);
    secret.copy_from_slice(&digest);
    digest.as_mut_slice().zeroize();
    secret
}

/// The decrypted blocks, the length without padding (the whole length where the padding is wrong), and whether it is
/// valid.
fn decrypt(envelope: &str, key: &str) -> Result<(Vec<u8>, usize, Choice), Closed> {
    let bytes = envelope.as_bytes();
    // Sliced before it is decoded: the padding characters of each part stand in the middle of the text.
    let (Some(salt), Some(iv), Some(body)) =
        (bytes.get(..SALT_TEXT), bytes.get(SALT_TEXT..HEAD_TEXT), bytes.get(HEAD_TEXT..))
    else {
        return Err(Closed);
    };
    if body.is_empty() || body.len() > MOST_BLOCKS * BLOCK / 3 * 4 + 4 {
        return Err(Closed);
    }
    let salt: [u8; 8] = part(salt)?;
    let iv: [u8; BLOCK] = part(iv)?;
    let mut plain = STANDARD.decode_to_vec(body).map_err(|_| Closed)?;
    if plain.is_empty() || plain.len() % BLOCK != 0 || plain.len() > MOST_BLOCKS * BLOCK {
        return Err(Closed);
    }
    let secret = derive(key, salt);
    let mut cipher = Decryptor::<Aes256>::new((&*secret).into(), &iv.into());
    let (blocks, _) = Block::<Decryptor<Aes256>>::slice_as_chunks_mut(&mut plain);
    cipher.decrypt_blocks(blocks);
    let (padding, valid) = padding(&plain);
    let length = plain.len() - usize::from(padding);
    Ok((plain, length, valid))
}

fn part<const N: usize>(text: &[u8]) -> Result<[u8; N], Closed> {
    // Room for what the longer of the two texts can hold.
    let mut room = [0; HEAD_TEXT];
    let bytes = STANDARD.decode(text, room.as_mut_slice().as_out()).map_err(|_| Closed)?;
    (&*bytes).try_into().map_err(|_| Closed)
}

/// How many bytes of PKCS#7 padding the last block has (0 where it is not valid). The whole block is judged as one number,
/// without a branch or an index that depends on it.
fn padding(plain: &[u8]) -> (u8, Choice) {
    let Some(last) = plain.last_chunk::<BLOCK>() else { return (0, Choice::from(0)) };
    let count = last[BLOCK - 1];
    let wanted = u128::from_be_bytes([count; BLOCK]);
    // The lowest `count` bytes; a count out of range gives some mask and is refused below.
    let outside = 8 * u32::from((BLOCK as u8).wrapping_sub(count));
    let inside = u128::MAX.wrapping_shr(outside);
    let differing = (u128::from_be_bytes(*last) ^ wanted) & inside;
    let valid = differing.ct_eq(&0) & !count.ct_lt(&1) & count.ct_lt(&(BLOCK as u8 + 1));
    (u8::conditional_select(&0, &count, valid), valid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The linking sample of teladoc-solo.txt, its secret, and what it holds.
    const LINKING: (&str, &str, &str) = (
        "BizXKL9L4EQ=YuhTK5qXNtOCmbuaHMq5tA==DUPdvDCZPiSUf0Jumt/Mr/wVWv+mr6Vzj5LnKUQtTPc=",
        "some secret",
        r#"{"visit":"12345","user":"1234"}"#,
    );
    /// A webhook made by the documented derivation with a key used as text.
    const WEBHOOK: (&str, &str, &str) = (
        "BizXKL9L4EQ=YuhTK5qXNtOCmbuaHMq5tA==N35WvVINkLSL5jBptt0mVsHQuyXqAPI0WAN5Bj+JsagH04QfweVB7zrcv68GLoCVlfUd8cdnczW/TfEPyYH15Q==",
        "39VNjjSpgoUWMbUhVCjAoQ==",
        r#"{"event":"appointment:scheduled","data":{"appointmentId":1}}"#,
    );

    fn parts() -> ([u8; 8], [u8; 16]) {
        (part(&LINKING.0.as_bytes()[..12]).unwrap(), part(&LINKING.0.as_bytes()[12..36]).unwrap())
    }

    #[test]
    fn the_documented_envelopes_open_and_are_made_byte_for_byte() {
        for (envelope, key, plain) in [LINKING, WEBHOOK] {
            assert_eq!(open(envelope, key).unwrap(), plain.as_bytes());
            let (salt, iv) = parts();
            assert_eq!(seal(plain.as_bytes(), key, salt, iv), envelope);
        }
    }

    #[test]
    fn a_wrong_key_never_yields_json() {
        for n in 0..2000 {
            assert_eq!(open_json::<serde_json::Value>(WEBHOOK.0, &format!("key {n}")), Err(Closed));
        }
    }

    #[test]
    fn every_damage_is_the_same_error() {
        let good = WEBHOOK.0;
        let cases = [
            String::new(),
            good[..36].to_owned(),
            good[..40].to_owned(),
            good[..good.len() - 4].to_owned(),
            format!("{good}\n"),
            format!(" {good}"),
            good.replacen('=', "A", 1),
            // The last character before the padding has bits that a strict reader wants to be zero.
            good.replacen("4EQ=", "4ER=", 1),
            good.replacen("tA==", "tB==", 1),
            good.replace('+', "-"),
            format!("{}é", &good[..11]),
            format!("{good}AAAA"),
            format!("{}{}", &good[..36], "A".repeat(1 << 20)),
            format!("{}O{}", &good[..36], &good[37..]),
        ];
        for case in cases {
            assert_eq!(open_json::<serde_json::Value>(&case, WEBHOOK.1), Err(Closed), "{case:.60}");
        }
    }

    #[test]
    fn a_changed_iv_changes_the_text_and_still_opens_so_an_event_is_only_a_hint() {
        let (good, key, _) = WEBHOOK;
        let flipped = good.replacen("XNt", "XOt", 1);
        let opened = open_json::<serde_json::Value>(&flipped, key).unwrap();
        assert!(opened.get("evenx").is_some());
    }

    #[test]
    fn json_is_read_strictly() {
        let (salt, iv) = parts();
        for text in ["{} {}", "{}x", "", "{'a':1}", "{\"a\":1,}"] {
            let envelope = seal(text.as_bytes(), "k", salt, iv);
            assert!(open(&envelope, "k").is_ok());
            assert_eq!(open_json::<serde_json::Value>(&envelope, "k"), Err(Closed), "{text}");
        }
    }

    #[test]
    fn padding_counts_only_when_every_byte_of_it_fits() {
        let block = |end: &[u8]| {
            let mut block = [0xaa; 16];
            block[16 - end.len()..].copy_from_slice(end);
            let (n, valid) = padding(&block);
            (n, valid.unwrap_u8() == 1)
        };
        assert_eq!(block(&[1]), (1, true));
        assert_eq!(block(&[3, 3, 3]), (3, true));
        assert_eq!(block(&[16; 16]), (16, true));
        assert_eq!(block(&[0]), (0, false));
        assert_eq!(block(&[17; 16]), (0, false));
        assert_eq!(block(&[255]), (0, false));
        assert_eq!(block(&[3, 2, 3]), (0, false));
        assert_eq!(block(&[2, 3, 3]), (0, false));
        assert_eq!(block(&[16; 15]), (0, false));
    }

    #[test]
    fn an_envelope_is_found_in_all_three_forms_of_body() {
        for body in [
            WEBHOOK.0.to_owned(),
            format!("{}\n", WEBHOOK.0),
            serde_json::to_string(WEBHOOK.0).unwrap(),
            serde_json::json!({ "data": WEBHOOK.0 }).to_string(),
        ] {
            assert_eq!(in_body(&body), WEBHOOK.0);
        }
        for body in ["{}", r#"{"a":1}"#, r#"{"a":"x","b":"y"}"#, "\"cut", "[]", ""] {
            assert_eq!(open(&in_body(body), "k"), Err(Closed));
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_with_its_key(
            plain: Vec<u8>, key: String, salt: [u8; 8], iv: [u8; 16]
        ) {
            let envelope = seal(&plain, &key, salt, iv);
            let opened = open(&envelope, &key).unwrap();
            prop_assert_eq!(&opened[..], &plain[..]);
            prop_assert_eq!(seal(&opened, &key, salt, iv), envelope);
        }

        #[test]
        fn nothing_that_comes_in_panics(body in "\\PC*", key: String) {
            let _ = open_json::<serde_json::Value>(&in_body(&body), &key);
        }
    }
}
