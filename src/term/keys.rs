//! Keys that mean something else here than to rustyline, and keys that end its reading.

use std::sync::Arc;

use rustix::termios::SpecialCodeIndex;
use rustyline::history::MemHistory;
use rustyline::{
    Cmd, ConditionalEventHandler, Editor, Event, EventContext, EventHandler, KeyEvent, Modifiers,
    Movement, RepeatCount,
};

use super::EditorEvent;
use super::aide::Aide;
use super::editor::OnEvent;
use super::stage::Stage;
use super::terminal::Found;

/// Binds the usual keys, and those that the terminal's settings (`stty`) name instead.
pub(super) fn bind(
    editor: &mut Editor<Aide, MemHistory>,
    found: &Arc<Found>,
    stage: &Arc<Stage>,
    on_event: &OnEvent,
) {
    for key in keys(found, b'\x03', &[SpecialCodeIndex::VINTR, SpecialCodeIndex::VQUIT]) {
        bind_one(editor, key, Interrupt { on_event: Arc::clone(on_event) });
    }
    for key in keys(found, b'\x04', &[SpecialCodeIndex::VEOF]) {
        bind_one(editor, key, End { on_event: Arc::clone(on_event) });
    }
    for key in keys(found, b'\x1a', &[SpecialCodeIndex::VSUSP]) {
        let (stage, found) = (Arc::clone(stage), Arc::clone(found));
        bind_one(editor, key, Suspend { stage, found });
    }
}

/// Ctrl-C: clears the line, for Ctrl-Y to bring it back; tells the driver where it is empty.
struct Interrupt {
    on_event: OnEvent,
}

/// Ctrl-D on an empty line. It ends nothing by itself, for there may be something left to show.
struct End {
    on_event: OnEvent,
}

/// Ctrl-Z.
struct Suspend {
    stage: Arc<Stage>,
    found: Arc<Found>,
}

impl ConditionalEventHandler for Interrupt {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        if !context.line().is_empty() {
            return Some(Cmd::Kill(Movement::WholeBuffer));
        }
        (self.on_event)(EditorEvent::Interrupt);
        Some(Cmd::Abort) // leaves a search, and does nothing else
    }
}

impl ConditionalEventHandler for End {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        if !context.line().is_empty() {
            return None; // deletes the character at the cursor
        }
        (self.on_event)(EditorEvent::End);
        Some(Cmd::Abort)
    }
}

impl ConditionalEventHandler for Suspend {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        self.stage.close();
        // A terminal that fails here fails the next read as well, which tells.
        let _ = self.found.suspend();
        Some(Cmd::Repaint) // and that opens the stage
    }
}

fn bind_one<H: ConditionalEventHandler + 'static>(
    editor: &mut Editor<Aide, MemHistory>,
    key: KeyEvent,
    handler: H,
) {
    editor.bind_sequence(key, EventHandler::Conditional(Box::new(handler)));
}

/// The usual key of a function, and what the terminal has for it.
fn keys(
    found: &Found,
    usual: u8,
    functions: &[SpecialCodeIndex],
) -> impl Iterator<Item = KeyEvent> {
    let set = functions.iter().filter_map(|function| found.key(*function));
    let codes: Vec<u8> = std::iter::once(usual).chain(set).collect();
    codes.into_iter().map(|code| KeyEvent::new(char::from(code), Modifiers::NONE))
}
