//! Who is in a room: a full list first, then differences.

use std::collections::BTreeMap;

use super::few::Few;
use crate::letters::fold;
use crate::message::{Presence, State, User};

#[derive(Clone, Debug, Default)]
pub(super) struct People {
    users: Few<String, User>,
    /// What the hub counted, once it counts only.
    counted: Option<usize>,
}

impl People {
    /// The whole list; or, where `count` is greater, some of it.
    pub(super) fn set(&mut self, users: &[User], count: u32) {
        self.users.clear();
        for user in users {
            *self.users.get_or_insert_with(fold(&user.nick), || user.clone()) = user.clone();
        }
        self.counted = Some(count as usize).filter(|count| *count > self.users.len());
    }

    /// Who came and went here.
    pub(super) fn apply(&mut self, presence: &Presence) {
        for nick in &presence.joined {
            let user = self.users.get_or_insert_with(fold(nick), || User {
                nick: nick.clone(),
                state: State::Online,
                nodes: 1,
            });
            become_now(user, State::Online);
        }
        for nick in &presence.left {
            self.users.remove(&fold(nick));
        }
        self.counted = match (presence.count, self.counted) {
            // A count beside names says nothing new of a room whose names are known.
            (Some(count), None)
                if presence.joined.is_empty() && presence.left.is_empty() && presence.states.is_empty() =>
            {
                Some(count as usize)
            }
            (Some(count), Some(_)) => Some(count as usize),
            (None, Some(counted)) => Some((counted + presence.joined.len()).saturating_sub(presence.left.len())),
            (_, None) => None,
        };
    }

    /// The states of nicks, here or not. Whether any of them is here and was otherwise.
    pub(super) fn apply_states(&mut self, states: &BTreeMap<String, State>) -> bool {
        let mut changed = false;
        for (nick, state) in states {
            if let Some(user) = self.users.get_mut(&fold(nick)) {
                changed |= user.state != *state;
                become_now(user, *state);
            }
        }
        changed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    pub(super) fn state_of(&self, nick: &str) -> Option<State> {
        self.users.get(&fold(nick)).map(|user| user.state)
    }

    pub(super) fn count(&self) -> usize {
        self.counted.unwrap_or(self.users.len())
    }

    pub(super) fn only_counted(&self) -> bool {
        self.counted.is_some()
    }
}

/// Who is reconnecting has no node, and who is online has one: the signal does not count them.
fn become_now(user: &mut User, state: State) {
    user.state = state;
    user.nodes = match state {
        State::Reconnecting | State::Offline => 0,
        State::Online | State::Away => user.nodes.max(1),
    };
}
