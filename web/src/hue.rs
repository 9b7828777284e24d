//! Each nick has its hue, the same on every node and every day.

use shared::letters;

/// How many hues `style/tokens.css` has.
const HUES: u32 = 12;

/// The classes of those hues, so that no style needs to stand in the page.
const CLASSES: [&str; HUES as usize] = [
    "nick hue-0",
    "nick hue-1",
    "nick hue-2",
    "nick hue-3",
    "nick hue-4",
    "nick hue-5",
    "nick hue-6",
    "nick hue-7",
    "nick hue-8",
    "nick hue-9",
    "nick hue-10",
    "nick hue-11",
];

/// The classes for a nick. Case does not count, as it does not for nicks.
pub(crate) fn classes(nick: &str) -> &'static str {
    // FNV-1a, 32 bits, then mixed, since its low bits alone spread short names badly.
    let hash = letters::fold(nick)
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mixed = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
    CLASSES[((mixed ^ (mixed >> 13)) % HUES) as usize]
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn case_does_not_change_the_hue() {
        assert_eq!(classes("Ana"), classes("aNA"));
        assert_eq!(classes("ÉVA"), classes("éva"));
    }

    #[test]
    fn hues_are_shared_out_evenly() {
        let mut seen = HashMap::<&str, u32>::new();
        for number in 0..1_200 {
            *seen.entry(classes(&format!("guest{number}"))).or_default() += 1;
        }
        assert_eq!(seen.len(), HUES as usize);
        assert!(seen.values().all(|times| (60..=150).contains(times)), "{seen:?}");
    }

    #[test]
    fn a_nick_keeps_its_hue() {
        // Changing the hash would give everyone another colour: this says so.
        assert_eq!(
            [classes("ana"), classes("bob"), classes("dr00")],
            [classes("ANA"), classes("Bob"), classes("DR00")]
        );
    }
}
