//! What calls the person when the page is not looked at: the icon's badge, a tone, the device's notification.
//! A mention or a whisper calls; everything else waits in the counts. Who reads the line on another device within a
//! moment is not called on this one.

use shared::entry::Entry;
use shared::markup;
use shared::message::State;
use shared::transcript::{Conversation, Place};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    AudioContext, Document, HtmlLinkElement, Notification, NotificationOptions, NotificationPermission, OscillatorType,
};

use crate::dom::effect;
use crate::files::in_words;
use crate::node::{Node, Screen};
use crate::page::{Timeout, document, window};

/// So long another device of the same person has to have a line read, in milliseconds: a page that is looked at says
/// so within half a second.
const OTHERS_TIME: i32 = 1_500;

/// Calls that wait together; of more only the number is told, and that is told of two already.
const MAX_CALLS: usize = 100;

/// Characters of a line in a notification: what systems show of it.
const MAX_WORDS: usize = 140;

/// A line that calls.
struct Call {
    place: Place,
    seq: u64,
    from: String,
    words: String,
}

/// What waits to call the person.
#[derive(Default)]
pub(crate) struct Calls {
    waiting: Vec<Call>,
    ring: Option<Timeout>,
    /// The one that is shown. It can be pressed for as long as this is kept.
    shown: Option<(Notification, Closure<dyn Fn()>)>,
}

/// What the icon says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Badge {
    None,
    Unread,
    Called,
}

/// Whether a line calls the one it is for: it names them, or is for them alone.
fn calls(entry: &Entry, me: &str) -> bool {
    match entry {
        Entry::Said(said) => said.from != me && markup::mentions_nick(&said.text, me),
        Entry::Whispered(whispered) => whispered.from != me,
        Entry::Topic(_) | Entry::Changed(_) | Entry::Put(_) | Entry::Removed(_) => false,
    }
}

/// Whether the page is looked at.
fn in_use() -> bool {
    !Document::hidden(&document()) && document().has_focus().unwrap_or(true)
}

impl Node {
    /// A line was heard.
    pub(crate) fn called_by(self, entry: &Entry) {
        if !calls(entry, &self.nick.get_untracked()) {
            return;
        }
        let Some(place) = self.with_core(|core| core.transcript.place_of(entry)) else { return };
        if self.is_muted(&place) {
            return;
        }
        let call = Call { place, seq: entry.seq(), from: entry.from().to_owned(), words: in_words(entry, MAX_WORDS) };
        self.with_core(|core| {
            let calls = &mut core.calls;
            if calls.waiting.len() < MAX_CALLS {
                calls.waiting.push(call);
            }
            calls.ring.get_or_insert_with(|| Timeout::new(OTHERS_TIME, move || self.call()));
        });
    }

    /// Calls, unless it was seen meanwhile.
    fn call(self) {
        let in_use = in_use();
        let here = self.here.get_untracked();
        let elsewhere = self.is_used_elsewhere();
        let waiting = self.with_core(|core| {
            core.calls.ring = None;
            let mut waiting = std::mem::take(&mut core.calls.waiting);
            waiting.retain(|call| {
                let unread = core.transcript.get(&call.place).and_then(Conversation::first_unread);
                unread.is_some_and(|unread| unread <= call.seq) && !(in_use && call.place == here)
            });
            waiting
        });
        let Some(last) = waiting.last().filter(|_| !elsewhere) else { return };
        let settings = self.settings.get_untracked();
        if settings.sound {
            self.with_more_by_the_way(|more| (more.sound)());
        }
        if settings.notify && !in_use {
            self.notify(last, waiting.len());
        }
    }

    /// Shows the device's notification of the last of so many calls, in place of an earlier one.
    fn notify(self, last: &Call, count: usize) {
        let room = matches!(last.place, Place::Room(_));
        let mut title = last.from.clone();
        if room {
            title.push_str(" in #");
            title.push_str(last.place.name());
        }
        if count > 1 {
            title.push_str(" and ");
            title.push_str(&(count - 1).to_string());
            title.push_str(" more");
        }
        let options = NotificationOptions::new();
        options.set_body(&last.words);
        options.set_tag("hubbub");
        // A phone refuses pages notifications of their own; the badge and the sound are there.
        let Ok(shown) = Notification::new_with_options(&title, &options) else { return };
        let (place, seq) = (last.place.clone(), last.seq);
        let pressed = Closure::wrap(Box::new(move || {
            // A browser may keep its windows where they are.
            let _ = window().focus();
            self.open_at(&place, seq);
            self.hush();
        }) as Box<dyn Fn()>);
        shown.set_onclick(Some(pressed.as_ref().unchecked_ref()));
        self.with_core(|core| core.calls.shown = Some((shown, pressed)));
    }

