//! What a room is about.

use super::Conversation;
use crate::entry::Topic;

impl Conversation {
    /// What the room is about.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// Someone set the topic. Whether it is another now: a page may tell of an earlier one.
    pub(super) fn set_topic(&mut self, topic: &Topic) -> bool {
        topic.seq > self.topic_as_of && self.topic_is(Some(&topic.topic), topic.seq)
    }

    /// What the room is about, once all up to `as_of` was said. Whether that is news.
    pub(in crate::transcript) fn topic_is(&mut self, topic: Option<&str>, as_of: u64) -> bool {
        if as_of < self.topic_as_of {
            return false;
        }
        self.topic_as_of = as_of;
        let topic = topic.filter(|topic| !topic.is_empty());
        let news = self.topic.as_deref() != topic;
        self.topic = topic.map(str::to_owned);
        news
    }
}
