//! What was asked for under which id, so that an entry is known by that alone: of a line that was taken back nothing
//! else is left to know it by.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::line::{Id, Line, Place};

/// All requests of a run that make entries.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    by_id: Mutex<HashMap<Id, (Line, Place)>>,
}

impl Asked {
    /// To be told before the hub can hear of it.
    pub(crate) fn remember(&self, id: Id, line: Line, place: Place) {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (line, place));
    }

    /// None if nobody asked for anything under that id.
    pub(crate) fn get(&self, id: Id) -> Option<(Line, Place)> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }
}
