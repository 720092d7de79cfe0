//! What users rely on, from outside: one binary, a module a feature.

// A test that cannot go on panics; clippy knows that of `#[test]`, not of what tests share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bless;
mod browser;
mod bytes;
mod cases;
mod conns;
mod conversation;
mod demo;
mod diff;
mod encodings;
mod ends;
mod fence;
mod first;
mod flow;
mod forms;
mod fuzz;
mod guests;
mod heavy;
mod include;
mod listen;
mod live_replay;
mod load;
mod mock;
mod packaging;
mod peers;
mod private;
mod prompt;
mod readme;
mod recording;
mod replay;
mod reports;
mod room;
mod scripts;
mod secrets;
mod servers;
mod show;
mod status;
mod suite;
mod support;
mod tap;
mod tls;
mod transcripts;
mod verify;
