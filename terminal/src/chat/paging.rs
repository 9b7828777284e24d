//! Pages of the log, as the person gets to where they are missing; and what is searched for.

use shared::entry::Entry;
use shared::message::{Refusal, ToHub};
use shared::session::Response;
use shared::transcript::{Conversation, Place};
use shared::wire::{DEFAULT_PAGE, MAX_PAGE};

use super::obeying::with_id;
use super::{Chat, Event, Purpose, Search, words};

/// Hits held: more than anybody reads through; a narrower search finds the rest.
const MAX_HITS: usize = 500;

impl Chat {
    /// Whether a page for this place is on its way.
    pub fn loading(&self) -> bool {
        let of_here = |purpose: &Purpose| match purpose {
            Purpose::Older(place) | Purpose::Hole(place) | Purpose::Around(place, _) => place.is(&self.here),
            _ => false,
        };
        self.asked.values().any(of_here)
    }

    /// Asks for the page before the oldest line held here, or for the newest of a place not seen before. Whether one is on
    /// its way then: not where there is nothing older, or no hub.
    pub fn load_older(&mut self) -> bool {
        let older = Purpose::Older(self.here.clone());
        if self.asked.values().any(|purpose| *purpose == older) {
            return true;
        }
        let Some(known) = self.conversation().filter(|known| known.joined()) else { return false };
        // What is seen at once is a page of the least size; who reads on is to wait seldom.
        let limit = if known.fresh() { DEFAULT_PAGE } else { MAX_PAGE };
        let Some(request) = known.older(String::new()) else { return false };
        self.online() && self.try_ask(older, |id| sized(request, id, limit)).is_ok()
    }

    /// Asks for the newest page of each place of which something is unread. Whether it is on its way, or was before.
    pub fn load_unread(&mut self) -> bool {
        for place in self.transcript.places() {
            let known = self.transcript.get(&place);
            let older = Purpose::Older(place.clone());
            if known.is_some_and(|known| known.fresh() && known.unread() > 0)
                && !self.asked.values().any(|purpose| *purpose == older)
                && self.try_ask(older, |id| place.history(id, None, None, DEFAULT_PAGE)).is_err()
            {
                break; // too much is asked for already; what is unread stays so
            }
        }
        self.asked.values().any(|purpose| matches!(purpose, Purpose::Older(_)))
    }

    /// The newest page of a place that was not seen before.
    pub(super) fn load_first(&mut self) {
        if !self.line_by_line && self.conversation().is_some_and(Conversation::fresh) {
            self.load_older();
        }
    }

    /// Asks for the newest page where the end was dropped for what the person read further up.
    pub fn load_newest(&mut self) {
        let dropped = self.conversation().is_some_and(|known| {
            let newest = known.newest();
            known.holes().last().is_some_and(|hole| newest.is_some_and(|newest| *hole >= newest))
        });
        let here = self.here.clone();
        if dropped && !self.loading() {
            drop(self.try_ask(Purpose::Older(here.clone()), |id| here.history(id, None, None, DEFAULT_PAGE)));
        }
    }

    /// Asks for the lines behind a hole that is here.
    pub fn fill(&mut self, after: u64) {
        let hole = Purpose::Hole(self.here.clone());
        let idle = !self.asked.values().any(|purpose| *purpose == hole);
        let request = self.conversation().filter(|_| idle).map(|known| known.missing(String::new(), after));
        if let Some(request) = request {
            drop(self.try_ask(hole, |id| sized(request, id, MAX_PAGE))); // the hole is still there to be seen
        }
    }

    /// Looks at a line, wherever it is. Once the lines round it are there, [`Event::Jumped`] tells; hold it
    /// ([`Chat::hold`]) for as long as it is looked at.
    pub fn jump(&mut self, place: &Place, seq: u64) {
        self.go(place);
        let here = self.here.clone();
        self.transcript.hold(&here, Some(seq));
        let mut requests = self.transcript.around(&here, seq);
        let fresh = self.conversation().filter(|known| known.fresh() && !self.loading());
        requests.extend(fresh.and_then(|known| known.older(String::new())));
        let mut asked = 0;
        for request in requests {
            let purpose = Purpose::Around(here.clone(), seq);
            asked += usize::from(self.ask(purpose, |id| with_id(request, id)));
        }
        self.jumping = Some((here, seq, asked));
        self.arrive();
    }

    /// Whether the lines round one that is jumped to, here, are still on their way.
    pub fn jumping(&self) -> bool {
        self.jumping.as_ref().is_some_and(|(place, ..)| place.is(&self.here))
    }

    /// A page round a line came, or cannot be had.
    pub(super) fn came_round(&mut self, place: &Place, seq: u64, answer: &Result<Response, Refusal>) {
        if let Err(refusal) = answer {
            self.refuse(words::refusal(refusal));
        }
        if let Some((there, line, pages)) = &mut self.jumping
            && there.is(place)
            && *line == seq
        {
            *pages = pages.saturating_sub(1);
            self.arrive();
        }
    }

    fn arrive(&mut self) {
        if let Some((place, seq, _)) = self.jumping.take_if(|(_, _, pages)| *pages == 0) {
            self.made.push(Event::Jumped { place, seq });
        }
    }

    /// Searches all rooms one is in and all private conversations.
    ///
    /// # Errors
    /// Why that cannot be tried, in words.
    pub fn search(&mut self, query: &str) -> Result<(), String> {
        self.ask_for_hits(query.to_owned(), None)?;
        self.found = Some(Search { query: query.to_owned(), asked: true, ..Search::default() });
        Ok(())
    }

    /// Asks for older hits, if there are any.
    pub fn search_more(&mut self) {
        let Some(found) = self.found.as_ref().filter(|found| found.more && !found.asked) else { return };
        let (query, before) = (found.query.clone(), found.hits.last().map(Entry::seq));
        let asked = self.ask_for_hits(query, before).is_ok();
        if let Some(found) = &mut self.found {
            found.asked = asked;
            found.refused = None;
        }
    }

    fn ask_for_hits(&mut self, query: String, before: Option<u64>) -> Result<(), String> {
        // An answer to an earlier search is for nobody.
        self.asked.retain(|_, purpose| *purpose != Purpose::Search);
        self.try_ask(Purpose::Search, |id| ToHub::Search {
            id,
            query,
            room: None,
            with: None,
            from: None,
            since: None,
            until: None,
            before,
            limit: Some(DEFAULT_PAGE),
        })
    }

    /// What was found is looked at no more.
    pub fn forget_found(&mut self) {
        self.found = None;
        self.asked.retain(|_, purpose| *purpose != Purpose::Search);
    }

    pub(super) fn searched(&mut self, answer: &Result<Response, Refusal>) {
        let Some(found) = &mut self.found else { return };
        found.asked = false;
        match answer {
            Ok(Response::Page(page)) => {
                found.hits.extend(page.entries.iter().cloned());
                found.more = page.more && found.hits.len() < MAX_HITS;
                self.made.push(Event::Found);
            }
            Ok(_) => {}
            Err(refusal) => {
                let words = words::refusal(refusal);
                found.refused = Some(words.clone());
                self.refuse(words);
            }
        }
    }
}

fn sized(request: ToHub, id: String, entries: u32) -> ToHub {
    let mut request = with_id(request, id);
    if let ToHub::History { limit, .. } = &mut request {
        *limit = Some(entries);
    }
    request
}
