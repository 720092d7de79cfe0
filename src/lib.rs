//! Talk over a socket, keep the conversation, play it back.

pub mod command;
pub mod matching;
pub mod net;
pub mod replay;
pub mod script;
pub mod session;
pub mod term;
pub mod transcript;
pub mod units;
pub mod wire;
