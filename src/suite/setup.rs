//! What the session of a test is made of, whichever end it is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anstream::ColorChoice;

use super::Test;
use super::run::Plan;
use super::session::Speaking;
use crate::drive::{Clock, Dialing, Keeping, Setup, Stdout, Stop, Way};
use crate::script::{Report, RunnerOptions, ScriptFault};
use crate::session::{Apart, Direct, DirectOptions, Session};
use crate::units::{READABLE, reason};
use crate::wire::Side;

/// What `/save` and `/show` can reach back to in a test, in bytes.
pub(super) const KEEP: usize = 16 << 20;

/// What may wait to be sent before a script waits, in bytes: as much as `--outbox` is by default.
const OUTBOX: usize = 4 << 20;

/// What there is to tell of a test that cannot be read.
pub(super) fn unreadable(test: &Test, err: &io::Error) -> Vec<Report> {
    let report = Report::new(format!("cannot read `{}`: {}", test.name(), reason(err)));
    vec![report.note(READABLE)]
}

/// What there is to tell of a script with faults.
pub(super) fn faulty(faults: Vec<ScriptFault>) -> Vec<Report> {
    faults.into_iter().map(Report::from).collect()
}

/// A session that nobody types in and that shows nothing, with nothing to play yet: as a client it is one
/// conversation, as a server one with each guest. Where it `reads`, steps look at what peers say.
pub(super) fn setup(
    plan: &Plan,
    (role, reads): (Side, bool),
    way: Way,
    stops: Vec<Stop>,
    keeping: Keeping,
) -> Setup {
    let Speaking { settings, connect_timeout, tls, linger, half_close, max_line, replaying } =
        plan.speaking.clone();
    let serves = role == Side::Server;
    let options = DirectOptions {
        role,
        stay: serves,
        half_close,
        linger,
        max_line,
        telnet: false,
        introduction: None,
    };
    let session: Box<dyn Session> =
        if serves { Box::new(Apart::new(options)) } else { Box::new(Direct::new(options)) };
    let eol = settings.eol;
    let runner = RunnerOptions {
        settings,
        max_line,
        listener: serves,
        room: false,
        reads,
        prompt: false,
        then_prompt: false,
        stays: serves,
    };
    Setup {
        clock: Clock::start(),
        way,
        listener: None,
        dialing: Dialing { timeout: connect_timeout, retry: Duration::ZERO, tls },
        private: None,
        admits_all: true,
        session,
        role,
        room: false,
        own_name: None,
        eol,
        runner,
        feed: None,
        play: None,
        cast: None,
        terminal: None,
        history: None,
        colour: ColorChoice::Never,
        time: false,
        quiet: true,
        stdout: Stdout::None,
        keeping,
        replaying,
        outbox: OUTBOX,
        max_line,
        signals: false,
        opened: Arc::default(),
        stops,
        limit: Some(plan.test_timeout),
    }
}
