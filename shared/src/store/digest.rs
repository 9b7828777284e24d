//! A number for all that a copy holds.

use super::Store;
use crate::wire;

/// The basis and the prime of FNV-1a with 64 bits (draft-eastlake-fnv, section 5).
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Store {
    /// Two copies that hold the same have the same; two that differ have another, but for one chance in some 10^19.
    pub fn digest(&self) -> u64 {
        let mut digest = BASIS;
        let mut add = |bytes: &[u8]| {
            // The length keeps apart what stands side by side; it has as many bytes in a browser as elsewhere.
            for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
                digest = (digest ^ u64::from(*byte)).wrapping_mul(PRIME);
            }
        };
        for pair in &self.pairs {
            add(pair.key.as_bytes());
            add(&pair.version.to_le_bytes());
            add(wire::encode(&pair.value).as_bytes());
        }
        digest
    }
}
