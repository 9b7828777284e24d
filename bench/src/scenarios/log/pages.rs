//! Pages of a room's history, and what must be in them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use shared::entry::Entry;
use shared::message::ToHub;

use crate::crowd::Crowd;
use crate::guests;
use crate::statistics::Latencies;

/// Entries of a page.
pub(super) const ENTRIES: usize = 100;

/// How long to wait for one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pages in the middle lie so far apart: a prime, so that they are spread over the room.
const APART: usize = 7_919;

/// Which page of a room.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Newest,
    /// Another one each time, somewhere between the ends.
    Middle,
    Oldest,
}

impl Place {
    pub(super) const ALL: [Self; 3] = [Self::Newest, Self::Middle, Self::Oldest];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Newest => "the newest page",
            Self::Middle => "pages in the middle",
            Self::Oldest => "the oldest page",
        }
    }

    /// Where the page ends among what was said.
    fn end(self, said: usize, page: usize) -> usize {
        match self {
            Self::Newest => said,
            Self::Middle => (said / 4 + page * APART % (said / 2).max(1)).max(ENTRIES).min(said),
            Self::Oldest => ENTRIES.min(said),
        }
    }
}

/// Reads so many pages one after the other on the first socket; how long it took from asking to having each.
///
/// # Errors
/// If one holds anything but what was said there.
pub(super) fn read(crowd: &mut Crowd, room: &str, said: &[u64], place: Place, pages: usize) -> Result<Latencies> {
    let mut times = Latencies::default();
    for page in 0..pages {
        let end = place.end(said.len(), page);
        let history = ToHub::History {
            id: "history".to_owned(),
            room: Some(room.to_owned()),
            with: None,
            before: said.get(end).copied(),
            after: None,
            limit: u32::try_from(ENTRIES).ok(),
        };
        let (page, took) = guests::page(crowd, &history, PATIENCE)?;
        let due = &said[end.saturating_sub(ENTRIES)..end];
        check(&page.entries, due).with_context(|| format!("{} before {:?}", place.name(), said.get(end)))?;
        times.add(took);
    }
    Ok(times)
}

/// # Errors
/// If these are not the ones that are due.
fn check(entries: &[Entry], due: &[u64]) -> Result<()> {
    let came = entries.iter().map(Entry::seq);
    let wrong = came.clone().zip(due).find(|(came, due)| came != *due);
    ensure!(wrong.is_none(), "entry {:?} came in place of {:?}", wrong.map(|it| it.0), wrong.map(|it| it.1));
    ensure!(came.count() == due.len(), "{} entries came of {}", entries.len(), due.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use shared::entry::Said;

    use super::*;

    #[test]
    fn a_page_that_is_not_what_was_said_is_found_out() {
        let entry = |seq| {
            let [room, from, id, text] = ["lobby", "ana", "1", "hi"].map(str::to_owned);
            Entry::Said(Said { seq, at: 5, room, from, id, text, details: None })
        };
        let entries = [entry(4), entry(6), entry(7)];
        check(&entries, &[4, 6, 7]).expect("the page");
        assert!(check(&entries[..2], &[4, 6, 7]).is_err(), "one is missing");
        assert!(check(&entries, &[4, 6]).is_err(), "one too many");
        assert!(check(&entries, &[4, 5, 7]).is_err(), "another one");
    }

    #[test]
    fn pages_lie_inside_the_room() {
        for said in [10, 100, 1_000, 999_000] {
            for place in Place::ALL {
                for page in 0..300 {
                    let end = place.end(said, page);
                    assert!(end >= ENTRIES.min(said) && end <= said, "{place:?} {page} of {said}: {end}");
                }
            }
        }
    }
}
