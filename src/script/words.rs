//! What one peer said and no step has read yet.

use std::collections::VecDeque;

use bytes::Bytes;
use memchr::{memchr, memchr_iter};

use super::Next;
use crate::units::At;
use crate::wire::{Block, ConnId, Encoding, LineCodec};

/// The unread words of one conn.
#[derive(Debug)]
pub(super) struct Words {
    runs: VecDeque<Run>,
    /// How many lines `runs` has.
    kept: u64,
    /// Has the unfinished line.
    codec: LineCodec,
    /// When that line began to come.
    tail_came: Came,
    /// A step has read the unfinished line as far as it had come, and no more of it has.
    tail_read: bool,
    bytes: usize,
    /// How many ended lines came before those that are unread.
    ended_before: u64,
    /// The peer will say no more.
    silent: bool,
    /// Lines that were counted and not kept, and whether the last of them has yet to end.
    counted: u64,
    counting: bool,
    /// How the peer writes text.
    encoding: Encoding,
}

/// When the next line of a conn is to be read: whole lines before unfinished ones, and then what came
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    unfinished: bool,
    came: u64,
}

/// When something came: which arrival of the session it was, and the time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Came {
    pub(super) arrival: u64,
    pub(super) at: At,
}

/// Whole lines that came together, or one piece of a line that is too long.
#[derive(Debug)]
struct Run {
    came: Came,
    block: Block,
    lines: u64,
}

impl Rank {
    /// No unfinished line is before it, and all whole ones are.
    pub(super) const FIRST_UNFINISHED: Rank = Rank { unfinished: true, came: 0 };
}

impl Words {
    pub(super) fn new(max_line: usize, encoding: Encoding) -> Self {
        Words {
            runs: VecDeque::new(),
            kept: 0,
            codec: LineCodec::new(max_line),
            encoding,
            tail_came: Came { arrival: 0, at: At::START },
            tail_read: false,
            bytes: 0,
            ended_before: 0,
            silent: false,
            counted: 0,
            counting: false,
        }
    }

    /// The peer said this, which is to be kept.
    pub(super) fn push(&mut self, came: Came, bytes: &Bytes) {
        self.bytes += bytes.len();
        let mut begun = (!self.codec.unfinished().is_empty()).then_some(self.tail_came);
        let mut blocks = Vec::new();
        self.codec.feed(At::START, bytes.clone(), &mut blocks);
        for block in blocks {
            let Some(block) = self.without_read_line(block) else { continue };
            let (came, lines) = (begun.take().unwrap_or(came), block.count());
            self.kept += lines;
            self.runs.push_back(Run { came, block, lines });
        }
        self.tail_came = begun.unwrap_or(came);
    }

    /// What of a block is to be read: where a step has read all of a line but its end, that end is no
    /// line of its own. So it does not matter whether the two came together.
    fn without_read_line(&mut self, block: Block) -> Option<Block> {
        let read = std::mem::take(&mut self.tail_read);
        let Some(end) = read_end(block.bytes()).filter(|_| read) else { return Some(block) };
        self.bytes -= end;
        self.ended_before += 1;
        Block::new(block.bytes().slice(end..))
    }

    /// The peer said this, which nothing will read.
    pub(super) fn count(&mut self, bytes: &[u8]) {
        // The line that was being kept goes on: it counts once.
        let tail = self.codec.flush().map_or(0, |tail| tail.len());
        self.bytes -= tail;
        let read = std::mem::take(&mut self.tail_read) && tail == 0;
        let bytes = &bytes[read_end(bytes).filter(|_| read).unwrap_or_default()..];
        self.counted += ends(bytes);
        self.counting = !bytes.is_empty() && !bytes.ends_with(b"\n");
    }

    /// The peer will say no more.
    pub(super) fn end(&mut self) {
        self.silent = true;
    }

