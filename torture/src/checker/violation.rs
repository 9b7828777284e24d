//! What must not be, each with the lines it is about.

use std::fmt;

use crate::line::{Line, Place, Spoken, room_name};

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Acknowledged, and not in the log.
    Lost {
        line: Line,
        seq: u64,
    },
    /// In the log, and a client that may see it never got it.
    NotReceived {
        client: usize,
        spoken: Spoken,
    },
    /// A client was told that it had got everything, when this was still missing.
    Skipped {
        client: usize,
        spoken: Spoken,
        synced: u64,
    },
    /// The log has a line more than once.
    TwiceInLog {
        line: Line,
        seqs: [u64; 2],
    },
    /// A client heard the same entry twice, or one behind a later one.
    OutOfOrder {
        client: usize,
        spoken: Spoken,
        after: u64,
    },
    /// Came before `synced`, but belongs behind it.
    BeyondSynced {
        client: usize,
        seq: u64,
        synced: u64,
    },
    /// One position, two contents.
    Contradiction {
        client: usize,
        heard: Spoken,
        log: Spoken,
    },
    /// A client heard what is not in the log.
    NotInLog {
        client: usize,
        spoken: Spoken,
    },
    /// The log has what nobody ever asked for, or not as it was asked for.
    NeverAsked {
        spoken: Spoken,
    },
    /// A client heard what is said where it is not.
    Uninvited {
        client: usize,
        spoken: Spoken,
    },
    /// Typed in one order, said in the other.
    Reordered {
        earlier: Spoken,
        later: Spoken,
    },
    /// A line is not what its changes make of it: in the log, or to a client.
    Unlike {
        client: Option<usize>,
        seq: u64,
    },
    /// One line, two answers.
    AnswerChanged {
        line: Line,
        seqs: [u64; 2],
    },
    /// A line was refused for good.
    Refused {
        line: Line,
        why: String,
    },
    /// A line never got an answer, although there was a hub at last.
    NeverAnswered {
        line: Line,
    },
    /// The hub did not know a session that has a nick.
    SessionForgotten {
        client: usize,
    },
    /// The hub brought a client back into other rooms than it had been in.
    WrongRooms {
        client: usize,
        room: u8,
        expected: bool,
    },
    /// The log is another one.
    NewLog {
        client: usize,
    },
    /// A client's copy of the store is not the hub's.
    Apart {
        client: usize,
    },
    /// The counter in the store is not as often counted up as that was acknowledged.
    Miscounted {
        counter: u64,
        counted: u64,
    },
    Strange {
        client: usize,
        what: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { line, seq } => write!(f, "LOST: {line} was acknowledged as #{seq} and is not there"),
            Self::NotReceived { client, spoken } => {
                write!(f, "LOST for client {client}: {} never reached it", shown(spoken))
            }
            Self::Skipped { client, spoken, synced } => {
                write!(f, "GAP: client {client} was synced to #{synced} without {}", shown(spoken))
            }
            Self::TwiceInLog { line, seqs: [one, other] } => {
                write!(f, "TWICE: {line} is in the log as #{one} and as #{other}")
            }
            Self::OutOfOrder { client, spoken, after } if spoken.seq == *after => {
                write!(f, "TWICE for client {client}: {} was heard again", shown(spoken))
            }
            Self::OutOfOrder { client, spoken, after } => {
                write!(f, "ORDER: client {client} heard {} after #{after}", shown(spoken))
            }
            Self::BeyondSynced { client, seq, synced } => {
                write!(f, "RESUME: client {client} heard #{seq} and then was synced to #{synced} only")
            }
            Self::Contradiction { client, heard, log } => {
                write!(f, "DIFFERENT: client {client} heard {}, and the log has {}", shown(heard), shown(log))
            }
            Self::NotInLog { client, spoken } => {
                write!(f, "LOST: client {client} heard {}, which is not in the log", shown(spoken))
            }
            Self::NeverAsked { spoken } => {
                write!(f, "INVENTED: the log has {}, which nobody asked for like that", shown(spoken))
            }
            Self::Uninvited { client, spoken } => {
                write!(f, "UNINVITED: client {client} heard {} and is not there", shown(spoken))
            }
            Self::Reordered { earlier, later } => {
                write!(f, "ORDER: {} was typed before {}", shown(earlier), shown(later))
            }
            Self::Unlike { client: None, seq } => {
                write!(f, "CHANGED: line #{seq} is not what its changes make of it")
            }
            Self::Unlike { client: Some(client), seq } => {
                write!(f, "CHANGED: client {client} sees line #{seq} otherwise than the log")
            }
            Self::AnswerChanged { line, seqs: [one, other] } => {
                write!(f, "ANSWER: {line} was acknowledged as #{one} and as #{other}")
            }
            Self::Refused { line, why } => write!(f, "REFUSED: {line}: {why}"),
            Self::NeverAnswered { line } => write!(f, "UNANSWERED: {line} still waits for an answer"),
            Self::SessionForgotten { client } => {
                write!(f, "SESSION: the hub no longer knew client {client}, which has a nick")
            }
            Self::WrongRooms { client, room, expected } => {
                let (room, not) = (room_name(*room), if *expected { " not" } else { "" });
                write!(f, "SESSION: client {client} came back and was{not} in {room}")
            }
            Self::NewLog { client } => write!(f, "LOG: client {client} was shown another log"),
            Self::Apart { client } => write!(f, "APART: the store of client {client} is not the hub's"),
            Self::Miscounted { counter, counted } => {
                write!(f, "COUNTED: {counted} times, as was acknowledged, and the store has come to {counter}")
            }
            Self::Strange { client, what } => write!(f, "STRANGE: client {client}: {what}"),
        }
    }
}

fn shown(Spoken { seq, line, place, .. }: &Spoken) -> String {
    let place: &Place = place;
    format!("#{seq} ({line}, {place})")
}
