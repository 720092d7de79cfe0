//! What plays our side in place of steps, and says much at once.

use bytes::Bytes;

use super::*;
use crate::script::{Heard, Play, Played};
use crate::session::{Record, Recorded};
use crate::units::At;

/// Says this, and then is done.
struct Recital(Option<Bytes>);

impl Play for Recital {
    fn advance(&mut self, _: At, heard: &mut Heard<'_>) -> Played {
        heard.unread.pass_over(crate::session::Audience::All, 0);
        let to = heard.to;
        let done = Played::Done { lines: 1, leave: false };
        self.0.take().map_or(done, |bytes| Played::Say { to, bytes })
    }

    fn name(&self) -> &'static str {
        "talk.json"
    }
}

fn plays(end: &mut End, text: &str) {
    end.plays(Box::new(Recital(Some(Bytes::copy_from_slice(text.as_bytes())))));
}

fn playing(text: &str) -> End {
    let mut end = End::new(&Options::script(Side::Client));
    plays(&mut end, text);
    end.joins(1);
    end
}

fn lines() -> String {
    format!("{:099}\n", 0).repeat(4000)
}

#[test]
fn it_is_said_in_pieces_of_whole_lines_as_the_outbox_takes_them() {
    let mut end = playing(&lines());
    let said = end.sent(1);
    assert!((32 << 10..=64 << 10).contains(&said.len()) && said.ends_with('\n'), "{}", said.len());
    end.give(Input::Filled(OUTBOX));
    end.until(60_000);
    assert_eq!(
        (end.sent(1), end.deadline()),
        (said, None),
        "it is held back, and waits for nothing"
    );
    end.give(Input::Drained(OUTBOX));
    end.until(61_000);
    assert_eq!(end.sent(1), lines());
    assert_eq!(end.told.recorded(Some(conn(1)), Side::Client), lines().into_bytes());
    assert!(end.succeeded() && matches!(end.tasks[..], [Task::Replayed { .. }]));
}

#[test]
fn a_line_that_is_longer_than_a_piece_stays_one_line() {
    let line = "x".repeat(200 << 10);
    let mut end = playing(&line);
    assert_eq!(end.sent(1).len(), 64 << 10);
    end.until(1000);
    assert!(end.sent(1) == line);
    let said = |record: &&Record| matches!(record.what, Recorded::Said { .. });
    assert_eq!(end.told.records().filter(said).count(), 1, "and is recorded as one");
}

#[test]
fn who_does_not_read_before_we_do_is_not_waited_for() {
    let mut end = playing(&lines());
    end.give(Input::Filled(OUTBOX));
    let echo = format!("{:063}\n", 0).repeat(1024).into_bytes();
    (0..40).for_each(|_| end.hears(1, &echo));
    assert_eq!((end.sent(1).len(), &*end.failures), (lines().len(), &[][..]));
    assert_eq!(end.runner.unread_lines(), 0);
}

#[test]
fn that_nobody_hears_it_is_told_once() {
    let mut end = End::new(&Options::prompt(Side::Server));
    end.joins(1);
    end.runner.play(Box::new(Recital(Some(lines().into()))));
    end.step();
    end.ends(1, Ending::Reset);
    end.until(1000);
    assert!(matches!(end.tasks[..], [Task::Unheard, Task::Replayed { .. }]), "{:?}", end.tasks);
}
