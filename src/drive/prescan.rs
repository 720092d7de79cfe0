//! A look at a file before it is sent: whether any line of a script is more than text, and where it can be
//! cut. A script that is but text, of any size, has no fault that a parser could find.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::num::NonZero;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};

/// What is looked at at once, in bytes: it stays in the caches of a processor.
const CHUNK: usize = 64 << 10;

/// How much is looked at before another thread is worth its start, in bytes.
const SHARE: u64 = 8 << 20;

/// How far two cuts are apart, about, in bytes; up to twice as far where two threads meet, and as far as a line
/// is long. Many times what a socket takes at once.
pub(super) const PORTION: u64 = 512 << 10;

/// What was found in a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// A line begins with a `/`.
    Commands,
    /// All is text.
    Text {
        /// Places behind line ends, a portion apart.
        cuts: Vec<Cut>,
        /// Some of it is a `\r`, which may be a part of a line end.
        returns: bool,
    },
}

/// A place where a file is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    /// How many bytes are before it.
    pub(super) at: u64,
    /// How many line ends are, of those that were looked at.
    pub(super) ends: u64,
}

/// Looks at the script `file` from `start` on, where a line begins.
///
/// # Errors
/// It cannot be read.
pub(super) fn look(file: &File, start: u64) -> io::Result<Looked> {
    let commands = AtomicBool::new(false);
    let all = Looker { file, start, commands: &commands }.all()?;
    if commands.into_inner() {
        return Ok(Looked::Commands);
    }
    Ok(Looked::Text { cuts: all.cuts, returns: all.returns })
}

/// The next place to cut `file`, which is data, behind `from`: a portion further, be a line end there or not.
/// `None` where the file has no more than that.
///
/// # Errors
/// It cannot be read.
pub(super) fn next_cut(file: &File, from: Cut) -> io::Result<Option<Cut>> {
    let mut buf = vec![0; CHUNK];
    let Cut { mut at, mut ends } = from;
    while at < from.at + PORTION {
        let read = read(file, &mut buf, at)?;
        if read.is_empty() {
            return Ok(None);
        }
        ends += ends_in(read);
        at += read.len() as u64;
    }
    Ok(Some(Cut { at, ends }))
}

/// What stands in a part of the file.
#[derive(Debug, Default)]
struct Share {
    cuts: Vec<Cut>,
    ends: u64,
    returns: bool,
}

impl Share {
    /// This, and what follows it.
    fn then(mut self, next: &Share) -> Share {
        let before = self.ends;
        self.cuts.extend(next.cuts.iter().map(|cut| Cut { ends: before + cut.ends, ..*cut }));
        Share { ends: before + next.ends, returns: self.returns || next.returns, ..self }
    }
}

/// Who looks at parts of a file.
#[derive(Clone, Copy)]
struct Looker<'a> {
    file: &'a File,
    /// Where a line begins.
    start: u64,
    /// Whether a line was found that begins with a `/`.
    commands: &'a AtomicBool,
}

impl Looker<'_> {
    /// Looks at all of the file, with as many threads as there are processors.
    fn all(self) -> io::Result<Share> {
        let len = self.file.metadata()?.len().saturating_sub(self.start);
        let most = thread::available_parallelism().map_or(1, NonZero::get) as u64;
        let shares = (len / SHARE).clamp(1, most);
        let place = |share| self.start + len / shares * share;
        let all = thread::scope(|scope| {
            let others: Vec<_> = (1..shares)
                .map(|share| place(share)..place(share + 1))
                .map(|range| scope.spawn(|| self.share(range)))
                .collect();
            let first = self.share(self.start..place(1));
            let others = others.into_iter().map(|other| match other.join() {
                Ok(looked) => looked,
                Err(panicked) => panic::resume_unwind(panicked),
            });
            others.fold(first, |all, other| Ok(all?.then(&other?)))
        })?;
        // What was appended since then, if anything.
        Ok(all.then(&self.share(place(shares)..u64::MAX)?))
    }

    /// Looks at this part of the file, or until a command was found in it or in another.
    fn share(self, range: Range<u64>) -> io::Result<Share> {
        let slash = Finder::new(b"\n/");
        let mut buf = vec![0; CHUNK];
        let (mut share, mut at, mut cut) = (Share::default(), range.start, range.start);
        let mut begins = at == self.start || read(self.file, &mut buf[..1], at - 1)? == b"\n";
        while at < range.end && !self.commands.load(Ordering::Relaxed) {
            let room = usize::try_from(range.end - at).map_or(CHUNK, |rest| rest.min(CHUNK));
            let read = read(self.file, &mut buf[..room], at)?;
            if read.is_empty() {
                break;
            }
            if begins && read.starts_with(b"/") || slash.find(read).is_some() {
                self.commands.store(true, Ordering::Relaxed);
            }
            begins = read.ends_with(b"\n");
            share.returns = share.returns || memchr(b'\r', read).is_some();
            if at + read.len() as u64 >= cut + PORTION
                && let Some(end) = memrchr(b'\n', read)
            {
                let (before, behind) = read.split_at(end + 1);
                cut = at + before.len() as u64;
                share.ends += ends_in(before);
                share.cuts.push(Cut { at: cut, ends: share.ends });
                share.ends += ends_in(behind);
            } else {
                share.ends += ends_in(read);
            }
            at += read.len() as u64;
        }
        Ok(share)
    }
}

