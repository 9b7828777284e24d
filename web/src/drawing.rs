//! What changed in the transcript, into the signals of [`Node`].

use std::mem;
use std::rc::Rc;

use crate::state::*;
use shared::message::{State, User};
use shared::transcript::{Change, Changes, Conversation, Place};
use web_sys::Document;

use crate::clock;
use crate::extent::{Extent, Wish};
use crate::node::{Listed, Node, Person, Unread};
use crate::page::{Timeout, before_next_paint, document};
use crate::rows::{MORE_ROWS, Row, brings_older, end_rows, is_flood, most_rows, rows};
use crate::viewport::window_height;

/// How often a page that is out of sight is drawn, in milliseconds: it has no frames, and only its title is seen.
const UNSEEN_FRAME: i32 = 250;

/// So long after rows that are no news the page counts as busy, in milliseconds: a screen reader hears of them some
/// frames after they are there.
const QUIET: i32 = 200;

/// Where more rows come at a time than anybody reads, the next ones wait so long, in milliseconds: meanwhile the page
/// answers whoever types.
const FLOOD_FRAME: i32 = 50;

/// What waits for the next frame: a thousand lines a second are drawn sixty times.
#[derive(Default)]
pub(crate) struct Undrawn {
    /// The frame is ordered.
    ordered: bool,
    /// The order that does not wait for a frame.
    later: Option<Timeout>,
    /// More came the last time than anybody reads.
    flood: bool,
    changes: Changes,
    rows: bool,
    /// How the window of rows is to move.
    wish: Wish,
    /// Which rows are in the page.
    pub(crate) extent: Extent,
    /// The place of which they are the end, as far as it was loaded: what comes behind them is new there.
    end_of: Option<Place>,
    /// Ends the quiet in which rows come that are no news.
    quiet: Option<Timeout>,
    /// The last line in view, for one who does not follow the end.
    pub(crate) bottom: Option<u64>,
    pub(crate) news: News,
    /// When those who are writing are to be drawn again.
    typing: Option<Timeout>,
}

/// Where the new lines begin, at the place one looks at: it stays until one goes or writes.
#[derive(Default)]
pub(crate) struct News {
    /// What was read before is up to here.
    after: Option<u64>,
    /// The person has just come, and sees what is unread as new.
    came: bool,
    /// The first new line, where it is in the page.
    first: Option<u64>,
    /// It was in view.
    seen: bool,
}

impl Node {
    /// Draws what changed with the next frame.
    pub(crate) fn show_soon(self, changes: Changes) {
        self.with_core(|core| core.undrawn.changes.merge(changes));
        self.order_frame();
    }

    /// Draws what changed, and nothing else. What waited for a frame comes first.
    pub(crate) fn show(self, changes: &Changes) {
        let mut waited = self.with_core(|core| mem::take(&mut core.undrawn.changes));
        if waited.is_empty() {
            self.show_these(changes);
        } else {
            waited.merge(changes.clone());
            self.show_these(&waited);
        }
    }

    fn show_these(self, changes: &Changes) {
        if changes.places {
            self.draw_places();
        }
        let here = self.here.get_untracked();
        if changes.at.iter().any(|change| change.people) {
            self.states.notify();
            if matches!(here, Place::With(_)) {
                self.draw_people();
            }
        }
        for Change { place, lines, people, unread, reach, typing } in &changes.at {
            if *unread {
                self.draw_unread(place);
            }
            if *place == here {
                if *lines {
                    self.order_rows();
                }
                if *people {
                    self.draw_people();
                    self.ask_reach_anew();
                }
                if *reach {
                    self.talk.reach.notify();
                }
                if *typing {
                    self.draw_typing();
                }
            }
        }
    }

    fn draw_places(self) {
        let places = self.with_core(|core| core.transcript.places());
        self.places.update(|listed| {
            *listed = places
                .into_iter()
                .map(|place| {
                    let known = listed.iter().find(|known| known.place == place);
                    let unread =
                        known.map_or_else(|| Rc::new(Watched::new(self.unread(&place))), |known| known.unread.clone());
                    Listed { place, unread }
                })
                .collect();
        });
        let here = self.here.get_untracked();
        let known = self.with_core(|core| core.transcript.get(&here).map(|known| known.place().clone()));
        if let Some(spelled) = known {
            if spelled != here {
                // As the hub spells it, which the first entry has told.
                self.here.set(spelled);
            }
            self.draw_people();
            self.order_rows();
        }
    }

    fn unread(self, place: &Place) -> Unread {
        self.with_core(|core| {
            let unread = |known: &Conversation| Unread {
                count: known.unread(),
                more: known.unread_more(),
                mentions: known.mentions(),
            };
            core.transcript.get(place).map_or_else(Unread::default, unread)
        })
    }

    fn draw_unread(self, place: &Place) {
        let unread = self.unread(place);
        self.places.with_untracked(|listed| {
            if let Some(known) = listed.iter().find(|known| known.place == *place) {
                known.unread.set(unread);
            }
        });
    }

