//! The lists at the sides: rooms and conversations, and people.

use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use serde::Deserialize;
use serde_json::json;

use super::Person;
use crate::eventually;
use crate::role::{self, Role};

/// Who stands in a list: the name as it was written, and all that stands there.
const PRESENT: &str = "
    return [...arguments[0].querySelectorAll('li')].map(item => ({
        nick: item.querySelector('bdi').textContent,
        words: item.innerText,
    }));";

/// The lists of places, by their names.
const LISTS: [&str; 2] = ["Rooms", "Conversations"];

/// A room or a private conversation, as it is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub unread: u32,
    /// How many of those name this person.
    pub mentions: u32,
    pub muted: bool,
}

/// Someone in the list of people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Present {
    pub nick: String,
    /// How they are, and what else stands beside the nick.
    pub words: String,
}

impl Person {
    /// Rooms and conversations, as a screen reader reads their buttons.
    pub async fn places(&self) -> Vec<Listed> {
        eventually("lists of places that stand still", async || self.try_places().await).await
    }

    async fn try_places(&self) -> Result<Option<Vec<Listed>>, CmdError> {
        let places = self.try_buttons().await?;
        Ok(places.map(|places| places.into_iter().map(|(place, _)| place).collect()))
    }

    async fn try_buttons(&self) -> Result<Option<Vec<(Listed, Element)>>, CmdError> {
        let page = self.browser.page();
        let mut places = Vec::new();
        for name in LISTS {
            let Some(list) = role::find(page, Role::List, name).await? else { return Ok(None) };
            for button in list.find_all(Locator::Css("button")).await? {
                places.push((listed(&role::label(page, &button).await?), button));
            }
        }
        Ok(Some(places))
    }

    /// Waits until a place is listed in a way.
    pub async fn has_listed(&self, place: &str, how: &str, wanted: impl Fn(&Listed) -> bool) {
        eventually(format_args!("{} has {place} listed {how}", self.name), async || {
            let is = |listed: &Listed| listed.name == place && wanted(listed);
            Ok(self.try_places().await?.filter(|places| places.iter().any(is)).map(drop))
        })
        .await;
    }

    /// Waits until a place is in the list, with so many unread lines.
    pub async fn has_unread(&self, place: &str, unread: u32) {
        self.has_listed(place, &format!("with {unread} unread"), |listed| listed.unread == unread).await;
    }

    /// Waits until a place is in the list with unread lines, however many: who comes back is not told.
    pub async fn has_news_in(&self, place: &str) {
        self.has_listed(place, "with something unread", |listed| listed.unread > 0).await;
    }

    /// Waits until exactly these places are in the list, in any order.
    pub async fn has_places(&self, names: &[&str]) {
        let mut wanted = names.to_vec();
        wanted.sort_unstable();
        eventually(format_args!("{} has the places {names:?}", self.name), async || {
            let Some(places) = self.try_places().await? else { return Ok(None) };
            let mut there: Vec<&str> = places.iter().map(|place| place.name.as_str()).collect();
            there.sort_unstable();
            Ok((there == wanted).then_some(()))
        })
        .await;
    }

    /// Clicks on a place in the list, and then is there.
    pub async fn goes_to(&self, place: &str) {
        eventually(format_args!("{} finds {place} in the lists of places", self.name), async || {
            let places = self.try_buttons().await?.unwrap_or_default();
            match places.into_iter().find(|(listed, _)| listed.name == place) {
                Some((_, button)) => button.click().await.map(Some),
                None => Ok(None),
            }
        })
        .await;
        self.is_in(place).await;
    }

    /// Who is in the list of people.
    pub async fn people(&self) -> Vec<Present> {
        eventually("a list of people that stands still", async || self.try_people().await).await
    }

    async fn try_people(&self) -> Result<Option<Vec<Present>>, CmdError> {
        let Some(list) = role::find(self.browser.page(), Role::List, "People").await? else { return Ok(None) };
        self.browser.try_eval(PRESENT, vec![json!(list)]).await.map(Some)
    }

    /// Waits until someone is in the list of people, in that state.
    pub async fn sees_person(&self, nick: &str, state: &str) {
        eventually(format_args!("{} sees {nick} {state}", self.name), async || {
            let there = |present: &Present| present.nick == nick && present.words.contains(state);
            Ok(self.try_people().await?.filter(|people| people.iter().any(there)).map(drop))
        })
        .await;
    }

    /// Waits until someone is no longer in the list of people.
    pub async fn misses(&self, nick: &str) {
        eventually(format_args!("{} no longer sees {nick}", self.name), async || {
            Ok(self.try_people().await?.filter(|people| people.iter().all(|it| it.nick != nick)).map(drop))
        })
        .await;
    }
}

/// Takes `online: bob 2 unread` apart, or `lobby 12 unread 1 mention`. Nicks and rooms hold neither spaces nor colons.
fn listed(label: &str) -> Listed {
    let label = label.split_once(": ").map_or(label, |(_, rest)| rest);
    let words: Vec<&str> = label.split_whitespace().collect();
    let number = |of: &str| {
        let at = words.iter().position(|word| word.trim_end_matches('s') == of)?;
        words[at.checked_sub(1)?].trim_end_matches('+').parse().ok()
    };
    let mentions = number("mention");
    Listed {
        name: words.first().map(|name| (*name).to_owned()).unwrap_or_default(),
        // Where all that is unread names one, it is counted once.
        unread: number("unread").or(mentions).unwrap_or(0),
        mentions: mentions.unwrap_or(0),
        muted: words.iter().skip(1).any(|word| *word == "muted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_button_is_taken_apart() {
        for (label, name, unread, mentions, muted) in [
            ("lobby", "lobby", 0, 0, false),
            ("lobby 12 unread", "lobby", 12, 0, false),
            ("online: bob 1 unread", "bob", 1, 0, false),
            ("lobby 1000+ unread 2 mentions", "lobby", 1000, 2, false),
            ("lobby 1 mention", "lobby", 1, 1, false),
            ("muted muted", "muted", 0, 0, true),
        ] {
            assert_eq!(listed(label), Listed { name: name.to_owned(), unread, mentions, muted }, "{label}");
        }
    }
}
