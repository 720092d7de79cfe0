//! Text on its way to the screen: a queue with a bound.

use std::collections::VecDeque;

/// Text that waits for the screen, whole lines in order.
///
/// Over its bound it leaves off the lines that have waited longest, but for a screenful or two of the
/// newest, and says in their place how many they were. What this program itself tells stays, unless
/// that alone takes more than half of the bound.
#[derive(Debug)]
pub(super) struct Backlog {
    pieces: VecDeque<Piece>,
    /// What they cost.
    bytes: usize,
    bound: usize,
    /// Pieces ever queued, and of these the ones that left: printed, or left off.
    pushed: u64,
    gone: u64,
}

/// What a piece costs besides its text.
const OVERHEAD: usize = size_of::<Piece>();

/// A piece shorter than this, or than a 64th of the bound, takes in the text that follows it: a flood
/// may come in small reads.
const SMALL: usize = 4 << 10;

#[derive(Debug)]
struct Piece {
    text: String,
    /// How much of `text` has been taken.
    taken: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Lines of the conversation.
    Lines,
    /// What must not get lost in them.
    Told,
    /// Lines that were left off here; the text is empty.
    Gap(u64),
}

impl Backlog {
    /// An empty one that takes up to `bound` bytes.
    pub(super) fn new(bound: usize) -> Self {
        Backlog { pieces: VecDeque::new(), bytes: 0, bound, pushed: 0, gone: 0 }
    }

    /// Queues lines of the conversation.
    pub(super) fn push_lines(&mut self, text: String) {
        self.push(text, Kind::Lines);
    }

    /// Queues what must not get lost among them.
    pub(super) fn push_told(&mut self, text: String) {
        self.push(text, Kind::Told);
    }

    /// Puts back, in front of all, what was taken and could not be shown.
    pub(super) fn put_back(&mut self, text: String) {
        self.bytes += OVERHEAD + text.len();
        self.gone = self.gone.saturating_sub(1);
        self.pieces.push_front(Piece { text, taken: 0, kind: Kind::Told });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How many pieces were ever queued: with [`Backlog::gone`], tells when one's own is through.
    pub(super) fn pushed(&self) -> u64 {
        self.pushed
    }

    /// How many of them have left.
    pub(super) fn gone(&self) -> u64 {
        self.gone
    }

    /// Takes whole lines, in order, up to about `limit` bytes; more only where one line is longer.
    /// `gap` writes the line that stands for lines left off.
    pub(super) fn take(&mut self, limit: usize, gap: impl Fn(u64) -> String) -> String {
        let mut chunk = String::new();
        while chunk.len() < limit {
            let Some(piece) = self.pieces.front_mut() else { break };
            let rest = &piece.text[piece.taken..];
            let room = limit - chunk.len();
            let len = if rest.len() <= room {
                rest.len()
            } else {
                whole_lines(rest, room, chunk.is_empty())
            };
            if len == 0 && !rest.is_empty() {
                break;
            }
            chunk.push_str(&rest[..len]);
            if let Kind::Gap(lines) = piece.kind {
                chunk.push_str(&gap(lines));
            }
            piece.taken += len;
            self.bytes -= len;
            if piece.taken == piece.text.len() {
                self.gone += u64::from(!matches!(piece.kind, Kind::Gap(_)));
                self.bytes -= OVERHEAD;
                self.pieces.pop_front();
            }
        }
        chunk
    }

    /// Forgets all: nobody will see it.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.bytes = 0;
        self.gone = self.pushed;
    }

    fn push(&mut self, text: String, kind: Kind) {
        if text.is_empty() {
            return;
        }
        self.bytes += text.len();
        let small = SMALL.min(self.bound / 64);
        match self.pieces.back_mut() {
            Some(last) if last.kind == kind && last.text.len() < small => last.text.push_str(&text),
            _ => {
                self.bytes += OVERHEAD;
                self.pushed += 1;
                self.pieces.push_back(Piece { text, taken: 0, kind });
            }
        }
        if self.bytes > self.bound {
            // Far below the bound, so that a lasting flood has a few wide gaps and not many small ones,
            // and so that going through all the pieces is rare.
            self.leave_off(self.bound / 16, |kind| kind == Kind::Told);
            if self.bytes > self.bound / 2 {
                self.leave_off(self.bound / 16, |_| false);
            }
        }
    }

    /// Turns the oldest pieces into gaps until `keep` bytes are left, or no piece that may go.
    fn leave_off(&mut self, keep: usize, stays: impl Fn(Kind) -> bool) {
        let mut kept: VecDeque<Piece> = VecDeque::new();
        while let Some(mut piece) = self.pieces.pop_front() {
            let newest = self.pieces.is_empty();
            match piece.kind {
                Kind::Gap(lines) => self.bytes -= widen_gap(&mut kept, lines),
                kind if newest || self.bytes <= keep || stays(kind) => kept.push_back(piece),
                _ => {
                    let rest = piece.text.split_off(piece.taken);
                    self.gone += 1;
                    self.bytes -= rest.len() + widen_gap(&mut kept, lines_of(&rest));
                }
            }
        }
        self.pieces = kept;
    }
}