    /// People, their number, the topic.
    pub(crate) fn draw_people(self) {
        let here = self.here.get_untracked();
        self.with_core(|core| {
            let Some(known) = core.transcript.get(&here) else { return };
            let talk = self.talk;
            match &here {
                Place::Room(_) => {
                    let person = |user: &User| Person { nick: user.nick.clone(), state: Some(user.state) };
                    talk.people.set(known.people().map(person).collect());
                    talk.count.set(known.count());
                }
                Place::With(nick) => {
                    let other = Person { nick: nick.clone(), state: core.transcript.state_of(nick) };
                    let me = Person { nick: self.nick.get_untracked(), state: Some(State::Online) };
                    talk.people.set(vec![other, me]);
                    talk.count.set(2);
                }
            }
            let stale = match &here {
                Place::Room(_) => known.stale(),
                Place::With(_) => !core.transcript.connected(),
            };
            talk.as_of.set(Some(core.lost_at).filter(|at| stale && *at > 0));
            talk.only_counted.set(known.only_counted());
            talk.topic.set(known.topic().map(str::to_owned));
            talk.joined.set(core.is_in(&here));
        });
    }

    /// Draws the rows with the next frame.
    pub(crate) fn order_rows(self) {
        self.with_core(|core| core.undrawn.rows = true);
        self.order_frame();
    }

    fn order_frame(self) {
        if self.with_core(|core| mem::replace(&mut core.undrawn.ordered, true)) {
            return;
        }
        let hidden = Document::hidden(&document());
        if hidden || self.with_core(|core| core.undrawn.flood) {
            let later = Timeout::new(if hidden { UNSEEN_FRAME } else { FLOOD_FRAME }, move || self.draw());
            self.with_core(|core| core.undrawn.later = Some(later));
        } else {
            before_next_paint(move || self.draw());
        }
    }

    /// Draws what waits for a frame. A page that went out of sight meanwhile would wait for it in vain.
    pub(crate) fn draw(self) {
        let changes = self.with_core(|core| mem::take(&mut core.undrawn.changes));
        self.show_these(&changes);
        self.show_standing();
        let rows = self.with_core(|core| {
            core.undrawn.ordered = false;
            core.undrawn.later = None;
            mem::take(&mut core.undrawn.rows)
        });
        if rows {
            self.draw_rows();
        }
    }

    /// Moves the window of rows with the next frame.
    pub(crate) fn order_window(self, wish: Wish) {
        self.with_core(|core| {
            core.undrawn.rows = true;
            core.undrawn.wish = wish;
        });
        self.order_frame();
    }

    /// Draws more of the older rows that are held. False where all are drawn.
    pub(crate) fn draw_older(self) -> bool {
        let here = self.here.get_untracked();
        let held = self.with_core(|core| {
            let first = core.undrawn.extent.first;
            core.transcript.get(&here).is_some_and(|known| !known.items_before(first, 1).items.is_empty())
        });
        if held {
            self.order_window(Wish::Up(MORE_ROWS));
        }
        held
    }

    /// Draws more of the later rows that are held.
    pub(crate) fn draw_later(self) {
        if self.with_core(|core| core.undrawn.extent.is_cut()) {
            self.order_window(Wish::Down(MORE_ROWS));
        }
    }

    /// Draws the newest rows, for one who does not follow the end.
    pub(crate) fn draw_newest(self) {
        self.with_core(|core| core.undrawn.wish = Wish::End);
        self.draw_rows();
    }

    /// Draws the rows: the newest, for one who follows the end.
    pub(crate) fn draw_rows(self) {
        let here = self.here.get_untracked();
        let height = window_height();
        let at_end = self.talk.at_end.get_untracked();
        self.note_news(&here);
        let drawn = self.with_core(|core| {
            let wish = mem::take(&mut core.undrawn.wish);
            let wish = if at_end { Wish::End } else { wish };
            let known = core.transcript.get(&here)?;
            let extent = core.undrawn.extent.moved(known, wish, end_rows(height), most_rows(height));
            core.undrawn.extent = extent;
            let me = core.transcript.me();
            let marked = [known.newest_own(), core.asking.asked];
            // The row above the first tells whether that begins a block.
            let above = known.items_before(extent.first, 1);
            let window = known.items_between(extent.first, extent.last);
            let context = above.items.len();
            let mut items = above.items;
            items.extend(window.items);
            let news = (core.undrawn.news.after, above.above || known.more());
            let rows = rows(items, context, me, &marked, news, clock::minutes_east);
            core.undrawn.news.first = rows.iter().find(|row| row.new).and_then(Row::seq);
            let end_of = (!known.fresh() && !extent.is_cut()).then(|| here.clone());
            let goes_on = mem::replace(&mut core.undrawn.end_of, end_of).as_ref() == Some(&here);
            Some((rows, window.above || known.more(), extent.is_cut(), goes_on))
        });
        let (rows, more, cut, goes_on) = drawn.unwrap_or_default();
        let flood = goes_on && self.talk.rows.with_untracked(|before| is_flood(before, &rows));
        self.with_core(|core| core.undrawn.flood = flood);
        if !goes_on || self.talk.rows.with_untracked(|before| brings_older(before, &rows)) {
            self.be_quiet();
        }
        self.talk.more.set(more);
        self.talk.cut.change(cut);
        self.talk.rows.set(rows);
        self.mark_read();
    }

