//! Sizes as people write them. Pure.

/// Units, each with its bytes. Those of a thousand are what disks are sold by.
const UNITS: [(&str, u64); 10] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("B", 1),
];

/// More than any disk a hub runs on: a typing error.
const MAX: u64 = 1 << 50;

/// A size in bytes, as `25MiB`, `10 GB` or `1000B`.
///
/// # Errors
/// If it is no whole number with its unit, or beyond all measure.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let expected = || "expected a size with its unit, as 25MiB or 10GiB".to_owned();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(expected)?;
    let number: u64 = number.parse().map_err(|_| expected())?;
    number.checked_mul(*unit).filter(|bytes| *bytes <= MAX).ok_or_else(|| "there is no such disk".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        for (text, expected) in
            [("25MiB", 26_214_400), ("10 GiB", 10_737_418_240), ("1kB", 1_000), ("0B", 0), ("500MB", 500_000_000)]
        {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "25", "MiB", "-1MiB", "1.5GiB", "25mib", "25 Megs", "99999999TiB", "99999999999999999999MiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
