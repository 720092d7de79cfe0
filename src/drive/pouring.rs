//! A file of text that goes from the file to a socket, without coming here.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr;

use super::prescan::{Cut, next_cut, read};
use crate::script::What;

/// How much of its first line a part of a file has with it, for errors, in bytes.
const SHOWN: usize = 4 << 10;

/// The parts of a file that are still to be sent. What is behind the last of them is to be read.
#[derive(Debug)]
pub(super) struct Pouring {
    file: Arc<File>,
    /// Where the next one begins.
    at: Cut,
    cuts: Cuts,
}

/// Where a file is cut.
#[derive(Debug)]
enum Cuts {
    /// At these places, which a look at all of it found.
    Known(std::vec::IntoIter<Cut>),
    /// Anywhere: it is data. It is looked at as it is sent, so that nobody waits for a look at all of it.
    Anywhere,
}

impl Pouring {
    /// Has a file of lines, which stands at `start`, sent up to the last of these cuts.
    pub(super) fn lines(file: Arc<File>, start: u64, cuts: Vec<Cut>) -> Pouring {
        Pouring { file, at: Cut { at: start, ends: 0 }, cuts: Cuts::Known(cuts.into_iter()) }
    }

    /// Has a file of data, which stands at `start`, sent.
    pub(super) fn data(file: Arc<File>, start: u64) -> Pouring {
        Pouring { file, at: Cut { at: start, ends: 0 }, cuts: Cuts::Anywhere }
    }

    /// The next part, and the number of its first line. The file stands behind it then.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, What)>> {
        let cut = match &mut self.cuts {
            Cuts::Known(cuts) => cuts.next(),
            Cuts::Anywhere => next_cut(&self.file, self.at)?,
        };
        let Some(cut) = cut else { return Ok(None) };
        let begin = std::mem::replace(&mut self.at, cut);
        let range = begin.at..cut.at;
        let first = self.first_line(&range)?;
        (&*self.file).seek(SeekFrom::Start(range.end))?;
        Ok(Some((begin.ends + 1, What::File { range, first })))
    }

    /// How many line ends are before what comes next.
    pub(super) fn ends(&self) -> u64 {
        self.at.ends
    }

    fn first_line(&self, range: &Range<u64>) -> io::Result<Bytes> {
        let room = usize::try_from(range.end - range.start).map_or(SHOWN, |len| len.min(SHOWN));
        let mut buf = vec![0; room];
        let first = read(&self.file, &mut buf, range.start)?;
        let end = memchr(b'\n', first).unwrap_or(first.len());
        Ok(Bytes::copy_from_slice(&first[..end]))
    }
}
