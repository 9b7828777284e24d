//! Which form of a file a browser takes (RFC 9110, section 12.5.3). Pure.

use http::header::{ACCEPT_ENCODING, HeaderMap};

/// A form of a file; the later, the dearer to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

/// How much a browser wants a form, in thousandths; 0 means not at all.
type Quality = u16;

/// What counts for identity where it is not mentioned: taken, if nothing better is there.
const LAST_RESORT: Quality = 1;

impl Encoding {
    /// What `Content-Encoding` says of it.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    fn is_called(self, name: &str) -> bool {
        match self {
            Self::Brotli => name.eq_ignore_ascii_case("br"),
            Self::Gzip => name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip"),
            Self::Identity => name.eq_ignore_ascii_case("identity"),
        }
    }
}

/// The best of the forms there are, of which identity is always one. It is also what somebody
/// gets who wants none of them: the RFC allows it, and it beats an error.
pub fn choose(headers: &HeaderMap, available: impl IntoIterator<Item = Encoding>) -> Encoding {
    let accepted = accepted(headers);
    available
        .into_iter()
        .map(|encoding| (quality(&accepted, encoding), encoding))
        .filter(|(quality, _)| *quality > 0)
        .max_by_key(|(quality, encoding)| (*quality, std::cmp::Reverse(*encoding)))
        .map_or(Encoding::Identity, |(_, encoding)| encoding)
}

/// The names in the header with their qualities. What cannot be understood is passed over.
fn accepted(headers: &HeaderMap) -> Vec<(&str, Quality)> {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(parse).collect()
}

fn parse(item: &str) -> Option<(&str, Quality)> {
    let mut parts = item.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    match parts.next() {
        None => Some((name, 1000)),
        Some(weight) => {
            let (q, weight) = weight.split_once('=')?;
            if !q.trim().eq_ignore_ascii_case("q") {
                return None;
            }
            Some((name, parse_quality(weight.trim())?))
        }
    }
}

/// `0`, `1`, and up to three digits after the point.
fn parse_quality(text: &str) -> Option<Quality> {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    if digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: Quality = format!("{digits:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

fn quality(accepted: &[(&str, Quality)], encoding: Encoding) -> Quality {
    let named = accepted.iter().find(|(name, _)| encoding.is_called(name));
    let any = || accepted.iter().find(|(name, _)| *name == "*");
    match named.or_else(any) {
        Some((_, quality)) => *quality,
        None if encoding == Encoding::Identity => LAST_RESORT,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Encoding::{Brotli, Gzip, Identity};
    use super::*;

    fn chosen(values: &[&str], available: &[Encoding]) -> Encoding {
        let headers = values.iter().map(|value| (ACCEPT_ENCODING, value.parse().unwrap())).collect();
        choose(&headers, available.iter().copied())
    }

    #[test]
    fn the_smallest_form_that_is_taken_is_sent() {
        let all = [Brotli, Gzip, Identity];
        for (accept, best) in [
            ("gzip, deflate, br, zstd", Brotli),
            ("gzip, deflate", Gzip),
            ("x-gzip", Gzip),
            ("GZIP", Gzip),
            ("deflate, zstd", Identity),
            ("", Identity),
            ("*", Brotli),
            ("br;q=0, *", Gzip),
            ("br;q=0.5, gzip;q=0.8", Gzip),
            ("br;q=0.5, gzip;q=0.5", Brotli),
            ("br ; q = 1.000 , gzip;q=1", Brotli),
            ("gzip;q=0.5, identity", Identity),
            ("gzip;q=0.001, identity;q=0", Gzip),
            ("br;q=0, gzip;q=0", Identity),
            ("*;q=0", Identity),
            ("br;q=2, gzip;q=0.1", Gzip),
            ("br;q=1.001, gzip", Gzip),
            ("br;q=0.1234, gzip", Gzip),
            ("br;level=9, gzip;q=0.1", Gzip),
            (",,;q=1, gzip", Gzip),
        ] {
            assert_eq!(chosen(&[accept], &all), best, "{accept}");
        }
        assert_eq!(chosen(&[], &all), Identity);
        assert_eq!(chosen(&["deflate", "gzip"], &all), Gzip, "the header may stand more than once");
    }

    #[test]
    fn a_form_that_is_not_there_is_not_sent() {
        assert_eq!(chosen(&["br, gzip;q=0.5"], &[Gzip, Identity]), Gzip);
        assert_eq!(chosen(&["br, gzip"], &[Identity]), Identity);
    }

    proptest! {
        #[test]
        fn whatever_the_header_says_an_available_form_is_sent(value in "[ -~]{0,60}") {
            prop_assert!([Gzip, Identity].contains(&chosen(&[&value], &[Gzip, Identity])));
        }
    }
}
