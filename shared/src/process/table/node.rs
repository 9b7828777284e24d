//! The process `node`, which answers for its node.

use serde_json::Value;

use super::Table;
use super::sending::Who;
use crate::message::ErrorCode;
use crate::process::reason::Fault;
use crate::process::step::CallRef;

impl Table {
    /// A call to `node`: `"stats"`, `{"spawn":…}`, `{"rpc":…}`.
    pub(super) fn ask_node(&mut self, who: &Who, call: u64, mut message: Value) {
        if message.as_str() == Some("stats") {
            let stats = self.stats();
            self.reply(None, CallRef(call), Ok(stats));
        } else if let Some(wish) = message.get_mut("spawn").map(Value::take) {
            self.take_spawn(who, call, wish, false);
        } else if let Some(wish) = message.get_mut("rpc").map(Value::take) {
            self.take_spawn(who, call, wish, true);
        } else {
            let words = "The process node answers to “stats”, {\"spawn\": …} and {\"rpc\": …}.";
            self.reply(None, CallRef(call), Err(Fault::new(ErrorCode::BadMessage, words)));
        }
    }
}
