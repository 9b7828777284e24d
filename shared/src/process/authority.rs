//! Who may do what to a process, and with it. Pure, and all of it here.

use crate::node::NodeName;

/// Whose a process is, and with whose rights something is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The node's own: its person, its operator, what they started.
    Here,
    /// The owner of a nick, by the number that the hub gives.
    Of(u64),
    /// A node without a nick, or what others run on a node.
    Node(NodeName),
}

/// What needs a right. `send`, `call`, `monitor` and `ping` need none: whoever was let in may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// To end a process, or to be taken along and take it along.
    End,
    /// To have a program run here without anybody being asked.
    Spawn,
    /// To speak or to write as this node's person: requests to the hub, puts.
    Speak,
}

/// Whether `who` may do that to a process of `whose`, on a node of the owner `own`.
pub fn may(deed: Deed, who: &Owner, whose: &Owner, own: Option<u64>) -> bool {
    let here = is_own(who, own);
    match deed {
        Deed::End => here || who == whose,
        Deed::Spawn | Deed::Speak => here,
    }
}

/// Whether that is this node's own person, be it from another of their nodes.
pub fn is_own(owner: &Owner, own: Option<u64>) -> bool {
    match owner {
        Owner::Here => true,
        Owner::Of(number) => own == Some(*number),
        Owner::Node(_) => false,
    }
}
