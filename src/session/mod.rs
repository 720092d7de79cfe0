//! What a conversation is, without sockets, files or clocks.
//!
//! A [`Session`] is told what happened ([`Input`]) and when ([`At`]), and answers with what is to be
//! done ([`Effect`]). One owner gives one total order; the transcript is that order.
//!
//! - There are four: [`Direct`], [`Apart`], which is a `Direct` for each guest, [`Room`] and [`Tap`].
//! - What a direct conversation and a room have in common: `members` are the open conns, and what each peer has
//!   not finished saying; `flow` is who waits for whom where a queue is full. `leave` is when a direct
//!   conversation is over.
//! - What inputs and effects are made of: [`Record`] is for the transcript, [`Notice`] and [`Invitation`] are for
//!   people, [`Secured`] is what is known of TLS.
//! - `testing` gathers what a session wants done, and holds it to what holds always.

mod apart;
mod direct;
mod effect;
mod flow;
mod input;
mod invitation;
mod leave;
mod members;
mod notice;
mod record;
mod room;
mod secured;
mod tap;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use apart::Apart;
pub use direct::{Direct, DirectOptions};
pub use effect::{Audience, Effect, Queue, Source};
pub use input::{Drive, Ending, Input};
pub use invitation::Invitation;
pub use leave::Leave;
pub use notice::Notice;
pub use record::{Record, Recorded};
pub use room::{Admits, Name, NameFault, ORDERS, Order, Room, RoomOptions};
pub use secured::Secured;
pub use tap::Tap;

use crate::units::At;

/// A way to hold a conversation: [`Direct`], [`Apart`], [`Room`] or [`Tap`].
pub trait Session {
    /// Takes one input that happened at `now`, and appends what is to be done to `effects`, in order.
    fn handle(&mut self, now: At, input: Input, effects: &mut Vec<Effect>);

    /// When [`Input::Tick`] is due, if at any time.
    fn next_deadline(&self) -> Option<At>;
}

/// Bytes as `ff fd 03`: negotiation is no text.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
