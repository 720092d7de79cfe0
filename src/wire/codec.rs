//! Reads of any size become blocks of whole lines.

use std::time::Duration;

use bytes::Bytes;
use memchr::{memchr, memrchr};

use super::{Block, Line};
use crate::units::At;

/// How long an unfinished line waits for more before it is shown and recorded as a partial line.
///
/// Long enough for a line that was written in two halves, short enough for a prompt (`login: `).
pub const PARTIAL_AFTER: Duration = Duration::from_millis(100);

/// Cuts the bytes that one side of one conn said into [`Block`]s.
///
/// What a block holds depends on the bytes, on [`LineCodec::flush`] and on the bound, never on how
/// the bytes were cut into reads. Concatenated, the blocks are the bytes.
#[derive(Debug)]
pub struct LineCodec {
    max_line: usize,
    tail: Vec<u8>,
    fed: At,
    patience: Duration,
}

impl LineCodec {
    /// A codec that holds back at most `max_line` bytes of an unfinished line.
    #[must_use]
    pub fn new(max_line: usize) -> Self {
        let max_line = max_line.max(1);
        let patience = PARTIAL_AFTER;
        LineCodec { max_line, tail: Vec::new(), fed: At::START, patience }
    }

    /// The codec, with an unfinished line that waits so long for more before it is due.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Self {
        LineCodec { patience, ..self }
    }

    /// Takes what was read at `now`, and appends the blocks that this completes to `out`.
    ///
    /// A line longer than the bound comes as consecutive partial lines, each a block of its own.
    pub fn feed(&mut self, now: At, bytes: Bytes, out: &mut Vec<Block>) {
        if bytes.is_empty() {
            return;
        }
        self.fed = now;
        if self.tail.len() + bytes.len() > self.max_line {
            return self.feed_by_line(bytes, out);
        }
        let Some(last) = memrchr(b'\n', &bytes) else {
            self.tail.extend_from_slice(&bytes);
            return;
        };
        let mut whole = bytes.slice(..=last);
        if !self.tail.is_empty() {
            let first = memchr(b'\n', &whole).map_or(whole.len(), |at| at + 1);
            let mut line = std::mem::take(&mut self.tail);
            line.extend_from_slice(&whole.split_to(first));
            out.extend(Block::new(line));
        }
        out.extend(Block::new(whole));
        self.tail.extend_from_slice(&bytes[last + 1..]);
    }

    /// The unfinished line, or what is left of it, as a partial line: its time is up, something was
    /// sent on the conn, or the conn closed.
    pub fn flush(&mut self) -> Option<Block> {
        Block::new(std::mem::take(&mut self.tail))
    }

    /// The unfinished line that is held back.
    #[must_use]
    pub fn unfinished(&self) -> &[u8] {
        &self.tail
    }

    /// Drops the first `len` bytes of the unfinished line, which have been read; says how many those
    /// are.
    pub fn skip(&mut self, len: usize) -> usize {
        self.tail.drain(..len.min(self.tail.len())).count()
    }

    /// When [`LineCodec::flush`] is due, if an unfinished line is held back.
    #[must_use]
    pub fn deadline(&self) -> Option<At> {
        (!self.tail.is_empty()).then(|| self.fed + self.patience)
    }

    /// The slow way, for where some line may pass the bound: runs of lines within it still travel
    /// together.
    fn feed_by_line(&mut self, mut bytes: Bytes, out: &mut Vec<Block>) {
        let mut run = 0;
        while run < bytes.len() {
            let rest = &bytes[run..];
            let end = memchr(b'\n', rest).map(|at| at + 1);
            let len = end.unwrap_or(rest.len());
            let whole = end.is_some() && Line::cut(&rest[..len]).text.len() <= self.max_line;
            if whole && self.tail.is_empty() {
                run += len;
                continue;
            }
            out.extend(Block::new(bytes.split_to(run)));
            run = 0;
            self.feed_piece(&bytes.split_to(len), out);
        }
        out.extend(Block::new(bytes));
    }

    /// Takes a piece of one line, cutting the line at the bound. A line end belongs to the text before
    /// it, even if it does not fit.
    fn feed_piece(&mut self, piece: &[u8], out: &mut Vec<Block>) {
        self.tail.extend_from_slice(piece);
        let ended = self.tail.ends_with(b"\n");
        let text = match &*self.tail {
            [text @ .., b'\r'] => text.len(), // perhaps the first half of a line end
            all => Line::cut(all).text.len(),
        };
        let mut cut = 0;
        while text - cut > self.max_line {
            out.extend(Block::new(self.tail[cut..cut + self.max_line].to_vec()));
            cut += self.max_line;
        }
        self.tail.drain(..cut);
        if ended {
            out.extend(Block::new(std::mem::take(&mut self.tail)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Eol;
    use proptest::prelude::*;

    fn feed(codec: &mut LineCodec, reads: &[&[u8]]) -> Vec<Block> {
        let mut out = Vec::new();
        for read in reads {
            codec.feed(At::START, Bytes::copy_from_slice(read), &mut out);
        }
        out
    }

    fn texts(blocks: &[Block]) -> Vec<(String, Eol)> {
        let lines = blocks.iter().flat_map(Block::lines);
        lines.map(|line| (String::from_utf8_lossy(line.text).into_owned(), line.eol)).collect()
    }

    #[test]
    fn a_read_of_whole_lines_is_one_block_that_shares_the_bytes() {
        let read = Bytes::from_static(b"one\ntwo\r\nthree\n");
        let mut out = Vec::new();
        LineCodec::new(1024).feed(At::START, read.clone(), &mut out);
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].bytes().as_ptr(), read.as_ptr());
    }

    #[test]
    fn a_line_end_split_between_reads_is_one_line_end() {
        let mut codec = LineCodec::new(1024);
        assert_eq!(texts(&feed(&mut codec, &[b"a\r", b"\nb"])), [("a".into(), Eol::CrLf)]);
        assert_eq!(
            texts(&codec.flush().into_iter().collect::<Vec<_>>()),
            [("b".into(), Eol::None)]
        );
    }

    #[test]
    fn an_unfinished_line_is_due_100_ms_after_its_last_byte() {
        let mut codec = LineCodec::new(1024);
        let mut out = Vec::new();
        assert_eq!(codec.deadline(), None);
        codec.feed(At::from_micros(5), Bytes::from_static(b"log"), &mut out);
        codec.feed(At::from_micros(9), Bytes::from_static(b"in: "), &mut out);
        assert_eq!(codec.deadline(), Some(At::from_micros(100_009)));
        assert_eq!(codec.flush(), Block::new(&b"login: "[..]));
        assert_eq!((codec.deadline(), codec.flush()), (None, None));
        assert!(out.is_empty());
    }

    #[test]
    fn a_line_over_the_bound_comes_in_partial_lines() {
        let mut codec = LineCodec::new(4);
        let blocks = feed(&mut codec, &[b"ok\nabcdefghij\r\nxy\n"]);
        let wanted = [
            ("ok", Eol::Lf),
            ("abcd", Eol::None),
            ("efgh", Eol::None),
            ("ij", Eol::CrLf),
            ("xy", Eol::Lf),
        ];
        assert_eq!(texts(&blocks), wanted.map(|(text, eol)| (text.to_owned(), eol)));
    }

    #[test]
    fn a_line_of_just_the_bound_keeps_its_end() {
        let mut codec = LineCodec::new(4);
        let wanted = [("abcd".to_owned(), Eol::CrLf), ("e".to_owned(), Eol::Lf)];
        assert_eq!(texts(&feed(&mut codec, &[b"abcd\r\ne\n"])), wanted);
    }

    proptest! {
        #[test]
        fn concatenated_the_blocks_are_the_bytes(
            reads in prop::collection::vec((prop::collection::vec(prop::sample::select(&b"ab\r\n\xff"[..]), 0..12), any::<bool>()), 0..20),
            max_line in 1_usize..20,
        ) {
            let mut codec = LineCodec::new(max_line);
            let (mut out, mut said) = (Vec::new(), Vec::new());
            for (read, flush) in &reads {
                said.extend_from_slice(read);
                codec.feed(At::START, Bytes::copy_from_slice(read), &mut out);
                if *flush {
                    out.extend(codec.flush());
                }
            }
            out.extend(codec.flush());
            let heard: Vec<u8> = out.iter().flat_map(|block| block.bytes().to_vec()).collect();
            prop_assert_eq!(heard, said);
            for line in out.iter().flat_map(Block::lines) {
                let held = line.text.strip_suffix(b"\r").unwrap_or(line.text);
                prop_assert!(held.len() <= max_line);
            }
        }

        #[test]
        fn one_byte_at_a_time_makes_the_same_lines(
            said in prop::collection::vec(prop::sample::select(&b"abc\r\n"[..]), 0..60),
            max_line in prop::sample::select(&[1_usize, 2, 5, 1024][..]),
        ) {
            let (mut whole, mut bytewise) = (LineCodec::new(max_line), LineCodec::new(max_line));
            let at_once = feed(&mut whole, &[&said]);
            let bytes: Vec<&[u8]> = said.chunks(1).collect();
            let one_by_one = feed(&mut bytewise, &bytes);
            prop_assert_eq!(texts(&at_once), texts(&one_by_one));
        }
    }
}
