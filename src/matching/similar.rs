//! Which known name a misspelt one was meant to be.

/// The candidate that `word` most resembles: within one edit for every three letters (two at least
/// from four letters on), or of which `word` is the beginning. `None` where none is near.
pub fn most_similar<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().take(LONGEST).collect();
    let allowed = match letters.len() {
        0..=1 => 0,
        2..=3 => 1,
        len => (len / 3).max(2),
    };
    let cost = |candidate: &str| {
        let begins = letters.len() > 1 && candidate.starts_with(word);
        if begins { 0 } else { edits(&letters, candidate) }
    };
    candidates
        .into_iter()
        .map(|candidate| (cost(candidate), candidate))
        .filter(|(cost, _)| *cost <= allowed)
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, candidate)| candidate)
}

/// The longest word that is looked at; no name is nearly as long.
const LONGEST: usize = 64;

/// How many letters have to be inserted, removed, replaced, or swapped with their neighbour.
fn edits(word: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.chars().take(LONGEST).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=candidate.len()).collect();
    for (i, c) in word.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, d) in candidate.iter().enumerate() {
            let mut cost = (row[j] + usize::from(c != d)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *c == candidate[j - 1] && word[i - 1] == *d {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["expect", "expect-eof", "on", "time", "timeout", "eol"];

    #[test]
    fn a_slip_of_the_finger_is_seen_through() {
        for (word, meant) in [
            ("expct", "expect"),
            ("exepct", "expect"),
            ("exp", "expect"),
            ("expect-oef", "expect-eof"),
            ("tmie", "time"),
            ("timeot", "timeout"),
            ("no", "on"),
            ("elo", "eol"),
        ] {
            assert_eq!(most_similar(word, NAMES), Some(meant), "{word}");
        }
    }

    #[test]
    fn what_is_not_alike_is_not_suggested() {
        for word in ["", "e", "x", "usr/bin", "nick", "quit", "você", &"expect".repeat(1000)] {
            assert_eq!(most_similar(word, NAMES), None, "{word}");
        }
    }
}
