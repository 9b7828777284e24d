//! Where one is, as an address: `/#/room/lobby`, `/#/with/bob`, with the position of a line behind it where it leads to
//! that. Pure.

use shared::transcript::Place;

/// A longer address leads nowhere: no name takes more, written as percents.
const MAX_LENGTH: usize = 1_000;

/// The fragment that leads to the console.
pub(crate) const CONSOLE: &str = "#/console";

/// The path and fragment that lead to a place, or to a line there.
pub(crate) fn to(place: &Place, seq: Option<u64>) -> String {
    let kind = match place {
        Place::Room(_) => "room",
        Place::With(_) => "with",
    };
    let mut path = ["/#/", kind, "/"].concat();
    encode(place.name(), &mut path);
    if let Some(seq) = seq {
        path.push('/');
        path.push_str(&seq.to_string());
    }
    path
}

/// The place a fragment leads to (with its `#` or without), and the line.
pub(crate) fn parse(fragment: &str) -> Option<(Place, Option<u64>)> {
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    if fragment.len() > MAX_LENGTH {
        return None;
    }
    let mut parts = fragment.strip_prefix('/')?.split('/');
    let (kind, name) = (parts.next()?, decode(parts.next()?)?);
    let seq = match parts.next() {
        None | Some("") => None,
        Some(seq) => Some(seq.parse().ok()?),
    };
    if name.is_empty() || parts.next().is_some() {
        return None;
    }
    match kind {
        "room" => Some((Place::Room(name), seq)),
        "with" => Some((Place::With(name), seq)),
        _ => None,
    }
}

/// As percents, but for plain letters and digits. Browsers show the other scripts as they are.
fn encode(name: &str, path: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(byte.into());
        } else {
            path.push('%');
            path.push(DIGITS[usize::from(byte >> 4)].into());
            path.push(DIGITS[usize::from(byte & 15)].into());
        }
    }
}

fn decode(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            bytes.push((high * 16 + low) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn room(name: &str) -> Place {
        Place::Room(name.to_owned())
    }

    #[test]
    fn an_address_says_where_it_leads() {
        assert_eq!(to(&room("lobby"), None), "/#/room/lobby");
        assert_eq!(to(&Place::With("bob".to_owned()), Some(41)), "/#/with/bob/41");
        assert_eq!(to(&room("Räume"), None), "/#/room/R%C3%A4ume");
    }

    #[test]
    fn an_address_leads_there() {
        assert_eq!(parse("#/room/lobby"), Some((room("lobby"), None)));
        assert_eq!(parse("#/room/lobby/58"), Some((room("lobby"), Some(58))));
        assert_eq!(parse("#/room/Räume"), Some((room("Räume"), None)), "as it is typed");
        assert_eq!(parse("/with/bob/"), Some((Place::With("bob".to_owned()), None)));
    }

    #[test]
    fn what_is_no_address_leads_nowhere() {
        for fragment in [
            "",
            "#",
            "#/",
            "#/room",
            "#/room/",
            "#/room//5",
            "#/file/x",
            "#cookie=abc",
            "#/room/a/b",
            "#/room/a/1/2",
            "#/room/%",
            "#/room/%4",
            "#/room/%zz",
            "#/room/%FF",
            "#/room/a/-1",
            "#/room/a/99999999999999999999999",
            "javascript:alert(1)",
        ] {
            assert_eq!(parse(fragment), None, "{fragment:?}");
        }
        assert_eq!(parse(&format!("#/room/{}", "a".repeat(MAX_LENGTH))), None);
    }

    proptest! {
        #[test]
        fn every_place_has_an_address(name in "\\PC{1,40}", seq in proptest::option::of(any::<u64>()), with: bool) {
            let place = if with { Place::With(name) } else { Place::Room(name) };
            let address = to(&place, seq);
            prop_assert!(address.is_ascii());
            prop_assert_eq!(parse(address.strip_prefix('/').unwrap_or_default()), Some((place, seq)));
        }

        #[test]
        fn no_fragment_is_too_strange(fragment in "\\PC*") {
            parse(&fragment);
        }
    }
}
