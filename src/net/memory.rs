//! A connection in memory, so narrow that every write and every read is a partial one: for tests.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use super::portion::Pour;
use super::stream::Stream;

/// Bytes that one direction holds.
const CAPACITY: usize = 8;

/// One end of the connection.
#[derive(Debug)]
pub(super) struct End {
    reads: Rc<RefCell<Pipe>>,
    writes: Rc<RefCell<Pipe>>,
}

/// One direction.
#[derive(Debug, Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    ended: bool,
    reset: bool,
}

/// Both ends.
pub(super) fn pair() -> (End, End) {
    let (a, b) = (Rc::new(RefCell::default()), Rc::new(RefCell::default()));
    (End { reads: Rc::clone(&a), writes: Rc::clone(&b) }, End { reads: b, writes: a })
}

impl End {
    /// All that can be read now.
    pub(super) fn hear(&mut self) -> Vec<u8> {
        self.reads.borrow_mut().bytes.drain(..).collect()
    }

    /// How many bytes can be read now.
    pub(super) fn unheard(&self) -> usize {
        self.reads.borrow().bytes.len()
    }

    /// Whether the other end has half-closed.
    pub(super) fn has_eof(&self) -> bool {
        self.reads.borrow().ended
    }
}

impl Read for End {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.reads.borrow_mut();
        if pipe.bytes.is_empty() && pipe.reset {
            return Err(ErrorKind::ConnectionReset.into());
        }
        if pipe.bytes.is_empty() && !pipe.ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        let n = buf.len().min(pipe.bytes.len());
        for (to, byte) in buf.iter_mut().zip(pipe.bytes.drain(..n)) {
            *to = byte;
        }
        Ok(n)
    }
}

impl Write for End {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.reads.borrow().reset {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let mut pipe = self.writes.borrow_mut();
        let n = buf.len().min(CAPACITY - pipe.bytes.len());
        if n == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        pipe.bytes.extend(&buf[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pour for End {}

impl Stream for End {
    fn short_read_is_all(&self) -> bool {
        true
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.writes.borrow_mut().ended = true;
        Ok(())
    }

    fn reset_on_drop(&mut self) {
        self.writes.borrow_mut().reset = true;
    }

    fn take_error(&mut self) -> Option<io::Error> {
        self.reads.borrow().reset.then(|| ErrorKind::ConnectionReset.into())
    }
}
