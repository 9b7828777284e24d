//! The palette: which of the places, people and deeds a few letters mean. Pure.

use shared::letters::{fold, is_letter_or_digit};
use shared::transcript::Place;

/// Offers that are shown: more than anyone reads.
const MAX_SHOWN: usize = 50;

/// What choosing does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Choice {
    /// Looks at a place.
    Go(Place),
    /// Enters a room that one is not in.
    Enter(String),
    /// Does the deed with this number.
    Do(usize),
}

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Offer {
    pub(crate) choice: Choice,
    pub(crate) name: String,
    /// What is to be said of it beside its name.
    pub(crate) told: String,
    /// How much it presses: what is unread there, in three steps.
    pub(crate) urgency: u8,
}

/// What the letters mean, the likeliest first. `#` and `@` before them ask for rooms and for people alone, `/` for deeds.
/// In what is equally likely the order of the offers stays.
pub(crate) fn meant(offers: Vec<Offer>, typed: &str) -> Vec<Offer> {
    let typed = fold(typed.trim());
    let kind = typed.chars().next().filter(|sign| matches!(sign, '#' | '@' | '/'));
    let letters = if kind.is_some() { typed[1..].trim_start() } else { &typed };
    let mut likely: Vec<(u32, Offer)> = Vec::new();
    for offer in offers {
        if kind.is_some_and(|kind| kind != sign(&offer.choice)) {
            continue;
        }
        let Some(unlikeliness) = unlikeliness(&fold(&offer.name), letters) else { continue };
        // What presses comes first among equals.
        let rank = unlikeliness * 4 + u32::from(3 - offer.urgency.min(3));
        // Put in one by one: a sort would be several KB more to download.
        let place = likely.partition_point(|(other, _)| *other <= rank);
        if place < MAX_SHOWN {
            likely.insert(place, (rank, offer));
            likely.truncate(MAX_SHOWN);
        }
    }
    likely.into_iter().map(|(_, offer)| offer).collect()
}

/// What an offer is, in one sign.
pub(crate) fn sign(choice: &Choice) -> char {
    match choice {
        Choice::Go(Place::Room(_)) | Choice::Enter(_) => '#',
        Choice::Go(Place::With(_)) => '@',
        Choice::Do(_) => '/',
    }
}

/// How far a name is from what was typed, both folded; none where it is not meant. At first all are alike.
fn unlikeliness(name: &str, typed: &str) -> Option<u32> {
    if typed.is_empty() {
        return Some(0);
    }
    if let Some(rest) = name.strip_prefix(typed) {
        return Some(u32::from(!rest.is_empty()));
    }
    let mut best = None;
    for (at, _) in name.match_indices(typed) {
        let behind_a_word = name[..at].chars().next_back().is_some_and(|before| !is_letter_or_digit(before));
        if behind_a_word {
            return Some(2);
        }
        best = Some(3);
    }
    best.or_else(|| scattered(name, typed))
}

/// All letters in their order, with others between them; the fewer gaps the better.
fn scattered(name: &str, typed: &str) -> Option<u32> {
    let mut rest = name.chars();
    let mut gaps = 0;
    for letter in typed.chars().filter(|letter| *letter != ' ') {
        let passed = rest.by_ref().position(|other| other == letter)?;
        gaps += u32::from(passed > 0);
    }
    Some(4 + gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str, urgency: u8) -> Offer {
        Offer { choice: Choice::Go(Place::Room(name.to_owned())), name: name.to_owned(), told: String::new(), urgency }
    }

    fn person(name: &str) -> Offer {
        Offer { choice: Choice::Go(Place::With(name.to_owned())), ..room(name, 0) }
    }

    fn deed(name: &str) -> Offer {
        Offer { choice: Choice::Do(0), ..room(name, 0) }
    }

    fn names(offers: Vec<Offer>, typed: &str) -> Vec<String> {
        meant(offers, typed).into_iter().map(|offer| offer.name).collect()
    }

    #[test]
    fn what_is_unread_comes_first_before_anything_is_typed() {
        let offers = vec![room("lobby", 0), room("cellar", 1), room("attic", 2), person("bob")];
        assert_eq!(names(offers, " "), ["attic", "cellar", "lobby", "bob"]);
    }

    #[test]
    fn the_beginning_of_a_name_counts_more_than_its_middle() {
        let offers = ["cart", "fine-art", "artist", "art", "a-river-trip"].map(|name| room(name, 0)).to_vec();
        assert_eq!(names(offers, "ART"), ["art", "artist", "fine-art", "cart", "a-river-trip"]);
    }

    #[test]
    fn letters_may_be_scattered_but_not_out_of_order() {
        assert_eq!(names(vec![deed("Keyboard shortcuts"), deed("Set topic")], "ks"), ["Keyboard shortcuts"]);
        assert_eq!(names(vec![deed("Mark all as read")], "mk rd"), ["Mark all as read"]);
        assert!(names(vec![room("lobby", 0)], "yl").is_empty());
    }

    #[test]
    fn fewer_gaps_are_better() {
        let offers = vec![room("b-o-b", 0), room("boxb", 0)];
        assert_eq!(names(offers, "bob"), ["boxb", "b-o-b"]);
    }

    #[test]
    fn a_sign_asks_for_one_kind() {
        let offers = || vec![room("bo", 0), person("bob"), deed("Borrow")];
        assert_eq!(names(offers(), "#bo"), ["bo"]);
        assert_eq!(names(offers(), "@bo"), ["bob"]);
        assert_eq!(names(offers(), "/ bo"), ["Borrow"]);
        assert_eq!(names(offers(), "@"), ["bob"]);
    }

    #[test]
    fn names_of_any_script_are_found() {
        assert_eq!(names(vec![room("ÉTAGE", 0), person("由紀")], "éta"), ["ÉTAGE"]);
        assert_eq!(names(vec![person("由紀")], "紀"), ["由紀"]);
    }

    #[test]
    fn what_is_shown_is_bounded_and_the_likeliest_of_all() {
        let mut offers: Vec<Offer> = (0..500).map(|number| room(&format!("xb{number}"), 0)).collect();
        offers.push(room("b", 0));
        let names = names(offers, "b");
        assert_eq!((names.len(), &*names[0]), (MAX_SHOWN, "b"));
    }
}
