//! What is said to all in one turn.
//!
//! However many say something in a turn, each conn is given it once, as one piece that all of them share
//! but for what is their own: in a room of thousands, copies of a line for each would be most of its
//! memory, and a write for each most of its time.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::wire::ConnId;

/// With fewer conns, what is said is not put together: the copy costs more than it saves.
const MANY: usize = 4;

/// Nor is more than this, in bytes: much goes as it came.
const MUCH: usize = 16 << 10;

/// What was said to all since it was last handed out.
#[derive(Default)]
pub(super) struct Broadcast {
    said: Vec<Said>,
}

struct Said {
    /// Who does not hear it.
    from: Option<ConnId>,
    bytes: Bytes,
    /// Where it ends in all that was said.
    end: usize,
}

impl Broadcast {
    /// Says something to all, except for one.
    pub(super) fn push(&mut self, from: Option<ConnId>, bytes: Bytes) {
        let end = self.end(self.said.len()) + bytes.len();
        self.said.push(Said { from, bytes, end });
    }

    /// How often something was said.
    pub(super) fn len(&self) -> usize {
        self.said.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// Where the first so many end.
    fn end(&self, count: usize) -> usize {
        count.checked_sub(1).and_then(|last| self.said.get(last)).map_or(0, |said| said.end)
    }

    /// What a conn hears of what was said after the first `heard`.
    pub(super) fn since(&self, heard: usize, id: ConnId) -> impl Iterator<Item = Bytes> {
        let rest = self.said.get(heard..).unwrap_or_default().iter();
        rest.filter(move |said| said.from != Some(id)).map(|said| said.bytes.clone())
    }

    /// The same, as ranges of [`Broadcast::together`].
    pub(super) fn runs(&self, heard: usize, id: ConnId) -> impl Iterator<Item = Range<usize>> {
        let rest = self.said.get(heard..).unwrap_or_default();
        let runs = rest.split(move |said| said.from == Some(id)).filter(|run| !run.is_empty());
        runs.filter_map(|run| {
            let (first, last) = (run.first()?, run.last()?);
            Some(first.end - first.bytes.len()..last.end)
        })
    }

    /// All that was said in one piece, for so many conns; `None` where each is to be given the pieces as
    /// they came.
    pub(super) fn together(&self, conns: usize) -> Option<Bytes> {
        let len = self.end(self.said.len());
        if self.said.len() > 1 && conns >= MANY && len <= MUCH {
            let mut all = BytesMut::with_capacity(len);
            for said in &self.said {
                all.extend_from_slice(&said.bytes);
            }
            return Some(all.freeze());
        }
        None
    }

    /// All of it was handed out.
    pub(super) fn clear(&mut self) {
        self.said.clear();
        if self.said.capacity() > 64 {
            self.said = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hears_all_but_its_own_and_what_was_before_it() {
        let [one, two, three] = [1, 2, 3].map(|n| ConnId::new(n).unwrap());
        let mut broadcast = Broadcast::default();
        let said = [(one, "a"), (two, "bb"), (one, "c"), (three, "dd"), (three, "e")];
        for (from, text) in said {
            broadcast.push(Some(from), Bytes::from_static(text.as_bytes()));
        }
        broadcast.push(None, Bytes::from_static(b"f"));
        let all = broadcast.together(MANY).unwrap();
        for (id, heard, wanted) in [
            (one, 0, "bbddef"),
            (two, 0, "acddef"),
            (three, 0, "abbcf"),
            (three, 3, "f"),
            (two, 2, "cddef"),
            (two, 6, ""),
        ] {
            let runs = broadcast.runs(heard, id).map(|run| all.slice(run));
            let together: Vec<u8> = runs.flat_map(|run| run.to_vec()).collect();
            let apart: Vec<u8> = broadcast.since(heard, id).flat_map(|s| s.to_vec()).collect();
            assert_eq!((&*together, &*apart), (wanted.as_bytes(), wanted.as_bytes()), "{heard}");
        }
        assert!(broadcast.together(MANY - 1).is_none());
        broadcast.clear();
        assert!(broadcast.is_empty() && broadcast.together(MANY).is_none());
    }
}
