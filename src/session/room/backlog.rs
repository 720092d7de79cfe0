//! What late comers are told of what was said before.

use std::collections::VecDeque;

use bytes::Bytes;
use memchr::memchr_iter;

/// The lines that were passed on last: at most so many, and no more bytes than a newcomer's outbox bears.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    most_lines: usize,
    most_bytes: usize,
    blocks: VecDeque<Bytes>,
    lines: usize,
    bytes: usize,
}

impl Backlog {
    pub(super) fn new(most_lines: usize, most_bytes: usize) -> Backlog {
        Backlog { most_lines, most_bytes, ..Backlog::default() }
    }

    /// Keeps whole lines, and drops the oldest that there is no more room for.
    pub(super) fn push(&mut self, block: &Bytes) {
        if self.most_lines == 0 {
            return;
        }
        self.lines += ends(block);
        self.bytes += block.len();
        self.blocks.push_back(block.clone());
        while self.lines > self.most_lines || self.bytes > self.most_bytes {
            self.drop_first();
        }
    }

    /// Drops as many lines of the oldest block as are too many, or one line.
    fn drop_first(&mut self) {
        let Some(mut first) = self.blocks.pop_front() else { return };
        let (lines, bytes) = (ends(&first), first.len());
        let surplus = self.lines.saturating_sub(self.most_lines).max(1);
        (self.lines, self.bytes) = (self.lines - lines, self.bytes - bytes);
        if surplus < lines {
            let cut = memchr_iter(b'\n', &first).nth(surplus - 1).map_or(bytes, |at| at + 1);
            first = first.slice(cut..);
            (self.lines, self.bytes) = (self.lines + lines - surplus, self.bytes + first.len());
            self.blocks.push_front(first);
        }
    }

    /// What is kept, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.blocks.iter()
    }
}

fn ends(block: &Bytes) -> usize {
    memchr_iter(b'\n', block).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(most: (usize, usize), blocks: &[&'static str]) -> String {
        let mut backlog = Backlog::new(most.0, most.1);
        for block in blocks {
            backlog.push(&Bytes::from_static(block.as_bytes()));
        }
        assert_eq!(backlog.lines, backlog.iter().map(ends).sum::<usize>());
        assert_eq!(backlog.bytes, backlog.iter().map(Bytes::len).sum::<usize>());
        backlog.iter().map(|block| String::from_utf8_lossy(block)).collect()
    }

    #[test]
    fn the_last_lines_are_kept_wherever_blocks_end() {
        assert_eq!(kept((3, 100), &["a\nb\n", "c\n", "d\ne\n"]), "c\nd\ne\n");
        assert_eq!(kept((2, 100), &["a\nb\nc\nd\n"]), "c\nd\n");
        assert_eq!(kept((4, 100), &["a\nb\nc\n", "d\ne\n"]), "b\nc\nd\ne\n");
        assert_eq!(kept((9, 100), &["a\n"]), "a\n");
        assert_eq!(kept((0, 100), &["a\n"]), "");
    }

    #[test]
    fn long_lines_count_by_their_bytes() {
        assert_eq!(kept((9, 6), &["aaaa\n", "b\n", "c\n"]), "b\nc\n");
        assert_eq!(kept((9, 6), &["a\nb\nc\nd\n"]), "b\nc\nd\n");
        assert_eq!(kept((9, 6), &["aaaaaaaaaaaa\n"]), "");
    }
}