    /// Whether nothing more can be read, ever.
    pub(super) fn is_over(&self) -> bool {
        self.silent && self.bytes == 0
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many lines there are, kept or counted, an unfinished one included.
    pub(super) fn lines(&self) -> u64 {
        let unfinished = self.counting || !self.codec.unfinished().is_empty();
        self.kept + self.counted + u64::from(unfinished)
    }

    /// When the next line is to be read; `None` where there is nothing.
    pub(super) fn rank(&self) -> Option<Rank> {
        if let Some(run) = self.runs.front() {
            return Some(Rank { unfinished: false, came: run.came.arrival });
        }
        let tail = !self.codec.unfinished().is_empty();
        tail.then_some(Rank { unfinished: !self.silent, came: self.tail_came.arrival })
    }

    /// The next line.
    pub(super) fn next(&self, conn: ConnId) -> Option<Next<'_>> {
        let (bytes, whole, came) = match self.runs.front() {
            Some(run) => {
                let bytes = run.block.bytes();
                let end = memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
                (&bytes[..end], true, run.came.at)
            }
            None => (self.codec.unfinished(), self.silent, self.tail_came.at),
        };
        let (ordinal, encoding) = (self.ended_before + 1, self.encoding);
        let next = Next { conn, bytes, whole, came, ordinal, encoding };
        (!bytes.is_empty()).then_some(next)
    }

    /// What has come of the line that has not ended, if one has begun and more may come.
    pub(super) fn begun(&self) -> Option<&[u8]> {
        Some(self.codec.unfinished()).filter(|begun| !self.silent && !begun.is_empty())
    }

    /// All its lines.
    pub(super) fn all(&self, conn: ConnId) -> impl Iterator<Item = Next<'_>> {
        let kept = self.runs.iter().flat_map(|run| {
            let lines = run.block.bytes().split_inclusive(|byte| *byte == b'\n');
            lines.map(|line| (line, true, run.came.at))
        });
        let tail = (self.codec.unfinished(), self.silent, self.tail_came.at);
        let lines = kept.chain((!tail.0.is_empty()).then_some(tail));
        let (mut ended, encoding) = (self.ended_before, self.encoding);
        lines.map(move |(bytes, whole, came)| {
            let ordinal = ended + 1;
            ended += u64::from(bytes.ends_with(b"\n"));
            Next { conn, bytes, whole, came, ordinal, encoding }
        })
    }

    /// The first `len` bytes of the oldest run, or of the unfinished line where there is none, have
    /// been read.
    pub(super) fn consume(&mut self, len: usize) {
        let Some(run) = self.runs.front_mut() else {
            self.bytes -= self.codec.skip(len);
            return;
        };
        if len >= run.block.len() {
            self.bytes -= run.block.len();
            self.kept -= run.lines;
            self.ended_before += run.lines - u64::from(run.block.is_partial());
            self.runs.pop_front();
            return;
        }
        let mut rest = run.block.bytes().clone();
        let ended = ends(&rest.split_to(len));
        self.bytes -= len;
        self.kept -= ended;
        self.ended_before += ended;
        run.lines -= ended;
        if let Some(rest) = Block::new(rest) {
            run.block = rest;
        }
    }

    /// The unfinished line has been read as far as it has come. If nothing but its end follows, that is
    /// no line of its own.
    pub(super) fn read_unfinished(&mut self) {
        self.bytes -= self.codec.flush().map_or(0, |tail| tail.len());
        self.tail_read = true;
    }

    /// Drops as many of the oldest lines as have `excess` bytes or a little more, at most the oldest
    /// run of them.
    pub(super) fn drop_oldest(&mut self, excess: usize) {
        let oldest = self.runs.front().map_or(self.codec.unfinished(), |run| run.block.bytes());
        let cut = excess.clamp(1, oldest.len().max(1)) - 1;
        let end = oldest.get(cut..).and_then(|rest| memchr(b'\n', rest));
        let len = end.map_or(oldest.len(), |at| cut + at + 1);
        self.consume(len);
    }
}

/// How long the line end is that `bytes` begin with.
fn read_end(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => None,
    }
}

fn ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
