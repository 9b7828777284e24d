//! What is told of the line that is chosen: what can be done to it, and what stands where one types otherwise.

use ratatui::style::Style;
use shared::emoji::BASIC;

use super::super::choice::{AT_HAND, Choice, Step, refusal};
use super::super::ink::{Ink, line_width};
use super::super::keys::DEEDS;
use super::super::outlook::Outlook;
use super::super::state::State;
use crate::moment;

/// The line that is chosen, while the talk is in view.
pub(super) fn chosen(state: &State) -> Option<&Choice> {
    state.choice.as_ref().filter(|_| state.over.is_none())
}

/// The keys that do something to it, in so many columns.
pub(super) fn offers(choice: &Choice, state: &State, outlook: &Outlook<'_>, columns: usize) -> Vec<Ink> {
    let offers: Vec<(String, &str)> = match choice.step {
        Step::Choosing => {
            let here = outlook.conversation();
            let row = here.and_then(|here| choice.row(here));
            let can =
                |deed| here.zip(row.as_ref()).is_some_and(|(here, row)| refusal(deed, row, here, outlook.me).is_none());
            let deeds = DEEDS.iter().filter(|(_, deed, ..)| can(*deed));
            let deeds = deeds.map(|(key, _, name, _)| (key.to_string(), *name));
            deeds.chain([("Esc".to_owned(), "back")]).collect()
        }
        Step::Deleting => vec![("y".to_owned(), "deletes it"), ("n".to_owned(), "keeps it")],
        Step::Reacting(_) => {
            let at_hand = BASIC.iter().take(AT_HAND).enumerate();
            // Whether what asks for a picture makes a sign wider is something that terminals do not agree on: what follows
            // in the line would not stand where it should.
            let at_hand = at_hand.map(|(at, (_, emoji))| ((at + 1).to_string(), emoji.trim_end_matches('\u{fe0f}')));
            at_hand.chain([("Esc".to_owned(), "back")]).collect()
        }
    };
    let bar = state.theme.bar();
    let spread = offered(&offers, " ", "  ", bar, bar.patch(state.theme.strong()));
    if line_width(&spread) <= columns {
        return spread;
    }
    offered(&offers, "", " ", bar, bar.patch(state.theme.strong()))
}

fn offered(offers: &[(String, &str)], first: &str, between: &str, bar: Style, strong: Style) -> Vec<Ink> {
    let mut words = Vec::new();
    for (at, (key, name)) in offers.iter().enumerate() {
        words.push(Ink::new(if at == 0 { first } else { between }, bar));
        words.push(Ink::new(key, strong));
        words.push(Ink::new(&format!(" {name}"), bar));
    }
    words
}

/// What stands where one types otherwise; none while an emoji is typed there.
pub(super) fn told(choice: &Choice, state: &State, outlook: &Outlook<'_>) -> Option<Ink> {
    let (theme, row) = (state.theme, outlook.conversation().and_then(|here| choice.row(here)));
    match choice.step {
        Step::Deleting => Some(Ink::new("Delete this line for everyone? y/N ", theme.strong())),
        Step::Reacting(_) => None,
        Step::Choosing => Some(match (&outlook.trouble, &outlook.reach, row) {
            (Some(trouble), ..) => Ink::new(trouble, theme.strong()),
            (None, Some(reach), _) => Ink::new(reach, theme.aside()),
            (None, None, Some(row)) => {
                let when = format!("{} {}", moment::day(row.at()), moment::time(row.at()));
                Ink::new(&format!("{} at {when}", row.from()), theme.aside())
            }
            (None, None, None) => Ink::new("", theme.aside()),
        }),
    }
}
