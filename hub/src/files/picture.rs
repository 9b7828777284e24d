//! What is a picture, how large it is, and a small one of it. Pure: bytes in, bytes out; it takes long, so not on a
//! thread that others wait for.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::record::{Kind, Picture};
use super::{jpeg, webp};

/// Of a file that is looked into for a picture, in bytes: it has to be held in memory for that. A photograph of fifty
/// megapixels has half of it.
pub(super) const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Pixels of a picture: what the best cameras of telephones make. A few bytes can claim to be a thousand times as many.
const MAX_PIXELS: u64 = 50_000_000;

/// Of memory for one picture while it is decoded, in bytes: four for each pixel, and some.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;

/// Pixels of a thumbnail's longer side: twice the 320 that a line of the chat shows, for screens with fine pixels.
pub const THUMBNAIL: u32 = 640;

/// Of 100. Below this one sees it.
const JPEG_QUALITY: u8 = 80;

/// As many bytes as tell which kind of picture something might be.
pub(super) const SIGNATURE: usize = 16;

/// What was found out about a picture.
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) picture: Picture,
    pub(super) thumbnail: Vec<u8>,
    /// The picture without what its camera told about it, where it told something.
    pub(super) stripped: Option<Vec<u8>>,
}

/// Whether something that begins so might be a picture. Only [`examine`] tells whether it is.
pub(super) fn promising(signature: &[u8]) -> bool {
    format(signature).is_some()
}

/// What kind it claims to be. What a client or a file's name say counts for nothing; SVG is a program, and no picture.
fn format(bytes: &[u8]) -> Option<(ImageFormat, Kind)> {
    match image::guess_format(bytes).ok()? {
        format @ ImageFormat::Png => Some((format, Kind::Png)),
        format @ ImageFormat::Jpeg => Some((format, Kind::Jpeg)),
        format @ ImageFormat::Gif => Some((format, Kind::Gif)),
        format @ ImageFormat::WebP => Some((format, Kind::Webp)),
        _ => None,
    }
}

/// Decodes a picture; none if it is none, is not whole, or would take too much to show.
pub(super) fn examine(bytes: &[u8]) -> Option<Found> {
    // The decoders meet what anyone made up. One that panics has met no picture.
    catch_unwind(AssertUnwindSafe(|| decode(bytes))).ok().flatten()
}

/// A photograph that is no picture here, be it too large or too strange to be decoded, without what its camera told about
/// it. None where it is no JPEG, cannot be taken apart, or tells nothing.
pub(super) fn without_traces(bytes: &[u8]) -> Option<Vec<u8>> {
    let (ImageFormat::Jpeg, _) = format(bytes)? else { return None };
    let way_up = || {
        let mut decoder = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg).into_decoder().ok()?;
        decoder.orientation().ok()
    };
    let orientation = catch_unwind(AssertUnwindSafe(way_up)).ok().flatten().unwrap_or(Orientation::NoTransforms);
    jpeg::stripped(bytes, orientation.to_exif()).filter(|stripped| stripped != bytes)
}

