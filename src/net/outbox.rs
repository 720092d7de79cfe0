//! What waits to be sent on one conn.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};

use bytes::{Buf, Bytes, BytesMut};

use super::portion::{Portion, Pour};

/// Pieces up to this size are copied together when they have to wait: a slice of a vectored write
/// costs more than the copy, and a short piece may keep a whole read of 64 KiB alive.
const SMALL: usize = 1024;

/// Where copied pieces are cut, so that what has been sent is freed as it goes.
const CHUNK: usize = 16 * 1024;

/// Slices of one vectored write. POSIX grants 16 (`_XOPEN_IOV_MAX`), every system we know 1,024; with
/// small pieces joined, 64 of them fill a socket.
const SLICES: usize = 64;

/// What is sent as one.
#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    Portion(Portion),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Portion(portion) => portion.len(),
        }
    }

    fn advance(&mut self, taken: usize) {
        match self {
            Piece::Bytes(bytes) => bytes.advance(taken),
            Piece::Portion(portion) => portion.advance(taken),
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Piece::Bytes(bytes) => Some(bytes),
            Piece::Portion(_) => None,
        }
    }
}

/// A queue of bytes, counted, that holds no memory while it is empty.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pieces: VecDeque<Piece>,
    /// Small pieces copied together; they come after all of `pieces`.
    tail: BytesMut,
    len: usize,
}

