//! What people ask to be written into the log: lines, changes of lines, topics.

use shared::emoji::valid_reaction;
use shared::entry::File;
use shared::markup;
use shared::message::{ErrorCode, FileRef, Refusal, ToHub};
use shared::store::Refused;
use shared::wire::{MAX_FILE_NAME, MAX_FILES, MAX_REACTIONS, TextError, trim_text, trim_topic};
use tokio::time::Instant;

use super::requests::{busy, no_such_nick, spend};
use super::storing::{conflict, put, removal};
use super::{InFlight, MessageServer};
use crate::backplane::{Audience, Draft, Full, OwnerId, Rejection, What};
use crate::rate::{Bucket, Rate};
use crate::registry::{NodeKey, not_connected};

/// A limit on lines allows bursts of so many seconds' worth.
const BURST_SECONDS: f64 = 5.0;

/// What a line is to hold, as it was asked for.
struct Wish<'a> {
    text: &'a str,
    reply_to: Option<u64>,
    files: &'a [FileRef],
}

impl MessageServer {
    /// Asks for an entry; the answer comes with it.
    pub(super) fn write(&mut self, node: NodeKey, id: &str, request: ToHub) -> Result<(), Refusal> {
        let (owner, from) = self.registry.owner_of(node).ok_or_else(not_connected)?;
        let from = from.to_owned();
        let (what, to) = match request {
            ToHub::Say { room, text, reply_to, files, .. } => {
                let what = self.line(&Wish { text: &text, reply_to, files: &files })?;
                (what, self.in_room(node, &room)?)
            }
            ToHub::PrivateMessage { to, text, reply_to, files, .. } => {
                let what = self.line(&Wish { text: &text, reply_to, files: &files })?;
                (what, self.to_nick(&to)?)
            }
            ToHub::Edit { room, with, of, text, .. } => {
                let text = trim_text(&text)?.to_owned();
                (What::Edit { of, text }, self.place(node, room.as_deref(), with.as_deref())?)
            }
            ToHub::Delete { room, with, of, .. } => {
                (What::Delete { of }, self.place(node, room.as_deref(), with.as_deref())?)
            }
            ToHub::React { room, with, of, emoji, on, .. } => {
                if !valid_reaction(&emoji) {
                    return Err(Refusal::new(ErrorCode::ReactionInvalid, "A reaction is one emoji."));
                }
                (What::React { of, emoji, on }, self.place(node, room.as_deref(), with.as_deref())?)
            }
            ToHub::Topic { room, topic, .. } => {
                let topic = on_one_line(&topic);
                let topic = trim_topic(&topic)?.to_owned();
                (What::Topic { topic }, self.in_room(node, &room)?)
            }
            ToHub::Put { key, value, version, .. } => (put(key, &value, version)?, Audience::Everyone),
            ToHub::Remove { key, version, .. } => (removal(key, version)?, Audience::Everyone),
            _ => return Ok(()), // nothing else makes an entry
        };
        let id = id.to_owned();
        let in_flight = match (&what, &to) {
            (What::Line { .. }, Audience::Owner { nodes, .. }) => {
                InFlight::PrivateMessage { node, id: id.clone(), nodes: *nodes }
            }
            _ => InFlight::Line { node, id: id.clone() },
        };
        self.append(Draft { owner, from, id, what, to }, in_flight)
    }

    fn line(&self, wish: &Wish<'_>) -> Result<What, Refusal> {
        let text = match trim_text(wish.text) {
            Err(TextError::Empty) if !wish.files.is_empty() => "",
            text => text?,
        };
        let files = self.files(wish.files)?;
        Ok(What::Line { text: text.to_owned(), reply_to: wish.reply_to, files, mentions: Vec::new() })
    }

    /// The files that a line names, as they are kept here.
    fn files(&self, named: &[FileRef]) -> Result<Vec<File>, Refusal> {
        if named.len() > MAX_FILES {
            let words = format!("A line takes at most {MAX_FILES} files. Send the others in a further one.");
            return Err(Refusal::new(ErrorCode::BadMessage, words));
        }
        let file = |FileRef { hash, name }: &FileRef| {
            if name.len() > MAX_FILE_NAME {
                let words = format!("The name of a file has at most {MAX_FILE_NAME} bytes.");
                return Err(Refusal::new(ErrorCode::BadMessage, words));
            }
            let facts = self.settings.files.describe(hash);
            facts.map(|facts| facts.named(name)).ok_or_else(|| {
                Refusal::new(ErrorCode::NoSuchFile, "No file of this hash is kept here. Upload it first.")
            })
        };
        named.iter().map(file).collect()
    }

