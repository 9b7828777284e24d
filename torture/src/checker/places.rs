//! Where a client is, as far as its record tells, and what it is therefore owed.

/// Rooms there may be: one bit each in [`crate::record::Welcomed::rooms`].
pub(super) const ROOMS: u8 = 64;

/// Where something is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    Room(u8),
    /// Private messages from or to its nick.
    Private,
}

/// What is known of a client's being in a room, or of its nick being its own.
///
/// Between a request and its answer, and where an answer was lost, nobody but the hub knows: what
/// is heard then is not uninvited, and what is not heard is not missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stay {
    #[default]
    Out,
    /// It has left, as the event with this number told. What was said before may still come, to one that had
    /// fallen behind; what comes behind `until`, an own line asked for later, was said after it.
    Gone { since: usize, until: Option<u64> },
    /// With `asking`, because a request is under way, and what a welcome says may be of before it.
    Maybe { asking: bool },
    /// It asks to leave, until that is answered; where an answer was lost, its session may join once more meanwhile.
    Leaving,
    /// It was in when it began anew, and the hub must know it.
    Kept,
    /// In. Everything from `since` on must be heard: the first entry heard since, or an own line
    /// acknowledged since; none yet.
    In { since: Option<u64> },
}

/// All places of one client.
#[derive(Debug)]
pub(super) struct Places {
    stays: [Stay; ROOMS as usize + 1],
    /// From where to where a client must have received everything by the end; ascending and apart.
    owed: [Vec<(u64, u64)>; ROOMS as usize + 1],
}

impl Where {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..ROOMS).map(Self::Room).chain([Self::Private])
    }

    fn index(self) -> usize {
        match self {
            Self::Room(room) => usize::from(room),
            Self::Private => usize::from(ROOMS),
        }
    }
}

impl Stay {
    /// A request to be in was sent off.
    pub(super) fn ask(&mut self) {
        if !matches!(self, Self::In { .. } | Self::Kept | Self::Leaving) {
            *self = Self::Maybe { asking: true };
        }
    }

    /// It has ended without an answer that tells.
    pub(super) fn not_answered(&mut self) {
        if let Self::Maybe { asking } = self {
            *asking = false;
        }
    }

    pub(super) fn enter(&mut self) {
        if !matches!(self, Self::In { .. } | Self::Leaving) {
            *self = Self::In { since: None };
        }
    }

    /// The hub says to one that came back whether it is there.
    ///
    /// # Errors
    /// If that cannot be: whether it must be there.
    pub(super) fn brought_back(&mut self, there: bool) -> Result<(), bool> {
        match (*self, there) {
            (Self::Maybe { asking: true } | Self::Leaving, _) => {}
            (Self::Out, false) | (Self::Maybe { .. } | Self::In { .. }, true) => {}
            (Self::Maybe { .. } | Self::Gone { .. }, false) => *self = Self::Out,
            (Self::Kept, true) => *self = Self::In { since: None },
            (Self::Out | Self::Gone { .. }, true) => return Err(false),
            (Self::In { .. } | Self::Kept, false) => return Err(true),
        }
        Ok(())
    }

    pub(super) fn may_hear(self, seq: u64) -> bool {
        match self {
            Self::Out => false,
            Self::Gone { until, .. } => until.is_none_or(|until| seq < until),
            Self::Maybe { .. } | Self::Leaving | Self::Kept | Self::In { .. } => true,
        }
    }

    /// It has heard this, or surely will: and so everything that follows.
    pub(super) fn hears_from(&mut self, seq: u64) {
        if let Self::In { since: since @ None } = self {
            *since = Some(seq);
        }
    }

    /// From where on it surely hears everything.
    pub(super) fn hears_since(self) -> Option<u64> {
        if let Self::In { since } = self { since } else { None }
    }
}

impl Default for Places {
    fn default() -> Self {
        Self { stays: [Stay::Out; ROOMS as usize + 1], owed: [const { Vec::new() }; ROOMS as usize + 1] }
    }
}

impl Places {
    pub(super) fn at(&mut self, place: Where) -> &mut Stay {
        &mut self.stays[place.index()]
    }

    /// By the end it must have received everything there from `since` to `until`.
    pub(super) fn owe(&mut self, place: Where, since: u64, until: u64) {
        self.owed[place.index()].push((since, until));
    }

    pub(super) fn owes(&self, place: Where, seq: u64) -> bool {
        let owed = &self.owed[place.index()];
        let begun = owed.partition_point(|(since, _)| *since <= seq);
        begun > 0 && seq <= owed[begun - 1].1
    }
}
