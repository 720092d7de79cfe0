//! A first look at a script in a file: whether any of its lines is more than text. A file that is but
//! data to be sent, of any size, has no fault that a parser could find.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::num::NonZero;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use memchr::memmem::Finder;

/// What is looked at at once, in bytes: it stays in the caches of a processor.
const CHUNK: usize = 64 << 10;

/// How much is looked at before another thread is worth its start, in bytes.
const SHARE: u64 = 8 << 20;

/// Whether a line of `file` begins with a `/`, from `start` on, where a line begins.
///
/// # Errors
/// It cannot be read.
pub(super) fn has_commands(file: &File, start: u64) -> io::Result<bool> {
    let mut first = [0];
    if file.read_at(&mut first, start)? == 1 && first == *b"/" {
        return Ok(true);
    }
    let len = file.metadata()?.len().saturating_sub(start);
    let most = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let shares = (len / SHARE).clamp(1, most);
    let place = |share| start + len / shares * share;
    let found = AtomicBool::new(false);
    thread::scope(|scope| {
        let others: Vec<_> = (1..shares)
            .map(|share| place(share)..place(share + 1))
            .map(|range| scope.spawn(|| look(file, range, &found)))
            .collect();
        let looked = look(file, start..place(1), &found);
        let rest = others.into_iter().map(|other| match other.join() {
            Ok(looked) => looked,
            Err(panicked) => panic::resume_unwind(panicked),
        });
        rest.fold(looked, io::Result::and)
    })?;
    // What was appended since then, if anything.
    look(file, place(shares)..u64::MAX, &found)?;
    Ok(found.into_inner())
}

/// Looks for lines that begin with a `/` behind the line ends in this part of the file, until it or
/// another has `found` one.
fn look(file: &File, range: Range<u64>, found: &AtomicBool) -> io::Result<()> {
    let finder = Finder::new(b"\n/");
    let mut buf = vec![0; CHUNK];
    let mut at = range.start;
    while at < range.end && !found.load(Ordering::Relaxed) {
        let n = match file.read_at(&mut buf, at) {
            Err(err) if err.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        if finder.find(&buf[..n]).is_some() {
            found.store(true, Ordering::Relaxed);
        }
        if n < 2 {
            break;
        }
        at += n as u64 - 1; // its last byte may be a line end
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn found(start: u64, parts: &[&[u8]]) -> bool {
        let mut file = tempfile::tempfile().unwrap();
        for part in parts {
            file.write_all(part).unwrap();
        }
        has_commands(&file, start).unwrap()
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
}