/// Puts a gap in the place of a piece that came next. How much less that costs, text apart: nothing,
/// unless it only widens the gap before it.
fn widen_gap(pieces: &mut VecDeque<Piece>, lines: u64) -> usize {
    if let Some(Piece { kind: Kind::Gap(before), .. }) = pieces.back_mut() {
        *before += lines;
        return OVERHEAD;
    }
    pieces.push_back(Piece { text: String::new(), taken: 0, kind: Kind::Gap(lines) });
    0
}

/// The length of the whole lines within the first `room` bytes; of the first line, if it is longer
/// than that and `at_least_one` is asked for.
fn whole_lines(text: &str, room: usize, at_least_one: bool) -> usize {
    let bytes = text.as_bytes();
    if let Some(end) = bytes[..room].iter().rposition(|byte| *byte == b'\n') {
        return end + 1;
    }
    if !at_least_one {
        return 0;
    }
    bytes.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1)
}

fn lines_of(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(backlog: &mut Backlog, limit: usize) -> Vec<String> {
        let mut chunks = Vec::new();
        while !backlog.is_empty() {
            chunks.push(backlog.take(limit, |lines| format!("({lines})\n")));
        }
        chunks
    }

    #[test]
    fn chunks_are_whole_lines() {
        let mut backlog = Backlog::new(500);
        backlog.push_lines("one\ntwo\n".into());
        backlog.push_lines("a line longer than the limit\nend\n".into());
        assert_eq!(
            all(&mut backlog, 10),
            ["one\ntwo\n", "a line longer than the limit\n", "end\n"]
        );
        assert_eq!((backlog.pushed(), backlog.gone(), backlog.bytes), (2, 2, 0));
    }

    #[test]
    fn the_middle_of_a_flood_is_left_off_and_counted() {
        let mut backlog = Backlog::new(160 + 16 * OVERHEAD);
        backlog.push_lines("first\n".into());
        assert_eq!(backlog.take(100, |_| unreachable!()), "first\n");
        for n in 0..100 {
            backlog.push_lines(format!("{n:04}\n{n:04}+\n"));
        }
        let shown = all(&mut backlog, 1 << 20).concat();
        let gap: u64 = shown.lines().next().unwrap().trim_matches(['(', ')']).parse().unwrap();
        assert_eq!(gap + shown.lines().skip(1).count() as u64, 200);
        assert!(shown.ends_with("0099\n0099+\n"), "{shown}");
        assert_eq!(backlog.pushed(), backlog.gone());
    }

    #[test]
    fn what_is_told_survives_the_flood_in_its_place() {
        let mut backlog = Backlog::new(100 + 12 * OVERHEAD);
        for n in 0..50 {
            backlog.push_lines(format!("line {n}\n"));
            if n == 20 {
                backlog.push_told("-- guest-1 left\n".into());
            }
        }
        let shown = all(&mut backlog, 1 << 20).concat();
        assert!(shown.starts_with("(21)\n-- guest-1 left\n("), "{shown}");
        assert!(shown.ends_with("line 49\n"));
    }

    #[test]
    fn what_is_told_has_a_bound_too() {
        let bound = 100 + 5 * OVERHEAD;
        let mut backlog = Backlog::new(bound);
        for n in 0..1000 {
            backlog.push_told(format!("-- guest-{n} joined\n"));
            assert!(backlog.bytes <= bound);
        }
        assert!(all(&mut backlog, 1 << 20).concat().ends_with("-- guest-999 joined\n"));
    }

    /// What it holds on the heap.
    fn memory(backlog: &Backlog) -> usize {
        let texts: usize = backlog.pieces.iter().map(|piece| piece.text.capacity()).sum();
        texts + backlog.pieces.capacity() * size_of::<Piece>()
    }

    #[test]
    fn a_flood_of_small_pieces_takes_no_more_than_twice_the_bound() {
        const BOUND: usize = 1 << 20;
        for tell_each in [1, 2, 100, usize::MAX] {
            let mut backlog = Backlog::new(BOUND);
            for n in 0..BOUND {
                if n.is_multiple_of(tell_each) {
                    backlog.push_told("!\n".into());
                } else {
                    backlog.push_lines("x\n".into());
                }
                assert!(!n.is_multiple_of(1 << 10) || memory(&backlog) <= 2 * BOUND, "{n}");
            }
            assert!(backlog.take(BOUND, |_| String::new()).ends_with('\n'));
        }
    }
}