    /// Whom a text names, but for its author.
    fn mentioned(&self, author: OwnerId, text: &str) -> Vec<OwnerId> {
        let mut mentioned = Vec::new();
        for run in markup::mentions(text) {
            let named = markup::spellings(run).find_map(|nick| self.registry.find_owner(nick));
            if let Some((owner, _)) = named
                && owner != author
                && !mentioned.contains(&owner)
            {
                mentioned.push(owner);
            }
        }
        mentioned
    }

    fn in_room(&self, node: NodeKey, room: &str) -> Result<Audience, Refusal> {
        let (key, room) = self.registry.room_of(node, room)?;
        Ok(Audience::Room { key, name: room.name().to_owned() })
    }

    fn to_nick(&self, nick: &str) -> Result<Audience, Refusal> {
        let (owner, nick) = self.registry.find_owner(nick).ok_or_else(|| no_such_nick(nick))?;
        let nodes = u32::try_from(self.registry.count_connected_of(owner)).unwrap_or(u32::MAX);
        Ok(Audience::Owner { owner, nick: nick.to_owned(), nodes })
    }

    /// Where the line stands that is to be changed.
    fn place(&self, node: NodeKey, room: Option<&str>, with: Option<&str>) -> Result<Audience, Refusal> {
        match (room, with) {
            (Some(room), None) => self.in_room(node, room),
            (None, Some(with)) => self.to_nick(with),
            _ => Err(Refusal::new(ErrorCode::BadMessage, "A line is in a `room` or `with` a nick, one of the two.")),
        }
    }

    /// What cannot be taken may be something that was: its sender did not get the answer and has
    /// meanwhile left the room, or sends faster than it may. Then it gets the first answer.
    pub(super) fn recall(&mut self, node: NodeKey, id: &str, refusal: Refusal) -> Result<(), Refusal> {
        let Some((owner, _)) = self.registry.owner_of(node) else { return Err(refusal) };
        let ticket = self.ticket();
        if self.backplane.recall(ticket, owner, id.to_owned()).is_err() {
            return Err(refusal);
        }
        self.in_flight.insert(ticket, InFlight::Refused { node, id: id.to_owned(), refusal });
        Ok(())
    }

    fn append(&mut self, mut draft: Draft, in_flight: InFlight) -> Result<(), Refusal> {
        match draft.to {
            Audience::Everyone => self.spend_put(draft.owner)?,
            Audience::Room { .. } | Audience::Owner { .. } => self.spend_line(draft.owner)?,
        }
        // Not before: taking a text apart costs more than refusing it.
        if let What::Line { text, mentions, .. } = &mut draft.what {
            *mentions = self.mentioned(draft.owner, text);
        }
        let ticket = self.ticket();
        self.backplane.append(ticket, draft).map_err(|Full| busy())?;
        self.in_flight.insert(ticket, in_flight);
        Ok(())
    }

    fn spend_line(&mut self, owner: OwnerId) -> Result<(), Refusal> {
        let Some(per_second) = self.settings.rate_limit.map(f64::from) else { return Ok(()) };
        let rate = Rate { per_second, burst: per_second * BURST_SECONDS };
        let now = Instant::now();
        // A bucket is full again after these seconds; kept longer, it would only take room.
        if now.duration_since(self.swept).as_secs_f64() > BURST_SECONDS {
            self.lines.retain(|_, bucket| !bucket.is_full(rate, now));
            self.swept = now;
        }
        spend(self.lines.entry(owner).or_insert_with(|| Bucket::new(rate, now)), rate, now)
    }
}

/// Why the log did not take it, for the person.
pub(super) fn rejected(why: Rejection) -> Refusal {
    match why {
        Rejection::NoSuchEntry(seq) => {
            Refusal::new(ErrorCode::NoSuchEntry, format!("There is no line {seq} here, or it was deleted."))
        }
        Rejection::NotYours => Refusal::new(ErrorCode::NotYours, "This line is another's. You can change your own."),
        Rejection::TooManyReactions => {
            let words =
                format!("This line has {MAX_REACTIONS} kinds of reaction, as many as it takes. Join one of them.");
            Refusal::new(ErrorCode::ReactionInvalid, words)
        }
        Rejection::VersionConflict(version) => conflict(version),
        Rejection::StoreFull => Refused::Full.into(),
    }
}

/// A topic is shown at the head of a room, on one line.
fn on_one_line(topic: &str) -> String {
    topic.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_has_neither_lines_nor_controls() {
        assert_eq!(on_one_line("tea\r\nat\tfour\u{7}\u{2028}sharp"), "tea  at four  sharp");
    }
}
