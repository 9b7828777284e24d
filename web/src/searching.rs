//! Searching what was said: what is wanted, what was found, and the way to a line and back.

use std::mem;
use std::rc::Rc;

use js_sys::{Date, JsString};
use shared::entry::Entry;
use shared::message::{Page, Refusal, ToHub};
use shared::session::{Phase, Response};
use shared::transcript::Place;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::driver::Asked;
use crate::hits::{Query, Tables};
use crate::message_handler;
use crate::node::Node;
use crate::page::{Timeout, document};
use crate::state::*;

/// So long after the last key the hub is asked, in milliseconds: who types on is not asked for each letter.
const PAUSE: i32 = 300;

/// Lines of one page of results: two screens of them.
const PAGE: u32 = 30;

/// Results that are held: more than anyone goes through. Who looks for an older one names a date.
const MAX_FOUND: usize = 1_000;

/// The Unicode tables of the browser.
const BROWSER: Tables = Tables {
    decompose: |text| JsString::from(text).normalize("NFKD").to_lower_case().into(),
    compose: |text| JsString::from(text).normalize("NFC").into(),
};

/// Where the person is while they search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// At what is wanted and what was found.
    Results,
    /// At a line that was opened, or elsewhere; the results are one key away.
    Line,
}

impl Stage {
    /// As an attribute, for search.css.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Results => "results",
            Self::Line => "line",
        }
    }
}

/// What is searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) query: String,
    /// At this place alone.
    pub(crate) only: Option<Place>,
    /// Said by this nick; empty for anybody.
    pub(crate) from: String,
    /// Days, as `<input type=date>` gives them, both of them within; empty for none.
    pub(crate) since: String,
    pub(crate) until: String,
}

/// A line that was found.
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) line: Entry,
    /// What it was found by.
    pub(crate) query: Rc<Query>,
}

/// How the search stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing was asked for.
    Nothing,
    Asking,
    /// So many were found, and perhaps there are more.
    Found {
        count: usize,
        more: bool,
    },
    Failed(String),
}

#[derive(Clone, Copy)]
pub(crate) struct Searching {
    /// None where nothing is searched for.
    pub(crate) stage: Signal<Option<Stage>>,
    pub(crate) wanted: Signal<Wanted>,
    pub(crate) found: Signal<Vec<Rc<Found>>>,
    pub(crate) told: Signal<Told>,
    /// The line that was opened last.
    pub(crate) opened: Signal<Option<u64>>,
    /// Told when the keyboard is to go to what is wanted, or to the result opened last.
    pub(crate) focus: Signal<()>,
    /// Told when the hub is to be asked for what is wanted.
    pub(crate) ask: Signal<()>,
    run: Signal<Run>,
}

/// What is behind those signals.
#[derive(Default)]
struct Run {
    pause: Option<Timeout>,
    /// Asked, and not answered yet, with the request's id: never more than one at a time. What comes to an earlier one,
    /// of a search that was ended, is no answer to this.
    asked: Option<(String, Rc<Query>)>,
    /// Something else is wanted than was asked for.
    outdated: bool,
    /// Where the person was before, while what they saw since were results alone: the place, and the line at its top
    /// where they did not follow the end.
    origin: Option<(Place, Option<u64>)>,
    /// Where the result opened last leads.
    leads_to: Option<Place>,
}

impl Searching {
    pub(crate) fn new() -> Self {
        Self {
            stage: Signal::new(None),
            wanted: Signal::new(Wanted::default()),
            found: Signal::new(Vec::new()),
            told: Signal::new(Told::Nothing),
            opened: Signal::new(None),
            focus: Signal::new(()),
            ask: Signal::new(()),
            run: Signal::new(Run::default()),
        }
    }
}

impl Node {
    /// Nothing is searched for, and nothing was found: what another nick may read is not for the next.
    pub(crate) fn forget_search(self) {
        let search = self.searching;
        search.run.quietly(|run| *run = Run::default());
        search.stage.change(None);
        search.wanted.set(Wanted::default());
        search.found.set(Vec::new());
        search.told.set(Told::Nothing);
        self.shut_dialog();
    }

