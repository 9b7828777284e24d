//! What others think of a line, at a glance, and a press to think the same.

use shared::entry::Reaction;
use shared::letters::fold;
use shared::wire::MAX_REACTIONS;

use crate::changing::Picking;
use crate::dom::{El, el};
use crate::node::Node;

/// Nicks named of those who reacted alike; the others are counted.
const NAMED: usize = 10;

/// The reactions to the line at `seq`, if there are any.
pub(super) fn reactions(node: Node, seq: u64, reactions: &[Reaction]) -> Option<El> {
    if reactions.is_empty() {
        return None;
    }
    let me = fold(&node.nick.get_untracked());
    let mut row = el("div").class("reactions").attr("role", "group").attr("aria-label", "Reactions");
    for reaction in reactions {
        let mine = reaction.nicks.iter().any(|nick| fold(nick) == me);
        let (mut words, emoji) = (words(reaction, &me), reaction.emoji.clone());
        let tip = el("span").class("tip").attr("data-words", &words);
        words.push_str(if mine { "; press to take yours back" } else { "; press to add yours" });
        let button = el("button")
            .class("reaction")
            .attr("type", "button")
            .attr("aria-pressed", if mine { "true" } else { "false" })
            .attr("aria-label", &words)
            // As no text, and its number neither: the button's name says both in words.
            .attr("data-emoji", &reaction.emoji)
            .child(el("span").class("many").attr("data-many", &reaction.count.to_string()))
            .child(tip)
            .on("click", move |_| node.react(seq, &emoji, !mine));
        row = row.child(button);
    }
    if reactions.len() < MAX_REACTIONS {
        row = row.child(
            el("button")
                .class("reaction add icon icon-react")
                .attr("type", "button")
                .attr("aria-label", "Add a reaction")
                .on("click", move |_| node.changing.picking.set(Some(Picking::Line(seq)))),
        );
    }
    Some(row)
}

/// `👍, you and bob`
fn words(reaction: &Reaction, me: &str) -> String {
    let mut words = reaction.emoji.clone();
    let count = usize::try_from(reaction.count).unwrap_or(usize::MAX);
    let named = reaction.nicks.len().min(NAMED);
    let others = count.saturating_sub(named);
    for (at, nick) in reaction.nicks[..named].iter().enumerate() {
        let last = at > 0 && at + 1 == named && others == 0;
        words.push_str(if last { " and " } else { ", " });
        words.push_str(if fold(nick) == me { "you" } else { nick });
    }
    if others > 0 {
        words.push_str(&format!(" and {others} more"));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(nicks: &[&str], count: u32) -> String {
        let nicks = nicks.iter().map(|nick| (*nick).to_owned()).collect();
        words(&Reaction { emoji: "👍".to_owned(), nicks, count }, "carl")
    }

    #[test]
    fn who_reacted_is_named() {
        assert_eq!(told(&["ana", "bob"], 2), "👍, ana and bob");
        assert_eq!(told(&["ana"], 1), "👍, ana");
        assert_eq!(told(&["ana", "bob", "Carl"], 3), "👍, ana, bob and you");
    }

    #[test]
    fn many_are_counted() {
        let nicks: Vec<String> = (0..100).map(|number| format!("g{number}")).collect();
        let nicks: Vec<&str> = nicks.iter().map(String::as_str).collect();
        assert!(told(&nicks, 10_000).ends_with("g8, g9 and 9990 more"));
    }
}
