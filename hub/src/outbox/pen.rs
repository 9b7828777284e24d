//! How what was waiting for a node gets onto its socket.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use shared::message::ToNode;

use super::parcel::{Parcel, Shared};

/// Pieces written with one call: what a burst brings, far below what systems take (1,024).
const PIECES: usize = 64;

/// The socket of a node as its outbox sees it, and how its kind of connection puts messages. All of it returns at once.
pub trait Wire: Send {
    /// Messages as they are sent: the same for all nodes with this kind of connection.
    fn encode_shared(&self, messages: &[ToNode]) -> Bytes;

    /// Any other parcel as it is sent.
    fn encode(&self, parcel: Parcel) -> Bytes;

    /// Writes as much as the socket takes, at least one byte.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] if it takes nothing now; others when the connection is lost.
    fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Ready when the socket may take something again, or has failed.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// Whole frames on their way.
#[derive(Debug)]
pub(super) enum Frames {
    /// Encoded already.
    Shared(Arc<Shared>),
    Own(Bytes),
}

impl Deref for Frames {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Shared(shared) => shared.bytes(),
            Self::Own(bytes) => bytes,
        }
    }
}

/// Where who writes for many gathers what goes to one, so that nothing is allocated for it.
#[derive(Debug, Default)]
pub(super) struct Desktop {
    pub(super) parcels: VecDeque<Parcel>,
    frames: VecDeque<Frames>,
}

/// The writing end of a node's socket. Whoever holds it writes.
pub(super) struct Pen {
    /// None once nothing more may be written.
    wire: Option<Box<dyn Wire>>,
    /// What the socket has not taken.
    unsent: VecDeque<Frames>,
    /// So many bytes of the first of those it has.
    begun: usize,
    /// The socket took nothing more when it was last tried.
    full: bool,
    /// It has taken something since it was full.
    progressed: bool,
}

impl Pen {
    pub(super) fn new(wire: Box<dyn Wire>) -> Self {
        Self { wire: Some(wire), unsent: VecDeque::new(), begun: 0, full: false, progressed: false }
    }

