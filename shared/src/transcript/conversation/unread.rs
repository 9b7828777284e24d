//! What is unread: the hub's count, and what came since.

use super::{Conversation, Place};
use crate::entry::Entry;
use crate::markup::mentions_nick;
use crate::wire::MAX_UNREAD;

/// How far a place was read, and how much of it was not.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// All up to here is read.
    to: u64,
    /// The hub has not said how far; `to` stands in for it.
    guessed: bool,
    /// So many lines of others lie after `to`, up to `counted`.
    unread: u32,
    /// So many of them name this person.
    mentions: u32,
    /// There may be more of them.
    at_least: bool,
    /// Lines up to here are counted, held or not.
    counted: u64,
    /// And perhaps lines after that: the hub does not say up to where it counted in a room.
    beyond: bool,
}

impl Reading {
    pub(super) fn guess(to: u64) -> Self {
        Self { to, guessed: true, unread: 0, mentions: 0, at_least: false, counted: to, beyond: false }
    }

    pub(super) fn is_guess(&self) -> bool {
        self.guessed
    }
}

impl Conversation {
    /// How many lines of others are unread; or, where [`Conversation::unread_more`], more than that.
    pub fn unread(&self) -> usize {
        self.reading.unread as usize
    }

    /// Whether more may be unread than are counted: the hub counts to [`MAX_UNREAD`], and who reads on in the
    /// midst of lines that are not held leaves nobody knows how many.
    pub fn unread_more(&self) -> bool {
        self.reading.unread > 0 && self.reading.at_least
    }

    /// How many of them name this person; in private talk all do. Who reads on in the midst of lines that are not
    /// held leaves those that are known.
    pub fn mentions(&self) -> usize {
        match self.place {
            Place::Room(_) => self.reading.mentions.min(self.reading.unread) as usize,
            Place::With(_) => self.unread(),
        }
    }

    /// All up to here is read, on whichever of this person's nodes.
    pub fn read_to(&self) -> u64 {
        self.reading.to
    }

    /// The first unread line held.
    pub fn first_unread(&self) -> Option<u64> {
        self.others(self.reading.to, u64::MAX).next()
    }

    /// The lines of others held after `after`, up to `to`.
    fn others(&self, after: u64, to: u64) -> impl Iterator<Item = u64> {
        let from = after.saturating_add(1).min(to);
        let rows = self.rows.range(from..=to);
        rows.filter(move |(seq, row)| **seq > after && row.is_line() && !self.is_mine(row)).map(|(seq, _)| *seq)
    }

    /// How many of the lines of others held after `after`, up to `to`, name this person.
    fn mentions_held(&self, after: u64, to: u64) -> u32 {
        number(self.others(after, to).filter(|seq| self.original(*seq).is_some_and(|line| self.names_me(line))))
    }

    /// Whether a line of another's in a room names this person.
    fn names_me(&self, line: &Entry) -> bool {
        matches!(line, Entry::Said(_)) && self.me.as_ref().is_some_and(|me| mentions_nick(line.text(), me))
    }

    /// The hub says how far this place was read, how many lines of others came after it, and how many of them name
    /// this person, up to its newest: that is at `known`, or in a room perhaps after it. All up to `heard` was heard.
    pub(in crate::transcript) fn was_read(&mut self, to: u64, (unread, mentions): (u32, u32), known: u64, heard: u64) {
        let here = self.reading.to;
        let told_here = !self.reading.guessed;
        let counted = known.max(self.latest);
        let beyond = matches!(self.place, Place::Room(_));
        let at_least = unread >= MAX_UNREAD;
        self.reading = Reading { to, guessed: false, unread, mentions, at_least, counted, beyond };
        // Perhaps the hub has yet to hear how far it was read here.
        if !(told_here && self.read(here, heard)) {
            self.recount(heard);
        }
    }

    /// All up to `seq` is read; all up to `heard` was heard. Whether that is news.
    pub(in crate::transcript) fn read(&mut self, seq: u64, heard: u64) -> bool {
        let Reading { to, unread, mentions, counted, beyond, at_least, .. } = self.reading;
        if seq <= to {
            return false;
        }
        self.reading.to = seq;
        self.reading.guessed = false;
        if self.recount(heard) {
            return true;
        }
        // Of those counted, so many are passed for sure, and so many perhaps: each position may hold one, or, where
        // all is held, each line after `counted` may be in the count.
        let sure = number(self.others(to, seq.min(counted)));
        let perhaps = if !self.coverage.whole(to.saturating_add(1), seq, heard) {
            u32::try_from(seq - to).unwrap_or(u32::MAX)
        } else if beyond {
            number(self.others(to, seq))
        } else {
            sure
        };
        // The same of those that name this person: of what was passed, no more of them than are known to.
        let sure_mentions = self.mentions_held(to, seq.min(counted));
        let left = self.mentions_held(seq, counted);
        let unsure = perhaps > sure;
        self.reading.mentions =
            if unsure { mentions.saturating_sub(perhaps).max(left) } else { mentions.saturating_sub(sure_mentions) };
        self.reading.unread = unread.saturating_sub(perhaps);
        self.reading.at_least = at_least || unread.saturating_sub(sure) > self.reading.unread;
        if self.reading.at_least {
            let held = number(self.others(seq, counted));
            let unseen = self.latest > seq && !self.coverage.whole(self.latest, self.latest, heard);
            self.reading.unread = self.reading.unread.max(held).max(u32::from(unseen));
        }
        true
    }

    /// An entry was heard; all up to `heard` was.
    pub(super) fn count_in(&mut self, entry: &Entry, heard: u64) {
        let counts = entry.is_line() && !self.is_mine(entry);
        let names_me = counts && self.names_me(entry);
        let reading = &mut self.reading;
        // A count in doubt is made anew as soon as all is held; lines that came by a page, and are not counted
        // yet, may follow on this one. Else one is added: a thousand may be unread.
        let anew = reading.at_least || reading.beyond || self.latest > entry.seq();
        // One that is counted came by a page before, or is in the hub's count.
        if entry.seq() > reading.counted {
            reading.counted = entry.seq();
            reading.beyond = false;
            if counts && entry.seq() > reading.to {
                reading.unread = reading.unread.saturating_add(1);
                reading.mentions += u32::from(names_me);
            }
        }
        if anew {
            self.recount(heard);
        }
    }

    /// Counts what is held, where that is all there is. Whether it is.
    pub(super) fn recount(&mut self, heard: u64) -> bool {
        let from = self.reading.to.saturating_add(1);
        let newest = self.reading.counted.max(self.latest);
        let to_the_present = self.coverage.open_from().is_some_and(|open| open <= newest.saturating_add(1).max(from));
        let whole = self.coverage.whole(from, newest, heard) && (to_the_present || !self.reading.beyond);
        if whole {
            self.reading.unread = number(self.others(self.reading.to, u64::MAX));
            self.reading.mentions = self.mentions_held(self.reading.to, u64::MAX);
            self.reading.at_least = false;
            self.reading.counted = newest;
            self.reading.beyond = false;
        }
        whole
    }
}

fn number(lines: impl Iterator<Item = u64>) -> u32 {
    u32::try_from(lines.count()).unwrap_or(u32::MAX)
}
