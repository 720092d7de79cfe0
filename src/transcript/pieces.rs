//! A long block of lines as several shorter ones.

use memchr::{memchr, memrchr};

use crate::session::{Record, Recorded};
use crate::wire::Block;

/// `record` as records of at most `most` bytes each; a line that is longer has a record of its own.
/// What is no block of lines stays as it is.
pub(super) fn pieces(record: &Record, most: usize) -> Vec<Record> {
    let Recorded::Said { from, block, send, wants, secrets } = &record.what else {
        return vec![record.clone()];
    };
    let (mut rest, mut first, mut send) = (block.bytes().clone(), 0, send.clone());
    let mut all = Vec::new();
    while let Some(piece) = Block::new(rest.split_to(end_of_piece(&rest, most))) {
        // A block has fewer lines than bytes, which fit into memory.
        let next = first + usize::try_from(piece.count()).unwrap_or(usize::MAX);
        let here = |all: &[(usize, String)]| {
            let here = all.iter().filter(|(line, _)| (first..next).contains(line));
            here.map(|(line, text)| (line - first, text.clone())).collect()
        };
        let (wants, secrets) = (here(wants), here(secrets));
        let what = Recorded::Said { from: *from, block: piece, send: send.take(), wants, secrets };
        all.push(Record { what, ..record.clone() });
        first = next;
    }
    all
}

fn end_of_piece(bytes: &[u8], most: usize) -> usize {
    if bytes.len() <= most {
        return bytes.len();
    }
    let within = memrchr(b'\n', &bytes[..most]).map(|at| at + 1);
    within.or_else(|| memchr(b'\n', bytes).map(|at| at + 1)).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::At;
    use crate::wire::{ConnId, Side};

    #[test]
    fn lines_stay_whole_and_keep_what_is_theirs() {
        let block = Block::new(&b"a\nbb\nlonger than that\nc\nd"[..]).unwrap();
        let wants = vec![(1, "b".to_owned()), (4, "d".to_owned())];
        let (send, secrets) = (Some("s".to_owned()), vec![(2, "P".to_owned())]);
        let said = Recorded::Said { from: Side::Server, block, send, wants, secrets };
        let record = Record { at: At::START, conn: Some(ConnId::FIRST), what: said };
        let parts: Vec<_> = pieces(&record, 6)
            .into_iter()
            .map(|piece| match piece.what {
                Recorded::Said { block, send, wants, secrets, .. } => {
                    (block.bytes().to_vec(), send, [wants, secrets].concat())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let wanted = [
            (b"a\nbb\n".to_vec(), Some("s".to_owned()), vec![(1, "b".to_owned())]),
            (b"longer than that\n".to_vec(), None, vec![(0, "P".to_owned())]),
            (b"c\nd".to_vec(), None, vec![(1, "d".to_owned())]),
        ];
        assert_eq!(parts, wanted);
    }
}