    /// The rows that come now were said before, and are not to be read out as if they were said now.
    fn be_quiet(self) {
        self.talk.quiet.change(true);
        let over = Timeout::new(QUIET, move || self.talk.quiet.change(false));
        self.with_core(|core| core.undrawn.quiet = Some(over));
    }

    /// Someone has come to a place: what is unread there is new.
    pub(crate) fn forget_news(self) {
        self.with_core(|core| core.undrawn.news = News { came: true, ..News::default() });
        self.talk.new_above.change(false);
    }

    /// The person has written, or gone from the page with all of it read: nothing is new any more.
    pub(crate) fn end_news(self) {
        self.with_core(|core| core.undrawn.news = News::default());
        self.talk.new_above.change(false);
        self.order_rows();
    }

    /// Nobody looks at the page any more: where all was read, what comes from now on is new.
    pub(crate) fn put_news_away(self) {
        let here = self.here.get_untracked();
        if self.with_core(|core| core.transcript.get(&here).is_some_and(|known| known.unread() == 0)) {
            self.end_news();
        }
    }

    /// Notes where the new lines begin, unless that is known: of a place one has come to, and of what is not read as
    /// it comes.
    fn note_news(self, here: &Place) {
        let reads_along = self.talk.at_end.get_untracked() && self.reads();
        self.with_core(|core| {
            let Some(known) = core.transcript.get(here) else { return };
            let news = &mut core.undrawn.news;
            if news.after.is_none() && known.unread() > 0 && (news.came || !reads_along) {
                news.after = Some(known.read_to());
            }
            // Until its first page has come, what is unread there is not all known.
            news.came &= known.fresh();
        });
    }

    /// Where the person looks: at the end, or not; from the line `top` on, to the line `bottom`.
    pub(crate) fn looks(self, at_end: bool, top: Option<u64>, bottom: Option<u64>) {
        let here = self.here.get_untracked();
        let on_the_way = self.with_core(|core| {
            core.undrawn.bottom = bottom;
            core.jump.is_some()
        });
        if on_the_way {
            return; // the view stands where it stood before
        }
        self.with_core(|core| core.transcript.hold(&here, top.filter(|_| !at_end)));
        if self.talk.at_end.get_untracked() != at_end {
            self.talk.at_end.set(at_end);
        }
        self.sees_from(top);
        self.mark_read();
    }

    /// The first line in view is that of this position.
    fn sees_from(self, top: Option<u64>) {
        let new_above = self.with_core(|core| {
            let news = &mut core.undrawn.news;
            let (Some(after), Some(top)) = (news.after, top) else { return false };
            news.seen |= top <= news.first.unwrap_or(after);
            !news.seen
        });
        self.talk.new_above.change(new_above);
    }

    /// Up to where all was read before the new lines came.
    pub(crate) fn new_after(self) -> Option<u64> {
        self.with_core(|core| core.undrawn.news.after)
    }

    /// Whether someone is at this page and looks at it.
    pub(crate) fn reads(self) -> bool {
        !Document::hidden(&document()) && !self.with_core(|core| core.idle.is_away())
    }

    /// What is in view on a page that is looked at is read.
    pub(crate) fn mark_read(self) {
        if !self.reads() {
            return;
        }
        let here = self.here.get_untracked();
        let at_end = self.talk.at_end.get_untracked();
        let newest = self.with_core(|core| {
            let known = core.transcript.get(&here)?;
            let seen = if at_end { known.newest() } else { core.undrawn.bottom };
            seen.filter(|seen| known.unread() > 0 && *seen > known.read_to())
        });
        if let Some(newest) = newest {
            let changes = self.with_core(|core| core.transcript.read(&here, newest));
            self.session(|session, now| session.read(now, &here, newest));
            self.show(&changes);
        }
    }

    /// Who is writing here, for as long as that holds.
    pub(crate) fn draw_typing(self) {
        let here = self.here.get_untracked();
        let now = clock::now();
        let typing = self.with_core(|core| {
            let typing = core.transcript.get(&here).map(|known| known.typing(now)).unwrap_or_default();
            let typing: Vec<String> = typing.into_iter().map(str::to_owned).collect();
            core.undrawn.typing = core.transcript.typing_ends(now).map(|ends| {
                let wait = i32::try_from(ends.saturating_sub(now)).unwrap_or(i32::MAX);
                Timeout::new(wait.saturating_add(1), move || self.draw_typing())
            });
            typing
        });
        self.talk.typing.change(typing);
    }

    /// What the line below the composer says, beside the phase.
    pub(crate) fn show_standing(self) {
        let (unsent, seq) = self.with_core(|core| (core.session.unsent(), core.session.position().seq));
        self.unsent.change(unsent);
        self.seq.change(seq);
    }
}