fn decode(bytes: &[u8]) -> Option<Found> {
    let (format, kind) = format(bytes)?;
    if kind == Kind::Webp && !webp::is_sound(bytes, MAX_PIXELS) {
        return None;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_MEMORY {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let stripped = match kind {
        Kind::Jpeg => Some(jpeg::stripped(bytes, orientation.to_exif())?),
        _ => None,
    };
    let whole = DynamicImage::from_decoder(decoder).ok()?;
    let mut small = if width.max(height) > THUMBNAIL { whole.thumbnail(THUMBNAIL, THUMBNAIL) } else { whole.clone() };
    drop(whole);
    small.apply_orientation(orientation);
    let (thumbnail_kind, thumbnail) = encode(&small)?;
    // As it is shown: a photograph taken upright may be stored lying.
    let lies = matches!(orientation.to_exif(), 5..=8);
    let (width, height) = if lies { (height, width) } else { (width, height) };
    let picture = Picture { width, height, thumbnail: thumbnail_kind, thumbnail_size: thumbnail.len() as u64 };
    Some(Found { kind, picture, thumbnail, stripped: stripped.filter(|stripped| stripped != bytes) })
}

/// A small picture as bytes: what can be seen through needs PNG, everything else is smaller as a JPEG.
fn encode(small: &DynamicImage) -> Option<(Kind, Vec<u8>)> {
    let mut bytes = Vec::new();
    let coloured = small.to_rgba8();
    if small.color().has_alpha() && coloured.pixels().any(|pixel| pixel.0[3] < u8::MAX) {
        coloured.write_with_encoder(PngEncoder::new(&mut bytes)).ok()?;
        return Some((Kind::Png, bytes));
    }
    small.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)).ok()?;
    Some((Kind::Jpeg, bytes))
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;

    /// Left half red, right half blue (or clear), so that one sees which way up it is.
    fn halves(width: u32, height: u32, right: Rgba<u8>) -> DynamicImage {
        let left = Rgba([255, 0, 0, 255]);
        RgbaImage::from_fn(width, height, |x, _| if x < width / 2 { left } else { right }).into()
    }

    const BLUE: Rgba<u8> = Rgba([0, 0, 255, 255]);

    fn as_file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let picture = if format == ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture.clone() };
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    const FORMATS: [(ImageFormat, Kind); 4] = [
        (ImageFormat::Png, Kind::Png),
        (ImageFormat::Jpeg, Kind::Jpeg),
        (ImageFormat::Gif, Kind::Gif),
        (ImageFormat::WebP, Kind::Webp),
    ];

    fn thumbnail(found: &Found) -> DynamicImage {
        image::load_from_memory(&found.thumbnail).unwrap()
    }

    #[test]
    fn each_kind_of_picture_has_its_size_and_a_thumbnail() {
        for (format, kind) in FORMATS {
            let found = examine(&as_file(&halves(1280, 320, BLUE), format)).unwrap();
            assert_eq!((found.kind, found.picture.width, found.picture.height), (kind, 1280, 320));
            assert_eq!(found.picture.thumbnail, Kind::Jpeg);
            let small = thumbnail(&found);
            assert_eq!((small.width(), small.height()), (640, 160), "{format:?}");
            let left = small.to_rgb8().get_pixel(100, 80).0;
            assert!(left[0] > 200 && left[2] < 60, "{format:?} is red at the left: {left:?}");
        }
    }

    #[test]
    fn a_small_picture_is_not_made_larger() {
        let found = examine(&as_file(&halves(30, 20, BLUE), ImageFormat::Png)).unwrap();
        let small = thumbnail(&found);
        assert_eq!((small.width(), small.height()), (30, 20));
    }

    #[test]
    fn what_can_be_seen_through_stays_so() {
        let found = examine(&as_file(&halves(800, 800, Rgba([0, 0, 0, 0])), ImageFormat::Png)).unwrap();
        assert_eq!(found.picture.thumbnail, Kind::Png);
        assert_eq!(thumbnail(&found).to_rgba8().get_pixel(639, 0).0[3], 0);
    }

    /// A JPEG with an Exif that tells the way up and something nobody need know.
    fn photo(orientation: u8) -> Vec<u8> {
        let plain = as_file(&halves(800, 400, BLUE), ImageFormat::Jpeg);
        let mut exif =
            *b"\xFF\xE1\0\x2AExif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0SECRET!!";
        exif[29] = orientation;
        [&plain[..2], &exif, &plain[2..]].concat()
    }

    #[test]
    fn a_photograph_is_turned_the_way_it_was_taken() {
        // 6: to be turned clockwise, so that its left, red half is on top.
        let found = examine(&photo(6)).unwrap();
        assert_eq!((found.picture.width, found.picture.height), (400, 800));
        let small = thumbnail(&found).to_rgb8();
        assert_eq!(small.dimensions(), (320, 640));
        assert!(small.get_pixel(160, 100).0[0] > 200, "red on top");
        assert!(small.get_pixel(160, 540).0[2] > 200, "blue below");
    }

    #[test]
    fn nothing_that_the_camera_told_is_kept_but_the_way_up() {
        for orientation in [1, 6] {
            let found = examine(&photo(orientation)).unwrap();
            let stripped = found.stripped.unwrap();
            for bytes in [&stripped, &found.thumbnail] {
                assert!(!bytes.windows(6).any(|window| window == b"SECRET"));
            }
            let again = examine(&stripped).unwrap();
            assert_eq!((again.picture.width, again.picture.height), (found.picture.width, found.picture.height));
            assert!(again.stripped.is_none(), "nothing is left to take out");
        }
    }

    #[test]
    fn what_no_decoder_takes_tells_nothing_either() {
        let mut photo = photo(6);
        // A frame of a kind that is not decoded: its start says arithmetic coding.
        let frame = photo.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
        photo[frame + 1] = 0xC9;
        assert!(examine(&photo).is_none());
        let stripped = without_traces(&photo).unwrap();
        assert!(!stripped.windows(6).any(|window| window == b"SECRET"));
        assert!(without_traces(&as_file(&halves(30, 20, BLUE), ImageFormat::Png)).is_none(), "only photographs");
    }

    #[test]
    fn what_is_cut_off_is_no_picture() {
        for (format, _) in FORMATS {
            let file = as_file(&halves(300, 200, BLUE), format);
            for end in [0, 8, 20, file.len() / 2] {
                assert!(examine(&file[..end]).is_none(), "{end} bytes of a {format:?}");
            }
        }
    }

    #[test]
    fn what_only_says_that_it_is_a_picture_is_none() {
        for bytes in [
            &b"\x89PNG\r\n\x1a\nthis is a text"[..],
            b"GIF89a<script>alert(1)</script>",
            b"\xFF\xD8\xFF\xE0 and no more",
            b"RIFF\x10\0\0\0WEBPVP8 ....",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
            b"BM\0\0\0\0\0\0\0\0",
            b"",
        ] {
            assert!(examine(bytes).is_none(), "{bytes:?}");
        }
    }

    /// A PNG's head with any size, its checksum right, and no more of it.
    fn claims(width: u32, height: u32) -> Vec<u8> {
        let mut head = b"IHDR".to_vec();
        head.extend(width.to_be_bytes());
        head.extend(height.to_be_bytes());
        head.extend([8, 6, 0, 0, 0]);
        let mut crc = flate2::Crc::new();
        crc.update(&head);
        [&b"\x89PNG\r\n\x1a\n\0\0\0\x0D"[..], &head, &crc.sum().to_be_bytes()].concat()
    }

    #[test]
    fn a_picture_that_claims_to_be_enormous_is_none() {
        for (width, height) in [(100_000, 100_000), (u32::MAX >> 1, 1), (7100, 7100), (1, 50_000_001)] {
            assert!(examine(&claims(width, height)).is_none(), "{width}x{height}");
        }
    }
}