    /// Opens the search, or goes back to it; with what is to be searched for, if that is known.
    pub(crate) fn open_search(self, query: Option<String>) {
        let search = self.searching;
        if search.stage.get_untracked().is_none() {
            let here = self.here.get_untracked();
            let top = if self.talk.at_end.get_untracked() { None } else { top_line() };
            search.run.quietly(|run| *run = Run { origin: Some((here, top)), ..Run::default() });
        }
        search.opened.set(None);
        search.stage.set(Some(Stage::Results));
        if let Some(query) = query {
            search.wanted.update(|wanted| *wanted = Wanted { query, ..Wanted::default() });
        }
        search.ask.notify();
        search.focus.notify();
    }

    /// Something else is wanted: asks for it when the person has typed it.
    pub(crate) fn want(self, change: impl FnOnce(&mut Wanted)) {
        let search = self.searching;
        search.wanted.update(change);
        let pause = Timeout::new(PAUSE, move || self.search_now());
        search.run.quietly(|run| run.pause = Some(pause));
    }

    /// Asks for what is wanted, now.
    pub(crate) fn search_now(self) {
        let search = self.searching;
        let busy = search.run.quietly(|run| {
            run.pause = None;
            run.outdated = run.asked.is_some();
            run.outdated
        });
        if search.wanted.with_untracked(|wanted| wanted.query.trim().is_empty()) {
            search.found.set(Vec::new());
            search.told.set(Told::Nothing);
        } else if !busy {
            self.ask_for_lines(None);
        }
    }

    /// Asks for more of the same, where there is more.
    pub(crate) fn search_further(self) {
        let search = self.searching;
        let more = matches!(search.told.get_untracked(), Told::Found { more: true, .. });
        let oldest = search.found.with_untracked(|found| found.last().map(|found| found.line.seq()));
        if more && search.run.quietly(|run| run.asked.is_none()) {
            self.ask_for_lines(oldest);
        }
    }

    fn ask_for_lines(self, before: Option<u64>) {
        let search = self.searching;
        if self.phase.get_untracked() != Phase::Online {
            search.told.set(Told::Failed("There is no connection to the hub at the moment.".to_owned()));
            return;
        }
        let Wanted { query, only, from, since, until } = search.wanted.get_untracked();
        let looked_for = Rc::new(Query::new(&query, BROWSER));
        if before.is_none() {
            search.told.set(Told::Asking);
        }
        let (room, with) = match only {
            Some(Place::Room(room)) => (Some(room), None),
            Some(Place::With(nick)) => (None, Some(nick)),
            None => (None, None),
        };
        let from = from.trim().trim_start_matches('@').to_owned();
        let from = Some(from).filter(|from| !from.is_empty());
        let (since, until) = (begins(&since, 0), begins(&until, 1));
        let limit = Some(PAGE);
        let asked = self.ask(Asked::Search, |id| {
            search.run.quietly(|run| run.asked = Some((id.clone(), looked_for)));
            ToHub::Search { id, query, room, with, from, since, until, before, limit }
        });
        if !asked {
            // Why, the notice says.
            search.run.quietly(|run| run.asked = None);
            search.told.set(Told::Failed("This could not be asked. Change it, or try again in a moment.".to_owned()));
        }
    }

