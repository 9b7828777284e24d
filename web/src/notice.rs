//! What this client has to say to its person alone: answers to commands, refusals.

use shared::message::{NodeInfo, User};

/// One at a time is shown, until the next, or until it is sent away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Something went wrong, and what to do about it.
    Error(String),
    Words(String),
    /// The commands.
    Help,
    /// Who is at a place.
    Users {
        place: String,
        users: Vec<User>,
    },
    /// Which nodes there are.
    Nodes(Vec<NodeInfo>),
    /// The link that lets others in.
    Invitation,
}

impl Notice {
    pub(crate) fn is_list(&self) -> bool {
        matches!(self, Self::Help | Self::Users { .. } | Self::Nodes(_))
    }

    pub(crate) fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}
