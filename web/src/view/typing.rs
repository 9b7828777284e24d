//! Who is writing at the place one looks at.

use crate::dom::{El, el};
use crate::node::Node;

/// One line high, whether or not anyone writes. Not announced: it comes and goes too often.
pub(super) fn typing() -> El {
    let node = Node::here();
    el("p").class("typing").text_from(move || words(&node.talk.typing.get()))
}

fn words(typing: &[String]) -> String {
    match typing {
        [] => String::new(),
        [one] => format!("{one} is writing…"),
        [one, other] => format!("{one} and {other} are writing…"),
        _ => "Several people are writing…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_is_named_as_long_as_that_is_a_few() {
        let named = |nicks: &[&str]| words(&nicks.iter().map(|nick| (*nick).to_owned()).collect::<Vec<_>>());
        assert_eq!(named(&[]), "");
        assert_eq!(named(&["ana"]), "ana is writing…");
        assert_eq!(named(&["ana", "bob"]), "ana and bob are writing…");
        assert_eq!(named(&["ana", "bob", "carl"]), "Several people are writing…");
    }
}