    /// The hub has answered.
    pub(crate) fn search_answered(self, id: &str, before: Option<u64>, answer: Result<Response, Refusal>) {
        let search = self.searching;
        let ours = search.run.quietly(|run| run.asked.take_if(|(asked, _)| asked == id));
        let Some((_, query)) = ours else { return };
        if search.run.quietly(|run| mem::take(&mut run.outdated)) {
            self.search_now();
            return;
        }
        match answer {
            Ok(Response::Page(Page { entries, more })) => {
                let lines = entries.into_iter().filter_map(|line| {
                    let place = self.with_core(|core| core.transcript.place_of(&line))?;
                    Some(Rc::new(Found { place, line, query: query.clone() }))
                });
                let lines: Vec<_> = lines.collect();
                let mut found = if before.is_some() { search.found.get_untracked() } else { Vec::new() };
                found.extend(lines);
                let more = more && found.len() < MAX_FOUND;
                search.told.set(Told::Found { count: found.len(), more });
                search.found.set(found);
            }
            Ok(_) => {}
            Err(refusal) => {
                if before.is_none() {
                    search.found.set(Vec::new());
                }
                search.told.set(Told::Failed(message_handler::words(&refusal)));
            }
        }
    }

    /// Opens a line that was found, in its place.
    pub(crate) fn open_found(self, found: &Found) {
        let search = self.searching;
        let seq = found.line.seq();
        search.run.quietly(|run| run.leads_to = Some(found.place.clone()));
        search.opened.set(Some(seq));
        search.stage.set(Some(Stage::Line));
        self.open_at(&found.place, seq);
    }

    /// One step back: from a line to the results, as they were; from those to where one was before. False where nothing
    /// is searched for.
    pub(crate) fn search_back(self) -> bool {
        let search = self.searching;
        match search.stage.get_untracked() {
            None => return false,
            Some(Stage::Line) => {
                search.stage.set(Some(Stage::Results));
                search.focus.notify();
            }
            Some(Stage::Results) => self.end_search(),
        }
        true
    }

    /// Back to where one was before, if one has only seen results since.
    pub(crate) fn end_search(self) {
        let search = self.searching;
        let (origin, led) = search.run.quietly(|run| {
            let ended = mem::take(run);
            (ended.origin, ended.leads_to.is_some())
        });
        search.stage.set(None);
        if let Some((place, top)) = origin.filter(|_| led) {
            match top {
                Some(top) => self.open_at(&place, top),
                None => self.go(place),
            }
        }
    }

    /// The person has gone somewhere. Where no result led them there they stay when the search ends.
    pub(crate) fn gone_while_searching(self, here: &Place) {
        let search = self.searching;
        let stage = search.stage.get_untracked();
        let by_themselves = stage.is_some()
            && search.run.quietly(|run| {
                let known = run.leads_to.as_ref().or(run.origin.as_ref().map(|(place, _)| place));
                let elsewhere = known.is_some_and(|known| known != here);
                if elsewhere {
                    run.origin = None;
                }
                elsewhere
            });
        if by_themselves && stage == Some(Stage::Results) {
            search.stage.set(Some(Stage::Line));
        }
    }
}

/// The first line that is in sight, whole or in part.
fn top_line() -> Option<u64> {
    let log = document().query_selector("[role=log]").ok()??;
    let edge = log.get_bounding_client_rect().top();
    let lines = log.query_selector_all("[data-seq]").ok()?;
    let lines = (0..lines.length()).filter_map(|at| lines.item(at)?.dyn_into::<Element>().ok());
    let mut in_sight = lines.filter(|line| line.get_bounding_client_rect().bottom() > edge);
    in_sight.next()?.get_attribute("data-seq")?.parse().ok()
}

/// When a day of the calendar on the wall begins, or the one `after` it, in milliseconds since 1970 UTC.
fn begins(day: &str, after: i32) -> Option<u64> {
    let (year, month, day) = date(day)?;
    let begins = Date::new_with_year_month_day(year, month - 1, day + after).get_time();
    // One that lies before 1970 becomes 0.
    Some(begins as u64)
}

/// `2026-11-20`; none for what no calendar has.
fn date(written: &str) -> Option<(u32, i32, i32)> {
    let (year, rest) = written.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_read_as_browsers_write_them() {
        assert_eq!(date("2026-11-20"), Some((2026, 11, 20)));
        for none in ["", "2026", "2026-11", "today", "20.11.2026"] {
            assert_eq!(date(none), None, "{none:?}");
        }
    }
}
