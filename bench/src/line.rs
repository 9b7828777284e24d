//! One line as it goes to the hub, and as it comes from there: finished frames in which only numbers change. A driver
//! that encoded each anew would measure itself.

use shared::entry::{Entry, Said};
use shared::message::ToNode;
use shared::transcript::Place;
use shared::wire;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::guests::nick;
use crate::socket::{MASK, add_frame, write_frame};

/// The texts that are said, in bytes.
const TEXT: usize = 64;

/// Digits of the numbers in ids: enough for the `seq` of any line here.
const DIGITS: usize = 10;

/// The limit's numbers of lines begin here, so that all have as many digits.
const FIRST: u64 = 1_000_000_000;

/// What is said on line after line.
pub(crate) fn text() -> String {
    "x".repeat(TEXT)
}

/// The id of the request for the line with this number: all have the same length.
pub(crate) fn id(number: u64) -> String {
    format!("{number:0DIGITS$}")
}

/// Says lines in one room.
#[derive(Clone)]
pub(crate) struct Say {
    frame: Vec<u8>,
    /// Where the payload begins in it.
    payload: usize,
    /// Where the digits of the id begin in the payload.
    digits: usize,
}

impl Say {
    /// This text in this room, over and over.
    pub(crate) fn new(room: &str, text: &str) -> Self {
        let none = id(0);
        let say = wire::encode(&Place::Room(room.to_owned()).say(none.clone(), text.to_owned()));
        let digits = say.find(&none).unwrap_or_default();
        let length = say.len();
        let mut frame = Vec::new();
        add_frame(say, &mut frame);
        Self { payload: frame.len() - length, frame, digits }
    }

    /// The length of each, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.frame.len()
    }

    /// Adds the request with this number as its id.
    pub(crate) fn add(&self, number: u64, bytes: &mut Vec<u8>) {
        let begin = bytes.len() + self.payload;
        bytes.extend_from_slice(&self.frame);
        let mut rest = number;
        for place in (self.digits..self.digits + DIGITS).rev() {
            bytes[begin + place] = (b'0' + (rest % 10) as u8) ^ MASK[place % MASK.len()];
            rest /= 10;
        }
    }
}

/// The `seq` in the frame of a line.
pub(crate) fn frame_seq(line: u64) -> u64 {
    FIRST + line
}

/// Lines as the hub would send them: encoding is no part of the limit.
pub(crate) struct Template {
    frame: Vec<u8>,
    /// Where the digits of `seq` begin.
    digits: usize,
    batch: Vec<u8>,
}

impl Template {
    /// Lines said in this room.
    pub(crate) fn new(room: &str) -> Self {
        let at = 1_800_000_000_000; // as many digits as the time has in this century
        let said =
            Said { seq: FIRST, at, room: room.to_owned(), from: nick(0), id: id(0), text: text(), details: None };
        let json = wire::encode(&ToNode::Entry(Entry::Said(said)));
        let mut frame = Vec::new();
        write_frame(Frame::message(json, OpCode::Data(Data::Text), true), &mut frame);
        let first = FIRST.to_string();
        let digits = frame.windows(first.len()).position(|window| window == first.as_bytes()).unwrap_or_default();
        Self { frame, digits, batch: Vec::new() }
    }

    /// The frames of so many lines.
    pub(crate) fn lines(&mut self, first: u64, lines: usize) -> &[u8] {
        self.batch.clear();
        for line in first..first + lines as u64 {
            let begin = self.batch.len() + self.digits;
            self.batch.extend_from_slice(&self.frame);
            let mut rest = frame_seq(line);
            for digit in self.batch[begin..begin + DIGITS].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        &self.batch
    }
}

#[cfg(test)]
mod tests {
    use shared::room::LOBBY;

    use crate::heard::{Heard, room_of, understand};

    use super::*;

    #[test]
    fn a_request_is_what_the_wire_encodes() {
        let say = Say::new("den", "hi");
        for number in [0, 7, 1_234_567_890] {
            let mut expected = Vec::new();
            let request = Place::Room("den".to_owned()).say(id(number), "hi".to_owned());
            add_frame(wire::encode(&request), &mut expected);
            let mut added = b"before".to_vec();
            say.add(number, &mut added);
            assert_eq!(added[6..], expected);
            assert_eq!(say.len(), expected.len());
        }
    }

    #[test]
    fn lines_differ_in_their_number_only() {
        let mut template = Template::new(LOBBY);
        let frames = template.lines(5, 2).to_vec();
        let (one, other) = frames.split_at(frames.len() / 2);
        let header = 4; // of a text longer than 125 bytes (RFC 6455, section 5.2)
        assert_eq!(understand(&one[header..]).expect("a line"), Heard::Line { seq: frame_seq(5) });
        assert_eq!(understand(&other[header..]).expect("a line"), Heard::Line { seq: frame_seq(6) });
        assert_eq!(room_of(&one[header..]).expect("its room"), LOBBY);
        assert_eq!(template.lines(999_999, 1).len(), one.len());
    }
}