/// Reads once. Nothing is the end.
pub(super) fn read<'a>(file: &File, buf: &'a mut [u8], at: u64) -> io::Result<&'a [u8]> {
    loop {
        match file.read_at(buf, at) {
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            read => return read.map(|n| &buf[..n]),
        }
    }
}

/// How many line ends there are.
pub(super) fn ends_in(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn written(parts: &[&[u8]]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        for part in parts {
            file.write_all(part).unwrap();
        }
        file
    }

    fn looked(start: u64, parts: &[&[u8]]) -> Looked {
        look(&written(parts), start).unwrap()
    }

    fn found(start: u64, parts: &[&[u8]]) -> bool {
        looked(start, parts) == Looked::Commands
    }

    #[test]
    fn a_slash_counts_where_a_line_begins() {
        assert!(found(0, &[b"/quit\n"]));
        assert!(found(0, &[b"\n/"]));
        assert!(found(0, &[b"a\r\n//b\n"]));
        assert!(!found(0, &[b""]) && !found(0, &[b"a"]) && !found(0, &[b"a/b\n \n"]));
        assert!(!found(6, &[b"/quit\na\n"]) && found(2, &[b"a\n/quit\n"]));
    }

    #[test]
    fn where_the_file_is_cut_into_chunks_and_shares_does_not_matter() {
        let share = usize::try_from(SHARE).unwrap();
        let text = vec![b'\n'; 4 * share];
        assert!(!found(0, &[&text]));
        for before in [CHUNK - 1, CHUNK, 2 * share - 1, 2 * share, 2 * share + 1, 4 * share - 1] {
            assert!(found(0, &[&text[..before], b"/", &text[before..]]), "{before}");
            assert!(!found(0, &[&text[..before], b"x/", &text[before..]]), "{before}");
        }
    }

    #[test]
    fn cuts_are_behind_line_ends_that_were_counted() {
        let line = b"twelve bytes";
        let text = [line, &b"\n"[..]].concat().repeat(3 << 20);
        let Looked::Text { cuts, returns } = looked(13, &[&text, b"no end"]) else {
            panic!("commands");
        };
        assert!(!returns);
        assert!(cuts.len() > 40, "{}", cuts.len());
        let apart = PORTION / 2..2 * (PORTION + CHUNK as u64);
        assert!(cuts.is_sorted_by(|one, next| apart.contains(&(next.at - one.at))), "{cuts:?}");
        assert!(cuts.iter().all(|cut| cut.at == (cut.ends + 1) * 13), "{cuts:?}");
    }

    #[test]
    fn a_return_is_told_and_a_line_without_end_not_cut() {
        let long = vec![b'x'; 3 << 20];
        assert_eq!(looked(0, &[&long]), Looked::Text { cuts: vec![], returns: false });
        let Looked::Text { cuts, returns } = looked(0, &[&long, b"\r\n", &long]) else {
            panic!("commands");
        };
        assert_eq!((cuts, returns), (vec![Cut { at: (3 << 20) + 2, ends: 1 }], true));
    }

    #[test]
    fn data_is_cut_wherever_it_is_and_its_line_ends_are_counted() {
        let file = written(&[&b"x\n".repeat(1 << 20), b"y"]);
        let mut cut = Cut { at: 3, ends: 1 };
        let mut parts = 0;
        while let Some(next) = next_cut(&file, cut).unwrap() {
            assert!((cut.at + PORTION..cut.at + PORTION + CHUNK as u64).contains(&next.at));
            assert_eq!(next.ends, next.at / 2);
            (cut, parts) = (next, parts + 1);
        }
        assert_eq!(parts, 3, "the rest is less than a portion");
    }
}