impl Outbox {
    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends `bytes`. Nothing is copied where nothing waits, nor where they are many.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let small = bytes.len() <= SMALL && !self.is_empty();
        self.len += bytes.len();
        if !small || self.tail.len() + bytes.len() > CHUNK {
            self.seal();
        }
        if small {
            self.tail.extend_from_slice(&bytes);
        } else {
            self.pieces.push_back(Piece::Bytes(bytes));
        }
    }

    /// Appends a part of a file.
    pub(super) fn pour(&mut self, portion: Portion) {
        if portion.len() > 0 {
            self.seal();
            self.len = self.len.saturating_add(portion.len());
            self.pieces.push_back(Piece::Portion(portion));
        }
    }

    /// Hands all that waits to `to`, with as few writes as can be, until that is done or one would
    /// block, which is no error. What was not taken goes on waiting.
    pub(super) fn write(&mut self, to: &mut impl Pour) -> io::Result<()> {
        while !self.is_empty() {
            let done = match self.pieces.front() {
                Some(Piece::Portion(_)) => self.pour_once(to),
                _ => self.write_once(to),
            };
            match done {
                Ok(()) => {}
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }

    /// Drops all that waits, and says how many bytes that were.
    pub(super) fn clear(&mut self) -> usize {
        std::mem::take(self).len
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push_back(Piece::Bytes(self.tail.split().freeze()));
        }
    }

    /// Hands the beginning of the part of a file that comes first to `to`, or reads it.
    fn pour_once(&mut self, to: &mut impl Pour) -> io::Result<()> {
        let Some(Piece::Portion(portion)) = self.pieces.front_mut() else { return Ok(()) };
        let (taken, read) = match to.pour(portion)? {
            Some(taken) => (taken, Bytes::new()),
            None => (0, portion.read()?),
        };
        if taken > 0 {
            self.consume(taken);
        } else if read.is_empty() {
            self.len -= portion.len(); // the file was cut short
            self.pieces.pop_front();
        } else {
            portion.advance(read.len());
            self.pieces.push_front(Piece::Bytes(read));
        }
        Ok(())
    }

    fn write_once(&mut self, to: &mut impl Pour) -> io::Result<()> {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let tail = !self.tail.is_empty();
        let waiting =
            self.pieces.iter().map(Piece::bytes).chain(tail.then_some(Some(&self.tail[..])));
        let waiting = waiting.map_while(|bytes| bytes);
        let mut filled = 0;
        for (slice, piece) in slices.iter_mut().zip(waiting) {
            *slice = IoSlice::new(piece);
            filled += 1;
        }
        let taken = match &slices[..filled] {
            // Most often so: to everybody in a room goes one piece, and the system has less to look at.
            [one] => to.write(one)?,
            several => to.write_vectored(several)?,
        };
        if taken == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        self.consume(taken);
        Ok(())
    }

    fn consume(&mut self, mut taken: usize) {
        self.len = self.len.saturating_sub(taken);
        if self.is_empty() {
            self.clear();
            return;
        }
        while let Some(first) = self.pieces.front_mut() {
            if taken < first.len() {
                first.advance(taken);
                return;
            }
            taken -= first.len();
            self.pieces.pop_front();
        }
        self.tail.advance(taken.min(self.tail.len()));
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::ops::Range;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    /// Takes at most `room` bytes a write, and blocks on every other one.
    struct Narrow {
        taken: Vec<u8>,
        room: usize,
        writes: usize,
        slices: usize,
    }

    impl Narrow {
        fn new(room: usize) -> Narrow {
            Narrow { taken: Vec::new(), room, writes: 0, slices: 0 }
        }
    }

    impl Write for Narrow {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.write_vectored(&[IoSlice::new(buf)])
        }

        fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            self.writes += 1;
            self.slices = self.slices.max(slices.len());
            if self.writes.is_multiple_of(2) {
                return Err(ErrorKind::WouldBlock.into());
            }
            let before = self.taken.len();
            let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
            self.taken.extend(bytes.take(self.room));
            Ok(self.taken.len() - before)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Pour for Narrow {}

    /// Takes parts of files as they are.
    struct Wide {
        taken: Vec<u8>,
        poured: usize,
    }

    impl Write for Wide {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            self.taken.write(buf)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Pour for Wide {
        fn pour(&mut self, portion: &Portion) -> io::Result<Option<usize>> {
            self.poured += 1;
            let bytes = portion.read()?;
            self.write(&bytes[..bytes.len().min(1000)]).map(Some)
        }
    }

    fn file(text: &[u8]) -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        Arc::new(file)
    }

    /// Says this, and a part of a file before and behind it.
    fn said_around(file: &Arc<File>, range: Range<u64>, text: &'static [u8]) -> Outbox {
        let mut outbox = Outbox::default();
        outbox.pour(Portion::new(Arc::clone(file), range.clone()));
        outbox.push(Bytes::from_static(text));
        outbox.push(Bytes::from_static(text));
        outbox.pour(Portion::new(Arc::clone(file), range));
        outbox
    }

    #[test]
    fn parts_of_a_file_are_read_where_they_cannot_be_taken() {
        let text: Vec<u8> = (0..200_000u32).flat_map(u32::to_be_bytes).collect();
        let mut outbox = said_around(&file(&text), 3..500_000, b"between\n");
        assert_eq!(outbox.len(), 2 * (500_000 - 3 + 8));
        let (mut narrow, mut wide) = (Narrow::new(70_000), Wide { taken: Vec::new(), poured: 0 });
        while !outbox.is_empty() {
            outbox.write(&mut narrow).unwrap();
        }
        said_around(&file(&text), 3..500_000, b"between\n").write(&mut wide).unwrap();
        let part = &text[3..500_000];
        let all = [part, b"between\nbetween\n", part].concat();
        assert!(narrow.taken == all && wide.taken == all);
        assert_eq!(wide.poured, 1000);
    }

    #[test]
    fn a_file_that_was_cut_short_is_sent_as_far_as_it_goes() {
        let short = file(b"all there is\n");
        for read in [true, false] {
            let (mut narrow, mut wide) = (Narrow::new(9), Wide { taken: Vec::new(), poured: 0 });
            let mut said = said_around(&short, 4..1000, b"more\n");
            assert_eq!(said.len(), 2 * (996 + 5));
            while !said.is_empty() {
                let written = if read { said.write(&mut narrow) } else { said.write(&mut wide) };
                written.unwrap();
            }
            let taken = if read { narrow.taken } else { wide.taken };
            assert_eq!(taken, b"there is\nmore\nmore\nthere is\n");
        }
    }

    #[test]
    fn a_thousand_short_lines_leave_in_one_write() {
        let (mut outbox, mut to) = (Outbox::default(), Narrow::new(usize::MAX));
        for n in 0..1000 {
            outbox.push(Bytes::from(format!("line {n}\n")));
        }
        outbox.write(&mut to).unwrap();
        assert_eq!(to.writes, 1);
        assert!(to.slices <= 2, "{}", to.slices);
        assert!(to.taken.ends_with(b"line 999\n"));
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_single_piece_and_long_ones_are_shared_and_not_copied() {
        let short = Bytes::from_static(b"hello\n");
        let long = Bytes::from(vec![b'x'; SMALL + 1]);
        let mut outbox = Outbox::default();
        outbox.push(short.clone());
        outbox.push(long.clone());
        let kept: Vec<_> =
            outbox.pieces.iter().map(|piece| piece.bytes().unwrap().as_ptr()).collect();
        assert_eq!(kept, [short.as_ptr(), long.as_ptr()]);
    }

    #[test]
    fn an_empty_outbox_holds_no_memory() {
        let mut outbox = Outbox::default();
        for _ in 0..3 {
            outbox.push(Bytes::from_static(b"hello\n"));
        }
        outbox.write(&mut Narrow::new(usize::MAX)).unwrap();
        assert_eq!((outbox.pieces.capacity(), outbox.tail.capacity()), (0, 0));
    }

    #[test]
    fn a_writer_that_takes_nothing_is_an_error_and_no_endless_loop() {
        let mut outbox = Outbox::default();
        outbox.push(Bytes::from_static(b"hello\n"));
        let err = outbox.write(&mut Narrow::new(0)).unwrap_err();
        assert_eq!(err.kind(), ErrorKind::WriteZero);
        assert_eq!(outbox.clear(), 6);
    }

    proptest! {
        #[test]
        fn every_byte_leaves_once_and_in_order(
            pieces in prop::collection::vec((0usize..2 * SMALL, any::<bool>()), 0..60),
            room in 100usize..5000,
        ) {
            let (mut outbox, mut to) = (Outbox::default(), Narrow::new(room));
            let mut said = Vec::new();
            for (n, (len, write)) in pieces.into_iter().enumerate() {
                let piece: Vec<u8> = (0..len).map(|at| u8::try_from((n + at) % 251).unwrap()).collect();
                said.extend_from_slice(&piece);
                outbox.push(Bytes::from(piece));
                if write {
                    outbox.write(&mut to).unwrap();
                }
                prop_assert_eq!(outbox.len(), said.len() - to.taken.len());
            }
            while !outbox.is_empty() {
                outbox.write(&mut to).unwrap();
            }
            prop_assert_eq!(to.taken, said);
        }
    }
}
