//! Opening Solo's envelopes beside the bare cipher. The goal: at least half the speed of AES-256-CBC alone.

use aes::Aes256;
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7},
};
use divan::{Bencher, counter::BytesCount};
use wardroom::vendor::solo::envelope;

const KEY: &str = "39VNjjSpgoUWMbUhVCjAoQ==";
const SALT: [u8; 8] = [7; 8];
const IV: [u8; 16] = [9; 16];
/// An event is about 60 bytes; the largest envelope that is looked at holds 64 KiB.
const SIZES: [usize; 4] = [60, 300, 4_000, 65_000];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn bare_cipher(bencher: Bencher<'_, '_>, size: usize) {
    let sealed = vec![1; size / 16 * 16 + 16];
    bencher.counter(BytesCount::new(size)).with_inputs(|| sealed.clone()).bench_values(|mut sealed| {
        let cipher = Decryptor::<Aes256>::new(&[3; 32].into(), &IV.into());
        let length = cipher.decrypt_padded::<Pkcs7>(&mut sealed).map_or(0, <[u8]>::len);
        (sealed, length)
    });
}

#[divan::bench(args = SIZES)]
fn envelope_open(bencher: Bencher<'_, '_>, size: usize) {
    let sealed = envelope::seal(&vec![b'x'; size], KEY, SALT, IV);
    bencher.counter(BytesCount::new(size)).bench(|| envelope::open(divan::black_box(&sealed), KEY));
}
