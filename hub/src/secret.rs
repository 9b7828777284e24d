//! Secrets that the hub makes: tokens, sessions, cookies, and the log's epoch.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// 128 bits: beyond guessing, and short enough for a link.
const BYTES: usize = 16;

/// A fresh secret, as 22 characters of URL-safe base64. The generator is a cryptographic one that
/// the operating system seeds.
pub(crate) fn fresh() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; BYTES]>())
}

/// What is kept of a secret. Ours are random throughout, so they need neither salt nor a slow hash.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Compares in a time that does not tell where they differ.
pub(crate) fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}
