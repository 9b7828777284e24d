//! A photograph without what its camera wrote about it, above all where it was taken. Pure. See ITU-T T.81, annex B,
//! for how a JPEG is laid out.

const START: u8 = 0xD8;
const END: u8 = 0xD9;
const SCAN: u8 = 0xDA;
const JFIF: u8 = 0xE0;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const ADOBE: u8 = 0xEE;
const APP15: u8 = 0xEF;
const COMMENT: u8 = 0xFE;

/// The way up that needs no telling.
const UPRIGHT: u8 = 1;

/// The picture with its pixels, colours and the way up that it had (1 to 8, as Exif numbers them), and without
/// everything else: Exif with the position, XMP, captions, comments, previews, and what lies behind the picture's end.
/// None if it is no whole JPEG.
pub(super) fn stripped(bytes: &[u8], orientation: u8) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes.strip_prefix(&[0xFF, START])?;
    kept.extend([0xFF, START]);
    let mut told = orientation == UPRIGHT;
    loop {
        let marker;
        (marker, rest) = next_marker(rest)?;
        // JFIF wants its own segment first of all.
        if !told && marker != JFIF {
            kept.extend(way_up(orientation));
            told = true;
        }
        match marker {
            END => {
                kept.extend([0xFF, END]);
                return Some(kept);
            }
            START | 0x00 => return None,
            // These have no content.
            0x01 | 0xD0..=0xD7 => kept.extend([0xFF, marker]),
            _ => {
                let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
                let (segment, behind) = rest.split_at_checked(length)?;
                let content = segment.get(2..)?;
                rest = behind;
                if is_of_the_picture(marker, content) {
                    kept.extend([0xFF, marker]);
                    kept.extend_from_slice(segment);
                }
                if marker == SCAN {
                    let (data, behind) = rest.split_at(scan_length(rest));
                    kept.extend_from_slice(data);
                    rest = behind;
                }
            }
        }
    }
}

/// The marker that comes next, past bytes that only fill up, and what is behind it.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes.strip_prefix(&[0xFF])?;
    while let Some(behind) = rest.strip_prefix(&[0xFF]) {
        rest = behind;
    }
    rest.split_first().map(|(marker, rest)| (*marker, rest))
}

/// Whether a segment belongs to the picture itself, and not to what is told about it.
fn is_of_the_picture(marker: u8, content: &[u8]) -> bool {
    match marker {
        JFIF => content.starts_with(b"JFIF\0"),
        APP2 => content.starts_with(b"ICC_PROFILE\0"),
        // It tells how the colours are encoded.
        ADOBE => content.starts_with(b"Adobe"),
        APP1..=APP15 | COMMENT => false,
        _ => true,
    }
}

/// How many bytes of a scan there are until the next marker.
fn scan_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == 0xFF) {
        at += found;
        match bytes.get(at + 1) {
            // An escaped FF, or a mark inside the scan.
            Some(0x00 | 0xD0..=0xD7) => at += 2,
            _ => return at,
        }
    }
    bytes.len()
}

/// The shortest Exif there is: one entry, tag 0x0112, of type short.
fn way_up(orientation: u8) -> [u8; 36] {
    let mut exif = *b"\xFF\xE1\0\x22Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    exif[29] = orientation;
    exif
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker], &length[..], content].concat()
    }

    /// A JPEG as far as its layout goes, with these segments in front.
    fn with(segments: &[Vec<u8>]) -> Vec<u8> {
        let picture = [segment(0xDB, &[7; 65]), segment(0xC0, &[8; 15]), segment(SCAN, &[1; 10])].concat();
        let scan = [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56, 0xFF, END];
        [&[0xFF, START], &segments.concat()[..], &picture, &scan].concat()
    }

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn what_the_camera_tells_is_gone_and_the_picture_stays() {
        let told = [
            segment(JFIF, b"JFIF\0 head"),
            segment(APP1, b"Exif\0\0 GPS 48.2 N"),
            segment(APP1, b"http://ns.adobe.com/xap/1.0/\0 GPSLatitude"),
            segment(APP2, b"ICC_PROFILE\0 colours"),
            segment(APP2, b"MPF\0 more pictures"),
            segment(0xED, b"Photoshop 3.0\0 caption"),
            segment(ADOBE, b"Adobe transform"),
            segment(COMMENT, b"GPS as a comment"),
        ];
        let mut photo = with(&told);
        photo.extend(b"GPS behind the end");
        let bare = stripped(&photo, 1).unwrap();
        assert_eq!(bare, with(&[told[0].clone(), told[3].clone(), told[6].clone()]));
        assert!(!contains(&bare, b"GPS"));
    }

    #[test]
    fn the_way_up_is_kept_and_follows_the_head() {
        let head = segment(JFIF, b"JFIF\0 head");
        let bare = stripped(&with(&[head.clone(), segment(APP1, b"Exif\0\0 all")]), 6).unwrap();
        assert!(bare[2..].starts_with(&head));
        assert!(bare[2 + head.len()..].starts_with(&way_up(6)));
        let exif = &way_up(6)[10..];
        let read = image::metadata::Orientation::from_exif_chunk(exif);
        assert_eq!(read, Some(image::metadata::Orientation::Rotate90));
    }

    #[test]
    fn a_bare_picture_stays_as_it_is() {
        assert_eq!(stripped(&with(&[]), 1), Some(with(&[])));
    }

    #[test]
    fn a_picture_that_ends_anywhere_before_its_end_is_none() {
        let photo = with(&[segment(APP1, b"Exif\0\0 something")]);
        for end in 0..photo.len() {
            assert_eq!(stripped(&photo[..end], 1), None, "{end} bytes");
        }
    }
}
