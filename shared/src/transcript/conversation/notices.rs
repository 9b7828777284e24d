//! Local lines between those of the log.

use std::sync::Arc;

use super::{Conversation, Notice};
use crate::transcript::{MAX_NOTICES, What};

impl Conversation {
    /// A local line at the end.
    pub(in crate::transcript) fn notice(&mut self, notice: Notice) {
        let line = self.last();
        let behind = self.notices.back().map_or(line, |(behind, _)| line.max(*behind));
        self.notices.push_back((behind, Arc::new(notice)));
        if self.notices.len() > MAX_NOTICES {
            self.notices.pop_front();
        }
    }

    /// Who came and went: folded into the notice at the end, if it is of that kind and no line came since.
    pub(in crate::transcript) fn moved(&mut self, number: u64, at: u64, came: &[&String], went: &[&String]) {
        let line = self.last();
        if let Some((behind, last)) = self.notices.back_mut()
            && *behind >= line
            && matches!(last.what, What::Moved { .. })
        {
            let last = Arc::make_mut(last);
            last.at = at;
            last.revision = last.revision.wrapping_add(1);
            last.what.moved(came, went);
            if last.what.is_empty() {
                self.notices.pop_back();
            }
        } else {
            let mut what = What::Moved { joined: Vec::new(), left: Vec::new() };
            what.moved(came, went);
            if !what.is_empty() {
                self.notice(Notice { number, revision: 0, at, what });
            }
        }
    }
}
