//! Looks a WebP over before it is decoded (RFC 9649): the decoder believes what a chunk says of its length, and what a
//! frame says of its size, and asks for as much memory. Pure.

/// Whether every chunk lies in the file, and no frame has more than so many pixels.
pub(super) fn is_sound(bytes: &[u8], most_pixels: u64) -> bool {
    // "RIFF", the length of the rest, "WEBP".
    bytes.get(12..).is_some_and(|chunks| are_sound(chunks, most_pixels, true))
}

fn are_sound(mut chunks: &[u8], most_pixels: u64, outer: bool) -> bool {
    /// What stands in a frame of an animation before its chunks, in bytes.
    const FRAME_HEAD: usize = 16;
    while let Some((head, rest)) = chunks.split_at_checked(8) {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let Some(data) = rest.get(..length) else { return false };
        let sound = match &head[..4] {
            b"VP8 " => lossy_pixels(data).is_none_or(|pixels| pixels <= most_pixels),
            b"VP8L" => lossless_pixels(data).is_none_or(|pixels| pixels <= most_pixels),
            b"ANMF" if outer => data.get(FRAME_HEAD..).is_some_and(|frame| are_sound(frame, most_pixels, false)),
            _ => true,
        };
        if !sound {
            return false;
        }
        // Each begins at an even place; the last may lack the byte that would fill it up.
        chunks = rest.get(length + length % 2..).unwrap_or_default();
    }
    true
}

/// RFC 6386, section 9.1: three bytes of tag, three of start code, then width and height in 14 bits each.
fn lossy_pixels(data: &[u8]) -> Option<u64> {
    let side = |at: usize| Some(u64::from(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]) & 0x3FFF));
    Some(side(6)? * side(8)?)
}

/// RFC 9649, section 3.4: a byte of signature, then width and height less one in 14 bits each.
fn lossless_pixels(data: &[u8]) -> Option<u64> {
    let bits = u32::from_le_bytes(data.get(1..5)?.try_into().ok()?);
    Some((u64::from(bits & 0x3FFF) + 1) * (u64::from(bits >> 14 & 0x3FFF) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u64 = 1_000_000;

    fn chunk(name: &[u8; 4], claimed: u32, data: &[u8]) -> Vec<u8> {
        [&name[..], &claimed.to_le_bytes(), data].concat()
    }

    fn whole(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut chunk = chunk(name, data.len() as u32, data);
        chunk.resize(chunk.len() + data.len() % 2, 0);
        chunk
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP".to_vec(), chunks.concat()].concat()
    }

    fn lossy(width: u16, height: u16) -> Vec<u8> {
        let [width, height] = [width, height].map(u16::to_le_bytes);
        whole(b"VP8 ", &[&[0, 0, 0, 0x9D, 1, 0x2A][..], &width, &height].concat())
    }

    fn lossless(width: u32, height: u32) -> Vec<u8> {
        let bits = (width - 1) | (height - 1) << 14;
        whole(b"VP8L", &[&[0x2F][..], &bits.to_le_bytes()].concat())
    }

    #[test]
    fn a_chunk_that_claims_more_than_there_is_is_found_out() {
        assert!(is_sound(&file(&[lossless(1, 1), whole(b"EXIF", b"MM")]), MOST));
        assert!(!is_sound(&file(&[lossless(1, 1), chunk(b"EXIF", 0xFFFF_FFF0, b"MM")]), MOST));
        assert!(!is_sound(b"RIFF", MOST));
    }

    #[test]
    fn a_frame_that_is_larger_than_any_picture_is_found_out() {
        for (sound, frame) in [
            (true, lossy(1_000, 1_000)),
            (false, lossy(16_383, 16_383)),
            (true, lossless(1_000, 1_000)),
            (false, lossless(16_384, 62)),
        ] {
            assert_eq!(is_sound(&file(std::slice::from_ref(&frame)), MOST), sound);
            let moving = whole(b"ANMF", &[vec![0; 16], frame].concat());
            assert_eq!(is_sound(&file(&[moving]), MOST), sound, "in an animation");
        }
    }

    #[test]
    fn an_odd_chunk_at_the_end_need_not_be_filled_up() {
        assert!(is_sound(&file(&[lossless(1, 1), chunk(b"XMP ", 3, b"<x>")]), MOST));
    }
}
