//! What was said, cut otherwise: two transcripts in which a side says the same.

use proptest::prelude::*;

use super::*;
use crate::matching::hearing::Change;
use crate::replay::side::{Found, Pairing, pair};
use crate::script::Task;
use crate::session::Ending;

/// The server says these bytes, cut behind each of these numbers of them, the last cut to the end; the
/// client says something at some of the cuts.
fn cut(said: &str, cuts: &[(usize, bool)]) -> Transcript {
    let (mut lines, mut rest) = (Vec::new(), said);
    for (len, speaks) in cuts {
        let (piece, behind) = rest.split_at((*len).min(rest.len()));
        rest = behind;
        lines.extend(piece.split_inclusive('\n').map(|line| format!("< {line}")));
        if *speaks {
            lines.push("> x\n".to_owned());
        }
    }
    lines.extend(rest.split_inclusive('\n').map(|line| format!("< {line}")));
    story(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

fn paired(a: &Transcript, b: &Transcript) -> Vec<Pairing> {
    let (a, b) = (part_of(a, 1), part_of(b, 1));
    pair([Some(&a), Some(&b)], &Masks::default(), &Vars::default(), &mut Found::new())
}

/// Whether each line of both is in one pairing, in order.
fn is_whole(pairings: &[Pairing], a: &Transcript, b: &Transcript) -> bool {
    let (mut at_a, mut at_b) = (0, 0);
    let goes_on = pairings.iter().all(|pairing| {
        let follows = pairing.a.start == at_a && pairing.b.start == at_b;
        (at_a, at_b) = (pairing.a.end, pairing.b.end);
        follows
    });
    goes_on && (at_a, at_b) == (part_of(a, 1).items.len(), part_of(b, 1).items.len())
}

fn cuts() -> impl Strategy<Value = Vec<(usize, bool)>> {
    prop::collection::vec((0_usize..6, any::<bool>()), 0..8)
}

#[test]
fn a_line_in_pieces_behind_one_that_differs_is_blessed_as_one() {
    let recorded = story(&["< a\n", "< whole\n", "> b\n", "< c\n"]);
    let manner = Manner { bless: true, ..verify() };
    let mut end = playing(player_with(&recorded, "talk.json", manner));
    end.hears(1, b"other\nwho");
    end.until(200); // long enough for a partial line
    end.hears(1, b"le\n");
    end.until(600);
    assert_eq!(end.sent(1), "b\n");
    end.hears(1, b"c\n");
    end.ends(1, Ending::Eof);
    end.until(1000);
    let changed = Change::Say { event: 1, bytes: Bytes::from_static(b"other\n") };
    let blessed = end.tasks.iter().find_map(|task| match task {
        Task::Bless { changes, .. } => Some(changes),
        _ => None,
    });
    assert_eq!(blessed, Some(&vec![changed]), "{:?}", end.failures);
}

proptest! {
    #[test]
    fn how_it_was_cut_makes_no_difference(said in "[ab\n]{0,30}", one in cuts(), other in cuts()) {
        let (one, other) = (cut(&said, &one), cut(&said, &other));
        let pairings = paired(&one, &other);
        prop_assert!(pairings.iter().all(|pairing| !pairing.differs), "{:?}", pairings);
        prop_assert!(is_whole(&pairings, &one, &other));
    }

    #[test]
    fn what_is_another_does(
        said in "[ab\n]{1,30}",
        at in any::<prop::sample::Index>(),
        one in cuts(),
        other in cuts(),
    ) {
        let at = at.index(said.len());
        let changed = format!("{}c{}", &said[..at], &said[at + 1..]);
        let (one, other) = (cut(&said, &one), cut(&changed, &other));
        let pairings = paired(&one, &other);
        prop_assert!(pairings.iter().any(|pairing| pairing.differs));
        prop_assert!(is_whole(&pairings, &one, &other), "{:?}", pairings);
    }
}
