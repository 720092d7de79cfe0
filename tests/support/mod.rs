//! What the tests of the whole program share.
//!
//! Nothing here sleeps to synchronise: a test waits for what it needs to see, and every wait ends
//! after [`DEADLINE`] with what all the ends of the conversation had said until then.

pub(crate) mod ends;
pub(crate) mod peer;
pub(crate) mod proc;
pub(crate) mod pty;
pub(crate) mod running;
pub(crate) mod says;
pub(crate) mod tape;
pub(crate) mod tools;

use std::time::Duration;

/// How long anything may take that a test waits for. No test is meant to come near: it is for a
/// machine that is busy with something else.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