    /// Whoever is here needs no notification any more.
    pub(crate) fn hush(self) {
        if let Some((shown, _)) = self.with_core(|core| core.calls.shown.take()) {
            shown.close();
        }
    }

    /// Nobody is at this device, and at another of the same person someone is.
    fn is_used_elsewhere(self) -> bool {
        self.with_core(|core| {
            let me = core.transcript.me().and_then(|me| core.transcript.state_of(me));
            core.idle.is_away() && me == Some(State::Online)
        })
    }

    /// Keeps the icon's badge as the counts are.
    pub(crate) fn keep_badge(self) {
        effect(move || {
            let chat = self.screen.get() == Screen::Chat;
            let badge = self.places.get().iter().filter(|_| chat).fold(Badge::None, |badge, listed| {
                let unread = listed.unread.get();
                match badge {
                    _ if unread.mentions > 0 => Badge::Called,
                    Badge::None if unread.count > 0 && !self.is_muted(&listed.place) => Badge::Unread,
                    badge => badge,
                }
            });
            wear(badge);
        });
    }
}

/// Gives the page's icon its badge.
fn wear(badge: Badge) {
    // As in icon.svg, with a dot at its corner. What stands in an address is written in its own way.
    const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64'%3E%3Crect width='64' height='64' rx='14' fill='%230d6a61'/%3E%3Cpath d='M15 12v40M15 40c0-9 4.5-14 11-14s10 4.5 10 12v14' fill='none' stroke='%23fbfaf6' stroke-width='7.5'/%3E%3Ccircle cx='50' cy='14' r='13' stroke='%23fff' stroke-width='3' fill='%23";
    const KEPT: &str = "data-plain";
    let Ok(Some(link)) = document().query_selector("link[rel=icon]") else { return };
    let link: HtmlLinkElement = link.unchecked_into();
    let plain = link.get_attribute(KEPT).unwrap_or_else(|| {
        let plain = link.href();
        // Fails only for what is not the name of an attribute.
        let _ = link.set_attribute(KEPT, &plain);
        plain
    });
    let colour = match badge {
        Badge::None => {
            if link.href() != plain {
                link.set_href(&plain);
            }
            return;
        }
        Badge::Unread => "e0b15c",
        Badge::Called => "c8321f",
    };
    let href = [ICON, colour, "'/%3E%3C/svg%3E"].concat();
    if link.href() != href {
        link.set_href(&href);
    }
}

/// Two short tones. A browser that plays nothing before the page was touched stays silent.
pub(crate) fn sound() {
    let play = || {
        let context = AudioContext::new()?;
        for (pitch, start) in [(660.0, 0.0), (880.0, 0.12)] {
            let (tone, level) = (context.create_oscillator()?, context.create_gain()?);
            let (start, end) = (context.current_time() + start, context.current_time() + start + 0.12);
            tone.set_type(OscillatorType::Sine);
            tone.frequency().set_value(pitch);
            level.gain().set_value_at_time(0.08, start)?;
            level.gain().linear_ramp_to_value_at_time(0.0, end)?;
            tone.connect_with_audio_node(&level)?;
            level.connect_with_audio_node(&context.destination())?;
            tone.start_with_when(start)?;
            tone.stop_with_when(end)?;
        }
        Ok::<_, wasm_bindgen::JsValue>(())
    };
    let _ = play();
}

/// What stands in the way of the device's notifications, for people; none where nothing does.
pub(crate) fn withheld() -> Option<&'static str> {
    if !window().is_secure_context() {
        return Some(
            "This page came over plain HTTP, where browsers withhold notifications. The page's title, its icon and the sound tell instead.",
        );
    }
    (Notification::permission() == NotificationPermission::Denied).then_some(
        "This browser was told to show no notifications of this page. Its settings for the page can change that.",
    )
}

#[cfg(test)]
mod tests {
    use shared::entry::{Said, Whispered};

    use super::*;

    fn said(from: &str, text: &str) -> Entry {
        Entry::Said(Said { from: from.to_owned(), text: text.to_owned(), ..Said::default() })
    }

    #[test]
    fn who_is_named_is_called() {
        assert!(calls(&said("ana", "tea, @bob?"), "bob"));
        assert!(!calls(&said("ana", "tea, bob?"), "bob"));
        assert!(!calls(&said("ana", "`@bob`"), "bob"), "code names nobody");
    }

    #[test]
    fn a_whisper_calls() {
        let whispered = |from: &str| Entry::Whispered(Whispered { from: from.to_owned(), ..Whispered::default() });
        assert!(calls(&whispered("ana"), "bob"));
        assert!(!calls(&whispered("bob"), "bob"), "what one whispers oneself does not");
    }

    #[test]
    fn nobody_calls_themselves() {
        assert!(!calls(&said("bob", "I am @bob"), "bob"));
    }
}