    /// Whether the socket has taken something after it was full, since this was last asked.
    pub(super) fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.progressed)
    }

    /// Nothing more is written: the peer is told that no more will come.
    pub(super) fn put_down(&mut self) {
        self.wire = None;
        self.unsent = VecDeque::new();
        self.begun = 0;
    }

    /// Writes what lies on the desktop, which is empty then, whatever comes of it: the next node's parcels will lie
    /// there. What the socket does not take is unsent.
    ///
    /// # Errors
    /// As [`Wire::write`].
    pub(super) fn write(&mut self, desktop: &mut Desktop) -> io::Result<()> {
        let Desktop { parcels, frames } = desktop;
        let Some(wire) = self.wire.as_deref() else {
            parcels.clear();
            return Err(ErrorKind::BrokenPipe.into());
        };
        frames.extend(parcels.drain(..).map(|parcel| match parcel {
            Parcel::Shared(shared) => {
                shared.encode(|messages| wire.encode_shared(messages));
                Frames::Shared(shared)
            }
            parcel => Frames::Own(wire.encode(parcel)),
        }));
        if self.unsent.is_empty() {
            std::mem::swap(&mut self.unsent, frames);
            let written = self.write_unsent();
            if written.is_ok() {
                // The room for it goes back to the desktop.
                std::mem::swap(&mut self.unsent, frames);
            }
            written
        } else {
            self.unsent.append(frames);
            self.write_unsent()
        }
    }

    /// Writes what is unsent.
    ///
    /// # Errors
    /// As [`Wire::write`].
    pub(super) fn write_unsent(&mut self) -> io::Result<()> {
        let wire = self.wire.as_deref().ok_or(ErrorKind::BrokenPipe)?;
        while let Some(first) = self.unsent.front() {
            let rest = IoSlice::new(&first[self.begun..]);
            let written = if self.unsent.len() == 1 {
                wire.write(&[rest])
            } else {
                let mut pieces = [rest; PIECES];
                let mut count = 1;
                for (piece, frames) in pieces.iter_mut().zip(&self.unsent).skip(1) {
                    *piece = IoSlice::new(frames);
                    count += 1;
                }
                wire.write(&pieces[..count])
            };
            match written {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => self.begun += count,
                Err(error) => {
                    self.full = error.kind() == ErrorKind::WouldBlock;
                    return Err(error);
                }
            }
            self.progressed |= std::mem::take(&mut self.full);
            while let Some(first) = self.unsent.front()
                && self.begun >= first.len()
            {
                self.begun -= first.len();
                self.unsent.pop_front();
            }
        }
        Ok(())
    }

    /// Ready when all that was unsent is written.
    ///
    /// # Errors
    /// If the connection is lost.
    pub(super) fn poll_unsent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.write_unsent() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let wire = self.wire.as_deref().ok_or(ErrorKind::BrokenPipe)?;
                    ready!(wire.poll_writable(context))?;
                }
                Ok(()) => {
                    self.unsent = VecDeque::new();
                    return Poll::Ready(Ok(()));
                }
                Err(error) => {
                    // Nothing may follow what was written in part.
                    self.put_down();
                    return Poll::Ready(Err(error));
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;
    use std::task::Waker;

    use super::*;

    /// A socket that takes so many bytes and then no more, until it is given room.
    #[derive(Clone, Default)]
    pub(crate) struct Paper(Arc<Mutex<Written>>);

    #[derive(Default)]
    struct Written {
        bytes: Vec<u8>,
        room: usize,
        calls: usize,
        lost: bool,
        waker: Option<Waker>,
    }

    impl Paper {
        pub(crate) fn with_room(room: usize) -> Self {
            let paper = Self::default();
            paper.give_room(room);
            paper
        }

        pub(crate) fn give_room(&self, room: usize) {
            let mut written = self.0.lock().unwrap();
            written.room += room;
            if let Some(waker) = written.waker.take() {
                waker.wake();
            }
        }

        /// The peer is gone.
        pub(crate) fn lose(&self) {
            let mut written = self.0.lock().unwrap();
            written.lost = true;
            if let Some(waker) = written.waker.take() {
                waker.wake();
            }
        }

        /// What was written since this was last asked.
        pub(crate) fn read(&self) -> String {
            String::from_utf8(std::mem::take(&mut self.0.lock().unwrap().bytes)).unwrap()
        }

        /// How often something was written.
        pub(crate) fn calls(&self) -> usize {
            self.0.lock().unwrap().calls
        }
    }

    impl Wire for Paper {
        fn encode_shared(&self, messages: &[ToNode]) -> Bytes {
            let numbers = messages.iter().map(|message| match message {
                ToNode::Entry(entry) => format!("e{} ", entry.seq()),
                _ => "signal ".to_owned(),
            });
            numbers.collect::<String>().into()
        }

        fn encode(&self, parcel: Parcel) -> Bytes {
            match parcel {
                Parcel::Probe(token) => format!("p{token} ").into(),
                Parcel::Confirm(seq) => format!("c{seq} ").into(),
                Parcel::Raw(bytes) => *bytes,
                Parcel::Mail(mail) => format!("m{} ", mail.payload.as_str()).into(),
                _ => "answer ".into(),
            }
        }

        fn write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
            let mut written = self.0.lock().unwrap();
            if written.lost {
                return Err(ErrorKind::ConnectionReset.into());
            }
            if written.room == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            written.calls += 1;
            let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).take(written.room).collect();
            written.room -= bytes.len();
            written.bytes.extend_from_slice(&bytes);
            Ok(bytes.len())
        }

        fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
            let mut written = self.0.lock().unwrap();
            if written.room > 0 || written.lost {
                return Poll::Ready(Ok(()));
            }
            written.waker = Some(context.waker().clone());
            Poll::Pending
        }
    }

    fn desktop(tokens: std::ops::Range<u64>) -> Desktop {
        Desktop { parcels: tokens.map(Parcel::Probe).collect(), ..Desktop::default() }
    }

    #[test]
    fn all_that_waits_leaves_with_one_call() {
        let paper = Paper::with_room(1_000);
        let mut pen = Pen::new(Box::new(paper.clone()));
        pen.write(&mut desktop(0..5)).unwrap();
        assert_eq!((paper.read().as_str(), paper.calls()), ("p0 p1 p2 p3 p4 ", 1));
        assert!(pen.unsent.is_empty() && !pen.take_progress());
    }

    #[test]
    fn what_the_socket_does_not_take_is_written_later_to_the_byte() {
        for room in 0..15 {
            let paper = Paper::with_room(room);
            let mut pen = Pen::new(Box::new(paper.clone()));
            let error = pen.write(&mut desktop(0..5)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            let last = Parcel::Raw(Box::new("last".into()));
            assert!(pen.write(&mut Desktop { parcels: [last].into(), ..Desktop::default() }).is_err());
            let context = &mut Context::from_waker(Waker::noop());
            assert!(pen.poll_unsent(context).is_pending());
            paper.give_room(100);
            assert!(matches!(pen.poll_unsent(context), Poll::Ready(Ok(()))));
            assert_eq!(paper.read(), "p0 p1 p2 p3 p4 last", "after {room} bytes");
            assert!(pen.take_progress() && pen.unsent.is_empty());
        }
    }

    #[test]
    fn more_pieces_than_fit_one_call_are_written_with_several() {
        let paper = Paper::with_room(100_000);
        let mut pen = Pen::new(Box::new(paper.clone()));
        pen.write(&mut desktop(0..200)).unwrap();
        let expected: String = (0..200).map(|token| format!("p{token} ")).collect();
        assert_eq!((paper.read(), paper.calls()), (expected, 200_usize.div_ceil(PIECES)));
    }

    #[test]
    fn nothing_follows_what_was_written_in_part_when_the_peer_went() {
        let paper = Paper::with_room(2);
        let mut pen = Pen::new(Box::new(paper.clone()));
        assert!(pen.write(&mut desktop(10..12)).is_err());
        paper.lose();
        assert!(matches!(pen.poll_unsent(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(_))));
        assert!(pen.write(&mut desktop(1..2)).is_err());
        assert_eq!(paper.read(), "p1");
    }

    #[test]
    fn nothing_is_written_after_the_pen_was_put_down() {
        let paper = Paper::with_room(100);
        let mut pen = Pen::new(Box::new(paper.clone()));
        pen.put_down();
        let mut desktop = desktop(0..1);
        assert!(pen.write(&mut desktop).is_err());
        assert_eq!(paper.read(), "");
        assert!(desktop.parcels.is_empty(), "or the next node would get them");
    }
}
