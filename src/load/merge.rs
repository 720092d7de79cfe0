//! Making one of what several loads came to.

use std::path::Path;
use std::time::Duration;

use thiserror::Error;

use super::{Results, Run, Tally};
use crate::wire::Visible;

/// Why results do not go together. The names are those of the files that have them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeError {
    /// One was measured in an open loop, the other in a closed one.
    #[error(
        "`{open}` is of an open loop (--rate) and `{closed}` of a closed one, whose times are not the same \
         thing: merge each kind apart"
    )]
    Loops {
        /// The one with a rate.
        open: String,
        /// The one without.
        closed: String,
    },
    /// They are of different files.
    #[error(
        "`{name}` is of `{file}`, and `{other_name}` of `{other}`: a figure of both would be one of \
         neither; merge runs of the same file"
    )]
    Files {
        /// The first.
        name: String,
        /// What it played.
        file: String,
        /// The other.
        other_name: String,
        /// What that played.
        other: String,
    },
    /// The same run is in both.
    #[error(
        "`{name}` and `{other}` have the same run, which would count twice: name each run once"
    )]
    Twice {
        /// The first.
        name: String,
        /// The other.
        other: String,
    },
    /// There is nothing to merge.
    #[error("there is nothing to merge: name files that `chat-repl load --json` has printed")]
    Nothing,
}

/// One of all of these, each of which is called so: what was counted added up, and the runs in the order in
/// which they began.
///
/// # Errors
/// They do not go together.
pub fn merge(all: &[(String, Results)]) -> Result<Results, MergeError> {
    for (index, one) in all.iter().enumerate() {
        for other in &all[..index] {
            check(other, one)?;
        }
    }
    let mut runs: Vec<Run> = all.iter().flat_map(|(_, results)| results.runs.clone()).collect();
    runs.sort_by_key(|run| run.started);
    let mut merged = Results { runs, tally: Tally::new() };
    for (_, results) in all {
        let first = results.runs.first().ok_or(MergeError::Nothing)?;
        let later = rounded(merged.offset(first.started));
        merged.tally.add_later(&results.tally, later);
    }
    if merged.runs.is_empty() { Err(MergeError::Nothing) } else { Ok(merged) }
}

/// Whole seconds: what happened when is told by seconds.
fn rounded(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_millis() >= 500)
}

fn check(one: &(String, Results), other: &(String, Results)) -> Result<(), MergeError> {
    let ((name, one), (other_name, other)) = (one, other);
    let (name, other_name) = (shown(name), shown(other_name));
    if one.runs.iter().any(|run| other.runs.contains(run)) {
        return Err(MergeError::Twice { name, other: other_name });
    }
    match (one.is_open(), other.is_open()) {
        (true, false) => return Err(MergeError::Loops { open: name, closed: other_name }),
        (false, true) => return Err(MergeError::Loops { open: other_name, closed: name }),
        _ => {}
    }
    match (one.runs.first(), other.runs.first()) {
        (Some(run), Some(also)) if base(run) != base(also) => {
            let (file, other) = (shown(&run.plan.file), shown(&also.plan.file));
            Err(MergeError::Files { name, file, other_name, other })
        }
        _ => Ok(()),
    }
}

/// The name of the file, wherever it was on the machine of the run.
fn base(run: &Run) -> Option<&std::ffi::OsStr> {
    Path::new(&run.plan.file).file_name()
}

/// What people are shown of a name.
fn shown(name: &str) -> String {
    Visible(name.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::report::{json, read};
    use super::super::results::tests::{MS, plan, turns};
    use super::*;
    use crate::load::{Outcome, Plan};
    use crate::units::At;
    use jiff::Timestamp;

    fn results(second: i64, plan: Plan, n: u32) -> Results {
        let mut tally = turns(n, 5 * MS);
        tally.began();
        tally.connected(MS);
        tally.ended(At::START, Outcome::Closed);
        let started = Timestamp::from_second(1_800_000_000 + second).unwrap();
        Results::of(plan, started, 2000 * MS, Some(100 * MS), tally)
    }

    fn named(all: Vec<Results>) -> Vec<(String, Results)> {
        let names = ["a.json", "b.json", "c.json"].map(str::to_owned);
        names.into_iter().zip(all).collect()
    }

    #[test]
    fn runs_at_the_same_time_add_their_rates() {
        let one = results(0, plan(Some(1000.0)), 1000);
        let other = results(0, Plan { address: "::1".into(), ..plan(Some(3000.0)) }, 1000);
        let merged = merge(&named(vec![one, other])).unwrap();
        assert_eq!((merged.tally.turns(), merged.runs.len()), (2000, 2));
        // The second was to be over in a third of a second: it was due to begin 3000 of 3000.
        let asked = merged.asked().unwrap();
        assert!((asked - 4000.0).abs() < 5.0, "{asked}");
        assert_eq!(merged.elapsed(), 2000 * MS);
        assert_eq!(merged.tally.series.interval(0).unwrap().failed, 2);
    }

    #[test]
    fn runs_one_after_the_other_have_the_rate_of_each() {
        let [first, second] = [(7000, 500), (0, 1000)].map(|(at, n)| results(at, plan(None), n));
        let rate = second.rate().unwrap();
        let merged = merge(&named(vec![first, second])).unwrap();
        assert!((merged.rate().unwrap() - rate).abs() < 10.0, "{:?}", merged.rate());
        assert_eq!(merged.elapsed(), 4000 * MS);
        assert!(merged.runs[0].started < merged.runs[1].started);
        // The second series goes on where the first ended.
        let turns: Vec<u64> =
            merged.tally.series.intervals().flatten().map(|one| one.response.samples()).collect();
        assert_eq!(turns, [995, 5, 500]);
    }

    #[test]
    fn merging_what_was_merged_is_merging_all() {
        let all: Vec<_> = [0, 1, 9].map(|at| results(at, plan(None), 700)).to_vec();
        let at_once = merge(&named(all.clone())).unwrap();
        let two = merge(&named(all[..2].to_vec())).unwrap();
        let two = read(&json(&two).unwrap()).unwrap();
        let in_turn = merge(&named(vec![two, all[2].clone()])).unwrap();
        assert_eq!(json(&in_turn).unwrap(), json(&at_once).unwrap());
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let one = results(0, plan(None), 10);
        let open = results(1, plan(Some(10.0)), 10);
        let other = results(1, Plan { file: "x/other.chat".into(), ..plan(None) }, 10);
        let moved = results(1, Plan { file: "/home/x/talk.chat".into(), ..plan(None) }, 10);
        for (with, why) in [
            (one.clone(), "`a.json` and `b.json` have the same run"),
            (open, "`b.json` is of an open loop (--rate) and `a.json` of a closed one"),
            (other, "`a.json` is of `talk.chat`, and `b.json` of `x/other.chat`"),
        ] {
            let told = merge(&named(vec![one.clone(), with])).unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
        assert!(merge(&named(vec![one, moved])).is_ok());
        assert_eq!(merge(&[]), Err(MergeError::Nothing));
    }
}
