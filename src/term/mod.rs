//! The terminal: what a person sees and types.
//!
//! [`View`] is pure: it turns records and notices into text. [`Printer`] brings text to the screen on
//! a thread of its own, and [`Editor`] reads lines on another, so that neither a flood nor a terminal
//! that takes nothing (Ctrl-S, a stalled link) ever holds up the conversation. The two share a
//! [`stage::Stage`], which decides when text may be written without tearing what is being typed.
//!
//! Nothing here knows a socket, a command or a script: completions and hints come through [`Assist`].

mod ahead;
mod aide;
mod assist;
mod backlog;
mod clock;
mod desk;
mod editor;
mod files;
mod history;
mod keys;
mod mentions;
mod plain;
mod printer;
mod render;
mod rich;
mod speaker;
mod stage;
mod style;
mod terminal;
mod view;

pub use assist::{Assist, Completion};
pub use editor::{Editor, EditorConfig, EditorError, EditorEvent, Graphemes};
pub use printer::Printer;
pub use terminal::Terminal;
pub use view::{Look, View};
