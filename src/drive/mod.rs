//! The event loop: performs effects, feeds inputs.
//!
//! One thread owns the sockets, the clock, the session and the script, which gives one order of
//! events. It waits for no peer, person or reader: the line editor, the printers, the writers of
//! recordings and name lookups have threads of their own, and tell what they have to tell through one
//! inbox. Only `/save` and the loading of a transcript read and write files on the loop.
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
