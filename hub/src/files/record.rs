//! What the hub knows of a file, and how that is written beside it. Pure.

use serde::{Deserialize, Serialize};

use super::due::Life;

/// What a file is, as the hub found by decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Png,
    Jpeg,
    Gif,
    Webp,
    /// Anything else. The hub does not try to know: browsers are told to save it and no more.
    Other,
}

impl Kind {
    /// As a media type (RFC 6838).
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Other => "application/octet-stream",
        }
    }
}

/// Of a file that is a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// In pixels, as it is to be shown.
    pub width: u32,
    /// In pixels, as it is to be shown.
    pub height: u32,
    pub thumbnail: Kind,
    /// In bytes.
    pub thumbnail_size: u64,
}

/// All that is kept of a file beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// In bytes.
    pub(super) size: u64,
    pub(super) kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) picture: Option<Picture>,
    #[serde(flatten)]
    pub(super) life: Life,
}

impl Record {
    /// What it takes of the disk, in bytes, as it counts for the quota.
    pub(super) fn weight(&self) -> u64 {
        self.size + self.picture.map_or(0, |picture| picture.thumbnail_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let picture = Picture { width: 3, height: 2, thumbnail: Kind::Jpeg, thumbnail_size: 9 };
        let life = Life { uploaded: 1_795_176_000_000, said: Some(1_795_176_000_001), ..Life::default() };
        for record in [
            Record { size: 70, kind: Kind::Png, picture: Some(picture), life },
            Record { size: 0, kind: Kind::Other, picture: None, life: Life { deleted: Some(5), ..life } },
        ] {
            let text = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record, "{text}");
        }
    }

    #[test]
    fn the_record_on_disk_stays_readable() {
        let text = r#"{"size":70,"kind":"png","picture":{"width":3,"height":2,"thumbnail":"jpeg","thumbnail_size":9},"uploaded":5,"said":6}"#;
        let record: Record = serde_json::from_str(text).unwrap();
        assert_eq!((record.weight(), record.life.said, record.life.deleted), (79, Some(6), None));
    }
}
