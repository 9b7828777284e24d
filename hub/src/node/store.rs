//! What the hub's processes see of the store: the copy that the message server folds.

use serde_json::Value;
use shared::map_server::{self, Asked, MAX_LOOKED};
use shared::process::{Letter, Look};

use super::Node;
use crate::clock;
use crate::message_server::Changed;

impl Node {
    pub(super) fn ask_map_server(&mut self, letter: &Letter) {
        let Some(call) = letter.call else { return };
        let now = clock::steady();
        let answer = match self.stored.look(|store| map_server::asked(store, &letter.message)) {
            Asked::Answer(answer) => answer,
            Asked::Wait { key, version } => match self.waiting.push(now, &letter.from.node, call, key, version) {
                Ok(()) => return self.answer_those_who_wait(),
                Err(fault) => Err(fault),
            },
            // The hub is nobody's node.
            Asked::Change(_) => Err(map_server::not_allowed()),
        };
        self.table.answer(now, call, answer);
    }

    pub(super) fn look(&self, look: &Look) -> Value {
        self.stored.look(|store| match look {
            Look::Get { key } => map_server::get(store, key),
            Look::List { prefix } => map_server::pairs(store, prefix, MAX_LOOKED),
            Look::Whereis { .. } | Look::Nodes => Value::Null,
        })
    }

    /// Keys of the store are otherwise than before.
    pub(super) fn store_changed(&mut self, changed: Changed) {
        let keys = match changed {
            Changed::Keys(keys) => keys,
            Changed::Any => self.stored.look(|store| {
                store.list("").iter().map(|pair| pair.key.as_str()).chain(store.removed()).map(str::to_owned).collect()
            }),
        };
        for key in keys {
            let pair = self.stored.look(|store| store.get(&key).cloned());
            let (value, version) = pair.map_or((None, 0), |pair| (Some(pair.value), pair.version));
            self.table.stored(clock::steady(), &key, value.as_ref(), version);
        }
        self.answer_those_who_wait();
    }

    fn answer_those_who_wait(&mut self) {
        let ready = self.stored.look(|store| self.waiting.take(store));
        for (call, version) in ready {
            self.table.answer(clock::steady(), call, Ok(map_server::version(version)));
        }
    }
}
