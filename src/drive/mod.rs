//! The event loop: performs effects, feeds inputs.
//!
//! One thread owns the sockets, the clock, the session and the script, which gives one order of
//! events. It waits for no peer, person or reader: the line editor, the printers, the writers of
//! recordings and name lookups have threads of their own, and tell what they have to tell through one
//! inbox. Regular files it reads and writes itself (scripts, transcripts to replay, `/save`, standard output
//! that is one), which takes as long as the disk does.
//!
//! - `setup` is what a session is made of, with `way` (how its conns come about) and `cast` (what is played to
//!   guests); `starting` puts an `engine` together from that, which is the loop itself, and `ending` says when
//!   it is over. `outcome` is what came of it.
//! - The engine tells the session what happened, and `perform` does what that wants done. All else that the
//!   engine does stands with what it has for that: `door`, `opening`, `reaching` and `securing` are the conns
//!   that come about, at the door, by `/open`, for a tap and over `/starttls`, and `meeting` tells of them;
//!   `conns` are those that stand.
//! - Steps come by way of `feeding` from a `feed`, of which `prescan` finds what is but text, so that `pouring`
//!   has it sent from its file; or from a `person`. `runners` have the runner of the steps, and of a mock those
//!   of its `guests`; `ahead` gives those few steps at a time, and `apart` tells what became of each. What a
//!   step asks for that no session can do is in `tasks`; `/include` has a file of its own.
//! - People are told on the `screen`, or on `stderr`; peers' words go to standard output by `raw`. Tab offers
//!   what `assist` knows, from a room's words by way of `roommates`; `colour` decides whether there is any.
//!   `recorder` keeps what happened. `asking` is for one line before there is a session.
//! - `inbox`, `signals`, `stop` and `last_guest` are what other threads, and other programs, tell the loop;
//!   `readiness`, `landing`, `eager` and `clock` are how it waits and reads.
//!
//! The clients of a load have a smaller loop ([`crowd`]), one for each thread: nobody looks on there, and
//! nothing is kept, so it does without session, screen and recording.

mod ahead;
mod apart;
mod asking;
mod assist;
mod cast;
mod clock;
mod colour;
mod conns;
pub mod crowd;
mod door;
mod eager;
mod ending;
mod engine;
mod feed;
mod feeding;
mod guests;
mod inbox;
mod include;
mod landing;
mod last_guest;
mod meeting;
mod opening;
mod outcome;
mod perform;
mod person;
mod pouring;
mod prescan;
mod raw;
mod reaching;
mod readiness;
mod recorder;
mod roommates;
mod runners;
mod screen;
mod securing;
mod setup;
mod signals;
mod starting;
mod stderr;
mod stop;
mod tasks;
mod way;

pub use asking::{Answer, Question, ask};
pub use cast::{Cast, Part, Until};
pub use clock::Clock;
pub use engine::run;
pub use feed::Feed;
pub use include::{Checked, Needs, Script, script};
pub use last_guest::LastGuest;
pub use outcome::{Outcome, Trouble};
pub use recorder::{Asked, Keeping};
pub use setup::{Setup, Stdout};
pub use signals::{Signal, Signals};
pub use stop::Stop;
pub use way::{Dialing, Private, Way, address_in};

use crate::term::EditorEvent;
use crate::transcript::SinkEvent;

/// What other threads tell the loop.
#[derive(Debug)]
enum Message {
    /// The line editor.
    Editor(EditorEvent),
    /// The writer of a recording.
    Sink(SinkEvent),
}
