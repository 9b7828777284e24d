//! The lists at the sides: rooms and conversations, and people.

use fantoccini::Locator;
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

/// A room or a private conversation in the list of rooms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub unread: u32,
}

/// Someone in the list of people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Present {
    pub nick: String,
    /// How they are, and what else stands beside the nick.
    pub words: String,
}

impl Person {
    /// The list of rooms and conversations, as a screen reader reads its buttons.
    pub async fn places(&self) -> Vec<Listed> {
        eventually("a list of rooms that stands still", async || self.try_places().await).await
    }

    async fn try_places(&self) -> Result<Option<Vec<Listed>>, CmdError> {
        let page = self.browser.page();
        let Some(list) = role::find(page, Role::List, "Rooms").await? else { return Ok(None) };
        let mut places = Vec::new();
        for button in list.find_all(Locator::Css("button")).await? {
            places.push(listed(&role::label(page, &button).await?));
        }
        Ok(Some(places))
    }

    /// Waits until a place is in the list, with so many unread lines.
    pub async fn has_unread(&self, place: &str, unread: u32) {
        let wanted = Listed { name: place.to_owned(), unread };
        eventually(format_args!("{} has {unread} unread in {place}", self.name), async || {
            Ok(self.try_places().await?.filter(|places| places.contains(&wanted)).map(drop))
        })
        .await;
    }

    /// Waits until a place is in the list with unread lines, however many: who comes back is not told.
    pub async fn has_news_in(&self, place: &str) {
        eventually(format_args!("{} has something unread in {place}", self.name), async || {
            let news = |listed: &Listed| listed.name == place && listed.unread > 0;
            Ok(self.try_places().await?.filter(|places| places.iter().any(news)).map(drop))
        })
        .await;
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
        let page = self.browser.page();
        eventually(format_args!("{} finds {place} in the list of rooms", self.name), async || {
            let Some(list) = role::find(page, Role::List, "Rooms").await? else { return Ok(None) };
            for button in list.find_all(Locator::Css("button")).await? {
                if listed(&role::label(page, &button).await?).name == place {
                    return button.click().await.map(Some);
                }
            }
            Ok(None)
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

/// Takes `online: bob 2 unread` apart. Nicks and rooms hold neither spaces nor colons.
fn listed(label: &str) -> Listed {
    let label = label.split_once(": ").map_or(label, |(_, rest)| rest);
    let unread = label.strip_suffix(" unread").and_then(|rest| rest.rsplit_once(' '));
    match unread.and_then(|(name, count)| Some((name, count.parse().ok()?))) {
        Some((name, unread)) => Listed { name: name.to_owned(), unread },
        None => Listed { name: label.to_owned(), unread: 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_button_is_taken_apart() {
        let listed = |label| {
            let Listed { name, unread } = listed(label);
            (name, unread)
        };
        assert_eq!(listed("lobby"), ("lobby".to_owned(), 0));
        assert_eq!(listed("lobby 12 unread"), ("lobby".to_owned(), 12));
        assert_eq!(listed("online: bob 1 unread"), ("bob".to_owned(), 1));
    }
}
