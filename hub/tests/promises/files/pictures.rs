//! Pictures: recognised by what is in them, with a thumbnail, and without what a camera tells.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::files::client::{Hub, hash_of};

/// Left half red, right half blue.
fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, _| Rgb(if x < width / 2 { [255, 0, 0] } else { [0, 0, 255] }));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// With an Exif that says "turn me clockwise", and where it was taken.
fn photo() -> Vec<u8> {
    let plain = picture(800, 400, ImageFormat::Jpeg);
    let exif = b"\xFF\xE1\0\x2BExif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0at home!!";
    [&plain[..2], exif, &plain[2..]].concat()
}

#[tokio::test]
async fn each_kind_of_picture_is_shown_with_a_thumbnail() {
    let hub = Hub::start().await;
    for (format, kind) in [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::Gif, "image/gif"),
        (ImageFormat::WebP, "image/webp"),
    ] {
        let bytes = picture(1000, 500, format);
        let file = hub.upload(&bytes).await;
        assert_eq!((&file["kind"], &file["width"], &file["height"]), (&kind.into(), &1000.into(), &500.into()));
        let hash = file["hash"].as_str().unwrap();
        // Whatever it is called.
        let whole = hub.get(&format!("/files/{hash}/page.html")).await;
        assert_eq!(whole.header("content-type"), kind);
        assert_eq!(whole.header("content-disposition"), "inline; filename*=UTF-8''page.html");
        assert_eq!(whole.header("content-security-policy"), "sandbox; default-src 'none'");
        assert!(whole.body == bytes, "a {kind} without any metadata stays as it is");

        let small = hub.get(&format!("/files/{hash}/thumbnail")).await;
        assert_eq!(small.header("content-type"), "image/jpeg");
        assert_eq!(small.header("cache-control"), "private, max-age=31536000, immutable");
        let small = image::load_from_memory(&small.body).unwrap();
        assert_eq!((small.width(), small.height()), (640, 320), "{kind}");
    }
}

#[tokio::test]
async fn a_photograph_stands_upright_and_does_not_tell_where_it_was_taken() {
    let hub = Hub::start().await;
    let photo = photo();
    assert!(contains(&photo, b"at home"));
    let file = hub.upload(&photo).await;
    assert_eq!((&file["width"], &file["height"]), (&400.into(), &800.into()));
    assert_ne!(file["hash"], hash_of(&photo), "its bytes are not those that were sent");
    let hash = file["hash"].as_str().unwrap();
    let whole = hub.get(&format!("/files/{hash}/photo.jpg")).await;
    assert_eq!(hash, hash_of(&whole.body));
    assert_eq!(file["size"], whole.body.len());
    let small = hub.get(&format!("/files/{hash}/thumbnail")).await;
    assert!(!contains(&whole.body, b"at home") && !contains(&small.body, b"at home"));
    let small = image::load_from_memory(&small.body).unwrap().to_rgb8();
    assert_eq!(small.dimensions(), (320, 640));
    assert!(small.get_pixel(160, 100).0[0] > 200 && small.get_pixel(160, 540).0[2] > 200, "red above blue");

    assert_eq!(hub.upload(&photo).await, file, "sent again it is the same");
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_picture_that_is_none_is_a_plain_file() {
    let hub = Hub::start().await;
    let png = picture(300, 200, ImageFormat::Png);
    let mut bomb = png.clone();
    bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]); // 100,000 by 100,000
    for bytes in
        [&png[..png.len() / 2], &picture(300, 200, ImageFormat::Jpeg)[..500], &bomb, b"GIF89a", b"RIFF....WEBP"]
    {
        let file = hub.upload(bytes).await;
        assert_eq!(file["kind"], "application/octet-stream");
        assert!(file.get("width").is_none() && file.get("height").is_none());
        let hash = hash_of(bytes);
        assert!(hub.get(&format!("/files/{hash}/a.png")).await.header("content-disposition").starts_with("attachment"));
        hub.get(&format!("/files/{hash}/thumbnail")).await.refused(404, "no_such_file");
    }
}
